"""Detection in two processes and in two threads, over the same work in one: how many times as fast.

The clock on the wall is what counts here, so the machine must be quiet; the best of several short rounds is taken. By the seconds
of each process, which others disturb less, it is twice what one takes alone over what it takes beside the other. RE2 releases the
interpreter's lock while it searches, and takes it back at each match: two threads gain where there is little to find.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

from benchmarks._rows import Row
from benchmarks.detection import _dense, _sparse
from ringfence.detect import Detector

ROUNDS = 9
_DETECTOR = Detector()
_TEXTS = {"a finding each 65 B": _dense()[:600_000], "a finding each 13 kB": _sparse()[:6_000_000]}


def _found(what: str) -> float:
    """Give the seconds of the process that it takes."""
    began = time.process_time()
    _DETECTOR.find(_TEXTS[what])
    return time.process_time() - began


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def _gain(pool: Executor, what: str) -> float:
    list(pool.map(_found, (what, what)))
    one = _seconds(lambda: (_found(what), _found(what)))
    return one / _seconds(lambda: list(pool.map(_found, (what, what))))


def _own_gain(pool: Executor, what: str) -> float:
    alone = min(pool.submit(_found, what).result() for _ in range(ROUNDS))
    return 2 * alone / min(max(pool.map(_found, (what, what))) for _ in range(ROUNDS))


def run() -> list[Row]:
    rows = []
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as processes, ThreadPoolExecutor(2) as threads:
        for what in _TEXTS:
            _found(what)
            rows.append(
                Row(
                    f"detect: log, {what}, in two processes",
                    f"{_gain(processes, what):.2f} times one",
                    f"{_own_gain(processes, what):.2f} by their own seconds; two threads: {_gain(threads, what):.2f} times one",
                )
            )
    return rows
