"""What a processor counts, and the counts that the ledger gets: of bodies in which nothing was found, of calls of endpoints."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from ringfence.crossing import CrossingId, Tally
from ringfence.crossing.crossing import Summary
from ringfence.gates.carrying import Recorder
from ringfence.gates.http.calling import Called, Calls
from ringfence.policy import Plan

MOST_TALLIES: Final = 256  # flows that are counted at once; beyond it all are written, and begin anew

_Counted: TypeAlias = tuple[str, str, str, str, str]
"""What a count's entry says of its plan: those that differ in nothing else, as those of two endpoints, are counted together."""


@dataclass(slots=True)
class Counts:
    """What happened since the start."""

    streams: int = 0
    bodies: int = 0
    refused: int = 0
    broken: int = 0  # streams that were ended with an error


@dataclass(slots=True)
class Tallies:
    """One tally for each flow, and the calls. Whoever has it calls `write` every now and then, and once at the end."""

    gate: str
    new_id: Callable[[datetime], CrossingId]
    clock: Callable[[], datetime]
    _tallies: dict[_Counted, Tally] = field(default_factory=dict)
    _calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self._calls = Calls(self.gate, self.new_id)

    def add(self, plan: Plan, summary: Summary) -> None:
        """Count a body, where it left no entry."""
        key = (plan.policy_hash, plan.flow, plan.source_zone, plan.sink_zone, plan.mode.value)
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally(plan, self.gate, lambda: self.new_id(self.clock()))
        found.add(summary, self.clock())

    def call(self, called: Called, *, refused: bool) -> None:
        """Count a call of an endpoint."""
        self._calls.add(called, self.clock(), refused=refused)

    async def write(self, recorder: Recorder, *, closing: bool = False) -> None:
        """Write the counts that are due, or all. Raises `Unrecorded`."""
        closing_all = closing or len(self._tallies) > MOST_TALLIES
        for key, tally in list(self._tallies.items()):
            body = tally.due(self.clock(), closing=closing_all)
            if body is not None:
                await recorder.record(body)
            if closing_all:
                self._tallies.pop(key, None)
        for body in self._calls.due(self.clock(), closing=closing):
            await recorder.record(body)
