r"""Patterns that users write: read, held to what the engine can keep, and what announces them.

The rule: a pattern is read by this module's own small grammar, of RE2's syntax, and written again from what was understood; what
is not understood is refused. So it is known how long a match can be, that it fits neither nothing nor a line's end, and which short
piece of it (a trigger) every match holds. What needs more than linear time (lookaround, backreferences) has no place in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from ringfence.detect._lenience import Lenience
from ringfence.detect._regular_chars import (
    ANY,
    BREAK,
    Chars,
    bytes_of,
    chars,
    classes,
    either_case,
    invert,
    posix,
    without_breaks,
    written,
)

LONGEST = 1000  # characters of a pattern
MOST_DEPTH = 32
MOST_REPEATS = 1000  # RE2's own bound


class BadPattern(ValueError):
    """A pattern that cannot be taken: what is wrong with it, and the mend. It quotes nothing of the pattern."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


@dataclass(frozen=True, slots=True)
class Edge:
    """A condition on a place between two characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequel:
    """One after another."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many times; `most` is None where there is no bound."""

    part: "Tree"
    least: int
    most: int | None


Tree: TypeAlias = Chars | Edge | Sequel | Choice | Repeat


def extent(tree: Tree) -> tuple[int, int | None]:
    """Give the least and the most bytes of a match; None: without bound."""
    match tree:
        case Chars():
            return bytes_of(tree)
        case Edge():
            return 0, 0
        case Sequel(parts=parts):
            ends = [extent(part) for part in parts]
            most = [high for _, high in ends if high is not None]
            return sum(low for low, _ in ends), sum(most) if len(most) == len(ends) else None
        case Choice(parts=parts):
            ends = [extent(part) for part in parts]
            most = [high for _, high in ends if high is not None]
            return min(low for low, _ in ends), max(most) if len(most) == len(ends) else None
        case Repeat(part=part, least=least, most=bound):
            low, high = extent(part)
            if high == 0:
                return 0, 0
            return low * least, high * bound if high is not None and bound is not None else None


def spelt(tree: Tree) -> str:
    """Write a tree as RE2 reads it."""
    match tree:
        case Chars():
            return written(tree)
        case Edge(text=text):
            return text
        case Sequel(parts=parts):
            return "".join(map(spelt, parts))
        case Choice(parts=parts):
            return "(?:" + "|".join(map(spelt, parts)) + ")"
        case Repeat(part=part, least=least, most=most):
            inner = spelt(part)
            inner = inner if isinstance(part, Chars | Choice) else f"(?:{inner})"
            return inner + _times(least, most)


_SHORT: dict[tuple[int, int | None], str] = {(0, 1): "?", (0, None): "*", (1, None): "+"}


def _times(least: int, most: int | None) -> str:
    if (least, most) in _SHORT:
        return _SHORT[least, most]
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def ways(tree: Tree) -> Iterator[tuple[Tree, ...]]:
    """Give each way at the top of a pattern as its parts, repetitions taken apart where that shows what every match holds."""
    match tree:
        case Choice(parts=parts):
            for part in parts:
                yield from ways(part)
        case Sequel(parts=(only,)):
            yield from ways(only)
        case _:
            yield tuple(_apart(tree))


_COPIES = 32


def _apart(tree: Tree) -> Iterator[Tree]:
    match tree:
        case Sequel(parts=parts):
            for part in parts:
                yield from _apart(part)
        case Repeat(part=part, least=least, most=most) if 0 < least <= _COPIES:
            for _ in range(least):
                yield from _apart(part)
            if most is None or most > least:
                yield Repeat(part, 0, None if most is None else most - least)
        case _:
            yield tree


def _is_of_words(found: Chars) -> bool:
    return found.is_ascii and all(
        chr(code).isalnum() or chr(code) in "_-." for low, high in found.ranges for code in range(low, high + 1)
    )


def read_pattern(text: str, lenience: Lenience = Lenience.NONE) -> Tree:
    """Read a pattern. Raises `BadPattern`."""
    if len(text) > LONGEST:
        raise BadPattern(f"the pattern has more than {LONGEST} characters", "shorten it, or make several of it")
    tree = _Reader(text, lenience).whole()
    if extent(tree)[0] == 0:
        raise BadPattern("the pattern fits an empty text", "let something in it be required: `+` in place of `*`")
    return tree


