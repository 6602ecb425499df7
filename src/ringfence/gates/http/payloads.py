"""Bodies that no format is for, and the check that text is in the encoding that it is read in.

The rule: a body that cannot be looked at is said to be so by its first octet (`Unreadable`), so that it is refused and recorded
like any that breaks its format; only `Opaque`, made where the plan lets through what cannot be looked at, passes it as it came.
"""

import codecs
from collections.abc import Sequence

from ringfence.carriers import Carrier, Change, Edit, Fault, Field, Undecodable, Unit


class Opaque:
    """Passes octets that are not looked at."""

    held = 0

    def feed(self, piece: bytes) -> list[Unit]:
        """Give what came."""
        return [Unit(piece)]

    def end(self) -> list[Unit]:
        """Give nothing: nothing is held."""
        return []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Fail: there is no field in it."""
        raise NotImplementedError(f"{unit!r} has no fields")


class Unreadable:
    """Carries nothing: the first octet is told to be what cannot be read."""

    held = 0

    def __init__(self, fault: Fault, what: str) -> None:
        self._fault = fault
        self._what = what

    def feed(self, piece: bytes) -> list[Unit]:
        """Raise `Undecodable`, where there is anything."""
        if piece:
            raise Undecodable(self._fault, self._what, 0)
        return []

    def end(self) -> list[Unit]:
        """Give nothing: nothing came."""
        return []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Fail: there is no field in it."""
        raise NotImplementedError(f"{unit!r} has no fields")


class Utf8:
    """A carrier of text that is read as UTF-8 and takes anything: what is not UTF-8, or has a NUL in it, is `Undecodable`.

    UTF-16 of plain letters is valid UTF-8 with a NUL beside each, in which no pattern finds anything.
    """

    def __init__(self, within: Carrier) -> None:
        self._within = within
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._position = 0

    def feed(self, piece: bytes) -> list[Unit]:
        """Check the next octets, and give the units that are complete."""
        self._check(piece, last=False)
        self._position += len(piece)
        return self._within.feed(piece)

    def end(self) -> list[Unit]:
        """Check that no character was broken off, and give what was still held."""
        self._check(b"", last=True)
        return self._within.end()

    @property
    def held(self) -> int:
        """How many octets are held back."""
        return self._within.held

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one field as the carrier within does."""
        return self._within.write(unit, field, changes)

    def _check(self, piece: bytes, *, last: bool) -> None:
        try:
            self._decoder.decode(piece, last)
        except UnicodeDecodeError:
            raise Undecodable(Fault.ENCODING, "text that is not UTF-8", self._position) from None
        if b"\0" in piece:
            raise Undecodable(Fault.ENCODING, "text with a NUL in it", self._position + piece.index(b"\0"))
