"""Made-up numbers in the spelling of real ones: telephones, cards, accounts, addresses of machines.

The rule: the ranges stand in tables with who reserved them; a number that is made lies in one, and is known again by
the same table.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from hmac import new as hmac_of
from typing import Final, TypeVar

from ringfence.detect import PUBLISHED_CARDS
from ringfence.transform.stand_ins import AREAS, NETWORKS, TEST_BANK, checked_account

_T = TypeVar("_T")
_WIDE: Final = 1 << 64

_FICTIONAL: Final[Mapping[str, tuple[tuple[str, int], ...]]] = {
    "49": (  # Bundesnetzagentur, Mitteilung 148/2021: numbers for films
        *(("3023125", 3), ("8999998", 3), ("2214710", 3), ("4066969", 3)),
        *(("17139200", 2), ("176040690", 2), ("1522881738", 1)),
    ),
    "44": (  # Ofcom: telephone numbers for use in drama
        *(("1632960", 3), ("2079460", 3), ("1214960", 3), ("1134960", 3), ("1144960", 3), ("7700900", 3)),
    ),
    "33": (("19900", 4), ("26191", 4), ("35301", 4), ("46571", 4), ("53649", 4), ("63998", 4)),  # Arcep, 2018-0881
    "46": (("8465004", 2), ("3139006", 2), ("4062804", 2)),  # Post- och telestyrelsen
    "61": (  # ACMA: phone numbers for use in creative works
        *(("25550", 4), ("27010", 4), ("35550", 4), ("37010", 4), ("75550", 4), ("77010", 4), ("85550", 4)),
        *(("87010", 4), ("49157015", 1)),
    ),
    "353": (("2091", 5),),  # ComReg
    "1": tuple((f"{area}55501", 2) for area in AREAS),  # North American Numbering Plan
}
"""By country: how numbers for fiction begin (without the digit that is dialled before them), and how many digits follow."""

_NATIONAL: Final = 10  # digits of a number of the North American plan
_MAC: Final = "00005e0053"
_NO_BANK: Final = "0000"
_HAS_ZEROS: Final = frozenset(("BE",))  # whose banks' codes begin with zeros
_TRIES: Final = 2000


class Draw:
    """Numbers drawn from a key and a name: the same ones each time."""

    __slots__ = ("_at", "_key", "_name")

    def __init__(self, key: bytes, name: bytes) -> None:
        self._key = key
        self._name = name
        self._at = 0

    def below(self, most: int) -> int:
        """Draw a number from 0."""
        drawn = hmac_of(self._key, self._name + self._at.to_bytes(4, "big"), sha256).digest()
        self._at += 1
        return int.from_bytes(drawn[:8], "big") * most // _WIDE

    def of(self, listed: Sequence[_T]) -> _T:
        """Draw one of several."""
        return listed[self.below(len(listed))]

    def digits(self, count: int) -> str:
        """Draw digits."""
        return f"{self.below(10**count):0{count}}" if count else ""


def laid_out(value: str, signs: str) -> str:
    """Put letters and digits where a value has its own, with its marks between; what is left over comes last.

    >>> laid_out("+49 (0)30/123-45", "4903023125")
    '+49 (0)30/231-25'
    """
    made, left = list[str](), iter(signs)
    for sign in value:
        if not sign.isalnum():
            made.append(sign)
            continue
        new = next(left, None)
        if new is None:
            break
        made.append(new)
    return "".join(made).rstrip(" -/.(") + "".join(left)


def phone(value: str, draw: Draw) -> str | None:
    """Make a number that is kept for fiction, of the same country where it keeps some."""
    scheme, text = _parted(value, ("tel:",))
    sign, text = _parted(text, ("+", "%2B", "%2b", "00"))
    digits = "".join(c for c in text if c.isdigit())
    made = _international(digits, draw) if sign else _national(digits, draw)
    return scheme + sign + laid_out(text, made) if made is not None else None


def _parted(value: str, beginnings: Sequence[str]) -> tuple[str, str]:
    """Part a value from how it begins; from nothing, where it begins with none of them."""
    begin = next((each for each in beginnings if value.startswith(each)), "")
    return begin, value.removeprefix(begin)


def _international(digits: str, draw: Draw) -> str | None:
    country = next((each for each in _FICTIONAL if digits.startswith(each)), "")
    if not country:
        return None
    rest = digits.removeprefix(country)
    optional = "0" if rest.startswith("0") and country != "1" else ""  # +49 (0)30
    return country + optional + _fictional((country,), len(rest) - len(optional), rest.removeprefix("0")[:1], draw)


def _national(digits: str, draw: Draw) -> str | None:
    if digits.startswith("0"):
        countries = tuple(each for each in _FICTIONAL if each != "1")
        return "0" + _fictional(countries, len(digits) - 1, digits[1:2], draw)
    if len(digits) == _NATIONAL + 1 and digits.startswith("1"):
        return "1" + _fictional(("1",), _NATIONAL, "", draw)
    return _fictional(("1",), _NATIONAL, "", draw) if len(digits) == _NATIONAL else None


def _fictional(countries: Sequence[str], length: int, first: str, draw: Draw) -> str:
    """Draw a number of one of these countries, as long and as begun as another where there is one."""
    ranges = [each for country in countries for each in _FICTIONAL[country]]

    def unlike(one: tuple[str, int]) -> tuple[int, bool]:
        return abs(len(one[0]) + one[1] - length), one[0][0] != first

    least = min(map(unlike, ranges))
    start, count = draw.of([each for each in ranges if unlike(each) == least])
    return start + draw.digits(count)


def is_fictional(value: str) -> bool:
    """Tell a number that is kept for fiction.

    >>> is_fictional("+49 30 23125 042"), is_fictional("030 23125-042"), is_fictional("+49 30 12345 042")
    (True, True, False)
    """
    text = value.removeprefix("tel:").removeprefix("%2B").removeprefix("%2b")
    digits = "".join(c for c in text if c.isdigit())
    is_whole = value.removeprefix("tel:").startswith(("+", "%2", "00"))
    if is_whole:
        digits = digits.removeprefix("00")
    for country, ranges in _FICTIONAL.items():
        if is_whole and not digits.startswith(country):
            continue
        if is_whole:
            rest = digits.removeprefix(country)
        elif country == "1":
            rest = digits.removeprefix("1") if len(digits) > _NATIONAL else digits
        elif digits.startswith("0"):
            rest = digits
        else:
            continue
        rest = rest.removeprefix("0") if country != "1" else rest
        if any(rest.startswith(start) and len(rest) == len(start) + count for start, count in ranges):
            return True
    return False


def card(value: str, draw: Draw) -> str | None:
    """Take a card number that is printed in documentation, of the same brand and length where there is one."""
    digits = "".join(c for c in value if c.isdigit())
    same_length = [each for each in sorted(PUBLISHED_CARDS) if len(each) == len(digits)]
    alike = [each for each in same_length if each[:2] == digits[:2]] or [
        each for each in same_length if each[0] == digits[0]
    ]
    numbers = alike or same_length
    return laid_out(value, draw.of(numbers)) if numbers else None


def iban(value: str, draw: Draw) -> str | None:
    """Make an account number of the same country, with its check digits, at a bank that cannot be."""
    written = "".join(c for c in value if c.isalnum()).upper()
    country, account = written[:2], written[4:]
    if not country.isalpha() or not written[2:4].isdigit() or country in _HAS_ZEROS or len(account) < 8:
        return None
    from stdnum import iban as iban_number  # loads its countries' rules

    for _ in range(_TRIES):
        made = "".join(c if c.isalpha() else str(draw.below(10)) for c in account)
        begin = 1 if account[:1].isalpha() and not account[1:2].isalpha() else 0
        bank = TEST_BANK if account[:4].isalpha() else _NO_BANK
        made = made[:begin] + bank + made[begin + 4 :]
        if begin:
            made = chr(ord("A") + draw.below(26)) + made[1:]
        number = checked_account(country, made)
        if iban_number.is_valid(number):
            return laid_out(value, number if value[:1].isupper() else number.lower())
    return None


def is_of_no_bank(value: str) -> bool:
    """Tell an account number whose bank cannot be."""
    written = "".join(c for c in value if c.isalnum()).upper()
    account = written[4:]
    if written[:2] in _HAS_ZEROS:
        return False
    return account.startswith((_NO_BANK, TEST_BANK)) or (account[:1].isalpha() and account[1:].startswith(_NO_BANK))


def address(value: str, draw: Draw) -> str | None:
    """Make an address of a network that is kept for documentation (RFC 5737, RFC 3849)."""
    if ":" in value:
        return f"2001:db8::{draw.below(0xFFFF):x}:{1 + draw.below(0xFFFE):x}"
    network, slash, length = value.partition("/")
    made = f"{draw.of(NETWORKS)}.{1 + draw.below(254)}"
    return made + slash + length if network.count(".") == 3 else None


def mac(value: str, draw: Draw) -> str | None:
    """Make an address of RFC 7042's range for documentation."""
    made = f"{_MAC}{draw.below(256):02x}"
    signs = [c for c in value if c.isalnum()]
    return laid_out(value, made.upper() if "".join(signs).isupper() else made) if len(signs) == len(made) else None


def is_documented_mac(value: str) -> bool:
    """Tell an address of that range."""
    return "".join(c for c in value if c.isalnum()).lower().startswith(_MAC)
