"""The detector: recognizers made ready, and the ways in which a text is handed to them.

The rule: a finding depends on its own line and those that are one with it (`_joints`), and, for keys, on `KEY_MOST` bytes; so a
text can be cut between lines, fields can be joined, and every way in gives the same findings for the same bytes. The exception are
columns: where ten different values or more are handed in with one path, they vouch for each other (`_neighbours`), and that only
adds findings. A detector has no state: it may be shared between threads and kept as long as one likes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ringfence.detect._against import AGAINST
from ringfence.detect._disguises import reveal
from ringfence.detect._engine import Engine, Wanted, Work
from ringfence.detect._fields import FieldNames
from ringfence.detect._layers import with_decoded
from ringfence.detect._listed import Allowed, Denied
from ringfence.detect._neighbours import Company, columns_apart, columns_in, raised, weighed
from ringfence.detect._offsets import batches, in_characters, starts_of
from ringfence.detect._overlap import Candidate, resolve
from ringfence.detect._views import FEWEST, beside, without, without_escapes
from ringfence.detect._weighing import NOTHING, NOWHERE, Fields, Lookup, Ready, by_name_alone, takes_after, unchecked
from ringfence.detect._words import AFTER_MOST, Vocabulary, Words
from ringfence.detect.finding import Finding
from ringfence.detect.own import LEAST, AllowList, DenyList, Detection, OwnRecognizer, categories_told, with_own
from ringfence.detect.recognizer import Certainty, Pattern, Recognizer
from ringfence.detect.recognizers import RECOGNIZERS
from ringfence.detect.stream import BLOCK, Stream
from ringfence.taxonomy import ENTITIES

if TYPE_CHECKING:
    from ringfence.detect._second import Model, SecondStage

_JOINT = b"\x1e"
_LOW = 0.25  # the threshold from which on whatever could be an entity is looked for everywhere

_CHECKED = Certainty.CHECKED
_LONGEST = 32  # bytes of a value before the word that announces it
_new = tuple.__new__  # named tuples made without their own function, which takes twice as long
_ROUNDS = 3  # how often one neighbour is looked for beside another


class UnknownEntity(ValueError):
    """A detector was asked for an entity that it does not have."""

    def __init__(self, name: str, known: Collection[str] = ENTITIES) -> None:
        from difflib import get_close_matches

        name = name.upper()
        near = get_close_matches(name, known, n=1) or [entity for entity in known if name and name in entity]
        mend = f"did you mean {near[0]}?" if near else "`ringfence entities` lists them"
        super().__init__(f"no entity of that name: {mend}")


class Crowded(Exception):
    """More stands in one value than is looked for. `number` is the value's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__("more stands in one value than is looked for")


