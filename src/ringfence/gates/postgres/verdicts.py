"""From what is known of a statement to what happens to it: the plans of both directions.

The rule: nothing is decided here; what is asked of the policy is put into shapes, and what it answers is kept together. A refusal
of the tables (`Analysis.refused`) becomes a refused plan, so that it is recorded as every other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import re2

from ringfence.gates.postgres.standing import Standing
from ringfence.policy import Announced, Decision, Denial, FieldUse, Plan, Refused, Shape, Use
from ringfence.policy.model import NONE, SCAN, FormKind, Mode
from ringfence.sql.model import Analysis, Compared, Given, GivenKind, Refusal, StatementKind, path_of
from ringfence.sql.refusals import is_judged
from ringfence.wire.postgres.values import is_json

if TYPE_CHECKING:
    from ringfence.carriers.rows import RowColumn
    from ringfence.gates.postgres.awaited import Awaited
    from ringfence.gates.postgres.session import Session
    from ringfence.gates.postgres.statements import Known
    from ringfence.sql.catalogue import Relation

MOST_STANDINGS = 100  # whose verdicts are kept with one statement

_NOTHING_OF_A_ROW = frozenset(
    {
        StatementKind.TRANSACTION,
        StatementKind.SET,
        StatementKind.SHOW,
        StatementKind.HARMLESS,
        StatementKind.EMPTY,
        StatementKind.DEALLOCATE,
        StatementKind.DEFINITION,
    }
)
_UPON_ROWS = frozenset({StatementKind.TRANSACTION, StatementKind.HARMLESS, StatementKind.DEFINITION})
_UPON_NONE = frozenset({"CreateStmt", "DropStmt"})  # they make what is empty, and drop without looking
_CHANGING_FUNCTIONS = frozenset({"pg_catalog.set_config"})
TEMPORARY = "pg_temp."
_PURPOSE = "ringfence.purpose"
KEEPING = "statement:keep-hidden"  # what allows to fill temporary tables with what does not cross clear
_READS = "SelectStmt"
_DELETES = re2.compile(rb"(?i)\b(delete|update|insert|merge)\b")  # a reading statement may write in its WITH


_OF_READING = frozenset({"relation", "setting"})  # reasons of the tables that are about nothing that is written


_NO_EXPLAINING = Refusal(
    "statement",
    "explain",
    "a query's plan shows what is known of values that are not shown clear",
    "explain a query of columns that you see clear",
    "statement:explain",
)


_WRITE_WHOLE = "write the whole value as it is: one literal or one parameter, not one that is computed"


class Verdict:
    """What happens to one statement for one standing. `matched`: the columns that are compared with nothing but tokens."""

    __slots__ = (
        "brought",
        "brought_size",
        "changes_meaning",
        "executing",
        "inbound",
        "known",
        "matched",
        "matching",
        "passes",
        "plan",
        "querying",
        "refusal",
        "row_columns",
        "size",
        "standing",
        "times",
        "watched",
        "what",
        "withholds",
    )

    def __init__(self, known: "Known", standing: Standing, matched: frozenset[str] = frozenset()) -> None:
        self.known = known
        self.standing = standing
        self.matched = matched
        analysis = known.analysis
        hidden = standing.hides(_touched(known))
        self.withholds = (
            hidden
            or standing.hides(_rows_told_of(known))
            or ((_is_of_rows(known) or _acts_on_others(known)) and not standing.shows_all)
        )
        self.plan = _deciding(known, standing, matched, hidden=hidden)
        self.inbound: Inbound | None = _inbound(analysis, standing)
        self.refusal = _refusing(self.plan, self.inbound)  # the plan that refuses it
        self.what = _what(self.refusal)
        self.matching = () if matched else _matching(analysis, self.plan)
        explains = self.plan.refused is None and known.raw.kind is StatementKind.EXPLAIN
        self.passes = self.plan.passes or explains or (self.observes and self.plan.mode is Mode.OBSERVE)
        self.row_columns: list[RowColumn] | None = None  # of its result, once it was asked for
        self.querying: Awaited | None = None  # what waits for its answers, where that can be shared
        self.executing: Awaited | None = None
        self.changes_meaning = not _CHANGING_FUNCTIONS.isdisjoint(analysis.functions) or any(
            written.origins and written.path.startswith(TEMPORARY) for written in analysis.written
        )
        self.watched = False  # by who counts what it relays
        self.brought = 0  # times that its own text, with values in which nothing was found, came again since then
        self.brought_size = 0
        self.times = 0  # results relayed since they were last counted
        self.size = 0  # and their bytes

    @property
    def observes(self) -> bool:
        """Whether a refusal is only recorded as what would have been."""
        return self.refusal is not None and self.refusal.mode is Mode.OBSERVE


class Inbound:
    """What a statement gives to the asset: which given values, and the plan whose `announced` says what happens to each."""

    __slots__ = ("givens", "nulls", "paths", "plan")

    def __init__(
        self, plan: Plan, givens: tuple[Given, ...], paths: tuple[str, ...], nulls: tuple[tuple[Given, Plan], ...] = ()
    ) -> None:
        self.nulls = nulls  # parameters that may be nothing but null, each with the plan that refuses anything else
        self.plan = plan
        self.givens = givens
        self.paths = paths  # of the column that each goes to; "" for a loose one

    def of(self, only: GivenKind | None) -> "Inbound":
        """Give those values of one kind."""
        numbers = [number for number, given in enumerate(self.givens) if only is None or given.kind is only]
        if len(numbers) == len(self.givens):
            return self
        announced = tuple(self.plan.announced[number] for number in numbers)
        return Inbound(
            replace(self.plan, announced=announced),
            tuple(self.givens[number] for number in numbers),
            tuple(self.paths[number] for number in numbers),
            self.nulls,
        )


def refusing(plan: Plan, refusal: Refusal) -> Plan:
    """Give a plan that refuses for a reason of the tables."""
    return replace(plan, refused=Refused(Denial.FIELD, rule_of(refusal), refusal.mend, why=words_of(refusal)))


def words_of(refusal: Refusal) -> str:
    """Say what a refusal of the tables is about."""
    return f"{refusal.rule} {refusal.name}: {refusal.why}"


def _who_refuses(standing: Standing, reading: Plan, refusal: Refusal) -> Plan:
    """Give the plan under which a reason of the tables refuses: the reading flow's, where that one enforces.

    Where it observes, what cannot be seen into may give the asset something as well, so that the writing flow decides whether it
    passes. And what the gate itself reads by is changed under no flow.
    """
    if reading.mode is not Mode.OBSERVE:
        return reading
    if refusal.rule == "setting" and not refusal.allow:
        return replace(reading, mode=Mode.ENFORCE)
    return reading if refusal.rule in _OF_READING else _enforcing(standing.writes(Shape())) or reading


def _enforcing(plan: Plan) -> Plan | None:
    return plan if plan.mode is not Mode.OBSERVE else None


def rule_of(refusal: Refusal) -> str:
    """Name a refusal of the tables, as it stands in records: by the name that would allow it, where there is one."""
    return refusal.allow or f"{refusal.rule}:{refusal.name}"


def verdict_of(session: "Session", known: "Known", matched: frozenset[str] = frozenset()) -> Verdict:
    """Give the verdict of what is known of a statement, for who asks now."""
    standing = session.standing
    if matched:
        return Verdict(known, standing, matched)
    found = known.verdicts.get(standing)
    if found is None:
        if len(known.verdicts) >= MOST_STANDINGS:
            known.verdicts.clear()
        found = known.verdicts[standing] = Verdict(known, standing)
    if not found.watched:
        session.shared.watch(found)
    return found


def _refusing(plan: Plan, inbound: Inbound | None) -> Plan | None:
    """Give the plan that refuses, None where neither does: one that binds before one of a flow that observes."""
    both = [plan, *([inbound.plan] if inbound is not None else [])]
    refusing_ones = sorted((one for one in both if one.refused is not None), key=lambda one: one.mode is Mode.OBSERVE)
    return refusing_ones[0] if refusing_ones else None


def _deciding(known: "Known", standing: Standing, matched: frozenset[str], *, hidden: bool) -> Plan:
    analysis = known.analysis
    if analysis.refused:
        unseen = Shape(tuple(FieldUse("") for _ in known.columns))
        return refusing(_who_refuses(standing, standing.reads(unseen), analysis.refused[0]), analysis.refused[0])
    if known.raw.kind is StatementKind.COPY_IN:
        return _filling(known, standing)
    purposes = standing.policy.purposes
    is_of_purpose = known.raw.kind is StatementKind.SET and known.raw.name.lower() == _PURPOSE
    if is_of_purpose and known.raw.value and known.raw.value not in purposes:
        mend = f"take one of {', '.join(sorted(purposes))}" if purposes else "the policy declares none: leave it out"
        return refusing(standing.reads(Shape()), Refusal("setting", _PURPOSE, "the policy has no such purpose", mend))
    plan = _without_flow(known, standing.reads(shape_of(known, standing, matched)))
    explains = known.raw.kind is StatementKind.EXPLAIN and plan.refused is None
    if explains and hidden and _NO_EXPLAINING.allow not in standing.gate.allow:
        return refusing(plan, _NO_EXPLAINING)
    return plan


def _filling(known: "Known", standing: Standing) -> Plan:
    """Decide about a copy into a table, whose columns are the outputs: they are written with what the client sends."""
    paths = [next(iter(output.origins), "") for output in known.analysis.outputs]
    if all(path.startswith(TEMPORARY) for path in paths):
        return replace(_by_content(standing), announced=tuple(Announced(SCAN, "scan") for _ in paths))
    plan = standing.writes(Shape(tuple(FieldUse(path, Use.WRITTEN) for path in paths)))
    if plan.refused is not None and plan.refused.denial is Denial.NO_FLOW:
        reading = standing.reads(Shape())
        if all(reading.judge(path) == NONE for path in paths):
            return replace(plan, refused=None, announced=tuple(Announced(NONE, None) for _ in paths))
    return plan


def _by_content(standing: Standing) -> Plan:
    """Give the plan for given values that go to no column of the asset: what is found in them decides, and no flow denies that."""
    plan = standing.writes(Shape())
    if plan.refused is not None and plan.refused.denial is Denial.NO_FLOW:
        return replace(plan, refused=None)
    return plan


def _without_flow(known: "Known", plan: Plan) -> Plan:
    """Let pass what shows nothing of any row, also where a purpose is still to be stated: `SET ringfence.purpose` is how."""
    if plan.refused is not None and plan.refused.denial is not Denial.FIELD and known.raw.kind in _NOTHING_OF_A_ROW:
        return replace(plan, refused=None)
    return plan


def shape_of(known: "Known", standing: Standing, matched: frozenset[str] = frozenset()) -> Shape:
    """Give what the reading flow is asked: the output columns first, in their order. `matched`: compared with tokens only."""
    analysis = known.analysis
    types = [column.type for column in known.columns] if len(known.columns) == len(analysis.outputs) else []
    fields = [
        _shown(
            _asked(known, each.origins),
            each.exact,
            apart=each.exact and len(each.origins) == 1 and number < len(types) and is_json(types[number]),
        )
        for number, each in enumerate(analysis.outputs)
    ]
    for compared in analysis.compared:
        if _asked(known, (compared.path,)):
            guesses = max(1, compared.guesses, len(compared.given))
            fields.append(FieldUse(compared.path, _use_of(compared, matched), count=guesses))
    for written in analysis.written:
        sources = _asked(known, written.origins)
        if sources and not (written.path.startswith(TEMPORARY) and KEEPING in standing.gate.allow):
            use = Use.KEPT if written.path.startswith(TEMPORARY) else Use.STORED
            fields.append(FieldUse(written.path, use, sources, computed=not written.exact))
    return Shape(tuple(fields))


def _asked(known: "Known", paths: Iterable[str]) -> tuple[str, ...]:
    """Give the paths that the policy is asked about: not the system's own, nor those of temporary tables that this session made.

    What stands in such a table is the asker's own, or comes from columns whose labels stand beside its path.
    """
    labels: Mapping[str, tuple[str, ...]] = known.key.catalogue.labels if known.key is not None else {}
    return tuple(
        path
        for path in paths
        if not is_judged(path) and not (path.startswith(TEMPORARY) and _relation_of(path) in labels)
    )


def _relation_of(path: str) -> str:
    """Give a column's relation: its path without the last name, which may be quoted."""
    if not path.endswith('"'):
        return path.rpartition(".")[0]
    at = len(path) - 2
    while at > 0 and (path[at] != '"' or path[at - 1] == '"'):
        at -= 2 if path[at] == '"' else 1
    return path[: at - 1]


