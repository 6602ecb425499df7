"""Dates, times and intervals in binary and in the text that PostgreSQL spells them with, DateStyle ISO, IntervalStyle postgres.

The rule: the whole range of the types is read, years before Christ and infinity too. A moment with a time zone is spelt in UTC,
which is right for any session (its own zone is not in the binary value). What cannot be read raises `ValueError`.

Days are counted as the server counts them, from 2000-01-01 in the Gregorian calendar without a beginning; the two conversions are
those of Fliegel and van Flandern (1968), shifted so that no year of the types is negative.
"""

from struct import Struct

import re2

_DAYS = Struct("!i")
_MICROSECONDS = Struct("!q")
_ZONED = Struct("!qi")
_INTERVAL = Struct("!qii")

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = 2_451_545  # 2000-01-01 as a Julian day
_SHIFT = 4_800  # years: twelve times four hundred

_DATE_INFINITY = {2**31 - 1: b"infinity", -(2**31): b"-infinity"}
_INFINITY = {2**63 - 1: b"infinity", -(2**63): b"-infinity"}
_INTERVAL_INFINITY = {
    (2**63 - 1, 2**31 - 1, 2**31 - 1): b"infinity",
    (-(2**63), -(2**31), -(2**31)): b"-infinity",
}

_DATE = re2.compile(rb"([0-9]{4,7})-([0-9]{2})-([0-9]{2})( BC)?")
_TIME = re2.compile(rb"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")
_ZONE = re2.compile(rb"([+-])([0-9]{2})(?::?([0-9]{2}))?(?::?([0-9]{2}))?|Z")
_TIMESTAMP = re2.compile(rb"([0-9]{4,7}-[0-9]{2}-[0-9]{2})[T ]([0-9:.]+?)((?:[+-][0-9:]+|Z)?)( BC)?")
_PART = re2.compile(rb"([+-]?[0-9]{1,10}) (year|mon|day)s?")
_CLOCK = re2.compile(rb"([+-]?)([0-9]{2,10}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")


def decode_date(value: bytes) -> bytes:
    """Decode a date."""
    (days,) = _DAYS.unpack(value)
    if days in _DATE_INFINITY:
        return _DATE_INFINITY[days]
    text, era = _spell_date(days)
    return text + era


def encode_date(text: bytes) -> bytes:
    """Encode a date."""
    for days, spelt in _DATE_INFINITY.items():
        if text == spelt:
            return _DAYS.pack(days)
    return _DAYS.pack(_read_date(text))


def decode_time(value: bytes) -> bytes:
    """Decode a time of day."""
    return _spell_time(_MICROSECONDS.unpack(value)[0])


def encode_time(text: bytes) -> bytes:
    """Encode a time of day."""
    return _MICROSECONDS.pack(_read_time(text))


def decode_time_zoned(value: bytes) -> bytes:
    """Decode a time of day with an offset from UTC."""
    time, west = _ZONED.unpack(value)
    return _spell_time(time) + _spell_zone(-west)


def encode_time_zoned(text: bytes) -> bytes:
    """Encode a time of day with an offset from UTC."""
    time, east = _split_zone(text)
    return _ZONED.pack(_read_time(time), -_read_zone(east))


def decode_timestamp(value: bytes) -> bytes:
    """Decode a date with a time."""
    return _spell_moment(_MICROSECONDS.unpack(value)[0], b"")


def encode_timestamp(text: bytes) -> bytes:
    """Encode a date with a time. An offset from UTC says nothing here, and is passed over, as the server does."""
    moment, _ = _read_moment(text)
    return _MICROSECONDS.pack(moment)


def decode_timestamp_zoned(value: bytes) -> bytes:
    """Decode a moment."""
    return _spell_moment(_MICROSECONDS.unpack(value)[0], b"+00")


def encode_timestamp_zoned(text: bytes) -> bytes:
    """Encode a moment; without an offset it is one of UTC."""
    moment, east = _read_moment(text)
    return _MICROSECONDS.pack(moment - east * _SECOND)


def decode_interval(value: bytes) -> bytes:
    """Decode an interval."""
    time, days, months = _INTERVAL.unpack(value)
    if (time, days, months) in _INTERVAL_INFINITY:
        return _INTERVAL_INFINITY[time, days, months]
    years = abs(months) // 12 * (-1 if months < 0 else 1)
    parts: list[bytes] = []
    negative = False
    for number, name in ((years, b"year"), (months - years * 12, b"mon"), (days, b"day")):
        if number:
            plus = b"+" if negative and number > 0 else b""
            parts.append(b"%s%d %s%s" % (plus, number, name, b"" if number == 1 else b"s"))
            negative = number < 0
    if time or not parts:
        sign = b"-" if time < 0 else b"+" if negative else b""
        parts.append(sign + _spell_clock(abs(time)))
    return b" ".join(parts)


