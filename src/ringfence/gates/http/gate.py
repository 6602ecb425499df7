"""The HTTP gate as a running thing in one worker: its processor, its canaries, its policy, its end.

The rule: a policy is taken whole or not at all: a stream goes on under the one that it began with. Envoy lets clients in only after
every worker has seen its canary masked (`ringfence.serve`).
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.gates.canary import CanaryResult
from ringfence.gates.carrying import Clock, Recorder, Unrecorded, new_crossing_id
from ringfence.gates.http.canary import Answerer, send_canary, side_of_canary
from ringfence.gates.http.counting import Counts, Tallies
from ringfence.gates.http.exchange import Side
from ringfence.gates.http.processor import PATH, Line, Setting
from ringfence.gates.http.turns import Mode
from ringfence.policy import Gate, Policy
from ringfence.transform import Keyring
from ringfence.wire.http2 import Method

_HOUSEKEEPING: Final = 1.0  # seconds
_LARGEST_MESSAGE: Final = {
    Mode.STREAMED: 512 * 1024,
    Mode.BUFFERED: 2 * 1024 * 1024,
}  # octets; Envoy's own buffers are half
"""A request may have so much on the way before it has to wait, so this is what many of them take of a worker's memory."""


class NoUpstream(Exception):
    """A gate without a service behind it, or without a zone of clients: nothing can be decided there."""


@dataclass(frozen=True, slots=True, repr=False)
class World:
    """What a gate is made from."""

    policy: Policy
    gate: Gate
    keys: Keyring
    recorder: Recorder
    clock: Clock
    notify: Callable[[str], None]


class HttpGate:
    """One gate in one process. `start`, `canary` until it is masked, `open`; at the end `drain` and `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: set[Line] = set()
        self._servers: list[asyncio.Server] = []
        self._answerer = Answerer()
        self._canaries = ""
        side = _side(world.policy, world.gate, world.keys)
        self._setting = Setting(
            side,
            side_of_canary(side),
            Mode(world.gate.bodies),
            world.recorder,
            world.clock,
            world.notify,
            Tallies(world.gate.name, new_crossing_id, world.clock),
            Counts(),
        )
        self._house: asyncio.Task[None] | None = None

    @property
    def counts(self) -> Counts:
        """What was counted."""
        return self._setting.counts

    @property
    def streams(self) -> int:
        """How many requests are under way."""
        return sum(line.streams for line in self._lines)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Take the two sockets that listen: of the processor, and of who answers canaries."""
        processor, answers = sockets
        loop = asyncio.get_running_loop()
        most_calls = 2 * self._world.gate.limits.connections
        method = Method(PATH, largest=_LARGEST_MESSAGE[self._setting.mode], most_calls=most_calls)
        self._servers.append(
            await loop.create_unix_server(lambda: Line(self._setting, self._lines, method), sock=processor)
        )
        self._servers.append(await asyncio.start_unix_server(self._answerer.answer, sock=answers))
        self._canaries = canary_path(processor.getsockname())
        self._house = loop.create_task(self._keep_house())

    async def canary(self) -> CanaryResult:
        """Send a canary over Envoy, to this worker."""
        return await send_canary(self._canaries, self._answerer)

    def open(self) -> None:
        """Serve those who wait and those who come: a canary was seen masked."""
        self._setting.is_open = True
        for line in list(self._lines):
            line.wake()

    def prepare(self, policy: Policy, keys: Keyring) -> Callable[[], None]:
        """Make ready for another policy; give what takes it."""
        side = _side(policy, policy.gates[self._world.gate.name], keys)
        of_canary = side_of_canary(side)

        def change() -> None:
            self._setting.side, self._setting.canary_side = side, of_canary

        return change

    async def drain(self, deadline: float) -> None:
        """Wait for the requests that are under way. Envoy lets no others in."""
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                while self.streams:
                    self._setting.ended.clear()
                    await self._setting.ended.wait()

    async def close(self) -> None:
        """End everything."""
        if self._house is not None:
            self._house.cancel()
        for server in self._servers:
            server.close()
        lines = list(self._lines)
        for line in lines:
            line.close()
        await asyncio.gather(*(line.settled() for line in lines))
        try:
            await self._setting.tallies.write(self._world.recorder, closing=True)
        except Unrecorded as fault:
            self._world.notify(f"the last counts are lost: the ledger cannot be written ({fault.fault})")

    async def _keep_house(self) -> None:
        complained = False
        while True:
            await asyncio.sleep(_HOUSEKEEPING)
            try:
                await self._setting.tallies.write(self._world.recorder)
                complained = False
            except Unrecorded as fault:
                if not complained:
                    self._world.notify(f"a count is lost: the ledger cannot be written ({fault.fault})")
                complained = True


def canary_path(processor: str) -> str:
    """Give the path of the socket at which Envoy takes canaries for the worker at `processor`.

    >>> canary_path("/run/ringfence/0.processor")
    '/run/ringfence/0.canary'
    """
    return str(Path(processor).with_suffix(".canary"))


def _side(policy: Policy, gate: Gate, keys: Keyring) -> Side:
    if gate.upstream is None or gate.clients is None:
        raise NoUpstream(f"gate {gate.name} has no upstream, or does not say in which zone its clients stand")
    return Side(policy, gate.name, gate.upstream, gate.clients, keys, new_crossing_id)
