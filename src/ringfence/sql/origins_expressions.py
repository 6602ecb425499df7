"""Expressions: which columns a value is computed from, and which of them a condition compares.

The rule: an expression is understood by its own row here, or is one whose value holds what its parts hold
(`nodes.COMPUTING`); every function, operator and type on the way is looked at; any other node type raises.

A sub-select that gives a value (a scalar one, ARRAY) compares with the query around it: what its WHERE names is
`compared`. One that answers a question (EXISTS, IN, ANY, ALL) *is* a comparison: where its answer is shown, what it
compares is an origin of the answer.
"""

from typing import Final

from ringfence.sql import origins_aggregates as aggregates
from ringfence.sql import origins_failing as fallible
from ringfence.sql import origins_failing_table as table
from ringfence.sql import origins_functions as functions
from ringfence.sql import origins_queries as queries
from ringfence.sql import origins_types as types
from ringfence.sql import origins_unseen as unseen
from ringfence.sql import origins_uses as uses
from ringfence.sql.model import Refusal
from ringfence.sql.nodes import COMPUTING, EQUALITIES, FIRST_OWN, TEXT_TYPES, TYPE_FIELDS
from ringfence.sql.origins_scope import DEEPEST_WALK, Scope, Untraceable, Walk, parameter, unknown
from ringfence.sql.origins_values import (
    CONSTANT,
    NULL,
    Comparisons,
    Value,
    composite,
    computed,
    either,
    failing,
    like,
    measured,
)
from ringfence.sql.origins_weights import LARGEST, PARAMETER, constant_size
from ringfence.sql.tree import Node, Unreadable, below

_TABLEOID: Final = -6
EXISTS, ALL, ANY, ROWCOMPARE, EXPR, MULTIEXPR, ARRAY = range(7)
EXTERN, _EXEC, SUBLINK, MULTIPLE = range(4)
_BOOLEANS: Final = frozenset({"and", "or", "not"})
_OLD: Final = "1"
_CASTS: Final = frozenset({"1", "2"})  # COERCE_EXPLICIT_CAST, COERCE_IMPLICIT_CAST
_IMPLICIT: Final = "2"
_LENGTHS: Final = frozenset({668, 669, 401, 406})  # bpchar(n), varchar(n), text(bpchar), text(name)
_CONDITIONAL: Final = frozenset(
    {"CASEEXPR", "COALESCEEXPR", "BOOLEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR", "ROWCOMPAREEXPR", "WINDOWFUNC"}
)
MOST_IN_A_LIST: Final = 16  # `email IN (...)` is so many equalities; a longer list is a scan for whoever is in it


def evaluate(walk: Walk, scope: Scope, node: Node) -> Value:
    """Give the value of an expression."""
    walk.step()
    walk.depth += 1
    if walk.depth > DEEPEST_WALK:
        raise Untraceable(
            Refusal(
                "limit", "statement", "its expressions and functions are nested too deeply", "write it in a simpler way"
            )
        )
    before = walk.failing
    try:
        value = _evaluate(walk, scope, node)
    finally:
        walk.depth -= 1
    if value.fails and node.name in ("VAR", "PARAM"):
        walk.failing += 1  # what it names is computed here
    if _may_fail(walk, scope, node, value):
        walk.failing += 1
        return failing(value, value.origins)
    if walk.failing == before:
        return value
    # Something in it may fail: where it is not always computed, whether it is tells of what decides that.
    return failing(value, value.origins if _is_conditional(node) else ())


def _may_fail(walk: Walk, scope: Scope, node: Node, value: Value) -> bool:
    """Whether an expression may fail of itself, where its row here does not say so."""
    if value.size > LARGEST and node.name not in ("VAR", "CONST", "PARAM"):
        return True
    match node.name:
        case "COERCEVIAIO":
            return fallible.conversion_fails(node, type_of, early=not scope.frame.calls)
        case "JSONVALUEEXPR":
            return fallible.json_value_fails(node, type_of)
        case "JSONEXPR" | "XMLEXPR" | "COERCETODOMAIN" | "NEXTVALUEEXPR":
            return True
        case "ARRAYCOERCEEXPR":
            each = node.node("elemexpr")
            return each is None or each.name not in ("RELABELTYPE", "CASETESTEXPR")
        case "ARRAYEXPR":
            return fallible.array_fails(node)
        case "SUBSCRIPTINGREF":
            return fallible.slice_fails(node)
        case "JSONCONSTRUCTOREXPR":
            return fallible.json_fails(node, type_of)
        case "JSONISPREDICATE":
            return not evaluate(walk, scope, _must(node, "expr")).exact
        case "MINMAXEXPR":
            return fallible.compares_fail(0, node.number("inputcollid"), node.number("minmaxtype"))
        case "ROWCOMPAREEXPR":
            return not all(map(_compares, node.numbers("opnos"), node.numbers("inputcollids"), node.nodes("largs")))
    return False


