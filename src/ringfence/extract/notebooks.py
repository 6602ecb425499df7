"""Notebooks: the sources of their cells, and what running them has left there.

The rule: outputs count as much as sources do, for that is where tables of people stay. Lines are those of the notebook's JSON. A
notebook that is none is read as JSON.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import accumulate, groupby, pairwise
from typing import Final

import re2

from ringfence.extract.documents import read_json
from ringfence.extract.json_values import Broken, JsonValues
from ringfence.extract.lexing import parts_of
from ringfence.extract.markup_text import page_text
from ringfence.extract.model import BATCH, Budget, Extracted, Fault, Kind, Source, Text, Unreadable
from ringfence.extract.page_tables import PageTables
from ringfence.extract.reading import Block, whole, whole_lines
from ringfence.extract.text_tables import TextTables

_CELLS: Final = ("cells[]", "worksheets[].cells[]")
_SOURCES: Final = ("source", "source[]", "input", "input[]")  # in the third format, of code
_TEXTS: Final = ("text", "traceback", "evalue", "text/plain", "text/markdown", "text/latex")
_SHOWN: Final = ("outputs", "attachments.")
_PICTURES: Final = ("png", "jpeg", "application/pdf")  # the first two as the third format names them
_PAGES: Final = ("html", "svg")
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_COLOUR: Final = re2.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]")
_BLANK: Final = bytes(byte if byte == ord("\n") else ord(" ") for byte in range(256))
_LONGEST: Final = 1 << 16  # of a text that is put together of lines


def read_notebook(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a notebook of the third or fourth format."""
    block = whole(source, budget.bounds.document)
    if block is None:
        yield Unreadable(
            Fault.BOMB,
            "a notebook that is larger than a document may be; it is read as JSON",
            members=source.members,
            looked_at=True,
        )
        yield from read_json(source, budget)
        return
    reading = JsonValues(watched=frozenset(_CELLS))
    try:
        values, names, _ = reading.read(block, final=True, members=source.members)
    except Broken:
        yield from read_json(source, budget)
        return
    if names:
        yield names
    batch: list[Text] = []
    size = 0
    for cell, first, last in _spans(reading.items, len(values)):
        for text in _cell(values, cell, first, last):
            batch.append(text)
            size += len(text.value)
        if size > BATCH // 2:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _spans(items: Sequence[int], size: int) -> Iterator[tuple[int, int, int]]:
    """Give the cells' numbers and their first and last values; those before the first cell are numbered 0."""
    bounds = [0, *items, size]
    for cell, (first, last) in enumerate(pairwise(bounds)):
        if first < last:
            yield cell, first, last


def _cell(values: Sequence[Text], cell: int, first: int, last: int) -> Iterator[Text]:
    texts = [values[number] for number in range(first, last)]
    kind = next((text.value for text in texts if text.path.endswith(".cell_type")), b"")
    for path, group in groupby(texts, lambda text: text.path):
        inside = next((path[len(cells) + 1 :] for cells in _CELLS if path.startswith(cells)), "")
        lines = list(group)
        if _is_picture(inside, lines):
            continue
        if inside in _SOURCES:
            yield from _source(lines, f"cell {cell}, source", is_code=kind == b"code")
        elif inside.startswith("outputs"):
            yield from _output(lines, inside, f"cell {cell}, output")
        else:
            for text in lines:
                text.where = f"cell {cell}, metadata" if cell and inside else "metadata"
                yield text


def _is_picture(inside: str, lines: Sequence[Text]) -> bool:
    """Whether these are the points of a picture: by their name, and by being written as such."""
    name = inside.removesuffix("[]").rpartition(".")[2]
    if not inside.startswith(_SHOWN) or not (name in _PICTURES or name.startswith("image/")):
        return False
    return not any(line.value.translate(None, _BASE64) for line in lines)


def _source(lines: list[Text], where: str, *, is_code: bool) -> Iterator[Text]:
    for text in _together(lines):
        text.path, text.where = "", where
        text.kind = Kind.CODE if is_code else Kind.PROSE
        text.parts = parts_of(text.value, "python") if is_code else None
        yield text


def _output(lines: list[Text], inside: str, where: str) -> Iterator[Text]:
    is_page = any(kind in inside for kind in _PAGES)
    is_text = is_page or inside.removesuffix("[]").endswith(_TEXTS)
    if is_page:
        yield from _cells_of_tables(lines, where)
    for text in _together(lines) if is_text else lines:
        value = _COLOUR.sub(b"", text.value) if b"\x1b" in text.value else text.value
        if is_page:
            value = page_text(value)
        if value != text.value:
            text.value, text.start = value, -1
        text.where = where
        if is_text:
            text.path, text.kind = "", Kind.PROSE
        yield text
        if is_text and not is_page:
            yield from TextTables().cells(Block(text.value, text.line, text.column, -1), text.members, where)


def _cells_of_tables(lines: list[Text], where: str) -> Iterator[Text]:
    """Give the cells of tables that are shown, by column, and leave blanks in their place."""
    starts = [0, *accumulate(len(line.value) for line in lines)]
    page = bytearray().join(line.value for line in lines)
    for start, end, name in PageTables().cells(bytes(page)):
        line = lines[bisect_right(starts, start) - 1]
        value = unescape(page[start:end].decode("utf-8", "replace")).encode("utf-8", "replace").strip()
        yield Text(value, name, Kind.VALUE, line.line, line.column, -1, where, line.members)
        page[start:end] = page[start:end].translate(_BLANK)
    for line, (start, end) in zip(lines, pairwise(starts), strict=True):
        if line.value != page[start:end]:
            line.value, line.start = bytes(page[start:end]), -1


def _together(lines: list[Text]) -> Iterator[Text]:
    """Put lines together that stand behind each other in the file, too; cut one text of several lines into them."""
    at = 0
    while at < len(lines):
        first = lines[at]
        end, size = at + 1, len(first.value)
        while (
            end < len(lines)
            and lines[end].line == lines[end - 1].line + 1
            and lines[end - 1].value.endswith(b"\n")
            and lines[end - 1].value.count(b"\n") == 1
            and size < _LONGEST
        ):
            size += len(lines[end].value)
            end += 1
        if end > at + 1:
            first.value = b"".join(line.value for line in lines[at:end])
            first.start = -1
            yield first
        else:
            yield from _apart(first)
        at = end


def _apart(text: Text) -> Iterator[Text]:
    if b"\n" not in text.value[:-1]:
        yield text
        return
    # A string of several lines is on one line of the file: what is found must be told to be there.
    for line in whole_lines(text.value):
        yield Text(line, text.path, text.kind, text.line, text.column, -1, text.where, text.members)
