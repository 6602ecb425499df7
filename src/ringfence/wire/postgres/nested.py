"""Arrays and records in binary and in the text that PostgreSQL spells them with: braces and brackets, quotes and escapes.

The rule: this file knows how values stand in each other, and not what they are: a codec for each is handed in. Depth and number
are checked against the bytes that are there before anything is made. What cannot be read raises `ValueError`.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import TypeAlias

Decode: TypeAlias = Callable[[int, bytes], bytes]
"""Decode a value of the type with an OID."""

_INT = Struct("!i")
_HEAD = Struct("!iiI")
_DIMENSION = Struct("!ii")
_OID_LENGTH = Struct("!Ii")
_DEEPEST = 6  # MAXDIM in c.h

_SPACE = b" \t\n\r\v\f"
_ARRAY_QUOTED = frozenset(b'"\\{},' + _SPACE)
_RECORD_QUOTED = frozenset(b'"\\(),' + _SPACE)

Nested: TypeAlias = "bytes | list[Nested] | None"


def decode_array(value: bytes, decode: Decode) -> bytes:
    """Decode an array; its elements' type is in the value."""
    depth, _, oid = _HEAD.unpack_from(value)
    if not 0 <= depth <= _DEEPEST:
        raise ValueError
    at = _HEAD.size + depth * _DIMENSION.size
    shape = list(_DIMENSION.iter_unpack(value[_HEAD.size : at]))
    if len(shape) != depth:
        raise ValueError
    count = 1 if depth else 0
    for size, _ in shape:
        count *= size
        if size < 0 or count * 4 > len(value):
            raise ValueError
    if not count:
        depth = 0  # however it says it: the server takes it for an empty one as well
    spelt: list[bytes] = []
    for _ in range(count):
        element, at = _read(value, at)
        spelt.append(b"NULL" if element is None else _spell_element(decode(oid, element)))
    if at != len(value):
        raise ValueError
    if not depth:
        return b"{}"
    for size, _ in reversed(shape):
        spelt = [b"{%s}" % b",".join(spelt[start : start + size]) for start in range(0, len(spelt), size)]
    if all(lower == 1 for _, lower in shape):
        return spelt[0]
    return b"".join([b"[%d:%d]" % (lower, lower + size - 1) for size, lower in shape]) + b"=" + spelt[0]


def encode_array(text: bytes, oid: int, encode: Callable[[bytes], bytes]) -> bytes:
    """Encode an array of elements of one type."""
    bounds: list[tuple[int, int]] = []
    if text.startswith(b"["):
        bounds, text = _split_bounds(text)
    elements, end = _read_braces(text, 0, 1)
    if end != len(text):
        raise ValueError
    shape = _shape(elements)
    if bounds and [upper - lower + 1 for lower, upper in bounds] != shape:
        raise ValueError
    leaves = list(_leaves(elements))
    lowers = [lower for lower, _ in bounds] or [1] * len(shape)
    cells = [_cell(None if leaf is None else encode(leaf)) for leaf in leaves]
    return b"".join(
        (
            _HEAD.pack(len(shape), int(None in leaves), oid),
            *[_DIMENSION.pack(size, lower) for size, lower in zip(shape, lowers, strict=True)],
            *cells,
        )
    )


def decode_record(value: bytes, decode: Decode) -> bytes:
    """Decode a record; its fields' types are in the value."""
    (count,) = _INT.unpack_from(value)
    if not 0 <= count * 8 <= len(value):
        raise ValueError
    at = 4
    spelt: list[bytes] = []
    for _ in range(count):
        oid = _OID_LENGTH.unpack_from(value, at)[0]
        field, at = _read(value, at + 4)
        spelt.append(b"" if field is None else _spell_field(decode(oid, field)))
    if at != len(value):
        raise ValueError
    return b"(%s)" % b",".join(spelt)


def encode_record(text: bytes, types: Sequence[int], encode: Callable[[int, bytes], bytes]) -> bytes:
    """Encode a record whose fields have these types."""
    fields = _read_fields(text) if types else [] if text == b"()" else None
    if fields is None or len(fields) != len(types):
        raise ValueError
    cells = [
        _OID_LENGTH.pack(oid, -1) if field is None else _INT32U.pack(oid) + _cell(encode(oid, field))
        for oid, field in zip(types, fields, strict=True)
    ]
    return _INT.pack(len(types)) + b"".join(cells)


_INT32U = Struct("!I")


