"""Payment cards in runs of digits: which groups of them make one.

The rule: the check digit is calculated once for each run of groups that could be a card, and most runs end there: nine of ten
numbers of any length fail it. Only then is asked who issued the number.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._engine import searcher
from ringfence.detect.recognizer import Hit

_RANGES: tuple[tuple[int, int, frozenset[int]], ...] = (
    # From and to, as leading digits of equal count; lengths. ISO/IEC 7812-1 gives the leading digits to issuers; the networks
    # publish theirs (https://en.wikipedia.org/wiki/Payment_card_number collects them with their sources).
    (1, 1, frozenset({15})),  # UATP
    (34, 34, frozenset({15})),  # American Express
    (37, 37, frozenset({15})),
    (300, 305, frozenset({14, 16, 19})),  # Diners Club
    (3095, 3095, frozenset({14, 16, 19})),
    (36, 36, frozenset({14, 16, 19})),
    (38, 39, frozenset({14, 16, 19})),
    (3528, 3589, frozenset({16, 17, 18, 19})),  # JCB
    (1800, 1800, frozenset({15})),
    (2131, 2131, frozenset({15})),
    (4, 4, frozenset({13, 16, 19})),  # Visa
    (51, 55, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (2200, 2204, frozenset({16, 17, 18, 19})),  # Mir
    (5018, 5018, frozenset(range(12, 20))),  # Maestro
    (5019, 5019, frozenset({16})),  # Dankort
    (5020, 5020, frozenset(range(12, 20))),
    (5038, 5038, frozenset(range(12, 20))),
    (508, 508, frozenset({16})),  # RuPay
    (5893, 5893, frozenset(range(12, 20))),
    (6011, 6011, frozenset({16, 17, 18, 19})),  # Discover
    (6220, 6299, frozenset({16, 17, 18, 19})),  # UnionPay
    (6304, 6304, frozenset(range(12, 20))),
    (644, 649, frozenset({16, 17, 18, 19})),
    (65, 65, frozenset({16, 17, 18, 19})),
    (6759, 6759, frozenset(range(12, 20))),
    (6761, 6763, frozenset(range(12, 20))),
    (81, 82, frozenset({16, 17, 18, 19})),
    (9792, 9792, frozenset({16})),  # Troy
)
_SHORTEST, _LONGEST = 12, 19  # digits of a primary account number, ISO/IEC 7812-1
_GROUP = 4  # cards are printed in groups of four to six digits; only the last may be shorter
_FIRST_MOST = 6  # digits of the first group where more follow: 8 digits before a card are another number's


_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # twice a digit, its two digits added


def passes_luhn(digits: bytes) -> bool:
    """Tell whether a number ends in its check digit by ISO/IEC 7812-1, annex B. A candidate costs a tenth of stdnum's."""
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - ord("0") * len(digits)) % 10 == 0


@cache
def _lengths() -> Mapping[bytes, frozenset[int]]:
    """Give the lengths of the numbers that begin with four digits; only those that a network uses have any."""
    lengths: dict[bytes, frozenset[int]] = {}
    for low, high, sizes in _RANGES:
        scale = 10 ** (4 - len(str(low)))
        for first in range(low * scale, (high + 1) * scale):
            key = str(first).encode()
            lengths[key] = lengths.get(key, frozenset()) | sizes
    return lengths


def is_issued(number: bytes) -> bool:
    """Tell whether a number of that length lies in a range that a card network uses."""
    return len(number) in _lengths().get(number[:4], ())


def announcing() -> str:
    """Give the pattern that each number in a network's range begins with: its four digits, and as many as its shortest has.

    Three quarters of all runs of digits begin otherwise: a moment in milliseconds, for one.
    """
    shortest: dict[int, set[str]] = {}
    for head, sizes in _lengths().items():
        shortest.setdefault(min(sizes), set()).add(head.decode())
    return "|".join(
        f"(?:{_folded(heads)})(?:[ -]?[0-9]){{{size - _GROUP}}}" for size, heads in sorted(shortest.items())
    )


def _folded(heads: set[str]) -> str:
    """Give the pattern of some numbers of four digits; ten that differ in their last digits only are one."""
    for size in (3, 2, 1):
        rest = "#" * (3 - size)
        for head in {one[:size] for one in heads}:
            ten = {f"{head}{digit}{rest}" for digit in range(10)}
            if ten <= heads:
                heads = heads - ten | {f"{head}#{rest}"}
    return "|".join(sorted(heads)).replace("#", "[0-9]")


