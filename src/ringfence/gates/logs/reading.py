"""Reading a file descriptor into windows, and noticing when it is idle.

The event loop must be one that can poll regular files as well as pipes and terminals: see `ringfence.gates.loop`.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator

from ringfence.gates.logs.windows import Windows

PIECE = 256 * 1024  # bytes read at once
IDLE = 0.002  # seconds without input after which whole lines go at once
TRACE = 0.1  # seconds that the last line of a stack trace waits for the next
LONGEST = 1.0  # seconds that a whole line waits, however busy the stream


class Source:
    """A file descriptor that is read piece by piece until it ends or is stopped. Used by one task."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._stopped = False
        self._waiting: asyncio.Future[None] | None = None

    def stop(self) -> None:
        """Read no more: what has been read counts as everything. May be called from a signal's callback."""
        self._stopped = True
        self._wake()

    async def read(self, patience: float | None = None) -> bytes | None:
        """Read what is there; b"" at the end, None where nothing came within `patience` seconds."""
        came = self.stopped or await self._wait(patience)
        if self.stopped:
            return b""
        return self._take() if came else None

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be read."""
        return self._stopped

    async def _wait(self, patience: float | None) -> bool:
        """Wait until there is something to read, or `stop` was called; say whether it came in time."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        loop.add_reader(self._descriptor, self._wake)
        try:
            async with asyncio.timeout(patience):
                await self._waiting
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._descriptor)
            self._waiting = None
        return True

    def _take(self) -> bytes:
        try:
            return os.read(self._descriptor, PIECE)
        except OSError as error:
            if error.errno == errno.EIO:
                return b""  # Linux's way to say that the last writer of a pseudo-terminal has closed it
            error.filename = "standard input" if self._descriptor == 0 else None
            raise

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


async def read_windows(source: Source) -> AsyncIterator[bytes]:
    """Give the windows of a stream, to its end.

    A window is given when it is full, when nothing has come for `IDLE` (`TRACE` inside a stack trace), and at the latest
    `LONGEST` after its first line.
    """
    windows = Windows()
    clock = asyncio.get_running_loop().time
    due = 0.0  # when the whole lines now held must go; 0 while there are none
    while (piece := await source.read(_patience(windows, clock(), due))) != b"":
        for window in windows.feed(piece or b""):
            due = 0.0
            yield window
        if not (windows.ready or windows.in_trace):
            due = 0.0
            continue
        due = due or clock() + LONGEST
        if piece is not None and clock() < due:
            continue
        window = windows.flush() if windows.ready and clock() < due else windows.settle()
        due = due if windows.in_trace else 0.0
        if window:
            yield window
    for window in windows.end():
        yield window


def _patience(windows: Windows, time: float, due: float) -> float | None:
    """Say how long to wait for more before giving what is held; None: for ever."""
    if not (windows.ready or windows.in_trace):
        return None
    return max(0.0, min(IDLE if windows.ready else TRACE, due - time))
