"""The two sockets of a session, as asyncio sees them.

The rule: bytes become whole messages here and nowhere else; whoever writes faster than the other side reads is held back, and who
does not read for `SLOW` seconds is cut off.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from ringfence.gates.postgres import errors
from ringfence.wire.postgres.faults import RemoteError
from ringfence.wire.postgres.frames import ClientFramer, Frame, ServerFramer

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

SLOW = 120.0  # seconds in which a reader has to take something
HIGH = 256 * 1024  # bytes that wait in a socket's buffer before its writer is held back
FINISHING = 5.0  # seconds for the last bytes of a connection


class _End(asyncio.Protocol):
    """What both ends have in common."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.session: Session | None = None
        self.other: _End | None = None
        self._held: set[str] = set()  # why reading is paused
        self._full = False
        self._drained: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)  # uvloop's are none by name
        self.transport = stream
        stream.set_write_buffer_limits(high=HIGH)

    def stand_on(self, transport: asyncio.Transport) -> None:
        """Go on over another transport: TLS brings one."""
        self.transport = transport
        transport.set_write_buffer_limits(high=HIGH)
        if self._held:
            transport.pause_reading()

    def eof_received(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        """Send."""
        if self.transport is not None and not self.gone:
            self.transport.write(data)

    def hold_back(self, why: str) -> None:
        """Read no more for now."""
        if not self._held and self.transport is not None and not self.gone and not self.transport.is_closing():
            self.transport.pause_reading()
        self._held.add(why)

    def let_go(self, why: str) -> None:
        """Read again, where nothing else holds."""
        if why not in self._held:
            return
        self._held.discard(why)
        if not self._held and self.transport is not None and not self.gone and not self.transport.is_closing():
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        self._full = True
        if self.other is not None:
            self.other.hold_back("full")
        self._timer = asyncio.get_running_loop().call_later(SLOW, self._too_slow)

    def resume_writing(self) -> None:
        self._full = False
        self._stop_timer()
        if self.other is not None:
            self.other.let_go("full")
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    async def writable(self) -> None:
        """Wait until the other side has read enough."""
        while self._full and not self.gone:
            if self._drained is None or self._drained.done():
                self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def finish(self, last: bytes = b"") -> None:
        """Send what is there, and close; whoever does not take it in time is cut off."""
        if self.transport is None or self.gone:
            return
        if last:
            self.transport.write(last)
        self.transport.close()
        transport = self.transport
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(FINISHING, transport.abort)

    def _too_slow(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connection_lost(self, _error: Exception | None) -> None:
        self.gone = True
        self._stop_timer()
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self.lost()

    def lost(self) -> None:
        """Tell the session."""


class ClientEnd(_End):
    """The client's socket: before its session begins, messages wait for the door."""

    def __init__(self) -> None:
        super().__init__()
        self.framer = ClientFramer()
        self._waiting: list[Frame] = []
        self._arrived: asyncio.Future[None] | None = None
        self._fault: RemoteError | None = None

    def data_received(self, data: bytes) -> None:  # noqa: D102
        try:
            frames = self.framer.feed(data)
        except RemoteError as fault:
            self._broken(fault)
            return
        session = self.session
        if session is not None:
            if frames:
                session.client_frames(frames)
            return
        self._waiting += frames
        if len(self._waiting) > 1:
            self.hold_back("door")
        self._wake()

    def _broken(self, fault: RemoteError) -> None:
        if self.session is not None:
            self.session.end(errors.error(fault.code, f"ringfence: {fault}", fatal=True))
            return
        self._fault = fault
        self._wake()

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    async def message(self) -> Frame:
        """Give the next message before a session has begun. Raises `RemoteError`, `ConnectionResetError`."""
        while not self._waiting:
            if self._fault is not None:
                raise self._fault
            if self.gone:
                raise ConnectionResetError
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        frame = self._waiting.pop(0)
        if not self._waiting:
            self.let_go("door")
        return frame

    def begin(self, session: "Session") -> None:
        """Give everything that comes, and what has come, to a session."""
        self.session = session
        self.framer.limit = session.standing.gate.limits.message
        waiting, self._waiting = self._waiting, []
        self.let_go("door")
        if waiting:
            session.client_frames(waiting)

    def lost(self) -> None:
        """Tell the session, or the door."""
        if self.session is not None:
            self.session.client_lost()
        self._wake()


class ServerEnd(_End):
    """The server's socket."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._framer = ServerFramer(limit)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        session = self.session
        if session is None or session.over:
            return
        try:
            frames = self._framer.feed(data)
        except RemoteError as fault:
            session.fail(f"the server broke the protocol: {fault}")
            return
        if frames:
            session.server_frames(frames)

    def lost(self) -> None:
        """Tell the session."""
        if self.session is not None:
            self.session.server_lost()
