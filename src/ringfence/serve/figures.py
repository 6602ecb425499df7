"""What a gate counts: one worker's figures, and how those of several are joined.

The rule: counts, sizes, times and names that passed `scrub`; never a value. Counters only grow, for a worker that died keeps its
share of the sum; levels (connections that are open, an age) are those of the living.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import reduce
from itertools import accumulate, zip_longest

MOST_SESSIONS = 200  # names of one worker: a table that a person reads


@dataclass(frozen=True, slots=True)
class Requests:
    """What a gate counts whose payloads are requests and their responses."""

    outcomes: Mapping[str, int] = field(default_factory=dict)  # of those that ended
    bodies: int = 0
    size: int = 0  # bytes of bodies as they came
    bounds: tuple[float, ...] = ()  # seconds: upper bounds of the classes that times are counted in,
    times: tuple[int, ...] = ()  # and how many fell in each; the last is for what is longer
    seconds: float = 0.0  # that these took in the gate, in sum

    def joined(self, other: "Requests") -> "Requests":
        """Give the sum of two."""
        times = tuple(map(sum, zip_longest(self.times, other.times, fillvalue=0)))
        names = dict.fromkeys((*self.outcomes, *other.outcomes))
        outcomes = {name: self.outcomes.get(name, 0) + other.outcomes.get(name, 0) for name in names}
        bounds = self.bounds or other.bounds
        sums = (self.bodies + other.bodies, self.size + other.size)
        return Requests(outcomes, *sums, bounds, times, self.seconds + other.seconds)

    def within(self, share: float) -> float | None:
        """Say within how many seconds this share of them was done: a bound; None where it is beyond the last, or there were none.

        >>> Requests(bounds=(0.001, 0.01), times=(90, 9, 1)).within(0.5)
        0.001
        """
        wanted = share * sum(self.times)
        sums = accumulate(self.times)
        return next((bound for bound, seen in zip(self.bounds, sums, strict=False) if wanted and seen >= wanted), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """One worker's figures, or the sum of several."""

    connections: int = 0  # open now
    sessions: Mapping[str, int] = field(default_factory=dict)  # open now, by the principal's scrubbed name
    accepted: int = 0  # connections since the start
    statements: int = 0
    bytes_out: int = 0
    masked: int = 0  # places that crossed in another form than clear
    refusals: int = 0
    cut_off: int = 0  # crossings of which an end went away in the middle
    entries: int = 0  # recorded in the ledger
    ledger_seconds: float = 0.0  # that these took, in sum
    ledger_faults: int = 0  # entries that the ledger did not take
    parser_restarts: int = 0
    epoch_age: float = 0.0  # seconds since the catalogue was last looked at; of several workers the oldest
    requests: Requests = field(default_factory=Requests)


COUNTERS = frozenset(each.name for each in fields(Figures)) - {
    *("connections", "sessions", "epoch_age", "requests"),
}


def total(living: Iterable[Figures], gone: Iterable[Figures] = ()) -> Figures:
    """Join the figures of workers that live and of workers that died.

    >>> joined = total([Figures(connections=2, statements=5)], [Figures(connections=9, statements=7)])
    >>> joined.connections, joined.statements
    (2, 12)
    """
    alive = list(living)
    everyone = [*alive, *gone]
    sessions: Counter[str] = Counter()
    for one in alive:
        sessions.update(one.sessions)
    return Figures(
        connections=sum(one.connections for one in alive),
        sessions=dict(sessions.most_common(MOST_SESSIONS)),
        requests=reduce(Requests.joined, (one.requests for one in everyone), Requests()),
        epoch_age=max((one.epoch_age for one in alive), default=0.0),
        **{name: sum(getattr(one, name) for one in everyone) for name in COUNTERS},
    )
