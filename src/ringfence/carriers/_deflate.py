"""Deflate in its three wrappings: gzip (RFC 1952), zlib (RFC 1950), and bare (RFC 1951), which HTTP's ``deflate`` may be too.

The rule: what is around the deflated data is read here, byte by byte, so that nothing in it is passed over: reserved flags,
dictionaries and wrong checksums are refused, a file's name is told. Joints are between members of gzip, and where the sender
flushed: after an empty stored block (``00 00 ff ff``), which ends at a byte's edge, another deflate stream may go on.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ringfence.carriers._codecs import STEP, Encoder, Joint, Notes
from ringfence.carriers.model import Fault, Undecodable

LEVEL = 4  # a third slower than 1, as small as 5: bodies that are encoded once and sent once
MAX_HEAD = 64 * 1024  # bytes of a gzip header, name and comment included

_FLUSHED = b"\x00\x00\xff\xff"
_LAST_BLOCKS = (b"\x01\x00\x00\xff\xff", b"\x03\x00")  # empty ones, stored and with fixed codes
_HEAD_CRC, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0
_WIDEST = 15


class _Phase(Enum):
    HEAD = auto()
    BODY = auto()
    TAIL = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class _Head:
    """A header that is whole: its bytes, the window that it announces, and the notes in it."""

    size: int
    window: int = _WIDEST
    notes: tuple[tuple[str, int, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What stands around deflated data: how its header is read, and what is written before and after."""

    read: Callable[[bytes], _Head | None]  # None where the header is not whole; raises `ValueError`
    head: bytes
    tail: Callable[[int, int], bytes]  # of the checksum and the size
    tail_size: int
    start: int = 0  # of the checksum
    update: Callable[[bytes, int], int] = zlib.crc32
    several: bool = False  # whether one may follow another


def _read_gzip(raw: bytes) -> _Head | None:
    """Read a header of gzip; None where it is not whole."""
    if not b"\x1f\x8b\x08".startswith(raw[:3]):
        raise ValueError("not gzip, or something after its end")
    if len(raw) < 10:
        return None
    flags = raw[3]
    if flags & _RESERVED:
        raise ValueError("a gzip header with flags that are reserved")
    at = 10
    notes: list[tuple[str, int, bytes]] = []
    if flags & _EXTRA:
        size = int.from_bytes(raw[at : at + 2], "little")
        if len(raw) < at + 2 + size:
            return None
        notes.append(("extra", at + 2, raw[at + 2 : at + 2 + size]))
        at += 2 + size
    for flag, name in ((_NAME, "name"), (_COMMENT, "comment")):
        if flags & flag:
            end = raw.find(b"\x00", at)
            if end < 0:
                return None
            notes.append((name, at, raw[at:end]))
            at = end + 1
    if flags & _HEAD_CRC:
        if len(raw) < at + 2:
            return None
        if int.from_bytes(raw[at : at + 2], "little") != zlib.crc32(raw[:at]) & 0xFFFF:
            raise ValueError("a gzip header with a wrong checksum")
        at += 2
    return _Head(at, notes=tuple(note for note in notes if note[2]))


def _end_gzip(check: int, size: int) -> bytes:
    return check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _read_zlib(raw: bytes) -> _Head | None:
    """Read a header of zlib; None where it is not whole."""
    if raw[0] & 0x0F != 8 or raw[0] >> 4 > 7 or (len(raw) > 1 and int.from_bytes(raw[:2], "big") % 31):
        raise ValueError("not zlib")
    if len(raw) < 2:
        return None
    if raw[1] & 0x20:
        raise ValueError("a zlib stream that needs a dictionary")
    return _Head(2, (raw[0] >> 4) + 8)


def _end_zlib(check: int, _size: int) -> bytes:
    return check.to_bytes(4, "big")


