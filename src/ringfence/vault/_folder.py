"""The folder of key files: opened once, trusted only after a look, written to so that a power cut leaves a whole file or none.

The rule: every access goes through one open descriptor of the folder, and each file is judged by the descriptor that is then read,
so that nothing can be exchanged between look and use. What others may read or have written is refused, never mended silently.

Why a key cannot be half there: its bytes go to a draft under another name and are synced; only then does `link` give the draft
the key's name, which fails if the name is taken, also when two processes try at once; then the folder is synced, and only then
does the caller hear of success. A cut before `link` leaves a draft, which nobody reads; a cut after it leaves the whole key.
"""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ringfence.vault.faults import BadKeyFile, UnsafeKeyFile

LONGEST_FILE = 4096  # bytes; a key file has about 140
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_OTHERS = 0o077  # any right of group or world


def make(folder: Path) -> None:
    """Make the folder with mode 0700, unless it is there; its parent must be."""
    try:
        folder.mkdir(mode=_FOLDER_MODE)
    except FileExistsError:
        return
    parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Open the folder and give its descriptor. Raises `UnsafeKeyFile` where others could reach into it."""
    try:
        handle = os.open(os.fspath(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise UnsafeKeyFile(
                f"{folder} is a symbolic link or a file, not a folder",
                "name the folder itself: keys are not read through links",
            ) from None
        raise
    try:
        check(os.fstat(handle), folder, "700")
        yield handle
    finally:
        os.close(handle)


def names(folder: int) -> list[str]:
    """Name the key files, in order. Drafts, backups and notes that lie beside them are not keys."""
    return sorted(name for name in os.listdir(folder) if name.endswith(".key") and not name.startswith("."))


def read(folder: int, file: Path) -> tuple[bytes, float]:
    """Read one file of the folder: its bytes, and the time of its writing in seconds since 1970.

    Raises `UnsafeKeyFile` where others could have read or written it, `BadKeyFile` where it is no key file by its size.
    """
    try:
        # Not blocking: a named pipe in a key's place must not stop the program.
        handle = os.open(file.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeKeyFile(
                f"{file} is a symbolic link", "put the key file itself there: keys are not read through links"
            ) from None
        error.filename = os.fspath(file)
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeKeyFile(f"{file} is not a regular file", "move it out of the folder of keys")
        check(status, file, "600")
        if status.st_size > LONGEST_FILE:
            raise BadKeyFile(f"{file} is too long for a key file", "put the file back from a backup")
        return os.read(handle, LONGEST_FILE), status.st_mtime
    finally:
        os.close(handle)


def write_new(folder: int, name: str, compose: Callable[[], bytes]) -> float:
    """Write a file that must not exist yet, whole and durable, or not at all; give the time of its writing.

    Raises `FileExistsError` where it exists, also when another process made it at the same moment.
    The content is composed here and held by no variable, so that no traceback with local variables shows it.
    """
    draft = f".{name}.{secrets.token_hex(8)}.draft"
    handle = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE, dir_fd=folder
    )
    try:
        with open(handle, "wb") as out:  # noqa: PTH123 (a descriptor, not a path)
            os.fchmod(handle, _FILE_MODE)  # whatever the umask took
            out.write(compose())
            out.flush()
            os.fsync(handle)
            written = os.fstat(handle).st_mtime
        os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        error.filename = error.filename or name
        raise
    finally:
        os.unlink(draft, dir_fd=folder)
    os.fsync(folder)
    return written


def check(status: os.stat_result, where: Path, mode: str) -> None:
    """See that nobody else may reach a file or folder that was opened. Raises `UnsafeKeyFile`."""
    if status.st_uid != os.geteuid():
        raise UnsafeKeyFile(
            f"{where} belongs to another user", "run as its owner, or give it to this user with `chown`"
        )
    if status.st_mode & _OTHERS:
        raise UnsafeKeyFile(
            f"{where} can be reached by others (mode {stat.S_IMODE(status.st_mode):04o})", f"chmod {mode} {where}"
        )
