r"""Views of a buffer in which what is no part of a value is blank: escapes as they are written, and what is found already.

The rule: a view has the length of what it is a view of, so offsets mean the same in both. What is blank is U+001F: no letter, no
digit, nothing that joins two values, and in no pattern. In ``\n4111 1111 1111 1111``, in ``%22DE89...`` or behind a terminal's
colour the last letter of the escape would otherwise pass for the beginning of a longer word, and hide the value in it.
"""

from collections.abc import Iterable, Sequence

from ringfence.detect._bytes import is_word_after, is_word_before, line_end, line_start
from ringfence.detect._engine import prefix, searcher

BLANK = b"\x1f"
FEWEST = 6  # bytes of the shortest value that is looked for beside another
_JOINS = frozenset(b"-.:/_+~#")
"""What keeps a check from taking a value: with it, the value beside may be a part of something longer."""
_SIGHT = 256  # bytes on either side
_PORT = prefix(r":[0-9]{1,5}[\x00-\x20/,;\"'\])}>|]")  # the commonest mark by far, with nothing behind it
_PORT_MOST = 7

_DELIMITER = r"(?:[01][0-9A-Fa-f]|2[0-46-9AaCcFf]|3[A-Fa-f]|5[B-Eb-e]|60|7[B-Db-d])"
"""Two hexadecimal digits of an ASCII character that parts words: no letter or digit, and none of ``@ % + - . _ ~``."""

_BEHIND = "[0-9A-Za-z+(:%]"
_COLOUR = r"\[[0-9;]{0,12}[A-Za-z]"
_WRITTEN = (
    (b"\x1b", searcher(r"\x1b" + _COLOUR + _BEHIND)),
    (
        b"\\",
        searcher(
            r"\\(?:\\*(?:e|x1[Bb]|u001[Bb]|033)"
            + _COLOUR
            + r"|\\*(?:u00"
            + _DELIMITER
            + r"|x"
            + _DELIMITER
            + r"|0[0-7]{2}|[abefnrtv0]))"
            + _BEHIND
        ),
    ),
    (b"%", searcher("%(?:25)?" + _DELIMITER + _BEHIND)),
)
"""Written escapes by the sign that they begin with: RE2 leaps from one such sign to the next. None holds another one's."""


def without_escapes(data: bytes) -> bytes:
    """Blank the written escapes of characters that part words, where a value may follow; give the buffer itself where none does."""
    view: bytearray | None = None
    for sign, search in _WRITTEN:
        at = data.find(sign)
        while at >= 0:
            low, high = search(data, at, len(data))
            if low < 0:
                break
            view = bytearray(data) if view is None else view
            view[low : high - 1] = BLANK * (high - 1 - low)
            at = high - 1
    return data if view is None else bytes(view)


def without(data: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """Blank spans."""
    view = bytearray(data)
    for start, end in spans:
        view[start:end] = BLANK * (end - start)
    return bytes(view)


def beside(data: bytes, spans: Sequence[tuple[int, int]], parted: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give the stretches, ordered and apart, in which something found may have hidden its neighbour.

    That is where a mark joins the two, and where a pattern matched more than was found in it.
    """
    stretches = [
        *((line_start(data, begin, _SIGHT), line_end(data, end, _SIGHT)) for begin, end in parted),
        *((line_start(data, start, _SIGHT), start) for start, _ in spans if _is_joined_before(data, start)),
        *((end, line_end(data, end, _SIGHT)) for _, end in spans if _is_joined_after(data, end)),
    ]
    stretches.sort()
    apart: list[tuple[int, int]] = []
    for low, high in stretches:
        if apart and low <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(high, apart[-1][1]))
        elif low < high:
            apart.append((low, high))
    return apart


def _is_joined_before(data: bytes, start: int) -> bool:
    return start > 1 and data[start - 1] in _JOINS and is_word_before(data, start - 1)


def _is_joined_after(data: bytes, end: int) -> bool:
    if (
        end + FEWEST > len(data)
        or data[end] not in _JOINS
        or not (is_word_after(data, end + 1) or data[end + 1] in b"+(")
    ):
        return False
    return _PORT(data, end, min(len(data), end + _PORT_MOST)) < 0
