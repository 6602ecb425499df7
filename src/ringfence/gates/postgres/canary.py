"""A canary: a value that must come back masked, sent through the gate's own sessions before any client is.

The rule: it takes the way of every other query: the same session, over the real server, through a crossing that is recorded. Only
its policy is its own, so that it says the same whatever the gate's policy carries.
"""

import asyncio
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ringfence.access import Principal, VerifiedBy
from ringfence.crossing.entries import CANARY_FLOW, CANARY_PRINCIPAL
from ringfence.gates.canary import CanaryResult
from ringfence.gates.postgres import speaking
from ringfence.gates.postgres.ends import ServerEnd
from ringfence.gates.postgres.results import result_of
from ringfence.gates.postgres.session import Session
from ringfence.gates.postgres.standing import Standing
from ringfence.gates.postgres.statements import Column, Known
from ringfence.gates.postgres.verdicts import Verdict
from ringfence.policy import Asker, Asset, AssetName, Flow, FlowId, Mode, Policy, ZoneName
from ringfence.policy.model import BUILT_IN_FORMS, DENY, CarryRule, Via
from ringfence.sql.model import Analysis, Output, RawStatement, StatementKind

if TYPE_CHECKING:
    from ringfence.gates.postgres.shared import Shared
    from ringfence.gates.postgres.upstream import Upstream

_FLOW = FlowId(CANARY_FLOW)
_ASSET = AssetName(CANARY_FLOW)
_CATEGORY = "user.contact.email"
_PATH = "canary.person.email"
_TEXT = 25


class Ear:
    """Stands where a client's socket would, and keeps what it is told."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.ended = asyncio.get_running_loop().create_future()
        self.session: Session | None = None

    def write(self, data: bytes) -> None:
        """Keep what a client would be sent."""
        self.heard += data
        if data[-6:-1] == b"Z\0\0\0\5" and not self.ended.done():
            self.ended.set_result(None)

    def hold_back(self, _why: str) -> None:
        """It sends nothing that could be held back."""

    def let_go(self, _why: str) -> None:
        """See above."""

    async def writable(self) -> None:
        """It always is."""

    def finish(self, _last: bytes = b"") -> None:
        """Note the end."""
        if not self.ended.done():
            self.ended.set_result(None)


async def send_canary(shared: "Shared", upstream: "Upstream") -> CanaryResult:
    """Send a canary through a session of its own on `upstream`, which is closed behind it."""
    ear = Ear()
    server = ServerEnd(1 << 20)
    standing = _standing(shared)
    source, _, name = CANARY_PRINCIPAL.partition(":")
    principal = Principal(name, standing.zone, frozenset(), source, VerifiedBy.SCRAM)
    session = Session(shared, ear, server, principal, standing)
    server.session = session
    upstream.attach(server)
    local, domain = secrets.token_hex(6), "example.com"
    text = f"select '{local}' || '@{domain}' as email".encode()
    known = Known(
        RawStatement(StatementKind.PLANNED, 0, len(text)),
        text,
        Analysis(outputs=(Output("email", (_PATH,), exact=True),)),
        (Column("email", 0, 0, _TEXT, -1),),
    )
    session.up.append(speaking.query(text))
    session.pending.append(result_of(session, Verdict(known, standing), None, ends=True))
    session.flush_up()
    try:
        await ear.ended
    finally:
        session.end()
    heard = bytes(ear.heard)
    if local.encode() in heard:
        return CanaryResult(masked=False, why="its value was in the answer", leaked=True)
    if b"D\0\0" not in heard or b"C\0\0\0" not in heard:
        return CanaryResult(masked=False, why="no row came back: look at the ledger and at the server")
    return CanaryResult(masked=True)


def _standing(shared: "Shared") -> Standing:
    policy = shared.policy
    zone = policy.assets[shared.asset].zone
    inside = Asset(_ASSET, zone, "postgres", fields={_PATH: _CATEGORY})
    mask = CarryRule(BUILT_IN_FORMS["mask"])
    flow = Flow(
        _FLOW,
        _ASSET,
        zone,
        zone,
        zone,
        Via(shared.gate.name),
        {_CATEGORY: (mask,)},
        DENY,
        DENY,
        Mode.ENFORCE,
    )
    canary = _with(policy, inside, flow)
    return Standing(canary, shared.gate, _ASSET, ZoneName(zone), Asker(), _FLOW, FlowId(""))


def _with(policy: Policy, asset: Asset, flow: Flow) -> Policy:
    return replace(
        policy,
        hash=f"canary:{policy.hash}",
        assets={**policy.assets, asset.name: asset},
        flows={**policy.flows, flow.id: flow},
    )
