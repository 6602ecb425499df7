"""The header blocks of gRPC on HTTP/2: the caller's read, ours written.

The rule: a caller's block is decoded whole and in order, since the next one is written in terms of it; but blocks that change no
table are decoded once. Ours are written without the table, so there is nothing to keep in step.
"""

from typing import Final

from hpack import Decoder, HPACKError, OversizedHeaderListError

from ringfence.wire.http2.faults import RemoteError
from ringfence.wire.http2.frames import Code

LARGEST_LIST: Final = 64 * 1024  # octets of names and values of one block
MOST_KNOWN: Final = 64  # blocks remembered

Fields = tuple[tuple[bytes, bytes], ...]


class BlockReader:
    """Decodes header blocks of one connection.

    A block that is nothing but single-octet references into the table (section 6.1 of RFC 7541: the top bit set, no continuation)
    leaves the table as it is, and means the same until another block changes that. A caller that opens the same call again and
    again sends only such blocks from the second on: 3 µs each where decoding takes 45.
    """

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=LARGEST_LIST)
        self._known: dict[bytes, Fields] = {}

    def read(self, block: bytes) -> Fields:
        """Give the fields of a block. Raises `RemoteError`."""
        known = self._known.get(block)
        if known is not None:
            return known
        try:
            fields = tuple((bytes(name), bytes(value)) for name, value in self._decoder.decode(block, raw=True))
        except OversizedHeaderListError:
            raise RemoteError(Code.ENHANCE_YOUR_CALM, "a header list is too long") from None
        except (HPACKError, ValueError, IndexError):
            raise RemoteError(Code.COMPRESSION_ERROR, "a header block cannot be read") from None
        if not block or min(block) < _REFERENCE or max(block) == _CONTINUED:
            self._known.clear()
        elif len(self._known) < MOST_KNOWN:
            self._known[block] = fields
        return fields


_REFERENCE: Final = 0x80
_CONTINUED: Final = 0xFF

_OK: Final = b"\x88"  # entry 8 of the static table: `:status` 200
_NAME_OF_STATUS: Final = b"\x08"  # a literal that is not indexed, of that entry's name
_CONTENT_TYPE: Final = 31  # of the static table


def write_head() -> bytes:
    """Write the block that opens a gRPC answer."""
    return _OK + _literal_indexed(_CONTENT_TYPE, b"application/grpc")


def write_plain_head(status: int) -> bytes:
    """Write the block of an answer that is no gRPC: to whoever did not speak it."""
    return _NAME_OF_STATUS + _string(str(status).encode())


def write_trailers(status: int, text: str) -> bytes:
    """Write the block that ends a gRPC answer. `text` is ringfence's own, in ASCII."""
    block = _literal(b"grpc-status", str(status).encode())
    return block + _literal(b"grpc-message", _percent(text)) if text else block


def _percent(text: str) -> bytes:
    return b"".join(
        bytes((octet,)) if 0x20 <= octet <= 0x7E and octet != 0x25 else b"%%%02X" % octet for octet in text.encode()
    )


def _literal(name: bytes, value: bytes) -> bytes:
    return b"\x00" + _string(name) + _string(value)


def _literal_indexed(index: int, value: bytes) -> bytes:
    return b"\x0f" + bytes((index - 0x0F,)) + _string(value)


def _string(text: bytes) -> bytes:
    size = len(text)
    if size < 0x7F:
        return bytes((size,)) + text
    rest, encoded = size - 0x7F, bytearray(b"\x7f")
    while rest >= 0x80:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded) + text
