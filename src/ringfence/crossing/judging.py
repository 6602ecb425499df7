"""Judging one unit of a payload: its fields, what is found in them, what the plan decides, and the changes that follow.

The rule (law 1): a field judged a category takes that category's decision whole; an unknown one takes the flow's `unknown`; what
is found in a field that passes takes the decision of the category found, wherever it is found. Nothing here releases, records or
keeps state between units, except the verdicts that a repeated key must be compared with.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ringfence.carriers import Change, Edit, Field, Repeat, Unit
from ringfence.crossing import nested
from ringfence.crossing.effects import Reason
from ringfence.crossing.joining import Found
from ringfence.crossing.restoring import Surrogates
from ringfence.crossing.scanned import Scanned
from ringfence.crossing.sighting import Sighting, handling, sighting_by_field
from ringfence.detect import Crowded, Detector, Finding
from ringfence.policy.model import NONE, NUMBERED, SCAN, UNKNOWN, Form, FormKind, Judgement, Mode
from ringfence.policy.plan import Plan
from ringfence.policy.verdict import Announced, Decision
from ringfence.transform import About, Ask, Keyring, ValueType, blind_index, fit, fit_answer
from ringfence.transform.types import TEXTUAL

VERDICTS_KEPT = (
    65_536  # of fields with something personal in them, for repeated keys; beyond it every repeat is refused
)

MOST_FOUND = 5_000
"""Findings in one value of more than 64 KiB: each costs 0.1 ms, and nobody else is served meanwhile (law 7)."""

WHOLE_TYPES = frozenset(ValueType) - TEXTUAL
"""Types of which no part can be replaced: what is found in them replaces all."""

# Members are held in names of the module: looking one up in its enum costs more than all else that is done for most fields.
_BOOLEAN = ValueType.BOOLEAN
_NULL = ValueType.NULL
_STRING = ValueType.STRING

REVERSIBLE = NUMBERED | {FormKind.TOKEN}


@dataclass(frozen=True, slots=True)
class Denied:
    """The first thing in a unit that may not cross."""

    reason: Reason
    mend: str
    category: str | None = None
    rule: str = ""
    why: str = ""  # in words, where the reason alone says too little


@dataclass(slots=True, repr=False)
class _Slot:
    """A part of a field's value with what is to stand there: text, null, or what a vault will answer."""

    field: Field
    start: int
    end: int
    to: str | Ask | None
    whole: bool


@dataclass(slots=True, repr=False)
class Judged:
    """A unit with its verdict. `asks` are to be answered, in order, before `edits` can be made."""

    unit: Unit
    sightings: list[Sighting] = field(default_factory=list)
    denied: Denied | None = None
    subjects: list[str] = field(default_factory=list)
    more_subjects: int = 0  # people whom no index was computed of
    slots: list[_Slot] = field(default_factory=list)
    found: Mapping[int, Found] = field(default_factory=dict)  # by a field's order: it is a piece of a longer text

    @property
    def raw(self) -> bytes:
        """It, as it came."""
        return self.unit.raw

    @property
    def size(self) -> int:
        """Its bytes; where it was decoded, those that it has then, if they are more."""
        return len(self.unit.raw) if self.unit.within is None else max(len(self.unit.raw), len(self.unit.read))

    @property
    def extent(self) -> int:
        """How far the places of what follows it are moved on."""
        return len(self.unit.read)

    @property
    def becomes_null(self) -> bool:
        """Whether a whole value becomes null."""
        return any(slot.whole and slot.to is None for slot in self.slots)

    @property
    def asks(self) -> list[Ask]:
        """What only a vault can replace, in order."""
        return [slot.to for slot in self.slots if isinstance(slot.to, Ask)]

    def answer(self, answers: Sequence[str | None], issued: Surrogates | None) -> None:
        """Put the vault's answers in the place of the asks."""
        given = iter(answers)
        for slot in self.slots:
            if isinstance(slot.to, Ask):
                ask, slot.to = slot.to, fit_answer(next(given), slot.to.type)
                if issued is not None and slot.to is not None:
                    issued.remember(slot.to, ask.category, ask.value)

    def edits(self, write: Callable[[Unit, Field, Sequence[Change]], list[Edit]]) -> list[Edit]:
        """Encode the changes as edits of the unit's bytes, with the carrier's `write`."""
        edits: list[Edit] = []
        at = 0
        while at < len(self.slots):
            holder = self.slots[at].field
            changes: list[Change] = []
            while at < len(self.slots) and self.slots[at].field is holder:
                slot = self.slots[at]
                if isinstance(slot.to, Ask):
                    raise ValueError("a vault's answer is missing")  # noqa: TRY004 (the state is wrong, not a type)
                # Null is a value of its own only where a whole field takes it; a part of a text that becomes nothing is empty.
                changes.append(Change(slot.start, slot.end, slot.to if slot.to is not None or slot.whole else ""))
                at += 1
            edits.extend(write(self.unit, holder, changes))
        return edits


