"""Putting a file's new bytes in its place, whole or not at all.

The rule: at every moment the name leads to the old file or to the new one, each whole. What is no plain file of one name, may not
be written, or was changed since it was read, stays.
"""

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MEND_AGAIN: Final = "scan again when nothing else changes it"


class NotReplaced(Exception):
    """A file that stays as it is. Holds nothing of it."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


@dataclass(frozen=True, slots=True, repr=False)
class Before:
    """A file as it was read."""

    path: str
    data: bytes
    told: os.stat_result


def read_before(path: str, most: int) -> Before:
    """Read a plain file. Raises `NotReplaced`, `OSError`."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotReplaced("it is a symbolic link", "mend the file that it leads to") from None
        raise
    with os.fdopen(opened, "rb") as file:
        told = os.fstat(file.fileno())
        if not stat.S_ISREG(told.st_mode):
            raise NotReplaced("it is no plain file", "look at what it is")
        if told.st_size > most:
            raise NotReplaced(f"it has more than {most >> 20} MiB", "make it anew from synthetic data")
        if told.st_nlink > 1:
            raise NotReplaced("it has several names (hard links), and the others would stay", "copy it first")
        if not told.st_mode & stat.S_IWUSR:
            raise NotReplaced("it is read-only", "chmod u+w it first, if it may change")
        return Before(path, file.read(), told)


def put(before: Before, data: bytes) -> None:
    """Put new bytes in a file's place. Raises `NotReplaced` where it is not what it was, and `OSError`."""
    folder, name = os.path.split(before.path)
    draft = Path(folder, f".{name[:60]}.{os.getpid()}.ringfence-draft")
    try:
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(data)
            file.flush()
            _as_before(file.fileno(), before)
            os.fsync(file.fileno())
        _unchanged(before)
        draft.replace(before.path)
    finally:
        with suppress(OSError):
            draft.unlink()
    _settle(folder)


def _as_before(opened: int, before: Before) -> None:
    """Give a new file the old one's owner, rights and attributes."""
    told = before.told
    if hasattr(os, "fchown"):
        with suppress(PermissionError):
            os.fchown(opened, told.st_uid, told.st_gid)
    os.fchmod(opened, stat.S_IMODE(told.st_mode))
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(before.path, follow_symlinks=False):
                os.setxattr(opened, name, os.getxattr(before.path, name, follow_symlinks=False))


def _unchanged(before: Before) -> None:
    try:
        now = os.lstat(before.path)
        same = (now.st_ino, now.st_dev, now.st_size, now.st_mtime_ns) == (
            before.told.st_ino,
            before.told.st_dev,
            before.told.st_size,
            before.told.st_mtime_ns,
        )
    except FileNotFoundError:
        raise NotReplaced("it is gone since it was read", _MEND_AGAIN) from None
    if not same:
        raise NotReplaced("it was changed since it was read", _MEND_AGAIN)


def _settle(folder: str) -> None:
    """Have the folder's new entry survive a power cut."""
    with suppress(OSError):
        opened = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
