"""What can go wrong with a ledger, as a closed set, and the errors that carry it.

The rule: an error says what, where and how to mend it, and holds nothing of an entry. `Fault` is closed: whoever drives a
crossing turns each of its members into a refusal (law 3), and the writer sends nothing else over its socket.
"""

import errno
from enum import StrEnum
from pathlib import Path

import apsw


class Fault(StrEnum):
    """Why a ledger did not take an entry. After any of them nothing was promised; see `ringfence.ledger.client` for retries."""

    FULL = "full"  # no space left
    READ_ONLY = "read-only"  # the file or its folder cannot be written
    IO = "io"  # the disk failed, or the file cannot be opened
    BUSY = "busy"  # another process holds the ledger
    CLOSED = "closed"  # no writer, or it went away
    TIMEOUT = "timeout"  # no answer within the deadline: the entry may or may not be there
    DAMAGED = "damaged"  # what is stored does not match its own checkpoint: `ringfence ledger verify` says where
    ENTRY = "entry"  # the entry itself cannot be taken: too large, or not a JSON object


MOST_TOLD = 2  # lines of a writer that knew why; more is a traceback

MENDS = {
    Fault.FULL: "free space on the ledger's disk; it goes on by itself",
    Fault.READ_ONLY: "make the ledger's file and folder writable; it goes on by itself",
    Fault.IO: "check the ledger's disk; it goes on by itself",
    Fault.BUSY: "let the other process end, or send entries to the writer instead of opening the file",
    Fault.CLOSED: "see the log beside the ledger (`.log`) for why its writer does not run",
    Fault.TIMEOUT: "check the load of the ledger's disk; send the same entry again, it will not be doubled",
    Fault.DAMAGED: "run `ringfence ledger verify`; go on with a backup or a new ledger",
    Fault.ENTRY: "make the entry a JSON object of strings, numbers, lists and objects within the size limit",
}


class LedgerError(Exception):
    """Whatever ringfence raises about a ledger: `what` is wrong and where, and its `mend`."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}" if mend else what)


class LedgerUnavailable(LedgerError):
    """The ledger did not take an entry; `fault` says why."""

    def __init__(self, fault: Fault, what: str = "the ledger did not take the entry") -> None:
        self.fault = fault
        super().__init__(f"{what}: {fault.value}", MENDS[fault])


class WriterNotStarted(LedgerUnavailable):
    """No writer could be started; `told` is what it said of that, which names files and modes, never an entry."""

    def __init__(self, file: Path, told: bytes) -> None:
        super().__init__(Fault.CLOSED)
        lines = told.decode(errors="replace").splitlines()
        why, mend = (*lines, "", "")[:2] if len(lines) <= MOST_TOLD else ("it broke", "")
        LedgerError.__init__(
            self,
            f"{file}: its writer does not start: {why or 'it was ended'}",
            mend.strip() or "check the files beside the ledger: their owner, their modes, their disk",
        )


class LedgerUnreadable(LedgerError):
    """A file that is not a ledger, cannot be opened, or is of a newer format."""


class LedgerTooNew(LedgerUnreadable):
    """A ledger written by a newer ringfence."""

    def __init__(self, where: str, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            f"{where}: ledger format {found}, and this program knows up to {known}",
            "update ringfence; nothing was changed",
        )


_BY_TYPE: tuple[tuple[type[BaseException], Fault], ...] = (
    (apsw.FullError, Fault.FULL),
    (apsw.ReadOnlyError, Fault.READ_ONLY),
    (apsw.PermissionsError, Fault.READ_ONLY),
    (apsw.BusyError, Fault.BUSY),
    (apsw.LockedError, Fault.BUSY),
    (apsw.CorruptError, Fault.DAMAGED),
    (apsw.NotADBError, Fault.DAMAGED),
    (apsw.ConstraintError, Fault.ENTRY),
    (apsw.TooBigError, Fault.ENTRY),
    (apsw.SQLError, Fault.ENTRY),  # "malformed JSON", from the generated columns
)
_BY_ERRNO = {
    errno.ENOSPC: Fault.FULL,
    errno.EDQUOT: Fault.FULL,
    errno.EROFS: Fault.READ_ONLY,
    errno.EACCES: Fault.READ_ONLY,
    errno.EPERM: Fault.READ_ONLY,
}


def fault_of(error: BaseException) -> Fault:
    """Name what a failing store raised. What is not known by its type is the disk's fault: it blocks either way."""
    if isinstance(error, LedgerUnavailable):
        return error.fault
    if isinstance(error, (LedgerUnreadable, UnicodeDecodeError)):  # the latter: text in the file that is none
        return Fault.DAMAGED
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, Fault.IO)
    return next((fault for kind, fault in _BY_TYPE if isinstance(error, kind)), Fault.IO)
