"""A log of two kinds of line: JSON objects, whose fields have paths, and text.

The rule: a line is JSON where it begins with ``{`` and is a whole, valid document; every other line is text, and text lines
that follow each other are one field. A document that exceeds a bound is not taken for text: what its fields are cannot be
told, so it does not pass.
"""

from collections.abc import Sequence

from ringfence.carriers._json_grammar import SPACES
from ringfence.carriers._json_lines import LineReader
from ringfence.carriers._line_groups import MAX_LINE, LineGroups
from ringfence.carriers.json_text import write_json
from ringfence.carriers.model import Change, Edit, Fault, Field, Repeat, Undecodable, Unit
from ringfence.carriers.text import text_field, write_text
from ringfence.transform.types import ValueType

_NOT_JSON = (Fault.MALFORMED, Fault.ENCODING, Fault.TRUNCATED)


class LogCarrier:
    """Lines of JSON and of text, mixed. A line of more than `max_line` bytes is `Undecodable`."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._groups = LineGroups(max_line, alone=b"{")
        self._reader = LineReader()
        self._at = 0
        self._order = 0

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give all lines that are complete, but for a PEM block or stack trace that is not over."""
        return [self._unit(raw) for raw in self._groups.feed(piece)]

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        return [self._unit(raw) for raw in self._groups.end()]

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return self._groups.held

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one field as edits, by what the field is."""
        return (write_text if field.type is ValueType.TEXT else write_json)(field, changes)

    def _unit(self, raw: bytes) -> Unit:
        unit = Unit(raw)
        text = at = 0  # where the present run of text lines, and the next line to look at, begin
        while (start := _next_brace(raw, at)) >= 0:
            at = raw.find(b"\n", start) + 1 or len(raw)
            read = self._document(raw, start, at, self._order + (start > text))
            if read is None:
                continue
            self._add_text(unit, text, start)
            unit.add(read[0])
            unit.repeats += read[1]
            self._order += len(read[0])
            text = at
        self._add_text(unit, text, len(raw))
        self._at += len(raw)
        return unit

    def _document(self, raw: bytes, start: int, end: int, order: int) -> tuple[Sequence[Field], list[Repeat]] | None:
        """Read a line as JSON; None where it is none."""
        line = raw[start:end]
        if not line.rstrip(SPACES).endswith(b"}"):  # most lines that only begin like an object
            return None
        try:
            return self._reader.read(line, at=self._at + start, base=start, order=order)
        except Undecodable as error:
            if error.fault in _NOT_JSON:
                return None
            raise

    def _add_text(self, unit: Unit, start: int, end: int) -> None:
        if start < end:
            unit.add((text_field(unit.raw[start:end], start, self._order),))
            self._order += 1


def _next_brace(raw: bytes, at: int) -> int:
    """Find the next line from `at`, itself the start of a line, that begins with a brace."""
    if raw.startswith(b"{", at):
        return at
    return raw.find(b"\n{", at) + 1 or -1
