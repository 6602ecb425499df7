"""ZIP archives, and all that is one: jar, whl, apk, epub. Office documents, which are ZIP archives too, go on to their own reader.

The rule: each member is read at most once, from where it stands in the file to where it ends. Members that lie over one another,
by which a small archive unpacks to a vast one, are a bomb. Members of one name are all looked at: which of them a program takes,
nobody knows. Only the standard library's decoders are taken, not its archive reader (`zip_directory` says why).
"""

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import BinaryIO, Final, cast

from ringfence.extract.members import (
    count_in,
    look_into,
    member_of,
    name_faults,
    name_text,
    named,
    seekable,
    spent,
)
from ringfence.extract.model import BATCH, Budget, Extracted, Fault, LeftOut, Source, Text, Unreadable, Why
from ringfence.extract.unpacking import (
    Decoder,
    Member,
    MissingExtra,
    Stretch,
    Unpacked,
    bzip2_decoder,
    deflate64_decoder,
    deflate_decoder,
    xz_decoder,
    zip_lzma_decoder,
    zstd_decoder,
)
from ringfence.extract.zip_directory import (
    Directory,
    Entry,
    entries,
    find_directory,
    find_heads,
    read_head,
)

_STORED: Final = 0
_DECODERS: Final[dict[int, Callable[[], Decoder]]] = {
    8: deflate_decoder,
    9: deflate64_decoder,
    12: bzip2_decoder,
    14: zip_lzma_decoder,
    20: zstd_decoder,
    93: zstd_decoder,
    95: xz_decoder,
}
_AES: Final = 99
_UTF8: Final = 0x800
_OFFICE: Final = (b"[Content_Types].xml", b"content.xml")
_FETCH: Final = "fetch it anew"


