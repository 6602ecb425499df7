"""Character sets: what is read is what the set says, what is changed is changed in it, and what lies about its set is refused."""

import json
import random

import pytest
from carrier_plays import cut_at, every_byte, feed, values

from ringfence.carriers import (
    Change,
    Fault,
    TextCarrier,
    TranscodedCarrier,
    Undecodable,
    make_body_carrier,
    released,
    rest,
)

SETS = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "windows-1252": "cp1252",
    "windows-1251": "cp1251",
    "koi8-r": "koi8-r",
    "shift_jis": "cp932",
    "euc-jp": "euc-jp",
    "euc-kr": "cp949",
    "big5": "cp950",
    "gb18030": "gb18030",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
}
CHARACTERS = "aZ9@. -é€ßДж日本語한中文アＡ😹\\"


def carried(kind: str, pieces: list[bytes], old: bytes = b"", new: str | None = "") -> bytes:
    carrier = make_body_carrier(kind)
    out = b""

    def take(units: list[object]) -> bytes:
        made = b""
        for unit in units:
            edits = []
            for field in unit.fields:  # type: ignore[attr-defined]
                changes = []
                at = field.value.find(old) if old else -1
                while at >= 0:
                    changes.append(Change(at, at + len(old), new))
                    at = field.value.find(old, at + len(old))
                edits += carrier.write(unit, field, changes)  # type: ignore[arg-type]
            made += released(carrier, unit, edits)  # type: ignore[arg-type]
        return made

    for piece in pieces:
        out += take(carrier.feed(piece))  # type: ignore[arg-type]
    return out + take(carrier.end()) + rest(carrier)  # type: ignore[arg-type]


@pytest.mark.parametrize("charset", SETS)
def test_text_in_a_set_is_read_and_changed_in_it_wherever_it_is_cut(charset: str) -> None:
    rng = random.Random(charset)
    codec = SETS[charset]
    spelt = [character for character in CHARACTERS if character.encode(codec, "ignore")]
    for _ in range(60):
        text = "".join(rng.choices([*spelt, "ada@example.com", "\n"], k=30))
        raw = text.encode(codec)
        pieces = rng.choice((every_byte(raw), cut_at(raw, [rng.randrange(len(raw) + 1)]), [raw]))
        kind = f"text/plain; charset={charset}"
        units = feed(make_body_carrier(kind), pieces)
        assert b"".join(unit.raw for unit in units) == raw
        assert b"".join(field.value for unit in units for field in unit.fields).decode() == text
        assert carried(kind, pieces) == raw
        assert carried(kind, pieces, b"ada", "*").decode(codec) == text.replace("ada", "*")


def test_characters_that_a_set_spells_in_two_ways_keep_the_one_they_came_in() -> None:
    raw = b"\xfa\x54 \xed\x40 ada@example.com \xee\xfa\n"  # each is spelt otherwise by an encoder
    assert raw.decode("cp932").encode("cp932") != raw
    assert carried("text/plain; charset=shift_jis", [raw], b"ada", "*") == raw.replace(b"ada", b"*")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be-mark"])
def test_a_byte_order_mark_says_what_was_not_declared_and_stays(codec: str) -> None:
    text = '{"mail": "ada@example.com", "name": "Zoë"}'
    raw = b"\xfe\xff" + text.encode("utf-16-be") if codec.endswith("mark") else text.encode(codec)
    for pieces in ([raw], every_byte(raw)):
        assert values(feed(make_body_carrier("application/json"), pieces)) == [
            ("mail", b"ada@example.com"),
            ("name", "Zoë".encode()),
        ]
        assert carried("application/json", pieces) == raw
        changed = carried("application/json", pieces, b"ada", "ë")
        assert json.loads(changed) == json.loads(raw) | {"mail": "ë@example.com"}
        assert changed[:2] == raw[:2]


def test_what_a_set_cannot_spell_is_escaped_where_the_format_can_and_else_refused() -> None:
    raw = '{"m": "ada ж"}'.encode("cp1251")
    changed = carried("application/json; charset=windows-1251", [raw], b"ada", "日é😹ж")
    assert json.loads(changed.decode("cp1251")) == {"m": "日é😹ж ж"}
    assert carried("text/xml; charset=iso-8859-1", [b"<a>ada</a>"], b"ada", "日é") == b"<a>&#26085;\xe9</a>"
    with pytest.raises(Undecodable) as caught:
        carried("text/plain; charset=iso-8859-1", [b"ada"], b"ada", "日")
    assert caught.value.fault is Fault.ENCODING


