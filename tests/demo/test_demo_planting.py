"""The search for planted values: it sees every encoding that it names, and does not see what is not there."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from ringfence.demo.planting import COVERED, Kind, Planted, Sight, take_account

EMAIL = Planted(Kind.EMAIL, "zoë.müller+shop21@brieffalke.de")
CARD = Planted(Kind.CARD, "4540086841211236")
PHONE = Planted(Kind.PHONE, "+4917504359121")
IBAN = Planted(Kind.IBAN, "DE87729791167655632319")
BIRTH = Planted(Kind.BIRTH_DATE, "2000-06-16")
NAME = Planted(Kind.NAME, "Sölzer")
V6 = Planted(Kind.IP, "2a02:810b:1648::103f:2f2e")

ENCODERS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "upper case": str.upper,
    "percent-encoded whole": lambda value: quote(value, safe=""),
    "percent-encoded in lower-case hexadecimal": lambda value: quote(value, safe="").lower(),
    "percent-encoded but for the @": lambda value: quote(value, safe="@"),
    "JSON-escaped": lambda value: json.dumps(value),
    "base64": lambda value: b64encode(value.encode()).decode(),
    "base64, one byte in": lambda value: b64encode(b"a" + value.encode() + b"bcd").decode(),
    "base64, two bytes in": lambda value: b64encode(b"ab" + value.encode() + b"cd").decode(),
    "base64 for URLs": lambda value: urlsafe_b64encode(b"\xff\xfe" + value.encode()).decode(),
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal in upper case": lambda value: value.encode().hex().upper(),
}


def sees(text: str, planted: Planted) -> bool:
    return Sight(f"before {text} after\n".encode()).shows(planted)


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("planted", [EMAIL, CARD, PHONE, IBAN, BIRTH, V6], ids=lambda one: one.kind.name)
def test_a_value_is_seen_in_every_encoding(encoding: str, planted: Planted) -> None:
    assert sees(ENCODERS[encoding](planted.value), planted)


@pytest.mark.parametrize(
    ("planted", "text"),
    [
        (CARD, "4540 0868 4121 1236"),
        (CARD, "4540-0868-4121-1236"),
        (PHONE, "0175 04359121"),
        (PHONE, "(0175) 0435-9121"),
        (IBAN, "de87 7297 9116 7655 6323 19"),
        (BIRTH, "16.06.2000"),
        (BIRTH, "06/16/2000"),
        (BIRTH, "20000616"),
        (V6, "2A02:810B:1648:0000:0000:0000:103F:2F2E"),
        (NAME, "FRAU SÖLZER"),
        (NAME, "S\\u00f6lzer"),
        (NAME, "S%C3%B6lzer%40x"),
    ],
)
def test_a_value_is_seen_in_its_other_spellings(planted: Planted, text: str) -> None:
    assert sees(text, planted)


@pytest.mark.parametrize(
    ("planted", "text"),
    [
        (CARD, "************1236"),
        (CARD, "4540086841211237"),
        (PHONE, "+4917504359122"),
        (V6, "2a02:810b:1648::"),
        (NAME, "Sölzerstraße"),
        (EMAIL, "tok_yf3ogu_1_nrr5peku52m2jvp6riuhluvgkkilcdkw774spro27wjqe5vxsd5xm75rhyx2aznz7nimpvvb"),
        (BIRTH, "2000-06-17"),
    ],
)
def test_what_has_crossed_in_another_form_is_not_seen(planted: Planted, text: str) -> None:
    assert not sees(text, planted)


def test_the_account_counts_each_value_once_on_either_side() -> None:
    accounts = {
        one.kind: one
        for one in take_account([CARD, CARD, PHONE], b"4540 0868 4121 1236 +4917504359121", b"call 017504359121")
    }
    card, phone = accounts[Kind.CARD], accounts[Kind.PHONE]
    assert (card.planted, card.written, card.arrived) == (1, 1, 0)
    assert (phone.planted, phone.written, phone.arrived) == (1, 1, 1)


def test_a_name_or_street_in_prose_is_the_only_thing_not_covered() -> None:
    assert set(Kind) - set(COVERED) == {Kind.NAME_IN_PROSE, Kind.STREET}


def test_a_planted_value_is_not_printed() -> None:
    assert CARD.value not in repr(CARD)
