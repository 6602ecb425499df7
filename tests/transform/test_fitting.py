"""Fit: whatever goes in, what comes out is a value of the field's type, or null."""

import ipaddress
import json
import uuid
from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from transform_forms import (
    ANY_CHARACTER,
    BORN,
    CARD,
    DECADE,
    DOMAIN,
    EMAIL,
    EMAILS,
    HASH,
    IP,
    KEY,
    LAST4,
    MASK,
    MONTH,
    NETWORK,
    NULL,
    SURROGATE,
    TENS,
    TOKEN,
    YEAR,
    about,
    unhurried,
)

from ringfence.policy.model import CLEAR, DENY, REDACT, Form, FormKind
from ringfence.transform import _TEXTS, Ask, Untransformable, ValueType, apply, fit, fit_answer

FORMS = (
    REDACT, MASK, LAST4, DOMAIN, NETWORK, MONTH, YEAR, DECADE, TENS, HASH, TOKEN, NULL,
    Form("digits", FormKind.MASK, fill="0"),
    Form("t3", FormKind.TRUNCATE, keep_first=3),
    Form("t1", FormKind.TRUNCATE, keep_first=1),
    Form("h16", FormKind.HASH, key=KEY, length=16),
    Form("h64", FormKind.HASH, key=KEY, length=64),
)  # fmt: skip

VALUES = (
    st.text(ANY_CHARACTER, max_size=40)
    | st.integers().map(str)
    | st.floats(allow_nan=True).map(str)
    | st.dates().map(str)
    | st.datetimes().map(str)
    | st.uuids().map(str)
    | st.ip_addresses().map(str)
    | EMAILS
    | st.sampled_from(["true", "null", "-", "1e5", "00", "-0", "0.50", "1e-9"])
)


def spells(text: str, value_type: ValueType) -> bool:
    """Judge by what would read the value, not by ringfence's own grammar."""
    match value_type:
        case ValueType.TEXT | ValueType.STRING:
            return True
        case ValueType.INTEGER:
            return isinstance(json.loads(text), int)
        case ValueType.NUMBER:
            return isinstance(json.loads(text), int | float)
        case ValueType.DATE:
            return date.fromisoformat(text).isoformat() == text
        case ValueType.TIMESTAMP:
            return datetime.fromisoformat(text) is not None
        case ValueType.UUID:
            return str(uuid.UUID(text)) == text
        case ValueType.INET:
            return ipaddress.ip_interface(text) is not None
        case _:
            return False


@unhurried
@given(
    form=st.sampled_from(FORMS),
    value=VALUES,
    value_type=st.sampled_from(ValueType),
    category=st.sampled_from([EMAIL, CARD, IP, BORN, "unknown"]),
    max_length=st.none() | st.integers(0, 80),
)
@example(Form("t1", FormKind.TRUNCATE, keep_first=1), "-5", ValueType.INTEGER, CARD, None)
@example(Form("t3", FormKind.TRUNCATE, keep_first=3), "1e55", ValueType.INTEGER, CARD, None)
@example(Form("t3", FormKind.TRUNCATE, keep_first=3), "10.5", ValueType.NUMBER, CARD, None)
def test_what_fits_is_of_the_type_and_not_too_long_and_not_the_value(
    form: Form, value: str, value_type: ValueType, category: str, max_length: int | None
) -> None:
    made = fit(form, value, value_type, about(category), max_length=max_length)
    assert made is None or isinstance(made, str)
    if made is not None:
        assert spells(made, value_type)
        assert max_length is None or len(made) <= max_length


@pytest.mark.parametrize("value_type", sorted(set(ValueType) - {ValueType.TEXT, ValueType.STRING}, key=str))
@pytest.mark.parametrize("form", [REDACT, MASK, LAST4, TOKEN, NULL, Form("digits", FormKind.MASK, fill="0")])
def test_no_marker_mask_or_token_is_passed_off_as_a_number_date_or_address(form: Form, value_type: ValueType) -> None:
    for value in ("5", "4111111111111111", "1980-05-17", "203.0.113.7", "true"):
        assert fit(form, value, value_type, about(CARD)) is None


def test_every_transform_says_what_it_hides_and_what_it_does_not() -> None:
    assert set(_TEXTS) == set(FormKind) - {FormKind.CLEAR, FormKind.DENY}
    for transform in _TEXTS.values():
        said = transform.__doc__ or ""
        assert "ides" in said
        assert "not hide" in said


