"""How large a value may get: an estimate of bytes, from above, so that no expression outgrows what a server can hold unseen.

The rule: a column's value counts as `COLUMN` bytes, a constant as what it has, and an operation multiplies by what it can do to the
worst of texts. The estimate is held against `LARGEST`, which leaves the columns room to hold many times as much.
"""

from collections.abc import Sequence
from typing import Final

from ringfence.sql import origins_failing_table as table
from ringfence.sql.catalogue import Function
from ringfence.sql.origins_values import BEYOND, Value
from ringfence.sql.tree import Node

LARGEST: Final = 1 << 22
"""Bytes. PostgreSQL refuses values of 1 GiB, and parts of jsonb of 256 MiB."""

PARAMETER: Final = 1 << 16
"""Bytes that a value handed in counts for."""

_FIXED: Final = 16
_HEADER: Final = 4
_LONG: Final = 4 << 20  # a constant whose bytes are left out: no longer than a tree


def constant_size(node: Node) -> int:
    """Give how large a constant is."""
    datum = node.fields.get("constvalue")
    return (len(datum) or _LONG) if isinstance(datum, tuple) else 0


def grown(function: Function, values: Sequence[Value], nodes: Sequence[Node]) -> int:
    """Give how large what a function gives may be."""
    if function.result in table.FIXED:
        return _FIXED
    whole = sum(value.size for value in values)
    times = table.GROWTH.get(function.name, 2)
    if function.name in ("replace", "regexp_replace") and len(nodes) > 2:
        times = max(constant_size(nodes[2]) - _HEADER, 1) if nodes[2].name == "CONST" else BEYOND
    elif function.name == "array_to_string":
        times = max(value.size for value in values[1:]) if len(values) > 1 else BEYOND
    elif function.name == "concat_ws":
        times = len(values)
    elif function.name in ("repeat", "lpad", "rpad") and len(nodes) > 1:
        times = _count(nodes[1])
    return min(max(whole, _FIXED) * times, BEYOND)


def _count(node: Node) -> int:
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or not isinstance(datum, tuple):
        return BEYOND
    number = int.from_bytes(bytes(datum), "little", signed=True)
    return max(number, 1)
