"""Which carrier a body has: by its content type, as far as it can be believed.

The rule: a body is read by what it says it is, or not at all. Whoever adds a carrier adds its content types to `MEDIA`. What has
no carrier, is compressed, is a part of something (206), or is in another charset than UTF-8 cannot be looked at: it crosses only
where the plan lets through what cannot be looked at (`Plan.passes_unread`), and is refused otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ringfence.carriers import Carrier, Fault, make_carrier
from ringfence.gates.http.payloads import Opaque, Unreadable, Utf8
from ringfence.policy import Plan

Fields: TypeAlias = tuple[tuple[str, str], ...]
"""Header fields in their order, names in lower case."""


@dataclass(frozen=True, slots=True)
class Medium:
    """How bodies of a content type are carried. `streams`: what is complete goes at once, and is not held to be recorded once."""

    format: str  # of `ringfence.carriers.FORMATS`
    streams: bool = False
    checks_encoding: bool = False  # the carrier itself refuses what is in no encoding that it reads


MEDIA: Final[Mapping[str, Medium]] = {
    "application/json": Medium("json"),
    "application/jsonl": Medium("ndjson", streams=True),
    "application/jsonlines": Medium("ndjson", streams=True),
    "application/ndjson": Medium("ndjson", streams=True),
    "application/x-ndjson": Medium("ndjson", streams=True),
    "text/csv": Medium("csv"),
    "text/json": Medium("json"),
    "text/plain": Medium("text"),
}

SUFFIXES: Final[Mapping[str, Medium]] = {"+json": Medium("json")}

_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_PARTIAL: Final = 206


@dataclass(frozen=True, slots=True)
class Chosen:
    """A carrier for one body."""

    carrier: Carrier
    streams: bool = False


def choose(fields: Fields, plan: Plan, status: int = 200) -> Chosen:
    """Choose the carrier of a body by the header fields that came before it."""
    medium = _medium(fields, status)
    if isinstance(medium, Medium):
        carrier = make_carrier(medium.format)
        return Chosen(carrier if medium.checks_encoding else Utf8(carrier), medium.streams)
    return Chosen(Opaque(), streams=True) if plan.passes_unread else Chosen(medium)


def _medium(fields: Fields, status: int) -> Medium | Unreadable:
    if status == _PARTIAL:
        return Unreadable(Fault.TRUNCATED, "a part of a body (206), which may begin or end within a value")
    if any(value.strip().lower() not in ("", "identity") for value in values(fields, "content-encoding")):
        return Unreadable(Fault.ENCODING, "a body that is compressed")
    types = values(fields, "content-type")
    if len(types) != 1:
        return Unreadable(Fault.MALFORMED, "a body without one content type")
    kind, parameters = _parsed(types[0])
    medium = MEDIA.get(kind) or next((each for end, each in SUFFIXES.items() if kind.endswith(end)), None)
    if medium is None:
        return Unreadable(Fault.MALFORMED, "a body of a content type that is not carried")
    if parameters.get("charset", "utf-8") not in _CHARSETS:
        return Unreadable(Fault.ENCODING, "a body in another charset than UTF-8")
    return medium


def values(fields: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Give the values of all header fields of a name."""
    return [value for each, value in fields if each == name]


def _parsed(content_type: str) -> tuple[str, dict[str, str]]:
    """Read a content type: the first of two parameters that have the same name is not believed, nor the second."""
    kind, *rest = content_type.lower().split(";")
    parameters: dict[str, str] = {}
    for each in rest:
        name, _, value = each.strip().partition("=")
        parameters[name.strip()] = "" if name.strip() in parameters else value.strip().strip('"')
    return kind.strip(), parameters
