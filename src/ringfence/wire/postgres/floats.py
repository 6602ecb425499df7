"""Floating-point numbers in binary and in the text that PostgreSQL spells them with.

The rule: the fewest digits that lie nearer to the number than to its neighbours, and of those the nearest to it: what the server
takes from Ryu. Python's own shortest spelling differs where the middle between two numbers rounds to one of them: it writes
5.684341886080801e-14 where PostgreSQL writes 5.684341886080802e-14.
"""

from fractions import Fraction
from math import copysign, inf, isinf, isnan, nextafter
from struct import Struct

from ringfence.wire.postgres.numbers import parts

_DOUBLE = Struct("!d")
_SINGLE = Struct("!f")
_BITS = Struct("!I")
_SINGLE_NORMAL = 2.0**-126
_SPECIAL = {b"NaN": "nan", b"Infinity": "inf", b"-Infinity": "-inf"}


def decode_double(value: bytes) -> bytes:
    """Decode a number of double precision."""
    (number,) = _DOUBLE.unpack(value)
    size = abs(number)
    if not 0 < size < inf:
        return _special(number)
    digits = len(f"{size!r}".partition("e")[0].replace(".", "").strip("0"))
    return _signed(number, _shortest(size, nextafter(size, 0), nextafter(size, inf), range(digits, 18), 15))


def decode_single(value: bytes) -> bytes:
    """Decode a number of single precision."""
    (number,) = _SINGLE.unpack(value)
    size = abs(number)
    if not 0 < size < inf:
        return _special(number)
    (bits,) = _BITS.unpack(_SINGLE.pack(size))
    below, above = (_SINGLE.unpack(_BITS.pack(neighbour))[0] for neighbour in (bits - 1, bits + 1))
    # A normal number has at most one neighbour of six digits (FLT_DIG): with fewer, it is that one.
    return _signed(number, _shortest(size, below, above, range(6 if size >= _SINGLE_NORMAL else 1, 10), 6))


def encode_double(text: bytes) -> bytes:
    """Encode a number of double precision."""
    return _DOUBLE.pack(_read(text))


def encode_single(text: bytes) -> bytes:
    """Encode a number of single precision."""
    return _SINGLE.pack(_read(text))


def _read(text: bytes) -> float:
    if text in _SPECIAL:
        return float(_SPECIAL[text])
    parts(text)  # `float` reads more than a number's spelling
    number = float(text)
    if isinf(number):
        raise ValueError
    return number


def _special(number: float) -> bytes:
    return b"NaN" if isnan(number) else _signed(number, b"Infinity" if number else b"0")


def _signed(number: float, spelt: bytes) -> bytes:
    return b"-" + spelt if copysign(1, number) < 0 else spelt


def _shortest(number: float, below: float, above: float, digits: range, plain: int) -> bytes:
    """Spell a number, trying these numbers of digits; `below` and `above` are its neighbours."""
    exact = Fraction(number)
    low = (exact + Fraction(below)) / 2
    high = exact + (exact - Fraction(below)) / 2 if isinf(above) else (exact + Fraction(above)) / 2
    for count in digits:
        mantissa, _, power = f"{number:.{count - 1}e}".partition("e")
        nearest = int(mantissa.replace(".", ""))
        unit = Fraction(10) ** (int(power) - count + 1)
        # At a power of two the interval reaches further up than down: the next one up may lie in it where the nearest does not.
        for candidate in (nearest, nearest + 1):
            if low < candidate * unit < high:
                return _laid_out(str(candidate), int(power) + len(str(candidate)) - count, plain)
    raise AssertionError("a number is always nearest to its own 17 digits, or 9")


def _laid_out(digits: str, exponent: int, plain: int) -> bytes:
    """Write digits, the first before the point, as PostgreSQL does: plainly where the exponent is from -4 up to `plain`."""
    digits = digits.rstrip("0")
    if exponent < -4 or exponent >= plain:
        return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{exponent:+03d}".encode()
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}".encode()
    before, after = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{before}{'.' if after else ''}{after}".encode()
