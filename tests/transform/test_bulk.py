"""A column's replacer: for every value and every form exactly what `fit` gives."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from transform_forms import (
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

from ringfence.policy.model import CLEAR, DENY, REDACT, Form, FormKind, KeyName
from ringfence.transform import MissingKey, Untransformable, ValueType, fit
from ringfence.transform.bulk import REMEMBERED, Replacer, replacer

FORMS = (
    REDACT, MASK, LAST4, DOMAIN, NETWORK, MONTH, YEAR, DECADE, TENS, HASH, TOKEN, NULL, CLEAR,
    Form("spaces", FormKind.MASK, keep_last=2, fill=" "),
    Form("dashes", FormKind.MASK, keep_first=1, fill="-"),
    Form("dots", FormKind.MASK, keep_last=4, fill="•"),
    Form("t3", FormKind.TRUNCATE, keep_first=3),
    Form("h16", FormKind.HASH, key=KEY, length=16),
)  # fmt: skip
MASKS = st.builds(
    lambda first, last, domain, fill: Form("m", FormKind.MASK, keep_first=first, keep_last=last, keep_domain=domain, fill=fill),
    st.integers(0, 9),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from("*# -0é"),
)  # fmt: skip

PARTED = st.text("ab1 -@.", max_size=24)  # what masks count, part and judge
VALUES = (
    PARTED
    | st.text(max_size=40)
    | st.text(string.printable, max_size=300)
    | st.integers().map(str)
    | st.dates().map(str)
    | st.datetimes().map(str)
    | st.uuids().map(str)
    | st.ip_addresses().map(str)
    | EMAILS
    | st.builds("{} {}@{}".format, PARTED, PARTED, st.sampled_from(["posta.example", "bücher.example", "a..b", ""]))
)
CARDS = st.builds(
    lambda number, mark: mark.join((number[:4], number[4:8], number[8:12], number[12:])),
    st.text("0123456789", min_size=13, max_size=19),
    st.sampled_from(["", " ", "-"]),
)
CATEGORIES = st.sampled_from([EMAIL, CARD, IP, BORN, "unknown"])


def expected(form: Form, value: bytes, value_type: ValueType, category: str, max_length: int) -> bytes | None:
    made = fit(form, value.decode(), value_type, about(category), max_length=max_length or None)
    assert made is None or isinstance(made, str)
    return None if made is None else made.encode("utf-8", "replace")


@unhurried
@given(
    form=st.sampled_from(FORMS) | MASKS,
    value_type=st.sampled_from([ValueType.TEXT] * 4 + list(ValueType)),
    category=CATEGORIES,
    max_length=st.just(0) | st.integers(1, 60),
    values=st.lists(VALUES, min_size=1, max_size=6) | st.lists(PARTED | EMAILS | CARDS, min_size=1, max_size=20),
)
@example(
    LAST4,
    ValueType.TEXT,
    CARD,
    0,
    [
        "4111-1111 1111 1111",
        "4111111111111111",
        "4111 1111 1111 11 11",
        "4111\x001111 1111 11 11",
        "- -",
        "1-2-3-4-5-6-7-8-9-0-1-2",
        "",
    ],
)
@example(DOMAIN, ValueType.TEXT, EMAIL, 0, ["--@posta.example", "@posta.example", "a@b", "a@b@posta.example"])
@example(NETWORK, ValueType.INET, IP, 0, ["203.0.113.7", "203.0.113.7/32", "nowhere"])
def test_a_replacer_gives_what_fit_gives(
    form: Form, value_type: ValueType, category: str, max_length: int, values: list[str]
) -> None:
    replace = replacer(form, value_type, about(category), max_length)
    encoded = [value.encode() for value in values]
    wanted = [expected(form, value, value_type, category, max_length) for value in encoded]
    assert [replace(value) for value in encoded] == wanted
    assert [replace(value) for value in encoded] == wanted, "what is remembered is what was made"
    in_column = [made if value else value for value, made in zip(encoded, wanted, strict=True)]
    assert replace.column([*encoded, None]) == [*in_column, None]
    assert replace.column([value for value in encoded if value]) == [made for made in in_column if made != b""]


def test_null_and_the_empty_value_stay_what_they_are_in_a_column() -> None:
    for form in FORMS:
        made = replacer(form, ValueType.TEXT, about()).column([None, b"", b"ada@posta.example", None])
        assert made[:2] == [None, b""]
        assert made[3] is None
    assert replacer(DOMAIN, ValueType.TEXT, about()).column([b"ada@posta.example"]) == [b"***@posta.example"]


@pytest.mark.parametrize("form", [HASH, TOKEN, MONTH, DOMAIN], ids=lambda form: form.name)
def test_what_is_remembered_is_bounded_and_still_right(form: Form) -> None:
    replace = replacer(form, ValueType.TEXT, about())
    for number in range(REMEMBERED + 50):
        replace(b"person@host%d.example" % number)
    names = [name for name in dir(replace) if not name.startswith("__")]  # compiled, it has no `__dict__`
    kept = [held for name in names if isinstance(held := getattr(replace, name), dict)]
    assert kept
    assert all(0 < len(held) <= REMEMBERED for held in kept)
    long = b"x" * 5000 + b"@" + b"y" * 5000 + b".example"
    assert replace(long) == expected(form, long, ValueType.TEXT, EMAIL, 0)
    assert all(len(one) < 200 for held in kept for one in held)


def test_a_missing_key_is_missed_and_a_surrogate_is_not_a_replacers_to_give() -> None:
    keyless = Form("lost", FormKind.TOKEN, key=KeyName("k-lost"))
    with pytest.raises(MissingKey):
        replacer(keyless, ValueType.TEXT, about())(b"ada")
    with pytest.raises(MissingKey):
        replacer(Form("lost", FormKind.HASH, key=KeyName("k-lost")), ValueType.TEXT, about())(b"ada")
    for form in (SURROGATE, DENY):
        with pytest.raises(Untransformable):
            replacer(form, ValueType.TEXT, about())(b"ada")


def test_no_value_is_in_the_repr_of_a_replacer() -> None:
    replace = replacer(HASH, ValueType.TEXT, about())
    replace(b"ada@posta.example")
    assert isinstance(replace, Replacer)
    assert repr(replace) == "<replacer for contact-hash>"
