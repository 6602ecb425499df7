"""Whose text is parsed next: turns by what each asker has had, so that nobody waits for all that others ask.

The rule (weighted fair queueing, Demers, Keshav and Shenker 1989): there is a time that passes for all askers alike, slower the
more of them wait. A text that comes begins at the later of now and the end of its asker's last one, ends as much later as it
costs, and the one that ends first is next. So a text waits for the one under way and for its asker's fair share of the rest,
however many others ask for how much. What a text cost beyond its estimate is charged to its asker afterwards.
"""

from collections import Counter
from collections.abc import Hashable
from heapq import heappop, heappush
from typing import Generic, TypeVar

MOST_REMEMBERED = 1_024  # askers whose last end is kept though it may have passed

Work = TypeVar("Work")


class Turns(Generic[Work]):
    """What waits, by asker. Costs are seconds, estimated or measured.

    >>> turns = Turns[str]()
    >>> for asker, work, cost in (("a", "a1", 4.0), ("a", "a2", 4.0), ("b", "b1", 4.0), ("c", "small", 0.1)):
    ...     turns.add(asker, work, cost)
    >>> [turns.take() for _ in range(len(turns))]
    ['small', 'a1', 'b1', 'a2']
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable, Work]] = []
        self._ends: dict[Hashable, float] = {}
        self._waiting: Counter[Hashable] = Counter()
        self._now = 0.0
        self._number = 0  # of two that end at once, the first that came

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, asker: Hashable, work: Work, cost: float) -> None:
        """Put work of an asker in line."""
        if len(self._ends) > MOST_REMEMBERED + len(self._waiting):
            self._ends = {each: end for each, end in self._ends.items() if end > self._now}
        end = self._ends[asker] = max(self._now, self._ends.get(asker, 0.0)) + cost
        self._number += 1
        heappush(self._heap, (end, self._number, asker, work))
        self._waiting[asker] += 1

    def first(self) -> Work:
        """Give whose turn it is."""
        return self._heap[0][3]

    def take(self) -> Work:
        """Take whose turn it is out of the line."""
        _, _, asker, work = heappop(self._heap)
        self._waiting[asker] -= 1
        if not self._waiting[asker]:
            del self._waiting[asker]
        return work

    def charge(self, asker: Hashable, estimate: float, seconds: float) -> None:
        """Let the time pass that work took, and make its asker's next one wait for what it took beyond its estimate."""
        self._now += seconds / (len(self._waiting) + 1)
        if seconds > estimate:
            self._ends[asker] = max(self._now, self._ends.get(asker, 0.0)) + seconds - estimate
