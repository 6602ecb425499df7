"""The gate in process before the same service as behind Envoy: a real server, or a real client, and a real ledger."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import requests
import uvicorn
import waitress
from http_stage import Answer, Shop, read_message
from waitress import wasyncore

from ringfence.crossing.entries import CANARY_PRINCIPAL
from ringfence.integrations._scribe import _scribes
from ringfence.integrations.asgi import RingfenceMiddleware as AsgiMiddleware
from ringfence.integrations.httpx import AsyncRingfenceTransport, RingfenceTransport
from ringfence.integrations.requests import RingfenceAdapter
from ringfence.integrations.wsgi import RingfenceMiddleware as WsgiMiddleware
from ringfence.ledger import LedgerClient, LedgerUnavailable, Reader, create_ledger, make_keys

NOT_PASSED_ON = (b"content-length", b"transfer-encoding", b"connection", b"host")


@dataclass(frozen=True)
class Place:
    """A folder with a policy, keys and a ledger."""

    folder: Path

    @property
    def policy(self) -> Path:
        return self.folder / "ringfence.yaml"

    @property
    def ledger(self) -> Path:
        return self.folder / ".ringfence" / "ledger.db"

    def entries(self) -> list[Mapping[str, Any]]:
        """Give what was recorded of requests, in its order: neither canaries nor counts."""
        with Reader(self.ledger) as reader:
            bodies = [entry.body for entry in reader.since(0) if entry.body is not None]
        return [body for body in bodies if body.get("principal") != CANARY_PRINCIPAL and body["kind"] != "counted"]

    def counted(self) -> int:
        """Give how many payloads were counted."""
        with Reader(self.ledger) as reader:
            bodies = [entry.body for entry in reader.since(0) if entry.body is not None]
        return sum(int(str(body["payloads"])) for body in bodies if body["kind"] == "counted")

    def writer(self) -> int:
        """Give the process of the ledger's writer."""

        async def find() -> int:
            async with LedgerClient(self.ledger, self.ledger.with_name("ledger.key")) as client:
                return client.writer_process

        return asyncio.run(find())

    def end(self) -> None:
        """End what writes the ledger, here and beside it, which would stay for a while in case of more."""
        scribe = _scribes.pop(self.ledger, None)
        if scribe is not None:
            scribe.close()
        with suppress(LedgerUnavailable, ProcessLookupError):
            os.kill(self.writer(), signal.SIGTERM)


def make_place(folder: Path, text: str) -> Place:
    """Make a policy, and an empty ledger beside it."""
    home = folder / ".ringfence"
    (home / "keys").mkdir(parents=True, mode=0o700)
    (folder / "ringfence.yaml").write_text(text)
    key = make_keys(home / "ledger.key", home / "ledger.pub", "ringfence/test/0")
    create_ledger(home / "ledger.db", key)
    return Place(folder)


@dataclass
class Local:
    """Somebody to ask, who asks the shop."""

    name: str
    shop: Shop
    ask: Callable[..., Any]  # as `Stage.ask`


# ---------------------------------------------------------------- the two applications: each passes on to the shop


def asgi_proxy(port: int) -> Any:
    """Make an ASGI application that asks the shop."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for said in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{said}.complete"})
            return
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        fields = [each for each in scope["headers"] if each[0] not in NOT_PASSED_ON]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
        try:
            writer.write(written(scope["method"], target, fields, body))
            status, said, pieces = split(await read_raw(reader, scope["method"]))
            await send({"type": "http.response.start", "status": status, "headers": said})
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            writer.close()

    return app


def wsgi_proxy(port: int) -> Any:
    """Make a WSGI application that asks the shop."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        target = environ["REQUEST_URI"].encode("latin-1")
        fields = [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode("latin-1"))
            for name, value in environ.items()
            if name.startswith("HTTP_") and name not in ("HTTP_HOST", "HTTP_CONNECTION", "HTTP_VERSION")
        ]
        if environ.get("CONTENT_TYPE"):
            fields.append((b"content-type", environ["CONTENT_TYPE"].encode("latin-1")))
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(written(environ["REQUEST_METHOD"], target, fields, body))
            raw = b""
            while not complete(raw, environ["REQUEST_METHOD"]):
                raw += line.recv(1 << 20)
        status, said, pieces = split(raw)
        start_response(f"{status} Said", [(name.decode("latin-1"), value.decode("latin-1")) for name, value in said])
        return pieces

    return app


