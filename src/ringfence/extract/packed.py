"""Single compressed files, streamed: gzip, bzip2, xz, Zstandard; and 7-Zip's archives.

The rule: what is packed in a single file is one member, named as the file without its ending. Several streams one behind another
are one, as their own programs read them. 7-Zip's archives are read by a library, which works in a confined process (`confined`).
"""

import io
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final, cast

from ringfence.extract.confined import confined
from ringfence.extract.members import look_into, member_of, too_deep
from ringfence.extract.model import Budget, Extracted, Source
from ringfence.extract.unpacking import (
    CHUNK,
    Decoder,
    MissingExtra,
    Unpacked,
    bzip2_decoder,
    gzip_decoder,
    xz_decoder,
    zstd_decoder,
)

_TARS: Final = {"tgz": ".tar", "tbz": ".tar", "tbz2": ".tar", "txz": ".tar", "tzst": ".tar", "svgz": ".svg"}
_ENDINGS: Final = ("gz", "gzip", "bz2", "bz", "xz", "lzma", "zst", "zstd")


def read_gzip(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what is in a gzip file."""
    yield from _single(source, budget, gzip_decoder)


def read_bzip2(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what is in a bzip2 file."""
    yield from _single(source, budget, bzip2_decoder)


def read_xz(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what is in an xz or lzma file."""
    yield from _single(source, budget, xz_decoder)


def read_zstd(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what is in a Zstandard file."""
    yield from _single(source, budget, zstd_decoder)


def read_7z(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read an archive of 7-Zip's."""
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    yield from confined("7z", source, budget)


def inner_name(name: str) -> str:
    """Give the name that a compressed file's content has: its own, without what says that it is compressed."""
    last = PurePosixPath(name).name or "content"
    stem, dot, ending = last.rpartition(".")
    if not dot or not stem:
        return last
    ending = ending.lower()
    return stem + _TARS[ending] if ending in _TARS else stem if ending in _ENDINGS else last


def _single(source: Source, budget: Budget, make: Callable[[], Decoder]) -> Iterator[Extracted]:
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    name = inner_name(source.name)
    member = member_of(source, name, budget)
    try:
        make()
    except MissingExtra as missing:
        yield missing.told(source.members)
        return
    yield from look_into(
        name,
        -1,
        lambda: io.BufferedReader(cast("io.RawIOBase", Unpacked(source.open(), make, member, joined=True)), CHUNK),
        member,
    )
