"""Aggregates and window functions: what their arguments, filters, orders and windows put into a value.

The rule: an aggregate of somebody's own is its functions: the state is walked through the transition function until it holds
nothing new, then through the final one.
"""

from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_functions as functions
from ringfence.sql import origins_queries as queries
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.origins_scope import Scope, Walk
from ringfence.sql.origins_values import NULL, Value, computed
from ringfence.sql.tree import Node


def aggregated(walk: Walk, scope: Scope, node: Node) -> Value:
    """Give the value of an aggregate: of its arguments, its FILTER, and its ORDER BY."""
    values = [expressions.evaluate(walk, scope, each) for each in node.nodes("aggdirectargs")]
    direct = len(values)
    behind: list[Value] = []
    for entry in node.nodes("args"):
        inner = entry.node("expr")
        if inner is not None:
            (behind if entry.flag("resjunk") else values).append(expressions.evaluate(walk, scope, inner))
    filtered = node.node("aggfilter")
    if filtered is not None:
        behind.append(expressions.evaluate(walk, scope, filtered))
    for field in ("aggorder", "aggdistinct"):
        for clause in node.nodes(field):
            functions.check_ordering(walk, scope, clause.number("eqop"))
            functions.check_ordering(walk, scope, clause.number("sortop"))
    value = _aggregate(walk, scope, node.number("aggfnoid"), values, direct)
    return computed([value, *behind])


def _aggregate(walk: Walk, scope: Scope, oid: int, values: list[Value], direct: int) -> Value:
    if oid < FIRST_OWN:
        return functions.call(walk, scope, oid, values, [])
    function = walk.function(oid)
    if function is None:
        return computed(values)
    walk.functions.add(functions.full_name(function))
    declared = functions.declared_value(walk, function, values)
    if declared is not None:
        return declared
    aggregation = function.aggregation
    if aggregation is None:
        return functions.opaque(walk, function, values)
    if aggregation.operator:
        functions.check_ordering(walk, scope, aggregation.operator)
    for other in aggregation.others:
        functions.call(walk, scope, other, [computed(values)], [])
    state = computed(values[direct : direct + 1]) if aggregation.seeded else NULL
    while True:
        grown = functions.call(walk, scope, aggregation.transition, [state, *values[direct:]], [])
        if computed([state, grown]).same(computed([state])):
            break
        state = computed([state, grown])
    if not aggregation.final:
        return state
    return functions.call(
        walk, scope, aggregation.final, [state, *values[:direct], *([NULL] * (len(values) - direct))], []
    )


def windowed(walk: Walk, scope: Scope, node: Node) -> Value:
    """Give the value of a window function: of its arguments, its FILTER, and its window, which also orders the rows."""
    values = [expressions.evaluate(walk, scope, each) for each in node.nodes("args")]
    behind: list[Value] = []
    filtered = node.node("aggfilter")
    if filtered is not None:
        behind.append(expressions.evaluate(walk, scope, filtered))
    oid = node.number("winfnoid")
    known = walk.function(oid)
    if known is not None and known.kind == "a":
        value = _aggregate(walk, scope, oid, values, 0)
    else:
        value = functions.call(walk, scope, oid, values, [])
    return computed([value, *behind, *queries.window(walk, scope, node.number("winref"))])
