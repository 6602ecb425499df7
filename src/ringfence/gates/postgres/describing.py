"""What the server says of columns: reading its descriptions, and what a crossing has to know of each column."""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ringfence.carriers.rows import RowColumn
from ringfence.gates.postgres.statements import Column
from ringfence.policy import Plan
from ringfence.transform.types import ValueType
from ringfence.wire.postgres.values import (
    RECORD,
    TEXTUAL,
    Codec,
    array_of,
    codec_of,
    composite_of,
    is_json,
    multirange_of,
    range_of,
    record_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringfence.gates.postgres.statements import Known
    from ringfence.sql.catalogue import Type

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


_DEEPEST = 16  # types made of types


def codecs_of(known: "Known") -> dict[int, Codec]:
    """Give codecs for the types of a result, those of one's own included, as far as the catalogue knows them."""
    return _codecs(known, [column.type for column in known.columns])


def parameter_codecs(known: "Known") -> dict[int, Codec]:
    """Give codecs for the types of a statement's parameters."""
    return _codecs(known, known.parameters)


def _codecs(known: "Known", oids: Sequence[int]) -> dict[int, Codec]:
    types = known.key.catalogue.types if known.key is not None else {}
    found = {oid: _codec_for(oid, types, 0) for oid in oids}
    return {oid: codec for oid, codec in found.items() if codec is not None}


def _codec_for(oid: int, types: "Mapping[int, Type | None]", depth: int) -> Codec | None:
    """Make the codec of a type from those of its parts; None where one of them is not known."""
    if oid == RECORD and types and depth < _DEEPEST:
        return record_of(lambda inner: _codec_for(inner, types, depth + 1))
    codec = codec_of(oid)
    kind = types.get(oid)
    if codec is not None or kind is None or depth > _DEEPEST:
        return codec
    if kind.kind == "e":
        return TEXTUAL
    if kind.kind == "d":
        return _codec_for(kind.base, types, depth + 1)
    parts = [part for part in kind.parts if part]  # a dropped attribute has no type
    inner = {part: _codec_for(part, types, depth + 1) for part in parts}
    codecs = {part: codec for part, codec in inner.items() if codec is not None}
    if len(codecs) < len(inner) or (not parts and kind.kind != "c"):
        return None
    if kind.kind == "c":
        return composite_of(parts, codecs)
    if kind.array:
        return array_of(parts[0], codecs[parts[0]])
    if kind.kind == "r":
        return range_of(codecs[parts[0]])
    if kind.kind == "m":
        ranges = types.get(parts[0])
        bound = _codec_for(ranges.parts[0], types, depth + 1) if ranges is not None and ranges.parts else None
        return multirange_of(bound) if bound is not None else None
    return None


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
