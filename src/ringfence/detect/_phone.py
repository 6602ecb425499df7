"""Checking telephone numbers against the world's numbering plans.

The rule: a candidate is whatever digits stand together; the number in it is the longest beginning that a numbering plan knows,
cut only where groups of digits meet. Numbers are handed to the library as numbers, not as text: that spares its parser, which
takes ten times as long as looking a number up and whose patterns backtrack. It is imported when it is first asked, for
that takes a tenth of what it takes to begin.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from ringfence.detect._bytes import digits_of, is_digit, is_word_after, is_word_before
from ringfence.detect._engine import prefix
from ringfence.detect.recognizer import Hit

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_MOST = 64  # bytes of a candidate that are looked at
_TRIES = 6  # ends that are tried
_FEWEST, _LARGEST = 7, 15  # digits: the shortest subscriber numbers in use, and E.164's limit
_WITH_AREA = 9  # digits from which a number has its area code, where no leading zero says so

_WITH_ZERO = ("DE", "GB", "FR", "NL", "CH", "AT", "BE", "IT", "JP", "CN", "AU", "IL", "SE")
_WITHOUT_ZERO = ("US", "ES", "PT", "PL", "IT", "BR", "MX", "IN", "CN", "NO", "DK", "CZ", "GR")
"""Whose national formats are tried beside a word such as *phone*: the countries of the words' languages, and populous others.
A number that none of them knows still counts there if it is written as one."""

_HAS_DECIMALS = prefix(r"(?:[0-9]+\.[0-9]{1,2}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{1,2})?)\z")


def check_international(data: bytes, start: int, end: int) -> Iterator[Hit]:
    """Find the number in a candidate that begins with a plus sign."""
    if is_word_before(data, start) or data[start - 1 : start + 1] == b"++":
        return
    shift = 1 if data[start : start + 1] == b"+" else len(b"%2B")
    if _is_sum(data, start, start + shift, end) or data[end : end + 1] == b"*":
        return
    for stop, main in _stops(data, start, end, b""):
        text = data[start + shift : main]
        if (text[1:2] == b"." and text[2:].isdigit()) or _HAS_DECIMALS(text, 0, len(text)) > 0:
            return  # a number with its sign and its decimals, a year with its sign and its day
        digits = digits_of(text.replace(b"(0)", b""))
        known = _is_known(digits) if _FEWEST <= len(digits) <= _LARGEST else None
        if known:
            yield Hit(start, stop, ("checksum:numbering-plan",))
            return
        if known is not None:
            # Grouped as numbers are, it is one, if of no use; bare digits after a plus sign may be a difference.
            yield Hit(start, stop, doubtful=text.strip().isdigit() or _is_time_zone(text))
            return


def check_national(data: bytes, start: int, end: int) -> Iterator[Hit]:
    """Find a number that is written as in one country.

    Without its area code (eight digits and less, and no leading zero) it is doubtful: so few digits can be anything.
    """
    if is_word_before(data, start) or data[start - 1 : start] == b"/" or _continues_before(data, start):
        return
    possible: Hit | None = None
    end = _next_number(data, start, min(end, start + _MOST))
    for stop, main in _stops(data, start, end, b":/"):
        text = data[start:main].decode("ascii")
        digits = digits_of(data[start:main])
        if not _FEWEST <= len(digits) <= _LARGEST or _is_something_else(text):
            continue
        doubtful = len(digits) < _WITH_AREA and digits[0] != "0" and text[0] != "("
        if _is_known_somewhere(digits):
            yield Hit(start, stop, ("checksum:numbering-plan",), doubtful=doubtful)
            return
        if possible is None and (digits[0] == "0" or not text.isdigit()):
            possible = Hit(start, stop, doubtful=doubtful)
    if possible is not None:
        yield possible


def _next_number(data: bytes, start: int, end: int) -> int:
    """Give where a second number with its leading zero begins, as in ``030 23125000 030 23125001``; else the end."""
    if data[start : start + 1] != b"0":
        return end
    at = start + _WITH_AREA
    while (at := data.find(b"0", at, end) + 1) > 0:
        before, after = len(digits_of(data[start : at - 1])), len(digits_of(data[at - 1 : end]))
        if before >= _WITH_AREA <= after and not is_digit(data, at - 2):
            return at - 1
    return end


def _stops(data: bytes, start: int, end: int, joins: bytes) -> Iterator[tuple[int, int]]:
    """Give the ends that a number may have, each with the end of its digits before an extension.

    First the candidate's, then those of its groups, from the right. It does not end at one of `joins` before a digit.
    """
    end = min(end, start + _MOST)
    marks = (at for at, byte in enumerate(data[start:end], start) if byte in b"ex#,;")
    main = next(marks, end)
    while main > start and not is_digit(data, main - 1):
        main -= 1
    tries = 0
    if main < end and not is_word_after(data, end):
        yield end, main
        tries = 1
    stop = main
    while stop > start and tries < _TRIES:
        runs_on = is_word_after(data, stop) or (is_digit(data, stop + 1) and data[stop] in joins)
        extended = stop == main < end  # what follows is an extension
        if is_digit(data, stop - 1) and (extended or not runs_on):
            tries += 1
            yield stop, stop
        stop -= 1
        while stop > start and is_digit(data, stop - 1) and is_digit(data, stop):
            stop -= 1


def _as_number(country: int, national: str) -> "PhoneNumber":
    from phonenumbers import PhoneNumber

    zeros = len(national) - len(national.lstrip("0"))
    return PhoneNumber(
        country_code=country,
        national_number=int(national or "0"),
        italian_leading_zero=zeros > 0,
        number_of_leading_zeros=zeros or None,
    )


def _is_known(digits: str) -> bool | None:
    """Tell whether a numbering plan knows an international number; None where not even its length is possible."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, is_possible_number, is_valid_number

    for size in (1, 2, 3):
        country = int(digits[:size])
        if country in COUNTRY_CODE_TO_REGION_CODE:
            kept = _as_number(country, digits[size:])
            dropped = _as_number(country, digits[size:].lstrip("0"))
            if is_valid_number(kept) or (kept != dropped and is_valid_number(dropped)):
                return True
            return False if is_possible_number(kept) else None
    return None