def _compares(operator: int, collation: int, left: Node) -> bool:
    return not fallible.compares_fail(operator, collation, type_of(left))


def _is_conditional(node: Node) -> bool:
    """Whether not all of it is always computed. A window function may choose the row whose argument is computed."""
    if node.name == "AGGREF":
        return node.node("aggfilter") is not None
    if node.name == "SUBLINK":
        return node.number("subLinkType") in (EXISTS, ANY, ALL)
    return node.name in _CONDITIONAL


def _evaluate(walk: Walk, scope: Scope, node: Node) -> Value:
    name = node.name
    type_field = TYPE_FIELDS.get(name)
    if type_field:
        oid = node.number(type_field)
        if oid >= FIRST_OWN:
            types.check_type(walk, scope, oid)
    parts = COMPUTING.get(name)
    if parts is not None:
        return computed([evaluate(walk, scope, each) for field in parts for each in below(node.fields.get(field))])
    match name:
        case "VAR":
            return _variable(scope, walk, node)
        case "CONST":
            return _constant(walk, scope, node)
        case "PARAM":
            return _parameter(scope, node)
        case "FUNCEXPR":
            return _function(walk, scope, node)
        case "OPEXPR" | "DISTINCTEXPR" | "NULLIFEXPR" | "SCALARARRAYOPEXPR":
            return _operation(walk, scope, node)
        case "RELABELTYPE":
            return _relabelled(walk, scope, node)
        case "COLLATEEXPR" | "NAMEDARGEXPR":
            return evaluate(walk, scope, _must(node, "arg"))
        case "RETURNINGEXPR":
            return evaluate(walk, scope, _must(node, "retexpr"))
        case "COALESCEEXPR":
            return either([evaluate(walk, scope, each) for each in node.nodes("args")])
        case "ROWEXPR":
            return composite([evaluate(walk, scope, each) for each in node.nodes("args")])
        case "ROWCOMPAREEXPR":
            return _row_comparison(walk, scope, node)
        case "FIELDSELECT":
            return _field(walk, scope, node)
        case "SUBLINK":
            return _sublink(walk, scope, node)
        case "AGGREF":
            return aggregates.aggregated(walk, scope, node)
        case "WINDOWFUNC":
            return aggregates.windowed(walk, scope, node)
        case "COERCETODOMAIN":
            return types.into_domain(walk, scope, node)
        case "COERCETODOMAINVALUE":
            return scope.testing or CONSTANT
        case "MERGESUPPORTFUNC":
            return _merge_action(scope)
    raise unknown(name, "ringfence does not know this part of a statement")


def type_of(node: Node) -> int:
    """Give the type of an expression; 0 where that is not plain to see."""
    field = TYPE_FIELDS.get(node.name)
    if field is None:
        return 0
    if not field:
        return type_of(_must(node, "arg"))
    return node.number(field)


def condition(walk: Walk, scope: Scope, node: Node | None) -> None:
    """Take a condition that decides what comes back."""
    if node is None:
        return
    walk.step()
    if node.name == "BOOLEXPR" and node.text("boolop") in _BOOLEANS:
        for each in node.nodes("args"):
            condition(walk, scope, each)
    elif node.name == "SUBLINK":
        _sublink_condition(walk, scope, node)
    elif not _equality(walk, scope, node):
        scope.compared.add(evaluate(walk, scope, node))


def _must(node: Node, field: str) -> Node:
    found = node.node(field)
    if found is None:
        raise Unreadable(f"{node.name}.{field} is empty")
    return found


def _variable(scope: Scope, walk: Walk, node: Node) -> Value:
    target = scope.up(node.number("varlevelsup"))
    entry = node.number("varno")
    attribute = node.number("varattno")
    if attribute < 0:
        return _system_column(walk, target, entry, attribute)
    target.used.setdefault(entry, set()).add(attribute)
    row = _written_row(target, entry, node)
    if row is None:
        if attribute:
            return queries.column_of(walk, target, entry, attribute)
        row = queries.columns_of(walk, target, entry)
    if attribute == 0:
        return composite(row)
    if attribute > len(row):
        raise unknown("query", "it names a column that is not there")
    return row[attribute - 1]


