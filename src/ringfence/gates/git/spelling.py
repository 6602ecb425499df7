"""Where a value stands in a file that spells it otherwise: in another charset, with escapes, with doubled quotes, as entities.

The rule: nothing is guessed. A file is worked on in UTF-8 only if it comes back byte for byte, and a spelling is taken for a
value's only if all of it reads as that value.
"""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import unquote

import re2

from ringfence.extract.model import Text
from ringfence.extract.reading import WESTERN, charset

_ESCAPED: Final = re2.compile(
    rb"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|(?s:.))"
)
_MEANT: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"0": b"\0", b"b": b"\b", b"f": b"\f", b"v": b"\v", b"a": b"\a"}
_ENTITY: Final = re2.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_DOUBLED: Final = re2.compile(rb"\"\"|''")

Unit = tuple[int, bytes]
"""How many bytes a spelling takes, and what they mean."""


@dataclass(frozen=True, slots=True, repr=False)
class Working:
    """A file's text in UTF-8, how many bytes of it are its mark, and the way back."""

    text: bytes
    mark: int
    back: Callable[[bytes], bytes]


def working(data: bytes) -> Working | None:
    r"""Give a file's bytes as they are worked on; None where they would not come back as they are.

    >>> worked = working("Zoë".encode("utf-16"))
    >>> worked.text, worked.back(b"Eva").decode("utf-16")
    (b'Zo\xc3\xab', 'Eva')
    """
    codec, mark = charset(data)
    try:
        made = _wide(data, codec, mark) if codec else _narrow(data, mark)
        return made if made.back(made.text) == data else None
    except UnicodeError:
        return None


def _wide(data: bytes, codec: str, mark: int) -> Working:
    text = data[mark:].decode(codec).encode()
    return Working(text, 0, lambda new: data[:mark] + new.decode().encode(codec))


def _narrow(data: bytes, mark: int) -> Working:
    """Work on text of single bytes: whose lines are UTF-8 as they are, others in the charset that readers take them for."""
    lines = data.split(b"\n")
    western = {number for number, line in enumerate(lines) if not _is_utf8(line)}
    if not western:
        return Working(data, mark, lambda new: new)
    text = b"\n".join(WESTERN.decode(line) if number in western else line for number, line in enumerate(lines))

    def back(new: bytes) -> bytes:
        return b"\n".join(
            WESTERN.encode(line) if number in western else line for number, line in enumerate(new.split(b"\n"))
        )

    return Working(text, mark, back)


def _is_utf8(line: bytes) -> bool:
    try:
        codecs.utf_8_decode(line, "strict", True)
    except UnicodeDecodeError:
        return False
    return True


class Places:
    """Where stretches of texts stand in a file that is worked on.

    What is found in one text is to be asked for in its order: then it is followed once, however much that is.
    """

    def __init__(self, work: bytes, mark: int) -> None:
        self._work = work
        self._mark = mark
        self._lines = line_starts(work)
        self._text: Text | None = None
        self._spellings: tuple[_Spelling, ...] = ()

    def of(self, text: Text, start: int, end: int) -> tuple[int, int] | None:
        """Say where a stretch of a text stands; None where that cannot be told."""
        if text.start >= 0 and self._work.startswith(text.value[start:end], text.start + start):
            return text.start + start, text.start + end
        if not 0 < text.line <= len(self._lines) or not text.column:
            return None
        if text is not self._text:
            base = self._lines[text.line - 1] + text.column - 1 + (self._mark if text.line == 1 else 0)
            ways = (_plain, _backslashed, _doubled, _entities)
            self._text = text
            self._spellings = tuple(_Spelling(self._work, base, text.value, units) for units in ways)
        for spelling in self._spellings:
            found = spelling.of(start, end)
            if found is not None:
                return found
        return None


class _Spelling:
    """One way to spell a value. Where the last stretch began, or it read no further, the next one is looked for."""

    def __init__(self, work: bytes, base: int, value: bytes, units: Callable[[bytes, int], Iterator[Unit]]) -> None:
        self._work = work
        self._base = base
        self._value = value
        self._units = units
        self._read, self._at = 0, base

    def of(self, start: int, end: int) -> tuple[int, int] | None:
        """Follow it as long as it reads as the value; give the stretch, if it begins and ends between two signs."""
        if start < self._read:
            self._read, self._at = 0, self._base
        read, at, begin = self._read, self._at, -1
        for length, meant in self._units(self._work, at):
            if read == start:
                begin = at
            if read <= start:
                self._read, self._at = read, at
            if read == end or not meant or not self._value.startswith(meant, read):
                break
            read += len(meant)
            at += length
        return (begin, at) if begin >= 0 and read == end else None


def _plain(work: bytes, at: int) -> Iterator[Unit]:
    for byte in memoryview(work)[at:]:
        yield 1, bytes((byte,))


def _backslashed(work: bytes, at: int) -> Iterator[Unit]:
    while at < len(work):
        escape = _ESCAPED.match(work, at) if work[at] == 0x5C else None
        unit = (len(escape[0]), _meant(bytes(escape[0]))) if escape is not None else (1, work[at : at + 1])
        yield unit
        at += unit[0]


def _meant(escape: bytes) -> bytes:
    body = escape[1:]
    if len(body) > 5 and body[:1] == b"u":
        pair = escape.decode("ascii").encode("ascii").decode("unicode_escape")
        return pair.encode("utf-16", "surrogatepass").decode("utf-16").encode()
    if body[:1] in (b"u", b"U", b"x") and len(body) > 1:
        code = int(body[1:], 16)
        return chr(code).encode("utf-8", "replace") if code < 0x110000 else b""
    return _MEANT.get(body, body)


def _doubled(work: bytes, at: int) -> Iterator[Unit]:
    while at < len(work):
        length = 2 if _DOUBLED.match(work, at) is not None else 1
        yield length, work[at : at + 1]
        at += length


def _entities(work: bytes, at: int) -> Iterator[Unit]:
    while at < len(work):
        entity = _ENTITY.match(work, at) if work[at] == 0x26 else None
        if entity is not None:
            yield len(entity[0]), unescape(entity[0].decode("ascii")).encode("utf-8", "replace")
            at += len(entity[0])
        else:
            yield 1, work[at : at + 1]
            at += 1


def meant(value: str) -> str:
    """Give what a value means that is disguised where it stands: in a URL, a page, a string.

    >>> meant("anna%40firma.de"), meant("anna&#64;firma.de"), meant(r"anna\u0040firma.de")
    ('anna@firma.de', 'anna@firma.de', 'anna@firma.de')
    """
    if "&" in value:
        value = unescape(value)
    if "%" in value:
        value = unquote(value)
    if "\\" in value:
        value = b"".join(unit for _, unit in _backslashed(value.encode("utf-8", "replace"), 0)).decode(
            "utf-8", "replace"
        )
    return value


def line_starts(work: bytes) -> list[int]:
    """Say where each line begins."""
    starts, at = [0], work.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = work.find(b"\n", at + 1)
    return starts