@lru_cache(maxsize=64)
def _country_of(region: str) -> tuple[int, frozenset[int]]:
    """Give a region's country code, and how many digits its national numbers have."""
    from phonenumbers import PhoneMetadata, country_code_for_region

    plan = PhoneMetadata.metadata_for_region(region)
    sizes = plan.general_desc.possible_length if plan is not None and plan.general_desc is not None else ()
    return country_code_for_region(region), frozenset(sizes)


def _is_known_somewhere(digits: str) -> bool:
    """Tell whether one of the countries knows a number as its own."""
    from phonenumbers import is_valid_number_for_region

    for region in _WITH_ZERO if digits[0] == "0" else _WITHOUT_ZERO:
        national = digits[1:] if digits[0] == "0" and region != "IT" else digits
        country, sizes = _country_of(region)
        if len(national) in sizes and is_valid_number_for_region(_as_number(country, national), region):
            return True
    return False


def is_number_of(region: str) -> Callable[[str], bool]:
    """Make a test of a number of one country, written with its country code or as it is dialled there."""

    def is_valid(number: str) -> bool:
        from phonenumbers import is_valid_number_for_region

        country, sizes = _country_of(region)
        digits = "".join(filter(str.isdigit, number))
        return any(
            len(national) in sizes and is_valid_number_for_region(_as_number(country, national), region)
            for national in (digits.removeprefix("0"), digits.removeprefix(str(country)))
        )

    return is_valid


def _is_sum(data: bytes, sign: int, after: int, end: int) -> bool:
    """Tell the sign of a sum, with blanks on both sides and a number or a name before, from a number's own: ``3*x + 2784375*y``."""
    if data[after : after + 1] != b" " or data[max(0, sign - 1) : sign] != b" ":
        return False
    if b"/" in data[after:end] and b"." in data[after:end]:
        return True
    if data[after:end].count(b".") == 1 and data[after + 1 : end].replace(b".", b"").isdigit():
        return True
    before = data[max(0, sign - 2) : sign - 1]
    return before in (b")", b"]") or before.isdigit() or (before.isalpha() and data[after + 1 : after + 5].isdigit())


def _is_time_zone(text: bytes) -> bool:
    """Tell the offset of a time zone, with digits after it, from a country code: ``+1100 1234567``."""
    return text[:1] == b"1" and text[2:5] in (b"00 ", b"30 ", b"45 ")


def _continues_before(data: bytes, start: int) -> bool:
    """Tell whether the digits before belong to the same run: a date, a version, an address."""
    return start > 0 and data[start - 1] in b".-/:," and is_digit(data, start - 2)


def _is_something_else(text: str) -> bool:
    """Tell a date, a time of day after one, a version, an amount or an IPv4 address from a telephone number."""
    parts = text[:10].replace("/", "-").replace(".", "-").split("-")
    sizes = [len(part) for part in parts]
    if len(parts) >= 3 and sizes[0] == 4 and parts[0][:2] in ("19", "20") and 1 <= sizes[1] <= 2:
        return True
    if sizes == [2, 2, 4] and parts[2].isdigit():
        return True
    pointed = text.split(".")
    if len(pointed) == 1:
        return False
    # 12.2.3140 is a version, 1234.56 an amount, 10.1.2.3 an address; numbers with points have groups of two digits or more.
    is_amount = len(pointed) == 2 and text.replace(".", "").isdigit()
    return any(len(group) < 2 for group in pointed) or "/" in text or is_amount
