"""Running the gates of a policy, from the opening of their sockets to the exit code.

The rule: what can be wrong is found before anything listens, or said at once; from then on the parent only keeps, asks and ends.
TERM and INT end everything in good order (a second one at once), HUP reads the policy again.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.gates.recording import LedgerRecorder
from ringfence.ledger import LedgerClient
from ringfence.policy import Gate, Policy
from ringfence.serve._process import raise_file_limit
from ringfence.serve.addresses import (
    Address,
    address_of,
    check_private,
    listen_apart,
    listen_on,
    parse_address,
    upstream_hosts,
)
from ringfence.serve.changes import HTTP_KIND, LOG_KIND, SERVED
from ringfence.serve.control import Control, Lock, forget
from ringfence.serve.faults import ServeFault
from ringfence.serve.health import MOST_HEAD, HealthPage
from ringfence.serve.log import Log, LogFormat, silence_foreign_words, watch_loop
from ringfence.serve.messages import Place
from ringfence.serve.reading import Reading, place_of
from ringfence.serve.slot import GaveUp
from ringfence.serve.status import Status
from ringfence.serve.supervisor import ReadPolicy, Site, Supervisor
from ringfence.traces import leave_no_image

if TYPE_CHECKING:
    from ringfence.serve.envoy_setup import EnvoyPlace

DRAINED = 0

FILES_EACH = 2  # descriptors of a connection: the client's socket and the one upstream
FILES_BESIDE = 64  # of a worker: its listening sockets, ledger, parser, loop


class EventKind(StrEnum):
    """What is announced."""

    READY = "ready"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that whoever started the gates waits for."""

    kind: EventKind
    address: str
    gate: str = ""
    workers: int = 0
    gate_kind: str = ""
    path: str = "/"  # of HTTP: what a first request may ask for
    scheme: str = "http"  # of HTTP: what its clients speak


@dataclass(frozen=True, slots=True)
class Instance:
    """What is to run, and how."""

    folder: Path  # of the home
    place: Place
    read: ReadPolicy
    principal: str
    log_format: LogFormat
    announce: Callable[[Event], None]
    gates: Sequence[str] = ()  # none named: every one that can be served
    health: str = ""
    drain_seconds: float = 30.0
    modules: Mapping[str, str] = field(default_factory=lambda: SERVED)
    envoy_sockets: Path | None = None  # where somebody's own Envoy meets HTTP gates; None: they have one of their own


def run(instance: Instance) -> int:
    """Run gates until a signal ends them; give the exit code. Raises what keeps them from beginning, `GaveUp` included."""
    leave_no_image()
    files = raise_file_limit()
    reading, policy = instance.read()
    gates = chosen_gates(policy, instance)
    check_files(gates, files)
    lock = Lock(instance.folder)
    opened: dict[str, list[list[socket.socket]]] = {}
    places: dict[str, EnvoyPlace] = {}
    try:
        for gate in gates:
            where = f"gates.{gate.name}.listen"
            if gate.kind == HTTP_KIND:
                places[gate.name] = _place_of(policy, gate, reading.folder, instance.envoy_sockets)
                opened[gate.name] = places[gate.name].sockets
                continue
            opened[gate.name] = listen_apart(parse_address(gate.listen, where), where, gate.workers)
        return asyncio.run(_Running(instance, reading, policy, opened, places).run())
    finally:
        _close_all(opened)
        for place in places.values():
            place.close()
        forget(instance.folder)
        lock.release()


def _place_of(policy: Policy, gate: Gate, base: Path, sockets: Path | None) -> "EnvoyPlace":
    from ringfence.serve.envoy_setup import make_place, make_place_beside  # an extra's: other gates do without

    return make_place(policy, gate, base) if sockets is None else make_place_beside(policy, gate, base, sockets)


def chosen_gates(policy: Policy, instance: Instance) -> list[Gate]:
    """Choose the gates to run. Raises `ServeFault` where there is none, or one that this command does not run."""
    kinds = ", ".join(instance.modules)
    for name in instance.gates:
        gate = policy.gates.get(name)
        if gate is None:
            there = ", ".join(policy.gates) or "none"
            raise ServeFault("--gate: the policy has no gate of that name", f"it has: {there}")
        if gate.kind not in instance.modules:
            raise ServeFault(f"gate {name} is of kind {gate.kind}", _mend_for(gate, kinds))
    named = [policy.gates[name] for name in dict.fromkeys(instance.gates)]
    gates = named or [
        gate for gate in policy.gates.values() if gate.kind in instance.modules and not _is_in_process(gate)
    ]
    if not gates:
        local = next(filter(_is_in_process, policy.gates.values()), None)
        if local is not None and HTTP_KIND in instance.modules:
            mend = 'write `listen: "127.0.0.1:8080"` for Envoy to stand there; a middleware needs no `ringfence up`'
            raise ServeFault(f"gates.{local.name} does not say where to listen: it stands in process", mend)
        logs = [gate for gate in policy.gates.values() if gate.kind == LOG_KIND]
        mend = _mend_for(logs[0], kinds) if logs else f"declare one: `gates: {{pg: {{kind: {kinds}, ...}}}}`"
        raise ServeFault(f"the policy has no gate of kind {kinds}", mend)
    for gate in gates:
        if not gate.listen:
            raise ServeFault(f"gates.{gate.name} does not say where to listen", 'write `listen: "127.0.0.1:6432"`')
    return gates


def _is_in_process(gate: Gate) -> bool:
    """Whether a gate is only a middleware's or a transport's (`ringfence.integrations`)."""
    return gate.kind == HTTP_KIND and not gate.listen


def _mend_for(gate: Gate, kinds: str) -> str:
    if gate.kind == LOG_KIND:
        return f"gate {gate.name} is for logs: run it with `ringfence pipe` or `ringfence run`"
    return f"`ringfence up` runs gates of kind {kinds}"


