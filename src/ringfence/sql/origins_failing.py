"""Which expressions may end a statement with an error, or leave something behind, by what they are computed from.

The rule: whether a statement fails is an answer, and so is what a function left behind. An operation that may fail compares what
it is computed from, and a CASE, COALESCE, AND, OR or FILTER around one compares what it is decided by. What cannot fail stands here
by name; everything else may.
"""

from collections.abc import Sequence
from typing import Final

from ringfence.sql.nodes import FIRST_OWN, TEXT_TYPES
from ringfence.sql.origins_values import Value
from ringfence.sql.refusals.verdicts import names
from ringfence.sql.tree import Node

_BOOL: Final = 16
_INTEGERS: Final = frozenset({20, 21, 23})
_SMALL: Final = 100_000

# These give a value for every value that they can be given.
_NEVER: Final = names("""
    age any_value array_agg array_length array_lower array_ndims array_to_json array_to_string array_upper ascii
    bit_length bool_and bool_or btrim cardinality char_length character_length concat concat_ws count cume_dist
    current_schema date dense_rank every first_value hashtext initcap isfinite json_agg json_build_array
    json_extract_path json_extract_path_text json_strip_nulls json_typeof jsonb_agg jsonb_build_array jsonb_extract_path
    jsonb_extract_path_text jsonb_pretty jsonb_strip_nulls jsonb_typeof lag last_value lead left length lower ltrim max
    md5 min mode name overlaps now octet_length percent_rank position quote_ident quote_literal quote_nullable rank
    replace reverse right row_number row_to_json rtrim sha224 sha256 sha384 sha512 starts_with string_agg
    string_to_array strpos text textcat to_json to_jsonb translate trim upper
""")

# These may fail by their other arguments, or by an extreme value: never by which value a plain column holds.
_BY_OTHERS: Final = names("""
    abs array_remove avg bpchar ceil ceiling convert_to encode floor format json_object_agg
    jsonb_object_agg lpad ntile nth_value regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
    regexp_split_to_array regexp_substr repeat round rpad sign split_part stddev stddev_pop stddev_samp substr substring sum
    timestamp timestamptz to_char trunc var_pop var_samp varchar variance numeric float8
    """)
_FRACTIONS: Final = frozenset({"percentile_cont", "percentile_disc"})
_KEYED: Final = frozenset({"json_build_object", "jsonb_build_object"})
_WIDENED: Final = {
    "int8": _INTEGERS,
    "int4": frozenset({21, 23}),
    "numeric": _INTEGERS,
    "float8": frozenset({700, *_INTEGERS}),
}

# Operators whose result is no truth value and that never fail: text and json put together and taken apart, date - date, ranges.
_SAFE_OPERATORS: Final = frozenset(
    {654, 1099, 1328, 2067, 2779, 2780, 3206, 3211, 3212, 3213, 3284, 3477, 3481, 3962, 3963, 3964, 3965, 3966, 3967}
)

# LIKE and regular expressions, whose pattern may be wrong.
_PATTERNS: Final = frozenset(
    {639, 640, 641, 642, 1055, 1056, 1207, 1208, 1209, 1210, 1211, 1212, 1226, 1227, 1228, 1229, 1234, 1235}
    | {1625, 1626, 1627, 1628, 1629, 1630, 2016, 2017}
)
_SPECIAL: Final = frozenset("\\[](){}*+?|")
_PARTS_OF_TIME: Final = frozenset({"date_part", "date_trunc", "extract"})
_UNITS: Final = names("century day decade epoch hour millennium minute month quarter second year")
_SIZED: Final = frozenset({"lpad", "overlay", "repeat", "round", "rpad", "split_part", "substr", "substring"})
_SPELT: Final = frozenset({"lpad", "overlay", "rpad", "split_part"})  # with a text among their other arguments
_TEXT: Final = 25
_INTERVAL: Final = 1186
_MOMENTS: Final = frozenset({1114, 1184})


