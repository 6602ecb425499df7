"""Writing a small new file: whole, or not at all.

The rule: what is there is never overwritten, and a full disk leaves no empty file behind that the next run takes for a whole one.
"""

import os
from collections.abc import Callable
from pathlib import Path

_MODE = (
    0o644  # whatever the umask, nobody else may write it: a policy decides what passes, a checkpoint what is believed
)


def write_new(file: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises `FileExistsError`, and `OSError` with the file's name."""
    _write(file, text, _opened)


def _write(file: Path, text: str, opener: Callable[[str, int], int]) -> None:
    with open(file, "xb", buffering=0, opener=opener) as new:
        try:
            left = memoryview(text.encode())
            while left:
                left = left[new.write(left) :]
        except OSError as error:
            file.unlink()
            error.filename = os.fspath(file)
            raise


def write_private(file: Path, text: str) -> None:
    """The same for what only its owner may read: a password."""
    _write(file, text, _opened_private)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)


def _opened_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
