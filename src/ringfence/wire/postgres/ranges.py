"""Ranges and multiranges in binary and in the text that PostgreSQL spells them with: brackets, a comma, quotes.

The rule: this file knows how two bounds make a range, and not what they are: a codec for them is handed in. What cannot be read
raises `ValueError`. Sources: range_out, range_parse and range_send in rangetypes.c, and their likes in multirangetypes.c.
"""

from collections.abc import Callable
from struct import Struct

_INT = Struct("!i")
_EMPTY, _LOWER_IN, _UPPER_IN, _NO_LOWER, _NO_UPPER = 1, 2, 4, 8, 16
_FLAGS = _EMPTY | _LOWER_IN | _UPPER_IN | _NO_LOWER | _NO_UPPER

_SPACE = b" \t\n\r\v\f"
_QUOTED = frozenset(b'"\\()[],' + _SPACE)


def decode_range(value: bytes, decode: Callable[[bytes], bytes]) -> bytes:
    """Decode a range."""
    text, end = _decode(value, 0, len(value), decode)
    if end != len(value):
        raise ValueError
    return text


def encode_range(text: bytes, encode: Callable[[bytes], bytes]) -> bytes:
    """Encode a range."""
    value, end = _encode(text, 0, encode)
    if end != len(text):
        raise ValueError
    return value


def decode_multirange(value: bytes, decode: Callable[[bytes], bytes]) -> bytes:
    """Decode a multirange."""
    (count,) = _INT.unpack_from(value)
    if not 0 <= count * 5 <= len(value):
        raise ValueError
    at = 4
    spelt: list[bytes] = []
    for _ in range(count):
        size, at = _size(value, at)
        text, at = _decode(value, at, at + size, decode)
        spelt.append(text)
    if at != len(value):
        raise ValueError
    return b"{%s}" % b",".join(spelt)


def encode_multirange(text: bytes, encode: Callable[[bytes], bytes]) -> bytes:
    """Encode a multirange."""
    if text[:1] != b"{" or text[-1:] != b"}":
        raise ValueError
    ranges: list[bytes] = []
    at, end = 1, len(text) - 1
    while at < end:
        if ranges:
            if text[at : at + 1] != b",":
                raise ValueError
            at += 1
        value, at = _encode(text, at, encode)
        ranges.append(_INT.pack(len(value)) + value)
    if at != end:
        raise ValueError
    return _INT.pack(len(ranges)) + b"".join(ranges)


def _size(value: bytes, at: int) -> tuple[int, int]:
    (size,) = _INT.unpack_from(value, at)
    if not 0 <= size <= len(value) - at - 4:
        raise ValueError
    return size, at + 4


def _decode(value: bytes, at: int, end: int, decode: Callable[[bytes], bytes]) -> tuple[bytes, int]:
    flags = value[at]
    at += 1
    if flags & ~_FLAGS:
        raise ValueError
    if flags & _EMPTY:
        if flags != _EMPTY or at != end:
            raise ValueError
        return b"empty", at
    bounds: list[bytes] = []
    for missing in (_NO_LOWER, _NO_UPPER):
        if flags & missing:
            bounds.append(b"")
            continue
        size, at = _size(value, at)
        bounds.append(_spell(decode(value[at : at + size])))
        at += size
    if at != end or (flags & _NO_LOWER and flags & _LOWER_IN) or (flags & _NO_UPPER and flags & _UPPER_IN):
        raise ValueError
    left = b"[" if flags & _LOWER_IN else b"("
    right = b"]" if flags & _UPPER_IN else b")"
    return left + bounds[0] + b"," + bounds[1] + right, at


def _spell(text: bytes) -> bytes:
    if text and _QUOTED.isdisjoint(text):
        return text
    return b'"%s"' % text.replace(b"\\", b"\\\\").replace(b'"', b'""')


def _encode(text: bytes, at: int, encode: Callable[[bytes], bytes]) -> tuple[bytes, int]:
    """Encode the range that begins at a place; give where it ends."""
    if text[at : at + 5] == b"empty":
        return bytes((_EMPTY,)), at + 5
    opening = text[at : at + 1]
    if opening not in (b"[", b"("):
        raise ValueError
    lower, at = _read_bound(text, at + 1)
    if text[at : at + 1] != b",":
        raise ValueError
    upper, at = _read_bound(text, at + 1)
    closing = text[at : at + 1]
    if closing not in (b"]", b")"):
        raise ValueError
    flags = _NO_LOWER if lower is None else _LOWER_IN if opening == b"[" else 0
    flags |= _NO_UPPER if upper is None else _UPPER_IN if closing == b"]" else 0
    cells = [_INT.pack(len(cell)) + cell for cell in (encode(one) for one in (lower, upper) if one is not None)]
    return bytes((flags,)) + b"".join(cells), at + 1


def _read_bound(text: bytes, at: int) -> tuple[bytes | None, int]:
    """Read a bound up to what ends it; None where there is none."""
    start = at
    read = bytearray()
    quoted = False
    while at < len(text) and (quoted or text[at] not in b",)]"):
        byte = text[at]
        at += 1
        if byte == 0x5C:
            if at == len(text):
                raise ValueError
            read.append(text[at])
            at += 1
        elif byte != 0x22:
            if not quoted and byte in b"([":
                raise ValueError
            read.append(byte)
        elif quoted and text[at : at + 1] == b'"':
            read.append(byte)
            at += 1
        else:
            quoted = not quoted
    if quoted:
        raise ValueError
    return bytes(read) if at > start else None, at
