"""Pivot caches of OOXML's workbooks: the copy of a table that a pivot table keeps, be the table itself gone from the workbook.

The rule: a value is given under the name of its column. A column's values stand with its name, each once; or, without it, row by
row in a part of their own, whose columns are those of the part before it with the same number.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ringfence.extract.model import BATCH, Extracted, Kind, Text, Values
from ringfence.extract.office_sheets import Prose
from ringfence.extract.office_words import words
from ringfence.extract.tables import column_names

_WHERE: Final = "pivot table's copy"
_VALUES: Final = frozenset(("s", "n", "d", "e"))
_CELLS: Final = frozenset((*_VALUES, "b", "m", "x"))  # and truth values, what is missing, what stands with the column
_BESIDE: Final = 16  # bytes that are counted for a value besides its own
_COLUMNS: Final = 10_000  # whose names are kept
_PERSON: Final = "refreshedBy"


class PivotCache:
    """Takes the elements of a pivot cache's definition, or, given the names of its columns, of its records."""

    def __init__(self, members: tuple[str, ...], columns: Sequence[str] = ()) -> None:
        self.columns = list(columns)
        self._members = members
        self._others = Prose(_WHERE, members)
        self._paths: list[str] = []
        self._values: list[bytes] = []
        self._size = 0
        self._path = ""
        self._at = -1  # the column in a row; none is open

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        if name == "r":
            self._at = 0
        elif name in _CELLS:
            if name in _VALUES:
                self._give(self._here(), attributes.get("v", ""))
            self._at += self._at >= 0
        elif name == "cacheField":
            called = attributes.get("name", "")
            self._path = column_names([called.encode("utf-8", "replace")])[0]
            if len(self.columns) < _COLUMNS:
                self.columns.append(self._path)
        for what, value in words(name, attributes):
            if what == _PERSON:
                self._give("author_name", value)
            else:
                self._others.add(value)

    def end(self, name: str) -> None:
        """Take an element's end."""
        if name == "r":
            self._at = -1

    def data(self, text: str) -> None:
        """Take text, of which there is none but in what extensions add."""
        self._others.add(text.strip())

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give what was gathered, if it is so much."""
        if self._values and self._size >= least:
            yield self._batch(self._paths, self._values)
            self._paths, self._values, self._size = [], [], 0
        yield from self._others.take(least)

    def _batch(self, paths: list[str], values: list[bytes]) -> Values:
        members = self._members
        return Values(
            paths,
            values,
            lambda number: Text(values[number], paths[number], Kind.VALUE, where=_WHERE, members=members),
        )

    def _here(self) -> str:
        if self._at < 0:
            return self._path or "column"
        named = self.columns[self._at] if self._at < len(self.columns) else ""
        return named or f"column{self._at + 1}"

    def _give(self, path: str, value: str) -> None:
        if value:
            self._paths.append(path)
            self._values.append(value.encode("utf-8", "replace"))
            self._size += len(value) + _BESIDE