@pytest.mark.parametrize(
    ("kind", "raw", "fault"),
    [
        ("text/plain; charset=utf-7", b"+AGEAZABh-", Fault.UNSUPPORTED),
        ("text/plain; charset=iso-2022-jp", b"a", Fault.UNSUPPORTED),
        ("text/plain; charset=x-unknown", b"a", Fault.UNSUPPORTED),
        ("text/plain; charset=utf-16", b"a\x00d\x00a\x00", Fault.AMBIGUOUS),
        ("text/plain; charset=iso-8859-1", "ada".encode("utf-8-sig"), Fault.AMBIGUOUS),
        ("text/plain; charset=utf-16be", "ada".encode("utf-16"), Fault.AMBIGUOUS),
        ("text/plain; charset=utf-8", b"ad\xe9", Fault.ENCODING),
        ("text/plain; charset=utf-8", b"\xc3", Fault.ENCODING),
        ("text/plain; charset=us-ascii", b"\xc3\xa9", Fault.ENCODING),
        ("text/plain; charset=shift_jis", b"\x81", Fault.ENCODING),
        ("text/plain; charset=utf-16le", b"a\x00\x00\xd8", Fault.ENCODING),
        ("text/plain; charset=utf-8; charset=utf-16le", b"a", Fault.AMBIGUOUS),
        ("application/json", '{"a": 1}'.encode("utf-16-le"), Fault.MALFORMED),
        ("text/xml", b'<?xml version="1.0" encoding="utf-7"?><a/>', Fault.UNSUPPORTED),
        ("text/xml", b'<?xml version="1.0" encoding="utf-16"?><a/>', Fault.AMBIGUOUS),
        ("text/xml; charset=utf-8", b'<?xml version="1.0" encoding="windows-1252"?><a/>', Fault.AMBIGUOUS),
        ("text/html", b'<meta charset="utf-7"><p>+AGE-</p>', Fault.UNSUPPORTED),
    ],
)
def test_a_charset_that_is_not_the_payloads_or_hides_text_is_refused(kind: str, raw: bytes, fault: Fault) -> None:
    for pieces in ([raw], every_byte(raw)):
        with pytest.raises(Undecodable) as caught:
            feed(make_body_carrier(kind), pieces)
        assert caught.value.fault is fault


def test_a_page_and_a_document_say_their_charset_themselves() -> None:
    raw = '<?xml version="1.0" encoding="ISO-8859-1"?><a>Zoë ada</a>'.encode("latin-1")
    for pieces in ([raw], every_byte(raw)):
        assert values(feed(make_body_carrier("text/xml"), pieces)) == [("a", "Zoë ada".encode())]
        assert carried("text/xml", pieces, b"ada", "ö") == raw.replace(b"ada", b"\xf6")
    page = "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><p>жук ada".encode("cp1251")
    assert ("text", "жук ada".encode()) in values(feed(make_body_carrier("text/html"), every_byte(page)))
    assert carried("text/html", every_byte(page), b"ada", "ж") == page.replace(b"ada", b"\xe6")


def test_bytes_without_a_charset_pass_as_they_are() -> None:
    raw = b"\xff\x00\x81 ada@example.com\n"
    carrier = TranscodedCarrier(TextCarrier())
    assert b"".join(unit.raw for unit in feed(carrier, every_byte(raw))) == raw
    assert carried("text/plain", every_byte(raw), b"ada", "é") == raw.replace(b"ada", "é".encode())


def test_a_cell_that_a_change_puts_in_quotes_keeps_bytes_of_an_unknown_charset() -> None:
    raw = "mail\nJosé ada\n".encode("latin-1")
    assert carried("text/csv", every_byte(raw), b"ada", "a,b") == 'mail\n"José a,b"\n'.encode("latin-1")


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/csv", "application/x-www-form-urlencoded", "text/html", "text/xml"]
)
def test_where_a_charset_is_assumed_text_that_says_none_is_of_it_or_refused(kind: str) -> None:
    body = "<a>Zoë</a>"
    assert (
        b"".join(unit.raw for unit in feed(make_body_carrier(kind, assumed="utf-8"), [body.encode()])) == body.encode()
    )
    marked = body.encode("utf-8-sig")
    assert b"".join(unit.raw for unit in feed(make_body_carrier(kind, assumed="utf-8"), [marked])) == marked
    for raw in (body.encode("latin-1"), body.encode("utf-16-le"), body.encode("utf-16-be")):
        for pieces in ([raw], every_byte(raw)):
            with pytest.raises(Undecodable) as caught:
                feed(make_body_carrier(kind, assumed="utf-8"), pieces)
            assert caught.value.fault is Fault.ENCODING


@pytest.mark.parametrize("charset", ["utf-8", "us-ascii", "windows-1252", "shift_jis"])
def test_text_with_a_nul_is_refused_for_it_may_be_of_another_charset(charset: str) -> None:
    with pytest.raises(Undecodable) as caught:
        feed(make_body_carrier(f"text/plain; charset={charset}"), ["ada@example.com".encode("utf-16-le")])
    assert caught.value.fault is Fault.ENCODING


def test_parts_that_say_no_charset_are_of_the_one_that_is_assumed() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n%s\r\n%s\r\n--b--\r\n'
    for kind in (b"", b"Content-Type: text/plain\r\n", b"Content-Type: text/csv\r\n"):
        for content in ("Zoë".encode("latin-1"), "Zoe".encode("utf-16-le")):
            with pytest.raises(Undecodable) as caught:
                feed(make_body_carrier("multipart/form-data; boundary=b", assumed="utf-8"), [part % (kind, content)])
            assert caught.value.fault is Fault.ENCODING
    with pytest.raises(Undecodable):
        feed(
            make_body_carrier("multipart/form-data; boundary=b", assumed="utf-8"),
            [b"a\0d\0a\0\r\n" + part % (b"", b"x")],
        )
