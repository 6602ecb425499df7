"""Judging a batch of rows, column by column, by what the plan announced of each column.

The rule (laws 1 and 5): nothing is decided here. The plan has decided about each column as a whole; where content decides, and in
documents, `Judge` says what is done with each value, so the same values get the same verdict as in any other payload. What this
file adds is that columns which nobody has to look at are never touched, and that those which are looked at are judged by their
lists of values: an object per value is made only where something is found in it.

Where every category crosses clear, nothing that is found in a column which crosses clear could change a byte or a verdict: such
columns are counted and not searched.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from ringfence.carriers import Change, Edit, Field, RowColumn, Rows, RowsCarrier, Undecodable, Unit, splice
from ringfence.carriers.json_cells import read_documents
from ringfence.carriers.json_text import write_json
from ringfence.carriers.text import write_text
from ringfence.crossing.entries import SUBJECTS_KEPT
from ringfence.crossing.judging import REVERSIBLE, Denied, Judge, Judged
from ringfence.crossing.restoring import Surrogates
from ringfence.crossing.scanned import as_scanned
from ringfence.crossing.sighting import Sighting, handling, sighting_by_field
from ringfence.detect import Detector
from ringfence.policy.model import NUMBERED, Judgement, Mode
from ringfence.policy.plan import Plan
from ringfence.policy.verdict import Announced, Decision
from ringfence.transform import About, Ask, Keyring, blind_index
from ringfence.transform.bulk import Replacer, replacer
from ringfence.transform.types import TEXTUAL, ValueType

Values = list[bytes | None]


@dataclass(frozen=True, slots=True, repr=False)
class _Cell:
    """A value that a search changes in parts, and the rows that have it; a document may have been judged in several units."""

    column: int
    rows: Sequence[int]
    parts: Sequence[Judged]


@dataclass(slots=True, repr=False)
class JudgedRows:
    """A batch with its verdict: what `Judged` is for a unit. Lists that a format gave are not changed: it may compare with them."""

    rows: Rows
    sightings: list[Sighting] = field(default_factory=list)
    denied: Denied | None = None
    subjects: list[str] = field(default_factory=list)
    more_subjects: int = 0  # rows' subjects that were not computed, as no entry would name them
    columns: dict[int, Values] = field(default_factory=dict)  # number -> the values of columns in which any changes
    cells: list[_Cell] = field(default_factory=list)
    changes: int = 0
    denied_in: int = 0  # the row that `denied` is about
    size: int = field(init=False)  # bytes that came

    def __post_init__(self) -> None:
        self.size = len(self.rows.data)

    @property
    def raw(self) -> Rows:
        """It, as it came."""
        return self.rows

    @property
    def extent(self) -> int:
        """How far the places of what follows it are moved on."""
        return self.rows.count

    def deny(self, denied: Denied | None, row: int) -> None:
        """Note what may not cross. Columns are judged one after another, but the first row that is denied is what is told."""
        if denied is not None and (self.denied is None or row < self.denied_in):
            self.denied, self.denied_in = denied, row

    @property
    def asks(self) -> list[Ask]:
        """What only a vault can replace, in order."""
        return [ask for cell in self.cells for part in cell.parts for ask in part.asks]

    def answer(self, answers: Sequence[str | None], issued: Surrogates | None) -> None:
        """Put the vault's answers in the place of the asks."""
        at = 0
        for cell in self.cells:
            for part in cell.parts:
                wanted = len(part.asks)
                part.answer(answers[at : at + wanted], issued)
                at += wanted

    def rendered(self, carrier: RowsCarrier) -> Rows:
        """Make the batch that will be released. What it was made of is not kept."""
        for cell in self.cells:
            value = _written(carrier.columns[cell.column], cell.parts)
            values = self.columns[cell.column]
            for row in cell.rows:
                values[row] = value
        numbers = sorted(self.columns)
        self.rows = carrier.put(self.rows, numbers, [self.columns[number] for number in numbers])
        self.columns, self.cells = {}, []
        return self.rows


