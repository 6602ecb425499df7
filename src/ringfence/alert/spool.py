"""What has to survive the sender: how far it has read, what it counts, and which alerts are still to be delivered.

The rule: an alert and the place in the ledger that it was read from are kept in one transaction, and only then is the alert
recorded and delivered. So whoever kills the sender loses nothing, and doubles nothing but a delivery whose answer was not kept in
time: that one comes again under the same id. What is kept before it is recorded is recorded again as the same bytes, which the
ledger knows.

One file, mode 0600, with one owner (the lock beside it). It is bounded: of each receiver at most `MOST_WAITING` alerts wait; the
oldest beyond it are left out, counted, and told as one when the receiver is back. Each of them is in the ledger.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
from pydantic import TypeAdapter

from ringfence.alert.telling import Message
from ringfence.ledger import JsonValue, canonical
from ringfence.ledger.address import beside
from ringfence.serve.faults import ServeFault

FILE = "alerts.db"
MOST_WAITING = 10_000  # of one receiver; a message has about 700 bytes
_VERSION = 1
_APPLICATION_ID = 0x52464C53  # "RFLS"
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)

_SCHEMA = """
CREATE TABLE position (only INTEGER PRIMARY KEY CHECK (only = 1), ledger INTEGER NOT NULL);
CREATE TABLE counts (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE volumes (principal TEXT, category TEXT, state TEXT NOT NULL, PRIMARY KEY (principal, category)) WITHOUT ROWID;
CREATE TABLE alerts (number INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB, message TEXT NOT NULL);
CREATE TABLE deliveries (
    receiver TEXT, alert INTEGER REFERENCES alerts (number), attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (receiver, alert)
) WITHOUT ROWID;
CREATE INDEX deliveries_by_alert ON deliveries (alert);
CREATE TABLE left_out (receiver TEXT PRIMARY KEY, alerts INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert on its way into the spool: its entry, its message, and to whom it goes."""

    entry: Mapping[str, JsonValue]
    message: Message
    to: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a receiver."""

    number: int
    message: Message
    attempts: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Alerts that a receiver will not get one by one: how many, the ids of the first and the last."""

    alerts: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What has changed since the last time: position in the ledger, counts and volumes (None: over)."""

    position: int
    counts: Sequence[tuple[str, str | None]] = ()
    volumes: Sequence[tuple[tuple[str, str], list[int] | None]] = ()


class Spool:
    """The file. Raises `ServeFault` where another sender has it, or it is none."""

    def __init__(self, file: Path, most: int = MOST_WAITING) -> None:
        self.file = file
        self._most = most
        self._lock = os.open(beside(file, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._db = _opened(file)
        except BlockingIOError:
            os.close(self._lock)
            raise ServeFault(
                f"{file}: alerts are sent from here already", "`ringfence up` does it; stop the other one"
            ) from None
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let the next one have it."""
        self._db.close(force=True)
        os.close(self._lock)

    @property
    def position(self) -> int | None:
        """The index of the next entry to read; None before the first time."""
        found = self._db.execute("SELECT ledger FROM position").get
        return found if isinstance(found, int) else None

    def counts(self) -> dict[str, str]:
        """Give what was counted."""
        return {str(key): str(state) for key, state in self._db.execute("SELECT key, state FROM counts")}

    def volumes(self) -> Iterator[tuple[tuple[str, str], list[int]]]:
        """Give the volumes that were kept."""
        for principal, category, state in self._db.execute("SELECT principal, category, state FROM volumes"):
            yield (str(principal), str(category)), [int(each) for each in str(state).split()]

    def keep(self, kept: Kept, told: Sequence[Told] = ()) -> None:
        """Keep what has changed and the alerts that came of it, all or nothing, durably."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO position VALUES (1, ?)", (kept.position,))
            for key, state in kept.counts:
                if state is None:
                    self._db.execute("DELETE FROM counts WHERE key = ?", (key,))
                else:
                    self._db.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (key, state))
            for (principal, category), hours in kept.volumes:
                if hours is None:
                    self._db.execute("DELETE FROM volumes WHERE principal = ? AND category = ?", (principal, category))
                else:
                    row = (principal, category, " ".join(map(str, hours)))
                    self._db.execute("INSERT OR REPLACE INTO volumes VALUES (?, ?, ?)", row)
            for one in told:
                self._add(canonical(one.entry), one.message, one.to)
            for receiver in {name for one in told for name in one.to}:
                self._bound(receiver)

    def add(self, message: Message, to: Sequence[str]) -> None:
        """Keep a message that has no entry of its own."""
        with self._transaction():
            self._add(None, message, to)

    def unrecorded(self) -> list[tuple[int, bytes]]:
        """Give the entries that the ledger has to take before anything of them is delivered, oldest first."""
        rows = self._db.execute("SELECT number, entry FROM alerts WHERE entry IS NOT NULL ORDER BY number LIMIT 500")
        return [(int(number), bytes(entry)) for number, entry in rows]

    def recorded(self, numbers: Sequence[int]) -> None:
        """Note that the ledger has them."""
        with self._transaction():
            for number in numbers:
                self._db.execute("UPDATE alerts SET entry = NULL WHERE number = ?", (number,))
                self._forget(number)

    def next_for(self, receiver: str, now: float) -> Waiting | None:
        """Give the oldest recorded message that is due for a receiver."""
        row = self._db.execute(
            "SELECT number, message, attempts FROM deliveries JOIN alerts ON number = alert"
            " WHERE receiver = ? AND due <= ? AND entry IS NULL ORDER BY alert LIMIT 1",
            (receiver, now),
        ).get
        if not isinstance(row, tuple):
            return None
        number, message, attempts = row
        return Waiting(int(number), _MESSAGE.validate_json(str(message)), int(attempts))

    def delivered(self, receiver: str, number: int) -> None:
        """Note that a receiver has a message."""
        with self._transaction():
            self._db.execute("DELETE FROM deliveries WHERE receiver = ? AND alert = ?", (receiver, number))
            self._forget(number)

    def put_off(self, receiver: str, number: int, due: float) -> None:
        """Note that a message was tried in vain, and when it is tried again."""
        with self._transaction():
            self._db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE receiver = ? AND alert = ?",
                (due, receiver, number),
            )

    def leave_out(self, receiver: str, number: int) -> None:
        """Give a message up."""
        with self._transaction():
            self._leave_out(receiver, number)

    def take_left_out(self, receiver: str, make: "Callable[[LeftOut], Message]") -> bool:
        """Put what was left out of a receiver's messages into one, which waits like others; say whether there was anything."""
        row = self._db.execute("SELECT alerts, first, last FROM left_out WHERE receiver = ?", (receiver,)).get
        if not isinstance(row, tuple):
            return False
        with self._transaction():
            self._db.execute("DELETE FROM left_out WHERE receiver = ?", (receiver,))
            self._add(None, make(LeftOut(int(row[0]), str(row[1]), str(row[2]))), [receiver])
        return True

    def waiting(self) -> dict[str, int]:
        """Say how many messages wait for each receiver."""
        rows = self._db.execute("SELECT receiver, count(*) FROM deliveries GROUP BY receiver")
        return {str(receiver): int(count) for receiver, count in rows}

    def keep_only(self, receivers: Sequence[str]) -> int:
        """Forget what waits for receivers that the policy no longer has; say how many messages."""
        marks = ", ".join("?" * len(receivers))
        with self._transaction():
            before = self._db.total_changes()
            self._db.execute(f"DELETE FROM deliveries WHERE receiver NOT IN ({marks})", tuple(receivers))  # noqa: S608 (marks only)
            gone = self._db.total_changes() - before
            self._db.execute(f"DELETE FROM left_out WHERE receiver NOT IN ({marks})", tuple(receivers))  # noqa: S608 (marks only)
            self._db.execute("DELETE FROM alerts WHERE entry IS NULL AND number NOT IN (SELECT alert FROM deliveries)")
        return gone

    def _add(self, entry: bytes | None, message: Message, to: Sequence[str]) -> None:
        self._db.execute(
            "INSERT INTO alerts (entry, message) VALUES (?, ?)", (entry, _MESSAGE.dump_json(message).decode())
        )
        number = self._db.last_insert_rowid()
        self._db.executemany(
            "INSERT INTO deliveries (receiver, alert) VALUES (?, ?)", [(receiver, number) for receiver in to]
        )

    def _bound(self, receiver: str) -> None:
        rows = self._db.execute(
            "SELECT alert FROM deliveries WHERE receiver = ? ORDER BY alert DESC LIMIT -1 OFFSET ?",
            (receiver, self._most),
        ).fetchall()
        for (number,) in reversed(rows):
            self._leave_out(receiver, int(number))

    def _leave_out(self, receiver: str, number: int) -> None:
        row = self._db.execute("SELECT message FROM alerts WHERE number = ?", (number,)).get
        name = _MESSAGE.validate_json(str(row)).id
        self._db.execute(
            "INSERT INTO left_out VALUES (?, 1, ?, ?)"
            " ON CONFLICT (receiver) DO UPDATE SET alerts = alerts + 1, last = excluded.last",
            (receiver, name, name),
        )
        self._db.execute("DELETE FROM deliveries WHERE receiver = ? AND alert = ?", (receiver, number))
        self._forget(number)

    def _forget(self, number: int) -> None:
        """Forget an alert that is recorded and waits for nobody."""
        self._db.execute(
            "DELETE FROM alerts WHERE number = ? AND entry IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE alert = number)",
            (number,),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _opened(file: Path) -> apsw.Connection:
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        db.set_busy_timeout(2000)
        db.pragma("journal_mode", "WAL")
        db.pragma("synchronous", "FULL")
        if db.pragma("user_version") == 0:
            db.execute(f"BEGIN IMMEDIATE; {_SCHEMA}")
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {_VERSION}; COMMIT")
        found = (db.pragma("application_id"), db.pragma("user_version"))
    except apsw.Error as error:
        db.close()
        raise ServeFault(f"{file}: cannot be read", "move it away; another one is begun") from error
    if found != (_APPLICATION_ID, _VERSION):
        db.close()
        raise ServeFault(f"{file}: not the alerts of this ringfence", "move it away; another one is begun")
    return db
