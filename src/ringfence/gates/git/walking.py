"""Files and folders on disk, as they are named: each file once, ignored ones left out where git would leave them out.

The rule: nothing is opened and no link is followed, but one that was named itself. Which files a folder has is git's answer, inside
a repository and outside of one, so that `.gitignore` means what it means to git. Names are bytes: they go through as they are.
"""

# Names are taken as they are; a Path makes others of some, at a price for each of a million.
# ruff: noqa: PTH100, PTH112, PTH116, PTH118, PTH120

import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Final

import re2

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Item, Origin, Passed
from ringfence.gates.git.repository import NoRepository, find
from ringfence.gates.git.running import command, environment, piped

_CHUNK: Final = 1 << 16
_DEEPEST: Final = 64  # repositories in repositories
_CLOSED: Final = re2.compile(rb"warning: could not open directory '(.*?)(?:': ([A-Z][^':]*))?")
"""What git says of a folder that it then passes over; of one whose name is too long to be opened, without its end."""
_ERRORS: Final = {b"Permission denied": errno.EACCES, b"No such file or directory": errno.ENOENT}


def walk(paths: Iterable[str], *, ignore: bool = True) -> Iterator[Item | Passed | Failed]:
    """Give the files of paths. `ignore`: what git ignores is left out, except where it is named itself.

    Raises
    ------
    Problem
        Ignore files are to be honoured, and there is no `git`, or it does not trust a repository.
    """
    tops: dict[str, str] = {}
    with ExitStack() as stack:
        lister = _Lister(stack)
        for path in paths:
            name = _named(path, tops)
            try:
                found = os.stat(path)
            except FileNotFoundError:
                yield Failed(name, Fault.GONE, "there is no such file or folder", "name one that is there")
            except OSError as error:
                yield _failed(name, error)
            else:
                if stat.S_ISDIR(found.st_mode):
                    folder = "" if name == "." else name
                    yield from lister.listed(path, folder, 0) if ignore else _scanned(path, folder)
                else:
                    yield _item(name, path, found)


class _Lister:
    """Folders listed by git, with one empty repository for those that are in none."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._empty = ""

    def listed(self, folder: str, name: str, depth: int) -> Iterator[Item | Passed | Failed]:
        if depth > _DEEPEST:
            yield Failed(name, Fault.DEEP, "repositories lie in repositories, more than 64 deep", "name the inner one")
            return
        try:
            repository = find(folder)
        except NoRepository:
            options = [f"--git-dir={self._outside()}", f"--work-tree={os.path.abspath(folder)}", "ls-files", "--others"]
        else:
            if not repository.top:  # inside of a `.git`, or of a bare repository: as it lies there
                yield from _scanned(folder, name)
                return
            options = [
                f"--git-dir={repository.folder}",
                f"--work-tree={repository.top}",
                "ls-files",
                "--others",
                "--cached",
            ]
        whole = command(*options, "--exclude-standard", "-z")
        before = b""
        with tempfile.TemporaryFile() as said, piped([whole], environment({}), folder, said=said) as out:
            rest = b""
            while piece := out.read(_CHUNK):
                *names, rest = (rest + piece).split(b"\0")
                for raw in names:
                    if raw != before:  # an unmerged file stands there once for each side
                        yield from self._entry(folder, name, os.fsdecode(raw), depth)
                    before = raw
            said.seek(0)
            for line in said:
                if closed := _CLOSED.fullmatch(line.rstrip(b"\n")):
                    why = closed[2] or os.strerror(errno.ENAMETOOLONG).encode()
                    error = OSError(_ERRORS.get(why, errno.EIO), why.decode("ascii", "replace"))
                    yield _failed(_joined(name, os.fsdecode(closed[1]).rstrip("/")), error)

    def _entry(self, folder: str, name: str, inner: str, depth: int) -> Iterator[Item | Passed | Failed]:
        path, shown = os.path.join(folder, inner), _joined(name, inner.rstrip("/"))
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return  # git still has it, and the folder no longer does
        except OSError as error:
            yield _failed(shown, error)
            return
        if not stat.S_ISDIR(found.st_mode):
            yield _item(shown, path, found)
        elif inner.endswith("/") and os.path.lexists(os.path.join(path, ".git")):
            yield from self.listed(path, shown, depth + 1)  # a repository of its own that git does not go into
        elif inner.endswith("/"):
            yield from _scanned(path, shown)
        else:
            yield Passed(shown, Why.SUBMODULE)

    def _outside(self) -> str:
        if not self._empty:
            self._empty = self._stack.enter_context(tempfile.TemporaryDirectory())
            with piped(
                [command("init", "--quiet", "--bare", "--template=", self._empty)], environment({}), self._empty
            ) as out:
                out.read()
        return self._empty


def _scanned(folder: str, name: str) -> Iterator[Item | Passed | Failed]:
    """Walk a folder without git, in the order of names, without a repository's own store."""
    waiting = [(folder, name)]
    while waiting:
        folder, name = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield _failed(name, error)
            continue
        inner = []
        for entry in found:
            shown = _joined(name, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        inner.append((entry.path, shown))
                else:
                    yield _item(shown, entry.path, entry.stat(follow_symlinks=False))
            except OSError as error:
                yield _failed(shown, error)
        waiting.extend(reversed(inner))


def _item(name: str, path: str, found: os.stat_result) -> Item | Passed:
    if stat.S_ISREG(found.st_mode):
        return Item(name, Origin.FILE, found.st_size, path=path)
    return Passed(name, Why.LINK if stat.S_ISLNK(found.st_mode) else Why.SPECIAL)


def _failed(name: str, error: OSError) -> Failed:
    if isinstance(error, PermissionError):
        return _denied(name)
    if isinstance(error, FileNotFoundError):
        return Failed(name, Fault.GONE, "it was there and is gone", "look again when nothing changes it")
    return Failed(
        name, Fault.DAMAGED, f"it cannot be read: {error.strerror}", "see whether its name and its disk are whole"
    )


def _denied(name: str) -> Failed:
    return Failed(name, Fault.DENIED, "it may not be read by this user", "give this user the right, or leave it out")


def _joined(folder: str, inner: str) -> str:
    return f"{folder}/{inner}" if folder else inner


def _named(path: str, tops: dict[str, str]) -> str:
    """Give a path from its repository's top; as it was named, outside of one."""
    whole = os.path.abspath(path)
    top = _top(whole if os.path.isdir(path) else os.path.dirname(whole), tops)
    if not top:
        return os.path.normpath(path)
    return os.path.relpath(whole, top)


def _top(folder: str, tops: dict[str, str]) -> str:
    """Give the nearest folder with a `.git`; "" for none."""
    inner: list[str] = []
    while folder not in tops:
        above = os.path.dirname(folder)
        if os.path.lexists(os.path.join(folder, ".git")):
            tops[folder] = folder
        elif above == folder:
            tops[folder] = ""
        else:
            inner.append(folder)
            folder = above
    tops.update(dict.fromkeys(inner, tops[folder]))
    return tops[folder]
