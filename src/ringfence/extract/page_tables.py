"""Tables in pages: under which heading a cell stands, so that a column of birth dates is known for one.

The rule: a table's columns are named by its first row of headings, as browsers tell them. A cell under no heading is running text.
Nothing is held but the names of the columns of the table that is being read.
"""

from collections.abc import Iterator
from html import unescape
from typing import Final

import re2

_TAG: Final = re2.compile(rb"(?i)<(/?)(table|thead|tbody|tr|th|td)(?:[\s/][^<>]*)?>|<[^<>]*>")
_MOST: Final = 512  # columns of a table that are named
_LONGEST: Final = 128  # bytes of a name


class PageTables:
    r"""Follows a page, piece by piece, cut between its tags or in its text.

    >>> page = b"<table><tr><th>born</th><th>city</th></tr><tr><td>1980-02-03</td><td>Ort</td></tr></table>"
    >>> [(page[start:end], name) for start, end, name in PageTables().cells(page)]
    [(b'1980-02-03', 'born'), (b'Ort', 'city')]
    """

    __slots__ = ("_column", "_heads", "_inside", "_is_head", "_names")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._heads: list[str] = []  # of the row that is being read
        self._column = -1
        self._inside = b""  # the cell that is open
        self._is_head = False  # whether the row has headings only

    def cells(self, raw: bytes) -> Iterator[tuple[int, int, str]]:
        """Give the texts in the cells under a heading: where each begins and ends, and the heading."""
        at = 0
        for tag in _TAG.finditer(raw):
            yield from self._text(raw, at, tag.start())
            self._pass(tag[1] == b"/", (tag[2] or b"").lower())
            at = tag.end()
        yield from self._text(raw, at, len(raw))

    def _text(self, raw: bytes, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        if self._inside == b"th" and self._is_head and len(self._heads) <= _MOST and start < end:
            self._heads[-1] = (self._heads[-1] + unescape(raw[start:end].decode("utf-8", "replace")).strip())[:_LONGEST]
        elif self._inside == b"td" and 0 <= self._column < len(self._names) and raw[start:end].strip():
            name = self._names[self._column]
            if name:
                yield start, end, name

    def _pass(self, is_end: bool, name: bytes) -> None:
        match name:
            case b"table":
                self._names, self._inside = [], b""
                self._row()
            case b"tr":
                if not self._names and self._is_head and len(self._heads) > 1:
                    self._names = self._heads
                self._row()
            case b"th" | b"td" if is_end:
                self._inside = b""
            case b"th" | b"td":
                self._inside = name
                self._column += 1
                self._is_head = self._is_head and name == b"th"
                if self._is_head and len(self._heads) <= _MOST:
                    self._heads.append("")
            case _:
                pass

    def _row(self) -> None:
        self._heads, self._column, self._is_head, self._inside = [], -1, True, b""
