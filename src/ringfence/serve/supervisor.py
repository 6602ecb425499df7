"""The parent's part: all workers, the one policy that they decide by, and how the whole is.

The rule: a policy is taken by all workers or by none. It is read and checked here, prepared by every worker that lives, recorded,
and only then decided by; where any of that fails, everything goes on as before. A worker that does not follow in time is killed
and comes back under the policy that is in force, so that two are never in force for longer than `SWITCH_SECONDS`.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from ringfence.gates.carrying import Recorder
from ringfence.policy import Mode, Policy
from ringfence.serve.addresses import upstream_hosts
from ringfence.serve.changes import COMPANIONS, Cause, policy_entry, refused_changes
from ringfence.serve.companion import Companion, Purpose
from ringfence.serve.faults import Said, say
from ringfence.serve.figures import total
from ringfence.serve.log import Log, LogFormat, clean
from ringfence.serve.messages import Abort, Commit, Place, Prepare, Report, Start, Switched, Wrong
from ringfence.serve.reading import Reading
from ringfence.serve.slot import GaveUp, Post, Slot
from ringfence.serve.status import GateStatus, Reloaded, State, Status, WorkerState
from ringfence.stamps import stamp

if TYPE_CHECKING:
    from ringfence.gates.http.bootstrap import Setup
    from ringfence.serve.envoy import Envoy
    from ringfence.serve.envoy_setup import EnvoyPlace

PREPARE_SECONDS = 40.0  # a worker that is only starting answers when it has started
SWITCH_SECONDS = 40.0  # a canary's deadline is within
HEARTBEAT = 5.0  # seconds between two looks at all workers
COUNT_SECONDS = 1.0  # for their answers

ReadPolicy = Callable[[], tuple[Reading, Policy]]


@dataclass(frozen=True, slots=True)
class Site:
    """What does not change while gates run."""

    place: Place
    read: ReadPolicy  # reads the policy's files anew; raises where they are wrong
    principal: str  # the account that runs it, for the ledger
    log_format: LogFormat
    drain_seconds: float
    sockets: Mapping[str, Sequence[Sequence[socket.socket]]]  # by gate, by worker
    addresses: Mapping[str, str]
    modules: Mapping[str, str]  # kind of gate -> the module of its worker
    places: "Mapping[str, EnvoyPlace]" = field(default_factory=dict)  # of gates whose clients Envoy lets in


class Supervisor:
    """Keeps the workers of all gates. `news` is called when the state of any has changed."""

    def __init__(
        self, site: Site, reading: Reading, policy: Policy, recorder: Recorder, log: Log, news: Callable[[], None]
    ) -> None:
        self._site = site
        self._reading = reading
        self._policy = policy
        self._recorder = recorder
        self._log = log
        self._generation = 1  # counts every attempt to change
        self._taken = 1  # readings that came into force
        self._changing = (
            asyncio.Lock()
        )  # held while the policy changes, and while a worker is told the one to start with
        self._counting: asyncio.Task[None] | None = None
        self._draining = False
        self._was_ready: set[str] = set()  # gates whose workers have all been ready once
        self._reloaded: Reloaded | None = None
        self._since = stamp(datetime.now(UTC))
        self._news = news
        self._slots = {
            name: [
                Slot(
                    Post(
                        name,
                        number,
                        site.modules[policy.gates[name].kind],
                        site.sockets[name][number],
                        upstream_hosts(policy, policy.gates[name]),
                    ),
                    self._start_order,
                    self._changing,
                    self._noticed,
                    log,
                )
                for number in range(policy.gates[name].workers)
            ]
            for name in site.sockets
        }

        self._envoys = {name: _envoy(name, place, self._noticed, log) for name, place in site.places.items()}
        self._companions = [Companion(each, self._companion_order, news, log) for each in COMPANIONS]

    @property
    def slots(self) -> list[Slot]:
        """The places of all workers."""
        return list(chain.from_iterable(self._slots.values()))

    async def keep(self) -> None:
        """Keep all workers running until they are drained. Raises `GaveUp` where one never becomes ready."""
        await self._record("start", "", self._policy.hash)
        async with asyncio.TaskGroup() as tasks:
            heart = tasks.create_task(self._beat())
            for companion in self._companions:
                tasks.create_task(companion.keep())
            kept: list[Slot | Envoy] = [*self.slots, *self._envoys.values()]
            keepers = [tasks.create_task(_kept(each)) for each in kept]
            for keeper in asyncio.as_completed(keepers):
                given_up = await keeper
                if given_up is not None:
                    await self.drain(self._site.drain_seconds)
                    break
            heart.cancel()
            for companion in self._companions:
                await companion.drain()
        for keeper in keepers:
            if (given_up := keeper.result()) is not None:
                raise given_up

    def start_no_more(self) -> None:
        """Start no worker from now on, whatever dies."""
        self._draining = True
        for slot in self.slots:
            slot.start_no_more()

    async def drain(self, seconds: float) -> None:
        """Have all workers end."""
        self.start_no_more()
        if any(slot.state is WorkerState.READY for slot in self.slots):
            self._log.info("draining", seconds=seconds)
        ending = asyncio.get_running_loop().time() + seconds
        async with (
            asyncio.TaskGroup() as tasks
        ):  # first: while they have requests under way, workers are asked about them
            for envoy in self._envoys.values():
                tasks.create_task(envoy.drain(seconds))
        left = max(0.0, ending - asyncio.get_running_loop().time()) if self._envoys else seconds
        async with asyncio.TaskGroup() as tasks:
            for slot in self.slots:
                tasks.create_task(slot.drain(left))
        for companion in self._companions:  # last: what the gates just refused is told, too
            await companion.drain()

    def end_at_once(self) -> None:
        """Kill all workers."""
        self._draining = True
        for companion in self._companions:
            companion.end_at_once()
        for envoy in self._envoys.values():
            envoy.end_at_once()
        for slot in self.slots:
            slot.end_at_once()

    def ready(self, gate: str) -> bool:
        """Whether all workers of a gate have seen their canary masked, each at least once."""
        return gate in self._was_ready

    async def reload(self) -> Reloaded:
        """Read the policy again and have all workers decide by it, or none."""
        async with self._changing:
            refused = await self._change()
        at = stamp(datetime.now(UTC))
        if refused is None:
            self._taken += 1
            for companion in self._companions:
                companion.renew()
            self._reloaded = Reloaded(at, True, self._policy.hash)
            self._log.info("reloaded", policy=self._policy.hash[:12], reading=self._taken)
        else:
            self._reloaded = Reloaded(at, False, self._policy.hash, clean(refused.what), clean(refused.mend))
            self._log.error("reload-refused", refused.what, mend=clean(refused.mend), policy=self._policy.hash[:12])
        self._noticed()
        return self._reloaded

    async def count(self) -> None:
        """Ask all workers for their figures. Who asks meanwhile shares the answers."""
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count_all())
        await asyncio.shield(self._counting)

    def status(self) -> Status:
        """Say how the whole is, by the figures that were counted last."""
        gates = tuple(self._gate_status(name) for name in self._slots)
        companions = tuple(found for each in self._companions if (found := each.status()) is not None)
        reasons = tuple(chain.from_iterable(map(self._reasons, gates)))
        reasons += tuple(f"{each.name}: {each.why or each.state}" for each in companions if each.is_odd)
        state = State.DRAINING if self._draining else State.READY
        if not self._draining and len(self._was_ready) < len(gates):
            state = State.STARTING
        refused = self._reloaded is not None and not self._reloaded.taken
        if self._reloaded is not None and refused:
            reasons += (f"the last reload was refused: {self._reloaded.what}",)
        if state is State.READY and reasons:
            state = State.DEGRADED
        return Status(
            state, reasons, self._policy.hash, self._taken, self._since, os.getpid(), self._reloaded, gates, companions
        )

    def _gate_status(self, name: str) -> GateStatus:
        slots = self._slots[name]
        figures = total([slot.figures for slot in slots], [slot.gone for slot in slots])
        kind = self._policy.gates[name].kind
        workers = tuple(slot.status() for slot in slots)
        envoy = self._envoys[name].status() if name in self._envoys else None
        flows = self._policy.flows.values()
        observing = tuple(each.id for each in flows if each.via.gate == name and each.mode is Mode.OBSERVE)
        return GateStatus(name, kind, self._site.addresses[name], workers, figures, envoy, observing)

    def _reasons(self, gate: GateStatus) -> list[str]:
        reasons = [
            f"gate {gate.gate}: worker {worker.worker} is {worker.state}" + (f": {worker.why}" if worker.why else "")
            for worker in gate.workers
            if worker.is_odd
        ]
        envoy = self._envoys.get(gate.gate)
        if envoy is not None and envoy.why:
            reasons.append(f"gate {gate.gate}: {envoy.why}")
        return reasons

    def _start_order(self, post: Post) -> Start:
        numbers = tuple(each.fileno() for each in post.sockets)
        return Start(
            post.gate,
            post.worker,
            self._reading,
            self._generation,
            self._site.place,
            numbers,
            self._site.log_format.value,
        )

    def _companion_order(self, purpose: Purpose) -> Start | None:
        if not purpose.is_wanted(self._policy):
            return None
        site = self._site
        return Start(purpose.name, 0, self._reading, self._generation, site.place, (), site.log_format.value)

    def _noticed(self) -> None:
        for name, slots in self._slots.items():
            if all(slot.state is WorkerState.READY for slot in slots) and self._lets_in(name):
                self._was_ready.add(name)
        self._news()

    def _lets_in(self, gate: str) -> bool:
        """Whether clients are let in. Where Envoy does that, it is told to."""
        envoy = self._envoys.get(gate)
        if envoy is None:
            return True
        envoy.let_in()
        return envoy.is_open

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            await self.count()

    async def _count_all(self) -> None:
        await asyncio.gather(*(slot.count(COUNT_SECONDS) for slot in self.slots))

    async def _change(self) -> Said | None:
        """Take the policy as it is now; say what is wrong where it is not taken."""
        if self._draining:
            return Said("everything is ending", "start `ringfence up` again")
        old_reading, old_policy = self._reading, self._policy
        try:
            reading, policy = await asyncio.to_thread(self._site.read)
        except Exception as error:  # noqa: BLE001 (said to whoever asked; what runs goes on)
            return say(error)
        refused = refused_changes(old_policy, policy, list(self._slots))
        if refused is not None:
            return refused
        try:
            moved = {name: _moved(place, policy, reading) for name, place in self._site.places.items()}
        except Exception as error:  # noqa: BLE001 (said to whoever asked; what runs goes on)
            return say(error)
        refused = await self._prepare(reading)
        if refused is not None:
            return refused
        try:
            await self._record("reload", old_policy.hash, policy.hash)
        except Exception as error:  # noqa: BLE001 (said to whoever asked; what runs goes on)
            self._abort()
            return say(error)
        self._reading, self._policy = reading, policy
        why = await self._commit()
        if not why:
            for name, setup in moved.items():  # last: a worker refuses what leads to where its policy does not
                self._envoys[name].renew(setup)
            return None
        await self._roll_back(old_reading, old_policy)
        return Said(f"under it {why}", "the policy of before is in force again; mend that and reload")

    async def _roll_back(self, reading: Reading, policy: Policy) -> None:
        new, self._reading, self._policy = self._policy.hash, reading, policy
        try:
            await self._record("rollback", new, policy.hash)
        except Exception as error:  # noqa: BLE001 (said to whoever asked; what runs goes on)
            self._log.fault("unrecorded", error)
        refused = await self._prepare(reading)
        if refused is not None or await self._commit():
            self._log.error("rollback-failed", "the workers are started anew")
            for slot in self.slots:
                slot.kill()

    async def _prepare(self, reading: Reading) -> Said | None:
        self._generation += 1
        order = Prepare(reading, self._generation)
        living = [slot for slot in self.slots if slot.alive]
        answers = await asyncio.gather(*(slot.order(order, self._generation, PREPARE_SECONDS) for slot in living))
        for slot, answer in zip(living, answers, strict=True):
            refused = _refusal(slot, answer)
            if refused is not None:
                self._abort()
                return refused
        return None

    def _abort(self) -> None:
        for slot in self.slots:
            slot.tell(Abort(self._generation))

    async def _commit(self) -> str:
        """Have all workers decide by what they prepared; say so where a canary was seen clear."""
        order = Commit(self._generation)
        living = [slot for slot in self.slots if slot.alive]
        answers = await asyncio.gather(*(slot.order(order, self._generation, SWITCH_SECONDS) for slot in living))
        why = ""
        for slot, answer in zip(living, answers, strict=True):
            if isinstance(answer, Switched):
                why = why or answer.why
            else:
                slot.kill()  # it comes back under the policy that is in force
        return why

    async def _record(self, cause: Cause, before: str, after: str) -> None:
        entry = policy_entry(cause, before, after, list(self._slots), self._site.principal, datetime.now(UTC))
        await self._recorder.record(entry)


def _moved(place: "EnvoyPlace", policy: Policy, reading: Reading) -> "Setup":
    from ringfence.serve.envoy_setup import moved  # an extra's: other gates do without

    return moved(place.setup, policy, reading.folder)


def _envoy(gate: str, place: "EnvoyPlace", news: Callable[[], None], log: Log) -> "Envoy":
    from ringfence.serve.envoy import Envoy  # an extra's: other gates do without

    return Envoy(gate, place, news, log)


async def _kept(kept: "Slot | Envoy") -> GaveUp | None:
    try:
        await kept.keep()
    except GaveUp as given_up:
        return given_up
    return None


def _refusal(slot: Slot, answer: Report | None) -> Said | None:
    if isinstance(answer, Wrong):
        return Said(answer.what, answer.mend)
    if answer is None and slot.alive:
        return Said(f"worker {slot.post.worker} of gate {slot.post.gate} does not answer", "try again when it does")
    return None  # it is ready for it, or it died: the next one is told the policy that is in force then
