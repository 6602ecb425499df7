"""Looking at one item: taken apart, searched, decided about, and told without telling it.

The rule: whatever an item holds, looking at it ends, within bounds, with what was found, what was left out and what could not be
read. Values stay here: what leaves is a place, a shape, and a keyed digest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from ringfence.crossing import scrub
from ringfence.crossing.inspecting import Seen, inspect
from ringfence.detect import Detector, detector_for
from ringfence.detect.shapes import shape_of
from ringfence.extract import extract
from ringfence.extract.model import (
    Bounds,
    Budget,
    Extracted,
    Kind,
    LeftOut,
    Part,
    Source,
    Text,
    Unreadable,
    Values,
    Why,
)
from ringfence.extract.places import Lines
from ringfence.extract.recognising import by_name
from ringfence.extract.skipping import left_out
from ringfence.extract.text_tables import TABLE
from ringfence.gates.git.allowing import Allowances
from ringfence.gates.git.further import Further
from ringfence.gates.git.ignoring import left_out as ignored
from ringfence.gates.git.inline import may_have
from ringfence.gates.git.model import MOST_FOUND, Failed, Found, Item, Passed, Scanned, Standing, units_in
from ringfence.gates.git.rules import Rules
from ringfence.policy.plan import Plan

if TYPE_CHECKING:
    from ringfence.transform import Keyring

Opened = Callable[[], BinaryIO]
Witness = Callable[[Found, Text, Seen], None]
"""Is shown what is found beside the text that it was found in: for who mends it. In the order of `Scanned.found`."""

_MOST_COUNTED = 4096  # bytes of a line: many findings in one long line are not to cost its square
_BESIDE = 4  # findings on either side that are looked at where one is weighed


@dataclass(frozen=True, slots=True)
class Digests:
    """How what is found is named, so that it is known again: by a key of one's own."""

    keys: "Keyring"
    key: str

    def of(self, entity: str, value: bytes) -> str:
        """Give the digest of a value as an entity."""
        from ringfence.transform import blind_index

        return blind_index(self.keys, self.key, f"{entity}\x00{value.decode('utf-8', 'replace')}")


@dataclass(slots=True)
class Scanner:
    """Looks at items by the same rules. One of them belongs to each process.

    `most`: bytes of an item beyond which it is left out; 0: none is.
    """

    rules: Rules
    bounds: Bounds = field(default_factory=Bounds)
    digests: Digests | None = None
    allowances: Allowances = field(default_factory=Allowances)
    most: int = 0

    def too_large(self, item: Item) -> Passed | None:
        """Say that an item is left out because of its size, as far as that is known; None where it is not."""
        if not self.most or item.size <= self.most:
            return None
        return Passed(item.name, Why.LARGE, note=f"more than {self.most} bytes")

    def meant(self, item: Item) -> Item | None:
        """Give what of an item is to be looked at: of a renamed one all, if it was judged otherwise by its old name; None: nothing.

        Otherwise what may stand in one place, or is not looked at there, would go from there to any other.
        """
        if item.before and self._judged_as(item.before) != self._judged_as(item.name):
            return replace(item, lines=None)
        return item if item.lines != () else None

    def leaves_out(self, name: str, head: bytes = b"") -> bool:
        """Say whether a file of this name that begins so is left out by rule, or by the ignore file."""
        ignoring = self.allowances.ignoring
        if ignoring is not None and ignored(ignoring.about(name)) is not None:
            return True
        return left_out(Source(name, 0, BytesIO), head, self.bounds) is not None

    def _judged_as(self, name: str) -> tuple[object, ...]:
        """Name all that a path decides about its file."""
        ignoring = self.allowances.ignoring
        lines = ignoring.about(name) if ignoring is not None else ()
        told = left_out(Source(name, 0, BytesIO), b"", self.bounds)
        return self.rules.plan_for(name).flow, told and told.why, lines, may_have(name), by_name(name)

    def scan(self, item: Item, opened: Opened, witness: Witness | None = None) -> Scanned:
        """Look at an item whose bytes are given when they are asked for."""
        large = self.too_large(item)
        if large is not None:
            return Scanned(item, passed=(large,))
        plan = self.rules.plan_for(item.name)
        detector = detector_for(plan.detection)
        reading = self.allowances.about(item, opened, detector)
        told = reading.left_out() or reading.held()
        if told is not None:
            return told
        looking = _Looking(item, plan, detector, self.digests, witness)
        looking.take(extract(Source(item.name, item.size, reading.open), Budget(self.bounds)))
        return reading.settled(looking.told(), looking.further.lines)


def _in_utf8(name: str) -> str:
    """Give a name as patterns take it: bytes of no charset as question marks."""
    return name.encode("utf-8", "replace").decode()


