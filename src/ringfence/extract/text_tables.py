"""Tables that stand in running text: of bars, as Markdown, Org, wikis, Gherkin and clients of databases draw them, of ``&`` as
LaTeX does, and of columns under each other.

The rule: the text stays text; beside it, each cell of a table whose first line names its columns is given once more, by its
column's name. What has no such line is no table. The work is one look at each line.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import re2

from ringfence.extract.model import Kind, Text
from ringfence.extract.reading import Block, BlockLines
from ringfence.extract.tables import column_names, is_header, names_columns

TABLE: Final = "table"
"""How the place of a cell is called."""

_FEWEST_BARS: Final = 2
_DECORATION: Final = b" \t*_`"
_RULE: Final = b"|+-=: \t\r"
_NO_FIGURE: Final = r"[^\n0-9=:|\"]*"
_HEAD: Final = re2.compile(
    rf"(?m)^{_NO_FIGURE}[^\s0-9=:|\"](?:  |\t){_NO_FIGURE}[^\s0-9=:|\"](?:  |\t){_NO_FIGURE}$".encode()
)
"""A line that may name columns which stand under each other: three words or more without figures, with gaps between."""
_GAP: Final = re2.compile(rb"(?: {2,}|\t)[ \t]*")
_LEAST_COLUMNS: Final = 3  # of a table that nothing but blanks draws
_MOST_COLUMNS: Final = 256
_SAMPLE: Final = 50  # lines by which a head is told


class _Cell(NamedTuple):
    start: int
    value: bytes


class TextTables:
    """Reads the tables in a text that comes in blocks: one may go on in the next block."""

    def __init__(self) -> None:
        self._open: dict[
            bytes, Sequence[str]
        ] = {}  # by the mark that parts them, names of columns; none: it is read down
        self._head: tuple[Sequence[str], Sequence[int]] = (
            (),
            (),
        )  # of columns under each other: names, and where they begin

    def cells(self, block: Block, members: tuple[str, ...], where: str = "") -> list[Text]:
        """Give the cells of all tables in a block, each with its column's name as path."""
        lines = BlockLines(block)
        found: list[Text] = []
        for path, cell in self._cells(block.value):
            line, column, start = lines.place(cell.start, cell.value)
            place = f"{where}, {TABLE}" if where else TABLE
            found.append(Text(cell.value, path, Kind.VALUE, line, column, start, place, members))
        return found

    def _cells(self, value: bytes) -> Iterator[tuple[str, _Cell]]:
        if b"|" in value and (b"|" in self._open or value.count(b"|") >= _FEWEST_BARS):
            yield from self._in_runs(value, b"|")
        if b"&" in value and (b"&" in self._open or b"\\\\" in value):
            yield from self._in_runs(value, b"&")
        yield from self._aligned(value)

    def _in_runs(self, value: bytes, mark: bytes) -> Iterator[tuple[str, _Cell]]:
        """Give the cells of lines one after another in which a mark stands, those that only rule them off left out."""
        rows: list[tuple[bytes, int]] = []
        at = 0
        for line in value.removesuffix(b"\n").split(b"\n"):
            if mark in line:
                if line.strip(_RULE):
                    rows.append((line, at))
            elif (rows or self._open) and _ends_table(line, len(rows)):
                yield from self._by_column(rows, mark)
                rows = []
                self._open.pop(mark, None)
            at += len(line) + 1
        yield from self._by_column(rows, mark)

    def _by_column(self, lines: Sequence[tuple[bytes, int]], mark: bytes) -> Iterator[tuple[str, _Cell]]:
        """Give the cells of a table by the names that its first line gives its columns, or its first column its lines."""
        if not lines:
            return
        names = self._open.get(mark)
        if names is None:
            sample = [_split(line, at, mark) for line, at in lines[:_SAMPLE]]
            names = _names_of([[cell.value for cell in row] for row in sample])
            if names is None:
                return
            self._open[mark] = names
            lines = lines[1:] if names else lines
        for line, at in lines:
            row = _split(line, at, mark)
            if not names and len(row) == 2:
                yield column_names([row[0].value])[0], row[1]
            elif len(row) == len(names):
                yield from ((name, cell) for name, cell in zip(names, row, strict=True) if cell.value)

    def _aligned(self, value: bytes) -> Iterator[tuple[str, _Cell]]:
        """Give the cells of tables whose columns stand under each other, parted by blanks alone."""
        at = yield from self._under_head(value, 0)
        while (found := _HEAD.search(value, at)) is not None:
            begin, at = found.span()
            cells = _parted(found[0], 0)
            at += 1
            if len(cells) >= _LEAST_COLUMNS and _names_all(cells):
                self._head = column_names([cell.value for cell in cells]), [cell.start for cell in cells]
                at = yield from self._under_head(value, max(at, begin + 1))

    def _under_head(self, value: bytes, at: int) -> Generator[tuple[str, _Cell], None, int]:
        """Give the cells of the lines under a head, if there is one, up to an empty line; give where that is."""
        names, starts = self._head
        while names and at < len(value):
            stop = value.find(b"\n", at)
            line = value[at:] if stop < 0 else value[at:stop]
            if not line.strip():
                self._head = (), ()
                break
            if line.strip(_RULE):
                cells = _parted(line, at)
                if len(cells) == len(names) + 1 and cells[0].value.isdigit():
                    cells = cells[1:]  # the number of a line, as data frames are shown
                if len(cells) != len(names):
                    cells = _under(line, at, starts)
                yield from ((name, cell) for name, cell in zip(names, cells, strict=False) if cell.value)
            at += len(line) + 1
        return min(at, len(value))


