"""Content codings as streams: what a body was encoded with, undone step by step, and done again from a joint on.

The rule: a decoder gives bounded steps, however much a few bytes stand for, and takes nothing that its coding does not say: a
wrong first byte, a wrong checksum, bytes after the end, a dictionary, a frame that readers skip.

A *joint* is a place after which another encoder may go on: the receiver's decoder, fed with all bytes up to there, is at the
start of a block, of a member or of a frame. A decoder says where it stands at one, can be forked there, and gives the encoder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

STEP = 64 * 1024  # bytes that are decoded at a time, about


@dataclass(frozen=True, slots=True)
class Joint:
    """The decoder stands at a joint; `taken` bytes of the piece that it was given are before it."""

    taken: int


@dataclass(frozen=True, slots=True, repr=False)
class Notes:
    """What a coding carries beside the body: the file's name and comment in gzip. Each is (name, where it stands, its bytes)."""

    raw: bytes
    texts: tuple[tuple[str, int, bytes], ...]


class Encoder(Protocol):
    """One way of encoding, begun at a joint."""

    def encode(self, plain: bytes) -> bytes:
        """Take the next bytes."""

    def flush(self) -> bytes:
        """Give all that is needed to decode what has been taken."""

    def finish(self) -> bytes:
        """Give the end."""


class Decoder(Protocol):
    """One body, undone. After `Undecodable` it is of no further use."""

    def decode(self, piece: bytes) -> Iterator[bytes | Joint | Notes]:
        """Take the next bytes; give what they stand for, in steps, and the joints between."""

    def end(self) -> None:
        """Take the end, or raise where it is too early."""

    def fork(self) -> "Decoder":
        """Give another decoder in the same state. Only at a joint, or before the first byte."""

    def encoder(self) -> Encoder:
        """Give an encoder that goes on from here. Only at a joint, or before the first byte."""
