"""Reading a ledger beside its running writer: entries, its head, proofs, copies.

The rule: nothing here writes to the ledger or takes its lock. SQLite's log gives a reader a snapshot, however long it looks,
and the writer goes on meanwhile. What is read here has not been verified: that is `ringfence.ledger.verifying`.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import apsw

from ringfence.ledger.entry import JsonValue, parse_body
from ringfence.ledger.faults import LedgerError, LedgerUnreadable, fault_of
from ringfence.ledger.keys import sync_folder
from ringfence.ledger.schema import format_of
from ringfence.ledger.store import SEGMENT
from ringfence.ledger.tree import inclusion_proof, root_of

BUSY_MS = 2000
_SELECT = "SELECT number, body, commitment FROM entries WHERE "


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored entry; `body` is None where retention has dropped it (its commitment stays)."""

    index: int
    body: Mapping[str, JsonValue] | None
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; None is everything. Times are as `ringfence.stamps` writes them: from `since` to before `until`."""

    flow: str | None = None
    kind: str | None = None
    principal: str | None = None
    category: str | None = None  # and all under it
    crossing: str | None = None
    since: str | None = None
    until: str | None = None


_CONDITIONS = {
    "flow": "flow = ?",
    "kind": "kind = ?",
    "principal": "principal = ?",
    "crossing": "crossing = ?",
    "since": "at >= ?",
    "until": "at < ?",
    # An entry's facts stand under `found`; a category covers those below it.
    "category": "EXISTS (SELECT 1 FROM json_each(body, '$.found') AS fact"
    " WHERE (fact.value ->> '$.category') || '.' GLOB replace(replace(replace(?, '[', ''), '*', ''), '?', '') || '.*')",
}


def _where(query: Query) -> tuple[str, list[str | int]]:
    terms: list[str] = ["TRUE"]
    values: list[str | int] = []
    for name, condition in _CONDITIONS.items():
        value = getattr(query, name)
        if value is not None:
            terms.append(condition)
            values.append(value)
    return " AND ".join(terms), values


def open_for_reading(file: Path) -> apsw.Connection:
    """Open a ledger's file without the means to change it. Raises `LedgerUnreadable`; the caller closes it."""
    name = f"file:{quote(os.fspath(file.absolute()))}"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    if not file.is_file():
        raise LedgerUnreadable(f"{file}: no such ledger", "make one with `ringfence init`")
    # A folder that cannot be written takes no shared memory for the log; without a log none is needed.
    attempts = [
        f"{name}?mode=ro",
        *([] if file.with_name(f"{file.name}-wal").exists() else [f"{name}?mode=ro&immutable=1"]),
    ]
    for attempt in attempts:
        db = apsw.Connection(attempt, flags=flags)
        try:
            db.set_busy_timeout(BUSY_MS)
            db.pragma("trusted_schema", "OFF")
            db.pragma("cell_size_check", "ON")
            format_of(db, str(file))
        except (apsw.CantOpenError, apsw.ReadOnlyError):
            db.close()
        except apsw.Error as error:
            db.close()
            raise LedgerUnreadable(f"{file}: not a ledger, or damaged beyond reading", "go on with a backup") from error
        except BaseException:
            db.close()
            raise
        else:
            return db
    raise LedgerUnreadable(f"{file}: cannot be opened", "copy it to a folder that can be written, with its -wal file")


