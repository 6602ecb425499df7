"""Logistic regression, regularised and monotone: weights from judged hits, one table of them.

The rule: what speaks for a hit never lowers its score, what speaks against it never raises it, and the declared order within a kind
is kept; so a fit on little data cannot turn a table on its head. Each weight is drawn to nothing as strongly as so many judged hits
would, a pattern's own more than its kind's. The data are few states with many hits each, so they are counted once and fitted in a
moment, without numpy.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from typing import NamedTuple

from benchmarks._population import PATTERNS, Judged, State, state_of
from ringfence.detect._fitted import SHOWN, weighted
from ringfence.detect._odds import odds, shifted

_RIDGE = {"kind": 1.0, "own": 2.0, "": 1.0}
_ROUNDS = 600
_STEP_MOST = 1.0
_SIGNS = {"beside": 1, "refuted": -1, "refuted beside": -1, "after": -1, "against field": -1, "inside": -1}
"""Of what sign a weight is; the others are free."""

_SLOPE_LEAST, _SLOPE_MOST = 0.3, 3.0
_INSIDE_LEAST = -0.4  # whoever joins a value to something else must not be able to hide it
_UNLED_MOST = 0.2  # what nothing announced is looked for only where the threshold is below 0.25
_RIGHT_LEAST = (
    10  # right hits from which on a pattern has a weight of its own: where only wrong ones are known, nothing is
)
_LEAST_OWN = 0.1  # a pattern's own weights below this are left out


class Weight(NamedTuple):
    """The name of a weight."""

    of: str  # "kind", "own" (of a pattern), or "" (of all)
    whose: str
    what: str


_SLOPE = Weight("", "", "slope")


class Row(NamedTuple):
    """One state: its weights, the log-odds of its declared score, how many hits were right and wrong."""

    parts: tuple[Weight, ...]
    declared: float
    right: int
    wrong: int


@dataclass(frozen=True)
class Fit:
    """The weights: of each kind's states, of patterns' own, and of what all share."""

    kinds: dict[
        str, tuple[float, float, float, float]
    ]  # alone, beside a word; the two where the check digits are wrong
    patterns: dict[str, tuple[float, float]]
    slope: float
    after: float
    against_field: float
    inside: float
    by_name: float
    unled: float


def fitted(judged: Iterable[Judged]) -> Fit:
    """Fit all weights to the hits that are for fitting."""
    counts: Counter[tuple[State, bool]] = Counter((state_of(one.hit), one.right) for one in judged if one.fits)
    states = list(dict.fromkeys(state for state, _ in counts))
    by_name = _share(counts, [state for state in states if state.is_named])
    unled = _share(counts, [state for state in states if state.is_unled and not state.is_vouched])
    rows = [
        Row(_parts(state), odds(_said(state)), counts[state, True], counts[state, False])
        for state in states
        if not state.is_named and (state.is_vouched or not state.is_unled)
    ]
    right = Counter[Weight]()
    for row in rows:
        right.update({key: row.right for key in row.parts if key.of == "own"})
    rows = [
        row._replace(parts=tuple(key for key in row.parts if key.of != "own" or right[key] >= _RIGHT_LEAST))
        for row in rows
    ]
    weights = _weights(rows)

    def of(*key: str) -> float:
        return round(weights.get(Weight(*key), 0.0), 2)

    kinds, own = {}, {}
    for kind in sorted({key.whose for key in weights if key.of == "kind"}):
        alone, beside = of("kind", kind, "alone"), of("kind", kind, "beside")
        refuted, both = of("kind", kind, "refuted"), of("kind", kind, "refuted beside")
        kinds[kind] = (alone, alone + beside, alone + refuted, alone + beside + refuted + both)
    for code in sorted({key.whose for key in weights if key.of == "own"}):
        pair = (of("own", code, "alone"), of("own", code, "beside"))
        if max(map(abs, pair)) >= _LEAST_OWN:
            own[code] = pair
    shared = (of("", "", "after"), of("", "", "against field"), of("", "", "inside"))
    return Fit(kinds, own, of(*_SLOPE), *shared, round(by_name, 3), round(min(_UNLED_MOST, unled), 3))


def _share(counts: Counter[tuple[State, bool]], states: Iterable[State]) -> float:
    right, wrong = 0, 0
    for state in states:
        right, wrong = right + counts[state, True], wrong + counts[state, False]
    return (right + 1) / (right + wrong + 2)


def _said(state: State) -> float:
    pattern = PATTERNS[f"pattern:{state.code}"][1]
    scores = pattern.doubtful if state.is_doubtful else (pattern.alone, pattern.beside)
    return scores[state.is_beside or state.is_after]


def _parts(state: State) -> tuple[Weight, ...]:
    vouched = state.is_beside or state.is_after
    refuted = state.is_doubtful and PATTERNS[f"pattern:{state.code}"][1].doubtful[1] < SHOWN
    told = {
        Weight("kind", state.kind, "alone"): True,
        Weight("kind", state.kind, "beside"): vouched,
        Weight("kind", state.kind, "refuted"): refuted,
        Weight("kind", state.kind, "refuted beside"): refuted and vouched,
        Weight("own", state.code, "beside" if vouched else "alone"): True,
        Weight("", "", "after"): state.is_after,
        Weight("", "", "against field"): state.against_field,
        Weight("", "", "inside"): state.is_inside,
    }
    return tuple(weight for weight, is_told in told.items() if is_told)


def _weights(rows: list[Row]) -> dict[Weight, float]:
    """Climb the likelihood one weight at a time, by Newton's steps, each kept within its bounds."""
    weights: dict[Weight, float] = {key: 0.0 for parts, *_ in rows for key in parts}
    weights[_SLOPE] = 1.0
    sums = [declared for _, declared, _, _ in rows]
    users: dict[Weight, list[int]] = {key: [] for key in weights}
    for number, (parts, *_) in enumerate(rows):
        for key in (*parts, _SLOPE):
            users[key].append(number)
    for _ in range(_ROUNDS):
        moved = 0.0
        for key, numbers in users.items():
            is_slope, ridge = key == _SLOPE, _RIDGE[key.of]
            first, second = -ridge * (weights[key] - is_slope), ridge
            for number in numbers:
                _, declared, right, wrong = rows[number]
                size = declared if is_slope else 1.0
                expected = 1 / (1 + exp(-max(-50.0, min(50.0, sums[number]))))
                first += size * (right - (right + wrong) * expected)
                second += size * size * (right + wrong) * expected * (1 - expected)
            step = max(-_STEP_MOST, min(_STEP_MOST, first / second))
            after = _bounded(key, weights[key] + step)
            step, weights[key] = after - weights[key], after
            moved = max(moved, abs(step))
            for number in numbers:
                sums[number] += step * (rows[number][1] if is_slope else 1.0)
        if moved < 1e-4:
            break
    return weights


