"""Precision, recall, F1 and F2 of spans against labels, exact and by overlap, with intervals.

The rule: a text counts its hits, misses and surplus once, and whatever is reported is a sum over texts; intervals come from drawing
texts again (Poisson bootstrap, seeded), since spans of one text are not independent.
"""

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

RESAMPLES = 400
_WEIGHTS = (0, 1, 2, 3, 4, 5, 6)
_POISSON = (0.367879, 0.367879, 0.183940, 0.061313, 0.015328, 0.003066, 0.000595)
"""Shares of a Poisson distribution of mean 1: how often a text is drawn."""

Spans = Sequence[tuple[int, int]]


class Counts(NamedTuple):
    """What a text's labels and findings come to."""

    hits: int = 0
    missed: int = 0
    surplus: int = 0

    @property
    def labelled(self) -> int:
        return self.hits + self.missed

    @property
    def precision(self) -> float:
        found = self.hits + self.surplus
        return self.hits / found if found else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.labelled if self.labelled else 0.0

    def f(self, beta: int) -> float:
        weight = beta * beta
        total = (1 + weight) * self.hits + weight * self.missed + self.surplus
        return (1 + weight) * self.hits / total if total else 0.0


def exact(labels: Spans, found: Spans) -> Counts:
    """Count what agrees to the character."""
    ours = set(found)
    hits = len(set(labels) & ours)
    return Counts(hits, len(set(labels)) - hits, len(ours) - hits)


def overlapping(labels: Spans, found: Spans) -> Counts:
    """Count labels that a finding touches, and findings that touch none."""

    def touches(one: tuple[int, int], others: Spans) -> bool:
        return any(one[0] < end and start < one[1] for start, end in others)

    hits = sum(touches(one, found) for one in set(labels))
    return Counts(hits, len(set(labels)) - hits, sum(not touches(one, labels) for one in set(found)))


def summed(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(Counts(), *counts, strict=True)))


def interval(counts: Sequence[Counts], seed: int) -> tuple[float, float]:
    """Give the middle 95 % of F1 over texts drawn again."""
    rng = random.Random(seed)
    speaking = [one for one in counts if any(one)]
    drawn = []
    for _ in range(RESAMPLES):
        hits = rest = 0
        for (hit, missed, surplus), times in zip(
            speaking, rng.choices(_WEIGHTS, _POISSON, k=len(speaking)), strict=True
        ):
            hits += times * hit
            rest += times * (missed + surplus)
        drawn.append(2 * hits / (2 * hits + rest) if hits else 0.0)
    drawn.sort()
    return drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES) - 1]
