"""How often a principal may compare what it does not see in clear.

The rule: in no window of `Predicate.seconds`, wherever it begins, does a principal get more than `Predicate.count` comparisons
of a category. Time is cut into `_SLOTS` slots a window and a slot counts until its last moment is a whole window ago, so the
answer errs by at most one slot, towards refusing.

Memory is bounded: one small list a (principal, category), `most` of them. Where all of them are in use a new one is refused
(law 3). Each worker process counts for itself: with several workers a principal that connects to all of them has as many
budgets.
"""

from collections import deque
from dataclasses import dataclass

from ringfence.access.principal import Principal
from ringfence.policy.model import Predicate

MOST_BUDGETS = 100_000
_SLOTS = 60


@dataclass(slots=True)
class _Spent:
    slots: deque[list[int]]  # [slot's number, comparisons in it], oldest first
    width: float
    total: int = 0

    def drop_old(self, now: float) -> None:
        while self.slots and (self.slots[0][0] + 1 + _SLOTS) * self.width <= now:
            self.total -= self.slots.popleft()[1]


class Budgets:
    """What was spent of each principal's budgets. Times are seconds of any clock that goes forward."""

    def __init__(self, most: int = MOST_BUDGETS) -> None:
        self._most = most
        self._spent: dict[tuple[str, str, str], _Spent] = {}
        self._swept = float("-inf")

    def __len__(self) -> int:
        return len(self._spent)

    def charge(self, principal: Principal, category: str, predicate: Predicate, n: int, now: float) -> bool:
        """Take `n` comparisons off a principal's budget, or none of them. False: there are not so many left."""
        if n > predicate.count or n < 0:
            return False
        spent = self._of((principal.source, principal.name, category), predicate.seconds / _SLOTS, now)
        if spent is None:
            return False
        spent.drop_old(now)
        if spent.total + n > predicate.count:
            return False
        slot = int(now // spent.width)
        if spent.slots and spent.slots[-1][0] >= slot:  # a clock that went back counts in the newest slot
            spent.slots[-1][1] += n
        elif n:
            spent.slots.append([slot, n])
        spent.total += n
        return True

    def _of(self, key: tuple[str, str, str], width: float, now: float) -> _Spent | None:
        spent = self._spent.get(key)
        if spent is not None and spent.width == width:
            return spent
        if spent is None and len(self._spent) >= self._most and not self._sweep(now):
            return None
        made = _Spent(deque(), width)
        if spent is not None:  # the policy's window changed: what was spent counts from now on in the new one
            spent.drop_old(now)
            made.total = spent.total
            made.slots.append([int(now // width), spent.total])
        self._spent[key] = made
        return made

    def _sweep(self, now: float) -> bool:
        """Forget those that have nothing spent; not more often than once a second, for it looks at all of them."""
        if now - self._swept < 1.0:
            return False
        self._swept = now
        for key, spent in list(self._spent.items()):
            spent.drop_old(now)
            if not spent.total:
                del self._spent[key]
        return len(self._spent) < self._most
