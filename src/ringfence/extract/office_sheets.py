"""Sheets: cells by column, the columns named by the first row where that looks like names. OOXML's and OpenDocument's.

The rule: a row is a row as the program shows it; a cell that stands for many (repeated) is given once. Formulas are text, too:
what is written in them is not only numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import re2

from ringfence.extract.model import BATCH, Budget, Extracted, Kind, Text, Values
from ringfence.extract.office_words import words
from ringfence.extract.tables import column_names, head_of

_SAMPLE: Final = 50  # rows by which the first one is judged
_ROWS: Final = 4096
_BESIDE: Final = (
    16  # bytes that are counted for a text besides its own: of short ones there are no more at once than is well
)
_SHEETS: Final = 10_000  # and relations, whose names are kept
_STRING: Final = 64  # bytes that a string takes in memory besides its characters
_LONGEST: Final = 32_767  # characters that a cell may show: Excel's own limit
_FORMULAS: Final = frozenset(
    ("f", "formula", "formula1", "formula2")
)  # of cells, of rules how to show and what may be typed
_HEADERS: Final = frozenset(("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"))
_CODES: Final = re2.compile(r"&(?:&|[A-JL-Z]|K([0-9A-Fa-f]{6})|([0-9]{1,3}))")
"""Where in a header something stands and how it is shown: codes, which words follow without a blank."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Rows:
    """Takes the rows of one sheet, and gives them in batches."""

    def __init__(self, where: str, members: tuple[str, ...]) -> None:
        self._where, self._members = where, members
        self._rows: list[list[tuple[int, bytes]]] = []
        self._names: dict[int, str] | None = None
        self._size = 0

    def add(self, row: Sequence[tuple[int, str]]) -> None:
        """Take a row: each cell with its column, from 0."""
        cells = [(column, text.encode("utf-8", "replace")) for column, text in row if text]
        if cells:
            self._rows.append(cells)
            self._size += sum(len(cell) + _BESIDE for _, cell in cells)

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give the rows, if there are so many."""
        if not self._rows or (self._size < least and len(self._rows) < _ROWS and least):
            return
        if self._names is None:
            sample = list(map(dict, self._rows[: _SAMPLE + 1]))
            columns = sorted({column for row in sample for column in row})
            head = head_of([[row.get(column, b"") for column in columns] for row in sample])
            above = self._rows[: head + 1]
            if above:
                filled, first = zip(*above[-1], strict=True)
                self._names = dict(zip(filled, column_names(first), strict=False))
                yield [
                    Text(cell, kind=Kind.NAME, where=self._where, members=self._members)
                    for row in above
                    for _, cell in row
                ]
                del self._rows[: head + 1]
            else:
                self._names = {}
        paths: list[str] = []
        values: list[bytes] = []
        for row in self._rows:
            for column, cell in row:
                paths.append(self._path(column))
                values.append(cell)
        self._rows, self._size = [], 0
        if values:
            yield Values(paths, values, self._maker(paths, values))

    def _maker(self, paths: list[str], values: list[bytes]):  # type: ignore[no-untyped-def]
        where, members = self._where, self._members
        return lambda number: Text(values[number], paths[number], Kind.VALUE, where=where, members=members)

    def _path(self, column: int) -> str:
        return (self._names or {}).get(column) or f"column{column + 1}"


class Prose:
    """Gathers texts that stand in no cell, and gives them in batches."""

    def __init__(self, where: str, members: tuple[str, ...]) -> None:
        self._where, self._members = where, members
        self._texts: list[Text] = []
        self._size = 0

    def add(self, text: str) -> None:
        """Take a text."""
        if text:
            value = text.encode("utf-8", "replace")
            self._texts.append(Text(value, where=self._where, members=self._members))
            self._size += len(value) + _BESIDE

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give the texts, if there are so many."""
        if self._texts and self._size >= least:
            yield self._texts
            self._texts, self._size = [], 0


