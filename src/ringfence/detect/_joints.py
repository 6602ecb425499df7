r"""Lines that are one: where a line goes on behind its end, and how far that reaches.

The rule: whether a line feed joins two lines is told by `SIGHT` bytes on either side of it, and by nothing else. Three kinds do:

- A line that ends in ``=``, as quoted-printable breaks lines.
- A line that ends in 56 signs of base64 or hexadecimal, before one that begins with more of them.
- A number of three groups or more, broken between two of them, behind words: without these it is a row of a table. What is found
  over such a joint needs a check digit.

Lines that are joined make a group. Once a group is longer than `MOST_JOINED` bytes, the next line feed ends it, whatever stands
there. A text may be cut between groups and nowhere else: what is found in a group depends on that group alone.
"""

from dataclasses import dataclass

from ringfence.detect._bytes import BREAKS, line_of
from ringfence.detect._engine import prefix, searcher

SIGHT = 128
MOST_JOINED = 16_384
_WRAPPED = 56  # base64 is wrapped at 60, 64 or 76 signs, and `xxd -p` writes 60
_QUOTED_LEAST = 58  # bytes of a quoted-printable line that is broken beside a blank: nobody breaks a shorter one
_GROUPS = range(3, 10)  # of a number: where there are more, it is a table

_DIGITS = 8  # of a number, at least

