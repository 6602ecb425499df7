"""Counting the payloads in which nothing personal was found: each minute's count is one entry (law 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ringfence.crossing.crossing import Summary
from ringfence.crossing.effects import Body, CrossingId
from ringfence.crossing.entries import VERSION
from ringfence.policy.plan import Plan
from ringfence.stamps import stamp

PERIOD = timedelta(minutes=1)


@dataclass(slots=True)
class _Count:
    since: datetime
    payloads: int = 0
    size: int = 0


class Tally:
    """Counts the crossings of one plan that left no entry of their own. Owned by the gate that drives them."""

    __slots__ = ("_count", "_gate", "_name", "_plan")

    def __init__(self, plan: Plan, gate: str, name: Callable[[], CrossingId]) -> None:
        self._plan = plan
        self._gate = gate
        self._name = name  # gives a fresh id for each entry
        self._count: _Count | None = None

    def add(self, summary: Summary, at: datetime) -> None:
        """Count a crossing, if it left no entry."""
        if not summary.recorded and summary.refused is None:
            self.add_many(1, summary.bytes_out, at)

    def add_many(self, payloads: int, size: int, at: datetime) -> None:
        """Count payloads that needed no look, and so had no crossing: as many, of so many bytes in all."""
        if self._count is None:
            self._count = _Count(at)
        self._count.payloads += payloads
        self._count.size += size

    def due(self, at: datetime, *, closing: bool = False) -> Body | None:
        """Give the entry that is due: after a minute, or at once when the gate closes. Gives each count once."""
        count = self._count
        if count is None or not (closing or at - count.since >= PERIOD):
            return None
        self._count = None
        name = self._name()
        return {
            "v": VERSION,
            "id": name,
            "crossing": name,
            "kind": "counted",
            "at": stamp(at),
            "since": stamp(count.since),
            "flow": self._plan.flow,
            "gate": self._gate,
            "from": self._plan.source_zone,
            "to": self._plan.sink_zone,
            "policy": self._plan.policy_hash,
            "mode": self._plan.mode.value,
            "payloads": count.payloads,
            "bytes_out": count.size,
        }
