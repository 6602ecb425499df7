"""Numbers that are nobody's: such that count up, that no line has, and such that stand among numbers of another kind.

The rule: what the digits say holds everywhere, in data only where they leave no doubt; what stands beside them is looked at within
a bound.
"""

from itertools import pairwise
from typing import Final

import re2

from ringfence.extract.model import Kind
from ringfence.gates.git.standing import At

_PLACEHOLDER = "known:placeholder"
_ZERO, _NINE = b"0"[0], b"9"[0]
_DIGITS: Final = 7
_USUAL: Final = 12
_COUNTED, _COUNTED_LONG = 6, 8
"""Digits that count up, one after another: of numbers made at random one in 10,000 has as many, of long ones one in 10 million."""
_APART: Final = 2  # digits of a number in data that may do something else
_OPEN_END: Final = re2.compile(rb"[ .-]?(?:#|[xX*?_]{2}|%[sd]|\{)")
_LISTING: Final = "place:listing"
_HASHED: Final = re2.compile(
    rb"[,=](?:md5|sha[0-9]{1,3})=[0-9A-Za-z_+/=-]{20,},?$|(?:md5|sha[0-9]{1,3})[=:][0-9A-Za-z_+/=-]*$"
)
"""https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file"""


def counted(at: At) -> str:
    """Tell a number that counts up, ``0891234567``, or is one digit over and over, or four times each; in data with little else."""
    digits = bytes(byte for byte in at.value if _ZERO <= byte <= _NINE)
    if len(digits) < _DIGITS:
        return ""
    if len(digits) >= _USUAL and all(len(set(digits[begin : begin + 4])) == 1 for begin in range(0, len(digits), 4)):
        return _PLACEHOLDER
    longest = run = same = 1
    for before, digit in pairwise(digits):
        run = run + 1 if digit == before + 1 or (digit, before) == (_ZERO, _NINE) else 1
        same = same + 1 if digit == before else 1
        longest = max(longest, run, same)
    if at.is_code or at.is_document:
        enough = _COUNTED if len(digits) <= _USUAL else _COUNTED_LONG
    else:
        enough = max(_COUNTED, len(digits) - _APART)
    return _PLACEHOLDER if longest >= enough else ""


def unassigned(at: At) -> str:
    """Tell a number of the North American plan that no line has: in the exchange 555, but for free numbers; of area 555."""
    digits = bytes(byte for byte in at.value if _ZERO <= byte <= _NINE)
    if at.value.lstrip(b"( ").startswith(b"+") and not digits.startswith(b"1"):
        return ""
    if len(digits) == _NATIONAL + 1 and digits.startswith(b"1"):
        digits = digits[1:]
    if len(digits) != _NATIONAL:
        return ""
    area, exchange = digits[:3], digits[3:6]
    return _PLACEHOLDER if area == _UNASSIGNED or (exchange == _UNASSIGNED and area not in _FREE) else ""


_NATIONAL: Final = 10  # digits
_UNASSIGNED: Final = b"555"
_FREE: Final = frozenset((b"800", b"822", b"833", b"844", b"855", b"866", b"877", b"888", b"900"))
"""https://www.nanpa.com/numbering/555-line-numbers: 555 is given to no exchange. Free numbers are given one by one."""


def on_earth(at: At) -> str:
    """Tell a place by its degrees and minutes, `+5230+01322`, in a column of which few are numbers of telephones."""
    if not any(one.startswith("against:neighbours") for one in at.one.evidence):
        return ""
    return _LISTING if _ISO_6709.fullmatch(at.value) else ""


_ISO_6709: Final = re2.compile(rb"[+-]?[0-8][0-9][0-5][0-9](?:[0-5][0-9])?[+-][01][0-9]{2}[0-5][0-9](?:[0-5][0-9])?")
"""https://data.iana.org/time-zones/tz-link.html: the second column of `zone.tab`."""


def in_matrix(at: At) -> str:
    """Tell four numbers among many others, with nothing but blanks between them, as tables of distances have them."""
    before = _NUMBERS_BEFORE.search(at.text.value[max(0, at.one.start - _MATRIX) : at.one.start])
    behind = _NUMBERS_BEHIND.match(at.text.value[at.one.end : at.one.end + _MATRIX])
    if not (before and behind):
        return ""
    numbers = before.group().split() + behind.group().split()
    return _LISTING if sum(len(number) != _GROUP for number in numbers) >= _OF_OTHER_LENGTH else ""


_MATRIX: Final = 64  # bytes on each side
_NUMBERS_BEFORE: Final = re2.compile(rb"(?:\b[0-9]{1,4}[ \n]){5,}$")
_NUMBERS_BEHIND: Final = re2.compile(rb"(?:[ \n][0-9]{1,4}\b){5,}")
_GROUP, _OF_OTHER_LENGTH = 4, 3
"""Digits of a card's groups; how many numbers beside them must have others, or they are cards, too."""


def open_end(at: At) -> str:
    """Tell the beginning of a number whose end is left open: ``+44 7700 900 ###``."""
    return _PLACEHOLDER if _OPEN_END.match(at.text.value[at.one.end : at.one.end + 8]) else ""


def in_listing(at: At) -> str:
    """Tell a size behind a file's hash, as lists of installed files have it."""
    if at.text.kind is not Kind.PROSE:
        return ""
    return _LISTING if _HASHED.search(at.line_before()) else ""
