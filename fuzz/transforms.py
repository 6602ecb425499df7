"""Transforms fed with any text, any form and any type: what comes out is of the type, hidden, and goes back where it should."""

import ipaddress
import json
from datetime import date, datetime
from uuid import UUID

from ringfence.policy.model import REDACT, Form, FormKind, KeyName
from ringfence.transform import (
    About,
    KeyHandle,
    Keyring,
    MissingKey,
    NotAToken,
    ValueType,
    WrongKey,
    apply,
    blind_index,
    fit,
    fit_answer,
    reverse,
)

KEY = KeyName("k")
KEYS = Keyring([KeyHandle(KEY, 1, bytes(range(32)))])
FORMS = (
    REDACT,
    Form("mask", FormKind.MASK),
    Form("last4", FormKind.MASK, keep_last=4),
    Form("domain", FormKind.MASK, keep_first=1, keep_domain=True),
    Form("network", FormKind.TRUNCATE),
    Form("first3", FormKind.TRUNCATE, keep_first=3),
    Form("tens", FormKind.BUCKET, width=10),
    Form("month", FormKind.BUCKET, unit="month"),
    Form("year", FormKind.BUCKET, unit="year"),
    Form("decade", FormKind.BUCKET, unit="decade"),
    Form("hash", FormKind.HASH, key=KEY),
    Form("token", FormKind.TOKEN, key=KEY),
    Form("null", FormKind.NULL),
)
TYPES = tuple(ValueType)
CATEGORIES = (
    "user.contact.email",
    "user.device.ip_address",
    "user.demographic.date_of_birth",
    "user.financial.credit_card",
)

_VALUES = (
    "ada@example.com",
    "4111 1111 1111 1111",
    "203.0.113.77",
    "2001:db8::1/64",
    "1980-05-17",
    "1980-05-17T23:59:59.5+05:30",
    "17. März 1980",
    "-12.5e3",
    "9" * 40,
    "Grüße, 世界",
    "tok_e5ykou_1_" + "a" * 26,
)
SEEDS: list[bytes] = [
    bytes((form, kind, at % len(CATEGORIES))) + value.encode()
    for at, value in enumerate(_VALUES)
    for form in range(len(FORMS))
    for kind in range(len(TYPES))
]
"""Three bytes choose form, type and category; the rest is the value."""


def target(data: bytes) -> None:
    if len(data) < 3:
        return
    form, value_type = FORMS[data[0] % len(FORMS)], TYPES[data[1] % len(TYPES)]
    about = About("", CATEGORIES[data[2] % len(CATEGORIES)], "zone:z", KEYS)
    value = data[3:].decode("utf-8", "surrogatepass" if _is_text(data[3:]) else "replace")
    made = fit(form, value, value_type, about)
    assert made is None or (isinstance(made, str) and _is_value(made, value_type))
    assert fit(form, value, value_type, about, max_length=8) in (made, None)
    assert fit_answer(value, value_type) in (value, None)
    assert len(blind_index(KEYS, KEY, value)) == 32
    if form.kind is FormKind.MASK:
        masked = apply(form, value, about)
        assert isinstance(masked, str)
        assert len(masked) == len(value)
        assert not value.strip("* -") or masked != value
    if form.kind is FormKind.TRUNCATE and form.keep_first and made is not None:
        assert value.startswith(made)
        assert made != value
    if form.kind is FormKind.TOKEN:
        token = apply(form, value, about)
        assert isinstance(token, str)
        assert reverse(token, about) == value
    try:
        reverse(value, about)
    except (NotAToken, WrongKey, MissingKey):
        return
    raise AssertionError("a text that was not made with the key was taken for a token")


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _is_value(text: str, value_type: ValueType) -> bool:
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
            return isinstance(datetime.fromisoformat(text), datetime)
        case ValueType.UUID:
            return str(UUID(text)) == text
        case ValueType.INET:
            return bool(str(ipaddress.ip_interface(text)))
        case _:
            return False
