"""Tables of separated values: each cell with its column's name as path.

The rule: a table is read as spreadsheets read it, leniently, and nothing of it is lost: what the library's reader refuses is given
as the text that it is. A first record becomes names of columns only where it looks like one, for a value must not become a path.
Cells are given in columns; where one stands is looked up when it is asked for.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Final

import re2

from ringfence.carriers import join_path
from ringfence.extract._listed import listed
from ringfence.extract.model import Budget, Extracted, Kind, Source, Text, Values
from ringfence.extract.reading import Block, BlockLines, blocks, cut_at, joined

_BLOCK: Final = 512 << 10  # bytes of a table in one batch, for its cells take several times as much
_SAMPLE: Final = 64 << 10
_ROWS: Final = 50  # that are looked at to tell a header and a delimiter
_ABOVE: Final = 12  # records of which one may be the header
_COLUMNS: Final = 4096
_DELIMITERS: Final = (b",", b";", b"\t", b"|")
_NAME: Final = re2.compile(r"[\pL_$#@(][\pL\pN _.\-/()\[\]:#$%&'*]*")
_LONGEST_NAME: Final = 80
_FIGURE: Final = re2.compile(r"[\pN\s.,:/+\-()%TZ]*\pN[\pN\s.,:/+\-()%TZ]*")
_KEYLIKE: Final = re2.compile(r"[\pL][\pL\pN]*(?:[_.\- ][\pL\pN]+)*_?")
_WORDS_OF_NAMES: Final = listed(
    "name names surname firstname lastname first last given family full mail email e-mail phone tel telephone mobile fax "
    "street address city town zip postcode plz ort strasse straße vorname nachname geburtsdatum "
    "geburtstag birth birthday dob date id "
    "uuid key type status country state land "
    "iban bic card ssn gender sex age title role company department user username login nom prenom "
    "prénom adresse ville telefon handy kunde customer patient number no nr amount total price created updated description notes "
    "comment value code nombre apellido correo telefono ciudad"
)


def read_csv(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read a table whose delimiter its first lines tell."""
    return read_table(source, b"")


