"""Money: payment cards and bank accounts."""

from collections.abc import Callable, Sequence
from functools import cache

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._cards import announcing, check_card, check_unissued
from ringfence.detect._engine import prefix, searcher
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer, listed

_CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {byte: str(int(chr(byte), 36)) for byte in _CHARACTERS}
"""What a letter or digit of an IBAN counts: A is 10, Z is 35."""


def passes_mod97(number: bytes) -> bool:
    """Tell whether an IBAN's check digits are right by ISO/IEC 7064, mod 97-10."""
    own, country = number[4:], _VALUES[number[0]] + _VALUES[number[1]]
    if own.isdigit():
        return int(own.decode() + country + number[2:4].decode()) % 97 == 1
    return int("".join(map(_VALUES.__getitem__, own)) + country + number[2:4].decode()) % 97 == 1


_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Characters of an IBAN by country: https://www.swift.com/standards/data-standards/iban-international-bank-account-number"""


_OF_DIGITS = frozenset(b"AE AT BA BE CZ DE DK EE ES FI FO GL HR HU IL IS LT ME NO PL PT RS SE SI SK TN XK".split())
"""Countries in whose numbers only digits follow, by the same register: a hash beginning with ``be`` is no account."""


_UUID = searcher(r"[0-9A-Za-z-][0-9A-Fa-f]{4}-\z")
"""What stands before a group of one."""


_BY_HEAD = {
    (first + second).encode(): (length, country.encode() in _OF_DIGITS)
    for country, length in _IBAN_LENGTHS.items()
    for first in (country[0], country[0].lower())
    for second in (country[1], country[1].lower())
}
"""A country in either case: how many characters its numbers have, and whether only digits follow."""


@cache
def _reader(length: int) -> Callable[[bytes, int, int], int]:
    """Make a function that reads so many letters and digits, with separators between them, and gives their end or -1."""
    return prefix(r"[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){" + str(length - 1) + "}")


def _end_of(data: bytes, start: int, length: int) -> int:
    """Give where so many letters and digits end, or -1; most are written without separators, or in groups of four."""
    if start + length <= len(data) and data[start : start + length].isalnum():
        return start + length
    printed = data[start : start + length + (length - 1) // 4]
    groups = printed.split(b" ")
    if len(printed.translate(None, b" ")) == length and all(group.isalnum() for group in groups):
        return start + len(printed)
    return _reader(length)(data, start, min(len(data), start + 2 * length))


def _check_iban(data: bytes, start: int, _: int) -> Sequence[Hit]:
    """Read on from country and check digits to the length that the country's numbers have."""
    length, of_digits = _BY_HEAD.get(data[start : start + 2], (0, False))
    if not length or is_word_before(data, start):
        return ()
    end = _end_of(data, start, length)
    if end < 0 or is_word_after(data, end):
        return ()
    number = data[start:end].translate(None, b" -")
    if (of_digits and not number[2:].isdigit()) or not passes_mod97(number):
        return ()
    if data[end : end + 1] == b"-" and is_word_after(data, end + 1) and b"-" in data[start:end]:
        return ()  # a UUID goes on
    if data[max(0, start - 1) : start] == b"-" and _UUID(data[max(0, start - 6) : start], 0, min(start, 6))[0] >= 0:
        return ()  # a UUID has begun before
    return (Hit(start, end, ("checksum:mod97",)),)


_COUNTRY = "(?i:" + "|".join(sorted(_IBAN_LENGTHS)) + ")[0-9]{2}"
_HEADS = (
    "(?i:" + "|".join(sorted(one.decode() for one in _OF_DIGITS)) + ")[0-9]{2}(?:[ -]?[0-9]){8}",
    "(?i:"
    + "|".join(sorted(one for one in _IBAN_LENGTHS if one.encode() not in _OF_DIGITS))
    + ")[0-9]{2}(?:[ -]?[0-9A-Za-z]){8}",
)


_RUN = r"[0-9](?:[ -]?[0-9]){11,}"

FINANCIAL: tuple[Recognizer, ...] = (
    Recognizer(
        entity="CREDIT_CARD",
        certainty=Certainty.CHECKED,
        source="ISO/IEC 7812-1 (numbering, Luhn formula), https://www.iso.org/standard/70484.html",
        patterns=(
            Pattern(
                code="card",
                pattern=_RUN,
                trigger=r"(?:\b|_)(?:" + announcing() + ")",
                alone=0.8,
                beside=0.95,
                doubtful=(0.3, 0.7),
                check=check_card,
            ),
            Pattern(
                code="card-unissued",
                pattern=_RUN,
                alone=0.3,
                beside=0.95,
                doubtful=(0.3, 0.7),
                before=24,
                check=check_unissued,
            ),
        ),
        words=listed(
            "card, card number, card no, credit card, debit card, cc number, cc num, cc no, pan, visa, mastercard, amex, "
            "kreditkarte, kreditkarten-, karte, carte, tarjeta, cartão, carta di credito, creditcard, karta"
        ),
        fields=listed(
            "card, card number, cc number, credit card, credit card number, debit card, pan, primary account "
            "number, kreditkarte, kreditkartennummer, carte bancaire, tarjeta, cartao, creditcard, "
            "creditcardnumber"
        ),
        examples=(
            Example("paid with 4111 1111 1111 1111.", ("4111 1111 1111 1111",)),
            Example("3714-496353-98431;5555555555554444", ("3714-496353-98431", "5555555555554444")),
            Example("2024 4111 1111 1111 1111 123", ("4111 1111 1111 1111",)),
            Example("4539578763621486 4539578763621486x", ("4539578763621486",)),
            Example("30569309025904", ("30569309025904",), field="payment.card_number"),
            Example("card 6390-1837-5753", ("6390-1837-5753",)),
            Example("no word beside 639018375753"),
            Example("1748503543012 4012-8888-8888-1882 0000 0000 0000 0000 41111111111111111111"),
            Example("x4111111111111111 4111111111111111b"),
        ),
    ),
    Recognizer(
        entity="IBAN",
        certainty=Certainty.CHECKED,
        source="ISO 13616-1, https://www.swift.com/standards/data-standards/iban-international-bank-account-number",
        patterns=(
            Pattern(
                code="iban",
                pattern=_COUNTRY,
                trigger=r"(?:\b|_)(?:" + "|".join(_HEADS) + ")",
                alone=0.95,
                beside=0.99,
                check=_check_iban,
            ),
        ),
        words=listed("iban, account, konto, kontonummer, compte, cuenta, conto, conta, rekening, rachunek"),
        fields=("iban", "bank account", "account iban", "konto", "kontonummer"),
        examples=(
            Example("to DE89 3704 0044 0532 0130 00 today", ("DE89 3704 0044 0532 0130 00",)),
            Example("gb82west12345698765432", ("gb82west12345698765432",)),
            Example("AB12 DE89370400440532013000", ("DE89370400440532013000",)),
            Example("iban=NO9386011117947", ("NO9386011117947",)),
            Example(
                "c830b8ba-ad24-40d9-af2a-61dc4c6ac843 "
                "DE88 3704 0044 0532 0130 00 DE893704004405320130001 xDE89370400440532013000 de30 and so on it goes"
            ),
        ),
    ),
)
