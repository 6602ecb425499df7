"""Rows of a copy in PostgreSQL's csv format.

The rule: as in `copies`. A quote may begin and end anywhere in a cell, and between two of them nothing but the escape has a
meaning: not the delimiter, and not the end of a line. So data are split at quotes first; every other stretch lies inside of them.
"""

from collections.abc import Iterable

from ringfence.carriers.model import Fault, Undecodable
from ringfence.wire.postgres.copies import CopyLines, CopySpelling, other_end, plain_lines


class CopyCsvRows(CopyLines):
    """Lines of a copy in csv format; one row may go over several."""

    def __init__(self, spelling: CopySpelling, width: int) -> None:
        super().__init__(spelling, width)
        self._quote: bytes = spelling.quote.encode()
        self._escape: bytes = spelling.escape.encode()

    def _lines(self, data: bytes) -> tuple[bytes, list[bytes]]:
        if self._quote not in data:
            return plain_lines(data)
        stretches = quoted_stretches(data, self._quote, self._escape)
        if len(stretches) % 2 == 0:
            raise Undecodable(Fault.MALFORMED, "a copy that ends inside of quotes", 0)
        end = _line_end(stretches[::2])
        lines = _cut_outside(stretches, self._quote, end)
        if any(b"\n" in part or b"\r" in part for stretch in stretches[::2] for part in stretch.split(end)):
            raise other_end()
        return end, lines

    def _split(self, lines: list[bytes]) -> list[bytes]:
        quote, escape, delimiter, stride = self._quote, self._escape, self._delimiter, self._stride
        cells: list[bytes] = []
        for line in lines:
            is_quoted = quote in line
            row = (
                _cut_outside(quoted_stretches(line, quote, escape), quote, delimiter)
                if is_quoted
                else line.split(delimiter)
            )
            if len(row) != stride:
                raise self._other_width()
            cells += row
        return cells

    def _values(self, column: int) -> list[bytes | None]:
        null, default, quote = self._null_mark, self._default, self._quote
        return [
            None if cell in (null, default) else self._unquoted(cell) if quote in cell else cell
            for cell in self._cells[column :: self._stride]
        ]

    def _unquoted(self, cell: bytes) -> bytes:
        """Give what a cell with quotes spells."""
        value: list[bytes] = []
        stretches = quoted_stretches(cell, self._quote, self._escape)
        for number, stretch in enumerate(stretches):
            if number % 2:
                value.append(self._unescaped(stretch))
            elif not stretch and 0 < number < len(stretches) - 1 and self._escape == self._quote:
                value.append(self._quote)  # two quotes inside of quotes
            else:
                value.append(stretch)
        return b"".join(value)

    def _unescaped(self, stretch: bytes) -> bytes:
        """Give what stands inside of quotes: the escape says something before a quote or another escape only."""
        escape, quote = self._escape, self._quote
        if escape == quote or escape not in stretch:
            return stretch
        return (escape).join(part.replace(escape + quote, quote) for part in stretch.split(escape + escape))

    def _spelt(self, value: bytes) -> bytes:
        marks = (self._delimiter, self._quote, b"\n", b"\r")
        if value not in (self._null_mark, self._default, b"\\.") and not any(mark in value for mark in marks):
            return value
        escape, quote = self._escape, self._quote
        if escape != quote:
            value = value.replace(escape, escape + escape)
        return quote + value.replace(quote, escape + quote) + quote


def quoted_stretches(data: bytes, quote: bytes, escape: bytes) -> list[bytes]:
    """Split at quotes: the first stretch lies outside of them, the next inside, and so on."""
    stretches = data.split(quote)
    if escape == quote or escape not in data:
        return stretches
    joined: list[bytes] = []
    parts: list[bytes] = []
    for stretch in stretches:
        parts.append(stretch)
        is_inside = len(joined) % 2 == 1
        if is_inside and ends_with_escape(stretch, escape):
            continue  # this quote was escaped: the stretch goes on
        joined.append(quote.join(parts))
        parts = []
    if parts:  # the data end behind an escaped quote: still inside
        joined.append(quote.join(parts))
    return joined


def _cut_outside(stretches: list[bytes], quote: bytes, mark: bytes) -> list[bytes]:
    """Cut at a mark that stands outside of quotes; the pieces keep their quotes."""
    pieces: list[bytes] = []
    piece: list[bytes] = []
    for number, stretch in enumerate(stretches):
        if number % 2:
            piece += (quote, stretch, quote)
            continue
        first, *others = stretch.split(mark)
        piece.append(first)
        for other in others:
            pieces.append(b"".join(piece))
            piece = [other]
    pieces.append(b"".join(piece))
    return pieces


def ends_with_escape(stretch: bytes, escape: bytes) -> bool:
    """Say whether an escape at the end takes the meaning from the quote that follows."""
    return bool((len(stretch) - len(stretch.rstrip(escape))) % 2)


def _line_end(stretches: Iterable[bytes]) -> bytes:
    """Give what ends the first line that has an end, from what stands outside of quotes."""
    for stretch in stretches:
        newline, carriage = stretch.find(b"\n"), stretch.find(b"\r")
        if newline >= 0 and (carriage < 0 or newline < carriage):
            return b"\n"
        if carriage >= 0:
            return b"\r\n" if newline == carriage + 1 else b"\r"
    return b"\n"