def check_files(gates: Sequence[Gate], files: int) -> None:
    """Refuse limits of connections for which the machine allows too few open files."""
    for gate in gates:
        needed = FILES_EACH * gate.limits.connections + FILES_BESIDE
        if needed > files:
            raise ServeFault(
                f"gates.{gate.name}.limits.connections: {gate.limits.connections} need {needed} files, {files} are allowed",
                f"allow more (`ulimit -Hn {needed}`, LimitNOFILE), or lower the limit",
            )


class _Running:
    """What lives while the gates run."""

    def __init__(
        self,
        instance: Instance,
        reading: Reading,
        policy: Policy,
        opened: Mapping[str, list[list[socket.socket]]],
        places: "Mapping[str, EnvoyPlace]",
    ) -> None:
        self._instance = instance
        self._reading = reading
        self._policy = policy
        self._opened = opened
        self._places = places
        self._log = Log(instance.log_format)
        self._announced: set[str] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self._ended_by = 0
        self._second = False
        self._supervisor: Supervisor | None = None
        self._terminal = sys.stderr.isatty()
        self._addresses = {
            name: str(address_of(sockets[0], parse_address(policy.gates[name].listen, name)))
            for name, sockets in opened.items()
            if name not in places
        } | {name: place.address for name, place in places.items()}

    async def run(self) -> int:
        """Run until everything has ended."""
        silence_foreign_words(self._log)
        watch_loop(asyncio.get_running_loop(), self._log)
        instance = self._instance
        async with AsyncExitStack() as stack:
            ledger = await stack.enter_async_context(LedgerClient(instance.place.ledger, instance.place.signing_key))
            supervisor = self._supervisor = Supervisor(
                self._site(), self._reading, self._policy, LedgerRecorder(ledger), self._log, self._noticed
            )
            await self._open_pages(stack, supervisor)
            self._watch_signals(supervisor)
            try:
                await supervisor.keep()
            except GaveUp as given_up:
                raise self._with_place(given_up) from None
            finally:
                supervisor.end_at_once()
                await self._finish()
        self._log.info("ended", "cut off by a second signal" if self._second else "")
        return 128 + self._ended_by if self._second else DRAINED

    def _with_place(self, given_up: GaveUp) -> GaveUp:
        """Say in which file and line of the policy that stands which has to be mended, where that is known."""
        where = f"{place_of(self._reading, given_up.at)}: " if given_up.at else ""
        placed = GaveUp(where + given_up.what, given_up.mend, given_up.at)
        if self._instance.log_format is LogFormat.JSON:  # on a terminal the command's last words say the same
            own = frozenset().union(*(upstream_hosts(self._policy, self._policy.gates[name]) for name in self._opened))
            self._log.naming(own).error("gave-up", placed.what, mend=placed.mend)
        return placed

    def _site(self) -> Site:
        instance = self._instance
        return Site(
            instance.place,
            instance.read,
            instance.principal,
            instance.log_format,
            instance.drain_seconds,
            self._opened,
            self._addresses,
            instance.modules,
            {name: place for name, place in self._places.items() if place.reserved is not None},
        )

    async def _open_pages(self, stack: AsyncExitStack, supervisor: Supervisor) -> None:
        async def look() -> Status:
            await supervisor.count()
            return supervisor.status()

        control = await Control(look, supervisor.reload).listen(self._instance.folder)
        stack.callback(control.close)
        if not self._instance.health:
            return
        asked = parse_address(self._instance.health, "--health")
        check_private(asked, "--health")
        sockets = listen_on(asked, "--health")
        page = HealthPage(look)
        for each in sockets:
            stack.callback((await asyncio.start_server(page.answer, sock=each, limit=MOST_HEAD)).close)
        if asked.path:
            stack.callback(_remove, asked)
        self._instance.announce(Event(EventKind.HEALTH, str(address_of(sockets, asked))))

    def _watch_signals(self, supervisor: Supervisor) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, supervisor, number)
        loop.add_signal_handler(signal.SIGHUP, self._read_again, supervisor)

    def _end(self, supervisor: Supervisor, number: signal.Signals) -> None:
        if self._ended_by:
            self._second = True
            supervisor.end_at_once()
            return
        self._ended_by = number
        supervisor.start_no_more()
        _close_all(self._opened)  # workers have their own; when the last of them stops accepting, newcomers are refused
        self._begin(supervisor.drain(self._instance.drain_seconds))

    def _read_again(self, supervisor: Supervisor) -> None:
        if self._terminal and not _has_terminal():
            self._end(supervisor, signal.SIGHUP)  # its window was closed
            return
        self._begin(supervisor.reload())

    def _begin(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _noticed(self) -> None:
        if self._supervisor is None:
            return
        for name in self._opened.keys() - self._announced:
            if self._supervisor.ready(name):
                self._announced.add(name)
                workers = self._policy.gates[name].workers
                self._log.info("gate-ready", gate=name, workers=workers)
                gate = self._policy.gates[name]
                path = f"/{gate.upstreams[0]}/" if gate.upstreams else "/"
                scheme = "https" if gate.tls is not None else "http"
                self._instance.announce(
                    Event(EventKind.READY, self._addresses[name], name, workers, gate.kind, path, scheme)
                )


def _close_all(opened: Mapping[str, list[list[socket.socket]]]) -> None:
    for one in chain.from_iterable(chain.from_iterable(opened.values())):
        one.close()


def _has_terminal() -> bool:
    try:
        os.tcgetpgrp(sys.stderr.fileno())
    except OSError:
        return False
    return True


def _remove(address: Address) -> None:
    with suppress(FileNotFoundError):
        Path(address.path).unlink()
