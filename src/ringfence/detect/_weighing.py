"""What a hit is worth: the score of a pattern's hit, from what stands around it, and the evidence that says so.

The rule: a score is a probability, made by adding log-odds: what the pattern gives by itself, and a weight for each thing that
speaks for the hit or against it. Everything that raises or lowers a score is told in its evidence, in words of ringfence's own
tables. What most hits need (alone, beside a word, in a field of that name) is worked out once for each pattern.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from ringfence.detect._against import AGAINST, against_by_key, inside
from ringfence.detect._calibration import AFTER, AGAINST_FIELD, INSIDE, UNLED
from ringfence.detect._documentation import is_for_documentation
from ringfence.detect._engine import prefix
from ringfence.detect._odds import shifted
from ringfence.detect._overlap import Candidate, letters_in
from ringfence.detect._words import Words
from ringfence.detect.recognizer import Certainty, Check, Hit, Recognizer

if TYPE_CHECKING:
    from ringfence.detect._listed import Allowed

Fields = Sequence[tuple[int, int, Mapping[str, str]]]
"""The fields of a buffer: start, end, and what each one's name says."""

DOCUMENTATION = "known:documentation"

_VERSIONED = frozenset(("IP_ADDRESS",))
"""What nothing beside it vouches for, but a name may speak against: four numbers are an address, unless they are a version."""

_KEYED = frozenset(b" :=\"'")  # what a value stands behind that a key announces
_OPENS = (b" (", b" [")

_BEFORE_AND_AFTER = frozenset((Certainty.CHECKED, Certainty.SHAPE))
"""For whom a word behind a value counts as one before it. What only a word makes something needs it before."""


@dataclass(slots=True)
class Ready:
    """A pattern with all that is needed to judge its matches."""

    entity: str
    certainty: Certainty
    check: Check
    scores: tuple[float, float]  # alone, and beside a word
    doubtful: tuple[float, float]
    named: float  # in a field of that name
    evidence: tuple[str, ...]
    words: Words | None
    threshold: float
    raw: bool
    lead: str
    is_by_words: bool  # whether its entity's words announce it
    is_plain: bool = field(init=False)  # whether what stands beside it changes nothing, so that nobody looks
    is_known: Callable[[bytes], bool] | None = field(init=False)
    takes_after: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_plain = self.scores[0] == self.scores[1] and self.entity not in _VERSIONED
        self.is_known = is_for_documentation(self.entity)
        self.takes_after = takes_after(self.certainty)

    def weigh(
        self,
        data: bytes,
        start: int,
        end: int,
        speaks: tuple[str, ...],
        doubtful: bool,
        lookup: "Lookup",
    ) -> tuple[float, tuple[str, ...]]:
        """Give the score of a hit, and what speaks for it and against."""
        evidence = self.evidence + speaks if speaks else self.evidence
        if self.is_known is not None and self.is_known(data[start:end]):
            evidence = (*evidence, DOCUMENTATION)
        if self.is_plain:
            return self.scores[0], evidence
        score, beside = self.scores
        if doubtful:
            (score, beside), evidence = self.doubtful, (*evidence, "against:doubtful")
        names = NOTHING if lookup is NOWHERE else lookup.at(start)
        if names and self.entity in names:
            return self.named, (*evidence, f"field:{names[self.entity]}")
        if self.words is not None:
            word = self.words.before(data, start)
            if word is not None:
                return beside, (*evidence, f"context:{word}")
            # A shape that stands by itself takes only what is put between brackets: most such hits end here.
            if self.takes_after and (self.is_by_words or data[end : end + 2] in _OPENS):
                word = self.words.after(data, end)
                if word is not None:
                    return shifted(beside, AFTER), (*evidence, f"after:{word}")
        if score < self.threshold:
            return score, evidence  # what speaks against it could only lower it
        return self._alone(data, start, end, names, score, evidence)

    def _alone(
        self, data: bytes, start: int, end: int, names: Mapping[str, str], score: float, evidence: tuple[str, ...]
    ) -> tuple[float, tuple[str, ...]]:
        """Weigh what speaks against a hit that no word and no name vouches for."""
        if self.lead and _lead(self.lead)(data, start, len(data)) < 0:
            score, evidence = min(score, UNLED), (*evidence, "against:unannounced")
        name = names.get(AGAINST) if names else None
        if name is not None:
            score, evidence = shifted(score, AGAINST_FIELD), (*evidence, f"against:field {name}")
        elif start and data[start - 1] in _KEYED:
            name = against_by_key(data, start)
            if name is not None:
                # What stands in the text may have been put there to hide a value: it hides none that its shape tells.
                least = 0.0 if self.is_by_words else min(score, self.threshold)
                score, evidence = max(shifted(score, AGAINST_FIELD), least), (*evidence, f"against:field {name}")
        what = inside(data, start, end) if self.scores[0] != self.scores[1] else None
        if what is not None:
            score, evidence = shifted(score, INSIDE), (*evidence, f"against:inside {what}")
        return score, evidence


def takes_after(certainty: Certainty) -> bool:
    """Tell whether a word behind a value of this certainty counts."""
    return certainty in _BEFORE_AND_AFTER


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
            if entity not in names or thresholds[entity] > recognizer.by_name or allow.covers(entity, data[start:end]):
                continue
            begin, stop = letters_in(data, start, end)
            if begin < stop:
                evidence = (f"field:{names[entity]}",)
                yield Candidate(begin, stop, recognizer.certainty, entity, recognizer.by_name, evidence)
