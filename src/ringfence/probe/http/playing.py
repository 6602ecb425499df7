"""Both ends of a gate, played: a client that sends what it likes, and a service that says what it is told.

The rule: neither believes anything. The service keeps every octet that it hears, the client every octet that it gets; what
stands in them is another module's business. Every wait has a deadline: a message that never ends is an attack like others.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from struct import pack
from typing import Final

from hpack import Decoder, Encoder

from ringfence.probe.http.attacks import Played
from ringfence.wire.http2.frames import HEADER, HEADER_SIZE, PREFACE, Code, Flag, Kind, frame

SECONDS: Final = 6.0  # for the answer to one request
QUIET: Final = 0.4  # seconds without an octet after which a request that does not end is answered
_HARMLESS: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_HEAD_END: Final = b"\r\n\r\n"
_MOST: Final = 16 * 1024 * 1024  # octets that are read of one connection
_PIECE: Final = 64 * 1024


class Service:
    """What stands behind the gate."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.requests = 0
        self.closes = False  # each connection after one answer, as with nobody between who would
        self._says: Sequence[bytes] = ()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Listen; give the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def begin(self, says: Sequence[bytes] = ()) -> None:
        """Forget what was heard, and answer with this from now on, once a connection; empty: something harmless."""
        self.heard.clear()
        self.requests = 0
        self._says = says

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._listen(reader):
                self.requests += 1
                says = self._says or (_HARMLESS,)
                for number, piece in enumerate(says):
                    if number:
                        await asyncio.sleep(0)  # so that pieces go apart
                    writer.write(piece)
                    await writer.drain()
                if self._says or self.closes:
                    return  # what was said may be no answer: nothing can follow it
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> bool:
        """Take a request, as far as it comes; say whether there was one."""
        came = bytearray()
        while not _is_whole(came) and len(came) < _MOST:
            try:
                async with asyncio.timeout(QUIET if came else None):
                    piece = await reader.read(_PIECE)
            except TimeoutError:
                return True
            if not piece:
                return bool(came)
            came += piece
            self.heard += piece
        return True


def _is_whole(came: bytes | bytearray) -> bool:
    head, end, body = bytes(came).partition(_HEAD_END)
    if not end:
        return False
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return body.endswith(b"0\r\n\r\n") or (b"\r\n0\r\n" in body and body.endswith(_HEAD_END))
    _, there, rest = lower.partition(b"\r\ncontent-length: ")
    size = rest.partition(b"\r\n")[0].strip()
    return len(body) >= (int(size) if there and size.isdigit() else 0)


async def send(port: int, played: Played) -> bytes:
    """Send a message as a client, and give all that comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    came = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            for piece in played.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            while len(came) < _MOST and (piece := await reader.read(_PIECE)):
                came += piece
                if _is_answered(came):
                    break
    except (TimeoutError, OSError):
        pass
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return bytes(came)


def _is_answered(came: bytearray) -> bool:
    """Whether what came is a refusal of Envoy's own, behind which its connection may stay open."""
    return came.startswith(b"HTTP/1.1 4") and _is_whole(came)


# ---------------------------------------------------------------- HTTP/2


async def send_http2(port: int, played: Played, *, width: int, resets: bool) -> tuple[int, bytes]:
    """Send a message over HTTP/2, with prior knowledge; give the status and all that came back, header fields written out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = _Got()
    try:
        async with asyncio.timeout(1.5 if resets else SECONDS):  # nothing is said to what was reset
            *frames, last = _frames(played, width, resets=resets)
            for piece in frames:
                writer.write(piece)
                await writer.drain()
            if resets:
                await asyncio.sleep(QUIET)  # so that what came before goes as far as it can
            writer.write(last)
            while not got.is_over and (piece := await reader.read(_PIECE)):
                writer.write(got.take(piece))
    except (TimeoutError, OSError):
        pass
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return got.status, bytes(got.came)


def _frames(played: Played, width: int, *, resets: bool) -> list[bytes]:
    encoder = Encoder()
    body = [played.body[at : at + width] for at in range(0, len(played.body), width)] if width else [played.body]
    body = body if played.body else []
    ends = not body and not played.trailers
    sent = [PREFACE + frame(Kind.SETTINGS, 0, 0)]
    sent.append(_headers(encoder, played.head, ends=ends))
    for number, piece in enumerate(body, 1):
        is_last = number == len(body) and not played.trailers
        if resets and is_last:
            return [*sent, frame(Kind.RST_STREAM, 0, 1, pack(">I", Code.CANCEL))]
        sent.append(frame(Kind.DATA, Flag.END_STREAM if is_last else 0, 1, piece))
    if played.trailers:
        sent.append(_headers(encoder, played.trailers, ends=True))
    return sent


def _headers(encoder: Encoder, fields: Sequence[tuple[str, str]], *, ends: bool) -> bytes:
    named = [
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape")) for name, value in fields
    ]
    return frame(Kind.HEADERS, Flag.END_HEADERS | (Flag.END_STREAM if ends else 0), 1, bytes(encoder.encode(named)))


class _Got:
    """What comes back on one HTTP/2 connection."""

    def __init__(self) -> None:
        self.status = 0
        self.came = bytearray()
        self.is_over = False
        self._left = bytearray()
        self._decoder = Decoder()

    def take(self, piece: bytes) -> bytes:
        """Take octets; give what is to be said to them."""
        self._left += piece
        said = b""
        while len(self._left) >= HEADER_SIZE:
            high, low, kind, flags, _ = HEADER.unpack_from(self._left)
            size = high << 8 | low
            if len(self._left) < HEADER_SIZE + size:
                break
            payload = bytes(self._left[HEADER_SIZE : HEADER_SIZE + size])
            del self._left[: HEADER_SIZE + size]
            said += self._frame(kind, flags, payload)
        return said

    def _frame(self, kind: int, flags: int, payload: bytes) -> bytes:
        match kind:
            case Kind.SETTINGS if not flags & Flag.ACK:
                return frame(Kind.SETTINGS, Flag.ACK, 0)
            case Kind.HEADERS:
                for name, value in self._decoder.decode(payload, raw=True):
                    self.came += bytes(name) + b": " + bytes(value) + b"\r\n"
                    self.status = int(value) if name == b":status" else self.status
            case Kind.DATA:
                self.came += b"\r\n\r\n" + payload if not self.came.count(b"\r\n\r\n") else payload
            case Kind.RST_STREAM | Kind.GOAWAY:
                self.is_over = True
            case _:
                pass
        self.is_over |= kind in (Kind.DATA, Kind.HEADERS) and bool(flags & Flag.END_STREAM)
        return b""
