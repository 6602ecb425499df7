"""SQLite's files: tables by column, and what is left in them of rows that were deleted.

The rule: a foreign file is opened as one that may be hostile: read only, never locked, its schema not trusted, no view, no
virtual table and no computed column asked for, so that nothing in it is run. A damaged table gives what can be read of it. Time
is bounded by counting the steps of SQLite's machine, memory by the length of a value.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias
from urllib.parse import quote

import apsw

from ringfence.carriers import join_path
from ringfence.extract.confined import Columns
from ringfence.extract.members import count_in, look_into, member_of, spent, too_deep
from ringfence.extract.model import BATCH, Budget, Extracted, Fault, Kind, LeftOut, Source, Text, Unreadable, Why
from ringfence.extract.sqlite_pages import free_stretches, is_cut, page_size
from ringfence.extract.strings import strings
from ringfence.extract.unpacking import SPLIT

_ROWS: Final = 2048
_TABLES: Final = 100_000
_LONGEST: Final = 64 << 20  # bytes of a value
_TIMES: Final = 2  # as long as it is in the file may a value be as text: a number
_STEPS_FREE: Final = 20_000_000
_STEPS_BYTE: Final = 50
_EVERY: Final = 100_000  # steps between two looks at how many there were
_WAL: Final = slice(18, 20)  # of the head: how it is written and read; 2 asks for a log beside the file
_BLOB: Final = 64  # bytes: a shorter one that is no text holds no file
_FILES: Final = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"%PDF-",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"SQLite format 3\0",
    b"\xd0\xcf\x11\xe0",
    b"BZh",
)
_Row: TypeAlias = "tuple[apsw.SQLiteValue, ...]"
_MEND: Final = "try `sqlite3 FILE .recover`, and scan what it writes"


def read_sqlite(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a database."""
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    with source.open() as file:
        opened = _whole_or_path(file, budget)
        if isinstance(opened, LeftOut):
            yield LeftOut(opened.why, source.members, opened.note)
            return
        with _database(opened) as db:
            reading = _Reading(db, _size(opened), source, budget)
            with _file(opened) as file:
                yield from reading.cut(file.read(100))
            yield from reading.tables()
        yield from _free(opened, source, whole=reading.is_damaged)


def _whole_or_path(file: BinaryIO, budget: Budget) -> bytes | Path | LeftOut:
    """Give a small database's bytes, and of a large one where it lies."""
    most = budget.bounds.document
    name = getattr(file, "name", None)
    if isinstance(name, str | os.PathLike) and file.seekable():
        path = Path(os.fsdecode(name)).absolute()
        if path.is_file() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return path
    data = bytearray()
    while piece := file.read(min(BATCH, most + 1 - len(data))):
        data += piece
    if len(data) > most:
        note = f"a database in an archive is read whole, and it has more than {most >> 20} MiB"
        return LeftOut(Why.LARGE, note=note)
    if data[_WAL] == b"\2\2":
        data[_WAL] = b"\1\1"  # there is no log beside these bytes, and SQLite would look for one
    return bytes(data)


def _size(opened: bytes | Path) -> int:
    return len(opened) if isinstance(opened, bytes) else opened.stat().st_size


def _file(opened: bytes | Path) -> BinaryIO:
    return BytesIO(opened) if isinstance(opened, bytes) else opened.open("rb")


@contextmanager
def _database(opened: bytes | Path) -> Iterator[apsw.Connection]:
    if isinstance(opened, bytes):
        db = apsw.Connection(":memory:")
        db.deserialize("main", opened)
    else:
        uri = f"file:{quote(os.fsencode(opened))}?immutable=1&mode=ro"
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        db.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        db.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        db.limit(apsw.SQLITE_LIMIT_LENGTH, min(_LONGEST, _size(opened) + BATCH))
        db.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
        for pragma in ("cell_size_check=on", "query_only=on", "mmap_size=0", "cache_size=-8192", "temp_store=memory"):
            with suppress(apsw.Error):
                db.execute(f"pragma {pragma}").fetchall()
        yield db
    finally:
        db.close()


