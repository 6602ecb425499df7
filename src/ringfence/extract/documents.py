"""Documents of fields: JSON in one document or many, XML, HTML.

The rule: a document that is not what its name says is text, from where it ceases to be, and nothing of it is lost: JSON with
comments is read as a program's text is, markup that no two programs read alike as running text.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ringfence.extract.json_values import Broken, JsonValues
from ringfence.extract.lexing import parts_of
from ringfence.extract.model import Budget, Extracted, Fault, Kind, Source, Text, Unreadable, Values
from ringfence.extract.page_tables import PageTables
from ringfence.extract.plain import as_prose
from ringfence.extract.reading import Block, blocks, cut_at, joined

if TYPE_CHECKING:
    from ringfence.carriers import Carrier, Unit

_BLOCK: Final = 256 << 10
_LONGEST_STRING: Final = 8 << 20


def read_json(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read JSON, of one document or of several."""
    reading = JsonValues()
    held: Block | None = None
    broken = False
    for block in blocks(source, _BLOCK):
        if broken:
            yield [_program(block, source, begins=False)]
            continue
        held = joined(held, block)
        if len(held.value) > _LONGEST_STRING:
            broken = True
        else:
            try:
                values, names, at = reading.read(held, final=False, members=source.members)
            except Broken as error:
                broken = True
                yield from _told(error, source, held)
            else:
                yield from _given(values, names)
                held = cut_at(held, at) if at < len(held.value) else None
        if broken and held is not None:
            yield [_program(held, source, begins=held.line == 1)]
            held = None
    if held is not None:
        try:
            values, names, _ = reading.read(held, final=True, members=source.members)
        except Broken as error:
            yield from _told(error, source, held)
            yield [_program(held, source, begins=held.line == 1)]
        else:
            yield from _given(values, names)


def read_ndjson(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read JSON of one document on each line. A line that is none is text."""
    reading = JsonValues()
    for block in blocks(source, _BLOCK):
        broken: Block | None = None
        for given in _documents(reading, block, source):
            if isinstance(given, Block):
                broken = joined(broken, given)
                continue
            if broken is not None:
                yield [_prose(broken, source)]
                broken = None
            yield from _given(*given)
        if broken is not None:
            yield [_prose(broken, source)]


def _documents(reading: JsonValues, block: Block, source: Source) -> "Iterator[tuple[Values, list[Text]] | Block]":
    """Give what is in lines; a line that cannot be read as it is. Where one is wrong its block is halved, until it is found."""
    reading.reset()
    try:
        values, names, _ = reading.read(block, final=True, members=source.members)
        if reading.is_outside:
            yield values, names
            return
    except Broken:
        pass
    value = block.value
    middle = value.find(b"\n", len(value) // 2, len(value) - 1) + 1 or value.rfind(b"\n", 0, len(value) // 2) + 1
    if not middle:
        yield block
        return
    yield from _documents(reading, replace(block, value=value[:middle]), source)
    yield from _documents(reading, cut_at(block, middle), source)


def read_xml(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read XML: attributes and text by path."""
    from ringfence.carriers import XmlCarrier

    return _markup(source, XmlCarrier())


def read_html(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read HTML: text, attributes, comments, scripts."""
    from ringfence.carriers import HtmlCarrier

    return _markup(source, HtmlCarrier(), PageTables())


def _markup(source: Source, carrier: "Carrier", tables: PageTables | None = None) -> Iterator[Extracted]:
    """Read a page as its carrier does; from where that refuses, as text."""
    from ringfence.carriers import Undecodable

    held: Block | None = None  # what was fed and is in no unit yet
    refused = False
    for block in blocks(source, _BLOCK):
        if refused:
            yield [_prose(block, source)]
            continue
        held = joined(held, block)
        try:
            units = carrier.feed(block.value)
        except Undecodable:
            refused = True
            yield from as_prose([held], source)
            continue
        for unit in units:
            yield from _fields(unit, held, source, tables)
            held = cut_at(held, len(unit.raw))
    if held is None or refused:
        return
    try:
        units = carrier.end()
    except Undecodable:
        yield from as_prose([held], source)
        return
    for unit in units:
        yield from _fields(unit, held, source, tables)
        held = cut_at(held, len(unit.raw))


def _fields(unit: "Unit", block: Block, source: Source, tables: PageTables | None) -> Iterator[Extracted]:
    """Give the fields of a unit, which stands at the beginning of a block."""
    texts: list[Text] = []
    cells = list(tables.cells(unit.raw)) if tables is not None else []
    line, at, line_start = block.line, 0, 1 - block.column
    for field in sorted(unit.fields, key=lambda field: field.start):
        breaks = unit.raw.count(b"\n", at, field.start)
        if breaks:
            line += breaks
            line_start = unit.raw.rindex(b"\n", at, field.start) + 1
        at = max(at, field.start)
        is_same = block.start >= 0 and unit.raw[field.start : field.end] == field.value
        start = block.start + field.start if is_same else -1
        kind = Kind.NAME if field.is_key else Kind.PROSE if field.path in _RUNNING else Kind.VALUE
        path = "" if field.is_key or field.path in _RUNNING else field.path
        if cells and field.path == "text":
            cell = cells[max(bisect_right(cells, field.start, key=lambda cell: cell[0]) - 1, 0)]
            if cell[0] <= field.start < cell[1]:
                kind, path = Kind.VALUE, cell[2]
        column = field.start - line_start + 1
        texts.append(Text(field.value, path, kind, line, column, start, "", source.members))
    if texts:
        yield texts


_RUNNING: Final = frozenset(("text", "comment", "script", "style", "title", "textarea", "doctype"))


def _given(values: Values, names: list[Text]) -> Iterator[Extracted]:
    if names:
        yield names
    if values:
        yield values


def _told(error: Broken, source: Source, block: Block) -> Iterator[Extracted]:
    if error.deep:
        what = "it has more containers in each other than are followed; the rest is read as text"
        yield Unreadable(Fault.DEEP, what, members=source.members, line=block.line, looked_at=True)


def _program(block: Block, source: Source, *, begins: bool) -> Text:
    parts = parts_of(block.value, "javascript") if begins else None
    return Text(block.value, "", Kind.CODE, block.line, block.column, block.start, "", source.members, parts)


def _prose(block: Block, source: Source) -> Text:
    return Text(block.value, "", Kind.PROSE, block.line, block.column, block.start, "", source.members)
