"""Binary values of databases and of files of columns: which of them are text, which are files, and which are neither.

The rule: a value is text, if it reads as such in UTF-8 or UTF-16; a file that is read here is looked at as one; what is left is
counted, so that it can be told.
"""

from contextlib import suppress
from typing import Final

from ringfence.extract.model import LeftOut, Why
from ringfence.extract.strings import strings

_BLOB: Final = 64  # bytes: a shorter one that is no text holds no file
_FILES: Final = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"%PDF-",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"SQLite format 3\0",
    b"\xd0\xcf\x11\xe0",
    b"BZh",
)


class Blobs:
    """Takes binary values; keeps those that are files, each with its path, and counts those that are nothing."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytes]] = []
        self._binary = 0

    def text(self, path: str, value: bytes) -> bytes | None:
        """Give a value's text, if it is one."""
        text = text_of(value)
        if text is not None:
            return text
        if value.startswith(_FILES):
            self.files.append((path, value))
        else:
            self._binary += len(value) >= _BLOB
        return None

    def left(self, members: tuple[str, ...] = ()) -> LeftOut | None:
        """Say how many were nothing, if any was."""
        if not self._binary:
            return None
        return LeftOut(Why.BINARY, members, f"{self._binary} values that are no text, nor files that are read here")


def text_of(value: bytes) -> bytes | None:
    """Give a blob as text, if it is one: UTF-8, or UTF-16 as a database of that encoding has it."""
    if b"\0" in value:
        if value[1:16:2].strip(b"\0") and value[:16:2].strip(b"\0"):
            return None
        for codec in ("utf-16-le", "utf-16-be"):
            with suppress(UnicodeDecodeError):
                text = value.decode(codec)
                if text.isprintable():
                    return text.encode()
        return None
    try:
        value.decode()
    except UnicodeDecodeError:
        runs = strings(value)
        return runs if 2 * len(runs) > len(value) else None
    return value
