r"""Presidio: ringfence's detection as one of its recognizers, and its ad-hoc recognizers as ringfence's.

The rule: what is found is what ringfence finds, by Presidio's names where it has one. What is read of Presidio's files is held to
ringfence's rules: a pattern that is not linear is an error with its line, and never run.

    from presidio_analyzer import AnalyzerEngine
    from ringfence.integrations.presidio import recognizer

    analyzer = AnalyzerEngine()
    analyzer.registry.add_recognizer(recognizer())

>>> from ringfence.detect import detector_for
>>> told = read_recognizers(r'''
... recognizers:
...   - {name: badge, supported_entity: BADGE, patterns: [{name: b, regex: 'B-\d{4}', score: 0.6}], context: [badge]}
... ''')
>>> [(one.entity, one.score) for one in detector_for(told).find("seen B-1234")]
[('BADGE', 0.6)]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from ringfence.detect import BadPattern, DenyList, Detection, Detector, OwnPattern, OwnRecognizer
from ringfence.detect._lenience import Lenience
from ringfence.detect.own import LEAST, hold, hold_word
from ringfence.extras import install_line
from ringfence.policy.problems import PolicyError, Position, Problem, nearest, quoted
from ringfence.policy.tree import Data, Node, Row, Scalar, Table, parse, to_data
from ringfence.taxonomy import CATEGORIES, ENTITIES

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

__all__ = ["MissingPresidio", "presidio_name", "read_recognizers", "recognizer", "ringfence_name"]

_THEIRS: Mapping[str, str] = {"IBAN": "IBAN_CODE"}
_OURS = {theirs: ours for ours, theirs in _THEIRS.items()}

CATEGORY: Final = "user.unique_id"
"""The category of what Presidio's files name and ringfence does not know."""

_BOOST, _BOOSTED_LEAST = 0.35, 0.4  # what a word of context adds in Presidio, and the least that it makes
_IGNORECASE = 2  # of Python's flags; Presidio's own default has it
_DEFAULT_FLAGS = 26


class MissingPresidio(ImportError):
    """Presidio is not installed."""

    def __init__(self) -> None:
        super().__init__(
            f"this needs the package presidio-analyzer, which is not installed\n  {install_line('presidio')}"
        )


def presidio_name(entity: str) -> str:
    """Give Presidio's name of an entity.

    >>> presidio_name("IBAN"), presidio_name("US_SSN")
    ('IBAN_CODE', 'US_SSN')
    """
    return _THEIRS.get(entity, entity)


def ringfence_name(entity: str) -> str:
    """Give ringfence's name of one of Presidio's entities."""
    return _OURS.get(entity, entity)


def recognizer(language: str = "en", detector: Detector | None = None) -> "EntityRecognizer":
    """Give all that a detector finds as one recognizer of Presidio's. Raises `MissingPresidio`.

    It looks for the same in every language: give one to Presidio for each language that it is asked about.
    """
    if find_spec("presidio_analyzer") is None:
        raise MissingPresidio
    from ringfence.integrations._presidio_recognizer import RingfenceRecognizer

    return RingfenceRecognizer(detector if detector is not None else Detector(), language)


def read_recognizers(
    text: str,
    *,
    categories: Mapping[str, str] | None = None,
    language: str = "",
    file: str = "(recognizers)",
) -> Detection:
    """Read Presidio's recognizers, YAML or JSON: a registry's file, a list of ad-hoc recognizers, or a single one.

    Parameters
    ----------
    categories
        The category of each entity that is not ringfence's; of those not named here it is ``user.unique_id``.
    language
        Only recognizers of this language; empty: of all.
    file
        What errors call it.

    Raises
    ------
    PolicyError
        With all that is wrong, each with its line and column. It quotes no pattern and no value.
    """
    reading = _Reading(dict(categories or {}), language)
    for node in _recognizers(parse(file, text)):
        reading.take(node)
    if reading.problems:
        raise PolicyError(reading.problems)
    return Detection(recognizers=tuple(reading.recognizers), deny=tuple(reading.deny))


_LISTS = ("recognizers", "ad_hoc_recognizers")


def _recognizers(root: Node) -> Iterator[Node]:
    match root:
        case Row(items=items):
            yield from items
        case Table(entries=entries):
            lists = [entries[name].node for name in _LISTS if name in entries]
            for each in lists:
                yield from each.items if isinstance(each, Row) else (each,)
            if not lists:
                yield root
        case Scalar(at=at):
            raise PolicyError([_problem(at, "neither recognizers nor a list of them", "begin with `recognizers:`")])


