"""Every message is read as it is written, from one table; what is not laid out as its kind is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.wire.postgres import peeking
from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.kinds import FromClient, FromServer
from ringfence.wire.postgres.layout import Column
from ringfence.wire.postgres.message import CopyData, CopyDone, Message
from ringfence.wire.postgres.messages import LAYOUTS, NEWEST, negotiation, read, read_authentication, write
from ringfence.wire.postgres.replies import (
    Authentication,
    AuthenticationCleartextPassword,
    AuthenticationMD5Password,
    AuthenticationOk,
    AuthenticationSASL,
    AuthenticationSASLContinue,
    AuthenticationSASLFinal,
    BackendKeyData,
    BindComplete,
    CloseComplete,
    CommandComplete,
    CopyBothResponse,
    CopyInResponse,
    CopyOutResponse,
    DataRow,
    EmptyQueryResponse,
    ErrorResponse,
    FunctionCallResponse,
    NegotiateProtocolVersion,
    NoData,
    NoticeResponse,
    NotificationResponse,
    ParameterDescription,
    ParameterStatus,
    ParseComplete,
    PortalSuspended,
    ReadyForQuery,
    RowDescription,
)
from ringfence.wire.postgres.requests import (
    Bind,
    CancelRequest,
    Close,
    CopyFail,
    Describe,
    Execute,
    Flush,
    FunctionCall,
    GSSENCRequest,
    Parse,
    PasswordMessage,
    Query,
    SASLInitialResponse,
    SASLResponse,
    SSLRequest,
    StartupMessage,
    Sync,
    Terminate,
)

COLUMN = Column(b"mail", 16403, 3, 25, -1, -1, 0)
EXAMPLES: list[tuple[Message, bytes]] = [
    (SSLRequest(), b"\0\0\0\x08\x04\xd2\x16\x2f"),
    (GSSENCRequest(), b"\0\0\0\x08\x04\xd2\x16\x30"),
    (CancelRequest(258, b"key!"), b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\x01\x02key!"),
    (StartupMessage(NEWEST, ((b"user", b"u"),)), b"\0\0\0\x10\0\x03\0\x02user\0u\0\0"),
    (PasswordMessage(b"pw"), b"p\0\0\0\x07pw\0"),
    (SASLInitialResponse(b"SCRAM-SHA-256", b"n,,"), b"p\0\0\0\x19SCRAM-SHA-256\0\0\0\0\x03n,,"),
    (SASLInitialResponse(b"X", None), b"p\0\0\0\x0aX\0\xff\xff\xff\xff"),
    (SASLResponse(b"c=biws"), b"p\0\0\0\x0ac=biws"),
    (Query(b"select 1"), b"Q\0\0\0\x0dselect 1\0"),
    (Parse(b"s", b"select $1", (0, 25)), b"P\0\0\0\x1as\0select $1\0\0\x02\0\0\0\0\0\0\0\x19"),
    (
        Bind(b"p", b"s", (0, 1), (b"a", None), (1,)),
        b"B\0\0\0\x1dp\0s\0\0\x02\0\0\0\x01\0\x02\0\0\0\x01a\xff\xff\xff\xff\0\x01\0\x01",
    ),
    (Describe(b"S", b"s"), b"D\0\0\0\x07Ss\0"),
    (Execute(b"p", 5), b"E\0\0\0\x0ap\0\0\0\0\x05"),
    (Close(b"P", b""), b"C\0\0\0\x06P\0"),
    (Sync(), b"S\0\0\0\x04"),
    (Flush(), b"H\0\0\0\x04"),
    (
        FunctionCall(1740, (1,), (b"x", None), 0),
        b"F\0\0\0\x19\0\0\x06\xcc\0\x01\0\x01\0\x02\0\0\0\x01x\xff\xff\xff\xff\0\0",
    ),
    (CopyFail(b"no"), b"f\0\0\0\x07no\0"),
    (Terminate(), b"X\0\0\0\x04"),
    (CopyData(b"1\t2\n"), b"d\0\0\0\x081\t2\n"),
    (CopyDone(), b"c\0\0\0\x04"),
    (AuthenticationOk(), b"R\0\0\0\x08\0\0\0\0"),
    (AuthenticationCleartextPassword(), b"R\0\0\0\x08\0\0\0\x03"),
    (AuthenticationMD5Password(b"salt"), b"R\0\0\0\x0c\0\0\0\x05salt"),
    (AuthenticationSASL((b"A", b"B")), b"R\0\0\0\x0d\0\0\0\x0aA\0B\0\0"),
    (AuthenticationSASLContinue(b"r="), b"R\0\0\0\x0a\0\0\0\x0br="),
    (AuthenticationSASLFinal(b"v="), b"R\0\0\0\x0a\0\0\0\x0cv="),
    (Authentication(7), b"R\0\0\0\x08\0\0\0\x07"),
    (NegotiateProtocolVersion(NEWEST, (b"_pq_.x",)), b"v\0\0\0\x13\0\x03\0\x02\0\0\0\x01_pq_.x\0"),
    (BackendKeyData(7, b"1234"), b"K\0\0\0\x0c\0\0\0\x071234"),
    (ParameterStatus(b"TimeZone", b"UTC"), b"S\0\0\0\x11TimeZone\0UTC\0"),
    (ReadyForQuery(b"T"), b"Z\0\0\0\x05T"),
    (
        RowDescription((COLUMN,)),
        b"T\0\0\0\x1d\0\x01mail\0\0\0\x40\x13\0\x03\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0",
    ),
    (ParameterDescription((23,)), b"t\0\0\0\x0a\0\x01\0\0\0\x17"),
    (DataRow((b"1", None)), b"D\0\0\0\x0f\0\x02\0\0\0\x011\xff\xff\xff\xff"),
    (CommandComplete(b"SELECT 1"), b"C\0\0\0\x0dSELECT 1\0"),
    (ErrorResponse((("S", b"ERROR"), ("C", b"42501"))), b"E\0\0\0\x13SERROR\0C42501\0\0"),
    (NoticeResponse((("M", b""),)), b"N\0\0\0\x07M\0\0"),
    (NotificationResponse(9, b"ch", b"x"), b"A\0\0\0\x0d\0\0\0\x09ch\0x\0"),
    (CopyInResponse(1, (1, 1)), b"G\0\0\0\x0b\x01\0\x02\0\x01\0\x01"),
    (CopyOutResponse(0, (0,)), b"H\0\0\0\x09\0\0\x01\0\0"),
    (CopyBothResponse(0, ()), b"W\0\0\0\x07\0\0\0"),
    (FunctionCallResponse(None), b"V\0\0\0\x08\xff\xff\xff\xff"),
    (ParseComplete(), b"1\0\0\0\x04"),
    (BindComplete(), b"2\0\0\0\x04"),
    (CloseComplete(), b"3\0\0\0\x04"),
    (EmptyQueryResponse(), b"I\0\0\0\x04"),
    (NoData(), b"n\0\0\0\x04"),
    (PortalSuspended(), b"s\0\0\0\x04"),
]


@pytest.mark.parametrize(
    ("message", "data"), EXAMPLES, ids=lambda value: repr(value)[:30] if isinstance(value, Message) else ""
)
def test_a_message_is_written_as_the_protocol_says_and_read_again(message: Message, data: bytes) -> None:
    assert write(message) == data
    assert read(type(message), data) == message


def test_every_message_of_the_table_has_an_example() -> None:
    assert {type(message) for message, _ in EXAMPLES} == set(LAYOUTS)
    kinds = {layout.kind for layout in LAYOUTS.values()}
    assert kinds >= set(map(int, FromClient)) | set(map(int, FromServer)) - {FromServer.ENCRYPTION_ANSWER}


@pytest.mark.parametrize(
    ("message", "data"), EXAMPLES, ids=lambda value: repr(value)[:30] if isinstance(value, Message) else ""
)
def test_a_message_that_is_cut_short_or_too_long_is_refused(message: Message, data: bytes) -> None:
    """With its length put right: that a frame is whole is the framer's to see. What still fits is another value of the kind."""
    start = 4 if LAYOUTS[type(message)].kind > 255 else 5
    for size in range(start, len(data) + 3):
        if size == len(data):
            continue
        body = (data + b"\x07\x07")[start:size]
        changed = data[: start - 4] + struct.pack("!i", len(body) + 4) + body
        try:
            found = read(type(message), changed)
        except RemoteError:
            continue
        assert write(found) == changed
        assert found != message


