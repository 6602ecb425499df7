"""The probe as a companion of `ringfence up`: a process of its own, that runs as often as the policy says.

The rule: it ends with its parent, begins with the policy that the parent read, and no gate waits for it. What it finds is in
the ledger; a run that could not be is told to the parent, and tried again soon.
"""

import asyncio
import os
import socket
import sys
import threading
from pathlib import Path

from ringfence.policy import Policy
from ringfence.probe.attacking import Wanted, attack
from ringfence.probe.closing import Files, close_leaking
from ringfence.probe.standing import pause, stand
from ringfence.serve._process import PARENT_GONE, begin_child
from ringfence.serve.channel import Channel, connect
from ringfence.serve.faults import say
from ringfence.serve.log import Log, LogFormat, silence_foreign_words
from ringfence.serve.messages import Drain, Noted, Order, Ready, Report, Start, read_order, write_report
from ringfence.serve.reading import resolve

ENDED, FAILED = 0, 2
LESS_URGENT = 10  # niceness: what crosses goes first
FIRST_LOOK = 5.0  # seconds to the first run: the gates are only starting
AGAIN = 30.0  # seconds to the next try of a run that could not be
PRINCIPAL = "ringfence:probe"


class Child:
    """The life of the process."""

    def __init__(self) -> None:
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._channel: Channel | None = None
        self._figures: dict[str, float] = {"runs": 0, "leaks": 0, "statements": 0}

    async def run(self, control: socket.socket) -> int:
        """Probe again and again until the parent says to end; give the exit code."""
        self._channel = await connect(control, self._take, lambda: os._exit(PARENT_GONE))
        start = await self._orders.get()
        if not isinstance(start, Start):
            return FAILED
        log = Log(LogFormat(start.log_format), {"companion": start.gate})
        silence_foreign_words(log)
        policy = resolve(start.reading)
        self._say(Ready(start.generation))
        wait = FIRST_LOOK
        while not await self._told_to_end(wait):
            runs = self._figures["runs"]
            trouble = await self._once(policy, start, log)
            self._say(Noted(trouble, self._figures))
            wait = pause(policy.probe.every)
            if self._figures["runs"] == runs:  # it could not be: the gates may only be starting
                wait = min(wait, AGAIN)
        return ENDED

    async def _once(self, policy: Policy, start: Start, log: Log) -> str:
        """Run once, in a thread that the end does not wait for; say what kept it from running."""
        loop = asyncio.get_running_loop()
        came: asyncio.Future[tuple[int, int]] = loop.create_future()

        def attack() -> None:
            try:
                result = self._attack(policy, start, log)
            except Exception as error:  # noqa: BLE001 (said to the parent; the next turn comes)
                loop.call_soon_threadsafe(came.set_exception, error)
            else:
                loop.call_soon_threadsafe(came.set_result, result)

        threading.Thread(target=attack, daemon=True).start()
        ending = asyncio.create_task(self._orders.get())
        either = asyncio.Event()
        came.add_done_callback(lambda _: either.set())
        ending.add_done_callback(lambda _: either.set())
        await either.wait()
        if ending.done():
            self._orders.put_nowait(ending.result())
            came.cancel()
            return ""
        ending.cancel()
        try:
            leaks, statements = came.result()
        except Exception as error:  # noqa: BLE001 (the same)
            said = say(error)
            log.error("not-probed", said.what, mend=said.mend)  # noqa: TRY400 (our own words: a foreign error may quote the payload)
            return said.what
        self._figures = {
            "runs": self._figures["runs"] + 1,
            "leaks": self._figures["leaks"] + leaks,
            "statements": self._figures["statements"] + statements,
        }
        if leaks:
            log.error("leaked", f"{leaks} attacks leaked", mend="see what with `ringfence probe`, and the ledger")
            return f"{leaks} attacks leaked"
        return ""

    def _attack(self, policy: Policy, start: Start, log: Log) -> tuple[int, int]:
        home, beside = start.place.ledger.parent, start.reading.folder
        with stand(home, start.place.ledger, start.place.signing_key) as standing:
            wanted = Wanted(policy, os.environ, beside, start.place.keys, PRINCIPAL)
            matrix = attack(standing, wanted)
        reading = start.reading
        files = Files(Path(reading.entry), Path(reading.overlay) if reading.overlay is not None else None, home)
        for closed in close_leaking(matrix, policy, files):
            if closed.trouble:
                log.error("not-closed", closed.trouble, flow=closed.flow, mend=f"ringfence close {closed.flow}")
            else:
                log.warning("closed", "it leaks", flow=closed.flow, mend=f"ringfence enforce {closed.flow}")
        return len(matrix.leaks), matrix.statements

    async def _told_to_end(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return isinstance(await self._orders.get(), Drain)
        except TimeoutError:
            return False

    def _take(self, line: bytes) -> None:
        self._orders.put_nowait(read_order(line))

    def _say(self, report: Report) -> None:
        if self._channel is not None:
            self._channel.send(write_report(report))


def main() -> int:
    """Run on the descriptor that the parent names; give the exit code."""
    control = begin_child("The probe of `ringfence up`, which starts it.", niceness=LESS_URGENT)
    if control is None:
        return PARENT_GONE
    return asyncio.run(Child().run(control))


if __name__ == "__main__":
    sys.exit(main())
