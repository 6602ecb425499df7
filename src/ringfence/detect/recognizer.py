"""What a recognizer is: one entry of a table, with the examples that test it.

The rule: an entity is added by adding one entry, and everything about it stands in that entry: what to look for, how a
candidate is checked, which words and field names vouch for it, what it scores, where its definition is published, and examples
that must be found and must not be found.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Certainty(IntEnum):
    """What kind of evidence an entity rests on. Where two findings overlap, the higher wins."""

    FIELD = 0  # only the field's name
    CONTEXT = 1  # a shape that means something only beside a word
    SHAPE = 2  # a shape that hardly anything else has
    CHECKED = 3  # a shape with a check digit or registered ranges
    SECRET = 4  # a credential: whatever else stands in it goes with it


class Hit(NamedTuple):
    """A checked part of a candidate: its span, and what speaks for it. `doubtful` takes the pattern's lower scores."""

    start: int
    end: int
    evidence: tuple[str, ...] = ()
    doubtful: bool = False


Check = Callable[[bytes, int, int], Iterable[Hit]]
"""From a buffer and the span of a pattern's match to the hits in it. It may read beyond the span, but never beyond a break."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One spelling of an entity.

    Attributes
    ----------
    code
        Its name in evidence.
    pattern
        What it looks like, for RE2. It can match neither a line feed nor U+001E.
    trigger
        A cheaper pattern of at most 24 bytes without which `pattern` cannot match; what the first pass looks for. Empty: the
        pattern is tried only beside the entity's words, and in fields that are known by their name.
    before, after
        How many bytes a match can extend before its trigger begins, and after it ends.
    alone, beside
        Scores without and with a context word or field name.
    doubtful
        The same two scores for a doubtful hit. A field's name vouches for either.
    unicode
        Whether the pattern speaks of characters rather than bytes.
    raw
        Whether it reads escapes as they are written (``%2B``); the others see them blank.
    lead
        Where the pattern fits more than its trigger does (small letters, say): what a match must begin with to count by itself.
        Other matches are announced by the entity's words, and need one.
    """

    code: str
    pattern: str
    alone: float
    beside: float
    trigger: str = ""
    before: int = 24
    after: int = 48
    check: Check | None = None
    doubtful: tuple[float, float] = (0.0, 0.0)
    unicode: bool = False
    raw: bool = False
    lead: str = ""

    @property
    def by_words(self) -> bool:
        """Whether the entity's words announce it."""
        return bool(self.lead) or not self.trigger


@dataclass(frozen=True, slots=True)
class Example:
    """A text, and what is found in it; `field` is the path of the field that it stands in."""

    text: str
    found: tuple[str, ...] = ()
    field: str = ""


@dataclass(frozen=True, slots=True)
class Recognizer:
    """All that is known of one entity.

    `words` vouch for a candidate that stands at most `near` bytes behind them on the same line; a word that ends in ``-`` is
    the beginning of a longer one (``geburts-``). `fields` are field names, as words. `whole_field` marks an entity that is
    known by its field's name alone: the whole value is the finding. `by_name` is the least score of what a field's name vouches
    for.
    """

    entity: str
    certainty: Certainty
    source: str
    examples: tuple[Example, ...]
    patterns: tuple[Pattern, ...] = ()
    words: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    near: int = 48
    whole_field: bool = False
    threshold: float = 0.5
    by_name: float = 0.8


_BETWEEN = 6  # bytes: a colon, a quote, blanks

UNCHECKED = (0.1, 0.6)
"""Scores of a shape that many things have, where nothing can be calculated: alone, and beside a word."""

DIGITS = (0.3, 0.9)
"""Scores of a number with check digits whose shape says nothing."""

TELLING = (0.7, 0.95)
"""Scores of a shape with check digits or registered parts that hardly anything else has."""

PROVEN = (0.85, 0.97)
"""Scores of such a shape where two things are calculated or more."""

REFUTED = (0.05, 0.4)
"""Scores of a number whose check digits are wrong, where not all that were given out have right ones."""


def told(text: str, field: str = "") -> Example:
    """Write an example as one text, with what is found in it between brackets.

    >>> told("NIF [12345678Z] y nada")
    Example(text='NIF 12345678Z y nada', found=('12345678Z',), field='')
    """
    found = tuple(part.partition("]")[0] for part in text.split("[")[1:])
    return Example(text.replace("[", "").replace("]", ""), found, field)


def spelling(
    code: str,
    pattern: str,
    check: Check,
    scores: tuple[float, float],
    *,
    doubtful: tuple[float, float] = (0.0, 0.0),
    trigger: str = "",
    reach: int = 48,
) -> Pattern:
    """Write a pattern of a number that begins where a word could: after no letter or digit, or after the sign ``_``.

    A trigger is the pattern's own beginning, so nothing of it lies before; `reach` is the longest match.
    """
    own = r"(?:\b|_)(?:" + pattern + ")"
    ahead = r"(?:\b|_)(?:" + trigger + ")" if trigger else ""
    return Pattern(
        code, own, *scores, trigger=ahead, before=1, after=reach, check=check, doubtful=doubtful, lead=trigger
    )


def row(
    entity: str,
    source: str,
    patterns: tuple[Pattern, ...],
    words: str,
    *examples: str | Example,
    certainty: Certainty = Certainty.CHECKED,
    fields: str = "",
    near: int = 48,
    whole_field: bool = False,
) -> Recognizer:
    """Write an entry whose words are names of fields, too; `fields` are further ones. Examples are as `told` takes them.

    `near` grows to hold the longest word and what stands between it and a value.
    """
    context = listed(words) if words else ()
    near = max(near, *(len(word.encode()) + _BETWEEN for word in context)) if context else near
    names = tuple(
        dict.fromkeys((*(word for word in context if not word.endswith("-")), *(listed(fields) if fields else ())))
    )
    shown = tuple(told(one) if isinstance(one, str) else one for one in examples)
    return Recognizer(entity, certainty, source, shown, patterns, context, names, near, whole_field)


def listed(text: str) -> tuple[str, ...]:
    """Split a list that is written as one text.

    >>> listed("born, date of birth")
    ('born', 'date of birth')
    """
    return tuple(item.strip() for item in text.split(","))
