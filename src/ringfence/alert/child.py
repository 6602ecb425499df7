"""The sender of alerts as a companion of `ringfence up`: a process of its own, so that it never slows a gate.

The rule: it ends with its parent, begins with the policy that the parent read, and says every second how it is.
"""

import asyncio
import os
import socket
import sys

from ringfence.alert.receiving import Surroundings
from ringfence.alert.sender import Sender
from ringfence.alert.spool import FILE, Spool
from ringfence.ledger import LedgerClient
from ringfence.serve._process import PARENT_GONE, begin_child
from ringfence.serve.channel import Channel, connect
from ringfence.serve.faults import say
from ringfence.serve.log import Log, LogFormat, silence_foreign_words, watch_loop
from ringfence.serve.messages import Drain, Failed, Noted, Order, Ready, Report, Start, read_order, write_report
from ringfence.serve.reading import resolve

ENDED, FAILED = 0, 2
NOTED = 1.0  # seconds
LESS_URGENT = 5  # niceness: what crosses goes first


class Child:
    """The life of the process."""

    def __init__(self) -> None:
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._channel: Channel | None = None

    async def run(self, control: socket.socket) -> int:
        """Send alerts until the parent says to end; give the exit code."""
        self._channel = await connect(control, self._take, lambda: os._exit(PARENT_GONE))
        start = await self._orders.get()
        if not isinstance(start, Start):
            return FAILED
        log = Log(LogFormat(start.log_format), {"companion": start.gate})
        silence_foreign_words(log)
        watch_loop(asyncio.get_running_loop(), log)
        policy = resolve(start.reading)
        place = Surroundings(os.environ, start.reading.folder)
        ledger = start.place.ledger
        with Spool(ledger.with_name(FILE)) as spool:
            async with LedgerClient(ledger, start.place.signing_key) as client, asyncio.TaskGroup() as tasks:
                sender = Sender(policy, place, ledger, client, spool, log)
                listening = tasks.create_task(self._obey(sender))
                noting = tasks.create_task(self._note(sender))
                await sender.run(lambda: self._say(Ready(start.generation)))
                listening.cancel()
                noting.cancel()
        self._say(Noted(sender.trouble(), sender.figures.as_numbers()))
        return ENDED

    def fail(self, error: BaseException) -> int:
        """Tell the parent why there are no alerts; it logs that."""
        said = say(error)
        self._say(Failed(said.what, said.mend, said.at))
        return FAILED

    async def _obey(self, sender: Sender) -> None:
        while not isinstance(await self._orders.get(), Drain):
            pass
        sender.end()

    async def _note(self, sender: Sender) -> None:
        while True:
            await asyncio.sleep(NOTED)
            self._say(Noted(sender.trouble(), sender.figures.as_numbers()))

    def _take(self, line: bytes) -> None:
        self._orders.put_nowait(read_order(line))

    def _say(self, report: Report) -> None:
        if self._channel is not None:
            self._channel.send(write_report(report))


def main() -> int:
    """Run on the descriptor that the parent names; give the exit code."""
    control = begin_child("The sender of alerts of `ringfence up`, which starts it.", niceness=LESS_URGENT)
    if control is None:
        return PARENT_GONE
    child = Child()

    async def live() -> int:
        try:
            return await child.run(control)
        except Exception as error:  # noqa: BLE001 (said to the parent; the gates go on)
            return child.fail(error)

    return asyncio.run(live())


if __name__ == "__main__":
    sys.exit(main())
