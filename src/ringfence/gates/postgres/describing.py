"""What the server says of columns: reading its descriptions, and what a crossing has to know of each column."""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ringfence.carriers.rows import RowColumn
from ringfence.gates.postgres.statements import Column
from ringfence.policy import Plan
from ringfence.sql.model import Analysis
from ringfence.wire.postgres.values import is_json, value_type

if TYPE_CHECKING:
    from ringfence.transform.types import ValueType

_AFTER_NAME = struct.Struct("!IhIhih")  # table, attribute, type, size, modifier, format
_LENGTHS = frozenset({1042, 1043})  # bpchar, varchar: the modifier is the length and 4
_MODIFIER_OVERHEAD = 4


def columns_of(frame: bytes) -> tuple[Column, ...]:
    """Read a RowDescription."""
    count = int.from_bytes(frame[5:7], "big")
    at = 7
    columns = []
    for _ in range(count):
        end = frame.index(b"\0", at)
        table, attribute, kind, _size, modifier, _format = _AFTER_NAME.unpack_from(frame, end + 1)
        columns.append(Column(frame[at:end].decode("utf-8", "replace"), table, attribute, kind, modifier))
        at = end + 1 + _AFTER_NAME.size
    return tuple(columns)


def parameters_of(frame: bytes) -> tuple[int, ...]:
    """Read a ParameterDescription."""
    count = int.from_bytes(frame[5:7], "big")
    return struct.unpack_from(f"!{count}I", frame, 7)


def max_length(column: Column) -> int:
    """Give how many characters a value of the column may have; 0 for any number."""
    if column.type in _LENGTHS and column.modifier > _MODIFIER_OVERHEAD:
        return column.modifier - _MODIFIER_OVERHEAD
    return 0


def row_columns(columns: Sequence[Column], plan: Plan, analysis: Analysis) -> list[RowColumn]:
    """Say what a crossing has to know of each column of a result. The plan's first announced fields are the outputs."""
    shown = len(analysis.outputs) or len(plan.announced)
    if len(columns) != shown:
        raise ValueError("the result has another number of columns than was traced")
    return [
        RowColumn(
            next(iter(analysis.outputs[number].origins), "") if analysis.outputs else "",
            _value_type(column.type),
            number,
            max_length(column),
            is_json(column.type),
            analysis.outputs[number].exact if analysis.outputs else False,
        )
        for number, column in enumerate(columns)
    ]


def _value_type(kind: int) -> "ValueType":
    return value_type(kind)
