"""Synthetic people to be planted: names, addresses and numbers as people have them, outside the ranges that are kept for examples.

The rule: everything comes from a seed, and numbers are drawn at random, so that none is one that anybody prints as an example. They
are right by python-stdnum and by the world's numbering plans, not by ringfence's own checks; domains are made up.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from unicodedata import normalize

import phonenumbers
from benchmarks._numbers import judge_of, right_number
from faker import Faker

CHECKED = ("email", "card_number", "iban", "national")
OTHERS = ("phone", "birth_date", "full_name")
FACETS = (*CHECKED, *OTHERS)


@dataclass(frozen=True, slots=True)
class Country:
    """What depends on where somebody lives. `number`: entity, its field's name, its module, its template."""

    locale: str
    region: str
    number: tuple[str, str, str, str]
    iban: str
    domain: str


COUNTRIES = (
    Country(
        "de_DE",
        "DE",
        ("DE_TAX_ID", "steuer_id", "de.idnr", "###########"),
        "DE####################",
        "nordhafen-versand.de",
    ),
    Country(
        "fr_FR", "FR", ("FR_NIR", "nir", "fr.nir", "1##1175########"), "DE####################", "atelier-brunelle.fr"
    ),
    Country("es_ES", "ES", ("ES_NIF", "dni", "es.dni", "########@"), "GB##WEST##############", "cafeteria-lumbrera.es"),
    Country(
        "it_IT",
        "IT",
        ("IT_FISCAL_CODE", "codice_fiscale", "it.codicefiscale", "RSSMRA##A##H501@"),
        "NL##ABNA##########",
        "posta-veronesina.it",
    ),
    Country(
        "pl_PL", "PL", ("PL_PESEL", "pesel", "pl.pesel", "{ymd}#####"), "DE####################", "kwiaty-zielonka.pl"
    ),
    Country("nl_NL", "NL", ("NL_BSN", "bsn", "nl.bsn", "#########"), "NL##ABNA##########", "fietsenwinkel-dorp.nl"),
    Country(
        "pt_BR", "BR", ("BR_CPF", "cpf", "br.cpf", "###.###.###-##"), "GB##WEST##############", "livraria-aurora.com.br"
    ),
    Country(
        "sv_SE",
        "SE",
        ("SE_PERSONNUMMER", "personnummer", "se.personnummer", "{ymd}-####"),
        "DE####################",
        "lyktan-butiken.se",
    ),
    Country(
        "en_GB",
        "GB",
        ("UK_NHS", "nhs_number", "gb.nhs", "### ### ####"),
        "GB##WEST##############",
        "harbour-lane-books.co.uk",
    ),
    Country(
        "en_US",
        "US",
        ("ABA_ROUTING_NUMBER", "routing_number", "us.rtn", "#########"),
        "NL##ABNA##########",
        "bluefinch-supply.com",
    ),
)
_CARDS = ("4###############", "51##############", "37#############")
_TRIES = 500


@dataclass(frozen=True, slots=True, repr=False)
class Planted:
    """Somebody who does not exist. `national`: what `values` calls a state's number."""

    number: int
    country: Country
    values: dict[str, str] = field(repr=False)

    def __repr__(self) -> str:
        return f"<person {self.number}, {self.country.locale}>"

    def row(self) -> dict[str, str]:
        """Give the fields as a table has them."""
        named = dict(self.values)
        named[self.country.number[1]] = named.pop("national")
        return named


def people(count: int, seed: int = 8) -> list[Planted]:
    """Make so many people."""
    rng = random.Random(seed)
    fakers = {country.locale: Faker(country.locale) for country in COUNTRIES}
    for faker in fakers.values():
        faker.seed_instance(seed)
    judges = {module: judge_of(module) for module in {"luhn", "iban", *(country.number[2] for country in COUNTRIES)}}
    made = []
    for number in range(count):
        country = COUNTRIES[number % len(COUNTRIES)]
        faker = fakers[country.locale]
        first, last = faker.first_name(), faker.last_name()
        born = date(1938, 1, 1) + timedelta(days=rng.randrange(25_000))
        _, _, module, template = country.number
        made.append(
            Planted(
                number,
                country,
                {
                    "full_name": f"{first} {last}",
                    "email": f"{_ascii(first)}.{_ascii(last)}{rng.randrange(100)}@{country.domain}",
                    "phone": _phone(rng, country.region),
                    "birth_date": born.isoformat(),
                    "card_number": right_number(rng, _CARDS[number % len(_CARDS)], judges["luhn"]),
                    "iban": right_number(rng, country.iban, judges["iban"]),
                    "national": right_number(rng, template, judges[module]),
                },
            )
        )
    return made


def _ascii(name: str) -> str:
    plain = normalize("NFKD", name.lower().replace("ß", "ss").replace("ł", "l"))
    return "".join(sign for sign in plain if sign.isascii() and sign.isalpha()) or "anna"


def _phone(rng: random.Random, region: str) -> str:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    digits = str(example.national_number)
    for _ in range(_TRIES):
        drawn = digits[:3] + "".join(rng.choice("0123456789") for _ in digits[3:])
        number = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=int(drawn))
        if phonenumbers.is_valid_number(number) and drawn[3:6] != "555":
            form = rng.choice((phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164))
            return str(phonenumbers.format_number(number, form))
    raise AssertionError(region)
