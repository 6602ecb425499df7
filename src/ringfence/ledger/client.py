"""How entries reach a ledger: a connection to its writer, which is started when there is none.

The rule: `append` gives receipts, or raises `LedgerUnavailable` within its deadline; it never gives a receipt that the writer
did not. After ``timeout`` or ``closed`` the outcome is *unknown*: the entry may be there. Whoever sends the same entry (the
same `id`, the same bytes) again gets the receipt of the first one, so repeating is safe, also after the writer was killed.

Appends do not wait for one another: what is sent while the writer commits is its next group, and what is sent in one turn of
the event loop goes out in one write. When the connection breaks, requests whose entries all have an `id` are sent again over a
new one within their own deadlines; others fail as ``closed``, for sending them again could write them twice.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ringfence.ledger.address import IDLE_SECONDS, socket_path, writer_command
from ringfence.ledger.entry import JsonValue, Receipt, canonical
from ringfence.ledger.faults import Fault, LedgerUnavailable, WriterNotStarted
from ringfence.ledger.frames import (
    MOST_ENTRIES,
    MOST_FRAME_BYTES,
    Append,
    BadFrame,
    Done,
    Failed,
    FrameReader,
    Hello,
    Reply,
    Welcome,
    frame,
    parse_reply,
)

DEADLINE = 1.0  # seconds: law 3
START_DEADLINE = 15.0  # for a writer's process to begin, on a busy machine
RETRY_STEP = 0.02
_MOST_TOLD = 64 * 1024  # bytes of what a starter says before it ends
_HEAD_BYTES = 64 * 1024  # of a frame are left for its first line, whose list of places is the longest


@dataclass(slots=True, eq=False)
class _Pending:
    """A request under way."""

    message: Append
    answer: "asyncio.Future[Done]"

    @property
    def may_repeat(self) -> bool:
        return not self.message.without_id


class _Connection(asyncio.Protocol):
    """One connection to the writer, with the requests that wait for its answers."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.pending: dict[int, _Pending] = {}
        self.welcome: asyncio.Future[Welcome] = loop.create_future()
        self.lost = False
        self.ended = asyncio.Event()
        self._frames = FrameReader()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asked for by type: uvloop's transports do what asyncio.Transport promises, and are none.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(frame(Hello()))

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        self.ended.set()
        if not self.welcome.done():
            self.welcome.set_exception(ConnectionResetError())
        for pending in self.pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(LedgerUnavailable(Fault.CLOSED))
        self.pending.clear()

    def data_received(self, piece: bytes) -> None:
        try:
            for content in self._frames.feed(piece):
                self._take(parse_reply(content))
        except BadFrame:
            self.close()

    def send(self, pending: _Pending) -> None:
        """Send a request with the others of this turn of the loop."""
        self.pending[pending.message.request] = pending
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(frame(pending.message))

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and not self.lost:
            self._transport.write(b"".join(out))

    def _take(self, reply: Reply) -> None:
        if isinstance(reply, Welcome):
            if not self.welcome.done():
                self.welcome.set_result(reply)
            return
        pending = self.pending.pop(reply.request, None)
        if pending is None or pending.answer.done():
            return  # its sender has stopped waiting
        if isinstance(reply, Failed):
            pending.answer.set_exception(LedgerUnavailable(reply.fault))
        else:
            pending.answer.set_result(reply)


