"""Synthetic people: made by Faker from a seed, in six locales, with numbers that pass every check.

The rule: what is made here belongs to nobody and looks as if it did. Documentation ranges (`example.com`, 555-01xx, 192.0.2.x)
and well-known test cards are avoided, because a detector may treat them apart; checksums, issuer ranges, national check digits
and numbering plans are right, because a detector asks for them. No word of a person's name occurs in another one's name or
address, so that of what arrives somewhere it can be told whose it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeVar

import phonenumbers
from stdnum import iban, luhn
from stdnum.us import ssn

from ringfence.extras import install_line

if TYPE_CHECKING:
    from faker import Faker

T = TypeVar("T")

SEED = 20_310_117
OLDEST, YOUNGEST = date(1938, 1, 1), date(2007, 12, 31)
SHORTEST_NAME = 4  # letters: a shorter one is sought in vain among other words
TRIES = 5_000  # a Spanish account has two check digits of its own: one random number in 121 is valid


class FakerMissing(Exception):
    """The demo's people need Faker, which the core does without."""

    def __init__(self) -> None:
        super().__init__(f"the demo makes its people with Faker, which is not installed\n  {install_line('demo')}")


@dataclass(frozen=True, slots=True)
class Locale:
    """What of a person depends on the country. `mobiles` are the beginnings of telephone numbers, with the country's code."""

    code: str
    region: str
    mobiles: tuple[str, ...]
    digits: int  # of a telephone number, with the country's own
    domains: tuple[str, ...]  # of mail: invented, and no provider's


LOCALES = (
    Locale("en_US", "US", ("1212", "1303", "1415", "1503", "1617", "1718"), 11, ("quillpost.com", "lanternmail.net")),
    Locale("de_DE", "DE", ("49151", "49160", "49175"), 13, ("brieffalke.de", "postwinkel-nord.de")),
    Locale("fr_FR", "FR", ("3361", "3362", "3367"), 11, ("plume-courrier.fr", "lettrebleue.fr")),
    Locale("es_ES", "ES", ("3461", "3465", "3469"), 11, ("cartaveloz.es", "correo-gaviota.es")),
    Locale("it_IT", "IT", ("39320", "39333", "39347"), 12, ("posta-airone.it", "letteralampo.it")),
    Locale("pl_PL", "PL", ("4850", "4860", "4869"), 11, ("listolot.pl", "poczta-jaskolka.pl")),
)

CARDS = ("visa16", "mastercard", "amex", "discover")
TEST_CARDS = frozenset(
    (
        *("4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "5555555555554444"),
        *(
            "5105105105105100",
            "2223003122003222",
            "378282246310005",
            "371449635398431",
            "6011111111111117",
            "6011000990139424",
        ),
    )
)
"""The numbers that payment providers give out for tests."""

TEST_PHONES = ("1555", "4930231250", "4917139200", "33199001", "3363998", "48500000000")
"""Numbers kept free for films and books, where a country has such (BNetzA, Arcep); and 555-xxxx, which is checked apart."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist. `iban` is None in the United States, `ssn` everywhere else."""

    locale: str
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)  # E.164
    card: str = field(repr=False)  # digits
    ip: str = field(repr=False)
    birth_date: date = field(repr=False)
    street: str = field(repr=False)
    iban: str | None = field(repr=False)
    ssn: str | None = field(repr=False)

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first_name} {self.last_name}"


def make_people(count: int, seed: int = SEED) -> list[Person]:
    """Make people, the locales in turn; the same ones for the same seed. Raises `FakerMissing`."""
    fakers = _fakers(seed)
    people: list[Person] = []
    taken: set[str] = set()
    while len(people) < count:
        at = len(people) % len(LOCALES)
        person = _stranger(fakers[at], LOCALES[at], taken)
        taken |= _words(person.name, person.street)
        people.append(person)
    return people


