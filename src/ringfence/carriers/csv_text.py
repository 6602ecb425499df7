"""Comma-separated values (RFC 4180): every cell is a field, named by its column's header.

The rule: what two readers of CSV would cut in two ways does not pass: a quote inside a cell that is not quoted, a carriage
return that ends no line, text after a closing quote. Bytes need not be UTF-8; line ends may be CRLF or LF. A record ends at a
line end before which the number of quotes is even: that holds for all CSV that is let through, so records are found before
they are read.
"""

from array import array
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from functools import partial

from ringfence.carriers._paths import MAX_PATH, decode_name, spell
from ringfence.carriers.model import Change, Edit, Fault, Field, Undecodable, Unit
from ringfence.transform.types import ValueType

UNIT_BYTES = 64 * 1024
MAX_RECORD = 8 * 1024 * 1024  # bytes
MAX_CELLS = 16_384  # in a record: what spreadsheets allow

_TEXT = ValueType.TEXT  # looked up in its Enum for each cell it would cost as much as the cell
_QUOTE = b'"'
_QUOTE_BYTE = _QUOTE[0]


class CsvCarrier:
    """Records of cells. Columns are named by `names`, else by the first record where it is a `header`, else not at all.

    The cells of a header are fields too, as keys. A cell beyond the named columns has path "". Blank lines hold no field.
    """

    def __init__(self, delimiter: str = ",", header: bool = True, names: Sequence[str] = ()) -> None:
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
            raise ValueError("a CSV delimiter is one ASCII character, no quote and no line end: give , or ; or a tab")
        self._delimiter = delimiter.encode()
        self._header_comes = header
        self._columns = [spell(name) for name in names]
        self._held = bytearray()  # from the start of a record
        self._quoted = False  # whether what is held ends inside quotes
        self._at = 0
        self._order = 0

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return len(self._held)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the records that are complete, up to 64 KiB a unit."""
        before = len(self._held)
        self._held += piece
        end = self._last_record_end(piece)
        units: list[Unit] = []
        if end:
            records = bytes(self._held[: before + end])
            del self._held[: before + end]
            units = self._read(records)
        if len(self._held) > MAX_RECORD:
            raise _too_large(self._at)
        return units

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        records = bytes(self._held)
        self._held.clear()
        return self._read(records)

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one cell as edits of the unit's bytes.

        A cell that was not quoted, and would now have to be, is quoted as a whole. `text` None makes the cell empty. A record's
        only cell is never left blank, for readers would skip the line: it becomes ``""``.
        """
        return _write_cell(unit.raw, field, changes, self._delimiter) if changes else []

    def _last_record_end(self, piece: bytes) -> int:
        """Find where, in a piece, the last complete record ends; 0 where none does. Keeps count of the quotes."""
        if b'"' not in piece:
            return 0 if self._quoted else piece.rfind(b"\n") + 1
        last = at = 0
        while newline := piece.find(b"\n", at) + 1:
            self._quoted ^= piece.count(b'"', at, newline) % 2 == 1
            if not self._quoted:
                last = newline
            at = newline
        self._quoted ^= piece.count(b'"', at) % 2 == 1
        return last

    def _read(self, raw: bytes) -> list[Unit]:
        """Read complete records."""
        units: list[Unit] = []
        fields: list[Field] = []
        start = at = 0  # of the present unit and record
        if self._at == 0 and raw.startswith(BOM_UTF8):  # spreadsheets write it; it is no part of the first cell
            at = len(BOM_UTF8)
        has_quotes = _QUOTE in raw
        while at < len(raw):
            line = _line_end(raw, at)
            if has_quotes:
                quotes = raw.count(_QUOTE, at, line)
                while quotes % 2 and line < len(raw):
                    more = _line_end(raw, line + 1)
                    quotes += raw.count(_QUOTE, line, more)
                    line = more
            if line - at > MAX_RECORD:
                raise _too_large(self._at + at)
            if line + 1 - start > UNIT_BYTES and at > start:
                units.append(Unit(raw[start:at], fields))
                fields, start = [], at
            fields += self._record(raw, at, line, start)
            at = line + 1
        if raw:
            units.append(Unit(raw[start:], fields))
        self._at += len(raw)
        return units

    def _record(self, raw: bytes, at: int, line: int, unit: int) -> list[Field]:
        """Make the fields of the record from `at` to its line end; `unit` is where its unit starts."""
        text = raw[at:line]
        if line < len(raw):
            text = text.removesuffix(b"\r")
        if not text:
            return []
        cells = text.split(self._delimiter)
        if _QUOTE in text or b"\r" in text:
            cells = self._whole_cells(cells, at)
        start, order = at - unit, self._order
        fields: list[Field] = []
        for path, cell in zip(self._paths(len(cells), at), cells, strict=True):
            end = start + len(cell)
            if _QUOTE_BYTE in cell:
                value = content = cell[1:-1]
                mapped: Callable[[], Sequence[int]] | None = None
                if _QUOTE_BYTE in content:
                    value = content.replace(b'""', _QUOTE)
                    mapped = partial(_offsets, content, start + 1)
                fields.append(Field(path, _TEXT, value, start + 1, end - 1, order, False, mapped))
            else:
                fields.append(Field(path, _TEXT, cell, start, end, order))
            start = end + 1
            order += 1
        self._order = order
        if self._header_comes:
            self._take_header(fields)
        return fields

    def _whole_cells(self, parts: list[bytes], at: int) -> list[bytes]:
        """Join what a delimiter inside quotes has parted, and check each cell."""
        cells: list[bytes] = []
        parted: list[bytes] = []
        for part in parts:
            opens_or_closes = part.count(_QUOTE) % 2 == 1
            if parted or opens_or_closes:
                parted.append(part)
            else:
                cells.append(part)
            if opens_or_closes and len(parted) > 1:
                cells.append(self._delimiter.join(parted))
                parted = []
        if parted:
            cells.append(self._delimiter.join(parted))
        start = self._at + at
        for cell in cells:
            _check(cell, start)
            start += len(cell) + 1
        return cells

    def _take_header(self, fields: list[Field]) -> None:
        """Take the first record as the header that was said to come."""
        self._header_comes = False
        for field in fields:
            field.is_key = True
        if not self._columns:
            self._columns = [_column(field, self._at) for field in fields]

    def _paths(self, cells: int, at: int) -> list[str]:
        if cells > MAX_CELLS:
            raise Undecodable(Fault.TOO_LARGE, f"a record of more than {MAX_CELLS} cells", self._at + at)
        if self._header_comes:
            return [""] * cells
        columns = self._columns
        return columns if len(columns) == cells else columns[:cells] + [""] * (cells - len(columns))


