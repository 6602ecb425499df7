"""What users tell detection: recognizers of their own, lists of values, words, thresholds.

The rule: whatever was told becomes an entry like ringfence's own, and is judged by the same code: a pattern is held to the engine's
rules when it is read (`BadPattern`), a list is one pass over the text however long it is. Values that are listed may be personal
data, so nothing here shows one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Final

import re2

from ringfence.detect._bytes import digits_of
from ringfence.detect._checks import Validity, luhn, plain, stands_free, stdnum
from ringfence.detect._lenience import Lenience
from ringfence.detect._words import folded
from ringfence.detect.recognizer import UNCHECKED, Certainty, Check, Example, Hit, Pattern, Recognizer
from ringfence.taxonomy import ENTITIES, EntityInfo

if TYPE_CHECKING:
    from ringfence.detect._regular import Tree

DECLARED: Final = "declared"
LISTED: Final = "listed"
"""Kinds of evidence: a recognizer of one's own, a list of one's own."""

POLICYS: Final = "the policy"
"""The source of what is one's own."""

LEAST: Final = 0.5
"""The threshold of what has no recognizer: lists and models."""

_TELLING = (0.7, 0.95)
"""Scores of what its user says is found wherever it stands: alone, and beside a word."""

_PROGRAM = 2 << 20  # bytes that a pattern's program and its automaton may take when it is tried
_BETWEEN = 6  # bytes between a word and a value, as in `recognizer.row`
_NEAR = 48


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """One spelling. `alone` and `beside` are scores without and with a word of context; not given: by what announces it."""

    pattern: str
    name: str = ""
    alone: float | None = None
    beside: float | None = None
    lenience: Lenience = Lenience.NONE


@dataclass(frozen=True, slots=True)
class OwnRecognizer:
    """A recognizer of one's own; without a category it adds to one of ringfence's.

    `check` is a name in `CHECKS`, or ``stdnum:`` and a module of python-stdnum. `everywhere`: a pattern that nothing announces is
    run over every text. Without patterns, a field of one of these names is the value as a whole. `found` and `not_found` are
    texts.
    """

    entity: str
    category: str = ""
    patterns: tuple[OwnPattern, ...] = ()
    words: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    check: str = ""
    threshold: float = LEAST
    everywhere: bool = False
    title: str = field(default="", compare=False)
    found: tuple[str, ...] = field(default=(), compare=False, repr=False)
    not_found: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DenyList:
    """Values that are findings wherever they stand as whole words, in any case: an entity, and its category."""

    entity: str
    category: str
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AllowList:
    """Values that are no findings: exact ones, and those that a pattern fits as a whole. `entity` narrows it; empty: of all."""

    values: tuple[str, ...] = field(default=(), repr=False)
    patterns: tuple[str, ...] = field(default=(), repr=False)
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    """All that a policy tells detection. Hashable, and cheaply: a detector is made once for each."""

    thresholds: tuple[tuple[str, float], ...] = ()  # (entity, least score), sorted
    allow: tuple[AllowList, ...] = ()
    recognizers: tuple[OwnRecognizer, ...] = ()
    deny: tuple[DenyList, ...] = ()
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.thresholds, self.allow, self.recognizers, self.deny)))

    def __hash__(self) -> int:
        return self._hash


# --- checks ---------------------------------------------------------------------------------------------------------------


def _of_digits(test: Validity) -> Check:
    return lambda data, start, end: (Hit(start, end),) if test(digits_of(data[start:end])) else ()


def _of_number(test: Validity) -> Check:
    return lambda data, start, end: (Hit(start, end),) if test(plain(data[start:end])) else ()


def _of_either(test: Validity) -> Check:
    """Make a check of a value's letters and digits, or, where letters only stand before a number, of its digits."""

    def check(data: bytes, start: int, end: int) -> Iterable[Hit]:
        value = data[start:end]
        return (Hit(start, end),) if test(plain(value)) or test(digits_of(value)) else ()

    return check


CHECKS: Mapping[str, Check] = {
    "luhn": _of_digits(luhn),
    "verhoeff": _of_digits(stdnum("verhoeff")),
    "damm": _of_digits(stdnum("damm")),
    "iban": _of_number(stdnum("iban")),
    "mod97": _of_number(stdnum("iso7064.mod_97_10")),
    "mod11-2": _of_number(stdnum("iso7064.mod_11_2")),
    "mod37-36": _of_number(stdnum("iso7064.mod_37_36")),
}
"""Checks by name. The first three are of a value's digits alone, the others of its letters and digits."""

_MODULE = re2.compile(r"stdnum:([a-z]{2}_?\.)?[a-z][a-z0-9_]{0,30}(\.[a-z][a-z0-9_]{0,30})?")


def check_named(name: str) -> Check | None:
    """Give a check by its name; None where there is none of it."""
    if name in CHECKS:
        return CHECKS[name]
    if not _MODULE.fullmatch(name):
        return None
    module = name.partition(":")[2]
    try:
        is_valid = getattr(import_module(f"stdnum.{module}"), "is_valid", None)
    except ImportError:
        return None
    return _of_either(stdnum(module)) if callable(is_valid) else None


def _free(entity: str, check_name: str) -> Check:
    """Make the check of a recognizer of one's own: the value is no part of a longer one, and its number is right."""
    said = (f"{DECLARED}:{entity}", *((f"checksum:{check_name}",) if check_name else ()))
    test = check_named(check_name) if check_name else None

    def check(data: bytes, start: int, end: int) -> Iterable[Hit]:
        if data[start] == _UNDERSCORE:
            start += 1
        if start >= end or not stands_free(data, start, end) or (test is not None and not test(data, start, end)):
            return ()
        return (Hit(start, end, said),)

    return check


