"""The tables of a ledger's file, and how an older file becomes a newer one.

The rule: a file is made by running every migration in order, and an older file is brought up by running those that it lacks; so
the two cannot differ. A migration never touches a commitment. A file of a newer format is refused unread and unchanged. What
tables, indexes and triggers a file has must be exactly what the migrations make: a trigger that somebody added would run in the
writer, and a view in a table's place would answer for it.

Columns to look entries up by are *generated from the body*, so they cannot say anything that the commitment does not cover,
and are gone when the body is. They cost 1.6 µs an index and entry (two-core machine); `flow`, `kind` and `principal` are looked
up by scanning, newest first, for two more indexes would take a third of the appends.
"""

from dataclasses import dataclass
from functools import cache

import apsw

from ringfence.ledger.faults import LedgerTooNew, LedgerUnreadable

APPLICATION_ID = 0x52464C47  # "RFLG" in the file's header: this is a ledger, and not some other SQLite file


@dataclass(frozen=True, slots=True)
class Migration:
    """A step of the format."""

    version: int
    what: str
    statements: str


MIGRATIONS = (
    Migration(
        1,
        "entries, segments of the tree, the head",
        """
        CREATE TABLE ledger (origin TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE entries (
            number INTEGER PRIMARY KEY,
            body TEXT CHECK (body IS NULL OR json_valid(body)),
            salt BLOB CHECK ((salt IS NULL) = (body IS NULL)),
            commitment BLOB NOT NULL,
            kind TEXT GENERATED ALWAYS AS (body ->> '$.kind') VIRTUAL,
            crossing TEXT GENERATED ALWAYS AS (body ->> '$.crossing') VIRTUAL,
            flow TEXT GENERATED ALWAYS AS (body ->> '$.flow') VIRTUAL,
            at TEXT GENERATED ALWAYS AS (body ->> '$.at') VIRTUAL,
            principal TEXT GENERATED ALWAYS AS (body ->> '$.principal') VIRTUAL
        );
        CREATE TABLE segments (number INTEGER PRIMARY KEY, root BLOB NOT NULL, note TEXT NOT NULL);
        CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), note TEXT NOT NULL);
        """,
    ),
    Migration(
        2,
        "entries by crossing and by time",
        """
        CREATE INDEX entries_by_crossing ON entries (crossing) WHERE crossing IS NOT NULL;
        CREATE INDEX entries_by_time ON entries (at) WHERE at IS NOT NULL;
        """,
    ),
)
FORMAT = MIGRATIONS[-1].version


def migrate(db: apsw.Connection, where: str) -> None:
    """Bring an open ledger up to this program's format, each step in one transaction with the row that says so."""
    version = format_of(db, where)
    for step in MIGRATIONS:
        if step.version > version:
            db.execute("BEGIN IMMEDIATE")
            try:
                _run(db, step)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise


def make_schema(db: apsw.Connection) -> None:
    """Make the tables in a new file."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("CREATE TABLE migrations (version INTEGER PRIMARY KEY, what TEXT NOT NULL)")
    for step in MIGRATIONS:
        _run(db, step)


def format_of(db: apsw.Connection, where: str) -> int:
    """Give a file's format. Raises `LedgerUnreadable` for what is no ledger, `LedgerTooNew` for a newer one."""
    if db.pragma("application_id") != APPLICATION_ID:
        raise LedgerUnreadable(f"{where}: not a ledger", "give the file that `ringfence init` made")
    version = db.execute("SELECT max(version) FROM migrations").get
    if not isinstance(version, int):
        raise LedgerUnreadable(f"{where}: a ledger without a format", "go on with a backup")
    if version > FORMAT:
        raise LedgerTooNew(where, version, FORMAT)
    return version


def differs(db: apsw.Connection) -> bool:
    """Say whether a file has other tables, indexes, triggers or migrations than its format has."""
    return _shape_of(db) != _shape_made()


@cache
def _shape_made() -> tuple[object, ...]:
    db = apsw.Connection(":memory:")
    try:
        make_schema(db)
        return _shape_of(db)
    finally:
        db.close()


def _shape_of(db: apsw.Connection) -> tuple[object, ...]:
    tables = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
    return (*tables, *db.execute("SELECT version, what FROM migrations ORDER BY version"))


def _run(db: apsw.Connection, step: Migration) -> None:
    db.execute(step.statements)
    db.execute("INSERT INTO migrations VALUES (?, ?)", (step.version, step.what))
