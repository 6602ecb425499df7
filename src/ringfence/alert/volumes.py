"""How much of a category a principal gets in an hour, and when that is far more than usual.

The rule: *usual* is the median of the principal's own hours of the last 14 days in which there was any; the hour under way is not
among them, and one wild hour does not move a median. Far more is beyond `TIMES` the usual, and beyond `FLOOR` in any case. Of a
principal with fewer than `FEW` such hours nothing is known yet: then it is beyond `COLD`. It is said once an hour.

The state is bounded: `MOST` pairs of principal and category, of which the one that was not seen for longest makes room for a new
one; at most 336 hours each.
"""

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_low

TIMES = 5
FLOOR = 1_000  # values in an hour: below it nothing is unusual
COLD = 10_000  # values in an hour of somebody of whom nothing is known
FEW = 8  # hours
HOURS = 14 * 24
MOST = 20_000  # pairs; at 8 bytes an hour at most 54 MB, and far less for people who sleep


@dataclass(frozen=True, slots=True)
class Beyond:
    """An hour that went beyond the usual: its values so far, and what was usual (0: nothing is known yet)."""

    total: int
    usual: int


@dataclass(slots=True)
class _History:
    hour: int = 0  # under way
    total: int = 0
    told: bool = False
    hours: "array[int]" = field(default_factory=lambda: array("I"))
    totals: "array[int]" = field(default_factory=lambda: array("I"))

    def turn(self, hour: int) -> None:
        """Let the hour under way become one of the past, and forget those that are too old."""
        if self.total:
            self.hours.append(self.hour)
            self.totals.append(min(self.total, 0xFFFF_FFFF))
        self.hour, self.total, self.told = hour, 0, False
        old = 0
        while old < len(self.hours) and self.hours[old] < hour - HOURS:
            old += 1
        del self.hours[:old], self.totals[:old]

    def usual(self) -> int:
        return median_low(self.totals) if len(self.totals) >= FEW else 0


class Volumes:
    """The volumes of all principals.

    >>> volumes = Volumes()
    >>> [volumes.take("ada", "user.name", hour, 400) for hour in range(FEW)] == [None] * FEW
    True
    >>> volumes.take("ada", "user.name", FEW, 2_000), volumes.take("ada", "user.name", FEW, 1)
    (None, Beyond(total=2001, usual=400))
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _History] = {}
        self._changed: set[tuple[str, str]] = set()

    def take(self, principal: str, category: str, hour: int, count: int) -> Beyond | None:
        """Add values of an hour; say so where they go beyond the usual. Values of an hour that is over count for the newest."""
        key = (principal, category)
        history = self._known.pop(key, None) or _History(hour)
        self._known[key] = history  # now the newest
        self._changed.add(key)
        if len(self._known) > MOST:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._changed.add(oldest)
        if hour > history.hour:
            history.turn(hour)
        history.total += count
        usual = history.usual()
        limit = max(TIMES * usual, FLOOR) if usual else COLD
        if history.told or history.total <= limit:
            return None
        history.told = True
        return Beyond(history.total, usual)

    def changes(self) -> list[tuple[tuple[str, str], list[int] | None]]:
        """Give what has changed since it was last asked, as it is kept; None where it is forgotten."""
        changed, self._changed = self._changed, set()
        return [(key, self._kept(key)) for key in changed]

    def put_back(self, key: tuple[str, str], kept: list[int]) -> None:
        """Take back what was kept."""
        hour, total, told, *rest = kept
        half = len(rest) // 2
        self._known[key] = _History(hour, total, bool(told), array("I", rest[:half]), array("I", rest[half:]))

    def _kept(self, key: tuple[str, str]) -> list[int] | None:
        history = self._known.get(key)
        if history is None:
            return None
        return [history.hour, history.total, int(history.told), *history.hours, *history.totals]


def hour_of(stamp: str) -> int | None:
    """Give the number of a time's hour since 1970, None where it is no time.

    >>> hour_of("1970-01-02T01:59:59.000000Z"), hour_of("soon")
    (25, None)
    """
    try:
        return int(datetime.fromisoformat(stamp).timestamp() // 3600)
    except ValueError:
        return None
