"""Mask, redact, null and truncate: examples, and that nothing hidden shows."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transform_forms import BORN, CARD, DOMAIN, EMAIL, EMAILS, IP, LAST4, MASK, NETWORK, NULL, about, unhurried

from ringfence.detect import Detector
from ringfence.policy.model import REDACT, Form, FormKind
from ringfence.taxonomy import CATEGORIES
from ringfence.transform import ValueType, apply, fit
from ringfence.transform.mask import SEPARATORS


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        (MASK, "Ada", "***"),
        (MASK, "Ada Lovelace-King", "*** ********-****"),
        (LAST4, "4111 1111 1111 1111", "**** **** **** 1111"),
        (LAST4, "4111-1111-1111-1111", "****-****-****-1111"),
        (LAST4, "4111111111111111", "************1111"),
        (LAST4, "078-05-1120", "***-**-1120"),
        (LAST4, "5550100", "*******"),  # of a short value at most half is shown
        (LAST4, "(212) 555-0100", "***** ***-0100"),
        (LAST4, "1111", "****"),
        (LAST4, "", ""),
        (MASK, " - ", "***"),  # nothing but separators: they are the value
        (DOMAIN, "ada@example.com", "***@example.com"),
        (DOMAIN, "a@example.com", "*@example.com"),
        (DOMAIN, '"a@b"@example.com', "*****@example.com"),
        (DOMAIN, "@example.com", "************"),
        (DOMAIN, "Ada Lovelace", "*** ********"),
        (DOMAIN, "ada@Ada Lovelace", "******* ********"),
        (DOMAIN, "ada@4111111111111111.1", "**********************"),
        (DOMAIN, "ada@localhost", "*************"),
        (Form("m", FormKind.MASK, keep_first=1, keep_domain=True), "ada@example.com", "a**@example.com"),
        (Form("m", FormKind.MASK, keep_first=6, keep_last=4), "4111111111111111", "411111******1111"),
        (Form("m", FormKind.MASK, keep_first=8, keep_last=4), "4111111111111111", "41111111****1111"),
        (Form("m", FormKind.MASK, keep_first=9, keep_last=4), "4111111111111111", "****************"),
        (Form("m", FormKind.MASK, keep_first=2, fill="•"), "Grüße", "Gr•••"),
    ],
)
def test_a_mask_shows_what_its_form_keeps_and_no_more(form: Form, value: str, shown: str) -> None:
    assert apply(form, value, about(CARD)) == shown


@unhurried
@given(
    value=st.text(max_size=60) | st.text("0123456789 -", max_size=24) | EMAILS,
    keep_first=st.integers(0, 20),
    keep_last=st.integers(0, 20),
    keep_domain=st.booleans(),
    fill=st.sampled_from(["*", "x", "•"]),
)
def test_no_masked_character_stands_at_its_place(
    value: str, keep_first: int, keep_last: int, keep_domain: bool, fill: str
) -> None:
    form = Form("m", FormKind.MASK, keep_first=keep_first, keep_last=keep_last, keep_domain=keep_domain, fill=fill)
    shown = apply(form, value, about())
    assert isinstance(shown, str)
    assert len(shown) == len(value)
    local = value
    if keep_domain and "@" in value and shown.endswith(value[value.rindex("@") :]):
        local = value[: value.rindex("@")]
    counted = [at for at, character in enumerate(local) if character not in SEPARATORS]
    kept = keep_first + keep_last
    generous = kept <= len(counted) - 4 if len(counted) >= 12 else kept * 2 <= len(counted)
    may_show = {*counted[:keep_first], *counted[len(counted) - keep_last :]} if generous and kept else set()
    for at in counted or range(len(local)):
        assert at in may_show or shown[at] == fill
    if local:
        assert any(shown[at] == fill for at in range(len(local)))


@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_a_marker_names_the_kind_and_needs_no_escape_and_is_no_finding(category: str) -> None:
    marker = apply(REDACT, "ada@example.com", about(category))
    assert marker == f"[redacted:{category.split('.')[-1]}]"
    assert json.dumps(marker) == f'"{marker}"'
    row = io.StringIO()
    csv.writer(row).writerow([marker, "x"])
    assert row.getvalue() == f"{marker},x\r\n"
    assert Detector().find(f"{marker} said hello to {marker}") == []


@unhurried
@given(st.text(), st.text())
def test_a_marker_and_null_tell_nothing_of_the_value(one: str, other: str) -> None:
    assert apply(REDACT, one, about()) == apply(REDACT, other, about()) == "[redacted:email]"
    assert apply(NULL, one, about()) is None
    assert fit(NULL, one, ValueType.STRING, about()) is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("203.0.113.77/32", "203.0.113.0/24"),
        ("198.18.5.7/15", "198.18.0.0/15"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:DB8:1:2::6/64", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "::"),
        ("fe80::1%eth0", "fe80::"),
        ("203.0.113.77:443", None),
        ("203.0.113.077", None),
        ("host.example.com", None),
        ("", None),
    ],
)
def test_an_address_is_truncated_to_its_network(value: str, kept: str | None) -> None:
    assert apply(NETWORK, value, about(IP, entity="IP_ADDRESS")) == kept
    assert fit(NETWORK, value, ValueType.INET, about(IP)) == kept


@pytest.mark.parametrize(
    ("keep_first", "value", "kept"),
    [
        (3, "90210", "902"),
        (5, "90210", None),
        (9, "90210", None),
        (0, "90210", None),
        (1, "", None),
        (2, "Grüße", "Gr"),
    ],
)
def test_a_truncated_value_is_its_beginning_and_never_the_whole(keep_first: int, value: str, kept: str | None) -> None:
    form = Form("t", FormKind.TRUNCATE, keep_first=keep_first)
    assert apply(form, value, about("user.contact.address.postal_code")) == kept
    assert apply(form, value, about(BORN)) == kept
    assert apply(form, value, about(EMAIL)) == kept


def test_a_form_that_keeps_characters_gives_no_network() -> None:
    three = Form("t", FormKind.TRUNCATE, keep_first=3)
    assert apply(three, "10.20.30.40", about(IP)) == "10."
    assert fit(three, "10.20.30.40", ValueType.INET, about(IP)) is None
