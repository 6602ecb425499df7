"""Which expressions may end a statement with an error by what they are computed from, or by whether they are computed at all.

The rule: whether a statement fails is an answer. What cannot fail stands in `origins_failing_table` by name or number, or
has its own row here that says when it cannot; everything else may. An operation that may fail compares what it is computed
from, and a CASE, COALESCE, AND, OR or FILTER around one compares what it is decided by. Only an immutable function of
constants is beyond that: it is computed before any row is looked at. A result that could grow beyond what the server can
hold fails, too: sizes are counted.

A *plain* value is a column's own, converted at most to a wider type, or the clock's, or a small constant: where only extreme values
fail, it does not.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import re2

from ringfence.sql import origins_failing_table as table
from ringfence.sql.catalogue import Function
from ringfence.sql.nodes import FIRST_OWN, TEXT_TYPES
from ringfence.sql.origins_values import Value
from ringfence.sql.origins_weights import LARGEST, constant_size, grown
from ringfence.sql.refusals.verdicts import names
from ringfence.sql.tree import Node

_RECORD: Final = 2249
_BOOL, _INT4, _TEXT, _FLOAT8, _JSON = 16, 23, 25, 701, 114
_INTERVAL: Final = 1186
_FLOAT8_OF_NUMERIC: Final = 1746
_NUMERIC: Final = 1700
_MOMENTS: Final = frozenset({1082, 1114, 1184})
_SMALL: Final = 100_000
_FAR: Final = {
    1082: 10**7,
    1114: 2**60,
    1184: 2**60,
}  # days and microseconds that no infinite date or moment is nearer than
_PINNED: Final = (
    10_000  # FirstGenbkiObjectId: collations below it need nothing of the system's, and tell all texts apart
)

_ALWAYS: Final = frozenset(name for _, listed in table.ALWAYS for name in listed.split())
_PLAIN: Final = frozenset(name for _, listed in table.PLAIN for name in listed.split())
_TRUNCATED: Final = names("century day decade hour millennium minute month quarter second year")

# Regular expressions without groups, choices, counts and back-references: letters, plain classes, and how often.
_REGULAR: Final = re2.compile(
    r"\^?(?:(?:\[\^?(?:a-z|A-Z|0-9|[A-Za-z0-9 _.@,;:#/])+\]|[A-Za-z0-9 _.@,;:#/%&=!~<>'\"-]|\\[dswDSW.])[*+?]?)*\$?"
)
_MARK_OF_NUMBERS: Final = re2.compile(r"(?:FM)?[09 ,]*(?:\.[09]*)?")
_MARK_OF_MOMENTS: Final = re2.compile(r"(?:YYYY|MM|DD|HH24|HH12|MI|SS|MS|US|Q|DDD|ID|IW|IYYY|[-./: ,_])*")
_FORMAT: Final = re2.compile(r"(?:[^%]|%%|%s|%L)*")


class Asked(NamedTuple):
    """A call as it stands: the function, the node (None behind an aggregate), values and expressions of its arguments."""

    function: Function
    node: Node | None
    values: Sequence[Value]
    nodes: Sequence[Node]
    relations: bool  # rows come from one relation alone
    type_of: Callable[[Node], int]

    def type(self, at: int) -> int:
        """Give an argument's type; 0 where that is not plain to see."""
        return self.type_of(self.nodes[at]) if at < len(self.nodes) else 0


def call_tells(asked: Asked, *, early: bool) -> tuple[Sequence[Value] | None, int]:
    """Say which of its arguments tell whether a call of PostgreSQL's own function fails, and how large its result may be.

    None where it cannot fail. `early`: constants in it are computed before any row is looked at.
    """
    function = asked.function
    size = grown(function, asked.values, asked.nodes)
    simple = function.volatility == "i" and not function.returns_set and function.result != _RECORD
    if early and simple and asked.nodes and all(node.name == "CONST" for node in asked.nodes):
        return None, size
    if size > LARGEST or (_needs_collation(asked) and not _has_collation(asked)):
        return asked.values, size
    own = _OWN.get(function.name)
    if own is not None:
        return own(asked), size
    if function.name in _ALWAYS:
        return (asked.values if _spreads(asked) else None), size
    if function.name in _PLAIN:
        return _unless(all(map(is_plain, asked.values, asked.nodes)) and bool(asked.nodes), asked), size
    return asked.values, size


