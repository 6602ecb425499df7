"""One stream of lines through the log gate: read, cut into windows, cross, write.

The rule: windows leave in the order in which they came, each only after its crossing released it. Up to `IN_FLIGHT` windows wait
for the ledger at once, so that their entries share a commit; beyond that nothing is read, which is how a slow ledger or a slow
reader holds the writer back. While the ledger cannot be written, the same window is tried again: nothing is lost, nothing passes.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from ringfence.carriers import make_carrier
from ringfence.crossing import Crossing, CrossingId, Ending, Head, Reason, Refusal
from ringfence.gates.carrying import Carried, Clock, Recorder, Unrecorded, carry_out, new_crossing_id
from ringfence.gates.logs.reading import Source, read_windows
from ringfence.gates.logs.windows import FULL, LONGEST_LINE
from ringfence.gates.tallies import Tallies
from ringfence.policy.model import Mode
from ringfence.policy.plan import Plan
from ringfence.transform import Keyring

IN_FLIGHT = 8  # windows that wait for the ledger at once
_HOLD = 4 * LONGEST_LINE + FULL  # more than any window: a window is one held payload, recorded once

_NEVER = "entry"  # the ledger's word for an entry that it will never take: its window stays refused

RETRY = 0.25  # seconds between tries while the ledger cannot be written

Notify = Callable[[str], None]
Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LogGate:
    """What all streams of one gate share. `notify` tells the operator something, in words without a value."""

    plan: Plan
    keys: Keyring
    recorder: Recorder
    principal: str
    reason: str
    clock: Clock
    notify: Notify
    name: str = "log"

    def tallies(self) -> Tallies:
        """Begin a count of the windows in which nothing personal was found."""
        return Tallies(self.name, new_crossing_id, self.clock)


async def serve_stream(gate: LogGate, stream: str, source: Source, write: Write, *, carrier: str = "log") -> bool:
    """Take everything from `source` across the boundary, to its end; say whether anything was refused.

    An error of `write` (the reader has gone) ends the stream and is raised. Cancelling drops what was not released.
    """
    return await _Stream(gate, stream, carrier).serve(source, write)


class _Stream:
    def __init__(self, gate: LogGate, stream: str, carrier: str) -> None:
        self._gate = gate
        self._stream = stream
        self._carrier = carrier
        self._tallies = gate.tallies()
        self._refused = False
        self._complained = False

    async def serve(self, source: Source, write: Write) -> bool:
        crossings: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(IN_FLIGHT)
        async with asyncio.TaskGroup() as owner:
            owner.create_task(self._read(source, crossings, owner))
            owner.create_task(self._write(crossings, write))
        await self._count(closing=True)
        return self._refused

    async def _read(
        self, source: Source, crossings: "asyncio.Queue[asyncio.Task[bytes] | None]", owner: asyncio.TaskGroup
    ) -> None:
        async for window in read_windows(source):
            await crossings.put(owner.create_task(self._cross(window)))
            # The window is judged now, and the loop looks at the ledger's answers before the next one is: else a few windows that
            # are slow to judge would use up the deadlines of those that wait.
            await asyncio.sleep(0)
        await crossings.put(None)

    async def _write(self, crossings: "asyncio.Queue[asyncio.Task[bytes] | None]", write: Write) -> None:
        while (crossing := await crossings.get()) is not None:
            released = await crossing
            if released:
                await write(released)
            await self._count(closing=False)

    async def _cross(self, window: bytes) -> bytes:
        """Take one window across; give what may be written in its place.

        Where an entry cannot be written, enforcing tries the same window again, refusals too: none goes unrecorded. Observing
        lets it pass and says that the entry is lost.
        """
        began = self._gate.clock()
        crossing_id = new_crossing_id(began)
        while True:
            carried = await self._attempt(window, crossing_id, began)
            if not carried.ledger_fault:
                self._all_is_well()
                break
            self._complain(carried.ledger_fault)
            if self._gate.plan.mode is Mode.OBSERVE or carried.released or carried.ledger_fault == _NEVER:
                break
            await asyncio.sleep(RETRY)
        if carried.refusal is not None:
            self._refused = True
            return refused_line(window, carried.refusal)
        return b"".join(part for part in carried.released if isinstance(part, bytes))

    async def _attempt(self, window: bytes, crossing_id: CrossingId, began: datetime) -> Carried:
        gate = self._gate
        head = Head(
            crossing_id,
            gate.plan.policy_hash,
            began,
            gate.name,
            gate.principal,
            gate.reason,
            None,
            {"stream": self._stream},
        )
        carried = Carried()

        # A window that is tried again must give the same entries to the byte: then the ledger knows those that it has already.
        def clock() -> datetime:
            return began

        try:
            crossing = Crossing(gate.plan, head, gate.keys, make_carrier(self._carrier), hold=_HOLD)
            await carry_out(crossing, crossing.start(), gate.recorder, clock, carried)
            if carried.refusal is None:
                await carry_out(crossing, crossing.feed(window, began), gate.recorder, clock, carried)
            if carried.refusal is None:
                await carry_out(crossing, crossing.end(Ending.COMPLETE, began), gate.recorder, clock, carried)
        except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the window, and is named by its type alone)
            return self._broken(window, crossing_id, type(error).__name__)
        self._tallies.add(gate.plan, crossing.summary)
        return carried

    def _broken(self, window: bytes, crossing_id: CrossingId, kind: str) -> Carried:
        self._gate.notify(f"internal error ({kind}) in crossing {crossing_id}")
        if self._gate.plan.mode is Mode.OBSERVE:
            return Carried([window])
        mend = "report it with the crossing's id; nothing of this window was let through"
        return Carried(refusal=Refusal(crossing_id, Reason.INTERNAL, mend))

    def _complain(self, fault: str) -> None:
        """Tell the operator once that the ledger fails."""
        if self._complained:
            return
        self._complained = True
        observing = self._gate.plan.mode is Mode.OBSERVE
        then = "observing goes on, and its entries are lost" if observing else "output is held until it can"
        self._gate.notify(f"the ledger cannot be written ({fault}): {then}")

    def _all_is_well(self) -> None:
        if self._complained:
            self._complained = False
            self._gate.notify("the ledger can be written again: going on")

    async def _count(self, *, closing: bool) -> None:
        try:
            await self._tallies.write(self._gate.recorder, closing=closing)
        except Unrecorded as fault:
            self._complain(fault.fault)


def refused_line(window: bytes, refusal: Refusal) -> bytes:
    """Write the one line that stands in the place of a refused window: JSON where the window was JSON."""
    if window.lstrip()[:1] == b"{":
        told = {
            "ringfence": "refused",
            "crossing": refusal.crossing,
            "reason": refusal.reason.value,
            "category": refusal.category,
            "mend": refusal.mend,
        }
        return json.dumps(told).encode() + b"\n"
    return f"[ringfence: {refusal}]\n".encode()
