"""Connecting upstream: a socket, TLS that was verified, the login, and a session that is handed to whoever speaks on it.

The rule: nothing of the session's bytes is lost between the login's end and its owner (`Upstream.attach`), every wait stands
under the caller's deadline, and no bytes in plain text are believed after TLS was asked for. Works on asyncio's loops and on
uvloop's.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ringfence.access.scram import end_point_of
from ringfence.access.secrets import BadSecret
from ringfence.gates.postgres.upstream_address import Address, BadAddress, parse_address, secret_of
from ringfence.gates.postgres.upstream_login import (
    Caution,
    Fetch,
    Handshake,
    LoginRefused,
    NoTls,
    Opened,
    Unreachable,
    UnsafeLogin,
    UpstreamFault,
    check_login,
)
from ringfence.wire.postgres.faults import RemoteError
from ringfence.wire.postgres.frames import ServerFramer
from ringfence.wire.postgres.kinds import FromServer
from ringfence.wire.postgres.messages import read, write
from ringfence.wire.postgres.replies import DataRow
from ringfence.wire.postgres.requests import Bind, CancelRequest, Execute, Parse, SSLRequest, Sync, Terminate

_MOST_HELD = 256 * 1024  # bytes that wait for an owner
_GOODBYE = 2.0  # seconds
_LARGEST_ANSWER = 1024 * 1024  # of `Upstream.fetch`


class _Greeter(asyncio.Protocol):
    """Holds what comes until a session has its owner."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.ended = False
        self.error: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self._arrived = asyncio.Event()

    def take(self, transport: asyncio.Transport) -> None:
        """Say which transport it stands on now: TLS brings a new one."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        self._arrived.set()
        if len(self.held) > _MOST_HELD and self._transport is not None:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.error = exc
        self._arrived.set()

    async def leave(self) -> None:
        """Close, and wait for a moment that it is closed: a loop may end right after."""
        if self._transport is not None and not self.ended:
            self._transport.resume_reading()  # or the other side's goodbye is never seen
            self._transport.close()
            await self._gone()
        if self._transport is not None and not self.ended:
            self._transport.abort()
            await self._gone()

    async def drop(self) -> None:
        """Close without a goodbye."""
        if self._transport is not None:
            self._transport.abort()
            await self._gone()

    async def _gone(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                while not self.ended:
                    self._arrived.clear()
                    await self._arrived.wait()

    async def read(self) -> bytes:
        """Wait for bytes; b"" where there will be none."""
        while not self.held and not self.ended:
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self.held)
        self.held.clear()
        return data


class Upstream:
    """A session that is open and idle. Its owner takes it over with `attach`; before that `fetch` asks on it."""

    def __init__(self, transport: asyncio.Transport, greeter: _Greeter, opened: Opened, where: str) -> None:
        self.transport = transport
        self.parameters: Mapping[str, str] = opened.parameters
        self.process = opened.process  # with `secret`, what `cancel` needs
        self.secret = opened.secret
        self._greeter = greeter
        self._where = where
        greeter.held[:0] = opened.rest

    @property
    def server_version(self) -> str:
        """What the server calls its version: ``17.10``."""
        return self.parameters.get("server_version", "")

    def attach(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the session to a protocol: it is connected, gets what has come so far, and from then on everything."""
        greeter = self._greeter
        if greeter.ended:
            raise Unreachable(f"{self._where} closed the session", "try again")
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        held = bytes(greeter.held)
        greeter.held.clear()
        if isinstance(protocol, asyncio.BufferedProtocol):
            while held:
                buffer = memoryview(protocol.get_buffer(len(held)))
                size = min(len(buffer), len(held))
                buffer[:size] = held[:size]
                held = held[size:]
                protocol.buffer_updated(size)
        elif held and isinstance(protocol, asyncio.Protocol):
            protocol.data_received(held)
        self.transport.resume_reading()

    async def fetch(self, sql: str, values: Sequence[str]) -> list[list[str | None]]:
        """Ask one question, with values in text; give its rows. Raises `UpstreamFault`. Its time is the caller's to bound."""
        if self._greeter.ended or self.transport.is_closing():
            raise Unreachable(f"{self._where} closed the session", "try again")
        given = tuple(value.encode() for value in values)
        question = (Parse(b"", sql.encode(), ()), Bind(b"", b"", (), given, ()), Execute(b"", 0), Sync())
        self.transport.resume_reading()
        self.transport.write(b"".join(map(write, question)))
        framer = ServerFramer(_LARGEST_ANSWER)
        rows: list[list[str | None]] = []
        failed = False
        size = 0
        while True:
            data = await self._greeter.read()
            size += len(data)
            if not data or size > _LARGEST_ANSWER:
                raise Unreachable(f"{self._where} closed the session, or said too much", "try again")
            try:
                for kind, frame, count in framer.feed(data):
                    failed = failed or kind == FromServer.ERROR_RESPONSE
                    if kind == FromServer.DATA_ROW:
                        rows += _rows(frame, count)
                    elif kind == FromServer.READY_FOR_QUERY:
                        if failed:
                            raise UpstreamFault(f"{self._where} cannot answer a question of the gate's", "see its log")
                        return rows
            except RemoteError:
                raise Unreachable(f"{self._where} does not speak as PostgreSQL does", "check `at`") from None

    async def close(self) -> None:
        """End the session, as long as nobody was attached."""
        if not (self._greeter.ended or self.transport.is_closing()):
            self.transport.write(write(Terminate()))
        await self._greeter.leave()


