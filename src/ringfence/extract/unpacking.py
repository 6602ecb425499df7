"""Compressed bytes taken apart piece by piece: never more at once than was asked for, and measured as they come out.

The rule: a stream of this module never raises over what stands in it. Where it is damaged, ends early, or gives more than it may,
it ends, as a file ends, and `Member.fault` says why; so a reader of any format may read it, and knows nothing of archives.
"""

import io
import lzma
import zlib
from bz2 import BZ2Decompressor
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any, BinaryIO, Final, Protocol

from ringfence.extract.model import Budget, Fault, Unreadable
from ringfence.extras import install_line

CHUNK: Final = 1 << 16  # read at once of what is packed
FREE: Final = 1 << 20  # comes out whatever the ratio: a mebibyte
_DICTIONARY: Final = 1 << 27  # bytes that LZMA and Zstandard may look back, 128 MiB: `xz -9` takes 64
_WINDOW_LOG: Final = 27
_PIECE: Final = 1 << 10  # of Deflate64, whose library gives all that a piece unpacks to: at most about a mebibyte


class MissingExtra(Exception):
    """A library that is not in the default install is needed."""

    def __init__(self, format_: str, extra: str) -> None:
        super().__init__(f"{format_} needs what the extra {extra} brings")
        self.format, self.extra = format_, extra

    def told(self, members: tuple[str, ...] = ()) -> Unreadable:
        """Say it as readers do."""
        return Unreadable(
            Fault.EXTRA, f"{self.format} is read with what is not installed", install_line(self.extra), members
        )


