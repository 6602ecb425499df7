"""Drift: where a source differs from what was accepted of it.

The rule: what would newly show personal data is drift, and so is a field that came or went, and a type that changed. A field that
holds less than was accepted is none, for a table may be empty today; nor is a part of a document, which comes and goes with its
documents, where it is judged harmless. What a person judged is not judged again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ringfence.atlas.map_file import Accepted
from ringfence.atlas.model import ENDPOINT, AssetMap, Mapped, parts_of_field
from ringfence.policy.model import NONE, SCAN, UNKNOWN
from ringfence.taxonomy import is_within

SURE: Final = 0.6  # confidence from which another judgement than the accepted one is drift


class How(StrEnum):
    """How a field drifted."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Drifted:
    """A field that drifted: what was accepted ("" for a new one), what is found ("" for one that is gone), and why, in words."""

    how: How
    path: str
    accepted: str
    found: str
    why: str


def drift(found: AssetMap, accepted: Accepted, types: Mapping[str, str] | None = None) -> list[Drifted]:
    """Compare. `types` are those of the last run, where they are known."""
    now = found.by_path()
    return [
        *_endpoints(found, accepted),
        *_new(found, accepted),
        *_gone(now, accepted),
        *_changed(now, accepted, types or {}),
    ]


def _endpoints(found: AssetMap, accepted: Accepted) -> Iterator[Drifted]:
    """Find endpoints that came or went without a field to tell it."""
    now = [table for table in found.tables if table.kind == ENDPOINT]
    for table in now:
        if table.path not in accepted.endpoints and not table.fields:
            yield Drifted(How.NEW, table.path, "", "", "nobody has declared it")
    fields = {parts[0] for parts in map(parts_of_field, accepted.fields) if parts is not None}
    for endpoint in sorted(set(accepted.endpoints) - {table.path for table in now} - fields):
        yield Drifted(How.GONE, endpoint, "", "", "the description has it no longer")


def _new(found: AssetMap, accepted: Accepted) -> Iterator[Drifted]:
    for one in found.fields:
        if one.path in accepted.fields or (one.inner and not _worth(one)):
            continue
        yield Drifted(How.NEW, one.path, "", one.judgement, "nobody has judged it")


def _worth(one: Mapped) -> bool:
    return one.is_personal and one.confidence >= SURE


def _gone(now: Mapping[str, Mapped], accepted: Accepted) -> Iterator[Drifted]:
    """Find what is no longer there: not a part of a document whose column still is."""
    for path, judgement in accepted.fields.items():
        if path not in now and not any(_is_part(path, above) for above in _above(path) if above in now):
            yield Drifted(How.GONE, path, judgement, "", "the source has it no longer")


def _above(path: str) -> Iterator[str]:
    at = len(path)
    while (at := max(path.rfind(".", 0, at), path.rfind("[", 0, at))) > 0:
        yield path[:at]


def _is_part(path: str, above: str) -> bool:
    return path[len(above) : len(above) + 1] in (".", "[")


def _changed(now: Mapping[str, Mapped], accepted: Accepted, types: Mapping[str, str]) -> Iterator[Drifted]:
    reviewed = frozenset(accepted.reviewed)
    for path, one in now.items():
        before = accepted.fields.get(path)
        if before is None:
            continue
        if path in types and types[path] != one.type and not one.inner:
            yield Drifted(How.CHANGED, path, before, one.judgement, f"its type was {types[path]}, and is {one.type}")
        elif path not in reviewed and _shows_more(before, one):
            yield Drifted(How.CHANGED, path, before, one.judgement, "it holds something else than was accepted")


def _shows_more(before: str, one: Mapped) -> bool:
    if one.judgement == before or before == UNKNOWN or one.confidence < SURE:
        return False
    if one.is_personal:
        return not (is_within(one.judgement, before) or is_within(before, one.judgement))
    return before == NONE and one.judgement == SCAN
