"""ZIP archives, and all that is one: jar, whl, apk, epub. Office documents, which are ZIP archives too, go on to their own reader.

The rule: each member is read at most once, from where it stands in the file to where it ends. Members that lie over one another,
by which a small archive unpacks to a vast one, are a bomb. Members of one name are all looked at: which of them a program takes,
nobody knows. What stands before, between and behind the members that the directory lists is looked at as any file. Only the
standard library's decoders are taken, not its archive reader (`zip_directory` says why).
"""

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO, Final, cast

from ringfence.extract.members import (
    LONGEST_NAME,
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
    CHUNK,
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
    BEHIND_MOST,
    Directory,
    Entry,
    behind_size,
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
_NOTHING: Final = 2  # bytes that nothing takes, however it is packed
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
    """Give what an archive holds besides its members: names, comments, what is no member's. Returns them, in the file's order."""
    directory, listed, faults = _listed(file, source, budget)
    yield from faults
    yield from _names(source, listed, b"" if directory is None else directory.comment)
    first = min([0 if directory is None else directory.start, *(entry.at for entry in listed)])
    laid, names, gaps = _laid_out(file, listed, max(first, 0), -1 if directory is None else directory.start)
    if names:
        yield [name_text(source, name) for name in names]
    if directory is not None:
        if first > 0:
            yield from _apart(file, 0, first, "(before the archive)", source, budget)
        if len(listed) <= budget.bounds.members:  # else what seems to be a gap may be a member that is not held
            yield from _in_gaps(file, gaps, source, budget)
        yield from _gap(file, directory.last, file.seek(0, 2), "(behind the archive)", source, budget)
    return laid


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


def _laid_out(
    file: BinaryIO, listed: Sequence[Entry], first: int, last: int
) -> tuple[list[Entry], list[bytes], list[tuple[int, int]]]:
    """Say which members lie over others, what names stand in their heads only, and what from `first` to `last` is no member's."""
    end: int | None = first
    laid: list[Entry] = []
    names: list[bytes] = []
    gaps: list[tuple[int, int]] = []
    before: Entry | None = None
    for entry in listed:
        if end is not None and 0 <= entry.at < end:
            laid.append(replace(entry, lies_over=True))
            continue
        laid.append(entry)
        head = read_head(file, entry.at)
        if head is None:
            continue
        gaps += _between(file, before, end, entry.at)
        if head.name != entry.name:
            names.append(head.name[:LONGEST_NAME])
        end = head.starts + entry.packed if entry.packed >= 0 else None  # only what it unpacks to can tell
        before = entry
    return laid, names, [*gaps, *_between(file, before, end, last)]


def _between(file: BinaryIO, before: Entry | None, end: int | None, at: int) -> Iterator[tuple[int, int]]:
    if end is None or end >= at:
        return
    if before is not None:
        file.seek(end)
        end += behind_size(file.read(BEHIND_MOST), before)
    if end < at:
        yield end, at


def read_members(file: BinaryIO, listed: Sequence[Entry], source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read members one by one."""
    for entry in listed:
        if entry.name.endswith(b"/") and not entry.size and entry.packed <= _NOTHING:
            continue
        many = count_in(source, budget)
        if many is not None:
            yield many
            return
        name = name_of(entry)
        member = member_of(source, name, budget)
        yield from name_faults(_plain_name(entry), member.members)
        head = read_head(file, entry.at)
        if head is None:
            yield Unreadable(Fault.DAMAGED, "it is not where the directory says", _FETCH, member.members)
            continue
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
    if entry.lies_over:
        return Unreadable(Fault.BOMB, "it lies over another member", "look at it by hand", member.members)
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
    """A file from a place on, to another one if it is given."""

    def __init__(self, file: BinaryIO, start: int, end: int | None = None) -> None:
        self._file, self._start, self._end = file, start, end

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(self._start + offset, whence) - self._start

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size if self._end is None else max(min(size, self._end - self._file.tell()), 0))


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


def _in_gaps(file: BinaryIO, gaps: Sequence[tuple[int, int]], source: Source, budget: Budget) -> Iterator[Extracted]:
    """Look at what stands between members: such as the directory does not list, and anything else."""
    for start, end in gaps:
        head = next(find_heads(cast("BinaryIO", _Shifted(file, start, end)), 1), None)
        at = end if head is None else start + head.at
        for piece in ((start, at), (at, end)):
            yield from _gap(file, *piece, "(between members)", source, budget)
        rest = spent(source, budget)
        if rest is not None:
            yield rest
            return


def _gap(file: BinaryIO, start: int, end: int, called: str, source: Source, budget: Budget) -> Iterator[Extracted]:
    """Look at a stretch, if there is more in it than padding."""
    while start < end:
        file.seek(start)
        data = file.read(min(CHUNK, end - start))
        start += len(data) - len(data.lstrip(b"\0")) if data else end
        if data.strip(b"\0"):
            yield from _apart(file, start, end, called, source, budget)
            return


def _apart(file: BinaryIO, start: int, end: int, called: str, source: Source, budget: Budget) -> Iterator[Extracted]:
    """Look at what is no member: a program that unpacks the archive, a picture that hides it, members that are not listed."""
    many = count_in(source, budget)
    if many is not None:
        yield many
        return
    member = member_of(source, called, budget)
    yield from look_into(
        source.name.rpartition("/")[2] + ".part",
        end - start,
        lambda: cast("BinaryIO", Stretch(_at(file, start), end - start, member)),
        member,
    )
