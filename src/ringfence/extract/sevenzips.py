"""7-Zip's archives, by py7zr; in the confined process (`confined`).

The rule: members come out one after another, none larger than may be held, all of them no more than may be unpacked. Nothing is
written.
"""

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from ringfence.extract.confined import Emit, Given
from ringfence.extract.members import LONGEST_NAME
from ringfence.extract.model import Bounds, Fault, Kind, LeftOut, Text, Unreadable, Why
from ringfence.extract.unpacking import FREE, SPLIT, MissingExtra

_TOGETHER: Final = 1000  # names that are given at once


class _Enough(Exception):
    """More has come out than may."""


class _Out:
    """Where py7zr writes a member."""

    def __init__(self, name: str, allowed: Callable[[int], bool], most: int, emit: Emit) -> None:
        self._name, self._allowed, self._most, self._emit = name, allowed, most, emit
        self._kept = bytearray()
        self._size = 0
        self._told = False

    def write(self, data: bytes) -> int:
        if not self._allowed(len(data)):
            raise _Enough
        self._size += len(data)
        if self._size <= self._most:
            self._kept += data
        return len(data)

    def read(self, size: int | None = None) -> bytes:
        return b"" if size == 0 else bytes(self._kept)

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset if whence == 0 else self._size

    def flush(self) -> None:
        pass

    def size(self) -> int:
        return self._size

    def close(self) -> None:
        if self._told:
            return
        self._told = True
        if self._size > self._most:
            self._emit(LeftOut(Why.LARGE, note=f"a member of more than {self._most >> 20} MiB"))
        self._emit(Given(self._name.encode("utf-8", "surrogateescape"), bytes(self._kept)))
        self._kept = bytearray()


def _folders(archive: Any, emit: Emit) -> None:
    """Give the names of folders, which have no content that would be given with one."""
    names = [each.filename.encode("utf-8", "surrogateescape") for each in archive.files if each.is_directory]
    for at in range(0, len(names), _TOGETHER):
        some = (name[:LONGEST_NAME] for name in names[at : at + _TOGETHER])
        emit([Text(name, kind=Kind.NAME, where="member name") for name in some])


def take(file: BinaryIO, bounds: Bounds, emit: Emit) -> None:
    """Give the members of an archive."""
    try:
        import py7zr
    except ImportError:
        raise MissingExtra("7-Zip", "documents") from None
    size = file.seek(0, 2)
    file.seek(0)
    out = 0

    def allowed(more: int) -> bool:
        nonlocal out
        out += more
        return out <= bounds.unpacked and (out <= FREE or out <= bounds.ratio * size)

    class Factory(py7zr.io.WriterFactory):
        def create(self, filename: str) -> Any:
            return _Out(filename, allowed, bounds.document, emit)

    encrypted = Unreadable(
        Fault.ENCRYPTED, "it is encrypted", "decrypt it where its password may be known, and scan that"
    )
    try:
        with py7zr.SevenZipFile(file, blocksize=1 << 16, max_extract_size=None) as archive:
            if archive.needs_password():
                emit(encrypted)
                return
            if len(archive.files) > bounds.members:
                emit(Unreadable(Fault.BOMB, f"more than {bounds.members} members", SPLIT))
                return
            if any(each.is_symlink for each in archive.files):
                emit(LeftOut(Why.LINK, note="symbolic links, which are not followed"))
            _folders(archive, emit)
            archive.extract(factory=Factory())
    except py7zr.exceptions.PasswordRequired:
        emit(encrypted)
    except _Enough:
        emit(Unreadable(Fault.BOMB, "more comes out of it than may", SPLIT))
