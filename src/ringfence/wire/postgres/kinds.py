"""Every kind of message of protocol 3.0 and 3.2: its byte, its sender, and how large it may be.

The rule: a byte that is not in these tables is not a message. Packets that open a connection have no such byte; they get numbers
above 255 here, which no byte can be. Sources: the protocol's chapter "Message Formats"; sizes are those that PostgreSQL itself
refuses (`PQ_SMALL_MESSAGE_LIMIT` in libpq.h for what a client sends, `VALID_LONG_MESSAGE_TYPE` in fe-protocol3.c for the server).
"""

from enum import IntEnum


class FromClient(IntEnum):
    """What a client may send."""

    BIND = ord("B")
    CLOSE = ord("C")
    COPY_DATA = ord("d")
    COPY_DONE = ord("c")
    COPY_FAIL = ord("f")
    DESCRIBE = ord("D")
    EXECUTE = ord("E")
    FLUSH = ord("H")
    FUNCTION_CALL = ord("F")
    PARSE = ord("P")
    PASSWORD = ord("p")  # SASL's and GSSAPI's messages as well
    QUERY = ord("Q")
    SYNC = ord("S")
    TERMINATE = ord("X")
    SSL_REQUEST = 0x101
    GSSENC_REQUEST = 0x102
    CANCEL_REQUEST = 0x103
    STARTUP = 0x104


class FromServer(IntEnum):
    """What a server may send."""

    AUTHENTICATION = ord("R")
    BACKEND_KEY_DATA = ord("K")
    BIND_COMPLETE = ord("2")
    CLOSE_COMPLETE = ord("3")
    COMMAND_COMPLETE = ord("C")
    COPY_BOTH_RESPONSE = ord("W")
    COPY_DATA = ord("d")
    COPY_DONE = ord("c")
    COPY_IN_RESPONSE = ord("G")
    COPY_OUT_RESPONSE = ord("H")
    DATA_ROW = ord("D")
    EMPTY_QUERY_RESPONSE = ord("I")
    ERROR_RESPONSE = ord("E")
    FUNCTION_CALL_RESPONSE = ord("V")
    NEGOTIATE_PROTOCOL_VERSION = ord("v")
    NO_DATA = ord("n")
    NOTICE_RESPONSE = ord("N")
    NOTIFICATION_RESPONSE = ord("A")
    PARAMETER_DESCRIPTION = ord("t")
    PARAMETER_STATUS = ord("S")
    PARSE_COMPLETE = ord("1")
    PORTAL_SUSPENDED = ord("s")
    READY_FOR_QUERY = ord("Z")
    ROW_DESCRIPTION = ord("T")
    ENCRYPTION_ANSWER = 0x105  # the single byte that answers a request for encryption


_LARGE_FROM_CLIENT = (
    FromClient.BIND,
    FromClient.COPY_DATA,
    FromClient.FUNCTION_CALL,
    FromClient.PARSE,
    FromClient.PASSWORD,
    FromClient.QUERY,
)
_LARGE_FROM_SERVER = (
    FromServer.COPY_DATA,
    FromServer.DATA_ROW,
    FromServer.ERROR_RESPONSE,
    FromServer.FUNCTION_CALL_RESPONSE,
    FromServer.NOTICE_RESPONSE,
    FromServer.NOTIFICATION_RESPONSE,
    FromServer.PARAMETER_DESCRIPTION,
    FromServer.ROW_DESCRIPTION,
)
_SMALL_FROM_CLIENT = 10_000
_SMALL_FROM_SERVER = 30_000

UNBOUNDED = 1 << 31
"""The bound of a kind that has none of its own: no length can say more."""


def _bounds(kinds: type[IntEnum], large: tuple[IntEnum, ...], small: int) -> list[int]:
    bounds = [0] * 256
    for kind in kinds:
        if kind < 256:
            bounds[kind] = UNBOUNDED if kind in large else small
    return bounds


CLIENT_BOUNDS: list[int] = _bounds(FromClient, _LARGE_FROM_CLIENT, _SMALL_FROM_CLIENT)
"""For each byte, how many bytes a client's message of that kind may have; 0 where there is no such kind."""

SERVER_BOUNDS: list[int] = _bounds(FromServer, _LARGE_FROM_SERVER, _SMALL_FROM_SERVER)
"""The same of a server's."""
