"""`bucket`: a range in the place of a number, a month, year or decade in the place of a date."""

from dataclasses import dataclass
from datetime import date

import re2

from ringfence.policy.model import Form
from ringfence.transform.model import About

_NUMBER = re2.compile(r"([+-]?)([0-9]{1,40})(?:\.([0-9]{0,40}))?(?:[eE]([+-]?[0-9]{1,2}))?")
_INTEGER_BITS = (15, 31, 63)  # of SQL's smallint, integer and bigint, beside the sign

_TIME = r"(?P<time>[T ][0-9]{2}:[0-9]{2}[0-9:.,]{0,20}(?P<zone> ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
_WORD = (
    r"[A-Za-z\x{80}-\x{10ffff}]{3,14}"  # a month in any language; with `\pL` all shapes took 11 ms to compile, so 0.8
)
_DATES = tuple(
    re2.compile(shape)
    for shape in (
        r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})" + _TIME,
        r"(?P<y>[0-9]{4})/(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})",
        r"(?P<y>[0-9]{4})\.(?P<m>[0-9]{1,2})\.(?P<d>[0-9]{1,2})",
        r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
        r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})",
        r"(?P<y>[0-9]{4})",
        r"(?P<d>[0-9]{1,2})\. ?(?P<m>[0-9]{1,2})\. ?(?P<y>[0-9]{4})",
        r"(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/(?P<y>[0-9]{4})",
        r"(?P<a>[0-9]{1,2})-(?P<b>[0-9]{1,2})-(?P<y>[0-9]{4})",
        r"(?P<a>[0-9]{1,2}) (?P<b>[0-9]{1,2}) (?P<y>[0-9]{4})",
        r"(?P<d>[0-9]{1,2})(?:st|nd|rd|th|º|er|e|\.)?[ -](?:de |of )?"
        + _WORD
        + r"\.?,?[ -](?:de |del )?(?P<y>[0-9]{4})",
        _WORD + r"\.? (?P<d>[0-9]{1,2})(?:st|nd|rd|th)?,? (?P<y>[0-9]{4})",
    )
)
"""The spellings of dates that are read: y, m, d; a and b where custom decides which of the two is the month."""


@dataclass(frozen=True, slots=True, repr=False)
class _When:
    """A date as far as its spelling tells it."""

    year: int
    month: int | None
    time: str = ""
    zone: str = ""


def bucket(form: Form, value: str, about: About) -> str | None:  # noqa: ARG001 (one signature for all transforms)
    """Put the range that holds it in a value's place.

    With `width` 10, ``34`` and ``34.9`` become ``30-39``, ``-3`` becomes ``-10 to -1``: ranges begin at multiples of `width`,
    which is at least 2, and a fraction belongs to the range of the whole number below it. With `unit` month, year or decade,
    ``1980-05-17`` becomes ``1980-05``, ``1980``, ``1980s``. Null where the text is not one number or one date, or does not say
    what is asked: ``03/12/1980`` and ``17 May 1980`` have no certain month. Years of two digits are not read.

    Hides where in its range a value lies. Does not hide the range: together with few other facts (a postcode, a gender) it may
    single a person out, and a range that holds one person shows that person.
    """
    if form.unit:
        when = _read_date(value)
        return _in_words(form, when) if when is not None else None
    low = _lower_bound(form, value)
    if low is None:
        return None
    high = low + form.width - 1
    return f"{low}-{high}" if low >= 0 else f"{low} to {high}"


def bucket_number(form: Form, value: str, about: About) -> str | None:  # noqa: ARG001 (one signature for all transforms)
    """Put the least number of its range in a number's place; see `bucket` for what it hides.

    Null where the range begins below an SQL integer type's least value and ends above it: the column could not hold the number.
    """
    low = _lower_bound(form, value)
    if low is None or any(low < -(1 << bits) <= low + form.width - 1 for bits in _INTEGER_BITS):
        return None
    return str(low)


def bucket_date(form: Form, value: str, about: About) -> str | None:  # noqa: ARG001 (one signature for all transforms)
    """Put the first day of its month, year or decade in a date's place; see `bucket` for what it hides."""
    when = _read_date(value)
    return _first_day(form, when) if when is not None else None


def bucket_timestamp(form: Form, value: str, about: About) -> str | None:  # noqa: ARG001 (one signature for all transforms)
    """Put the first moment of its month, year or decade in a timestamp's place; see `bucket` for what it hides.

    What had an offset from UTC has one afterwards, of zero: the offset would tell where a person is.
    """
    when = _read_date(value)
    day = _first_day(form, when) if when is not None else None
    if when is None or day is None:
        return None
    iso = when.time.startswith("T")
    zone = ("Z" if iso else "+00") if when.zone else ""
    return f"{day}{'T' if iso else ' '}00:00:00{zone}"


def _lower_bound(form: Form, value: str) -> int | None:
    text = value.strip()
    found = _NUMBER.fullmatch(text) if text.isascii() and form.width >= 2 else None
    if found is None:
        return None
    sign, whole, fraction, exponent = found.groups()
    digits = int(whole + (fraction or "")) * (-1 if sign == "-" else 1)
    scale = int(exponent or 0) - len(fraction or "")
    power = int(10 ** abs(scale))
    return (digits * power if scale >= 0 else digits // power) // form.width * form.width


def _read_date(value: str) -> _When | None:
    text = value.strip()
    if not text.isprintable():
        return None  # re2 raises on a lone surrogate, with an error that holds the text
    for shape in _DATES:
        found = shape.fullmatch(text)
        if found is not None:
            return _checked({name: part for name, part in found.groupdict().items() if part is not None})
    return None


def _checked(parts: dict[str, str]) -> _When | None:
    year = int(parts["y"])
    month, day = int(parts.get("m", 0)), int(parts.get("d", 1))
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        month, day = (second, first) if first > 12 or first == second else (first, second)
        certain = max(first, second) > 12 or first == second
    else:
        certain = "m" in parts
    try:
        date(year, month if "m" in parts or "a" in parts else 1, day)
    except ValueError:
        return None
    return _When(year, month if certain else None, parts.get("time", ""), parts.get("zone", ""))


def _in_words(form: Form, when: _When) -> str | None:
    match form.unit:
        case "month":
            return f"{when.year:04}-{when.month:02}" if when.month is not None else None
        case "decade":
            return f"{when.year // 10 * 10:04}s"
        case _:
            return f"{when.year:04}"


def _first_day(form: Form, when: _When) -> str | None:
    match form.unit:
        case "month":
            return f"{when.year:04}-{when.month:02}-01" if when.month is not None else None
        case "year":
            return f"{when.year:04}-01-01"
        case "decade" if when.year >= 10:
            return f"{when.year // 10 * 10:04}-01-01"
        case _:
            return None
