r"""One table of all messages, from which they are read and written.

The rule: reader and writer go by the same table, so what is read and written again is the same bytes. A gate that needs only a
name or a text takes it with `peeking`, without reading the rest.

>>> write(Query(b"select 1"))
b'Q\x00\x00\x00\rselect 1\x00'
>>> read(Parse, write(Parse(b"one", b"select $1", (25,)))).types
(25,)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from struct import Struct
from typing import TypeVar

from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.kinds import FromClient, FromServer
from ringfence.wire.postgres.layout import (
    BYTE,
    COLUMNS,
    FORMATS,
    INT8,
    INT16,
    INT32,
    LABELLED,
    OID,
    OIDS,
    OPTIONS,
    PAIRS,
    REST,
    TEXT,
    TEXTS,
    VALUE,
    VALUES,
    Constant,
    Part,
)
from ringfence.wire.postgres.message import CopyData, CopyDone, Message
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

NEWEST = 196610
"""The newest version that is spoken here: 3.2."""

_LENGTH = Struct("!i")
_HEADER = Struct("!Bi")

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind, and the parts behind its header, in the order of the value's fields (a `Constant` has no field)."""

    kind: int
    parts: tuple[Part, ...] = ()


_AUTHENTICATION = FromServer.AUTHENTICATION
_COPY = (INT8, FORMATS)

LAYOUTS: Mapping[type[Message], Layout] = {
    # from a client
    SSLRequest: Layout(FromClient.SSL_REQUEST, (Constant(80877103),)),
    GSSENCRequest: Layout(FromClient.GSSENC_REQUEST, (Constant(80877104),)),
    CancelRequest: Layout(FromClient.CANCEL_REQUEST, (Constant(80877102), INT32, REST)),
    StartupMessage: Layout(FromClient.STARTUP, (INT32, PAIRS)),
    PasswordMessage: Layout(FromClient.PASSWORD, (TEXT,)),
    SASLInitialResponse: Layout(FromClient.PASSWORD, (TEXT, VALUE)),
    SASLResponse: Layout(FromClient.PASSWORD, (REST,)),
    Query: Layout(FromClient.QUERY, (TEXT,)),
    Parse: Layout(FromClient.PARSE, (TEXT, TEXT, OIDS)),
    Bind: Layout(FromClient.BIND, (TEXT, TEXT, FORMATS, VALUES, FORMATS)),
    Describe: Layout(FromClient.DESCRIBE, (BYTE, TEXT)),
    Execute: Layout(FromClient.EXECUTE, (TEXT, INT32)),
    Close: Layout(FromClient.CLOSE, (BYTE, TEXT)),
    Sync: Layout(FromClient.SYNC),
    Flush: Layout(FromClient.FLUSH),
    FunctionCall: Layout(FromClient.FUNCTION_CALL, (OID, FORMATS, VALUES, INT16)),
    CopyFail: Layout(FromClient.COPY_FAIL, (TEXT,)),
    Terminate: Layout(FromClient.TERMINATE),
    # from either side: the same byte
    CopyData: Layout(FromClient.COPY_DATA, (REST,)),
    CopyDone: Layout(FromClient.COPY_DONE),
    # from a server
    AuthenticationOk: Layout(_AUTHENTICATION, (Constant(0),)),
    AuthenticationCleartextPassword: Layout(_AUTHENTICATION, (Constant(3),)),
    AuthenticationMD5Password: Layout(_AUTHENTICATION, (Constant(5), REST)),
    AuthenticationSASL: Layout(_AUTHENTICATION, (Constant(10), TEXTS)),
    AuthenticationSASLContinue: Layout(_AUTHENTICATION, (Constant(11), REST)),
    AuthenticationSASLFinal: Layout(_AUTHENTICATION, (Constant(12), REST)),
    Authentication: Layout(_AUTHENTICATION, (INT32, REST)),
    NegotiateProtocolVersion: Layout(FromServer.NEGOTIATE_PROTOCOL_VERSION, (INT32, OPTIONS)),
    BackendKeyData: Layout(FromServer.BACKEND_KEY_DATA, (INT32, REST)),
    ParameterStatus: Layout(FromServer.PARAMETER_STATUS, (TEXT, TEXT)),
    ReadyForQuery: Layout(FromServer.READY_FOR_QUERY, (BYTE,)),
    RowDescription: Layout(FromServer.ROW_DESCRIPTION, (COLUMNS,)),
    ParameterDescription: Layout(FromServer.PARAMETER_DESCRIPTION, (OIDS,)),
    DataRow: Layout(FromServer.DATA_ROW, (VALUES,)),
    CommandComplete: Layout(FromServer.COMMAND_COMPLETE, (TEXT,)),
    ErrorResponse: Layout(FromServer.ERROR_RESPONSE, (LABELLED,)),
    NoticeResponse: Layout(FromServer.NOTICE_RESPONSE, (LABELLED,)),
    NotificationResponse: Layout(FromServer.NOTIFICATION_RESPONSE, (INT32, TEXT, TEXT)),
    CopyInResponse: Layout(FromServer.COPY_IN_RESPONSE, _COPY),
    CopyOutResponse: Layout(FromServer.COPY_OUT_RESPONSE, _COPY),
    CopyBothResponse: Layout(FromServer.COPY_BOTH_RESPONSE, _COPY),
    FunctionCallResponse: Layout(FromServer.FUNCTION_CALL_RESPONSE, (VALUE,)),
    ParseComplete: Layout(FromServer.PARSE_COMPLETE),
    BindComplete: Layout(FromServer.BIND_COMPLETE),
    CloseComplete: Layout(FromServer.CLOSE_COMPLETE),
    EmptyQueryResponse: Layout(FromServer.EMPTY_QUERY_RESPONSE),
    NoData: Layout(FromServer.NO_DATA),
    PortalSuspended: Layout(FromServer.PORTAL_SUSPENDED),
}

