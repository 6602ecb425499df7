r"""Rows of a copy in PostgreSQL's text and csv formats: columns taken out of lines, and put back.

The rule: as in `rows`: what was not put stays as it was spelt, quotes and escapes included, and a value that is put back as it was
taken keeps its spelling. What the server would refuse, or read otherwise than it is read here, is `Undecodable`. Sources: the
server's own reader (copyfromparse.c) and writer (copyto.c). Lines end as the first of them does: with a newline, a carriage return,
or both. Only UTF-8 is read.

>>> from ringfence.sql.model import CopyOptions
>>> rows = CopyTextRows(CopyOptions(), 2)
>>> rows.take(b"1\ta\\tb\n2\t\\N\n", [1])
[[b'a\tb', None]]
>>> rows.put(b"1\ta\\tb\n2\t\\N\n", [1], [[b"*\n", None]])
b'1\t*\\n\n2\t\\N\n'
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Protocol

import re2

from ringfence.carriers.model import Fault, Undecodable

_BYTES: Final = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_ESCAPE: Final = re2.compile(rb"(?s)\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", _BYTES)
_LETTERS: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

_END_OR_ESCAPE: Final = re2.compile(rb"(?s)\\.|\r\n|\r|\n", _BYTES)
_UTF8: Final = frozenset(("", "utf8", "utf-8", "unicode"))


class CopySpelling(Protocol):
    """How a copy spells its data: what its statement said, with PostgreSQL's defaults for the rest."""

    @property
    def format(self) -> str:
        """`text`, `csv` or `binary`."""

    @property
    def delimiter(self) -> str:
        """What stands between two columns."""

    @property
    def null(self) -> str:
        """What stands for null."""

    @property
    def header(self) -> bool:
        """Whether the first line has the columns' names."""

    @property
    def quote(self) -> str:
        """What stands around values, in csv."""

    @property
    def escape(self) -> str:
        """What stands before a quote inside of quotes, in csv."""

    @property
    def encoding(self) -> str:
        """The encoding, "" for the client's."""

    @property
    def default(self) -> str | None:
        """What stands for a column's default; None where nothing does."""


