"""The place of one worker, as the parent sees it: started, listened to, started again when it dies.

The rule: a worker that was ready once and dies is always started again, soon at first and more slowly if it keeps dying, for the
next client may be harmless; one that never becomes ready is given up after `MOST_FAILURES` in a row, and one whose canary came
through in clear at once.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ringfence.serve.channel import Channel, connect
from ringfence.serve.faults import ServeFault
from ringfence.serve.figures import Figures, total
from ringfence.serve.log import Log, clean
from ringfence.serve.messages import (
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
    read_report,
    write_order,
)
from ringfence.serve.spawning import describe_death, kill, spawn
from ringfence.serve.status import WorkerState, WorkerStatus
from ringfence.serve.worker import GRACE, LEAKED

MOST_FAILURES = 5  # starts in a row that end before the worker was ready
FIRST_REST = 0.1  # seconds before a dead worker is started again; doubled up to LONGEST_REST
LONGEST_REST = 5.0
LONGEST_REST_OF_READY = 1.0  # of a worker that had served: clients wait at its socket
STEADY = 10.0  # seconds of life after which a death stands for itself
SILENCE = 15.0  # seconds without an answer after which a worker counts as silent
LINGERING = 2.0  # seconds between a worker's last word and its end
WAITING_SAID = 30.0  # seconds between two lines about the same waiting
PATIENCE = 1.0  # seconds on top of a drain's deadline before a worker is killed


class GaveUp(ServeFault):
    """A worker that never becomes ready."""


@dataclass(frozen=True, slots=True)
class Post:
    """What does not change about a worker's place: whose it is, how it is started."""

    gate: str
    worker: int
    module: str  # run as `python -m`
    sockets: Sequence[socket.socket]
    own: frozenset[str] = frozenset()  # hosts that the policy names: what is told of them is no payload