class _Reading:
    """Reads tables within bounds."""

    def __init__(self, db: apsw.Connection, size: int, source: Source, budget: Budget) -> None:
        self._db, self._size, self._source, self._budget = db, size, source, budget
        self._steps = 0
        self._out = 0
        self.is_damaged = False
        db.set_progress_handler(self._tick, _EVERY)

    def _tick(self) -> bool:
        self._steps += _EVERY
        return self._steps > _STEPS_FREE + _STEPS_BYTE * self._size

    def cut(self, head: bytes) -> Iterator[Extracted]:
        """Say whether the file ends early: SQLite reads what is missing of its last page as if there were nothing in it."""
        if is_cut(head, self._size):
            self.is_damaged = True
            yield Unreadable(Fault.DAMAGED, "it ends early", _MEND, self._source.members)

    def tables(self) -> Iterator[Extracted]:
        try:
            listed = self._listed()
        except (apsw.Error, UnicodeDecodeError) as error:
            yield self._fault("its schema", error)
            return
        if len(listed) > _TABLES:
            what = f"more than {_TABLES} tables and indexes; those behind are not looked at"
            yield Unreadable(Fault.BOMB, what, _MEND, self._source.members)
        yield [
            Text(text.encode("utf-8", "replace"), kind=kind, where="schema", members=self._source.members)
            for name, _, sql in listed
            for text, kind in ((name, Kind.NAME), (sql, Kind.PROSE))
            if text
        ]
        for name, kind, sql in listed[:_TABLES]:
            if kind != "table" or sql.lower().lstrip().startswith("create virtual"):
                continue
            yield from self._table(name)
            rest = spent(self._source, self._budget)
            if rest is not None:
                yield rest
                return
            if self._is_more_than_there_is():
                yield self._bomb()
                return

    def _listed(self) -> list[tuple[str, str, str]]:
        query = "select name, type, coalesce(sql, '') from sqlite_schema where typeof(name) = 'text' limit ?"
        return [(str(name), str(kind), str(sql)) for name, kind, sql in self._db.execute(query, (_TABLES + 1,))]

    def _table(self, name: str) -> Iterator[Extracted]:
        try:
            columns = [str(row[1]) for row in self._db.execute(f"pragma table_xinfo({_quoted(name)})") if row[6] == 0]
            if columns:
                yield from self._rows(name, columns)
        except (apsw.Error, UnicodeDecodeError) as error:
            yield self._fault("a table", error)

    def _rows(self, name: str, columns: list[str]) -> Iterator[Extracted]:
        paths = [join_path(name, column) for column in columns]
        chosen = ", ".join(map(_quoted, columns))
        as_bytes = False
        while True:
            # A value that is no UTF-8 cannot become a string: such a table is begun again, its texts as bytes.
            cursor = self._db.execute(f"select {chosen} from {_quoted(name)} not indexed")  # noqa: S608 (quoted)
            try:
                for rows in _chunks(cursor):
                    yield from self._given(name, paths, rows)
                    if self._is_more_than_there_is():
                        return
            except UnicodeDecodeError:
                if as_bytes:
                    raise
                as_bytes = True
                chosen = ", ".join(f"cast({_quoted(column)} as blob)" for column in columns)
                continue
            return

    def _given(self, name: str, paths: list[str], rows: list[_Row]) -> Iterator[Extracted]:
        cells: list[tuple[str, list[bytes]]] = []
        files: list[tuple[str, bytes]] = []
        binary = 0
        for path, column in zip(paths, zip(*rows, strict=True), strict=True):
            values = _all_texts(column)
            for value in () if values else column:
                if isinstance(value, str):
                    values.append(value.encode("utf-8", "replace"))
                elif isinstance(value, bytes):
                    text = _text_of(value)
                    if text is not None:
                        values.append(text)
                    elif value.startswith(_FILES):
                        files.append((path, value))
                    else:
                        binary += len(value) >= _BLOB
                elif value is not None:
                    values.append(str(value).encode())
            self._gave(sum(map(len, values)))
            cells.append((path, values))
        yield Columns(cells, f"table {name}").values(self._source.members)
        for path, value in files:
            self._gave(len(value))
            yield from self._file(path, value)
        if binary:
            yield LeftOut(
                Why.BINARY, self._source.members, f"{binary} values that are no text, nor files that are read here"
            )

    def _file(self, path: str, value: bytes) -> Iterator[Extracted]:
        many = count_in(self._source, self._budget)
        if many is not None:
            yield many
            return
        yield from look_into(path, len(value), lambda: BytesIO(value), member_of(self._source, path, self._budget))

    def _gave(self, size: int) -> None:
        """Count what comes out. What the file holds was charged as it came out of its archive; what is more is charged here."""
        self._out += size
        self._budget.unpacked += min(size, max(0, self._out - _TIMES * self._size))

    def _is_more_than_there_is(self) -> bool:
        return self._out > BATCH + _TIMES * self._size

    def _bomb(self) -> Unreadable:
        return Unreadable(Fault.BOMB, "its tables give more than the file holds", _MEND, self._source.members)

    def _fault(self, what: str, error: Exception) -> Unreadable:
        members = self._source.members
        self.is_damaged = True
        if isinstance(error, apsw.InterruptError):
            return Unreadable(Fault.BOMB, f"{what} takes more steps than a file of its size may", SPLIT, members)
        if isinstance(error, apsw.NotADBError):
            return Unreadable(Fault.ENCRYPTED, "it is damaged, or encrypted", "decrypt it, and scan that", members)
        return Unreadable(Fault.DAMAGED, f"{what} is damaged ({type(error).__name__})", _MEND, members)


