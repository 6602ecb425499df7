"""The one process that writes a ledger: takes entries from all clients, commits them in groups, answers with receipts.

The rule: one thread does everything. It reads what all sockets have, commits what is queued (at most `MOST_BATCH` entries and
`MOST_BATCH_BYTES`) in one transaction, answers, and only then reads on; so what arrives during a commit is the next group, and
the disk's speed sets the groups' size. (A second thread for SQLite was not taken: it would pass the interpreter's lock to and
fro at every row.) A disk that hangs holds up everything here, and clients refuse by their own deadlines.

A request is all or nothing. Where one request's entry is no JSON, the group is done again request by request, and only that one
fails. A fault is answered to everybody in the group; the next group tries again, so that nothing needs to be restarted when
space or disk come back. A client that dies in the middle of a frame loses that frame only. A client that sends what is no frame
is cut off. What a client has sent and not yet got answered is bounded: beyond `MOST_WAITING` bytes its socket is not read.
"""

import asyncio
import os
import socket
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ringfence.ledger.address import beside, socket_path
from ringfence.ledger.faults import Fault, LedgerError, fault_of
from ringfence.ledger.frames import (
    PROTOCOL,
    Append,
    BadFrame,
    Done,
    Expire,
    Failed,
    FrameReader,
    Hello,
    Reply,
    Request,
    Welcome,
    frame,
    parse_request,
)
from ringfence.ledger.local import Ledger
from ringfence.stamps import stamp

MOST_BATCH = 512  # entries: about 6 ms
MOST_BATCH_BYTES = 1024 * 1024
MOST_WAITING = 4 * 1024 * 1024  # bytes of one client
MOST_CLIENTS = 512


