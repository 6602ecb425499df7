"""A finding in its place: its file, its text, the string or comment it stands in, and what was found near it.

The rule: everything is looked for when it is asked for, and within bounds of the finding: a file of a thousand findings in one line
costs a thousand windows, never its square.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import re2

from ringfence.crossing.inspecting import Seen
from ringfence.extract.model import Kind, Part, PartKind, Text
from ringfence.extract.text_tables import TABLE
from ringfence.gates.git.model import Origin


def words(text: str) -> frozenset[str]:
    """Give the words of a table."""
    return frozenset(text.split())


_LINE: Final = 512  # bytes of a line, before and behind
_BLOCK: Final = 2048  # bytes before it that belong to one comment
_MARKS: Final = b"#/*;%-!\"'<>.|:\\"

_INDENTS: Final = frozenset((b"", b" ", b"\t", b")", b"]"))

_DOCUMENTS: Final = words("md mdx markdown rst adoc asciidoc org tex pod texi po pot")
_MANUALS: Final = re2.compile(r"\.(?:[1-9][a-z]{0,3}|man)$")
_MACROS: Final = re2.compile(rb"(?m)^\.(?:TH|SH|Sh|Dd|Dt) ")
"""https://man7.org/linux/man-pages/man7/groff_man.7.html, https://man.openbsd.org/mdoc.7"""
_DOCUMENT_NAMES: Final = ("readme", "contributing", "install", "todo", "faq")


@dataclass(frozen=True, slots=True, repr=False)
class At:
    """Where a finding stands. `file`: the name of the file, in an archive that of its member. `beside`: what was found near it."""

    file: str
    origin: Origin
    text: Text
    parts: Sequence[Part]
    one: Seen
    beside: Sequence[Seen] = ()

    @property
    def value(self) -> bytes:
        """Give what was found."""
        return bytes(self.text.value[self.one.start : self.one.end])

    @property
    def base(self) -> str:
        """Give the file's own name, in lower case."""
        return self.file.rpartition("/")[2].lower()

    @property
    def is_code(self) -> bool:
        """Whether it stands in a program."""
        return self.text.kind is Kind.CODE

    @property
    def is_in_table(self) -> bool:
        """Whether it stands in a table of running text."""
        return self.text.kind is Kind.VALUE and self.text.where.endswith(TABLE)

    @property
    def is_document(self) -> bool:
        """Whether it stands in running text that people write for each other: no log, no message, no table."""
        if not self.is_in_table and (self.text.kind is not Kind.PROSE or self.text.path):
            return False
        base = self.base
        return base.rpartition(".")[2] in _DOCUMENTS or base.startswith(_DOCUMENT_NAMES) or self._is_manual

    @property
    def _is_manual(self) -> bool:
        """Whether it is a manual page: by its name's end, which a rotated log has, too, and by what its lines begin with."""
        return bool(_MANUALS.search(self.base) and _MACROS.search(self.text.value[:_BLOCK]))

    @property
    def part(self) -> Part | None:
        """Give the string or comment of a program that it stands in."""
        number = bisect_right(self.parts, self.one.start, key=lambda part: part.start) - 1
        return self.parts[number] if number >= 0 and self.one.end <= self.parts[number].end else None

    def line(self) -> bytes:
        """Give the line that it stands in, up to a bound."""
        return self.text.value[self._line_start() : self._line_end()]

    def line_before(self) -> bytes:
        """Give what stands before it in its line."""
        return self.text.value[self._line_start() : self.one.start]

    def around(self, reach: int) -> bytes:
        """Give the text around it."""
        return self.text.value[max(0, self.one.start - reach) : self.one.end + reach]

    def comment(self) -> bytes:
        """Give the comment that it stands in, from its beginning, with its line; empty where it stands in none.

        Lines that are comments one after another are one comment.
        """
        part = self.part
        if part is None or part.kind is not PartKind.COMMENT:
            return b""
        low = max(0, self.one.start - _BLOCK)
        begin = max(part.start, low)
        value = self.text.value
        while begin > low:
            line_start = value.rfind(b"\n", low, begin) + 1
            if value[line_start:begin].strip() or not line_start:
                break
            above = max(value.rfind(b"\n", low, line_start - 1) + 1, low)
            if value[above:line_start].lstrip()[:1] not in _COMMENTS:
                break
            begin = above + len(value[above:line_start]) - len(value[above:line_start].lstrip())
        return value[begin : self._line_end()]

    def paragraph(self) -> bytes:
        """Give the lines before it up to an empty one, with its own, of the string or comment that it stands in."""
        part = self.part
        end = self._line_end()
        if part is not None and part.kind is PartKind.COMMENT:
            held = self.comment()
            low = end - len(held)
        else:
            low = max(0, self.one.start - _LINE, part.start if part is not None else 0)
        lines = self.text.value[low : self.one.start].split(b"\n")
        first = len(lines) - 1
        while first and lines[first - 1].strip().strip(_MARKS):
            first -= 1
        return b"\n".join(lines[first:]) + self.text.value[self.one.start : end]

    def statement(self) -> bytes:
        """Give what stands before it, from the last line that is not indented, up to a bound."""
        low = max(0, self.one.start - _LINE)
        lines = self.text.value[low : self.one.start].split(b"\n")
        first = len(lines) - 1
        while first and lines[first][:1] in _INDENTS:
            first -= 1
        return b"\n".join(lines[first:])

    def _line_start(self) -> int:
        low = max(0, self.one.start - _LINE)
        found = self.text.value.rfind(b"\n", low, self.one.start)
        return found + 1 if found >= 0 else low

    def _line_end(self) -> int:
        high = self.one.end + _LINE
        found = self.text.value.find(b"\n", self.one.end, high)
        return found if found >= 0 else min(high, len(self.text.value))


_COMMENTS: Final = frozenset((b"#", b"/", b"*", b";", b"%", b"-", b"!", b'"'))
"""How a line begins that is a comment."""
