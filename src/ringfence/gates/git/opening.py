"""An item's bytes, from wherever it is.

The rule: what is opened on disk is a plain file when it is opened, whatever it was when it was listed: nothing waits on a pipe. A
link is followed, because one may have been named (`walking` gives no others). Each process has its own way to the objects; it is
begun when it is first needed.
"""

import codecs
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby, tee
from types import TracebackType
from typing import Final, Self

import re2

from ringfence.extract.model import Bounds, Fault
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.objects import Objects, Opened, Unread
from ringfence.gates.git.repository import Repository
from ringfence.home import Problem

_PEOPLE: Final = (b"author", b"committer", b"tagger")
_TRAILER: Final = re2.compile(
    rb"(?im)^(?:signed-off|co-authored|acked|reviewed|tested)-by:[ \t]*"
    rb"(?:[^<>@\n0-9]{0,100}[0-9]{0,6}[^<>@\n0-9]{0,100}<[^<>\s]+>|[^<>@\s]+@[^<>@\s,;]+)"
)
"""Who had a part in a commit: as its author is, looked at only where authors are. What else stands in such a line is looked at."""
_FORM: Final = (b"tree", b"parent", b"object", b"type", *_PEOPLE)
"""Fields of commits and tags that say nothing in words; who made them is looked at only where that is asked for."""
_SIGNATURES: Final = (b"gpgsig", b"gpgsig-sha256")
_BASE64: Final = re2.compile(rb"[A-Za-z0-9+/=]*")
_VERSION: Final = re2.compile(rb"[A-Za-z_/-]*[0-9]{1,6}(?:\.[0-9]{1,6})*")
_STATEFUL: Final = ("iso2022", "hz", "utf-7")
"""Charsets that take ASCII for something else behind a sign of theirs."""
_NO_CHARSETS: Final = frozenset(("idna", "punycode"))  # of names; the second takes the square of its input's time
_ASCII: Final = bytes(range(32, 127))
_NO_EDITOR: Final = ":"  # as git calls a hook where it calls no editor
MOST_SAID: Final = Bounds().document
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
                    yield item, _draft(item) if item.origin is Origin.COMMIT else _on_disk(item)
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
        if got.size > MOST_SAID:
            return _too_much(got.kind)
        try:
            said = spoken(got.stream.read(), authors=self.authors)
        except Unread as unread:
            return unread
        return Opened(io.BytesIO(said), len(said), got.kind)


def spoken(content: bytes, *, authors: bool) -> bytes:
    """Take what a commit or a tag says in words: its message, in UTF-8; behind it what merged tags said, what else its head says,
    and its authors.
    """
    head, _, said = content.partition(b"\n\n")
    merged: list[list[bytes]] = []
    people: list[bytes] = []
    others: list[bytes] = []
    encoding = ""
    field = b""
    for line in head.split(b"\n"):
        goes_on = line.startswith(b" ")
        value = line[1:]
        if not goes_on:
            field, _, value = line.partition(b" ")
        if field == b"mergetag":
            if not goes_on:
                merged.append([])
            merged[-1].append(value)
        elif field in _PEOPLE and not goes_on:
            people.append(line)
        elif (goes_on or field not in _FORM) and not _says_nothing(field, value):
            others.append(value if goes_on else line)
            if field == b"encoding":
                encoding = value.decode("ascii", "replace")
    parts = [said, *(spoken(b"\n".join(each), authors=False) for each in merged)]
    if others != [b"encoding " + encoding.encode()]:
        parts.append(b"\n".join(others))
    said = b"\n\n".join(part for part in parts if part)
    if authors and people:
        said = b"\n".join((said, *people))
    elif not authors:
        said = _TRAILER.sub(b"", said)
    return _in_utf8(said, encoding) if encoding else said


def _says_nothing(field: bytes, value: bytes) -> bool:
    """Whether it is a part of a signature, or the number of a version, which is no address of a machine."""
    return bool((field in _SIGNATURES and _BASE64.fullmatch(value)) or (field == b"tag" and _VERSION.fullmatch(value)))


def _in_utf8(said: bytes, encoding: str) -> bytes:
    """Decode by the charset that is named; where that makes other words of what stands there in ASCII, give both."""
    try:
        codec = codecs.lookup(encoding).name
        if codec in _NO_CHARSETS:
            return said
        told = said.decode(codec).encode()
        keeps = _ASCII.decode(codec, "replace").encode("utf-8", "replace") == _ASCII
    except (LookupError, ValueError):
        return said
    return told if keeps and not codec.startswith(_STATEFUL) else b"\n\n".join((told, said))


def drafted(content: bytes) -> bytes:
    """Take what a message will say of what stands in its file: all of it where nobody edited it (``git commit -m``); of what an
    editor was given neither comments nor a diff below the scissors.

    Where git is told to keep comments of an editor's, they are looked at when they are pushed.
    """
    if os.environ.get("GIT_EDITOR") != _NO_EDITOR:
        lines = content.split(b"\n")
        end = next((number for number, line in enumerate(lines) if line[1:] == _SCISSORS), len(lines))
        content = b"\n".join(b"" if line.startswith(b"#") else line for line in lines[:end])
    return bytes(_TRAILER.sub(b"", content))


def _draft(item: Item) -> Opened | Unread:
    """Give what an editor was given for a message as the message that it will be."""
    got = _on_disk(item)
    if isinstance(got, Unread):
        return got
    with got.stream:
        content = got.stream.read(MOST_SAID + 1)
    if len(content) > MOST_SAID:
        return _too_much("message")
    said = drafted(content)
    return Opened(io.BytesIO(said), len(said), "commit")


def _too_much(kind: str) -> Unread:
    what = f"a {kind} says more than {MOST_SAID >> 20} MiB, which is not held"
    return Unread(Fault.BOMB, what, "write it anew with a message that somebody reads: git commit --amend")


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