def stays_plain(asked: Asked) -> bool:
    """Whether what a call gives is plain: the clock, or a plain value in a wider type."""
    oid = asked.function.oid
    if oid in table.CLOCK or oid in table.WIDENING:
        return True
    return oid in table.CONVERSIONS and all(map(is_plain, asked.values, asked.nodes)) and bool(asked.nodes)


def _unless(safe: bool, asked: Asked) -> Sequence[Value] | None:
    return None if safe else asked.values


def _spreads(asked: Asked) -> bool:
    """Whether an array is spread over the arguments of a function that takes any: VARIADIC before what may be none."""
    field = {"FUNCEXPR": "funcvariadic", "AGGREF": "aggvariadic"}.get(asked.node.name if asked.node is not None else "")
    if asked.node is None or field is None or not asked.node.flag(field):
        return False
    return not asked.function.name.startswith("jsonb_extract_path")


def _needs_collation(asked: Asked) -> bool:
    if asked.function.name in table.WITHOUT_COLLATION:
        return False
    return any(asked.type(at) in TEXT_TYPES for at in range(len(asked.nodes)))


def _has_collation(asked: Asked) -> bool:
    return asked.node is not None and 0 < asked.node.number("inputcollid") < _PINNED


def operator_fails(
    node: Node, values: Sequence[Value], nodes: Sequence[Node], type_of: Callable[[Node], int], *, early: bool
) -> bool:
    """Whether an operator may fail by its operands."""
    oid = node.number("opno")
    if early and oid < FIRST_OWN and oid not in table.STABLE and all(each.name == "CONST" for each in nodes):
        return False
    types = [type_of(each) for each in nodes]
    if oid in table.JOINING:
        return sum(value.size for value in values) > LARGEST
    if oid in table.TAKING_APART:
        return False
    if any(type_ in TEXT_TYPES for type_ in types) and not 0 < node.number("inputcollid") < _PINNED:
        return True
    if oid in table.COMPARING:
        return False
    if oid in table.COMPARING_ARRAYS:
        return not all(type_ in table.ORDERED_ARRAYS for type_ in types)
    plain = [is_plain(value, each) for value, each in zip(values, nodes, strict=True)]
    if oid in table.LIKES:
        pattern = constant_text(nodes[-1])
        return not pattern or "\\" in pattern
    if oid in table.REGULAR:
        return _REGULAR.fullmatch(constant_text(nodes[-1])) is None
    if oid in table.TEMPORAL | table.FRACTIONAL | table.TAKING_TEXT_APART | table.CONTAINING:
        return not all(plain)
    if oid in table.DIVIDING:
        whole = node.number("opresulttype") in table.INTEGERS
        return not (_is_number(nodes[1]) and (whole or plain[0]))
    return True


def compares_fail(operator: int, collation: int, type_: int) -> bool:
    """Whether values of a type may fail to be compared, in GREATEST, in rows or in aggregates (0: by its own order)."""
    if type_ in TEXT_TYPES and not 0 < collation < _PINNED:
        return True
    if type_ not in table.ORDERED and type_ not in table.ORDERED_ARRAYS:
        return True
    return operator not in (0, *table.COMPARING, *table.COMPARING_ARRAYS)


def own_call_fails(extension: str, name: str) -> bool:
    """Whether a call of what somebody else wrote may fail."""
    return name not in _READ_CALLS.get(extension, ())


