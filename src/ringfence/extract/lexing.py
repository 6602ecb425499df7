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
from ringfence.extract.model import Part, PartKind

_HEREDOC: Final = r"<<[<~-]?[ \t]*['\"]?[A-Za-z_]\w*['\"]?"
_NAME: Final = re2.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_OUTSIDE: Final = r"\?>(?s:.*?)(?:<\?|\z)"
_TEMPLATE_ENDS: Final = re2.compile(rb"(?s:[^`\\$]|\\.|\$[^{`])*?(?:`|\$\{|\$`|\z)")
_MOST_TEMPLATES: Final = 64  # in each other


@dataclass(frozen=True, slots=True)
class _Lexer:
    tokens: "re2._Regexp[bytes]"
    comment: "re2._Regexp[bytes]"
    inside: "re2._Regexp[bytes] | None"  # tokens and braces, in a program that stands in a template
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
    inside = re2.compile((tokens + r"|[{}]").encode(), options) if rules.templates else None
    return _Lexer(
        re2.compile(tokens.encode(), options),
        re2.compile(comments.encode(), options),
        inside,
        rules.heredocs,
        rules.outside,
    )


def parts_of(value: bytes, language: str) -> Callable[[], Sequence[Part]] | None:
    """Give what finds a program's strings and comments, when it is asked; None for a language that is not known."""
    return partial(parts, value, language) if language in LANGUAGES else None


def parts(value: bytes, language: str) -> list[Part]:
    """Find a program's strings and comments.

    >>> [(part.start, part.end, part.kind.value) for part in parts(b"a = 'b'  # c", "python")]
    [(4, 7, 'string'), (9, 12, 'comment')]
    """
    lexer = _lexer(language)
    found: list[Part] = []
    at, size = 0, len(value)
    if lexer.outside:
        begins = value.find(b"<?")
        at = size if begins < 0 else begins
        if at:
            found.append(Part(0, at, PartKind.STRING))
    depths: list[int] = []  # of braces, in each template that is open
    opened: list[tuple[bytes, int]] = []  # heredocs, and from where on they may begin
    while at < size:
        pattern = lexer.inside if depths and lexer.inside is not None else lexer.tokens
        token = pattern.search(value, at)
        if opened:
            limit = value.find(b"\n", at)
            if limit >= 0 and (token is None or token.start() > limit):
                at = _heredocs(value, limit, opened, found)
                continue
        if token is None:
            break
        start, end = token.span()
        mark = value[start:end]
        if end <= at:
            at += 1
        elif depths and mark == b"{":
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
            kind = PartKind.COMMENT if lexer.comment.match(value, start, end) is not None else PartKind.STRING
            found.append(Part(start, end, kind))
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