@given(st.sampled_from(list(LAYOUTS)), st.binary(max_size=80))
def test_any_bytes_are_refused_or_read_and_written_as_they_were(cls: type[Message], body: bytes) -> None:
    kind = LAYOUTS[cls].kind
    data = (struct.pack("!B", kind) if kind < 256 else b"") + struct.pack("!i", len(body) + 4) + body
    try:
        message = read(cls, data)
    except RemoteError:
        return
    assert write(message) == data


NAME = st.binary(max_size=12).map(lambda text: text.replace(b"\0", b""))
VALUES = st.lists(st.none() | st.binary(max_size=20), max_size=5).map(tuple)
FORMATS = st.lists(st.integers(0, 1), max_size=4).map(tuple)


@given(NAME, NAME, FORMATS, VALUES, FORMATS)
def test_a_bind_is_read_as_it_was_written(
    portal: bytes,
    statement: bytes,
    formats: tuple[int, ...],
    values: tuple[bytes | None, ...],
    results: tuple[int, ...],
) -> None:
    message = Bind(portal, statement, formats, values, results)
    data = write(message)
    assert read(Bind, data) == message
    assert peeking.bind_names(data) == (portal, statement)


@given(NAME, NAME)
def test_names_and_texts_are_taken_without_reading_the_rest(name: bytes, text: bytes) -> None:
    parse = write(Parse(name, text, (1, 2)))
    assert (peeking.parse_statement(parse), peeking.parse_text(parse)) == (name, text)
    assert peeking.query_text(write(Query(text))) == text
    assert peeking.execute_portal(write(Execute(name, 3))) == name
    assert peeking.target_of(write(Describe(b"S", name))) == (b"S", name)
    assert peeking.target_of(write(Close(b"P", name))) == (b"P", name)


