"""Columns that nothing names: which of them PostgreSQL computes all the same.

The rule: a column that is not named is not shown, but where it is computed and may fail by what it holds, whether the
statement fails is an answer, so that it is compared. PostgreSQL leaves an unused column out of a sub-select that it
can fold into the query around it; it computes the rows of VALUES, functions in FROM, WITH queries that are not
folded, branches of set operations, and volatile columns.
"""

from typing import Final

from ringfence.sql import origins_queries as queries
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.origins_scope import Scope, Walk
from ringfence.sql.origins_values import Value, keep
from ringfence.sql.tree import Node, below

_HARMLESS: Final = frozenset({"VAR", "CONST", "PARAM"})
_PASSING: Final = frozenset({"RELABELTYPE", "COLLATEEXPR", "FIELDSELECT", "ROWEXPR"})
_WITH_QUERY: Final = 6  # a range table entry's kind
_MATERIALIZED: Final = 1


def _may_fail(entry: Node) -> bool:
    """Whether computing it may end the statement with an error, so that whether it does is an answer."""
    expression = entry.node("expr") if entry.name == "TARGETENTRY" else entry
    while expression is not None and expression.name in _PASSING:
        if expression.name == "ROWEXPR":
            return any(_may_fail(each) for each in expression.nodes("args"))
        expression = expression.node("arg")
    return expression is not None and expression.name not in _HARMLESS


def failing(query: Node, columns: list[Value]) -> list[bool]:
    """Say of each column of a query whether computing it may fail."""
    if query.node("setOperations") is not None:  # the branches compute them, and are not looked into again
        return [bool(value.origins) and not value.exact for value in columns]
    return [_may_fail(entry) for entry in queries.shown(query)]


def _is_volatile(walk: Walk, node: Node) -> bool:
    """Whether a volatile function stands in it, which PostgreSQL never leaves out."""
    if node.name in ("FUNCEXPR", "NEXTVALUEEXPR"):
        function = walk.catalogue.functions.get(node.number("funcid")) if node.name == "FUNCEXPR" else None
        if function is None or function.volatility == "v":
            return True
    return any(_is_volatile(walk, each) for field in node.fields.values() for each in below(field))


def kept_of_subquery(walk: Walk, query: Node, columns: list[Value]) -> list[Value]:
    """Mark the columns of a sub-select in FROM that stay when nothing names them."""
    combined = query.node("setOperations") is not None
    entries = queries.shown(query)
    return [
        keep(value) if fails and (combined or _is_volatile(walk, entries[at])) else value
        for at, (value, fails) in enumerate(zip(columns, failing(query, columns), strict=False))
    ]


def kept_of_functions(entry: Node, columns: list[Value]) -> list[Value]:
    """Mark the columns of functions in FROM: they are called. What happens within a body is counted there."""
    calls = [each.node("funcexpr") for each in entry.nodes("functions")]
    built_in = any(call is not None and call.name == "FUNCEXPR" and call.number("funcid") < FIRST_OWN for call in calls)
    return [keep(value) for value in columns] if built_in else columns


def kept_of_values(entry: Node, columns: list[Value]) -> list[Value]:
    """Mark the columns of VALUES, where it has several rows: a single one is folded in."""
    rows = [below(row) for row in entry.items("values_lists")]
    if len(rows) < 2:
        return columns
    return [keep(value) if any(_may_fail(row[at]) for row in rows) else value for at, value in enumerate(columns)]


def kept_of_cte(walk: Walk, node: Node, query: Node, columns: list[Value]) -> list[Value]:
    """Mark the columns of a WITH query that may not be folded into the one place that uses it."""
    folded = (
        query.number("commandType") == queries.SELECT
        and node.number("cterefcount") == 1
        and not node.flag("cterecursive")
        and node.number("ctematerialized") != _MATERIALIZED
        and not _is_volatile(walk, query)
    )
    if folded:
        return columns
    return [keep(value) if fails else value for value, fails in zip(columns, failing(query, columns), strict=False)]


def compare(scope: Scope) -> None:
    """Take the kept columns that nothing in a query names."""
    for number, columns in scope.columns.items():
        if number > len(scope.rtable) or scope.rtable[number - 1].number("rtekind") != _WITH_QUERY:
            _take(scope, columns, scope.used.get(number, set()))
    for cte in scope.ctes.values():
        if cte.columns is not None:
            _take(scope, cte.columns, cte.used)


def _take(scope: Scope, columns: list[Value], used: set[int]) -> None:
    if 0 not in used:
        for at, value in enumerate(columns):
            if value.kept and at + 1 not in used:
                scope.compared.add(value)
