"""Streams become whole messages, wherever they are cut; lengths that lie are refused before anything is kept for them."""

import struct
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_plays import cuts, encoded, fed, joined

from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.frames import BEFORE_AUTHENTICATION, ClientFramer, Framer, ServerFramer
from ringfence.wire.postgres.kinds import CLIENT_BOUNDS, SERVER_BOUNDS, FromClient, FromServer
from ringfence.wire.postgres.messages import read, write
from ringfence.wire.postgres.replies import CommandComplete, ReadyForQuery
from ringfence.wire.postgres.requests import (
    Bind,
    CancelRequest,
    CopyFail,
    Execute,
    GSSENCRequest,
    Parse,
    Query,
    SSLRequest,
    StartupMessage,
    Sync,
)

STARTUP = write(StartupMessage(196608, ((b"user", b"ada"), (b"database", b"shop"))))
ROWS = encoded([[b"1", None], [b"22", b"x"], [b"", b"yy"]])
DONE = write(CommandComplete(b"SELECT 3")) + write(ReadyForQuery(b"I"))


def opened() -> ClientFramer:
    framer = ClientFramer()
    framer.feed(STARTUP)
    return framer


def test_a_clients_first_packets_come_typed() -> None:
    framer = ClientFramer()
    assert framer.feed(write(SSLRequest())) == [(FromClient.SSL_REQUEST, write(SSLRequest()), 1)]
    assert framer.feed(write(GSSENCRequest())) == [(FromClient.GSSENC_REQUEST, write(GSSENCRequest()), 1)]
    assert framer.feed(STARTUP) == [(FromClient.STARTUP, STARTUP, 1)]
    assert read(StartupMessage, STARTUP).parameter(b"user") == b"ada"


@pytest.mark.parametrize("secret", [b"1234", bytes(range(32)), bytes(256)])
def test_cancel_requests_have_the_short_key_or_the_long_one_of_protocol_3_2(secret: bytes) -> None:
    packet = write(CancelRequest(77, secret))
    for pieces in cuts(packet):
        [(kind, data, _)] = fed(ClientFramer, pieces)
        assert kind == FromClient.CANCEL_REQUEST
        assert read(CancelRequest, data) == CancelRequest(77, secret)


def test_a_clients_stream_may_be_cut_anywhere() -> None:
    stream = STARTUP + write(Parse(b"s", b"select 1")) + write(Bind(b"", b"s")) + write(Execute(b"")) + write(Sync())
    expected = joined(fed(ClientFramer, [stream]))
    assert [kind for kind, _, _ in expected] == [FromClient.STARTUP, *b"PBES"]
    for pieces in cuts(stream):
        assert joined(fed(ClientFramer, pieces)) == expected


def test_a_servers_stream_may_be_cut_anywhere() -> None:
    stream = ROWS + DONE + ROWS
    for pieces in cuts(stream):
        frames = joined(fed(ServerFramer, pieces))
        assert [(chr(kind), count) for kind, _, count in frames] == [("D", 3), ("C", 1), ("Z", 1), ("D", 3)]
        assert b"".join(data for _, data, _ in frames) == stream


@given(
    st.lists(st.tuples(st.sampled_from(b"DDDdCNZT"), st.binary(max_size=40)), max_size=30),
    st.lists(st.integers(0, 1200), max_size=8),
)
def test_what_is_fed_comes_out_whatever_it_is_and_however_it_is_cut(
    messages: list[tuple[int, bytes]], places: list[int]
) -> None:
    whole = [struct.pack("!Bi", kind, len(body) + 4) + body for kind, body in messages]
    stream = b"".join(whole)
    at, pieces = 0, []
    for place in sorted(min(place, len(stream)) for place in places):
        pieces.append(stream[at:place])
        at = place
    frames = fed(ServerFramer, [*pieces, stream[at:]])
    assert b"".join(data for _, data, _ in frames) == stream
    assert sum(count for _, _, count in frames) == len(messages)
    assert [kind for kind, _, count in frames for _ in range(count)] == [kind for kind, _ in messages]


def test_rows_in_one_chunk_come_as_one_frame_and_the_whole_chunk_is_not_copied() -> None:
    [(kind, data, count)] = ServerFramer().feed(ROWS)
    assert (kind, count) == (FromServer.DATA_ROW, 3)
    assert data is ROWS


def test_a_row_that_was_cut_comes_in_one_run_with_those_behind_it() -> None:
    framer = ServerFramer()
    assert [count for _, _, count in framer.feed(ROWS + ROWS[:7])] == [3]
    assert framer.held == 7
    [(_, data, count)] = framer.feed(ROWS[7:] + ROWS)
    assert (data, count) == (ROWS + ROWS, 6)


@pytest.mark.parametrize("length", [0, 1, 3, -1, -(2**31), 2**31 - 1, BEFORE_AUTHENTICATION])
@pytest.mark.parametrize("kind", [b"Q", b"P", b"B", b"d", b"p"])
def test_lengths_that_lie_are_refused_as_soon_as_they_are_known(kind: bytes, length: int) -> None:
    header = kind + struct.pack("!i", length)
    for pieces in cuts(header):
        framer = opened()
        with pytest.raises(RemoteError, match="states a length"):
            fed(lambda: framer, pieces)  # noqa: B023 (called at once)
        assert framer.held == 0
        with pytest.raises(LocalError):
            framer.feed(b"")


@pytest.mark.parametrize("length", [0, 3, -5, 2**31 - 1])
def test_a_row_with_a_length_that_lies_ends_the_run_before_it(length: int) -> None:
    framer = ServerFramer()
    with pytest.raises(RemoteError, match="states a length"):
        framer.feed(ROWS + b"D" + struct.pack("!i", length))


