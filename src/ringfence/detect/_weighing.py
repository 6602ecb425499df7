"""What a hit is worth: the score of a pattern's hit, from what stands around it, and the evidence that says so.

The rule: everything that raises or lowers a score is told in its evidence, in words of ringfence's own tables.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ringfence.detect._engine import prefix
from ringfence.detect._overlap import Candidate, letters_in
from ringfence.detect._words import Words
from ringfence.detect.recognizer import Certainty, Check, Hit, Recognizer

if TYPE_CHECKING:
    from ringfence.detect._listed import Allowed

BY_FIELD = 0.8
"""The least score of what a field's name vouches for."""

_UNLED = 0.1  # the score of what neither its trigger nor a word announced

Fields = Sequence[tuple[int, int, Mapping[str, str]]]
"""The fields of a buffer: start, end, and what each one's name says."""


@dataclass(slots=True)
class Ready:
    """A pattern with all that is needed to judge its matches."""

    entity: str
    certainty: Certainty
    check: Check
    scores: tuple[float, float]  # alone, and beside a word
    doubtful: tuple[float, float]
    is_plain: bool  # whether the two are one, so that nothing beside it matters
    evidence: tuple[str, ...]
    words: Words | None
    threshold: float
    raw: bool
    lead: str

    def weigh(
        self,
        data: bytes,
        start: int,
        speaks: tuple[str, ...],
        doubtful: bool,
        lookup: "Lookup",
    ) -> tuple[float, tuple[str, ...]]:
        """Give the score of a hit, and what speaks for it."""
        score, beside = self.doubtful if doubtful else self.scores
        evidence = self.evidence + speaks if speaks else self.evidence
        if self.is_plain:
            return score, evidence
        names = lookup.at(start)
        if self.entity in names:
            return max(self.scores[1], BY_FIELD), (*evidence, f"field:{names[self.entity]}")
        word = self.words.before(data, start) if self.words else None
        if word is not None:
            return beside, (*evidence, f"context:{word}")
        led = not self.lead or _lead(self.lead)(data, start, len(data)) >= 0
        return (score if led else min(score, _UNLED)), evidence


def unchecked(data: bytes, start: int, end: int) -> Sequence[Hit]:  # noqa: ARG001 (a `Check`)
    return (Hit(start, end),)


@cache
def _lead(pattern: str) -> Callable[[bytes, int, int], int]:
    return prefix(pattern)


class Lookup:
    """What the name of the field at an offset says."""

    __slots__ = ("_fields", "_starts")

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._starts = [start for start, _, _ in fields]

    def at(self, offset: int) -> Mapping[str, str]:
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            return NOTHING
        _, end, names = self._fields[number]
        return names if offset < end else NOTHING


NOTHING: Mapping[str, str] = {}
NOWHERE = Lookup(())


def by_name_alone(
    data: bytes,
    fields: Fields,
    whole: Sequence[Recognizer],
    thresholds: Mapping[str, float],
    allow: "Allowed",
) -> Iterable[Candidate]:
    """Take whole values, where their fields' names say what they are and they hold a letter."""
    for start, end, names in fields:
        for recognizer in whole:
            entity = recognizer.entity
            if entity not in names or thresholds[entity] > BY_FIELD or allow.covers(entity, data[start:end]):
                continue
            begin, stop = letters_in(data, start, end)
            if begin < stop:
                evidence = (f"field:{names[entity]}",)
                yield Candidate(begin, stop, recognizer.certainty, entity, BY_FIELD, evidence)
