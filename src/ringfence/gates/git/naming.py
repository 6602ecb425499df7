"""What an allowance may be said of: entities, and categories with all that is under them.

The rule: a name that nobody knows allows nothing. What was written in its place is never told: it may be anything, a person's name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ringfence.detect import Detection
from ringfence.detect.own import categories_told
from ringfence.policy.problems import nearest
from ringfence.taxonomy import CATEGORIES, is_within

LISTS: Final = "`ringfence entities` and `ringfence categories` list them"
_MOST_COMPARED: Final = 256  # names that nobody knows; to find what was meant by one takes 2 ms


@dataclass(frozen=True, slots=True)
class Names:
    """The entities, each with its category, and the categories that there are."""

    entities: Mapping[str, str]
    _words: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _meant: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @staticmethod
    def of(detection: Detection | None = None) -> "Names":
        """Give those of ringfence, and those that a policy adds."""
        detection = detection if detection is not None else Detection()
        entities = categories_told(detection.recognizers, detection.deny, {})
        words = {each.lower(): each for each in (*CATEGORIES, *entities.values(), *entities)}
        return Names(entities, words)

    def known(self, name: str) -> str | None:
        """Give a name as it is spelt here, whatever its case; None where nobody knows it."""
        return self._words.get(name.lower())

    def unknown(self, name: str) -> tuple[str, str]:
        """Say of a name that nobody knows what is wrong, and what to do: what was meant is told, what was written is not."""
        meant = self._meant.get(name)
        if meant is None and len(self._meant) < _MOST_COMPARED:
            near = nearest(name, self._words.values())
            meant = self._meant[name] = near if near.startswith("did you") else LISTS
        return "no entity or category has that name", meant or LISTS


def covers(names: Iterable[str], entity: str, category: str) -> bool:
    """Whether one of some names is that of an entity or a category, or of what the category is under.

    >>> covers(["user.contact"], "EMAIL_ADDRESS", "user.contact.email"), covers(["PHONE_NUMBER"], "EMAIL_ADDRESS", "x")
    (True, False)
    """
    return any(name == entity or is_within(category, name) for name in names)