_FIELDS: Mapping[type[Message], tuple[str, ...]] = {
    cls: tuple(field.name for field in fields(cls))  # type: ignore[arg-type]  # every message is a dataclass
    for cls in LAYOUTS
}

_AUTHENTICATIONS: Mapping[int, type[Message]] = {
    0: AuthenticationOk,
    3: AuthenticationCleartextPassword,
    5: AuthenticationMD5Password,
    10: AuthenticationSASL,
    11: AuthenticationSASLContinue,
    12: AuthenticationSASLFinal,
}


def read(cls: type[M], data: bytes) -> M:
    """Read a whole message (a frame's bytes) as the value that its kind, and for `p` and `R` the phase, says it is."""
    layout = LAYOUTS[cls]
    if layout.kind > 255:
        at = 4
        fits = len(data) >= 8 and _LENGTH.unpack_from(data)[0] == len(data)
    else:
        at = 5
        fits = len(data) >= 5 and _HEADER.unpack_from(data) == (layout.kind, len(data) - 1)
    if not fits:
        raise RemoteError(f"a message that is not a {cls.__name__}")
    values: list[object] = []
    for part in layout.parts:
        value, at = part.read(data, at)
        if not isinstance(part, Constant):
            values.append(value)
    if at != len(data):
        raise RemoteError(f"a {cls.__name__} with {len(data) - at} bytes too many")
    make: Callable[..., M] = cls
    return make(*values)


def write(message: Message) -> bytes:
    """Write a message, with its header."""
    cls = type(message)
    layout = LAYOUTS[cls]
    given = iter([getattr(message, name) for name in _FIELDS[cls]])
    body = b"".join([part.write(None if isinstance(part, Constant) else next(given)) for part in layout.parts])
    if len(body) > 0x7FFFFFFF - 5:
        raise LocalError("a message of more than 2 GiB")
    if layout.kind > 255:
        return _LENGTH.pack(len(body) + 4) + body
    return _HEADER.pack(layout.kind, len(body) + 4) + body


def read_authentication(data: bytes) -> Message:
    """Read a step of authentication as what its code says."""
    if len(data) < 9:
        raise RemoteError("a message that is not an Authentication")
    code = _LENGTH.unpack_from(data, 5)[0]
    return read(_AUTHENTICATIONS.get(code, Authentication), data)


def negotiation(startup: StartupMessage) -> NegotiateProtocolVersion | None:
    """Give what a server has to say to a client that asks for a newer version or for options; None where there is nothing."""
    options = tuple(name for name, _ in startup.parameters if name.startswith(b"_pq_."))
    if startup.version <= NEWEST and not options:
        return None
    return NegotiateProtocolVersion(min(startup.version, NEWEST), options)
