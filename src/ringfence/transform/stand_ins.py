"""How a stand-in is spelt: what a placeholder and a surrogate of a number look like.

The rule: a stand-in is a function of kind, category and number, and of nothing that was in the value. Values are numbered in the
order in which a conversation first meets them, so the first e-mail address of every conversation has the same stand-in: two
conversations cannot be joined by them, and none of them tells more than that two values are equal.

``[EMAIL_3]``
    Brackets end it on both sides, so that no stand-in begins another, and none is a word of a text by chance. They need no escape
    in JSON, XML, HTML or CSV (``<EMAIL_3>`` does in three of them, and pages that show markdown swallow it). Capitals and ``_`` are
    what models were shown variables as: tokenizers have pieces for them, and models copy them.

Surrogates lie in what is reserved: ``example.com`` (RFC 2606), 192.0.2.0/24 and its like (RFC 5737, RFC 3849), 555-0100 to
555-0199 (North American numbers for fiction), MAC addresses of RFC 7042, cards with a payment company's test prefix, a bank
``TEST`` that nobody runs, social security numbers of an area that is never given. Names are common ones, put together by number.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from ringfence.policy.model import FormKind
from ringfence.transform.model import Ask
from ringfence.transform.types import TEXTUAL, ValueType, is_spelt

_LABELS: Final[Mapping[str, str]] = {
    "user.authorization.biometrics": "BIOMETRIC_LOGIN",
    "user.name.first": "FIRST_NAME",
    "user.name.last": "LAST_NAME",
    "user.financial.credit_card.expiration_date": "CARD_EXPIRATION",
    "user.financial.credit_card.verification": "CARD_VERIFICATION",
}


def label(category: str) -> str:
    """Name a category as its placeholders do.

    >>> label("user.contact.email"), label("user.name.first")
    ('EMAIL', 'FIRST_NAME')
    """
    return _LABELS.get(category) or category.rpartition(".")[2].upper()


def stand_in(ask: Ask, number: int) -> str | None:
    """Spell the stand-in of the value that is `number` in its series, counted from 1; None where no value of the type can be one.

    >>> stand_in(Ask("k", "zone:models", "user.contact.email", ValueType.TEXT, "ada@example.org", FormKind.PLACEHOLDER), 3)
    '[EMAIL_3]'
    """
    make = _maker(ask)
    text = (make(number - 1) if make is not None else None) or f"[{label(ask.category)}_{number}]"
    return text if ask.type in TEXTUAL or is_spelt(text, ask.type) else None


def series(ask: Ask) -> str:
    """Name the series in which a value is numbered: its category's, but where values of several categories look the same.

    >>> birth = Ask("k", "zone:a", "user.demographic.date_of_birth", ValueType.DATE, "1980-05-17", FormKind.SURROGATE)
    >>> series(birth)
    'day'
    """
    make = _maker(ask)
    return (_SHARED.get(make) if make is not None else None) or label(ask.category)


def _maker(ask: Ask) -> "_Maker | None":
    if ask.kind is not FormKind.SURROGATE:
        return None
    return _OF_TYPE.get(ask.type) or _ALIKE.get(ask.category)


def _words(names: str) -> list[str]:
    return names.split()


FIRST_NAMES: Final = _words(
    "Alex Robin Maria Daniel Laura Thomas Julia Martin Elena Peter Sofia Lukas Nina Adam Clara Simon Eva Oscar Irene Felix "
    "Helen Victor Lena Marco Alice Hugo Sara Anton Emma Paul Carla David Ines Erik Rosa Jonas Vera Leon Olga Samuel"
)
LAST_NAMES: Final = _words(
    "Morgan Keller Novak Fischer Moreau Jensen Santos Larsen Weber Rossi Dubois Hansen Costa Meyer Lindgren Ferrari Kowalski "
    "Vargas Nielsen Schmid Lopez Petrov Hoffmann Murphy Berg Alvarez Janssen Klein Romano Fuchs Walsh Torres Bauer Silva Lang "
    "Doyle Haas Mendes Vogel Quinn"
)
_CARD_PREFIX: Final = "400000"  # Visa's, as payment companies give it for tests
AREAS: Final = ("202", "212", "303", "312", "404", "415", "512", "617", "702", "808")
NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")
TEST_BANK: Final = "TEST"
_HOSTS: Final = 254
_LONG_AGO: Final = date(1900, 1, 1)
_DAYS: Final = 10_000


def _pair(number: int, turn: int) -> tuple[str, str] | None:
    """Give a first and a last name; each pair once."""
    if number >= len(FIRST_NAMES) * len(LAST_NAMES):
        return None
    return FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[
        (number // len(FIRST_NAMES) + 7 * number + turn) % len(LAST_NAMES)
    ]


def _name(number: int) -> str | None:
    pair = _pair(number, 0)
    return " ".join(pair) if pair is not None else None


def _email(number: int) -> str | None:
    pair = _pair(number, 17)  # not those of the name that has the same number
    return f"{pair[0]}.{pair[1]}@example.com".lower() if pair is not None else f"mail{number}@example.com"


def _phone(number: int) -> str | None:
    return _fictional(number, AREAS[:5])


def _fax(number: int) -> str | None:
    return _fictional(number, AREAS[5:])


def _fictional(number: int, areas: Sequence[str]) -> str | None:
    area, line = divmod(number, 100)
    return f"+1 {areas[area]} 555 01{line:02}" if area < len(areas) else None


def _card(number: int) -> str | None:
    payload = f"{_CARD_PREFIX}{number:09}"
    if len(payload) > len(_CARD_PREFIX) + 9:
        return None
    doubled = (int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(payload)))
    return f"{payload}{-sum(each - 9 if each > 9 else each for each in doubled) % 10}"


def _account(number: int) -> str | None:
    """Give a British IBAN of bank TEST."""
    if number >= 10**14:
        return None
    return checked_account("GB", f"{TEST_BANK}{number:014}")


def checked_account(country: str, account: str) -> str:
    """Give the IBAN of an account, with the check digits of ISO 7064 (mod 97-10).

    >>> checked_account("GB", "WEST12345698765432")
    'GB82WEST12345698765432'
    """
    digits = "".join(str(int(each, 36)) for each in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02}{account}"


def _address(number: int) -> str:
    network, host = divmod(number, _HOSTS)
    return f"{NETWORKS[network]}.{host + 1}" if network < len(NETWORKS) else f"2001:db8::{number:x}"


def _mac(number: int) -> str | None:
    return f"00:00:5e:00:53:{number:02x}" if number <= 0xFF else None


def _social_security(number: int) -> str | None:
    group, serial = divmod(number, 9999)
    return f"000-{group + 1:02}-{serial + 1:04}" if group < 99 else None


def _day(number: int) -> str | None:
    return (_LONG_AGO + timedelta(days=number)).isoformat() if number < _DAYS else None


def _moment(number: int) -> str | None:
    day = _day(number)
    return f"{day}T00:00:00Z" if day is not None else None


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number + 1:012x}"


def _street(number: int) -> str:
    return f"{number + 1} Example Street"


def _listed(names: list[str]) -> Callable[[int], str | None]:
    return lambda number: names[number] if number < len(names) else None


_Maker = Callable[[int], str | None]  # from a number, counted from 0
_ALIKE: Final[Mapping[str, _Maker]] = {
    "user.contact.email": _email,
    "user.contact.phone_number": _phone,
    "user.contact.fax_number": _fax,
    "user.contact.address.street": _street,
    "user.demographic.date_of_birth": _day,
    "user.device.ip_address": _address,
    "user.device.mac_address": _mac,
    "user.financial.bank_account": _account,
    "user.financial.credit_card": _card,
    "user.government_id.national_identification_number": _social_security,
    "user.name": _name,
    "user.name.first": _listed(FIRST_NAMES),
    "user.name.last": _listed(LAST_NAMES),
}
"""What stands for a value of a category. What is not listed, or has come to its end, has a placeholder."""

_OF_TYPE: Final[Mapping[ValueType, _Maker]] = {
    ValueType.DATE: _day,
    ValueType.TIMESTAMP: _moment,
    ValueType.UUID: _uuid,
    ValueType.INET: _address,
}

_SHARED: Final[Mapping[_Maker, str]] = {_day: "day", _moment: "moment", _uuid: "uuid", _address: "address"}
"""What is made for values of more than one category: numbered in one series, or one day would stand for two people's."""
