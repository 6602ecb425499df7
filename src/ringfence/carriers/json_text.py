"""JSON and newline-delimited JSON: every key, string, number and literal is a field; what changes is written in its place.

The rule: a document's bytes are never made anew. White space, the order of keys, the spelling of numbers and the escapes of
strings pass as they came; a change replaces its own span. Strict RFC 8259, in UTF-8 and without a byte order mark, for what one
reader takes and another refuses hides data.

A document of up to 64 KiB is one unit, given when it is known to be whole and right; a longer one comes in units of 64 KiB and
more, cut between tokens. In newline-delimited JSON no unit holds parts of two documents, and a blank line is a unit without
fields.
"""

from collections.abc import Sequence

from ringfence.carriers._json_grammar import SPACES, escape, scalar_type
from ringfence.carriers._json_lines import LineReader
from ringfence.carriers._json_scan import UNIT_BYTES, Scanner
from ringfence.carriers._json_whole import read_document
from ringfence.carriers._paths import Paths
from ringfence.carriers.model import Change, Edit, Field, Unit
from ringfence.transform.types import ValueType

REDACTED_KEY = b"[redacted]"
"""What stands for a key that may not be shown: a key cannot be null. Two such keys in one object are then the same key."""


class JsonCarrier:
    """One JSON document, or with `ndjson` one on each line. After `Undecodable` it is of no further use."""

    def __init__(self, ndjson: bool = False) -> None:
        self._reading: _Document | _Lines = _Lines() if ndjson else _Document()

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the units that are complete."""
        return self._reading.feed(piece)

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        return self._reading.end()

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return self._reading.held

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one field as edits: see `write_json`."""
        return write_json(field, changes)


class _Document:
    """A payload that is one document. One that is no longer than a unit is read when it is whole."""

    def __init__(self) -> None:
        self._paths = Paths()
        self._raw = b""
        self._long: Scanner | None = None

    @property
    def held(self) -> int:
        return len(self._raw) if self._long is None else self._long.held

    def feed(self, piece: bytes) -> list[Unit]:
        if self._long is not None:
            return self._long.feed(piece)
        raw = self._raw + piece if self._raw else piece
        if len(raw) <= UNIT_BYTES:
            self._raw = raw
            return []
        self._long, self._raw = Scanner(self._paths), b""
        return self._long.feed(raw)

    def end(self) -> list[Unit]:
        if self._long is not None:
            return self._long.end()
        raw, self._raw = self._raw, b""
        fields, repeats = read_document(raw, self._paths, at=0, base=0, order=0)
        return [Unit(raw, fields, repeats)]


class _Lines:
    """A payload of lines that are documents."""

    def __init__(self) -> None:
        self._reader = LineReader()
        self._line = bytearray()  # the unfinished line
        self._long: Scanner | None = None  # the same, where it is longer than a unit
        self._at = 0
        self._order = 0

    @property
    def held(self) -> int:
        return len(self._line) + (self._long.held if self._long else 0)

    def feed(self, piece: bytes) -> list[Unit]:
        units: list[Unit] = []
        if self._long is not None:
            newline = piece.find(b"\n") + 1
            units += self._long.feed(piece[:newline] if newline else piece)
            if not newline:
                return units
            units += self._finish(self._long)
            piece = piece[newline:]
        newline = piece.rfind(b"\n") + 1
        if newline:
            lines = bytes(self._line) + piece[:newline]
            self._line.clear()
            start = 0
            while start < len(lines):
                end = lines.find(b"\n", start) + 1
                self._read(lines[start:end], units)
                start = end
        self._line += piece[newline:]
        if len(self._line) > UNIT_BYTES:
            self._long = self._reader.scanner(self._at, self._order)
            units += self._long.feed(bytes(self._line))
            self._line.clear()
        return units

    def end(self) -> list[Unit]:
        units: list[Unit] = []
        if self._long is not None:
            units += self._finish(self._long)
        elif self._line:
            self._read(bytes(self._line), units)
            self._line.clear()
        return units

    def _read(self, line: bytes, units: list[Unit]) -> None:
        if len(line) > UNIT_BYTES:
            scanner = self._reader.scanner(self._at, self._order)
            units += scanner.feed(line)
            units += self._finish(scanner)
            return
        unit = Unit(line, [], [])
        if line[0] not in SPACES or line.strip(SPACES):
            unit.fields, unit.repeats = self._reader.read(line, at=self._at, base=0, order=self._order)
            self._order += len(unit.fields)
        units.append(unit)
        self._at += len(line)

    def _finish(self, scanner: Scanner) -> list[Unit]:
        units = scanner.end()
        self._at, self._order = scanner.at, scanner.order
        self._long = None
        return units


def write_json(field: Field, changes: Sequence[Change]) -> list[Edit]:
    """Encode changes of one field as edits of the unit's bytes.

    A string's span is replaced by the text with JSON's escapes; a span that begins or ends inside a character is widened to all
    of it. A number or literal that no longer is one becomes a string. `text` None makes the whole value `null`, and a key
    `REDACTED_KEY`.
    """
    if not changes:
        return []
    is_string = field.type is ValueType.STRING
    if any(change.text is None for change in changes):
        if field.is_key:
            return [Edit(field.start, field.end, REDACTED_KEY)]
        quote = 1 if is_string else 0
        return [Edit(field.start - quote, field.end + quote, b"null")]
    return _write_string(field, changes) if is_string else _write_scalar(field, changes)


def _write_string(field: Field, changes: Sequence[Change]) -> list[Edit]:
    value = field.value
    offsets = field.raw_offsets() if field.raw_offsets else range(field.start, field.end + 1)
    edits: list[Edit] = []
    for change in changes:
        start, end = change.start, change.end
        while 0 < start < len(value) and value[start] & 0xC0 == 0x80:
            start -= 1
        while end < len(value) and value[end] & 0xC0 == 0x80:
            end += 1
        edits.append(Edit(offsets[start], offsets[end], escape(change.text or "")))
    return edits


def _write_scalar(field: Field, changes: Sequence[Change]) -> list[Edit]:
    parts: list[bytes] = []
    at = 0
    for change in changes:
        parts += (field.value[at : change.start], (change.text or "").encode("utf-8", "replace"))
        at = change.end
    text = b"".join((*parts, field.value[at:]))
    if scalar_type(text) is None:
        text = b'"' + escape(text.decode("utf-8")) + b'"'
    return [Edit(field.start, field.end, text)]
