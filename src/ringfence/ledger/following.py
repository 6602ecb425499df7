"""Following a ledger: its newest entries, and then whatever is written, also when the file is replaced meanwhile.

The rule: entries are read in batches, and nothing is held open between them: whoever shows them may be slow, and a reader that
stays in the middle of a query would keep the writer's log from being folded back into the file.
"""

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from ringfence.ledger.faults import LedgerUnreadable
from ringfence.ledger.reading import Entry, Query, Reader

POLL: Final = 0.25  # seconds between two looks
BATCH: Final = 500  # entries

Fits = Callable[[Entry], bool]


class Follower:
    """Reads on from an index. `close` it."""

    def __init__(self, file: Path, query: Query, at: int | None = None) -> None:
        self._file = file
        self._query = query
        self._reader = Reader(file)
        self._was: tuple[int, int] | None = _identity(file)
        self.at = self._reader.size if at is None else at
        self.replacements = 0  # how often another file was found in the ledger's place

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._reader.close()

    def newest(self, count: int, fits: Fits) -> list[Entry]:
        """Give the newest entries before where it stands, oldest first."""
        before = (entry for entry in self._reader.backwards(self._query) if entry.index < self.at)
        return list(islice(filter(fits, before), count))[::-1]

    def first_kept(self, since: str) -> int:
        """Give the index of the first entry that is not older than a time."""
        return self._reader.first_kept(since)

    @property
    def is_at_end(self) -> bool:
        """Whether everything was given that there is."""
        return self.at >= self._reader.size

    def batch(self) -> Sequence[Entry]:
        """Give what fits of the next entries; moves on. What is not there, or cannot be read just now, comes later."""
        try:
            self._look_for_another()
            end = min(self._reader.size, self.at + BATCH)
            found = list(self._reader.between(self.at, end, self._query))
        except LedgerUnreadable:
            self._was = None  # to be opened anew
            return []
        self.at = max(self.at, end)
        return found

    def follow(self) -> Iterator[Sequence[Entry]]:
        """Give batches for ever, each as soon as it is there; an empty one each time there is nothing new."""
        while True:
            before = self.at
            yield self.batch()
            if self.at == before:
                time.sleep(POLL)

    def _look_for_another(self) -> None:
        """Take the file that stands in the ledger's place now, and go on where it parts from what was read.

        Another ledger does so at its beginning; an older copy at its end, or where it has been written to since.
        """
        is_there = _identity(self._file)
        if is_there is None or (is_there == self._was and self._reader.size >= self.at):
            return
        fresh = Reader(self._file)
        self.at = _parting(self._reader, fresh, min(self.at, fresh.size))
        self._reader.close()
        self._reader, self._was = fresh, is_there
        self.replacements += 1


def _parting(before: Reader, now: Reader, most: int) -> int:
    """Give the first index below `most` at which two ledgers differ: from there on all entries do, for each is salted.

    Where the one before cannot be read any more that is the beginning: what is shown twice is not missed.
    """
    try:
        return bisect_left(range(most), True, key=lambda index: _commitment(before, index) != _commitment(now, index))
    except LedgerUnreadable:
        return 0


def _commitment(reader: Reader, index: int) -> bytes:
    entry = reader.entry(index)
    return entry.commitment if entry is not None else b""


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(file)  # noqa: PTH116 (of the name, each time anew)
    except OSError:
        return None
    return status.st_dev, status.st_ino
