"""Bodies that no format is for.

The rule: a body that cannot be looked at is said to be so by its first octet (`Unreadable`), so that it is refused and recorded
like any that breaks its format; only `Opaque`, made where the plan lets through what cannot be looked at, passes it as it came.
"""

from collections.abc import Sequence

from ringfence.carriers import Change, Edit, Fault, Field, Undecodable, Unit


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