def _use_of(compared: Compared, matched: frozenset[str]) -> Use:
    if not compared.equated:
        return Use.COMPARED
    return Use.MATCHED if compared.path in matched else Use.EQUATED


def _shown(paths: tuple[str, ...], exact: bool, *, apart: bool) -> FieldUse:
    if not paths:
        return FieldUse("", computed=True)
    return FieldUse(paths[0], Use.SHOWN, paths[1:], computed=not exact, apart=apart)


def _inbound(analysis: Analysis, standing: Standing) -> Inbound | None:
    """Say which given values have to be looked at on their way in."""
    into = [
        (written.path, given) for written in analysis.written for given in written.given if not is_judged(written.path)
    ]
    reading = standing.reads(Shape())
    into = [(path, given) for path, given in into if reading.judge(path) != NONE or path.startswith(TEMPORARY)]
    loose = [("", given) for given in analysis.loose]
    built = [
        written.path
        for written in analysis.written
        if written.mixed and not written.path.startswith(TEMPORARY) and not is_judged(written.path)
    ]
    built = [path for path in built if reading.judge(path) != NONE]
    if not into and not loose and not built:
        return None
    targets = [(path, given) for path, given in into if not path.startswith(TEMPORARY)]
    refused = [(given, plan) for path, given in targets if (plan := _writing(standing, path)).refused is not None]
    nulls = tuple(each for each in refused if each[0].kind is GivenKind.PARAMETER)
    if len(nulls) == len(refused):
        unsaid = {given for given, _ in nulls}
        targets = [(path, given) for path, given in targets if given not in unsaid]
    else:
        nulls = ()
    scanned = [("", given) for path, given in into if path.startswith(TEMPORARY)] + loose
    plan = standing.writes(
        Shape(tuple(FieldUse(path, Use.WRITTEN) for path in (*(path for path, _ in targets), *built)))
    )
    if plan.refused is not None and plan.refused.denial is Denial.NO_FLOW and not targets and not built:
        plan = replace(
            plan, refused=None
        )  # nothing is written: what is found in loose values is denied by the plan's table
    plan = _only_clear(plan, built, len(targets))
    announced = (*plan.announced[: len(targets)], *(Announced(SCAN, "scan") for _ in scanned))
    everything = [*targets, *scanned]
    return Inbound(
        replace(plan, announced=announced),
        tuple(given for _, given in everything),
        tuple(path for path, _ in everything),
        nulls,
    )


