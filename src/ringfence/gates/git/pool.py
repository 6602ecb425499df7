"""Looking at many items: in this process where they are few, else shared by several (`sharing`).

The rule: what comes out comes in the order of the items, each once, whoever looked at it.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO, Final

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Item, Passed, Scanned
from ringfence.gates.git.objects import Opened, Unread
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.scanning import Scanner

ALONE: Final = 1 << 20  # bytes that one process looks at sooner than others are started
_UNKNOWN: Final = 16 << 10  # bytes that an item counts for whose size nobody knows


def processors() -> int:
    """Say how many processes can work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan_all(
    items: Iterable[Item], scanner: Scanner, opener: Opener, *, processes: int | None = None
) -> Iterator[Scanned]:
    """Look at all items; give what became of each, in their order."""
    wanted = processes if processes is not None else processors()
    if wanted == 1:
        yield from looked_at(items, scanner, opener)
        return
    left = iter(items)
    first, size = list[Item](), 0
    for item in left:
        first.append(item)
        size += weight(item)
        if size > ALONE:
            break
    else:
        yield from looked_at(first, scanner, opener)
        return
    # What RE2 makes of its patterns while it reads the first megabyte is there for all processes that are forked after it.
    yield from looked_at(first[:-1], scanner, opener)
    opener.close()
    from ringfence.gates.git.sharing import Shared

    yield from Shared(scanner, opener, wanted).run(chain(first[-1:], left))


def looked_at(items: Iterable[Item], scanner: Scanner, opener: Opener) -> Iterator[Scanned]:
    """Look at items one after another; objects are asked for ahead."""
    second = Opener(opener.repository, authors=opener.authors)  # for what is read twice, while more is on its way
    try:
        for item, got in opener.many(items):
            if isinstance(got, Unread):
                yield _unread(item, got)
                continue
            sized = item if item.size == got.size else replace(item, size=got.size)
            again = _Again(item, got, second)
            try:
                scanned = scanner.scan(sized, again)
            except Exception as error:  # noqa: BLE001 (a rim: one file must not end a scan, and the error's words may hold its own)
                scanned = _broken(item, error)
            again.close()
            yield scanned
    finally:
        second.close()


@dataclass(slots=True)
class _Again:
    """Opens an item: the first time it is open already."""

    item: Item
    got: Opened | None
    second: Opener

    def __call__(self) -> BinaryIO:
        got, self.got = self.got, None
        return got.stream if got is not None else self.second.open(self.item).stream

    def close(self) -> None:
        """Close it where nobody wanted to read it."""
        if self.got is not None:
            self.got.stream.close()


def _unread(item: Item, unread: Unread) -> Scanned:
    if unread.absent:
        return Scanned(item, passed=(Passed(item.name, Why.ABSENT),))
    return Scanned(item, failed=(Failed(item.name, unread.fault, unread.what, unread.mend),))


def weight(item: Item) -> int:
    """Give how many bytes an item is likely to be."""
    return item.size if item.size >= 0 else _UNKNOWN


def _broken(item: Item, error: Exception) -> Scanned:
    """Tell what nobody foresaw, by its kind alone."""
    what = "it takes more memory than there is"
    mend = "allow more, or look at it by itself"
    if not isinstance(error, MemoryError):
        what, mend = f"looking at it broke off ({type(error).__name__})", "report it: this is an error of ringfence"
    return Scanned(item, failed=(Failed(item.name, Fault.DAMAGED, what, mend),))
