"""The ledger's file: appending entries durably, in one transaction with the checkpoint that covers them.

The rule: whoever makes a `Store` already holds the ledger's lock (`ringfence.ledger.local`), and there is one. It knows
bodies as bytes, and nothing of sockets or clients.

Why no byte of a payload can precede its record (law 2)
-------------------------------------------------------
1. A crossing gives a `Release` only after it was answered with a receipt, and effects are carried out in order.
2. A receipt is made only from what `Store.append` returns, and that returns only after COMMIT has.
3. COMMIT in WAL mode with ``synchronous=EXTRA`` (or FULL) returns after the frames of the transaction, the last of which is
   marked as a commit, have been written to the log file and fsync has returned. Entries, segments and the signed head are in
   the same transaction; so after a power cut the file holds all of them or none, and the head always covers exactly the entries
   that are there. A frame that was torn has a checksum that does not fit, and ends recovery before it.
4. Copying the log into the file (a WAL checkpoint) first syncs the log, then copies, then syncs the file, and only then may the
   log be begun anew; so at every moment either the log or the file holds each committed page on the disk.
5. A process may die, or an fsync fail, *between* the writing of a commit and its sync. Then the page cache shows, to the next
   opener, entries that no disk holds; were one of them acknowledged because its sender tries again, a power cut could still
   take it. So `Store` opens by copying the log into the file and by a commit of its own: either forces all that it has seen to
   the disk before it answers anything. After a failed fsync the kernel may have thrown the pages away and called them clean (so
   fsync alone proves nothing): there the copy must succeed, for it writes the content again.
6. What was promised is promised by the disk: fsync that lies (a drive's volatile cache without barriers) breaks this argument
   and every other.

The frontier in memory is the durable one: a batch works on a copy, which takes the frontier's place after COMMIT.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import apsw

from ringfence.ledger.entry import SALT_BYTES
from ringfence.ledger.faults import Fault, LedgerUnavailable
from ringfence.ledger.keys import sync_folder
from ringfence.ledger.note import Checkpoint, NoteError, SigningKey, open_checkpoint
from ringfence.ledger.schema import differs, make_schema, migrate
from ringfence.ledger.tree import Frontier

SEGMENT = 1024  # leaves; a million entries open from 977 segment roots and at most 1,023 leaves
MARK = "#segment"  # ends the origin of a segment's note, which therefore cannot pass for a head
COPY_PAGES = (
    400  # of the log, then it is copied: 1.5 ms at a time, where SQLite's own 1000 take 4 (a group waits for it)
)
BUSY_MS = 200  # how long a reader's snapshot may hold up the copying at the opening

_INSERT = "INSERT INTO entries (number, body, salt, commitment) VALUES (?, ?, ?, ?)"


def create_ledger(file: Path, key: SigningKey) -> None:
    """Make an empty ledger, whose origin is the key's name. The file appears whole or not at all.

    Raises `FileExistsError` where something is already there.
    """
    if file.exists():
        raise FileExistsError(17, os.strerror(17), str(file))
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    db = apsw.Connection(str(new), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        db.pragma("synchronous", "EXTRA")
        with db:
            make_schema(db)
            db.execute("INSERT INTO ledger VALUES (?)", (key.name,))
            db.execute("INSERT INTO head VALUES (1, ?)", (key.sign(Checkpoint(key.name, 0, Frontier().root()).text),))
    finally:
        db.close()
    os.link(new, file)  # unlike a rename, it never replaces a ledger that somebody made in the meantime
    new.unlink()
    sync_folder(file.parent)


class Store:
    """An open ledger's file. Owned by one thread at a time; closed after any exception that is not `LedgerUnavailable`."""

    def __init__(self, file: Path, key: SigningKey, vfs: str | None = None, *, must_copy: bool = False) -> None:
        """Open a file, bring it up to date and check it against its own head.

        `must_copy`: after a failed write nothing less than copying the log into the file will do (point 5 above). `vfs` names
        the file layer, for tests that cut its power.
        """
        self._key = key
        self._file = file
        self._log_pages = 0
        self._copy_at = COPY_PAGES
        self._db = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
        try:
            self._set_up(must_copy)
            self.frontier = self._rebuilt_frontier()
        except BaseException:
            self._db.close(force=True)
            raise

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self.frontier.size

    @property
    def is_settled(self) -> bool:
        """Whether no transaction is under way, as after every rollback that worked."""
        return not self._db.in_transaction

    def append(self, bodies: Sequence[bytes]) -> int:
        """Write bodies durably, in order, and give the index of the first. All of them are there, or none is."""
        frontier = self.frontier.copy()
        first = frontier.size
        rows, segments = self._rows(frontier, bodies)
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(_INSERT, rows)
            if segments:
                db.executemany("INSERT INTO segments VALUES (?, ?, ?)", segments)
            self._write_head(frontier)
            db.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self.frontier = frontier
        return first

    def drop_bodies(self, start: int, end: int) -> int:
        """Drop body and salt of the entries from `start` to before `end`, and give how many had one.

        Done in stretches by whoever drops many, so that appends go on in between. `secure_delete` overwrites them with zeroes.
        """
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            drop = "UPDATE entries SET body = NULL, salt = NULL WHERE number >= ? AND number < ? AND body IS NOT NULL"
            db.execute(drop, (start, end))
            dropped = db.changes()
            db.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        return dropped

    def empty_log(self) -> bool:
        """Copy the log into the file and cut it to nothing, for it holds what was dropped. False where a reader prevents it."""
        return not self._copy_log(apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def copy_log_when_long(self) -> None:
        """Copy the log into the file where it has grown. What was acknowledged is durable already, so this may fail."""
        if self._log_pages < self._copy_at:
            return
        left = self._copy_log(apsw.SQLITE_CHECKPOINT_PASSIVE)
        # A reader's snapshot keeps the log from being begun anew; then it is not tried again after every batch.
        self._copy_at = COPY_PAGES + (self._log_pages if left else 0)

    def last_bodies(self, count: int) -> list[tuple[int, bytes]]:
        """Give the newest entries that still have a body, oldest first."""
        query = "SELECT number, body FROM entries WHERE number >= ? AND body IS NOT NULL ORDER BY number"
        return [(int(number), str(body).encode()) for number, body in self._db.execute(query, (self.size - count,))]

    def close(self) -> None:
        """Close the file. Never raises: whatever happens here, what was promised is durable."""
        self._db.close(force=True)

    def _set_up(self, must_copy: bool) -> None:
        db = self._db
        db.set_busy_timeout(BUSY_MS)
        db.pragma("trusted_schema", "OFF")
        db.pragma("cell_size_check", "ON")
        db.pragma("secure_delete", "ON")
        # As FULL; but where a file comes without a log (a backup), the switch to one deletes a rollback journal, and EXTRA syncs
        # the folder after that. With FULL a power cut could bring the journal back, and the next opener would play it.
        db.pragma("synchronous", "EXTRA")
        if db.pragma("journal_mode", "WAL") != "wal":
            raise LedgerUnavailable(Fault.IO, f"{self._file}: the file system takes no write-ahead log")
        db.pragma("wal_autocheckpoint", 0)
        db.set_wal_hook(self._note_log)
        migrate(db, str(self._file))
        if differs(db):
            raise LedgerUnavailable(Fault.DAMAGED, f"{self._file}: tables or triggers that no ledger has")
        left = self._copy_log(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        if left and must_copy:
            raise LedgerUnavailable(Fault.BUSY, f"{self._file}: a reader holds up the recovery")
        db.execute("UPDATE ledger SET origin = origin")  # point 5: a commit of its own

    def _rebuilt_frontier(self) -> Frontier:
        """Rebuild the frontier from segments and the leaves after them; it must be what the signed head says."""
        damaged = LedgerUnavailable(Fault.DAMAGED, f"{self._file}: its entries do not fit its head")
        frontier = Frontier()
        for number, root in self._db.execute("SELECT number, root FROM segments ORDER BY number"):
            if number * SEGMENT != frontier.size or not isinstance(root, bytes):
                raise damaged
            frontier.append_complete(root, SEGMENT)
        tail = "SELECT number, commitment FROM entries WHERE number >= ? ORDER BY number"
        for number, committed in self._db.execute(tail, (frontier.size,)):
            if number != frontier.size or not isinstance(committed, bytes):
                raise damaged
            frontier.append(sha256(b"\x00" + committed).digest())
        note = self._db.execute("SELECT note FROM head").get
        try:
            head = open_checkpoint(note if isinstance(note, str) else "", self._key.public)
        except NoteError as error:
            raise LedgerUnavailable(Fault.DAMAGED, f"{self._file}: its head is not signed by its key") from error
        if (head.size, head.root) != (frontier.size, frontier.root()):
            raise damaged
        return frontier

    def _rows(
        self, frontier: Frontier, bodies: Sequence[bytes]
    ) -> tuple[list[tuple[int, str, bytes, bytes]], list[tuple[int, bytes, str]]]:
        """Salt, commit and append bodies to a frontier: the rows for both tables. 3 µs an entry, of which 2.5 hash."""
        salts = os.urandom(SALT_BYTES * len(bodies))  # one call: 0.5 µs an entry saved
        rows: list[tuple[int, str, bytes, bytes]] = []
        segments: list[tuple[int, bytes, str]] = []
        number = frontier.size
        at = 0
        for body in bodies:
            salt = salts[at : at + SALT_BYTES]
            at += SALT_BYTES
            committed = sha256(salt + body).digest()
            rows.append((number, body.decode(), salt, committed))
            leaf = sha256(b"\x00" + committed).digest()
            number += 1
            if number % SEGMENT:
                frontier.append(leaf)
            else:
                segments.append(self._end_segment(frontier, leaf))
        return rows, segments

    def _end_segment(self, frontier: Frontier, leaf: bytes) -> tuple[int, bytes, str]:
        root = frontier.completed_by(leaf, SEGMENT)
        frontier.append(leaf)
        mark = Checkpoint(self._key.name + MARK, frontier.size, frontier.root())
        return frontier.size // SEGMENT - 1, root, self._key.sign(mark.text)

    def _write_head(self, frontier: Frontier) -> None:
        head = Checkpoint(self._key.name, frontier.size, frontier.root())
        self._db.execute("UPDATE head SET note = ?", (self._key.sign(head.text),))

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _note_log(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _copy_log(self, mode: int) -> bool:
        """Copy the log into the file. True where a reader kept some of it from being copied."""
        try:
            pages, copied = self._db.wal_checkpoint(mode=mode)
        except apsw.BusyError:
            return True
        self._log_pages = pages
        return copied < pages