@dataclass(slots=True)
class _Waiting:
    """A request in the queue, and who is to be answered."""

    client: "_Client"
    request: Append
    cost: int


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, writer: "Writer") -> None:
        self._writer = writer
        self._frames = FrameReader()
        self._greeted = False
        self._waiting = 0
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._writer.joined(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._writer.left(self)

    def data_received(self, piece: bytes) -> None:
        try:
            for content in self._frames.feed(piece):
                self._take(parse_request(content), len(content))
        except BadFrame as error:
            self._writer.complain(error.what)
            self.cut()

    def answer(self, reply: Reply, cost: int = 0) -> None:
        """Answer, where there is still somebody to answer; `cost` is what is no longer waiting."""
        self._waiting -= cost
        if self._transport is None:
            return
        if not self._out:  # all answers of a group go out in one write
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(frame(reply))
        if cost and self._waiting <= MOST_WAITING:
            self._transport.resume_reading()

    def cut(self) -> None:
        """Close the connection, once what has been answered is sent."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None:
            self._transport.write(b"".join(out))

    def _take(self, request: Request, cost: int) -> None:
        if not self._greeted:
            if not isinstance(request, Hello) or request.version != PROTOCOL:
                raise BadFrame("a client that does not begin with this protocol's hello")
            self._greeted = True
            self.answer(Welcome(self._writer.origin, os.getpid()))
            return
        match request:
            case Append():
                self._waiting += cost
                if self._waiting > MOST_WAITING and self._transport is not None:
                    self._transport.pause_reading()
                self._writer.queue(_Waiting(self, request, cost))
            case Expire():
                self._writer.expire(self, request)
            case Hello():
                raise BadFrame("a second hello")


class Writer:
    """The writer of one ledger, from `listen` to `stopped`."""

    def __init__(self, ledger: Ledger, idle: float, complain: Callable[[str], None]) -> None:
        self.origin = ledger.origin
        self.complain = complain
        self._ledger = ledger
        self._idle = idle
        self._clients: set[_Client] = set()
        self._queue: deque[_Waiting] = deque()
        self._is_due = False  # whether `_commit` has been scheduled
        self._idle_timer: asyncio.TimerHandle | None = None
        self._drops: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._fault: Fault | None = None

    async def serve(self, listener: socket.socket) -> None:
        """Serve until nobody has been connected for the idle time, or `stop`."""
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: _Client(self), sock=listener, backlog=MOST_CLIENTS)
        self._wait_idle()
        try:
            await self._stop.wait()
        finally:
            server.close()
            for task in self._drops:
                task.cancel()
            while self._queue:
                self._commit()
            for client in list(self._clients):
                client.cut()

    def stop(self) -> None:
        """Commit what is queued and end."""
        self._stop.set()

    def joined(self, client: _Client) -> None:
        """Count a client in."""
        if len(self._clients) >= MOST_CLIENTS:
            client.cut()
        self._clients.add(client)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def left(self, client: _Client) -> None:
        """Count a client out; what it had sent whole is still written."""
        self._clients.discard(client)
        if not self._clients:
            self._wait_idle()

    def queue(self, waiting: _Waiting) -> None:
        """Take a request into the next group."""
        self._queue.append(waiting)
        self._schedule()

    def expire(self, client: _Client, request: Expire) -> None:
        """Record an expiry, and begin to drop the bodies."""
        try:
            receipt = self._ledger.expire(request.before, request.through, stamp(datetime.now(UTC)))
        except LedgerError as error:
            client.answer(Failed(request.request, fault_of(error)))
            return
        task = asyncio.get_running_loop().create_task(self._drop(client, request, receipt.index))
        self._drops.add(task)
        task.add_done_callback(self._drops.discard)

    async def _drop(self, client: _Client, request: Expire, index: int) -> None:
        """Drop bodies in stretches, so that appends go on in between."""
        at, through = 0, min(request.through, index)
        try:
            while at < through:
                at = self._ledger.drop_some(at, through)
                await asyncio.sleep(0)
        except LedgerError as error:
            client.answer(Failed(request.request, fault_of(error)))
        else:
            client.answer(Done(request.request, [index], index + 1))

    def _wait_idle(self) -> None:
        self._idle_timer = asyncio.get_running_loop().call_later(self._idle, self.stop)

    def _schedule(self) -> None:
        # A callback runs after the sockets that are ready now have been read: they are all in the group.
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._commit)

    def _commit(self) -> None:
        """Commit one group and answer it."""
        self._is_due = False
        group = self._next_group()
        if not group:
            return
        if not self._write(group) and len(group) > 1:
            for waiting in group:
                self._write([waiting])
        self._ledger.tidy()
        if self._queue:
            self._schedule()

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        entries = cost = 0
        while self._queue:
            waiting = self._queue[0]
            entries += len(waiting.request.bodies)
            cost += waiting.cost
            if group and (entries > MOST_BATCH or cost > MOST_BATCH_BYTES):
                break
            group.append(self._queue.popleft())
        return group

    def _write(self, group: list[_Waiting]) -> bool:
        """Write a group and answer it. False where it is to be tried one by one, and nobody has been answered yet."""
        bodies = [body for waiting in group for body in waiting.request.bodies]
        without_id = _places_without_id(group)
        try:
            indices = self._ledger.append_bodies(bodies, without_id)
            size = self._ledger.size
        except LedgerError as error:
            fault = fault_of(error)
            if fault is Fault.ENTRY and len(group) > 1:
                return False
            self._note(fault, error)
            for waiting in group:
                waiting.client.answer(Failed(waiting.request.request, fault), waiting.cost)
            return True
        self._note(None)
        at = 0
        for waiting in group:
            end = at + len(waiting.request.bodies)
            waiting.client.answer(Done(waiting.request.request, indices[at:end], size), waiting.cost)
            at = end
        return True

    def _note(self, fault: Fault | None, error: LedgerError | None = None) -> None:
        """Complain of a fault once, and of its end."""
        if fault is not self._fault:
            self.complain("writes again" if error is None else " ".join(str(error).split()))
            self._fault = fault


def _places_without_id(group: list[_Waiting]) -> set[int]:
    places: set[int] = set()
    at = 0
    for waiting in group:
        if waiting.request.without_id:
            places.update(at + place for place in waiting.request.without_id)
        at += len(waiting.request.bodies)
    return places


def listen(file: Path) -> socket.socket:
    """Bind the ledger's socket. The caller holds the lock, so a socket that is there is a dead writer's."""
    beside(file, "sock").unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before the bind: the file is never there with a wider mode
        with socket_path(file) as path:
            listener.bind(path)
        beside(file, "sock").chmod(0o600)
        listener.listen(MOST_CLIENTS)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def serve(ledger: Ledger, listener: socket.socket, idle: float, begun: Callable[[Writer], None]) -> None:
    """Serve a ledger until it is idle or stopped; `begun` is told the writer. Complaints go to standard error, without a value."""

    def complain(what: str) -> None:
        with suppress(OSError):
            sys.stderr.write(f"{stamp(datetime.now(UTC))} {what}\n")
            sys.stderr.flush()

    address = beside(ledger.file, "sock")
    bound = address.stat().st_ino

    async def main() -> None:
        writer = Writer(ledger, idle, complain)
        begun(writer)
        await writer.serve(listener)

    try:
        asyncio.run(main())
    finally:
        # In this order: a client that finds no socket starts a writer, which waits for the lock.
        # Where the folder was made anew in the meantime, the socket of that name belongs to another ledger's writer.
        with suppress(FileNotFoundError):
            if address.stat().st_ino == bound:
                address.unlink()
        listener.close()
        ledger.close()
