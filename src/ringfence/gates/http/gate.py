"""The HTTP gate as a running thing in one worker: its processor, its canaries, its policy, its end.

The rule: a policy is taken whole or not at all: a stream goes on under the one that it began with. Envoy lets clients in only after
every worker has seen its canary masked (`ringfence.serve`).
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ringfence.access import Doorkeeper, Identities
from ringfence.gates.canary import CanaryResult
from ringfence.gates.carrying import Clock, Recorder, Unrecorded, new_crossing_id
from ringfence.gates.http.asking import Door
from ringfence.gates.http.calling import Calls
from ringfence.gates.http.canary import Answerer, send_canary, side_of_canary
from ringfence.gates.http.counting import Counts
from ringfence.gates.http.destinations import destinations_of, sides_of
from ringfence.gates.http.exchange import NOWHERE, Side
from ringfence.gates.http.processor import PATH, Line, Setting
from ringfence.gates.http.turns import Mode
from ringfence.gates.tallies import Tallies
from ringfence.policy import Gate, Policy
from ringfence.transform import Keyring
from ringfence.vault import Vault
from ringfence.wire.http2 import Method

_HOUSEKEEPING: Final = 1.0  # seconds
_LOOK: Final = 1.0  # seconds that a look at Envoy may take
_MOST_WAITING: Final = 24 * 1024 * 1024  # octets of messages whose turn has not come
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
    access: Identities | None = None  # where the gate has principals
    vault: Vault | None = None


class HttpGate:
    """One gate in one process. `start`, `canary` until it is masked, `open`; at the end `drain` and `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: set[Line] = set()
        self._servers: list[asyncio.Server] = []
        self._answerer = Answerer()
        self._canaries = ""
        side = _side(world.policy, world.gate, world.keys, world.access)
        calls = Calls(world.gate.name, new_crossing_id)
        self._setting = Setting(
            side,
            side_of_canary(side),
            Mode(world.gate.bodies),
            world.recorder,
            world.clock,
            world.notify,
            Tallies(world.gate.name, new_crossing_id, world.clock, [calls]),
            calls,
            Counts(),
            world.vault,
        )
        self._house: asyncio.Task[None] | None = None
        self._access = world.access
        self._identities: asyncio.Task[None] | None = None  # keeps key sets fresh
        self.is_without_envoy = False  # it was open, and Envoy no longer takes connections for this worker

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
        self._identities = self._keep_fresh(self._access)

    async def canary(self) -> CanaryResult:
        """Send a canary over Envoy, to this worker."""
        return await send_canary(self._canaries, self._answerer)

    def open(self) -> None:
        """Serve those who wait and those who come: a canary was seen masked."""
        self._setting.is_open = True
        for line in list(self._lines):
            line.wake()

    @property
    def access(self) -> Identities | None:
        """Who is asked now."""
        return self._access

    def prepare(self, policy: Policy, keys: Keyring, access: Identities | None = None) -> Callable[[], None]:
        """Make ready for another policy, and for those who are then asked; give what takes it."""
        side = _side(policy, policy.gates[self._world.gate.name], keys, access)
        of_canary = side_of_canary(side)

        def change() -> None:
            self._setting.side, self._setting.canary_side = side, of_canary
            if self._identities is not None:
                self._identities.cancel()
            self._access, self._identities = access, self._keep_fresh(access)
            if self._world.vault is not None:
                self._world.vault.use(keys)

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
        tasks = [task for task in (self._house, self._identities) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # what it was writing is not written twice at once below
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
        if self._world.vault is not None:
            await self._world.vault.close()

    def _keep_fresh(self, access: Identities | None) -> asyncio.Task[None] | None:
        if access is None:
            return None
        task = asyncio.get_running_loop().create_task(access.run())
        task.add_done_callback(self._ended_keeping)
        return task

    def _ended_keeping(self, task: asyncio.Task[None]) -> None:
        fault = task.exception() if not task.cancelled() else None
        if fault is not None:
            self._world.notify(f"key sets are kept fresh no more: {type(fault).__name__}; restart the gate")

    async def _keep_house(self) -> None:
        complained = False
        while True:
            await asyncio.sleep(_HOUSEKEEPING)
            if self._world.vault is not None:
                await self._world.vault.sweep(self._world.clock())
            self.is_without_envoy = self._setting.is_open and not await _listens(self._canaries)
            try:
                await self._setting.tallies.write(self._world.recorder)
                complained = False
            except Unrecorded as fault:
                if not complained:
                    self._world.notify(f"the ledger cannot be written ({fault.fault}): counts wait for it")
                complained = True


def canary_path(processor: str) -> str:
    """Give the path of the socket at which Envoy takes canaries for the worker at `processor`.

    >>> canary_path("/run/ringfence/0.processor")
    '/run/ringfence/0.canary'
    """
    return str(Path(processor).with_suffix(".canary"))


async def _listens(path: str) -> bool:
    """Whether somebody takes connections at a socket. Nothing is sent."""
    try:
        async with asyncio.timeout(_LOOK):
            _, writer = await asyncio.open_unix_connection(path)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _side(policy: Policy, gate: Gate, keys: Keyring, access: Identities | None) -> Side:
    asset = gate.upstream or next(iter(gate.upstreams), None)
    if asset is None or (gate.clients is None and not gate.principals):
        raise NoUpstream(f"gate {gate.name} has no upstream, or does not say in which zone its clients stand")
    if gate.principals and access is None:
        raise NoUpstream(f"gate {gate.name} has principals, and nobody who knows them")
    door = Door(policy, gate, Doorkeeper(access) if gate.principals and access is not None else None)
    side = Side(policy, gate.name, asset, gate.clients or NOWHERE, keys, new_crossing_id, door=door)
    if gate.upstream is not None:
        return side
    return replace(side, destinations=sides_of(side, destinations_of(policy, gate)))
