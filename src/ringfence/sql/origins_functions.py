"""Functions, operators, aggregates and types: what the code that runs for an expression may show.

The rule: code is understood when it is PostgreSQL's own and judged (`refusals`), when the policy declares it, when it
is SQL whose body is at hand and walked like a sub-query, or when it is an immutable C function of an extension that
somebody read. Anything else is refused, under a name by which a policy may allow or declare it.
"""

from typing import Final

from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_failing as fallible
from ringfence.sql import origins_queries as queries
from ringfence.sql.catalogue import Body, Function, Operator
from ringfence.sql.model import Refusal, path_of
from ringfence.sql.nodes import FIRST_OWN, POLYMORPHIC
from ringfence.sql.origins_scope import READ_EXTENSIONS, Frame, Scope, Walk
from ringfence.sql.origins_values import CONSTANT, NULL, Value, composite, computed, failing, like, measured, union
from ringfence.sql.refusals import FunctionKind, allowed_setting, is_judged, judge_function, readable_setting
from ringfence.sql.refusals.functions import leaves_trace
from ringfence.sql.tree import Node, below

DEEPEST_CALL: Final = 12
_RECORD: Final = 2249
_VOID: Final = 2278
_UNKNOWN: Final = 705
_TEXT: Final = 25
_RELATION, _SUBQUERY, _GROUPING = 0, 1, 9  # a range table entry's kinds
_QUIET_SETTINGS: Final = (
    "enable_",
    "work_mem",
    "jit",
    "statement_timeout",
    "lock_timeout",
    "plan_cache_mode",
    "max_parallel_",
    "parallel_",
)


def call(walk: Walk, scope: Scope, oid: int, values: list[Value], nodes: list[Node], node: Node | None = None) -> Value:
    """Give what a function gives for these arguments; `nodes` are their expressions ([] where there are none), `node` the call."""
    function = walk.function(oid)
    if function is None:
        return computed(values)
    value = _called(walk, scope, function, values, nodes, node)
    # Whatever becomes of an argument, it was computed.
    told = [each.tells for each in values if each.fails]
    return failing(value, union(told)) if told else value


def _called(
    walk: Walk, scope: Scope, function: Function, values: list[Value], nodes: list[Node], node: Node | None
) -> Value:
    if function.oid < FIRST_OWN:
        return _built_in(walk, scope, function, values, nodes, node)
    walk.functions.add(full_name(function))
    declared = declared_value(walk, function, values)
    if declared is not None:
        walk.failing += 1  # what it gives is declared, not that it gives something
        return failing(declared, union(each.origins for each in values if not each.exact))
    before = walk.failing
    if function.kind == "f" and function.language == "sql":
        value = _through_body(walk, scope, function, values, nodes)
        # A strict function is not run where an argument is NULL.
        return failing(value, computed(values).origins) if walk.failing != before else value
    value = computed(values) if _is_read(function) else opaque(walk, function, values)
    if not _is_read(function) or fallible.own_call_fails(function.extension, function.name):
        walk.failing += 1
        value = failing(value, computed(values).origins)
    return value


def is_traced(walk: Walk, oid: int) -> bool:
    """Whether a call of the function is walked into: what decides its rows was counted there."""
    function = walk.catalogue.functions.get(oid)
    return (
        oid >= FIRST_OWN
        and function is not None
        and function.language == "sql"
        and full_name(function) not in walk.declared
    )


def operate(walk: Walk, scope: Scope, oid: int, values: list[Value], nodes: list[Node]) -> Value:
    """Give what an operator gives. PostgreSQL's own compute from their arguments, all of them."""
    operator = check_operator(walk, oid)
    if operator is None:
        return computed(values)
    if _read_operator(operator):
        walk.failing += 1
        value = computed(values)
        return failing(value, value.origins)
    value = call(walk, scope, operator.function, values, nodes)
    turned = values[::-1]
    others = [
        call(walk, scope, other, turned, nodes[::-1]) for other in operator.stand_ins if other != operator.function
    ]
    return computed([value, *others])