_LOOKING = ("(?=", "(?!", "(?<=", "(?<!")
_NOT_LINEAR = (
    "is not linear: RE2 has neither lookaround nor backreferences, atomic groups nor possessive repetition",
    "leave it out; a number is taken only where it is no part of a longer one, and `words` say what stands beside it",
)
_FLAGS = frozenset("imsU-")
_LETTERS = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}


class _Reader:
    """Reads one pattern from its beginning to its end."""

    def __init__(self, text: str, lenience: Lenience) -> None:
        self._text = text
        self._lenience = lenience
        self._at = 0
        self._depth = 0
        self._folds = False  # (?i)
        self._dots_all = False  # (?s)

    def whole(self) -> Tree:
        tree = self._choice()
        if self._at < len(self._text):
            self._fail("has a closing bracket too many", "take it out, or write \\)")
        return tree

    def _fail(self, what: str, mend: str) -> NoReturn:
        raise BadPattern(f"the pattern, at its character {self._at + 1}, {what}", mend)

    def _peek(self, size: int = 1) -> str:
        return self._text[self._at : self._at + size]

    def _take(self) -> str:
        taken = self._peek()
        if not taken:
            self._fail("breaks off", "finish it, or write a backslash before the sign that it ends in")
        self._at += 1
        return taken

    def _choice(self) -> Tree:
        folds, dots = self._folds, self._dots_all
        self._depth += 1
        if self._depth > MOST_DEPTH:
            self._fail("is nested too deep", f"use at most {MOST_DEPTH} groups in one another")
        parts = [self._sequel()]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._sequel())
        self._depth -= 1
        self._folds, self._dots_all = folds, dots
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequel(self) -> Tree:
        parts: list[Tree] = []
        while (sign := self._peek()) and sign not in "|)":
            part = self._part()
            if part is not None:
                parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequel(tuple(parts))

    def _part(self) -> Tree | None:
        """Read one part; None where it was only a flag."""
        sign = self._take()
        match sign:
            case "(":
                return self._group()
            case "[":
                return self._checked(self._class())
            case ".":
                return self._checked(ANY if self._dots_all else without_breaks(ANY))
            case "\\":
                return self._escape()
            case "^" | "$":
                self._at -= 1
                self._fail(
                    "has an anchor", "leave it out: a value is found inside a text; \\b stands at the end of a word"
                )
            case "*" | "+" | "?":
                self._at -= 1
                self._fail("repeats nothing", "write a backslash before the sign, or something to repeat")
        return self._literal(ord(sign))

    def _literal(self, code: int) -> Chars:
        return self._checked(either_case(chars((code, code))) if self._folds else chars((code, code)))

    def _checked(self, found: Chars) -> Chars:
        """Hold a class to the rule that no value reaches over a line's end."""
        if self._lenience < Lenience.BREAKS and found.has(BREAK):
            self._fail("fits a line feed", "write [ \\t] in place of \\s, and \\n into a class that begins with ^")
        found = without_breaks(found)
        if not found.ranges:
            self._fail("has a class that nothing fits", "put something into it")
        return found

    def _group(self) -> Tree | None:
        outside = (self._folds, self._dots_all)
        if self._lenience >= Lenience.EDGES and (free := self._standing_free()) is not None:
            return free
        if self._peek() == "?":
            if any(self._text.startswith(one, self._at - 1) for one in (*_LOOKING, "(?>", "(?P=", "(?(")):
                self._at -= 1
                self._fail(*_NOT_LINEAR)
            self._at += 1
            if self._peek() in ("P", "<"):
                self._name()
            elif self._flags():
                return None
        tree = self._choice()
        self._folds, self._dots_all = outside
        if self._take() != ")":
            self._fail("has a bracket that is not closed", "close it")
        return tree

    def _standing_free(self) -> Tree | None:
        """Read a lookaround that says only what holds of every value here: no letter or digit stands right beside it."""
        before = self._at
        sign = next((one for one in ("?<!", "?!") if self._peek(len(one)) == one), None)
        if sign is None:
            return None
        self._at += len(sign)
        inner = self._choice()
        if isinstance(inner, Chars) and _is_of_words(inner) and self._take() == ")":
            return Edge("")
        self._at = before
        return None

    def _name(self) -> None:
        end = self._text.find(">", self._at)
        if end < 0:
            self._fail("has a group without the end of its name", "write (?P<name>...)")
        self._at = end + 1

    def _flags(self) -> bool:
        """Read the flags of a group; say whether they are all of it, and mean what follows."""
        folds, dots, on = self._folds, self._dots_all, True
        while (sign := self._take()) not in ":)":
            if sign not in _FLAGS:
                self._fail("has a flag that RE2 does not have", "i and s are known: (?i)")
            on = on and sign != "-"
            folds = on if sign == "i" else folds
            dots = on if sign == "s" else dots
        self._folds, self._dots_all = folds, dots
        return sign == ")"

    def _repeated(self, part: Tree) -> Tree:
        while bounds := self._bounds():
            least, most = bounds
            if isinstance(part, Edge):
                self._fail("repeats a place", "repeat what stands beside it")
            if self._peek() == "+":
                self._fail(*_NOT_LINEAR)
            if self._peek() == "?":
                self._at += 1  # as few as possible: where a value ends is settled by what stands beside it
            part = Repeat(part, least, most)
        return part

    def _bounds(self) -> tuple[int, int | None] | None:
        sign = self._peek()
        if sign in ("*", "+", "?"):
            self._at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        if sign != "{":
            return None
        end = self._text.find("}", self._at)
        least, comma, most = self._text[self._at + 1 : max(end, 0)].partition(",")
        if not least.isdigit() or (most and not most.isdigit()):
            return None  # a brace that stands for itself
        low, high = int(least), (int(most) if most else None) if comma else int(least)
        if max(low, high or 0) > MOST_REPEATS or (high is not None and high < low):
            self._fail("repeats something too often, or less than nothing", f"at most {MOST_REPEATS} times: {{2,5}}")
        self._at = end + 1
        return low, high

    def _escape(self) -> Tree:
        sign = self._take()
        if sign in "bB":
            return Edge("\\" + sign)
        if sign in "AzZGK":
            self._at -= 2
            self._fail("has an anchor", "leave it out: a value is found inside a text")
        if (sign.isdigit() and sign != "0") or sign in "gk":
            self._at -= 2
            self._fail(*_NOT_LINEAR)
        self._at -= 1
        found = self._escaped()
        return self._checked(either_case(found) if self._folds and found.single is not None else found)

    def _escaped(self) -> Chars:
        """Read what follows a backslash, in a class or out of it, where it stands for characters."""
        sign = self._take()
        if (known := classes(sign)) is not None:
            return known
        if sign in _LETTERS:
            return chars((_LETTERS[sign],) * 2)
        if sign == "x":
            return self._by_number()
        if sign == "0":
            return chars((0, 0))
        if sign.isalnum():
            self._at -= 1
            self._fail("has an escape that is not known here", "write the characters themselves, in a class")
        return chars((ord(sign), ord(sign)))

    def _by_number(self) -> Chars:
        if self._peek() == "{":
            end = self._text.find("}", self._at)
            digits, self._at = self._text[self._at + 1 : max(end, 0)], max(end + 1, self._at)
        else:
            digits, self._at = self._peek(2), self._at + 2
        try:
            code = int(digits, 16)
        except ValueError:
            code = -1
        if not 0 <= code <= ANY.ranges[-1][1]:
            self._fail("names no character by that number", "write \\x41 or \\x{1F600}")
        return chars((code, code))

    def _class(self) -> Chars:
        is_not = self._peek() == "^"
        self._at += is_not
        ranges: list[tuple[int, int]] = []
        first = True
        while (sign := self._take()) != "]" or first:
            first = False
            if sign == "[" and self._peek() == ":":
                ranges.extend(self._posix().ranges)
                continue
            low = self._escaped() if sign == "\\" else chars((ord(sign), ord(sign)))
            if self._peek() == "-" and self._peek(2) != "-]" and low.single is not None:
                self._at += 1
                sign = self._take()
                high = (self._escaped() if sign == "\\" else chars((ord(sign), ord(sign)))).single
                if high is None or high < low.single:
                    self._fail("has a range that runs backwards", "write the smaller character first: [a-z]")
                low = chars((low.single, high))
            ranges.extend(low.ranges)
        found = chars(*ranges)
        found = either_case(found) if self._folds else found
        return invert(found) if is_not else found

    def _posix(self) -> Chars:
        end = self._text.find(":]", self._at)
        found = posix(self._text[self._at + 1 : max(end, 0)])
        if found is None:
            self._fail("has a class of an unknown name", "write its characters: [a-z]")
        self._at = end + 2
        return found
