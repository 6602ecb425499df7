"""SQL dumps: the rows of ``COPY`` and ``INSERT`` by column, everything else as a program's text.

The rule: a dump of any size is read a block at a time. A row is read where it can be told without doubt, else it is text: nothing
is lost, whatever the dialect. Columns that an ``INSERT`` does not name are those of the table's ``CREATE`` in the same dump.
"""

from collections.abc import Iterator
from typing import Final

import re2

from ringfence.extract._listed import listed
from ringfence.extract.lexing import parts_of
from ringfence.extract.model import Budget, Extracted, Kind, Source, Text, Values
from ringfence.extract.reading import Block, blocks, cut_at, joined
from ringfence.extract.sql_rows import CopyRows, InsertRows, Table, merged, names_of

_BLOCK: Final = 256 << 10
_LONGEST: Final = 8 << 20  # bytes of a statement's head, a row, or a table's definition
_IDENTIFIER: Final = r'(?:[\w$]+|"(?:[^"\n]|"")+"|`[^`\n]+`|\[[^\]\n]+\])'
_NAME: Final = _IDENTIFIER + r"(?:\s*\.\s*" + _IDENTIFIER + r"){0,2}"
_LIST: Final = r"\(\s*(" + _IDENTIFIER + r"(?:\s*,\s*" + _IDENTIFIER + r")*)\s*\)"
_BEGINS: Final = re2.compile(
    (
        r"(?im)^[ \t]*(?:(COPY)\s+(" + _NAME + r")\s*(?:" + _LIST + r")?\s+FROM\s+stdin\b([^;\n]*);[ \t\r]*\n"
        r"|(?:INSERT|REPLACE)\s+(?:LOW_PRIORITY\s+|DELAYED\s+|IGNORE\s+|OR\s+\w+\s+)*(?:INTO\s+)?("
        + _NAME
        + r")\s*(?:"
        + _LIST
        + r")?"
        r"\s*(?:OVERRIDING\s+\w+\s+VALUE\s+)?VALUES?\s*(?:--[^\n]*\n\s*)?(\()"
        r"|CREATE\s+(?:\w+\s+){0,3}?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(" + _NAME + r")\s*(\())"
    ).encode()
)
_COULD_BEGIN: Final = re2.compile(rb"(?im)^[ \t]*(?:COPY|INSERT|REPLACE|CREATE)\s[^;]*$")
_BACKSLASHES: Final = (b"MySQL dump", b"MariaDB dump", b"ENGINE=", b"phpMyAdmin", b"INSERT INTO `")
_MOST_TABLES: Final = 10_000