_GZIP = Wrapping(_read_gzip, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", _end_gzip, 8, several=True)
_ZLIB = Wrapping(_read_zlib, b"\x78\x9c", _end_zlib, 4, 1, zlib.adler32)
_BARE = Wrapping(lambda _raw: _Head(0), b"", lambda _check, _size: b"", 0, update=lambda _plain, _check: 0)


def gzip() -> "Deflated":
    """Begin to decode gzip."""
    return Deflated(_GZIP)


def deflate() -> "Deflated":
    """Begin to decode what HTTP calls deflate: zlib, or bare as some servers send it; the first bytes say which."""
    return Deflated(None)


class Deflated:
    """Undoes one wrapping. With None it is found out from the first five bytes."""

    def __init__(self, wrapping: Wrapping | None) -> None:
        self._wrapping = wrapping
        self._phase = _Phase.HEAD
        self._window = _WIDEST
        self._buffer = b""  # of a header or tail that is not whole
        self._body = zlib.decompressobj(-_WIDEST)
        self._check = 0
        self._size = 0
        self._at = 0  # offset of the present piece in the stream
        self._last = b""  # the last bytes taken: a flush may be cut

    def decode(self, piece: bytes) -> Iterator[bytes | Joint | Notes]:
        """Take the next bytes."""
        recent = self._last + piece
        flush = recent.rfind(_FLUSHED)
        split = flush + len(_FLUSHED) - len(self._last) if flush >= 0 else 0
        self._last = recent[-3:]
        if split > 0:
            yield from self._parts(piece[:split], 0)
            if self._is_flushed():
                yield Joint(split)
        yield from self._parts(piece[split:] if split > 0 else piece, max(split, 0))
        self._at += len(piece)

    def _parts(self, part: bytes, taken: int) -> Iterator[bytes | Joint | Notes]:
        """Take bytes that begin at `taken` of the piece."""
        size = len(part)
        while part:
            match self._phase:
                case _Phase.HEAD:
                    self._buffer += part
                    part = b""
                    head = self._read_head(taken)
                    if head is not None:
                        buffer, self._buffer = self._buffer, b""
                        part = buffer[head.size :]
                        if head.notes:
                            yield Notes(buffer[: head.size], head.notes)
                case _Phase.BODY:
                    yield from self._steps(part, taken)
                    part = self._body.unused_data
                    if self._body.eof:
                        self._phase = _Phase.TAIL if self._kind.tail_size else _Phase.OVER
                case _Phase.TAIL:
                    missing = self._kind.tail_size - len(self._buffer)
                    self._buffer += part[:missing]
                    part = part[missing:]
                    if len(self._buffer) == self._kind.tail_size:
                        self._check_tail(taken)
                        if self._kind.several:
                            yield Joint(taken + size - len(part))
                case _Phase.OVER:
                    if not self._kind.several:
                        raise self._malformed("something after the end", taken)
                    self._phase = _Phase.HEAD

    @property
    def _kind(self) -> Wrapping:
        assert self._wrapping is not None  # noqa: S101 (known since the header was read)
        return self._wrapping

    def _read_head(self, taken: int) -> _Head | None:
        raw = self._buffer
        if self._wrapping is None:
            self._wrapping = self._wrapping_of(raw)
            if self._wrapping is None:
                return None
        try:
            head = self._wrapping.read(raw)
        except ValueError as wrong:
            raise self._malformed(str(wrong), taken) from None
        if (len(raw) if head is None else head.size) > MAX_HEAD:
            raise Undecodable(Fault.TOO_LARGE, f"a header of more than {MAX_HEAD} bytes", self._at + taken)
        if head is None:
            return None
        self._phase, self._window = _Phase.BODY, head.window
        self._body = zlib.decompressobj(-head.window)
        self._check, self._size = self._wrapping.start, 0
        return head

    def _wrapping_of(self, raw: bytes) -> Wrapping | None:
        """Tell zlib from bare data; None where more bytes are needed. What could be both is refused."""
        try:
            if _ZLIB.read(raw) is None or len(raw) < 5:
                return None
        except ValueError:
            return _BARE
        # Bare data that begins like zlib is a stored block: its length stands there twice, once inverted.
        if int.from_bytes(raw[1:3], "little") ^ int.from_bytes(raw[3:5], "little") == 0xFFFF:
            raise Undecodable(Fault.AMBIGUOUS, "deflate with and without its header", self._at)
        return _ZLIB

    def _steps(self, part: bytes, taken: int) -> Iterator[bytes]:
        kind = self._kind
        while True:
            try:
                plain = self._body.decompress(part, STEP)
            except zlib.error:
                raise self._malformed("not deflated data", taken) from None
            part = self._body.unconsumed_tail
            if plain:
                self._check = kind.update(plain, self._check)
                self._size += len(plain)
                yield plain
            if self._body.eof or (not part and len(plain) < STEP):
                return

    def _check_tail(self, taken: int) -> None:
        if self._buffer != self._kind.tail(self._check, self._size):
            raise self._malformed("a checksum or length that is not that of the data", taken)
        self._buffer = b""
        self._phase = _Phase.OVER

    def _malformed(self, what: str, taken: int) -> Undecodable:
        return Undecodable(Fault.MALFORMED, what, self._at + taken)

    def _is_flushed(self) -> bool:
        """Whether the body stands between two blocks at a byte's edge: any last block may follow, and ends exactly."""
        if self._phase is not _Phase.BODY or self._window < 9:  # zlib writes no smaller windows
            return False
        for block in _LAST_BLOCKS:
            probe = self._body.copy()
            try:
                if probe.decompress(block) or not probe.eof or probe.unused_data:
                    return False
            except zlib.error:
                return False
        return True

    def end(self) -> None:
        """Take the end."""
        if self._wrapping is None and self._buffer:  # shorter than what tells the wrappings apart
            raise Undecodable(Fault.TRUNCATED, "the deflated data end early", self._at)
        if self._at and self._phase is not _Phase.OVER:
            raise Undecodable(Fault.TRUNCATED, "the deflated data end early", self._at)

    def fork(self) -> "Deflated":
        """Give another decoder in the same state."""
        other = Deflated(self._wrapping)
        other._phase, other._window, other._buffer = self._phase, self._window, self._buffer
        other._body = self._body.copy()
        other._check, other._size, other._at = self._check, self._size, self._at
        return other

    def encoder(self) -> Encoder:
        """Give an encoder that goes on from here."""
        wrapping = self._wrapping or _ZLIB
        if self._phase is _Phase.BODY:
            return _Deflating(wrapping, b"", self._check, self._size, self._window)
        return _Deflating(wrapping, wrapping.head, wrapping.start, 0, _WIDEST)


class _Deflating:
    def __init__(self, wrapping: Wrapping, head: bytes, check: int, size: int, window: int) -> None:
        self._wrapping = wrapping
        self._head = head
        self._check = check
        self._size = size
        self._body = zlib.compressobj(LEVEL, zlib.DEFLATED, -window)

    def encode(self, plain: bytes) -> bytes:
        self._check = self._wrapping.update(plain, self._check)
        self._size += len(plain)
        return self._begun(self._body.compress(plain))

    def flush(self) -> bytes:
        return self._begun(self._body.flush(zlib.Z_SYNC_FLUSH))

    def finish(self) -> bytes:
        return self._begun(self._body.flush()) + self._wrapping.tail(self._check, self._size)

    def _begun(self, raw: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + raw
