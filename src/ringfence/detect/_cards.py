"""Payment cards in runs of digits: which groups of them make one.

The rule: the check digit is calculated once for each run of groups that could be a card, and most runs end there: nine of ten
numbers of any length fail it. Only then is asked who issued the number.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from ringfence.detect._bytes import is_digit, is_word_after, is_word_before
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


_PRINTED = frozenset(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3)))
"""How cards print their numbers, but for UnionPay's of 19 digits: other groups of digits are other things."""

_UNUSUAL = frozenset((12, 13, 17, 18, 19))
"""Lengths that few cards have, and times, counters and keys in every log: without a word, they are doubtful."""

_COUNTED = searcher(
    r"(?i:id|seq|sequence|offset|count|counter|bytes|size|time|timestamp|ts|ns|us|ms|nano|nanos|intvalue|thread|"
    r"version|revision|hash|order|sku|serial|lsn|xid|position|index)[\\\"'\]]{0,3}[ \t]{0,2}[:=][ \t]{0,2}[\\\"']{0,3}\z"
)
"""A name before a bare number that says what it counts."""

_NAME_MOST = 24  # bytes


def _is_printed(data: bytes, groups: Sequence[tuple[int, int]]) -> bool:
    sizes = tuple(end - begin for begin, end in groups)
    begin = groups[0][0]
    if data[begin - 1 : begin] == b"." and is_digit(data, begin - 2):
        return False  # digits behind a point
    if len(sizes) == 1:
        return _is_usual(data, begin, groups[0][1])
    return sizes in _PRINTED or (sizes == (6, 13) and data[begin : begin + 2] == b"62")


def _is_usual(data: bytes, begin: int, end: int) -> bool:
    """Tell a bare number that has a card's length, and is neither counted nor reckoned with, from what only could be a card.

    UATP's accounts, 15 digits from 1 on, are as long as the numbers of threads in Linux's logs: they need a word.
    """
    bare = end - begin not in _UNUSUAL and data[begin] != ord("1")
    return bare and not _is_counted(data, begin) and not _is_reckoned(data, end)


def _is_counted(data: bytes, start: int) -> bool:
    low = max(0, start - _NAME_MOST)
    return data[start - 1 : start] in _BEFORE_VALUES and _COUNTED(data[low:start], 0, start - low)[0] >= 0


def _is_reckoned(data: bytes, end: int) -> bool:
    """Tell a number that is multiplied or has decimals; a card read as a number may end in ``.0``."""
    if data[end : end + 2] == b".0":
        return is_digit(data, end + 2)
    return data[end : end + 1] == b"*" or (data[end : end + 1] == b"." and is_digit(data, end + 1))


_BEFORE_VALUES = (b":", b"=", b" ", b'"', b"'", b"\t")
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
    groups = _groups(run, start)
    # A group that is grown together with a word is no part of a card; its neighbours may be one.
    groups = groups[is_word_before(data, start) : len(groups) - is_word_after(data, end)]
    if len(groups) == 1:
        begin, stop = groups[0]
        return _check_group(data, data[begin:stop], start, end, groups[0])
    right = [_right_from(data, groups, first) for first in range(len(groups))]
    if not any(right):
        return _NONE
    cards = _apart([[last for last, number in numbers if is_issued(number)] for numbers in right])
    if cards:
        return [
            Hit(groups[first][0], groups[last][1], _ISSUED, doubtful=not _is_printed(data, groups[first : last + 1]))
            for first, last in cards
        ]
    cards = _apart([[last for last, number in numbers if is_varied(number)] for numbers in right])
    return [Hit(groups[first][0], groups[last][1], _CALCULATED, doubtful=True) for first, last in cards]


def _check_group(
    data: bytes, number: bytes, start: int, end: int, span: tuple[int, int] | None = None
) -> Sequence[Hit]:
    """Judge one group of a match; where it is the whole match, nothing may have grown together with it."""
    if not _SHORTEST <= len(number) <= _LONGEST or not passes_luhn(number):
        return _NONE
    if span is None and (is_word_before(data, start) or is_word_after(data, end)):
        return _NONE
    begin, stop = (start, end) if span is None else span
    if is_issued(number) and _FRACTION(data[max(0, start - _WHOLE_MOST) : start], 0, min(start, _WHOLE_MOST))[0] < 0:
        return (Hit(begin, stop, _ISSUED, doubtful=not _is_usual(data, begin, stop)),)
    return (Hit(begin, stop, _CALCULATED, doubtful=True),) if is_varied(number) else _NONE


def _groups(run: bytes, start: int) -> list[tuple[int, int]]:
    groups = []
    for group in run.replace(b"-", b" ").split(b" "):
        groups.append((start, start + len(group)))
        start += len(group) + 1
    return groups


def is_varied(number: bytes) -> bool:
    """Tell a number from one sign repeated."""
    return number.count(number[:1]) < len(number)


def _right_from(data: bytes, groups: Sequence[tuple[int, int]], first: int) -> list[tuple[int, bytes]]:
    """Give the numbers that begin with a group and have a right check digit, each with its last group."""
    number, right = b"", []
    for last in range(first, len(groups)):
        begin, end = groups[last]
        if end - begin + len(number) > _LONGEST:
            break
        number += data[begin:end]
        if len(number) >= _SHORTEST and passes_luhn(number):
            right.append((last, number))
        if end - begin < _GROUP or (last == first and end - begin > _FIRST_MOST):
            break  # only a card's last group is shorter
    return right


def _apart(lasts: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Choose the longest card from each group on that no card before has taken."""
    cards: list[tuple[int, int]] = []
    first = 0
    while first < len(lasts):
        if lasts[first]:
            cards.append((first, lasts[first][-1]))
            first = lasts[first][-1]
        first += 1
    return cards
