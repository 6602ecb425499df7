"""A real Envoy before a real service, with the gate's own processor beside it; and a plain client."""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import envoy._bin

from ringfence.access import Identities
from ringfence.crossing import Body
from ringfence.gates.carrying import Unrecorded, now
from ringfence.gates.http.bootstrap import CanaryWay, Service, Setup, bootstrap
from ringfence.gates.http.gate import HttpGate, World
from ringfence.gates.http.turns import Mode
from ringfence.policy import Policy
from ringfence.policy.reading import read
from ringfence.transform import Keyring
from ringfence.vault import Vault

ENVOY = str(Path(next(iter(envoy._bin.__path__))) / "envoy")

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets:
  shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, clients: partners, bodies: BODIES}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: deny}
  - {id: orders, from: partners, to: shop, via: {gate: api, match: {method: POST, path: "/orders*"}},
     carry: {user.contact.email: redact}, else: deny}
"""


def policy(text: str = POLICY, bodies: str = "streamed") -> Policy:
    return read("p.yaml", {"p.yaml": text.replace("BODIES", bodies)}, {})


class Notes:
    """A ledger that keeps entries in memory, and can be told to fail."""

    def __init__(self) -> None:
        self.bodies: list[Body] = []
        self.fails = False

    async def record(self, body: Body) -> str:
        if self.fails:
            raise Unrecorded("locked")
        self.bodies.append(body)
        return str(len(self.bodies))

    def kinds(self) -> list[str]:
        return [str(body["kind"]) for body in self.bodies]


@dataclass
class Answer:
    """What a client got; `whole` is False where it was cut off."""

    status: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    raw: bytes = b""
    whole: bool = False

    def value(self, name: str) -> str | None:
        return next((value for each, value in self.fields if each == name), None)


class Shop:
    """A service over HTTP/1.1: keeps all octets that it is sent, answers as `say` says for a path."""

    def __init__(self) -> None:
        self.heard = b""
        self.requests: list[Answer] = []
        self.says: dict[str, Iterable[bytes]] = {}
        self.pause = 0.0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await read_message(reader, self)
                self.requests.append(request)
                path = request.raw.split(b" ", 2)[1].decode().partition("?")[0]
                for number, piece in enumerate(self.says.get(path, [response(b'{"ok": true}')])):
                    if number and self.pause:
                        await asyncio.sleep(self.pause)
                    writer.write(piece)
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()


def response(body: bytes, kind: str = "application/json", status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


def chunked(pieces: Iterable[bytes], kind: str = "application/json", trailers: bytes = b"") -> list[bytes]:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    return [head, *chunks, b"0\r\n" + trailers + b"\r\n"]


async def read_message(reader: asyncio.StreamReader, shop: Shop | None = None) -> Answer:
    """Read a request or a response of HTTP/1.1, and keep every octet."""
    answer = Answer()

    def keep(octets: bytes) -> bytes:
        answer.raw += octets
        if shop is not None:
            shop.heard += octets
        return octets

    try:
        head = keep(await reader.readuntil(b"\r\n\r\n"))
        line, *fields = head.decode("latin-1").strip().split("\r\n")
        if line.startswith("HTTP/"):
            answer.status = int(line.split(" ")[1])
        answer.fields = [(name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in fields)]
        if answer.value("transfer-encoding") == "chunked":
            while size := int(keep(await reader.readuntil(b"\r\n")).strip(), 16):
                answer.body += keep(await reader.readexactly(size + 2))[:-2]
            while keep(await reader.readuntil(b"\r\n")) != b"\r\n":
                pass
        else:
            answer.body = keep(await reader.readexactly(int(answer.value("content-length") or 0)))
    except asyncio.IncompleteReadError as cut:
        keep(cut.partial)
        if shop is not None:
            raise
        return answer
    except OSError:
        if shop is not None:
            raise
        return answer
    answer.whole = True
    return answer


@dataclass
class Stage:
    """A gate, running."""

    address: tuple[str, int]
    shop: Shop
    notes: Notes
    gate: HttpGate
    told: list[str]
    folder: Path
    setup: Setup
    envoy: int = 0  # its process

    async def ask(
        self,
        method: str = "GET",
        path: str = "/",
        body: bytes | None = None,
        kind: str = "application/json",
        more: str = "",
        pieces: Iterable[bytes] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Answer:
        reader, writer = await asyncio.open_connection(*self.address, limit=1 << 26, ssl=tls)
        try:
            head = f"{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{more}"
            if pieces is not None:
                writer.write(f"{head}content-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
                for piece in pieces:
                    writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    await writer.drain()
                writer.write(b"0\r\n\r\n")
            elif body is not None:
                writer.write(f"{head}content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            else:
                writer.write(f"{head}\r\n".encode())
            with suppress(OSError):
                await writer.drain()
            return await asyncio.wait_for(read_message(reader), 30)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def unix_socket(path: Path) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.bind(str(path))
    one.listen(512)
    one.setblocking(False)
    return one


@asynccontextmanager
async def envoy_running(setup: Setup, folder: Path) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """Run Envoy with a set-up, from the moment at which its listener takes connections."""
    file = folder / "envoy.json"
    file.write_text(json.dumps(bootstrap(setup)))
    command = [ENVOY, "-c", str(file), "--concurrency", "1", "-l", "error", "--disable-hot-restart"]
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 (starting is quick)
    try:
        async with asyncio.timeout(60):
            while not await _answers(setup.host, setup.port):
                assert process.poll() is None, (folder / "envoy.log").read_text()[-3000:]
                await asyncio.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def short_folder() -> AsyncIterator[Path]:
    """Give a folder whose path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="rf-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def stage(
    decided: Policy | None = None,
    *,
    mode: Mode = Mode.STREAMED,
    opened: bool = True,
    access: Identities | None = None,
    keys: Keyring | None = None,
    shop: "Shop | None" = None,
    **changes: object,
) -> AsyncIterator[Stage]:
    """Run service, gate and Envoy."""
    decided = decided or policy(bodies=mode.name.lower())
    async with short_folder() as folder:
        shop, keys = shop or Shop(), keys or Keyring()
        notes, told = Notes(), list[str]()
        service = await asyncio.start_server(lambda *ends: shop.answer(*ends), "127.0.0.1", 0, limit=1 << 26)
        port = service.sockets[0].getsockname()[1]
        vault = Vault(folder / "stand-ins.db", keys, told.append)
        gate = HttpGate(World(decided, decided.gates["api"], keys, notes, now, told.append, access, vault))
        processor, answers = folder / "0.processor", folder / "0.answers"
        await gate.start([unix_socket(processor), unix_socket(answers)])
        canary = CanaryWay(str(folder / "0.canary"), str(processor), str(answers))
        setup = Setup(
            "api",
            "127.0.0.1",
            free_port(),
            (str(processor),),
            Service("127.0.0.1", port),
            mode,
            canaries=(canary,),
            admin=str(folder / "admin"),
        )
        setup = replace(setup, **changes)  # type: ignore[arg-type]
        try:
            async with envoy_running(setup, folder) as process:
                if opened:
                    gate.open()
                yield Stage((setup.host, setup.port), shop, notes, gate, told, folder, setup, process.pid)
        finally:
            service.close()
            await gate.close()
