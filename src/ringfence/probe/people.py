"""Synthetic people: nobody's, the same for the same secret and number, and each recognisable in any form.

The rule: a person's values hold a mark that is derived from the home's secret by HMAC, so that nobody else can guess or forge
it, and that nothing else holds by chance. Values look as people's do, and pass the checks of their kind: a card its check
digit, an account its own, a telephone number its numbering plan.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from ipaddress import IPv4Address
from typing import TYPE_CHECKING
from uuid import UUID

import phonenumbers
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from ringfence.extras import install_line
from ringfence.gates.canary import MARK_DOMAINS, MARK_LENGTH, MARK_LETTERS

if TYPE_CHECKING:
    from faker import Faker

_FIRST_DAY = date(1940, 1, 1)
_DAYS = 20_000
TRIES = 200


@dataclass(frozen=True, slots=True)
class Locale:
    """What depends on the country: the beginning of a mobile number, and how many digits it has in all."""

    code: str
    region: str
    mobile: str
    digits: int


LOCALES = (
    Locale("en_US", "US", "1415", 11),
    Locale("de_DE", "DE", "49151", 13),
    Locale("fr_FR", "FR", "3361", 11),
    Locale("es_ES", "ES", "3461", 11),
    Locale("it_IT", "IT", "39333", 12),
    Locale("pl_PL", "PL", "4860", 11),
)
DOMAINS = MARK_DOMAINS


class FakerMissing(Exception):
    """Synthetic people need Faker, which gates do without."""

    def __init__(self) -> None:
        super().__init__(f"synthetic people are made with Faker, which is not installed\n  {install_line('probe')}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    number: int
    mark: str
    locale: str
    first_name: str = field(repr=False)
    street: str = field(repr=False)
    city: str = field(repr=False)
    seed: "Seed" = field(repr=False)

    @property
    def last_name(self) -> str:
        """The name that is the mark."""
        return self.mark.capitalize()

    def value(self, category: str, most: int | None = None) -> str:
        """Give what a field of a category holds of this person, in at most so many characters."""
        kind = next((kind for kind in _longest_first(category) if kind in _VALUES), None)
        made = _VALUES[kind](self) if kind is not None else f"probe {self.mark}"
        return made if most is None or len(made) <= most else self._short(most)

    def _short(self, most: int) -> str:
        return self.mark[:most]


@dataclass(frozen=True, slots=True)
class Seed:
    """What all of a person comes from."""

    secret: bytes = field(repr=False)
    number: int

    def digits(self, what: str, count: int) -> str:
        """Give digits that nobody without the secret knows."""
        return f"{self._number(what) % 10**count:0{count}}"

    def letters(self, what: str, count: int) -> str:
        """Give letters of the same kind."""
        number, spelt = self._number(what), ""
        for _ in range(count):
            number, at = divmod(number, len(MARK_LETTERS))
            spelt += MARK_LETTERS[at]
        return spelt

    def below(self, what: str, most: int) -> int:
        """Give a number from 0 to below `most`."""
        return self._number(what) % most

    def _number(self, what: str) -> int:
        told = f"ringfence probe\0{self.number}\0{what}".encode()
        return int.from_bytes(hmac.new(self.secret, told, sha256).digest())


def mark_of(seed: Seed) -> str:
    """Give the mark of a person."""
    return seed.letters("mark", MARK_LENGTH)


def make_person(secret: bytes, number: int) -> Person:
    """Make a person, the locales in turn. Raises `FakerMissing`."""
    seed, locale = Seed(secret, number), LOCALES[number % len(LOCALES)]
    faker = _faker(locale.code, seed.below("faker", 2**32))
    first = str(faker.first_name())
    street = f"{faker.street_name()} {seed.letters('street', 4)} {1 + seed.below('house', 180)}"
    return Person(
        number, seed.letters("mark", MARK_LENGTH), locale.code, first, street, f"{faker.city()} {_town(seed)}", seed
    )


def _town(seed: Seed) -> str:
    return seed.letters("city", 5).capitalize()


def _faker(code: str, seed: int) -> "Faker":
    try:
        from faker import Faker
    except ModuleNotFoundError:
        raise FakerMissing from None
    faker = Faker(code)
    faker.seed_instance(seed)
    return faker


def forged(category: str, secret: bytes, number: int = 0) -> str:
    """Make a value of a category that is nobody's, without Faker: one to be given where it may not go. `number`: which."""
    seed = Seed(secret, number)
    person = Person(
        number,
        seed.letters("mark", MARK_LENGTH),
        "de_DE",
        "Nemo",
        f"Niemandsgasse {seed.letters('s', 4)}",
        _town(seed),
        seed,
    )
    return person.value(category)


def _longest_first(category: str) -> list[str]:
    parts = category.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _email(person: Person) -> str:
    return f"{person.mark}@{DOMAINS[person.number % len(DOMAINS)]}"


def _phone(person: Person) -> str:
    locale = LOCALES[person.number % len(LOCALES)]
    for attempt in range(TRIES):
        rest = person.seed.digits(f"phone {attempt}", locale.digits - len(locale.mobile))
        number = f"+{locale.mobile}{rest}"
        if phonenumbers.is_valid_number_for_region(phonenumbers.parse(number), locale.region) and rest[:3] != "555":
            return number
    raise AssertionError("a numbering plan in which nothing is valid")


def _card(person: Person) -> str:
    number = f"453977{person.seed.digits('card', 9)}"
    return f"{number}{luhn.calc_check_digit(number)}"


def _iban(person: Person) -> str:
    account = f"37040044{person.seed.digits('iban', 10)}"
    return f"DE{mod_97_10.calc_check_digits(account + 'DE')}{account}"


def _ssn(person: Person) -> str:
    area, group = 501 + person.seed.below("area", 98), 1 + person.seed.below("group", 99)
    return f"{area}-{group:02}-{1 + person.seed.below('serial', 9999):04}"


def _birth(person: Person) -> str:
    return (_FIRST_DAY + timedelta(days=person.seed.below("birth", _DAYS))).isoformat()


def _ip(person: Person) -> str:
    return str(IPv4Address((84 << 24 | 77 << 16) + 1 + person.seed.below("ip", 65_000)))


def _uuid(person: Person) -> str:
    return str(UUID(int=person.seed.below("uuid", 2**128), version=4))


_VALUES: Mapping[str, Callable[[Person], str]] = {
    "user.name": lambda person: f"{person.first_name} {person.last_name}",
    "user.name.first": lambda person: f"{person.first_name}{person.mark}",
    "user.name.last": lambda person: person.last_name,
    "user.contact": _email,
    "user.contact.email": _email,
    "user.contact.phone_number": _phone,
    "user.contact.address": lambda person: f"{person.street}, {person.city}",
    "user.contact.address.street": lambda person: person.street,
    "user.contact.address.city": lambda person: person.city,
    "user.contact.address.postal_code": lambda person: person.seed.digits("postcode", 5),
    "user.contact.address.country": lambda person: LOCALES[person.number % len(LOCALES)].region,
    "user.financial": lambda person: person.seed.digits("money", 5),
    "user.financial.credit_card": _card,
    "user.financial.credit_card.expiration_date": lambda person: f"20{33 + person.seed.below('expires', 9)}-01-28",
    "user.financial.bank_account": _iban,
    "user.government_id.national_identification_number": _ssn,
    "user.demographic.date_of_birth": _birth,
    "user.device.ip_address": _ip,
    "user.unique_id": _uuid,
}
