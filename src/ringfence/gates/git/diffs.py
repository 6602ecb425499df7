"""What `git` says of changes (``--raw --patch --unified=0 --full-index``), read: which blob, under which name, which lines are new.

The rule: a patch is counted, not searched: a hunk's head says how many lines follow, so that no line of a file is ever taken for
git's own word. A change and its patch are brought together by the ids of both sides, not by names. Of a merge a line is new where
no parent has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Final, TypeAlias

import re2

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Half-open spans of lines from 1, in order."""

_Key: TypeAlias = tuple[tuple[str, ...], str]
_Patches: TypeAlias = dict[_Key, list[tuple[int, int]] | None]

OPTIONS: Final = (
    "--raw",
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--full-index",
    "--no-abbrev",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--submodule=short",
    "--ignore-submodules=none",
    "--find-renames",
    "-l1000",
)
"""What every command whose output is read here is given."""

COARSE: Final = ("--raw", "--no-abbrev", "--no-ext-diff", "--ignore-submodules=none", "--no-renames")
"""The same where a clone lacks what stood there before: whole files, because nobody can tell their new lines."""

_HUNK: Final = re2.compile(rb"^@@+((?: -\d+(?:,\d+)?)+) \+(\d+)(?:,(\d+))? @@")
_NONE: Final = (1 << 32) - 1
"""Of a merge, where a parent's file is empty, git (2.39) says that -1 lines follow, without a sign."""
_LINE: Final = 1 << 16
_ESCAPES: Final = {
    ord("a"): 7, ord("b"): 8, ord("t"): 9, ord("n"): 10, ord("v"): 11, ord("f"): 12, ord("r"): 13,
    ord('"'): 34, ord("\\"): 92,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A file that a commit has otherwise than its parents.

    Attributes
    ----------
    name
        Undecodable bytes as surrogates.
    mode
        Of the new side: ``100644``, ``120000`` (a link), ``160000`` (a submodule), ``000000`` (deleted).
    status
        Git's letters, one for each parent: ``A``, ``M``, ``R``, ``T``, ``U`` (unmerged) …
    lines
        The new lines; None: the whole file, because git calls it binary.
    before
        Of a file that was renamed, the name that it had; "" of all others.
    """

    name: str
    mode: str
    olds: tuple[str, ...]
    new: str
    status: str
    lines: Spans | None = None
    before: str = ""

    @property
    def came_by_merge(self) -> bool:
        """Whether a merge gives a file a name that it has in none of the parents: what it was called, git does not say there."""
        return len(self.olds) > 1 and "R" in self.status and not self.status.strip("RA")


def changes(stream: BinaryIO) -> Iterator[str | Change]:
    """Give the changes, each commit's id before its own. Holds one commit's changes at a time, none of their lines."""
    raws: list[Change] = []
    patches: _Patches = {}
    key: _Key | None = None
    while line := stream.readline(_LINE):
        if line.startswith(b":"):
            line = _whole(line, stream)
        elif not line.endswith(b"\n"):  # of all others their beginning says enough
            _rest(stream)
        if line.startswith(b"@@"):
            fresh = patches.get(key) if key is not None else None
            _hunk(stream, line, [] if fresh is None else fresh)
        elif line.startswith(b":"):
            raws.append(_raw(line))
        elif line.startswith(b"index "):
            key = _index(line)
            patches.setdefault(key, [])
        elif line.startswith(b"Binary files ") and key is not None:
            patches[key] = None
        elif line.startswith(b"diff "):
            key = None
        elif len(line) in (41, 65) and line[:-1].isalnum():
            yield from _matched(raws, patches)
            raws, patches, key = [], {}, None
            yield line[:-1].decode("ascii")
    yield from _matched(raws, patches)


def common(one: Spans | None, other: Spans | None) -> Spans | None:
    """Give the lines that are in both; None is all."""
    if one is None or other is None:
        return other if one is None else one
    both = []
    left, right = list(one), list(other)
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            both.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(both)


def unquoted(name: bytes) -> str:
    r"""Give the name that git wrote, in C's quotes where it has to.

    >>> unquoted(rb'"a\\tb\\303\\244"')
    'a\\tbä'
    """
    if len(name) < 2 or name[:1] != b'"' or name[-1:] != b'"':
        return name.decode("utf-8", "surrogateescape")
    plain = bytearray()
    pieces = iter(range(1, len(name) - 1))
    for at in pieces:
        byte = name[at]
        if byte != 0x5C:
            plain.append(byte)
        elif (escaped := _ESCAPES.get(name[at + 1])) is not None:
            plain.append(escaped)
            next(pieces)
        else:
            plain.append(int(name[at + 1 : at + 4], 8) & 0xFF)
            for _ in range(3):
                next(pieces)
    return plain.decode("utf-8", "surrogateescape")


def _matched(raws: list[Change], patches: _Patches) -> Iterator[Change]:
    for raw in raws:
        lines = patches.get((raw.olds, raw.new)) if raw.new not in raw.olds else []
        yield raw if lines is None else replace(raw, lines=tuple(lines))


def _raw(line: bytes) -> Change:
    fields, *names = line.rstrip(b"\n").split(b"\t")
    parents = len(fields) - len(fields.lstrip(b":"))
    parts = fields[parents:].decode("ascii").split(" ")
    ids = parts[parents + 1 : -1]
    before = unquoted(names[0]) if len(names) > 1 else ""
    return Change(unquoted(names[-1]), parts[parents], tuple(ids[:-1]), ids[-1], parts[-1], before=before)


def _index(line: bytes) -> _Key:
    olds, _, new = line.split()[1].decode("ascii").partition("..")
    return tuple(olds.split(",")), new


def _hunk(stream: BinaryIO, head: bytes, fresh: list[tuple[int, int]]) -> None:
    """Read a hunk's lines away, and add those of the new side that no parent has."""
    found = _HUNK.match(head)
    if found is None:
        return
    olds = [int(part.partition(b",")[2] or 1) for part in found[1].split()]
    olds = [old if old < _NONE else 0 for old in olds]
    line, news = int(found[2]), int(found[3]) if found[3] is not None else 1
    parents = len(olds)
    while news > 0 or any(old > 0 for old in olds):
        piece = stream.readline(_LINE)
        if not piece:
            break
        marks = piece[:parents]
        if not piece.endswith(b"\n"):
            _rest(stream)
        if marks[:1] == b"\\":
            continue
        gone = b"-" in marks
        for parent in range(parents):
            olds[parent] -= marks[parent] == 0x2D if gone else marks[parent] != 0x2B
        if gone:
            continue
        if marks == b"+" * parents:
            if fresh and fresh[-1][1] == line:
                fresh[-1] = (fresh[-1][0], line + 1)
            else:
                fresh.append((line, line + 1))
        line += 1
        news -= 1


def _whole(line: bytes, stream: BinaryIO) -> bytes:
    """Give a line with what is left of it: a tree may hold a name as long as it likes."""
    pieces = [line]
    while not pieces[-1].endswith(b"\n") and (more := stream.readline(_LINE)):
        pieces.append(more)
    return b"".join(pieces)


def _rest(stream: BinaryIO) -> None:
    while (piece := stream.readline(_LINE)) and not piece.endswith(b"\n"):
        pass