def _ends_table(line: bytes, rows: int) -> bool:
    """Whether a line without its mark ends a table: a rule does not, nor an empty line behind the head alone."""
    return not line.lstrip().startswith(b"\\") and bool(line.strip(_RULE) or (rows > 1 and not line.strip()))


def _names_of(rows: Sequence[Sequence[bytes]]) -> Sequence[str] | None:
    """Give the names of a table's columns; no names at all where its first column has those of its lines; None: it is no table."""
    first = rows[0]
    if len(first) < 2 or len(first) > _MOST_COLUMNS:
        return None
    if (
        len(first) == 2
        and len(rows) > 1
        and sum(names_columns(row[0]) for row in rows) > sum(map(names_columns, first))
    ):
        return ()
    if any(map(names_columns, first)) and is_header(first, [row for row in rows[1:] if len(row) == len(first)]):
        return column_names(first)
    return None


def _split(line: bytes, at: int, mark: bytes) -> list[_Cell]:
    body = line.rstrip(b" \t\r").removesuffix(b"\\\\") if mark == b"&" else line.rstrip(b" \t\r")
    first = len(body) - len(body.lstrip(b" \t"))
    delimiter = mark
    if mark == b"|":
        delimiter = b"||" if body.startswith(b"||", first) else mark
        if body.startswith(delimiter, first):
            first += len(delimiter)
        body = body.removesuffix(delimiter)
    cells: list[_Cell] = []
    for cell in body[first:].split(delimiter, _MOST_COLUMNS):
        cells.append(_stripped(cell, at + first))
        first += len(cell) + len(delimiter)
    return cells


def _stripped(cell: bytes, at: int) -> _Cell:
    bare = cell.lstrip(_DECORATION)
    return _Cell(at + len(cell) - len(bare), bare.rstrip(_DECORATION))


def _names_all(cells: Sequence[_Cell]) -> bool:
    values = [cell.value for cell in cells]
    return sum(map(names_columns, values)) * 2 >= len(values) and is_header(values, [])


def _parted(line: bytes, at: int) -> list[_Cell]:
    cells: list[_Cell] = []
    begin = 0
    for gap in _GAP.finditer(line):
        if gap.start() > begin:
            cells.append(_Cell(at + begin, line[begin : gap.start()].strip()))
        begin = gap.end()
    rest = line[begin:].rstrip()
    return [*cells, _Cell(at + begin, rest)] if rest else cells


def _under(line: bytes, at: int, starts: Sequence[int]) -> list[_Cell]:
    """Cut a line where the names of columns begin above it, if all of them begin behind a blank."""
    bounds = [*starts, len(line)]
    if any(start > 0 and line[start - 1 : start] not in (b" ", b"\t", b"") for start in starts):
        return []
    return [_stripped(line[low:high], at + low) for low, high in pairwise(bounds) if low < len(line)]
