"""The head of a request or response as a payload: path, query, cookies and header fields, each a field that is judged.

The rule: a head crosses before anything of its message goes. Only what changed is written back, so that the rest stays as it
came; a path cannot be changed, for it says what is asked for: where something in it would have to be, the request is refused. A
field of a head that nobody judged is scanned, whatever `unknown` says of the body's: no service declares `user-agent`. Where no
flow leads, nothing personal goes that way in a head either (law 1).

What says how the body is read cannot be changed either: it is looked at, and refused like a path. Who asks (`authorization`)
and where (`host`) is not looked at: it would be another message. A field's name is looked at where there is a digit in it,
without which nothing that a name may be spelt with tells anything; where it may not cross, its field goes.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

import re2

from ringfence.carriers import Change, Edit, Fault, Field, Undecodable, Unit, join_path, read_form, write_form
from ringfence.carriers.coding import CODINGS
from ringfence.carriers.media import TYPES
from ringfence.gates.http.media import Fields
from ringfence.gates.http.tracing import PARENT, STATE, payload_of_state, trace_of
from ringfence.policy import Decision, Denial, Plan
from ringfence.policy.endpoints import Param
from ringfence.policy.model import DENY, Judgement
from ringfence.transform import ValueType

NOT_READ: Final = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "host",
        "proxy-authorization",
    }
)
FIXED: Final = frozenset({"content-encoding", "content-type", "date", "transfer-encoding"})
"""Fields that cannot be replaced: the body is read by them, or readers take nothing else there."""

ROOTS: Final = ("cookie", "header", "path", "query")
"""What the paths of a head's fields begin with."""

_END: Final = b"\n"  # stands in no part: Envoy lets in no line end
_LARGEST: Final = 64 * 1024  # octets; Envoy lets in 60 KiB
_DATE: Final = re2.compile(rb"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT")  # RFC 9110 section 5.6.7
_BOUNDARY: Final = re2.compile(rb"(?i);[ \t]*boundary=(?:\"[0-9a-z'()+_,./:=? -]*\"|[0-9a-z'()+_,./:=?-]*)")
"""A multipart's boundary, in the letters that RFC 2046 section 5.1.1 allows. It is made of random digits as often as not."""
_PLAIN: Final = frozenset(
    ["chunked", "identity", *CODINGS, *TYPES, *(f"{name}; charset=utf-8" for name in TYPES), "text/plain"]
)
"""Values of `FIXED` that say nothing but what they are for."""


class Kind(Enum):
    """What a part of a head is."""

    PATH = auto()
    QUERY = auto()
    COOKIE = auto()  # of a request: pairs
    SET_COOKIE = auto()  # of a response: one pair, and its attributes
    TRACE_STATE = auto()
    HEADER = auto()
    FIXED = auto()  # a header field that cannot be replaced
    NAME = auto()  # of a header field: the field goes where this may not cross


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A part of a head. `name` is a header field's; `params` are a declared path's parameters, with their places in octets."""

    kind: Kind
    name: str
    raw: bytes
    params: tuple[Param, ...] | None = None


def parts_of(
    fields: Fields,
    path: str = "",
    query: str | None = None,
    params: tuple[Param, ...] | None = None,
    *,
    judged: Container[str] = frozenset(),
) -> list[Part]:
    """Give what is to be looked at of a head, in its order. An id of a trace is not, unless the policy has `judged` its field.

    `params` are those of a path that is declared: all else in it is the policy's own words.
    """
    parts = [Part(Kind.PATH, "", as_octets(path), params and _in_octets(path, params))] if path else []
    if query is not None:
        parts.append(Part(Kind.QUERY, "", as_octets(query)))
    kinds = _KINDS if join_path("header", STATE) in judged else _KINDS_OF_TRACED
    passes = PARENT if join_path("header", PARENT) not in judged and trace_of(fields) is not None else ""
    parts += [
        Part(kinds.get(name, Kind.HEADER), name, _looked_at(name, value))
        for name, value in fields
        if name != passes and _tells(name, value)
    ]
    names = dict.fromkeys(name for name, _ in fields if not _DIGITS.isdisjoint(name))
    return parts + [Part(Kind.NAME, name, as_octets(name)) for name in names]


def _tells(name: str, value: str) -> bool:
    """Whether a field is looked at."""
    if name not in FIXED:
        return name not in NOT_READ
    return value.lower() not in _PLAIN and (name != "date" or _DATE.fullmatch(as_octets(value)) is None)


def _looked_at(name: str, value: str) -> bytes:
    octets = as_octets(value)
    return _BOUNDARY.sub(b"", octets) if name == "content-type" else octets


def _in_octets(path: str, params: tuple[Param, ...]) -> tuple[Param, ...]:
    if path.isascii():
        return params
    return tuple((name, len(as_octets(path[:start])), len(as_octets(path[:end]))) for name, start, end in params)


def as_octets(value: str) -> bytes:
    """Give a header field's value as it came: what is no UTF-8 stands as surrogates."""
    return value.encode("utf-8", "surrogateescape")


def as_text(octets: bytes) -> str:
    """Give octets as a header field's value."""
    return octets.decode("utf-8", "surrogateescape")


def payload_of(parts: Sequence[Part]) -> bytes:
    """Make of parts what a `HeadCarrier` reads."""
    return _END.join(part.raw for part in parts)


def values_of(payload: bytes, parts: Sequence[Part]) -> list[bytes]:
    """Give each part's octets from what was released."""
    found = payload.split(_END)
    if len(found) != len(parts):
        raise ValueError("what was released of a head is not its parts")
    return found


