r"""Files of lines that name values, read line by line: what YAML and settings have in common.

The rule: nothing here can fail. A line that names nothing is a value of what was named before it, or text; so templates, dialects
and broken files are read as far as a person would read them. What is an alias or an include stays what it says: nothing is
expanded.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import re2

from ringfence.carriers import join_path
from ringfence.extract.model import BATCH, Extracted, Kind, Source, Text
from ringfence.extract.reading import Block

MAX_PATH: Final = 1024
MAX_DEPTH: Final = 256
_KNOWN: Final = 50_000  # names that are remembered
_FLOW: Final = re2.compile(
    rb"""[{}\[\],]|"(?s:[^"\\]|\\.)*"?|'[^']*'?|[^{}\[\],"'\s:=#][^{}\[\],:=]*|[:=]\s*|\s+|#[^\n]*|."""
)
_ESCAPE: Final = re2.compile(rb"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|(?s:.))")
_ESCAPES: Final = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"0": b"\0",
    b"b": b"\b",
    b"f": b"\f",
    b"a": b"\a",
    b"e": b"\x1b",
}
_WORD: Final = b"_-. "


class Piece(NamedTuple):
    """A value in a line: its path, and where in the line it stands."""

    path: str
    start: int
    end: int


class Gathering:
    """Gathers the texts of a file's lines. `line` is the present one, `at` where in its block it begins."""

    def __init__(self, source: Source) -> None:
        self.texts: list[Text] = []
        self._source = source
        self._names: set[bytes] = set()
        self._size = 0
        self.block = Block(b"")
        self.line = 0
        self.at = 0

    def read(self, block: Block, read_line: Callable[[bytes], None]) -> Iterator[Extracted]:
        """Have the lines of a block read, without their ends; give what is gathered meanwhile."""
        self.block, self.line, self.at = block, block.line, 0
        for line in block.value.split(b"\n"):
            read_line(line.removesuffix(b"\r"))
            self.at += len(line) + 1
            self.line += 1
            if self._size > BATCH // 2:
                yield from self._given()
        yield from self._given()

    def add(self, line: bytes, start: int, end: int, path: str, kind: Kind = Kind.VALUE) -> None:
        """Add a stretch of the present line, without white space around it; its quotes and escapes are taken off."""
        value = line[start:end]
        start += len(value) - len(value.lstrip())
        value = value.strip()
        if not value:
            return
        spelt = value
        if kind is Kind.VALUE and value[:1] in (b'"', b"'"):
            start += 1
            spelt = value[1:-1] if value[-1:] == value[:1] and len(value) > 1 else value[1:]
            value = unescaped(spelt) if line[start - 1 : start] == b'"' else spelt.replace(b"''", b"'")
        self._put(value, start, path, kind, is_same=value == spelt)

    def name(self, line: bytes, start: int, end: int) -> None:
        """Add the name of a field, if it may say something that it has not said before."""
        name = line[start:end].strip()
        if name in self._names or not name:
            return
        if len(self._names) < _KNOWN and name.translate(None, _WORD).isalpha():
            self._names.add(name)
        self._put(name, start, "", Kind.NAME, is_same=line.startswith(name, start))

    def _put(self, value: bytes, start: int, path: str, kind: Kind, *, is_same: bool) -> None:
        block = self.block
        column = start + (1 if self.at else block.column)
        place = block.start + self.at + start if block.start >= 0 and is_same else -1
        self.texts.append(Text(value, path, kind, self.line, column, place, "", self._source.members))
        self._size += len(value)

    def _given(self) -> Iterator[Extracted]:
        if self.texts:
            yield self.texts
        self.texts, self._size = [], 0


def unescaped(value: bytes) -> bytes:
    r"""Give what a string in double quotes means.

    >>> unescaped(rb"a\tb\u00e9\"")
    b'a\tb\xc3\xa9"'
    """
    meant: bytes = _ESCAPE.sub(_meant, value) if b"\\" in value else value
    return meant


def _meant(escape: "re2._Match[bytes]") -> bytes:
    body = escape[0][1:]
    if body[:1] in (b"x", b"u", b"U") and len(body) > 1:
        code = int(body[1:], 16)
        return chr(code).encode("utf-8", "replace") if code < 0x110000 else b"?"
    return _ESCAPES.get(bytes(body), bytes(body))


def flow(line: bytes, start: int, end: int, path: str) -> Iterator[Piece]:
    """Give the values in a stretch of a line that lists them between brackets, and may name some.

    >>> line = b"{name: Ada, tags: [a, b]}"
    >>> [(piece.path, line[piece.start : piece.end]) for piece in flow(line, 0, len(line), "user")]
    [('user.name', b'Ada'), ('user.tags[]', b'a'), ('user.tags[]', b'b')]
    """
    stack: list[str] = []
    here, named = path, path
    pending: tuple[int, int] | None = None
    for token in _FLOW.finditer(line, start, end):
        text = token[0]
        mark = text[:1]
        if mark in b"{[":
            if len(stack) >= MAX_DEPTH:  # deeper is nothing that a person wrote: the rest is one value
                yield Piece(named, int(token.start()), end)
                return
            stack.append(here)
            here = named = named + "[]" if mark == b"[" else named
        elif mark in b":=" and pending is not None and (mark == b"=" or len(text) > 1 or line[pending[0]] in b"\"'"):
            named = below(here, line[pending[0] : pending[1]].strip(b"\"' "))
            pending = None
        elif mark in b",}]":
            if pending is not None:
                yield Piece(named, *pending)
                pending = None
            if mark != b"," and stack:
                here = stack.pop()
            named = here
        elif mark == b"#" or not text.strip():
            continue
        else:
            pending = (token.start() if pending is None else pending[0], token.end())
    if pending is not None:
        yield Piece(named, *pending)


def behind_spaces(line: bytes, at: int) -> int:
    """Give where something stands again in a line."""
    window = line[at : at + 64]
    body = window.lstrip()
    return at + len(window) - len(body) if body else len(line) - len(line[at:].lstrip())


def below(path: str, name: bytes) -> str:
    """Give the path of what is named in a place."""
    joined = join_path(path, name.decode("utf-8", "replace"))
    return joined if len(joined) <= MAX_PATH else path
