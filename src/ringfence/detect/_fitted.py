"""Declared scores made probabilities, by the weights that were fitted.

The rule: an entry's declared scores say in which order its states stand (alone, beside a word, doubtful or refuted). What each
is worth is fitted, for all entries of a kind together, and stands in `_calibration`. The log-odds of a state are what its kind
gives in it, what the pattern itself gives where enough was seen of it, and the slope times the log-odds of the declared score.
A user's own recognizers have the scores that they declare.
"""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

from ringfence.detect._calibration import BY_NAME, KINDS, PATTERNS, SLOPE
from ringfence.detect._odds import odds, probability
from ringfence.detect.recognizer import Pattern, Recognizer

SHOWN = 0.5
"""The declared score from which on a state is meant to be shown."""


# What `dataclasses.replace` does, in a third of the time: it is done for each of some hundred patterns whenever a program starts.
_RECOGNIZER_FIELDS = [field.name for field in fields(Recognizer)]
_PATTERNS, _THRESHOLD, _BY_NAME = map(_RECOGNIZER_FIELDS.index, ("patterns", "threshold", "by_name"))
_PATTERN_FIELDS = [field.name for field in fields(Pattern)]
_ALONE, _BESIDE, _DOUBTFUL = map(_PATTERN_FIELDS.index, ("alone", "beside", "doubtful"))
_OF_RECOGNIZER, _OF_PATTERN = attrgetter(*_RECOGNIZER_FIELDS), attrgetter(*_PATTERN_FIELDS)


def kind_of(recognizer: Recognizer, pattern: Pattern) -> str:
    """Give the kind of a pattern: what its entity rests on, and whether its shape announces it by itself.

    >>> from ringfence.detect.recognizers.network import NETWORK
    >>> kind_of(NETWORK[0], NETWORK[0].patterns[0])
    'shape'
    """
    name = recognizer.certainty.name.lower()
    return name if pattern.trigger else f"{name}, by words"


def weighted(
    pattern: Pattern, kind: tuple[float, float, float, float], own: tuple[float, float], slope: float
) -> tuple[float, float, float, float]:
    """Give a pattern's scores alone and beside a word, and the two where a hit is doubtful, from weights.

    A kind's last two weights are for numbers whose check fails, which not even a word is meant to make findings. A word never
    lowers.
    """
    doubtful = kind[2:] if pattern.doubtful[1] < SHOWN else kind[:2]
    alone, beside, doubtful_alone, doubtful_beside = (
        probability(weight + slope * odds(declared))
        for weight, declared in (
            (kind[0] + own[0], pattern.alone),
            (kind[1] + own[1], pattern.beside),
            (doubtful[0] + own[0], pattern.doubtful[0]),
            (doubtful[1] + own[1], pattern.doubtful[1]),
        )
    )
    return alone, max(alone, beside), min(alone, doubtful_alone), max(min(alone, doubtful_alone), doubtful_beside)


def fitted(recognizer: Recognizer) -> Recognizer:
    """Give an entry with fitted scores and the threshold that goes with them."""
    patterns = tuple(_fitted(pattern, kind_of(recognizer, pattern)) for pattern in recognizer.patterns)
    values = list(_OF_RECOGNIZER(recognizer))
    values[_PATTERNS], values[_THRESHOLD] = patterns, _threshold(recognizer.patterns, patterns)
    values[_BY_NAME] = BY_NAME
    return Recognizer(*values)


def _fitted(pattern: Pattern, kind: str) -> Pattern:
    if kind not in KINDS:
        return pattern
    alone, beside, *doubtful = weighted(pattern, KINDS[kind], PATTERNS.get(pattern.code, (0.0, 0.0)), SLOPE)
    values = list(_OF_PATTERN(pattern))
    values[_ALONE], values[_BESIDE], values[_DOUBTFUL] = alone, beside, (doubtful[0], doubtful[1])
    return Pattern(*values)


def _threshold(declared: Sequence[Pattern], patterns: Sequence[Pattern]) -> float:
    """Choose an entity's threshold: one half, where that parts what its entry means to show from what it does not.

    Else the least score of what it means to show; or just above the most of what it does not, where that is more than one half.
    """
    states = [
        (said, score)
        for before, after in zip(declared, patterns, strict=True)
        for said, score in zip(_states(before), _states(after), strict=True)
    ]
    least = min((score for said, score in states if said >= SHOWN), default=1.0)
    most = max((score for said, score in states if said < SHOWN), default=0.0)
    return least if least < SHOWN else max(SHOWN, round(most + 0.001, 3))


def _states(pattern: Pattern) -> tuple[float, float, float, float]:
    return (pattern.alone, pattern.beside, *pattern.doubtful)
