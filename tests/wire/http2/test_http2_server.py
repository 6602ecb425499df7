"""The framing, play by play: what is given, wherever the octets are cut; what breaks the protocol; what is bounded."""

from struct import pack

import pytest
from http2_plays import PATH, Caller, data, heard, prefixed

from ringfence.wire.http2 import (
    PREFACE,
    Code,
    Ended,
    Flag,
    HalfClosed,
    Kind,
    Leaving,
    LocalError,
    Message,
    Method,
    Opened,
    RemoteError,
    Server,
    Status,
    frame,
)

_FEW = Method(PATH, largest=64, most_calls=2, most_held=100)


def _conversation() -> tuple[bytes, list[object]]:
    """Two calls at once, a message over three frames, padding, a block over three frames, a repeated block, an unknown frame."""
    caller = Caller()
    said = [caller.hello(pack(">HI", 4, 100_000))]
    first, opening = caller.opens()
    said.append(opening)
    second, opening = caller.opens(pieces=3, more=((b"x-mark", b"a"),))
    said.append(opening)
    third, opening = caller.opens(more=((b"x-mark", b"a"),))
    said += [opening, frame(Kind.PRIORITY, 0, third, pack(">IB", 0, 3))]
    whole = prefixed(b"a message in three")
    said += [data(first, whole[:3]), data(second, prefixed(b"other")), frame(Kind.PING, 0, 0, b"12345678")]
    said += [data(first, whole[3:9], padding=7), frame(Kind(9 - 1), 0, 0, pack(">I", 5)), data(first, whole[9:])]
    said += [b"\0\0\2\x5a\0\0\0\0\0hi", data(second, prefixed(b"") + prefixed(b"two"), ends=True)]
    said += [frame(Kind.RST_STREAM, 0, third, pack(">I", 8)), data(first, b"", ends=True)]
    said.append(frame(Kind.GOAWAY, 0, 0, pack(">II", 0, 0)))
    told: list[object] = [("opened", first), ("opened", second), ("opened", third), Message(second, b"other")]
    told += [Message(first, b"a message in three"), Message(second, b""), Message(second, b"two"), HalfClosed(second)]
    told += [Ended(third), HalfClosed(first), Leaving()]
    return b"".join(said), told


def _plain(events: list[object]) -> list[object]:
    return [("opened", each.call) if isinstance(each, Opened) else each for each in events]


@pytest.mark.parametrize("width", [1, 2, 3, 7, 9, 10, 64, 1 << 20])
def test_the_same_is_told_in_whatever_pieces_the_octets_come(width: int) -> None:
    said, told = _conversation()
    assert _plain(heard(Server(Method(PATH)), said, width)) == told


def test_cut_off_anywhere_it_tells_a_beginning_and_nothing_else() -> None:
    said, told = _conversation()
    for at in range(len(said)):
        events = _plain(heard(Server(Method(PATH)), said[:at]))
        assert events == told[: len(events)]
        server = Server(Method(PATH))
        assert _plain([*server.receive(said[:at]), *server.receive(said[at:])]) == told


def test_what_the_caller_says_beside_a_call_is_told_with_it() -> None:
    caller = Caller()
    _, opening = caller.opens(more=((b"x-mark", b"canary"),))
    [opened] = Server(Method(PATH)).receive(caller.hello() + opening)
    assert isinstance(opened, Opened)
    assert (b"x-mark", b"canary") in opened.metadata
    assert "canary" not in repr(opened)


