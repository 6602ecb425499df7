"""Sheets: cells by column, the columns named by the first row where that looks like names. OOXML's and OpenDocument's.

The rule: a row is a row as the program shows it; a cell that stands for many (repeated) is given once. Formulas are text, too:
what is written in them is not only numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ringfence.extract.model import BATCH, Extracted, Kind, Text, Values
from ringfence.extract.tables import column_names, head_of

_SAMPLE: Final = 50  # rows by which the first one is judged
_ROWS: Final = 4096
_COLUMNS: Final = 16_384
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Rows:
    """Takes the rows of one sheet, and gives them in batches."""

    def __init__(self, where: str, members: tuple[str, ...]) -> None:
        self._where, self._members = where, members
        self._rows: list[list[bytes]] = []
        self._names: list[str] | None = None
        self._size = 0

    def add(self, row: Sequence[str]) -> None:
        """Take a row."""
        cells = [cell.encode("utf-8", "replace") for cell in row[:_COLUMNS]]
        if any(cells):
            self._rows.append(cells)
            self._size += sum(map(len, cells))

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give the rows, if there are so many."""
        if not self._rows or (self._size < least and len(self._rows) < _ROWS and least):
            return
        if self._names is None:
            head = head_of(self._rows[: _SAMPLE + 1])
            self._names = column_names(self._rows[head]) if head >= 0 else []
            above = [cell for row in self._rows[: head + 1] for cell in row if cell]
            if above:
                yield [Text(cell, kind=Kind.NAME, where=self._where, members=self._members) for cell in above]
            del self._rows[: head + 1]
        paths: list[str] = []
        values: list[bytes] = []
        for row in self._rows:
            for number, cell in enumerate(row):
                if cell:
                    paths.append(self._path(number))
                    values.append(cell)
        self._rows, self._size = [], 0
        if values:
            yield Values(paths, values, self._maker(paths, values))

    def _maker(self, paths: list[str], values: list[bytes]):  # type: ignore[no-untyped-def]
        where, members = self._where, self._members
        return lambda number: Text(values[number], paths[number], Kind.VALUE, where=where, members=members)

    def _path(self, number: int) -> str:
        names = self._names or []
        return names[number] if number < len(names) and names[number] else f"column{number + 1}"


class Sheet:
    """Takes the elements of one of OOXML's worksheets."""

    def __init__(self, where: str, members: tuple[str, ...], shared: Sequence[str], used: set[int]) -> None:
        self.rows = Rows(where, members)
        self._shared, self._used = shared, used
        self._row: list[str] = []
        self._at = 0
        self._kind = ""
        self._text: list[str] = []
        self._takes = False
        self.others: list[str] = []  # what stands outside of cells: headers, footers, links

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        match name:
            case "row":
                self._row, self._at = [], 0
            case "c":
                self._at = column_number(attributes.get("r", "")) or self._at + 1
                self._kind = attributes.get("t", "")
            case "v" | "t" | "f":
                self._takes = True
                self._text = []
            case "hyperlink" | "dataValidation":
                self.others += [
                    attributes[key] for key in ("display", "tooltip", "prompt", "error") if attributes.get(key)
                ]
            case "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter":
                self._takes = True
                self._text = []

    def end(self, name: str) -> None:
        """Take an element's end."""
        match name:
            case "row":
                self.rows.add(self._row)
            case "v" | "t":
                self._takes = False
                self._put("".join(self._text))
            case "f":
                self._takes = False
                formula = "".join(self._text)
                if '"' in formula:
                    self.others.append(formula)
            case "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter":
                self._takes = False
                self.others.append("".join(self._text))

    def data(self, text: str) -> None:
        """Take text."""
        if self._takes:
            self._text.append(text)

    def _put(self, text: str) -> None:
        if self._kind == "s":
            number = _whole(text, -1)
            self._used.add(number)
            text = self._shared[number] if 0 <= number < len(self._shared) else ""
        place = self._at - 1
        if 0 <= place < _COLUMNS:
            self._row += [""] * (place + 1 - len(self._row))
            self._row[place] += text


class OpenSheets:
    """Takes the elements of OpenDocument's tables; text outside of them goes on to the paragraphs."""

    def __init__(self, members: tuple[str, ...]) -> None:
        self._members = members
        self.rows: Rows | None = None
        self._row: list[str] = []
        self._cell: list[str] | None = None
        self._value = ""
        self._repeated = 0
        self.done: list[Rows] = []

    def start(self, name: str, attributes: dict[str, str]) -> bool:
        """Take an element's beginning; say whether it is part of a table."""
        match name:
            case "table":
                self._over()
                named = attributes.get("table:name", "")
                self.rows = Rows(f"sheet {named}" if named else "table", self._members)
            case "table-row":
                self._row = []
            case "table-cell" | "covered-table-cell":
                self._cell = []
                self._value = attributes.get("office:value") or attributes.get("office:date-value") or ""
                empty = min(max(_whole(attributes.get("table:number-columns-repeated", ""), 1) - 1, 0), _COLUMNS)
                self._repeated = empty
            case "p" if self._cell:
                self._cell.append("\n")
        return self._cell is not None

    def end(self, name: str) -> bool:
        """Take an element's end; say whether it is part of a table."""
        match name:
            case "table":
                self._over()
            case "table-row" if self.rows is not None:
                self.rows.add(self._row)
            case "table-cell" | "covered-table-cell":
                text = "".join(self._cell or ()) or self._value
                if len(self._row) < _COLUMNS:
                    self._row += [text, *[""] * self._repeated]
                self._cell = None
                return True
        return self._cell is not None

    def data(self, text: str) -> bool:
        """Take text; say whether it is part of a cell."""
        if self._cell is None:
            return False
        self._cell.append(text)
        return True

    def _over(self) -> None:
        if self.rows is not None:
            self.done.append(self.rows)
        self.rows = None


class Strings:
    """Takes OOXML's shared strings."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._text: list[str] | None = None
        self._takes = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 (the seam)
        """Take an element's beginning."""
        if name == "si":
            self._text = []
        self._takes = name == "t"

    def end(self, name: str) -> None:
        """Take an element's end."""
        self._takes = False
        if name == "si":
            self.found.append("".join(self._text or ()))

    def data(self, text: str) -> None:
        """Take text."""
        if self._takes and self._text is not None:
            self._text.append(text)


class Names:
    """Takes the names of OOXML's sheets, by their relations' ids, and relations, by theirs."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        if name == "sheet":
            self.found[attributes.get("r:id", "")] = attributes.get("name", "")
        elif name == "Relationship":
            self.found[attributes.get("Id", "")] = attributes.get("Target", "")

    def end(self, name: str) -> None:
        """Take an element's end."""

    def data(self, text: str) -> None:
        """Take text."""


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
