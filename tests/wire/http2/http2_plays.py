"""A client's octets, written frame by frame, and a rim that serves a `Server` on a Unix socket."""

import asyncio
from collections.abc import Callable
from struct import pack

from hpack import Encoder

from ringfence.wire.http2 import PREFACE, Event, Flag, HalfClosed, Kind, Message, Method, RemoteError, Server, frame

PATH = b"/house.Mirror/Look"


class Caller:
    """Writes what a gRPC client would."""

    def __init__(self) -> None:
        self._encoder = Encoder()
        self._next = 1

    def hello(self, settings: bytes = b"") -> bytes:
        return PREFACE + frame(Kind.SETTINGS, 0, 0, settings)

    def block(self, path: bytes = PATH, method: bytes = b"POST", more: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
        fields = [(b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"x")]
        return self._encoder.encode([*fields, (b"te", b"trailers"), (b"content-type", b"application/grpc"), *more])

    def opens(
        self, *, pieces: int = 1, more: tuple[tuple[bytes, bytes], ...] = (), path: bytes = PATH
    ) -> tuple[int, bytes]:
        stream, self._next = self._next, self._next + 2
        block = self.block(path, more=more)
        size = -(-len(block) // pieces)
        parts = [block[at : at + size] for at in range(0, len(block), size)]
        out = []
        for number, part in enumerate(parts):
            kind = Kind.HEADERS if number == 0 else Kind.CONTINUATION
            out.append(frame(kind, Flag.END_HEADERS if number == len(parts) - 1 else 0, stream, part))
        return stream, b"".join(out)


def prefixed(message: bytes) -> bytes:
    return b"\0" + pack(">I", len(message)) + message


def data(stream: int, content: bytes, *, ends: bool = False, padding: int | None = None) -> bytes:
    flags = Flag.END_STREAM if ends else 0
    if padding is None:
        return frame(Kind.DATA, flags, stream, content)
    return frame(Kind.DATA, flags | Flag.PADDED, stream, bytes((padding,)) + content + bytes(padding))


def heard(server: Server, stream: bytes, width: int = 1 << 30) -> list[Event]:
    """Feed octets in pieces of a width; give all events."""
    events: list[Event] = []
    for at in range(0, len(stream), width):
        events.extend(server.receive(stream[at : at + width]))
    return events


class Rim(asyncio.Protocol):
    """Gives every event to `act`, which answers on the server."""

    def __init__(self, method: Method, act: Callable[[Server, Event], None]) -> None:
        self._server = Server(method)
        self._act = act

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._server.take())

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._server.receive(data):
                self._act(self._server, event)
        except RemoteError:
            self._transport.write(self._server.take())
            self._transport.close()
            return
        self._transport.write(self._server.take())


def mirror(server: Server, event: Event) -> None:
    """Send back each message reversed; end when the caller has."""
    from ringfence.wire.http2 import Status

    match event:
        case Message(call, content):
            server.send(call, content[::-1])
            server.acknowledge(call, len(content))
        case HalfClosed(call):
            server.finish(call, Status.OK)