def test_a_status_and_a_code_are_taken() -> None:
    assert peeking.transaction_status(write(ReadyForQuery(b"E"))) == b"E"
    error = ErrorResponse((("S", b"ERROR"), ("M", b"C"), ("C", b"22P02")))
    assert peeking.report_code(write(error)) == b"22P02"
    assert (error.field("M"), error.field("D")) == (b"C", None)
    assert peeking.report_code(write(NoticeResponse(()))) == b""


@pytest.mark.parametrize(
    ("peek", "data"),
    [
        (peeking.query_text, b"Q\0\0\0\x05x"),
        (peeking.query_text, b"Q\0\0\0\x08a\0b\0"),
        (peeking.query_text, b"Q\0\0\0\x04"),
        (peeking.parse_statement, b"P\0\0\0\x06ab"),
        (peeking.parse_text, b"P\0\0\0\x07a\0b"),
        (peeking.bind_names, b"B\0\0\0\x06a\0"),
        (peeking.execute_portal, b"E\0\0\0\x04"),
        (peeking.target_of, b"D\0\0\0\x06X\0"),
        (peeking.target_of, b"D\0\0\0\x04"),
        (peeking.target_of, b"C\0\0\0\x06Sx"),
        (peeking.transaction_status, b"Z\0\0\0\x05X"),
        (peeking.transaction_status, b"Z\0\0\0\x06II"),
        (peeking.report_code, b"E\0\0\0\x06Cx"),
    ],
)
def test_what_is_not_there_cannot_be_taken(peek: "object", data: bytes) -> None:
    assert callable(peek)
    with pytest.raises(RemoteError):
        peek(data)


