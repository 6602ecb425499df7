"""Where a payload is cut into pieces changes nothing: its bytes come out, and its fields are the same."""

import random

import pytest
from carrier_plays import Documents, Maker, cut_at, every_byte, facts, feed, outcome

from ringfence.carriers import FORMATS, CsvCarrier, JsonCarrier, make_carrier
from ringfence.carriers.model import Unit
from ringfence.transform.types import ValueType

SMALL = {
    "json": [
        b' {"a": [1, -2.5e3, true, null, "x"], "b\\u00e9.c": {"": "\\ud83d\\ude39 \\"q\\" \\\\"}, "a": "\xc3\xa9"}\r\n',
        b'"\\ud800 lone"',
        b"-0.5E+10",
        b"[[],{},[{}]]",
        b'["\\\\", "\\\\\\"", "\\\\\\\\"]',
    ],
    "ndjson": [
        b'{"a":1,"b":"x"}\n\n{"a":2,"b":"y"}\r\n  \n{"a":null,"b":"\\n"}\n{"a":33,"b":"z"}\n{"a":-1.5,"b":"\xc3\xa9"}',
        b'7\n"x"\n[1,2]\ntrue\n',
    ],
    "csv": [
        b'id,"na""me",e.mail\r\n1,"A ""B"" C",x@example.com\r\n\r\n2,"two\nlines",,extra\n3,"",z',
        b"\xef\xbb\xbfa,b\n\xe9,\xff\n",
        b'"a"\n"b"',
    ],
    "form": [
        b"id=1&user%5Bmail%5D=ada%40example.com&n+m=%C3%A9+%zz%4&&flag&=x&a=1&a=2",
        b"a",
        b"",
    ],
    "sse": [
        b'\xef\xbb\xbf: hello\n\ndata: {"a": "x\\u00e9", "b": [1]}\nid: 7\n\ndata: [DONE]\n\n',
        b'data:one\r\ndata:  two\rid\rnone: x\r\r\ndata: {"a":\r\ndata: "y\\n"}\r\n\r\n\r\n\n\rdata: cut',
        b"\n",
        b"",
    ],
    "html": [
        b'<!DOCTYPE html><!-- c --><html><title>A &amp; B</title><p class=x id="a&quot;b" hidden>ada<b>@example.com</b> 1 <',
        b"2<br/><script>if (a</b) {}</script ></P>&copy &#x1F639;&nosuch; <input value='x y'> tail <",
        b"",
    ],
    "xml": [
        b'\xef\xbb\xbf<?xml version="1.0"?>\r\n<a:o id="1" n=\'x&#233;"\'>ada@<!-- - -->exa<![CDATA[mple<]]]>.com</a:o>',
        b"<a:o><?pi some?><e/>\n<f.g > &lt;\xc3\xa9&#x1F639; </f.g></a:o>\n",
        b"<a/>",
        b"<!DOCTYPE a><a>x</a><!---->",
    ],
    "text": [b"one\n\ntwo\r\n\xff\xfe\nTraceback (most recent call last):\n  File\nValueError: x\nlast", b"\n", b""],
    "log": [b'{"a":"b","c":1}\nplain\n{not json}\n{"a":"d","c":22}\n\n  at x\nend\n{"a":"\\u00e9","c":3}', b""],
}
WANDERING = ("text", "log")  # formats in which only the grouping of lines depends on the cut


@pytest.mark.parametrize("name", FORMATS)
def test_the_units_joined_are_the_payload_wherever_it_is_cut(name: str) -> None:
    for data in SMALL[name]:
        whole = outcome(FORMATS[name], [data])
        assert whole is not None
        ways = [cut_at(data, [place]) for place in range(len(data) + 1)]
        ways += [
            cut_at(data, [place, place]) for place in range(len(data) + 1)
        ]  # an empty piece changes nothing either
        ways += [every_byte(data)]
        for pieces in ways:
            cut = outcome(FORMATS[name], pieces)
            assert cut is not None
            assert cut[0] == data
            if name not in WANDERING:
                assert cut == whole