class RowJudge:
    """Judges the batches of one crossing, in their order."""

    __slots__ = (
        "_announced",
        "_binds",
        "_carrier",
        "_detector",
        "_exact",
        "_issued",
        "_judge",
        "_keys",
        "_order",
        "_plan",
        "_replaced",
        "_replacers",
        "_restored",
        "_subjects",
        "_unread",
        "_wanted",
    )

    def __init__(
        self,
        plan: Plan,
        keys: Keyring,
        detector: Detector,
        carrier: RowsCarrier,
        *,
        issued: Surrogates | None = None,
        restored: Surrogates | None = None,
    ) -> None:
        self._plan = plan
        self._keys = keys
        self._detector = detector
        self._carrier = carrier
        self._issued = issued
        self._restored = restored
        self._judge = Judge(plan, keys, detector, issued=issued, restored=restored)
        self._announced = _announced(plan, carrier)
        self._unread = carrier.opaque if plan.passes_unread else frozenset()
        self._wanted = [number for number, known in enumerate(self._announced) if self._is_wanted(number, known)]
        # What nobody can read is replaced all the same where every value becomes the same.
        self._replaced = [n for n in self._wanted if n in carrier.opaque and self._announced[n].uniform]
        self._wanted = [number for number in self._wanted if number not in self._replaced]
        self._replacers: dict[int, Replacer] = {}
        self._subjects: dict[bytes, str] = {}  # those of the first people, whom entries name
        self._binds = plan.mode is Mode.ENFORCE
        self._order = 0

    def judge(self, rows: Rows) -> JudgedRows:
        """Judge a batch. Raises `Undecodable`, and `MissingKey` where a form's key is not in the keyring."""
        judged = JudgedRows(rows)
        for number in self._unread:
            self._note_unread(judged, number)
        if not self._wanted and not self._replaced:
            return judged
        for number in self._replaced:
            self._uniformly(judged, number, rows.count)
        try:
            taken = self._carrier.take(rows, self._wanted)
        except Undecodable:
            if not self._plan.passes_unread:
                raise
            for number in self._wanted:
                self._note_unread(judged, number)
            return judged
        for number, values in zip(self._wanted, taken, strict=True):
            column = self._carrier.columns[number]
            if self._is_subject(column):
                self._note_subjects(judged, values)
            if self._announced[number].uniform:
                self._uniformly(judged, number, len(values))
            elif column.is_json:
                self._by_document(judged, number, values)
            else:
                self._by_column(judged, number, values)
        if self._binds and judged.denied is None and not judged.asks:
            judged.rendered(self._carrier)  # at once, while the format still knows where what was taken stands
        return judged

    def _note_unread(self, judged: JudgedRows, number: int) -> None:
        """Note what was declared of a column that nobody can look at, and that crosses whatever it holds."""
        known = self._announced[number]
        if isinstance(known.decision, Decision):
            path, count = self._carrier.columns[number].path, judged.rows.count
            judged.sightings.append(sighting_by_field(known.judgement, known.decision, path, 0, count))

    def _is_wanted(self, number: int, known: Announced) -> bool:
        column = self._carrier.columns[number]
        if number in self._unread:
            return False
        if known.decision is not None or self._is_subject(column):
            return True
        return column.is_json and self._goes_by_path(column, known) and _declares_below(self._plan, column.path)

    def _is_subject(self, column: RowColumn) -> bool:
        return column.exact and self._plan.index is not None and column.path == self._plan.subject

    def _goes_by_path(self, column: RowColumn, known: Announced) -> bool:
        """Say whether a document's fields are those declared below the column's path, and what was announced is its own."""
        if not (column.exact and column.path):
            return False
        own = handling(self._plan, self._plan.judge(column.path))
        return own == known.decision or (
            own is None and known.decision == "scan"
        )  # looked at for what is declared below

    def _uniformly(self, judged: JudgedRows, number: int, count: int) -> None:
        """Put the same into every row: also where nothing was, for that was computed too."""
        known, column = self._announced[number], self._carrier.columns[number]
        if not isinstance(known.decision, Decision):
            return
        judged.sightings.append(sighting_by_field(known.judgement, known.decision, column.path, 0, count))
        about = About("", known.judgement, self._plan.scope(known.decision.form), self._keys)
        if column.is_json:
            text = replacer(known.decision.form, ValueType.STRING, about)(b"-")
            value: bytes | None = b"null" if text is None else b'"' + text + b'"'
        else:
            value = replacer(known.decision.form, column.type, about, column.max_length)(b"-")
        judged.columns[number] = [value] * count
        judged.changes += count

    def _by_column(self, judged: JudgedRows, number: int, values: Values) -> None:
        known = self._announced[number]
        decision = known.decision
        if decision is None:
            return
        if decision == "scan":
            self._by_content(judged, number, values, known.judgement)
            return
        column = self._carrier.columns[number]
        first = next((row for row, value in enumerate(values) if value), None)
        if decision.form.denies:
            judged.sightings.append(sighting_by_field(known.judgement, decision, column.path, first or 0))
            judged.deny(self._judge.denial(known.judgement, decision), 0)
            return
        if first is None:
            return
        count = len(values) - values.count(None) - values.count(b"")
        judged.sightings.append(sighting_by_field(known.judgement, decision, column.path, first, count))
        if decision.form.passes_clear:
            if not self._plan.carries_all_clear:
                self._by_content(judged, number, values, known.judgement)
            return
        self._replace(judged, number, values, known.judgement, decision)
        judged.changes += count

    def _replace(
        self, judged: JudgedRows, number: int, values: Values, judgement: Judgement, decision: Decision
    ) -> None:
        form, column = decision.form, self._carrier.columns[number]
        if form.kind in NUMBERED or (self._issued is not None and form.kind in REVERSIBLE):
            judged.columns[number] = list(values)
            for value, rows in _places(values, None).items():
                part = self._judge.ask_for(self._field(column, value), form, judgement)
                judged.cells.append(_Cell(number, rows, (part,)))
            return
        known = self._replacers.get(number)
        if known is None:
            about = About("", judgement, self._plan.scope(form), self._keys)
            known = self._replacers[number] = replacer(form, column.type, about, column.max_length)
        judged.columns[number] = known.column(values)

    def _by_content(self, judged: JudgedRows, number: int, values: Values, declared: Judgement) -> None:
        """Search a column. A value that stands in many rows is searched once."""
        column = self._carrier.columns[number]
        distinct = [value for value in dict.fromkeys(values) if value]
        shown = distinct
        if column.type not in TEXTUAL:
            shown = [as_scanned(column.type, value) for value in distinct]
        found = self._detector.find_in([column.path] * len(shown), shown)
        hits = {distinct[at]: findings for at, findings in found.items()}
        if self._restored is not None:
            hits |= {value: [] for value in distinct if value not in hits and self._restored.spans(value)}
        if not hits:
            return
        for value, rows in _places(values, hits).items():
            part = self._judge.judge_value(self._field(column, value), hits[value], declared)
            judged.sightings.extend(replace(one, place=rows[0], count=len(rows)) for one in part.sightings)
            judged.deny(part.denied, rows[0])
            if part.slots:
                judged.columns.setdefault(number, list(values))
                judged.cells.append(_Cell(number, rows, (part,)))
                judged.changes += len(part.slots) * len(rows)

    def _by_document(self, judged: JudgedRows, number: int, values: Values) -> None:
        """Judge a column of JSON documents, whose fields may be declared below the column's path."""
        column, known = self._carrier.columns[number], self._announced[number]
        by_path = self._goes_by_path(column, known)
        if known.decision is None and not (by_path and _declares_below(self._plan, column.path)):
            return
        for group in read_documents(values, column.path):
            judge = Judge(
                self._plan,
                self._keys,
                self._detector,
                issued=self._issued,
                restored=self._restored,
                whole=None if by_path else known,
            )
            parts: dict[int, list[Judged]] = {}
            for (row, _), part in zip(group, judge.judge_all([unit for _, unit in group]), strict=True):
                judged.sightings.extend(replace(one, place=row) for one in part.sightings)
                judged.subjects.extend(part.subjects)
                judged.deny(part.denied, row)
                judged.changes += len(part.slots)
                parts.setdefault(row, []).append(part)
            for row, units in parts.items():
                if any(part.slots for part in units):
                    judged.columns.setdefault(number, list(values))
                    judged.cells.append(_Cell(number, (row,), units))

    def _note_subjects(self, judged: JudgedRows, values: Values) -> None:
        known, name = self._subjects, self._plan.index
        for value in dict.fromkeys(values):
            if not value or name is None:
                continue
            if value not in known:
                if len(known) >= SUBJECTS_KEPT:
                    judged.more_subjects += 1
                    continue
                known[value] = blind_index(self._keys, name, value.decode("utf-8", "replace"))
            judged.subjects.append(known[value])

    def _field(self, column: RowColumn, value: bytes) -> Field:
        self._order += 1
        return Field(column.path, column.type, value, 0, len(value), self._order)


