"""HTTP/2 frames (RFC 9113): their kinds, the table of what each may be, and how one is written.

The rule: a frame is believed only after its length and its stream were checked against this table; reader and writer share it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

LARGEST_FRAME: Final = 16_384  # octets: SETTINGS_MAX_FRAME_SIZE's initial value, which is not raised here
LARGEST_FRAME_ALLOWED: Final = (1 << 24) - 1
LARGEST_WINDOW: Final = (1 << 31) - 1
FIRST_WINDOW: Final = 65_535
HEADER_SIZE: Final = 9


class Kind(IntEnum):
    """What a frame is (section 6)."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Flag:
    """What a frame says of itself. Plain numbers: `&` with a member of an enumeration is a call into Python each time."""

    END_STREAM: Final = 0x1  # DATA, HEADERS
    ACK: Final = 0x1  # SETTINGS, PING
    END_HEADERS: Final = 0x4
    PADDED: Final = 0x8
    PRIORITY: Final = 0x20


class Code(IntEnum):
    """Why a stream or a connection ends (section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11


class Setting(IntEnum):
    """Settings that are looked at (section 6.5.2)."""

    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


@dataclass(frozen=True, slots=True)
class Rule:
    """What a frame of a kind must be: how long, and whether it is of a stream (None: either)."""

    least: int
    most: int
    of_stream: bool | None
    step: int = 1  # its length is a multiple of this


RULES: Final[Mapping[int, Rule]] = {
    Kind.DATA: Rule(0, LARGEST_FRAME, of_stream=True),
    Kind.HEADERS: Rule(0, LARGEST_FRAME, of_stream=True),
    Kind.PRIORITY: Rule(5, 5, of_stream=True),
    Kind.RST_STREAM: Rule(4, 4, of_stream=True),
    Kind.SETTINGS: Rule(0, LARGEST_FRAME, of_stream=False, step=6),
    Kind.PING: Rule(8, 8, of_stream=False),
    Kind.GOAWAY: Rule(8, LARGEST_FRAME, of_stream=False),
    Kind.WINDOW_UPDATE: Rule(4, 4, of_stream=None),
    Kind.CONTINUATION: Rule(0, LARGEST_FRAME, of_stream=True),
}
"""PUSH_PROMISE is missing: a client never sends one. A kind that no table knows is passed over (section 4.1)."""

HEADER: Final = Struct(">HBBBI")  # length in 16 and 8 bits, kind, flags, stream
U32: Final = Struct(">I")
SETTING: Final = Struct(">HI")


def frame(kind: Kind, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Write one frame."""
    size = len(payload)
    return HEADER.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload
