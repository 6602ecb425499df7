"""An item's bytes, from wherever it is.

The rule: what is opened on disk is a plain file when it is opened, whatever it was when it was listed: nothing waits on a pipe. A
link is followed, because one may have been named (`walking` gives no others). Each process has its own way to the objects; it is
begun when it is first needed.
"""

import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby, tee
from types import TracebackType
from typing import Final, Self

from ringfence.extract.model import Bounds, Fault
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.objects import Objects, Opened, Unread
from ringfence.gates.git.repository import Repository
from ringfence.home import Problem

_PEOPLE: Final = (b"author", b"committer", b"tagger")
_TRAILERS: Final = (b"signed-off-by:", b"co-authored-by:", b"acked-by:", b"reviewed-by:", b"tested-by:")
"""Lines of a message that say who had a part in a commit: as its author is, they are looked at only where authors are."""
_MOST_SAID: Final = Bounds().document
"""Bytes of a commit or a tag that is taken apart: it is held whole, a few times over."""
_SCISSORS: Final = b" ------------------------ >8 ------------------------"


class Opener:
    """Opens items, until it is closed; a context manager.

    It crosses between processes as it is. `authors`: who wrote a commit stands behind its message.
    """

    def __init__(self, repository: Repository | None = None, *, authors: bool = False) -> None:
        self.repository = repository
        self.authors = authors
        self._objects: Objects | None = None

    def __getstate__(self) -> tuple[Repository | None, bool]:
        return self.repository, self.authors

    def __setstate__(self, state: tuple[Repository | None, bool]) -> None:
        self.repository, self.authors = state
        self._objects = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def open(self, item: Item) -> Opened:
        """Open one item. An object's stream is valid until the next is opened. Raises `Unread`."""
        got = next(self.many([item]))[1]
        if isinstance(got, Unread):
            raise got
        return got

    def many(self, items: Iterable[Item]) -> Iterator[tuple[Item, Opened | Unread]]:
        """Open items in their order; objects are asked for ahead, which is several times as fast."""
        for stored, run in groupby(items, key=lambda item: bool(item.object)):
            if not stored:
                for item in run:
                    yield item, _on_disk(item)
                continue
            names, kept = tee(run)
            for item, got in zip(kept, self._store().many(each.object for each in names), strict=True):
                yield item, self._spoken(item, got)

    def close(self) -> None:
        """End the process that reads objects."""
        if self._objects is not None:
            self._objects.close()

    def _store(self) -> Objects:
        if self._objects is None:
            if self.repository is None:
                raise Problem("an object was asked for, and no repository was named", "name the repository")
            self._objects = Objects(self.repository)
        return self._objects

    def _spoken(self, item: Item, got: Opened | Unread) -> Opened | Unread:
        if isinstance(got, Unread) or item.origin not in {Origin.COMMIT, Origin.TAG}:
            return got
        if got.kind not in {"commit", "tag"}:
            return got
        if got.size > _MOST_SAID:
            what = f"a {got.kind} says more than {_MOST_SAID >> 20} MiB, which is not held"
            return Unread(Fault.BOMB, what, "write it anew with a message that somebody reads: git commit --amend")
        try:
            said = spoken(got.stream.read(), authors=self.authors)
        except Unread as unread:
            return unread
        return Opened(io.BytesIO(said), len(said), got.kind)


def spoken(content: bytes, *, authors: bool) -> bytes:
    """Take what a commit or a tag says in words: its message, in UTF-8; behind it what a merged tag said, and its authors."""
    head, _, said = content.partition(b"\n\n")
    merged: list[bytes] = []
    people: list[bytes] = []
    encoding = ""
    field = b""
    for line in head.split(b"\n"):
        if line.startswith(b" "):
            if field == b"mergetag":
                merged.append(line[1:])
            continue
        field, _, value = line.partition(b" ")
        if field == b"encoding":
            encoding = value.decode("ascii", "replace")
        elif field in _PEOPLE:
            people.append(line)
    if merged:
        said = b"\n\n".join((said, b"\n".join(merged).partition(b"\n\n")[2]))
    if authors and people:
        said = b"\n".join((said, *people))
    elif not authors:
        said = _without_trailers(said)
    if encoding:
        try:
            said = said.decode(encoding).encode()
        except (LookupError, ValueError):
            return said
    return said


def drafted(content: bytes) -> bytes:
    """Take what a message will say of what an editor was given: neither comments nor a diff below the scissors.

    Where git is told to keep comments, they are looked at when they are pushed.
    """
    lines = content.split(b"\n")
    end = next((number for number, line in enumerate(lines) if line[1:] == _SCISSORS), len(lines))
    return _without_trailers(b"\n".join(b"" if line.startswith(b"#") else line for line in lines[:end]))


def _without_trailers(said: bytes) -> bytes:
    if b"-by:" not in said and b"-By:" not in said:
        return said
    return b"\n".join(b"" if line.lower().startswith(_TRAILERS) else line for line in said.split(b"\n"))


def _on_disk(item: Item) -> Opened | Unread:
    if item.origin is Origin.INPUT:
        return Opened(sys.stdin.buffer, -1, "file")
    try:
        got = os.open(item.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return Unread(Fault.GONE, "it was there and is gone", "look again when nothing changes it")
    except PermissionError:
        return Unread(Fault.DENIED, "it may not be read by this user", "give this user the right, or leave it out")
    except (OSError, ValueError):
        return Unread(Fault.DAMAGED, "it cannot be opened", "see whether its name and its disk are whole")
    found = os.fstat(got)
    if not stat.S_ISREG(found.st_mode):
        os.close(got)
        return Unread(Fault.GONE, "it was a file and is none any more", "look again when nothing changes it")
    return Opened(os.fdopen(got, "rb"), found.st_size, "file")
