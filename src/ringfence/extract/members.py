"""Files in files: what every archive does with a member, whichever way it is packed.

The rule: nothing is ever written under a name that an archive gives. A member's name is looked at as a text, told as a fault
where it would lead elsewhere, and its content is read all the same. Depth, number and size are bounded by the one budget of the
file that everything is in.
"""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final
from unicodedata import category

from ringfence.extract.model import BATCH, Budget, Extracted, Fault, Kind, LeftOut, Source, Text, Unreadable, Why
from ringfence.extract.unpacking import SPLIT, Member, is_spent

LONGEST_NAME: Final = 4096  # bytes of a member's name that are looked at: no system takes a longer path
_SHOWN: Final = 400  # characters of a name in `members`
_SMALL: Final = 1 << 20  # a member so small is held whole, and may be opened at any time
_KEPT: Final = 1 << 22  # of a larger one its beginning is kept: what may be read of it and begun again
_DRIVE: Final = 2
_CONTROL: Final = "Cc"


def too_deep(source: Source, budget: Budget) -> Unreadable | None:
    """Say whether an archive lies deeper in archives than may be."""
    if len(source.members) < budget.bounds.depth:
        return None
    return Unreadable(Fault.DEEP, f"more than {budget.bounds.depth} archives in one another", SPLIT, source.members)


def held(source: Source, budget: Budget) -> bytes | LeftOut | Unreadable:
    """Give a file's bytes, whole; or say that it is larger than what may be held."""
    most = budget.bounds.document
    with source.open() as file:
        pieces = []
        size = 0
        while piece := file.read(min(BATCH, most + 1 - size)):
            pieces.append(piece)
            size += len(piece)
    if size > most:
        note = f"a file of this format is read whole, and it has more than {most >> 20} MiB"
        return LeftOut(Why.LARGE, source.members, note)
    return b"".join(pieces)


def seekable(source: Source, budget: Budget) -> BinaryIO | LeftOut | Unreadable:
    """Give an archive in which one can go back and forth: itself, or its bytes in memory; or say why it is not read."""
    deep = too_deep(source, budget)
    if deep is not None:
        return deep
    file = source.open()
    if file.seekable():
        return file
    file.close()
    whole = held(source, budget)
    return io.BytesIO(whole) if isinstance(whole, bytes) else whole


def name_text(source: Source, name: bytes) -> Text:
    """Give a member's name as a text."""
    return Text(name[:LONGEST_NAME], kind=Kind.NAME, where="member name", members=source.members)


def named(raw: bytes) -> str:
    """Give the beginning of a member's name as text, with whatever stands in it: by it a reader is chosen; `member_of` tells it."""
    return raw[: 4 * _SHOWN].decode("utf-8", "backslashreplace")[:_SHOWN]


def name_faults(raw: bytes, members: tuple[str, ...]) -> Iterator[Unreadable]:
    """Say what is wrong with a member's name: it leads out of the archive, or cannot be read."""
    plain = raw.replace(b"\\", b"/")
    mend = "unpack it only with a program that refuses such names"
    if plain.startswith(b"/") or b".." in plain.split(b"/") or plain[1:_DRIVE] == b":":
        yield Unreadable(Fault.TRAVERSAL, "its name leads out of the archive", mend, members, looked_at=True)
    elif any(byte < 0x20 or byte == 0x7F for byte in raw):
        yield Unreadable(Fault.TRAVERSAL, "its name holds control characters", mend, members, looked_at=True)
    elif len(raw) > LONGEST_NAME:
        yield Unreadable(
            Fault.TRAVERSAL, f"its name is longer than {LONGEST_NAME} bytes", mend, members, looked_at=True
        )
    try:
        raw.decode()
    except UnicodeDecodeError:
        yield Unreadable(
            Fault.ENCODING, "its name is not UTF-8", "pack it anew with names in UTF-8", members, looked_at=True
        )


def count_in(source: Source, budget: Budget) -> Unreadable | None:
    """Count one more member; say whether that is one too many."""
    budget.members += 1
    if budget.members <= budget.bounds.members:
        return None
    return Unreadable(Fault.BOMB, f"more than {budget.bounds.members} members", SPLIT, source.members)


def member_of(source: Source, name: str, budget: Budget) -> Member:
    """Give what is noted of a member while it is read."""
    return Member((*source.members, _told(name)), budget)


def _told(name: str) -> str:
    """Give a member's name as it is told: printable, and drawn where it holds control characters.

    No person gave it then: it may be any part of a payload, and hold a value that is spoilt, so that no detector knows it.
    """
    if name.isprintable():
        return name
    if any(category(sign) == _CONTROL for sign in name):
        from ringfence.detect.shapes import shape_of  # loads the detector, which seldom is needed for this

        return shape_of(name.encode("utf-8", "replace"))
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)


def look_into(name: str, size: int, opened: Callable[[], BinaryIO], member: Member) -> Iterator[Extracted]:
    """Read a member, whatever it is, and say what was wrong with it.

    `opened` gives its bytes, once only where it must; they end early where something is wrong, and `member.fault` then says what.
    """
    from ringfence.extract import extract

    file = opened()
    head = exactly(file, _SMALL + 1)
    if len(head) <= _SMALL:
        source = Source(name, len(head), lambda: io.BytesIO(head), member.members)
    else:
        source = Source(name, size, _Again(head, file).open, member.members)
    for step in extract(source, member.budget):
        if not (isinstance(step, Unreadable) and step.members == member.members and _is_of_a_cut(step, member.fault)):
            yield step
    file.close()
    if member.fault is not None:
        yield member.fault


def _is_of_a_cut(told: Unreadable, cut: Unreadable | None) -> bool:
    """Whether that a member was cut, which is told behind it, is why it cannot be read. That too much came out is no such thing."""
    return cut is not None and (cut.fault is Fault.BOMB or told.fault is not Fault.BOMB)


def spent(source: Source, budget: Budget) -> Unreadable | None:
    """Say, after a member, whether the rest of its archive can still be looked at."""
    if not is_spent(budget):
        return None
    return Unreadable(
        Fault.BOMB, "what comes behind is not looked at: too much has come out already", SPLIT, source.members
    )


def exactly(file: BinaryIO, size: int) -> bytes:
    """Read so many bytes, or what is left."""
    pieces = []
    while size and (piece := file.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class _Again:
    """A stream that is read once, of which the beginning is kept, so that who looked at it may begin again."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._kept = bytearray(head)
        self._file = file
        self._read = len(head)

    def open(self) -> BinaryIO:
        """Open it at its beginning. Raises OSError where more has been read of it than is kept."""
        if self._read > len(self._kept):
            raise OSError("a stream in an archive can be read only once")
        return io.BufferedReader(_Replayed(self), 1 << 16)

    def take(self, at: int, most: int) -> bytes:
        if at < len(self._kept):
            return bytes(self._kept[at : at + most])
        if at != self._read:
            raise OSError("a stream in an archive can be read only once")
        data = self._file.read(most)
        if self._read == len(self._kept) and len(self._kept) + len(data) <= _KEPT:
            self._kept += data
        self._read += len(data)
        return data


class _Replayed(io.RawIOBase):
    def __init__(self, again: _Again) -> None:
        self._again = again
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._again.take(self._at, len(buffer))
        self._at += len(data)
        buffer[: len(data)] = data
        return len(data)
