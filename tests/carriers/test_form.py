"""Forms and query strings: read as the URL Standard reads them, written so that every reader agrees."""

import random
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from carrier_plays import cut_at, feed, values
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers import Change, Fault, FormCarrier, Undecodable, read_form, released, splice, write_form

TEXTS = ["", "*", "[redacted]", "a&b=c", "é😹", "+ %41", "\r\n", "x" * 70]


def test_names_and_values_are_fields_by_their_names() -> None:
    raw = b"user%5Bmail%5D=ada%40example.com&tags[]=a&tags[]=b+c&flag&=x&a.b=%C3%A9"
    units = feed(FormCarrier(), [raw])
    assert values(units) == [
        ('"user[mail]"', b"ada@example.com"),
        ('"tags[]"', b"a"),
        ('"tags[]"', b"b c"),
        ('""', b"x"),
        ('"a.b"', b"\xc3\xa9"),
    ]
    assert [field.value for unit in units for field in unit.fields if field.is_key][:4] == [
        b"user[mail]",
        b"tags[]",
        b"tags[]",
        b"flag",
    ]


def test_a_query_string_is_read_and_written_at_its_place_in_a_path() -> None:
    path = b"/v1/users?mail=ada%40example.com&page=2"
    start = path.index(b"?") + 1
    fields = read_form(path[start:], base=start)
    mail = next(field for field in fields if field.path == "mail" and not field.is_key)
    assert splice(path, write_form(mail, [Change(0, 3, "* +")])) == b"/v1/users?mail=*%20%2B%40example.com&page=2"


def test_a_telephone_number_whose_plus_was_not_encoded_keeps_it() -> None:
    raw = b"phone=+49+151-5550100&n=1+2345678&t=x,+4915155501&+4915155501"
    fields = [field for unit in feed(FormCarrier(), [raw]) for field in unit.fields]
    found = [field.value for field in fields if not field.is_key]
    assert found == [b"+49 151-5550100", b"1 2345678", b"x,+4915155501"]
    assert fields[-1].value == b"+4915155501"
    assert list(fields[1].raw_offsets()) == list(range(6, 22))  # type: ignore[misc]


@pytest.mark.parametrize("raw", [b"a=1;mail=x", b"a=x;b=y&c=1", b"mail=ada%u0040example.com", b"%U0041=1"])
def test_what_only_some_readers_part_or_decode_is_refused(raw: bytes) -> None:
    with pytest.raises(Undecodable) as caught:
        feed(FormCarrier(), [raw])
    assert caught.value.fault is Fault.AMBIGUOUS


@pytest.mark.parametrize("raw", [b"a=x;y", b"a=1;&b=2", b"a=100%&b=%zz%4", b"a=%%41"])
def test_what_looks_odd_but_is_read_alike_passes(raw: bytes) -> None:
    fields = [field for unit in feed(FormCarrier(), [raw]) for field in unit.fields]
    expected = [(name.encode(), value.encode()) for name, value in parse_qsl(raw.decode(), keep_blank_values=True)]
    assert list(zip(*[iter(field.value for field in fields)] * 2, strict=True)) == expected


def spelt(rng: random.Random, text: str) -> str:
    how = rng.choice((quote_plus, lambda text: quote(text, safe=""), lambda text: quote(text, safe="/?:@!$'()*,~ ")))
    return how(text).replace(" ", "+")


@given(
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=12)), max_size=6),
    st.integers(),
)
def test_what_is_written_is_what_a_reader_finds_and_all_else_is_as_it_was(
    pairs: list[tuple[str, str]], seed: int
) -> None:
    rng = random.Random(seed)
    pairs = [(_whole(name) or "n", _whole(value)) for name, value in pairs]
    raw = "&".join(f"{spelt(rng, name)}={spelt(rng, value)}" for name, value in pairs).encode()
    carrier = FormCarrier()
    units = feed(carrier, cut_at(raw, [rng.randrange(len(raw) + 1)]))
    fields = [field for unit in units for field in unit.fields]
    assert [field.value.decode() for field in fields] == [text for pair in pairs for text in pair]
    out = b""
    for unit in units:
        edits = []
        kept = [unit.raw]
        for field in unit.fields:
            if rng.random() < 0.4:
                text = field.value.decode()
                start, end = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
                new = rng.choice(TEXTS)
                change = Change(len(text[:start].encode()), len(text[:end].encode()), new)
                edits += carrier.write(unit, field, [change])
                index = field.order // 2
                name, value = pairs[index]
                changed = text[:start] + new + text[end:]
                pairs[index] = (changed, value) if field.is_key else (name, changed)
        for edit in edits:
            kept[-1:] = [kept[-1][: edit.start - (len(unit.raw) - len(kept[-1]))], unit.raw[edit.end :]]
        made = released(carrier, unit, edits)
        assert all(part in made for part in kept)
        out += made
    assert parse_qsl(out.decode(), keep_blank_values=True) == pairs


def _whole(text: str) -> str:
    """Leave out what no reader can spell."""
    return "".join(character for character in text if not "\ud800" <= character <= "\udfff" and character != ";")


def test_a_change_inside_a_character_takes_all_of_it() -> None:
    carrier = FormCarrier()
    [unit] = feed(carrier, [b"a=x%C3%A9y"])
    assert released(carrier, unit, carrier.write(unit, unit.fields[1], [Change(2, 3, "*")])) == b"a=x*y"


def test_null_leaves_a_value_empty_and_a_name_redacted() -> None:
    carrier = FormCarrier()
    unit = feed(carrier, [b"a=x&b=y"])[0]
    edits = [edit for field in unit.fields for edit in carrier.write(unit, field, [Change(0, 1, None)])]
    assert released(carrier, unit, edits) == b"%5Bredacted%5D=&"
