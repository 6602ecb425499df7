"""The section `detect` of a document, resolved: names looked up, patterns held to their rules, lists read, examples tried.

The rule: a pattern, a list or an example is never quoted, for any of them may hold what is looked for. What is wrong is said by
its place.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from ringfence.detect import (
    AllowList,
    BadPattern,
    DenyList,
    Detection,
    Detector,
    OwnPattern,
    OwnRecognizer,
    detector_for,
)
from ringfence.detect._listed import written_allowed
from ringfence.detect.own import CHECKS, check_named, has_trigger, hold, hold_word
from ringfence.detect.recognizer import DIGITS, PROVEN, TELLING, UNCHECKED
from ringfence.policy.document_detect import (
    LONGEST_LISTED,
    AllowDocument,
    DetectDocument,
    PatternDocument,
    RecognizerDocument,
)
from ringfence.policy.problems import nearest, quoted
from ringfence.policy.resolving_alerts import Known
from ringfence.policy.tree import Step
from ringfence.taxonomy import CATEGORIES, ENTITIES

_SCORES = {"unchecked": UNCHECKED, "digits": DIGITS, "telling": TELLING, "proven": PROVEN}
_UNANNOUNCED = (
    "nothing announces this pattern: it holds no text of its own",
    "give the recognizer `words` or `fields` beside which it is looked for, or write `everywhere: true`",
)
_FILE: Final = "file:"
_PATH: tuple[Step, ...] = ("detect",)

Lines = Callable[[str, tuple[Step, ...]], tuple[str, ...]]
"""From a file's name and the place that names it to its lines."""


@dataclass(frozen=True, slots=True)
class DetectResolver:
    """Resolves the section; what is wrong goes to `known` and `wrong`."""

    known: Known
    wrong: Callable[[tuple[Step, ...], str, str], None]
    lines: Lines

    def detection(self, written: DetectDocument) -> Detection | None:
        """Give what is told; None where something in it is wrong."""
        faults: list[bool] = []
        wrong = self.wrong

        def noted(path: tuple[Step, ...], what: str, mend: str) -> None:
            faults.append(True)
            wrong(path, what, mend)

        return _Section(written, self.known, noted, self.lines, faults).detection()


