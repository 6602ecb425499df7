"""The gate that is attacked: made of the policy and of the code that serves clients, before a service of the probe's own.

The rule: what decides is the same, line by line: the policy's flows and fields, Envoy with the configuration of `ringfence up`,
a worker's gate, its canary. Other are only the two addresses, one worker, no TLS towards either end, short waits, and that its
entries are counted and not kept: they are of nobody's data, and belong in no ledger.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ringfence.crossing import Body
from ringfence.gates.carrying import now
from ringfence.gates.http.gate import HttpGate, World
from ringfence.policy import Flow, FlowId, Gate, Mode, Policy
from ringfence.policy.model import DENY, Via
from ringfence.serve.envoy import Envoy
from ringfence.serve.envoy_setup import make_place
from ringfence.serve.log import Log, LogFormat
from ringfence.transform import Keyring

IDLE: Final = 2.0  # seconds that a request may stand still
STARTING: Final = 60.0  # seconds for Envoy to let clients in


@dataclass(slots=True)
class Entries:
    """Takes the gate's entries, and counts them."""

    count: int = 0

    async def record(self, body: Body) -> str:  # noqa: ARG002 (the seam of all recorders)
        """Take one."""
        self.count += 1
        return str(self.count)


class NotStarted(Exception):
    """Envoy does not start, or its canary does not come back masked."""


def before(policy: Policy, gate: str, port: int) -> tuple[Policy, Gate]:
    """Give the policy, and its gate, with a service of one's own behind it."""
    own = policy.gates[gate]
    if own.upstream is None:
        raise NotStarted(f"gate {gate} has nothing behind it")
    asset = replace(policy.assets[own.upstream], at=f"http://127.0.0.1:{port}")
    made = replace(own, listen="127.0.0.1:0", workers=1, tls=None, limits=replace(own.limits, idle=IDLE))
    assets, gates = {**policy.assets, own.upstream: asset}, {**policy.gates, gate: made}
    return replace(policy, assets=assets, gates=gates), made


def opened(policy: Policy, gate: str) -> Policy:
    """Give the policy with nothing but flows that let everything pass: for the gate that shows what an attack does without one."""
    own = policy.gates[gate]
    if own.upstream is None or own.clients is None:
        raise NotStarted(f"gate {gate} has nothing behind it, or does not say where its clients stand")
    asset = policy.assets[own.upstream]
    there, back, via = FlowId("probe-in"), FlowId("probe-out"), Via(gate)
    flows = (
        Flow(there, own.clients, asset.name, own.clients, asset.zone, via, {}, DENY, DENY, Mode.OBSERVE),
        Flow(back, asset.name, own.clients, asset.zone, own.clients, via, {}, DENY, DENY, Mode.OBSERVE),
    )
    return replace(policy, flows={flow.id: flow for flow in flows}, hash=f"probe:{policy.hash}")


@asynccontextmanager
async def running(policy: Policy, gate: Gate, keys: Keyring, base: Path) -> AsyncIterator[int]:
    """Run a gate with an Envoy of its own; give the port of its clients. Raises `NotStarted`, `ServeFault` and `GaveUp`."""
    place = make_place(policy, gate, base)
    made = HttpGate(World(policy, gate, keys, Entries(), now, lambda _text: None))
    envoy = Envoy(gate.name, place, lambda: None, Log(LogFormat.TEXT, write=lambda _line: None))
    keeping = asyncio.create_task(envoy.keep())
    try:
        await made.start(place.sockets[0])
        await _let_in(made, envoy, keeping)
        yield place.setup.port
    finally:
        envoy.end_at_once()
        with suppress(Exception, asyncio.CancelledError):
            await keeping
        await made.close()
        place.close()


async def _let_in(gate: HttpGate, envoy: Envoy, keeping: "asyncio.Task[None]") -> None:
    """Wait for a masked canary, then for Envoy to listen."""
    try:
        async with asyncio.timeout(STARTING):
            while not (seen := await gate.canary()).masked and not seen.leaked:
                if keeping.done():
                    keeping.result()
                await asyncio.sleep(0.05)
            if not seen.masked:
                raise NotStarted(f"the gate's canary leaks: {seen.why}")
            gate.open()
            envoy.let_in()
            while not envoy.is_open:  # noqa: ASYNC110 (Envoy tells when it is asked)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise NotStarted("Envoy lets nobody in") from None
