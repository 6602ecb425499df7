"""Probabilities as log-odds, in which evidence adds up."""

from functools import lru_cache
from math import exp, log

_LEAST = 1e-4  # no score says never or always


def odds(probability: float) -> float:
    """Give the log-odds of a probability."""
    bounded = min(1 - _LEAST, max(_LEAST, probability))
    return log(bounded / (1 - bounded))


def probability(log_odds: float) -> float:
    """Give the probability of log-odds, to four digits. Neither never nor always is one.

    >>> probability(odds(0.25)), probability(0.0), probability(-99.0), probability(99.0)
    (0.25, 0.5, 0.0001, 0.9999)
    """
    exact = 1 / (1 + exp(-max(-50.0, min(50.0, log_odds))))
    return max(_LEAST, min(1 - _LEAST, round(exact, 4)))


@lru_cache(maxsize=4096)
def shifted(score: float, weight: float) -> float:
    """Add evidence to a score.

    >>> shifted(0.5, -2.0) < 0.2 < 0.8 < shifted(0.5, 2.0)
    True
    """
    return probability(odds(score) + weight)
