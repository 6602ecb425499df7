r"""Patterns of paths as git's ``.gitignore`` has them, as linear ones (RE2), by bytes as git takes them.

The rule: a pattern means what ``git check-ignore`` says (a test asks it; only with ``a**/b`` does git not keep to its documents,
which are followed here), and none makes a match slow. Libraries that translate such patterns make ones for a backtracking engine,
take 70 ms to load, and read classes in other ways.

>>> compile_pattern("tests/**/*.csv")(path_bytes("tests/a/b/people.csv"))
True
>>> compile_pattern("/build/")(path_bytes("src/build/x"))
False
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import re2

LONGEST: Final = 1_000  # characters
Matches = Callable[[str], bool]

_POSIX: Final[Mapping[str, Callable[[str], bool]]] = {
    "alnum": lambda char: char.isalnum(),
    "alpha": lambda char: char.isalpha(),
    "blank": lambda char: char in " \t",
    "cntrl": lambda char: ord(char) < 32 or ord(char) == 127,
    "digit": lambda char: char.isdigit(),
    "graph": lambda char: 32 < ord(char) < 127,
    "lower": lambda char: char.islower(),
    "print": lambda char: 32 <= ord(char) < 127,
    "punct": lambda char: 32 < ord(char) < 127 and not char.isalnum(),
    "space": lambda char: char in " \t\n\r\v\f",
    "upper": lambda char: char.isupper(),
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
}


class BadPattern(Exception):
    """A pattern that fits nothing. `what` says what is wrong, `mend` what to do."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


def path_bytes(path: str) -> str:
    """Give a path as patterns see it: a character for each byte."""
    return os.fsencode(path).decode("latin-1")


def compile_pattern(pattern: str) -> Matches:
    """Make a pattern ready, without the `!` that may stand before it. Raises `BadPattern`."""
    if len(pattern) > LONGEST:
        raise BadPattern(f"the pattern has more than {LONGEST} characters", "write a shorter one")
    spelt = path_bytes(pattern)
    inside = spelt.endswith("/")
    bare = spelt.removesuffix("/")
    anchored = "/" in bare
    bare = bare.removeprefix("/")
    if not bare:
        raise BadPattern("the pattern names nothing", "write a path: tests/fixtures/**")
    body = _translated(bare)
    head = "" if anchored else "(?:.*/)?"
    tail = "/.*" if inside else "(?:/.*)?"
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        compiled = re2.compile(f"{head}{body}{tail}", options=options)
    except re2.error:
        raise BadPattern("the pattern is too large", "write a shorter one") from None
    return _Fits(compiled)


@dataclass(frozen=True, slots=True)
class _Fits:
    pattern: "re2._Regexp[str]"

    def __call__(self, path: str) -> bool:
        return self.pattern.fullmatch(path) is not None


def _translated(pattern: str) -> str:
    made = list[str]()
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            end = at
            while pattern[end : end + 1] == "*":
                end += 1
            at = _stars(pattern, at, end, made)
        elif char == "?":
            made.append("[^/]")
            at += 1
        elif char == "[":
            at = _class(pattern, at, made)
        elif char == "\\":
            if at + 1 == len(pattern):
                raise BadPattern("the pattern ends in a backslash", "double it, or take it away")
            made.append(re2.escape(pattern[at + 1]))
            at += 2
        else:
            made.append(re2.escape(char))
            at += 1
    return "".join(made)


def _stars(pattern: str, at: int, end: int, made: list[str]) -> int:
    """Translate stars from `at` to `end`; give where to go on. Two or more between slashes stand for any folders."""
    bounded = (at == 0 or pattern[at - 1] == "/") and pattern[end : end + 1] in ("", "/")
    if end - at < 2 or not bounded:
        made.append("[^/]*")
        return end
    if end == len(pattern):
        made.append(".*" if at == 0 else ".+")
        return end
    made.append("(?:.*/)?")
    return end + 1


def _class(pattern: str, at: int, made: list[str]) -> int:
    """Translate a class in brackets, which never holds a slash; give where to go on."""
    end = at + 1
    inverted = pattern[end : end + 1] in ("!", "^")
    end += inverted
    held = set[int]()
    first, before = True, -1
    while first or pattern[end : end + 1] != "]":
        first = False
        if end >= len(pattern):
            raise BadPattern(
                "a bracket in the pattern is not closed", "close it, or write \\[ for the character itself"
            )
        if pattern.startswith("[:", end):
            close = pattern.find(":]", end)
            test = _POSIX.get(pattern[end + 2 : close]) if close > 0 else None
            if test is None:
                raise BadPattern("a class in the pattern is unknown", f"one of: {', '.join(_POSIX)}")
            held |= {number for number in range(128) if test(chr(number))}
            end, before = close + 2, -1
            continue
        if pattern[end] == "-" and before >= 0 and pattern[end + 1 : end + 2] not in ("", "]"):
            last, end = _char(pattern, end + 1)
            held |= set(range(before, last + 1))
            before = -1
            continue
        before, end = _char(pattern, end)
        held.add(before)
    chosen = (set(range(256)) - held if inverted else held) - {ord("/")}
    if not chosen:
        raise BadPattern("a class in the pattern holds nothing", "write a character between the brackets")
    made.append("[" + "".join(f"\\x{{{number:02x}}}" for number in sorted(chosen)) + "]")
    return end + 1


def _char(pattern: str, at: int) -> tuple[int, int]:
    if pattern[at] == "\\":
        at += 1
        if at >= len(pattern):
            raise BadPattern("the pattern ends in a backslash", "double it, or take it away")
    return ord(pattern[at]), at + 1
