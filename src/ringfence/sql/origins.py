"""Where the columns of a statement come from: PostgreSQL's rewritten trees and its catalogue in, an `Analysis` out.

The rule: never a missed origin. Trees are walked by positive lists (`nodes`, `refusals`), and what comes out has to
agree with the server's own description of the result; where anything is not known, or does not agree, the analysis
holds a refusal.

What decides the order of the rows (ORDER BY, and the windows of window functions) is compared like a condition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ringfence.sql import origins_queries as queries
from ringfence.sql import origins_uses as uses
from ringfence.sql.catalogue import Catalogue, Missing
from ringfence.sql.model import (
    Analysis,
    Given,
    GivenKind,
    Output,
    Path,
    RawStatement,
    Refusal,
    StatementKind,
    Written,
    path_of,
)
from ringfence.sql.origins_scope import Frame, Scope, Untraceable, Walk, parameter, unknown
from ringfence.sql.origins_values import Comparisons, Value, either, union
from ringfence.sql.origins_writes import check_triggers
from ringfence.sql.tree import Node, Tree, Unreadable

__all__ = ["DescribedColumn", "Knobs", "Missing", "analyse"]

_INSERT_EVENT = 4
_PLAN = "QUERY PLAN"
_TEMPORARY = "pg_temp."
_FIRST_OF_INITDB = 10_000  # FirstGenbkiObjectId: below it a type's number was written by hand, and none is a domain


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column of a RowDescription."""

    name: str
    table_oid: int
    attribute: int
    type_oid: int


@dataclass(frozen=True, slots=True)
class Knobs:
    """What the policy says: a gate's `allow`, and an asset's `functions` (schema.name to arguments, none, or a category)."""

    allow: frozenset[str] = frozenset()
    functions: Mapping[str, str] = field(default_factory=dict)


def analyse(
    trees: Sequence[Tree], described: Sequence[DescribedColumn], raw: RawStatement, catalogue: Catalogue, knobs: Knobs
) -> Analysis | Missing:
    """Find out where everything in a statement comes from.

    `trees` are those of ``raw.inner``, or where that is empty of the statement's own text from `raw.start` to `raw.end`;
    `described` is the description of the same text's result. `Missing` says what has to be loaded into `catalogue` before
    this is asked again. What cannot be traced is in the analysis' `refused`; its other fields are then not to be relied on.
    """
    tokens = {start: Given(GivenKind.LITERAL, start, end) for start, end in raw.literals}
    base = raw.inner_start if raw.inner else raw.start
    walk = Walk(catalogue, knobs.allow, knobs.functions, tokens, base)
    try:
        analysis = _analyse(walk, trees, described, raw)
    except Untraceable as reason:
        walk.refusals[reason.refusal] = None
        analysis = Analysis()
    except RecursionError:
        walk.refusals[Refusal("limit", "statement", "its parts are nested too deeply", "write it in a simpler way")] = (
            None
        )
        analysis = Analysis()
    except Unreadable as reason:
        refusal = Refusal("unknown", "tree", str(reason), "write the statement in another way, or report it")
        walk.refusals[refusal] = None
        analysis = Analysis()
    missing = walk.missing()
    if missing is not None:
        return missing
    catalogue.unread.clear()
    return replace(
        analysis,
        functions=tuple(sorted(walk.functions)),
        relations=tuple(sorted(walk.relations)),
        depends=tuple(walk.depends),
        refused=(*raw.refused, *walk.refusals),
    )


