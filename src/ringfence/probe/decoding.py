"""Everything that a text may say when it is undone: what a value that was hidden in it would look like again.

The rule: linear in its input, and bounded: `DEPTH` encodings over one another, `MOST_DECODED` bytes in all. What goes beyond
is not looked at, and the matrix says how deep was looked.
"""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

import re2

DEPTH = 2  # encodings over one another: base64 of hexadecimal
MOST_DECODED = 4 * 1024 * 1024
SEPARATORS = b" -/().,:;|\t\r\n"
LINES = b"\r\n"

_BASE64 = re2.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX = re2.compile(rb"(?:[0-9a-fA-F]{2}){4,}")
_UNICODE = re2.compile(rb"\\+u([0-9a-fA-F]{4})")
_OCTAL = re2.compile(rb"\\+([0-3][0-7]{2})")
_STANDARD = bytes.maketrans(b"-_", b"+/")


def undone(raw: bytes) -> Iterator[tuple[str, Sequence[bytes]]]:
    """Give the text in every way that it can be read: the name of the way, and the pieces that it gives.

    The pieces of one way are looked at and undone further together, for there are thousands of them.
    """
    left = MOST_DECODED
    waiting: dict[str, list[bytes]] = {"": [raw]}
    for _ in range(DEPTH + 1):
        found: dict[str, list[bytes]] = {}
        for way, pieces in waiting.items():
            text = b"\n".join(pieces)
            yield way, pieces
            for spelt, other in _spellings(way, text):
                yield spelt, [other]
            for undoing, piece in _decoded(way, text):
                if len(piece) <= left:
                    left -= len(piece)
                    found.setdefault(undoing, []).append(piece)
        waiting = found


def _spellings(way: str, text: bytes) -> Iterator[tuple[str, bytes]]:
    """Give a text backwards, and without what separates."""
    yield _named(way, "reversed"), _backwards(text)
    bare = text.translate(None, SEPARATORS)
    if bare != text:
        yield _named(way, "without separators"), bare
        yield _named(way, "reversed without separators"), _backwards(bare)


def _backwards(text: bytes) -> bytes:
    return text[::-1] if text.isascii() else text.decode("utf-8", "replace")[::-1].encode()


def _decoded(way: str, text: bytes) -> Iterator[tuple[str, bytes]]:
    if b"%" in text:
        yield _named(way, "URL"), unquote_to_bytes(text)
    if b"\\" in text:
        escaped = _UNICODE.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), text)
        yield _named(way, "escapes"), _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), escaped)
    joined = text.translate(None, LINES)  # PostgreSQL breaks base64 into lines
    for run in _BASE64.findall(joined):
        letters = run.translate(_STANDARD)
        for shift in range(4):
            part = letters[shift:]
            whole = part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part + b"=" * (-len(part) % 4)
            if whole:
                yield _named(way, "base64"), b64decode(whole)
    for run in _HEX.findall(joined):
        for shift in range(2):
            part = run[shift:]
            yield _named(way, "hexadecimal"), bytes.fromhex(part[: len(part) // 2 * 2].decode("ascii"))


def _named(way: str, more: str) -> str:
    return f"{way}, {more}" if way else more
