"""The demo's people: valid by every check, of no reserved range, and told apart by every word of theirs."""

from datetime import date
from ipaddress import ip_address, ip_network

import phonenumbers
import pytest
from stdnum import iban, luhn
from stdnum.us import ssn

from ringfence.demo.people import LOCALES, FakerMissing, Person, make_people

RESERVED_NETWORKS = [
    ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return make_people(60)


def test_the_same_seed_gives_the_same_people_and_another_seed_gives_others(people: list[Person]) -> None:
    assert make_people(12) == people[:12]
    assert not {one.email for one in make_people(12, seed=1)} & {one.email for one in people[:12]}


def test_six_locales_take_turns(people: list[Person]) -> None:
    assert [one.locale for one in people[:7]] == ["en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "en_US"]


def test_numbers_pass_the_checks_of_those_who_issue_them(people: list[Person]) -> None:
    regions = {locale.code: locale.region for locale in LOCALES}
    for person in people:
        assert luhn.is_valid(person.card)
        assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(person.phone), regions[person.locale])
        if person.locale == "en_US":
            assert person.iban is None
            assert person.ssn is not None
            assert ssn.is_valid(person.ssn)
        else:
            assert person.ssn is None
            assert person.iban is not None
            assert iban.is_valid(person.iban)
            assert person.iban.startswith(regions[person.locale])


def test_nothing_lies_in_a_range_that_is_kept_for_documentation_or_fiction(people: list[Person]) -> None:
    for person in people:
        address = ip_address(person.ip)
        assert address.is_global
        assert not any(address in network for network in RESERVED_NETWORKS if network.version == address.version)
        domain = person.email.rpartition("@")[2]
        assert domain.rpartition(".")[2] not in {"example", "test", "invalid", "localhost"}
        assert "example" not in domain
        assert person.locale != "en_US" or person.phone[5:8] != "555"
        assert not person.phone.startswith(("+4930231250", "+4917139200", "+33199001", "+3363998"))
        assert person.card not in {"4111111111111111", "4242424242424242", "5555555555554444", "378282246310005"}


def test_they_are_grown_up_and_alive(people: list[Person]) -> None:
    assert all(date(1938, 1, 1) <= one.birth_date <= date(2007, 12, 31) for one in people)


def test_no_name_occurs_in_anybody_elses_name_or_street(people: list[Person]) -> None:
    for number, person in enumerate(people):
        others = (
            " ".join(f"{one.name} {one.street}" for at, one in enumerate(people) if at != number)
            .casefold()
            .replace("-", " ")
            .split()
        )
        assert not {person.first_name.casefold(), person.last_name.casefold()} & set(others)


def test_a_person_is_not_printed(people: list[Person]) -> None:
    shown = repr(people[0])
    assert "en_US" in shown
    assert people[0].last_name not in shown
    assert people[0].card not in shown


def test_without_faker_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "faker", None)
    with pytest.raises(FakerMissing, match=r"pip install 'ringfence\[demo\]'"):
        make_people(1)
