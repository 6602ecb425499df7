"""The counts of a gate: one for each plan, written to the ledger once a minute (`ringfence.crossing.Tally`).

The rule: nothing is given up before the ledger's receipt. An entry that could not be written is written again as it was, by its id,
so that a ledger which took it and lost the answer does not have it twice; what crosses meanwhile is counted for the next.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias

from ringfence.crossing import Body, CrossingId, Summary, Tally
from ringfence.gates.carrying import Recorder, Unrecorded
from ringfence.policy import Plan

REST: Final = timedelta(
    seconds=10
)  # after a write that failed: each takes the ledger's deadline, and whoever writes has more to do

_Counted: TypeAlias = tuple[str, str, str, str, str]
"""What a count's entry says of its plan. Plans that differ in nothing else are counted together."""


class Counting(Protocol):
    """What else a gate counts."""

    def due(self, at: datetime, *, closing: bool = False) -> Body | None:
        """Give an entry that is due, the same one until it is settled."""

    def settle(self, body: Body) -> None:
        """Take that this entry is durable."""


class Tallies:
    """One tally for each flow, and what else is counted. Whoever has it calls `write` every now and then, and once at the end."""

    def __init__(
        self,
        gate: str,
        new_id: Callable[[datetime], CrossingId],
        clock: Callable[[], datetime],
        others: Sequence[Counting] = (),
    ) -> None:
        self._gate = gate
        self._new_id = new_id
        self._clock = clock
        self._others = others
        self._tallies: dict[_Counted, Tally] = {}
        self._rests_until: datetime | None = None

    def add(self, plan: Plan, summary: Summary) -> None:
        """Count a crossing, where it left no entry."""
        if not summary.recorded and summary.refused is None:
            self.add_many(plan, 1, summary.bytes_out)

    def add_many(self, plan: Plan, payloads: int, size: int) -> None:
        """Count payloads that had no crossing: as many, of so many bytes in all."""
        key = (plan.policy_hash, plan.flow, plan.source_zone, plan.sink_zone, plan.mode.value)
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally(plan, self._gate, lambda: self._new_id(self._clock()))
        found.add(payloads, size, self._clock())

    async def write(self, recorder: Recorder, *, closing: bool = False) -> None:
        """Write the counts that are due, or all. Raises `Unrecorded`; what was not written then is kept for the next time."""
        at = self._clock()
        if self._rests_until is not None and at < self._rests_until and not closing:
            return
        try:
            await self._write(recorder, closing=closing)
        except Unrecorded:
            self._rests_until = at + REST
            raise
        self._rests_until = None

    async def _write(self, recorder: Recorder, *, closing: bool) -> None:
        for key, tally in list(self._tallies.items()):
            await self._settle(tally, recorder, closing=closing)
            if tally.is_empty:
                self._tallies.pop(key, None)  # a plan that is no longer in force goes with it
        for each in self._others:
            await self._settle(each, recorder, closing=closing)

    async def _settle(self, counting: Counting, recorder: Recorder, *, closing: bool) -> None:
        while (body := counting.due(self._clock(), closing=closing)) is not None:
            await recorder.record(body)
            counting.settle(body)
