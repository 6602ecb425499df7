"""The store of stand-ins: which placeholder or surrogate stands for which value, in which conversation, until when.

The rule: no clear value and no name of a conversation is ever in the file. A value is sealed (AES-256-SIV under the form's key,
bound to conversation and row); a conversation, and a value in it, are looked up by keyed blind indexes, made anew for each
conversation: who has the file and no key can join nothing, and who has the key and not the conversation's name finds nothing.

Several processes use one file. What is new is written in one transaction, which is durable before its answer is given: a process
killed at any moment leaves a stand-in that is known, or none. A number is given once in a conversation: how far its series have
come is kept for `COUNTED` after the last, longer than values are, because whoever got ``[EMAIL_1]`` may still have it when its
value is gone.

What has expired is never given, and is deleted by the next sweep; SQLite overwrites what is deleted (`secure_delete`), and the log
is cut after it. The file does not grow beyond `MOST_BYTES`: then the vault is silent, and who asks is refused.
"""

import hmac
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

import apsw

from ringfence.crossing import Issued
from ringfence.policy.model import FormKind
from ringfence.transform import Ask, KeyHandle, Keyring, MissingKey, ValueType, series, stand_in
from ringfence.vault import _folder
from ringfence.vault.faults import VaultFault

MOST_BYTES: Final = 1 << 30
COUNTED: Final = 30 * 86_400.0  # seconds
RECALLED: Final = 10_000  # of one conversation, the newest
BUSY_SECONDS: Final = 0.9  # for another process that is writing
_TRIED_EVERY: Final = 0.001  # seconds; SQLite itself waits up to 100 ms, and a busy writer starves who waits so long
_RENEWED_BELOW: Final = (
    0.9  # of the time that a value is kept: what is asked for again and again is not written each time
)
_PAGE: Final = 4096
_APPLICATION_ID: Final = 0x52465355  # "RFSU" in the file's header
_FORMAT: Final = 1
_BOUND: Final = b"ringfence stand-in 1"

_TABLES: Final = """
    CREATE TABLE series (
        conversation BLOB NOT NULL, name TEXT NOT NULL, last INTEGER NOT NULL, used REAL NOT NULL,
        PRIMARY KEY (conversation, name)
    ) WITHOUT ROWID;
    CREATE TABLE stand_ins (
        conversation BLOB NOT NULL, value BLOB NOT NULL, kind TEXT NOT NULL, category TEXT NOT NULL, type TEXT NOT NULL,
        number INTEGER NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL, expires REAL NOT NULL,
        PRIMARY KEY (conversation, value)
    ) WITHOUT ROWID;
    CREATE INDEX stand_ins_by_end ON stand_ins (expires);
    CREATE INDEX series_by_use ON series (used);
"""
_FIND: Final = "SELECT number, expires FROM stand_ins WHERE conversation = ? AND value = ? AND expires > ?"
_RENEW: Final = "UPDATE stand_ins SET expires = ? WHERE conversation = ? AND value = ?"
_COUNT: Final = """
    INSERT INTO series VALUES (?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET last = last + 1, used = excluded.used RETURNING last
"""
_ADD: Final = "INSERT OR REPLACE INTO stand_ins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RECALL: Final = """
    SELECT value, kind, category, type, number, version, sealed FROM stand_ins
    WHERE conversation = ? AND expires > ? ORDER BY expires DESC LIMIT ?
"""

Recall: TypeAlias = Sequence[tuple[str, str]]
"""Names of keys, each with a scope."""

_Made = TypeVar("_Made")
_Row: TypeAlias = tuple[bytes, str, str, str, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the vault answered: a stand-in for each ask in its order, and what the conversation held before."""

    answers: tuple[str | None, ...] = field(repr=False)
    recalled: tuple[Issued, ...] = field(repr=False)


