"""Looking at many items: in this process where they are few, else shared by several.

The rule: what comes out comes in the order of the items, each once, whoever looked at it. A process that dies takes nothing down:
what it was looking at is told as not read, for a file that kills a reader would kill the next one, too.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from typing import BinaryIO, Final

from ringfence.extract.model import Fault
from ringfence.gates.git.model import Failed, Item, Scanned
from ringfence.gates.git.scanning import Scanner

Opener = Callable[[Item], BinaryIO]
OpenerMaker = Callable[[], Opener]
"""Makes what opens items, in the process that looks at them: each has children and handles of its own."""

ALONE: Final = 1 << 20  # bytes that one process looks at sooner than others are started
_CHUNK: Final = 1 << 20  # bytes given to a process at a time
_ITEMS: Final = 256  # and items
_UNKNOWN: Final = 16 << 10  # bytes that an item counts for whose size nobody knows
_AHEAD: Final = 3  # chunks for each process that may wait


def processors() -> int:
    """Say how many processes can work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan_all(
    items: Iterable[Item], scanner: Scanner, opener: OpenerMaker, *, processes: int | None = None
) -> Iterator[Scanned]:
    """Look at all items; give what became of each, in their order."""
    wanted = processes if processes is not None else processors()
    left = iter(items)
    first, size = list[Item](), 0
    for item in left:
        first.append(item)
        size += _weight(item)
        if size > ALONE and wanted > 1:
            break
    else:
        open_item = opener()
        for item in first:
            yield _scan(scanner, open_item, item)
        return
    yield from _Shared(scanner, opener, wanted).run(_chunks(_chain(first, left)))


def _scan(scanner: Scanner, open_item: Opener, item: Item) -> Scanned:
    return scanner.scan(item, lambda: open_item(item))


def _chain(first: Iterable[Item], rest: Iterable[Item]) -> Iterator[Item]:
    yield from first
    yield from rest


def _weight(item: Item) -> int:
    return item.size if item.size >= 0 else _UNKNOWN


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Divide items into pieces of work of about one size."""
    chunk, size = list[Item](), 0
    for item in items:
        chunk.append(item)
        size += _weight(item)
        if size >= _CHUNK or len(chunk) >= _ITEMS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@dataclass(slots=True)
class _Shared:
    """Work shared by processes. They are forked: what was loaded and made for the first is there for all."""

    scanner: Scanner
    opener: OpenerMaker
    processes: int
    waiting: deque[tuple[list[Item], "Future[list[Scanned]]"]] = field(default_factory=deque)

    def run(self, chunks: Iterator[list[Item]]) -> Iterator[Scanned]:
        pool = self._pool()
        try:
            for chunk in islice(chunks, self.processes * _AHEAD):
                self.waiting.append((chunk, pool.submit(_work, chunk)))
            while self.waiting:
                chunk, future = self.waiting.popleft()
                try:
                    done = future.result()
                except BrokenProcessPool:
                    pool.shutdown(wait=False, cancel_futures=True)
                    done = list(self._one_by_one(chunk))
                    pool = self._pool()
                    again = [each for each, _ in self.waiting]
                    self.waiting = deque((each, pool.submit(_work, each)) for each in again)
                for more in islice(chunks, 1):
                    self.waiting.append((more, pool.submit(_work, more)))
                yield from done
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.processes, mp_context=get_context("fork"), initializer=_begin, initargs=(self.scanner, self.opener)
        )

    def _one_by_one(self, chunk: list[Item]) -> Iterator[Scanned]:
        """Find out which item a process died of: each is looked at by a process of its own."""
        for item in chunk:
            pool = ProcessPoolExecutor(
                1, mp_context=get_context("fork"), initializer=_begin, initargs=(self.scanner, self.opener)
            )
            try:
                yield from pool.submit(_work, [item]).result()
            except BrokenProcessPool:
                fault = Failed(item.name, Fault.DAMAGED, "the process that read it died", "look at it by itself")
                yield Scanned(item, failed=(fault,))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a process that looks at items has."""

    scanner: Scanner
    open_item: Opener


def _begin(scanner: Scanner, opener: OpenerMaker) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends its processes
    _Worker.scanner = scanner
    _Worker.open_item = staticmethod(opener())


def _work(chunk: list[Item]) -> list[Scanned]:
    return [_scan(_Worker.scanner, _Worker.open_item, item) for item in chunk]
