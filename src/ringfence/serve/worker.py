"""A worker: one process that runs one gate, as its parent says.

The rule: clients are served only after the canary was seen masked, and only while the parent lives. A policy is taken in two
steps, so that a reading which one worker cannot take is taken by none. Signals are the parent's business: a terminal's interrupt
and a service manager's TERM reach every process of a group, and must not end a worker in the middle of a statement.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from ringfence.gates.carrying import Unrecorded, now
from ringfence.gates.recording import LedgerRecorder
from ringfence.gates.refusals import CountedRefusals
from ringfence.ledger import LedgerClient
from ringfence.serve._loop import new_loop
from ringfence.serve._process import PARENT_GONE, begin_child
from ringfence.serve.channel import Channel, connect
from ringfence.serve.faults import Leaked, ServeFault, first_of, say
from ringfence.serve.log import Log, LogFormat, silence_foreign_words, watch_loop
from ringfence.serve.measuring import Measured
from ringfence.serve.messages import (
    Abort,
    Ask,
    Commit,
    Counted,
    Drain,
    Drained,
    Failed,
    Order,
    Prepare,
    Prepared,
    Ready,
    Report,
    Start,
    Switched,
    Waiting,
    Wrong,
    read_order,
    write_report,
)
from ringfence.serve.reading import resolve
from ringfence.serve.service import Change, Given, Opener, Service

ENDED = 0
FAILED = 2
LEAKED = 4

CANARY_SECONDS = 30.0  # for one canary: the gate's own deadlines are shorter
FIRST_WAIT = 0.1  # between two canaries; doubled up to LONGEST_WAIT
LONGEST_WAIT = 5.0
MOST_ORDERS = 64  # that wait; the parent awaits most answers, so that few are under way
COUNTS_WRITTEN = 10.0  # seconds between two looks at the counts of refusals whose minute may be over
GRACE = 2.0  # seconds after a drain's deadline in which a gate closes what is left


class Worker:
    """The life of a worker, from its start order to its end."""

    def __init__(self, open_gate: Opener, loop_name: str) -> None:
        self._open_gate = open_gate
        self._loop_name = loop_name
        self._channel: Channel | None = None
        self._orders: asyncio.Queue[Order | None] = asyncio.Queue(maxsize=MOST_ORDERS)
        self._proving: asyncio.Task[None] | None = None
        self._prepared: tuple[int, str, Change] | None = None
        self._opened = False
        self._generation = 0
        self._policy = ""
        self._log = Log(LogFormat.JSON)

    async def run(self, control: socket.socket) -> int:
        """Serve until the parent says to end; give the exit code."""
        self._channel = await connect(control, self._take, _end_at_once)
        start = await self._orders.get()
        if not isinstance(start, Start):
            return FAILED
        self._log = Log(LogFormat(start.log_format), {"gate": start.gate, "worker": start.worker})
        silence_foreign_words(self._log)
        watch_loop(asyncio.get_running_loop(), self._log)
        async with LedgerClient(start.place.ledger, start.place.signing_key) as ledger:
            return await self._serve(start, ledger)

    def fail(self, error: BaseException) -> int:
        """Tell the parent why this worker cannot serve; it logs that."""
        said = say(error)
        self._say(Failed(said.what, said.mend, said.at))
        return LEAKED if isinstance(first_of(error), Leaked) else FAILED

    async def _serve(self, start: Start, ledger: LedgerClient) -> int:
        policy = resolve(start.reading)
        recorder = Measured(LedgerRecorder(ledger))
        counted = CountedRefusals(recorder, now)
        given = Given(policy, policy.gates[start.gate], start.reading.folder, start.place, counted, self._log)
        self._generation, self._policy = start.generation, policy.hash
        service = await self._open_gate(given)
        try:
            await service.start([_inherited(number) for number in start.sockets])
            self._log.info("started", loop=self._loop_name, process=os.getpid(), policy=policy.hash[:12])
            async with asyncio.TaskGroup() as tasks:
                self._prove_anew(service, tasks)
                writing = tasks.create_task(_write_counts(counted))
                await self._obey(service, recorder, tasks)
                writing.cancel()
        finally:
            await service.close()
            with suppress(Unrecorded):  # nothing waits for it, and the ledger's fault is told already
                await counted.flush(closing=True)
        return ENDED

    async def _obey(self, service: Service, recorder: Measured, tasks: asyncio.TaskGroup) -> None:
        """Do what the parent says, until it says to end and everything has ended."""
        draining: asyncio.Task[None] | None = None
        while True:
            order = await self._orders.get()
            match order:
                case None:
                    return
                case Ask(number=number):
                    figures = recorder.added_to(service.figures())
                    self._say(Counted(number, self._policy, figures, recorder.trouble() or service.trouble()))
                case Prepare() if draining is None:
                    await self._prepare(service, order)
                case Commit(generation=generation) if draining is None:
                    await self._commit(service, generation, tasks)
                case Abort():
                    self._prepared = None
                    if draining is None and not self._opened:
                        self._prove_anew(service, tasks)
                case Drain(seconds=seconds) if draining is None:
                    if self._proving is not None:
                        self._proving.cancel()
                    draining = tasks.create_task(self._drain(service, seconds))
                case _:
                    pass  # while everything ends there is nothing to prepare

    def _prove_anew(self, service: Service, tasks: asyncio.TaskGroup) -> None:
        if self._proving is None or self._proving.done():
            self._proving = tasks.create_task(self._prove(service))

    async def _prove(self, service: Service) -> None:
        """Send canaries until one is seen masked; then serve, where that has not begun."""
        wait = FIRST_WAIT
        while waiting := await self._why_not(service):
            self._say(waiting)  # the parent logs it
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        if not self._opened:
            self._opened = True
            await service.open()
            self._log.info("ready")
        self._say(Ready(self._generation))

    async def _why_not(self, service: Service) -> Waiting | None:
        """Say why the canary was not seen masked; None where it was. Raises `Leaked` where it was seen clear."""
        try:
            async with asyncio.timeout(CANARY_SECONDS):
                seen = await service.canary()
        except TimeoutError:
            return Waiting("the canary did not come back in time")
        if seen.leaked:
            raise Leaked(seen.why)
        return None if seen.masked else Waiting(seen.why or "the canary was not seen masked", seen.mend)

    async def _prepare(self, service: Service, order: Prepare) -> None:
        """Make ready for a policy. A gate that is not open yet is not started meanwhile: that would be under the old one."""
        if self._proving is not None and not self._opened:
            self._proving.cancel()
            await asyncio.wait([self._proving])
        try:
            policy = await asyncio.to_thread(resolve, order.reading)  # sessions go on meanwhile
            change = await service.prepare(policy)
        except Exception as error:  # noqa: BLE001 (said to the supervisor; what runs goes on)
            said = say(error)
            self._say(Wrong(order.generation, said.what, said.mend))
            return
        self._prepared = (order.generation, policy.hash, change)
        self._say(Prepared(order.generation))

    async def _commit(self, service: Service, generation: int, tasks: asyncio.TaskGroup) -> None:
        if self._prepared is None or self._prepared[0] != generation:
            raise ServeFault("a policy was to be taken that was never prepared", "restart")
        _, self._policy, change = self._prepared
        self._generation, self._prepared = generation, None
        change()
        try:
            waiting = await self._why_not(service)
        except Leaked as leaked:
            self._say(Switched(generation, leaked.what))
            return
        self._say(Switched(generation, ""))
        if waiting is not None:
            self._say(waiting)
        if waiting is not None or not self._opened:
            self._prove_anew(service, tasks)

    async def _drain(self, service: Service, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds + GRACE):
                await service.drain(seconds)
        except TimeoutError:
            self._log.warning("drained", "not everything had ended by the deadline")
        self._say(Drained())
        await self._orders.put(None)

    def _take(self, line: bytes) -> None:
        try:
            self._orders.put_nowait(read_order(line))
        except asyncio.QueueFull:
            _end_at_once()  # a worker that has not listened for that long is of no use

    def _say(self, report: Report) -> None:
        if self._channel is not None:
            self._channel.send(write_report(report))


async def _write_counts(counted: CountedRefusals) -> None:
    while True:
        await asyncio.sleep(COUNTS_WRITTEN)
        with suppress(Unrecorded):  # kept, and tried again
            await counted.flush()


def _inherited(number: int) -> socket.socket:
    handed = socket.socket(fileno=number)
    handed.set_inheritable(False)  # not for the children of this process
    handed.setblocking(False)
    return handed


def _end_at_once() -> NoReturn:
    os._exit(PARENT_GONE)


def main(open_gate: Opener, arguments: Sequence[str] | None = None) -> int:
    """Run a worker on the descriptor that the parent names; give the exit code."""
    control = begin_child("A worker of `ringfence up`, which starts it.", arguments)
    if control is None:
        return PARENT_GONE
    name, factory = new_loop()
    worker = Worker(open_gate, name)

    async def live() -> int:
        try:
            return await worker.run(control)
        except Exception as error:  # noqa: BLE001 (said to the supervisor; what runs goes on)
            return worker.fail(error)

    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(live())
