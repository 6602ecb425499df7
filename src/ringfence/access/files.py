"""Files of secrets on disk: read whole, changed whole, and read again when they have changed.

The rule: a file is judged by the descriptor that is then read, so that nothing can be exchanged between look and use. It
belongs to this user or to root, and nobody else may write it. (Others may read it where its owner wants so: a service's account
often has to. Where all can, `is_readable_by_all` lets a gate say so.)

Why an edit is never half there: the new text goes to a draft beside the file, is synced, takes the file's name in one step
(`rename`), and the folder is synced. Two edits at once are put in a row by a lock on the file; who waited and then holds the lock
of a file that is no longer there by that name begins again.

Why a change is never missed: modification time, change time, inode and size tell two versions apart, except for two writes
within one tick of the file system's clock. So what was read within `_TICK` of its last change is read again next time.
"""

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from ringfence.access.faults import UnsafeFile

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NEW_MODE = 0o600
_TICK = 2_000_000_000  # ns; FAT's clock is the coarsest, 2 s
_TRIES = 5

Value = TypeVar("Value")


def read_safely(file: Path, most: int) -> bytes:
    """Read a whole file of at most `most` bytes. Raises `UnsafeFile`, and `OSError` with the file's name."""
    return _read(file, most)[0]


def is_readable_by_all(file: Path) -> bool:
    """Whether its mode lets everybody on the machine read it; its group may, as a service's account has to."""
    return bool(file.stat().st_mode & stat.S_IROTH)


def edit(file: Path, change: Callable[[str], str], most: int) -> None:
    """Change a file's text, or make the file where there is none: whole and durable, or not at all.

    Raises what `change` and `read_safely` raise; then the file is as it was (empty, where there was none).
    """
    target = file.resolve()  # behind a link the file itself is replaced, not the link
    with _locked(target) as handle:
        status = os.fstat(handle)
        _check(status, file)
        old = _whole(handle, file, most)
        new = change(_text(old, file)).encode()
        if len(new) > most:
            raise UnsafeFile(f"{file} would become too long", "split it in two, each with principals of its own")
        if new != old or not old:
            _replace(target, new, status)


class Watched(Generic[Value]):
    """A file's content as a value that is made again when the file has changed. One owner; not for several threads."""

    def __init__(self, file: Path, make: Callable[[bytes], Value], most: int) -> None:
        self._file = file
        self._make = make
        self._most = most
        self._seen: tuple[int, ...] = ()
        self._value: Value | None = None

    def value(self) -> Value:
        """Give the value of what the file holds now. Raises what `read_safely` and `make` raise, each time until it is mended."""
        if self._value is not None and self._seen:
            try:
                now = self._file.stat()
            except OSError as error:
                error.filename = os.fspath(self._file)
                raise
            if _identity(now) == self._seen:
                return self._value
        self._value, self._seen = None, ()
        content, status = _read(self._file, self._most)
        value = self._make(content)
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _TICK:
            self._seen = _identity(status)
        self._value = value
        return value


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_mode,
        status.st_uid,
    )


def _read(file: Path, most: int) -> tuple[bytes, os.stat_result]:
    for _ in range(_TRIES):
        handle = _open(file, os.O_RDONLY)
        try:
            before = os.fstat(handle)
            _check(before, file)
            content = _whole(handle, file, most)
            if _identity(os.fstat(handle)) == _identity(before):
                return content, before
        finally:
            os.close(handle)
    raise UnsafeFile(f"{file} changes while it is read", "write it under another name, then rename it")


def _open(file: Path, flags: int) -> int:
    try:
        # Not blocking: a named pipe in the file's place must not stop the program.
        return os.open(file, flags | os.O_NONBLOCK | os.O_CLOEXEC, _NEW_MODE)
    except OSError as error:
        error.filename = os.fspath(file)
        raise


def _whole(handle: int, file: Path, most: int) -> bytes:
    pieces = []
    left = most + 1
    while left and (piece := os.read(handle, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    if not left:
        raise UnsafeFile(f"{file} has more than {most} bytes", "put the file back from a backup")
    return b"".join(pieces)


def _text(content: bytes, file: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UnsafeFile(f"{file} is not UTF-8", "save it as UTF-8 text") from None


def _check(status: os.stat_result, file: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFile(f"{file} is not a regular file", "name the file itself")
    if status.st_uid not in (os.geteuid(), 0):
        raise UnsafeFile(f"{file} belongs to another user", "run as its owner, or give it to this user with `chown`")
    if status.st_mode & _OTHERS_WRITE:
        raise UnsafeFile(
            f"{file} can be written by others (mode {stat.S_IMODE(status.st_mode):04o})", f"chmod go-w {file}"
        )


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    """Open the file, or make it, and hold it alone."""
    while True:
        handle = _open(file, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(handle, file):
                yield handle
                return
        finally:
            os.close(handle)  # and with it the lock


def _is_at(handle: int, file: Path) -> bool:
    try:
        there = file.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def _replace(file: Path, content: bytes, old: os.stat_result) -> None:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}.draft")
    handle = _open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW)
    try:
        with open(handle, "wb") as out:  # noqa: PTH123 (a descriptor, not a path)
            _keep_owner(handle, old)
            os.fchmod(handle, stat.S_IMODE(old.st_mode))
            out.write(content)
            out.flush()
            os.fsync(handle)
        draft.rename(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        error.filename = os.fspath(file)
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep_owner(handle: int, old: os.stat_result) -> None:
    try:
        os.fchown(handle, old.st_uid, old.st_gid)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
