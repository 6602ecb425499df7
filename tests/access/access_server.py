"""A small server with nothing behind it but an `Authenticator`: what real drivers are let loose on.

It speaks just enough of PostgreSQL for a driver to be satisfied: TLS on request, the way in, ParameterStatus, ReadyForQuery.
"""

import asyncio
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ringfence.access import Authenticator, Channel, Failure, Identities, Principal, end_point_of

TLS_REQUEST = 80877103


class Seen:
    """What the server learnt of its clients, in order."""

    def __init__(self) -> None:
        self.principals: list[Principal] = []
        self.failures: list[Failure] = []


def _startup(raw: bytes) -> dict[str, str]:
    words = raw[8:].rstrip(b"\0").split(b"\0")
    return {key.decode(): value.decode() for key, value in zip(words[::2], words[1::2], strict=False)}


async def _message(reader: asyncio.StreamReader, most: int) -> tuple[bytes, bytes]:
    header = await reader.readexactly(5)
    length = struct.unpack("!i", header[1:])[0]
    assert 4 <= length < most
    return header[:1], header + await reader.readexactly(length - 4)


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    identities: Identities,
    tls: ssl.SSLContext | None,
    shown: bytes,
    seen: Seen,
) -> None:
    encrypted = False
    while True:
        length = struct.unpack("!i", await reader.readexactly(4))[0]
        raw = struct.pack("!i", length) + await reader.readexactly(length - 4)
        if struct.unpack("!i", raw[4:8])[0] != TLS_REQUEST:
            break
        writer.write(b"S" if tls else b"N")
        if tls:
            await writer.start_tls(tls)
            encrypted = True
    parameters = _startup(raw)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True) if encrypted else None
    channel = Channel("127.0.0.1", encrypted, end_point_of(shown) if encrypted else b"", certificate or b"")
    options = dict(
        word.removeprefix("-c").partition("=")[::2] for word in parameters.get("options", "").split() if "=" in word
    )
    way_in = Authenticator(identities, parameters["user"], channel, options.get("ringfence.principals", ""))
    step = way_in.start(datetime.now(UTC))
    while True:
        writer.write(step.send)
        if step.principal or step.failure:
            break
        kind, frame = await _message(reader, way_in.most)
        assert kind == b"p"
        step = way_in.feed(frame, datetime.now(UTC))
    if step.failure is not None:
        seen.failures.append(step.failure)
        return
    assert step.principal is not None
    seen.principals.append(step.principal)
    for name, value in (("server_version", "17.0"), ("client_encoding", "UTF8"), ("standard_conforming_strings", "on")):
        body = f"{name}\0{value}\0".encode()
        writer.write(b"S" + struct.pack("!i", len(body) + 4) + body)
    writer.write(b"Z" + struct.pack("!i", 5) + b"I")
    while (kind := (await _message(reader, 4096))[0]) != b"X":
        if kind == b"Q":  # psycopg2 sets its date style
            writer.write(b"C" + struct.pack("!i", 8) + b"SET\0" + b"Z" + struct.pack("!i", 5) + b"I")


@contextmanager
def serving(
    identities: Identities, tls: ssl.SSLContext | None = None, shown: bytes = b""
) -> Iterator[tuple[int, Seen]]:
    """Serve in a thread of its own; give the port, and what is seen."""
    seen = Seen()
    started: list[int] = []
    ready = threading.Event()
    stop: list[asyncio.Event] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve(reader, writer, identities, tls, shown, seen)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client went: also an answer
        finally:
            writer.close()

    async def main() -> None:
        stop.append(asyncio.Event())
        loops.append(asyncio.get_running_loop())
        server = await asyncio.start_server(client, "127.0.0.1", 0)
        started.append(server.sockets[0].getsockname()[1])
        ready.set()
        async with server:
            await stop[0].wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    try:
        assert ready.wait(20)
        yield started[0], seen
    finally:
        loops[0].call_soon_threadsafe(stop[0].set)
        thread.join(20)