def conversion_fails(node: Node, type_of: Callable[[Node], int], *, early: bool) -> bool:
    """Whether a conversion through text may fail: not into text."""
    arg, type_ = node.node("arg"), node.number("resulttype")
    if early and arg is not None and arg.name == "CONST" and type_of(arg) in TEXT_TYPES and type_ in table.READ_EARLY:
        return False
    return type_ not in TEXT_TYPES


def slice_fails(node: Node) -> bool:
    """Whether a part of an array cannot be had: of types of a fixed length none can."""
    if node.fields.get("refassgnexpr") is not None:
        return True
    return bool(node.items("reflowerindexpr")) and node.number("refcontainertype") not in table.ORDERED_ARRAYS


def array_fails(node: Node) -> bool:
    """Whether the parts of an array of arrays may have several sizes."""
    if not node.flag("multidims"):
        return False
    parts = node.nodes("elements")
    if any(part.name != "ARRAYEXPR" or part.flag("multidims") for part in parts):
        return True
    return len({len(part.nodes("elements")) for part in parts}) != 1


def json_fails(node: Node, type_of: Callable[[Node], int]) -> bool:
    """Whether what JSON_ARRAY, JSON_OBJECT and their kin make cannot be made."""
    kind = node.number("type")
    if node.flag("unique") or kind not in _MADE:
        return True
    arguments = node.nodes("args")
    keys = arguments[::2] if kind == _JSON_OBJECT else []
    return any(not constant_text(key) for key in keys) or not all(
        _is_scalar(type_of(_inside(each))) for each in arguments
    )


def json_value_fails(node: Node, type_of: Callable[[Node], int]) -> bool:
    """Whether a value that goes into JSON may not be one: where it is JSON already, or a text that says to be."""
    return not _is_scalar(type_of(_inside(node)))


def _inside(node: Node) -> Node:
    while node.name == "JSONVALUEEXPR":
        inner = node.node("formatted_expr") or node.node("raw_expr")
        if inner is None:
            break
        node = inner
    return node


_JSON_OBJECT: Final = 1
_MADE: Final = frozenset({1, 2, 3, 4, 6, 7})  # JsonConstructorType, but for JSON(), which reads a text


def is_plain(value: Value, node: Node) -> bool:
    """Whether it is a column's own value, or nothing that could be extreme."""
    if value.exact or value.plain or node.name == "SQLVALUEFUNCTION":
        return True
    if node.name != "CONST":
        return False
    type_ = node.number("consttype")
    datum = node.fields.get("constvalue")
    if not isinstance(datum, tuple) or not datum:
        return False
    if type_ in _FAR:
        return abs(_number(datum[:4] if type_ == 1082 else datum)) < _FAR[type_]
    if type_ == _INTERVAL and len(datum) == 16:
        return all(abs(_number(datum[at : at + 4])) < _SMALL for at in (8, 12)) and abs(_number(datum[:8])) < 10**15
    if type_ in table.INTEGERS:
        return abs(_number(datum)) < _SMALL
    return type_ in (_TEXT, _BOOL) or (type_ == _NUMERIC and _is_small_fraction(datum))


def _is_number(node: Node) -> bool:
    """Whether it is a small number above 0."""
    if node.name == "FUNCEXPR" and node.number("funcid") in table.WIDENING:
        return all(map(_is_number, node.nodes("args")))
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or not isinstance(datum, tuple) or not datum:
        return False
    type_ = node.number("consttype")
    return (type_ in table.INTEGERS and 0 < _number(datum) < _SMALL) or (
        type_ == _NUMERIC and _is_small_fraction(datum)
    )


def _is_small_fraction(datum: Sequence[object]) -> bool:
    """Whether a numeric's bytes say a number other than 0 that is neither large nor tiny: the short form, of 10,000's powers."""
    if len(datum) <= 6:
        return False
    header = _number((*datum[4:6], 0))
    weight = (header & 0x3F) - (header & 0x40)
    return header & 0xC000 == 0x8000 and -2 <= weight <= 1


