"""What announces a pattern that a user wrote: the short piece that every match of it holds, and that little else does.

The rule: a trigger is worth it only where it is rare in ordinary text. How rare it is, is reckoned from how often letters, digits
and signs stand in logs and prose; where no piece is rare enough, there is none, and the pattern is tried beside its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from ringfence.detect._regular import Choice, Edge, Repeat, Sequel, Tree, extent, spelt, ways
from ringfence.detect._regular_chars import Chars

TRIGGER_MOST = 24  # bytes, as the engine has it
REACH_MOST = 512  # bytes of a value
_RARE, _RARE_ENOUGH = log(2e-5), log(1e-4)
_COMMON_SIGNS = frozenset(b".,-_/:=\"'()")
_OFTEN = {"digit": 0.02, "small": 0.02, "capital": 0.004, "blank": 0.1, "sign": 0.01, "rare": 0.002}
_AGAIN = {"digit": 0.07, "small": 0.035, "capital": 0.015}
"""How often a character stands anywhere, and behind one of its own kind: digits and letters come in rows."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A pattern for the engine, and its trigger; empty: there is none. Reaches are in bytes."""

    pattern: str
    trigger: str
    before: int
    after: int


def announced(tree: Tree) -> list[Announced]:
    """Give each way of a pattern with what announces it."""
    return [_announced(parts) for parts in ways(tree)]


def _announced(parts: Sequence[Tree]) -> Announced:
    pattern, most = _bounded(parts), _most(parts)
    window = _window(parts)
    if window is None:
        return Announced(pattern, "", 0, most)
    begin, end = window
    trigger = "".join(map(_in_bytes, parts[begin:end]))
    return Announced(pattern, trigger, _most(parts[:begin]) + 1, _most(parts[end:]))


def _bounded(parts: Sequence[Tree]) -> str:
    """Write a pattern that begins where a word could, if it begins with a part of one."""
    ahead = r"(?:\b|_)" if _begins_a_word(parts) else ""
    return ahead + "(?:" + spelt(Sequel(tuple(parts))) + ")"


def _begins_a_word(parts: Sequence[Tree]) -> bool:
    """Tell whether every match begins with a letter or digit of ASCII."""
    match next((part for part in parts if not isinstance(part, Edge)), None):
        case Chars() as first:
            codes = (code for low, high in first.ranges for code in range(low, high + 1))
            return first.is_ascii and all(chr(code).isalnum() for code in codes)
        case Choice(parts=ways_of):
            return all(_begins_a_word((way,)) for way in ways_of)
        case Sequel(parts=inner):
            return _begins_a_word(inner)
        case Repeat(part=part, least=least) if least:
            return _begins_a_word((part,))
    return False


def _most(parts: Sequence[Tree]) -> int:
    most = extent(Sequel(tuple(parts)))[1]
    return REACH_MOST if most is None else min(most, REACH_MOST)


def _window(parts: Sequence[Tree]) -> tuple[int, int] | None:
    """Find the shortest run of parts that is rare enough; of several, the rarest."""
    found: list[tuple[bool, int, float, int]] = []
    for begin in range(len(parts)):
        size, rarity = 0, 0.0
        for end in range(begin, len(parts)):
            part = parts[end]
            how_often = _often(part, parts[end - 1] if end > begin else None)
            if how_often is None:
                break
            size, rarity = size + (extent(part)[1] or 0), rarity + how_often
            if size > TRIGGER_MOST:
                break
            if rarity <= _RARE_ENOUGH and _has_text(parts[begin : end + 1]):
                found.append((rarity > _RARE, end + 1 - begin, rarity, begin))
    if not found:
        return None
    _, length, _, begin = min(found)
    return begin, begin + length


def _has_text(parts: Sequence[Tree]) -> bool:
    """Tell a piece that holds a letter or sign of its own from a row of classes, which would slow the first pass down."""
    return any(isinstance(part, Choice) or (isinstance(part, Chars) and part.size <= 2) for part in parts)


def _often(part: Tree, before: Tree | None) -> float | None:
    """Give the logarithm of how often a part stands at a place; None where it can be no part of a trigger."""
    match part:
        case Edge():
            return 0.0
        case Chars() if part.is_ascii or part.size <= 2:
            return log(
                min(1.0, sum(_share(code, before) for low, high in part.ranges for code in range(low, high + 1)))
            )
        case Choice(parts=parts):
            each = [_often_all(one) for one in parts]
            return None if None in each else max(one for one in each if one is not None) + log(len(each))
        case Sequel():
            return _often_all(part)
        case Repeat(most=most) if most is not None and most <= TRIGGER_MOST and extent(part)[0] == 0:
            return 0.0 if _often(part.part, None) is not None else None
    return None


def _often_all(part: Tree) -> float | None:
    total, before = 0.0, None
    for one in part.parts if isinstance(part, Sequel) else (part,):
        how_often = _often(one, before)
        if how_often is None:
            return None
        total, before = total + how_often, one
    return total


def _kind(code: int) -> str:
    sign = chr(code)
    if not sign.isascii():
        return "rare"
    if sign.isdigit():
        return "digit"
    if sign.isalpha():
        return "small" if sign.islower() else "capital"
    return "blank" if sign == " " else "sign" if code in _COMMON_SIGNS else "rare"


def _share(code: int, before: Tree | None) -> float:
    kind = _kind(code)
    follows = isinstance(before, Chars) and kind in _AGAIN and any(_kind(low) == kind for low, _ in before.ranges)
    return _AGAIN[kind] if follows else _OFTEN[kind]


def _in_bytes(part: Tree) -> str:
    """Write a part of a trigger, which is read byte by byte: letters that are not ASCII as the bytes that they are."""
    match part:
        case Chars() if not part.is_ascii:
            return "(?:" + "|".join(chr(code) for low, high in part.ranges for code in range(low, high + 1)) + ")"
        case Sequel(parts=parts):
            return "".join(map(_in_bytes, parts))
        case Choice(parts=parts):
            return "(?:" + "|".join(map(_in_bytes, parts)) + ")"
        case Repeat(part=inner, most=most):
            return f"(?:{_in_bytes(inner)}){{0,{most}}}"
    return spelt(part)