def _system_column(walk: Walk, target: Scope, entry: int, attribute: int) -> Value:
    """A row's place and version (ctid, xmin) are nothing that somebody put there; its partition follows from its columns."""
    about = target.entry(entry)
    if attribute != _TABLEOID or about.number("rtekind") != 0 or about.fields.get("inh") != "true":
        return CONSTANT
    relation = walk.relation(about.number("relid"))
    if relation is None or relation.oid < FIRST_OWN:
        return CONSTANT
    return computed(queries.columns_of(walk, target, entry))


def _written_row(target: Scope, entry: int, node: Node) -> list[Value] | None:
    """Give the row that is being written, where a RETURNING or an ON CONFLICT means that."""
    if target.new_row is None:
        return None
    if target.returning and entry == target.result:
        return None if node.fields.get("varreturningtype") == _OLD else target.new_row
    return target.new_row if entry == target.excluded else None


def _constant(walk: Walk, scope: Scope, node: Node) -> Value:
    if node.flag("constisnull"):
        return NULL
    given = walk.literal(node.number("location")) if scope.frame.own else None
    size = constant_size(node)
    return Value(given=(given,), size=size) if given is not None else Value(size=size)


def _parameter(scope: Scope, node: Node) -> Value:
    number = node.number("paramid")
    kind = node.number("paramkind")
    if kind == EXTERN:
        arguments = scope.frame.arguments
        if arguments is None:
            return Value(given=(parameter(number),), size=PARAMETER) if scope.frame.own else Value(size=PARAMETER)
        if 0 < number <= len(arguments):
            return arguments[number - 1]
    if kind == SUBLINK and 0 < number <= len(scope.sublink):
        return scope.sublink[number - 1]
    if kind == MULTIPLE:
        columns = scope.multiple.get(number >> 16)
        if columns is not None and 0 < number & 0xFFFF <= len(columns):
            return columns[(number & 0xFFFF) - 1]
    raise unknown("PARAM", "a parameter of it stands for nothing that is known")


def _function(walk: Walk, scope: Scope, node: Node) -> Value:
    arguments = node.nodes("args")
    values = [evaluate(walk, scope, each) for each in arguments]
    oid = node.number("funcid")
    value = functions.call(walk, scope, oid, values, arguments, node)
    if node.flag("funcretset") and value.fields is None and not functions.is_traced(walk, oid):
        scope.compared.add(value)  # how many rows it gives depends on them
    if oid < FIRST_OWN and node.text("funcformat") in _CASTS and values:
        return _cast(node, value, arguments, values[0])
    return value


def _cast(node: Node, value: Value, arguments: list[Node], first: Value) -> Value:
    """A cast keeps a given value what it is, and a text's value where only its length is looked at."""
    kept = (
        first.exact
        and node.number("funcid") in _LENGTHS
        and type_of(arguments[0]) in TEXT_TYPES
        and (len(arguments) == 1 or node.text("funcformat") == _IMPLICIT)
    )
    given = Value(value.origins, kept, first.given, first.mixed, kept=value.kept, plain=value.plain, size=value.size)
    return failing(given, value.tells) if value.fails else given


def _relabelled(walk: Walk, scope: Scope, node: Node) -> Value:
    inner = _must(node, "arg")
    value = evaluate(walk, scope, inner)
    if node.number("resulttype") in TEXT_TYPES and type_of(inner) in TEXT_TYPES:
        return value
    exact = value.exact and (type_of(inner) == node.number("resulttype") or value is NULL)
    return like(value, exact)


def _operation(walk: Walk, scope: Scope, node: Node) -> Value:
    arguments = node.nodes("args")
    values = [evaluate(walk, scope, each) for each in arguments]
    value = functions.operate(walk, scope, node.number("opno"), values, arguments)
    if node.name == "SCALARARRAYOPEXPR" or node.number("opresulttype") in table.FIXED:
        value = measured(value, 16)
    if node.number("opno") < FIRST_OWN and fallible.operator_fails(
        node, values, arguments, type_of, early=not scope.frame.calls
    ):
        walk.failing += 1
        value = failing(value, value.origins)
    if node.fields.get("opretset") == "true":
        scope.compared.add(value)
    return value


