"""What a report rests on: a stretch of time, the entries of it, and the checkpoint that covers them."""

from dataclasses import dataclass
from datetime import datetime

from ringfence.ledger import NoteError, Query, Reader
from ringfence.stamps import stamp


def in_seconds(time: str) -> str:
    """Write a time of the ledger for people.

    >>> in_seconds("2031-01-02T03:04:05.678901Z")
    '2031-01-02 03:04:05Z'
    """
    return f"{time[:10]} {time[11:19]}Z"


@dataclass(frozen=True, slots=True)
class Span:
    """From a time on, and before another one."""

    since: datetime
    until: datetime

    @property
    def query(self) -> Query:
        """What to ask the ledger for."""
        return Query(since=stamp(self.since), until=stamp(self.until))


@dataclass(frozen=True, slots=True)
class Basis:
    """The ledger's state that a report was made from."""

    origin: str  # the ledger's name
    size: int  # entries that the checkpoint covers
    root: str  # the tree's root, as the checkpoint spells it
    note: str  # the checkpoint itself: a signed note
    span: Span
    entries: int  # of the span

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a reader of the report is told of it."""
        return (
            ("Period", f"{in_seconds(stamp(self.span.since))} to {in_seconds(stamp(self.span.until))}"),
            ("Ledger", self.origin),
            ("Entries of the period", f"{self.entries:,}"),
            ("Checkpoint", f"{self.size:,} entries, root {self.root}"),
        )


def basis_of(reader: Reader, span: Span) -> Basis:
    """Take the newest checkpoint: what is written later is no part of the report. Raises `LedgerError`."""
    note = reader.head
    origin, size, root = _read(note)
    return Basis(origin, size, root, note, span, reader.count(span.query, size))


def _read(note: str) -> tuple[str, int, str]:
    """Read a checkpoint's three lines. Its signature is for `ringfence ledger verify`, which has a key from elsewhere."""
    lines = note.split("\n", 3)
    if len(lines) < 4 or not (lines[1].isascii() and lines[1].isdigit()):
        raise NoteError("the ledger's checkpoint is not one", "run `ringfence ledger verify`")
    return lines[0], int(lines[1]), lines[2]
