"""ZIP's directory: what members a file says that it has, and, where it is cut off, those that can still be found.

The rule: numbers in the file are claims. None of them makes this module hold more than the directory's own bytes, look elsewhere
than in the file, or go on for more members than asked for. (The standard library's reader makes an object for each of any number
of entries, and gives up a whole archive for one broken entry.)
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

LOCAL: Final = b"PK\x03\x04"
_CENTRAL: Final = b"PK\x01\x02"
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"
_LOCATOR_64: Final = b"PK\x06\x07"
_BEHIND: Final = b"PK\x07\x08"
_END_SIZE: Final = 22
_LONGEST_COMMENT: Final = 0xFFFF
_ENTRY: Final = struct.Struct("<4x2xHHHHHIIIHHHHHII")
_ENTRY_SIZE: Final = 46
_HEAD: Final = struct.Struct("<4xHHHHHIIIHH")
HEAD_SIZE: Final = 30
BEHIND_MOST: Final = 24
_BIG: Final = 0xFFFFFFFF
_EXTRA_64: Final = 1
_SEARCHED: Final = 1 << 20

ENCRYPTED: Final = 0x1
DESCRIPTOR: Final = 0x8  # sizes and check stand behind the member
_STRONG: Final = 0x40
_UNIX: Final = 3
_TYPES: Final = 0o170000
_LINK: Final = 0o120000


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as the archive tells of it.

    Attributes
    ----------
    at
        Where its local head stands in the file.
    packed
        How many bytes it takes; -1 where only its end can tell.
    """

    name: bytes
    comment: bytes
    flags: int
    method: int
    check: int
    packed: int
    size: int
    at: int
    is_link: bool = False
    lies_over: bool = False  # it begins where another has not ended

    @property
    def is_encrypted(self) -> bool:
        """Whether its bytes need a password."""
        return bool(self.flags & (ENCRYPTED | _STRONG))


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the directory is: from `start` to `end`; `shift` is what stands before the archive in its file; it ends at `last`."""

    start: int
    end: int
    shift: int
    comment: bytes
    last: int


def find_directory(file: BinaryIO) -> Directory | None:
    """Find a directory from the file's end."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _END_SIZE - _LONGEST_COMMENT - 20)
    file.seek(tail_at)
    tail = file.read(size - tail_at)
    at = tail.rfind(_END)
    while at >= 0:
        found = _directory(file, tail, tail_at, at)
        if found is not None:
            return found
        at = tail.rfind(_END, 0, at)
    return None


def _directory(file: BinaryIO, tail: bytes, tail_at: int, at: int) -> Directory | None:
    if len(tail) < at + _END_SIZE:
        return None
    length, start, comment = struct.unpack_from("<IIH", tail, at + 12)
    end = tail_at + at
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR_64:
        far = int.from_bytes(tail[at - 12 : at - 4], "little")
        for where in (far, end - 20 - 56):  # as it says, or right before, where something was put before the archive
            if 0 <= where <= end - 20 - 56:
                file.seek(where)
                head = file.read(56)
                if head[:4] == _END_64:
                    length, start = struct.unpack_from("<QQ", head, 40)
                    end = where
                    break
    shift = end - length - start
    for begins in (start + shift, start):
        if 0 <= begins <= end:
            file.seek(begins)
            if begins == end or file.read(4) == _CENTRAL:
                said = tail[at + _END_SIZE : at + _END_SIZE + comment]
                return Directory(begins, end, begins - start, said, tail_at + at + _END_SIZE + len(said))
    return None


def entries(file: BinaryIO, directory: Directory, most_bytes: int) -> Iterator[Entry | None]:
    """Give the directory's entries; None at its end, where it is damaged or larger than may be held."""
    file.seek(directory.start)
    length = directory.end - directory.start
    data = file.read(min(length, most_bytes))
    at = 0
    while data[at : at + 4] == _CENTRAL and len(data) >= at + _ENTRY_SIZE:
        values = _ENTRY.unpack_from(data, at)
        needs, flags, method, _time, _day, check, packed, size = values[:8]
        name_size, extra_size, comment_size, _disk, _internal, external, offset = values[8:]
        name_at = at + _ENTRY_SIZE
        extra_at = name_at + name_size
        comment_at = extra_at + extra_size
        packed, size, offset = _far(data[extra_at:comment_at], packed, size, offset)
        yield Entry(
            name=data[name_at:extra_at],
            comment=data[comment_at : comment_at + comment_size],
            flags=flags,
            method=method,
            check=check,
            packed=packed,
            size=size,
            at=offset + directory.shift,
            is_link=data[at + 5] == _UNIX and external >> 16 & _TYPES == _LINK and needs >= 0,
        )
        at = comment_at + comment_size
    if at < length:
        yield None


def _far(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Read ZIP64's sizes, of those values that their own fields are too small for."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _EXTRA_64:
            far = [int.from_bytes(extra[p : p + 8], "little") for p in range(at + 4, at + 4 + length - 7, 8)]
            far.reverse()
            size = far.pop() if size == _BIG and far else size
            packed = far.pop() if packed == _BIG and far else packed
            offset = far.pop() if offset == _BIG and far else offset
        at += 4 + length
    return packed, size, offset


@dataclass(frozen=True, slots=True)
class Head:
    """A member's head, before its bytes, which begin at `starts`."""

    name: bytes
    starts: int
    entry: Entry


def read_head(file: BinaryIO, at: int) -> Head | None:
    """Read a local head, or None where none stands."""
    if not 0 <= at < 1 << 62:
        return None
    file.seek(at)
    head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE or head[:4] != LOCAL:
        return None
    _version, flags, method, _time, _day, check, packed, size, name_size, extra_size = _HEAD.unpack(head)
    name = file.read(name_size)
    packed, size, _ = _far(file.read(extra_size), packed, size, 0)
    packed = -1 if flags & DESCRIPTOR and not packed else packed
    starts = at + HEAD_SIZE + name_size + extra_size
    return Head(name, starts, Entry(name, b"", flags, method, check, packed, size, at))


def behind_size(data: bytes, entry: Entry) -> int:
    """Measure what belongs to a member of the bytes behind it: its check and sizes, if they stand there, with a mark or without."""
    for form in ("<III", "<IQQ"):
        try:
            said = struct.pack(form, entry.check, entry.packed, entry.size)
        except struct.error:  # a size that the shorter form has no room for
            continue
        for mark in (_BEHIND, b""):
            if data.startswith(mark + said):
                return len(mark) + len(said)
    return 0


def find_heads(file: BinaryIO, most: int) -> Iterator[Entry]:
    """Find members without a directory, by their heads, in a file that is cut off or that has lost its directory."""
    found = 0
    searched = 0
    while found < most:
        at = _next_head(file, searched)
        if at < 0:
            return
        head = read_head(file, at)
        searched = at + 4
        if head is None:
            continue
        found += 1
        if head.entry.packed > 0:
            searched = max(searched, head.starts + head.entry.packed)
        yield head.entry


def _next_head(file: BinaryIO, at: int) -> int:
    file.seek(at)
    kept = b""
    while piece := file.read(_SEARCHED):
        data = kept + piece
        found = data.find(LOCAL)
        if found >= 0:
            return at - len(kept) + found
        kept = data[-3:]
        at += len(piece)
    return -1
