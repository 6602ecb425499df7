r"""Rows of a dump: the lines of a ``COPY``, the lists of an ``INSERT``.

The rule: rows are split where nothing can be taken two ways: a ``COPY``'s lines at tabs, an ``INSERT``'s text at its quotes, which
leaves structure between them. Where the number of values is not that of the columns, rows are read one by one, and what cannot be
told is given as it is. Where a value stands is worked out when it is asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

import re2

from ringfence.carriers import join_path
from ringfence.extract.model import Kind, Text, Values
from ringfence.extract.reading import Block, BlockLines

_PART: Final = re2.compile(rb'([\w$]+)|"((?:[^"\n]|"")+)"|`([^`\n]+)`|\[([^\]\n]+)\]')
_NULLS: Final = frozenset((b"\\N", b""))
_SPACES: Final = b" \t\r\n"
_ESCAPE: Final = re2.compile(rb"\\(?:x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|(?s:.))")
_ESCAPES: Final = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
    b"0": b"\0",
    b"Z": b"\x1a",
}
_TOKEN: Final = re2.compile(rb"[^,();\s\[\]]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table by the name that paths begin with, and its columns, if they are known."""

    name: str
    columns: Sequence[str]

    @staticmethod
    def spell(name: bytes) -> str:
        """Spell a table's name as a path."""
        path = ""
        for part in names_of(name):
            path = join_path(path, part)
        return path

    def paths(self, width: int) -> list[str]:
        """Give the paths of as many columns."""
        names = [*self.columns[:width], *(f"column{number + 1}" for number in range(len(self.columns), width))]
        return [join_path(self.name, name) for name in names]


def names_of(listed: bytes) -> list[str]:
    """Give the names in a list of identifiers, each spelt in any dialect."""
    found = (
        token[1] or (token[2] or b"").replace(b'""', b'"') or token[3] or token[4] for token in _PART.finditer(listed)
    )
    return [name.decode("utf-8", "replace")[:256] for name in found]


def unescaped(value: bytes) -> bytes:
    r"""Give what a value with backslashes means.

    >>> unescaped(rb"a\tb\\c\x41\'")
    b"a\tb\\cA'"
    """
    meant: bytes = _ESCAPE.sub(_meant, value)
    return meant


def _meant(escape: "re2._Match[bytes]") -> bytes:
    body = escape[0][1:]
    if body[:1] == b"x" and len(body) > 1:
        return bytes((int(body[1:], 16),))
    if body.isdigit() and not body.strip(b"01234567"):
        return bytes((int(body, 8) & 0xFF,))
    return _ESCAPES.get(bytes(body), bytes(body))


class CopyRows:
    """The lines of a ``COPY``, up to the mark that ends them."""

    def __init__(self, table: Table, delimiter: bytes, members: tuple[str, ...]) -> None:
        self._table = table
        self._delimiter = delimiter
        self._members = members

    def take(self, block: Block, *, final: bool) -> tuple[Values | None, int, bool]:
        """Give the rows of a block, up to where it is read, and whether there are no more of them."""
        value = block.value
        end, after, is_over = len(value), len(value), False
        if value.startswith(b"\\."):
            end, after, is_over = 0, _behind_line(value, 0), True
        elif (mark := value.find(b"\n\\.")) >= 0:
            end, after, is_over = mark + 1, _behind_line(value, mark + 1), True
        elif not final:
            end = after = value.rfind(b"\n") + 1
        rows = value[:end].removesuffix(b"\n")
        if not rows:
            return None, after, is_over
        lines = rows.split(b"\n")
        cells = [line.split(self._delimiter) for line in lines]
        by_width = {width: self._table.paths(width) for width in {len(row) for row in cells}}
        paths: list[str] = []
        values: list[bytes] = []
        if len(by_width) == 1:
            paths = next(iter(by_width.values())) * len(cells)
            values = self._delimiter.join(lines).split(self._delimiter)
        else:
            for row in cells:
                paths += by_width[len(row)]
                values += row
        meant = [_copied(each) for each in values] if b"\\" in rows else values
        places = _Lines(block, list(map(len, cells)), lines, values)

        def make(number: int) -> Text:
            line, column, start = places.place(number)
            same = meant[number] == values[number]
            return Text(
                meant[number], paths[number], Kind.VALUE, line, column, start if same else -1, "", self._members
            )

        return Values(paths, meant, make), after, is_over


def _copied(cell: bytes) -> bytes:
    if b"\\" not in cell:
        return cell
    return b"" if cell in _NULLS else unescaped(cell)


def _behind_line(value: bytes, at: int) -> int:
    end = value.find(b"\n", at)
    return len(value) if end < 0 else end + 1