def read_zip(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what is in a ZIP archive."""
    file = seekable(source, budget)
    if isinstance(file, LeftOut | Unreadable):
        yield file
        return
    with file:
        listed = yield from listing(file, source, budget)
        if any(entry.name in _OFFICE for entry in listed):
            from ringfence.extract.office import read_parts

            yield from read_parts(file, listed, source, budget)
        else:
            yield from read_members(file, listed, source, budget)


def listing(file: BinaryIO, source: Source, budget: Budget) -> Generator[Extracted, None, Sequence[Entry]]:
    """Give what an archive holds besides its members: names, comments, what stands before it. Returns them, in the file's order."""
    directory, listed, faults = _listed(file, source, budget)
    yield from faults
    yield from _names(source, listed, b"" if directory is None else directory.comment)
    if directory is not None:
        first = min([directory.start, *(entry.at for entry in listed)])
        if first > 0:
            yield from _before(file, first, source, budget)
    return listed


def _listed(
    file: BinaryIO, source: Source, budget: Budget
) -> tuple[Directory | None, Sequence[Entry], Sequence[Extracted]]:
    directory = find_directory(file)
    faults: list[Extracted] = []
    listed: list[Entry] = []
    most = budget.bounds.members + 1
    if directory is not None:
        for entry in entries(file, directory, budget.bounds.document):
            if entry is None:
                faults.append(Unreadable(Fault.DAMAGED, "its directory ends early", _FETCH, source.members))
            elif len(listed) < most:
                listed.append(entry)
    if directory is None or (faults and not listed):
        listed = list(find_heads(file, most))
        faults = [
            Unreadable(Fault.DAMAGED, "its directory is missing: it is cut off, or damaged", _FETCH, source.members)
        ]
    listed.sort(key=lambda entry: entry.at)
    return directory, listed, faults


def read_members(file: BinaryIO, listed: Sequence[Entry], source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read members one by one."""
    end = 0
    for entry in listed:
        if entry.name.endswith(b"/") and not entry.size:
            continue
        many = count_in(source, budget)
        if many is not None:
            yield many
            return
        name = name_of(entry)
        member = member_of(source, name, budget)
        yield from name_faults(_plain_name(entry), member.members)
        if 0 <= entry.at < end:
            yield Unreadable(Fault.BOMB, "it lies over another member", "look at it by hand", member.members)
            continue
        head = read_head(file, entry.at)
        if head is None:
            yield Unreadable(Fault.DAMAGED, "it is not where the directory says", _FETCH, member.members)
            continue
        if head.name != entry.name:
            yield [name_text(source, head.name)]
        end = head.starts + max(entry.packed, 0)
        opened = opening(file, entry, head.starts, member)
        if callable(opened):
            yield from look_into(name, entry.size, opened, member)
        else:
            yield opened
        rest = spent(source, budget)
        if rest is not None:
            yield rest
            return


def opening(file: BinaryIO, entry: Entry, starts: int, member: Member) -> Callable[[], BinaryIO] | LeftOut | Unreadable:
    """Give what opens a member, or why it cannot be opened."""
    if entry.is_link:
        return LeftOut(Why.LINK, member.members, "a symbolic link, which is not followed")
    if entry.is_encrypted or entry.method == _AES:
        mend = "decrypt it where its password may be known, and scan what comes out"
        return Unreadable(Fault.ENCRYPTED, "it is encrypted", mend, member.members)
    size = None if entry.packed < 0 else entry.packed
    check = None if entry.packed < 0 else entry.check
    if entry.method == _STORED:
        if size is None:
            size = _up_to_next(file, starts)
        return lambda: cast("BinaryIO", Stretch(_at(file, starts), size, member, check))
    make = _DECODERS.get(entry.method)
    if make is None:
        mend = "pack it anew with Deflate"
        return Unreadable(Fault.DAMAGED, f"its way of packing, {entry.method}, is not known", mend, member.members)
    try:
        make()
    except MissingExtra as missing:
        return missing.told(member.members)
    return lambda: cast("BinaryIO", Unpacked(_at(file, starts), make, member, size, check=check))


def _at(file: BinaryIO, at: int) -> BinaryIO:
    return cast("BinaryIO", _At(file, at))


class _At(io.RawIOBase):
    """A file from a place on, whoever else reads it in between. Closing it leaves the file open."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        self._file, self._at = file, at

    def read(self, size: int = -1, /) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(size)
        self._at += len(data)
        return data


def _up_to_next(file: BinaryIO, starts: int) -> int:
    """Measure a stored member whose head does not say its size, in an archive without a directory."""
    following = next(find_heads(cast("BinaryIO", _Shifted(file, starts)), 1), None)
    return file.seek(0, 2) - starts if following is None else following.at


class _Shifted(io.RawIOBase):
    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file, self._start = file, start

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(self._start + offset, whence) - self._start

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)


def _plain_name(entry: Entry) -> bytes:
    """Give a member's name in UTF-8, where it is in what ZIP took before; as it is, where it says that it is UTF-8 and is not."""
    if entry.flags & _UTF8:
        return entry.name
    try:
        entry.name.decode()
    except UnicodeDecodeError:
        return entry.name.decode("cp437").encode()
    return entry.name


def name_of(entry: Entry) -> str:
    """Give a member's name as text."""
    return named(_plain_name(entry))


def _names(source: Source, listed: Sequence[Entry], comment: bytes) -> Iterator[list[Text]]:
    """Give the names and comments, which stand together in the directory."""
    batch = [Text(comment, where="archive comment", members=source.members)] if comment else []
    size = len(comment)
    for entry in listed:
        batch.append(name_text(source, _plain_name(entry)))
        if entry.comment:
            batch.append(Text(entry.comment, where="member comment", members=source.members))
        size += len(entry.name) + len(entry.comment)
        if size > BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _before(file: BinaryIO, first: int, source: Source, budget: Budget) -> Iterator[Extracted]:
    """Look at what stands before an archive in its file: a program that unpacks it, a picture that hides it, another archive."""
    many = count_in(source, budget)
    if many is not None:
        yield many
        return
    member = member_of(source, "(before the archive)", budget)
    yield from look_into(
        source.name.rpartition("/")[2] + ".head",
        first,
        lambda: cast("BinaryIO", Stretch(_at(file, 0), first, member)),
        member,
    )
