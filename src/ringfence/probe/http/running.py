"""One run of the probe against an HTTP gate: each flow, each category that it hides, each attack that goes its way.

The rule: an attack proves something only where it works without a policy. So each is played to a gate with the same Envoy, too,
whose flows let everything pass, and where nothing comes through that one, on a straight connection: what can be read there
alone is stopped whatever the policy says, and the matrix says so; what can be read nowhere is *not runnable*. A leak is a value
that can be read at the other end (`reading`).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ringfence.crossing import Body
from ringfence.policy import Asker, Flow, Plan, plan
from ringfence.policy.model import Mode
from ringfence.probe.entries import began_entry, ended_entry
from ringfence.probe.http.attacks import HttpAttack, Played, Target, Way, http_attacks, play
from ringfence.probe.http.playing import Service, send, send_http2
from ringfence.probe.http.reading import DEPTH, can_be_read
from ringfence.probe.http.site import HttpSite
from ringfence.probe.http.stage import before, opened, running
from ringfence.probe.matrix import Against, Cell, Matrix, Verdict
from ringfence.probe.people import forged
from ringfence.probe.running import Chosen, NothingToAsk
from ringfence.stamps import stamp
from ringfence.transform import Keyring

CATEGORIES: Final = ("user.contact.email", "user.financial.credit_card", "user.contact.phone_number")
"""The categories whose values are tried: each is found by its shape alone, wherever it stands."""

_OBSERVES: Final = "the flow observes: it lets everything pass"
_UNSEEN: Final = "it cannot be read on a straight connection either"
_METHODS: Final = {Way.REQUEST: "POST", Way.RESPONSE: "GET"}


@dataclass(frozen=True)
class HttpRun:
    """What a run is given."""

    site: HttpSite
    keys: Keyring
    folder: Path  # of the policy
    secret: bytes = field(repr=False)
    principal: str
    record: Callable[[Body], None]
    chosen: Chosen = Chosen()  # noqa: RUF009 (frozen)
    progress: Callable[[int, int], None] = lambda done, all_of_them: None  # noqa: ARG005 (nobody looks)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    attacks: Sequence[HttpAttack] = field(default_factory=http_attacks)


@dataclass(frozen=True, slots=True)
class _Lane:
    """One flow, and what goes along it. `role` is its name in the matrix."""

    role: str
    flow: Flow | None  # None: nothing is declared that way
    plan: Plan
    way: Way

    def target(self, value: str) -> Target:
        match = self.flow.via.match if self.flow is not None else {}
        return Target(value, match.get("path", "/probe").replace("*", "probe"), match.get("method", _METHODS[self.way]))

    def hides(self, category: str) -> bool:
        return self.flow is None or not self.plan.decide(category).form.passes_clear


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one message."""

    leaked: bool
    status: int  # of what the client got; 0: nothing
    heard: bool  # whether the service got a request


@dataclass(frozen=True, slots=True)
class _Stage:
    """A gate, and what stands behind it."""

    service: Service
    port: int
    straight_port: int

    @property
    def straight(self) -> "_Stage":
        """The same without a gate."""
        return _Stage(self.service, self.straight_port, self.straight_port)

    async def try_out(self, attack: HttpAttack, lane: _Lane, category: str, value: str) -> _Outcome:
        """Play an attack."""
        target = lane.target(value)
        played = play(attack, lane.way, target)
        self.service.closes = self.port == self.straight_port
        if lane.way is Way.REQUEST:
            self.service.begin()
            status, _ = await _sent(self.port, attack, played)
            await asyncio.sleep(0)
            came = bytes(self.service.heard)
        else:
            self.service.begin(played.pieces)
            status, came = await _sent(self.port, attack, _question(attack, target))
        leaked = await asyncio.to_thread(can_be_read, came, category, value, played.spelt)
        return _Outcome(leaked, status, self.service.requests > 0)


async def _sent(port: int, attack: HttpAttack, played: Played) -> tuple[int, bytes]:
    if attack.over == "http2":
        return await send_http2(port, played, width=attack.cut, resets=attack.resets)
    came = await send(port, played)
    words = came.split(b" ", 2)
    return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), came


def _question(attack: HttpAttack, target: Target) -> Played:
    """Make the harmless request that an answer is said to."""
    method, path = attack.method or target.method, target.path
    if attack.over == "http2":
        return Played(head=((":method", method), (":scheme", "http"), (":path", path), (":authority", "shop.example")))
    line = f"{method} {path} HTTP/{attack.version}\r\nHost: shop.example\r\nConnection: close\r\nTE: trailers\r\n"
    return Played([f"{line}Content-Length: 0\r\n\r\n".encode()])