class _Lines:
    """Where the cells of lines stand."""

    def __init__(self, block: Block, widths: list[int], lines: list[bytes], cells: list[bytes]) -> None:
        self._block = block
        self._cells = cells
        self._lines = lines
        self._widths = widths

    @cached_property
    def _firsts(self) -> list[int]:
        return [0, *accumulate(self._widths)]

    @cached_property
    def _begins(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self._lines)]

    def place(self, number: int) -> tuple[int, int, int]:
        row = bisect_right(self._firsts, number) - 1
        first = self._firsts[row]
        ahead = sum(len(cell) + 1 for cell in self._cells[first:number])
        block = self._block
        start = block.start + self._begins[row] + ahead if block.start >= 0 else -1
        return block.line + row, (block.column if not row else 1) + ahead, start


class InsertRows:
    """The lists of an ``INSERT``'s values, from the bracket that opens the first one.

    `head` is what stands before it: statements that begin alike behind each other are read as one.
    """

    def __init__(self, table: Table, head: bytes, members: tuple[str, ...], *, backslashes: bool) -> None:
        self._table = table
        self._head = head.strip(_SPACES)
        self._members = members
        self._backslashes = backslashes

    def take(self, block: Block, *, final: bool) -> tuple[Values | None, int, bool]:
        """Give the rows of a block, up to where it is read, and whether there are no more of them."""
        value = block.value
        size = _FIRST
        while True:  # a statement is most often much shorter than a block
            is_all = size >= len(value)
            pieces = _pieces(value if is_all else value[:size], backslashes=self._backslashes)
            last, at, is_over = self._end_of(pieces, final=final and is_all)
            if is_all or (is_over and sum(map(len, pieces[last:])) - at > len(self._head) + _BEHIND):
                break
            size *= 8
        if last < 0:
            return None, 0, False
        end = sum(map(len, pieces[:last])) + last + at
        pieces = [*pieces[:last], pieces[last][:at]]
        read = Block(
            value[:end], block.line, block.column, block.start
        )  # the lines of the rest are not counted each time
        if not is_over:
            end = _behind_comma(value, end)
        return self._values(read, pieces), end, is_over

    def _end_of(self, pieces: list[bytes], *, final: bool) -> tuple[int, int, bool]:
        """Find where the lists end: the piece, the place in it, whether they are over. Piece -1: no list is whole."""
        outside = b"\x00".join(pieces[::2])
        at = outside.find(b";")
        while at >= 0 and outside.startswith(self._head, _behind_spaces(outside, at + 1)):
            at = outside.find(b";", at + 1)
        ends = [at] if at >= 0 else []
        ends += [place for mark in _CLAUSES if (place := outside.find(mark, 0, at if at >= 0 else len(outside))) >= 0]
        if ends and outside.count(b"\x00") == len(pieces[::2]) - 1:
            number = 2 * outside.count(b"\x00", 0, min(ends))
            at = min(ends) - outside.rfind(b"\x00", 0, min(ends)) - 1
            return number, pieces[number].rfind(b")", 0, at) + 1 or at, True
        last = (len(pieces) - 1) // 2 * 2
        if final:
            return last, len(pieces[last]), True
        for number in range(last, -1, -2):
            piece = pieces[number]
            at = len(piece)
            while (at := piece.rfind(b")", 0, at)) >= 0:
                behind = piece[at + 1 :].translate(None, _SPACES)
                if behind[:1] == b"," and behind[1:2] in (b"(", b""):
                    return number, at + 1, False
        return -1, 0, False

    def _values(self, block: Block, pieces: list[bytes]) -> Values:
        outside = b"\x00".join(pieces[::2]).translate(None, _SPACES)
        if b";" in outside:
            outside = outside.replace(b");" + self._head.translate(None, _SPACES) + b"(", b"),(")
        rows = outside.removeprefix(b"(").removesuffix(b")").split(b"),(")
        width = len(self._table.columns) or rows[0].count(b",") + 1
        tokens = b",".join(rows).split(b",")
        is_plain = (
            len(tokens) == width * len(rows)
            and {row.count(b",") for row in rows} == {width - 1}
            and outside.count(b"(") == len(rows)
            and outside.count(b"\x00") == len(pieces) // 2
        )
        if not is_plain:
            return self._slowly(block, pieces)
        values: list[bytes] = []
        numbers: list[int] = []  # of each value the piece that it begins in
        string = 1
        for token in tokens:
            if b"\x00" in token:
                values.append(pieces[string])
                numbers.append(string)
                string += 2
            else:
                values.append(b"" if token in _WORDS else token)
                numbers.append(string - 1)
        if string < len(pieces) - 1:  # two strings in one value
            return self._slowly(block, pieces)
        return self._made(block, pieces, self._table.paths(width) * len(rows), values, numbers)

    def _slowly(self, block: Block, pieces: list[bytes]) -> Values:
        """Read rows in which values are calls or lists, or of which some are longer than others."""
        paths: list[str] = []
        values: list[bytes] = []
        numbers: list[int] = []
        depth = column = 0
        names = self._table.paths(max(len(self._table.columns), 1))
        for number, piece in enumerate(pieces):
            if number % 2:
                paths.append(self._path(names, column))
                values.append(piece)
                numbers.append(number)
                continue
            for token in _STRUCTURE.finditer(piece):
                match token[0]:
                    case b"(" | b"[":
                        depth += 1
                        column = 0 if depth == 1 else column
                    case b")" | b"]":
                        depth -= 1
                    case b",":
                        column += depth == 1
                    case scalar if depth:
                        paths.append(self._path(names, column))
                        values.append(b"" if scalar in _WORDS else scalar)
                        numbers.append(number)
        return self._made(block, pieces, paths, values, numbers)

    def _path(self, names: list[str], column: int) -> str:
        while column >= len(names) and len(names) < _MOST_COLUMNS:
            names.append(join_path(self._table.name, f"column{len(names) + 1}"))
        return names[min(column, len(names) - 1)]

    def _meant(self, string: bytes, before: bytes) -> bytes:
        """Give what a string means: a doubled quote is one, and where the dialect says so a backslash escapes."""
        if b"''" in string:
            string = string.replace(b"''", b"'")
        if b"\\" in string and (self._backslashes or before[-1:] in _ESCAPING):
            return unescaped(string)
        return string

    def _made(
        self, block: Block, pieces: list[bytes], paths: list[str], values: list[bytes], numbers: list[int]
    ) -> Values:
        strings = b"\x00".join(pieces[1::2])
        if b"''" in strings or b"\\" in strings:
            values = [
                self._meant(value, pieces[piece - 1]) if piece % 2 else value
                for value, piece in zip(values, numbers, strict=True)
            ]
        places = _Pieces(block, pieces, numbers, self._head)

        def make(number: int) -> Text:
            line, column, start = places.place(number, values[number])
            return Text(values[number], paths[number], Kind.VALUE, line, column, start, "", self._members)

        return Values(paths, values, make)


