"""Carrying a crossing's effects out: the one loop that every gate takes.

The rule: effects are carried out in the order in which they come. The crossing itself withholds a `Release` until the receipt it
depends on has been answered, so nothing here has to know which record guards which byte.
"""

import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from ringfence.carriers import Rows
from ringfence.crossing import (
    Body,
    CrossingId,
    EffectId,
    Effects,
    Record,
    Recorded,
    Refusal,
    Refuse,
    Release,
    Reply,
    Resolve,
    Resolved,
)
from ringfence.transform import Ask

if TYPE_CHECKING:
    from ringfence.vault import Resolution

Clock = Callable[[], datetime]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter that is read as a digit


class Recorder(Protocol):
    """Where entries go: gives a receipt once they are durable, or raises `Unrecorded`."""

    async def record(self, body: Body) -> str:
        """Write one entry and give its receipt."""


class StandInSource(Protocol):
    """Who remembers what stands for which value: the vault."""

    async def resolve(
        self, asks: Sequence[Ask], conversation: str, recall: Sequence[tuple[str, str]], at: datetime
    ) -> "Resolution | None":
        """Answer the asks, and give what a conversation held before; None where there is no answer in time."""


class Answered(Protocol):
    """Whose effects are carried out: a `Crossing`, or what drives several of them."""

    def answer(self, reply: Reply, at: datetime) -> Effects:
        """Take the answer to a `Record` or `Resolve`; give what follows."""


class Unrecorded(Exception):
    """An entry could not be made durable in time. `fault` is the ledger's word for why."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(
            f"the ledger could not be written ({fault})\n  look at its disk and at `ringfence ledger verify`"
        )


@dataclass(slots=True, repr=False)
class Carried:
    """What came of carrying effects out."""

    released: list[bytes | Rows] = field(default_factory=list)
    refusal: Refusal | None = None
    ledger_fault: str = ""


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


def new_crossing_id(at: datetime) -> CrossingId:
    """Make an id that sorts by time: 48 bits of milliseconds and 80 random bits in 26 characters (the layout of a ULID)."""
    number = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    return CrossingId("".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)))


async def carry_out(
    crossing: Answered,
    effects: Effects,
    recorder: Recorder,
    clock: Clock,
    into: Carried,
    vault: StandInSource | None = None,
) -> None:
    """Carry effects out, and those that follow from their answers, until none is left.

    What is released is added to `into.released`, in order. An entry that nothing waits for (`closed`, `refused`) and
    that cannot be written leaves its mark in `into.ledger_fault`: "opened without closed" is then what the ledger says.
    """
    left = deque(effects)
    while left:
        effect = left.popleft()
        match effect:
            case Record(id=number, body=body):
                reply = await _record(recorder, number, body, into)
                left.extendleft(reversed(crossing.answer(reply, clock())))
            case Resolve():
                left.extendleft(reversed(crossing.answer(await _resolve(vault, effect, clock()), clock())))
            case Release(payload=payload):
                into.released.append(payload)
            case Refuse(refusal=refusal):
                into.refusal = refusal


async def _resolve(vault: StandInSource | None, effect: Resolve, at: datetime) -> Resolved:
    """Ask the vault. A gate without one has one that is silent, so the crossing refuses (law 3)."""
    found = None if vault is None else await vault.resolve(effect.asks, effect.conversation, effect.recall, at)
    if found is None:
        return Resolved(effect.id, None)
    return Resolved(effect.id, found.answers, found.recalled)


async def _record(recorder: Recorder, number: EffectId, body: Body, into: Carried) -> Recorded:
    try:
        return Recorded(number, await recorder.record(body))
    except Unrecorded as fault:
        into.ledger_fault = fault.fault
        return Recorded(number, None, fault.fault)
