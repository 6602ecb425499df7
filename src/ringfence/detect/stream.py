"""A text in pieces, in bounded memory, with the findings that the whole text would give.

The rule: where a text is cut for scanning depends on its content alone, never on the pieces in which it came; and `Detector.find`
of a large text is this very stream, fed once. Two kinds of cut are made:

- After a line break (a line feed or U+001E). No pattern and no context reaches across one, so lines can be scanned in any
  company, and it does not matter how many at once. Two exceptions are kept together: the lines of a private key, and lines that
  are one (`_joints`): of base64 or quoted-printable, or with a number that was broken between two of them. Only few
  lines look as if they might go on: those are held until the next line has come, too.
- Where no such cut lies within `BLOCK` bytes (a long line, or a key behind one), after `BLOCK` bytes. The block is scanned with
  `MARGIN` bytes on either side, which is longer than any match with its context, and gives what begins in it. This cut waits
  until all of those bytes are there, so that it too is the same however they came.

`safe` says how far the output may be released: every finding that begins before it has been given, and none of those given
reaches beyond it. It stands at a block's end, or between two lines that are not one. Between calls at most `BLOCK` + 2 * `MARGIN`
bytes are held.
"""

from collections.abc import Callable

from ringfence.detect._bytes import BREAKS
from ringfence.detect._joints import SIGHT, is_known, joint, last_border, may_join
from ringfence.detect._keys import KEY_MOST, KEY_START, key_end
from ringfence.detect._overlap import Candidate
from ringfence.detect.finding import Finding

BLOCK = 65_536
MARGIN = KEY_MOST + 1024

Scan = Callable[[bytes], list[Candidate]]
"""All that is found in a buffer, in order."""

Tell = Callable[[Candidate, int], Finding]
"""A candidate as a finding, moved by so many bytes."""


class Stream:
    """One text, fed piece by piece. Offsets are in bytes from its beginning."""

    def __init__(self, scan: Scan, tell: Tell) -> None:
        self._scan = scan
        self._tell = tell
        self._pieces: list[bytes] = []  # what has come since the buffer was last joined
        self._waiting = 0  # bytes in them
        self._breaks = False  # whether a line ends in them
        self._buffer = b""
        self._at = 0  # where in the buffer the unscanned part begins
        self._low = 0  # how far back a scan may see: to `_at`, or over the margin before a block
        self._base = 0  # the buffer's offset in the text
        self._ended = False

    @property
    def safe(self) -> int:
        """The offset up to which all is known: the bytes before it may be released."""
        return self._base + self._at

    @property
    def held(self) -> int:
        """How many bytes are kept."""
        return len(self._buffer) + self._waiting

    def feed(self, piece: bytes) -> list[Finding]:
        """Take the next bytes; give the findings that became certain, in order."""
        if self._ended:
            raise ValueError("the stream has ended: begin another for another text")
        self._pieces.append(bytes(piece))
        self._waiting += len(piece)
        self._breaks = self._breaks or any(mark in piece for mark in BREAKS)
        if not self._breaks and len(self._buffer) - self._at + self._waiting < BLOCK + MARGIN:
            return []
        return self._advance(final=False)

    def end(self) -> list[Finding]:
        """Take the end of the text; give what was left. Ending twice gives nothing more."""
        if self._ended:
            return []
        self._ended = True
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> list[Finding]:
        self._buffer = b"".join((self._buffer, *self._pieces)) if self._buffer else b"".join(self._pieces)
        self._pieces, self._waiting, self._breaks = [], 0, False
        found: list[Finding] = []
        while self._at < len(self._buffer):
            cut = self._line_cut(final=final)
            if cut is None:
                break
            found.extend(self._take(cut, cut) if cut else self._take_block())
        self._buffer = self._buffer[self._low :]
        self._base += self._low
        self._at, self._low = self._at - self._low, 0
        return found

    def _line_cut(self, *, final: bool) -> int | None:
        """Give the next cut that lies behind a line or at the end of the text; 0: a block is to be cut; None: wait."""
        buffer, at = self._buffer, self._at
        left = len(buffer) - at
        if final and left <= BLOCK:
            return len(buffer)
        cut = 1 + max(buffer.rfind(mark, at, at + BLOCK) for mark in BREAKS)
        while cut > at:
            apart = self._apart(cut, final=final)
            cut = self._before_key(apart) if apart > at else at
            if cut == apart > at:
                return cut
        return 0 if final or left >= BLOCK + MARGIN else None

    def _apart(self, cut: int, *, final: bool) -> int:
        """Give a cut again, or, where it would divide lines that are one or might be, the last one before that does not.

        Behind a block, that is told by what the next scan sees, and nothing before it: both must part lines alike.
        """
        shift = self._low if self._low < self._at else 0
        seen = self._buffer[shift : cut + SIGHT] if shift else self._buffer
        last = cut - 1 - shift
        if not may_join(seen, last) or (joint(seen, last) is None and (final or is_known(seen, last))):
            return cut
        return shift + last_border(seen, self._low - shift, last)

    def _before_key(self, cut: int) -> int:
        """Give a cut again, or, where it would divide a key, the beginning of the line in which that key begins.

        That beginning may itself lie in an earlier key, hence the loop. No key reaches over the next one's begin marker.
        """
        buffer, at = self._buffer, self._at
        if buffer.find(KEY_START, at, cut) < 0:
            return cut
        while (begin := buffer.rfind(KEY_START, at, cut)) >= 0:
            head = begin + len(KEY_START)
            mark = buffer.find(b"-----", head, head + _HEAD_MOST)
            key = key_end(buffer, mark + 5 if mark >= 0 else head)
            if key.end <= cut and not key.open:
                return cut
            cut = max(at, *(buffer.rfind(mark, at, begin) + 1 for mark in BREAKS))
        return cut

    def _take_block(self) -> list[Finding]:
        stop = self._at + BLOCK
        found = self._take(stop, stop + MARGIN)
        self._low = max(0, self._at - MARGIN)
        return found

    def _take(self, stop: int, sight: int) -> list[Finding]:
        """Scan as far as `sight` and give what begins before `stop`.

        A slice is scanned, not the buffer, since what else the buffer holds depends on how the pieces came.
        """
        low, shift = self._low, self._base + self._low
        floor, ceiling = self._base + self._at, self._base + stop
        window = self._buffer[low : min(sight, len(self._buffer))]
        found = [self._tell(one, shift) for one in self._scan(window) if floor <= one.start + shift < ceiling]
        # What reaches beyond a block is done with: the next one begins behind it.
        self._at = self._low = max(stop, found[-1].end - self._base if found else 0)
        return found


_HEAD_MOST = 96  # bytes of what a begin marker names
