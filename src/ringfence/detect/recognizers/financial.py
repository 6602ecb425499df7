"""Money: payment cards and bank accounts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._engine import prefix, searcher
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer, listed

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


_CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # twice a digit, its two digits added


def passes_luhn(digits: bytes) -> bool:
    """Tell whether a number ends in its check digit by ISO/IEC 7812-1, annex B. A candidate costs a tenth of stdnum's."""
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - ord("0") * len(digits)) % 10 == 0


_VALUES = {byte: str(int(chr(byte), 36)) for byte in _CHARACTERS}
"""What a letter or digit of an IBAN counts: A is 10, Z is 35."""


def passes_mod97(number: bytes) -> bool:
    """Tell whether an IBAN's check digits are right by ISO/IEC 7064, mod 97-10."""
    return int("".join(map(_VALUES.__getitem__, number[4:] + number[:4]))) % 97 == 1


@cache
def _lengths() -> Mapping[bytes, frozenset[int]]:
    """Give the lengths of the numbers that begin with four digits; only those that a network uses have any."""
    lengths: dict[bytes, frozenset[int]] = {}
    for low, high, sizes in _RANGES:
        scale = 10 ** (4 - len(str(low)))
        for first in range(low * scale, (high + 1) * scale):
            key = str(first).encode()
            lengths[key] = lengths.get(key, frozenset()) | sizes
    return lengths


def is_issued(number: bytes) -> bool:
    """Tell whether a number of that length lies in a range that a card network uses."""
    return len(number) in _lengths().get(number[:4], ())


def _groups(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    groups = []
    for group in data[start:end].replace(b"-", b" ").split(b" "):
        groups.append((start, start + len(group)))
        start += len(group) + 1
    return groups


_WHOLE_MOST = 8
_FRACTION = searcher(r"(?:^|[^0-9A-Za-z.])[0-9]{1,3}\.\z")  # what stands before the digits of 0.4111111111111111


def _check_card(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Find the cards in a run of digits: each begins and ends where groups do, so that neighbours do not hide one.

    Where none is in a range that a network uses, what has a right check digit is doubtful: networks have local partners.
    """
    groups = _groups(data, start, end)
    # A group that is grown together with a word is no part of a card; its neighbours may be one.
    groups = groups[is_word_before(data, start) : len(groups) - is_word_after(data, end)]
    is_fraction = (
        len(groups) == 1 and _FRACTION(data[max(0, start - _WHOLE_MOST) : start], 0, min(start, _WHOLE_MOST))[0] >= 0
    )
    cards = (
        []
        if is_fraction
        else [Hit(*span, ("checksum:luhn", "range:issuer")) for span in _cards(data, groups, is_issued)]
    )
    return cards or [Hit(*span, ("checksum:luhn",), doubtful=True) for span in _cards(data, groups, _is_varied)]


def _is_varied(number: bytes) -> bool:
    return len(set(number)) > 1


def _cards(
    data: bytes, groups: Sequence[tuple[int, int]], is_card: Callable[[bytes], bool]
) -> Iterator[tuple[int, int]]:
    first = 0
    while first < len(groups):
        last = _card_from(data, groups, first, is_card)
        if last is not None:
            yield groups[first][0], groups[last][1]
        first = first + 1 if last is None else last + 1


def _card_from(
    data: bytes, groups: Sequence[tuple[int, int]], first: int, is_card: Callable[[bytes], bool]
) -> int | None:
    """Give the last group of the longest card that begins with a group."""
    number, found = b"", None
    for last in range(first, len(groups)):
        begin, end = groups[last]
        if end - begin + len(number) > _LONGEST:
            break
        number += data[begin:end]
        if len(number) >= _SHORTEST and is_card(number) and passes_luhn(number):
            found = last
        if end - begin < _GROUP or (last == first and end - begin > _FIRST_MOST):
            break  # only a card's last group is shorter
    return found


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


@cache
def _reader(length: int) -> Callable[[bytes, int, int], int]:
    """Make a function that reads so many letters and digits, with separators between them, and gives their end or -1."""
    return prefix(r"[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){" + str(length - 1) + "}")


def _check_iban(data: bytes, start: int, _: int) -> Sequence[Hit]:
    """Read on from country and check digits to the length that the country's numbers have."""
    if is_word_before(data, start):
        return ()
    length = _IBAN_LENGTHS.get(data[start : start + 2].decode("ascii").upper())
    if length is None:
        return ()
    end = _reader(length)(data, start, min(len(data), start + 2 * length))
    if end < 0 or is_word_after(data, end):
        return ()
    number = data[start:end].translate(None, b" -")
    if (number[:2].upper() in _OF_DIGITS and not number[2:].isdigit()) or not passes_mod97(number):
        return ()
    if data[end : end + 1] == b"-" and is_word_after(data, end + 1) and b"-" in data[start:end]:
        return ()  # a UUID goes on
    return (Hit(start, end, ("checksum:mod97",)),)


FINANCIAL: tuple[Recognizer, ...] = (
    Recognizer(
        entity="CREDIT_CARD",
        certainty=Certainty.CHECKED,
        source="ISO/IEC 7812-1 (numbering, Luhn formula), https://www.iso.org/standard/70484.html",
        patterns=(
            Pattern(
                code="card",
                pattern=r"[0-9](?:[ -]?[0-9]){11,}",
                trigger=r"[0-9](?:[ -]?[0-9]){11}",
                alone=0.8,
                beside=0.95,
                doubtful=(0.3, 0.7),
                check=_check_card,
            ),
        ),
        words=listed(
            "card, card number, card no, credit card, debit card, cc, pan, visa, mastercard, amex, "
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
                pattern=r"[A-Za-z]{2}[0-9]{2}",
                trigger=r"(?:\b|_)[A-Za-z]{2}[0-9]{2}(?:[ -]?[0-9A-Za-z]){8}",
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
                "DE88 3704 0044 0532 0130 00 DE893704004405320130001 xDE89370400440532013000 de30 and so on it goes"
            ),
        ),
    ),
)
