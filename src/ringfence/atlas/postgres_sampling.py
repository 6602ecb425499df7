"""The statement that samples one relation, and how each column's values are made short text by the server itself.

The rule: bounded rows, columns x rows and characters, before anything is sent. Binary values are not read at all; documents,
arrays and composites come as JSON and are read by their parts. Large tables are sampled from pages all over them, never by their
statistics.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from ringfence.atlas.gathering import CHARACTERS, DOCUMENT_CHARACTERS, MOST_DEPTH
from ringfence.atlas.postgres_catalogue import Column, Relation

ROWS: Final = 120
MOST_CELLS: Final = 12_000  # of one relation: wide ones give fewer rows
FEWEST_ROWS: Final = 16
MOST_DOCUMENTS: Final = 40  # rows, where a relation holds documents
LARGE_PAGES: Final = 256  # 2 MiB: from here on a sample comes from all over
_SAMPLED_PAGES: Final = 24
_NUMBER: Final = '"ringfence: number of the row"'
_ITEMS: Final = 20  # of an array

BINARY: Final = frozenset({"bytea", "bit", "varbit"})
_DOCUMENTS: Final = frozenset({"json", "jsonb"})


class Reading(Enum):
    """How a column's values are read."""

    TEXT = "text"
    DOCUMENT = "document"  # by its parts
    ARRAY = "array"  # its items are values of the column itself
    BINARY = "binary"  # not at all


def reading_of(column: Column) -> Reading:
    """Say how a column is read."""
    if column.base in BINARY or column.element_base in BINARY:
        return Reading.BINARY
    if column.base in _DOCUMENTS or column.category == "C":
        return Reading.DOCUMENT
    if column.category == "A":
        nested = column.element == "C" or column.element_base in _DOCUMENTS
        return Reading.DOCUMENT if nested else Reading.ARRAY
    return Reading.TEXT


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def rows_for(columns: Sequence[Column], wanted: int = ROWS) -> int:
    """Say how many rows of so many columns are taken."""
    most = max(FEWEST_ROWS, MOST_CELLS // max(1, len(columns)))
    if any(reading_of(each) is Reading.DOCUMENT for each in columns):
        most = min(most, MOST_DOCUMENTS)
    return min(wanted, most)


def sample_query(relation: Relation, columns: Sequence[Column], rows: int, *, spread: bool) -> str:
    """Give the statement. `spread`: from pages all over the relation, which may give fewer rows than there are, or none."""
    listed = ", ".join(_expression(each) for each in columns)
    source = f"{quoted(relation.schema)}.{quoted(relation.name)}"
    if not spread:
        return f"select {listed} from {source} as t limit {rows}"  # noqa: S608 (names are quoted)
    share = min(100.0, max(0.0001, 100.0 * _SAMPLED_PAGES / max(1, relation.pages)))
    sampled = f"{source} as t tablesample system ({share:.4f})"
    if not all(each.readable for each in relation.columns):  # then the login may not read where a row stands, either
        return f"select {listed} from {sampled} limit {rows}"  # noqa: S608 (names are quoted)
    # So many rows of each page: a limit alone would take all of them from the first pages.
    inner = ", ".join(f"t.{quoted(each.name)}" for each in columns)
    number = "pg_catalog.row_number() over (partition by t.tableoid, (t.ctid::text::pg_catalog.point)[0])"
    each_page = -(-rows // _SAMPLED_PAGES)
    numbered = f"select {inner}, {number} as {_NUMBER} from {sampled}"  # noqa: S608 (names are quoted)
    return f"select {listed} from ({numbered}) as t where t.{_NUMBER} <= {each_page} limit {rows}"  # noqa: S608 (the same)


def _expression(column: Column) -> str:
    name = f"t.{quoted(column.name)}"
    match reading_of(column):
        case Reading.BINARY:
            return "null::text"
        case Reading.TEXT:
            return f"pg_catalog.left({name}::text, {CHARACTERS})"
        case Reading.DOCUMENT:
            # A document that was cut is none, so that "too long" is told from null, and a part is never taken for the whole.
            text = f"{name}::text" if column.base in _DOCUMENTS else f"pg_catalog.to_json({name})::text"
            return (
                f"case when pg_catalog.pg_column_size({name}) <= {DOCUMENT_CHARACTERS} "
                f"then pg_catalog.left({text}, {DOCUMENT_CHARACTERS}) when {name} is not null then '' end"
            )
        case Reading.ARRAY:
            return (
                f"case when pg_catalog.pg_column_size({name}) <= {DOCUMENT_CHARACTERS} "
                f"then pg_catalog.left(pg_catalog.to_json({name})::text, {DOCUMENT_CHARACTERS}) end"
            )


def items_of(read: object, depth: int = 0) -> Iterable[str]:
    """Give the first items of an array that was read as JSON, whatever its dimensions."""
    if isinstance(read, list) and depth < MOST_DEPTH:
        for item in read[:_ITEMS]:
            yield from items_of(item, depth + 1)
    elif read is not None:
        yield str(read)[:CHARACTERS]