def written(method: str, target: bytes, fields: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    head = b"%s %s HTTP/1.1\r\nhost: shop\r\n" % (method.encode(), target)
    head += b"".join(b"%s: %s\r\n" % each for each in fields)
    return head + (b"content-length: %d\r\n" % len(body) if body else b"") + b"\r\n" + body


def complete(raw: bytes, method: str) -> bool:
    head, end, rest = raw.partition(b"\r\n\r\n")
    if not end:
        return False
    lower = head.lower()
    if method == "HEAD" or head[9:12] in (b"204", b"304"):
        return True
    if b"transfer-encoding: chunked" in lower:
        return rest.endswith(b"\r\n\r\n") and (b"\r\n0\r\n" in rest or rest.startswith(b"0\r\n"))
    length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    return len(rest) >= length


async def read_raw(reader: asyncio.StreamReader, method: str) -> bytes:
    raw = b""
    while not complete(raw, method):
        raw += await reader.read(1 << 20)
    return raw


def split(raw: bytes) -> tuple[int, list[tuple[bytes, bytes]], list[bytes]]:
    """Take a response apart: status, fields, and the pieces of its body."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (each.partition(b":") for each in lines)]
    if (b"transfer-encoding", b"chunked") not in fields:
        return int(line[9:12]), fields, [rest] if rest else []
    pieces = []
    while size := int(rest.partition(b"\r\n")[0], 16):
        start = rest.index(b"\r\n") + 2
        pieces.append(rest[start : start + size])
        rest = rest[start + size + 2 :]
    return int(line[9:12]), [each for each in fields if each[0] != b"transfer-encoding"], pieces


# ---------------------------------------------------------------- the stages


@asynccontextmanager
async def shop_running() -> AsyncIterator[tuple[Shop, int]]:
    shop = Shop()
    service = await asyncio.start_server(lambda *ends: shop.answer(*ends), "127.0.0.1", 0, limit=1 << 26)
    try:
        yield shop, service.sockets[0].getsockname()[1]
    finally:
        service.close()


@asynccontextmanager
async def uvicorn_running(app: Any, **options: Any) -> AsyncIterator[tuple[str, int]]:
    """Serve an ASGI application from this very loop."""
    config = uvicorn.Config(app, log_level="critical", ws="none", **{"http": "h11", "lifespan": "on", **options})
    server = uvicorn.Server(config)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(60):
        while not server.started:
            assert not serving.done(), serving.exception()
            await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def waitress_running(app: Any) -> AsyncIterator[tuple[str, int]]:
    """Serve a WSGI application from threads of this process."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = waitress.create_server(app, sockets=[listener], threads=4, clear_untrusted_proxy_headers=False)
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            wasyncore.loop(timeout=0.2, map=server._map, count=1)
        server.task_dispatcher.shutdown()
        for each in list(server._map.values()):
            each.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        ending.set()
        await asyncio.to_thread(thread.join)
        listener.close()


def asked_at(address: tuple[str, int]) -> Callable[..., Any]:
    """Give what asks a server, as `Stage.ask` does."""

    async def ask(
        method: str = "GET", path: str = "/", body: bytes | None = None, kind: str = "application/json", more: str = ""
    ) -> Answer:
        reader, writer = await asyncio.open_connection(*address, limit=1 << 26)
        try:
            head = f"{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{more}"
            if body is not None:
                writer.write(f"{head}content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            else:
                writer.write(f"{head}\r\n".encode())
            if method != "HEAD":
                return await asyncio.wait_for(read_message(reader), 30)
            return _headed(await asyncio.wait_for(reader.read(), 30))
        finally:
            writer.close()

    return ask


def _headed(raw: bytes) -> Answer:
    status, fields, _ = split(raw.lower().replace(b"transfer-encoding: chunked\r\n", b""))
    return Answer(status, [(name.decode(), value.decode("latin-1")) for name, value in fields], b"", raw, whole=True)


def asked_by(send: Callable[..., Answer], port: int) -> Callable[..., Any]:
    """Give what asks the shop by a client of its own, on a thread."""

    async def ask(
        method: str = "GET", path: str = "/", body: bytes | None = None, kind: str = "application/json", more: str = ""
    ) -> Answer:
        fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in more.splitlines())]
        if body is not None:
            fields.append(("content-type", kind))
        raw = [(name.encode(), value.encode()) for name, value in fields]
        return await asyncio.to_thread(send, method, f"http://127.0.0.1:{port}{path}", raw, body)

    return ask