class Sheet:
    """Takes the elements of one of OOXML's worksheets."""

    def __init__(self, where: str, members: tuple[str, ...], shared: "Shared", budget: Budget) -> None:
        self._rows = Rows(where, members)
        self._others = Prose(where, members)  # what stands outside of cells: headers, footers, links, rules
        self._shared, self._budget = shared, budget
        self._row: list[tuple[int, str]] = []
        self._size = 0  # of what the row holds, and of what is gathered
        self._at = 0
        self._kind = ""
        self._cell: list[str] = []
        self._aside: list[str] = []
        self._in: list[str] | None = None  # which of the two is gathered

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        match name:
            case "row":
                self._at = 0
            case "c":
                self._at = column_number(attributes.get("r", "")) or self._at + 1
                self._kind = attributes.get("t", "")
            case "v" | "t":
                self._in = self._cell
            case _ if name in _FORMULAS or name in _HEADERS:
                self._in = self._aside
        if attributes and name != "c" and name != "row":
            for _, value in words(name, attributes):
                self._others.add(value)

    def end(self, name: str) -> None:
        """Take an element's end."""
        match name:
            case "row":
                self._put()
                self._add()
            case "c":
                self._put()
            case "v" | "t":
                self._in = None
            case _ if name in _FORMULAS:
                self._put_aside(only='"')
            case _ if name in _HEADERS:
                self._aside[:] = [_CODES.sub(r" \1\2 ", "".join(self._aside))]
                self._put_aside()

    def data(self, text: str) -> None:
        """Take text."""
        if self._in is None:
            self._others.add(text.strip())  # of an element that is not known here
            return
        self._in.append(text)
        self._size += len(text)
        if self._size > BATCH:  # no cell is so long, nor a row: what is made so is cut
            self._others.add("".join(self._aside))
            self._aside.clear()
            self._put()
            self._add()

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give what was gathered, if it is so much."""
        yield from self._rows.take(least)
        yield from self._others.take(least)

    def _put(self) -> None:
        text = "".join(self._cell)
        self._cell.clear()
        if self._kind == "s":
            text, again = self._shared.shown(text.strip())
            self._budget.unpacked += again
            self._size += len(text)
        if text:
            self._row.append((max(self._at - 1, 0), text))
            self._size += _BESIDE

    def _put_aside(self, only: str = "") -> None:
        text = "".join(self._aside)
        self._aside.clear()
        self._in = None
        self._others.add(text if only in text else "")

    def _add(self) -> None:
        self._rows.add(self._row)
        self._row, self._size = [], 0


@dataclass(slots=True)
class _Table:
    """A table of OpenDocument's, as far as it was read."""

    rows: Rows
    row: list[tuple[int, str]] = field(default_factory=list)
    at: int = 0
    cell: list[str] | None = None
    value: str = ""
    repeated: int = 1
    size: int = 0  # of what the row holds, and of what is gathered

    def put(self) -> None:
        """Put what was gathered into the row."""
        text = "".join(self.cell or ()) or self.value
        self.value = ""
        if text:
            self.row.append((self.at, text))
            self.size += _BESIDE
        if self.cell:
            self.cell.clear()

    def add(self) -> None:
        """Put the row to the others."""
        self.rows.add(self.row)
        self.row, self.size = [], 0