@pytest.mark.parametrize("name", WANDERING)
def test_every_unit_of_lines_is_whole_lines_wherever_the_payload_is_cut(name: str) -> None:
    def text(units: list[Unit]) -> bytes:
        return b"".join(field.value for unit in units for field in unit.fields if field.type is ValueType.TEXT)

    for data in SMALL[name]:
        whole = text(feed(make_carrier(name), [data]))
        for place in range(len(data) + 1):
            units = feed(make_carrier(name), cut_at(data, [place]))
            assert all(unit.raw.endswith(b"\n") for unit in units[:-1])
            assert text(units) == whole


@pytest.mark.parametrize("name", WANDERING)
def test_the_fields_of_json_lines_in_a_log_do_not_depend_on_the_cut(name: str) -> None:
    def named(units: list[Unit]) -> list[tuple[object, ...]]:
        return [(fact[0], fact[2], fact[3], fact[6]) for fact in facts(units) if fact[0]]

    for data in SMALL[name]:
        whole = named(feed(make_carrier(name), [data]))
        for place in range(len(data) + 1):
            assert named(feed(make_carrier(name), cut_at(data, [place]))) == whole


def _large_json(rng: random.Random) -> bytes:
    documents = Documents(rng)
    return b"[" + b",".join(documents.make(5)[0] for _ in range(1200)) + b',"' + b"\\n\\\\\\u00e9" * 9000 + b'"]'


def _large_ndjson(rng: random.Random) -> bytes:
    documents = Documents(rng)
    lines = [documents.make()[0].replace(b"\n", b"") for _ in range(800)]
    lines += [
        b'{"id":%d,"mail":"u%d@example.com","ok":%s}' % (number, number, rng.choice((b"true", b"1.5", b"null")))
        for number in range(800)
    ]
    lines += [b'{"long":["' + b'x","'.join([b"y" * 50] * 3000) + b'"]}']
    rng.shuffle(lines)
    return b"\n".join(lines)


def _large_csv(rng: random.Random) -> bytes:
    cells = [b"", b"plain", b'"quo""ted"', b'"line\nin\r\nit"', b'"a,b"', b"\xe9", b'""']
    return b"a,b,c\n" + b"".join(
        b",".join(rng.choices(cells, k=rng.choice((1, 3, 3, 3, 5)))) + rng.choice((b"\n", b"\r\n")) for _ in range(9000)
    )


@pytest.mark.parametrize(
    ("make", "data"),
    [
        (JsonCarrier, _large_json(random.Random(1))),
        (FORMATS["ndjson"], _large_ndjson(random.Random(2))),
        (CsvCarrier, _large_csv(random.Random(3))),
    ],
    ids=["json", "ndjson", "csv"],
)
def test_large_payloads_have_the_same_fields_however_often_they_are_cut(make: Maker, data: bytes) -> None:
    rng = random.Random(4)
    whole = outcome(make, [data])
    assert whole is not None
    assert whole[0] == data
    assert len(data) > 150_000
    for count in (1, 7, 100, 2000):
        assert outcome(make, cut_at(data, rng.sample(range(len(data)), count))) == whole
    assert outcome(make, every_byte(data[: 1 << 15])) == outcome(make, [data[: 1 << 15]])


@pytest.mark.parametrize(
    ("name", "line"), [("text", b"a line of text\n"), ("log", b'{"a":"b"}\ntext\n'), ("csv", b"a,b\n")]
)
def test_units_of_lines_end_at_64_kib(name: str, line: bytes) -> None:
    units = feed(make_carrier(name), [line * 20_000])
    assert max(len(unit.raw) for unit in units) <= 64 * 1024
    assert min(len(unit.raw) for unit in units[:-1]) > 63 * 1024


def test_a_long_json_document_comes_in_units_as_it_is_read() -> None:
    carrier = JsonCarrier()
    units = carrier.feed(b'[{"a": "b"}' + b', {"a": "b"}' * 100_000)
    assert len(units) >= 17
    assert all(64 * 1024 <= len(unit.raw) < 65 * 1024 for unit in units)
    assert carrier.held < 65 * 1024


def test_each_line_of_newline_delimited_json_comes_out_with_its_newline() -> None:
    carrier = JsonCarrier(ndjson=True)
    assert carrier.feed(b'{"a": 1}') == []
    assert [unit.raw for unit in carrier.feed(b'\n\n{"a": 2}\n{"a"')] == [b'{"a": 1}\n', b"\n", b'{"a": 2}\n']
    assert carrier.held == 4
