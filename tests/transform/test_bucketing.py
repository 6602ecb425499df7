"""Bucket: ranges of numbers and of dates; what cannot be read becomes null."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transform_forms import BORN, DECADE, MONTH, TENS, YEAR, about, unhurried

from ringfence.policy.model import Form, FormKind
from ringfence.transform import ValueType, apply, fit


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        ("34", "30-39", "30"),
        ("30", "30-39", "30"),
        ("39.99", "30-39", "30"),
        ("29.99999999999999999999999999999999999999", "20-29", "20"),
        ("0", "0-9", "0"),
        ("-0.0", "0-9", "0"),
        ("-0.5", "-10 to -1", "-10"),
        ("-3", "-10 to -1", "-10"),
        ("-10", "-10 to -1", "-10"),
        ("+7", "0-9", "0"),
        (" 7 ", "0-9", "0"),
        ("1.5e2", "150-159", "150"),
        ("15e-1", "0-9", "0"),
        ("1e999", None, None),
        ("9" * 41, None, None),
        ("1_000", None, None),
        ("1,000", None, None),
        ("٣٤", None, None),
        ("nan", None, None),
        ("0x1f", None, None),
        ("34 years", None, None),
        ("", None, None),
    ],
)
def test_a_number_becomes_its_range_or_nothing(value: str, text: str | None, number: str | None) -> None:
    assert apply(TENS, value, about()) == text
    assert fit(TENS, value, ValueType.NUMBER, about()) == number
    assert fit(TENS, value, ValueType.INTEGER, about()) == number


@unhurried
@given(st.integers(-(10**20), 10**20), st.integers(2, 10**6))
def test_a_range_holds_its_number_and_begins_at_a_multiple_of_the_width(value: int, width: int) -> None:
    low = fit(Form("b", FormKind.BUCKET, width=width), str(value), ValueType.INTEGER, about())
    if low is None:
        assert any(value - width < -(1 << bits) <= value + width for bits in (15, 31, 63))
        return
    assert isinstance(low, str)
    assert int(low) <= value < int(low) + width
    assert int(low) % width == 0


@pytest.mark.parametrize("bits", [15, 31, 63])
def test_a_range_that_begins_below_an_integer_type_is_null(bits: int) -> None:
    assert fit(TENS, str(-(1 << bits)), ValueType.INTEGER, about()) is None


@pytest.mark.parametrize(
    "form", [Form("b", FormKind.BUCKET), Form("b", FormKind.BUCKET, width=1), Form("b", FormKind.BUCKET, width=-10)]
)
def test_a_width_that_would_show_the_value_gives_nothing(form: Form) -> None:
    assert apply(form, "34", about()) is None
    assert fit(form, "34", ValueType.INTEGER, about()) is None


@pytest.mark.parametrize(
    ("value", "month", "year", "decade"),
    [
        ("1980-05-17", "1980-05", "1980", "1980s"),
        ("1980-5-7", "1980-05", "1980", "1980s"),
        ("1980/05/17", "1980-05", "1980", "1980s"),
        ("19800517", "1980-05", "1980", "1980s"),
        ("1980-05", "1980-05", "1980", "1980s"),
        ("1980", None, "1980", "1980s"),
        ("1980-05-17T23:59:59.123Z", "1980-05", "1980", "1980s"),
        ("1980-05-17 23:59:59+02", "1980-05", "1980", "1980s"),
        ("17.05.1980", "1980-05", "1980", "1980s"),
        ("17. 5. 1980", "1980-05", "1980", "1980s"),
        ("05/17/1980", "1980-05", "1980", "1980s"),
        ("17/05/1980", "1980-05", "1980", "1980s"),
        ("05/05/1980", "1980-05", "1980", "1980s"),
        ("03/12/1980", None, "1980", "1980s"),
        ("17 May 1980", None, "1980", "1980s"),
        ("May 17th, 1980", None, "1980", "1980s"),
        ("17. März 1980", None, "1980", "1980s"),
        ("1er août 1975", None, "1975", "1970s"),
        ("5 de mayo de 1990", None, "1990", "1990s"),
        ("1980-02-30", None, None, None),
        ("1980-13-01", None, None, None),
        ("31/31/1980", None, None, None),
        ("0000-01-01", None, None, None),
        ("05/17/80", None, None, None),
        ("0044-03-15 BC", None, None, None),
        ("born 1980-05-17", None, None, None),
        ("1980-05-17x", None, None, None),
        ("4111111111111111", None, None, None),
        ("", None, None, None),
    ],
)
def test_a_date_becomes_its_month_year_and_decade_or_nothing(
    value: str, month: str | None, year: str | None, decade: str | None
) -> None:
    assert [apply(form, value, about(BORN)) for form in (MONTH, YEAR, DECADE)] == [month, year, decade]


@unhurried
@given(st.dates())
def test_the_first_day_of_a_bucket_is_not_after_the_date_and_in_the_same_bucket(born: date) -> None:
    for form, most in ((MONTH, 31), (YEAR, 366), (DECADE, 3653)):
        first = fit(form, born.isoformat(), ValueType.DATE, about(BORN))
        if form is DECADE and born.year < 10:
            assert first is None  # no year zero
            continue
        assert isinstance(first, str)
        assert timedelta(0) <= born - date.fromisoformat(first) < timedelta(most)
        assert apply(form, first, about(BORN)) == apply(form, born.isoformat(), about(BORN))


@pytest.mark.parametrize(
    ("value", "first"),
    [
        ("1980-05-17 23:59:59", "1980-05-01 00:00:00"),
        ("1980-05-17 23:59:59.5+02", "1980-05-01 00:00:00+00"),
        ("1980-05-17T23:59:59", "1980-05-01T00:00:00"),
        ("1980-05-17T23:59:59+05:30", "1980-05-01T00:00:00Z"),
        ("1980-05-17", "1980-05-01 00:00:00"),
        ("17:05", None),
    ],
)
def test_a_timestamp_keeps_its_spelling_but_neither_its_hour_nor_its_offset(value: str, first: str | None) -> None:
    assert fit(MONTH, value, ValueType.TIMESTAMP, about(BORN)) == first
