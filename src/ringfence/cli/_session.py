"""What the commands that run a log gate share: their options, and the gate made from policy, keys and ledger."""

import os
import pwd
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._home import Home
from ringfence.cli._policy import load_policy
from ringfence.gates.carrying import Recorder, now
from ringfence.gates.logs import LogGate
from ringfence.ledger import LedgerClient
from ringfence.policy import Asker, Flow, FlowId, Plan, Policy, PurposeName, RoleName, plan
from ringfence.policy.model import NUMBERED
from ringfence.transform import Keyring
from ringfence.vault import load

FlowOption = Annotated[str, typer.Option("--flow", "-f", help="The flow to cross: its id in the policy.")]
RoleOption = Annotated[str | None, typer.Option("--role", help="The role to ask as.")]
PurposeOption = Annotated[str | None, typer.Option("--purpose", help="Why: one of the flow's purposes.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="The reason in words, for roles that need one.")]

GATE_KIND = "log"


def principal() -> str:
    """Name the account that runs the gate: as the system knows it, for LOGNAME and USER are anybody's to set."""
    try:
        return f"local:{pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"local:{os.geteuid()}"


def notify(text: str) -> None:
    """Tell the operator, on standard error: never on the stream that is crossed, which goes on where nobody listens here."""
    with suppress(OSError):
        print(f"ringfence: {text}", file=sys.stderr, flush=True)


def find_flow(policy: Policy, name: str, streams: Sequence[str]) -> Flow:
    """Give the flow of that id, or raise `Problem` where it does not exist or does not go through a log gate."""
    flow = policy.flows.get(FlowId(name))
    if flow is None:
        from difflib import get_close_matches

        near = get_close_matches(name, policy.flows, n=1)
        mend = f"did you mean {near[0]}?" if near else f"the policy has: {', '.join(policy.flows) or 'no flow at all'}"
        raise Problem("--flow: the policy has no flow of that id", mend)
    gate = policy.gates.get(flow.via.gate) if flow.via.gate is not None else None
    if gate is not None and gate.kind != GATE_KIND:
        raise Problem(
            f"flow {flow.id} goes through gate {gate.name} of kind {gate.kind}", f"give it a gate of kind {GATE_KIND}"
        )
    wanted = flow.via.match.get("stream")
    for stream in streams:
        if wanted is not None and stream != wanted:
            mend = (
                "declare a flow for it, and name it with --stderr-flow"
                if stream == "stderr"
                else "take a flow that matches it"
            )
            raise Problem(f"flow {flow.id} carries {wanted} only, not {stream}", mend)
    return flow


def make_plan(policy: Policy, flow: Flow, role: str | None, purpose: str | None, reason: str) -> Plan:
    """Resolve the policy for this flow and asker, or raise `Problem` where nothing may cross at all."""
    asker = Asker(
        RoleName(role) if role is not None else None,
        PurposeName(purpose) if purpose is not None else None,
        has_reason=bool(reason),
    )
    made = plan(policy, flow.id, asker)
    if made.refused is not None:
        raise Problem(f"flow {flow.id}: refused ({made.refused.denial.value}, {made.refused.rule})", made.refused.mend)
    needs_store = {decision.form.name for decision in made.table.values() if decision.form.kind in NUMBERED}
    if needs_store:
        raise Problem(
            f"flow {flow.id} uses the form {min(needs_store)}, which needs a vault's store; a log gate has none",
            "use a form with `transform: token` there: reversible too, and needs no store",
        )
    return made


def gate_for(made: Plan, home: Home, recorder: Recorder, reason: str) -> LogGate:
    """Make the gate of a plan, with the keys that its forms need."""
    keys = load(home.made().keys)
    _check_keys(made, keys)
    return LogGate(made, keys, recorder, principal(), reason, now, notify)


def _check_keys(made: Plan, keys: Keyring) -> None:
    wanted = {decision.form.key for decision in made.table.values() if decision.form.key is not None}
    if not isinstance(made.unknown, str) and made.unknown.form.key is not None:
        wanted.add(made.unknown.form.key)
    if made.index is not None:
        wanted.add(made.index)
    missing = sorted(wanted - set(keys.names()))
    if missing:
        raise Problem(
            f"flow {made.flow} needs key {missing[0]}, which is not there",
            f"make it with `ringfence key add {missing[0]}`",
        )


def open_policy(home: Home, overlay: Path | None) -> Policy:
    """Read the policy of a home, with what an environment lays over it."""
    return load_policy(home.policy, overlay=overlay)


def open_ledger(home: Home) -> LedgerClient:
    """Give a client of the home's ledger."""
    ledger = home.made().ledger
    if not ledger.is_file():
        raise Problem(f"{ledger}: no such ledger", "make it with `ringfence init`, or put back the one that was there")
    return LedgerClient(ledger, home.signing_key)