def test_a_streamed_row_larger_than_the_limit_is_refused_at_its_header() -> None:
    framer = ServerFramer(limit=100)
    framer.feed(b"D" + struct.pack("!i", 99))
    framer = ServerFramer(limit=100)
    with pytest.raises(RemoteError, match="more than the 99 allowed"):
        framer.feed(b"D" + struct.pack("!i", 100))


def test_the_limit_can_be_raised_once_the_client_is_known() -> None:
    query = write(Query(b"select '" + b"x" * 20_000 + b"'"))
    with pytest.raises(RemoteError):
        opened().feed(query)
    framer = opened()
    framer.limit = 1 << 20
    assert framer.feed(query) == [(FromClient.QUERY, query, 1)]


@pytest.mark.parametrize(("kind", "name"), [(b"S", "Sync"), (b"c", "CopyDone"), (b"X", "Terminate"), (b"E", "Execute")])
def test_small_messages_have_small_bounds_even_where_the_limit_is_large(kind: bytes, name: str) -> None:
    framer = opened()
    framer.limit = 1 << 30
    with pytest.raises(RemoteError, match="9999 allowed"):
        framer.feed(kind + struct.pack("!i", 10_001))
    assert name


@pytest.mark.parametrize("kind", [0, ord("G"), ord("!"), ord("R"), 255])
def test_a_kind_that_a_client_does_not_have_is_refused_at_its_first_byte(kind: int) -> None:
    with pytest.raises(RemoteError, match="unknown kind"):
        opened().feed(bytes((kind,)))


def test_every_byte_is_a_kind_with_a_bound_or_refused() -> None:
    for make, bounds in ((opened, CLIENT_BOUNDS), (ServerFramer, SERVER_BOUNDS)):
        for kind in range(256):
            framer: Framer = make()
            message = struct.pack("!Bi", kind, 4)
            if bounds[kind]:
                assert framer.feed(message) == [(kind, message, 1)]
            else:
                with pytest.raises(RemoteError):
                    framer.feed(message)


@pytest.mark.parametrize(
    "packet",
    [
        struct.pack("!ii", 0, 196608),
        struct.pack("!ii", 3, 196608),
        struct.pack("!ii", 7, 196608),
        struct.pack("!ii", 8, 196608),
        struct.pack("!ii", -8, 196608),
        struct.pack("!ii", 10_001, 196608),
        struct.pack("!ii", 2**31 - 1, 196608),
        struct.pack("!ii", 20, 131072),
        struct.pack("!ii", 20, 4 << 16),
        struct.pack("!ii", 20, 80877199),
        struct.pack("!ii", 9, 80877103),
        struct.pack("!ii", 12, 80877102),
        struct.pack("!ii", 400, 80877102),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"SSH-2.0-x",
        bytes(8),
        b"\xff" * 8,
    ],
)
def test_opening_packets_that_are_none_are_refused(packet: bytes) -> None:
    for pieces in cuts(packet):
        with pytest.raises(RemoteError):
            fed(ClientFramer, pieces)


@pytest.mark.parametrize("request_", [write(SSLRequest()), write(GSSENCRequest()), write(CancelRequest(1, b"1234"))])
def test_bytes_behind_a_request_that_has_to_be_answered_first_are_refused(request_: bytes) -> None:
    with pytest.raises(RemoteError, match="plain text"):
        ClientFramer().feed(request_ + STARTUP)


def test_nothing_may_follow_a_cancel_request() -> None:
    framer = ClientFramer()
    framer.feed(write(CancelRequest(1, b"1234")))
    with pytest.raises(RemoteError):
        framer.feed(b"Q")


@pytest.mark.parametrize("answer", [b"S", b"N", b"G"])
def test_the_answer_to_a_request_for_encryption_is_one_byte(answer: bytes) -> None:
    framer = ServerFramer()
    framer.expect_answer()
    assert framer.feed(b"") == []
    assert framer.feed(answer) == [(FromServer.ENCRYPTION_ANSWER, answer, 1)]
    assert [count for _, _, count in framer.feed(ROWS)] == [3]


@pytest.mark.parametrize("answer", [b"SE", b"E\0\0\0\x05\0", b"?", b"NR\0\0\0\x08\0\0\0\0"])
def test_more_than_one_byte_or_another_one_is_no_answer(answer: bytes) -> None:
    framer = ServerFramer()
    framer.expect_answer()
    with pytest.raises(RemoteError, match="one byte"):
        framer.feed(answer)


def test_encryption_cannot_be_asked_for_in_the_middle_of_a_message() -> None:
    framer = ServerFramer()
    framer.feed(b"Z\0")
    with pytest.raises(LocalError):
        framer.expect_answer()


def test_no_byte_of_a_payload_is_in_an_error() -> None:
    for make, stream in (
        (opened, b"Q" + struct.pack("!i", -2) + b"secret"),
        (ClientFramer, b"secretsecret"),
        (ServerFramer, b"\x07secret"),
    ):
        framer: Framer = make()
        with pytest.raises(RemoteError) as caught:
            framer.feed(stream)
        assert "secret" not in str(caught.value) + repr(caught.value)
        assert caught.value.code == "08P01"


def _memory_of(run: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_large_message_in_small_pieces_costs_its_size_a_few_times_and_not_its_square() -> None:
    message = write(CopyFail(b"x" * 9000))
    large = write(Query(b"x" * 400_000))

    def run() -> None:
        framer = opened()
        framer.limit = 1 << 20
        pieces = [large[at : at + 7] for at in range(0, len(large), 7)]
        before = len(pieces)
        assert sum(len(framer.feed(piece)) for piece in pieces) == 1
        assert before > 50_000

    assert _memory_of(run) < 12 * len(large)
    assert [kind for kind, _, _ in fed(opened, [message])] == [FromClient.COPY_FAIL]