def call_fails(name: str, values: Sequence[Value], nodes: Sequence[Node], first_type: int) -> bool:
    """Whether a call of a function of PostgreSQL's own may fail by its arguments, or for what else it stands under."""
    if not values or name in _NEVER or _is_fixed(nodes):
        return False
    if name in _WIDENED and first_type in _WIDENED[name]:
        return False
    if name == "to_char" and first_type in _MOMENTS:
        return any(value.origins for value in values[1:])
    if name in _PARTS_OF_TIME:
        return not (nodes and constant_text(nodes[0]) in _UNITS)
    if name in _SIZED and len(nodes) > 1 and all(_is_small(each) or _is_text(each, name) for each in nodes[1:]):
        return False
    if name in _FRACTIONS:
        return bool(values[0].origins)
    if name in _KEYED:
        return any(value.origins and not value.exact for value in values[::2])
    if name in _BY_OTHERS:
        return not _plain_first(values, name)
    return True


def own_call_fails(values: Sequence[Value]) -> bool:
    """Whether a call of what somebody else wrote may fail: not by which value a plain column holds."""
    return bool(values) and not _plain_first(values, "")


def operator_fails(node: Node, values: Sequence[Value], nodes: Sequence[Node]) -> bool:
    """Whether an operator may fail by its operands."""
    oid = node.number("opno")
    if _is_fixed(nodes) or oid in _SAFE_OPERATORS:
        return False
    if oid in _PATTERNS:
        pattern = constant_text(nodes[-1])
        return not pattern or not _SPECIAL.isdisjoint(pattern)
    if node.name in ("SCALARARRAYOPEXPR", "DISTINCTEXPR", "NULLIFEXPR") or node.number("opresulttype") == _BOOL:
        return oid >= FIRST_OWN
    return not (len(nodes) == 2 and values[0].exact and not values[1].origins and _is_small(nodes[1]))


def conversion_fails(node: Node) -> bool:
    """Whether a conversion through text may fail: not into text."""
    arg = node.node("arg")
    if arg is not None and _is_fixed([arg]):
        return False
    return node.number("resulttype") not in TEXT_TYPES


def _plain_first(values: Sequence[Value], name: str) -> bool:
    first, others = values[0], values[1:]
    if first.origins and not first.exact:
        return False
    return name in ("json_object_agg", "jsonb_object_agg", "format") or not any(value.origins for value in others)


def _is_fixed(nodes: Sequence[Node]) -> bool:
    """Whether all of it are constants: it fails always or never, before any row is looked at."""
    return bool(nodes) and all(node.name == "CONST" for node in nodes)


def _is_small(node: Node) -> bool:
    """Whether it is nothing that an operation with a plain column fails by: a small number above 0, or the time of day."""
    if node.name in ("SQLVALUEFUNCTION", "FUNCEXPR"):
        return all(map(_is_small, node.nodes("args")))
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or not isinstance(datum, tuple):
        return False
    if node.number("consttype") == _INTERVAL and len(datum) == 16:
        return all(abs(_number(datum[at : at + 4])) < _SMALL for at in (8, 12)) and abs(_number(datum[:8])) < 10**15
    return node.number("consttype") in _INTEGERS and 0 < _number(datum) < _SMALL


def _number(datum: Sequence[object]) -> int:
    return int.from_bytes(bytes(each for each in datum if isinstance(each, int)), "little", signed=True)


def _is_text(node: Node, name: str) -> bool:
    return name in _SPELT and node.name == "CONST" and node.number("consttype") == _TEXT


def constant_text(node: Node) -> str:
    """Give a text constant's text; "" where it is none."""
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or node.number("consttype") != _TEXT or not isinstance(datum, tuple) or len(datum) < 5:
        return ""
    return bytes(datum[4:]).decode("utf-8", "replace")  # four bytes of varlena header
