"""Payloads that have no format here: one value, in windows; and values of text whose lines mean nothing.

The rule: what such a payload holds cannot be told apart, so that its path decides (law 1: unknown, unless the flow scans it).
"""

from collections.abc import Sequence

from ringfence.carriers.model import Change, Edit, Field, Unit
from ringfence.carriers.text import TextCarrier, text_field, write_text
from ringfence.transform.types import ValueType

WINDOW = 64 * 1024


class OpaqueCarrier:
    """Bytes of any kind. Each window of 64 KiB is a field; what is found over the edge of two is not seen."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._order = 0

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return len(self._held)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the windows that are complete."""
        self._held += piece
        units: list[Unit] = []
        whole = len(self._held) // WINDOW * WINDOW
        for at in range(0, whole, WINDOW):
            units.append(self._unit(bytes(self._held[at : at + WINDOW])))
        del self._held[:whole]
        return units

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        raw = bytes(self._held)
        self._held.clear()
        return [self._unit(raw)] if raw else []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one window as edits: as text."""
        return write_text(field, changes)

    def _unit(self, raw: bytes) -> Unit:
        field = Field("", ValueType.BYTES, raw, 0, len(raw), self._order)
        self._order += 1
        return Unit(raw, [field])


class ValueCarrier:
    """A value of text: one field where it has at most 64 KiB, else as `TextCarrier` reads it."""

    def __init__(self) -> None:
        self._held = b""
        self._long: TextCarrier | None = None

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return len(self._held) if self._long is None else self._long.held

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes; give nothing before there are too many."""
        if self._long is None:
            self._held += piece
            if len(self._held) <= WINDOW:
                return []
            piece, self._held = self._held, b""
            self._long = TextCarrier()
        return self._long.feed(piece)

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        if self._long is not None:
            return self._long.end()
        raw, self._held = self._held, b""
        return [Unit(raw, [text_field(raw, 0, 0)])] if raw else []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes as edits of text; where `text` is None the whole value is left out."""
        return write_text(field, changes)
