"""Everything that a text may say when it is undone: what a value that was hidden in it would look like again.

The rule: linear in its input, and bounded: `DEPTH` encodings over one another, `MOST_DECODED` bytes in all. What goes beyond
is not looked at, and the matrix says how deep was looked.
"""

import html
import unicodedata
from base64 import b64decode
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

import re2

DEPTH = 2  # encodings over one another: base64 of hexadecimal
MOST_DECODED = 4 * 1024 * 1024
SEPARATORS = b" -_/().,:;|\t\r\n"  # more of them, and numbers of neighbouring cells run into one another
LINES = b"\r\n"

_BASE64 = re2.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX = re2.compile(rb"(?:[0-9a-fA-F]{2}){4,}")
_HEX_APART = re2.compile(rb"[0-9a-fA-F]{2}(?:(?:\\+x|[ ,]*0x|[ :,_-])[0-9a-fA-F]{2}){4,}")
_HEX_MARKS = re2.compile(rb"\\+x|0x|[ :,_-]")
_NUMBERS = re2.compile(rb"[0-9]{2,3}(?:[^0-9A-Za-z\r\n]{1,2}[0-9]{2,3}){4,}")
_NUMBER = re2.compile(rb"[0-9]+")
_BITS = re2.compile(rb"[01]{8}(?:[ ,]?[01]{8}){4,}")
_UNICODE = re2.compile(rb"\\+u\{?([0-9a-fA-F]{2,4})\}?")
_OCTAL = re2.compile(rb"\\+([0-3][0-7]{2})")
_UNSEEN = frozenset({"Mn", "Cf", "Zs"})
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
    """Give a text backwards, without what separates, and in plain letters."""
    yield _named(way, "reversed"), _backwards(text)
    if b"\0" in text:
        yield _named(way, "wide letters"), text.replace(b"\0", b"")
    if not text.isascii() and (plain := _plain(text)) != text:
        yield _named(way, "other letters"), plain
    bare = text.translate(None, SEPARATORS)
    if bare != text:
        yield _named(way, "without separators"), bare
        yield _named(way, "reversed without separators"), _backwards(bare)


def _backwards(text: bytes) -> bytes:
    return text[::-1] if text.isascii() else text.decode("utf-8", "replace")[::-1].encode()


def _plain(text: bytes) -> bytes:
    """Give the letters that others stand for (wide ones), without marks and spaces that are not seen."""
    known = unicodedata.normalize("NFKD", text.decode("utf-8", "replace"))
    unseen = {
        ord(one): None for one in set(known) if unicodedata.category(one) in _UNSEEN
    }  # a text has few different signs
    return (known.translate(unseen) if unseen else known).encode()


def _decoded(way: str, text: bytes) -> Iterator[tuple[str, bytes]]:
    if b"%" in text:
        yield _named(way, "URL"), unquote_to_bytes(text)
    if b"\\" in text:
        escaped = _UNICODE.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), text)
        yield _named(way, "escapes"), _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), escaped)
    if b"&#" in text:
        yield _named(way, "entities"), html.unescape(text.decode("utf-8", "replace")).encode()
    for run in _NUMBERS.findall(text):
        yield _named(way, "numbers of letters"), bytes(one for one in map(int, _NUMBER.findall(run)) if one < 256)
    for run in _BITS.findall(text):
        bits = run.translate(None, b" ,")
        yield _named(way, "bits"), int(bits, 2).to_bytes(len(bits) // 8, "big")
    for run in _HEX_APART.findall(text):
        digits = _HEX_MARKS.sub(b"", run)
        yield _named(way, "hexadecimal"), bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
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
