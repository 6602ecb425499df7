"""Calibration: whether a score is the probability that it says to be, measured on texts that it was not fitted to.

`python -m benchmarks calibration` fits the weights anew and measures; `python -m benchmarks.calibration --write` writes them into
`src/ringfence/detect/_calibration.py`, and the diagram into `docs/images/reliability.svg`. The population is that of
`benchmarks/_population.py`.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._diagram import drawn
from benchmarks._fitting import Fit, Scoring, fitted
from benchmarks._population import Judged, State, for_everything, population, state_of
from benchmarks._rows import Row
from benchmarks.recognition import CORPORA

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "src" / "ringfence" / "detect" / "_calibration.py"
DIAGRAM = ROOT / "docs" / "images" / "reliability.svg"
SEED = 8
ENOUGH = 50  # hits in a tenth of the score, from which on its share is told
_BANDS = 10


@dataclass(frozen=True, slots=True)
class Band:
    """Hits whose scores lie in one tenth."""

    count: int
    score: float  # in the mean
    right: float  # share


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far scores are from shares."""

    bands: dict[int, Band]
    error: float  # expected calibration error: the mean distance, by the number of hits
    brier: float  # mean squared error

    @property
    def furthest(self) -> float:
        """How far the tenth is off that is furthest off, of those with enough hits."""
        return max((abs(one.score - one.right) for one in self.bands.values() if one.count >= ENOUGH), default=0.0)


def reliability(scored: Iterable[tuple[float, bool]]) -> Reliability:
    """Compare scores with what was right.

    >>> reliability([(0.75, True), (0.75, True), (0.75, True), (0.75, False)]).error
    0.0
    """
    rows: dict[int, list[tuple[float, bool]]] = {}
    for one, right in scored:
        rows.setdefault(min(_BANDS - 1, int(one * _BANDS + 1e-9)), []).append((one, right))
    total = sum(map(len, rows.values())) or 1
    bands = {
        number: Band(len(each), sum(one for one, _ in each) / len(each), sum(right for _, right in each) / len(each))
        for number, each in sorted(rows.items())
    }
    brier = sum((one - right) ** 2 for each in rows.values() for one, right in each) / total
    return Reliability(bands, sum(one.count * abs(one.score - one.right) for one in bands.values()) / total, brier)


def measured(judged: Sequence[Judged], scoring: Callable[[State], float], least: float = 0.0) -> Reliability:
    """Measure on the half that was not fitted, the hits whose scores reach `least`."""
    scored = ((scoring(state_of(one.hit)), one.right) for one in judged if not one.fits)
    return reliability((one, right) for one, right in scored if one >= least)


def written(fit: Fit) -> str:
    """Give the module that holds the weights."""
    lines = [
        '"""The weights that turn what speaks for a hit and against it into a probability, as log-odds.',
        "",
        "Written by `python -m benchmarks.calibration --write`, which says what they were fitted to.",
        '"""',
        "",
        "KINDS: dict[str, tuple[float, float, float, float]] = {",
        *_table(fit.kinds),
        "}",
        '"""What a kind of pattern gives: alone, beside a word; the same two where the check digits are wrong."""',
        "",
        "PATTERNS: dict[str, tuple[float, float]] = {",
        *_table(fit.patterns),
        "}",
        '"""What a pattern gives beyond its kind, alone and beside a word, where enough was seen of it."""',
        "",
        f"SLOPE = {fit.slope:.2f}",
        '"""What the log-odds of a declared score are multiplied by."""',
        "",
        f"BY_NAME = {fit.by_name:.3f}",
        '"""The least score of what a field\'s name vouches for."""',
        "",
        f"UNLED = {fit.unled:.3f}",
        '"""The most that a match scores which neither its trigger nor a word announced."""',
        "",
        f"AFTER = {fit.after:.2f}",
        f"AGAINST_FIELD = {fit.against_field:.2f}",
        f"INSIDE = {fit.inside:.2f}",
        '"""A word behind the value rather than before it; the name of another thing; inside something longer."""',
        "",
    ]
    return "\n".join(lines)


def _table(weights: Mapping[str, Sequence[float]]) -> Iterator[str]:
    return (f'    "{name}": ({", ".join(f"{one:.2f}" for one in each)}),' for name, each in weights.items())


def _rows(judged: Sequence[Judged], fit: Fit) -> Iterator[Row]:
    scoring: tuple[tuple[str, Callable[[State], float]], ...] = (
        ("declared", lambda state: state.declared),
        ("fitted", Scoring(fit)),
    )
    for least, which in ((0.0, "every hit"), (0.5, "hits that score one half or more")):
        for what, how in scoring:
            one = measured(judged, how, least)
            shown = ", ".join(
                f"{number / _BANDS:.1f}: {band.right:.3f} of {band.count:,}" for number, band in one.bands.items()
            )
            count = sum(band.count for band in one.bands.values())
            yield Row(
                f"calibration: {what} scores, {which}",
                f"expected calibration error {one.error:.3f}, Brier score {one.brier:.3f}, {count:,} hits; "
                f"the furthest tenth of {ENOUGH} hits or more is {one.furthest:.2f} off",
                f"right from each tenth: {shown}",
            )


def run() -> list[Row]:
    if not (CORPORA / "meddocan_es.jsonl").is_file():
        return [Row("calibration", "not runnable: the corpora are absent")]
    judged = list(population(for_everything(), SEED))
    return list(_rows(judged, fitted(judged)))


def main(arguments: Sequence[str]) -> int:
    judged = list(population(for_everything(), SEED))
    fit = fitted(judged)
    for row in _rows(judged, fit):
        print(f"{row.what}: {row.figure}\n  {row.beside}")
    if "--write" in arguments:
        TABLE.write_text(written(fit), encoding="utf-8")
        before = measured(judged, lambda state: state.declared).bands
        after = measured(judged, Scoring(fit)).bands
        DIAGRAM.write_text(drawn(before, after, ENOUGH), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