class Decoder(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream has been met."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out without more going in."""

    @property
    def unused_data(self) -> bytes:
        """What stands behind the stream's end."""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Take more in, give at most so much out."""


class _Zlib:
    """zlib, in the manner of the others."""

    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        given = self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))
        self.needs_input = not self._stream.unconsumed_tail and len(given) < max_length
        return given


class _Deflate64:
    """Deflate64, whose library bounds nothing: it is given little at a time."""

    unused_data = b""  # only ZIP uses it, and says where its members end

    def __init__(self) -> None:
        self._stream = _library("inflate64", "Deflate64", "documents").Inflater()
        self._in = self._out = b""

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof) and not self._out

    @property
    def needs_input(self) -> bool:
        return not self._out and not self._in

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        self._in += data
        while not self._out and self._in and not self._stream.eof:
            piece, self._in = self._in[:_PIECE], self._in[_PIECE:]
            self._out = self._stream.inflate(piece)
        given, self._out = self._out[:max_length], self._out[max_length:]
        return given


class _ZipLzma:
    """LZMA as ZIP has it: a head of its own, then a raw stream."""

    def __init__(self) -> None:
        self._head = b""
        self._stream: lzma.LZMADecompressor | None = None

    @property
    def eof(self) -> bool:
        return self._stream is not None and self._stream.eof

    @property
    def needs_input(self) -> bool:
        return self._stream is None or self._stream.needs_input

    @property
    def unused_data(self) -> bytes:
        return b"" if self._stream is None else self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        if self._stream is not None:
            return self._stream.decompress(data, max_length)
        self._head += data
        size = int.from_bytes(self._head[2:4], "little")
        if len(self._head) < 4 + max(size, 5):
            return b""
        lc, dictionary = self._head[4], int.from_bytes(self._head[5:9], "little")
        if size != 5 or lc >= 9 * 5 * 5 or dictionary > _DICTIONARY:
            raise lzma.LZMAError
        lzma1 = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096)}
        lzma1 |= {"lc": lc % 9, "lp": lc // 9 % 5, "pb": lc // 45}
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[lzma1])
        return self._stream.decompress(self._head[9:], max_length)


def _library(name: str, format_: str, extra: str, *others: str) -> Any:
    for each in (name, *others):
        try:
            return import_module(each)
        except ImportError:
            continue
    raise MissingExtra(format_, extra)


def gzip_decoder() -> Decoder:
    """Give a decoder of one gzip member, its head and its check included."""
    return _Zlib(16 + zlib.MAX_WBITS)


def deflate_decoder() -> Decoder:
    """Give a decoder of raw Deflate."""
    return _Zlib(-zlib.MAX_WBITS)


def deflate64_decoder() -> Decoder:
    """Give a decoder of Deflate64."""
    return _Deflate64()


def bzip2_decoder() -> Decoder:
    """Give a decoder of one bzip2 stream."""
    return BZ2Decompressor()


def xz_decoder() -> Decoder:
    """Give a decoder of one xz or lzma stream, whose dictionary is bounded."""
    return lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_DICTIONARY)


def zip_lzma_decoder() -> Decoder:
    """Give a decoder of LZMA as ZIP has it."""
    return _ZipLzma()


def zstd_decoder() -> Decoder:
    """Give a decoder of one Zstandard frame, whose window is bounded."""
    zstd = _library("compression.zstd", "Zstandard", "documents", "backports.zstd")
    decoder: Decoder = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
    return decoder


@dataclass(slots=True, repr=False)
class Member:
    """What is known of a file in a file while it is read: what it has cost, and what was wrong with it."""

    members: tuple[str, ...]
    budget: Budget
    charged: int = 0  # bytes that have come out of it, however often it was opened
    fault: Unreadable | None = None

    def spoil(self, fault: Fault, what: str, mend: str = "") -> None:
        """Note what is wrong; the first word stands."""
        self.fault = self.fault or Unreadable(fault, what, mend, self.members)

    def gave(self, came_out: int, went_in: int) -> bool:
        """Count what has come out in all of one opening; say whether that may be."""
        bounds = self.budget.bounds
        self.budget.unpacked += max(0, came_out - self.charged)
        self.charged = max(self.charged, came_out)
        if self.budget.unpacked > bounds.unpacked:
            self.spoil(Fault.BOMB, f"more than {bounds.unpacked >> 20} MiB come out of the file", SPLIT)
        elif came_out > FREE and came_out > bounds.ratio * went_in:
            self.spoil(Fault.BOMB, f"it unpacks to more than {bounds.ratio} times its size", "look at it by hand")
        else:
            return True
        return False


SPLIT: Final = "unpack it where that is safe, and scan what comes out"


def is_spent(budget: Budget) -> bool:
    """Say whether nothing more may be unpacked."""
    return budget.unpacked > budget.bounds.unpacked or budget.members > budget.bounds.members


class Unpacked(io.RawIOBase):
    """What comes out of a compressed stream.

    Attributes
    ----------
    packed
        The compressed bytes, to their end or for `size` bytes.
    make
        Makes a decoder; anew for each of several streams that stand one behind another, where `joined`.
    member
        What is charged, and told of faults.
    check
        The CRC-32 of all that must come out; None where nobody says, or the decoder checks by itself.
    """

    def __init__(
        self,
        packed: BinaryIO,
        make: Callable[[], Decoder],
        member: Member,
        size: int | None = None,
        *,
        joined: bool = False,
        check: int | None = None,
    ) -> None:
        self._packed, self._make, self._member, self._joined = packed, make, member, joined
        self._left = size
        self._decoder = make()
        self._pending = b""
        self._in = self._out = self._crc = 0
        self._check = check
        self._ended = False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def close(self) -> None:
        """Close it, and what it reads from."""
        if not self.closed:
            self._packed.close()
        super().close()

    def readinto(self, buffer: Any, /) -> int:
        """Give the next bytes; 0 at the end, be it early."""
        plain = b"" if self._ended else self._next(len(buffer))
        buffer[: len(plain)] = plain
        return len(plain)

    def _next(self, most: int) -> bytes:
        while not self._ended:
            if self._decoder.eof and not self._another():
                break
            data = b""
            if self._decoder.needs_input:
                data = self._take()
                if not data:
                    self._ended = True
                    self._member.spoil(Fault.DAMAGED, "it ends early", "fetch it anew")
                    break
            try:
                plain = self._decoder.decompress(data, most)
            except MemoryError:
                self._fail("it asks for more memory than it may", Fault.BOMB)
            except Exception:  # noqa: BLE001 (each library has its own word for damage, and some have several)
                self._fail("its compressed bytes are damaged", Fault.DAMAGED)
            else:
                if plain:
                    return self._given(plain)
        return b""

    def _fail(self, what: str, fault: Fault) -> None:
        self._ended = True
        self._member.spoil(fault, what, "fetch it anew" if fault is Fault.DAMAGED else SPLIT)

    def _given(self, plain: bytes) -> bytes:
        self._out += len(plain)
        if self._check is not None:
            self._crc = zlib.crc32(plain, self._crc)
        self._ended = not self._member.gave(self._out, self._in)
        return plain

    def _take(self) -> bytes:
        data, self._pending = self._pending, b""
        if data:
            return data
        data = self._packed.read(CHUNK if self._left is None else min(CHUNK, self._left))
        self._in += len(data)
        if self._left is not None:
            self._left -= len(data)
        return data

    def _another(self) -> bool:
        """At a stream's end: go on with the next, if there is one."""
        rest = self._decoder.unused_data
        if self._joined:
            rest = (rest or self._take()).lstrip(b"\0")
            while not rest and (more := self._take()):
                rest = more.lstrip(b"\0")
            if rest:
                self._pending, self._decoder = rest, self._make()
                return True
        self._ended = True
        if self._check is not None and self._crc != self._check:
            self._member.spoil(Fault.DAMAGED, "it is not what its checksum says", "fetch it anew")
        return False


class Stretch(io.RawIOBase):
    """A stretch of a file, as a file of its own: what is stored without compression."""

    def __init__(self, file: BinaryIO, size: int, member: Member, check: int | None = None) -> None:
        self._file, self._member, self._check = file, member, check
        self.left = size  # bytes that have not been read
        self._crc = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Give the next bytes; 0 at the end, be it early."""
        if not self.left:
            return 0
        data = self._file.read(min(len(buffer), self.left))
        self.left -= len(data)
        if not data:
            self.left = 0
            self._member.spoil(Fault.DAMAGED, "it ends early", "fetch it anew")
        elif self._check is not None:
            self._crc = zlib.crc32(data, self._crc)
            if not self.left and self._crc != self._check:
                self._member.spoil(Fault.DAMAGED, "it is not what its checksum says", "fetch it anew")
        buffer[: len(data)] = data
        return len(data)


class Metered(io.RawIOBase):
    """What another program makes of a file, counted as what comes out of it."""

    def __init__(self, head: bytes, file: IO[bytes], member: Member, size: int) -> None:
        self._head, self._file, self._member, self._size = head, file, member, size
        self._out = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Give the next bytes; 0 at the end, be it early."""
        if self._member.fault is not None:
            return 0
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        data = data or self._file.read(len(buffer))
        self._out += len(data)
        self._member.gave(self._out, self._size)
        buffer[: len(data)] = data
        return len(data)
