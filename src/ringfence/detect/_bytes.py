"""Small questions about bytes that hold UTF-8, possibly broken: what stands beside a position, and where its line begins.

The rule: broken bytes are no letters, and nothing here raises. Letters of scripts that are written without blanks between words
(Chinese, Japanese, Thai) make no word with what stands beside them.
"""

import unicodedata

BREAKS = (b"\n", b"\x1e")
"""No pattern matches across these, and no context reaches across them: the line feed, and what joins fields."""

_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
_NO_DIGITS = bytes(byte for byte in range(256) if byte not in _DIGITS)
_HIGH = 0x80
_CHARACTER = 4  # bytes in the longest UTF-8 sequence


def is_word_before(data: bytes, at: int) -> bool:
    """Tell whether a letter or digit ends at a position."""
    if at == 0:
        return False
    byte = data[at - 1]
    if byte < _HIGH:
        return byte in _ALNUM
    start = at - 1
    while start > max(0, at - _CHARACTER) and data[start] & 0xC0 == _HIGH:
        start -= 1
    # A letter with what goes on no character behind it ("b\xad") is not that letter: nobody reads the two as one.
    return data[start] >= _HIGH and _is_word(data[start:at])


def is_word_after(data: bytes, at: int) -> bool:
    """Tell whether a letter or digit begins at a position."""
    if at >= len(data):
        return False
    byte = data[at]
    if byte < _HIGH:
        return byte in _ALNUM
    end = at + 1
    while end < min(len(data), at + _CHARACTER) and data[end] & 0xC0 == _HIGH:
        end += 1
    return _is_word(data[at:end])


def _is_word(character: bytes) -> bool:
    text = character.decode(errors="ignore")
    return len(text) == 1 and text.isalnum() and unicodedata.category(text) != "Lo"


def is_digit(data: bytes, at: int) -> bool:
    """Tell whether a digit stands at a position, which may lie outside."""
    return 0 <= at < len(data) and data[at] in _DIGITS


def line_start(data: bytes, at: int, within: int) -> int:
    """Give where the line of a position begins, or `within` bytes before it where that is nearer."""
    return line_of(data, at, max(0, at - within))


def line_of(data: bytes, at: int, floor: int) -> int:
    """Give where an position's line begins, or `floor`."""
    low = max(floor, data.rfind(b"\n", floor, at) + 1)
    return max(low, data.rfind(b"\x1e", low, at) + 1)


def line_end(data: bytes, at: int, within: int) -> int:
    """Give where the line of a position ends, or `within` bytes behind it where that is nearer."""
    ceiling = min(len(data), at + within)
    ends = [end for mark in BREAKS if (end := data.find(mark, at, ceiling)) >= 0]
    return min(ends, default=ceiling)


def digits_of(data: bytes) -> str:
    """Give the ASCII digits in a stretch of bytes."""
    return data.translate(None, _NO_DIGITS).decode("ascii")
