"""What a caller's request must be: a call of the one method, or it is answered with why not.

The rule: the method, the path and the content type are read from what was sent, not assumed; a request that is none ends the
connection.
"""

from collections.abc import Iterator
from typing import Final

from ringfence.wire.http2 import headers
from ringfence.wire.http2.faults import RemoteError
from ringfence.wire.http2.frames import Code, Flag
from ringfence.wire.http2.status import Status


def unpadded(flags: int, payload: bytes) -> bytes:
    """Take the padding off a frame's payload. Raises `RemoteError`."""
    if not flags & Flag.PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise RemoteError(Code.PROTOCOL_ERROR, "padding that is longer than its frame")
    return payload[1 : len(payload) - payload[0]]


def answer_to(fields: headers.Fields, path: bytes) -> bytes | None:
    """Give the block that answers what is no call of the method; None for a call of it."""
    pseudo = dict(_pseudo(fields))
    if pseudo.keys() != _PSEUDO and pseudo.keys() != _PSEUDO - {b":authority"}:
        raise RemoteError(Code.PROTOCOL_ERROR, "a request that is none")
    if pseudo[b":method"] != b"POST":
        return headers.write_plain_head(405)
    content_type = next((value for name, value in fields if name == b"content-type"), b"")
    if not content_type.startswith(b"application/grpc"):
        return headers.write_plain_head(415)
    if pseudo[b":path"] != path:
        return headers.write_head() + headers.write_trailers(Status.UNIMPLEMENTED, "there is no such method")
    return None


_PSEUDO: Final = {b":method", b":scheme", b":path", b":authority"}


def _pseudo(fields: headers.Fields) -> Iterator[tuple[bytes, bytes]]:
    """Give the pseudo-header fields: each once, and before the others (section 8.3)."""
    seen: set[bytes] = set()
    for number, (name, value) in enumerate(fields):
        if name.startswith(b":"):
            if len(seen) != number or name in seen:
                raise RemoteError(Code.PROTOCOL_ERROR, "a request that is none")
            seen.add(name)
            yield name, value
        elif name != name.lower() or not name:
            raise RemoteError(Code.PROTOCOL_ERROR, "a header's name is not in lower case")