def _broken() -> dict[str, tuple[Code, bytes]]:
    def after_hello(*frames: bytes) -> bytes:
        return Caller().hello() + b"".join(frames)

    def in_call(*frames: bytes) -> bytes:
        caller = Caller()
        _, opening = caller.opens()
        return caller.hello() + opening + b"".join(frames)

    bad, size, flow = Code.PROTOCOL_ERROR, Code.FRAME_SIZE_ERROR, Code.FLOW_CONTROL_ERROR
    plain = Caller().block()
    return {
        "not HTTP/2": (bad, b"POST / HTTP/1.1\r\n\r\n"),
        "no settings first": (bad, PREFACE + frame(Kind.PING, 0, 0, bytes(8))),
        "a frame that is too long": (size, after_hello(b"\x00\x40\x01\x00\x00\x00\x00\x00\x01")),
        "data on no stream": (bad, after_hello(data(0, b""))),
        "data on a stream that was not opened": (bad, after_hello(data(1, b""))),
        "data after the end": (Code.STREAM_CLOSED, in_call(data(1, b"", ends=True), data(1, b""))),
        "a server's stream": (bad, after_hello(frame(Kind.HEADERS, 4, 2, plain))),
        "a stream opened again": (Code.STREAM_CLOSED, in_call(frame(Kind.HEADERS, 4, 1, plain))),
        "a lower stream": (
            Code.STREAM_CLOSED,
            after_hello(frame(Kind.HEADERS, 4, 5, plain), frame(Kind.HEADERS, 4, 3, plain)),
        ),
        "a block broken off": (
            bad,
            after_hello(frame(Kind.HEADERS, 0, 1, plain[:9]), frame(Kind.PING, 0, 0, bytes(8))),
        ),
        "a block of another stream": (
            bad,
            after_hello(frame(Kind.HEADERS, 0, 1, plain[:9]), frame(Kind.CONTINUATION, 4, 3, plain[9:])),
        ),
        "a block that was none": (bad, after_hello(frame(Kind.CONTINUATION, 4, 1, plain))),
        "an endless block": (
            Code.ENHANCE_YOUR_CALM,
            after_hello(
                frame(Kind.HEADERS, 0, 1, b""), *(frame(Kind.CONTINUATION, 0, 1, bytes(16_384)) for _ in range(5))
            ),
        ),
        "a block that cannot be read": (
            Code.COMPRESSION_ERROR,
            after_hello(frame(Kind.HEADERS, 4, 1, b"\xff\xff\xff\xff")),
        ),
        "a table larger than agreed": (
            Code.COMPRESSION_ERROR,
            after_hello(frame(Kind.HEADERS, 4, 1, b"\x3f\xe1\xff\x03" + plain)),
        ),
        "a request without a path": (bad, after_hello(frame(Kind.HEADERS, 4, 1, b"\x83\x86"))),
        "a request with two paths": (bad, after_hello(frame(Kind.HEADERS, 4, 1, b"\x83\x86\x84\x84"))),
        "a pushed stream": (bad, after_hello(frame(Kind.PUSH_PROMISE, 4, 1, bytes(4) + plain))),
        "a short ping": (size, after_hello(frame(Kind.PING, 0, 0, bytes(7)))),
        "a ping of a stream": (bad, after_hello(frame(Kind.PING, 0, 1, bytes(8)))),
        "settings cut": (size, after_hello(frame(Kind.SETTINGS, 0, 0, bytes(7)))),
        "settings of a stream": (bad, after_hello(frame(Kind.SETTINGS, 0, 1, b""))),
        "an acknowledgement that says something": (size, after_hello(frame(Kind.SETTINGS, 1, 0, bytes(6)))),
        "a frame size that is not allowed": (bad, after_hello(frame(Kind.SETTINGS, 0, 0, pack(">HI", 5, 100)))),
        "a window that is too large": (flow, after_hello(frame(Kind.SETTINGS, 0, 0, pack(">HI", 4, 1 << 31)))),
        "push neither on nor off": (bad, after_hello(frame(Kind.SETTINGS, 0, 0, pack(">HI", 2, 2)))),
        "room for nothing": (bad, after_hello(frame(Kind.WINDOW_UPDATE, 0, 0, bytes(4)))),
        "room without end": (flow, after_hello(frame(Kind.WINDOW_UPDATE, 0, 0, pack(">I", (1 << 31) - 1)))),
        "room of a call without end": (flow, in_call(frame(Kind.WINDOW_UPDATE, 0, 1, pack(">I", (1 << 31) - 1)))),
        "room for a stream that was not opened": (bad, after_hello(frame(Kind.WINDOW_UPDATE, 0, 1, pack(">I", 1)))),
        "a stream reset that was not opened": (bad, after_hello(frame(Kind.RST_STREAM, 0, 1, bytes(4)))),
        "padding longer than its frame": (bad, in_call(frame(Kind.DATA, Flag.PADDED, 1, b"\x05abc"))),
        "a stream that depends on itself": (bad, in_call(frame(Kind.PRIORITY, 0, 1, pack(">IB", 1, 0)))),
    }


