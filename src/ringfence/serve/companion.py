"""A companion: a process that runs beside the gates and that no gate waits for, such as the sender of alerts.

The rule: whatever becomes of a companion, the gates go on. It runs only where the policy has use for it; it is started again when
it dies, ever more slowly, and it is never given up. A reload ends it, and the next one begins under the new policy.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ringfence.policy import Policy
from ringfence.serve.channel import Channel, connect
from ringfence.serve.log import Log, clean
from ringfence.serve.messages import Drain, Failed, Noted, Ready, Start, read_report, write_order
from ringfence.serve.spawning import describe_death, kill, spawn
from ringfence.serve.status import CompanionStatus, WorkerState

FIRST_REST = 0.2  # seconds before it is started again; doubled up to LONGEST_REST
LONGEST_REST = 30.0
STEADY = 10.0  # seconds of life after which a death stands for itself
ENDING = 4.0  # seconds that it has to end in good order


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a companion is for: its module, run as `python -m`, and whether a policy has use for it."""

    name: str
    module: str
    is_wanted: Callable[[Policy], bool]


class Companion:
    """One of them. `starting` gives the order to start with, None where the policy has no use for it."""

    def __init__(
        self, purpose: Purpose, starting: Callable[[Purpose], Start | None], news: Callable[[], None], log: Log
    ) -> None:
        self._purpose = purpose
        self._starting = starting
        self._news = news
        self._log = log.within(companion=purpose.name)
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._state = WorkerState.ENDED
        self._why = ""
        self._restarts = 0
        self._figures: dict[str, float] = {}
        self._gone: dict[str, float] = {}  # what those counted that were here before
        self._turn = asyncio.Event()  # a reload, or the end
        self._ending = False

    def status(self) -> CompanionStatus | None:
        """Say how it is; None where the policy has no use for it."""
        if self._state is WorkerState.ENDED:
            return None
        process = self._process.pid if self._process is not None else 0
        return CompanionStatus(self._purpose.name, self._state, process, self._restarts, self._why, self._totals())

    async def keep(self) -> None:
        """Keep it running until `drain`."""
        deaths = 0
        while not self._ending:
            self._turn.clear()
            start = self._starting(self._purpose)
            if start is None:
                self._be(WorkerState.ENDED)
                await self._turn.wait()
                continue
            began = time.monotonic()
            code = await self._live(start)
            if self._turn.is_set():
                deaths = 0
                continue
            self._log.error("died", self._why, of=describe_death(code))
            deaths = 1 if time.monotonic() - began > STEADY else deaths + 1
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LONGEST_REST, FIRST_REST * 2 ** min(deaths - 1, 16))):
                    await self._turn.wait()
            self._restarts += 1
        self._be(WorkerState.ENDED)

    def renew(self) -> None:
        """Have the next one begin under the policy that is in force now."""
        self._turn.set()
        self._end_in_order()

    async def drain(self) -> None:
        """Have it end for good, at the latest after `ENDING` seconds."""
        self._ending = True
        self._turn.set()
        process = self._process
        self._end_in_order()
        if process is not None:
            await process.wait()

    def end_at_once(self) -> None:
        """End it at once and for good."""
        self._ending = True
        self._turn.set()
        if self._process is not None:
            kill(self._process)

    async def _live(self, start: Start) -> int:
        self._be(WorkerState.STARTING)
        ours, theirs = socket.socketpair()
        try:
            process = self._process = await spawn(self._purpose.module, theirs, output=None)
            theirs.close()
            channel = self._channel = await connect(ours, self._take, self._lost)
            channel.send(write_order(start))
            if self._turn.is_set():
                self._end_in_order()
            return await process.wait()
        finally:
            if self._process is not None:
                kill(self._process)
            theirs.close()
            if self._channel is not None:
                self._channel.close()
            else:
                ours.close()
            self._process = self._channel = None
            self._gone, self._figures = self._totals(), {}
            self._be(WorkerState.RESTING, self._why)

    def _end_in_order(self) -> None:
        if self._channel is not None:
            self._channel.send(write_order(Drain(ENDING)))
        if self._process is not None:
            asyncio.get_running_loop().call_later(ENDING, kill, self._process)

    def _lost(self) -> None:
        if self._process is not None:
            asyncio.get_running_loop().call_later(ENDING, kill, self._process)

    def _take(self, line: bytes) -> None:
        match read_report(line):
            case Ready():
                self._be(WorkerState.READY)
            case Failed(what=what):
                self._be(self._state, clean(what))
            case Noted(trouble=trouble, figures=figures):
                self._figures = dict(figures)
                self._be(WorkerState.READY, clean(trouble))
            case _:
                pass  # a gate's

    def _totals(self) -> dict[str, float]:
        """Join what was counted. Levels are those of the living."""
        levels = {"waiting", "behind"}
        names = dict.fromkeys((*self._gone, *self._figures))
        return {name: self._figures.get(name, 0) + (0 if name in levels else self._gone.get(name, 0)) for name in names}

    def _be(self, state: WorkerState, why: str = "") -> None:
        self._state, self._why = state, why
        self._news()
