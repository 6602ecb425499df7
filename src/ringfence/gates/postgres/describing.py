"""What the server says of columns: reading its descriptions, and what a crossing has to know of each column."""

import struct
from typing import TYPE_CHECKING

from ringfence.carriers.rows import RowColumn
from ringfence.gates.postgres.statements import Column
from ringfence.policy import Plan
from ringfence.transform.types import ValueType
from ringfence.wire.postgres.values import TEXTUAL, Codec, codec_of, is_json

if TYPE_CHECKING:
    from ringfence.gates.postgres.statements import Known

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


_ENUM = "e"
_DOMAIN = "d"
_DEEPEST = 16  # domains over domains


def codecs_of(known: "Known") -> dict[int, Codec]:
    """Give codecs for the types of one's own that a result has: an enum's values are text, a domain's are its base's."""
    found = {}
    for column in known.columns:
        codec = codec_of(column.type) or _codec_behind(known, column.type)
        if codec is not None:
            found[column.type] = codec
    return found


def _codec_behind(known: "Known", oid: int) -> Codec | None:
    """Give the codec of a type of one's own, as far as the catalogue that the statement was traced with knows it."""
    types = known.key.catalogue.types if known.key is not None else {}
    kind = types.get(oid)
    for _ in range(_DEEPEST):
        if kind is None or kind.kind != _DOMAIN:
            break
        oid = kind.base
        kind = types.get(oid)
    return TEXTUAL if kind is not None and kind.kind == _ENUM else codec_of(oid)


def row_columns(known: "Known", plan: Plan) -> list[RowColumn]:
    """Say what a crossing has to know of each column of a result. The plan's first announced fields are the outputs."""
    columns, analysis = known.columns, known.analysis
    codecs = codecs_of(known)
    shown = len(analysis.outputs) or len(plan.announced)
    if len(columns) != shown:
        raise ValueError("the result has another number of columns than was traced")
    return [
        RowColumn(
            next(iter(analysis.outputs[number].origins), "") if analysis.outputs else "",
            codecs[column.type].type if column.type in codecs else ValueType.OTHER,
            number,
            max_length(column),
            is_json(column.type),
            analysis.outputs[number].exact if analysis.outputs else False,
        )
        for number, column in enumerate(columns)
    ]
