"""Finding the strings and comments of a program: one linear pass by a language's rules.

The rule: it never fails. Parts come in order, do not overlap and lie inside the text; what is never closed goes on to the end of
its line or of the text. A text of a language that is not known has no parts, and all of it counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

import re2

from ringfence.extract.languages import LANGUAGES
from ringfence.extract.model import Part, PartKind, Parts

_HEREDOC: Final = r"<<[<~-]?[ \t]*['\"]?[A-Za-z_]\w*['\"]?"
_NAME: Final = re2.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_OUTSIDE: Final = r"\?>(?s:.*?)(?:<\?|\z)"
_TEMPLATE_ENDS: Final = re2.compile(rb"(?s:[^`\\$]|\\.|\$[^{`])*?(?:`|\$\{|\$`|\z)")
_MOST_TEMPLATES: Final = 64  # in each other

_Match = Callable[[object, bytes, int, int], Sequence[tuple[int, int]]]
"""RE2's own function, as its binding gives it: the binding's `search` builds an object for each match, which costs four times the
search itself, and a program has a token in every line."""
_UNANCHORED: Final[object] = re2._Anchor.UNANCHORED  # noqa: SLF001 (see `_Match`)
_ANCHORED: Final[object] = re2._Anchor.ANCHOR_START  # noqa: SLF001 (see `_Match`)


@dataclass(frozen=True, slots=True)
class _Lexer:
    tokens: _Match
    comment: _Match
    inside: _Match | None  # tokens and braces, in a program that stands in a template
    heredocs: bool
    outside: bool


@cache
def _lexer(language: str) -> _Lexer:
    rules = LANGUAGES[language][1]
    strings = (
        *((_OUTSIDE,) if rules.outside else ()),
        *((_HEREDOC,) if rules.heredocs else ()),
        *(("`",) if rules.templates else ()),
        *rules.strings,
    )
    comments = "|".join(rules.comments)
    tokens = "|".join((comments, *strings))
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False

    def match(pattern: str) -> _Match:
        made: _Match = re2.compile(pattern.encode(), options)._regexp.Match  # noqa: SLF001 (see `_Match`)
        return made

    return _Lexer(
        match(tokens),
        match(comments),
        match(tokens + r"|[{}]") if rules.templates else None,
        rules.heredocs,
        rules.outside,
    )


def parts_of(value: bytes, language: str) -> Parts | None:
    """Give what finds a program's strings and comments, when it is asked; None for a language that is not known."""
    return partial(parts, value, language) if language in LANGUAGES else None


def parts(value: bytes, language: str, until: int | None = None) -> list[Part]:
    """Find a program's strings and comments; those that begin behind `until` need not be looked for.

    >>> [(part.start, part.end, part.kind.value) for part in parts(b"a = 'b'  # c", "python")]
    [(4, 7, 'string'), (9, 12, 'comment')]
    """
    lexer = _lexer(language)
    tokens, comment = lexer.tokens, lexer.comment
    is_plain = not lexer.heredocs and lexer.inside is None
    found: list[Part] = []
    at, size = 0, len(value)
    stop = size if until is None else min(size, until + 1)
    if lexer.outside:
        begins = value.find(b"<?")
        at = size if begins < 0 else begins
        if at:
            found.append(Part(0, at, PartKind.STRING))
    depths: list[int] = []  # of braces, in each template that is open
    opened: list[tuple[bytes, int]] = []  # heredocs, and from where on they may begin
    while at < stop:
        match = lexer.inside if depths and lexer.inside is not None else tokens
        start, end = match(_UNANCHORED, value, at, size)[0]
        if opened:
            limit = value.find(b"\n", at)
            if limit >= 0 and (start < 0 or start > limit):
                at = _heredocs(value, limit, opened, found)
                continue
        if start < 0:
            break
        if end <= at:
            at += 1
            continue
        if is_plain:
            is_comment = comment(_ANCHORED, value, start, end)[0][0] >= 0
            found.append(Part(start, end, PartKind.COMMENT if is_comment else PartKind.STRING))
            at = end
            continue
        mark = value[start:end]
        if depths and mark == b"{":
            depths[-1] += 1
            at = end
        elif depths and mark == b"}":
            depths[-1] -= 1
            at = end
            if depths[-1] < 0:
                depths.pop()
                at = _template(value, start, end, depths, found)
        elif mark == b"`" and lexer.inside is not None:
            at = _template(value, start, end, depths, found)
        elif lexer.heredocs and mark.startswith(b"<<"):
            name = _NAME.search(mark)
            if name is not None and (mark[2:3] in b"<~-'\"" or name[0].isupper()):
                opened.append((name[0], end))
            at = end
        else:
            is_comment = comment(_ANCHORED, value, start, end)[0][0] >= 0
            found.append(Part(start, end, PartKind.COMMENT if is_comment else PartKind.STRING))
            at = end
    return found


def _template(value: bytes, start: int, at: int, depths: list[int], found: list[Part]) -> int:
    """Take the text of a template up to its end or to the program in it; give where that begins."""
    ends = _TEMPLATE_ENDS.match(value, at)
    end = ends.end() if ends is not None else len(value)
    found.append(Part(start, end, PartKind.STRING))
    if value.endswith(b"${", start, end):
        if len(depths) >= _MOST_TEMPLATES:
            depths.clear()
        depths.append(0)
    return end


def _heredocs(value: bytes, limit: int, opened: list[tuple[bytes, int]], found: list[Part]) -> int:
    """Take the texts that a line has opened, which begin behind it; give where the program goes on."""
    at = limit
    for name, _ in opened:
        start = at + 1
        end = start
        while end < len(value):
            line_end = value.find(b"\n", end)
            line_end = len(value) if line_end < 0 else line_end
            if (
                value[end:line_end].strip(b" \t\r;,)").startswith(name)
                and len(value[end:line_end].strip()) < len(name) + 4
            ):
                break
            end = line_end + 1
        end = min(end, len(value))
        if end > start:
            found.append(Part(start, end, PartKind.STRING))
        at = end - 1 if end < len(value) else len(value)
    opened.clear()
    return at + 1 if at < len(value) else len(value)
