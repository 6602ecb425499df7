"""Any octets on the processor's socket, cut anywhere: nothing but `RemoteError` comes of them, and no message that was not sent.

The first byte of an input chooses the cut, the rest is the stream. However it is cut, the same is told of it; what is held is
bounded; a message that is given stands in the stream as octets of DATA of its call, in order, with its length before it, read here
by a reader that knows nothing but frame heads.
"""

from struct import pack, unpack_from

from hpack import Encoder

from ringfence.wire.http2 import PREFACE, Event, Flag, Kind, Message, Method, RemoteError, Server, Status, frame

WIDTHS = (1 << 20, 1, 2, 3, 5, 9, 64, 1000)
METHOD = Method(b"/a.B/C", largest=2048, most_calls=4, most_held=4096)


def _call(encoder: Encoder, stream: int, *frames: bytes) -> bytes:
    fields = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", METHOD.path),
        (b"content-type", b"application/grpc"),
    ]
    return frame(Kind.HEADERS, Flag.END_HEADERS, stream, encoder.encode(fields)) + b"".join(frames)


def _data(stream: int, content: bytes, flags: int = 0) -> bytes:
    return frame(Kind.DATA, flags, stream, content)


def _seeds() -> list[bytes]:
    hello = PREFACE + frame(Kind.SETTINGS, 0, 0, pack(">HI", 4, 200))
    encoder = Encoder()
    two = b"\0\0\0\0\3abc\0\0\0\0\0"
    one = hello + _call(encoder, 1, _data(1, two[:6]), _data(1, two[6:], 1)) + _call(encoder, 3, _data(3, two))
    other = hello + _call(Encoder(), 1, _data(1, b"\3" + two + bytes(3), 8), frame(Kind.RST_STREAM, 0, 1, bytes(4)))
    last = hello + frame(Kind.PING, 0, 0, bytes(8)) + frame(Kind.WINDOW_UPDATE, 0, 0, pack(">I", 9))
    return [
        b"\0" + one,
        b"\1" + other,
        b"\2" + last,
        b"\3" + hello + _call(Encoder(), 1, _data(1, b"\0\0\0\x07\xd0" + bytes(2000))),
    ]


SEEDS = _seeds()


def target(data: bytes) -> None:
    if not data:
        return
    width, stream = WIDTHS[data[0] % len(WIDTHS)], data[1:]
    whole, fault = _heard(stream, 1 << 20)
    pieces, fault_in_pieces = _heard(stream, width)
    assert fault == fault_in_pieces
    if fault is None:
        assert [each for each in pieces if not isinstance(each, Message)] == [
            each for each in whole if not isinstance(each, Message)
        ]
    sent = _sent(stream)
    for events in (whole, pieces):
        given: dict[int, bytes] = {}
        for event in events:
            if isinstance(event, Message):
                given[event.call] = given.get(event.call, b"") + b"\0" + pack(">I", len(event.data)) + event.data
        for call, octets in given.items():
            assert sent.get(call, b"").startswith(octets)


def _heard(stream: bytes, width: int) -> tuple[list[Event], object]:
    server = Server(METHOD)
    events: list[Event] = []
    try:
        for at in range(0, len(stream), width):
            new = server.receive(stream[at : at + width])
            events.extend(new)
            for event in new:
                if isinstance(event, Message) and len(event.data) % 2:
                    server.send(event.call, event.data)
                    server.acknowledge(event.call, len(event.data))
            assert server.held <= METHOD.most_held + 16_384
            assert server.calls <= METHOD.most_calls
            server.take()
    except RemoteError as fault:
        return events, fault.code
    for event in events:
        server.finish(event.call, Status.INTERNAL) if isinstance(event, Message) and not server.unsent(
            event.call
        ) else None
    return events, None


def _sent(stream: bytes) -> dict[int, bytes]:
    """Read all DATA of each stream, as far as frames go."""
    at, sent = len(PREFACE), dict[int, bytes]()
    while at + 9 <= len(stream):
        size = int.from_bytes(stream[at : at + 3], "big")
        kind, flags = stream[at + 3], stream[at + 4]
        number = unpack_from(">I", stream, at + 5)[0] & 0x7FFFFFFF
        payload = stream[at + 9 : at + 9 + size]
        if kind == Kind.DATA and len(payload) == size:
            if flags & Flag.PADDED and payload:
                payload = payload[1 : max(1, size - payload[0])]
            sent[number] = sent.get(number, b"") + payload
        at += 9 + size
    return sent
