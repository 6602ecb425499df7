"""What stands for a value: nobody's, right in its form, and told by number alone."""

from ipaddress import ip_address, ip_network

import pytest
from stdnum import iban, luhn

from ringfence.detect import Detector
from ringfence.policy.model import FormKind
from ringfence.taxonomy import CATEGORIES
from ringfence.transform import Ask, ValueType, label, series, stand_in
from ringfence.transform.stand_ins import _ALIKE

DOCUMENTATION = [ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
KINDS = (FormKind.PLACEHOLDER, FormKind.SURROGATE)


def made(
    category: str, number: int, kind: FormKind = FormKind.SURROGATE, of: ValueType = ValueType.STRING
) -> str | None:
    return stand_in(Ask("k", "zone:a", category, of, "x", kind), number)


def test_no_two_categories_are_numbered_in_one_series() -> None:
    labels = [label(category) for category in CATEGORIES]
    assert sorted(labels) == sorted(set(labels))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("category", CATEGORIES)
def test_no_stand_in_is_given_twice(category: str, kind: FormKind) -> None:
    given = [made(category, number, kind) for number in range(1, 3000)]
    assert None not in given
    assert len({str(each).lower() for each in given}) == len(given)


def test_what_is_numbered_in_two_series_never_looks_the_same() -> None:
    given: dict[str, str] = {}
    for category in CATEGORIES:
        for of in (ValueType.STRING, ValueType.DATE, ValueType.TIMESTAMP, ValueType.UUID, ValueType.INET):
            ask = Ask("k", "zone:a", category, of, "x", FormKind.SURROGATE)
            for number in (1, 2, 300):
                text = str(stand_in(ask, number)).lower()
                assert given.setdefault(text, series(ask)) == series(ask)


def test_a_stand_in_is_no_function_of_the_value() -> None:
    for kind in KINDS:
        asks = [Ask("k", "zone:a", "user.name", ValueType.STRING, value, kind) for value in ("Ada", "Grace Nowak")]
        assert stand_in(asks[0], 7) == stand_in(asks[1], 7)


@pytest.mark.parametrize("number", [1, 2, 99, 100, 254, 255, 499, 762, 763, 1600, 1601, 12345])
def test_surrogates_are_right_in_their_form_and_reserved(number: int) -> None:
    assert luhn.is_valid(str(made("user.financial.credit_card", number)))
    assert iban.is_valid(str(made("user.financial.bank_account", number)))
    address = ip_address(str(made("user.device.ip_address", number)))
    assert any(address in each for each in DOCUMENTATION)
    assert str(made("user.contact.email", number)).endswith("@example.com")
    phone = str(made("user.contact.phone_number", number))
    assert " 555 01" in phone if number <= 500 else phone == f"[PHONE_NUMBER_{number}]"


@pytest.mark.parametrize("category", ["user.contact.email", "user.financial.credit_card", "user.device.ip_address"])
def test_a_surrogate_is_found_as_what_it_stands_for(category: str) -> None:
    found = Detector().find(str(made(category, 5)))
    assert [each.category for each in found] == [category]


def test_a_placeholder_is_found_as_nothing() -> None:
    text = " ".join(str(made(category, 12, FormKind.PLACEHOLDER)) for category in CATEGORIES)
    assert Detector().find(text) == []


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (ValueType.DATE, "1900-01-02"),
        (ValueType.UUID, "00000000-0000-4000-8000-000000000002"),
        (ValueType.INET, "192.0.2.2"),
        (ValueType.INTEGER, None),
        (ValueType.BOOLEAN, None),
        (ValueType.BYTES, None),
    ],
)
def test_a_surrogate_keeps_the_type_of_its_field_or_there_is_none(of: ValueType, expected: str | None) -> None:
    assert made("user.unique_id", 2, of=of) == expected


@pytest.mark.parametrize("category", _ALIKE)
def test_every_category_that_has_made_up_values_is_one_of_the_taxonomy(category: str) -> None:
    assert category in CATEGORIES
    assert not str(made(category, 1)).startswith("[")
