"""Refusing a statement: recorded first, failed at the server, told to the client.

The rule: the server's transaction is in the state that the client is told. In the place of the refused message a text is sent
that no server can parse; its error becomes the refusal, and everything that follows it goes by the protocol's own rules.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ringfence.carriers import make_carrier
from ringfence.crossing import Crossing, Ending, Head, Reason, Refusal
from ringfence.gates.carrying import Carried, carry_out
from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.awaited import Refused
from ringfence.policy import Mode, Plan

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal before there is any verdict: the plan that refuses, and the words and code that the client gets."""

    plan: Plan
    what: str
    code: str = errors.INSUFFICIENT_PRIVILEGE


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no SQL: the client's own mistake, told as the server would tell it, and nothing to record."""

    error: bytes


async def refuse(
    session: "Session",
    plan: Plan,
    what: str,
    *,
    ends: bool,
    code: str = errors.INSUFFICIENT_PRIVILEGE,
    recorded: Refusal | None = None,
) -> None:
    """Refuse what would be sent now; `recorded`: its crossing has done so already. `ends`: it is a Query."""
    if plan.refused is not None and not plan.refused.why:
        plan = replace(plan, refused=replace(plan.refused, why=what))
    refusal = recorded or await record_refusal(session, plan)
    session.shared.counts.refused += 1
    fail_with(session, errors.refusal(refusal, what, code), ends=ends)


def fail_with(session: "Session", error: bytes, *, ends: bool) -> None:
    """Make the server fail in the place of a message, and give the client this error for it."""
    if not ends and session.skips():  # the server passes over everything already; the client may not know it yet
        if session.asked_in_vain:
            session.asked_in_vain = False
            session.down.append(error)
        return
    session.up.append(speaking.FAILING_QUERY if ends else speaking.FAILING_PARSE)
    session.pending.append(Refused(error, ends=ends))
    if not ends:
        session.unsynced = True


async def record_refusal(session: "Session", plan: Plan) -> Refusal:
    """Record that a plan refused, whether or not the ledger can: nothing is let through either way.

    What is refused in a flow that observes (a text beyond the limits, that cannot be run at all) is an enforced refusal.
    """
    head, carried = await _record(session, replace(plan, mode=Mode.ENFORCE), ends=False)
    refused = plan.refused
    mend = refused.mend if refused is not None else "look at the gate's log"
    category = refused.category if refused is not None else None
    return carried.refusal or Refusal(head.crossing, Reason.NOT_ALLOWED, mend, category)


async def record_would(session: "Session", plan: Plan) -> None:
    """Record that a plan of a flow that observes would have refused."""
    await _record(session, plan, ends=True)


async def _record(session: "Session", plan: Plan, *, ends: bool) -> tuple[Head, Carried]:
    shared = session.shared
    head = shared.head(session)
    crossing = Crossing(plan, head, shared.keys, make_carrier("text"))
    carried = Carried()
    await carry_out(crossing, crossing.start(), shared.recorder, shared.clock, carried)
    if ends:
        ending = crossing.end(Ending.COMPLETE, shared.clock())
        await carry_out(crossing, ending, shared.recorder, shared.clock, carried)
    if carried.ledger_fault:
        shared.ledger_fault(carried.ledger_fault)
    return head, carried
