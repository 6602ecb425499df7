"""A small real gate, run as a worker: it answers each line with what it decides by, and masks as the gates do.

Lines: `who` (who answers, by which policy), `say TEXT` (the text, scrubbed), `log TEXT` (it is logged), `slow SECONDS` (a
statement that takes a while), `spin SECONDS` (a worker that is stuck). Files beside the policy change how it behaves: `leak`
(the canary comes through in clear), `leak-unless-HASH` (under any other policy), `down` (its upstream is not there),
`unprepared` (it cannot take a policy), `hindered` (its upstream went away), `broken` (it ends before it is ready).
"""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ringfence.crossing import scrub
from ringfence.detect import Detector
from ringfence.policy import Policy
from ringfence.serve.faults import ServeFault
from ringfence.serve.figures import Figures
from ringfence.serve.service import Canary, Change, Given
from ringfence.serve.worker import main

CANARY = "canary.kestrel@posta-nova.net"


class EchoGate:
    """Echoes lines."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.policy = given.policy
        self.servers: list[asyncio.Server] = []
        self.sockets: Sequence[socket.socket] = ()
        self.sessions: dict[asyncio.Task[None], bool] = {}  # whether a statement runs
        self.accepted = self.statements = self.answers = 0
        self.detector = Detector()

    def flag(self, name: str) -> bool:
        return (self.given.folder / name).exists()

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        if self.flag("broken"):
            raise ServeFault("the echo is broken", "remove the file")
        self.sockets = sockets

    async def canary(self) -> Canary:
        if self.flag("down"):
            return Canary(False, f"no upstream for {CANARY}")
        unless = [each.name.removeprefix("leak-unless-") for each in self.given.folder.glob("leak-unless-*")]
        leaks = self.flag("leak") or any(not self.policy.hash.startswith(each) for each in unless)
        seen = CANARY if leaks else scrub(CANARY, self.detector)
        return Canary(CANARY not in seen, leaked=CANARY in seen)

    async def open(self) -> None:
        for each in self.sockets:
            self.servers.append(await asyncio.start_server(self.serve, sock=each))

    async def prepare(self, policy: Policy) -> Change:
        if self.flag("unprepared"):
            raise ServeFault("the users file cannot be read", "mend it")
        await asyncio.sleep(0)

        def change() -> None:
            self.policy = policy

        return change

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.accepted += 1
        self.sessions[task] = False
        try:
            while line := await reader.readline():
                self.sessions[task] = True
                writer.write(json.dumps(await self.answer(line.decode().rstrip("\n"))).encode() + b"\n")
                await writer.drain()
                self.sessions[task] = False
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            del self.sessions[task]
            writer.close()

    async def answer(self, line: str) -> dict[str, object]:
        self.statements += 1
        word, _, rest = line.partition(" ")
        if word == "slow":
            await asyncio.sleep(float(rest))
        if word == "spin":
            end = time.monotonic() + float(rest)
            while time.monotonic() < end:  # it hangs, and runs: whoever looks sees that it does
                pass
        if word == "log":
            self.given.log.warning("client", rest)
        self.answers += 1
        said = scrub(rest, self.detector) if word == "say" else ""
        return {"policy": self.policy.hash, "process": os.getpid(), "number": self.answers, "said": said}

    async def drain(self, seconds: float) -> None:
        for server in self.servers:
            server.close()
        end = asyncio.get_running_loop().time() + seconds
        while self.sessions and asyncio.get_running_loop().time() < end:
            for task, running in list(self.sessions.items()):
                if not running:
                    task.cancel()
            await asyncio.sleep(0.01)

    def trouble(self) -> str:
        return "its upstream does not answer" if self.flag("hindered") else ""

    def figures(self) -> Figures:
        return Figures(
            connections=len(self.sessions),
            sessions={"ada": len(self.sessions)} if self.sessions else {},
            accepted=self.accepted,
            statements=self.statements,
        )

    async def close(self) -> None:
        for server in self.servers:
            server.close()


async def open_echo(given: Given) -> EchoGate:
    return EchoGate(given)


if __name__ == "__main__":
    assert Path(sys.argv[0]).name == "echo_worker.py"
    sys.exit(main(open_echo))
