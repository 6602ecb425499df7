"""Mapping an SQLite file.

The rule: the file is opened for reading alone, its schema is not trusted with anything but reading, and each table is given so many
seconds. Large tables are sampled from several places by their row numbers.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ringfence.atlas.faults import Unmappable, Unreachable
from ringfence.atlas.gathering import CHARACTERS, DOCUMENT_CHARACTERS, Samples
from ringfence.atlas.judging import Judge, concluded, unread, whole_document
from ringfence.atlas.model import AssetMap, Lineage, Mapped, MappedTable
from ringfence.atlas.postgres import Progress, asset_name
from ringfence.atlas.postgres_sampling import FEWEST_ROWS, MOST_CELLS, ROWS, quoted
from ringfence.atlas.state import State
from ringfence.sql.model import path_of

SECONDS: Final = 5.0  # of one table
WAITING: Final = 0.5  # for another's lock
_STEPS: Final = 10_000  # of SQLite's machine between two looks at the clock
_PLACES: Final = 6  # of a large table
_LARGE: Final = 5_000  # row numbers
_MOSTLY: Final = 0.8  # share of texts that are JSON objects or lists, from which a column is one of documents


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    path: str
    type: str


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    kind: str
    columns: tuple[_Column, ...]

    def signature(self) -> str:
        told = [self.kind, *(f"{each.path}|{each.type}" for each in self.columns)]
        return sha256("\n".join(told).encode(errors="replace")).hexdigest()[:32]


def map_sqlite(
    file: Path,
    *,
    asset: str = "",
    zone: str = "core",
    state: State | None = None,
    progress: Progress | None = None,
    judge: Judge | None = None,
    reviewed: Mapping[str, str] | None = None,
    rows: int = ROWS,
) -> AssetMap:
    """Map a database file. Raises `Unreachable` and `Unmappable`."""
    judge = judge if judge is not None else Judge()
    with _opened(file) as connection:
        tables = _tables(connection, file)
        lineage = {key: each for table in tables for key, each in _keys(connection, table, tables)}
        found = []
        for number, table in enumerate(tables):
            if progress is not None:
                progress(number, len(tables))
            known = state.known(table.name, table.signature()) if state is not None else None
            mapped = known if known is not None else _map_table(connection, table, judge, rows)
            if state is not None and known is None:
                state.keep(mapped, table.signature())
            fields = tuple(replace(one, lineage=lineage.get(one.path, ())) for one in mapped.fields)
            found.append(replace(mapped, fields=fields))
        if progress is not None:
            progress(len(tables), len(tables))
    name = asset or asset_name(file.stem)
    return AssetMap(name, zone, "store", concluded(found, reviewed or {}))


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    if not file.is_file():
        what = "a folder" if file.is_dir() else "there is no such file"
        raise Unreachable(f"{file}: {what}", "name an SQLite database file that is there")
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=WAITING, isolation_level=None)
    except sqlite3.Error:
        raise Unreachable(f"{file}: it cannot be opened", "check its owner and mode, and those of its folder") from None
    with closing(connection):
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        connection.execute("pragma query_only = on")
        connection.execute("pragma trusted_schema = off")
        yield connection


def _tables(connection: sqlite3.Connection, file: Path) -> list[_Table]:
    try:
        named = connection.execute(
            "select name, type from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' "
            "order by name"
        ).fetchall()
    except sqlite3.OperationalError:
        raise Unmappable(
            f"{file}: it is locked, or cannot be read", "wait for whoever writes it, and run it again"
        ) from None
    except sqlite3.DatabaseError:
        raise Unmappable(f"{file}: not an SQLite database", "name one, or map it with --files") from None
    return [_Table(name, kind, _columns(connection, name)) for name, kind in named]


def _columns(connection: sqlite3.Connection, table: str) -> tuple[_Column, ...]:
    try:
        listed = connection.execute("select name, type from pragma_table_xinfo(?)", (table,)).fetchall()
    except sqlite3.Error:  # a view of something that is gone, a virtual table without its module
        return ()
    return tuple(_Column(name, path_of(table, name), kind.lower()) for name, kind in listed)


def _keys(
    connection: sqlite3.Connection, table: _Table, tables: Sequence[_Table]
) -> Iterator[tuple[str, tuple[Lineage, ...]]]:
    """Give the foreign keys of a table: which column is the key of which. Names are compared without case, as SQLite does."""
    known = {each.path.casefold(): each.path for one in tables for each in one.columns}
    try:
        listed = connection.execute(
            'select "table", "from", "to" from pragma_foreign_key_list(?)', (table.name,)
        ).fetchall()
    except sqlite3.Error:
        return
    for other, own, theirs in listed:
        target = theirs or _primary(connection, other)
        source = known.get(path_of(other, target).casefold()) if target else None
        path = known.get(path_of(table.name, own).casefold())
        if source is not None and path is not None:
            yield path, (Lineage("key", source),)


def _primary(connection: sqlite3.Connection, table: str) -> str:
    found = connection.execute("select name from pragma_table_info(?) where pk = 1", (table,)).fetchone()
    return found[0] if found is not None else ""


def _map_table(connection: sqlite3.Connection, table: _Table, judge: Judge, rows: int) -> MappedTable:
    most = min(rows, max(FEWEST_ROWS, MOST_CELLS // max(1, len(table.columns))))
    try:
        read = _sample(connection, table, most)
    except sqlite3.OperationalError as error:
        why = "locked" if "locked" in str(error) else "timeout" if "interrupted" in str(error) else "failed:unreadable"
        return MappedTable(table.name, table.kind, tuple(unread(each.path, each.type, why) for each in table.columns))
    except sqlite3.DatabaseError:
        lost = tuple(unread(each.path, each.type, "failed:damaged") for each in table.columns)
        return MappedTable(table.name, table.kind, lost)
    fields: list[Mapped] = []
    for number, column in enumerate(table.columns):
        fields += _judged(judge, column, [value for row in read if (value := row[number]) is not None])
    return MappedTable(table.name, table.kind, tuple(fields), len(read))


def _judged(judge: Judge, column: _Column, values: Sequence[str]) -> list[Mapped]:
    samples = Samples()
    documents = [value for value in values if value[:1] in ("{", "[") and samples.add_text(value, column.path)]
    if documents and len(documents) >= _MOSTLY * len(values):
        parts = [one for one in judge.documents(samples) if one.path != column.path]
        return [whole_document(column.path, column.type), *parts]
    return [judge.field(column.path, column.type, "", [value[:CHARACTERS] for value in values])]


def _sample(connection: sqlite3.Connection, table: _Table, rows: int) -> list[tuple[str | None, ...]]:
    """Take rows from the beginning, and of a large table from several places. Binary values are not read."""
    if not table.columns:
        return []
    listed = ", ".join(
        f"case when typeof({quoted(each.name)}) <> 'blob' then substr({quoted(each.name)}, 1, {_most(each)}) end"
        for each in table.columns
    )
    query = f"select {listed} from {quoted(table.name)}"  # noqa: S608 (names are quoted)
    until = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        last = _last_row(connection, table)
        if last < _LARGE:
            return _as_text(connection.execute(f"{query} limit {rows}").fetchall())
        found: list[tuple[object, ...]] = []
        each = -(-rows // _PLACES)
        for place in range(_PLACES):
            at = last * place // _PLACES
            found += connection.execute(f"{query} where rowid >= {at} limit {each}").fetchall()
        return _as_text(found)
    finally:
        connection.set_progress_handler(None, 0)


def _most(column: _Column) -> int:
    return CHARACTERS if column.type.startswith(("int", "real", "num", "bool", "date")) else DOCUMENT_CHARACTERS // 8


def _as_text(read: Sequence[tuple[object, ...]]) -> list[tuple[str | None, ...]]:
    return [tuple(None if value is None else str(value) for value in row) for row in read]


def _last_row(connection: sqlite3.Connection, table: _Table) -> int:
    """Give the greatest row number; 0 where there is none: a view, or a table without them."""
    if table.kind != "table":
        return 0
    try:
        found = connection.execute(f"select max(rowid) from {quoted(table.name)}").fetchone()  # noqa: S608 (quoted)
    except sqlite3.OperationalError as error:
        if "no such column" in str(error):
            return 0
        raise
    return int(found[0] or 0)