def _number(datum: Sequence[object]) -> int:
    return int.from_bytes(bytes(each for each in datum if isinstance(each, int)), "little", signed=True)


def constant_number(node: Node) -> int | None:
    """Give the whole number that a constant is; None where it is none."""
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or node.number("consttype") not in table.INTEGERS or not isinstance(datum, tuple):
        return None
    return _number(datum)


def constant_text(node: Node) -> str:
    """Give a text constant's text; "" where it is none."""
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or node.number("consttype") != _TEXT or not isinstance(datum, tuple) or len(datum) < 5:
        return ""
    return bytes(datum[4:]).decode("utf-8", "replace")  # four bytes of varlena header


def _texts(asked: Asked) -> list[str]:
    return [constant_text(node) for node in asked.nodes]


def _numbers(asked: Asked) -> list[int | None]:
    return [constant_number(node) for node in asked.nodes]


def _is_scalar(type_: int) -> bool:
    """Whether values of the type go into jsonb and into arrays as they are: no json, whose escapes may stand for nothing."""
    return type_ in table.ORDERED


def _into_jsonb(asked: Asked, at: int) -> bool:
    """Whether an argument goes into jsonb for certain: a scalar, an array of such, or a row of a relation as it is stored."""
    type_ = asked.type(at)
    if _is_scalar(type_) or type_ in table.ORDERED_ARRAYS:
        return True
    return _is_stored(asked.values[at]) and asked.values[at].fields is not None


def _is_stored(value: Value) -> bool:
    """Whether it is a column's own value, or a row of such."""
    return value.exact or (value.fields is not None and all(each.exact for each in value.fields))


def _of_jsonb(asked: Asked) -> Sequence[Value] | None:
    if _spreads(asked):
        return asked.values
    return [value for at, value in enumerate(asked.values) if not _into_jsonb(asked, at)] or None


def _object(asked: Asked) -> Sequence[Value] | None:
    """A key may not be NULL, nor anything with parts."""
    if _spreads(asked):
        return asked.values
    told = [value for at, value in enumerate(asked.values) if not at % 2 and not constant_text(asked.nodes[at])]
    if asked.function.name.startswith("jsonb"):
        told += [value for at, value in enumerate(asked.values) if at % 2 and not _into_jsonb(asked, at)]
    return told or None


def _gathered_object(asked: Asked) -> Sequence[Value] | None:
    """The keys tell; of rows without number, and where the values may not go in, everything does."""
    if not _gathers(asked) or len(asked.nodes) != 2:
        return asked.values
    stays = asked.function.name == "json_object_agg" or (
        asked.function.name == "jsonb_object_agg" and _into_jsonb(asked, 1)
    )
    return asked.values[:1] if stays else asked.values


def _gathers(asked: Asked) -> bool:
    """Whether what is put together is as much as one relation holds: columns as they are, and short texts between."""
    return asked.relations and all(
        _is_stored(value) or (node.name == "CONST" and constant_size(node) < 100)
        for value, node in zip(asked.values, asked.nodes, strict=False)
    )


def _gathered(asked: Asked) -> Sequence[Value] | None:
    safe = _gathers(asked) and bool(asked.nodes)
    if asked.function.name == "array_agg":
        safe = safe and _is_scalar(asked.type(0))
    elif asked.function.name == "jsonb_agg":
        safe = safe and _into_jsonb(asked, 0)
    return _unless(safe, asked)


def _part(asked: Asked) -> Sequence[Value] | None:
    """SUBSTRING by positions: its length may not be below 0."""
    if asked.type(1) != _INT4:
        return asked.values
    length = _numbers(asked)[2] if len(asked.nodes) > 2 else 0
    return _unless(length is not None and length >= 0, asked)