@pytest.mark.parametrize("case", _broken())
def test_what_breaks_the_protocol_ends_the_connection_with_its_code(case: str) -> None:
    code, said = _broken()[case]
    server = Server(Method(PATH))
    with pytest.raises(RemoteError) as fault:
        server.receive(said)
    assert fault.value.code is code
    assert server.take().endswith(pack(">I", code))  # in a GOAWAY
    assert server.receive(Caller().hello()) == []
    assert server.calls == 0


def test_more_than_the_window_is_refused_and_what_was_acknowledged_makes_room() -> None:
    server, caller = Server(_FEW), Caller()
    call, opening = caller.opens()
    server.receive(caller.hello() + opening)
    for _ in range(2000):  # far more than the window in all
        assert server.receive(data(call, prefixed(b"x" * 64))) == [Message(call, b"x" * 64)]
        server.acknowledge(call, 64)
        assert server.held == 0
    with pytest.raises(LocalError):
        server.acknowledge(call, 1)
    padded = frame(Kind.DATA, Flag.PADDED, call, b"\xff" + bytes(255))
    for _ in range(2000):  # padding is room, too, and comes back
        assert server.receive(padded) == []


def test_a_caller_that_sends_more_than_it_was_given_room_for_is_cut_off() -> None:
    method = Method(PATH, largest=64)
    server, caller = Server(method), Caller()
    call, opening = caller.opens()
    server.receive(caller.hello() + opening)
    fits = (method.largest + 5 + 16_384) // 69
    for _ in range(fits):
        server.receive(data(call, prefixed(b"x" * 64)))
    with pytest.raises(RemoteError) as fault:
        server.receive(data(call, prefixed(b"x" * 64)))
    assert fault.value.code is Code.FLOW_CONTROL_ERROR


def test_what_all_calls_hold_is_bounded() -> None:
    server, caller = Server(_FEW), Caller()
    first, opening = caller.opens()
    second, more = caller.opens()
    server.receive(caller.hello() + opening + more)
    assert server.receive(data(first, prefixed(b"x" * 60))) == [Message(first, b"x" * 60)]
    assert server.receive(data(second, prefixed(b"x" * 60))) == [Ended(second)]
    assert server.held == 65
    assert b"grpc-status\x018" in server.take()


def test_more_calls_than_are_taken_are_refused_and_those_that_are_open_go_on() -> None:
    server, caller = Server(_FEW), Caller()
    streams = [caller.opens() for _ in range(3)]
    server.receive(caller.hello() + b"".join(opening for _, opening in streams))
    assert server.calls == 2
    assert frame(Kind.RST_STREAM, 0, streams[2][0], pack(">I", Code.REFUSED_STREAM)) in server.take()
    assert server.receive(data(streams[0][0], prefixed(b"a"))) == [Message(streams[0][0], b"a")]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"\0" + pack(">I", 65), b"8"), (b"\1" + pack(">I", 3) + b"abc", b"8"), (b"\0\0\0\0\x05abc", b"13")],
    ids=["too long", "compressed", "cut off"],
)
def test_a_message_that_cannot_be_taken_ends_its_call_alone(content: bytes, status: bytes) -> None:
    server, caller = Server(_FEW), Caller()
    call, opening = caller.opens()
    other, more = caller.opens()
    server.receive(caller.hello() + opening + more)
    assert server.receive(data(call, prefixed(b"first") + content, ends=True)) == [Ended(call)]
    assert b"grpc-status" + bytes((len(status),)) + status in server.take()
    assert server.receive(data(other, prefixed(b"a"))) == [Message(other, b"a")]
    assert server.calls == 1