_WHOLE_MOST = 8
_FRACTION = searcher(r"(?:^|[^0-9A-Za-z.])[0-9]{1,3}\.\z")  # what stands before the digits of 0.4111111111111111
_ISSUED = ("checksum:luhn", "range:issuer")
_CALCULATED = ("checksum:luhn",)
_NONE: tuple[Hit, ...] = ()


def check_card(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Find the cards in a run of digits: each begins and ends where groups do, so that neighbours do not hide one.

    Where none is in a range that a network uses, what has a right check digit is doubtful: networks have local partners.
    """
    run = data[start:end]
    if run.isdigit():
        return _check_group(data, run, start, end)
    groups = run.replace(b"-", b" ").split(b" ")
    # A group that is grown together with a word is no part of a card; its neighbours may be one.
    first, last = int(is_word_before(data, start)), len(groups) - int(is_word_after(data, end))
    if last - first == 1:
        begin = start + sum(map(len, groups[:first])) + first
        return _check_group(data, groups[first], start, end, (begin, begin + len(groups[first])))
    right = _right_ones(groups, first, last)
    if not right:
        return _NONE
    cards = _apart(right, is_issued)
    if cards:
        return [Hit(*_span(groups, start, first, last), _ISSUED) for first, last in cards]
    cards = _apart(right, is_varied)
    return [Hit(*_span(groups, start, first, last), _CALCULATED, doubtful=True) for first, last in cards]


def _check_group(
    data: bytes, number: bytes, start: int, end: int, span: tuple[int, int] | None = None
) -> Sequence[Hit]:
    """Judge one group of a match; where it is the whole match, nothing may have grown together with it."""
    if not _SHORTEST <= len(number) <= _LONGEST or not passes_luhn(number):
        return _NONE
    if span is None and (is_word_before(data, start) or is_word_after(data, end)):
        return _NONE
    begin, stop = (start, end) if span is None else span
    if is_issued(number) and not (data[start - 1 : start] == b"." and _is_fraction(data, start)):
        return (Hit(begin, stop, _ISSUED),)
    return (Hit(begin, stop, _CALCULATED, doubtful=True),) if is_varied(number) else _NONE


def _is_fraction(data: bytes, start: int) -> bool:
    return _FRACTION(data[max(0, start - _WHOLE_MOST) : start], 0, min(start, _WHOLE_MOST))[0] >= 0


def is_varied(number: bytes) -> bool:
    """Tell a number from one sign repeated."""
    return number.count(number[:1]) < len(number)


Right = tuple[int, int, bytes]
"""A number with a right check digit: the first and the last of its groups, and its digits."""


def _right_ones(groups: Sequence[bytes], begin: int, end: int) -> list[Right]:
    """Give the numbers that groups between two make, ordered by their first group, then by their last."""
    right: list[Right] = []
    for first in range(begin, end):
        number = groups[first]
        size = len(number)
        if size >= _SHORTEST:
            if size <= _LONGEST and passes_luhn(number):
                right.append((first, first, number))
        elif _GROUP <= size <= _FIRST_MOST:
            for last in range(first + 1, end):
                group = groups[last]
                number += group
                if len(number) > _LONGEST:
                    break
                if len(number) >= _SHORTEST and passes_luhn(number):
                    right.append((first, last, number))
                if len(group) < _GROUP:
                    break  # only a card's last group is shorter
    return right


def _apart(right: Sequence[Right], is_one: Callable[[bytes], bool]) -> list[tuple[int, int]]:
    """Choose the longest card from each group on that no card before has taken."""
    cards: list[tuple[int, int]] = []
    begin, free = -1, 0
    for first, last, number in right:
        if first < free and first != begin:
            continue
        if is_one(number):
            if first == begin:
                cards[-1] = (first, last)
            else:
                cards.append((first, last))
            begin, free = first, last + 1
    return cards


def _span(groups: Sequence[bytes], start: int, first: int, last: int) -> tuple[int, int]:
    """Give where the groups from one to another stand, one sign between two, in a run that starts there."""
    begin = start + sum(map(len, groups[:first])) + first
    return begin, begin + sum(map(len, groups[first : last + 1])) + last - first