def _analyse(walk: Walk, trees: Sequence[Tree], described: Sequence[DescribedColumn], raw: RawStatement) -> Analysis:
    compared = Comparisons()
    names: list[str] = []
    columns: list[Value] = []
    for query in (node for tree in trees for node in tree.nodes):
        found = queries.run(walk, Scope(query, None, Frame(own=True), compared))
        compared.tell(found)
        if query.number("commandType") == queries.SELECT and not query.flag("canSetTag"):
            raise unknown("rule", "a rule shows rows that the server does not describe")
        if query.flag("canSetTag") and (found or not columns):
            entries = queries.shown(query)
            names = [entry.text("resname") for entry in entries]
            columns = found
            if described:
                _agree(entries, described)
    if len(described) != len(columns):
        raise unknown("statement", "the server describes another number of columns than its tree has")
    if walk.moves_path and walk.reads_path:
        raise unknown(
            "search_path", "it is changed while functions run that depend on it", "set it in a statement of its own"
        )
    if raw.kind is StatementKind.COPY_IN:
        _check_filling(walk, trees)
    for write in walk.writes.values():
        compared.tell(write.values)
    creates, filled = _filled(raw, names, columns)
    written = (*_written(walk), *filled)
    outputs = tuple(
        Output(name, value.origins, value.exact and bool(value.origins))
        for name, value in zip(names, columns, strict=True)
    )
    if creates:
        outputs = ()
    elif raw.kind is StatementKind.EXPLAIN:
        outputs = (_explained(outputs, compared, written),)
        compared = Comparisons()
    listed = compared.listed()
    kept = {given for each in listed for given in each.given} | {given for each in written for given in each.given}
    mixed = {given for write in walk.writes.values() for value in write.values for given in value.mixed}
    given = {*walk.tokens.values(), *(parameter(number) for tree in trees for number in tree.parameters)}
    alone = uses.alone(walk, trees)
    loose = tuple(sorted((given - alone) | (alone - kept) | mixed))
    return Analysis(outputs, listed, written, loose=loose, alone=tuple(sorted((alone & kept) - mixed)), creates=creates)


def _same_type(expression: Node | None, described: int) -> bool:
    """A plain column of a type that is no domain (whose base is described) has its own type."""
    if expression is None or expression.name != "VAR" or expression.number("vartype") >= _FIRST_OF_INITDB:
        return True
    return expression.number("vartype") == described


def _explained(outputs: Sequence[Output], compared: Comparisons, written: Sequence[Written]) -> Output:
    """A plan's text, its estimates and counts say something of everything that the statement looks at."""
    seen = [*(each.origins for each in outputs), *(each.origins for each in written), compared.value().origins]
    return Output(_PLAN, union(seen))


def _agree(entries: Sequence[Node], described: Sequence[DescribedColumn]) -> None:
    """The tree must be the one that the description is of."""
    if len(entries) != len(described):
        raise unknown("statement", "the server describes another number of columns than its tree has")
    for entry, column in zip(entries, described, strict=True):
        same = (
            entry.text("resname") == column.name
            and entry.number("resorigtbl") == column.table_oid
            and (not column.table_oid or entry.number("resorigcol") == column.attribute)
            and _same_type(entry.node("expr"), column.type_oid)
        )
        if not same:
            raise unknown("statement", "the server describes other columns than its tree has")


def _written(walk: Walk) -> tuple[Written, ...]:
    written: list[Written] = []
    for path, write in walk.writes.items():
        value = either(write.values)
        written.append(_as_written(path, value))
    return tuple(written)


def _as_written(path: Path, value: Value) -> Written:
    built = bool(value.mixed) or any(origin.startswith(_TEMPORARY) for origin in value.origins)
    return Written(path, value.origins, value.exact and bool(value.origins), value.given, built)


def _filled(raw: RawStatement, names: Sequence[str], columns: Sequence[Value]) -> tuple[str, tuple[Written, ...]]:
    """Say what CREATE TABLE AS and SELECT INTO put into the table that they make, a temporary one."""
    if raw.kind is not StatementKind.CREATE_AS:
        return "", ()
    table = _last_name(raw.name)
    named = (*raw.columns, *names[len(raw.columns) :])
    filled = tuple(
        _as_written(path_of("pg_temp", table, name), value) for name, value in zip(named, columns, strict=True)
    )
    return path_of("pg_temp", table), filled


def _last_name(spelt: str) -> str:
    """Give the relation's own name from how SQL spells it: ``pg_temp."Odd Name"``."""
    if spelt.endswith('"'):
        at = len(spelt) - 1
        while at > 0:
            at -= 1
            if spelt[at] == '"':
                if at == 0 or spelt[at - 1] != '"':
                    break
                at -= 1
        return spelt[at + 1 : -1].replace('""', '"')
    return spelt.rpartition(".")[2].lower()


def _check_filling(walk: Walk, trees: Sequence[Tree]) -> None:
    """A COPY into a table runs its triggers; the tree is that of selecting the same columns."""
    for query in (node for tree in trees for node in tree.nodes):
        for entry in query.nodes("rtable"):
            if entry.number("rtekind") != 0:
                raise unknown("COPY", "it fills something else than a table")
            relation = walk.relation(entry.number("relid"))
            if relation is not None:
                check_triggers(walk, relation, _INSERT_EVENT)