def read_tsv(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read a table of tabs."""
    return read_table(source, b"\t")


def read_table(source: Source, delimiter: bytes) -> Iterator[Extracted]:
    """Read a table with a delimiter; b"" for that which its first lines tell."""
    reading: _Reading | None = None
    for block in blocks(source, _BLOCK):
        if reading is None:
            reading = _Reading(source, delimiter or _delimiter(block.value[:_SAMPLE]))
        yield from reading.feed(block)
    if reading is not None:
        yield from reading.end()


class _Reading:
    """The reading of one table."""

    def __init__(self, source: Source, delimiter: bytes) -> None:
        self._source = source
        self._delimiter = delimiter
        self._names: list[str] | None = None
        self._named = 0  # cells of the header, which are the first to be given
        self._held: Block | None = None  # lines whose record is not over

    def feed(self, block: Block) -> Iterator[Extracted]:
        """Take a block of lines, which goes on where the last one ended."""
        block, self._held = joined(self._held, block), None
        if b'"' not in block.value:
            yield from self._plain(block)
        else:
            yield from self._quoted(block, final=False)

    def end(self) -> Iterator[Extracted]:
        """Take the end of the table."""
        if self._held is not None:
            yield from self._quoted(self._held, final=True)

    def _plain(self, block: Block) -> Iterator[Extracted]:
        """Give the cells of records without quotes."""
        value = block.value
        lines = value.replace(b"\r\n", b"\n").removesuffix(b"\r").split(b"\n")
        if not lines[-1]:
            lines.pop()
        delimiter = self._delimiter
        if self._names is None:
            self._begin([line.split(delimiter) for line in lines[: _ROWS + 1]])
        counts = set(map(_counted(delimiter), lines))
        if len(counts) == 1:
            width = counts.pop() + 1
            cells = delimiter.join(lines).split(delimiter)
            paths = self._paths(width) * len(lines)
        else:
            rows = [line.split(delimiter) for line in lines]
            cells = [cell for row in rows for cell in row]
            by_width = {width: self._paths(width) for width in {len(row) for row in rows}}
            paths = [path for row in rows for path in by_width[len(row)]]
        yield self._values(paths, cells, _Places(block, delimiter, None))

    def _quoted(self, block: Block, *, final: bool) -> Iterator[Extracted]:
        """Give the cells of records of which some are quoted; keep the last one, if it may go on."""
        lines = block.value.decode("utf-8", "replace").splitlines(keepends=True)
        lines = _unbroken(lines)
        rows: list[list[str]] = []
        ends: list[int] = []  # how many lines each record and all before it have
        reader = csv.reader(lines, delimiter=self._delimiter.decode())
        try:
            for row in reader:
                rows.append(row)
                ends.append(reader.line_num)
        except csv.Error:  # a cell beyond the library's limit: most likely a quote that is none
            done = sum(len(line.encode()) for line in lines[: ends[-1] if ends else 0])
            yield from self._give(rows, ends, lines, Block(block.value[:done], block.line, block.column, block.start))
            rest = cut_at(block, done)
            place = (rest.line, rest.column, rest.start)
            yield [Text(rest.value, "", Kind.PROSE, *place, "", self._source.members)]
            return
        if not final and rows and len(block.value) < 4 * _BLOCK and _is_open(lines[ends[-2] if len(ends) > 1 else 0 :]):
            last = ends[-2] if len(ends) > 1 else 0
            done = sum(len(line.encode()) for line in lines[:last])
            self._held = cut_at(block, done)
            rows.pop()
            ends.pop()
            block = Block(block.value[:done], block.line, block.column, block.start)
        yield from self._give(rows, ends, lines, block)

    def _give(self, rows: list[list[str]], ends: list[int], lines: list[str], block: Block) -> Iterator[Extracted]:
        if not rows:
            return
        if self._names is None:
            self._begin([[cell.encode() for cell in row] for row in rows[: _ROWS + 1]])
        by_width = {width: self._paths(width) for width in {len(row) for row in rows}}
        paths = [path for row in rows for path in by_width[len(row)]]
        cells = [cell.encode() for row in rows for cell in row]
        widths = list(map(len, rows))
        places = _Places(block, self._delimiter, (widths, ends, lines))
        yield self._values(paths, cells, places)

    def _begin(self, rows: Sequence[Sequence[bytes]]) -> None:
        """Settle the names of columns by the first records."""
        head = head_of(rows)
        self._names = column_names(rows[head]) if head >= 0 else []
        self._named = sum(map(len, rows[: head + 1]))

    def _values(self, paths: list[str], cells: list[bytes], places: "_Places") -> Values:
        named, self._named = self._named, 0
        paths[:named] = [""] * named
        members = self._source.members

        def make(number: int) -> Text:
            line, column, start = places.place(number, cells[number])
            kind = Kind.NAME if number < named else Kind.VALUE
            return Text(cells[number], paths[number], kind, line, column, start, "", members)

        return Values(paths, cells, make)

    def _paths(self, width: int) -> list[str]:
        """Give the paths of a record's cells. So many columns that nobody has names for them are running text."""
        names = self._names or []
        unnamed = [f"column{number + 1}" for number in range(len(names), min(width, _COLUMNS))]
        return [*names[:width], *unnamed, *[""] * (width - max(len(names), _COLUMNS))]


def column_names(header: Sequence[bytes]) -> list[str]:
    """Give the paths of columns by their header."""
    return [join_path("", cell.decode("utf-8", "replace").strip()[:256]) for cell in header[:_COLUMNS]]


def is_header(first: Sequence[bytes], others: Sequence[Sequence[bytes]]) -> bool:
    """Whether a first record names the columns of others.

    >>> is_header([b"name", b"born"], [[b"Ada", b"1815-12-10"]]), is_header([b"Ada", b"1815-12-10"], [[b"Bob", b"1900-01-01"]])
    (True, False)
    """
    names = [cell.decode("utf-8", "replace").strip() for cell in first]
    filled = [name for name in names if name]
    if not filled or len(set(filled)) < len(filled):
        return False
    if not all(len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) for name in filled):
        return False
    words = [word for name in filled for word in _words(name)]
    if any(word in _WORDS_OF_NAMES for word in words):
        return True
    for number, name in enumerate(names):
        below = [row[number].decode("utf-8", "replace").strip() for row in others if number < len(row) and row[number]]
        figures = sum(_FIGURE.fullmatch(cell) is not None or "@" in cell for cell in below)
        if name and below and figures == len(below):
            return True
    plain = all(_KEYLIKE.fullmatch(name) for name in filled)
    return plain and (any("_" in name for name in filled) or all(name == name.lower() for name in filled))