def _moment_of(asked: Asked) -> Sequence[Value] | None:
    unit, type_ = _texts(asked)[0] if asked.nodes else "", asked.type(1)
    known = unit in table.UNITS.get(type_, ())
    return _unless(known and (type_ != 1184 or is_plain(asked.values[1], asked.nodes[1])), asked)


def _moment_truncated(asked: Asked) -> Sequence[Value] | None:
    if len(asked.nodes) != 2:
        return asked.values
    unit, type_ = _texts(asked)[0], asked.type(1)
    known = unit in _TRUNCATED or (unit == "week" and type_ in _MOMENTS)
    return _unless(known and (type_ == _INTERVAL or is_plain(asked.values[1], asked.nodes[1])), asked)


def _spelt(asked: Asked) -> Sequence[Value] | None:
    """TO_CHAR of a moment, or of a number, by a plain pattern."""
    mark, type_ = _texts(asked)[-1], asked.type(0)
    if type_ in _MOMENTS:
        return _unless(
            _MARK_OF_MOMENTS.fullmatch(mark) is not None and is_plain(asked.values[0], asked.nodes[0]), asked
        )
    number = type_ in table.INTEGERS or type_ in (_NUMERIC, _FLOAT8)
    return _unless(bool(mark) and number and _MARK_OF_NUMBERS.fullmatch(mark) is not None, asked)


def _rounded(asked: Asked) -> Sequence[Value] | None:
    digits = _numbers(asked)[1] if len(asked.nodes) > 1 else 0
    known = digits is not None and abs(digits) < _SMALL and bool(asked.nodes)
    return _unless(known and is_plain(asked.values[0], asked.nodes[0]), asked)


def _summed(asked: Asked) -> Sequence[Value] | None:
    if asked.type(0) in table.INTEGERS:
        return None
    return _unless(bool(asked.nodes) and all(map(is_plain, asked.values, asked.nodes)), asked)


def _shortened(asked: Asked) -> Sequence[Value] | None:
    """VARCHAR(n), CHAR(n): cut where that is asked for, and refused where it was not."""
    if len(asked.nodes) == 1:
        return None
    datum = asked.nodes[-1].fields.get("constvalue")
    return _unless(len(asked.nodes) == 3 and isinstance(datum, tuple) and datum[:1] == (1,), asked)


def _replaced(asked: Asked) -> Sequence[Value] | None:
    """REGEXP_REPLACE by a plain pattern. What it may become is counted with the sizes."""
    if len(asked.nodes) not in (3, 4) or any(asked.type(at) not in TEXT_TYPES for at in range(len(asked.nodes))):
        return asked.values
    pattern, flags = constant_text(asked.nodes[1]), constant_text(asked.nodes[3]) if len(asked.nodes) == 4 else "g"
    return _unless(bool(pattern) and _REGULAR.fullmatch(pattern) is not None and flags in ("g", "i", "gi", "ig"), asked)


def _formatted(asked: Asked) -> Sequence[Value] | None:
    mark = constant_text(asked.nodes[0]) if asked.nodes else ""
    wanted = mark.replace("%%", "").count("%")
    safe = bool(mark) and _FORMAT.fullmatch(mark) is not None and wanted < len(asked.nodes) and not _spreads(asked)
    return _unless(safe, asked)


def _in_bounds(asked: Asked) -> Sequence[Value] | None:
    """Fractions from 0 to 1: the constant's eight bytes, as a number without sign, are those of no larger one."""
    node = asked.nodes[0]
    converted = node.name == "FUNCEXPR" and node.number("funcid") == _FLOAT8_OF_NUMERIC
    node = node.nodes("args")[0] if converted else node
    datum = node.fields.get("constvalue")
    within = False
    if node.name == "CONST" and isinstance(datum, tuple) and len(datum) > 6:
        header = _number((*datum[4:6], 0))  # of a numeric below 1: the short form, no sign, 10,000 to the power of -1
        within = header & 0xE07F == 0x807F if converted else 0 <= _number(datum) <= 0x3FF0000000000000
    return _unless(within and all(map(is_plain, asked.values[1:], asked.nodes[1:])), asked)


