"""What a processor counts of what it did: numbers, and nothing that a client chose."""

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What became of a request and its response together."""

    PASSED = "passed"  # as they came
    CHANGED = "changed"  # something crossed in another form
    REFUSED = "refused"
    UNANSWERED = "unanswered"  # the service did not answer to the end, or the client left
    BROKEN = "broken"  # the gate failed


BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: upper bounds, each with its value, of the classes that times are counted in. What is longer has a class of its own."""


@dataclass(slots=True)
class Counts:
    """What happened since the start."""

    requests: int = 0  # that came
    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))  # of those that ended
    bodies: int = 0
    size: int = 0  # octets of bodies as they came
    times: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))  # of requests that ended, by class
    seconds: float = 0.0  # that these took, in sum

    def end(self, outcome: Outcome, seconds: float) -> None:
        """Count a request that ended, for which so long was worked and waited here."""
        self.outcomes[outcome] += 1
        self.times[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