class OpenSheets:
    """Takes the elements of OpenDocument's tables, and of those in them; text outside of cells goes on to the paragraphs."""

    def __init__(self, members: tuple[str, ...]) -> None:
        self._members = members
        self._names: list[Text] = []
        self._open: list[_Table] = []  # those that the place lies in
        self._done: list[Rows] = []

    def start(self, name: str, attributes: dict[str, str]) -> bool:
        """Take an element's beginning; say whether it is part of a cell."""
        table = self._open[-1] if self._open else None
        match name:
            case "table":
                if table is not None:
                    table.put()
                    self._done.append(table.rows)  # as far as it was read: it goes on behind this one
                named = attributes.get("table:name", "")
                if named:
                    self._names.append(_sheet_name(named, self._members))
                self._open.append(_Table(Rows(f"sheet {named}" if named else "table", self._members)))
            case "table-row" if table is not None:
                table.at = 0
            case "table-cell" | "covered-table-cell" if table is not None:
                table.cell = []
                table.value = attributes.get("office:value") or attributes.get("office:date-value") or ""
                table.repeated = max(_whole(attributes.get("table:number-columns-repeated", ""), 1), 1)
            case "p" if table is not None and table.cell:
                table.cell.append("\n")
        return self._is_in_cell()

    def end(self, name: str) -> bool:
        """Take an element's end; say whether it is part of a cell."""
        table = self._open[-1] if self._open else None
        match name:
            case "table" if table is not None:
                self._done.append(table.rows)
                del self._open[-1]
            case "table-row" if table is not None:
                table.add()
            case "table-cell" | "covered-table-cell" if table is not None:
                table.put()
                table.cell = None
                table.at += table.repeated
                return True
        return self._is_in_cell()

    def data(self, text: str) -> bool:
        """Take text; say whether it is part of a cell."""
        table = self._open[-1] if self._open else None
        if table is None or table.cell is None:
            return False
        table.cell.append(text)
        table.size += len(text)
        if table.size > BATCH:  # no row is so long: what is made so is cut
            table.put()
            table.add()
        return True

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give what was gathered, if it is so much; of tables that are read, and of those that were gone from, all."""
        if self._names:
            yield self._names
            self._names = []
        for rows in self._done:
            yield from rows.take(0)
        self._done.clear()
        if self._open:
            yield from self._open[-1].rows.take(least)

    def _is_in_cell(self) -> bool:
        return bool(self._open) and self._open[-1].cell is not None


class Shared:
    """Takes OOXML's shared strings, and gives them to cells.

    What would take more memory than may be is given as running text, and no cell shows it: strings behind so many bytes, and
    such as are longer than a cell may be.
    """

    def __init__(self, members: tuple[str, ...], most: int) -> None:
        self._members = members
        self._found: list[str] = []
        self._used = bytearray()
        self._others = Prose("strings", members)
        self._left = most
        self._text: list[str] = []
        self._takes = False
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether not all strings are held."""
        return self._left < 0

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 (the seam)
        """Take an element's beginning."""
        self._takes = name == "t"

    def end(self, name: str) -> None:
        """Take an element's end."""
        self._takes = False
        if name == "si":
            text = "".join(self._text)
            self._left -= len(text) + _STRING
            if self._left < 0 or len(text) > _LONGEST:
                self._others.add(text)
                text = ""
            if self._left >= 0:
                self._found.append(text)
            self._text, self._size = [], 0

    def data(self, text: str) -> None:
        """Take text."""
        if self._takes:
            self._text.append(text)
            self._size += len(text)
            if self._size > BATCH:
                self._others.add("".join(self._text))
                self._text, self._size = [], 0

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give the strings that are not held, if there are so many."""
        yield from self._others.take(least)

    def shown(self, number: str) -> tuple[str, int]:
        """Give the string of a cell, and how much of that was given before; what stands in the cell where that is no number."""
        self._used = self._used or bytearray(len(self._found))
        at = _whole(number, -1)
        if at < 0:
            return number, 0
        if at >= len(self._found):
            return "", 0
        text = self._found[at]
        again = len(text) * self._used[at]
        self._used[at] = 1
        return text, again

    def unused(self) -> Iterator[Extracted]:
        """Give the strings that no cell shows: what was deleted, and is still there."""
        left = Prose("strings that no cell shows", self._members)
        for number, text in enumerate(self._found):
            if number >= len(self._used) or not self._used[number]:
                left.add(text)
                yield from left.take()
        yield from left.take(0)


class Names:
    """Takes the names of OOXML's sheets, by their relations' ids, and relations, by theirs."""

    def __init__(self, members: tuple[str, ...]) -> None:
        self._members = members
        self._names: list[Text] = []
        self.found: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        if name == "sheet":
            called = attributes.get("name", "")
            self._names += [_sheet_name(called, self._members)] if called else []
            self._keep(attributes.get("r:id", ""), called)
        elif name == "Relationship":
            self._keep(attributes.get("Id", ""), attributes.get("Target", ""))

    def take(self) -> Iterator[Extracted]:
        """Give the names of sheets that were met, which are what somebody wrote, too."""
        if self._names:
            yield self._names
            self._names = []

    def _keep(self, number: str, name: str) -> None:
        if len(self.found) < _SHEETS:  # of more, a sheet is shown without its name
            self.found[number] = name

    def end(self, name: str) -> None:
        """Take an element's end."""

    def data(self, text: str) -> None:
        """Take text."""


def _sheet_name(name: str, members: tuple[str, ...]) -> Text:
    """Give the name of a sheet as a text."""
    return Text(name.encode("utf-8", "replace"), kind=Kind.NAME, where="sheet name", members=members)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def column_number(reference: str) -> int:
    """Give a cell's column, from 1; 0 where its reference does not say.

    >>> column_number("AB12"), column_number("")
    (28, 0)
    """
    number = 0
    for letter in reference[:3]:
        if letter not in _LETTERS:
            break
        number = number * 26 + _LETTERS.index(letter) + 1
    return number