def _bounded(key: Weight, weight: float) -> float:
    if key == _SLOPE:
        return max(_SLOPE_LEAST, min(_SLOPE_MOST, weight))
    if key.what == "inside":
        return max(_INSIDE_LEAST, min(0.0, weight))
    sign = 0 if key.of == "own" else _SIGNS.get(key.what, 0)
    return weight if not sign else max(0.0, weight) if sign > 0 else min(0.0, weight)


class Scoring:
    """The function from a state to its score by a fit, as detection gives it."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self.score = lru_cache(maxsize=None)(self._score)

    def __call__(self, state: State) -> float:
        return self.score(state)

    def _score(self, state: State) -> float:
        fit = self._fit
        if not state.code:
            return fit.by_name
        kind = fit.kinds.get(state.kind, (0.0, 0.0, 0.0, 0.0))
        own = fit.patterns.get(state.code, (0.0, 0.0))
        scores = weighted(PATTERNS[f"pattern:{state.code}"][1], kind, own, fit.slope)
        if state.is_named:
            return max(fit.by_name, scores[1])
        one = scores[2 * state.is_doubtful + (state.is_beside or state.is_after)]
        if state.is_after:
            return shifted(one, fit.after)
        if state.is_beside:
            return one
        one = min(one, fit.unled) if state.is_unled else one
        one = shifted(one, fit.against_field) if state.against_field else one
        return shifted(one, fit.inside) if state.is_inside else one
