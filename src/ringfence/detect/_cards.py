"""Payment cards in runs of digits: which groups of them make one.

The rule: who issued a number is asked first, by its first four digits and its length, for that is one look-up. Only for what a
network could have issued the check digit is calculated, which nine of ten numbers of any length fail.
"""

from collections.abc import Mapping, Sequence

from ringfence.detect._bytes import is_digit, is_word_after, is_word_before
from ringfence.detect._checks import passes_luhn
from ringfence.detect._engine import prefix, searcher
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


def _lengths() -> Mapping[bytes, frozenset[int]]:
    """Give the lengths of the numbers that begin with four digits; only those that a network uses have any."""
    lengths: dict[bytes, frozenset[int]] = {}
    for low, high, sizes in _RANGES:
        scale = 10 ** (4 - len(str(low)))
        for first in range(low * scale, (high + 1) * scale):
            key = str(first).encode()
            lengths[key] = lengths.get(key, frozenset()) | sizes
    return lengths


_LENGTHS = _lengths()


def is_issued(number: bytes) -> bool:
    """Tell whether a number of that length lies in a range that a card network uses."""
    return len(number) in _LENGTHS.get(number[:_GROUP], ())


def announcing() -> str:
    """Give the pattern that each number of a network begins with: its first two digits, and as many as the shortest of them has.

    Three quarters of all runs of digits begin otherwise: a moment in milliseconds, for one, which only cards of 15 digits do. In
    groups, the first has four to six digits, and the second at least four. Counting them so, and not as digits with or without a
    separator, has a twentieth of the states: on rows of numbers never seen before RE2 is three times as fast.
    """
    of_fifteen = {head[:2] for head, sizes in _LENGTHS.items() if sizes == {15}}
    others = {head[:2] for head, sizes in _LENGTHS.items() if sizes != {15}}
    return (
        _either(others) + r"(?:[0-9]{10}|[0-9]{2,4}[ -][0-9]{4}(?:[0-9]{2}|[0-9]?[ -][0-9]))|"
        + _either(of_fifteen) + r"(?:[0-9]{13}|[0-9]{2,4}[ -][0-9]{4}[0-9]{0,2}[ -]?[0-9]{3})"
    )  # fmt: skip


def _either(heads: set[bytes]) -> str:
    return "(?:" + "|".join(sorted(head.decode() for head in heads)) + ")"


_PRINTED = frozenset(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3)))
"""How cards print their numbers, but for UnionPay's of 19 digits: other groups of digits are other things."""

_UNUSUAL = frozenset((12, 13, 17, 18, 19))
"""Lengths that few cards have, and times, counters and keys in every log: without a word, they are doubtful."""

_MACHINES = searcher(r"(?i:tid|thread|thread_?id|intvalue|lsn|xid|nanos)[\\\"']{0,2}[ ]?[:=][ ]?[\\\"']{0,2}\z")
"""A name before a bare number that only machines give: threads, places in a database's log, integers of traces."""

_MACHINES_MOST = 20  # bytes


def _is_printed(data: bytes, begin: int, groups: Sequence[bytes]) -> bool:
    """Tell groups that cards have, or one group that is a usual number, from other digits that could be a card's."""
    if data[max(0, begin - 1) : begin] == b"." and is_digit(data, begin - 2):
        return False  # digits behind a point
    if len(groups) == 1:
        return _is_usual(data, begin, begin + len(groups[0]))
    sizes = tuple(map(len, groups))
    return sizes in _PRINTED or (sizes == (6, 13) and groups[0][:2] == b"62")


def _is_usual(data: bytes, begin: int, end: int) -> bool:
    """Tell a bare number that has a card's length, and is not reckoned with, from what only could be a card.

    A name before it, as in ``order: 4111111111111111``, tells neither: who writes a card into a log chooses what stands before it.
    Those few that no person writes are excepted.

    UATP's accounts, 15 digits from 1 on, are as long as the numbers of threads in Linux's logs: they need a word.
    """
    bare = end - begin not in _UNUSUAL and data[begin] != ord("1")
    return bare and not _is_reckoned(data, end) and not _is_machines(data, begin)


def _is_machines(data: bytes, begin: int) -> bool:
    low = max(0, begin - _MACHINES_MOST)
    return data[max(0, begin - 1) : begin] in _BEFORE_VALUES and _MACHINES(data[low:begin], 0, begin - low)[0] >= 0


def _is_reckoned(data: bytes, end: int) -> bool:
    """Tell a number that is multiplied or has decimals; a card read as a number may end in ``.0`` or ``.00``."""
    zeros = _ZEROS(data, end, len(data))
    if zeros >= 0:
        return is_digit(data, zeros)
    return data[end : end + 1] == b"*" or (data[end : end + 1] == b"." and is_digit(data, end + 1))