def read_sql(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read a dump, or any other SQL."""
    reading = _Reading(source)
    held: Block | None = None
    for block in blocks(source, _BLOCK):
        held = joined(held, block)
        yield from reading.take(held, final=False)
        held = reading.left
    if held is not None:
        yield from reading.take(held, final=True)


class _Reading:
    """The reading of one dump: what is open, and the tables that were met. `left` is what waits for the next block."""

    def __init__(self, source: Source) -> None:
        self.left: Block | None = None
        self._source = source
        self._tables: dict[str, list[str]] = {}
        self._open: CopyRows | InsertRows | None = None
        self._backslashes = False

    def take(self, block: Block, *, final: bool) -> Iterator[Extracted]:
        """Take a block, which goes on where `left` began: give its rows together, and its text."""
        rows: list[Values] = []
        texts: list[Text] = []
        for given in self._take(block, final=final):
            if isinstance(given, Values):
                rows.append(given)
            else:
                texts.append(given)
        if texts:
            yield texts
        if rows:
            yield merged(rows)

    def _take(self, block: Block, *, final: bool) -> Iterator[Values | Text]:
        if not self._backslashes:
            self._backslashes = any(mark in block.value for mark in _BACKSLASHES)
        self.left = None
        while block.value:
            if self._open is not None:
                given, at, is_over = self._open.take(block, final=final)
                if given:
                    yield given
                if is_over:
                    self._open = None
                elif len(block.value) - at > _LONGEST or (final and not at):
                    self._open = None  # a row without an end: what there is of it is text
                    yield self._text(block)
                    return
                else:
                    self.left = cut_at(block, at) if at < len(block.value) else None
                    return
                block = cut_at(block, at)
                continue
            found = _BEGINS.search(block.value)
            if found is None:
                yield from self._rest(block, final=final)
                return
            at = self._begin(found, block, final=final)
            if at < 0:  # a table's definition that is not over
                self.left = block
                return
            if at:
                yield self._text(Block(block.value[:at], block.line, block.column, block.start))
            block = cut_at(block, at)

    def _begin(self, found: "re2._Match[bytes]", block: Block, *, final: bool) -> int:
        """Begin what was found; give up to where the block is text."""
        if found[1] is not None:
            columns = names_of(found[3]) if found[3] is not None else []
            rest = found[4].upper()
            delimiter = b"," if b"CSV" in rest else b"\t"
            self._open = CopyRows(self._table(found[2], columns), delimiter, self._source.members)
            return int(found.end())
        if found[5] is not None:
            columns = names_of(found[6]) if found[6] is not None else []
            table = self._table(found[5], columns)
            self._open = InsertRows(table, found[0][:-1], self._source.members, backslashes=self._backslashes)
            return int(found.start(7))
        end = _closing(block.value, found.start(9), backslashes=self._backslashes)
        if end < 0 and not final and len(block.value) < _LONGEST:
            return -1
        end = len(block.value) if end < 0 else end
        columns = _defined(block.value[found.start(9) + 1 : end])
        if columns and len(self._tables) < _MOST_TABLES:
            self._tables[Table.spell(found[8])] = columns
        return end

    def _table(self, name: bytes, columns: list[str]) -> Table:
        spelt = Table.spell(name)
        return Table(spelt, columns or self._tables.get(spelt) or self._tables.get(spelt.rpartition(".")[2]) or [])

    def _rest(self, block: Block, *, final: bool) -> Iterator[Text]:
        """Give text in which nothing begins, but for an end in which something might."""
        at = len(block.value)
        if not final:
            begins = _last_statement(block.value)
            if at - begins < _LONGEST:
                at = begins
        if at:
            yield self._text(Block(block.value[:at], block.line, block.column, block.start))
        if at < len(block.value):
            self.left = cut_at(block, at)

    def _text(self, block: Block) -> Text:
        parts = parts_of(block.value, "sql")
        return Text(block.value, "", Kind.CODE, block.line, block.column, block.start, "", self._source.members, parts)


def _last_statement(value: bytes) -> int:
    """Say where the last statement begins, if it is one that might give rows."""
    at = max(value.rfind(b";\n"), value.rfind(b";\r\n")) + 1
    begins = _COULD_BEGIN.search(value, at) if at or value.count(b"\n") < 10_000 else None
    return len(value) if begins is None else int(begins.start())


def _closing(value: bytes, at: int, *, backslashes: bool) -> int:
    """Find the bracket that closes the one at `at`; -1 where it is not there."""
    depth = 0
    for token in (_TOKEN_BACKSLASH if backslashes else _TOKEN).finditer(value, at):
        match token[0]:
            case b"(":
                depth += 1
            case b")":
                depth -= 1
                if not depth:
                    return int(token.end()) - 1
            case _:
                pass
    return -1


_COMMENTS: Final = r"--[^\n]*|/\*(?s:.*?)\*/"
_TOKEN: Final = re2.compile((r"[()]|'[^']*'|\"[^\"]*\"|`[^`]*`|" + _COMMENTS).encode())
_TOKEN_BACKSLASH: Final = re2.compile((r"[()]|'(?s:[^'\\]|\\.)*'|\"[^\"]*\"|`[^`]*`|" + _COMMENTS).encode())
_ITEM: Final = re2.compile((r"(?s)(\()|(\))|(,)|(" + _COMMENTS + r"|'[^']*')|(" + _IDENTIFIER + r")").encode())
_NO_COLUMNS: Final = listed("primary key constraint unique index foreign check fulltext spatial exclude like period")


def _defined(body: bytes) -> list[str]:
    """Give the names of the columns that a table's definition lists."""
    names: list[str] = []
    depth, first = 0, True
    for token in _ITEM.finditer(body):
        if token[1]:
            depth += 1
        elif token[2]:
            depth -= 1
        elif token[3] and not depth:
            first = True
        elif token[5] and first and not depth:
            first = False
            if token[5].lower().decode("utf-8", "replace") not in _NO_COLUMNS:
                names += names_of(token[5])
    return names