def check_operator(walk: Walk, oid: int) -> Operator | None:
    """Look at an operator that is compared or sorted by; None for PostgreSQL's own."""
    if oid < FIRST_OWN:
        return None
    operator = walk.operator(oid)
    if operator is None or _read_operator(operator):
        return operator
    if operator.in_family:
        name = f"{operator.schema}.{operator.name}"
        walk.refuse(
            Refusal(
                "unknown",
                name,
                "indexes and joins run functions of its operator family that no tree shows",
                "compare in another way, or allow it by name",
                f"operator:{name}",
            )
        )
    return operator


def check_ordering(walk: Walk, scope: Scope, oid: int) -> None:
    """Look at an operator that sorts or groups: one of one's own would run its operator class."""
    operator = check_operator(walk, oid)
    if operator is not None and not _read_operator(operator):
        scope.compared.add(call(walk, scope, operator.function, [CONSTANT, CONSTANT], []))


def check_function(walk: Walk, scope: Scope, oid: int) -> None:
    """Look at a function that is run behind an expression: a sampling method, a frame's bound."""
    if oid:
        call(walk, scope, oid, [CONSTANT], [])


def full_name(function: Function) -> str:
    """Give a function's name as a policy spells it."""
    return f"{function.schema}.{function.name}"


def _is_read(function: Function) -> bool:
    return function.language == "c" and function.extension in READ_EXTENSIONS and function.volatility == "i"


def _read_operator(operator: Operator) -> bool:
    return operator.extension in READ_EXTENSIONS


def declared_value(walk: Walk, function: Function, values: list[Value]) -> Value | None:
    """Give what the policy says that a function gives; None where it says nothing."""
    meaning = walk.declared.get(full_name(function))
    if meaning == "arguments":
        return computed(values)
    if meaning == "none":
        return CONSTANT
    return None if meaning is None else Value((path_of("function", function.schema, function.name),))


def _unjudged(walk: Walk, function: Function, values: list[Value], refusal: Refusal) -> Value:
    """Refuse; where the policy allows it by name, its result is a field of its own, that the policy judges."""
    if refusal.allow and refusal.allow in walk.allow:
        return computed(values, (path_of("function", function.schema, function.name),))
    walk.refuse(refusal)
    return computed(values)


def opaque(
    walk: Walk, function: Function, values: list[Value], why: str = "what it reads and writes cannot be traced"
) -> Value:
    """Refuse a function that cannot be traced, unless the policy allows it by name."""
    name = full_name(function)
    mend = f"declare it in the asset's functions ({name}: arguments, none or a category), or allow it by name"
    return _unjudged(walk, function, values, Refusal("function", name, why, mend, f"function:{name}"))


def _built_in(
    walk: Walk, scope: Scope, function: Function, values: list[Value], nodes: list[Node], node: Node | None
) -> Value:
    walk.functions.add(full_name(function))
    verdict = judge_function(function.schema, function.name, function.volatility, function.kind)
    match verdict.kind:
        case FunctionKind.PURE | FunctionKind.HARMLESS:
            return _telling(walk, scope, function, values, nodes, node)
        case FunctionKind.SETTING if function.name == "current_setting" and _shows_settings(nodes, values):
            walk.failing += 1  # there may be no such setting
            return failing(computed(values))
        case FunctionKind.SETTING:
            name = _constant_text(nodes[0]) if nodes else ""
            if allowed_setting(name) and not any(value.origins for value in values):
                walk.moves_path = walk.moves_path or (len(nodes) > 2 and name.lower() == "search_path")
                return _telling(walk, scope, function, values, nodes, node)
        case FunctionKind.REFUSED:
            walk.failing += 1  # what it leaves behind is not known
            declared = declared_value(walk, function, values)
            if declared is not None:
                return failing(declared, computed(values).origins)
    refusal = verdict.refusal or Refusal(
        "function", full_name(function), "what it shows is not known", "leave it out", f"function:{full_name(function)}"
    )
    return _unjudged(walk, function, values, refusal)


