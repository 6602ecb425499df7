"""Values in binary and in text: which types are known here, and how each is decoded and encoded.

The rule: one table by OID. Decoding gives what the server itself would send in text format (DateStyle ISO, IntervalStyle
postgres, hexadecimal bytea, TimeZone UTC), in UTF-8; encoding takes that back to the same binary value. Neither lets a value out
in an error. A type that is not in the table has no codec: its binary values are not looked into. `money` has none on purpose (its
text depends on a locale that the value does not hold). OIDs are those of pg_type.dat.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from struct import Struct
from struct import error as StructError  # noqa: N812 (it is an error type)
from typing import Final

from ringfence.carriers.model import Fault, Undecodable
from ringfence.transform.types import ValueType
from ringfence.wire.postgres import addresses, floats, moments, numbers, shapes
from ringfence.wire.postgres.nested import decode_array, decode_record, encode_array, encode_record
from ringfence.wire.postgres.ranges import decode_multirange, decode_range, encode_multirange, encode_range

_WRONG = (ValueError, StructError, LookupError, OverflowError)
_DEEPEST: Final = 8  # records and arrays in each other


class Codec:
    """How the values of a type are decoded and encoded. What is not of the type is `Undecodable`."""

    __slots__ = ("_decode", "_encode", "type")

    def __init__(self, type: ValueType, decode: Callable[[bytes], bytes], encode: Callable[[bytes], bytes]) -> None:  # noqa: A002 (the word)
        self.type = type
        self._decode = decode
        self._encode = encode

    def decode(self, value: bytes) -> bytes:
        """Give the text of a binary value."""
        try:
            return self._decode(value)
        except _WRONG:
            raise Undecodable(Fault.ENCODING, "a binary value that is not of its column's type", 0) from None

    def encode(self, text: bytes) -> bytes:
        """Give the binary value of a text."""
        try:
            return self._encode(text)
        except _WRONG:
            raise Undecodable(Fault.ENCODING, "a text that its column's binary type cannot hold", 0) from None

    def decode_all(self, values: Iterable[bytes | None]) -> list[bytes | None]:
        """Give the texts of binary values, None for null."""
        decode = self._decode
        try:
            return [None if value is None else decode(value) for value in values]
        except _WRONG:
            raise Undecodable(Fault.ENCODING, "a binary value that is not of its column's type", 0) from None


def _same(value: bytes) -> bytes:
    return value


def _decode_versioned(value: bytes) -> bytes:
    if value[:1] != b"\x01":
        raise ValueError
    return value[1:]


def _encode_versioned(text: bytes) -> bytes:
    return b"\x01" + text


TEXTUAL: Final = Codec(ValueType.TEXT, _same, _same)
"""Of types whose binary form is their text: also those of enums, and of domains and extensions that hold text."""

_PLAIN = Codec(ValueType.OTHER, _same, _same)
_VERSIONED = Codec(ValueType.OTHER, _decode_versioned, _encode_versioned)

_SCALARS: Mapping[int, Codec] = {
    16: Codec(ValueType.BOOLEAN, numbers.decode_bool, numbers.encode_bool),
    17: Codec(ValueType.BYTES, addresses.decode_bytes, addresses.encode_bytes),
    18: Codec(ValueType.TEXT, addresses.decode_char, addresses.encode_char),
    19: TEXTUAL,  # name
    20: Codec(ValueType.INTEGER, *numbers.whole(Struct("!q"))),
    21: Codec(ValueType.INTEGER, *numbers.whole(Struct("!h"))),
    23: Codec(ValueType.INTEGER, *numbers.whole(Struct("!i"))),
    25: TEXTUAL,  # text
    26: Codec(ValueType.INTEGER, *numbers.whole(Struct("!I"))),
    27: Codec(ValueType.OTHER, shapes.decode_tid, shapes.encode_tid),
    28: Codec(ValueType.INTEGER, *numbers.whole(Struct("!I"))),  # xid
    29: Codec(ValueType.INTEGER, *numbers.whole(Struct("!I"))),  # cid
    114: _PLAIN,  # json
    142: _PLAIN,  # xml
    600: Codec(ValueType.OTHER, *shapes.drawn("(#,#)")),  # point
    601: Codec(ValueType.OTHER, *shapes.drawn("[(#,#),(#,#)]")),  # lseg
    602: Codec(ValueType.OTHER, shapes.decode_path, shapes.encode_path),
    603: Codec(ValueType.OTHER, *shapes.drawn("(#,#),(#,#)")),  # box
    604: Codec(ValueType.OTHER, shapes.decode_polygon, shapes.encode_polygon),
    628: Codec(ValueType.OTHER, *shapes.drawn("{#,#,#}")),  # line
    650: Codec(ValueType.INET, addresses.decode_cidr, addresses.encode_cidr),
    700: Codec(ValueType.NUMBER, floats.decode_single, floats.encode_single),
    701: Codec(ValueType.NUMBER, floats.decode_double, floats.encode_double),
    705: TEXTUAL,  # unknown
    718: Codec(ValueType.OTHER, *shapes.drawn("<(#,#),#>")),  # circle
    774: Codec(ValueType.OTHER, *addresses.mac(8)),
    829: Codec(ValueType.OTHER, *addresses.mac(6)),
    869: Codec(ValueType.INET, addresses.decode_inet, addresses.encode_inet),
    1042: TEXTUAL,  # bpchar
    1043: TEXTUAL,  # varchar
    1082: Codec(ValueType.DATE, moments.decode_date, moments.encode_date),
    1083: Codec(ValueType.OTHER, moments.decode_time, moments.encode_time),
    1114: Codec(ValueType.TIMESTAMP, moments.decode_timestamp, moments.encode_timestamp),
    1184: Codec(ValueType.TIMESTAMP, moments.decode_timestamp_zoned, moments.encode_timestamp_zoned),
    1186: Codec(ValueType.OTHER, moments.decode_interval, moments.encode_interval),
    1266: Codec(ValueType.OTHER, moments.decode_time_zoned, moments.encode_time_zoned),
    1560: Codec(ValueType.OTHER, addresses.decode_bits, addresses.encode_bits),
    1562: Codec(ValueType.OTHER, addresses.decode_bits, addresses.encode_bits),
    1700: Codec(ValueType.NUMBER, numbers.decode_numeric, numbers.encode_numeric),
    2275: TEXTUAL,  # cstring
    2950: Codec(ValueType.UUID, addresses.decode_uuid, addresses.encode_uuid),
    3220: Codec(ValueType.OTHER, shapes.decode_lsn, shapes.encode_lsn),
    3614: Codec(ValueType.OTHER, shapes.decode_words, shapes.encode_words),  # tsvector
    3802: _VERSIONED,  # jsonb
    4072: _VERSIONED,  # jsonpath
    5069: Codec(ValueType.INTEGER, *numbers.whole(Struct("!Q"))),  # xid8
}


def range_of(bound: Codec) -> Codec:
    """Make the codec of ranges whose bounds are of a type."""
    return Codec(
        ValueType.OTHER,
        lambda value: decode_range(value, bound.decode),
        lambda text: encode_range(text, bound.encode),
    )


def multirange_of(bound: Codec) -> Codec:
    """Make the codec of multiranges whose bounds are of a type."""
    return Codec(
        ValueType.OTHER,
        lambda value: decode_multirange(value, bound.decode),
        lambda text: encode_multirange(text, bound.encode),
    )


_RANGES: Mapping[int, Sequence[int]] = {
    23: (3904, 3905, 4451, 6150),
    1700: (3906, 3907, 4532, 6151),
    1114: (3908, 3909, 4533, 6152),
    1184: (3910, 3911, 4534, 6153),
    1082: (3912, 3913, 4535, 6155),
    20: (3926, 3927, 4536, 6157),
}
"""By the type of their bounds: ranges and arrays of them, multiranges and arrays of them."""

_SINGLE: Mapping[int, Codec] = {
    **_SCALARS,
    **{ranges: range_of(_SCALARS[bound]) for bound, (ranges, _, _, _) in _RANGES.items()},
    **{ranges: multirange_of(_SCALARS[bound]) for bound, (_, _, ranges, _) in _RANGES.items()},
}
"""What is neither an array nor a record."""

_ELEMENTS: Mapping[int, int] = {
    143: 142, 199: 114, 719: 718, 1010: 27, 1011: 28, 1012: 29, 1017: 600, 1018: 601, 1019: 602, 1027: 604, 629: 628,
    3221: 3220, 271: 5069, 3643: 3614,
    651: 650, 775: 774, 1000: 16, 1001: 17, 1002: 18, 1003: 19, 1005: 21, 1007: 23, 1009: 25, 1014: 1042,
    1015: 1043, 1016: 20, 1021: 700, 1022: 701, 1028: 26, 1040: 829, 1041: 869, 1115: 1114, 1182: 1082, 1183: 1083, 1185: 1184,
    1187: 1186, 1231: 1700, 1263: 2275, 1270: 1266, 1561: 1560, 1563: 1562, 2951: 2950, 3807: 3802, 4073: 4072,
    **{array: element for kinds in _RANGES.values() for element, array in (kinds[:2], kinds[2:])},
}  # fmt: skip
"""Arrays, and what their elements are."""

RECORD: Final = 2249
_RECORD, _RECORDS = RECORD, 2287
_JSON = frozenset((114, 3802))


def _decode_any(depth: int, oid: int, value: bytes) -> bytes:
    """Decode a value inside of another."""
    scalar = _SINGLE.get(oid)
    if scalar is not None:
        return scalar.decode(value)
    if depth >= _DEEPEST:
        raise ValueError
    inner = partial(_decode_any, depth + 1)
    if oid == _RECORD:
        return decode_record(value, inner)
    element = _RECORD if oid == _RECORDS else _ELEMENTS.get(oid)
    if element is None:
        raise ValueError
    return decode_array(value, partial(_decode_expected, element, inner))


def _decode_expected(oid: int, decode: Callable[[int, bytes], bytes], found: int, value: bytes) -> bytes:
    """Decode an element, which says itself of what type it is."""
    if found != oid:
        raise ValueError
    return decode(oid, value)


def _cannot(text: bytes) -> bytes:  # noqa: ARG001 (one signature for all codecs)
    """Refuse to encode a record that nobody knows the types of."""
    raise ValueError


def array_of(oid: int, element: Codec) -> Codec:
    """Make the codec of arrays of a type, for one that is not built in."""
    return Codec(
        ValueType.OTHER,
        lambda value: decode_array(value, partial(_decode_expected, oid, lambda _, inner: element.decode(inner))),
        lambda text: encode_array(text, oid, element.encode),
    )


def composite_of(types: Sequence[int], codecs: Mapping[int, Codec] | None = None) -> Codec:
    """Make the codec of a composite type whose attributes have these types; `codecs` are those that are not built in, by OID."""
    known = codecs or {}

    def codec(oid: int) -> Codec:
        found = known.get(oid) or codec_of(oid)
        if found is None:
            raise ValueError
        return found

    return Codec(
        ValueType.OTHER,
        lambda value: decode_record(value, lambda oid, field: codec(oid).decode(field)),
        lambda text: encode_record(text, types, lambda oid, field: codec(oid).encode(field)),
    )


def record_of(codec: Callable[[int], Codec | None]) -> Codec:
    """Make the codec of records, whose values say of what types they are; `codec` gives those, also of one's own."""

    def decode(oid: int, field: bytes) -> bytes:
        found = codec(oid)
        if found is None:
            raise ValueError
        return found.decode(field)

    return Codec(ValueType.OTHER, lambda value: decode_record(value, decode), _cannot)


_NESTED: Mapping[int, Codec] = {
    _RECORD: Codec(ValueType.OTHER, partial(_decode_any, 0, _RECORD), _cannot),
    _RECORDS: Codec(ValueType.OTHER, partial(_decode_any, 0, _RECORDS), _cannot),
    **{
        array: Codec(
            ValueType.OTHER,
            partial(_decode_any, 0, array),
            partial(lambda oid, text: encode_array(text, oid, _SINGLE[oid].encode), element),
        )
        for array, element in _ELEMENTS.items()
    },
}


def codec_of(oid: int) -> Codec | None:
    """Give the codec of a built-in type; None where there is none."""
    return _SINGLE.get(oid) or _NESTED.get(oid)


def has_codec(oid: int) -> bool:
    """Say whether binary values of a type can be read."""
    return codec_of(oid) is not None


def is_json(oid: int) -> bool:
    """Say whether values of a type are JSON documents."""
    return oid in _JSON


def value_type(oid: int) -> ValueType:
    """Give what a changed value of a type must still be; `OTHER` where only null is sure to fit."""
    codec = codec_of(oid)
    return codec.type if codec is not None else ValueType.OTHER
