"""Lines of text, in stretches that may be released, cut where nothing belongs together.

The rule: a stretch is complete lines, up to 64 KiB of them. What belongs together is not cut: a PEM block, from BEGIN to END,
and a stack trace with the line that it belongs to. A group that has begun is held until it is over or has reached the bound:
then it is cut like any text. Outside of a group nothing is held but the unfinished line.
"""

from enum import Enum

import re2

from ringfence.carriers.model import Fault, Undecodable

STRETCH_BYTES = 64 * 1024
MAX_LINE = 1024 * 1024

_PEM_BEGIN = b"-----BEGIN "
_PEM_END = b"-----END "
_CONTINUES = (
    b" ",
    b"\t",
    b"Caused by:",
    b"Suppressed:",
    b"During handling of the above exception,",
    b"The above exception was",
)
_OPENS = (b"Exception in thread ", b"stack backtrace:", b"goroutine ")
_PYTHON_OPENS = b"Traceback (most recent call last)"
_REMARKABLE = bytes({start[0] for start in (*_CONTINUES, *_OPENS)})  # a first byte: three times as fast as all of them


def _marks() -> "re2._Regexp[bytes]":
    """Compile what any group needs somewhere: lines without it are not walked."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    starts = b"|".join(re2.escape(start) for start in (*_CONTINUES, *_OPENS))
    inside = b"|".join(re2.escape(mark) for mark in (_PEM_BEGIN, _PYTHON_OPENS))
    return re2.compile(b"(?:^|\\n)(?:" + starts + b")|" + inside, options)


_MARKS = _marks()


class _Within(Enum):
    """The group that the next line may belong to."""

    NOTHING = 0
    TRACE = 1
    PEM = 2


_NOTHING = _Within.NOTHING  # looking a member up in its Enum for each line would take a third of all time


class LineGroups:
    """Takes pieces, gives stretches. A line that begins with `alone` (if given) belongs to no group before it."""

    def __init__(self, max_line: int = MAX_LINE, alone: bytes = b"") -> None:
        self._max_line = max_line
        self._alone = alone
        self._line = bytearray()  # the unfinished line
        self._group = bytearray()  # the complete lines of a group that is not over
        self._within = _Within.NOTHING
        self._at = 0  # offset in the payload of what is held

    @property
    def held(self) -> int:
        """How many bytes have not been given yet."""
        return len(self._group) + len(self._line)

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes and give the stretches that are complete."""
        stretches: list[bytes] = []
        newline = piece.rfind(b"\n") + 1
        if newline:
            fresh = bytes(self._line) + piece[:newline]
            self._line.clear()
            stretches = self._stretches(fresh)
        self._line += piece[newline:]
        if len(self._line) > self._max_line:
            raise self._too_long(len(self._group))
        return stretches

    def settle(self) -> list[bytes]:
        """Give a stack trace that is held although more lines of it might come: for when nothing has come for a while."""
        if self._within is not _Within.TRACE:
            return []
        self._within = _Within.NOTHING
        return self._give_group()

    def end(self) -> list[bytes]:
        """Take the end of the text and give all that was held."""
        self._group += self._line
        self._line.clear()
        self._within = _Within.NOTHING
        return self._give_group()

    def _give_group(self) -> list[bytes]:
        group = bytes(self._group)
        self._group.clear()
        self._at += len(group)
        return [group] if group else []

    def _too_long(self, index: int) -> Undecodable:
        return Undecodable(Fault.TOO_LARGE, f"a line of more than {self._max_line} bytes", self._at + index)

    def _stretches(self, fresh: bytes) -> list[bytes]:
        """Walk fresh lines, which go on with the open group; give what may go and keep the group that is open then."""
        if (
            not self._group
            and self._within is _NOTHING
            and len(fresh) <= self._max_line
            and _MARKS.search(fresh) is None
        ):
            self._at += len(fresh)
            return _plain_stretches(fresh)
        stretches: list[bytes] = []
        text = self._group
        at = len(text)
        text += fresh
        start = group = 0  # where the present stretch and, in it, the present group begin
        remarkable = _PEM_BEGIN in fresh or _PYTHON_OPENS in fresh  # looked for once, not in each line: twice as fast
        while at < len(text):
            end = text.find(b"\n", at) + 1
            if end - 1 - at > self._max_line:
                raise self._too_long(at)
            plain = self._within is _NOTHING and not remarkable and text[at] not in _REMARKABLE
            if plain or not self._belongs(text, at, end):
                group = at
            if end - start > STRETCH_BYTES and at > start:
                if group == start:  # the bound is stronger than the group
                    group = at
                    self._within = _opened_by(text, at, end)
                stretches.append(bytes(text[start:group]))
                start = group
            at = end
        if self._within is _Within.NOTHING:
            group = at
        if group > start:
            stretches.append(bytes(text[start:group]))
        del text[:group]
        self._at += group
        return stretches

    def _belongs(self, text: bytearray, at: int, end: int) -> bool:
        """Whether a line belongs to the group before it; sets what the next line may belong to."""
        within = self._within
        if self._alone and text.startswith(self._alone, at):
            self._within = _Within.NOTHING
            return False
        if within is _Within.PEM:
            if text.find(_PEM_END, at, end) >= 0:
                self._within = _Within.NOTHING
            return True
        self._within = _opened_by(text, at, end)
        if text.startswith(_CONTINUES, at):
            return True
        # What ends a trace is its last line: Python says there what was wrong.
        return within is _Within.TRACE and self._within is _Within.NOTHING


def _plain_stretches(text: bytes) -> list[bytes]:
    """Cut lines that belong to no group where a stretch is full."""
    stretches: list[bytes] = []
    start = 0
    while len(text) - start > STRETCH_BYTES:
        end = text.rfind(b"\n", start, start + STRETCH_BYTES) + 1 or text.find(b"\n", start) + 1
        stretches.append(text[start:end])
        start = end
    if start < len(text):
        stretches.append(text[start:])
    return stretches


def _opened_by(text: bytearray, at: int, end: int) -> _Within:
    """Say which group a line opens or, indented, goes on with."""
    begin = text.find(_PEM_BEGIN, at, end)
    if begin >= 0 and text.find(b"-----", begin + len(_PEM_BEGIN), end) >= 0 and text.find(_PEM_END, begin, end) < 0:
        return _Within.PEM
    if text.startswith(_CONTINUES, at) or text.startswith(_OPENS, at) or text.find(_PYTHON_OPENS, at, end) >= 0:
        return _Within.TRACE
    return _Within.NOTHING
