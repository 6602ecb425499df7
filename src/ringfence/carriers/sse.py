"""Server-sent events (text/event-stream, as the HTML Standard reads it): each event is a unit, let go as soon as it is whole.

The rule: an event ends with the first byte of the line end of a blank line, so that nothing waits for what may follow. Its data
are the values of its ``data`` lines, joined by line breaks: where that is JSON its fields have paths below ``data``, else it is
text. ``event``, ``id``, ``retry``, comments and lines of any other name are fields too.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from functools import partial
from sys import maxsize

from ringfence.carriers._json_lines import LineReader
from ringfence.carriers._json_scan import Scanner
from ringfence.carriers._paths import MAX_PATH, Paths, below, spell
from ringfence.carriers._spans import ScatteredField, write_scattered
from ringfence.carriers.json_text import write_json
from ringfence.carriers.model import Change, Edit, Fault, Field, Repeat, Undecodable, Unit
from ringfence.transform.types import ValueType

MAX_EVENT = 8 * 1024 * 1024  # bytes

_TEXT = ValueType.TEXT
_JSON_OPENS = (b"{", b"[", b'"')
_NOT_JSON = (Fault.MALFORMED, Fault.ENCODING, Fault.TRUNCATED)
_NAMES = frozenset((b"data", b"event", b"id", b"retry"))

_Line = tuple[int, int]  # where a line's text starts and ends


class EventsCarrier:
    """Events. An event that the end cuts off is read as one, although readers drop it."""

    def __init__(self) -> None:
        self._held = bytearray()  # from the start of an event
        self._line = 0  # where, in it, the present line begins
        self._searched = 0
        self._after_return = False  # whether the byte before what is held is a carriage return
        self._at = 0
        self._order = 0
        self._reader = LineReader()

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return len(self._held)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the events that are complete."""
        self._held += piece
        units: list[Unit] = []
        text, start = self._held, 0
        while (end := self._event_end(text, start)) >= 0:
            units.append(self._unit(bytes(text[start:end])))
            self._after_return = text[end - 1] == 0x0D
            start = self._line = self._searched = end
        del self._held[:start]
        self._line -= start
        self._searched = len(self._held)
        if len(self._held) > MAX_EVENT:
            raise Undecodable(Fault.TOO_LARGE, f"an event of more than {MAX_EVENT} bytes", self._at)
        return units

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        raw = bytes(self._held)
        self._held.clear()
        return [self._unit(raw)] if raw else []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one field as edits. A line break in text begins another line of data; elsewhere it is a space."""
        if not isinstance(field, ScatteredField):
            return write_json(field, changes)
        if any(change.text is None for change in changes):
            changes = [Change(0, len(field.value), "")]
        return write_scattered(field, changes, _data_lines if field.path == "data" else _one_line)

    def _event_end(self, text: bytearray, start: int) -> int:
        """Find the end of the event that begins at `start`; -1 where it has not come."""
        at = max(self._searched, self._line)
        while (end := _line_end(text, at)) < len(text):
            is_return = self._after_return if end == start else text[end - 1] == 0x0D
            if text[end] == 0x0A and is_return and end == self._line:
                self._line = at = end + 1  # the second byte of a line end
                continue
            if end == self._line:
                return end + 1
            self._line = at = end + 1
        return -1

    def _unit(self, raw: bytes) -> Unit:
        unit = Unit(raw)
        data: list[_Line] = []
        at = len(BOM_UTF8) if self._at == 0 and raw.startswith(BOM_UTF8) else 0
        while at < len(raw):
            end = _line_end(raw, at)
            if end > at:
                self._read_line(unit, (at, end), data)
            at = end + 1
        if data:
            self._read_data(unit, data)
        self._at += len(raw)
        return unit

    def _read_line(self, unit: Unit, line: _Line, data: list[_Line]) -> None:
        start, end = line
        colon = unit.raw.find(b":", start, end)
        name = unit.raw[start : colon if colon >= 0 else end]
        value = (colon + 1 if colon >= 0 else end, end)
        if unit.raw[value[0] : value[0] + 1] == b" " and value[0] < end:
            value = (value[0] + 1, end)
        if name == b"data":
            data.append(value)
            return
        if name and name not in _NAMES:
            self._add_text(unit, "", [(start, start + len(name))], is_key=True)
        self._add_text(unit, self._path(name), [value])

    def _path(self, name: bytes) -> str:
        path = spell(name.decode("utf-8", "replace")) if name else "comment"
        if len(path) > MAX_PATH:
            raise Undecodable(Fault.TOO_LARGE, f"a name of more than {MAX_PATH} characters", self._at)
        return path

    def _add_text(self, unit: Unit, path: str, lines: Sequence[_Line], *, is_key: bool = False) -> None:
        value = b"\n".join(unit.raw[start:end] for start, end in lines)
        places: list[tuple[int, int, int]] = []
        at = 0
        for start, end in lines:
            places.append((at, start, end))
            at += end - start + 1
        mapped = partial(_offsets, lines) if len(lines) > 1 else None
        start, end = lines[0][0], lines[-1][1]
        unit.add((ScatteredField(path, _TEXT, value, start, end, self._order, is_key, mapped, places),))
        self._order += 1

    def _read_data(self, unit: Unit, lines: Sequence[_Line]) -> None:
        start, end = lines[0]
        if unit.raw[start:end].lstrip().startswith(_JSON_OPENS):
            read = self._document(unit.raw, lines)
            if read is not None:
                fields, repeats = read
                for field in fields:
                    field.path = below("data", field.path)
                unit.add(fields)
                unit.repeats += repeats
                self._order += len(fields)
                return
        self._add_text(unit, "data", lines)

    def _document(self, raw: bytes, lines: Sequence[_Line]) -> tuple[Sequence[Field], list[Repeat]] | None:
        """Read data as JSON; None where they are none."""
        try:
            if len(lines) == 1:
                start, end = lines[0]
                return self._reader.read(raw[start:end], at=self._at + start, base=start, order=self._order)
            scanner = Scanner(Paths(), at=self._at, order=self._order, unit_bytes=maxsize)
            scanner.feed(b"\n".join(raw[start:end] for start, end in lines))
            scanner.end()
        except Undecodable as error:
            if error.fault in _NOT_JSON:
                return None
            raise
        offsets = _offsets(lines)
        for field in scanner.fields:
            if field.raw_offsets is not None:
                field.raw_offsets = partial(_through, offsets, field.raw_offsets)
            field.start, field.end = offsets[field.start], offsets[field.end]
        return scanner.fields, scanner.repeats


def _line_end(text: bytes | bytearray, at: int) -> int:
    """Find the next line feed or carriage return; the text's end where there is none."""
    feed = text.find(b"\n", at)
    if feed < 0:
        feed = len(text)
    back = text.find(b"\r", at, feed)
    return back if back >= 0 else feed


def _offsets(lines: Sequence[_Line]) -> Sequence[int]:
    """Map each byte of joined lines, and their end, to where it stands; a line break to the end of its line."""
    mapped: list[int] = []
    for start, end in lines:
        mapped.extend(range(start, end + 1))
    return mapped


def _through(outer: Sequence[int], inner: Callable[[], Sequence[int]]) -> Sequence[int]:
    return [outer[offset] for offset in inner()]


def _one_line(text: str) -> bytes:
    return " ".join(text.splitlines()).encode("utf-8", "replace")


def _data_lines(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\ndata: ".join(lines).encode("utf-8", "replace")