class Slot:
    """The place of one worker.

    `starting` gives the order to start with; it is sent under the lock `changing`, so that a worker which is started while the
    policy changes is told either the old one and the change, or the new one. `news` is called when the worker's state has changed.
    """

    def __init__(
        self, post: Post, starting: Callable[[Post], Start], changing: asyncio.Lock, news: Callable[[], None], log: Log
    ) -> None:
        self.post = post
        self.state = WorkerState.STARTING
        self.figures = Figures()
        self.gone = Figures()  # of those that were here before
        self._starting = starting
        self._changing = changing
        self._news = news
        self._log = log.within(gate=post.gate, worker=post.worker).naming(post.own)
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._answers: dict[tuple[type[Order], int], asyncio.Future[Report | None]] = {}
        self._why = ""
        self._policy = ""
        self._restarts = 0
        self._was_ready = False
        self._has_served = (
            False  # ever: what it says of itself before that is a wrong configuration, which does not mend itself
        )
        self._failed: Failed | None = None  # what the last one said of its own end, cleaned
        self._waits: tuple[str, float, float] | None = None  # why, since when, and when that was last logged
        self._ending = asyncio.Event()
        self._asked = 0
        self._heard = 0.0

    @property
    def alive(self) -> bool:
        """Whether there is a process here that was told what to do."""
        return self._channel is not None

    def status(self) -> WorkerStatus:
        """Say how the worker is."""
        process = self._process.pid if self._process is not None else 0
        return WorkerStatus(self.post.worker, self.state, process, self._restarts, self._policy, self._why)

    async def keep(self) -> None:
        """Keep a worker running until `drain`. Raises `GaveUp`."""
        failures = deaths = 0
        while not self._ending.is_set():
            began = time.monotonic()
            code = await self._live()
            if self._ending.is_set():
                return
            failures = 0 if self._was_ready else failures + 1
            final = code == LEAKED or (self._failed is not None and not self._has_served)
            if not final:
                self._tell_death(code)
            if final or failures >= MOST_FAILURES:
                raise self._given_up(code)
            deaths = 1 if time.monotonic() - began > STEADY else deaths + 1
            longest = LONGEST_REST_OF_READY if self._was_ready else LONGEST_REST
            with suppress(TimeoutError):
                async with asyncio.timeout(min(FIRST_REST * 2 ** min(deaths - 1, 16), longest)):
                    await self._ending.wait()
            self._restarts += 1

    def _tell_death(self, code: int) -> None:
        said = self._failed
        more = {"mend": said.mend} if said is not None and said.mend else {}
        what = said.what if said is not None else ""
        self._log.error("died", what, of=describe_death(code), was_ready=self._was_ready, **more)

    def _given_up(self, code: int) -> GaveUp:
        """Word the end: by what the worker said of itself, once; where it said nothing, the log has what there is."""
        said = self._failed
        if said is not None:
            return GaveUp(f"gate {self.post.gate}: {said.what}", said.mend, said.at)
        return GaveUp(
            f"gate {self.post.gate}: its worker ends with {describe_death(code)} before it is ready",
            "see the log for each attempt",
        )

    async def order(self, order: Prepare | Commit | Ask, number: int, seconds: float) -> Report | None:
        """Send an order and await its answer; None where the worker dies or stays silent."""
        if self._channel is None:
            return None
        key = (type(order), number)
        answer: asyncio.Future[Report | None] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        self._channel.send(write_order(order))
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            return None
        finally:
            self._answers.pop(key, None)

    def tell(self, order: Order) -> None:
        """Send an order that has no answer."""
        if self._channel is not None:
            self._channel.send(write_order(order))

    async def count(self, seconds: float) -> None:
        """Ask for the worker's figures, and notice where it is silent."""
        self._asked += 1
        answer = await self.order(Ask(self._asked), self._asked, seconds)
        if answer is None and self.state is WorkerState.READY and time.monotonic() - self._heard > SILENCE:
            self._log.error("silent")
            self._be(WorkerState.SILENT, f"it has not answered for {SILENCE:.0f} seconds")

    def start_no_more(self) -> None:
        """Let the worker that lives be the last one."""
        self._ending.set()

    async def drain(self, seconds: float) -> None:
        """Have the worker end, at the latest a little after `seconds`."""
        self.start_no_more()
        process = self._process
        if process is None:
            return
        self.tell(Drain(seconds))
        try:
            async with asyncio.timeout(seconds + GRACE + PATIENCE):
                await process.wait()
        except TimeoutError:
            self._log.warning("killed", "it had not ended by the deadline")
            self.kill()

    def kill(self) -> None:
        """End the worker at once. Where it is not to end for good, another one is started."""
        if self._process is not None:
            kill(self._process)

    def end_at_once(self) -> None:
        """End the worker at once and for good."""
        self.start_no_more()
        self.kill()

    async def _live(self) -> int:
        """Run one worker from its start to its death; give its exit code."""
        self._was_ready = False
        self._failed = self._waits = None
        self._policy = ""
        self._be(WorkerState.STARTING, "")
        ours, theirs = socket.socketpair()
        try:
            async with self._changing:
                if self._ending.is_set():
                    return 0
                process = self._process = await spawn(self.post.module, theirs, self.post.sockets)
                theirs.close()
                self._channel = await connect(ours, self._take, self._lost)
                self._heard = time.monotonic()
                self.tell(self._starting(self.post))
            return await process.wait()
        finally:
            self.kill()
            theirs.close()
            if self._channel is not None:
                self._channel.close()
            else:
                ours.close()
            self._bury()

    def _bury(self) -> None:
        self._process = None
        self._channel = None
        self.gone = total([], [self.gone, self.figures])
        self.figures = Figures()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result(None)
        self._be(WorkerState.ENDED if self._ending.is_set() else WorkerState.RESTING, self._why)

    def _lost(self) -> None:
        """Make sure that a worker which closed its line ends: it is ending, or out of its mind."""
        process = self._process
        if process is not None:
            asyncio.get_running_loop().call_later(LINGERING, kill, process)

    def _take(self, line: bytes) -> None:
        report = read_report(line)
        self._heard = time.monotonic()
        match report:
            case Waiting(why=why, mend=mend):
                self._tell_waiting(clean(why, self.post.own), clean(mend, self.post.own))
                self._be(WorkerState.WAITING, clean(why, self.post.own))
            case Ready():
                self._waits = None
                self._was_ready = self._has_served = True
                self._be(WorkerState.READY, "")
            case Failed(what=what, mend=mend, at=at):
                self._why = clean(what, self.post.own)
                self._failed = Failed(self._why, clean(mend, self.post.own), at)
            case Prepared(generation=number) | Wrong(generation=number):
                self._answer(Prepare, number, report)
            case Switched(generation=number):
                self._answer(Commit, number, report)
            case Counted(number=number):
                self._count(report)
                self._answer(Ask, number, report)
            case Drained():
                pass  # its process ends next, and that is what is waited for

    def _tell_waiting(self, why: str, mend: str) -> None:
        """Log why it waits: at first, when that changes, and now and then for as long as it lasts."""
        now = time.monotonic()
        before, since, said = self._waits or ("", now, 0.0)
        if why == before and now - said < WAITING_SAID:
            return
        since = since if why == before else now
        self._waits = (why, since, now)
        self._log.warning("waiting", why, **({"mend": mend} if mend else {}), seconds=round(now - since))

    def _count(self, counted: Counted) -> None:
        self.figures, self._policy = counted.figures, counted.policy
        if self.state not in (WorkerState.READY, WorkerState.SILENT):
            return
        trouble = clean(counted.trouble, self.post.own)
        if self.state is WorkerState.READY and trouble == self._why:
            return
        if trouble:
            self._log.error("hindered", trouble)
        elif self._why:
            self._log.info("unhindered")
        self._be(WorkerState.READY, trouble)

    def _answer(self, kind: type[Order], number: int, report: Report) -> None:
        answer = self._answers.get((kind, number))
        if answer is not None and not answer.done():
            answer.set_result(report)

    def _be(self, state: WorkerState, why: str) -> None:
        self.state, self._why = state, why
        self._news()