_UNDERSCORE = ord("_")


# --- recognizers ----------------------------------------------------------------------------------------------------------


def info_of(own: OwnRecognizer) -> EntityInfo:
    """Say what kind of thing it finds."""
    known = ENTITIES.get(own.entity)
    if known is not None and not own.category:
        return known
    return EntityInfo(own.entity, own.category, own.title or own.entity.replace("_", " ").capitalize())


def infos_told(told: Detection) -> Mapping[str, EntityInfo]:
    """Give all entities that a policy knows: its own first, then ringfence's."""
    own = {one.entity: info_of(one) for one in told.recognizers if one.category}
    listed = {one.entity: EntityInfo(one.entity, one.category, "Values of a list") for one in told.deny}
    return {
        **own,
        **{name: one for name, one in listed.items() if name not in ENTITIES and name not in own},
        **ENTITIES,
    }


def categories_told(
    own: Iterable[OwnRecognizer], deny: Iterable[DenyList], more: Mapping[str, str]
) -> Mapping[str, str]:
    """Give the category of each entity: ringfence's, and what its user tells."""
    told = {one.entity: info_of(one).category for one in own} | {one.entity: one.category for one in deny} | dict(more)
    return {name: entity.category for name, entity in ENTITIES.items()} | told


def has_trigger(pattern: str, lenience: Lenience = Lenience.NONE) -> bool:
    """Tell whether something announces a pattern, in each of its ways. Raises `BadPattern`."""
    from ringfence.detect._announcing import announced
    from ringfence.detect._regular import read_pattern

    return all(one.trigger for one in announced(read_pattern(pattern, lenience)))


def hold(pattern: str, lenience: Lenience = Lenience.NONE) -> "Tree":
    """Read a pattern that can be taken. Raises `BadPattern`."""
    from ringfence.detect._regular import BadPattern, read_pattern, spelt

    tree = read_pattern(pattern, lenience)
    options = re2.Options()
    options.max_mem = _PROGRAM
    options.log_errors = False
    try:
        re2.compile(spelt(tree), options)
    except re2.error:
        raise BadPattern("the pattern's program is too large", "repeat less: {2,200} of a long group is many") from None
    return tree


def hold_word(word: str) -> str | None:
    """Say what is wrong with a word of context, or nothing."""
    if not word[:1].isalpha() or not folded(word):
        return "does not begin with a letter"
    if not all(sign.isalnum() or sign in " .-" for sign in word):
        return "holds a sign that is neither letter, digit, blank, point nor hyphen"
    return None


def entry_of(own: OwnRecognizer) -> Recognizer:
    """Make the table's entry of a recognizer of one's own. Raises `BadPattern`."""
    words = tuple(dict.fromkeys(word.casefold() for word in own.words))
    return Recognizer(
        own.entity,
        Certainty.CHECKED if own.check else Certainty.SHAPE if own.patterns else Certainty.FIELD,
        POLICYS,
        (*(Example(text, ("",)) for text in own.found), *(Example(text) for text in own.not_found)),
        tuple(pattern for number, each in enumerate(own.patterns) for pattern in _patterns(own, number, each)),
        words,
        tuple(dict.fromkeys((*own.fields, *(word for word in words if own.patterns and not word.endswith("-"))))),
        _near(words),
        whole_field=not own.patterns and bool(own.fields),
        threshold=own.threshold,
    )


def _near(words: Iterable[str], least: int = _NEAR) -> int:
    return max([least, *(len(word.encode()) + _BETWEEN for word in words)])


def _patterns(own: OwnRecognizer, number: int, each: OwnPattern) -> Iterable[Pattern]:
    from ringfence.detect._announcing import announced

    tree = hold(each.pattern, each.lenience)
    code = each.name or (own.entity.casefold().replace("_", "-") + (f"-{number + 1}" if number else ""))
    check = _free(own.entity, own.check)
    for one in announced(tree):
        usual = _TELLING if one.trigger or own.everywhere else UNCHECKED
        alone = each.alone if each.alone is not None else min(usual[0], each.beside if each.beside is not None else 1.0)
        beside = each.beside if each.beside is not None else max(usual[1], alone)
        if not (one.trigger or own.everywhere):
            alone = min(alone, UNCHECKED[0])  # nobody looks for it away from its words
        yield Pattern(code, one.pattern, alone, beside, one.trigger, one.before, one.after, check, unicode=True)


def with_own(table: Iterable[Recognizer], own: Iterable[OwnRecognizer]) -> list[Recognizer]:
    """Give a table of recognizers with those of one's own: added to the entry of their entity, or as entries of their own."""
    entries = {one.entity: one for one in table}
    for each in own:
        entry, before = entry_of(each), entries.get(each.entity)
        entries[each.entity] = entry if before is None else _joined(before, entry)
    return list(entries.values())


def _joined(before: Recognizer, more: Recognizer) -> Recognizer:
    words = tuple(dict.fromkeys((*before.words, *more.words)))
    return replace(
        before,
        patterns=(*before.patterns, *more.patterns),
        words=words,
        fields=tuple(dict.fromkeys((*before.fields, *more.fields))),
        near=_near(more.words, before.near),
        examples=(*before.examples, *more.examples),
    )
