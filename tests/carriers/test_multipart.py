"""Multipart bodies: parts by their types, headers too, and no boundary that two readers see in two places."""

import base64
import email
import email.policy
import json
import random
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from carrier_plays import cut_at, every_byte, facts, feed, values

from ringfence.carriers import Carrier, Change, Fault, Field, Undecodable, Unit, make_body_carrier, released, rest

KIND = "multipart/form-data; boundary=AaB03x"


def body(*parts: bytes, preamble: bytes = b"", epilogue: bytes = b"\r\n") -> bytes:
    return preamble + b"".join(b"--AaB03x\r\n" + part + b"\r\n" for part in parts) + b"--AaB03x--" + epilogue


NAME = b'Content-Disposition: form-data; name="name"\r\n\r\nAda\r\nNowak'
PROFILE = (
    b'content-disposition: form-data; name="profile"\r\nContent-Type: application/json\r\n\r\n'
    b'{"mail": "ada@example.com", "n": [1, 2]}'
)
UPLOAD = (
    b"Content-Disposition: form-data; name=file; filename=\"ada's cv.bin\"; filename*=UTF-8''ada%40cv.bin\r\n"
    b"Content-Type: application/octet-stream\r\nX-Owner: ada@example.com\r\n\r\n\x00\x01--AaB03 \xff"
)
ENCODED = (
    b'Content-Disposition: form-data; name="b"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode("Zoë, ada@example.com".encode("latin-1"))
)
QUOTED = (
    b'Content-Disposition: form-data; name="q"\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Length: 25\r\n\r\n'
    b"ada=40example.com =\r\nx=3D"
)
EMPTY = b'Content-Disposition: form-data; name="e"\r\n\r\n'
TABLE = b'Content-Disposition: form-data; name="t"\r\nContent-Type: text/csv\r\n\r\nid,mail\r\n1,ada@example.com'
WHOLE = body(NAME, PROFILE, UPLOAD, ENCODED, QUOTED, EMPTY, TABLE, preamble=b"hello\r\n", epilogue=b"\r\nbye")


def carried(
    raw: bytes, change: Callable[[Field], list[Change]], pieces: list[bytes] | None = None, kind: str = KIND
) -> bytes:
    carrier = make_body_carrier(kind)
    out = [render(carrier, unit, change) for piece in pieces or [raw] for unit in carrier.feed(piece)]
    out += [render(carrier, unit, change) for unit in carrier.end()]
    return b"".join(out) + rest(carrier)


def render(carrier: Carrier, unit: Unit, change: Callable[[Field], list[Change]]) -> bytes:
    return released(
        carrier, unit, [edit for field in unit.fields for edit in carrier.write(unit, field, change(field))]
    )


def parsed(raw: bytes) -> dict[str, bytes]:
    """Read with the standard library: names and contents."""
    message = email.message_from_bytes(b"Content-Type: " + KIND.encode() + b"\r\n\r\n" + raw, policy=email.policy.HTTP)
    parts = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        parts[str(name)] = part.get_payload(decode=True)
    return parts


def test_every_part_is_read_by_its_type_below_its_name() -> None:
    units = feed(make_body_carrier(KIND), [WHOLE])
    assert values(units) == [
        ("preamble", b"hello"),
        ("name", b"Ada\r\nNowak"),
        ("profile.mail", b"ada@example.com"),
        ("profile.n[]", b"1"),
        ("profile.n[]", b"2"),
        ("file.@filename", b"ada's cv.bin"),
        ("file.@filename*", b"ada@cv.bin"),
        ("file.@x-owner", b"ada@example.com"),
        ("file", b"\x00\x01--AaB03 \xff"),
        ("b", "Zoë, ada@example.com".encode()),
        ("q", b"ada@example.com x="),
        ("t.id", b"1"),
        ("t.mail", b"ada@example.com"),
        ("epilogue", b"bye"),
    ]
    orders = [field.order for unit in units for field in unit.fields]
    assert orders == list(range(len(orders)))
    assert [field.value for unit in units for field in unit.fields if field.is_key and not field.path][:2] == [
        b"name",
        b"profile",
    ]


