"""YAML by path, read by its indentation.

The rule: a scan reads what stands there. Aliases and merges are not expanded, so that no file grows; a template (``{{ … }}``)
or a broken file is read as far as its lines say where they belong, and nothing of it is lost.
"""

from collections.abc import Iterator
from typing import Final

import re2

from ringfence.extract.keyed_lines import MAX_DEPTH, MAX_PATH, Gathering, behind_spaces, below, flow
from ringfence.extract.model import Budget, Extracted, Kind, Source
from ringfence.extract.reading import Block, blocks

_BLOCK: Final = 256 << 10
_KEY: Final = re2.compile(
    rb"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'"""
    rb"""|((?:\{\{[^}]*\}\}|[^\s#'"{}\[\],&*!|>%@`])(?:[^\s:#]|:[^\s]|[^\s]#|[ \t]+[^\s#:])*))[ \t]*:(?:[ \t]|$)"""
)
_PROPERTY: Final = re2.compile(rb"(?:[&!][^\s]*[ \t]+)+|[&!][^\s]*$")
_COMMENT: Final = re2.compile(rb"(?:^|[ \t])#")
_SCALAR: Final = re2.compile(rb"[|>][-+0-9]*[ \t]*(?:#.*)?")


def read_yaml(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read YAML of any number of documents."""
    reading = _Reading(source)
    for block in blocks(source, _BLOCK):
        yield from reading.take(block)


class _Reading:
    """The reading of one file: the paths that are open, by how far their lines stand to the right."""

    def __init__(self, source: Source) -> None:
        self._gathering = Gathering(source)
        self._stack: list[tuple[int, str]] = []
        self._scalar = -1  # to the right of which lines belong to a scalar that goes over lines
        self._path = ""
        self._quote = b""  # that is open

    def take(self, block: Block) -> Iterator[Extracted]:
        """Take some lines."""
        return self._gathering.read(block, self._line)

    def _line(self, line: bytes) -> None:
        body = line.lstrip(b" ")
        indent = len(line) - len(body)
        if not body:
            return
        if self._quote:
            self._goes_on(line, indent)
            return
        if self._scalar >= 0:
            if indent > self._scalar:
                self._gathering.add(line, indent, len(line), self._path, Kind.PROSE)
                return
            self._scalar = -1
        if body[:1] == b"#" or (not indent and body[:1] == b"%"):
            self._gathering.add(line, indent, len(line), "", Kind.PROSE)
            return
        if not indent and (body.startswith((b"---", b"..."))) and body[3:4] in (b"", b" "):
            self._stack.clear()
            if not body[3:].strip():
                return
            indent = 4
        self._entry(line, indent)

    def _entry(self, line: bytes, at: int) -> None:
        """Read what a line says: marks of items, a key, a value."""
        stack = self._stack
        is_new = False
        while line[at : at + 1] == b"-" and line[at + 1 : at + 2] in (b" ", b"\t", b""):
            path = self._parent(at, is_item=True)
            if len(path) <= MAX_PATH and len(stack) < MAX_DEPTH:
                path += "[]"
                stack.append((at, path))
            is_new = True
            at = behind_spaces(line, at + 1)
        if at >= len(line):
            return
        if line.startswith((b"? ", b": "), at):
            at += 2
        properties = _PROPERTY.match(line, at)
        at = properties.end() if properties is not None else at
        key = _KEY.match(line, at)
        if key is None:
            self._path = stack[-1][1] if stack else ""
            self._value(line, at, stack[-1][0] if is_new and stack else -1 if not stack else stack[-1][0])
            return
        name = key[1] if key[1] is not None else key[2] if key[2] is not None else key[3]
        self._gathering.name(line, at + (key[3] is None), at + (key[3] is None) + len(name))
        self._path = below(self._parent(at, is_item=False), name)
        if len(stack) < MAX_DEPTH:
            stack.append((at, self._path))
        self._value(line, key.end(), at)

    def _parent(self, indent: int, *, is_item: bool) -> str:
        """Give the path of what a line belongs to; a list may stand as far to the left as the key that it belongs to."""
        stack = self._stack
        while stack and (stack[-1][0] > indent or (stack[-1][0] == indent and not (is_item and _is_key(stack[-1][1])))):
            stack.pop()
        return stack[-1][1] if stack else ""

    def _value(self, line: bytes, at: int, indent: int) -> None:
        at = behind_spaces(line, at)
        properties = _PROPERTY.match(line, at)
        at = properties.end() if properties is not None else at
        if at >= len(line):
            return
        first = line[at : at + 1]
        if first in (b'"', b"'"):
            end = _closing(line, at + 1, first)
            if end < 0:
                self._quote = first
                end = len(line)
            self._gathering.add(line, at, end, self._path)
            self._gathering.add(line, end, len(line), "", Kind.PROSE)
            return
        if _SCALAR.fullmatch(line, at) is not None:
            self._scalar = max(indent, 0) if indent >= 0 else 0
            return
        comment = _COMMENT.search(line, at)
        end = comment.start() if comment is not None else len(line)
        if first in b"{[" and not line.startswith(b"{{", at):
            for piece in flow(line, at, end, self._path):
                self._gathering.add(line, piece.start, piece.end, piece.path)
        else:
            self._gathering.add(line, at, end, self._path)
        self._gathering.add(line, end, len(line), "", Kind.PROSE)

    def _goes_on(self, line: bytes, at: int) -> None:
        """Read a line of a quoted scalar."""
        end = _closing(line, at, self._quote)
        if end >= 0:
            self._quote = b""
        self._gathering.add(line, at, end - 1 if end >= 0 else len(line), self._path, Kind.PROSE)


def _is_key(path: str) -> bool:
    return not path.endswith("[]")


def _closing(line: bytes, at: int, quote: bytes) -> int:
    """Give where a quoted scalar ends, behind its quote; -1 where the line does not end it."""
    while (end := line.find(quote, at)) >= 0:
        if quote == b"'" and line[end + 1 : end + 2] == b"'":
            at = end + 2
            continue
        before = line[at:end]
        if quote == b'"' and (len(before) - len(before.rstrip(b"\\"))) % 2:
            at = end + 1
            continue
        return end + 1
    return -1
