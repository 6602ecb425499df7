r"""What a JSON scalar may look like, by RFC 8259: numbers, literals, strings, and how a string is written.

The rule: this file knows single tokens, not documents. It is strict, for what readers disagree about is where data hides:
no leading zeros, no NaN, no control characters, UTF-8 only. A lone surrogate (``\ud800``) is allowed by the grammar although
it is no character; it reads as U+FFFD, which is what most readers make of it.
"""

from array import array
from itertools import repeat
from json import JSONDecodeError, JSONDecoder, dumps

from ringfence.carriers.model import Fault, Undecodable
from ringfence.transform.types import ValueType

BACKSLASH = 0x5C
CONTROLS = bytes(range(0x20))
SCALAR_BYTES = b"+-.0123456789Eaeflnrstu"  # what numbers and literals are made of
SPACES = b" \t\n\r"

_INTEGER, _NUMBER = ValueType.INTEGER, ValueType.NUMBER  # not looked up in their Enum for each token
_STRINGS = JSONDecoder(strict=True)
_LITERALS = {b"true": ValueType.BOOLEAN, b"false": ValueType.BOOLEAN, b"null": ValueType.NULL}


def scalar_type(text: bytes) -> ValueType | None:
    """Say what a bare token is; None where it is neither number nor literal."""
    body = text[1:] if text[:1] == b"-" else text
    if body.isdigit():
        return _INTEGER if body[0] != 0x30 or len(body) == 1 else None
    return _LITERALS.get(text) or (_NUMBER if _is_number(body) else None)


def _is_number(body: bytes) -> bool:
    """Whether this is a number with a fraction or an exponent, its sign taken off."""
    mantissa, e, exponent = body.replace(b"E", b"e").partition(b"e")
    whole, dot, fraction = mantissa.partition(b".")
    return (
        whole.isdigit()
        and (whole[0] != 0x30 or len(whole) == 1)
        and (fraction.isdigit() if dot else True)
        and ((exponent[1:] if exponent[:1] in (b"+", b"-") else exponent).isdigit() if e else True)
    )


def is_plain(content: bytes) -> bool:
    """Whether a string's content is its own value and certainly right: printable ASCII without escapes. May say no too often."""
    return content.isascii() and BACKSLASH not in content and content.decode("ascii").isprintable()


def join_strings(pieces: list[bytes]) -> list[bytes]:
    r"""Join the pieces of a document, split at its quotes, that an escaped quote split: one behind an odd number of backslashes.

    What is left at the end is a string that has not ended.

    >>> join_strings(rb'["a\"b", "c'.split(b'"'))
    [b'[', b'a\\"b', b', ', b'c']
    """
    joined: list[bytes] = []
    parts: list[bytes] = []
    for piece in pieces:
        parts.append(piece)
        if len(joined) % 2 and (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            continue
        joined.append(piece if len(parts) == 1 else b'"'.join(parts))
        parts = []
    if parts:
        joined.append(b'"'.join(parts))
    return joined


def closing_quote(buffer: bytes | bytearray, segment: int, searched: int) -> tuple[int, int]:
    r"""Find the quote that ends a string: (its index or -1, where the last escaped quote before it ends).

    `segment` is where the string, or what follows its last escaped quote, begins; `searched` is how far the buffer is known to
    hold no further quote. Each byte is looked at a fixed number of times, also in ``\"\"\"…`` and when called again with more
    of the string.
    """
    end = buffer.find(b'"', searched)
    while end >= 0:
        before = buffer[segment:end]
        if (len(before) - len(before.rstrip(b"\\"))) % 2 == 0:
            return end, segment
        segment = end + 1
        end = buffer.find(b'"', segment)
    return -1, segment


def decode(content: bytes, at: int) -> bytes:
    """Give a string's value in UTF-8, or raise `Undecodable`; `at` is where the content stands in the payload."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Undecodable(Fault.ENCODING, "not UTF-8", at + error.start) from None
    if BACKSLASH not in content:
        if len(content.translate(None, CONTROLS)) != len(content):
            first = next(index for index, byte in enumerate(content) if byte < 0x20)
            raise Undecodable(Fault.MALFORMED, "a control character in a string", at + first)
        return content
    try:
        value: str = _STRINGS.decode(f'"{text}"')
    except JSONDecodeError as error:
        where = at + len(text[: max(error.pos - 1, 0)].encode("utf-8"))
        raise Undecodable(Fault.MALFORMED, "a wrong escape or a control character in a string", where) from None
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def offsets(content: bytes, start: int) -> "array[int]":
    """Map each byte of `decode(content)`, and its end, to the offset of what it came from; `start` is the content's own offset.

    All bytes of an escaped character map to the start of its escape. Four bytes for each byte of value: made only when asked for.
    """
    mapped = array("I")
    at = 0
    while (slash := content.find(b"\\", at)) >= 0:
        mapped.extend(range(start + at, start + slash))
        raw, decoded = _escape_lengths(content, slash)
        mapped.extend(repeat(start + slash, decoded))
        at = slash + raw
    mapped.extend(range(start + at, start + len(content) + 1))
    return mapped


def _escape_lengths(content: bytes, slash: int) -> tuple[int, int]:
    """Give the bytes of an escape and of the character that it stands for."""
    if content[slash + 1] != 0x75:
        return 2, 1
    unit = int(content[slash + 2 : slash + 6], 16)
    if 0xD800 <= unit < 0xDC00 and content[slash + 6 : slash + 8] == b"\\u":
        low = int(content[slash + 8 : slash + 12], 16)
        if 0xDC00 <= low < 0xE000:
            return 12, 4
    return 6, 1 if unit < 0x80 else 2 if unit < 0x800 else 3


def escape(text: str) -> bytes:
    """Write text as the content of a JSON string, without the quotes."""
    return dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "replace")


def escape_ascii(text: str) -> str:
    """Write text as the content of a JSON string, in ASCII alone."""
    return dumps(text)[1:-1]