def encode_interval(text: bytes) -> bytes:
    """Encode an interval as it is decoded: years, months, days, each at most once, and a time."""
    for infinite, spelt in _INTERVAL_INFINITY.items():
        if text == spelt:
            return _INTERVAL.pack(*infinite)
    numbers: dict[bytes, int] = {}
    time = 0
    words = text.split(b" ")
    if len(words) % 2:
        time = _read_clock(words.pop())
    for at in range(0, len(words), 2):
        found = _PART.fullmatch(b" ".join(words[at : at + 2]))
        if found is None or found[2] in numbers:
            raise ValueError
        numbers[found[2]] = int(found[1])
    months = numbers.get(b"year", 0) * 12 + numbers.get(b"mon", 0)
    return _INTERVAL.pack(time, numbers.get(b"day", 0), months)


def _spell_date(days: int) -> tuple[bytes, bytes]:
    """Give a date, and b" BC" where it is before Christ."""
    shifted = days + _EPOCH + 32_044
    centuries, rest = divmod(4 * shifted + 3, 146_097)
    year, rest = divmod(4 * (rest // 4) + 3, 1_461)
    month, rest = divmod(5 * (rest // 4) + 2, 153)
    year = 100 * centuries + year - _SHIFT + month // 10
    spelt = b"%04d-%02d-%02d" % (year if year > 0 else 1 - year, month + 3 - 12 * (month // 10), rest // 5 + 1)
    return spelt, b"" if year > 0 else b" BC"


def _read_date(text: bytes) -> int:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not year:
        raise ValueError
    year = 1 - year if found[4] else year
    early = month < 3
    years, months = year + _SHIFT - early, month - 3 + 12 * early
    days = day + (153 * months + 2) // 5 + 365 * years + years // 4 - years // 100 + years // 400 - 32_045 - _EPOCH
    spelt, era = _spell_date(days)
    if (
        not 1 <= month <= 12
        or not 1 <= day <= 31
        or (spelt, era) != (b"%s-%s-%s" % found.groups()[:3], found[4] or b"")
    ):
        raise ValueError  # there is no such day
    return days


def _spell_clock(time: int) -> bytes:
    seconds, fraction = divmod(time, _SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    spelt = b"%02d:%02d:%02d" % (hour, minute, second)
    return spelt + (b".%06d" % fraction).rstrip(b"0") if fraction else spelt


def _spell_time(time: int) -> bytes:
    if not 0 <= time <= _DAY:
        raise ValueError
    return _spell_clock(time)


def _read_time(text: bytes) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    time = ((hour * 60 + minute) * 60 + second) * _SECOND + int((found[4] or b"").ljust(6, b"0"))
    if minute > 59 or second > 60 or time > _DAY:
        raise ValueError
    return time


def _read_clock(text: bytes) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[3]) > 59 or int(found[4]) > 59:
        raise ValueError
    time = ((int(found[2]) * 60 + int(found[3])) * 60 + int(found[4])) * _SECOND
    time += int((found[5] or b"").ljust(6, b"0"))
    return -time if found[1] == b"-" else time


def _spell_zone(east: int) -> bytes:
    minutes, second = divmod(abs(east), 60)
    hour, minute = divmod(minutes, 60)
    spelt = b"%s%02d" % (b"-" if east < 0 else b"+", hour)
    if minute or second:
        spelt += b":%02d" % minute
    return spelt + b":%02d" % second if second else spelt


def _split_zone(text: bytes) -> tuple[bytes, bytes]:
    """Part a time from its offset."""
    at = max(text.rfind(b"+"), text.rfind(b"-"))
    if at < 0:
        raise ValueError
    return text[:at], text[at:]


def _read_zone(text: bytes) -> int:
    found = _ZONE.fullmatch(text)
    if found is None:
        raise ValueError
    if text == b"Z":
        return 0
    hour, minute, second = (int(found[group] or 0) for group in (2, 3, 4))
    if hour > 15 or minute > 59 or second > 59:
        raise ValueError
    east = (hour * 60 + minute) * 60 + second
    return -east if found[1] == b"-" else east


def _spell_moment(moment: int, zone: bytes) -> bytes:
    if moment in _INFINITY:
        return _INFINITY[moment]
    days, time = divmod(moment, _DAY)
    date, era = _spell_date(days)
    return b"%s %s%s%s" % (date, _spell_clock(time), zone, era)


def _read_moment(text: bytes) -> tuple[int, int]:
    """Give a date with its time, as if in UTC, and the offset that was said."""
    for moment, spelt in _INFINITY.items():
        if text == spelt:
            return moment, 0
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise ValueError
    days = _read_date(found[1] + (found[4] or b""))
    return days * _DAY + _read_time(found[2]), _read_zone(found[3]) if found[3] else 0
