"""Where a ledger's writer listens, and how one is started.

The rule: everything stands beside the ledger's file: ``ledger.db.sock`` (mode 0600), ``ledger.db.lock``, ``ledger.db.log``
(what its writer complained of; never a value). Nothing is found through the environment, so two homes cannot mix.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IDLE_SECONDS = 30.0
MOST_SOCKET_PATH = 107  # bytes in sun_path (Linux, unix(7)), less the closing NUL


def beside(file: Path, suffix: str) -> Path:
    """Name a file that belongs to a ledger: its lock, its socket, its log."""
    return file.with_name(f"{file.name}.{suffix}")


@contextmanager
def socket_path(file: Path) -> Iterator[str]:
    """Give the path to bind or connect to: one that is too long for a socket's address goes by its folder's descriptor."""
    path = beside(file, "sock")
    if len(os.fsencode(path)) <= MOST_SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def writer_command(file: Path, key: Path, idle: float = IDLE_SECONDS) -> list[str]:
    """Give the command that starts a writer in the background and ends, with 0, when it listens."""
    command = [sys.executable, "-m", "ringfence.ledger", "--ledger", str(file.absolute()), "--key", str(key.absolute())]
    return [*command, "--idle", str(idle)]