def _announced(plan: Plan, carrier: RowsCarrier) -> list[Announced]:
    """Give what was announced of each column. A plan that was closed before it saw any field announces nothing."""
    known = plan.announced
    if plan.refused is not None and not known:
        return []
    for column in carrier.columns:
        if not 0 <= column.announced < len(known):
            raise ValueError(
                f"a column stands for field {column.announced} of the {len(known)} that were announced\n"
                "  make the plan with a shape that names the column"
            )
    return [known[column.announced] for column in carrier.columns]


def _declares_below(plan: Plan, path: str) -> bool:
    return any(
        declared.startswith(path) and declared[len(path) : len(path) + 1] in (".", "[") for declared in plan.fields
    )


def _places(values: Values, wanted: Container[bytes | None] | None) -> dict[bytes, list[int]]:
    """Give the rows of each value that is wanted; None: of all that hold anything."""
    places: dict[bytes, list[int]] = {}
    for row, value in enumerate(values):
        if value and (wanted is None or value in wanted):
            places.setdefault(value, []).append(row)
    return places


def _written(column: RowColumn, parts: Sequence[Judged]) -> bytes | None:
    """Make a value of what was judged: null where a changed one would not be of the column's type or length."""
    if column.is_json:
        return b"".join([splice(part.unit.raw, part.edits(_write_in_document)) for part in parts])
    if any(part.becomes_null for part in parts):
        return None
    value = b"".join([splice(part.unit.raw, part.edits(_write_in_text)) for part in parts])
    if 0 < column.max_length < len(value) and column.max_length < len(value.decode("utf-8", "replace")):
        return None
    return value


def _write_in_document(unit: Unit, item: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG001 (the seam of all carriers)
    return write_json(item, changes)


def _write_in_text(unit: Unit, item: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG001 (the seam of all carriers)
    return write_text(item, changes)