_LF, _BLANK, _EQUALS = b"\n ="
_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_CODE = frozenset(_SIGNS)
_NUMBER = frozenset(b"0123456789-")
_SEEN = frozenset(range(0x21, 0x7F))
_BEGINS_CODE = prefix(r"(?:[0-9A-Za-z+/_-]{56}|[0-9A-Za-z+/_-]{1,56}={0,2}(?:\z|[^0-9A-Za-z+/_=.:-]))")
_LINES_OF_CODE = prefix(r"(?:[0-9A-Za-z+/_-]{55,}[0-9A-Za-z+/]\r?\n)*")
_STEPS, _NEAR = 16, 2048  # lines, bytes
_REMEMBERED = 16_384  # breaks
_WRITTEN = searcher(r"[0-9A-Za-z+/_-]{56}(?:\\+r)?\\+n[0-9A-Za-z+/_-]{2}")
_ENDS_NUMBER = searcher(
    r"(?:^|[^0-9A-Za-z.,:/_-])(?:"
    r"[A-Z]{2}[0-9]{2}(?: [A-Z]{4})?(?: [0-9]{4}){0,8}|[0-9]{4}-?|[0-9]{1,8}(?:[ .-][0-9]{1,8}){1,8}-?"
    r")\z"
)
_BEGINS_NUMBER = prefix(
    r"[ \t]{0,8}[0-9]{1,8}(?:[ .-][0-9]{1,8}){0,8}(?:[^0-9A-Za-z.,:/_-]|[.,-](?:[^0-9A-Za-z]|\z)|\z)"
)
_NO_NUMBER = prefix(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|(?:[0-9]{1,3}\.){3}|[0-9]{2}[.-][0-9]{2}[.-][0-9]{4}")
_HOLDS_WORD = searcher(r"[A-Za-z\x80-\xff]{2}")
_BREAK = searcher(r"[\n\x1e]")

TRIGGER = (
    r"[ !-<>-~]=\r?\n[ -~]"
    r"|[0-9]-?\r?\n[ \t]{0,8}(?:[0-9]{1,8}(?:[^0-9A-Za-z.,:/-]|\z)|[0-9]{3,4}-[0-9]{3,4})"
)
"""What announces a joint that may hide a value which no other trigger announces."""


@dataclass(frozen=True, slots=True)
class Joint:
    """A line feed that joins: begin and end of what stands between the two parts, and what to read instead."""

    start: int
    end: int
    instead: bytes
    is_number: bool


def joint(data: bytes, at: int) -> Joint | None:
    """Give the joint that a break is; None where it ends its line."""
    if not may_join(data, at):
        return None
    end = _end(data, at)
    after, is_whole = _after(data, at)
    if not after:
        return None
    if data[end - 1] == _EQUALS:
        is_soft = after[0] in _SEEN or (after[0] == _BLANK and _is_long(data, end))
        return Joint(end - 1, at + 1, b"", is_number=False) if is_soft else None
    begin = at + 1 + len(after) - len(after.lstrip(b" \t"))
    if _ends_code(data, end):
        code = after.lstrip(b" \t")
        goes_on = _BEGINS_CODE(code, 0, len(code)) >= 0
        return Joint(end, begin, b"", is_number=False) if goes_on else None
    instead = _in_number(_number_before(data, end), after, is_whole=is_whole)
    return None if instead is None else Joint(end, begin, instead, is_number=True)


def may_join(data: bytes, at: int) -> bool:
    """Tell whether a break may be a joint, as far as what stands before it says."""
    if data[at] != _LF:
        return False
    end = _end(data, at)
    last = data[end - 1] if end else 0
    if last == _EQUALS and end > 1:
        sign = data[end - 2]
        return (sign in _SEEN and sign != _EQUALS) or (sign == _BLANK and _is_long(data, end))
    if last not in _CODE:
        return False
    return _ends_code(data, end) or (last in _NUMBER and bool(_number_before(data, end)))


def is_known(data: bytes, at: int) -> bool:
    """Tell whether enough has come behind a break to say what it is."""
    return len(data) - at > SIGHT or any(data.find(mark, at + 1) >= 0 for mark in BREAKS)


def _end(data: bytes, at: int) -> int:
    """Give where a line ends whose line feed stands there."""
    return at - (data[at - 1 : at] == b"\r")


def _is_long(data: bytes, end: int) -> bool:
    """Tell whether a line is as long as those that quoted-printable breaks."""
    return end >= _QUOTED_LEAST and not any(mark in data[end - _QUOTED_LEAST : end] for mark in BREAKS)


def _after(data: bytes, at: int) -> tuple[bytes, bool]:
    """Give what follows a break, and whether its line ends there."""
    after = data[at + 1 : at + 1 + SIGHT]
    for mark in BREAKS:
        after = after.partition(mark)[0]
    return after, len(after) < SIGHT


def _ends_code(data: bytes, end: int) -> bool:
    """Tell whether a line ends in a code; a ruler of hyphens is none."""
    tail = data[end - _WRAPPED : end] if end >= _WRAPPED else b""
    return tail[-1:] not in (b"", b"-", b"_") and _CODE.issuperset(tail[::9]) and not tail.translate(None, _SIGNS)


def _number_before(data: bytes, end: int) -> bytes:
    """Give the groups of digits in which a line of text ends; nothing where they are a date, an address, or a table's row."""
    before = data[max(0, end - SIGHT) : end]
    low, _ = _ENDS_NUMBER(before, 0, len(before))
    groups = before[low:] if low >= 0 else b""
    groups = groups[1:] if groups and not groups[:1].isalnum() else groups
    if not groups or _NO_NUMBER(groups, 0, len(groups)) >= 0:
        return b""
    line = line_of(before, len(before), 0)
    return groups if _HOLDS_WORD(before, line, len(before) - len(groups))[0] >= 0 else b""


def _in_number(before: bytes, after: bytes, *, is_whole: bool) -> bytes | None:
    """Give what stands between two groups of a number, instead of the break; None where no number goes on."""
    end = _BEGINS_NUMBER(after, 0, len(after))
    if not before or end < 0 or (end == len(after) and not is_whole):
        return None
    first, rest = before.rstrip(b"-"), after[:end].strip(b" \t").rstrip(b".,-;")
    if _NO_NUMBER(rest, 0, len(rest)) >= 0:
        return None
    marks = [mark for mark in first + rest if mark in b" .-"]
    if len(marks) + 2 not in _GROUPS or sum(map(len, (first, rest))) - len(marks) < _DIGITS:
        return None
    if before.endswith(b"-"):
        return b""
    return bytes(marks[:1]) if len(set(marks)) == 1 else b" "


def written_joints(data: bytes, begin: int, stop: int) -> list[Joint]:
    r"""Give the line ends that are written (``\n``, as in JSON) in base64 between two offsets of one line."""
    found: list[Joint] = []
    while b"\\" in data[begin:stop]:
        low, high = _WRITTEN(data, begin, stop)
        if low < 0:
            break
        found.append(Joint(low + _WRAPPED, high - 2, b"", is_number=False))
        begin = high - 2
    return found


def joints_in(data: bytes, begin: int, stop: int) -> list[Joint]:
    """Give the joints between two offsets of one group."""
    found: list[Joint] = []
    at = data.find(b"\n", begin, stop)
    while at >= 0:
        one = joint(data, at)
        found += [one] if one is not None else []
        at = data.find(b"\n", at + 1, stop)
    return found


class Groups:
    """The groups of a buffer, asked for in order: the work is linear in the buffer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._start = self._at = 0  # where a group begins, and a line of it
        self._next: dict[
            int, int
        ] = {}  # from a break at which a line goes on to the next break; -1 where it ends there

    def start(self, offset: int) -> int:
        """Give where the group of an offset begins; no offset is before the one asked for last."""
        if offset - self._at > _NEAR and (border := _near_border(self._data, self._at, offset)) > self._at:
            self._start = self._at = border
        self._start, self._at = _walk(self._data, self._start, self._at, offset)
        return self._start

    def end(self, at: int, most: int) -> int:
        """Give where the line ends that lies `most` bytes behind an offset of the group asked for last, or where that ends."""
        end = _break(self._data, at)
        while end < min(len(self._data), at + most, self._start + MOST_JOINED + 1) and (after := self._after(end)) >= 0:
            end = after
        return end

    def _after(self, end: int) -> int:
        """Give the break behind a joint. Remembered: short lines are asked for from each of the triggers before them."""
        after = self._next.get(end)
        if after is None:
            if len(self._next) >= _REMEMBERED:
                self._next.clear()
            after = self._next[end] = _break(self._data, end + 1) if joint(self._data, end) is not None else -1
        return after


def last_border(data: bytes, floor: int, at: int) -> int:
    """Give where the group of an offset begins; at `floor` one does."""
    border = max(floor, _near_border(data, floor, at))
    return _walk(data, border, border, at)[0]


def _break(data: bytes, at: int) -> int:
    found = _BREAK(data, at, len(data))[0]
    return found if found >= 0 else len(data)


def _goes_on(data: bytes, start: int, at: int) -> bool:
    """Tell whether the group that began at `start` goes on behind a break."""
    return at - start <= MOST_JOINED and joint(data, at) is not None


def _near_border(data: bytes, floor: int, at: int) -> int:
    """Give a border that lies a few lines before an offset, or -1."""
    for _ in range(_STEPS):
        line = line_of(data, at, floor)
        if line == floor:
            break
        if joint(data, line - 1) is None:
            return line
        at = line - 1
    return -1


def _walk(data: bytes, start: int, at: int, offset: int) -> tuple[int, int]:
    """Go from a line of the group that began at `start` to the line of an offset; give where its group, and it, begin.

    Of lines that are nothing but a code, all but the last go on in the next one: these are walked at once.
    """
    while True:
        last = _LINES_OF_CODE(data, at, offset) - 1
        if last > at:
            while (forced := data.find(b"\n", start + MOST_JOINED + 1, last)) >= 0:
                start = forced + 1
        end = _break(data, max(at, last))
        if end >= offset:
            return start, at if last <= at else line_of(data, offset, at)
        if not _goes_on(data, start, end):
            start = end + 1
        at = end + 1