@pytest.mark.parametrize(
    ("method", "path", "content_type", "expected"),
    [
        (b"GET", PATH, b"application/grpc", b"405"),
        (b"POST", PATH, b"text/plain", b"415"),
        (b"POST", PATH + b"x", b"application/grpc+proto", b"grpc-status\x0212"),
    ],
)
def test_what_is_no_call_of_the_method_is_answered_and_tells_nothing(
    method: bytes, path: bytes, content_type: bytes, expected: bytes
) -> None:
    from hpack import Encoder

    fields = [(b":method", method), (b":scheme", b"http"), (b":path", path), (b"content-type", content_type)]
    server = Server(Method(PATH))
    said = Caller().hello() + frame(Kind.HEADERS, 4, 1, Encoder().encode(fields)) + data(1, prefixed(b"x"))
    assert server.receive(said) == []
    assert expected in server.take()
    assert server.calls == 0


def test_an_answer_waits_for_room_and_its_end_comes_after_it() -> None:
    server, caller = Server(Method(PATH)), Caller()
    call, opening = caller.opens()
    server.receive(caller.hello(pack(">HI", 4, 10)) + opening)
    server.take()
    server.send(call, b"a message of 21 bytes")
    server.finish(call, Status.OK)
    assert data(call, prefixed(b"a message of 21 bytes")[:10]) in server.take()
    assert server.unsent(call) == 16
    server.receive(frame(Kind.SETTINGS, 0, 0, pack(">HI", 4, 3)))  # takes room back that was used already
    server.receive(frame(Kind.WINDOW_UPDATE, 0, call, pack(">I", 7)))
    assert data(call, b"") not in server.take()
    server.receive(frame(Kind.WINDOW_UPDATE, 0, call, pack(">I", 100)))
    out = server.take()
    assert data(call, prefixed(b"a message of 21 bytes")[10:]) in out
    assert out.index(b"grpc-status") > out.index(b"21 bytes")
    assert server.calls == 0


def test_what_new_settings_allow_comes_after_their_acknowledgement() -> None:
    """gRPC's client was seen to wait for ever for octets that came before it: they are measured by the old settings."""
    server, caller = Server(Method(PATH)), Caller()
    call, opening = caller.opens()
    server.receive(caller.hello(pack(">HI", 4, 5)) + opening)
    server.send(call, b"x" * 40_000)
    server.take()
    server.receive(frame(Kind.SETTINGS, 0, 0, pack(">HIHI", 4, 50_000, 5, 50_000)))
    acknowledged = frame(Kind.SETTINGS, Flag.ACK, 0)
    assert server.take() == acknowledged + data(call, b"x" * 40_000)


def test_after_it_said_that_it_leaves_it_takes_no_call_and_ends_those_that_it_has() -> None:
    server, caller = Server(Method(PATH)), Caller()
    call, opening = caller.opens()
    server.receive(caller.hello() + opening)
    server.leave()
    _, late = caller.opens()
    assert server.receive(late) == []
    assert server.receive(data(call, prefixed(b"a"), ends=True)) == [Message(call, b"a"), HalfClosed(call)]
    server.send(call, b"b")
    server.finish(call, Status.OK)
    server.send(call, b"dropped: it has ended")
    assert server.calls == 0


def test_a_call_is_finished_once() -> None:
    server, caller = Server(Method(PATH)), Caller()
    call, opening = caller.opens()
    server.receive(caller.hello(pack(">HI", 4, 0)) + opening)
    server.send(call, b"x")
    server.finish(call, Status.OK)
    with pytest.raises(LocalError):
        server.finish(call, Status.OK)
    with pytest.raises(LocalError):
        server.send(call, b"x")
