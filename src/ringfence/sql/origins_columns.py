"""The columns of a stored relation: their paths, and what stands behind them (a generated column's expression, a
view's query).

The rule: a column is one thing however it is reached. A partition's or child table's inherited column is its root's;
a generated column and a materialized view's are themselves *and* what they are computed from; a temporary table's are
themselves and what filled them.
"""

from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_queries as queries
from ringfence.sql.catalogue import Column, Generated, Relation
from ringfence.sql.model import Dependency, Path, Refusal, path_of
from ringfence.sql.origins_scope import DEEPEST_WALK, Frame, Scope, Walk, unknown
from ringfence.sql.origins_values import NULL, Comparisons, Value, union
from ringfence.sql.refusals import RelationKind, judge_relation

_READABLE = frozenset("rpvmSf")
_DEEPEST_VIEW = 40


def relation_columns(walk: Walk, scope: Scope, oid: int) -> list[Value]:
    """Give a relation's columns by number (dropped ones are NULL), and take what its definition compares."""
    known = walk.stored.get(oid)
    if known is None:
        relation = walk.relation(oid)
        if relation is None:
            return _AnyColumn()
        compared = Comparisons()
        columns = _columns(walk, relation, compared, scope.frame)
        if relation.kind in ("v", "m"):  # what a function in it reads may hang on the text around it
            scope.compared.take(compared)
            return columns
        known = walk.stored[oid] = (columns, compared)
    scope.compared.take(known[1])
    return known[0]


class _AnyColumn(list[Value]):
    """The columns of a relation that has to be loaded first: as many as are asked for."""

    def __len__(self) -> int:
        return 1_700

    def __getitem__(self, _: object) -> Value:  # type: ignore[override]  # one value for all
        return NULL


def paths(walk: Walk, relation: Relation, column: Column, depth: int = 0) -> tuple[Path, ...]:
    """Give a column's path; several where it is inherited from several roots."""
    if column.inherited and relation.parents and depth < _DEEPEST_VIEW:
        found: list[tuple[Path, ...]] = []
        for parent in relation.parents:
            above = walk.relation(parent)
            for each in above.columns.values() if above is not None else ():
                if above is not None and each.name == column.name:
                    found.append(paths(walk, above, each, depth + 1))
        if found:
            return union(found)
    return (path_of(relation.schema, relation.name, column.name),)


def check_relation(walk: Walk, relation: Relation) -> None:
    """Note that a relation is touched, and look whether it may be."""
    name = f"{relation.schema}.{relation.name}"
    walk.relations.add(name)
    verdict = judge_relation(relation.schema, relation.name)
    if verdict.kind is RelationKind.REFUSED:
        walk.refuse(
            verdict.refusal
            or Refusal("relation", name, "what it shows is not known", "leave it out", f"relation:{name}")
        )
    if relation.kind not in _READABLE:
        walk.refuse(
            Refusal(
                "relation",
                name,
                "it is no table, view or sequence",
                "read the table that it belongs to",
                f"relation:{name}",
            )
        )
    for foreign in relation.foreign:
        walk.refuse(
            Refusal(
                "relation",
                foreign,
                "it is a foreign table: what is asked and written goes to another server",
                "leave it out, or allow it by name",
                f"relation:{foreign}",
            )
        )


def _columns(walk: Walk, relation: Relation, compared: Comparisons, frame: Frame) -> list[Value]:
    check_relation(walk, relation)
    if relation.kind in ("v", "m"):
        return _defined(walk, relation, compared, frame)
    columns = [NULL] * max(relation.columns, default=0)
    for column in relation.columns.values():
        if column.name:
            columns[column.number - 1] = _labelled(walk, Value(paths(walk, relation, column), exact=True))
    for generated in relation.generated:
        derived = generated_from(walk, generated, relation, columns)
        for column in relation.columns.values():
            if column.name == generated.column:
                own = columns[column.number - 1].origins
                columns[column.number - 1] = Value(union([own, derived.origins]))
    return columns


def _labelled(walk: Walk, value: Value) -> Value:
    found = [walk.catalogue.labels[path] for path in value.origins if path in walk.catalogue.labels]
    return Value(union([value.origins, *found])) if found else value


def generated_from(walk: Walk, generated: Generated, relation: Relation, columns: list[Value]) -> Value:
    """Give what a generated column is computed from, where `columns` are those of `relation`, its own or one above it."""
    inside = queries.bare(Frame(), Comparisons())
    if generated.relation == relation.oid:
        inside.columns[1] = columns
    else:
        owner = walk.relation(generated.relation)
        if owner is None:
            return NULL
        inside.columns[1] = [NULL] * max(owner.columns, default=0)
        by_name = {column.name: columns[column.number - 1] for column in relation.columns.values() if column.name}
        for column in owner.columns.values():
            if column.name:
                value = by_name.get(column.name) or Value(paths(walk, owner, column), exact=True)
                inside.columns[1][column.number - 1] = value
    walk.depends[Dependency("pg_class", relation.oid, relation.xmin)] = None
    return expressions.evaluate(walk, inside, generated.expression)


def _defined(walk: Walk, relation: Relation, compared: Comparisons, frame: Frame) -> list[Value]:
    """Walk the query of a view (as a trigger's or a function's tree names it) or of a materialized view."""
    if relation.definition is None or len(relation.definition.nodes) != 1:
        raise unknown(f"{relation.schema}.{relation.name}", "the query that defines it is not at hand")
    if walk.depth + _DEEPEST_VIEW > DEEPEST_WALK:
        raise unknown(f"{relation.schema}.{relation.name}", "views are defined by views too deeply")
    walk.depends[Dependency("pg_class", relation.oid, relation.xmin)] = None
    # A materialized view was filled by its owner, under a search path that nobody knows.
    inner = Frame(calls=frame.calls, path=frame.path, definer=frame.definer or relation.kind == "m")
    walk.depth += 10
    found = queries.run(walk, Scope(relation.definition.nodes[0], None, inner, compared))
    walk.depth -= 10
    if relation.kind == "v":
        return found
    columns = [NULL] * max(relation.columns, default=0)
    for column in relation.columns.values():
        if 0 < column.number <= len(found):
            behind = found[column.number - 1]
            own = (path_of(relation.schema, relation.name, column.name),)
            columns[column.number - 1] = Value(union([own, behind.origins]), behind.exact)
    return columns
