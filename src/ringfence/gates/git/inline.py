"""Allowances in a file itself: a comment beside what may stay, or alone on the line above it.

    ringfence: allow ENTITY reason
    ringfence: allow EMAIL_ADDRESS, user.contact.phone_number the imprint of our own

The rule: whoever wrote the file says it, so it counts only where files are written by hand. What merely carries other people's
words cannot allow anything: CSV, JSON and NDJSON (which have no comments either), notebooks, logs, mails, members of archives. In
YAML, TOML, settings, XML and HTML the words stand right behind a comment's mark; in SQL, on a line of their own, for rows stand
there; in programs and running text behind any mark or none. Without a reason, or with a name that nobody knows, nothing is allowed.
A comment covers what begins on its line; alone on its line, also what begins on the next one; several may be stacked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import BinaryIO, Final

import re2

from ringfence.crossing import scrub
from ringfence.detect import Detector
from ringfence.gates.git.model import Allowance, By, Found
from ringfence.gates.git.naming import Names, covers

FORM: Final = "ringfence: allow ENTITY reason"
_HINTS: Final = (b"ingfence:", b"INGFENCE:")
_SAID = re2.compile(r"([A-Za-z][A-Za-z0-9_.]*)((?:[ \t]*,[ \t]*[A-Za-z][A-Za-z0-9_.]*)*)(?:[ \t:–—-]+(.*))?")
_ENDS: Final = (b"*/", b"-->", b"#}", b"%>", b"*)")
_WORDS: Final = frozenset({b"rem", b"dnl"})  # marks of comments that are words
_BEFORE: Final = 200  # bytes that are looked at before a mark
_MOST: Final = 10_000  # marks of one file
_PIECE: Final = 1 << 20

_NONE: Final = frozenset(
    (
        *("csv", "tsv", "tab", "psv", "json", "jsonl", "ndjson", "ldjson", "geojson", "har", "webmanifest", "ipynb"),
        *("log", "eml", "mbox", "vcf", "ics"),
    )
)
_HASH, _SETTINGS, _TAGS, _SLASHES = (b"#",), (b"#", b";", b"!"), (b"<!--",), (b"//", b"/*")
_BEHIND: Final = {
    **dict.fromkeys(("yaml", "yml", "toml", "env"), _HASH),
    **dict.fromkeys(("ini", "cfg", "conf", "properties"), _SETTINGS),
    **dict.fromkeys(("xml", "html", "htm", "xhtml", "svg", "xsd", "rss", "plist"), _TAGS),
    **dict.fromkeys(("jsonc", "json5"), _SLASHES),
}
_ALONE: Final = frozenset(("sql", "psql", "pgsql", "dump", "ddl"))
_JSON = re2.compile(rb'[\s]*(?:\{\s*"|\[\s*[{"\[])')
_QUOTED = re2.compile(rb"""(^|[\s:=,\[{(-])(?:"[^"]*"|'[^']*')""")
_OPEN = re2.compile(rb"""(?:^|[\s:=,\[{(-])["']""")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class _Mark:
    line: int
    alone: bool
    names: tuple[str, ...] = ()
    reason: str = field(default="", repr=False)
    wrong: str = ""
    mend: str = ""
    used: int = 0


def may_have(name: str) -> bool:
    """Whether files of this name are written by hand, and may say what is allowed."""
    return _ending(name) not in _NONE


@dataclass(slots=True)
class Marks:
    """What one file says may stay."""

    _by_line: dict[int, list[_Mark]]
    _all: list[_Mark]

    def allowing(self, found: Found) -> str | None:
        """Give the reason why a finding may stay; None where nothing in the file says so."""
        if found.members or not found.line:
            return None
        for mark in self._by_line.get(found.line, ()):
            if covers(mark.names, found.entity, found.category):
                mark.used += 1
                return mark.reason
        return None

    def told(self, file: str) -> tuple[Allowance, ...]:
        """Tell all of them, and what became of each."""
        return tuple(
            Allowance(By.INLINE, file, one.line, one.names, one.reason, one.used, wrong=one.wrong, mend=one.mend)
            for one in self._all
        )


def read_marks(name: str, pieces: Iterable[bytes], names: Names, detector: Detector) -> Marks | None:
    """Read what a file says, in pieces that end with lines; None where it says nothing."""
    marks = list[_Mark]()
    for at, piece in _with_lines(pieces):
        if at == 1 and _ending(name) not in _BEHIND and _JSON.match(piece[:4096]) is not None:
            return None
        marks.extend(islice(_read(name, at, piece, names, detector), _MOST - len(marks)))
    if not marks:
        return None
    below = dict[int, int]()  # a line of marks alone, and the first line under it that is none
    for mark in reversed(marks):
        if mark.alone:
            below[mark.line] = below.get(mark.line + 1, mark.line + 1)
    by_line = dict[int, list[_Mark]]()
    for mark in marks:
        if not mark.wrong:
            by_line.setdefault(mark.line, []).append(mark)
            if mark.alone:
                by_line.setdefault(below[mark.line], []).append(mark)
    return Marks(by_line, marks)


def in_lines(data: BinaryIO) -> Iterator[bytes]:
    """Cut a file into pieces that end with lines. Of a line without an end only what is next to it is kept."""
    held = b""
    while piece := data.read(_PIECE):
        held += piece
        cut = held.rfind(b"\n") + 1
        if cut:
            yield held[:cut]
            held = held[cut:]
        elif len(held) > 2 * _PIECE:
            yield held[:_PIECE]
            held = held[_PIECE:]
    if held:
        yield held


def in_utf8(data: bytes) -> bytes:
    """Give a text in UTF-8 that says of itself that it is in UTF-16."""
    return data.decode("utf-16", "replace").encode() if data.startswith(_UTF16) else data


def _with_lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give each piece with the number of its first line."""
    line, before = 1, b""
    for piece in pieces:
        line += before.count(b"\n")  # of the last one, and most are, none is counted
        yield line, piece
        before = piece


def _read(name: str, line: int, piece: bytes, names: Names, detector: Detector) -> Iterator[_Mark]:
    if not any(hint in piece for hint in _HINTS):
        return
    at = 0
    for match in _mark().finditer(piece):
        start = match.start()
        line += piece.count(b"\n", at, start)
        at = start
        before = piece[max(0, start - _BEFORE, piece.rfind(b"\n", max(0, start - _BEFORE), start) + 1) : start]
        whole = start - len(before) == 0 or piece[start - len(before) - 1 : start - len(before)] == b"\n"
        said, after = _without_end(match[1])
        alone = whole and not after and _says_nothing(before)
        if _stands_in_comment(name, before, alone=alone):
            mark = _understood(line, alone, said.decode("utf-8", "replace").strip(), names, detector)
            if mark is not None:
                yield mark


@cache
def _mark() -> "re2._Regexp[bytes]":
    """Give what finds a mark: 2 ms to be made, and hardly a file has one."""
    return re2.compile(rb"(?i)\bringfence:[ \t]*allow\b[ \t]*([^\r\n]{0,600})")


def _without_end(said: bytes) -> tuple[bytes, bytes]:
    """Part what a comment says from what stands behind its end."""
    ends = [(at, len(end)) for end in _ENDS if (at := said.find(end)) >= 0]
    if not ends:
        return said, b""
    at, length = min(ends)
    return said[:at], said[at + length :].strip()


def _says_nothing(before: bytes) -> bool:
    """Whether nothing but a comment's mark stands there."""
    bare = before.strip().lower()
    return bare in _WORDS or not any(chr(byte).isalnum() for byte in bare)


def _stands_in_comment(name: str, before: bytes, *, alone: bool) -> bool:
    """Whether it stands where the file's format lets its author speak."""
    ending = _ending(name)
    bare = before.rstrip(b" \t")
    if ending in _ALONE:
        return alone and bare.lstrip() == b"--"
    marks = _BEHIND.get(ending)
    if marks is None:
        return True
    if marks != _TAGS and _OPEN.search(_QUOTED.sub(rb"\1", bare)) is not None:
        return False  # in a string
    for mark in marks:
        if bare.endswith(mark):
            rest = bare.removesuffix(mark).rstrip(b"#;!/")
            return not rest or mark == b"<!--" or rest[-1:] in b" \t"
    return False


def _understood(line: int, alone: bool, said: str, names: Names, detector: Detector) -> _Mark | None:
    match = _SAID.fullmatch(said)
    if match is None:
        return _Mark(line, alone, wrong="it does not say what is allowed", mend=f"write: {FORM}")
    spelt = [one.strip().rstrip(".") for one in (match[1] + match[2]).split(",")]
    if spelt == ["ENTITY"]:
        return None  # the form itself, in a text about it
    known = [names.known(one) for one in spelt]
    if None in known:
        wrong, mend = names.unknown(spelt[known.index(None)])
        return _Mark(line, alone, wrong=wrong, mend=mend)
    told = tuple(one for one in known if one is not None)
    reason = match[3] or ""
    if not any(char.isalnum() for char in reason):
        mend = f"say why, behind the name: ringfence: allow {', '.join(told)} REASON"
        return _Mark(line, alone, told, wrong="it gives no reason", mend=mend)
    return _Mark(line, alone, told, scrub(reason.strip(), detector))


def _ending(name: str) -> str:
    base = name.rpartition("/")[2].lower()
    return "env" if base.startswith(".env") else base.rpartition(".")[2]