@dataclass(slots=True)
class _Reading:
    """What has been read, and what was wrong with it."""

    categories: Mapping[str, str]
    language: str
    recognizers: list[OwnRecognizer] = field(default_factory=list)
    deny: list[DenyList] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take(self, node: Node) -> None:
        """Read one recognizer; those that Presidio ships are passed over, for ringfence has its own."""
        if isinstance(node, Scalar):
            return
        if not isinstance(node, Table):
            self.problems.append(
                _problem(node.at, "a recognizer that is not a mapping", "write {name: ..., patterns: ...}")
            )
            return
        given = {key: to_data(entry.node) for key, entry in node.entries.items()}
        if given.get("type") == "predefined" or given.get("enabled") is False or not self._is_spoken(given):
            return
        entity = given.get("supported_entity")
        if not isinstance(entity, str) or not entity.isidentifier():
            self.problems.append(_problem(node.at, "a recognizer without an entity", "add `supported_entity: NAME`"))
            return
        entity = ringfence_name(entity.upper())
        category = "" if entity in ENTITIES else self.categories.get(entity, CATEGORY)
        if category and category not in CATEGORIES:
            mend = nearest(category, CATEGORIES)
            self.problems.append(_problem(node.at, f"there is no category{quoted(category)}", mend))
            return
        self._patterns(node, given, entity, category)
        values = tuple(value for value in _texts(given.get("deny_list")) if any(map(str.isalnum, value)))
        if values:
            self.deny.append(DenyList(entity, category or ENTITIES[entity].category, values))

    def _is_spoken(self, given: Mapping[str, Data]) -> bool:
        spoken = [*_texts(given.get("supported_language")), *_languages(given.get("supported_languages"))]
        return not self.language or not spoken or self.language in spoken

    def _patterns(self, node: Table, given: Mapping[str, Data], entity: str, category: str) -> None:
        entry = node.entries.get("patterns")
        if entry is None:
            if "deny_list" not in given:
                self.problems.append(
                    _problem(node.at, "a recognizer that looks for nothing", "add `patterns`, or `deny_list`")
                )
            return
        flags = given.get("global_regex_flags", _DEFAULT_FLAGS)
        folds = not isinstance(flags, int) or bool(flags & _IGNORECASE)
        nodes = entry.node.items if isinstance(entry.node, Row) else [entry.node]
        patterns = [one for each in nodes if (one := self._pattern(each, folds=folds)) is not None]
        words = tuple(word for word in self._context(given) if hold_word(word) is None)
        if not patterns:
            return
        least = min([LEAST, *(one.alone for one in patterns if one.alone is not None)])
        self.recognizers.append(
            OwnRecognizer(entity, category, tuple(patterns), words, threshold=least, everywhere=True)
        )

    def _pattern(self, node: Node, *, folds: bool) -> OwnPattern | None:
        given = to_data(node)
        if not isinstance(given, dict) or not isinstance(given.get("regex"), str):
            self.problems.append(
                _problem(node.at, "a pattern without a regex", "write {name: ..., regex: ..., score: ...}")
            )
            return None
        score = given.get("score", 0.5)
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            self.problems.append(
                _problem(_at(node, "score"), "a score that is not a number from 0 to 1", "write score: 0.5")
            )
            return None
        text = ("(?i)" if folds else "") + str(given["regex"])
        try:
            hold(text, Lenience.EDGES)
        except BadPattern as error:
            self.problems.append(_problem(_at(node, "regex"), error.what, error.mend))
            return None
        beside = max(score, min(1.0, max(score + _BOOST, _BOOSTED_LEAST)))
        return OwnPattern(text, _code(given.get("name")), float(score), float(beside), Lenience.EDGES)

    def _context(self, given: Mapping[str, Data]) -> Iterator[str]:
        yield from _texts(given.get("context"))
        languages = given.get("supported_languages")
        for each in languages if isinstance(languages, list) else ():
            if isinstance(each, dict) and self.language in ("", each.get("language")):
                yield from _texts(each.get("context"))


def _languages(given: Data) -> Iterator[str]:
    for each in given if isinstance(given, list) else ():
        yield from _texts(each.get("language") if isinstance(each, dict) else each)


def _texts(given: Data) -> tuple[str, ...]:
    """Give a text, or a list's texts, without those that are empty."""
    listed = given if isinstance(given, list) else [given]
    return tuple(each.strip() for each in listed if isinstance(each, str) and each.strip())


def _code(name: Data) -> str:
    """Make a code of evidence of a pattern's name: small letters, digits and hyphens."""
    if not isinstance(name, str):
        return ""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.casefold())
    return "-".join(part for part in kept.split("-") if part)[:40] if quoted(kept.replace("-", "_")) else ""


def _at(node: Node, key: str) -> Position:
    entry = node.entries.get(key) if isinstance(node, Table) else None
    return entry.node.at if entry is not None else node.at


def _problem(at: Position, what: str, mend: str) -> Problem:
    return Problem(at.file, at.line, at.column, what, mend)