def _writing(standing: Standing, path: str) -> Plan:
    return standing.writes(Shape((FieldUse(path, Use.WRITTEN),)))


def _only_clear(plan: Plan, built: Sequence[str], first: int) -> Plan:
    """Refuse what the statement puts together, where it would have to be changed or looked at: no given value holds its whole."""
    if plan.refused is not None:
        return plan
    for announced in plan.announced[first : first + len(built)]:
        how = announced.decision
        hides = (
            not all(decision.form.passes_clear for decision in plan.table.values())
            if how == "scan"
            else how is not None
        )
        if hides and not (isinstance(how, Decision) and how.form.passes_clear):
            rule = how.rule if isinstance(how, Decision) else f"flows.{plan.flow}"
            category = announced.judgement if announced.judgement in plan.table else None
            why = "a value that is computed here would have to be changed on its way in"
            return replace(plan, refused=Refused(Denial.FIELD, rule, _WRITE_WHOLE, category, why))
    return plan


def _matching(analysis: Analysis, plan: Plan) -> tuple[tuple[str, str, tuple[Given, ...]], ...]:
    """List the comparisons with tokens: (path, category, given values) of columns that this asker sees as tokens.

    A token that stands elsewhere too is none of them: there its clear value would be shown, or compared with another column.
    """
    found = []
    alone = frozenset(analysis.alone)
    for compared in analysis.compared:
        whole = len(compared.given) >= max(1, compared.guesses) and alone.issuperset(compared.given)
        if compared.equated and whole and not is_judged(compared.path):
            category = plan.judge(compared.path)
            if category in plan.table and plan.decide(category).form.kind is FormKind.TOKEN:
                found.append((compared.path, category, compared.given))
    return tuple(found)


