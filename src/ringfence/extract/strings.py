r"""What can be read in bytes that are no text: runs of characters, one a line; and packets of XMP, which stand in them as they are.

The rule: a run is what stands there in UTF-8 or in UTF-16 (little end first, as Windows' programs write it); nothing is decoded
twice.
"""

from collections.abc import Iterator
from typing import Final

import re2

from ringfence.extract.model import BATCH

LEAST: Final = 5  # characters
_OPTIONS: Final = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.log_errors = False
_CHARACTER: Final = rb"(?:[\x20-\x7e\t]|[\xc3-\xc5\xce-\xd4\xd7-\xdb][\x80-\xbf]|[\xe2-\xed][\x80-\xbf][\x80-\xbf])"
_EIGHT: Final = re2.compile(_CHARACTER + rb"{%d,}" % LEAST, _OPTIONS)
_SIXTEEN: Final = re2.compile(rb"(?:[\x20-\x7e\t\xa0-\xff]\x00|[\x00-\xff][\x01-\x06]){%d,}" % LEAST, _OPTIONS)
_LETTERS: Final = re2.compile(rb"(?:[\x20-\x7e]\x00){3}", _OPTIONS)
_PACKET: Final = (b"<x:xmpmeta", b"</x:xmpmeta>")
_LONGEST_PACKET: Final = 1 << 20
NO_END: Final = f"XMP in it does not end within {_LONGEST_PACKET >> 20} MiB; what comes behind is not looked at"


def strings(data: bytes) -> bytes:
    r"""Give the runs in some bytes, one a line.

    >>> strings(b"\x00\x01hello\xff\xff" + "Zürich 8001".encode("utf-16-le") + b"\xff").decode()
    'hello\nZürich 8001'
    """
    return b"\n".join(_runs(data))


def batches(data: bytes, size: int = BATCH) -> Iterator[bytes]:
    """Give the runs in many bytes, one a line, about so many bytes at a time."""
    runs: list[bytes] = []
    together = 0
    for run in _runs(data):
        runs.append(run)
        together += len(run) + 1
        if together >= size:
            yield b"\n".join(runs)
            runs, together = [], 0
    if runs:
        yield b"\n".join(runs)


def packets(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Give the packets of XMP in some bytes, each with whether it ends; of one that does not, what can be read in its beginning.

    >>> list(packets(b"..<x:xmpmeta>of a person</x:xmpmeta>..<x:xmpmeta>of another"))
    [(b'<x:xmpmeta>of a person', True), (b'<x:xmpmeta>of another', False)]
    """
    at = data.find(_PACKET[0])
    while at >= 0:
        end = data.find(_PACKET[1], at, at + _LONGEST_PACKET)
        if end >= 0:
            yield data[at:end].decode("utf-8", "replace").encode(), True
        else:
            end = at + _LONGEST_PACKET
            yield strings(data[at:end]), False
        at = data.find(_PACKET[0], end)


def _runs(data: bytes) -> Iterator[bytes]:
    for found in _EIGHT.finditer(data):
        yield found.group()
    if b"\0" in data:
        for found in _SIXTEEN.finditer(data):
            run = found.group()
            if _LETTERS.search(run):
                yield run.decode("utf-16-le", "replace").encode()
