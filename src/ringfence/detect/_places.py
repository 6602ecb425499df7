"""Where a field stands: its name in words, and whether what stands above it speaks of people, addresses or things.

The rule: the nearest name that speaks decides; `public` and `$` say nothing.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from ringfence.detect import _speaking
from ringfence.detect._fields import segments_of
from ringfence.detect._words import folded
from ringfence.detect.recognizer import listed


class Context(Enum):
    """Whom or what a table speaks of."""

    PEOPLE = "people"
    ADDRESSES = "addresses"
    ORGANISATIONS = "organisations"
    THINGS = "things"
    NOTHING = "nothing"


_ORDER = (
    (Context.PEOPLE, frozenset(map(folded, _speaking.PEOPLE))),
    (Context.ADDRESSES, frozenset(map(folded, _speaking.ADDRESSES))),
    (Context.ORGANISATIONS, frozenset(map(folded, _speaking.ORGANISATIONS))),
    (Context.THINGS, frozenset(map(folded, _speaking.THINGS))),
)

_GENERIC = frozenset(
    listed(
        "value, values, text, code, display, coding, number, no, nr, date, datum, raw, main, large, small, medium, thumbnail, "
        "data, "
        "original, href"
    )
)
"""Names that say nothing without the one above: ``telecom.value``, ``birth.date``."""

_DEEP = 3  # names above that are read together with a generic one


@dataclass(frozen=True, slots=True)
class Place:
    """A field's name in words, what stands above it, and what the nearest of that speaks of."""

    words: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]  # from the nearest on
    context: Context
    near: bool  # whether the name right above is the one that spoke


def singular(word: str) -> str:
    """Give a word without the plural's ending.

    >>> singular("companies"), singular("addresses"), singular("customers"), singular("boss")
    ('company', 'address', 'customer', 'boss')
    """
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=8192)
def context_of(words: tuple[str, ...]) -> Context:
    """Say what a table's name speaks of, from its end: `customer_details` of people, `customer_order` of things.

    Plurals are English and Romance ones: `customers`, `companies`, `directores`.
    """
    words = tuple(word for word in words if not word.isdigit())
    while len(words) > 1 and words[-1] in _speaking.HOLDERS:
        words = words[:-1]
    for size in (3, 2, 1):
        ending = "".join(words[-size:])
        if size > len(words):
            continue
        for context, known in _ORDER:
            if ending in known or singular(ending) in known or (ending.endswith("es") and ending[:-2] in known):
                return context
    return Context.NOTHING


def place_of(name: str) -> Place:
    """Read a field's path."""
    segments = [tuple(words) for words in segments_of(name)]
    if not segments:
        return Place((), (), Context.NOTHING, near=False)
    *above, words = segments
    above.reverse()
    taken = 0
    while taken < min(_DEEP, len(above)) and all(word in _GENERIC for word in words):
        words = (*above[taken], *words)
        taken += 1
    rest = tuple(above[taken:])
    for number, one in enumerate(rest):
        context = context_of(one)
        if context is not Context.NOTHING:
            return Place(words, rest, context, near=number == 0)
    return Place(words, rest, Context.NOTHING, near=False)