class Reader:
    """A ledger opened for reading. Each call sees what is durable at that moment."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._db = open_for_reading(file)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close(force=True)

    @property
    def size(self) -> int:
        """How many entries there are."""
        last = self._get("SELECT max(number) FROM entries")
        return last + 1 if isinstance(last, int) else 0

    @property
    def version(self) -> int:
        """A number that changes whenever somebody else has written to the file: looking at it costs microseconds."""
        found = self._get("PRAGMA data_version")
        return found if isinstance(found, int) else 0

    @property
    def head(self) -> str:
        """The newest checkpoint, as a signed note: what to keep elsewhere."""
        note = self._get("SELECT note FROM head")
        if not isinstance(note, str):
            raise self._damaged()
        return note

    def entry(self, index: int) -> Entry | None:
        """Give one entry."""
        return next(self._entries(f"{_SELECT} number = ?", (index,)), None)

    def between(self, start: int, end: int, query: Query) -> Iterator[Entry]:
        """Give those entries from one index to before another that fit, oldest first."""
        condition, values = _where(query)
        return self._entries(
            f"{_SELECT} {condition} AND number >= ? AND number < ? ORDER BY number", (*values, start, end)
        )

    def backwards(self, query: Query) -> Iterator[Entry]:
        """Give all that fit, newest first, without holding them."""
        condition, values = _where(query)
        return self._entries(f"{_SELECT} {condition} ORDER BY number DESC", tuple(values))

    def since(self, index: int) -> Iterator[Entry]:
        """Give the entries from an index on, oldest first."""
        return self._entries(f"{_SELECT} number >= ? ORDER BY number", (index,))

    def find(self, query: Query, most: int) -> list[Entry]:
        """Give the newest `most` entries that fit, oldest first."""
        condition, values = _where(query)
        return list(self._entries(f"{_SELECT} {condition} ORDER BY number DESC LIMIT ?", (*values, most)))[::-1]

    def each(self, query: Query, size: int) -> Iterator[Entry]:
        """Give all that fit of the first `size` entries, oldest first, without holding them."""
        condition, values = _where(query)
        return self._entries(f"{_SELECT} {condition} AND number < ? ORDER BY number", (*values, size))

    def count(self, query: Query, size: int) -> int:
        """Count what `each` gives."""
        condition, values = _where(query)
        sql = f"SELECT count(*) FROM entries WHERE {condition} AND number < ?"  # noqa: S608 (conditions are the table's)
        found = self._get(sql, *values, size)
        return found if isinstance(found, int) else 0

    def first_kept(self, before: str) -> int:
        """Give the index of the first entry that is not older than a time: what stands before it may expire."""
        kept = self._get("SELECT min(number) FROM entries WHERE at >= ?", before)
        return kept if isinstance(kept, int) else self.size

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove that an entry is in the tree of the first `size` entries."""
        return inclusion_proof(index, size, self._subtree)

    def copy_to(self, file: Path) -> None:
        """Copy the ledger, as it is at this moment, to a file of its own (mode 0600). The writer goes on meanwhile.

        Raises `FileExistsError` rather than overwrite.
        """
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        try:
            target = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                with target.backup("main", self._db, "main") as copying:
                    copying.step(-1)  # all pages under one snapshot
                target.pragma("journal_mode", "DELETE")  # one file, that needs no log beside it
            finally:
                target.close()
        except apsw.Error as error:
            file.unlink()
            raise LedgerError(
                f"{file}: the copy could not be written ({fault_of(error).value})",
                "free space there, or name another place",
            ) from error
        except BaseException:
            file.unlink()
            raise
        sync_folder(file.absolute().parent)

    def _subtree(self, start: int, end: int) -> bytes:
        """Give the root of a stretch of leaves: whole segments are not read leaf by leaf."""
        if start % SEGMENT == 0 and end - start > SEGMENT:
            middle = start + (1 << ((end - start - 1).bit_length() - 1))
            return sha256(b"\x01" + self._subtree(start, middle) + self._subtree(middle, end)).digest()
        if start % SEGMENT == 0 and end - start == SEGMENT:
            root = self._get("SELECT root FROM segments WHERE number = ?", start // SEGMENT)
            if isinstance(root, bytes):
                return root
        rows = self._db.execute(
            "SELECT commitment FROM entries WHERE number >= ? AND number < ? ORDER BY number", (start, end)
        )
        return root_of(sha256(b"\x00" + committed).digest() for (committed,) in rows if isinstance(committed, bytes))

    def _entries(self, sql: str, values: tuple[str | int, ...]) -> Iterator[Entry]:
        try:
            for number, body, committed in self._db.execute(sql, values):
                if not isinstance(number, int) or not isinstance(body, str | None) or not isinstance(committed, bytes):
                    raise self._damaged()
                yield Entry(number, parse_body(body) if body is not None else None, committed)
        except (apsw.Error, ValueError) as error:
            raise self._damaged() from error

    def _get(self, sql: str, *values: str | int) -> object:
        try:
            return self._db.execute(sql, values).get
        except (apsw.Error, UnicodeDecodeError) as error:
            raise self._damaged() from error

    def _damaged(self) -> LedgerUnreadable:
        return LedgerUnreadable(f"{self.file}: damaged", "run `ringfence ledger verify` to see where")
