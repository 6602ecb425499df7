"""Writing a small new file: whole, or not at all.

The rule: what is there is never overwritten, and a full disk leaves no empty file behind that the next run takes for a whole one.
"""

import os
from pathlib import Path

_MODE = (
    0o644  # whatever the umask, nobody else may write it: a policy decides what passes, a checkpoint what is believed
)


def write_new(file: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises `FileExistsError`, and `OSError` with the file's name."""
    with open(file, "xb", buffering=0, opener=_opened) as new:
        try:
            left = memoryview(text.encode())
            while left:
                left = left[new.write(left) :]
        except OSError as error:
            file.unlink()
            error.filename = os.fspath(file)
            raise


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)