def _place_of(slot: _Slot) -> tuple[int, int]:
    return slot.field.order, slot.start


def _run(units: Sequence[Unit]) -> Judged:
    """Make one of units in which nothing was found."""
    return Judged(units[0] if len(units) == 1 else Unit(b"".join([unit.raw for unit in units])))


_Find: TypeAlias = Callable[[Sequence[str], Sequence[bytes], Sequence[int], set[int] | None], dict[int, list[Finding]]]
"""Finds what stands in the values of fields, by their paths; those of the unit numbered n end before the nth number."""
_TOO_MANY = Denied(
    Reason.TOO_LARGE,
    f"send a value with fewer than {MOST_FOUND:,} findings in it",
    why="more stands in one value than is looked for",
)


class Judge:
    """Judges the units of one payload, in their order."""

    __slots__ = (
        "_crowded",
        "_detector",
        "_issued",
        "_keys",
        "_orders",
        "_plan",
        "_restored",
        "_scans_all",
        "_verdicts",
        "_whole",
    )

    def __init__(
        self,
        plan: Plan,
        keys: Keyring,
        detector: Detector,
        *,
        issued: Surrogates | None = None,
        restored: Surrogates | None = None,
        whole: Announced | None = None,
    ) -> None:
        self._plan = plan
        self._keys = keys
        self._detector = detector
        self._issued = issued  # where what is replaced reversibly is remembered
        self._restored = restored  # where what was so replaced is looked up
        self._whole = whole  # what was announced of all the payload's fields; None: each one's path decides
        self._orders: list[int] = []
        self._verdicts: list[tuple[str, str]] = []
        self._crowded = False
        # Where no field is declared and unknown ones are scanned, a path decides nothing: content alone does.
        self._scans_all = whole is None and not plan.fields and plan.unknown == "scan" and plan.index is None

    def judge(self, unit: Unit) -> Judged:
        """Judge a unit. Raises `MissingKey` where a form's key is not in the keyring."""
        return self.judge_all((unit,))[0]

    def judge_all(self, units: Sequence[Unit]) -> list[Judged]:
        """Judge several units at once, as parts of one whole."""
        return self._judged(units, self._found, ())

    def judge_each(self, units: Sequence[Unit], pieces: Sequence[Mapping[int, Found]] = ()) -> list[Judged]:
        """Judge several units at once: what is found in one is what would be found in it alone, but one search finds it.

        `pieces` is, for each unit, what is put back into those of its fields that are pieces of longer texts.
        """
        return self._judged(units, self._found_apart, pieces)

    @property
    def judges_runs(self) -> bool:
        """Whether a unit in which nothing is found is nothing but its bytes: no field of it is asked for afterwards."""
        is_looked_at = self._issued is not None and self._issued.looks_at_fields
        return self._scans_all and self._restored is None and not is_looked_at

    def judge_runs(self, units: Sequence[Unit]) -> list[Judged]:
        """Judge several units as `judge_each` does, where `judges_runs`; those in a row that hold nothing come as one."""
        scanned, made = Scanned(), dict[int, Judged]()
        for number, unit in enumerate(units):
            scanned.add_unit(unit.fields)
            if unit.repeats or unit.within is not None:
                made[number] = Judged(unit)

        def judged_of(number: int) -> Judged:
            return made.setdefault(number, Judged(units[number]))

        self._by_content(judged_of, scanned, self._found_apart)
        verdicts: list[Judged] = []
        at = 0
        for number, judged in sorted(made.items()):
            if at < number:
                verdicts.append(_run(units[at:number]))
            judged.slots.sort(key=_place_of)
            judged.denied = judged.denied or self._repeated(judged.unit.repeats)
            verdicts.append(judged)
            at = number + 1
        if at < len(units):
            verdicts.append(_run(units[at:]))
        return verdicts

    def _judged(self, units: Sequence[Unit], find: _Find, pieces: Sequence[Mapping[int, Found]]) -> list[Judged]:
        verdicts: list[Judged] = []
        scanned = Scanned()
        for number, unit in enumerate(units):
            judged = Judged(unit, found=pieces[number] if pieces else {})
            fields = unit.fields
            if not self._scans_all:
                scanned.add([item for item in fields if self._by_field(judged, item)])
            else:
                scanned.add_unit(fields)
            verdicts.append(judged)
        self._by_content(verdicts.__getitem__, scanned, find)
        for judged in verdicts:
            judged.slots.sort(key=_place_of)
            if judged.denied is None:
                judged.denied = self._repeated(judged.unit.repeats)
        return verdicts

    def judge_value(self, item: Field, findings: Sequence[Finding], declared: Judgement) -> Judged:
        """Judge one value, itself a unit, in which these findings were made, in a field that is known as `declared`."""
        judged = Judged(Unit(item.value, [item]))
        self._by_findings(judged, item, findings, declared)
        judged.slots.sort(key=lambda slot: slot.start)
        return judged

    def ask_for(self, item: Field, form: Form, category: str) -> Judged:
        """Put one value, itself a unit, in a form that the vault or the other direction of an exchange has to do with."""
        judged = Judged(Unit(item.value, [item]))
        self._replace(judged, item, 0, len(item.value), form, "", category)
        return judged

    def denial(self, category: str, decision: Decision) -> Denied:
        """Say why a field of a category, or an unknown one, may not cross."""
        return denial_of(self._plan, category, decision)

    def _by_field(self, judged: Judged, item: Field) -> bool:
        """Apply what is known of the field by its path; say whether its content is to be scanned too."""
        plan, whole = self._plan, self._whole
        judgement = plan.judge(item.path) if whole is None else whole.judgement
        if plan.index and item.path == plan.subject and item.value and not item.is_key and item.type is not _NULL:
            judged.subjects.append(blind_index(self._keys, plan.index, item.value.decode("utf-8", "replace")))
        if judgement == NONE:
            return False
        if item.is_key or judgement == SCAN:
            return True
        decision = handling(plan, judgement) if whole is None else whole.decision
        if decision is None or decision == "scan":
            return decision is not None
        if decision.form.denies:
            self._see(judged, item, sighting_by_field(judgement, decision, item.path, item.start))
            judged.denied = judged.denied or self.denial(judgement, decision)
            return False
        if not item.value or item.type is _NULL:
            return False
        self._see(judged, item, sighting_by_field(judgement, decision, item.path, item.start))
        if decision.form.passes_clear:
            return True
        self._replace(judged, item, 0, len(item.value), decision.form, "", judgement)
        return False

    def _found(
        self, paths: Sequence[str], values: Sequence[bytes], _: Sequence[int], passed_over: set[int] | None
    ) -> dict[int, list[Finding]]:
        return self._detector.find_in(paths, values, most=MOST_FOUND, passed_over=passed_over)

    def _found_apart(
        self, paths: Sequence[str], values: Sequence[bytes], ends: Sequence[int], passed_over: set[int] | None
    ) -> dict[int, list[Finding]]:
        return self._detector.find_in(paths, values, ends, most=MOST_FOUND, passed_over=passed_over)

    def _by_content(self, judged_of: Callable[[int], Judged], scanned: Scanned, find: _Find) -> None:
        """Search the fields of several units.

        A value in which too much stands refuses the payload, and nothing more is searched; where the flow observes, it passes, and
        all others are searched, for what would become of them is what is asked.
        """
        if not scanned.values:
            return
        passed_over: set[int] | None = set() if self._plan.mode is Mode.OBSERVE else None
        try:
            found = find(scanned.paths, scanned.values, scanned.ends, passed_over)
        except Crowded as crowded:
            judged_of(bisect_right(scanned.ends, crowded.number)).denied = _TOO_MANY
            return
        for number in sorted(passed_over or ()):
            judged_of(bisect_right(scanned.ends, number)).denied = _TOO_MANY
        for number in found if self._restored is None else range(len(scanned.values)):
            of, item = scanned.item(number)
            judged = judged_of(of)
            known = self._plan.judge(item.path) if self._whole is None else self._whole.judgement
            self._by_findings(judged, item, found.get(number, ()), "" if item.is_key else known)

    def _by_findings(self, judged: Judged, item: Field, findings: Sequence[Finding], declared: Judgement) -> None:
        """Apply what was found in a field; what was found where something is put back is no finding of its own."""
        taken = self._restore(judged, item) if self._restored is not None else ()
        for finding in findings:
            # The field's own category has been decided, and passes clear.
            if finding.category != declared and not any(
                start < finding.end and finding.start < end for start, end in taken
            ):
                self._by_finding(judged, item, finding)

    def _by_finding(self, judged: Judged, item: Field, finding: Finding) -> None:
        decision = self._plan.decide(finding.category)
        offsets = item.raw_offsets() if item.raw_offsets is not None else None
        place = offsets[finding.start] if offsets is not None else item.start + finding.start
        self._see(
            judged,
            item,
            Sighting(
                finding.category, finding.entity, decision, "found", finding.score, finding.evidence, item.path, place
            ),
        )
        if decision.form.denies:
            if judged.denied is None:
                judged.denied = self.denial(finding.category, decision)
        elif not decision.form.passes_clear:
            self._replace(judged, item, finding.start, finding.end, decision.form, finding.entity, finding.category)

    def _replace(
        self, judged: Judged, item: Field, start: int, end: int, form: Form, entity: str, category: str
    ) -> None:
        whole = item.type in WHOLE_TYPES or (start == 0 and end == len(item.value))
        if whole:
            if judged.slots and judged.slots[-1].field is item and judged.slots[-1].whole:
                return  # a number in which two things were found is replaced once, by the first
            start, end = 0, len(item.value)
        clear = item.value[start:end].decode("utf-8", "replace")
        about = About(entity, category, self._plan.scope(form), self._keys)
        if not whole and form.kind in REVERSIBLE and nested.is_json(item.name, item.value):
            clear = nested.unspell(clear)
        to = fit(form, clear, item.type if whole else _STRING, about)
        if self._issued is not None and isinstance(to, str) and form.kind in REVERSIBLE:
            self._issued.remember(to, category, clear)
        judged.slots.append(_Slot(item, start, end, to, whole))

    def _restore(self, judged: Judged, item: Field) -> list[tuple[int, int]]:
        """Turn what the other direction replaced back into clear values, where this plan carries them clear."""
        taken: list[tuple[int, int]] = []
        if self._restored is None or item.type in WHOLE_TYPES:
            return taken
        piece = judged.found.get(item.order)
        is_json = piece.is_json if piece is not None else nested.is_json(item.name, item.value)
        for span in self._restored.spans(item.value) if piece is None else piece.spans:
            decision = self._plan.decide(span.category)
            taken.append((span.start, span.end))
            if decision.form.passes_clear:
                if span.clear:  # else it ends in a later piece, and is seen there
                    evidence = ("surrogate:issued",)
                    sighting = Sighting(span.category, "", decision, "restored", 1.0, evidence, item.path, item.start)
                    self._see(judged, item, sighting)
                clear = nested.spell(span.clear) if is_json else span.clear
                judged.slots.append(_Slot(item, span.start, span.end, clear, whole=False))
        return taken

    def _see(self, judged: Judged, item: Field, sighting: Sighting) -> None:
        judged.sightings.append(sighting)
        if self._crowded:
            return
        if len(self._orders) >= VERDICTS_KEPT:
            self._crowded = True
            self._orders.clear()
            self._verdicts.clear()
            return
        # Fields judged by their path come before those judged by content, so orders are put in place, mostly at the end.
        at = bisect_left(self._orders, item.order)
        self._orders.insert(at, item.order)
        self._verdicts.insert(at, (sighting.category, sighting.decision.form.name))

    def _repeated(self, repeats: Sequence[Repeat]) -> Denied | None:
        for repeat in repeats:
            if self._crowded or self._verdict(repeat.first) != self._verdict(repeat.later):
                mend = "send each key of an object once: readers differ in which of two values they take"
                return Denied(Reason.AMBIGUOUS, mend)
        return None

    def _verdict(self, span: tuple[int, int]) -> set[tuple[str, str]]:
        low, high = bisect_left(self._orders, span[0]), bisect_left(self._orders, span[1])
        return set(self._verdicts[low:high])


def denial_of(plan: Plan, category: str, decision: Decision) -> Denied:
    """Say why a plan does not let what is of a category, or of no known one, cross."""
    if category == UNKNOWN:
        mend = f"judge the field in the map (a category, none or scan), or set `unknown` on flow {plan.flow}"
        return Denied(Reason.UNKNOWN_FIELD, mend, None, decision.rule)
    mend = f"leave it out, or carry {category} in flow {plan.flow} in a form that may cross"
    return Denied(Reason.CATEGORY, mend, category, decision.rule)
