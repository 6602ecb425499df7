"""Whole and decimal numbers and booleans in binary and in the text that PostgreSQL spells them with.

The rule: what is decoded is spelt as the server would spell it, digit for digit. What cannot be read raises `ValueError` or a
kin of it, whose text may hold a value: `values.Codec` lets none of them out.
"""

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias

import re2

_WHOLE = re2.compile(rb"[+-]?[0-9]{1,20}")
_DECIMAL = re2.compile(rb"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,6}))?")

_NUMERIC = Struct("!HhHH")
_GROUP = Struct("!H")
_NEGATIVE, _NAN, _INFINITY, _MINUS_INFINITY = 0x4000, 0xC000, 0xD000, 0xF000
_SPECIAL = {_NAN: b"NaN", _INFINITY: b"Infinity", _MINUS_INFINITY: b"-Infinity"}
_INFINITE_SCALE = 32  # what the server itself sends with an infinity
_LARGEST_SCALE = 0x3FFF  # NUMERIC_DSCALE_MAX in numeric.c

Coding: TypeAlias = tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]
"""How values of a type are decoded, and how encoded."""


def whole(form: Struct) -> Coding:
    """Give how whole numbers of a size are decoded and encoded."""

    def decode(value: bytes) -> bytes:
        return str(form.unpack(value)[0]).encode()

    def encode(text: bytes) -> bytes:
        if _WHOLE.fullmatch(text) is None:
            raise ValueError
        return form.pack(int(text))

    return decode, encode


def decode_bool(value: bytes) -> bytes:
    """Decode a boolean."""
    return {b"\0": b"f", b"\1": b"t"}[value]


def encode_bool(text: bytes) -> bytes:
    """Encode a boolean."""
    return {b"f": b"\0", b"t": b"\1", b"false": b"\0", b"true": b"\1"}[text]


def decode_numeric(value: bytes) -> bytes:
    """Decode a number of any precision: groups of four decimal digits."""
    count, weight, sign, scale = _NUMERIC.unpack_from(value)
    if len(value) != _NUMERIC.size + 2 * count or scale > _LARGEST_SCALE:
        raise ValueError
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    groups = [group for (group,) in _GROUP.iter_unpack(value[_NUMERIC.size :])]
    if sign not in (0, _NEGATIVE) or any(group > 9999 for group in groups):
        raise ValueError
    before = [groups[place] if place < count else 0 for place in range(weight + 1)]
    after = [0] * min(max(0, -weight - 1), scale) + groups[max(0, weight + 1) :]
    digits = b"".join([b"%04d" % group for group in before]).lstrip(b"0") or b"0"
    if scale:
        digits += b"." + b"".join([b"%04d" % group for group in after])[:scale].ljust(scale, b"0")
    return b"-" + digits if sign == _NEGATIVE else digits


def encode_numeric(text: bytes) -> bytes:
    """Encode a number of any precision. An exponent moves the point, as the server reads it."""
    for special, spelt in _SPECIAL.items():
        if text == spelt:
            return _NUMERIC.pack(0, 0, special, 0 if special == _NAN else _INFINITE_SCALE)
    sign_text, before, after, exponent = parts(text)
    if abs(exponent) > _LARGEST_SCALE:
        raise ValueError
    digits, point = before + after, len(before) + exponent
    if point < 0:
        digits, point = b"0" * -point + digits, 0
    digits = digits.ljust(point, b"0")
    scale = len(digits) - point
    lead = -point % 4
    digits = b"0" * lead + digits
    digits += b"0" * (-len(digits) % 4)
    groups = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    weight = (point + lead) // 4 - 1
    while groups and not groups[0]:
        del groups[0]
        weight -= 1
    while groups and not groups[-1]:
        groups.pop()
    if not groups:
        return _NUMERIC.pack(0, 0, 0, scale)
    sign = _NEGATIVE if sign_text == b"-" else 0
    return _NUMERIC.pack(len(groups), weight, sign, scale) + b"".join(map(_GROUP.pack, groups))


def parts(text: bytes) -> tuple[bytes, bytes, bytes, int]:
    """Give a number's sign, the digits before and behind its point, and its exponent."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError
    sign, before, after, exponent = found.groups()
    if not before and not after:
        raise ValueError
    return sign, before, after or b"", int(exponent or 0)