def _answer(status: int, fields: Iterable[tuple[bytes, bytes]], body: bytes, *, whole: bool = True) -> Answer:
    said = [(name.decode().lower(), value.decode("latin-1")) for name, value in fields]
    return Answer(status, said, body, repr(said).encode() + body, whole)


def by_httpx(client: httpx.Client) -> Callable[..., Answer]:
    def send(method: str, url: str, fields: list[tuple[bytes, bytes]], body: bytes | None) -> Answer:
        octets = b""
        client.cookies.clear()
        with client.stream(method, url, headers=fields, content=body) as answer:
            try:
                for piece in answer.iter_raw():
                    octets += piece
            except httpx.ReadError:
                return _answer(answer.status_code, answer.headers.raw, octets, whole=False)
            return _answer(answer.status_code, answer.headers.raw, octets)

    return send


def by_async_httpx(make: Callable[[], httpx.AsyncClient]) -> Callable[..., Answer]:
    async def asking(method: str, url: str, fields: list[tuple[bytes, bytes]], body: bytes | None) -> Answer:
        octets = b""
        async with make() as client, client.stream(method, url, headers=fields, content=body) as answer:
            try:
                async for piece in answer.aiter_raw():
                    octets += piece
            except httpx.ReadError:
                return _answer(answer.status_code, answer.headers.raw, octets, whole=False)
            return _answer(answer.status_code, answer.headers.raw, octets)

    return lambda *asked: asyncio.run(asking(*asked))


def by_requests(session: requests.Session) -> Callable[..., Answer]:
    def send(method: str, url: str, fields: list[tuple[bytes, bytes]], body: bytes | None) -> Answer:
        headers = {name.decode(): value.decode("latin-1") for name, value in fields}
        session.cookies.clear()
        answer = session.request(method, url, headers=headers, data=body, stream=True, allow_redirects=False)
        octets, whole = b"", True
        try:
            for piece in answer.raw.stream(65536, decode_content=False):
                octets += piece
        except Exception:
            whole = False
        said = [(name.encode(), value.encode("latin-1")) for name, value in answer.raw.headers.items()]
        answer.close()
        return _answer(answer.status_code, said, octets, whole=whole)

    return send


@asynccontextmanager
async def local_stage(kind: str, place: Place, shop: Shop, port: int) -> AsyncIterator[Local]:
    """Put the gate of a place before the shop, in process."""
    where: Any = {"gate": "api", "policy": place.policy}
    match kind:
        case "asgi":
            async with uvicorn_running(AsgiMiddleware(asgi_proxy(port), **where)) as address:
                yield Local(kind, shop, asked_at(address))
        case "wsgi":
            async with waitress_running(WsgiMiddleware(wsgi_proxy(port), **where)) as address:
                yield Local(kind, shop, asked_at(address))
        case "httpx":
            with httpx.Client(transport=RingfenceTransport(**where)) as client:
                client.headers.clear()
                yield Local(kind, shop, asked_by(by_httpx(client), port))
        case "httpx, asynchronous":

            def make() -> httpx.AsyncClient:
                client = httpx.AsyncClient(transport=AsyncRingfenceTransport(**where))
                client.headers.clear()
                return client

            yield Local(kind, shop, asked_by(by_async_httpx(make), port))
        case "requests":
            with RingfenceAdapter(**where).mounted(requests.Session()) as session:
                session.headers.clear()
                yield Local(kind, shop, asked_by(by_requests(session), port))
        case _:
            raise ValueError(kind)


KINDS = ("asgi", "wsgi", "httpx", "httpx, asynchronous", "requests")
