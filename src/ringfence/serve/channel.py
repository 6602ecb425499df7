"""The line between parent and worker: lines in, lines out, and news of its end.

The rule: it is also each side's watch over the other. The kernel closes it with the process that held it, however that ended; so
a worker whose parent was killed learns of it at once, and ends.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from ringfence.serve.messages import MOST_BYTES, NoMessage


class Channel(asyncio.Protocol):
    """One end of the line. `take` is called with each line that comes, `lost` once when the other side has gone."""

    def __init__(self, take: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self._take = take
        self._lost = lost
        self._held = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by type

    def connection_lost(self, _error: Exception | None) -> None:
        """The other side has gone."""
        self._transport = None
        self._lost()

    def data_received(self, piece: bytes) -> None:
        """A piece has come, cut anywhere."""
        self._held += piece
        if b"\n" not in piece:
            if len(self._held) > MOST_BYTES:
                self.close()
            return
        *lines, rest = bytes(self._held).split(b"\n")
        self._held = bytearray(rest)
        try:
            for line in lines:
                self._take(line)
        except NoMessage:
            self.close()

    def send(self, line: bytes) -> None:
        """Send a line. What is sent to a side that has gone is lost, as it would be a moment later."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(line)

    def close(self) -> None:
        """Close the line, once what was sent has gone out."""
        if self._transport is not None:
            self._transport.close()


async def connect(end: socket.socket, take: Callable[[bytes], None], lost: Callable[[], None]) -> Channel:
    """Open one end of a socket pair as a channel."""
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    _, channel = await loop.create_unix_connection(lambda: Channel(take, lost), sock=end)
    return channel
