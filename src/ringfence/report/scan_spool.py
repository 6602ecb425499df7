"""What is written whole or not at all, in bounded memory: it waits in a temporary file until all has come.

The rule: only what an output says waits there, so no value does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import Final, TextIO, cast

_HELD: Final = 4 << 20  # characters, before they go to a file


@contextmanager
def spooled(out: TextIO) -> Iterator[TextIO]:
    """Give what is written to first; at the end, unless something broke, it goes to `out`."""
    with spool() as waiting:
        yield waiting
        hand_on(waiting, out)


@contextmanager
def spool() -> Iterator[TextIO]:
    """Give a place where text waits."""
    with SpooledTemporaryFile(max_size=_HELD, mode="w+", encoding="utf-8", newline="") as made:
        yield cast("TextIO", made)


def hand_on(waiting: TextIO, out: TextIO) -> None:
    """Write to `out` what waits; what `out` cannot spell is spelt out."""
    waiting.seek(0)
    encoding = (out.encoding or "utf-8").lower().replace("-", "")
    if encoding == "utf8":
        copyfileobj(waiting, out)
        return
    while piece := waiting.read(1 << 16):
        out.write(piece.encode(out.encoding, "backslashreplace").decode(out.encoding))
