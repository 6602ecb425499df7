"""Settings by key: TOML, .env, INI, properties.

The rule: a line that names something gives its value, with the section before its name; every other line is text, or goes on with
the value before it. Programs disagree about the details of these formats, and nothing here depends on them.
"""

from collections.abc import Iterator
from typing import Final

import re2

from ringfence.extract.keyed_lines import Gathering, below, flow
from ringfence.extract.model import Budget, Extracted, Kind, Source
from ringfence.extract.reading import Block, blocks

_BLOCK: Final = 256 << 10
_SECTION: Final = re2.compile(rb"[ \t]*(\[\[?)[ \t]*([^\[\]\n]{1,256}?)[ \t]*\]\]?[ \t]*(?:[#;].*)?")
_PAIR: Final = re2.compile(
    rb"""[ \t]*(?:export[ \t]+|set[ \t]+)?((?:"[^"]*"|'[^']*'|[^\s=:"'#;{}\[\],])(?:[^=:\n]{0,254}?[^\s=:])?)"""
    rb"""[ \t]*(?:=|:[ \t=]|:$)"""
)
_COMMENT: Final = re2.compile(rb"[ \t][#;]")
_NAME: Final = re2.compile(rb"""[^."'\s]+|"[^"]*"|'[^']*'""")
_TRIPLES: Final = (b'"""', b"'''")


def read_settings(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read lines of ``key = value`` or ``key: value``, in sections or not."""
    return _read(source, is_toml=False)


def read_toml(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read TOML."""
    return _read(source, is_toml=True)


def _read(source: Source, *, is_toml: bool) -> Iterator[Extracted]:
    reading = _Reading(source, is_toml=is_toml)
    for block in blocks(source, _BLOCK):
        yield from reading.take(block)


class _Reading:
    """The reading of one file: its present section, and the value that a line may go on with."""

    def __init__(self, source: Source, *, is_toml: bool) -> None:
        self._gathering = Gathering(source)
        self._is_toml = is_toml
        self._section = ""
        self._path = ""
        self._triple = b""  # that is open
        self._depth = 0  # of brackets that are open
        self._goes_on = False

    def take(self, block: Block) -> Iterator[Extracted]:
        """Take some lines."""
        return self._gathering.read(block, self._line)

    def _line(self, line: bytes) -> None:
        gathering = self._gathering
        body = line.strip()
        if not body:
            self._goes_on = False
            return
        if self._triple:
            end = line.find(self._triple)
            gathering.add(line, 0, end if end >= 0 else len(line), self._path, Kind.PROSE)
            if end >= 0:
                self._triple = b""
            return
        if self._depth > 0 and _SECTION.fullmatch(line) is not None and b"," not in line:
            self._depth = 0  # a list that is never closed must not swallow the rest
        if self._goes_on or self._depth > 0:
            self._value(line, 0)
            return
        if body[:1] in (b"#", b";", b"!") or body.startswith(b"//"):
            gathering.add(line, 0, len(line), "", Kind.PROSE)
            return
        section = _SECTION.fullmatch(line)
        if section is not None:
            self._section = self._named("", section[2]) + ("[]" if section[1] == b"[[" else "")
            gathering.add(line, section.start(2), section.end(2), "", Kind.NAME)
            return
        pair = _PAIR.match(line)
        if pair is None:
            gathering.add(line, 0, len(line), self._path if line[:1] in (b" ", b"\t") else "", Kind.PROSE)
            return
        gathering.name(line, *pair.span(1))
        self._path = self._named(self._section, pair[1])
        self._value(line, pair.end())

    def _named(self, path: str, name: bytes) -> str:
        parts = [part[0] for part in _NAME.finditer(name)] if self._is_toml else [name]
        for part in parts:
            path = below(path, part.strip(b"\"'"))
        return path

    def _value(self, line: bytes, at: int) -> None:
        gathering = self._gathering
        rest = line[at:].lstrip()
        at = len(line) - len(rest)
        self._goes_on = not self._is_toml and (len(rest) - len(rest.rstrip(b"\\"))) % 2 == 1
        for triple in _TRIPLES if self._is_toml else ():
            if rest.startswith(triple):
                end = line.find(triple, at + 3)
                self._triple = triple if end < 0 else b""
                gathering.add(line, at + 3, end if end >= 0 else len(line), self._path, Kind.PROSE)
                return
        if rest[:1] in (b'"', b"'") and not self._depth:
            end = line.find(rest[:1], at + 1)
            while end >= 0 and line[end - 1 : end] == b"\\" and rest[:1] == b'"':
                end = line.find(rest[:1], end + 1)
            end = len(line) if end < 0 else end + 1
            gathering.add(line, at, end, self._path)
            gathering.add(line, end, len(line), "", Kind.PROSE)
            return
        comment = _COMMENT.search(line, at)
        end = comment.start() if comment is not None else len(line)
        is_list = self._is_toml and (self._depth > 0 or rest[:1] in (b"[", b"{"))
        if is_list:
            bare, was_open = line[at:end], self._depth > 0
            outside = b"".join(bare.split(b'"')[::2])
            self._depth = max(
                0, self._depth + outside.count(b"[") + outside.count(b"{") - outside.count(b"]") - outside.count(b"}")
            )
            path = self._path + "[]" if was_open else self._path
            for piece in flow(line, at, end, path):
                gathering.add(line, piece.start, piece.end, piece.path)
        else:
            gathering.add(line, at, end, self._path)
        gathering.add(line, end, len(line), "", Kind.PROSE)
