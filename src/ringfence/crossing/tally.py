"""Counting the payloads in which nothing personal was found: each minute's count is one entry (law 2).

The rule: a count is given up only when its entry is durable. Until then `due` gives the same entry again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

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

    __slots__ = ("_count", "_gate", "_name", "_owed", "_plan")

    def __init__(self, plan: Plan, gate: str, name: Callable[[], CrossingId]) -> None:
        self._plan = plan
        self._gate = gate
        self._name = name  # gives a fresh id for each entry
        self._count: _Count | None = None
        self._owed: Body | None = None  # an entry that was given, and is not known to be durable

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return self._count is None and self._owed is None

    def add(self, payloads: int, size: int, at: datetime) -> None:
        """Count payloads that left no entry, or that needed no look and had no crossing: as many, of so many bytes in all."""
        if self._count is None:
            self._count = _Count(at)
        self._count.payloads += payloads
        self._count.size += size

    def due(self, at: datetime, *, closing: bool = False) -> Body | None:
        """Give the entry that is due: one that is not settled, else one of a minute, or of all when the gate closes."""
        count = self._count
        if self._owed is not None or count is None or not (closing or at - count.since >= PERIOD):
            return self._owed
        self._count = None
        self._owed = self._entry(count, at)
        return self._owed

    def settle(self, body: Body) -> None:
        """Take that this entry is durable."""
        if self._owed is body:
            self._owed = None

    def _entry(self, count: _Count, at: datetime) -> Body:
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
