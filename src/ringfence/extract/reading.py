"""A text file's bytes in UTF-8, in blocks of whole lines, each with where it stands.

The rule: whatever the bytes are, each of them is in a block. What is UTF-8 is given as it stands there, byte for byte; what is
UTF-16 or UTF-32 (by its mark, or by its NULs) is decoded as it comes; any other byte is taken for the character that Western
European files mean by it (Windows-1252), and only the lines in which one stands lose their `start`. No more of a file is held than
a block, and a line that is longer than a block is cut where a value seldom goes on.
"""

import codecs
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Final

from ringfence.extract.model import BATCH, Source

_MARKS: Final = (  # the longer before those that begin them
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD: Final = 4096
_ENDS: Final = (b" ", b",", b";", b"\t", b">", b"}", b")")  # a long line is cut behind one of them
_SEEN_FOR_END: Final = 64 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """Some lines of a file, or a stretch of a long one. `start` is where it stands byte for byte; -1: it is decoded."""

    value: bytes
    line: int = 1
    column: int = 1
    start: int = 0


class BlockLines:
    """Where the bytes of a block stand, for many questions: its lines are counted when the first one is asked."""

    def __init__(self, block: Block) -> None:
        self._block = block

    @cached_property
    def _breaks(self) -> list[int]:
        found: list[int] = []
        at = self._block.value.find(b"\n")
        while at >= 0:
            found.append(at)
            at = self._block.value.find(b"\n", at + 1)
        return found

    def place(self, at: int, value: bytes) -> tuple[int, int, int]:
        """Give line, column, and the place in the file of a value at a byte of the block; -1 if it is spelled otherwise there."""
        block = self._block
        before = bisect_left(self._breaks, at)
        column = at - self._breaks[before - 1] if before else block.column + at
        start = block.start + at if block.start >= 0 and block.value.startswith(value, at) else -1
        return block.line + before, column, start


def charset(head: bytes) -> tuple[str, int]:
    r"""Say by its first bytes which codec a text needs, "" for one that keeps ASCII, and how long its mark is.

    >>> charset(b"\xff\xfea\x00"), charset(b"a\x00b\x00c\x00d\x00"), charset(b"abc")
    (('utf-16-le', 2), ('utf-16-le', 0), ('', 0))
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec, len(mark)
    head = head[:_HEAD]
    half = len(head) // 2
    if half < 4 or b"\0" not in head:
        return "", 0
    low, high = head[0::2].count(0), head[1::2].count(0)
    if high > 0.6 * half and low < 0.05 * half:
        return "utf-16-le", 0
    if low > 0.6 * half and high < 0.05 * half:
        return "utf-16-be", 0
    return "", 0


def blocks(source: Source, size: int = BATCH) -> Iterator[Block]:
    """Read a file in blocks of about `size` bytes."""
    with source.open() as stream:
        head = stream.read(size)
        codec, mark = charset(head)
        if codec:
            yield from _cut(_decoded(stream.read, head[mark:], codec, size), size, verbatim=False, start=mark)
            return
        for block in _cut(_plain(stream.read, head[mark:], size), size, verbatim=True, start=mark):
            yield from (block,) if is_utf8(block.value) else _western(block)


def whole(source: Source, most: int) -> Block | None:
    """Read a file that is needed as a whole; None where it has more than `most` bytes."""
    parts: list[bytes] = []
    start, size = 0, 0
    for block in blocks(source):
        if not parts:
            start = block.start
        elif block.start < 0 or start < 0:
            start = -1
        parts.append(block.value)
        size += len(block.value)
        if size > most:
            return None
    return Block(b"".join(parts), start=start)


def cut_at(block: Block, at: int) -> Block:
    """Give what of a block begins at a byte of it."""
    if not at:
        return block
    breaks = block.value.count(b"\n", 0, at)
    column = at - block.value.rindex(b"\n", 0, at) if breaks else block.column + at
    return Block(block.value[at:], block.line + breaks, column, block.start + at if block.start >= 0 else -1)


def joined(first: Block | None, second: Block) -> Block:
    """Give two blocks, of which one follows the other, as one."""
    if first is None or not first.value:
        return second
    together = first.start >= 0 and second.start == first.start + len(first.value)
    return Block(first.value + second.value, first.line, first.column, first.start if together else -1)


def whole_lines(value: bytes) -> list[bytes]:
    """Give lines with their ends: a line feed ends one, and nothing else, as everywhere here."""
    lines = [line + b"\n" for line in value.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def is_utf8(value: bytes) -> bool:
    """Whether bytes are text as most files have it."""
    if value.isascii():
        return True
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain(read: Callable[[int], bytes], piece: bytes, size: int) -> Iterator[bytes]:
    while piece:
        yield piece
        piece = read(size)


def _decoded(read: Callable[[int], bytes], piece: bytes, codec: str, size: int) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    while piece:
        yield decoder.decode(piece).encode("utf-8", "replace")
        piece = read(size)
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _cut(pieces: Iterator[bytes], size: int, *, verbatim: bool, start: int) -> Iterator[Block]:
    """Cut what comes behind line ends."""
    held = b""
    line, column = 1, 1
    for piece in pieces:
        held = held + piece if held else piece
        end = held.rfind(b"\n") + 1
        if not end and len(held) >= size:
            end = _end_of_stretch(held)
        if not end:
            continue
        value, held = held[:end], held[end:]
        yield Block(value, line, column, start if verbatim else -1)
        start += end
        breaks = value.count(b"\n")
        column = 1 if value.endswith(b"\n") else (column + end if not breaks else end - value.rindex(b"\n"))
        line += breaks
    if held:
        yield Block(held, line, column, start if verbatim else -1)


def _end_of_stretch(held: bytes) -> int:
    least = max(len(held) - _SEEN_FOR_END, 1)
    end = max(held.rfind(mark, least) for mark in _ENDS) + 1
    if end:
        return end
    end = len(held)
    while end > len(held) - 4 and end > 1 and held[end - 1] & 0xC0 == 0x80:
        end -= 1
    return end - 1 if held[end - 1] >= 0xC0 and end > 1 else len(held)


def _western(block: Block) -> Iterator[Block]:
    """Give the lines of a block that are UTF-8 as they are, and the others decoded, each by itself."""
    at, line, column = 0, block.line, block.column
    lines = ((is_utf8(each), each) for each in whole_lines(block.value))
    for is_plain, group in groupby(lines, itemgetter(0)):
        for value in (b"".join(each for _, each in group),) if is_plain else (each for _, each in group):
            if is_plain:
                yield Block(value, line, column, block.start + at)
            else:
                yield Block(WESTERN.decode(value), line, column, -1)
            at += len(value)
            line += value.count(b"\n")
            column = 1 if value.endswith(b"\n") else column + len(value)


class _Western:
    """Windows-1252, with the bytes that it leaves undefined as the control characters that they are in Latin-1."""

    def __init__(self) -> None:
        self._table = "".join(
            bytes((byte,)).decode("cp1252", "ignore") or chr(byte)  # five bytes have no character
            for byte in range(256)
        )
        self._bytes = {ord(sign): byte for byte, sign in enumerate(self._table)}

    def decode(self, value: bytes) -> bytes:
        """Give these bytes in UTF-8."""
        return codecs.charmap_decode(value, "strict", self._table)[0].encode("utf-8")

    def encode(self, value: bytes) -> bytes:
        """Give back the bytes whose UTF-8 this is. Raises `UnicodeEncodeError` where there is no such byte."""
        return codecs.charmap_encode(value.decode("utf-8"), "strict", self._bytes)[0]


WESTERN: Final = _Western()