def plan_of_head(decided: Plan, fields: Mapping[str, Judgement]) -> Plan:
    """Make of a flow's plan the one for a head, whose judged fields are these. What nobody declared is refused by its head."""
    table = decided.table
    if decided.refused is not None:
        table = dict.fromkeys(table, Decision(DENY, decided.refused.rule))
    refused = decided.refused if decided.refused is not None and decided.refused.denial is Denial.ENDPOINT else None
    return replace(
        decided, table=table, unknown="scan", fields=fields, subject="", index=None, announced=(), refused=refused
    )


def judged_of_head(fields: Mapping[str, Judgement]) -> dict[str, Judgement]:
    """Give those of an asset's fields that stand in heads."""
    return {path: judged for path, judged in fields.items() if path.partition(".")[0] in ROOTS}


class HeadCarrier:
    """The parts of one head, as one unit: `payload_of` them, fed whole."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._kinds: list[Kind] = []  # of each field, by its order
        self._raw = b""

    @property
    def held(self) -> int:
        """How many octets are held back."""
        return len(self._raw)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take octets; give nothing before they are whole."""
        self._raw += piece
        if len(self._raw) > _LARGEST:
            raise Undecodable(Fault.TOO_LARGE, f"a head of more than {_LARGEST} octets", 0)
        return []

    def end(self) -> list[Unit]:
        """Give the head."""
        raw, self._raw = self._raw, b""
        unit = Unit(raw)
        at = 0
        for part in self._parts:
            found = list(self._read(part, at, len(unit.fields)))
            unit.add(found)
            self._kinds += [part.kind] * len(found)
            at += len(part.raw) + len(_END)
        return [unit] if raw else []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one field. Raises `Undecodable` where it is the path."""
        match self._kinds[field.order]:
            case Kind.PATH:
                raise Undecodable(Fault.UNSUPPORTED, "personal data in a path, where it cannot be replaced", 0)
            case Kind.FIXED:
                raise Undecodable(Fault.UNSUPPORTED, "personal data in a field that cannot be replaced", 0)
            case Kind.QUERY:
                return write_form(field, changes)
            case kind:
                if any(change.text is None for change in changes):
                    changes = [Change(0, len(field.value), "")]
                spelt = _SPELT[kind]
                return [
                    Edit(field.start + each.start, field.start + each.end, (each.text or "").translate(spelt).encode())
                    for each in changes
                ]

    def _read(self, part: Part, at: int, order: int) -> Iterator[Field]:
        match part.kind:
            case Kind.PATH if part.params is not None:
                for number, (name, start, end) in enumerate(part.params):
                    yield _field(join_path("path", name), part.raw[start:end], at + start, order + number)
            case Kind.PATH:
                yield _field("path", part.raw, at, order)
            case Kind.QUERY:
                for field in read_form(part.raw, at=at, base=at, order=order):
                    field.path = f"query.{field.path}" if field.path else "query"
                    yield field
            case Kind.HEADER | Kind.FIXED:
                yield _field(join_path("header", part.name), part.raw, at, order)
            case Kind.TRACE_STATE:
                for number, (start, member) in enumerate(payload_of_state(part.raw)):
                    yield _field("header.tracestate", member, at + start, order + number)
            case Kind.NAME:
                yield Field("header", ValueType.TEXT, part.raw, at, at + len(part.raw), order, is_key=True)
            case Kind.COOKIE | Kind.SET_COOKIE as kind:
                for number, crumb in enumerate(part.raw.split(b";")):
                    found = (
                        _pair(crumb, at, order)
                        if kind is Kind.COOKIE or not number
                        else [_field("header.set-cookie", crumb, at, order)]
                    )
                    yield from found
                    order += len(found)
                    at += len(crumb) + 1


_DIGITS: Final = frozenset("0123456789")
_KINDS: Final = {"cookie": Kind.COOKIE, "set-cookie": Kind.SET_COOKIE, **dict.fromkeys(FIXED, Kind.FIXED)}
_KINDS_OF_TRACED: Final = {**_KINDS, STATE: Kind.TRACE_STATE}
_HEADER: Final = {0: "", 10: " ", 13: " "}  # what would end a value
_COOKIE: Final = {**_HEADER, ord(";"): "_", ord(","): "_", ord(" "): "_", ord('"'): "_", ord("\\"): "_"}

_SPELT: Final[Mapping[Kind, Mapping[int, str]]] = {
    Kind.NAME: _HEADER,
    Kind.HEADER: _HEADER,
    Kind.TRACE_STATE: {**_HEADER, ord(","): "_", ord("="): "_"},
    Kind.COOKIE: _COOKIE,
    Kind.SET_COOKIE: _COOKIE,
}


def _pair(crumb: bytes, at: int, order: int) -> list[Field]:
    """Read ``name=value``; a name is a key, what has no name a value."""
    name, equals, value = crumb.partition(b"=")
    bare = name.strip(b" \t")
    start = at + len(name) - len(name.lstrip(b" \t"))
    if not equals:
        return [_field("cookie", bare, start, order)] if bare else []
    key = Field("cookie", ValueType.TEXT, bare, start, start + len(bare), order, is_key=True)
    path = join_path("cookie", bare.decode("utf-8", "replace"))
    return [key, _field(path, value, at + len(name) + 1, order + 1)]


def _field(path: str, raw: bytes, start: int, order: int) -> Field:
    return Field(path, ValueType.TEXT, raw, start, start + len(raw), order)
