"""Declared scores made probabilities, by the weights that were fitted.

The rule: an entry's declared scores say in which order its states stand (alone, beside a word, doubtful); what each is worth is
fitted, for all entries of a kind together, and stands in `_calibration`. Log-odds of a state: what its kind gives in this state,
plus the slope times the log-odds of the declared score. A user's own recognizers have the scores that they declare.
"""

from dataclasses import replace

from ringfence.detect._calibration import BY_NAME, SLOPE, STATES, THRESHOLDS
from ringfence.detect._odds import odds, probability
from ringfence.detect.recognizer import Pattern, Recognizer

ALONE, BESIDE, DOUBTFUL, DOUBTFUL_BESIDE = range(4)
"""The states of a hit: places in a kind's weights."""


def kind_of(recognizer: Recognizer, pattern: Pattern) -> str:
    """Give the kind of a pattern: what its entity rests on, and whether its shape announces it by itself.

    >>> from ringfence.detect.recognizers.network import NETWORK
    >>> kind_of(NETWORK[0], NETWORK[0].patterns[0])
    'shape'
    """
    name = recognizer.certainty.name.lower()
    return name if pattern.trigger else f"{name}, by words"


def fitted(recognizer: Recognizer) -> Recognizer:
    """Give an entry with fitted scores and the threshold that goes with them."""
    return replace(
        recognizer,
        patterns=tuple(_fitted(pattern, STATES.get(kind_of(recognizer, pattern))) for pattern in recognizer.patterns),
        threshold=THRESHOLDS.get(recognizer.entity, THRESHOLDS.get(recognizer.certainty.name.lower(), 0.5)),
        by_name=BY_NAME,
    )


def _fitted(pattern: Pattern, weights: tuple[float, float, float, float] | None) -> Pattern:
    if weights is None:
        return pattern
    alone, beside, doubtful, doubtful_beside = (
        probability(weight + SLOPE * odds(score))
        for weight, score in zip(weights, (pattern.alone, pattern.beside, *pattern.doubtful), strict=True)
    )
    return replace(pattern, alone=alone, beside=beside, doubtful=(doubtful, doubtful_beside))