async def connect(
    address: Address,
    user: str,
    secret: str | None,
    *,
    parameters: Mapping[str, str],
    deadline: float,
) -> Upstream:
    """Open a session within `deadline` seconds. Raises `UpstreamFault`.

    `secret` is what `secret_of` gave; `parameters` go into the start-up message besides user and database.
    """
    greeter = _Greeter()
    try:
        async with asyncio.timeout(deadline):
            return await _connect(address, user, secret, parameters, greeter)
    except BaseException as error:
        await greeter.drop()
        if isinstance(error, TimeoutError):
            raise Unreachable(
                f"{address.shown} did not open a session within {deadline:g} s", "check that it runs and is reachable"
            ) from None
        raise


async def cancel(address: Address, process: int, secret: bytes, *, deadline: float) -> None:
    """Ask the server to cancel what a session runs; returns when it has heard. Raises `UpstreamFault`."""
    greeter = _Greeter()
    try:
        async with asyncio.timeout(deadline):
            transport = await _open(address, greeter)
            transport.write(write(CancelRequest(process, secret)))
            while await greeter.read():
                pass
    except TimeoutError:
        raise Unreachable(f"{address.shown} did not take a cancel request within {deadline:g} s", "try again") from None
    finally:
        await greeter.drop()


async def _connect(
    address: Address, user: str, secret: str | None, parameters: Mapping[str, str], greeter: _Greeter
) -> Upstream:
    transport = await _open(address, greeter)
    handshake = Handshake(
        user,
        secret,
        address.database,
        parameters,
        end_point=_end_point(transport),
        is_private=address.is_private,
        where=address.shown,
    )
    transport.write(handshake.start())
    while True:
        data = await greeter.read()
        if not data:
            raise Unreachable(f"{address.shown} closed the connection during the login", "the server's log says why")
        computing = handshake.is_computing
        answer = await asyncio.to_thread(handshake.feed, data) if computing else handshake.feed(data)
        if handshake.opened is not None:
            transport.pause_reading()
            return Upstream(transport, greeter, handshake.opened, address.shown)
        transport.write(answer)


async def _open(address: Address, greeter: _Greeter) -> asyncio.Transport:
    """Connect, and put TLS on it where the address says so. The greeter knows each transport, and closes it on a failure."""
    loop = asyncio.get_running_loop()
    try:
        if address.socket:
            transport, _ = await loop.create_unix_connection(lambda: greeter, address.socket)
        else:
            transport, _ = await loop.create_connection(lambda: greeter, address.host, address.port)
    except OSError as error:
        raise Unreachable(
            f"{address.shown} cannot be reached ({type(error).__name__})", "check that it runs and is reachable"
        ) from None
    greeter.take(transport)
    if address.tls is not None:
        transport = await _start_tls(loop, transport, greeter, address, address.tls)
        greeter.take(transport)
    return transport


async def _start_tls(
    loop: asyncio.AbstractEventLoop,
    transport: asyncio.Transport,
    greeter: _Greeter,
    address: Address,
    context: ssl.SSLContext,
) -> asyncio.Transport:
    transport.write(write(SSLRequest()))
    answer = await greeter.read()
    if answer == b"N":
        raise NoTls(
            f"{address.shown} does not speak TLS", "switch TLS on there: ssl = on, with a certificate for this name"
        )
    if answer != b"S":  # nor may anything in plain text stand behind it (CVE-2021-23222)
        raise Unreachable(f"{address.shown} does not answer whether it speaks TLS", "see its log")
    try:
        secured = await loop.start_tls(transport, greeter, context, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"{address.shown} shows a certificate that cannot be trusted: {error.verify_message}",
            "name its authority with sslrootcert=FILE, and the host as its certificate does",
        ) from None
    except (OSError, ssl.SSLError) as error:
        raise Unreachable(
            f"{address.shown} ends the TLS handshake ({type(error).__name__})", "check its certificate and versions"
        ) from None
    if secured is None:
        raise Unreachable(f"{address.shown} closed the connection during the TLS handshake", "see its log")
    return secured


def _end_point(transport: asyncio.Transport) -> bytes:
    secured = transport.get_extra_info("ssl_object")
    certificate = secured.getpeercert(binary_form=True) if secured is not None else None
    return end_point_of(certificate) if certificate else b""


def _rows(run: bytes, count: int) -> list[list[str | None]]:
    """Read a run of DataRows in text."""
    rows = []
    at = 0
    for _ in range(count):
        size = int.from_bytes(run[at + 1 : at + 5], "big") + 1
        values = read(DataRow, run[at : at + size]).values
        rows.append([None if value is None else value.decode(errors="replace") for value in values])
        at += size
    return rows


__all__ = [
    "Address",
    "BadAddress",
    "BadSecret",
    "Caution",
    "Fetch",
    "Handshake",
    "LoginRefused",
    "NoTls",
    "Opened",
    "Unreachable",
    "UnsafeLogin",
    "Upstream",
    "UpstreamFault",
    "cancel",
    "check_login",
    "connect",
    "parse_address",
    "secret_of",
]