def test_a_hash_fits_a_uuid_as_one_of_version_8_and_meets_itself_again() -> None:
    made = fit(HASH, "ada@example.com", ValueType.UUID, about())
    assert isinstance(made, str)
    assert uuid.UUID(made).version == 8
    assert uuid.UUID(made).variant == uuid.RFC_4122
    assert made == fit(HASH, "ada@example.com", ValueType.UUID, about())
    assert made != fit(HASH, "ada@example.com", ValueType.UUID, about(scope="zone:analytics"))


@pytest.mark.parametrize("value_type", sorted(set(ValueType) - {ValueType.TEXT, ValueType.STRING}, key=str))
def test_a_lone_surrogate_fits_no_type_and_breaks_none(value_type: ValueType) -> None:
    for value in ("\ud800", "1\ud800", "1980-05-17\udfff"):
        assert fit_answer(value, value_type) is None
        for form in (TENS, MONTH, YEAR, NETWORK, Form("t1", FormKind.TRUNCATE, keep_first=1), LAST4):
            assert fit(form, value, value_type, about(IP)) in (None, "1")


def test_a_form_that_is_too_long_is_null_rather_than_cut() -> None:
    whole = apply(TOKEN, "ada@example.com", about())
    assert isinstance(whole, str)
    assert fit(TOKEN, "ada@example.com", ValueType.STRING, about(), max_length=len(whole)) == whole
    assert fit(TOKEN, "ada@example.com", ValueType.STRING, about(), max_length=len(whole) - 1) is None
    assert fit(HASH, "ada@example.com", ValueType.STRING, about(), max_length=31) is None
    assert fit(REDACT, "Ada", ValueType.STRING, about(), max_length=8) is None
    assert fit(MASK, "ada", ValueType.STRING, about(), max_length=3) == "***"


@pytest.mark.parametrize("value_type", list(ValueType))
def test_clear_is_the_value_itself_and_deny_is_a_mistake_for_every_type(value_type: ValueType) -> None:
    assert fit(CLEAR, "Ada", value_type, about(), max_length=1) == "Ada"
    with pytest.raises(Untransformable):
        fit(DENY, "Ada", value_type, about())


@pytest.mark.parametrize("value_type", list(ValueType))
def test_a_surrogate_is_asked_for_with_the_type_that_it_must_have(value_type: ValueType) -> None:
    assert fit(SURROGATE, "Ada", value_type, about()) == Ask(KEY, "zone:staff", EMAIL, value_type, "Ada")
    assert apply(SURROGATE, "Ada", about()) == Ask(KEY, "zone:staff", EMAIL, ValueType.TEXT, "Ada")


@pytest.mark.parametrize(
    ("answer", "value_type", "taken"),
    [
        ("Grace", ValueType.STRING, "Grace"),
        ("4000001234567899", ValueType.INTEGER, "4000001234567899"),
        ("0400", ValueType.INTEGER, None),
        ("Grace", ValueType.INTEGER, None),
        ("1.50", ValueType.NUMBER, "1.50"),
        (".5", ValueType.NUMBER, None),
        ("NaN", ValueType.NUMBER, None),
        ("true", ValueType.BOOLEAN, "true"),
        ("1975-01-31", ValueType.DATE, "1975-01-31"),
        ("1975-02-31", ValueType.DATE, None),
        ("1975-01-31 25:00:00", ValueType.TIMESTAMP, None),
        ("1975-01-31T23:00:00Z", ValueType.TIMESTAMP, "1975-01-31T23:00:00Z"),
        ("198.51.100.7", ValueType.INET, "198.51.100.7"),
        ("198.51.100.700", ValueType.INET, None),
        ("c0ffee00-0000-8000-8000-00000000beef", ValueType.UUID, "c0ffee00-0000-8000-8000-00000000beef"),
        ("c0ffee", ValueType.UUID, None),
        ("anything", ValueType.OTHER, None),
        ("\\x00", ValueType.BYTES, None),
        ("x", ValueType.NULL, None),
        (None, ValueType.STRING, None),
        ("five5", ValueType.STRING, "five5"),
        ("longer", ValueType.STRING, None),
    ],
)
def test_a_vaults_answer_is_taken_only_where_it_is_of_the_type(
    answer: str | None, value_type: ValueType, taken: str | None
) -> None:
    assert fit_answer(answer, value_type, max_length=5 if value_type is ValueType.STRING else None) == taken