def _touched(known: "Known") -> frozenset[str]:
    analysis = known.analysis
    paths = {path for output in analysis.outputs for path in output.origins}
    paths |= {compared.path for compared in analysis.compared}
    for written in analysis.written:
        paths |= {written.path, *written.origins}
    return frozenset(_asked(known, paths))


def _rows_told_of(known: "Known") -> frozenset[str]:
    """Give the columns that an error of a write may quote: ``Failing row contains (...)`` shows all of the row."""
    if not known.traced or not (known.analysis.written or known.raw.tag != _READS or _DELETES.search(known.text)):
        return frozenset()
    paths = [
        path_of(relation.schema, relation.name, column.name)
        for relation in _written_or_read(known)
        for column in relation.columns.values()
        if column.name
    ]
    labels = known.key.catalogue.labels if known.key is not None else {}
    return frozenset(_asked(known, (*paths, *(label for path in paths for label in labels.get(path, ())))))


def _acts_on_others(known: "Known") -> bool:
    """Whether a write may change rows of relations that it does not name, which an error would quote."""
    return bool(known.analysis.written or known.raw.tag != _READS or _DELETES.search(known.text)) and any(
        relation.acts for relation in _written_or_read(known)
    )


def _written_or_read(known: "Known") -> Iterator["Relation"]:
    """Give the relations that a statement names."""
    names = frozenset(known.analysis.relations)
    for relation in known.key.catalogue.relations.values() if known.key is not None else ():
        if relation is not None and path_of(relation.schema, relation.name) in names:
            yield relation


def _is_of_rows(known: "Known") -> bool:
    """Whether a statement without a tree can come upon values that earlier ones wrote: an index that is built, a deferred check."""
    return known.raw.kind in _UPON_ROWS and known.raw.tag not in _UPON_NONE


_WORDS = {
    Denial.NO_FLOW: "no flow of the policy goes this way",
    Denial.NO_ROLE: "the policy has no such role",
    Denial.NO_PURPOSE: "the flow asks for a purpose (set ringfence.purpose = '...')",
    Denial.NO_REASON: "the role asks for a reason (set ringfence.reason = '...')",
}


def _what(refusal: Plan | None) -> str:
    """Say what a refusal is about, in words without a value."""
    if refusal is None or refusal.refused is None:
        return ""
    return refusal.refused.why or _WORDS.get(refusal.refused.denial, "a column of this statement")
