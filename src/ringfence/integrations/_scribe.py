"""One thread of this process that sends to one ledger, for whatever runs beside it: event loops, threads, or neither.

The rule: `record` gives a receipt or raises `Unrecorded` within a second, whatever the program's own loop is busy with; the thread
is the only one that touches the ledger's client. Entries that come at the same time share a commit, from however many threads.
Several processes (workers that were forked or spawned) each have their own thread, and one writer: the ledger's.

A forked child inherits no thread: `scribe_for` gives it one of its own, which begins when it is first needed.
"""

import asyncio
import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from ringfence.crossing import Body
from ringfence.crossing.crossing import Summary
from ringfence.gates.carrying import Carried, Unrecorded, carry_out, new_crossing_id, now
from ringfence.gates.http.way import Asked, Way
from ringfence.gates.recording import LedgerRecorder
from ringfence.gates.refusals import CountedRefusals
from ringfence.gates.tallies import Tallies
from ringfence.home import Home
from ringfence.ledger import LedgerClient
from ringfence.policy import Plan

T = TypeVar("T")

LOG: Final = logging.getLogger("ringfence")
_HOUSEKEEPING: Final = 1.0  # seconds
_REFUSALS: Final = 10  # turns of housekeeping between two looks at counted refusals
_LATEST: Final = 1.5  # seconds: the ledger's own deadline is one; beyond it this thread itself stands still
_LAST: Final = 5.0  # seconds for the last counts, when the program ends
_MOST_LEFT: Final = 1000  # closing records that wait to be written; what is beyond stays opened without closed
_MOST_COUNTED: Final = 100_000  # bodies between two turns of housekeeping


class Scribe:
    """The thread, and what it owns. `start` before anything else; any thread may call any method."""

    def __init__(self, home: Home) -> None:
        self.process = os.getpid()
        self._home = home
        self._loop = asyncio.new_event_loop()
        self._counted: deque[tuple[str, Plan, Summary]] = deque(maxlen=_MOST_COUNTED)
        self._tallies: dict[str, Tallies] = {}
        self._left: set[asyncio.Task[None]] = set()
        self._house: asyncio.Task[None] | None = None
        self._client = LedgerClient(home.ledger, home.signing_key)
        self._recorder = CountedRefusals(LedgerRecorder(self._client), now)
        self._thread = threading.Thread(target=self._loop.run_forever, name="ringfence-ledger", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def run(self, work: Coroutine[object, object, T]) -> "Future[T]":
        """Run a coroutine on the thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def open(self) -> None:
        """On the thread: connect to the ledger's writer, which is started where there is none. Raises `LedgerUnavailable`."""
        await self._client.open()
        if self._house is None:
            self._house = self._loop.create_task(self._keep_house())

    async def record(self, body: Body) -> str:
        """On the thread: write one entry."""
        return await self._recorder.record(body)

    def count(self, gate: str, plan: Plan, summary: Summary) -> None:
        """Count a body in which nothing was found; the thread writes a minute's count."""
        self._counted.append((gate, plan, summary))

    def leave(self, way: Way, asked: list[Asked]) -> None:
        """Carry out what closes a record. Nobody waits for it."""
        with suppress(RuntimeError):  # the program ends
            self._loop.call_soon_threadsafe(self._close_record, way, asked)

    async def write_counts(self) -> None:
        """On the thread: write what was counted up to now, as at the end."""
        for task in set(self._left):
            await task
        self._take_counted()
        for tallies in self._tallies.values():
            await tallies.write(self, closing=True)
        await self._recorder.flush(closing=True)

    def close(self) -> None:
        """Write the last counts, and end. In a forked child, whose thread this is not, nothing."""
        if self.process != os.getpid() or not self._thread.is_alive():
            return
        try:
            self.run(self._end()).result(_LAST)
        except (Unrecorded, TooLate, RuntimeError):
            LOG.warning("the last counts are lost: the ledger cannot be written")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LAST)

    async def _end(self) -> None:
        if self._house is not None:
            self._house.cancel()
        try:
            await self.write_counts()
        finally:
            await self._client.close()

    def _take_counted(self) -> None:
        for _ in range(len(self._counted)):
            gate, plan, summary = self._counted.popleft()
            tallies = self._tallies.get(gate)
            if tallies is None:
                tallies = self._tallies[gate] = Tallies(gate, new_crossing_id, now)
            tallies.add(plan, summary)

    async def _keep_house(self) -> None:
        turn = 0
        complained = False
        while True:
            await asyncio.sleep(_HOUSEKEEPING)
            turn += 1
            self._take_counted()
            try:
                for tallies in list(self._tallies.values()):
                    await tallies.write(self)
                if turn % _REFUSALS == 0:
                    await self._recorder.flush()
                complained = False
            except Unrecorded as fault:
                if not complained:
                    LOG.warning("a count is lost: the ledger cannot be written (%s)", fault.fault)
                complained = True

    def _close_record(self, way: Way, asked: list[Asked]) -> None:
        if len(self._left) < _MOST_LEFT:
            task = self._loop.create_task(self._carry(way, asked))
            self._left.add(task)
            task.add_done_callback(self._left.discard)

    async def _carry(self, way: Way, asked: list[Asked]) -> None:
        try:
            await carry_out(way, asked, self, now, Carried())
        except Exception as error:  # noqa: BLE001 (opened without closed is what the ledger says then)
            LOG.warning("a record was not closed: %s", type(error).__name__)


class WaitingRecorder:
    """Records from an event loop, which goes on meanwhile."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    async def record(self, body: Body) -> str:
        """Write one entry; give its receipt."""
        try:
            async with asyncio.timeout(_LATEST):
                return await asyncio.wrap_future(self._scribe.run(self._scribe.record(body)))
        except TimeoutError:
            raise Unrecorded("timeout") from None


class BlockingRecorder:
    """Records from a thread, which stands still meanwhile: its coroutine never waits."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    async def record(self, body: Body) -> str:
        """Write one entry; give its receipt."""
        try:
            return self._scribe.run(self._scribe.record(body)).result(_LATEST)
        except TooLate:
            raise Unrecorded("timeout") from None


_scribes: dict[Path, Scribe] = {}
_lock = threading.Lock()


def scribe_for(home: Home) -> Scribe:
    """Give this process's thread for a ledger."""
    with _lock:
        scribe = _scribes.get(home.ledger)
        if scribe is None or scribe.process != os.getpid():
            scribe = _scribes[home.ledger] = Scribe(home)
        return scribe


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _scribes.clear()


os.register_at_fork(after_in_child=_after_fork)