@dataclass(slots=True)
class _Section:
    written: DetectDocument
    known: Known
    wrong: Callable[[tuple[Step, ...], str, str], None]
    lines: Lines
    faults: list[bool]

    def detection(self) -> Detection | None:
        written = self.written
        own = {each.entity for each in written.recognizers if each.entity is not None}
        named = own | {each.entity for each in written.deny if each.entity is not None and each.category is not None}
        entities = {*ENTITIES, *named}
        for entity in written.thresholds:
            self._entity(entity, entities, (*_PATH, "thresholds", entity), of_key=True)
        recognizers = [self._recognizer(number, each) for number, each in enumerate(written.recognizers)]
        for entity, words in written.context.items():
            path = (*_PATH, "context", entity)
            self._entity(entity, {*ENTITIES, *own}, path, of_key=True)
            self._words(words, path)
            recognizers.append(OwnRecognizer(entity, words=tuple(words)))
        deny = self._deny(entities)
        allow = self._allow(entities)
        if self.faults:
            return None
        thresholds = tuple(sorted((name, float(least)) for name, least in written.thresholds.items()))
        told = Detection(thresholds, allow, tuple(recognizers), deny)
        self._try_examples(told)
        return told

    def _entity(self, name: str, valid: Collection[str], path: tuple[Step, ...], *, of_key: bool = False) -> None:
        if name not in valid:
            self.faults.append(True)
            self.known(name, valid, "entity", path, of_key=of_key)

    def _category(self, name: str, path: tuple[Step, ...]) -> None:
        if name not in CATEGORIES:
            self.faults.append(True)
            self.known(name, CATEGORIES, "category", path)

    # --- recognizers

    def _recognizer(self, number: int, each: RecognizerDocument) -> OwnRecognizer:
        path: tuple[Step, ...] = (*_PATH, "recognizers", number)
        entity = each.entity or each.extends or ""
        if each.entity is not None:
            if each.entity in ENTITIES:
                mend = f"name yours otherwise, or write `extends: {each.entity}` to add to it"
                self.wrong((*path, "entity"), f"{each.entity} is an entity of ringfence's", mend)
            if any(each.entity == other.entity for other in self.written.recognizers[:number]):
                self.wrong((*path, "entity"), f"another recognizer is of {each.entity}", "join the two into one")
        if each.extends is not None:
            self._entity(each.extends, ENTITIES, (*path, "extends"))
        if each.category is not None:
            self._category(each.category, (*path, "category"))
        self._words(each.words, (*path, "words"))
        if each.check is not None and check_named(each.check) is None:
            mend = nearest(each.check, CHECKS)
            mend += "" if mend.startswith("did") else "; or a module of python-stdnum: `stdnum:de.idnr`"
            self.wrong((*path, "check"), f"there is no check{quoted(each.check)}", mend)
        is_announced = bool(each.words or each.fields or each.everywhere or each.extends)
        patterns = tuple(
            self._pattern(one, (*path, "patterns", at), is_announced=is_announced)
            for at, one in enumerate(each.patterns)
        )
        return OwnRecognizer(
            entity,
            each.category or "",
            patterns,
            tuple(each.words),
            tuple(each.fields),
            each.check or "",
            each.threshold,
            each.everywhere,
            each.title,
            tuple(each.examples.found),
            tuple(each.examples.not_found),
        )

    def _words(self, words: Collection[str], path: tuple[Step, ...]) -> None:
        for at, word in enumerate(words):
            what = hold_word(word)
            if what is not None:
                self.wrong((*path, at), f"a word of context that {what}", "write it in letters: `customer no`")

    def _pattern(self, each: str | PatternDocument, path: tuple[Step, ...], *, is_announced: bool) -> OwnPattern:
        text, place = (each, path) if isinstance(each, str) else (each.pattern, (*path, "pattern"))
        try:
            hold(text)
            if not (is_announced or has_trigger(text)):
                self.wrong(place, *_UNANNOUNCED)
        except BadPattern as error:
            self.wrong(place, error.what, error.mend)
        if isinstance(each, str):
            return OwnPattern(text)
        if each.score:
            return OwnPattern(text, each.name, *_SCORES[each.score])
        return OwnPattern(text, each.name, each.alone, each.beside)

    # --- lists

    def _values(self, values: str | list[str], path: tuple[Step, ...]) -> tuple[str, ...]:
        if isinstance(values, str) and values.startswith(_FILE):
            found = tuple(line.strip() for line in self.lines(values.removeprefix(_FILE), path))
            found = tuple(line for line in found if line and not line.startswith("#"))
            long = sum(len(line) > LONGEST_LISTED for line in found)
            if long:
                self.wrong(path, f"the file has {long} values of more than {LONGEST_LISTED} characters", "shorten them")
            return found
        return (values,) if isinstance(values, str) else tuple(values)

    def _deny(self, entities: Collection[str]) -> tuple[DenyList, ...]:
        lists: list[DenyList] = []
        categories = {name: entity.category for name, entity in ENTITIES.items()}
        categories |= {each.entity: each.category for each in self.written.recognizers if each.entity and each.category}
        for number, each in enumerate(self.written.deny):
            path: tuple[Step, ...] = (*_PATH, "deny", number)
            values = self._values(each.values, (*path, "values"))
            if not all(any(map(str.isalnum, value)) for value in values):
                self.wrong((*path, "values"), "a value without a letter or digit", "remove it")
            if each.entity is not None:
                self._entity(each.entity, entities, (*path, "entity"))
            if each.category is not None:
                self._category(each.category, (*path, "category"))
            category = each.category or categories.get(each.entity or "", "")
            entity = each.entity or f"LISTED_{category.upper().replace('.', '_')}"
            if categories.setdefault(entity, category) != category:
                self.wrong(
                    (*path, "category"),
                    f"{entity} has another category",
                    "leave the category out, or name another entity",
                )
            lists.append(DenyList(entity, category, values))
        return tuple(lists)

    def _allow(self, entities: Collection[str]) -> tuple[AllowList, ...]:
        lists: list[AllowList] = []
        for number, each in enumerate(self.written.allow):
            path: tuple[Step, ...] = (*_PATH, "allow", number)
            if not isinstance(each, AllowDocument):
                lists.append(AllowList(self._values(each, path)))
                continue
            if each.entity is not None:
                self._entity(each.entity, entities, (*path, "entity"))
            patterns: tuple[str, ...] = ()
            if each.pattern is not None:
                try:
                    written_allowed(each.pattern)
                except BadPattern as error:
                    self.wrong((*path, "pattern"), error.what, error.mend)
                patterns = (each.pattern,)
            lists.append(AllowList(self._values(each.values, (*path, "values")), patterns, each.entity or ""))
        return tuple(lists)

    # --- examples

    def _try_examples(self, told: Detection) -> None:
        if not any(one.found or one.not_found for one in told.recognizers):
            return
        detector = detector_for(told)
        for number, one in enumerate(told.recognizers):
            path: tuple[Step, ...] = (*_PATH, "recognizers", number, "examples")
            for at, text in enumerate(one.found):
                entities = {each.entity for each in detector.find(text)}
                if one.entity not in entities:
                    self.wrong(
                        (*path, "found", at), f"no {one.entity} is found in this example", _why(detector, one, text)
                    )
            for at, text in enumerate(one.not_found):
                if any(each.entity == one.entity for each in detector.find(text)):
                    mend = "narrow the pattern, give it a check, or raise the threshold"
                    self.wrong((*path, "not_found", at), f"{one.entity} is found in this example", mend)


def _why(detector: Detector, own: OwnRecognizer, text: str) -> str:
    """Say why an example may not be found."""
    others = sorted({each.entity for each in detector.find(text)})
    alone = Detector(entities=[own.entity], own=[own], thresholds={own.entity: 0.0}).find(text)
    if alone and others and alone[0].score >= detector.least_score(own.entity):
        return f"found in its place: {', '.join(others)}; make the pattern fit all of the value"
    if alone and alone[0].score < detector.least_score(own.entity):
        score, least = alone[0].score, detector.least_score(own.entity)
        return f"its score is {score:.2f}, its threshold {least:.2f}: put a word of `words` before it, or lower the threshold"
    if own.check:
        return "the pattern does not fit, its check does not hold, or the value is a part of a longer one"
    return "the pattern does not fit it, or the value is a part of a longer one"