class LedgerClient:
    """A connection to a ledger's writer, for use in one event loop.

    ``async with LedgerClient(home.ledger, home.signing_key) as ledger: receipts = await ledger.append([entry])``. Entering
    connects, and starts the writer where there is none; so that the first append's deadline is not spent on that.
    """

    def __init__(self, file: Path, key: Path, *, deadline: float = DEADLINE, idle: float = IDLE_SECONDS) -> None:
        self._file = file
        self._key = key
        self._deadline = deadline
        self._idle = idle
        self._request = 0
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None
        self._origin = ""
        self.writer_process = 0  # its id; 0 before the first connection

    async def __aenter__(self) -> "LedgerClient":
        await self.open()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect, and start the writer where there is none. Raises `LedgerUnavailable`."""
        try:
            async with asyncio.timeout(START_DEADLINE):
                await self._connected()
        except TimeoutError:
            raise LedgerUnavailable(Fault.TIMEOUT, f"{self._file}: its writer does not answer") from None

    async def close(self) -> None:
        """Close the connection. The writer goes on for others, or ends when it is idle."""
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError, LedgerUnavailable):
                await self._connecting
            self._connecting = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            await connection.ended.wait()

    async def append(self, entries: Sequence[Mapping[str, JsonValue]]) -> list[Receipt]:
        """Write entries durably; give their receipts, in order.

        Entries that fit one frame (1,024 entries, about a megabyte) are written all or none; more are written in several such
        parts. Raises `LedgerUnavailable` after at most the deadline.
        """
        parts = [self._send(message) for message in messages_of(entries)]
        try:
            async with asyncio.timeout(self._deadline):
                done = [await parts[0]] if len(parts) == 1 else await asyncio.gather(*parts)
        except TimeoutError:
            raise LedgerUnavailable(Fault.TIMEOUT) from None
        return [Receipt(self._origin, index, part.size) for part in done for index in part.indices]

    async def _send(self, message: Append) -> Done:
        self._request += 1
        message = Append(self._request, message.bodies, message.without_id)
        while True:
            connection = self._connection
            if connection is None or connection.lost:
                connection = await self._connected()
            pending = _Pending(message, asyncio.get_running_loop().create_future())
            connection.send(pending)
            try:
                return await pending.answer
            except LedgerUnavailable as error:
                if error.fault is not Fault.CLOSED or not pending.may_repeat:
                    raise
            finally:
                connection.pending.pop(message.request, None)

    async def _connected(self) -> _Connection:
        """Share one attempt to connect between all who wait; who stops waiting does not stop it for the others."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> _Connection:
        while True:
            with suppress(OSError):
                self._connection = await self._try_to_connect()
                return self._connection
            await self._start_writer()
            await asyncio.sleep(RETRY_STEP)

    async def _try_to_connect(self) -> _Connection:
        with socket_path(self._file) as path:
            _, connection = await asyncio.get_running_loop().create_unix_connection(_Connection, path)
        welcome = await connection.welcome
        self._origin = welcome.ledger
        self.writer_process = welcome.process
        return connection

    async def _start_writer(self) -> None:
        """Start a writer, and wait for the starter's end: not for the end of what it says, which the writer may hold open."""
        command = writer_command(self._file, self._key, self._idle)
        nothing = asyncio.subprocess.DEVNULL
        with os.fdopen(os.memfd_create("starter"), "rb") as told:  # memory: a disk may be full
            process = await asyncio.create_subprocess_exec(
                *command, stdin=nothing, stdout=nothing, stderr=told, cwd="/"
            )
            try:
                async with asyncio.timeout(START_DEADLINE):
                    await process.wait()
            except TimeoutError:
                raise LedgerUnavailable(Fault.TIMEOUT, f"{self._file}: its writer does not start in time") from None
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
            if process.returncode:
                told.seek(0)
                raise WriterNotStarted(self._file, told.read(_MOST_TOLD))


def messages_of(entries: Sequence[Mapping[str, JsonValue]]) -> list[Append]:
    """Write entries down as appends that fit their frames, in order. Their request numbers are the caller's to give."""
    messages: list[Append] = []
    bodies: list[bytes] = []
    without_id: list[int] = []
    size = 0
    for entry in entries:
        body = canonical(entry)
        if bodies and (len(bodies) == MOST_ENTRIES or size + len(body) + 1 > MOST_FRAME_BYTES - _HEAD_BYTES):
            messages.append(Append(0, bodies, frozenset(without_id)))
            bodies, without_id, size = [], [], 0
        if "id" not in entry:
            without_id.append(len(bodies))
        bodies.append(body)
        size += len(body) + 1
    if bodies:
        messages.append(Append(0, bodies, frozenset(without_id)))
    return messages
