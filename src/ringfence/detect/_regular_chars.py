"""Classes of characters in patterns that users write: ranges of code points, and how RE2 reads them.

The rule: ranges are in order and apart. What ends a line or joins two values (line feed, U+001E, U+001F) is in no class that is
written again.
"""

from dataclasses import dataclass

BREAK = 0x0A
_LAST = 0x10FFFF
_TAKEN_OUT = ((0x0A, 0x0A), (0x1E, 0x1F))


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of these ranges, both ends within."""

    ranges: tuple[tuple[int, int], ...]

    @property
    def single(self) -> int | None:
        """The only character of it, where there is but one."""
        return self.ranges[0][0] if self.size == 1 else None

    @property
    def size(self) -> int:
        """How many characters."""
        return sum(high - low + 1 for low, high in self.ranges)

    @property
    def is_ascii(self) -> bool:
        """Whether all of them are ASCII."""
        return self.ranges[-1][1] < 0x80

    def has(self, code: int) -> bool:
        """Tell whether a character is one of them."""
        return any(low <= code <= high for low, high in self.ranges)


def chars(*ranges: tuple[int, int]) -> Chars:
    """Make a class of ranges in any order.

    >>> chars((48, 57), (50, 60), (65, 65)).ranges
    ((48, 60), (65, 65))
    """
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return Chars(tuple(joined))


ANY = chars((0, _LAST))


def invert(given: Chars) -> Chars:
    """Give all other characters."""
    ranges, at = [], 0
    for low, high in given.ranges:
        if at < low:
            ranges.append((at, low - 1))
        at = high + 1
    if at <= _LAST:
        ranges.append((at, _LAST))
    return Chars(tuple(ranges))


def without_breaks(given: Chars) -> Chars:
    """Take out what no value reaches across."""
    return invert(chars(*invert(given).ranges, *_TAKEN_OUT))


_SPREAD = 256  # characters of a class that are folded one by one; larger ones have both cases already, or neither


def either_case(given: Chars) -> Chars:
    """Add the other case of each letter, as RE2 does for letters that have one other."""
    if given.size > _SPREAD:
        return given
    codes = [code for low, high in given.ranges for code in range(low, high + 1)]
    other = [chr(code).swapcase() for code in codes]
    return chars(*given.ranges, *((ord(one), ord(one)) for one in other if len(one) == 1))


_DIGITS, _UPPER, _LOWER = (48, 57), (65, 90), (97, 122)
_WORD = chars(_DIGITS, _UPPER, _LOWER, (95, 95))
_SPACE = chars((9, 10), (12, 13), (32, 32))
_CLASSES = {"d": chars(_DIGITS), "w": _WORD, "s": _SPACE}
_POSIX = {
    "alnum": chars(_DIGITS, _UPPER, _LOWER),
    "alpha": chars(_UPPER, _LOWER),
    "blank": chars((9, 9), (32, 32)),
    "digit": chars(_DIGITS),
    "lower": chars(_LOWER),
    "punct": chars((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": chars((9, 13), (32, 32)),
    "upper": chars(_UPPER),
    "word": _WORD,
    "xdigit": chars(_DIGITS, (65, 70), (97, 102)),
}


def classes(letter: str) -> Chars | None:
    r"""Give the class of an escape: ``d`` of ``\d``, ``D`` of ``\D``."""
    found = _CLASSES.get(letter.lower())
    return found if found is None or letter.islower() else invert(found)


def posix(name: str) -> Chars | None:
    """Give a class of that name, or the others where a ``^`` stands before it."""
    found = _POSIX.get(name.removeprefix("^"))
    return invert(found) if found is not None and name.startswith("^") else found


def bytes_of(given: Chars) -> tuple[int, int]:
    """Give the least and the most bytes of one character in UTF-8."""
    return _bytes(given.ranges[0][0]), _bytes(given.ranges[-1][1])


def _bytes(code: int) -> int:
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def written(given: Chars) -> str:
    r"""Write a class as RE2 reads it.

    >>> written(chars((75, 75))), written(chars((45, 45))), written(chars((48, 57), (75, 75)))
    ('K', '\\x{2d}', '[0-9K]')
    """
    if (only := given.single) is not None:
        return _one(only)
    return "[" + "".join(_one(low) if low == high else f"{_one(low)}-{_one(high)}" for low, high in given.ranges) + "]"


def _one(code: int) -> str:
    plain = chr(code)
    return plain if plain.isascii() and plain.isalnum() else f"\\x{{{code:x}}}"
