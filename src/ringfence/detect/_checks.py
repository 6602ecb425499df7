"""Checks that many numbers share: where one may begin and end, check digits, dates inside numbers.

The rule: a candidate is first judged by what costs nothing (where it stands, whether its digits differ), then by arithmetic, and
only then by python-stdnum, whose modules are imported when a number of their country is first seen.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from importlib import import_module

from ringfence.detect._bytes import BREAKS, is_digit, is_word_after, is_word_before, line_start
from ringfence.detect._words import folded
from ringfence.detect.recognizer import Check, Hit, listed

Validity = Callable[[str], bool]
"""Whether a number is right: its letters in upper case and its digits, without separators."""

_SEPARATORS = b" -./_()\xc2\xa0"
_JOINS = (b".", b"-")
_ANY_JOIN = (b".", b"-", b"+", b"/", b"=", b"@", b"#", b"%", b"\\", b"$")
_UNDERSCORE = ord("_")


def stands_free(data: bytes, start: int, end: int) -> bool:
    """Tell whether a number is no part of a longer word or number."""
    if is_word_before(data, start) or is_word_after(data, end):
        return False
    before, after = data[max(0, start - 1) : start] in _JOINS, data[end : end + 1] in _JOINS
    return not (before and is_digit(data, start - 2)) and not (after and is_digit(data, end + 1))


def stands_alone(data: bytes, start: int, end: int) -> bool:
    """Tell whether a number is joined to nothing: neither to a word nor, by a mark as identifiers and hashes have, to one."""
    if not stands_free(data, start, end):
        return False
    before, after = data[max(0, start - 1) : start] in _ANY_JOIN, data[end : end + 1] in _ANY_JOIN
    return not (before and is_word_before(data, start - 1)) and not (after and is_word_after(data, end + 1))


def plain(data: bytes) -> str:
    """Give a number's letters, in upper case, and its digits."""
    return data.translate(None, _SEPARATORS).decode("ascii", errors="replace").upper()


def valid(*tests: Validity, evidence: str = "checksum", alone: bool = False, else_doubtful: bool = False) -> Check:
    """Make a check: the number stands free and all tests hold.

    `alone`: it may not be joined to anything by a mark. `else_doubtful`: where only the last test fails, it is a doubtful hit.
    """
    free = stands_alone if alone else stands_free
    *first, last = tests
    proven = (f"checksum:{evidence}",) if evidence != "checksum" else ("checksum:digits",)

    def check(data: bytes, start: int, end: int) -> Sequence[Hit]:
        if data[start] == _UNDERSCORE:
            start += 1
        if not free(data, start, end):
            return ()
        number = plain(data[start:end])
        if len(set(number)) == 1 or not all(test(number) for test in first):
            return ()
        if last(number):
            return (Hit(start, end, proven),)
        return (Hit(start, end, doubtful=True),) if else_doubtful else ()

    return check


def shaped(*tests: Validity, alone: bool = False) -> Check:
    """Make a check of a shape that has no check digits: it stands free, and what tests there are hold."""
    free = stands_alone if alone else stands_free

    def check(data: bytes, start: int, end: int) -> Sequence[Hit]:
        if data[start] == _UNDERSCORE:
            start += 1
        if not free(data, start, end):
            return ()
        number = plain(data[start:end])
        return (Hit(start, end),) if len(set(number)) > 1 and all(test(number) for test in tests) else ()

    return check


@cache
def _module(name: str) -> Validity:
    says: Validity = import_module(f"stdnum.{name}").is_valid
    return says


def stdnum(name: str) -> Validity:
    """Make a test out of a module of python-stdnum: ``es.nif``."""
    return lambda number: _module(name)(number)


def adds_up(weights: Sequence[int], modulus: int) -> Validity:
    """Make a test that all digits times their weights are a multiple."""
    return lambda number: (
        number.isdigit()
        and sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % modulus == 0
    )


_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # twice a digit, its two digits added


def passes_luhn(digits: bytes) -> bool:
    """Tell whether a number ends in its check digit by ISO/IEC 7812-1, annex B. A candidate costs a tenth of stdnum's."""
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - ord("0") * len(digits)) % 10 == 0


def luhn(number: str) -> bool:
    """Tell whether a number is digits alone and ends in its check digit by the Luhn formula."""
    return not number.strip("0123456789") and passes_luhn(number.encode())


def is_day(year: int, month: int, day: int) -> bool:
    """Tell whether there is such a day."""
    try:
        return date(year, month, day).year == year
    except ValueError:
        return False


def holds_day(year: int, month: int, day: int, *, four: bool = False) -> Validity:
    """Make a test that a number holds a day: where its year, month and day begin. A year of two digits may be of either century."""

    def has_day(number: str) -> bool:
        parts = (number[year : year + (4 if four else 2)], number[month : month + 2], number[day : day + 2])
        if not all(part.isdigit() for part in parts):
            return False
        years = (int(parts[0]),) if four else (1900 + int(parts[0]), 2000 + int(parts[0]))
        return any(is_day(each, int(parts[1]), int(parts[2])) for each in years)

    return has_day


def begins(*starts: str) -> Validity:
    """Make a test of a number's first characters."""
    return lambda number: number.startswith(starts)


def is_varied(number: str) -> bool:
    """Tell a number from one that was made to fill a field: it has three different characters or more."""
    return len(set(number)) > 2


_MARKS = b":=|;,\t"
_QUOTES = b" \"'[({<>"
_REACH = 48  # bytes before a value in which its word ends


def told_by(words: str, check: Check) -> Check:
    """Make a check of a value that stands as forms and records write one: its word, a colon or the like; or alone in its field.

    A comparison (`sex == "M"`) and a type between the two (`age: int = 7`) are a program's.
    """
    known = tuple(folded(word) for word in listed(words))

    def is_told(data: bytes, start: int, end: int) -> Iterable[Hit]:
        low = line_start(data, start, _REACH)
        if data[low:start].endswith((b"< ", b"> ")):
            return ()
        before = data[low:start].rstrip(_QUOTES)
        if not before:
            return check(data, start, end) if low == 0 or data[low - 1 : low] in BREAKS else ()
        if before[-1] in _MARKS:
            before = before[:-1].rstrip(_QUOTES + b"])}")
        if not is_word_before(before, len(before)):
            return ()
        name = folded(before.decode(errors="replace"))
        spoken = next((word for word in known if name.endswith(word)), None)
        if spoken is None or name.removesuffix(spoken).endswith(_BOUNDS):
            return ()
        return check(data, start, end)

    return is_told


_BOUNDS = ("max", "min", "maximum", "minimum")  # max-age is a cache's
