"""The checks agree with the reference library, and the tables behind them with its data."""

from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.us import ssn

from ringfence.detect._cards import is_issued
from ringfence.detect._checks import passes_luhn
from ringfence.detect._words import folded
from ringfence.detect.recognizers.financial import _IBAN_LENGTHS, passes_mod97
from ringfence.detect.recognizers.us import is_ssn


@given(st.text("0123456789", min_size=1, max_size=24))
def test_luhn_agrees_with_stdnum(digits: str) -> None:
    assert passes_luhn(digits.encode()) == luhn.is_valid(digits)


@given(st.sampled_from(sorted(_IBAN_LENGTHS)), st.integers(0, 99), st.data())
def test_mod_97_accepts_the_check_digits_that_stdnum_calculates_and_no_others(
    country: str, wrong: int, data: st.DataObject
) -> None:
    size = _IBAN_LENGTHS[country] - 4
    account = data.draw(st.text("0123456789ABCXYZ", min_size=size, max_size=size))
    right = iban.calc_check_digits(f"{country}00{account}")
    assert passes_mod97(f"{country}{right}{account}".encode())
    assert passes_mod97(f"{country.lower()}{right}{account.lower()}".encode())
    if (wrong - int(right)) % 97:
        assert not passes_mod97(f"{country}{wrong:02}{account}".encode())


def test_iban_lengths_are_those_of_the_registry() -> None:
    text = files("stdnum").joinpath("iban.dat").read_text(encoding="utf-8")
    listed: dict[str, int] = {}
    for line in text.splitlines():
        if line[:2].isupper() and 'bban="' in line:
            structure = line.partition('bban="')[2].partition('"')[0]
            sizes = "".join(c if c.isdigit() else " " for c in structure).split()
            listed[line[:2]] = 4 + sum(map(int, sizes))
    assert len(listed) > 80
    assert listed == _IBAN_LENGTHS


@pytest.mark.parametrize(
    ("number", "issued"),
    [
        ("4111111111111111", True),
        ("411111111111111", False),  # Visa has no 15 digits
        ("371449635398431", True),
        ("2221000000000009", True),
        ("2721000000000004", False),  # one past Mastercard's range
        ("6011000990139424", True),
        ("9999999999999995", False),
    ],
)
def test_issuer_ranges_go_with_lengths(number: str, issued: bool) -> None:
    assert is_issued(number.encode()) is issued


def test_folding_makes_spellings_agree() -> None:
    spellings = ("Fecha de Nacimiento", "fechaDeNacimiento", "FECHA_DE_NACIMIENTO", "fecha-de-nacimiento")
    assert {folded(spelling) for spelling in spellings} == {"fechadenacimiento"}
    assert folded("Téléphone komórka Łódź") == "telephonekomorkalodz"


@given(st.text("0123456789", min_size=9, max_size=9))
@example("078051120")
@example("666123456")
@example("123004567")
@example("123450000")
@example("000123456")
@example("912345678")
def test_social_security_numbers_are_judged_as_python_stdnum_judges_them(digits: str) -> None:
    assert is_ssn(digits) == ssn.is_valid(digits)
