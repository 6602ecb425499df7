"""What a value's neighbours say of it: the other values of its column, or of the array that it stands in.

The rule: one number with right check digits is chance, ten of ten are not. Where nearly all values of a column check as one
entity, each is a finding, though no word stands beside it. Where hardly any of those that look alike does, the score of one that
does falls; but never below its entity's threshold, or whoever may write into a column could hide a number among others. Few
values say nothing, and neither does a value that is there again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from ringfence.detect._bytes import digits_of
from ringfence.detect._engine import whole_matcher
from ringfence.detect._odds import shifted
from ringfence.detect._weighing import Ready
from ringfence.detect.finding import Finding
from ringfence.detect.recognizer import Certainty

FEWEST = 10
"""Different values from which on a column says something."""

_MOST_CHECKED = 0.9  # the share from which on a column holds an entity
_HARDLY = 0.3  # the share below which one is chance: a check digit is right in one of ten
_RISE, _FALL = 8.0, -2.0
"""Log-odds. Nine numbers of ten are right by chance once in 10**8; a share of one in ten is what chance gives."""

_NO_DIGITS = ("checksum:numbering-plan", "checksum:prefix", "checksum:country")
"""What most numbers of that length pass: nothing is calculated."""

_SHORTEST, _LONGEST = 8, 24  # bytes of a number; shorter ones are other countries' as well
_SOME = 4  # values of a column that are tried before all of them are


@lru_cache(maxsize=8192)
def column_of(path: str) -> str:
    """Give a path without places in arrays: ``items[3].id`` and ``items[4].id`` are one column.

    >>> column_of("items[3].id"), column_of("items.4.id")
    ('items[].id', 'items[].id')
    """
    opened = path.replace("[", ".[")
    parts = ["[]" if part.strip("[]").isdigit() or part == "[]" else part for part in opened.split(".")]
    return ".".join(parts).replace(".[]", "[]")


def columns_in(paths: Sequence[str], spelt: Set[str]) -> Mapping[str, Sequence[int]]:
    """Give the numbers of the values of each path that has several; `spelt` are the paths, each once. No path is no column."""
    if len(paths) < FEWEST:
        return {}
    columns: dict[str, list[int]] = {}
    if len(spelt) == 1:
        path = paths[0]
        return {column_of(path): range(len(paths))} if path else {}
    names = {path: column_of(path) for path in spelt if path}
    if len(paths) - len(set(names.values())) < FEWEST - 1:
        return {}
    for number, path in enumerate(paths):
        if path:
            columns.setdefault(names[path], []).append(number)
    return {column: numbers for column, numbers in columns.items() if len(numbers) >= FEWEST}


def columns_apart(paths: Sequence[str], ends: Sequence[int]) -> Iterator[tuple[str, Sequence[int]]]:
    """Give the columns of several payloads, one after another: each has its own, and most have none."""
    first = 0
    for last in ends:
        if last - first >= FEWEST:
            for column, numbers in _columns_of(tuple(paths[first:last])).items():
                yield column, [first + number for number in numbers] if first else numbers
        first = last


def _columns_of(paths: tuple[str, ...]) -> Mapping[str, Sequence[int]]:
    """Give the columns of one payload. Payloads of a kind have the same: those of short ones are remembered by their paths."""
    spelt = set(paths)
    return _known(paths) if len(paths) + sum(map(len, spelt)) <= _MOST_KNOWN else columns_in(paths, spelt)


_MOST_KNOWN = 4096  # paths of a payload, and characters of those that differ
_KINDS_KNOWN = 256  # of payloads: with the bound above at most some 20 MB, for whoever sends nothing but the worst


@lru_cache(maxsize=_KINDS_KNOWN)
def _known(paths: tuple[str, ...]) -> Mapping[str, Sequence[int]]:
    return columns_in(paths, set(paths))


def _is_number(value: bytes) -> bool:
    return _SHORTEST <= len(value) <= _LONGEST and 2 * len(digits_of(value)) >= len(value) and value[-1:].isalnum()


class Told(NamedTuple):
    """What a column is: the pattern as which its values check, how many do, and how many there are."""

    pattern: Ready
    right: int
    total: int


class Company:
    """The patterns that only a word announces, and that a column announces as well."""

    def __init__(self, patterns: Sequence[tuple[Ready, str]]) -> None:
        self._ready = [one for one, _ in patterns if _may_tell(one)]
        self._patterns = [pattern for one, pattern in patterns if _may_tell(one)]
        self._whole: Callable[[bytes], Sequence[int]] | None = None  # compiled at the first column of numbers

    def told(self, values: Sequence[bytes], numbers: Sequence[int]) -> Told | None:
        """Say as what nearly all values of a column check; it is those that have these numbers."""
        if not self._ready or not any(_is_number(values[number]) for number in numbers[:_SOME]):
            return None
        distinct = list(dict.fromkeys(values[number] for number in numbers if values[number]))
        if len(distinct) < FEWEST or not all(map(_is_number, distinct[:_SOME])):
            return None
        whole = self._whole = self._whole or whole_matcher(self._patterns)
        left = set(whole(distinct[0]))
        failed = dict.fromkeys(left, 0)
        allowed = len(distinct) - ceil(_MOST_CHECKED * len(distinct))
        for seen, value in enumerate(distinct):
            fits = left.intersection(whole(value)) if _is_number(value) else set()
            for number in tuple(left):
                failed[number] += number not in fits or checked(value, self._ready[number]) is None
                if failed[number] > (allowed if seen >= FEWEST else allowed and 1):
                    left.discard(number)
            if not left:
                return None
        best = min(
            left, key=lambda number: (failed[number], -self._ready[number].scores[1], self._ready[number].entity)
        )
        return Told(self._ready[best], len(distinct) - failed[best], len(distinct))


def _may_tell(ready: Ready) -> bool:
    return ready.certainty is Certainty.CHECKED and ready.is_by_words


def checked(value: bytes, ready: Ready) -> tuple[str, ...] | None:
    """Give what a check says for a whole value; None where it is silent, or where no digit was calculated."""
    for hit in ready.check(value, 0, len(value)):
        if (hit.start, hit.end, hit.doubtful) == (0, len(value), False) and any(
            said.startswith("checksum:") and said not in _NO_DIGITS for said in hit.evidence
        ):
            return hit.evidence
    return None


def raised(value: bytes, told: Told, category: str) -> Finding | None:
    """Give the finding that a whole value is by its column."""
    speaks = checked(value, told.pattern)
    if speaks is None:
        return None
    score = shifted(told.pattern.scores[0], _RISE)
    evidence = (*told.pattern.evidence, *speaks, f"neighbours:{told.right}/{told.total}")
    if score < told.pattern.threshold:
        return None
    return Finding(0, len(value), told.pattern.entity, category, score, evidence)


def weighed(
    values: Sequence[bytes],
    found: Mapping[int, list[Finding]],
    numbers: Sequence[int],
    thresholds: Mapping[str, float],
    checked: frozenset[str],
) -> dict[int, list[Finding]]:
    """Raise or lower the scores of whole values that nothing else speaks for, by how many of those that look alike are the same."""
    changed: dict[int, list[Finding]] = {}
    alone = (
        {
            number: one
            for number in numbers
            if number in found and (one := _alone(values[number], found[number], checked))
        }
        if found
        else {}
    )
    if not alone:
        return changed
    alike: dict[int, set[bytes]] = {}
    for number in numbers:
        alike.setdefault(len(digits_of(values[number])), set()).add(values[number])
    same: dict[tuple[int, str], set[bytes]] = {}
    for number, one in alone.items():
        same.setdefault((len(digits_of(values[number])), one.entity), set()).add(values[number])
    for number, one in alone.items():
        digits = len(digits_of(values[number]))
        count, total = len(same[digits, one.entity]), len(alike[digits])
        if total < FEWEST:
            continue
        if count >= _MOST_CHECKED * total:
            told = one._replace(
                score=shifted(one.score, _RISE), evidence=(*one.evidence, f"neighbours:{count}/{total}")
            )
        elif count <= _HARDLY * total:
            score = max(shifted(one.score, _FALL), min(one.score, thresholds[one.entity]))
            told = one._replace(score=score, evidence=(*one.evidence, f"against:neighbours {count}/{total}"))
        else:
            continue
        changed[number] = [told]
    return changed


def _alone(value: bytes, findings: Sequence[Finding], checked: frozenset[str]) -> Finding | None:
    """Give the finding that is a whole value of digits and that neither a word nor a name speaks for."""
    if len(findings) != 1:
        return None
    one = findings[0]
    if one.start or one.end != len(value) or one.entity not in checked:
        return None
    return None if any(said.startswith(("context:", "after:", "field:")) for said in one.evidence) else one
