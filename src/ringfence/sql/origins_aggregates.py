"""Aggregates and window functions: what their arguments, filters, orders and windows put into a value.

The rule: an aggregate of somebody's own is its functions: the state is walked through the transition function until it holds
nothing new, then through the final one.
"""

from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_failing as fallible
from ringfence.sql import origins_functions as functions
from ringfence.sql import origins_queries as queries
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.origins_scope import Scope, Walk
from ringfence.sql.origins_values import BEYOND, NULL, Value, computed, failing, measured
from ringfence.sql.tree import Node

_DEFAULT = 100  # the database's own collation


def aggregated(walk: Walk, scope: Scope, node: Node) -> Value:
    """Give the value of an aggregate: of its arguments, its FILTER, and its ORDER BY."""
    nodes = list(node.nodes("aggdirectargs"))
    values = [expressions.evaluate(walk, scope, each) for each in nodes]
    direct = len(values)
    behind: list[Value] = []
    for entry in node.nodes("args"):
        inner = entry.node("expr")
        if inner is None:
            continue
        found = expressions.evaluate(walk, scope, inner)
        if entry.flag("resjunk"):
            behind.append(found)
        else:
            values.append(found)
            nodes.append(inner)
    filtered = node.node("aggfilter")
    if filtered is not None:
        behind.append(expressions.evaluate(walk, scope, filtered))
    for field in ("aggorder", "aggdistinct"):
        for clause in node.nodes(field):
            functions.check_ordering(walk, scope, clause.number("eqop"))
            functions.check_ordering(walk, scope, clause.number("sortop"))
    value = _aggregate(walk, scope, node, node.number("aggfnoid"), values, nodes, direct)
    whole = computed([value, *behind])
    if _orders_by_what_may_not_compare(node):
        walk.failing += 1
        return failing(whole, whole.origins)
    return whole


def _orders_by_what_may_not_compare(node: Node) -> bool:
    """Whether a DISTINCT or ORDER BY within an aggregate puts values in order that may have none: records, whose parts differ."""
    wanted = {
        clause.number("tleSortGroupRef"): max(clause.number("eqop"), clause.number("sortop"))
        for field in ("aggorder", "aggdistinct")
        for clause in node.nodes(field)
    }
    collation = node.number("inputcollid")
    for entry in node.nodes("args"):
        inner = entry.node("expr")
        operator = wanted.get(entry.number("ressortgroupref"))
        if operator is not None and inner is not None:
            own = collation or _DEFAULT  # of what is sorted by the tree says no more
            if fallible.compares_fail(operator, own, expressions.type_of(inner)):
                return True
    return False


def _aggregate(
    walk: Walk, scope: Scope, node: Node, oid: int, values: list[Value], nodes: list[Node], direct: int
) -> Value:
    if oid < FIRST_OWN:
        return functions.call(walk, scope, oid, values, nodes, node)
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
    state = measured(state, BEYOND) if state is not NULL else NULL  # of rows without number
    while True:
        grown = functions.call(walk, scope, aggregation.transition, [state, *values[direct:]], [])
        if computed([state, grown]).same(computed([state])):
            break
        state = measured(computed([state, grown]), BEYOND)
    if not aggregation.final:
        return state
    return functions.call(
        walk, scope, aggregation.final, [state, *values[:direct], *([NULL] * (len(values) - direct))], []
    )


def windowed(walk: Walk, scope: Scope, node: Node) -> Value:
    """Give the value of a window function: of its arguments, its FILTER, and its window, which also orders the rows."""
    nodes = node.nodes("args")
    values = [expressions.evaluate(walk, scope, each) for each in nodes]
    behind: list[Value] = []
    filtered = node.node("aggfilter")
    if filtered is not None:
        behind.append(expressions.evaluate(walk, scope, filtered))
    oid = node.number("winfnoid")
    known = walk.function(oid)
    if known is not None and known.kind == "a":
        value = _aggregate(walk, scope, node, oid, values, nodes, 0)
    else:
        value = functions.call(walk, scope, oid, values, nodes, node)
    return computed([value, *behind, *queries.window(walk, scope, node.number("winref"))])