def _put_in_order(asked: Asked) -> Sequence[Value] | None:
    type_ = asked.type(0)
    return _unless(type_ in table.ORDERED or type_ in table.ORDERED_ARRAYS, asked)


def _ranked(asked: Asked) -> Sequence[Value] | None:
    """A rank among others, or of a value that is not there among those that are."""
    return _unless(all(asked.type(at) in table.ORDERED for at in range(len(asked.nodes))), asked)


_ENCODINGS: Final = frozenset({"UTF8", "utf8", "utf-8", "UTF-8"})
_OWN: Final[dict[str, Callable[[Asked], Sequence[Value] | None]]] = {
    **dict.fromkeys(table.GATHERING, _gathered),
    **dict.fromkeys(table.WIDE_SUMS, _summed),
    **dict.fromkeys(table.RANKS, _ranked),
    **dict.fromkeys(("json_build_object", "jsonb_build_object"), _object),
    **dict.fromkeys(("json_object_agg", "jsonb_object_agg"), _gathered_object),
    **dict.fromkeys(("to_jsonb", "jsonb_build_array"), _of_jsonb),
    **dict.fromkeys(("substr", "substring"), _part),
    **dict.fromkeys(("date_part", "extract"), _moment_of),
    **dict.fromkeys(("varchar", "bpchar"), _shortened),
    **dict.fromkeys(("round", "trunc"), _rounded),
    **dict.fromkeys(("max", "min", "mode"), _put_in_order),
    **dict.fromkeys(("percentile_cont", "percentile_disc"), _in_bounds),
    **dict.fromkeys(("float8", "int4", "int8", "numeric"), lambda asked: _unless(stays_plain(asked), asked)),
    "overlay": lambda asked: _unless(all((number or 0) > 0 for number in _numbers(asked)[2:]), asked),
    "length": lambda asked: _unless(len(asked.nodes) == 1 and asked.type(0) in (17, *TEXT_TYPES), asked),
    "date_trunc": _moment_truncated,
    "to_char": _spelt,
    "regexp_replace": _replaced,
    "format": _formatted,
    "encode": lambda asked: _unless(_texts(asked)[-1:] in (["hex"], ["base64"], ["escape"]), asked),
    "convert_to": lambda asked: _unless(_name(asked.nodes[-1]) in _ENCODINGS, asked),
    "split_part": lambda asked: _unless((_numbers(asked)[-1] or 0) > 0, asked),
    "repeat": lambda asked: _unless(_numbers(asked)[-1] is not None, asked),
    "ntile": lambda asked: _unless((_numbers(asked)[-1] or 0) > 0, asked),
    "nth_value": lambda asked: _unless((_numbers(asked)[-1] or 0) > 0, asked),
    **dict.fromkeys(("lpad", "rpad"), lambda asked: _unless((_numbers(asked)[1] or _SMALL) < _SMALL, asked)),
    "generate_series": lambda asked: _unless(len(asked.nodes) == 2 and None not in _numbers(asked), asked),
}

# Functions of extensions that somebody read: what they give of any text.
_READ_CALLS: Final = {
    "citext": names("citext citext_eq citext_ge citext_gt citext_le citext_lt citext_ne text varchar bpchar"),
    "pg_trgm": names("similarity similarity_op word_similarity strict_word_similarity show_trgm"),
    "unaccent": names("unaccent"),
}


def _name(node: Node) -> str:
    """Give what a constant of type name says; "" where it is none."""
    datum = node.fields.get("constvalue")
    if node.name != "CONST" or not isinstance(datum, tuple):
        return ""
    return bytes(datum).rstrip(b"\0").decode("utf-8", "replace")
