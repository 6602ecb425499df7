"""tar archives of every kind, read from beginning to end in one go: ustar, pax, GNU's long names and sparse files, Unix v7.

The rule: links are not followed and devices not opened; both are said. A head that is damaged costs what it was the head of: the
next one that checks is looked for. (The standard library's reader keeps an object for every member, holds extended heads of any
size, and searches them with patterns whose time is quadratic; so heads are read here. Its writer and reader are what the tests
compare with.)
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from ringfence.extract.members import (
    count_in,
    exactly,
    look_into,
    member_of,
    name_faults,
    name_text,
    named,
    spent,
    too_deep,
)
from ringfence.extract.model import Budget, Extracted, Fault, LeftOut, Source, Text, Unreadable, Why
from ringfence.extract.unpacking import CHUNK, Stretch

BLOCK: Final = 512
_LONGEST_HEAD: Final = 1 << 20  # bytes of an extended head that are read
_TOGETHER: Final = 1 << 16  # bytes of names and words of heads that are given at once
_OWNERS: Final = 500
_WORDS: Final = (b"comment", b"LIBARCHIVE.xattr", b"SCHILY.xattr")
_SAID: Final = frozenset((b"GNU.sparse.name", b"GNU.sparse.major", b"path", b"linkpath", b"size", b"uname"))
_FILES: Final = b"\0" + b"07S"
_LINKS: Final = b"12K"
_SPECIAL: Final = b"346"
_FOLDER: Final = b"5D"
_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"
_FETCH: Final = "fetch it anew"


@dataclass(slots=True)
class _Head:
    name: bytes
    link: bytes
    size: int
    kind: bytes
    owner: bytes
    extended: bool  # GNU's old sparse files: more of the map stands behind


def read_tar(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what is in a tar archive."""
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    with source.open() as file:
        yield from _Archive(file, source, budget).read()


class _Archive:
    def __init__(self, file: BinaryIO, source: Source, budget: Budget) -> None:
        self._file, self._source, self._budget = file, source, budget
        self._names: list[Text] = []
        self._size = 0  # of the names
        self._owners: set[bytes] = set()
        self._global: dict[bytes, bytes] = {}
        self._next: dict[bytes, bytes] = {}  # what extended heads say of the next member

    def read(self) -> Iterator[Extracted]:
        try:
            yield from self._members()
        except OSError:
            yield self._damaged("it cannot be read further")
        yield from self._noted(1)

    def _noted(self, least: int) -> Iterator[Extracted]:
        """Give the names and words of heads that were met, if there are so many bytes of them."""
        if self._size >= least:
            yield self._names
            self._names, self._size = [], 0

    def _note(self, text: Text) -> None:
        self._names.append(text)
        self._size += len(text.value) + 1

    def _members(self) -> Iterator[Extracted]:
        empty = lost = 0
        while True:
            block = exactly(self._file, BLOCK)
            if len(block) < BLOCK:
                if block.strip(b"\0") or not empty:
                    yield self._damaged("it ends early")
                return
            if not block.strip(b"\0"):
                empty += 1
                continue  # what stands behind the end is looked at too, as by `tar --ignore-zeros`
            head = _head(block)
            if head is None:
                if not lost:
                    yield self._damaged("a head is damaged; the next that is whole is looked for")
                lost += 1
                continue
            lost = 0
            if head.kind in (_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK):
                yield from self._extended(head)
                yield from self._noted(_TOGETHER)
                continue
            many = count_in(self._source, self._budget)
            if many is not None:
                yield many
                return
            yield from self._member(head)
            yield from self._noted(_TOGETHER)
            rest = spent(self._source, self._budget)
            if rest is not None:
                yield rest
                return

    def _member(self, head: _Head) -> Iterator[Extracted]:
        said = {**self._global, **self._next}
        self._next = {}
        raw = said.get(b"GNU.sparse.name") or said.get(b"path") or head.name
        size = _number(said.get(b"size", b""), head.size)
        name = named(raw)
        member = member_of(self._source, name, self._budget)
        self._note(name_text(self._source, raw))
        self._owner(said.get(b"uname") or head.owner)
        yield from name_faults(raw, member.members)
        if head.kind in _LINKS:
            target = said.get(b"linkpath") or head.link
            self._note(name_text(self._source, target))
            yield LeftOut(Why.LINK, member.members, "a link, which is not followed")
            size = 0 if head.kind != b"1" else size
        elif head.kind in _SPECIAL:
            yield LeftOut(Why.SPECIAL, member.members, "a device or a pipe, which has no content")
            size = 0
        elif head.kind in _FOLDER and head.kind != b"D":
            size = 0
        while head.extended:
            block = exactly(self._file, BLOCK)
            head.extended = len(block) == BLOCK and block[504:505] == b"\1"
        padding = -size % BLOCK
        if size and said.get(b"GNU.sparse.major") == b"1":
            size -= self._sparse_map(size)
        if size > 0 and head.kind not in _LINKS:
            stretch = Stretch(self._file, size, member)
            yield from look_into(name, size, lambda: io.BufferedReader(_Kept(stretch), CHUNK), member)
            self._skip(stretch.left)
        else:
            self._skip(max(size, 0))
        self._skip(padding)

    def _sparse_map(self, size: int) -> int:
        """Skip the map of holes at a sparse file's beginning; give how long it was."""
        block = exactly(self._file, BLOCK)
        read = len(block)
        wanted = 2 * _number(block.partition(b"\n")[0], 0) + 1
        lines = block.count(b"\n")
        while lines < wanted and read < size and len(block) == BLOCK:
            block = exactly(self._file, BLOCK)
            read += len(block)
            lines += block.count(b"\n")
        return min(read, size)

    def _extended(self, head: _Head) -> Iterator[Extracted]:
        content = exactly(self._file, min(head.size, _LONGEST_HEAD))
        self._skip(head.size - len(content) + (-head.size % BLOCK))
        if head.size > _LONGEST_HEAD:
            yield self._damaged(
                f"an extended head of more than {_LONGEST_HEAD >> 20} MiB; the rest of it is not looked at"
            )
        match head.kind:
            case b"L":
                self._next[b"path"] = content.rstrip(b"\0")
            case b"K":
                self._next[b"linkpath"] = content.rstrip(b"\0")
            case b"x":
                self._next |= self._records(content)
            case _:
                self._global |= self._records(content)

    def _records(self, content: bytes) -> dict[bytes, bytes]:
        """Give what an extended head says of members. Its words for people are noted, and nothing else is kept."""
        said: dict[bytes, bytes] = {}
        for name, value in _records(content):
            if name.startswith(_WORDS):
                self._note(Text(value, where="extended header", members=self._source.members))
            elif name in _SAID:
                said[name] = value
        return said

    def _owner(self, owner: bytes) -> None:
        if owner and owner not in self._owners and len(self._owners) < _OWNERS:
            self._owners.add(owner)
            self._note(Text(owner, where="owner", members=self._source.members))

    def _damaged(self, what: str) -> Unreadable:
        return Unreadable(Fault.DAMAGED, what, _FETCH, self._source.members)

    def _skip(self, size: int) -> None:
        if size > CHUNK and self._file.seekable():
            self._file.seek(size, 1)
            return
        while size > 0 and (data := self._file.read(min(size, CHUNK))):
            size -= len(data)