def make_crowd(count: int, seed: int = SEED) -> list[Person]:
    """Make many people, who may share names as people do, and no e-mail address. Raises `FakerMissing`."""
    fakers = _fakers(seed)
    people: dict[str, Person] = {}
    while len(people) < count:
        at = len(people) % len(LOCALES)
        person = _made(fakers[at], LOCALES[at])
        people.setdefault(person.email, person)
    return list(people.values())


def _fakers(seed: int) -> "list[Faker]":
    try:
        from faker import Faker
    except ModuleNotFoundError:
        raise FakerMissing from None
    fakers: list[Faker] = []
    for number, locale in enumerate(LOCALES):
        faker = Faker(locale.code)
        faker.seed_instance(seed + number)
        fakers.append(faker)
    return fakers


def _stranger(faker: "Faker", locale: Locale, taken: set[str]) -> Person:
    """Make somebody who shares no word of name or street with anybody before."""
    return _first(lambda: _made(faker, locale), lambda person: not _words(person.name, person.street) & taken)


def _made(faker: "Faker", locale: Locale) -> Person:
    first, last = _name(faker), _name(faker, last=True)
    american = locale.region == "US"
    return Person(
        locale=locale.code,
        first_name=first,
        last_name=last,
        email=_email(faker, locale, first, last),
        phone=_first(lambda: _phone(faker, locale), lambda number: _is_phone(number, locale.region)),
        card=_first(lambda: faker.credit_card_number(faker.random_element(CARDS)), _is_card),
        ip=_ip(faker),
        birth_date=faker.date_between_dates(OLDEST, YOUNGEST),
        street=faker.street_address().replace("\n", " "),
        iban=None if american else _first(faker.iban, iban.is_valid),
        ssn=_first(faker.ssn, ssn.is_valid) if american else None,
    )


def _name(faker: "Faker", *, last: bool = False) -> str:
    make = faker.last_name if last else faker.first_name
    return _first(make, lambda name: name.isalpha() and len(name) >= SHORTEST_NAME)


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in text.casefold().replace("-", " ").split() if len(word) >= SHORTEST_NAME}


def _email(faker: "Faker", locale: Locale, first: str, last: str) -> str:
    """Make an address as people have them: their name in it, in ASCII."""
    shape = faker.random_element(
        ("{first}.{last}", "{initial}.{last}", "{first}_{last}{number}", "{last}+shop{number}")
    )
    local = shape.format(
        first=_ascii(first), last=_ascii(last), initial=_ascii(first)[0], number=faker.random_int(11, 99)
    )
    return f"{local}@{faker.random_element(locale.domains)}"


def _ascii(name: str) -> str:
    from unicodedata import normalize

    plain = name.lower().replace("ß", "ss").replace("ł", "l").replace("ø", "o")
    return normalize("NFKD", plain).encode("ascii", "ignore").decode()


def _phone(faker: "Faker", locale: Locale) -> str:
    start = faker.random_element(locale.mobiles)
    return f"+{start}{faker.numerify('#' * (locale.digits - len(start)))}"


def _is_phone(number: str, region: str) -> bool:
    parsed = phonenumbers.parse(number)
    fictional = number[1:].startswith(TEST_PHONES) or (region == "US" and number[5:8] == "555")
    return phonenumbers.is_valid_number_for_region(parsed, region) and not fictional


def _is_card(number: str) -> bool:
    return luhn.is_valid(number) and number not in TEST_CARDS


def _ip(faker: "Faker") -> str:
    """Make a public address: mostly IPv4, sometimes IPv6 of a European provider's range."""
    if faker.random_int(1, 4) == 1:
        groups = ":".join(f"{faker.random_int(0x1000, 0xFFFF):x}" for _ in range(6))
        return f"2a02:810b:{groups}"
    return _first(faker.ipv4_public, lambda text: ip_address(text).is_global and 0 < int(text.rpartition(".")[2]) < 255)


def _first(make: Callable[[], T], fits: Callable[[T], bool]) -> T:
    """Give the first thing made that fits."""
    return next(thing for thing in (make() for _ in range(TRIES)) if fits(thing))
