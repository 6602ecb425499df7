"""One thread of this process that writes one ledger and asks one vault, for whatever runs beside it: loops, threads, or neither.

The rule: `record` gives a receipt or raises `Unrecorded` within a second, and `resolve` an answer or None, whatever the program's
own loop is busy with; the thread is the only one that touches the ledger's client and the vault, and keeps the key sets fresh of
those whom gates ask. Entries that come at the same time share a commit, from however many threads. Several processes (workers that
were forked or spawned) each have their own thread, and one writer: the ledger's.

A forked child inherits no thread: `scribe_for` gives it one of its own, which begins when it is first needed.
"""

import asyncio
import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from ringfence.access import Identities
from ringfence.crossing import Body
from ringfence.crossing.crossing import Summary
from ringfence.gates.carrying import Carried, Unrecorded, carry_out, new_crossing_id, now
from ringfence.gates.http.calling import Called, Calls
from ringfence.gates.http.way import Asked, Way
from ringfence.gates.recording import LedgerRecorder
from ringfence.gates.refusals import CountedRefusals
from ringfence.gates.tallies import Tallies
from ringfence.home import Home
from ringfence.ledger import LedgerClient
from ringfence.policy import Plan
from ringfence.transform import Ask, Keyring
from ringfence.vault import STAND_INS, Recall, Resolution, Vault

T = TypeVar("T")

LOG: Final = logging.getLogger("ringfence")
_HOUSEKEEPING: Final = 1.0  # seconds
_REFUSALS: Final = 10  # turns of housekeeping between two looks at counted refusals
_LATEST: Final = 1.5  # seconds: the ledger's own deadline is one; beyond it this thread itself stands still
_FIRST_LOOK: Final = 3.0  # seconds: who comes before the first look at a key set is told to try again
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
        self._called: deque[tuple[str, Called, datetime, bool]] = deque(maxlen=_MOST_COUNTED)
        self._counts: dict[str, tuple[Tallies, Calls]] = {}  # by gate
        self._vault: Vault | None = None  # once a gate has opened it
        self._vault_file = home.keys.with_name(STAND_INS)
        self._kept: dict[Identities, asyncio.Task[None]] = {}  # what keeps key sets fresh
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

    def use_keys(self, keys: Keyring) -> None:
        """On the thread: have a vault, which seals with these keys."""
        if self._vault is None:
            self._vault = Vault(self._vault_file, keys, LOG.warning)
        self._vault.use(keys)

    async def keep_fresh(self, access: Identities) -> None:
        """On the thread: keep key sets fresh from now on. Waits a moment for the first look at them."""
        if access not in self._kept:
            self._kept[access] = self._loop.create_task(access.run())
            self._kept[access].add_done_callback(_ended_keeping)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK):
                await access.first_look()

    async def record(self, body: Body) -> str:
        """On the thread: write one entry."""
        return await self._recorder.record(body)

    async def resolve(self, asks: Sequence[Ask], conversation: str, recall: Recall, at: datetime) -> Resolution | None:
        """On the thread: ask the vault."""
        return await self._vault.resolve(asks, conversation, recall, at) if self._vault is not None else None

    def count(self, gate: str, plan: Plan, summary: Summary) -> None:
        """Count a body in which nothing was found; the thread writes a minute's count."""
        self._counted.append((gate, plan, summary))

    def called(self, gate: str, called: Called, *, refused: bool) -> None:
        """Count that an endpoint was asked for."""
        self._called.append((gate, called, now(), refused))

    def leave(self, way: Way, asked: list[Asked]) -> None:
        """Carry out what closes a record. Nobody waits for it."""
        with suppress(RuntimeError):  # the program ends
            self._loop.call_soon_threadsafe(self._close_record, way, asked)

    async def write_counts(self) -> None:
        """On the thread: write what was counted up to now, as at the end."""
        for task in set(self._left):
            await task
        self._take_counted()
        for tallies, _ in list(self._counts.values()):
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
        own = [task for task in (self._house, *self._kept.values()) if task is not None]
        for task in own:
            task.cancel()
        await asyncio.gather(*own, return_exceptions=True)
        try:
            await self.write_counts()
        finally:
            if self._vault is not None:
                await self._vault.close()
            await self._client.close()

    def _take_counted(self) -> None:
        for _ in range(len(self._counted)):
            gate, plan, summary = self._counted.popleft()
            self._counts_of(gate)[0].add(plan, summary)
        for _ in range(len(self._called)):
            gate, called, at, refused = self._called.popleft()
            self._counts_of(gate)[1].add(called, at, refused=refused)

    def _counts_of(self, gate: str) -> tuple[Tallies, Calls]:
        if gate not in self._counts:
            calls = Calls(gate, new_crossing_id)
            self._counts[gate] = Tallies(gate, new_crossing_id, now, [calls]), calls
        return self._counts[gate]

    async def _keep_house(self) -> None:
        turn = 0
        complained = False
        while True:
            await asyncio.sleep(_HOUSEKEEPING)
            turn += 1
            self._take_counted()
            if self._vault is not None:
                await self._vault.sweep(now())
            try:
                for tallies, _ in list(self._counts.values()):
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


def _ended_keeping(task: "asyncio.Task[None]") -> None:
    fault = task.exception() if not task.cancelled() else None
    if fault is not None:
        LOG.error("key sets are kept fresh no more: %s; start the program anew", type(fault).__name__)


class WaitingScribe:
    """Records, and asks the vault, from an event loop, which goes on meanwhile."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    async def record(self, body: Body) -> str:
        """Write one entry; give its receipt."""
        try:
            async with asyncio.timeout(_LATEST):
                return await asyncio.wrap_future(self._scribe.run(self._scribe.record(body)))
        except TimeoutError:
            raise Unrecorded("timeout") from None

    async def resolve(self, asks: Sequence[Ask], conversation: str, recall: Recall, at: datetime) -> Resolution | None:
        """Ask the vault; None where it gives no answer in time."""
        try:
            async with asyncio.timeout(_LATEST):
                return await asyncio.wrap_future(self._scribe.run(self._scribe.resolve(asks, conversation, recall, at)))
        except TimeoutError:
            return None


class BlockingScribe:
    """Records, and asks the vault, from a thread, which stands still meanwhile: its coroutines never wait."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    async def record(self, body: Body) -> str:
        """Write one entry; give its receipt."""
        try:
            return self._scribe.run(self._scribe.record(body)).result(_LATEST)
        except TooLate:
            raise Unrecorded("timeout") from None

    async def resolve(self, asks: Sequence[Ask], conversation: str, recall: Recall, at: datetime) -> Resolution | None:
        """Ask the vault; None where it gives no answer in time."""
        try:
            return self._scribe.run(self._scribe.resolve(asks, conversation, recall, at)).result(_LATEST)
        except TooLate:
            return None


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
