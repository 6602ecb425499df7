"""The folder in which a gate and its Envoy meet: made for one run, and gone with it.

The rule: a folder is in use as long as somebody holds its lock, and the system lets go of the lock with the process that held it,
however that ended. What nobody holds any more was left behind by a run that was killed, and is cleared away at the next start.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PREFIX: Final = "ringfence-"
_LOCK: Final = "in-use"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder for nobody but this account, with a path that is short enough for sockets."""

    path: Path
    lock: int  # a descriptor

    def close(self) -> None:
        """Clear it away."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            os.close(self.lock)


def make_folder() -> Folder:
    """Make one, after those were cleared away that nobody uses any more."""
    _clear()
    path = Path(tempfile.mkdtemp(prefix=_PREFIX))  # mode 0700
    lock = os.open(path / f"{_LOCK}.new", os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    (path / f"{_LOCK}.new").rename(path / _LOCK)  # under its name it is locked from the first moment
    return Folder(path, lock)


def _clear() -> None:
    for each in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        if _is_left(each):
            shutil.rmtree(each.parent, ignore_errors=True)


def _is_left(file: Path) -> bool:
    try:
        there = file.parent.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
            return False  # somebody else's
        lock = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(lock)
