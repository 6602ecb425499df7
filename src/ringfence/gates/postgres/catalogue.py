"""Loading what an analysis lacks of PostgreSQL's catalogue: one query a kind, whatever the number of objects.

The rule: the client's session is asked, under the client's search path, so every name here is spelt with its schema
and every operator with `operator(pg_catalog...)`: nothing that a client made can stand in their place. What is not
there is put down as not there.

The tree of a function's body is not in the catalogue as the server would run it. PostgreSQL's own validator of SQL
functions (`fmgr_sql_validator`) analyses and rewrites a body without running it, so it is called with the printing of
trees on; a polymorphic function's text, which the validator passes over, is prepared with the types of the call.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from ringfence.gates.postgres.catalogue_queries import AGGREGATED, FUNCTIONS, OPERATORS, RELATIONS, TYPES
from ringfence.sql.catalogue import (
    Aggregation,
    Argument,
    Body,
    Catalogue,
    Column,
    Function,
    Generated,
    Missing,
    Operator,
    Relation,
    Trigger,
    Type,
)
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.tree import Node, Tree, Unreadable, below, parse_stored, parse_tree

Rows: TypeAlias = list[list[str | None]]
Fetch: TypeAlias = Callable[[str, Sequence[str]], Awaitable[Rows]]
"""Runs a query with text parameters on the client's session; gives its rows as text."""

Trace: TypeAlias = Callable[[str, Sequence[str]], Awaitable[list[str] | None]]
"""Runs a query with `debug_print_rewritten` on; gives the details of the trees that the server sends while it *runs* (at
Execute, not at Parse), in their order. None where the query failed."""

_BODY = "ringfence_body"
_VALIDATE = (
    "select pg_catalog.set_config('check_function_bodies', 'on', true), pg_catalog.set_config('search_path', case when $2 "
    "operator(pg_catalog.=) '' then pg_catalog.current_setting('search_path') else $3 end, true), "
    "pg_catalog.fmgr_sql_validator($1::pg_catalog.oid), pg_catalog.set_config('search_path', $4, true)"
)
_SEARCH_PATH = "select pg_catalog.current_setting('search_path')"
_FORMAT = (
    "select pg_catalog.format('%I.%I', n.nspname, t.typname) from pg_catalog.unnest($1::pg_catalog.oid[]) with ordinality as "
    "asked(oid, at), pg_catalog.pg_type t, pg_catalog.pg_namespace n where t.oid operator(pg_catalog.=) asked.oid and n.oid "
    "operator(pg_catalog.=) t.typnamespace order by asked.at"
)


async def load(missing: Missing, fetch: Fetch, catalogue: Catalogue, trace: Trace | None = None) -> None:
    """Load what is missing into the catalogue.

    Without `trace` no function's body can be had, so that the analysis that is made next refuses its callers.
    """
    if missing.relations:
        rows = await fetch(RELATIONS, [_oids(missing.relations)])
        catalogue.relations.update(dict.fromkeys(missing.relations))
        catalogue.relations.update({relation.oid: relation for relation in map(_relation, rows)})
    if missing.functions:
        rows = await fetch(FUNCTIONS, [_oids(missing.functions)])
        aggregated = [row[0] or "" for row in rows if row[5] == "a"]
        aggregations = {}
        if aggregated:
            aggregations = dict(map(_aggregation, await fetch(AGGREGATED, [_oids(map(int, aggregated))])))
        catalogue.functions.update(dict.fromkeys(missing.functions))
        catalogue.functions.update(
            {function.oid: function for function in (_function(row, aggregations) for row in rows)}
        )
    if missing.operators:
        rows = await fetch(OPERATORS, [_oids(missing.operators)])
        catalogue.operators.update(dict.fromkeys(missing.operators))
        catalogue.operators.update({operator.oid: operator for operator in map(_operator, rows)})
    if missing.types:
        rows = await fetch(TYPES, [_oids(missing.types)])
        catalogue.types.update(dict.fromkeys(missing.types))
        catalogue.types.update({type_.oid: type_ for type_ in map(_type, rows)})
    if trace is None:
        catalogue.unread |= missing.bodies
        return
    named: list[Node] = []
    for body in sorted(missing.bodies, key=repr):
        trees = catalogue.bodies[body] = await _body(body, fetch, catalogue, trace)
        named += [node for tree in trees or () for node in tree.nodes]
    if named:  # what a body names is missed next
        await load(_named(named, catalogue), fetch, catalogue, trace)


def _named(nodes: list[Node], catalogue: Catalogue) -> Missing:
    """List the functions, operators and relations that trees name and the catalogue lacks."""
    found: dict[str, set[int]] = {field: set() for field in ("funcid", "aggfnoid", "winfnoid", "opno", "relid")}
    while nodes:
        node = nodes.pop()
        for field, value in node.fields.items():
            if field in found:
                found[field].add(node.number(field))
            elif isinstance(value, Node | list):
                nodes += below(value)
    functions = (found["funcid"] | found["aggfnoid"] | found["winfnoid"]) - catalogue.functions.keys()
    operators = {oid for oid in found["opno"] if oid >= FIRST_OWN} - catalogue.operators.keys()
    relations = found["relid"] - catalogue.relations.keys() - {0}
    return Missing(frozenset(relations), frozenset(functions), frozenset(), frozenset(operators))