def _line_end(raw: bytes, at: int) -> int:
    end = raw.find(b"\n", at)
    return end if end >= 0 else len(raw)


def _check(cell: bytes, at: int) -> None:
    """Refuse a cell that is neither free of quotes nor quoted from its first byte to its last."""
    if _QUOTE_BYTE not in cell:
        if (stray := cell.find(b"\r")) >= 0:
            raise Undecodable(Fault.AMBIGUOUS, "a carriage return that ends no line", at + stray)
        return
    if cell[0] != _QUOTE_BYTE:
        raise Undecodable(Fault.AMBIGUOUS, "a quote inside a cell that is not quoted", at + cell.index(_QUOTE))
    if len(cell) > 1 and cell[-1] == _QUOTE_BYTE and _QUOTE_BYTE not in cell[1:-1].replace(b'""', b""):
        return
    end = cell.find(_QUOTE, 1)
    while end >= 0 and cell.startswith(_QUOTE, end + 1):
        end = cell.find(_QUOTE, end + 2)
    if end < 0:
        raise Undecodable(Fault.TRUNCATED, "a quoted cell does not end", at)
    raise Undecodable(Fault.MALFORMED, "text after the quote that closes a cell", at + end + 1)


def _column(field: Field, at: int) -> str:
    path = spell(decode_name(field.value))
    if len(path) > MAX_PATH:
        raise Undecodable(Fault.TOO_LARGE, f"a column name of more than {MAX_PATH} characters", at + field.start)
    return path


def _too_large(at: int) -> Undecodable:
    return Undecodable(Fault.TOO_LARGE, f"a record of more than {MAX_RECORD} bytes", at)


def _offsets(content: bytes, start: int) -> "array[int]":
    """Map each byte of a quoted cell's value, and its end, to its offset: a doubled quote is one."""
    mapped = array("I")
    at = 0
    while (quote := content.find(b'"', at)) >= 0:
        mapped.extend(range(start + at, start + quote + 1))
        at = quote + 2
    mapped.extend(range(start + at, start + len(content) + 1))
    return mapped


def _write_cell(raw: bytes, field: Field, changes: Sequence[Change], delimiter: bytes) -> list[Edit]:
    quoted = raw[field.start - 1 : field.start] == b'"' if field.start else False
    outer = (field.start - quoted, field.end + quoted)
    alone = raw[outer[0] - 1 : outer[0]] in (b"", b"\n", b"\xbf") and raw[outer[1] : outer[1] + 1] in (
        b"",
        b"\r",
        b"\n",
    )
    if any(change.text is None for change in changes):
        return [Edit(*outer, b'""' if alone else b"")]
    texts = [(change.text or "").encode("utf-8", "replace") for change in changes]
    if quoted:
        offsets = field.raw_offsets() if field.raw_offsets else range(field.start, field.end + 1)
        return [
            Edit(offsets[change.start], offsets[change.end], text.replace(b'"', b'""'))
            for change, text in zip(changes, texts, strict=True)
        ]
    value = _changed(field.value, changes, texts)
    if (alone and not value) or any(mark in value for mark in (delimiter, b'"', b"\r", b"\n")):
        return [Edit(*outer, b'"' + value.replace(b'"', b'""') + b'"')]
    return [
        Edit(field.start + change.start, field.start + change.end, text)
        for change, text in zip(changes, texts, strict=True)
    ]


def _changed(value: bytes, changes: Sequence[Change], texts: Sequence[bytes]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for change, text in zip(changes, texts, strict=True):
        parts += (value[at : change.start], text)
        at = change.end
    return b"".join((*parts, value[at:]))