def head_of(rows: Sequence[Sequence[bytes]]) -> int:
    """Say which of a table's first records names its columns; -1: none does.

    Exports put a title, a date, or names of groups of columns above it: those are records with fewer cells that are filled.

    >>> head_of([[b"Customers", b""], [b"name", b"date"], [b"Ada", b"1815-12-10"]]), head_of([[b"Ada", b"1815"], [b"Bob", b"1900"]])
    (1, -1)
    """
    if not rows:
        return -1
    filled = [sum(map(bool, row)) for row in rows]
    first = 0 if is_header(rows[0], rows[1:]) else -1
    if first == 0 and filled[0] == len(rows[0]) > 1:
        return 0
    usual = max(map(len, rows))
    for number, row in enumerate(rows[1:_ABOVE], 1):
        names = sum(map(names_columns, row))
        if filled[number] <= max(filled[:number]) or len(row) < usual or 2 * names < filled[number]:
            continue
        if names > 1 and not any(b"@" in cell for cell in row) and is_header(row, rows[number + 1 :]):
            return number
    return first


def names_columns(cell: bytes) -> bool:
    """Whether a cell has a word in it that columns are called by."""
    return len(cell) <= _LONGEST_NAME and any(
        word in _WORDS_OF_NAMES for word in _words(cell.decode("utf-8", "replace").strip())
    )


def _words(name: str) -> list[str]:
    for mark in "_.-/()[]:#'":
        name = name.replace(mark, " ")
    return name.lower().split()


def _delimiter(sample: bytes) -> bytes:
    """Say which delimiter the first lines agree on."""
    lines = [line for line in sample.split(b"\n")[:_ROWS] if line.strip()]
    best, most = b",", 0.0
    for delimiter in _DELIMITERS:
        counts = [_outside(line).count(delimiter) for line in lines]
        least = min(counts, default=0)
        usual = max((counts.count(count), count) for count in counts if count)[1] if any(counts) else 0
        agree = counts.count(usual) / len(counts) if usual else 0.0
        score = agree * (1 + min(least, 20) / 100) if least else agree / 2
        if score > most:
            best, most = delimiter, score
    return best


def _outside(line: bytes) -> bytes:
    return b"".join(line.split(b'"')[::2])


def _counted(delimiter: bytes) -> Callable[[bytes], int]:
    return lambda line: line.count(delimiter)


def _unbroken(lines: list[str]) -> list[str]:
    """Join what Python takes for lines and nobody else: only a line feed ends one."""
    if all(line.endswith("\n") for line in lines[:-1]):
        return lines
    joined = "".join(lines).split("\n")
    return [*(line + "\n" for line in joined[:-1]), *((joined[-1],) if joined[-1] else ())]


def _is_open(lines: Sequence[str]) -> bool:
    """Whether the last record of a block may go on in the next one: its quotes are odd in number."""
    return sum(line.count('"') for line in lines) % 2 == 1


class _Places:
    """Where the cells of a block stand: worked out when the first of them is asked for."""

    def __init__(self, block: Block, delimiter: bytes, quoted: "tuple[list[int], list[int], list[str]] | None") -> None:
        self._block = block
        self._delimiter = delimiter
        self._quoted = quoted

    @cached_property
    def _all(self) -> list[tuple[int, int, int]]:
        """Of each cell: its first byte in the block, and line and column of it."""
        block, delimiter = self._block, self._delimiter
        found: list[tuple[int, int, int]] = []
        if self._quoted is None:
            at, line, column = 0, block.line, block.column
            for text in block.value.removesuffix(b"\n").split(b"\n"):
                place = at
                for cell in text.removesuffix(b"\r").split(delimiter):
                    found.append((place, line, column + place - at))
                    place += len(cell) + 1
                at += len(text) + 1
                line, column = line + 1, 1
            return found
        widths, ends, lines = self._quoted
        at = first = 0
        line, column = block.line, block.column
        for width, end in zip(widths, ends, strict=True):
            record = "".join(lines[first:end]).encode()
            lines_of = BlockLines(Block(record, line, column))
            for start in _starts(record, delimiter, width):
                found.append((at + start, *lines_of.place(start, b"")[:2]))
            at += len(record)
            line, column = line + end - first, 1
            first = end
        return found

    def place(self, number: int, cell: bytes) -> tuple[int, int, int]:
        """Give line, column and, where the cell stands there as it is, start of a cell."""
        at, line, column = self._all[number]
        start = self._block.start
        return line, column, start + at if start >= 0 and self._block.value.startswith(cell, at) else -1


def _starts(record: bytes, delimiter: bytes, width: int) -> list[int]:
    """Find where the cells of a record begin, behind their quotes."""
    starts: list[int] = []
    at = 0
    for _ in range(width):
        if record[at : at + 1] == b'"':
            starts.append(at + 1)
            end = record.find(b'"', at + 1)
            while end >= 0 and record[end + 1 : end + 2] == b'"':
                end = record.find(b'"', end + 2)
            at = len(record) if end < 0 else end
        else:
            starts.append(at)
        end = record.find(delimiter, at)
        at = len(record) if end < 0 else end + 1
    return starts
