"""What a change of a service's description newly exposes: two descriptions compared, endpoint by endpoint, field by field.

The rule: new is a category in a field whose endpoint did not have it, or not under that path. A parameter's name in a path and the
service's base path are no change. What went away is told, and is no finding; nor is what nobody can judge, though it may be one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.atlas.model import AssetMap, Mapped, MappedTable, parts_of_field
from ringfence.policy.announcing import judge_path
from ringfence.policy.endpoints import segments_of, shape_of
from ringfence.policy.model import NONE, UNKNOWN
from ringfence.taxonomy import CATEGORIES, is_within


class Shift(StrEnum):
    """How a field or an endpoint differs."""

    EXPOSED = "newly exposed"  # a category in a response
    COLLECTED = "newly collected"  # a category in a request
    UNSURE = "not sure"  # free text, or what nobody can judge, in a place that is new
    ADDED = "added"  # an endpoint in which nothing personal is described
    GONE = "gone"


FINDINGS = (Shift.EXPOSED, Shift.COLLECTED)


@dataclass(frozen=True, slots=True)
class Shifted:
    """One difference. `field` begins with ``request.`` or ``response.``, and is "" of a whole endpoint."""

    shift: Shift
    endpoint: str
    field: str = ""
    holds: str = ""
    before: str = ""  # what the field held before; "" where it was not there
    sure: float = 0.0
    evidence: tuple[str, ...] = ()

    @property
    def is_finding(self) -> bool:
        """Whether it newly exposes or collects a category."""
        return self.shift in FINDINGS


@dataclass(slots=True)
class _Known:
    """An endpoint's fields: by way, and by a path in which a path parameter is its number."""

    name: str
    ways: dict[str, dict[str, Mapped]] = field(default_factory=lambda: {"request": {}, "response": {}})

    def judgements(self, way: str) -> Mapping[str, str]:
        return {path: one.judgement for path, one in self.ways[way].items()}


def compare(old: AssetMap, new: AssetMap) -> list[Shifted]:
    """Give what differs: findings first, each in the order of the new description, then what is gone."""
    before, after = _known(old), _known(new)
    found = [each for key, endpoint in after.items() for each in _of_endpoint(before.get(key), endpoint)]
    found += [each for key, endpoint in before.items() for each in _gone(endpoint, after.get(key))]
    order = list(Shift)
    return sorted(found, key=lambda each: order.index(each.shift))


def _known(found: AssetMap) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for table in found.tables:
        method, _, path = table.path.partition(" ")
        known[f"{method} {shape_of(path)}"] = _read(table, path)
    return known


def _read(table: MappedTable, path: str) -> _Known:
    made = _Known(table.path)
    names = [name for segment in segments_of(path) for name in segment.names]
    numbers = {f"path.{name}": f"path.{number}" for number, name in enumerate(names)}
    for one in table.fields:
        parts = parts_of_field(one.path)
        if parts is not None:
            made.ways[parts[1]][numbers.get(parts[2], parts[2])] = one
    return made


def _of_endpoint(before: _Known | None, after: _Known) -> Iterator[Shifted]:
    told = False
    for way, shift in (("request", Shift.COLLECTED), ("response", Shift.EXPOSED)):
        known = before.judgements(way) if before is not None else {}
        longest = max(map(len, known), default=0)
        for path, one in after.ways[way].items():
            if before is not None and _is_renamed(before.ways[way].get(path), one):
                continue
            was = known.get(path) or judge_path(known, path, longest)
            is_there = was != UNKNOWN or known.get(path) == UNKNOWN
            shown = was if is_there else ""
            if one.judgement in CATEGORIES:
                if was not in CATEGORIES or not is_within(one.judgement, was):
                    told = True
                    yield _shifted(shift, after.name, one, shown)
            elif one.judgement != NONE and (not is_there or was == NONE):
                told = True
                yield _shifted(Shift.UNSURE, after.name, one, shown)
    if before is None and not told:
        yield Shifted(Shift.ADDED, after.name)


def _is_renamed(before: Mapped | None, after: Mapped) -> bool:
    """Whether it is a path parameter that only has another name: nobody sees that, and it is judged by it."""
    names = [parts[2] for one in (before, after) if one is not None and (parts := parts_of_field(one.path)) is not None]
    return before is not None and len(set(names)) > 1 and before.type == after.type


def _gone(before: _Known, after: _Known | None) -> Iterator[Shifted]:
    if after is None:
        yield Shifted(Shift.GONE, before.name)
        return
    for way in ("request", "response"):
        now = after.judgements(way)
        for path, one in before.ways[way].items():
            parts = (f"{path}.", f"{path}[")
            if one.judgement in CATEGORIES and path not in now and not any(each.startswith(parts) for each in now):
                yield _shifted(Shift.GONE, before.name, one, one.judgement)


def _shifted(shift: Shift, endpoint: str, one: Mapped, before: str) -> Shifted:
    name = one.path.removeprefix(f"{endpoint} ")
    holds = "" if shift is Shift.GONE else one.judgement
    return Shifted(shift, endpoint, name, holds, before, one.confidence, one.evidence)
