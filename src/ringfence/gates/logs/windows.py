"""Cutting a stream of lines into windows: what one crossing of the log gate takes.

The rule: a window ends at the end of a line, and never inside a stack trace or a PEM block, so that nothing is judged in halves;
but it never grows beyond `MOST` bytes. No I/O and no clock: the gate says when it is idle.
"""

from ringfence.carriers import continues

FULL = 64 * 1024  # bytes: a window that has reached this is given
MOST = 1024 * 1024  # bytes: the longest line, and the longest trace with what precedes it (law 7)


class Windows:
    """Collects bytes, gives windows."""

    __slots__ = ("_held", "_lines_end")

    def __init__(self) -> None:
        self._held = bytearray()
        self._lines_end = 0  # the end of the last whole line in `_held`

    def feed(self, piece: bytes) -> list[bytes]:
        """Take bytes and give the windows that are full."""
        before = len(self._held)
        self._held += piece
        end = self._held.rfind(b"\n", before)
        if end >= 0:
            self._lines_end = end + 1
        full: list[bytes] = []
        while self._lines_end >= FULL or len(self._held) > MOST:
            full.append(self._cut(self._boundary()))
        return full

    @property
    def in_trace(self) -> bool:
        """Whether the last whole line belongs to something that more lines may continue."""
        start = self._held.rfind(b"\n", 0, max(self._lines_end - 1, 0)) + 1
        return self._lines_end > 0 and continues(bytes(self._held[start : self._lines_end]))

    @property
    def ready(self) -> bool:
        """Whether there is a whole line to give."""
        return self._lines_end > 0

    def flush(self) -> bytes:
        """Give all whole lines."""
        return self._cut(self._lines_end)

    def end(self) -> bytes:
        """Give everything: the stream has ended."""
        return self._cut(len(self._held))

    def _boundary(self) -> int:
        """Find where to cut: before the last line that begins something of its own, as late as `MOST` allows."""
        end = self._lines_end
        if end == 0:
            return len(self._held)  # one line beyond every bound: the carrier refuses it
        at = end
        while at > FULL // 2:
            start = self._held.rfind(b"\n", 0, at - 1) + 1
            if not continues(bytes(self._held[start:at])):
                return at if at == end else start
            at = start
        return end

    def _cut(self, end: int) -> bytes:
        window = bytes(self._held[:end])
        del self._held[:end]
        self._lines_end = max(0, self._lines_end - end)
        return window