def _shows_settings(nodes: list[Node], values: list[Value]) -> bool:
    """Say whether `current_setting` shows a setting only: a setting never takes a value but one that a client gave.

    The name may be a parameter, or come out of a judged relation; a name out of any other would stand in the error that there is
    no such setting.
    """
    if nodes and nodes[0].name == "CONST":
        return readable_setting(_constant_text(nodes[0])) and not any(value.origins for value in values)
    return all(is_judged(path) for value in values for path in value.origins)


def _telling(
    walk: Walk, scope: Scope, function: Function, values: list[Value], nodes: list[Node], node: Node | None
) -> Value:
    """Give what is computed from the arguments; where it may fail, or leaves something behind, that tells of them."""
    early = node is not None and node.name == "FUNCEXPR" and not scope.frame.calls
    asked = fallible.Asked(function, node, values, nodes, _is_of_one_relation(scope.query, node), expressions.type_of)
    tell, size = fallible.call_tells(asked, early=early)
    value = measured(computed(values), size, plain=fallible.stays_plain(asked))
    if leaves_trace(function.schema, function.name):
        tell = values
    if tell is None:
        return value
    walk.failing += 1
    return failing(value, union(each.origins for each in tell))


def _is_of_one_relation(query: Node, node: Node | None) -> bool:
    """Whether the rows that an aggregate sees are those of one relation, and not multiplied by others."""
    if node is not None and node.name == "AGGREF" and node.number("agglevelsup"):
        return False
    entries = [entry for entry in query.nodes("rtable") if entry.number("rtekind") != _GROUPING]
    if len(entries) != 1:
        return False
    if entries[0].number("rtekind") == _RELATION:
        return True
    inner = entries[0].node("subquery") if entries[0].number("rtekind") == _SUBQUERY else None
    return inner is not None and not inner.flag("hasTargetSRFs") and _is_of_one_relation(inner, None)


def _constant_text(node: Node) -> str:
    """Give a text constant's text; "" where it is none."""
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or node.number("consttype") != _TEXT or not isinstance(datum, tuple) or len(datum) < 5:
        return ""
    return bytes(datum[4:]).decode("utf-8", "replace")  # four bytes of varlena header


def _through_body(walk: Walk, scope: Scope, function: Function, values: list[Value], nodes: list[Node]) -> Value:
    frame = scope.frame
    if function.oid in frame.calls or len(frame.calls) >= DEEPEST_CALL:
        return opaque(walk, function, values, "it calls itself, or others too deeply")
    arguments = _arguments(walk, scope, function, values, nodes)
    path = dict(function.settings).get("search_path", frame.path)
    if any(name != "search_path" and not name.startswith(_QUIET_SETTINGS) for name, _ in function.settings):
        return opaque(walk, function, values, "it changes settings while it runs")
    types = _types(function, nodes)
    if types is None:
        return opaque(walk, function, values, "its text depends on types that are not plain to see")
    body = Body(function.oid, types, None if function.atomic else path)
    if body in walk.catalogue.unread:
        return opaque(walk, function, values, "its body cannot be looked at within a pipeline")
    if body not in walk.catalogue.bodies:
        walk.missing_bodies.add(body)
        return computed(values)
    trees = walk.catalogue.bodies[body]
    if trees is None:
        return opaque(walk, function, values, "the server did not give the tree of its body")
    elsewhere = frame.definer or function.definer
    if not function.atomic:
        if elsewhere and not all(_is_closed(node) for tree in trees for node in tree.nodes):
            return opaque(
                walk,
                function,
                values,
                "its text runs for somebody else, so its names may mean something else than here",
            )
        walk.reads_path = walk.reads_path or path is None
    inside = Frame(arguments=arguments, calls=(*frame.calls, function.oid), path=path, definer=elsewhere)
    columns: list[Value] = []
    last: Node | None = None
    for tree in trees:
        for query in tree.nodes:
            scope.compared.tell(columns)  # of a query whose result goes nowhere
            columns = queries.run(walk, Scope(query, None, inside, scope.compared))
            last = query
    return _result(walk, function, columns, last)