class _Pieces:
    """Where values stand that begin in pieces of a block: in those with an even number, behind other values."""

    def __init__(self, block: Block, pieces: list[bytes], numbers: list[int], head: bytes) -> None:
        self._lines = BlockLines(block)
        self._pieces = pieces
        self._numbers = numbers
        self._head = head
        self._last: tuple[int, list[int]] = (-1, [])  # a piece and where its tokens begin

    @cached_property
    def _begins(self) -> list[int]:
        return [0, *accumulate(len(piece) + 1 for piece in self._pieces)]

    def place(self, number: int, value: bytes) -> tuple[int, int, int]:
        piece = self._numbers[number]
        at = self._begins[piece]
        if piece % 2 == 0:
            if self._last[0] != piece:  # they are asked for one behind the other
                text = self._pieces[piece].replace(self._head, b" " * len(self._head))
                self._last = piece, [int(token.start()) for token in _TOKEN.finditer(text)]
            nth = number - bisect_left(self._numbers, piece, 0, number + 1)
            at += self._last[1][nth] if nth < len(self._last[1]) else 0
        return self._lines.place(at, value)


def merged(given: Sequence[Values]) -> Values:
    """Give the values of several as those of one."""
    if len(given) == 1:
        return given[0]
    firsts = [0, *accumulate(map(len, given))]

    def make(number: int) -> Text:
        which = bisect_right(firsts, number) - 1
        return given[which][number - firsts[which]]

    paths = [path for each in given for path in each.paths]
    return Values(paths, [value for each in given for value in each.values], make)


_WORDS: Final = frozenset((b"NULL", b"null", b"DEFAULT", b"default", b"TRUE", b"FALSE", b"true", b"false"))
_STRUCTURE: Final = re2.compile(rb"[(),\[\]]|[^(),\s\[\]]+")
_CLAUSES: Final = (b"ON ", b"RETURNING", b"AS ")
_ESCAPING: Final = (b"e", b"E")
_FIRST: Final = 4096  # bytes of a statement that are looked at first
_BEHIND: Final = (
    16  # bytes behind an end, and the head of a statement: so much is seen, or a next one might be cut in its head
)
_MOST_COLUMNS: Final = 4096


def _pieces(value: bytes, *, backslashes: bool) -> list[bytes]:
    """Split at the quotes of strings: what is outside of them, and what is in them, by turns."""
    raw = value.split(b"'")
    if b"''" not in value and b"\\" not in value:
        return raw
    pieces: list[bytes] = []
    parts: list[bytes] = []
    number, last = 0, len(raw) - 1
    while number <= last:
        piece = raw[number]
        if len(pieces) % 2 == 0:
            pieces.append(piece)
            number += 1
            continue
        parts.append(piece)
        escapes = backslashes or pieces[-1][-1:] in _ESCAPING
        if escapes and (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            number += 1
        elif number + 1 < last and not raw[number + 1]:  # a doubled quote
            parts.append(b"")
            number += 2
        else:
            pieces.append(b"'".join(parts))
            parts = []
            number += 1
    if parts:
        pieces.append(b"'".join(parts))
    return pieces


def _behind_spaces(piece: bytes, at: int) -> int:
    window = piece[at : at + 8]
    return at + len(window) - len(window.lstrip(_SPACES))


def _behind_comma(value: bytes, at: int) -> int:
    """Give where the next list begins behind a comma."""
    comma = value.find(b",", at)
    return at if comma < 0 else comma + 1
