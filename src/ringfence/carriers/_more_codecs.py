"""Brotli and Zstandard: the content codings that need a library which is not in the default install."""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from ringfence.carriers._codecs import STEP, Encoder, Joint, Notes
from ringfence.carriers.model import Fault, Undecodable
from ringfence.extras import install_line

_MAGIC = b"\x28\xb5\x2f\xfd"  # of a frame; those that readers skip have others
_WINDOW_LOG = 23  # 8 MiB: what RFC 9659 lets a content coding use
_LEVEL = 3  # the library's own default
_QUALITY = 4  # brotli's default of 11 is for what is encoded once and sent for ever


class Brotli:
    """Brotli (RFC 7932): no magic, no checksum, no joint but the start."""

    def __init__(self) -> None:
        self._library = _library("br", "brotli")
        self._stream = self._library.Decompressor()
        self._at = 0

    def decode(self, piece: bytes) -> Iterator[bytes | Joint | Notes]:
        """Take the next bytes."""
        try:
            plain = self._stream.process(piece, output_buffer_limit=STEP)
            while plain or not self._stream.can_accept_more_data():
                yield plain
                plain = self._stream.process(b"", output_buffer_limit=STEP)
        except self._library.error:
            raise Undecodable(Fault.MALFORMED, "not brotli, or something after its end", self._at) from None
        self._at += len(piece)

    def end(self) -> None:
        """Take the end."""
        if self._at and not self._stream.is_finished():
            raise Undecodable(Fault.TRUNCATED, "the brotli stream ends early", self._at)

    def fork(self) -> "Brotli":
        """Give a decoder that has read nothing, as this one."""
        return Brotli()

    def encoder(self) -> Encoder:
        """Give an encoder from the start."""
        return _Brotli(self._library)


class _Brotli:
    def __init__(self, library: ModuleType) -> None:
        self._stream = library.Compressor(quality=_QUALITY)

    def encode(self, plain: bytes) -> bytes:
        return bytes(self._stream.process(plain))

    def flush(self) -> bytes:
        return bytes(self._stream.flush())

    def finish(self) -> bytes:
        return bytes(self._stream.finish())


class Zstandard:
    """Zstandard (RFC 8878): frames, with joints between them."""

    def __init__(self) -> None:
        self._library = _library("zstd", "compression.zstd", "backports.zstd")
        self._head = b""  # of a frame, until its magic is known
        self._frame: Any = None
        self._at = 0

    def decode(self, piece: bytes) -> Iterator[bytes | Joint | Notes]:
        """Take the next bytes."""
        at = 0
        while at < len(piece):
            if self._frame is None:
                head = piece[at : at + len(_MAGIC) - len(self._head)]
                at += len(head)
                self._head += head
                if not _MAGIC.startswith(self._head):
                    raise Undecodable(Fault.MALFORMED, "not a zstd frame", self._at + at)
                if len(self._head) < len(_MAGIC):
                    break
                self._begin()
            yield from self._steps(piece[at:])
            if not self._frame.eof:
                break
            at = len(piece) - len(self._frame.unused_data)
            self._frame = None
            yield Joint(at)
        self._at += len(piece)

    def _begin(self) -> None:
        bounds = {self._library.DecompressionParameter.window_log_max: _WINDOW_LOG}
        self._frame = self._library.ZstdDecompressor(options=bounds)
        self._frame.decompress(self._head)
        self._head = b""

    def _steps(self, piece: bytes) -> Iterator[bytes]:
        try:
            plain = self._frame.decompress(piece, STEP)
            while plain or not (self._frame.needs_input or self._frame.eof):
                yield plain
                if self._frame.eof:
                    break
                plain = self._frame.decompress(b"", STEP)
        except self._library.ZstdError:
            raise Undecodable(Fault.MALFORMED, "not zstd, or with too large a window", self._at) from None

    def end(self) -> None:
        """Take the end."""
        if self._frame is not None or self._head:
            raise Undecodable(Fault.TRUNCATED, "the zstd frame ends early", self._at)

    def fork(self) -> "Zstandard":
        """Give a decoder before a frame, as this one is."""
        return Zstandard()

    def encoder(self) -> Encoder:
        """Give an encoder of a frame."""
        return _Zstandard(self._library)


class _Zstandard:
    def __init__(self, library: ModuleType) -> None:
        self._stream = library.ZstdCompressor(level=_LEVEL)
        self._block = library.ZstdCompressor.FLUSH_BLOCK

    def encode(self, plain: bytes) -> bytes:
        return bytes(self._stream.compress(plain))

    def flush(self) -> bytes:
        return bytes(self._stream.flush(self._block))

    def finish(self) -> bytes:
        return bytes(self._stream.flush())


def _library(coding: str, *names: str) -> ModuleType:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise Undecodable(Fault.UNSUPPORTED, f"the coding {coding} needs a library: {install_line('http')};", 0)
