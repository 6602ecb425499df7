"""Bodies that no format is for.

The rule: a body that cannot be looked at is said to be so by its first octet (`Unreadable`), so that it is refused and recorded
like any that breaks its format; only `Opaque`, made where the plan lets through what cannot be looked at, passes it as it came.
"""

from collections.abc import Sequence

from ringfence.carriers import Change, Edit, Fault, Field, Undecodable, Unit


class _Fieldless:
    """What both have in common: nothing is held, and there is nothing to change."""

    held = 0

    def end(self) -> list[Unit]:
        """Give nothing: nothing is held."""
        return []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Fail: there is no field in it."""
        raise ValueError(f"{unit!r} has no fields")


class Opaque(_Fieldless):
    """Passes octets that are not looked at."""

    def feed(self, piece: bytes) -> list[Unit]:
        """Give what came."""
        return [Unit(piece)]


class Unreadable(_Fieldless):
    """Carries nothing: the first octet is told to be what cannot be read."""

    def __init__(self, fault: Fault, what: str) -> None:
        self._fault = fault
        self._what = what

    def feed(self, piece: bytes) -> list[Unit]:
        """Raise `Undecodable`, where there is anything."""
        if piece:
            raise Undecodable(self._fault, self._what, 0)
        return []
