"""Cutting a stream of lines into windows: what one crossing of the log gate takes.

The rule: a window is whole lines, and never ends inside a stack trace or a PEM block, so that nothing is judged in halves. A line
longer than `LONGEST_LINE` becomes a window of its own, which its crossing refuses, and the rest of it is dropped: what is held is
bounded (law 7), and half a line is never judged as if it were one. No I/O and no clock: the gate says when it is idle.
"""

from ringfence.carriers import LineGroups

FULL = 64 * 1024  # bytes: a window that has reached this is given
LONGEST_LINE = 1024 * 1024  # bytes: what a carrier of lines takes

_PIECE = 1024 * 1024  # bytes: how much of a line may come on top of `LONGEST_LINE` in one piece


class Windows:
    """Collects bytes, gives windows."""

    __slots__ = ("_dropping", "_groups", "_partial", "_ready", "_size", "_tried")

    def __init__(self) -> None:
        self._groups = LineGroups(max_line=LONGEST_LINE + 2 * _PIECE)
        self._ready: list[bytes] = []
        self._size = 0  # bytes in `_ready`
        self._partial = 0  # bytes of the unfinished line
        self._dropping = False  # the rest of a line that was too long
        self._tried = False  # what is held in a group is no trace: waiting does not settle it

    @property
    def ready(self) -> bool:
        """Whether whole lines can go."""
        return self._size > 0

    @property
    def in_trace(self) -> bool:
        """Whether whole lines are held because more may belong to them."""
        return self._groups.held > self._partial and not self._tried

    def feed(self, piece: bytes) -> list[bytes]:
        """Take bytes and give the windows that are full."""
        full: list[bytes] = []
        for start in range(0, len(piece), _PIECE):
            self._feed(piece[start : start + _PIECE], full)
        return full

    def _feed(self, piece: bytes, full: list[bytes]) -> None:
        if self._dropping:
            end = piece.find(b"\n") + 1
            if not end:
                return
            self._dropping = False
            piece = piece[end:]
        self._tried = False
        for stretch in self._groups.feed(piece):
            self._push(stretch, full)
        newline = piece.rfind(b"\n") + 1
        self._partial = len(piece) - newline + (0 if newline else self._partial)
        if self._partial > LONGEST_LINE:
            self._give_up_line(full)

    def _push(self, stretch: bytes, full: list[bytes]) -> None:
        if self._size and self._size + len(stretch) > FULL:
            full.append(self.flush())
        self._ready.append(stretch)
        self._size += len(stretch)
        if self._size >= FULL:
            full.append(self.flush())

    def _give_up_line(self, full: list[bytes]) -> None:
        if self._size:
            full.append(self.flush())
        full.extend(self._groups.end())
        self._partial = 0
        self._dropping = True

    def flush(self) -> bytes:
        """Give all lines that can go."""
        window = b"".join(self._ready)
        self._ready.clear()
        self._size = 0
        return window

    def settle(self) -> bytes:
        """Give those too that a trace held: nothing has come for a while."""
        settled = self._groups.settle()
        self._tried = not settled
        return self.flush() + b"".join(settled)

    def end(self) -> list[bytes]:
        """Give everything: the stream has ended."""
        last: list[bytes] = []
        for stretch in self._groups.end():
            self._push(stretch, last)
        if self._size:
            last.append(self.flush())
        self._partial = 0
        return last
