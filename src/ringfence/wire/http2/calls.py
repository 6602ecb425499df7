"""One call: its messages cut out of DATA, its answer held until the caller has room, its state.

The rule: a message is given when its last byte has come, never before; what is kept of one is bounded before it is kept.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from ringfence.wire.http2.frames import U32

PREFIX: Final = 5  # octets before a gRPC message: whether it is compressed, and its length


class Side(Enum):
    """Whether a side of a call may still send."""

    OPEN = auto()
    ENDED = auto()


@dataclass(slots=True, repr=False)
class Call:
    """The state of one stream."""

    number: int
    room_to_send: int  # octets that the caller takes now
    room_given: int  # octets that the caller may send now
    caller: Side = Side.OPEN
    partial: bytearray = field(default_factory=bytearray)  # of a message that is not whole
    held: int = 0  # octets received and not acknowledged
    owed: int = 0  # octets acknowledged, of which the caller is not told yet
    head_sent: bool = False
    out: bytearray = field(default_factory=bytearray)  # waits for room
    last: bytes | None = None  # the block of trailers, once it is finished


class Oversized(Exception):
    """A message is longer than is taken."""


class Compressed(Exception):
    """A message is compressed, and no compression was agreed on."""


def cut(call: Call, data: bytes, largest: int) -> list[bytes]:
    """Take octets of DATA, give the messages that are whole. Raises `Oversized` and `Compressed`."""
    if call.partial:
        call.partial += data
        if len(call.partial) < PREFIX or len(call.partial) < PREFIX + _length(call.partial, 0, largest):
            return []  # joined once, when it is whole
        data = bytes(call.partial)
    messages: list[bytes] = []
    at, size = 0, len(data)
    while size - at >= PREFIX:
        end = at + PREFIX + _length(data, at, largest)
        if end > size:
            break
        messages.append(data[at + PREFIX : end])
        at = end
    if at < size or call.partial:
        call.partial = bytearray(data[at:])
    return messages


def _length(data: bytes | bytearray, at: int, largest: int) -> int:
    if data[at]:
        raise Compressed
    length: int = U32.unpack_from(data, at + 1)[0]
    if length > largest:
        raise Oversized
    return length


def prefixed(message: bytes) -> bytes:
    """Write a message as it stands in DATA."""
    return b"\0" + U32.pack(len(message)) + message
