"""A ledger that this process owns: its lock, its store, and what is needed to go on by itself after a fault.

The rule: whoever appends holds the lock, so a ledger has one writer; the lock is the kernel's (flock) and goes with the
process. Nobody but the tests, `ringfence.ledger.writer` and commands that need no writer makes one of these: everybody else
sends to the writer.

An entry with an `id` may be sent again after an answer was lost. The same entry is the same bytes: the newest `REMEMBERED` of
them are known by their SHA-256, read back from the file at the opening, so a repetition gets the index of the first one
even when the writer died between its commit and its answer. Older ones would be written twice.
"""

import fcntl
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import apsw

from ringfence.ledger.address import beside
from ringfence.ledger.entry import JsonValue, Receipt, canonical
from ringfence.ledger.faults import Fault, LedgerUnavailable, fault_of
from ringfence.ledger.note import SigningKey
from ringfence.ledger.store import Store

REMEMBERED = 8192  # entries; more than a deadline's worth is not needed, and this many open in 20 ms
DROPPED_AT_ONCE = 2000  # bodies; a stretch takes 10 ms

# After these the file is as it was and its connection is good; after any other it is opened anew.
_HARMLESS = frozenset({Fault.FULL, Fault.BUSY, Fault.ENTRY})


T = TypeVar("T")


class Lock:
    """The right to write a ledger. Raises `LedgerUnavailable` (busy) where another process has it."""

    def __init__(self, file: Path) -> None:
        self._handle = os.open(beside(file, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise LedgerUnavailable(Fault.BUSY, f"{file}: another process writes this ledger") from None

    @property
    def descriptor(self) -> int:
        """The open file that holds the lock."""
        return self._handle

    def release(self) -> None:
        """Let the next one write."""
        os.close(self._handle)


class Ledger:
    """An owned ledger. One thread at a time.

    >>> import tempfile; from ringfence.ledger.keys import make_keys; from ringfence.ledger.store import create_ledger
    >>> folder = Path(tempfile.mkdtemp())
    >>> key = make_keys(folder / "ledger.key", folder / "ledger.pub", "ringfence/example/0")
    >>> create_ledger(folder / "ledger.db", key)
    >>> with Ledger(folder / "ledger.db", key) as ledger:
    ...     [str(receipt) for receipt in ledger.append([{"kind": "crossed"}, {"kind": "refused"}])]
    ['ringfence/example/0#0', 'ringfence/example/0#1']
    """

    def __init__(self, file: Path, key: SigningKey, vfs: str | None = None) -> None:
        """Take the lock; the file is opened when it is first needed, and anew after a fault."""
        self.file = file
        self.origin = key.name
        self._key = key
        self._vfs = vfs
        self._store: Store | None = None
        self._inode: tuple[int, int] | None = None
        self._must_copy = False
        self._known: dict[bytes, int] = {}  # SHA-256 of a body -> its index
        self._known_before: dict[bytes, int] = {}  # the same of older ones: what `_known` was when it was full
        self._lock = Lock(file)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def lock_descriptor(self) -> int:
        """What a process that goes on with this ledger has to keep open."""
        return self._lock.descriptor

    @property
    def size(self) -> int:
        """How many entries are durable. Opens the file."""
        return self._guarded(lambda store: store.size)

    def append(self, entries: Sequence[Mapping[str, JsonValue]]) -> list[Receipt]:
        """Write entries durably and in order, all or none."""
        bodies = [canonical(entry) for entry in entries]
        indices = self.append_bodies(bodies, {at for at, entry in enumerate(entries) if "id" not in entry})
        return [Receipt(self.origin, index, self.size) for index in indices]

    def append_bodies(self, bodies: Sequence[bytes], without_id: Collection[int] = ()) -> list[int]:
        """Write canonical bodies; give each one's index. Those at the places `without_id` are never taken for repetitions."""
        return self._guarded(lambda store: self._append(store, bodies, without_id))

    def expire(self, before: str, through: int, at: str) -> Receipt:
        """Record that the bodies of the entries before index `through` are dropped. `drop_some` then drops them."""
        entry: Mapping[str, JsonValue] = {
            "kind": "expired",
            "at": at,
            "before": before,
            "through": min(through, self.size),
        }
        return self.append([entry])[0]

    def drop_some(self, start: int, through: int) -> int:
        """Drop a stretch of bodies whose expiry is recorded; give where the next one starts. At the end the log is emptied."""
        end = min(start + DROPPED_AT_ONCE, through)
        self._guarded(lambda store: store.drop_bodies(start, end))
        if end >= through:
            self._guarded(lambda store: store.empty_log())
        return end

    def tidy(self) -> None:
        """Do what need not be done before receipts are given. A failure shows in the next append."""
        if self._store is not None:
            try:
                self._store.copy_log_when_long()
            except apsw.Error:
                self._forget()

    def close(self) -> None:
        """Close the file and release the lock."""
        self._forget()
        self._lock.release()

    def _append(self, store: Store, bodies: Sequence[bytes], without_id: Collection[int]) -> list[int]:
        fresh: list[bytes] = []
        learnt: dict[bytes, int] = {}
        indices: list[int] = []
        size = store.size
        for place, body in enumerate(bodies):
            digest = sha256(body).digest()
            index = self._known.get(digest)
            if index is None:
                index = self._known_before.get(digest, learnt.get(digest))
            if index is None or place in without_id:
                index = size + len(fresh)
                fresh.append(body)
                learnt[digest] = index
            indices.append(index)
        if fresh:
            store.append(fresh)
            if len(self._known) > REMEMBERED:
                self._known, self._known_before = {}, self._known
            self._known.update(learnt)
        return indices

    def _guarded(self, work: Callable[[Store], T]) -> T:
        """Work on the open store; turn whatever the disk does into a fault, and open anew next time where that is needed."""
        try:
            return work(self._opened())
        except (apsw.Error, OSError, UnicodeDecodeError, LedgerUnavailable) as error:
            fault = fault_of(error)
            if fault not in _HARMLESS or (self._store is not None and not self._store.is_settled):
                self._must_copy = self._must_copy or self._store is not None
                self._forget()
            if isinstance(error, LedgerUnavailable):
                raise
            raise LedgerUnavailable(fault, str(self.file)) from error

    def _opened(self) -> Store:
        found = self.file.stat()
        inode = (found.st_dev, found.st_ino)
        if self._store is not None and inode != self._inode:
            # The file was moved away under us: what is written to it now, nobody would ever read.
            self._forget()
        if self._store is None:
            store = Store(self.file, self._key, self._vfs, must_copy=self._must_copy)
            self._known = {sha256(body).digest(): index for index, body in store.last_bodies(REMEMBERED)}
            self._known_before = {}
            self._store, self._inode, self._must_copy = store, inode, False
        return self._store

    def _forget(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with suppress(apsw.Error):
                store.close()
