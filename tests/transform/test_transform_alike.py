"""Made-up values: like what they stand for, the same each time, and known again for what they are."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from ringfence.detect import RECOGNIZERS, Detection, detector_for
from ringfence.transform.alike import Drawing, alike, is_made_up, kind_of, same
from ringfence.transform.alike_dates import is_first_of_year

DRAWING = Drawing(b"a key of thirty-two bytes, or so")
DETECTOR = detector_for(Detection())
CATEGORIES = {recognizer.entity: DETECTOR.category_of(recognizer.entity) for recognizer in RECOGNIZERS}


def first(category: str, value: str, entity: str = "") -> str:
    return next(alike(kind_of(category, entity), value, DRAWING))


def lets_be(text: str, start: int, end: int, field: str) -> bool:
    """Whether a scan refuses nothing of a stretch."""
    return all(
        "known:documentation" in one.evidence or is_made_up(one.category, one.entity, text[one.start : one.end])
        for one in DETECTOR.find(text, field=field)
        if one.start < end and start < one.end
    )


def test_every_example_of_every_recognizer_has_a_stand_in_that_a_scan_lets_be() -> None:
    tried = Counter[str]()
    for recognizer in RECOGNIZERS:
        for example in recognizer.examples:
            for value in example.found:
                at = example.text.find(value)
                if at < 0 or "\n" in value:
                    continue
                kind = kind_of(CATEGORIES[recognizer.entity], recognizer.entity)
                texts = (
                    (made, example.text[:at] + made + example.text[at + len(value) :])
                    for made in alike(kind, value, DRAWING)
                )
                assert any(lets_be(text, at, at + len(made), example.field) for made, text in texts), (
                    recognizer.entity,
                    example.field,
                )
                tried[recognizer.entity] += 1
    assert len(tried) > 150


@pytest.mark.parametrize(
    ("category", "value", "pattern"),
    [
        ("user.contact.phone_number", "+49 (0)30/901820-11", "+"),
        ("user.contact.phone_number", "(212) 736-5000", "("),
        ("user.contact.phone_number", "020 7219 3000", "0"),
        ("user.contact.phone_number", "0049 30 901820-11", "0049 "),
        ("user.contact.phone_number", "+44 (0)20 7219 3000", "+44 (0)"),
        ("user.contact.phone_number", "%2B49 30 901820", "%2B49 "),
        ("user.contact.phone_number", "tel:+49-30-901820-11", "tel:+49-"),
        ("user.contact.phone_number", "tel:0049 30 901820", "tel:0049 "),
        ("user.contact.phone_number", "tel:020 7219 3000", "tel:0"),
        ("user.contact.phone_number", "tel:(212) 736-5000", "tel:("),
        ("user.financial.credit_card", "4539 5787 6362 1486", "4"),
        ("user.demographic.date_of_birth", "1985-03-17", "19"),
    ],
)
def test_marks_stay_where_they_are(category: str, value: str, pattern: str) -> None:
    made = first(category, value)
    assert made.startswith(pattern)
    assert [c for c in made if not c.isalnum()] == [c for c in value if not c.isalnum()]


def test_check_digits_hold_where_a_range_is_reserved() -> None:
    for account in (
        "DE89370400440532013000",
        "GB82WEST12345698765432",
        "FR1420041010050500013M02606",
        "ES9121000418450200051332",
    ):
        made = first("user.financial.bank_account", account, "IBAN")
        assert iban.is_valid(made)
        assert made != account
        assert (made[:2], len(made)) == (account[:2], len(account))
        assert is_made_up("user.financial.bank_account", "IBAN", made)
    assert luhn.is_valid(first("user.financial.credit_card", "4539578763621486"))


def test_a_value_has_one_stand_in_however_it_is_spelt_and_another_under_another_key() -> None:
    assert same("phone", "+49 30 901820") == same("phone", "+49-30-901820")
    one = first("user.contact.email", "nadia.kerst@brieffalke.de")
    assert first("user.contact.email", "NADIA.KERST@BRIEFFALKE.DE") == one.upper()
    other = next(alike("email", "nadia.kerst@brieffalke.de", Drawing(b"another key of thirty-two bytes!")))
    assert one != other


def test_names_stay_in_their_script_order_and_case() -> None:
    assert first("user.name", "KERST, NADIA").isupper()
    assert ", " in first("user.name", "Kerst, Nadia")
    assert all(0x400 <= ord(c) <= 0x4FF or c == " " for c in first("user.name", "Надя Керст"))


@pytest.mark.parametrize(
    ("category", "value"),
    [
        ("user.contact.email", "maria@example-firma.de"),
        ("user.contact.phone_number", "+49 30 901820"),
        ("user.name", "Maria Curie"),
        ("user.demographic.date_of_birth", "1985-03-17"),
        ("user.demographic.date_of_birth", "1985-01-10"),
        ("user.financial.bank_account", "BE68539007547034"),
        ("user.government_id.national_identification_number", "12345678"),
    ],
)
def test_what_may_be_somebodys_is_not_taken_for_made_up(category: str, value: str) -> None:
    assert not is_made_up(category, "", value)


@settings(max_examples=200, deadline=None)
@given(
    category=st.sampled_from(sorted(set(CATEGORIES.values()))),
    value=st.text(min_size=1, max_size=60),
)
def test_any_text_ends_with_a_stand_in_and_none_is_the_value(category: str, value: str) -> None:
    made = list(alike(kind_of(category, ""), value, DRAWING))
    assert made
    assert all("\n" not in each for each in made if "\n" not in value)


@settings(max_examples=200, deadline=None)
@given(st.dates().map(str) | st.from_regex(r"[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{2}|[0-9]{4})", fullmatch=True))
def test_a_made_up_day_is_known_again(value: str) -> None:
    made = next(alike("day", value, DRAWING))
    assert is_first_of_year(made) or is_made_up(
        "user.demographic.date_of_birth", "", list(alike("day", value, DRAWING))[-1]
    )