def test_where_it_is_cut_changes_nothing() -> None:
    whole = [
        (field.path, field.value, field.order)
        for unit in feed(make_body_carrier(KIND), [WHOLE])
        for field in unit.fields
    ]
    for pieces in (every_byte(WHOLE), *(cut_at(WHOLE, [place]) for place in range(len(WHOLE)))):
        units = feed(make_body_carrier(KIND), pieces)
        assert b"".join(unit.raw for unit in units) == WHOLE
        assert [(field.path, field.value, field.order) for unit in units for field in unit.fields] == whole
        assert carried(WHOLE, lambda _field: [], pieces) == WHOLE


def test_only_the_part_that_is_changed_is_another_one() -> None:
    before = parsed(WHOLE)

    def hide(field: Field) -> list[Change]:
        at = field.value.find(b"ada@")
        return [Change(at, at + 4, "*@")] if at >= 0 else []

    out = carried(WHOLE, hide)
    after = parsed(out)
    assert list(after) == list(before)
    for name, content in before.items():
        assert after[name] == content.replace(b"ada@", b"*@"), name
    assert b"content-length: 18" in out.lower()  # the quoted part's own length
    assert b"X-Owner: *@example.com" in out
    assert b"filename*=UTF-8''%2A%40cv.bin" in out or b"filename*=UTF-8''*%40cv.bin" in out
    for part in (NAME, EMPTY):
        assert part in out


def test_what_is_written_into_a_header_ends_neither_the_value_nor_the_line() -> None:
    for raw in (NAME, NAME.replace(b'"name"', b"name")):
        out = carried(
            body(raw), lambda field: [Change(0, len(field.value), 'x"; filename="a\r\nX: y')] if field.is_key else []
        )
        [name] = parsed(out)
        assert unquote(name) == 'x"; filename="a X: y'


def test_random_parts_are_changed_in_their_places_only() -> None:
    rng = random.Random(4)
    for _ in range(200):
        texts = {
            f"f{index}": rng.choice(
                (b"", b"a", b"--AaB03", b"\r\n", b"x\r\ny", b"{}", rng.randbytes(9).replace(b"\n", b""))
            )
            for index in range(rng.randrange(1, 6))
        }
        raw = body(
            *(
                b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (name.encode(), text)
                for name, text in texts.items()
            )
        )
        chosen = {name for name in texts if rng.random() < 0.5}
        out = carried(
            raw,
            lambda field, chosen=chosen: (
                [Change(0, len(field.value), "*é")] if field.path in chosen and not field.is_key else []
            ),
            cut_at(raw, [rng.randrange(len(raw) + 1), rng.randrange(len(raw) + 1)]),
        )
        expected = {name: "*é".encode() if name in chosen and text else text for name, text in texts.items()}
        assert parsed(out) == expected


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (body(NAME)[:-4], Fault.TRUNCATED),
        (body(NAME)[:-12], Fault.TRUNCATED),
        (b"", Fault.TRUNCATED),
        (b"--AaB03x\r\nContent-Disposition: form", Fault.TRUNCATED),
        (body(NAME).replace(b"Ada\r\n", b"Ada\n--AaB03x\n"), Fault.AMBIGUOUS),
        (body(NAME).replace(b"Ada", b"Ada\r\n--AaB03x2"), Fault.AMBIGUOUS),
        (body(NAME).replace(b"Ada", b"Ada\r\n--AaB03x \r\n\r\n"), Fault.AMBIGUOUS),
        (body(NAME).replace(b"Ada", b"--AaB03x\r\n\r\n"), Fault.AMBIGUOUS),
        (body(NAME, epilogue=b"ada@example.com"), Fault.AMBIGUOUS),
        (body(NAME, epilogue=b"\r\n--AaB03x\r\n\r\nx\r\n--AaB03x--"), Fault.AMBIGUOUS),
        (body(b"Content-Disposition: form-data; name=a; name=b\r\n\r\nx"), Fault.AMBIGUOUS),
        (body(b'Content-Disposition: form-data; name="a\\"; filename=\\"b"\r\n\r\nx'), Fault.AMBIGUOUS),
        (body(b"Content-Disposition: form-data; filename*0=a\r\n\r\nx"), Fault.AMBIGUOUS),
        (body(b"Content-Disposition: form-data;\r\n name=a\r\n\r\nx"), Fault.AMBIGUOUS),
        (body(b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx"), Fault.AMBIGUOUS),
        (body(b"X: y\nContent-Type: text/html\r\n\r\nx"), Fault.AMBIGUOUS),
        (body(b"Content-Length: 7\r\n\r\nx"), Fault.AMBIGUOUS),
        (body(b"Content-Transfer-Encoding: base64\r\n\r\nAA=A"), Fault.MALFORMED),
        (body(b"Content-Transfer-Encoding: base64\r\n\r\nQUJD QUJD"), Fault.MALFORMED),
        (body(b"Content-Transfer-Encoding: quoted-printable\r\n\r\na=4"), Fault.MALFORMED),
        (body(b"Content-Transfer-Encoding: x-uuencode\r\n\r\na"), Fault.UNSUPPORTED),
        (body(b"Content-Encoding: gzip\r\n\r\na"), Fault.UNSUPPORTED),
        (body(b"Content-Type: application/json\r\n\r\n{"), Fault.TRUNCATED),
        (body(b"X: " + b"y" * 20_000 + b"\r\n\r\na"), Fault.TOO_LARGE),
    ],
)
def test_what_two_readers_would_part_in_two_ways_is_refused(raw: bytes, fault: Fault) -> None:
    for pieces in ([raw], every_byte(raw)):
        with pytest.raises(Undecodable) as caught:
            feed(make_body_carrier(KIND), pieces)
        assert caught.value.fault is fault


