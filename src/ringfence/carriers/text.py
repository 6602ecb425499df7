"""Text in lines, of whatever encoding: a unit is complete lines, its only field is all of them.

The rule: bytes are not interpreted. What is not UTF-8 passes as it came; where lines are cut into units is `LineGroups`' business.
"""

from collections.abc import Sequence

from ringfence.carriers._line_groups import MAX_LINE, LineGroups
from ringfence.carriers.model import Change, Edit, Field, Unit
from ringfence.transform.types import ValueType


class TextCarrier:
    """Lines of text. A line of more than `max_line` bytes is `Undecodable`."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._groups = LineGroups(max_line)
        self._order = 0

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give all lines that are complete, but for a PEM block or stack trace that is not over."""
        return self._units(self._groups.feed(piece))

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        return self._units(self._groups.end())

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return self._groups.held

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one field as edits: see `write_text`."""
        return write_text(field, changes)

    def _units(self, stretches: list[bytes]) -> list[Unit]:
        units = [Unit(raw, [text_field(raw, 0, self._order + index)]) for index, raw in enumerate(stretches)]
        self._order += len(units)
        return units


def text_field(value: bytes, start: int, order: int) -> Field:
    """Make the field of a stretch of text."""
    return Field("", ValueType.TEXT, value, start, start + len(value), order)


def write_text(field: Field, changes: Sequence[Change]) -> list[Edit]:
    """Encode changes of text as edits. Text has no null: where `text` is None the span, and only the span, is removed."""
    return [
        Edit(field.start + change.start, field.start + change.end, (change.text or "").encode("utf-8", "replace"))
        for change in changes
    ]