def _read(value: bytes, at: int) -> tuple[bytes | None, int]:
    """Read a value with its length."""
    (size,) = _INT.unpack_from(value, at)
    at += 4
    if size == -1:
        return None, at
    if not 0 <= size <= len(value) - at:
        raise ValueError
    return value[at : at + size], at + size


def _cell(value: bytes | None) -> bytes:
    return _INT.pack(-1) if value is None else _INT.pack(len(value)) + value


def _spell_element(text: bytes) -> bytes:
    if text and _ARRAY_QUOTED.isdisjoint(text) and text.upper() != b"NULL":
        return text
    return b'"%s"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _spell_field(text: bytes) -> bytes:
    if text and _RECORD_QUOTED.isdisjoint(text):
        return text
    return b'"%s"' % text.replace(b"\\", b"\\\\").replace(b'"', b'""')


def _split_bounds(text: bytes) -> tuple[list[tuple[int, int]], bytes]:
    """Part `[1:2][0:1]=` from the elements."""
    spelt, found, rest = text.partition(b"=")
    if not found or not spelt.endswith(b"]"):
        raise ValueError
    bounds = []
    for bound in spelt[1:-1].split(b"]["):
        lower, found, upper = bound.partition(b":")
        bounds.append((_read_bound(lower), _read_bound(upper)))
    return bounds, rest


def _read_bound(text: bytes) -> int:
    if not text.removeprefix(b"-").isdigit() or len(text) > 11:
        raise ValueError
    return int(text)


def _read_braces(text: bytes, at: int, depth: int) -> tuple[list[Nested], int]:
    """Read what stands in braces; give where it ends."""
    if text[at : at + 1] != b"{" or depth > _DEEPEST:
        raise ValueError
    elements: list[Nested] = []
    at = _behind_space(text, at + 1)
    if text[at : at + 1] == b"}":
        return elements, at + 1
    while True:
        element, at = _read_braces(text, at, depth + 1) if text[at : at + 1] == b"{" else _read_element(text, at)
        elements.append(element)
        at = _behind_space(text, at)
        mark = text[at : at + 1]
        at = _behind_space(text, at + 1)
        if mark == b"}":
            return elements, at
        if mark != b",":
            raise ValueError


def _read_element(text: bytes, at: int) -> tuple[bytes | None, int]:
    if text[at : at + 1] == b'"':
        return _read_quoted(text, at + 1)
    start = at
    read = bytearray()
    while at < len(text) and text[at] not in b',{}"':
        escaped = text[at] == 0x5C
        read += text[at + escaped : at + escaped + 1]
        at += 1 + escaped
    spelt = bytes(read).rstrip(_SPACE)
    if not spelt:
        raise ValueError
    return None if text[start:at].strip(_SPACE).upper() == b"NULL" else spelt, at


def _read_quoted(text: bytes, at: int) -> tuple[bytes, int]:
    """Read up to a quote; a backslash takes the meaning from what follows it."""
    read: list[bytes] = []
    while True:
        quote = text.index(b'"', at)
        escape = text.find(b"\\", at, quote)
        if escape < 0:
            read.append(text[at:quote])
            return b"".join(read), quote + 1
        read.append(text[at:escape] + text[escape + 1 : escape + 2])
        at = escape + 2


def _behind_space(text: bytes, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _shape(elements: list[Nested]) -> list[int]:
    """Give how many elements there are in each dimension; all arrays of one must be as long."""
    if not elements:
        return []
    inner = [_shape(element) if isinstance(element, list) else None for element in elements]
    if any(shape != inner[0] for shape in inner) or inner[0] == []:
        raise ValueError
    return [len(elements), *(inner[0] or ())]


def _leaves(elements: list[Nested]) -> Iterator[bytes | None]:
    for element in elements:
        if isinstance(element, list):
            yield from _leaves(element)
        else:
            yield element


def _read_fields(text: bytes) -> list[bytes | None]:
    """Read the fields of a record."""
    if text[:1] != b"(" or text[-1:] != b")":
        raise ValueError
    fields: list[bytes | None] = []
    at, end = 1, len(text) - 1
    while True:
        start = at
        read = bytearray()
        quoted = False
        while at < end and (quoted or text[at] != 0x2C):
            byte = text[at]
            at += 1
            if byte == 0x22 and quoted and text[at : at + 1] == b'"':
                read.append(byte)
                at += 1
            elif byte == 0x22:
                quoted = not quoted
            elif byte == 0x5C:
                read += text[at : at + 1]
                at += 1
            else:
                read.append(byte)
        if quoted:
            raise ValueError
        fields.append(bytes(read) if at > start else None)
        if at >= end:
            return fields
        at += 1
