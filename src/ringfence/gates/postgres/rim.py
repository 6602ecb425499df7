"""The PostgreSQL gate as a running thing: its sockets, its child, its watch, its end.

The rule: nobody is served before `open`; every task has this for its owner; a policy is taken whole or not at all.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ringfence.access import AccessFault, open_identities
from ringfence.gates.canary import CanaryResult
from ringfence.gates.postgres import errors
from ringfence.gates.postgres.canary import send_canary
from ringfence.gates.postgres.client_tls import tls_of
from ringfence.gates.postgres.door import Doorway, admit
from ringfence.gates.postgres.ends import ClientEnd
from ringfence.gates.postgres.epoch import Watch
from ringfence.gates.postgres.parser import ParserChild
from ringfence.gates.postgres.session import IDLE
from ringfence.gates.postgres.shared import Shared, World
from ringfence.gates.postgres.upstream import Upstream, connect
from ringfence.gates.postgres.upstream_address import Address, parse_address, secret_of
from ringfence.gates.postgres.upstream_login import check_login
from ringfence.policy import Gate, Policy
from ringfence.policy.model import Login
from ringfence.sql.parsing import ParseLimits

if TYPE_CHECKING:
    import ssl

_HOUSEKEEPING = 1.0  # seconds
_BACKLOG = 512  # connections that wait to be accepted
_LOOK_SECONDS = 15.0
_ENDING = errors.error("57P01", "ringfence: the gate is shutting down", hint="connect again", fatal=True)
_IDLE = errors.error("57P05", "ringfence: the session was idle for too long", hint="connect again", fatal=True)
_EXPIRED = errors.error("28000", "ringfence: your credential has expired", hint="connect with a new one", fatal=True)


@dataclass(frozen=True, slots=True)
class Status:
    """What a gate says of itself."""

    connections: int
    sessions: dict[str, int] = field(default_factory=dict)  # by the principal's name
    accepted: int = 0
    statements: int = 0
    traced: int = 0
    refused: int = 0
    ledger_faults: int = 0
    troubles: int = 0
    epoch: int = 0
    epoch_age: float = 0.0


class PostgresGate:
    """One gate in one process. `start`, `canary` until it is masked, `open`; at the end `drain` and `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shared: Shared | None = None
        self._address: Address | None = None
        self._parser: ParserChild | None = None
        self._watch: Watch | None = None
        self._servers: list[asyncio.Server] = []
        self._tls: ssl.SSLContext | None = None
        self._end_point = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._identities: asyncio.Task[None] | None = None  # keeps key sets fresh
        self._ends: set[ClientEnd] = set()

    @property
    def shared(self) -> Shared:
        """What its sessions share. Only after `start`."""
        if self._shared is None:
            raise RuntimeError("the gate was not started")
        return self._shared

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Make ready, and take the sockets that listen; nobody is served before `open`. Raises `AccessFault`."""
        world = self._world
        world.access.check()
        world.access.caution()
        self._address = self._address_of(world.policy, world.gate)
        self._tls, self._end_point = tls_of(world.gate.name, world.gate.tls, world.base)
        limits = world.gate.limits
        self._parser = ParserChild(ParseLimits(limits.statement, limits.nesting, parameters=limits.parameters))
        await self._parser.start()
        shared = self._shared = Shared(world, self._parser)
        for login in dict.fromkeys(world.gate.logins.values()):
            await self._check(login)
        self._watch = Watch(shared, self._address)
        self._own(self._watch.run())
        self._identities = self._own(world.access.run())
        self._own(self._keep_house())
        loop = asyncio.get_running_loop()
        for each in sockets:
            local = each.family == socket.AF_UNIX
            factory = self._accept_local if local else self._accept
            if local:
                server = await loop.create_unix_server(factory, sock=each, start_serving=False, backlog=_BACKLOG)
            else:
                server = await loop.create_server(factory, sock=each, start_serving=False, backlog=_BACKLOG)
            self._servers.append(server)

    async def canary(self) -> CanaryResult:
        """Send a canary through the gate's own code, over the server."""
        login = next(iter(self._world.gate.logins.values()))
        try:
            upstream = await self._connect(login)
            async with asyncio.timeout(_LOOK_SECONDS):
                return await send_canary(self.shared, upstream)
        except AccessFault as fault:
            return CanaryResult(masked=False, why=fault.what)
        except TimeoutError:
            return CanaryResult(masked=False, why="it did not come back in time")

    async def open(self) -> None:
        """Serve whoever waits and whoever comes."""
        for server in self._servers:
            await server.start_serving()

    async def prepare(self, policy: Policy) -> Callable[[], None]:
        """Make ready for another policy; give what takes it. Raises where it cannot be taken; sessions go on under either."""
        world = self._world
        gate = policy.gates[world.gate.name]
        address = self._address_of(policy, gate)
        tls, end_point = tls_of(gate.name, gate.tls, world.base)
        access = open_identities(policy, gate, world.base, self._tell, world.access)
        access.check()
        access.caution()
        for login in dict.fromkeys(gate.logins.values()):
            await self._check(login, address)

        def change() -> None:
            self._tls, self._end_point = tls, end_point
            self.shared.change_policy(policy, gate, self.shared.keys, access)
            if self._identities is not None:
                self._identities.cancel()
            self._identities = self._own(access.run())

        return change

    def change_policy(self, policy: Policy) -> None:
        """Decide by another policy from now on, with the identities as they are."""
        gate = policy.gates[self._world.gate.name]
        self.shared.change_policy(policy, gate, self.shared.keys, self._world.access)

    async def drain(self, deadline: float) -> None:
        """Take no new connections, end the idle ones, wait for the others; after `deadline` seconds end those too."""
        for server in self._servers:
            server.close()
        ending = asyncio.get_running_loop().time() + deadline
        while self.shared.sessions and asyncio.get_running_loop().time() < ending:
            for session in list(self.shared.sessions):
                if session.status == IDLE and not session.pending and not session.busy:
                    session.end(_ENDING)
            waiting = {session.ended for session in self.shared.sessions}
            if waiting:
                await asyncio.wait(waiting, timeout=min(0.05, deadline), return_when=asyncio.FIRST_COMPLETED)
        for session in list(self.shared.sessions):
            session.end(_ENDING)
        await self.shared.settle()
        await self.shared.write_counts(closing=True)

    def status(self) -> Status:
        """Say what was counted."""
        shared = self.shared
        people: dict[str, int] = {}
        for session in shared.sessions:
            people[session.principal.name] = people.get(session.principal.name, 0) + 1
        counts = shared.counts
        age = shared.loop_time() - self._watch.last_look if self._watch is not None else 0.0
        return Status(
            len(shared.sessions),
            people,
            counts.sessions,
            counts.statements,
            counts.traced,
            counts.refused,
            counts.ledger_faults,
            counts.troubles,
            shared.epoch.number,
            age,
        )

    async def close(self) -> None:
        """End everything."""
        for server in self._servers:
            server.close()
        if self._shared is not None:
            for session in list(self._shared.sessions):
                session.end(_ENDING)
            await self._shared.settle()
            await self._shared.write_counts(closing=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in list(self._ends):
            end.finish()
        if self._watch is not None:
            await self._watch.close()
        if self._parser is not None:
            await self._parser.close()

    # ---------------------------------------------------------------- parts

    def _accept(self) -> ClientEnd:
        return self._welcome(local=False)

    def _accept_local(self) -> ClientEnd:
        return self._welcome(local=True)

    def _welcome(self, *, local: bool) -> ClientEnd:
        assert self._address is not None  # noqa: S101 (it was connected)
        end = ClientEnd()
        self._ends.add(end)
        doorway = Doorway(self._address, self._tls, self._end_point, local)
        task = self._own(admit(self.shared, doorway, end))
        task.add_done_callback(lambda _done: self._ends.discard(end))
        return end

    def _own(self, work: "asyncio._CoroutineLike[None]") -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._owned)
        return task

    def _owned(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.shared.trouble(task.exception() or RuntimeError())

    async def _keep_house(self) -> None:
        """Write counts that are due; end sessions that idle or whose credential has ended."""
        while True:
            await asyncio.sleep(_HOUSEKEEPING)
            shared = self.shared
            await shared.write_counts()
            now, ticks = shared.clock(), shared.loop_time()
            idle = shared.gate.limits.idle
            for session in list(shared.sessions):
                if session.principal.expires is not None and now >= session.principal.expires:
                    session.end(_EXPIRED)
                elif idle and session.idle_since(ticks) > idle:
                    session.end(_IDLE)

    async def _connect(self, login: Login, address: Address | None = None) -> Upstream:
        address = address or self._address
        assert address is not None  # noqa: S101 (it was read at the start)
        secret = secret_of(login, os.environ, self._world.base)
        parameters = {"client_encoding": "UTF8", "standard_conforming_strings": "on", "application_name": "ringfence"}
        return await connect(address, login.user, secret, parameters=parameters, deadline=_LOOK_SECONDS)

    async def _check(self, login: Login, address: Address | None = None) -> None:
        upstream = await self._connect(login, address)
        try:
            for caution in await check_login(upstream.fetch, login.user):
                self._world.notify(f"{caution.what}; {caution.mend}")
        finally:
            await upstream.close()

    def _address_of(self, policy: Policy, gate: Gate) -> Address:
        asset = policy.assets[gate.upstream] if gate.upstream is not None else None
        return parse_address(asset.at if asset is not None else "", self._world.base)

    def _tell(self, fault: AccessFault) -> None:
        self._world.notify(f"{fault.what}; {fault.mend}")


__all__ = ["PostgresGate", "Status", "World"]
