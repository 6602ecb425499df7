"""A gate under pressure: `ringfence up` before a service that does what it is told, clients by the thousand, and what both cost."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from serve_plays import Place, Up, running
from test_serve_http import envoys

from command_line import Cli

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, partners: {label: partners}}
assets:
  shop: {zone: core, kind: http, at: "http://127.0.0.1:PORT"}
gates:
  api: {kind: http, listen: "127.0.0.1:0", upstream: shop, clients: partners, workers: 2, limits: {LIMITS}}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: redact}
  - {id: orders, from: partners, to: shop, via: {gate: api}, else: redact}
"""
MIB = 1024 * 1024
MOST_GROWN = 64 * MIB
MAIL = b'{"mail": "ada@example.com"}'
MASKED = b'{"mail": "***************"}'
SECONDS = 60.0  # for whatever has to happen on a busy machine

Says = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def response(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


class Shop:
    """A service: says `MAIL`, or what it is told for a path."""

    def __init__(self) -> None:
        self.says: dict[bytes, Says] = {}
        self.connections: list[asyncio.StreamWriter] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                path = head.split(b" ", 2)[1]
                if b"transfer-encoding: chunked" in head:
                    while size := int(await reader.readline(), 16):
                        await reader.readexactly(size + 2)
                    await reader.readline()
                elif b"content-length: " in head:
                    await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
                if path in self.says:
                    await self.says[path](reader, writer)
                else:
                    writer.write(response(MAIL))
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@dataclass
class Answer:
    """What a client got, and when."""

    status: int
    raw: bytes
    seconds: float


@dataclass
class Pressure:
    """A gate that runs, and its processes."""

    up: Up
    shop: Shop
    port: int
    processes: dict[str, int]
    _sizes: dict[str, int] = field(default_factory=dict)

    async def ask(self, raw: bytes = b"", pieces: Iterable[bytes] = ()) -> Answer:
        """Send a request, and what it goes on with in chunks; read until the connection ends."""
        began = time.monotonic()
        came = b""
        try:
            async with asyncio.timeout(SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(raw or request())
                    sending = asyncio.create_task(_send(writer, pieces))
                    while piece := await reader.read(65536):
                        came = (came + piece)[: 4 * 65536]
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
                finally:
                    writer.transport.abort()
                    with suppress(OSError):
                        await writer.wait_closed()
        except (OSError, TimeoutError):
            pass
        words = came.split(b" ", 2)
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        return Answer(status, came, time.monotonic() - began)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Callable[[], Awaitable[Answer]]]:
        """Connect once; give what asks over that connection again and again."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)

        async def ask() -> Answer:
            began = time.monotonic()
            async with asyncio.timeout(SECONDS):
                writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if b"transfer-encoding: chunked" in head:
                    body = await reader.readuntil(b"0\r\n\r\n")
                else:
                    size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                    body = await reader.readexactly(size)
            return Answer(int(head.split(b" ", 2)[1]), head + body, time.monotonic() - began)

        try:
            yield ask
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    def mark(self) -> None:
        """Measure growth from here."""
        self._sizes = {name: resident(process) for name, process in self.processes.items()}
        for process in self.processes.values():
            Path(f"/proc/{process}/clear_refs").write_text("5")  # the highest so far is forgotten

    def grown(self) -> dict[str, int]:
        """How much each process has grown at most since `mark`."""
        return {name: resident(process, "VmHWM") - self._sizes[name] for name, process in self.processes.items()}

    @asynccontextmanager
    async def others(self) -> AsyncIterator[list[Answer]]:
        """Ask one thing after another beside whatever goes on; give what came."""
        answers: list[Answer] = []

        async def keep() -> None:
            while True:
                answers.append(await self.ask())
                await asyncio.sleep(0.02)

        asking = asyncio.create_task(keep())
        try:
            yield answers
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking


async def _send(writer: asyncio.StreamWriter, pieces: Iterable[bytes]) -> None:
    is_chunked = False
    with suppress(OSError):
        for piece in pieces:
            is_chunked = True
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n" if is_chunked else b"")
        await writer.drain()


def request(
    method: str = "GET", path: str = "/", body: bytes | None = None, kind: str = "application/json", more: str = ""
) -> bytes:
    """Write a request; without a body one whose body comes in chunks, where it has a method that has one."""
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}"
    if body is not None:
        return f"{head}content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    if method == "POST":
        return f"{head}content-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    return f"{head}\r\n".encode()


def chunks(pieces: Callable[[], Iterable[bytes]], kind: str, more: str = "") -> Says:
    """Have the service say a body in chunks."""

    async def say(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}transfer-encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        await _send(writer, pieces())

    return say


def resident(process: int, what: str = "VmRSS") -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) * 1024


@asynccontextmanager
async def pressed(cli: Cli, folder: Path, limits: str) -> AsyncIterator[Pressure]:
    """Run a gate that has served some requests, so that what it grows by is not what it needs at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    shop = Shop()
    server = await asyncio.start_server(shop.answer, "127.0.0.1", 0, limit=MIB, backlog=4096)
    place = Place(
        folder, policy=POLICY.replace("LIMITS", limits).replace("PORT", str(server.sockets[0].getsockname()[1]))
    )
    assert (await asyncio.to_thread(cli, "init")).returncode == 0
    try:
        with running(place) as up:
            await asyncio.to_thread(up.expect)
            workers = {f"worker {number}": process for number, process in enumerate(up.workers())}
            made = Pressure(up, shop, up.port, {"envoy": envoys(up)[0], **workers})
            for _ in range(5):
                await asyncio.gather(*(made.ask() for _ in range(40)))
            yield made
            assert up.workers() == list(workers.values()), "a worker died"
            assert envoys(up) == [made.processes["envoy"]]
    finally:
        server.close()
        for writer in shop.connections:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in shop.connections), return_exceptions=True)