class _Kept(io.RawIOBase):
    """A stretch whose file is not closed with it."""

    def __init__(self, stretch: Stretch) -> None:
        self._stretch = stretch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        return self._stretch.readinto(buffer)


def is_head(block: bytes) -> bool:
    """Say whether a block is a head of tar: its check holds."""
    return _head(block) is not None


def _head(block: bytes) -> _Head | None:
    said = _octal(block[148:156])
    plain = sum(block[:148]) + sum(block[156:BLOCK]) + 8 * 0x20
    if said is None or len(block) < BLOCK:
        return None
    if said != plain:
        upper = sum(byte > 0x7F for byte in block[:148] + block[156:])  # some wrote signed sums
        if said != plain - 256 * upper:
            return None
    size = _octal(block[124:136])
    if size is None or size < 0:
        return None
    name, kind = _text(block[:100]), block[156:157]
    magic = block[257:263]
    prefix = _text(block[345:500]) if magic == b"ustar\0" else b""
    if kind == b"\0" and name.endswith(b"/"):
        kind = b"5"
    owner = _text(block[265:297]) if magic.startswith(b"ustar") else b""
    extended = kind == b"S" and block[482:483] == b"\1"
    return _Head(prefix + b"/" + name if prefix else name, _text(block[157:257]), size, kind, owner, extended)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _octal(field: bytes) -> int | None:
    """Read a number, octal or, where its first bit is set, binary."""
    if field[:1] and field[0] & 0x80:
        return int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big") if field[0] == 0x80 else None
    digits = _text(field).strip()
    if not digits:
        return 0
    return int(digits, 8) if all(0x30 <= byte <= 0x37 for byte in digits) else None


def _number(digits: bytes, otherwise: int) -> int:
    return int(digits) if digits.isdigit() and len(digits) < 20 else otherwise


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Read pax's records: a length, a blank, name=value, a line's end."""
    at = 0
    while at < len(content):
        digits, blank, _ = content[at : at + 20].partition(b" ")
        length = _number(digits, 0)
        if not blank or length <= len(digits) + 1:
            break
        name, _, value = content[at + len(digits) + 1 : at + length].partition(b"=")
        yield name, value.removesuffix(b"\n")
        at += length
