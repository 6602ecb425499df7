"""Inferring: a hidden value spelt out from answers to yes-or-no questions, as a patient analyst would.

The rule: questions hold nothing of the value: each asks whether one letter stands after another in the alphabet. The value
counts as inferred when the letters that the answers spell are its letters. One answer that is refused ends the series.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

LETTERS = 3  # of a value: a chance of one in two million that they are guessed
_PRINTABLE = range(33, 127)
_HIGHEST = 127  # whatever is beyond ASCII


class Inferred(Enum):
    """What came of a series of questions."""

    SPELT = auto()  # the value's letters
    REFUSED = auto()  # a question was refused
    OTHER = auto()  # answers that say nothing of the value
    SHORT = auto()  # the value has too few letters to tell


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the letter at a place (from 1) stands behind another, given by its number."""

    place: int
    code: int

    def spelt(self, value: str) -> str:
        """Spell it as SQL about an expression."""
        return f"(ascii(substr(({value})::text, {self.place}, 1)) > {self.code})"


def places_in(value: str) -> list[int]:
    """Give the places to ask about: the middle, which forms that keep the ends do not show."""
    start = max(1, len(value) // 2 - 1) if value else 2
    return list(range(start, start + LETTERS))


def infer(ask: Callable[[Question], bool | None], value: str) -> Inferred:
    """Ask until the letters are spelt, or do not fit. `ask` gives None where it was refused; `value` is "" where it is unknown."""
    places = places_in(value)
    if value and (len(value) < LETTERS + 1 or not any(ord(value[place - 1]) in _PRINTABLE for place in places)):
        return Inferred.SHORT
    spelt: list[int] = []
    for place in places:
        low, high = 0, _HIGHEST
        while low < high:
            middle = (low + high) // 2
            answer = ask(Question(place, middle))
            if answer is None:
                return Inferred.REFUSED
            low, high = (middle + 1, high) if answer else (low, middle)
        spelt.append(low)
        if value and low != min(ord(value[place - 1]), _HIGHEST):
            return Inferred.OTHER
    if value or all(letter in _PRINTABLE for letter in spelt):
        return Inferred.SPELT
    return Inferred.OTHER
