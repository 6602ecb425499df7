"""Signs that stand for plain ones: digits of other scripts, wide and ornamental letters, look-alikes, what is not seen at all.

The rule: tables only, written as RE2's classes; what a sign means is asked of the Unicode database. The digits are those of the
scripts in living use. Look-alikes are the letters of Cyrillic, Greek and Armenian that a reader takes for Latin ones
(https://www.unicode.org/Public/security/latest/confusables.txt).
"""

import unicodedata

_TENS = (
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040,
    0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0,
    0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x11066, 0x1FBF0,
)  # fmt: skip
"""Where the ten decimal digits of a script begin."""

DIGITS = (
    "".join(rf"\x{{{first:X}}}-\x{{{first + 9:X}}}" for first in _TENS)
    + r"\x{1D7CE}-\x{1D7FF}\x{2070}\x{2074}-\x{2079}\x{2080}-\x{2089}\x{2460}-\x{2468}\x{24EA}"
)
LETTERS = r"\x{FF20}-\x{FF3A}\x{FF41}-\x{FF5A}\x{1D400}-\x{1D7CB}\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{FE6B}"
HIDDEN = (
    r"\x{AD}\x{34F}\x{61C}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{206F}\x{FEFF}"
    r"\x{FE00}-\x{FE0F}"
)
SIGNS = (
    r"\x{A0}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
    r"\x{2010}-\x{2015}\x{2212}\x{FE58}\x{FE63}\x{FF0D}\x{2024}\x{3002}\x{FF0E}\x{FE52}\x{FF0F}\x{2044}"
)
WIDE = r"\x{FF01}-\x{FF5E}"
"""Every sign of ASCII in full width: punctuation that Chinese and Japanese text is full of, so it says nothing by itself."""

LOOKALIKE = dict(
    zip(
        "аеорсухіјѕԁһԝѵӏАВЕКМНОРСТУХІЈЅԜԌҮοανρικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϲօսհոցԛոɡıʟɴ",
        "aeopcyxijsdhwvlABEKMHOPCTYXIJSWGYoavpiktuxABEZHIKMNOPTYXCcouhngqngiLN",
        strict=True,
    )
)
LOOKALIKES = "".join(sorted(LOOKALIKE))
CAPITALS = "".join(sign for sign in LOOKALIKES if sign.isupper())
"""Alone between the groups of a number these are no words, as the small ones are in Russian."""

_OTHERS = {"。": b".", "−": b"-", "⁄": b"/"}


def plain_sign(sign: str) -> bytes:
    """Give what a sign stands for; nothing for one that is not seen.

    >>> plain_sign("４"), plain_sign("٤"), plain_sign("а"), plain_sign("\u200b"), plain_sign("\u2011")
    (b'4', b'4', b'a', b'', b'-')
    """
    if sign in LOOKALIKE:
        return LOOKALIKE[sign].encode()
    if unicodedata.category(sign) in ("Cf", "Mn"):
        return b""
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit).encode()
    match unicodedata.category(sign):
        case "Pd":
            return b"-"
        case "Zs":
            return b" "
    return _OTHERS.get(sign) or unicodedata.normalize("NFKC", sign).encode()
