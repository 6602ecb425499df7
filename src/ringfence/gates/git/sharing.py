"""Work shared by several processes.

The rule: what comes out comes in the order of the items, each once, whoever looked at it. A process that dies takes nothing down:
what it was looking at is told as not read, for a file that ends one reader would end the next one, too. Where the scan is ended,
its processes end at once, and where it is killed, they end as well.
"""

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from typing import Final

from ringfence.extract.model import Fault
from ringfence.gates.git.model import Failed, Item, Scanned
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.pool import looked_at, weight
from ringfence.gates.git.scanning import Scanner

_CHUNK: Final = 1 << 20  # bytes given to a process at a time
_ITEMS: Final = 256  # and items
_AHEAD: Final = 3  # chunks for each process that may wait
_ENDING: Final = frozenset((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Divide items into pieces of work of about one size."""
    chunk, size = list[Item](), 0
    for item in items:
        chunk.append(item)
        size += weight(item)
        if size >= _CHUNK or len(chunk) >= _ITEMS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@dataclass(slots=True)
class Shared:
    """Work shared by processes. They are forked: what was loaded and made for the first is there for all."""

    scanner: Scanner
    opener: Opener
    processes: int
    waiting: deque[tuple[list[Item], "Future[list[Scanned]]"]] = field(default_factory=deque)

    def run(self, items: Iterable[Item]) -> Iterator[Scanned]:
        """Look at all items; give what became of each, in their order."""
        chunks = _chunks(iter(items))
        gc.freeze()  # what is looked through for garbage is written to, and then no longer shared
        pool = self._pool(self.processes)
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
                    pool = self._pool(self.processes)
                    again = [each for each, _ in self.waiting]
                    self.waiting = deque((each, pool.submit(_work, each)) for each in again)
                for more in islice(chunks, 1):
                    self.waiting.append((more, pool.submit(_work, more)))
                yield from done
        except BaseException:  # nobody waits for what is under way
            for child in active_children():
                child.kill()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _pool(self, processes: int) -> ProcessPoolExecutor:
        """Start processes. A signal waits until they run: raised in what Python does around a fork, its exception would be lost."""
        pool = ProcessPoolExecutor(
            processes, mp_context=get_context("fork"), initializer=_begin, initargs=(self.scanner, self.opener)
        )
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            pool.submit(os.getpid)  # all are forked now, and none later
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pool

    def _one_by_one(self, chunk: list[Item]) -> Iterator[Scanned]:
        """Find out which item a process died of: each is looked at by a process of its own."""
        for item in chunk:
            pool = self._pool(1)
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
    opener: Opener


def _begin(scanner: Scanner, opener: Opener) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends its processes
    for number in _ENDING - {signal.SIGINT}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Worker.scanner, _Worker.opener = scanner, opener


def _end_with_parent() -> None:
    """End when the parent has been killed: nobody else would end what waits for its work."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(chunk: list[Item]) -> list[Scanned]:
    return list(looked_at(chunk, _Worker.scanner, _Worker.opener))