def test_parts_in_parts_have_paths_through_both_and_a_bound() -> None:
    def nested(depth: int) -> bytes:
        if not depth:
            return b'Content-Disposition: form-data; name="leaf"\r\n\r\nx'
        mark = b"d%d" % depth
        inner = nested(depth - 1)
        return (
            b'Content-Disposition: form-data; name="in%d"\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--'
            % (depth, mark, mark, inner, mark)
        )

    raw = body(nested(2))
    assert values(feed(make_body_carrier(KIND), every_byte(raw))) == [("in2.in1.leaf", b"x")]
    assert carried(raw, lambda field: [Change(0, 1, "*")] if field.value == b"x" else []) == raw.replace(
        b"\r\nx\r\n", b"\r\n*\r\n"
    )
    with pytest.raises(Undecodable) as caught:
        feed(make_body_carrier(KIND), [body(nested(3))])
    assert caught.value.fault is Fault.TOO_DEEP


def test_a_large_upload_is_passed_on_as_it_comes() -> None:
    carrier = make_body_carrier(KIND)
    carrier.feed(b'--AaB03x\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: image/png\r\n\r\n')
    given = 0
    for _ in range(40):
        given += sum(len(unit.raw) for unit in carrier.feed(b"\r\n--AaB03" * 7000))
        assert carrier.held < 70_000
    assert given > 2_000_000


def test_an_encoded_part_is_bounded() -> None:
    carrier = make_body_carrier(KIND)
    carrier.feed(b"--AaB03x\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    for _ in range(120):
        carrier.feed(b"QUJD" * 16_384)
    with pytest.raises(Undecodable) as caught:
        carrier.feed(b"QUJD" * 262_144)
    assert caught.value.fault is Fault.TOO_LARGE


@pytest.mark.parametrize("boundary", ["", "a" * 71, '"a b "', '"a\u00e9"', '"a;b@"'])
def test_a_boundary_that_is_none_is_refused(boundary: str) -> None:
    with pytest.raises(Undecodable):
        make_body_carrier(f"multipart/form-data; boundary={boundary}")


def test_json_in_a_part_says_the_same_after_a_change() -> None:
    out = carried(
        body(PROFILE), lambda field: [Change(0, len(field.value), 'a"b')] if field.path == "profile.mail" else []
    )
    assert json.loads(parsed(out)["profile"]) == {"mail": 'a"b', "n": [1, 2]}
    assert facts(feed(make_body_carrier(KIND), [out]))
