"""Taking one thing out of a message without reading the rest of it.

The rule: a frame's bytes go in, as a framer gave them; what is not there is a `RemoteError`. These run for every message of a
client, and cost one search for a zero byte each.
"""

from ringfence.wire.postgres.faults import RemoteError

_BODY = 5  # behind a kind and a length


def query_text(data: bytes) -> bytes:
    """Give the text of a Query."""
    if data.find(b"\0", _BODY) != len(data) - 1:
        raise RemoteError("a Query whose text does not end where the message does")
    return data[_BODY:-1]


def parse_statement(data: bytes) -> bytes:
    """Give the name that a Parse prepares a statement under."""
    return data[_BODY : _zero(data, _BODY)]


def parse_text(data: bytes) -> bytes:
    """Give the text of a Parse."""
    start = _zero(data, _BODY) + 1
    return data[start : _zero(data, start)]


def bind_names(data: bytes) -> tuple[bytes, bytes]:
    """Give the portal and the statement of a Bind."""
    middle = _zero(data, _BODY)
    return data[_BODY:middle], data[middle + 1 : _zero(data, middle + 1)]


def execute_portal(data: bytes) -> bytes:
    """Give the portal of an Execute."""
    return data[_BODY : _zero(data, _BODY)]


def target_of(data: bytes) -> tuple[bytes, bytes]:
    """Give what a Describe or Close is about: b"S" or b"P", and the statement's or portal's name."""
    target = data[_BODY : _BODY + 1]
    if target not in (b"S", b"P"):
        raise RemoteError("a Describe or Close that is about neither a statement nor a portal")
    return target, data[_BODY + 1 : _zero(data, _BODY + 1)]


def transaction_status(data: bytes) -> bytes:
    """Give the status of a ReadyForQuery: b"I" outside of a transaction, b"T" inside, b"E" inside one that has failed."""
    status = data[_BODY:]
    if status not in (b"I", b"T", b"E"):
        raise RemoteError("a ReadyForQuery with a status that there is not")
    return status


def report_code(data: bytes) -> bytes:
    """Give the SQLSTATE of an ErrorResponse or NoticeResponse, b"" where it has none."""
    at = _BODY
    while at < len(data) and data[at]:
        end = _zero(data, at)
        if data[at] == 0x43:
            return data[at + 1 : end]
        at = end + 1
    return b""


def _zero(data: bytes, at: int) -> int:
    end = data.find(b"\0", at)
    if end < 0:
        raise RemoteError("a text in a message that has no end")
    return end