async def _body(body: Body, fetch: Fetch, catalogue: Catalogue, trace: Trace) -> tuple[Tree, ...] | None:
    function = catalogue.functions.get(body.function)
    if function is None:
        return None
    if body.types:
        details = await _prepared(body, function, fetch, trace)
    else:
        present = (await fetch(_SEARCH_PATH, []))[0][0] or ""
        path = "" if body.path is None else "given"
        details = await trace(_VALIDATE, [str(body.function), path, body.path or "", present])
    if not details:
        return None
    try:
        return tuple(parse_tree(detail) for detail in details)
    except Unreadable:
        return None


async def _prepared(body: Body, function: Function, fetch: Fetch, trace: Trace) -> list[str] | None:
    if body.path is not None or not function.body:
        return None
    types = [row[0] or "" for row in await fetch(_FORMAT, [_oids(body.types)])]
    if len(types) != len(body.types):
        return None
    details = await trace(f"prepare {_BODY}({', '.join(types)}) as {function.body}", [])
    if details is not None:
        await fetch(f"deallocate {_BODY}", [])
    return details


def _oids(oids: Iterable[int]) -> str:
    return "{" + ",".join(str(oid) for oid in oids) + "}"


def _listed(value: str | None) -> list[list[str | None]]:
    """Read a list of lists of texts, as the queries build them with json_build_array."""
    listed: list[list[str | None]] = json.loads(value) if value else []
    return listed


def _numbers(value: str | None) -> tuple[int, ...]:
    return tuple(int(number) for number in value.strip("{}").split(",") if number) if value else ()


def _whole(value: str | None) -> int:
    return int(value or 0)


def _stored(value: str | None) -> tuple[Node, ...]:
    """Read a tree that the catalogue keeps; one that cannot be read leaves a node that no analysis understands."""
    if not value:
        return ()
    try:
        return tuple(parse_stored(value).nodes)
    except Unreadable:
        return (Node("UNREADABLE", {}),)


def _relation(row: Sequence[str | None]) -> Relation:
    oid, schema, name, kind, xmin, parents, columns, generated, triggers, keys, foreign, definition, actions = row
    try:
        defined = parse_stored(definition) if definition else None
    except Unreadable:
        defined = None
    return Relation(
        _whole(oid),
        schema or "",
        name or "",
        kind or "",
        {
            _whole(number): Column(_whole(number), column or "", _whole(type_), inherited == "true")
            for number, column, type_, inherited in _listed(columns)
        },
        _numbers(parents),
        tuple(f"{there or ''}.{table or ''}" for there, table in _listed(foreign)),
        tuple(
            Generated(_whole(owner), column or "", node)
            for owner, column, expression in _listed(generated)
            for node in _stored(expression)
        ),
        tuple(
            Trigger(label or "", _whole(function), _whole(events), _whole(number), _whole(version))
            for label, function, events, number, version in _listed(triggers)
        ),
        {_whole(constraint): _numbers(numbers) for constraint, numbers in _listed(keys)},
        defined,
        _whole(xmin),
        acts=actions != "0",
    )


def _function(row: Sequence[str | None], aggregations: dict[int, Aggregation]) -> Function:
    oid, schema, name, language, volatility, kind, result, returns_set, *more = row
    arguments, defaults, definer, settings, atomic, body, extension, xmin = more
    return Function(
        _whole(oid),
        schema or "",
        name or "",
        language or "",
        volatility or "",
        kind or "",
        _whole(result),
        returns_set == "t",
        tuple(Argument(label or "", _whole(type_), mode or "i") for label, type_, mode in _listed(arguments)),
        _stored(defaults),
        definer == "t",
        tuple(_setting(text or "") for (text,) in _listed(settings)),
        atomic == "t",
        body or "",
        extension or "",
        aggregations.get(_whole(oid)),
        _whole(xmin),
    )


def _setting(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), value


def _aggregation(row: Sequence[str | None]) -> tuple[int, Aggregation]:
    oid, transition, final, others, operator, seeded = row
    return _whole(oid), Aggregation(
        _whole(transition),
        _whole(final),
        tuple(other for other in _numbers(others) if other),
        _whole(operator),
        seeded == "t",
    )


def _operator(row: Sequence[str | None]) -> Operator:
    oid, schema, name, function, stand_ins, in_family, extension = row
    return Operator(
        _whole(oid),
        schema or "",
        name or "",
        _whole(function),
        tuple(other for other in _numbers(stand_ins) if other),
        in_family == "t",
        extension or "",
    )


def _type(row: Sequence[str | None]) -> Type:
    oid, schema, name, kind, parts, relation, base, checks, own_code, array, extension = row
    return Type(
        _whole(oid),
        schema or "",
        name or "",
        kind or "",
        _numbers(parts),
        _whole(relation),
        _whole(base),
        tuple(node for (check,) in _listed(checks) for node in _stored(check)),
        own_code == "t",
        array == "t",
        extension or "",
    )
