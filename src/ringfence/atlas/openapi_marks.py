"""What a description's authors mark as personal: their own extension fields (`x-…`), as far as they are known.

The rule: a mark is one entry of `MARKS`, with where it is documented. `x-ringfence-category` says what a field holds, and is
believed. Other marks say that it is personal, and rarely what: then its name and type tell the kind, and where they do not it is
`user`, personal data of no kind in particular. No mark makes a field harmless.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

OWN: Final = "x-ringfence-category"


@dataclass(frozen=True, slots=True)
class Mark:
    """A vendor's mark. `category` is what it says by itself; `is_set` tells a mark from one that says no."""

    name: str
    source: str
    category: str = "user"
    is_set: Callable[[object], bool] = bool


_PERSONAL_WORDS: Final = frozenset({"personal", "personal-data", "personal data", "personal_data", "pii", "sensitive"})


def _names_personal(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() in _PERSONAL_WORDS


MARKS: Final = (
    Mark(
        "x-twilio.pii", "https://github.com/twilio/twilio-oai: `x-twilio: {pii: {handling: standard, deleteSla: 30}}`"
    ),
    Mark("x-pii", "a convention of many JSON Schemas and OpenAPI documents: true, or a word for the kind"),
    Mark("x-personal-data", "the same convention"),
    Mark("x-sensitive", "the same convention"),
    Mark("x-sensitive-data", "the same convention"),
    Mark(
        "x-data-classification",
        "the same convention; levels such as `internal` say nothing here",
        is_set=_names_personal,
    ),
    Mark(
        "x-ms-secret",
        "https://azure.github.io/autorest/extensions/#x-ms-secret",
        "user.authorization.credentials",
    ),
)
"""Every mark that is known, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What the marks of a field, or of what it stands in, say."""

    name: str = ""  # of the mark
    category: str = ""
    word: str = ""  # that a mark gives for the kind
    own: object = None  # of `x-ringfence-category`


NOTHING: Final = Marked()


def marks_of(schema: Mapping[str, Any], around: Marked = NOTHING) -> Marked:
    """Read the marks of a schema, parameter or header; what stands around it holds where it says nothing itself."""
    own = schema.get(OWN, around.own)
    found = next(_set(schema), None)
    if found is None:
        return around if own is around.own else Marked(around.name, around.category, around.word, own)
    mark, value = found
    return Marked(mark.name, mark.category, value if isinstance(value, str) and not _names_personal(value) else "", own)


def _set(schema: Mapping[str, Any]) -> Iterator[tuple[Mark, object]]:
    for mark in MARKS:
        first, _, second = mark.name.partition(".")
        value = schema.get(first)
        if second:
            value = value.get(second) if isinstance(value, Mapping) else None
        if value is not None and mark.is_set(value) and str(value).strip().lower() not in ("false", "no", "none"):
            yield mark, value