class CopyLines(ABC):
    """Lines of a copy, one row each: what text and csv have in common."""

    def __init__(self, spelling: CopySpelling, width: int) -> None:
        if spelling.encoding.lower() not in _UTF8:
            raise Undecodable(Fault.ENCODING, "a copy that is not in UTF-8", 0)
        self._width: int = width
        self._delimiter: bytes = spelling.delimiter.encode()
        self._null_mark: bytes = spelling.null.encode()
        self._default: bytes | None = None if spelling.default is None else spelling.default.encode()
        self._data: bytes = b""
        self._end: bytes = b"\n"
        self._is_ended: bool = True
        self._stride: int = max(width, 1)  # a line of no columns is one empty cell
        self._cells: list[
            bytes
        ] = []  # as they are spelt, row after row: a list for each row would be the collector's to walk
        self._taken: dict[int, list[bytes | None]] = {}

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return self._width

    @property
    def opaque(self) -> frozenset[int]:
        """Columns whose values cannot be read: in text there are none."""
        return frozenset()

    def count(self, data: bytes) -> int:
        """Give how many rows there are."""
        self._read(data)
        return len(self._cells) // self._stride

    def take(self, data: bytes, columns: Sequence[int]) -> list[list[bytes | None]]:
        """Give each asked column's values, None for null (and for a default that the server is to find)."""
        self._read(data)
        for column in columns:
            self._taken[column] = self._values(column)
        return [self._taken[column] for column in columns]

    def put(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> bytes:
        """Give the rows with other values in these columns, None for null."""
        return b"".join(self.put_each(data, columns, values))

    def put_each(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> list[bytes]:
        """As `put`, but give each row with its line's end."""
        self._read(data)
        stride = self._stride
        for column, new in zip(columns, values, strict=True):
            taken = self._taken[column] if column in self._taken else self.take(data, [column])[0]
            cells = self._cells[column::stride]
            self._cells[column::stride] = [
                cell if value is old or value == old else spelt
                for cell, value, old, spelt in zip(cells, new, taken, self._spelt_all(new), strict=True)
            ]
        lines = self._joined()
        self._data, self._cells, self._taken = b"", [], {}  # the cells are changed
        return lines

    def cut(self, data: bytes) -> list[bytes]:
        """Give each row with its line's end, without looking into it."""
        end, lines = self._lines(data)
        last = lines.pop()
        cut = [line + end for line in lines]
        return [*cut, last] if last else cut

    def _joined(self) -> list[bytes]:
        delimiter, end, stride, cells = self._delimiter, self._end, self._stride, self._cells
        lines = [delimiter.join(cells[at : at + stride]) + end for at in range(0, len(cells), stride)]
        if not self._is_ended:
            lines[-1] = lines[-1].removesuffix(end)
        return lines

    def _read(self, data: bytes) -> None:
        if data is self._data:
            return
        self._data, self._cells, self._taken = b"", [], {}
        self._end, lines = self._lines(data)
        self._is_ended = not lines[-1]  # nothing is behind the last line's end
        if self._is_ended:
            lines.pop()
        cells = self._split(lines)
        if not self._width and any(cells):
            raise self._other_width()
        self._data, self._cells = data, cells

    @abstractmethod
    def _lines(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Give what ends a line, and the lines without it: the last is what stands behind the last end."""

    @abstractmethod
    def _split(self, lines: list[bytes]) -> list[bytes]:
        """Give the lines' cells as they are spelt, row after row; each line has `_stride` of them, or it is `_other_width`."""

    def _other_width(self) -> Undecodable:
        return Undecodable(Fault.MALFORMED, f"lines of a copy that do not have {self._width} columns", 0)

    @abstractmethod
    def _values(self, column: int) -> list[bytes | None]:
        """Give what a column's cells spell."""

    @abstractmethod
    def _spelt(self, value: bytes) -> bytes:
        """Spell a value."""

    def _spelt_all(self, values: Sequence[bytes | None]) -> list[bytes]:
        """Spell a column's values."""
        null = self._null_mark
        return [null if value is None else self._spelt(value) for value in values]


class CopyTextRows(CopyLines):
    """Lines of a copy in text format: one row each, with escapes."""

    def __init__(self, spelling: CopySpelling, width: int) -> None:
        super().__init__(spelling, width)
        self._marks: bytes = b"\\\b\f\n\r\t\v" + self._delimiter  # what is never spelt as itself

    def _lines(self, data: bytes) -> tuple[bytes, list[bytes]]:
        if b"\\" in data and (b"\\\n" in data or b"\\\r" in data):
            return _lines_with_escaped_ends(data)
        return plain_lines(data)

    def _split(self, lines: list[bytes]) -> list[bytes]:
        delimiter, stride = self._delimiter, self._stride
        if len(lines) < 2 or delimiter == b"\n":
            return self._split_each(lines)
        joined = b"\n".join(lines)
        if joined.count(b"\n") != len(lines) - 1 or (b"\\" in joined and b"\\" + delimiter in joined):
            return self._split_each(lines)
        # All at once: what begins with a newline begins a line.
        cells = joined.replace(b"\n", delimiter + b"\n").split(delimiter)
        firsts = cells[stride::stride]
        if len(cells) != stride * len(lines) or any(cell[:1] != b"\n" for cell in firsts):
            raise self._other_width()
        cells[stride::stride] = [cell[1:] for cell in firsts]
        return cells

    def _split_each(self, lines: list[bytes]) -> list[bytes]:
        """Split line by line: there are delimiters that divide nothing, or lines of another width."""
        delimiter, stride = self._delimiter, self._stride
        escaped = b"\\" + delimiter
        cells: list[bytes] = []
        for line in lines:
            row = line.split(delimiter)
            if escaped in line:
                row = _rejoined(row, delimiter)
            if len(row) != stride:
                raise self._other_width()
            cells += row
        return cells

    def _values(self, column: int) -> list[bytes | None]:
        null, default = self._null_mark, self._default
        return [
            None if cell in (null, default) else unescaped(cell) if b"\\" in cell else cell
            for cell in self._cells[column :: self._stride]
        ]

    def _spelt_all(self, values: Sequence[bytes | None]) -> list[bytes]:
        null = self._null_mark
        joined = b"".join([value for value in values if value is not None])
        if null != b"\\N" or self._default is not None or len(joined.translate(None, self._marks)) != len(joined):
            return super()._spelt_all(values)
        return [null if value is None else value for value in values]  # what has no mark is spelt as itself

    def _spelt(self, value: bytes) -> bytes:
        spelt = value
        if len(value.translate(None, self._marks)) != len(value):
            spelt = value.replace(b"\\", b"\\\\")
            for letter, control in _LETTERS.items():
                spelt = spelt.replace(control, b"\\" + letter)
            spelt = spelt.replace(self._delimiter, b"\\" + self._delimiter)
        if spelt and spelt in (self._null_mark, self._default):
            spelt = b"".join([b"\\x%02x" % byte for byte in value])
        return spelt


def plain_lines(data: bytes) -> tuple[bytes, list[bytes]]:
    """Split lines; give what ends them, and one more for what is behind the last end."""
    newline, carriage = data.find(b"\n"), data.find(b"\r")
    if carriage < 0:
        return b"\n", data.split(b"\n")
    end = b"\n" if 0 <= newline < carriage else b"\r\n" if newline == carriage + 1 else b"\r"
    lines = data.split(end)
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise other_end()
    return end, lines


def _lines_with_escaped_ends(data: bytes) -> tuple[bytes, list[bytes]]:
    """The same where a backslash makes data of what would end a line."""
    end = b""
    lines: list[bytes] = []
    at = 0
    for found in _END_OR_ESCAPE.finditer(data):
        if found[0][:1] == b"\\":
            continue
        end = end or found[0]
        if found[0] != end:
            raise other_end()
        lines.append(data[at : found.start()])
        at = found.end()
    lines.append(data[at:])
    return end or b"\n", lines


def _rejoined(cells: list[bytes], delimiter: bytes) -> list[bytes]:
    """Join what was split at a delimiter that has a backslash before it."""
    joined: list[bytes] = []
    parts: list[bytes] = []
    for cell in cells:
        parts.append(cell)
        if not ends_escaping(cell):
            joined.append(delimiter.join(parts))
            parts = []
    if parts:
        joined.append(delimiter.join(parts))
    return joined


def ends_escaping(text: bytes) -> bool:
    """Say whether a backslash at the end takes the meaning from what follows."""
    return bool((len(text) - len(text.rstrip(b"\\"))) % 2)


def unescaped(cell: bytes) -> bytes:
    """Give what a cell of text format spells."""
    meant: bytes = _ESCAPE.sub(_meant, cell)
    return meant


def _meant(found: "re2._Match[bytes]") -> bytes:
    spelt: bytes = found[1]
    if spelt == b".":
        raise Undecodable(Fault.MALFORMED, "a copy with its end mark inside of a line", 0)
    if spelt in _LETTERS:
        return _LETTERS[spelt]
    if spelt[:1] == b"x" and len(spelt) > 1:
        return bytes((int(spelt[1:], 16),))
    if spelt[0] in b"01234567":
        return bytes((int(spelt, 8) & 0xFF,))
    return spelt


def other_end() -> Undecodable:
    """Give the error of lines that end in more than one way."""
    return Undecodable(Fault.MALFORMED, "a copy whose lines do not all end in the same way", 0)
