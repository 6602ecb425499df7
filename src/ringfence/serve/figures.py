"""What a gate counts: one worker's figures, and how those of several are joined.

The rule: counts, sizes, times and names that passed `scrub`; never a value. Counters only grow, for a worker that died keeps its
share of the sum; levels (connections that are open, an age) are those of the living.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

MOST_SESSIONS = 200  # names of one worker: a table that a person reads


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
    entries: int = 0  # recorded in the ledger
    ledger_seconds: float = 0.0  # that these took, in sum
    ledger_faults: int = 0  # entries that the ledger did not take
    parser_restarts: int = 0
    epoch_age: float = 0.0  # seconds since the catalogue was last looked at; of several workers the oldest


COUNTERS = frozenset(each.name for each in fields(Figures)) - {"connections", "sessions", "epoch_age"}


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
        epoch_age=max((one.epoch_age for one in alive), default=0.0),
        **{name: sum(getattr(one, name) for one in everyone) for name in COUNTERS},
    )
