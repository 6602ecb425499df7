"""What is wrong with a policy: file, line, column, what, and how it is mended.

The rule: a problem is shown to whoever wrote the policy, and may be logged; so it quotes nothing but names. What stands where a
name should stand is quoted only if it looks like one (`quoted`): a policy is the last place where personal data belongs, and the
first where somebody pastes it by mistake. Nothing that is not a name is ever quoted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import re2

_NAME = re2.compile(r"[A-Za-z_*][\w.*-]{0,59}")
_DIGITS = re2.compile(r"[0-9]")
_MOST_DIGITS = 4  # a name may end in a year; with five digits and more it may be a number that belongs to somebody
_MOST_LISTED = 8
_LONGEST_COMPARED = 64  # difflib's cost grows with the product of the lengths

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a policy's texts; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth a look (`severity`), with its mend. `code` names the rule that says so."""

    file: str
    line: int
    column: int
    what: str
    mend: str = ""
    severity: Literal["error", "warning"] = "error"
    code: str = ""

    def __str__(self) -> str:
        said = f"{self.file}:{self.line}:{self.column}: {self.what}"
        return f"{said}\n  {self.mend}" if self.mend else said


class PolicyError(ValueError):
    """A policy that cannot be taken as it is: at most ten problems, in the order of their places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line, problem.column))
        self.problems: tuple[Problem, ...] = tuple(found[:MOST_SHOWN])
        self.left_out = len(found) - len(self.problems)
        more = [f"and {self.left_out} more: mend these first"] if self.left_out else []
        super().__init__("\n".join([*map(str, self.problems), *more]))


def quoted(word: object) -> str:
    """Quote what was written if it looks like a name, else nothing: ``' "stafff"'``, with the space before it.

    >>> quoted("stafff"), quoted("someone@shop.example"), quoted("123-45-6789"), quoted("x378282246310005")
    (' "stafff"', '', '', '')
    """
    if not isinstance(word, str) or not _NAME.fullmatch(word) or len(_DIGITS.findall(word)) > _MOST_DIGITS:
        return ""
    return f' "{word}"'


def nearest(word: object, valid: Iterable[str], none: str = "") -> str:
    """Say which valid word was probably meant, or which there are; `none` is said where there are none at all.

    >>> nearest("carrry", ["carry", "else"]), nearest("x", ["carry", "else"])
    ('did you mean "carry"?', 'one of: carry, else')
    """
    words = sorted(set(valid))
    if not words:
        return none
    near = _near(word, words) if isinstance(word, str) and len(word) <= _LONGEST_COMPARED else None
    if near is not None:
        return f'did you mean "{near}"?'
    if len(words) <= _MOST_LISTED:
        return f"one of: {', '.join(words)}"
    return f"one of: {', '.join(words[:_MOST_LISTED])} and {len(words) - _MOST_LISTED} more"


def _near(word: str, words: list[str]) -> str | None:
    """Find the word that was meant: but for its case, by its spelling, or by the last part of its path (``email``)."""
    folded = word.casefold()
    by_case = [each for each in words if each.casefold() == folded]
    by_spelling = get_close_matches(word, words, n=1)
    by_end = [each for each in words if each.rpartition(".")[2] == folded]
    return next(iter([*by_case, *by_spelling, *by_end]), None)
