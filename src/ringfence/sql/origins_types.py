"""Types of one's own: the code that runs for their values, in comparisons, conversions and domain checks.

The rule: an enumeration, a row, an array or a range runs PostgreSQL's own code. A base type runs C code, which
somebody must have read; a type with an operator class or a cast to json of its own runs that where no tree shows it. A
domain's checks are walked.
"""

from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_queries as queries
from ringfence.sql.catalogue import Type
from ringfence.sql.model import Refusal
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.origins_scope import READ_EXTENSIONS, Scope, Walk, unknown
from ringfence.sql.origins_values import NULL, Comparisons, Value
from ringfence.sql.tree import Node


def into_domain(walk: Walk, scope: Scope, node: Node) -> Value:
    """Give a value that becomes a domain's: it stays what it is, and the domain's checks look at it."""
    inner = node.node("arg")
    value = expressions.evaluate(walk, scope, inner) if inner is not None else NULL
    check_domain(walk, scope, node.number("resulttype"), value)
    return value


def check_domain(walk: Walk, scope: Scope, oid: int, value: Value) -> None:
    """Walk the checks of a domain, and of the domains that it is made of."""
    while oid >= FIRST_OWN:
        type_ = walk.type(oid)
        if type_ is None or type_.kind != "d":
            return
        inside = queries.bare(scope.frame.outside(), Comparisons())
        inside.testing = value
        for check in type_.checks:
            expressions.evaluate(walk, inside, check)
        if inside.compared.value().origins:
            scope.compared.take(inside.compared)
        oid = type_.base


def check_type(walk: Walk, scope: Scope, oid: int) -> None:
    """Look at a type of one's own: whether values of it run code that no tree shows."""
    if oid < FIRST_OWN or oid in walk.checked_types:
        return
    type_ = walk.type(oid)
    if type_ is None:
        return
    walk.checked_types.add(oid)
    if type_.extension not in READ_EXTENSIONS and (type_.own_code or _is_opaque(type_)):
        name = f"{type_.schema}.{type_.name}"
        walk.refuse(
            Refusal(
                "unknown",
                name,
                "values of this type run code of its own that no tree shows",
                "leave its columns out, or allow it by name",
                f"type:{name}",
            )
        )
    for part in (*type_.parts, type_.base):
        check_type(walk, scope, part)


def _is_opaque(type_: Type) -> bool:
    if type_.kind == "b":
        return not type_.array
    if type_.kind in "cderm":
        return False
    raise unknown("type", "one of its types is of a kind that ringfence does not know")