def probe_http(run: HttpRun) -> Matrix:
    """Attack an HTTP gate; give the matrix. Raises `NothingToAsk`, `NotStarted`, `ServeFault` and `GaveUp`."""
    policy, site, began = run.site.policy, run.site, run.clock()
    lanes = [lane for lane in _lanes(site) if not run.chosen.roles or lane.role in run.chosen.roles]
    if not lanes:
        raise NothingToAsk("no flow of the gate was chosen", "name flows of this gate with --role, or none")
    chosen = [one for one in run.attacks if not run.chosen.routes or one.route in run.chosen.routes]
    number = secrets.token_hex(8)
    run.record(
        began_entry(number, began, run.principal, policy.hash, site.gate.name, [one.role for one in lanes], len(chosen))
    )
    cells, made = asyncio.run(_run(run, lanes, chosen))
    against = Against(
        site.gate.name,
        site.asset.name,
        sorted(lane.flow.id for lane in lanes if lane.flow is not None),
        policy.hash,
        0,
        len(cells),
        "made for this run: one of its own for each attack",
        len(chosen),
        len({one.route for one in chosen}),
        DEPTH,
        writes=False,
        flow_of={lane.role: lane.flow.id for lane in lanes if lane.flow is not None},
    )
    ended = run.clock()
    matrix = Matrix(number, stamp(began), stamp(ended), against, cells, made)
    run.record(ended_entry(matrix, ended, run.principal))
    return matrix


def _lanes(site: HttpSite) -> Iterator[_Lane]:
    """Give each flow of the gate, and the ways for which none is declared."""
    policy, gate, zone = site.policy, site.gate, site.gate.clients
    ends = (site.asset.name, site.asset.zone)
    flows = [flow for flow in policy.flows.values() if flow.via.gate in (None, gate.name)]
    ways = {
        Way.REQUEST: [flow for flow in flows if flow.source == zone and flow.sink in ends],
        Way.RESPONSE: [flow for flow in flows if flow.source in ends and flow.sink == zone],
    }
    for way, found in ways.items():
        for flow in found:
            yield _Lane(flow.id, flow, plan(policy, flow.id, Asker()), way)
        if not found:
            nothing = next(iter(policy.flows.values()), None)
            if nothing is not None:
                yield _Lane(f"({way.value}s, without a flow)", None, plan(policy, nothing.id, Asker()), way)


@asynccontextmanager
async def _staged(run: HttpRun, *, is_open: bool) -> AsyncIterator[_Stage]:
    service = Service()
    port = await service.open()
    try:
        name = run.site.gate.name
        policy, gate = before(opened(run.site.policy, name) if is_open else run.site.policy, name, port)
        async with running(policy, gate, run.keys, run.folder) as clients:
            yield _Stage(service, clients, port)
    finally:
        service.close()


async def _run(run: HttpRun, lanes: Sequence[_Lane], chosen: Sequence[HttpAttack]) -> tuple[list[Cell], int]:
    """Play everything; give the cells, and how many messages were sent."""
    trials = [
        (lane, category, attack)
        for lane in lanes
        for category in CATEGORIES
        if not run.chosen.categories or category in run.chosen.categories
        for attack in chosen
        if lane.way in attack.ways
    ]
    cells: list[Cell] = []
    made = 0
    async with _staged(run, is_open=True) as control, _staged(run, is_open=False) as real:
        for number, (lane, category, attack) in enumerate(trials):
            run.progress(number, len(trials))
            value = forged(category, run.secret, number)
            if lane.plan.mode is Mode.OBSERVE and lane.flow is not None:
                cells.append(_cell(lane, category, attack, Verdict.NOT_RUNNABLE, _OBSERVES))
                continue
            came, without = await asyncio.gather(  # each has a service of its own: while one waits, the other goes on
                real.try_out(attack, lane, category, value), control.try_out(attack, lane, category, value)
            )
            made += 2
            if without.leaked or came.leaked:
                cells.append(_judged(came, lane, category, attack))
                continue
            straight = await control.straight.try_out(replace(attack, over="http1"), lane, category, value)
            made += 1
            cells.append(
                _stopped(without, lane, category, attack) if straight.leaked else _unseen(lane, category, attack)
            )
    return cells, made


def _stopped(came: _Outcome, lane: _Lane, category: str, attack: HttpAttack) -> Cell:
    """Say of what comes through no gate what became of it."""
    if _is_refused(came, lane.way):
        return _cell(lane, category, attack, Verdict.BLOCKED, f"refused under any policy ({_said(came)})")
    return _cell(lane, category, attack, Verdict.CHANGED, "taken off under any policy")


def _unseen(lane: _Lane, category: str, attack: HttpAttack) -> Cell:
    return _cell(lane, category, attack, Verdict.NOT_RUNNABLE, _UNSEEN)


def _judged(came: _Outcome, lane: _Lane, category: str, attack: HttpAttack) -> Cell:
    if came.leaked and lane.hides(category):
        return _cell(lane, category, attack, Verdict.LEAKED, "a hidden value was read", leaked=True)
    if came.leaked:
        return _cell(lane, category, attack, Verdict.CLEAR, "the policy allows it")
    if _is_refused(came, lane.way):
        return _cell(lane, category, attack, Verdict.BLOCKED, f"refused ({_said(came)})")
    return _cell(lane, category, attack, Verdict.CHANGED, "")


def _is_refused(came: _Outcome, way: Way) -> bool:
    if way is Way.REQUEST:
        return not came.heard
    return came.status == 0 or came.status >= _REFUSING


def _said(came: _Outcome) -> str:
    return str(came.status) if came.status else "no answer"


_REFUSING: Final = 400


def _cell(lane: _Lane, category: str, attack: HttpAttack, verdict: Verdict, why: str, *, leaked: bool = False) -> Cell:
    return Cell(
        lane.role, category, attack.route, attack.id, verdict, why, leaked=(category,) if leaked else (), ways=()
    )
