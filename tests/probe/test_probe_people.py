"""Synthetic people: the same for the same secret, valid where a check would look, and found again in any form."""

import phonenumbers
import pytest
from stdnum import iban, luhn
from stdnum.us import ssn

from ringfence.detect import Detector
from ringfence.probe.people import forged, make_person
from ringfence.taxonomy import CATEGORIES

SECRET = b"one secret"
NUMBERS = range(1, 40)


def test_a_person_is_the_same_for_the_same_secret_and_nobody_elses_for_another() -> None:
    categories = ("user.name", "user.contact.email", "user.financial.credit_card")
    first = [[make_person(SECRET, number).value(one) for one in categories] for number in NUMBERS]
    again = [[make_person(SECRET, number).value(one) for one in categories] for number in NUMBERS]
    other = [[make_person(b"another", number).value(one) for one in categories] for number in NUMBERS]
    assert first == again
    values = [value for person in first + other for value in person]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_pass_the_checks_of_their_kind(number: int) -> None:
    person = make_person(SECRET, number)
    assert luhn.is_valid(person.value("user.financial.credit_card"))
    assert iban.is_valid(person.value("user.financial.bank_account"))
    assert ssn.is_valid(person.value("user.government_id.national_identification_number"))
    assert phonenumbers.is_valid_number(phonenumbers.parse(person.value("user.contact.phone_number")))


@pytest.mark.parametrize(
    "category",
    ["user.contact.email", "user.financial.credit_card", "user.financial.bank_account", "user.device.ip_address"],
)
def test_a_value_is_taken_for_real_by_the_detector(category: str) -> None:
    found = [Detector().find(f"it is {make_person(SECRET, number).value(category)} here") for number in NUMBERS]
    assert all(category in {finding.category for finding in some} for some in found)


def test_every_category_has_a_value_and_short_columns_get_a_part_of_the_mark() -> None:
    person = make_person(SECRET, 3)
    assert all(person.value(category) for category in CATEGORIES)
    assert person.value("user.name", 5) == person.mark[:5]
    assert len(person.value("user.contact.email", 12)) <= 12


def test_what_is_given_where_it_may_not_go_needs_no_faker_and_is_valid() -> None:
    assert luhn.is_valid(forged("user.financial.credit_card", SECRET))


def test_a_person_shows_no_value_when_it_is_printed() -> None:
    person = make_person(SECRET, 5)
    assert person.value("user.contact.address.street") not in repr(person)
    assert SECRET.decode() not in repr(person)
