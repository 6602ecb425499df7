r"""What tells a disguise: an encoded letter or digit, printable text in base64, a digit of another script.

The rule: patterns only, in RE2's words, and each so narrow that hardly any ordinary text has a match: what matches is paid for.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache

from ringfence.detect._engine import searcher
from ringfence.detect._joints import TRIGGER as JOINED
from ringfence.detect._signs import CAPITALS, DIGITS, HIDDEN, LETTERS, LOOKALIKE, LOOKALIKES, SIGNS

_CODE = r"(?:2[BDEbde]|3[0-9]|40|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff])"
"""Two hexadecimal digits of what ordinary text has no reason to encode: letters, digits, ``@ + - . _``."""
_NUMBER = r"0{0,4}(?:4[35689]|5[0-7]|6[4-9]|[78][0-9]|90|9[5-9]|1[01][0-9]|12[0-2])"
ANY = r"[0-9A-Za-z+/_-]"
_TEXT = r"[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]" + ANY
"""Four signs of base64 that are three printable characters of ASCII: one in fourteen of those that any four signs could be."""
_FIGURES = r"[MNO][DTjz][AEIMQUYcgkosw048][w-z0-5]"
_HEX = r"[2-7][0-9A-Fa-f]"
_FOREIGN = (
    (b"\xe2", b"\x80\x81", range(0x80, 0xB0)),  # what is not seen, blanks, hyphens
    (b"\xef", b"\xbb", b"\xbf"),
    (b"\xef", b"\xbc", range(0x90, 0xC0)),  # full width
    (b"\xe0", b"\xa5", range(0xA6, 0xB0)),
    (b"\xf0", b"\x9d", b"\x9f"),
    (b"\xc2", b"\xad\xa0", range(0x20, 0x7F)),
    (b"\xd9", range(0xA0, 0xAA), b"\xd9", range(0xA0, 0xAA)),
    (b"\xdb", range(0xB0, 0xBA), b"\xdb", range(0xB0, 0xBA)),
)
"""Bytes of other signs that numbers are disguised with, each as a set: what tells them in base64 and in hexadecimal, too."""
_LEADS = (0xCE, 0xD0, 0xD1)
_LATIN = b"0123456789@.+_-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALIKE = (
    _LEADS,
    {sign.encode()[1] for sign in LOOKALIKE if sign.encode()[0] in _LEADS},
    *[_LATIN] * 4,
)
"""A look-alike of Greek or Cyrillic and three plain signs: a letter without these is a text of its own alphabet."""
_DIGITS_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


_EVERY = tuple(range(0x100))


@cache
def _bits(codes: tuple[int, ...], shift: int, mask: int) -> frozenset[int]:
    return frozenset([code >> shift & mask for code in codes])


def _in_base64(sets: Sequence[Iterable[int]], phase: int) -> str:
    """Give the groups of base64 that hold such bytes, behind so many others of the first group."""
    known = [_EVERY] * phase + [tuple(one) for one in sets]
    known += [_EVERY] * (-len(known) % 3)
    signs: list[Collection[int]] = []
    for at in range(0, len(known), 3):
        first, second, third = known[at : at + 3]
        signs += (
            _bits(first, 2, 63),
            {one << 4 | two for one in _bits(first, 0, 3) for two in _bits(second, 4, 15)},
            {two << 2 | three for two in _bits(second, 0, 15) for three in _bits(third, 6, 3)},
            _bits(third, 0, 63),
        )
    return "".join(
        ANY if len(each) == len(_DIGITS_64) else "[" + "".join(_DIGITS_64[one] for one in sorted(each)) + "]"
        for each in signs
    )


def _in_hex(sets: Sequence[Iterable[int]], lead: str = "") -> str:
    return "(?i:" + "".join(lead + "(?:" + "|".join(f"{one:02x}" for one in each) + ")" for each in sets) + ")"


_BASE64 = (
    "(?:" + _TEXT + "){3}",
    "(?:" + _FIGURES + "){2}",
    "H4sI" + ANY + "{12}",
    *(_in_base64(sets, phase) for sets in (*_FOREIGN, _ALIKE) for phase in range(3)),
)
BASE64 = "|".join(_BASE64)
_HEX_VALUE = r"(?:3[0-9]|2[0DEFdef]|[45][0-9A-Fa-f])"
_GROUP = r"[0-9A-Z]{2,4}[0-9]{2,4}"
_ALIKE_HEX = (
    "(?:"
    + "|".join(
        _in_hex(((lead,), sorted({sign.encode()[1] for sign in LOOKALIKE if sign.encode()[0] == lead})))
        for lead in _LEADS
    )
    + ")"
)
_HEXADECIMALS = (
    _HEX_VALUE + "{7}",
    "(?:" + _HEX + "){3}40(?:" + _HEX + "){4}",
    "(?:" + _HEX + "){11}",
    *(_in_hex(sets) + "[0-9A-Fa-f]{6}" for sets in _FOREIGN),
    _ALIKE_HEX + "(?:" + _HEX_VALUE + "|[67][0-9A-Fa-f]){3}",
)
HEXADECIMALS = "|".join(_HEXADECIMALS)
_ALIKE_QUOTED = "=(?:D[01]|CE)=[89AB][0-9A-F]"
QUOTES = "|".join(
    (
        "(?:=[2-7][0-9A-F]){4}|(?:=3D[2-7][0-9A-F]){3}|[0-9A-Za-z]=40[0-9A-Za-z-]{1,63}(?:=2E|\\.)[A-Za-z]|[0-9]=20[0-9]{2,6}=20[0-9]",
        *(_in_hex(sets[:3], "=") for sets in _FOREIGN if sets[0] != b"\xc2"),
        "[0-9A-Za-z@.]" + _ALIKE_QUOTED + "|" + _ALIKE_QUOTED + "[0-9A-Za-z@.]",
        "=C2=A[0D]",
    )
)
_BETWEEN = (r"\.", "_", "/", r"\|", r"\*", r"\+", "·", "•", " {2,3}", "-{2,3}", " [-/|.] ")
"""What may stand between the groups of a number, the same between all: no comma and no colon, which lists and addresses have."""
MARK = "(?:" + "|".join(_BETWEEN) + ")"
GROUPS = r"\b(?:" + "|".join(f"{_GROUP}(?:{mark}{_GROUP}){{2,8}}(?:{mark}[0-9]{{1,4}})?" for mark in _BETWEEN) + r")\b"
LONG_GROUPS = (
    "(?:[0-9]{3,4}(?:"
    + "|".join(f"{mark}[0-9]{{3,4}}(?:{mark}[0-9]{{1,4}}){{1,3}}" for mark in "-_/")
    + r"|\.[0-9]{3,4}\.[0-9]{1,4})|[0-9]{1,2}(?:"
    + "|".join(f"{mark}[0-9]{{3,4}}{mark}[0-9]{{3,4}}(?:{mark}[0-9]{{1,4}})?" for mark in "-_/")
    + "))"
)
_REGROUPED = r"(?:\A|[^0-9A-Za-z./_-])" + LONG_GROUPS + r"(?:[^0-9A-Za-z./_-]|[./-](?:[^0-9A-Za-z]|\z)|\z)"
"""A number in three groups or more, two of them long: no date, no time, no address of a network, no name of a file."""
SINGLE = r"\b[0-9](?:[ ._/-][0-9]){7,40}\b"
AT = r"(?i:[ _]{0,2}[\[({<][ ]?(?:at|@|arroba|chez)[ ]?[\])}>][ _]{0,2})"
DOT = r"(?i:[ _]{0,2}[\[({<][ ]?(?:dot|punkt|\.)[ ]?[\])}>][ _]{0,2}|[ _]+(?:dot|punkt)[ _]+)"

_WAYS = (
    "%(?:25)*" + _CODE,
    "[0-9]%(?:25)*20[0-9]",
    "&#(?:[xX]0{0,4}" + _CODE + "|" + _NUMBER + ");",
    "&(?:commat|period|hyphen|plus|lowbar|shy|zwnj|zwj);",
    "(?:&#[0-9]{2,7};){2}",
    "(?:&#[xX][0-9A-Fa-f]{2,6};){2}",
    "%(?:25)*[cC]2%(?:25)*[aA][0dD]",
    "[0-9]&(?:nbsp|#160|#32|#x20|#xa0|ensp|emsp|thinsp);[0-9]",
    r"\\(?:u00|x|u\{)" + _CODE,
    r"\\u(?:[fF]{2}[0-5]|06[6fF]|09[67]|[dD]835\\+u[dD][fF][c-fC-F]|200[b-fB-F]|00[aA][dD]|206|[fF][eE][fF][fF])",
    QUOTES,
    *(_in_hex(sets, lead) for sets in _FOREIGN for lead in (r"%(?:25)*", r"\\+x")),
    "[" + DIGITS + LETTERS + "]",
    "[0-9A-Za-z@.][" + HIDDEN + "]",
    "[" + HIDDEN + "][0-9A-Za-z@.]",
    "[0-9] [" + CAPITALS + "] [0-9]",
    "[0-9A-Z@][" + LOOKALIKES + "]",
    "[" + LOOKALIKES + "][0-9A-Z@]",
    "[a-z][" + LOOKALIKES + "][a-z]",
    "[0-9][" + SIGNS + "][0-9]",
    *_BASE64,
    *_HEXADECIMALS,
    _REGROUPED,
    r"\b" + _GROUP + "(?:" + "|".join(f"(?:{mark}{_GROUP}){{2}}" for mark in _BETWEEN) + ")",
    r"\b(?:[0-9][ ._/-]){7}[0-9]",
    AT + "[0-9A-Za-z]",
    DOT + r"[A-Za-z]{2,12}\b",
)
TRIGGER = searcher(
    "|".join((*sorted(_WAYS), JOINED)),  # that one last, so that it hides no other
    unicode=True,
)
"""In order, so that ways which begin alike are neighbours: RE2 takes out what those have in common (see `_engine`)."""
