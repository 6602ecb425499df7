"""Refusals that repeat: the first of a minute are recorded one by one, what follows is counted and recorded once.

The rule: a refusal releases nothing, so nothing waits for its entry and law 2 allows counting. A client that is refused ten
thousand times a second would otherwise write gigabytes an hour. Alike are refusals of one principal, role and purpose by one rule
of one flow for one reason: what differs is the moment and the words. Their entry is the first one's, with `count`, `since` and
`last`, the newest crossing; crossing ids sort by time, so that `ringfence explain` finds the entry that a counted one went into. A
process that is killed takes at most a minute's count with it, never the first refusals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ringfence.crossing import Body, Reason
from ringfence.gates.carrying import Clock, Recorder
from ringfence.stamps import stamp

FIRST = 60  # of a minute: recorded one by one
PERIOD = timedelta(minutes=1)
MOST_ALIKE = 1000  # kinds of refusal that are counted at once; beyond it each is recorded
COUNTED = "counted"  # the receipt of a refusal that was counted

_ALIKE = ("flow", "gate", "policy", "mode", "principal", "role", "purpose", "refused", "rule", "category", "endpoint")


@dataclass(slots=True)
class _Count:
    since: datetime
    seen: int = 0
    body: Body | None = None  # of the first that was not recorded by itself
    count: int = 0
    last: object = None


class CountedRefusals:
    """A recorder that counts refusals which repeat. Whoever has it calls `flush` every now and then, and once at the end."""

    def __init__(self, within: Recorder, clock: Clock) -> None:
        self._within = within
        self._clock = clock
        self._counts: dict[tuple[object, ...], _Count] = {}

    async def record(self, body: Body) -> str:
        """Write one entry, or count it."""
        if body.get("kind") != "refused":
            return await self._within.record(body)
        at = self._clock()
        key = tuple(body.get(name) for name in _ALIKE)
        count = self._counts.get(key)
        if count is not None and at - count.since >= PERIOD:
            await self._close(key)
            count = None
        if count is None:
            if len(self._counts) >= MOST_ALIKE:
                return await self._within.record(body)
            count = self._counts[key] = _Count(at)
        count.seen += 1
        if count.seen <= FIRST:
            return await self._within.record(body)
        if count.body is None:
            count.body = body
        count.count += 1
        count.last = body.get("crossing")
        return COUNTED

    async def flush(self, *, closing: bool = False) -> None:
        """Write the counts whose minute is over, or all. Raises `Unrecorded`; what was not written is kept for the next time."""
        at = self._clock()
        for key, count in list(self._counts.items()):
            if closing or at - count.since >= PERIOD:
                await self._close(key)

    async def _close(self, key: tuple[object, ...]) -> None:
        count = self._counts.pop(key, None)
        if count is None or count.body is None:
            return
        try:
            await self._within.record(_summed(count, count.body, self._clock()))
        except BaseException:
            self._counts.setdefault(key, count)
            raise


def _summed(count: _Count, body: Body, at: datetime) -> Body:
    return {**body, "at": stamp(at), "since": str(body["at"]), "count": count.count, "last": str(count.last)}


def is_cut(entry: Mapping[str, object]) -> bool:
    """Whether an entry that ends a crossing as refused is of one that was cut off: nobody refused it, an end of it went away.

    >>> is_cut({"kind": "refused", "refused": "cut"}), is_cut({"kind": "refused", "refused": "category-denied"})
    (True, False)
    """
    return entry.get("refused") == Reason.CUT.value


def times_of(entry: Mapping[str, object]) -> int:
    """Say how many refusals an entry stands for.

    >>> times_of({"kind": "refused"}), times_of({"kind": "refused", "count": 940})
    (1, 940)
    """
    count = entry.get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 1