def _chunks(cursor: apsw.Cursor) -> Iterator[list[_Row]]:
    """Give rows in lists of about a batch; those before an error first."""
    rows: list[_Row] = []
    size = 0
    try:
        for row in cursor:
            rows.append(row)
            size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
            if len(rows) >= _ROWS or size >= BATCH:
                yield rows
                rows, size = [], 0
    except (apsw.Error, UnicodeDecodeError):
        if rows:
            yield rows
        raise
    if rows:
        yield rows


def _all_texts(column: Sequence[object]) -> list[bytes]:
    """Give a column of strings, or of whole numbers, in one go: four times as fast as one by one. Nothing where it is neither."""
    try:
        if all(isinstance(value, int) for value in column):
            column = list(map(str, column))
        cells = "\0".join(column).encode().split(b"\0")  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError):
        return []
    return cells if len(cells) == len(column) else []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text_of(value: bytes) -> bytes | None:
    """Give a blob as text, if it is one: UTF-8, or UTF-16 as a database of that encoding has it."""
    if b"\0" in value:
        if value[1:16:2].strip(b"\0") and value[:16:2].strip(b"\0"):
            return None
        for codec in ("utf-16-le", "utf-16-be"):
            with suppress(UnicodeDecodeError):
                text = value.decode(codec)
                if text.isprintable():
                    return text.encode()
        return None
    try:
        value.decode()
    except UnicodeDecodeError:
        runs = strings(value)
        return runs if 2 * len(runs) > len(value) else None
    return value


def _free(opened: bytes | Path, source: Source, *, whole: bool) -> Iterator[Extracted]:
    """Give what is left of deleted rows, as running text; where not every table could be read, all that can be read of the file."""
    size = _size(opened)
    with _file(opened) as file:
        width = page_size(file.read(100))

        def page(number: int) -> bytes:
            file.seek((number - 1) * width)
            return file.read(width)

        batch: list[Text] = []
        together = 0
        where = "damaged pages" if whole else "free pages"
        every = (page(number) for number in range(1, -(-size // width) + 1))
        for stretch in every if whole else free_stretches(size, page):
            found = strings(stretch)
            if found:
                batch.append(Text(found, where=where, members=source.members))
                together += len(found)
            if together > BATCH:
                yield batch
                batch, together = [], 0
        if batch:
            yield batch