class Detector:
    """Finds personal data.

    Parameters
    ----------
    entities
        Whom to look for, by name; None: everything.
    thresholds
        The least score of an entity's findings, where its recognizer's own does not fit. At a pattern's score `alone` or below,
        the pattern is looked for everywhere, not only beside its words: that takes its time.
    allow
        Exact values that are never findings, such as a company's own hotline; or lists of them, which may hold patterns.
    own
        Recognizers of one's own. `BadPattern` is raised where one of them cannot be taken.
    deny
        Lists of values that are findings wherever they stand.
    second
        A model that sees the texts worth it, after all else.
    """

    def __init__(
        self,
        *,
        entities: Iterable[str] | None = None,
        thresholds: Mapping[str, float] | None = None,
        allow: Iterable[str | AllowList] = (),
        own: Iterable[OwnRecognizer] = (),
        deny: Iterable[DenyList] = (),
        second: "Model | None" = None,
    ) -> None:
        own, deny, thresholds = tuple(own), tuple(deny), thresholds or {}
        self._categories = categories_told(own, deny, second.entities if second is not None else {})
        wanted = frozenset(self._categories if entities is None else entities)
        for name in (*sorted(wanted), *thresholds):
            if name not in self._categories:
                raise UnknownEntity(name, self._categories)
        self._recognizers = tuple(one for one in with_own(RECOGNIZERS, own) if one.entity in wanted)
        self._thresholds = {name: thresholds.get(name, LEAST) for name in wanted}
        self._thresholds |= {one.entity: thresholds.get(one.entity, one.threshold) for one in self._recognizers}
        patterns = [(one, pattern) for one in self._recognizers for pattern in one.patterns]
        words = {one.entity: Words(one.words, one.near) for one in self._recognizers if one.words}
        self._engine = Engine(
            [_wanted(one, pattern) for one, pattern in patterns],
            Vocabulary([one.words if pattern.by_words else () for one, pattern in patterns]),
        )
        self._everywhere = tuple(
            number
            for number, (one, pattern) in enumerate(patterns)
            if pattern.by_words and self._thresholds[one.entity] <= (_LOW if pattern.trigger else pattern.alone)
        )
        self._ready = tuple(
            Ready(
                one.entity,
                one.certainty,
                pattern.check or unchecked,
                (pattern.alone, pattern.beside),
                pattern.doubtful,
                max(pattern.beside, one.by_name),
                (f"pattern:{pattern.code}",),
                words.get(one.entity),
                self._thresholds[one.entity],
                pattern.raw,
                pattern.lead,
                pattern.by_words,
            )
            for one, pattern in patterns
        )
        self._of: dict[str, list[int]] = {}
        for number, ready in enumerate(self._ready):
            self._of.setdefault(ready.entity, []).append(number)
        self._company = Company(
            [(ready, pattern.pattern) for ready, (_, pattern) in zip(self._ready, patterns, strict=True)]
        )
        self._checked = frozenset(one.entity for one in self._recognizers if one.certainty is _CHECKED)
        self._names = FieldNames((one.entity, one.fields) for one in self._recognizers if one.fields)
        self._whole = tuple(one for one in self._recognizers if one.whole_field)
        self._allow = Allowed(allow)
        self._told = frozenset((*(one.entity for one in own), *(one.entity for one in deny)))
        listed = [one for one in deny if one.values and one.entity in wanted]
        self._denied = Denied(listed) if listed else None
        self._second = _stage(second, wanted, self._thresholds) if second is not None else None

    def find(self, text: str | bytes, *, field: str = "") -> list[Finding]:
        """Find what stands in a text; `field` is the path of the field that it is the value of.

        Offsets are in code points for `str` and in bytes for `bytes`. Neither lone surrogates nor broken UTF-8 raise.
        """
        if isinstance(text, str):
            data = text.encode(errors="surrogatepass")
            found = self._find_bytes(data, field)
            return found if len(data) == len(text) else in_characters(data, found)
        return self._find_bytes(text, field)

    def find_many(self, texts: Iterable[str | bytes]) -> list[list[Finding]]:
        """Find as `find` does in each of several texts; offsets are in the units of each.

        One pass over many of them: that costs short texts a fraction of a call each.

        >>> [[one.entity for one in found] for found in Detector().find_many(["anna@mail.example", "", b"at 10.20.30.40"])]
        [['EMAIL_ADDRESS'], [], ['IP_ADDRESS']]
        """
        texts = list(texts)
        values = [text.encode(errors="surrogatepass") if isinstance(text, str) else text for text in texts]
        found: list[list[Finding]] = [[] for _ in texts]
        for first, last in batches(values):
            for number, findings in self.find_in([""] * (last - first), values[first:last]).items():
                text, value = texts[first + number], values[first + number]
                whole = isinstance(text, bytes) or len(text) == len(value)
                found[first + number] = findings if whole else in_characters(value, findings)
        return found

    def find_fields(self, fields: Sequence[tuple[str, bytes]]) -> list[list[Finding]]:
        """Find what stands in each of several values, each with the path of its field; offsets are in bytes of the value.

        One pass over all of them: no pattern and no context reaches from one value into another.
        """
        found = self.find_in([path for path, _ in fields], [value for _, value in fields])
        return [found.get(number, []) for number in range(len(fields))]

    def find_in(
        self,
        paths: Sequence[str],
        values: Sequence[bytes],
        ends: Sequence[int] = (),
        *,
        most: int | None = None,
        passed_over: set[int] | None = None,
    ) -> dict[int, list[Finding]]:
        """Find as `find_fields` does; give only the values in which something stands, by their number.

        Most fields of most payloads hold nothing: they cost their place in one joined buffer, and no more. Where the values are of
        several payloads, `ends` divide them: those of the payload numbered n end before `ends[n]`, and only they vouch for
        each other. `most` bounds what is found in one value of more than `BLOCK` bytes. Raises `Crowded`; where
        `passed_over` is given, the number of such a value goes there instead, and the others are searched.
        """
        if max(map(len, values), default=0) <= BLOCK:
            return self._find_joined(paths, values, ends)
        found: dict[int, list[Finding]] = {}
        for first, last in pairwise((0, *ends)) if ends else ((0, len(values)),):
            told = self._find_apart(paths[first:last], values[first:last], first, most, passed_over)
            found |= {first + number: findings for number, findings in told}
        return found

    def _find_apart(
        self,
        paths: Sequence[str],
        values: Sequence[bytes],
        first: int,
        most: int | None,
        passed_over: set[int] | None,
    ) -> Iterator[tuple[int, list[Finding]]]:
        """Find in values of which one is too long to be joined to others; `first` is the number of the first one."""
        small = [number for number, value in enumerate(values) if len(value) <= BLOCK]
        joined = self._find_joined([paths[number] for number in small], [values[number] for number in small], ())
        yield from ((small[number], findings) for number, findings in joined.items())
        for number, value in enumerate(values):
            if len(value) <= BLOCK:
                continue
            try:
                findings = self._find_long(first + number, paths[number], value, most)
            except Crowded:
                if passed_over is None:
                    raise
                passed_over.add(first + number)
                continue
            if findings:
                yield number, findings

    def _find_long(self, number: int, field: str, data: bytes, most: int | None) -> list[Finding]:
        """Find what stands in a long value, block by block where there is a bound, so that no more of it is looked at."""
        if most is None:
            return self._find_bytes(data, field)
        stream, found = self.stream(), list[Finding]()
        for at in range(0, len(data), BLOCK):
            found += stream.feed(data[at : at + BLOCK])
            if len(found) > most:
                raise Crowded(number)
        says = self._names.says(field) if field else {}
        return self._find_bytes(data, field) if says else found + stream.end()

    def stream(self) -> Stream:
        """Begin a stream: a text that comes in pieces."""
        return Stream(lambda data: self._scan(data, NOTHING), self._finding)

    def _find_bytes(self, data: bytes, field: str) -> list[Finding]:
        if not field and len(data) <= BLOCK:
            return [self._finding(one, 0) for one in self._candidates(data, ())]
        names = self._names.says(field) if field else {}
        if len(data) <= BLOCK or names:
            return [self._finding(one, 0) for one in self._scan(data, names)]
        stream = self.stream()
        return stream.feed(data) + stream.end()

    def _find_joined(
        self, paths: Sequence[str], values: Sequence[bytes], ends: Sequence[int]
    ) -> dict[int, list[Finding]]:
        found: dict[int, list[Finding]] = {}
        distinct = set(paths)
        spoken = {path: names for path in distinct if (names := self._names.says(path))}
        if spoken and self._second is None and all(AGAINST in names for names in spoken.values()):
            # Names that only speak against can only lower a score: they count where something is found without them.
            self._add(found, self._candidates(_JOINT.join(values), ()), values, range(len(values)))
            again = sorted(number for number in found if paths[number] in spoken)
            for number in again:
                del found[number]
            few, few_paths = [values[number] for number in again], [paths[number] for number in again]
            if again:
                self._add(found, self._spoken_of(few_paths, few, spoken), few, again)
                found = dict(sorted(found.items()))
        else:
            self._add(found, self._spoken_of(paths, values, spoken), values, range(len(values)))
        columns = columns_in(paths, distinct).items() if not ends else columns_apart(paths, ends)
        for column, numbers in columns:
            found |= self._in_company(column, numbers, values, found)
        return found

    def _spoken_of(
        self, paths: Sequence[str], values: Sequence[bytes], spoken: Mapping[str, Mapping[str, str]]
    ) -> list[Candidate]:
        """Find in joined values, of some of which their names say something."""
        starts = starts_of(values) if spoken else []
        parts = [
            (starts[number], starts[number] + len(values[number]), spoken[path])
            for number, path in (enumerate(paths) if spoken else ())
            if path in spoken
        ]
        return self._candidates(_JOINT.join(values), parts)

    def _add(
        self,
        found: dict[int, list[Finding]],
        candidates: Sequence[Candidate],
        values: Sequence[bytes],
        numbers: Sequence[int],
    ) -> None:
        """Take what was found in joined values, which have these numbers."""
        starts = starts_of(values) if candidates else []
        for one in candidates:
            at = bisect_right(starts, one.start) - 1
            found.setdefault(numbers[at], []).append(self._finding(one, -starts[at]))

    def _in_company(
        self, path: str, numbers: Sequence[int], values: Sequence[bytes], found: Mapping[int, list[Finding]]
    ) -> dict[int, list[Finding]]:
        """Give the findings of a column that are other than `found`, since its values stand together."""
        changed = weighed(values, found, numbers, self._thresholds, self._checked)
        if changed or (found and not found.keys().isdisjoint(numbers)) or self._names.says(path):
            return changed
        told = self._company.told(values, numbers)
        if told is None:
            return changed
        for number in numbers:
            one = raised(values[number], told, self._categories[told.pattern.entity])
            if one is not None and not self._allow.covers(one.entity, values[number]):
                changed[number] = [one]
        return changed

    def _scan(self, data: bytes, names: Mapping[str, str]) -> list[Candidate]:
        """Find everything in one value."""
        return self._candidates(data, ((0, len(data), names),))

    def _candidates(self, data: bytes, fields: Fields) -> list[Candidate]:
        named = [one for one in fields if one[2]] if fields else []
        always = self._always(named)
        view = without_escapes(data)
        found, parted = self._hits(data, view, (0, len(data)), always, Lookup(named) if named else NOWHERE)
        if named:
            found.extend(by_name_alone(data, named, self._whole, self._thresholds, self._allow))
        found = resolve(data, found) if len(found) > 1 else found
        found = self._beside(data, view, found, parted, always, named) if found else found
        if self._second is not None and (more := self._second.find(data, named, self._allow)):
            found = resolve(data, [*found, *more])
        revealed = reveal(data)
        return found if revealed is None else with_decoded(data, found, revealed, named, self._search)

    def _search(self, text: bytes, named: Fields) -> list[Candidate]:
        """Find what stands in decoded text."""
        self._engine.work.decoded += len(text)
        lookup = Lookup(named)
        return self._hits(text, without_escapes(text), (0, len(text)), self._always(named), lookup)[0]

    def _always(self, named: Fields) -> list[tuple[int, int, int]]:
        """Say which patterns are tried on which fields, since the fields' names ask for them."""
        return [
            (number, begin, stop)
            for begin, stop, names in named
            for entity in names
            for number in self._of.get(entity, ())
        ]

    def _hits(
        self,
        data: bytes,
        view: bytes,
        within: tuple[int, int],
        always: Sequence[tuple[int, int, int]],
        lookup: Lookup,
    ) -> tuple[list[Candidate], list[tuple[int, int]]]:
        """Give what is found between two offsets, and the matches of which only a part was a hit."""
        found: list[Candidate] = []
        parted: list[tuple[int, int]] = []
        if self._everywhere:
            always = [*always, *((number, *within) for number in self._everywhere)]
        for number, begin, stop in self._engine.scan(data, view, within[0], within[1], always):
            ready = self._ready[number]
            hits = ready.check(data if ready.raw else view, begin, stop)
            if not hits:
                continue
            covered = 0
            for hit in hits:
                start, end, speaks, doubtful = hit
                score, evidence = ready.weigh(view, start, end, speaks, doubtful, lookup)
                if score >= ready.threshold and not (self._allow and self._allow.covers(ready.entity, data[start:end])):
                    found.append(_new(Candidate, (start, end, ready.certainty, ready.entity, score, evidence)))
                    covered += end - start
            if 0 < covered <= stop - begin - FEWEST and ready.certainty is _CHECKED:
                parted.append((begin, stop))
        if self._denied is not None:
            more = self._denied.find(view, *within)
            found.extend(one for one in more if not self._allow.covers(one.entity, data[one.start : one.end]))
        return found, parted

    def _beside(
        self,
        data: bytes,
        view: bytes,
        found: list[Candidate],
        parted: list[tuple[int, int]],
        always: Sequence[tuple[int, int, int]],
        fields: Fields,
    ) -> list[Candidate]:
        """Look again beside what was found, with that blanked: it may have been in its neighbour's way."""
        stretches = beside(view, [(one.start, one.end) for one in found], parted)
        begins, ends = [begin for _, begin, _ in always], [end for _, _, end in always]  # in order, as the fields are
        for _ in range(_ROUNDS):
            if not stretches:
                break
            spans = [(one.start, one.end) for one in found]
            data, view = without(data, spans), without(view, spans)
            lookup = Lookup(fields) if fields else NOWHERE
            more: list[Candidate] = []
            parted = []
            for low, high in stretches:
                near = always[bisect_right(ends, low) : bisect_left(begins, high)]
                tried = [(number, max(low, begin), min(high, end)) for number, begin, end in near]
                hits, again = self._hits(data, view, (low, high), tried, lookup)
                more.extend(hits)
                parted.extend(again)
            if not more:
                break
            more = resolve(data, more)
            found = sorted([*found, *more])
            stretches = beside(view, [(one.start, one.end) for one in more], parted)
        return found

    def _finding(self, one: Candidate, shift: int) -> Finding:
        start, end, _, entity, score, evidence = one
        return _new(Finding, (start + shift, end + shift, entity, self._categories[entity], score, evidence))

    def category_of(self, entity: str) -> str:
        """Give the category of an entity that it finds."""
        return self._categories[entity]

    @property
    def entities(self) -> Collection[str]:
        """The entities that it finds."""
        return self._thresholds.keys()

    def least_score(self, entity: str) -> float:
        """Give the least score at which an entity is found."""
        return self._thresholds[entity]

    def is_own(self, entity: str) -> bool:
        """Tell whether its user has told it what the entity is."""
        return entity in self._told

    def told_by_field(self, path: str) -> tuple[str, str] | None:
        """Give the entity that its user told of and a field's name speaks of, with the name that it is known by."""
        if not self._told:
            return None
        return next((one for one in self._names.entities(path).items() if one[0] in self._told), None)

    @property
    def recognizers(self) -> tuple[Recognizer, ...]:
        """What it looks for, by entity."""
        return self._recognizers

    @property
    def work(self) -> Work:
        """What the engine has done so far, over all calls: the measure of its linearity, exact within one thread."""
        return self._engine.work


def _stage(model: "Model", wanted: frozenset[str], thresholds: Mapping[str, float]) -> "SecondStage":
    from ringfence.detect._second import SecondStage

    return SecondStage(model, wanted, thresholds)


def _wanted(recognizer: Recognizer, pattern: Pattern) -> Wanted:
    """Say to the engine what a pattern is announced by: its own trigger, or its entity's words within their distance."""
    triggers = (pattern.trigger,) if pattern.trigger else ()
    before = pattern.before if triggers else 0
    if pattern.by_words and takes_after(recognizer.certainty):
        before = max(before, min(pattern.after, _LONGEST) + AFTER_MOST)
    after = recognizer.near + pattern.after if pattern.by_words else pattern.after
    return Wanted(pattern.pattern, pattern.unicode, triggers, before, after, pattern.raw)


@lru_cache(maxsize=64)
def detector_for(told: Detection) -> Detector:
    """Give the detector of what a policy tells, made once for each."""
    return Detector(thresholds=dict(told.thresholds), allow=told.allow, own=told.recognizers, deny=told.deny)
