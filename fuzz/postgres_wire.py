"""Any bytes, from either side of a PostgreSQL session, cut anywhere: nothing but `RemoteError` comes of them.

The first byte of an input chooses the side, the second the cut, the rest is the stream. However it is cut, the same messages come
of it; what a message is read as is written as the same bytes; the order of messages is followed to its end or to the first that
is out of order; and what is kept is bounded by the limit.
"""

from ringfence.wire.postgres import peeking
from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.frames import ClientFramer, Frame, Framer, ServerFramer
from ringfence.wire.postgres.kinds import FromClient, FromServer
from ringfence.wire.postgres.layout import Column
from ringfence.wire.postgres.message import CopyData, CopyDone, Message
from ringfence.wire.postgres.messages import LAYOUTS, read, write
from ringfence.wire.postgres.replies import (
    AuthenticationOk,
    BindComplete,
    CommandComplete,
    CopyInResponse,
    DataRow,
    ErrorResponse,
    NoticeResponse,
    ParameterStatus,
    ParseComplete,
    ReadyForQuery,
    RowDescription,
)
from ringfence.wire.postgres.requests import (
    Bind,
    CancelRequest,
    Describe,
    Execute,
    Parse,
    Query,
    SASLInitialResponse,
    SSLRequest,
    StartupMessage,
    Sync,
)
from ringfence.wire.postgres.states import Copy, Exchange, Way

_ANSWERED_FIRST = (FromClient.SSL_REQUEST, FromClient.GSSENC_REQUEST, FromClient.CANCEL_REQUEST)
WIDTHS = (1 << 20, 1, 2, 3, 5, 13, 64, 1000)  # of the pieces
LIMIT = 4096

_START = write(StartupMessage(196610, ((b"user", b"ada"), (b"_pq_.x", b"1"))))
_COLUMN = Column(b"mail", 16403, 3, 25, -1, -1, 0)


def _stream(*messages: Message) -> bytes:
    return b"".join(map(write, messages))


_CLIENT = [
    _START + _stream(SASLInitialResponse(b"SCRAM-SHA-256", b"n,,n=,r=x")),
    _START + _stream(Parse(b"s", b"select $1", (25,)), Bind(b"", b"s", (1,), (b"x", None)), Execute(b""), Sync()),
    _START + _stream(Query(b"select 1"), Describe(b"S", b"s"), CopyData(b"1\t2\n"), CopyDone()),
    _stream(SSLRequest()),
    _stream(CancelRequest(1, bytes(32))),
]
_SERVER = [
    _stream(AuthenticationOk(), ParameterStatus(b"a", b"b"), ReadyForQuery(b"I")),
    _stream(
        RowDescription((_COLUMN,)), *[DataRow((b"x", None))] * 5, CommandComplete(b"SELECT 5"), ReadyForQuery(b"T")
    ),
    _stream(ParseComplete(), BindComplete(), NoticeResponse((("S", b"LOG"),)), ErrorResponse((("C", b"42501"),))),
    _stream(CopyInResponse(0, (0,)), CopyData(b"a\n"), CopyData(b"b\n"), CopyDone()),
]
SEEDS: list[bytes] = [
    bytes((side, width)) + stream
    for side, streams in enumerate((_CLIENT, _SERVER))
    for stream in streams
    for width in range(3)
]

_READERS: dict[int, list[type[Message]]] = {}
for _cls, _layout in LAYOUTS.items():
    _READERS.setdefault(_layout.kind, []).append(_cls)
_PEEKS = {
    FromClient.QUERY: (peeking.query_text,),
    FromClient.PARSE: (peeking.parse_statement, peeking.parse_text),
    FromClient.BIND: (peeking.bind_names,),
    FromClient.EXECUTE: (peeking.execute_portal,),
    FromClient.DESCRIBE: (peeking.target_of,),
    FromClient.CLOSE: (peeking.target_of,),
    FromServer.READY_FOR_QUERY: (peeking.transaction_status,),
    FromServer.NOTICE_RESPONSE: (peeking.report_code,),
}


def target(data: bytes) -> None:
    is_client = not data or data[0] % 2 == 0
    width = WIDTHS[data[1] % len(WIDTHS)] if len(data) > 1 else 1
    stream = data[2:]
    frames, went_wrong = framed(ClientFramer(LIMIT) if is_client else ServerFramer(LIMIT), stream, width)
    whole, whole_went_wrong = framed(ClientFramer(LIMIT) if is_client else ServerFramer(LIMIT), stream, 1)
    if any(kind in _ANSWERED_FIRST for kind, _, _ in whole):
        return  # what comes behind these in one piece is refused, and has its turn after the answer otherwise
    assert went_wrong == whole_went_wrong, "a stream is refused when it is cut otherwise"
    assert joined(frames) == joined(whole)[: len(joined(frames))] or went_wrong, "a cut changes what comes"
    messages = [(kind, message) for kind, run, count in frames for message in separate(kind, run, count)]
    for kind, message in messages:
        examine(kind, message)
    follow(messages, is_client)


def framed(framer: Framer, stream: bytes, width: int) -> tuple[list[Frame], bool]:
    """Feed a stream in pieces; give what came, and whether it was refused."""
    frames: list[Frame] = []
    try:
        for at in range(0, len(stream), width):
            frames += framer.feed(stream[at : at + width])
            assert framer.held <= LIMIT, "more is held than the limit"
    except RemoteError:
        return frames, True
    assert sum(len(data) for _, data, _ in frames) + framer.held == len(stream), "bytes were lost"
    return frames, False


def joined(frames: list[Frame]) -> list[tuple[int, bytes]]:
    return [(kind, message) for kind, data, count in frames for message in separate(kind, data, count)]


def separate(kind: int, run: bytes, count: int) -> list[bytes]:
    """Give the messages of a run."""
    if kind > 255:
        return [run]
    messages = []
    at = 0
    while at < len(run):
        end = at + 1 + int.from_bytes(run[at + 1 : at + 5])
        messages.append(run[at:end])
        at = end
    assert len(messages) == count, "a run does not have as many messages as it says"
    return messages


def examine(kind: int, message: bytes) -> None:
    for cls in _READERS.get(kind, ()):
        try:
            value = read(cls, message)
        except RemoteError:
            continue
        assert write(value) == message, "a message is not written as it was read"
    for peek in _PEEKS.get(kind, ()):  # type: ignore[call-overload]
        try:
            peek(message)
        except RemoteError:
            continue


def follow(messages: list[tuple[int, bytes]], is_client: bool) -> None:
    """Let one side's messages pass through an exchange, the other's being what it has to be."""
    exchange: Exchange[int] = Exchange()
    copies = (Copy.NONE, Copy.IN, Copy.OUT)
    for number, (kind, message) in enumerate(messages):
        try:
            if not is_client:
                if not exchange.pending:
                    sent = (FromClient.QUERY, FromClient.EXECUTE, FromClient.SYNC)[number % 3]
                    exchange.sent(sent, number, copies[number % 3])
                exchange.received(kind)
            elif exchange.came(kind) is Way.TAKE and kind < 256:
                exchange.sent(kind, number, copies[len(message) % 3])
            elif kind == FromClient.STARTUP:
                exchange.admit()
        except (RemoteError, LocalError):
            return
        assert exchange.pending <= len(messages), "more is waited for than was sent"