@pytest.mark.parametrize(
    ("cls", "data"),
    [
        (Bind, b"B\0\0\0\x0a\0\0\0\0\xff\xff"),  # 65535 values, of which none is there
        (Bind, b"B\0\0\0\x10\0\0\0\0\0\x01\x7f\xff\xff\xff\0\0"),
        (Bind, b"B\0\0\0\x10\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"),
        (Parse, b"P\0\0\0\x08\0\0\xff\xff"),
        (RowDescription, b"T\0\0\0\x06\xff\xff"),
        (NegotiateProtocolVersion, b"v\0\0\0\x0c\0\x03\0\x02\x7f\xff\xff\xff"),
        (NegotiateProtocolVersion, b"v\0\0\0\x0c\0\x03\0\x02\xff\xff\xff\xff"),
        (AuthenticationSASL, b"R\0\0\0\x08\0\0\0\0"),
        (Query, b"P\0\0\0\x05\0"),
        (Query, b"Q\0\0\0\x06\0"),
        (StartupMessage, b"\0\0\0\x07\0\x03\0"),
    ],
)
def test_counts_and_lengths_that_lie_are_refused(cls: type[Message], data: bytes) -> None:
    with pytest.raises(RemoteError):
        read(cls, data)


@pytest.mark.parametrize(
    "message",
    [
        Query(b"a\0b"),
        StartupMessage(NEWEST, ((b"", b"x"),)),
        StartupMessage(1 << 40, ()),
        AuthenticationSASL((b"",)),
        Execute(b"", 1 << 31),
        Describe(b"SS", b""),
        ErrorResponse((("SS", b""),)),
        ErrorResponse((("\0", b""),)),
        Parse(b"", b"", (1 << 32,)),
        Bind(b"", b"", (0,) * 65_536),
        RowDescription((Column(b"", 1 << 32, 0, 0, 0, 0, 0),)),
    ],
    ids=repr,
)
def test_what_a_message_cannot_hold_is_a_mistake_of_this_side(message: Message) -> None:
    with pytest.raises(LocalError):
        write(message)


def test_no_message_shows_what_it_says() -> None:
    for message, _ in EXAMPLES:
        assert repr(message) == f"<{type(message).__name__}>"


def test_authentication_is_read_as_what_its_code_says() -> None:
    assert read_authentication(write(AuthenticationSASL((b"A",)))) == AuthenticationSASL((b"A",))
    assert read_authentication(write(Authentication(9, b"x"))) == Authentication(9, b"x")
    with pytest.raises(RemoteError):
        read_authentication(b"R\0\0\0\x06\0\0")


@pytest.mark.parametrize(
    "value", [b"true", b"on", b"1", b"database", b"DATABASE", b"yes", b"t", b"o", b"", b"nonsense"]
)
def test_a_session_of_replication_is_recognised(value: bytes) -> None:
    assert StartupMessage(NEWEST, ((b"user", b"u"), (b"replication", value))).asks_for_replication


@pytest.mark.parametrize("value", [b"false", b"off", b"no", b"0", b"F", b"n", b"OFF"])
def test_a_clear_no_to_replication_is_none(value: bytes) -> None:
    assert not StartupMessage(NEWEST, ((b"replication", value),)).asks_for_replication
    assert not StartupMessage(NEWEST, ()).asks_for_replication


def test_the_last_of_two_parameters_counts_as_in_the_server() -> None:
    startup = StartupMessage(NEWEST, ((b"replication", b"off"), (b"replication", b"on")))
    assert startup.asks_for_replication


@pytest.mark.parametrize(
    ("version", "options", "answer"),
    [
        (196608, (), None),
        (196609, (), None),
        (NEWEST, (), None),
        (196611, (), NegotiateProtocolVersion(NEWEST)),
        (206607, (), NegotiateProtocolVersion(NEWEST)),  # what libpq 19 greases with
        (NEWEST, (b"_pq_.command_tag_format",), NegotiateProtocolVersion(NEWEST, (b"_pq_.command_tag_format",))),
        (196608, (b"_pq_.x",), NegotiateProtocolVersion(196608, (b"_pq_.x",))),
    ],
)
def test_versions_and_options_are_negotiated(
    version: int, options: tuple[bytes, ...], answer: NegotiateProtocolVersion | None
) -> None:
    assert negotiation(StartupMessage(version, ((b"user", b"u"), *((name, b"1") for name in options)))) == answer