class StandIns:
    """The store, opened by one process. Used by one thread at a time."""

    def __init__(self, file: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Open the file, or make it. Raises `UnsafeKeyFile` where others may reach it, `VaultFault` for another file."""
        _make(file)
        self._file = file
        self._is_in_log = False  # what was swept
        self._identity = _identity(file)
        self._db = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            self._set_up(most_bytes)
        except BaseException:
            self._db.close(force=True)
            raise

    @property
    def is_in_place(self) -> bool:
        """Whether the file still stands where it was opened.

        One that was taken away would go on for this process alone: another would begin a new one, and give its numbers twice.
        """
        return self._identity == _identity(self._file)

    def resolve(self, keys: Keyring, asks: Sequence[Ask], conversation: str, recall: Recall, at: float) -> Resolution:
        """Answer asks within a conversation, and give what it held before, under the keys and scopes of `recall`.

        Durable when it returns. Raises `MissingKey`, and apsw's errors where the file cannot be read or written.
        """
        rooms: dict[tuple[str, str], _Room] = {}
        for key, scope in dict.fromkeys([*((ask.key, ask.scope) for ask in asks), *recall]):
            rooms[key, scope] = self._room(keys, key, scope, conversation)
        recalled = tuple(each for name in recall for each in self._recalled(keys, rooms[name], at))
        wanted = [(ask, rooms[ask.key, ask.scope]) for ask in asks]
        known = [self._known(ask, room, at) for ask, room in wanted]
        if any(number is None for number in known):
            known = self._in_one(lambda: [self._numbered(ask, room, at) for ask, room in wanted])
        answers = (stand_in(ask, number) for ask, number in zip(asks, known, strict=True) if number is not None)
        return Resolution(tuple(answers), recalled)

    def sweep(self, at: float) -> int:
        """Delete what has expired, overwritten, and cut the log that still has it; say how many values that were.

        Where another process is just reading the log, the next sweep cuts it.
        """
        gone = self._in_one(lambda: self._swept(at))
        self._is_in_log = self._is_in_log or gone > 0
        if self._is_in_log:
            with suppress(apsw.BusyError):
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self._is_in_log = False
        return gone

    def close(self) -> None:
        """Close the file."""
        self._db.close(force=True)

    def _known(self, ask: Ask, room: "_Room", at: float) -> int | None:
        """Give a value's number where nothing has to be written for it."""
        for number, expires in self._db.execute(_FIND, (room.id, room.index(ask), at)):
            if expires - at >= ask.keep * _RENEWED_BELOW:
                return int(number)
        return None

    def _numbered(self, ask: Ask, room: "_Room", at: float) -> int:
        index = room.index(ask)
        for number, _ in self._db.execute(_FIND, (room.id, index, at)):
            self._db.execute(_RENEW, (at + ask.keep, room.id, index))
            return int(number)
        number = int(self._db.execute(_COUNT, (room.id, series(ask), at)).get)
        sealed = room.seal(index, ask.value)
        named = (ask.kind.value, ask.category, ask.type.value, number)
        self._db.execute(_ADD, (room.id, index, *named, room.key.version, sealed, at + ask.keep))
        return number

    def _recalled(self, keys: Keyring, room: "_Room", at: float) -> Iterator[Issued]:
        rows = cast("list[_Row]", self._db.execute(_RECALL, (room.id, at, RECALLED)).fetchall())
        for index, kind, category, kept_as, number, version, sealed in rows:
            try:
                clear = room.unseal(keys.version(room.key.name, version), index, sealed)
            except MissingKey:
                continue  # its stand-in is shown, as to anybody without the key
            ask = Ask(room.key.name, room.scope, category, ValueType(kept_as), clear, FormKind(kind))
            text = stand_in(ask, number)
            if text is not None:
                yield Issued(text, category, clear)

    def _room(self, keys: Keyring, name: str, scope: str, conversation: str) -> "_Room":
        """Find a conversation under the version of the key that it began with; one that is new begins with the newest."""
        newest = keys.current(name)
        room = _Room(newest, newest, scope, conversation)
        for version in range(newest.version, 0, -1):
            try:
                older = _Room(newest, keys.version(name, version), scope, conversation)
            except MissingKey:
                continue
            if self._db.execute("SELECT 1 FROM series WHERE conversation = ? LIMIT 1", (older.id,)).get is not None:
                return older
        return room

    def _swept(self, at: float) -> int:
        self._db.execute("DELETE FROM stand_ins WHERE expires <= ?", (at,))
        gone = self._db.changes()
        self._db.execute(
            "DELETE FROM series WHERE used <= ? AND conversation NOT IN (SELECT conversation FROM stand_ins)",
            (at - COUNTED,),
        )
        return gone

    def _in_one(self, work: Callable[[], _Made]) -> _Made:
        """Do work in one transaction: all of it is durable afterwards, or nothing is done."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            made = work()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return made

    def _set_up(self, most_bytes: int) -> None:
        db = self._db
        db.set_busy_handler(_wait)
        db.pragma("trusted_schema", "OFF")
        db.pragma("secure_delete", "ON")
        db.pragma("synchronous", "FULL")  # a number that was sent and forgotten would be given twice
        db.pragma("max_page_count", max(most_bytes // _PAGE, 1))
        if db.pragma("application_id") != _APPLICATION_ID or db.pragma("user_version") != _FORMAT:
            raise VaultFault(
                f"{self._file}: not a store of stand-ins of this format", "move it away; a new one is made"
            )


class _Room:
    """One conversation under one key: what its rows are looked up by and sealed with."""

    __slots__ = ("_values", "id", "key", "scope")

    def __init__(self, key: KeyHandle, of_index: KeyHandle, scope: str, conversation: str) -> None:
        self.key = key
        self.scope = scope
        self.id = _mac(of_index.derive("vault conversation", scope), conversation.encode("utf-8", "surrogatepass"))
        self._values = of_index.derive("vault value", scope)

    def index(self, ask: Ask) -> bytes:
        """Give the blind index of a value in this conversation."""
        parts = (ask.kind.value, ask.category, ask.type.value, ask.value)
        return _mac(self._values, b"\x00".join([self.id, *(part.encode("utf-8", "surrogatepass") for part in parts)]))

    def seal(self, index: bytes, value: str) -> bytes:
        siv = self.key.siv("vault seal", self.scope)
        return siv.encrypt(value.encode("utf-8", "surrogatepass"), [_BOUND, self.id, index])

    def unseal(self, key: KeyHandle, index: bytes, sealed: bytes) -> str:
        siv = key.siv("vault seal", self.scope)
        return siv.decrypt(sealed, [_BOUND, self.id, index]).decode("utf-8", "surrogatepass")


def _wait(tried: int) -> bool:
    """Wait a moment for another process; say whether to try again."""
    time.sleep(_TRIED_EVERY)
    return tried * _TRIED_EVERY < BUSY_SECONDS


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _identity(file: Path) -> tuple[int, int] | None:
    """Say which file stands at a path; None where none does."""
    try:
        there = file.stat()
    except FileNotFoundError:
        return None
    return there.st_dev, there.st_ino


def _make(file: Path) -> None:
    """Make the file where there is none: whole or not at all, by one of those who try. See that nobody else may reach it."""
    if not file.exists():
        draft = file.with_name(f".{file.name}.{os.urandom(8).hex()}.draft")
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            _write_tables(draft)
            with suppress(FileExistsError):
                os.link(draft, file)
        finally:
            draft.unlink()
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _folder.check(os.fstat(handle), file, "600")
    finally:
        os.close(handle)


def _write_tables(draft: Path) -> None:
    db = apsw.Connection(str(draft), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        with db:
            db.execute(_TABLES)
            db.execute(f"PRAGMA user_version = {_FORMAT}")
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        if db.pragma("journal_mode", "WAL") != "wal":
            raise VaultFault(
                f"{draft.parent}: the file system takes no write-ahead log", "put the folder on a local disk"
            )
    finally:
        db.close()