def _row_comparison(walk: Walk, scope: Scope, node: Node) -> Value:
    left = [evaluate(walk, scope, each) for each in node.nodes("largs")]
    right = [evaluate(walk, scope, each) for each in node.nodes("rargs")]
    operators = node.numbers("opnos")
    if not len(left) == len(right) == len(operators):
        raise Unreadable("a row comparison's sides differ")
    for operator in operators:
        functions.check_operator(walk, operator)
    return computed([*left, *right])


def _field(walk: Walk, scope: Scope, node: Node) -> Value:
    whole = evaluate(walk, scope, _must(node, "arg"))
    number = node.number("fieldnum")
    if whole.fields is not None and 0 < number <= len(whole.fields):
        part = whole.fields[number - 1]
        return failing(part, whole.tells) if whole.fails else part  # the others are computed with it
    return computed([whole])


def _merge_action(scope: Scope) -> Value:
    at: Scope | None = scope
    while at is not None:
        if at.merged is not None:
            return at.merged
        at = at.parent
    raise unknown("MERGESUPPORTFUNC", "merge_action() stands outside a MERGE")


def _sublink(walk: Walk, scope: Scope, node: Node) -> Value:
    kind = node.number("subLinkType")
    query = _must(node, "subselect")
    if kind in (EXISTS, ANY, ALL):
        inner = Comparisons()
        answer = _question(walk, scope, node, kind, query, inner)
        return computed([*answer, inner.value()])
    columns = queries.run(walk, Scope(query, scope, scope.frame, scope.compared))
    if kind != ARRAY and not queries.gives_one_row(query):
        walk.failing += 1  # several rows are an error
    if kind == MULTIEXPR:
        scope.multiple[node.number("subLinkId")] = columns
        return composite(columns)
    if kind == ROWCOMPARE:
        return _test(walk, scope, node, columns)
    if kind == EXPR and columns:
        return columns[0]
    if kind == ARRAY and columns:
        return computed(columns[:1])
    raise unknown("SUBLINK", "ringfence does not know this kind of sub-select")


def _question(walk: Walk, scope: Scope, node: Node, kind: int, query: Node, inner: Comparisons) -> list[Value]:
    """Walk a sub-select that is asked something, and give what the answer is computed from besides what it compares."""
    columns = queries.run(walk, Scope(query, scope, scope.frame, inner))
    if kind != EXISTS:
        return [_test(walk, scope, node, columns)]
    # What EXISTS selects is not looked at, but it may be computed, and may fail by what it holds.
    return [value for value, fails in zip(columns, unseen.failing(query, columns), strict=False) if fails]


def _test(walk: Walk, scope: Scope, node: Node, columns: list[Value]) -> Value:
    before = scope.sublink
    scope.sublink = columns
    value = evaluate(walk, scope, _must(node, "testexpr"))
    scope.sublink = before
    return value


def _sublink_condition(walk: Walk, scope: Scope, node: Node) -> None:
    kind = node.number("subLinkType")
    if kind in (EXISTS, ANY, ALL):
        scope.compared.add_all(_question(walk, scope, node, kind, _must(node, "subselect"), scope.compared))
    else:
        scope.compared.add(_sublink(walk, scope, node))


def _equality(walk: Walk, scope: Scope, node: Node) -> bool:
    """Take ``column = given`` and ``column IN (given, ...)``; False where the condition is something else."""
    if node.name not in ("OPEXPR", "SCALARARRAYOPEXPR") or node.number("opno") not in EQUALITIES:
        return False
    arguments = node.nodes("args")
    if len(arguments) != 2:
        return False
    if node.name == "SCALARARRAYOPEXPR":
        listed = arguments[1]
        if (
            not node.flag("useOr")
            or listed.name != "ARRAYEXPR"
            or not 0 < len(listed.nodes("elements")) <= MOST_IN_A_LIST
        ):
            return False
        nodes = listed.nodes("elements")
        left = evaluate(walk, scope, arguments[0])
        right = [evaluate(walk, scope, each) for each in nodes]
    else:
        nodes = arguments
        left = evaluate(walk, scope, arguments[0])
        right = [evaluate(walk, scope, arguments[1])]
        if not left.origins:
            left, right = right[0], [left]
    if (
        len(left.origins) == 1
        and left.exact
        and all(len(each.given) == 1 and not each.origins and not each.mixed for each in right)
    ):
        scope.compared.equate(left.origins, [given for each in right for given in each.given])
        for each in nodes:
            uses.note(walk, scope, each, left.origins)
    else:
        scope.compared.add_all([left, *right])
    return True
