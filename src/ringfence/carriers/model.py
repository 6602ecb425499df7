"""What every payload format has in common: units that can be judged and released in order, fields in them, edits to them.

The rule: a carrier knows where fields are and how a changed one is written back; it knows nothing of categories, forms or
policies. Bytes in, units out, at whatever byte the input is cut. The bytes of the units, joined, are the bytes fed: nothing is
dropped, added or re-encoded (law 6). What cannot be decoded raises `Undecodable`; what exceeds a bound raises it too (laws 3, 7).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from ringfence.carriers.fields import Change, Columns, Edit, Field, Repeat, moved

__all__ = [
    "Carrier",
    "Change",
    "Columns",
    "Edit",
    "Fault",
    "Field",
    "Layer",
    "Repeat",
    "Undecodable",
    "Unit",
    "moved",
    "released",
    "rest",
    "settle",
    "splice",
]


@dataclass(slots=True, repr=False)
class Unit:
    """A stretch of payload that ends where it may safely be released, with the fields in it, in order.

    Where the payload is an encoding of another one (gzip, UTF-16), `within` is the unit of that other one: the fields are its
    fields, and their offsets are into its `raw`.
    """

    raw: bytes
    fields: Sequence[Field] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    within: "Unit | None" = None

    @property
    def read(self) -> bytes:
        """The bytes that were read: what the offsets of fields and edits are into."""
        return self.raw if self.within is None else self.within.read

    def add(self, fields: Iterable[Field]) -> None:
        """Add fields behind those that there are."""
        there = self.fields if isinstance(self.fields, list) else list(self.fields)
        there.extend(fields)
        self.fields = there

    def __repr__(self) -> str:
        return f"<unit of {len(self.raw)} bytes, {len(self.fields)} fields>"


class Fault(Enum):
    """Why a payload cannot be carried."""

    MALFORMED = "malformed"
    ENCODING = "encoding"
    TRUNCATED = "truncated"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"


class Undecodable(ValueError):
    """A payload that is not what its format says, or exceeds a bound. `offset` is in bytes from the payload's start."""

    def __init__(self, fault: Fault, what: str, offset: int) -> None:
        self.fault = fault
        self.what = what
        self.offset = offset
        super().__init__(f"{fault.value}: {what} at byte {offset}")


class Carrier(Protocol):
    """A payload format: reader and writer of one payload in one direction."""

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the units that are complete."""

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one field (ordered, not overlapping) as edits of the unit's bytes."""


class Layer(ABC):
    """A carrier of a payload that is an encoding of another one: it makes itself what is released.

    `feed` gives all units in one list. `stream` gives the same ones one by one, for one byte of an encoding may stand for many.
    """

    @abstractmethod
    def stream(self, piece: bytes) -> Iterator[Unit]:
        """Take the next bytes and give the units that are complete, each when it is asked for."""

    @abstractmethod
    def render(self, unit: Unit, edits: Sequence[Edit]) -> bytes:
        """Take a unit with what is edited in it, in the order in which units were given; give what may be released by now."""

    def finish(self) -> bytes:
        """Give what is still to be released, after the last unit was rendered."""
        return b""

    def forget(self) -> None:  # noqa: B027 (most keep nothing)
        """Keep nothing that only `render` and `finish` need: they will not be called."""


def released(carrier: Carrier, unit: Unit, edits: Sequence[Edit]) -> bytes:
    """Apply edits to a unit; give the bytes that may be released once it may."""
    settled = settle(edits) if edits else edits
    return carrier.render(unit, settled) if isinstance(carrier, Layer) else splice(unit.raw, settled)


def rest(carrier: Carrier) -> bytes:
    """Give what a carrier still has to release, after its last unit."""
    return carrier.finish() if isinstance(carrier, Layer) else b""


def settle(edits: Sequence[Edit]) -> list[Edit]:
    """Put edits in order. Of two that overlap the first one's text stands for both: what either took out stays out."""
    settled: list[Edit] = []
    for edit in sorted(edits, key=_start):
        last = settled[-1] if settled else None
        if last is not None and (edit.start < last.end or (edit.start, edit.end) == (last.start, last.end)):
            if edit.end > last.end:
                settled[-1] = Edit(last.start, edit.end, last.raw)
            continue
        settled.append(edit)
    return settled


def _start(edit: Edit) -> int:
    return edit.start


def splice(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """Apply edits (ordered, not overlapping) to a unit's bytes; every byte outside of them stays as it was."""
    if not edits:
        return raw
    parts: list[bytes] = []
    at = 0
    for edit in edits:
        if edit.start < at:
            raise ValueError("edits overlap or are out of order")
        parts.append(raw[at : edit.start])
        parts.append(edit.raw)
        at = edit.end
    parts.append(raw[at:])
    return b"".join(parts)
