"""Points and what is drawn with them, places of rows, and words of a search document, in binary and in PostgreSQL's text.

The rule: numbers are spelt by `floats`; a text is taken apart only at the marks that its type is spelt with, all of them, in their
order. What cannot be read raises `ValueError`. Sources: geo_ops.c, tid.c, pg_lsn.c and tsvector.c of PostgreSQL.
"""

from collections.abc import Callable, Iterator
from struct import Struct

from ringfence.wire.postgres.floats import decode_double, encode_double

Decode = Callable[[bytes], bytes]

_INT = Struct("!i")
_TID = Struct("!IH")
_WORD = Struct("!H")
_WEIGHTS = (b"", b"C", b"B", b"A")
_LONG_MASK = 0x3FFF  # of a word's place; above it stands its weight


def _numbers(value: bytes, count: int) -> list[bytes]:
    if len(value) != count * 8:
        raise ValueError
    return [decode_double(value[at : at + 8]) for at in range(0, len(value), 8)]


def _points(value: bytes) -> list[bytes]:
    spelt = _numbers(value, len(value) // 16 * 2)
    return [b"(%s,%s)" % (x, y) for x, y in zip(spelt[::2], spelt[1::2], strict=True)]


def drawn(pattern: str) -> tuple[Decode, Decode]:
    """Give how values of a fixed number of numbers are decoded and encoded; `pattern` has a ``#`` for each: ``(#,#)``."""
    marks = [mark.encode() for mark in pattern.split("#")]

    def decode(value: bytes) -> bytes:
        spelt = _numbers(value, len(marks) - 1)
        return marks[0] + b"".join(number + mark for number, mark in zip(spelt, marks[1:], strict=True))

    def encode(text: bytes) -> bytes:
        return b"".join(map(encode_double, _between(text, marks)))

    return decode, encode


def _between(text: bytes, marks: list[bytes]) -> Iterator[bytes]:
    """Give what stands between marks that follow one another."""
    if not text.startswith(marks[0]) or not text.endswith(marks[-1]):
        raise ValueError
    at = len(marks[0])
    for mark in marks[1:]:
        end = text.index(mark, at)
        yield text[at:end]
        at = end + len(mark)
    if at != len(text):
        raise ValueError


def decode_path(value: bytes) -> bytes:
    """Decode a path: closed in round brackets, open in square ones."""
    if value[:1] not in (b"\0", b"\1"):
        raise ValueError
    spelt = b",".join(_counted(value[1:]))
    return b"(%s)" % spelt if value[0] else b"[%s]" % spelt


def encode_path(text: bytes) -> bytes:
    """Encode a path."""
    if text[:1] == b"[":
        return b"\0" + _encode_points(text, b"[", b"]")
    return b"\1" + _encode_points(text, b"(", b")")


def decode_polygon(value: bytes) -> bytes:
    """Decode a polygon."""
    return b"(%s)" % b",".join(_counted(value))


def encode_polygon(text: bytes) -> bytes:
    """Encode a polygon."""
    return _encode_points(text, b"(", b")")


def _counted(value: bytes) -> list[bytes]:
    (count,) = _INT.unpack_from(value)
    if count < 1 or count * 16 != len(value) - 4:
        raise ValueError
    return _points(value[4:])


def _encode_points(text: bytes, opening: bytes, closing: bytes) -> bytes:
    if text[:2] != opening + b"(" or text[-2:] != b")" + closing:
        raise ValueError
    points = text[2:-2].split(b"),(")
    numbers = [_pair(point) for point in points]
    return _INT.pack(len(points)) + b"".join(encode_double(x) + encode_double(y) for x, y in numbers)


def _pair(point: bytes) -> tuple[bytes, bytes]:
    x, comma, y = point.partition(b",")
    if not comma:
        raise ValueError
    return x, y


def decode_tid(value: bytes) -> bytes:
    """Decode a row's place."""
    return b"(%d,%d)" % _TID.unpack(value)


def encode_tid(text: bytes) -> bytes:
    """Encode a row's place."""
    block, place = _between(text, [b"(", b",", b")"])
    if not (block.isdigit() and place.isdigit()):
        raise ValueError
    return _TID.pack(int(block), int(place))


def decode_lsn(value: bytes) -> bytes:
    """Decode a place in the log."""
    if len(value) != 8:
        raise ValueError
    return b"%X/%X" % (int.from_bytes(value[:4]), int.from_bytes(value[4:]))


def encode_lsn(text: bytes) -> bytes:
    """Encode a place in the log."""
    high, slash, low = text.partition(b"/")
    if not slash or not (high.isalnum() and low.isalnum()):
        raise ValueError
    return int(high, 16).to_bytes(4) + int(low, 16).to_bytes(4)


def decode_words(value: bytes) -> bytes:
    """Decode a search document: its words, in quotes, and where each stands."""
    (count,) = _INT.unpack_from(value)
    if not 0 <= count * 3 <= len(value):
        raise ValueError
    at = 4
    spelt: list[bytes] = []
    for _ in range(count):
        end = value.index(b"\0", at)
        word = value[at:end].replace(b"\\", b"\\\\").replace(b"'", b"''")
        (places,) = _WORD.unpack_from(value, end + 1)
        at = end + 3 + 2 * places
        found = [_WORD.unpack_from(value, place)[0] for place in range(end + 3, at, 2)]
        shown = b",".join(b"%d%s" % (place & _LONG_MASK, _WEIGHTS[place >> 14]) for place in found)
        spelt.append(b"'%s'" % word + (b":" + shown if found else b""))
    if at != len(value):
        raise ValueError
    return b" ".join(spelt)


def encode_words(text: bytes) -> bytes:  # noqa: ARG001 (one signature for all codecs)
    """Refuse: a changed document's words would have to be found anew, by the server."""
    raise ValueError