def _is_closed(node: Node) -> bool:
    """Whether a tree names nothing but PostgreSQL's own functions and operators, so that whose it is changes nothing."""
    if node.name == "RANGETBLENTRY" and node.fields.get("rtekind") == "0":
        return False
    for field in ("funcid", "opno", "aggfnoid", "winfnoid"):
        if field in node.fields and node.number(field) >= FIRST_OWN:
            return False
    return all(_is_closed(each) for value in node.fields.values() for each in below(value))


def _arguments(walk: Walk, scope: Scope, function: Function, values: list[Value], nodes: list[Node]) -> list[Value]:
    """Put a call's arguments where the body expects them: named ones in their place, defaults where there are none."""
    inputs = function.inputs
    placed: dict[int, Value] = {}
    for number, value in enumerate(values):
        at = number
        if number < len(nodes) and nodes[number].name == "NAMEDARGEXPR":
            at = nodes[number].number("argnumber")
        placed[at] = value
    first_default = len(inputs) - len(function.defaults)
    given: list[Value] = []
    for number in range(max(len(inputs), len(values))):
        if number in placed:
            given.append(placed[number])
        elif 0 <= number - first_default < len(function.defaults):
            default = function.defaults[number - first_default]
            given.append(expressions.evaluate(walk, queries.bare(scope.frame.outside(), scope.compared), default))
        else:
            given.append(computed(values))
    return given


def _types(function: Function, nodes: list[Node]) -> tuple[int, ...] | None:
    """Give the argument types of a call of a polymorphic function whose body is text; () where it is not one, None where unsure."""
    inputs = function.inputs
    if function.atomic or not any(argument.type in POLYMORPHIC for argument in inputs):
        return ()
    types = [argument.type for argument in inputs]
    for number, node in enumerate(nodes):
        at = node.number("argnumber") if node.name == "NAMEDARGEXPR" else number
        if at >= len(types):
            return None
        if types[at] in POLYMORPHIC:
            found = expressions.type_of(node)
            types[at] = _TEXT if found == _UNKNOWN else found
    return None if any(type_ == 0 or type_ in POLYMORPHIC for type_ in types) else tuple(types)


def _result(walk: Walk, function: Function, columns: list[Value], last: Node | None) -> Value:
    """Give a function's value from the columns of its last query."""
    if function.result == _VOID or last is None:
        return CONSTANT
    outputs = function.outputs
    wanted = [argument.type for argument in outputs]
    if not outputs:
        wanted = _parts(walk, function.result)
    entries = queries.shown(last)
    if function.result == _RECORD and not outputs:  # its columns are said where it is called
        return composite(columns)
    if not wanted or len(outputs) == 1:
        value = columns[0] if columns else CONSTANT
        return _asdeclared_value(value, entries, 0, wanted[0] if outputs else function.result)
    if len(columns) == 1 and (columns[0].fields is not None or len(wanted) != 1):
        whole = Value(columns[0].origins, mixed=columns[0].mixed, fields=columns[0].fields)
        return failing(whole, columns[0].tells) if columns[0].fails else whole
    kept = [number for number, type_ in enumerate(wanted) if type_]  # a dropped column has no type
    fields: list[Value] = [NULL] * len(wanted)
    for at, number in enumerate(kept):
        if at < len(columns):
            fields[number] = _asdeclared_value(columns[at], entries, at, wanted[number])
    return composite(fields)


def _asdeclared_value(value: Value, entries: list[Node], at: int, wanted: int) -> Value:
    """A value that has to be brought to the declared type may change."""
    expression = entries[at].node("expr") if at < len(entries) else None
    if value.exact and (expression is None or expressions.type_of(expression) != wanted):
        return like(value, False)
    return value


def _parts(walk: Walk, oid: int) -> list[int]:
    """Give the types of a composite type's columns; [] where it is none."""
    if oid == _RECORD or oid < FIRST_OWN:
        return []
    type_ = walk.type(oid)
    if type_ is None or type_.kind != "c":
        return _parts(walk, type_.base) if type_ is not None and type_.kind == "d" else []
    return list(type_.parts)
