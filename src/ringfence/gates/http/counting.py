"""What a processor counts, and the counts that the ledger gets of bodies in which nothing was found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ringfence.crossing import CrossingId, Tally
from ringfence.crossing.crossing import Summary
from ringfence.gates.carrying import Recorder
from ringfence.policy import Plan

MOST_TALLIES: Final = 256  # plans that are counted at once; beyond it all are written, and begin anew


@dataclass(slots=True)
class Counts:
    """What happened since the start."""

    streams: int = 0
    bodies: int = 0
    refused: int = 0
    broken: int = 0  # streams that were ended with an error


@dataclass(slots=True)
class Tallies:
    """One tally for each plan. Whoever has it calls `write` every now and then, and once at the end."""

    gate: str
    new_id: Callable[[datetime], CrossingId]
    clock: Callable[[], datetime]
    _tallies: dict[int, tuple[Plan, Tally]] = field(default_factory=dict)  # by the plan's identity: plans are shared

    def add(self, plan: Plan, summary: Summary) -> None:
        """Count a body, where it left no entry."""
        found = self._tallies.get(id(plan))
        if found is None:
            found = (plan, Tally(plan, self.gate, lambda: self.new_id(self.clock())))
            self._tallies[id(plan)] = found
        found[1].add(summary, self.clock())

    async def write(self, recorder: Recorder, *, closing: bool = False) -> None:
        """Write the counts that are due, or all. Raises `Unrecorded`."""
        closing_all = closing or len(self._tallies) > MOST_TALLIES
        for key, (_, tally) in list(self._tallies.items()):
            body = tally.due(self.clock(), closing=closing_all)
            if body is not None:
                await recorder.record(body)
            if closing_all:
                self._tallies.pop(key, None)