@dataclass(slots=True)
class _Looking:
    item: Item
    plan: Plan
    detector: Detector
    digests: Digests | None
    witness: Witness | None = None
    found: list[Found] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    size: int = 0
    further: Further = field(default_factory=Further)
    told_at: set[tuple[str, int, int]] = field(default_factory=set)  # where something in running text was found

    def take(self, steps: Iterator[Extracted]) -> None:
        for step in steps:
            match step:
                case LeftOut(why=why, members=members, note=note):
                    self.passed.append(Passed(self.item.name, why, members, note))
                case Unreadable() as bad:
                    failed = Failed(self.item.name, bad.fault, bad.what, bad.mend, bad.members, bad.line, bad.looked_at)
                    self.failed.append(failed)
                case texts:
                    self._look(texts)

    def told(self) -> Scanned:
        found = (*self.found, *self.further.found())
        return Scanned(self.item, found, tuple(self.passed), tuple(self.failed), self.size)

    def _look(self, texts: Sequence[Text]) -> None:
        if isinstance(texts, Values):
            paths, values, names = texts.paths, texts.values, frozenset[int]()
        else:
            paths, values = [text.path for text in texts], [text.value for text in texts]
            names = frozenset(number for number, text in enumerate(texts) if text.kind is Kind.NAME)
        self.size += sum(map(len, values))
        number, text, parts = -1, Text(b""), tuple[Part, ...]()
        lines = Lines(text)
        seen = inspect(self.plan, self.detector, paths, values, names)
        if not seen:
            return
        from ringfence.gates.git.standing import At
        from ringfence.gates.git.weighing import lowered, stands_in_data

        last = {one.number: one.start for one in seen}
        for at, one in enumerate(seen):
            if one.number != number:
                number, text = one.number, texts[one.number]
                lines = Lines(text)
                parts = tuple(text.parts(last[number])) if text.parts is not None else ()
            beside = [each for each in seen[max(0, at - _BESIDE) : at + _BESIDE + 1] if each.number == number]
            place = At(_in_utf8(self._file(text)), self.item.origin, text, parts, one, beside)
            if stands_in_data(place):
                found = self._found(text, one, lines, lowered(place))
                if self._is_meant(found) and not self._is_again(text, found):
                    self._keep(found, text, one)

    def _keep(self, found: Found, text: Text, one: Seen) -> None:
        if self.witness is not None:  # who mends it needs each
            self.found.append(found)
            self.witness(found, text, one)
        elif len(self.found) < MOST_FOUND:
            self.found.append(found)
        else:
            self.further.take(found)

    def _is_again(self, text: Text, found: Found) -> bool:
        """Whether it was told already: cells of tables in a text are looked at behind the text that they stand in."""
        place = (found.line, found.column)
        if not text.where.endswith(TABLE):
            if text.kind is Kind.PROSE and (self.witness is not None or len(self.told_at) < MOST_FOUND):
                self.told_at.add((text.where, *place))
            return False
        return (text.where.removesuffix(TABLE).removesuffix(", "), *place) in self.told_at

    def _file(self, text: Text) -> str:
        return text.members[-1] if text.members else self.item.name

    def _is_meant(self, found: Found) -> bool:
        """Whether it stands in the lines that are looked at."""
        lines = self.item.lines
        if lines is None or not found.line:
            return True
        return any(first <= found.end_line and found.line < last for first, last in lines)

    def _found(self, text: Text, one: Seen, lines: Lines, why: str) -> Found:
        value = text.value[one.start : one.end]
        line, column = lines.at(one.start)
        end_line, end_column = lines.at(one.end)
        standing = Standing.CARRIED if one.crosses else Standing.NOTED if why else Standing.REFUSED
        return Found(
            file=self.item.name,
            entity=one.entity,
            category=one.category,
            score=one.score,
            evidence=one.evidence,
            standing=standing,
            rule=one.decision.rule,
            why=why,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            units=_units(text, one.start, column),
            end_units=_units(text, one.end, end_column),
            start=text.start + one.start if text.start >= 0 else -1,
            end=text.start + one.end if text.start >= 0 else -1,
            field=scrub(text.path, self.detector) if text.path else "",
            where=text.where,
            members=text.members,
            shape=shape_of(value),
            digest=self.digests.of(one.entity, value) if self.digests is not None else "",
            commit=self.item.commit,
            object=self.item.object,
        )


def _units(text: Text, at: int, column: int) -> int:
    """Give a column in UTF-16 code units; 0 where the line's bytes are not at hand, or too many."""
    before = column - 1
    if text.start < 0 or not 0 <= before <= min(at, _MOST_COUNTED):
        return 0
    return 1 + units_in(text.value[at - before : at])