_BEFORE_VALUES = (b":", b"=", b" ", b'"', b"'")
_ZEROS = prefix(r"\.0{1,4}")
_WHOLE_MOST = 8
_POINT = ord(".")
_FRACTION = searcher(r"(?:^|[^0-9A-Za-z.])[0-9]{1,3}\.\z")  # what stands before the digits of 0.4111111111111111
_ISSUED = ("checksum:luhn", "range:issuer")
_CALCULATED = ("checksum:luhn",)
_NONE: tuple[Hit, ...] = ()


def check_card(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Find the cards in a run of digits: each begins and ends where groups do, so that neighbours do not hide one."""
    run = data[start:end]
    if run.isdigit():
        if not is_issued(run) or is_word_before(data, start) or is_word_after(data, end):
            return _NONE
        if not passes_luhn(run) or _is_fraction(data, start):
            return _NONE
        return (Hit(start, end, _ISSUED, doubtful=not _is_usual(data, start, end)),)
    groups, first, last = _groups(data, run, start, end)
    at = start + (len(groups[0]) + 1 if first else 0)
    if last - first == 1:
        number = groups[first]
        fits = is_issued(number) and passes_luhn(number) and not _is_fraction(data, start)
        return (
            (Hit(at, at + len(number), _ISSUED, doubtful=not _is_usual(data, at, at + len(number))),) if fits else _NONE
        )
    hits: list[Hit] = []
    while first < last:
        number = groups[first]
        lengths = _LENGTHS.get(number[:_GROUP])
        card = _longest(groups, first, last, lengths) if lengths is not None else -1
        if card < 0:
            at += len(number) + 1
            first += 1
            continue
        stop = at + _printed(groups, first, card)
        hits.append(Hit(at, stop, _ISSUED, doubtful=not _is_printed(data, at, groups[first : card + 1])))
        at, first = stop + 1, card + 1
    return hits


def check_unissued(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Find what has a right check digit in a run in which no number is in a range that a network uses.

    It is doubtful: networks have local partners.
    """
    if check_card(data, start, end):
        return _NONE
    groups, first, end_of_run = _groups(data, data[start:end], start, end)
    at = start + (len(groups[0]) + 1 if first else 0)
    hits: list[Hit] = []
    while first < end_of_run:
        fitting = [last for last, number in _right_from(groups, first, end_of_run) if is_varied(number)]
        last = fitting[-1] if fitting else first
        stop = at + _printed(groups, first, last)
        if fitting:
            hits.append(Hit(at, stop, _CALCULATED, doubtful=True))
        at, first = stop + 1, last + 1
    return hits


def _groups(data: bytes, run: bytes, start: int, end: int) -> tuple[list[bytes], int, int]:
    """Give the groups of a run, and which of them count: one that is grown together with a word is no part of a card."""
    groups = run.replace(b"-", b" ").split(b" ")
    return groups, int(is_word_before(data, start)), len(groups) - int(is_word_after(data, end))


def _longest(groups: Sequence[bytes], first: int, end: int, lengths: frozenset[int]) -> int:
    """Give the last group of the longest card that begins with a group, or -1."""
    number = groups[first]
    size = len(number)
    if size > _FIRST_MOST:
        return first if size in lengths and passes_luhn(number) else -1
    found = -1
    for last in range(first + 1, end):
        group = groups[last]
        number += group
        if len(number) in lengths and passes_luhn(number):
            found = last
        if len(group) < _GROUP or len(number) >= _LONGEST:
            break  # only a card's last group is shorter
    return found


def _right_from(groups: Sequence[bytes], first: int, end: int) -> list[tuple[int, bytes]]:
    """Give the numbers that begin with a group and have a right check digit, each with its last group."""
    number, right = b"", []
    for last in range(first, end):
        group = groups[last]
        number += group
        if len(number) > _LONGEST:
            break
        if len(number) >= _SHORTEST and passes_luhn(number):
            right.append((last, number))
        if len(group) < _GROUP or (last == first and len(group) > _FIRST_MOST):
            break
    return right


def _printed(groups: Sequence[bytes], first: int, last: int) -> int:
    """Give how many bytes the groups from one to another take, one sign between two."""
    return sum(map(len, groups[first : last + 1])) + last - first


def _is_fraction(data: bytes, start: int) -> bool:
    if not start or data[start - 1] != _POINT:
        return False
    return _FRACTION(data[max(0, start - _WHOLE_MOST) : start], 0, min(start, _WHOLE_MOST))[0] >= 0


def is_varied(number: bytes) -> bool:
    """Tell a number from one sign repeated."""
    return number.count(number[:1]) < len(number)
