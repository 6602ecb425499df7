"""JSON and newline-delimited JSON: paths, values, repeated keys, what is refused, and how changes are written."""

import json

import pytest
from carrier_plays import every_byte, feed, repeats, values

from ringfence.carriers import Change, Fault, Field, JsonCarrier, Repeat, Undecodable, Unit, make_carrier, splice
from ringfence.carriers._json_lines import LineReader
from ringfence.transform.types import ValueType


def read(data: bytes) -> Unit:
    [unit] = feed(JsonCarrier(), [data])
    return unit


def changed(data: bytes, path: str, *changes: Change, key: bool = False) -> bytes:
    unit = read(data)
    [field] = [field for field in unit.fields if field.path == path and field.is_key is key]
    return splice(unit.raw, JsonCarrier().write(unit, field, changes))


def fault(data: bytes, make: str = "json") -> tuple[Fault, int]:
    with pytest.raises(Undecodable) as caught:
        feed(make_carrier(make), [data])
    with pytest.raises(Undecodable) as caught_in_pieces:
        feed(make_carrier(make), every_byte(data))
    assert caught_in_pieces.value.offset == caught.value.offset
    return caught.value.fault, caught.value.offset


def test_a_path_names_the_place_and_not_which_of_many_it_is() -> None:
    unit = read(b'{"customer": {"emails": [{"value": "a@example.com"}, {"value": "b@example.com"}], "tags": [["x"]]}}')
    assert values([unit]) == [
        ("customer.emails[].value", b"a@example.com"),
        ("customer.emails[].value", b"b@example.com"),
        ("customer.tags[][]", b"x"),
    ]


def test_the_path_of_a_key_is_that_of_its_object() -> None:
    unit = read(b'[{"customer": {"email": 1}}]')
    assert [(field.path, field.value) for field in unit.fields if field.is_key] == [
        ("[]", b"customer"),
        ("[].customer", b"email"),
    ]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (b"a.b", '"a.b"'),
        (b"a[]", '"a[]"'),
        (b"", '""'),
        (b'\\"', '"\\""'),
        (b"\\u00e9", "é"),
        (b"a b", "a b"),
        (b"\\ud800", "\ufffd"),
    ],
)
def test_a_name_that_could_be_taken_for_a_path_is_quoted_in_it(key: bytes, path: str) -> None:
    assert values([read(b'{"' + key + b'": {"x": 1}}')]) == [(f"{path}.x", b"1")]


def test_every_kind_of_value_is_a_field_with_its_type_and_its_own_spelling() -> None:
    unit = read(b'[12, -0, 1.50, 1E5, 123456789012345678901234567890, true, false, null, "t"]')
    assert [(field.type, field.value) for field in unit.fields] == [
        (ValueType.INTEGER, b"12"),
        (ValueType.INTEGER, b"-0"),
        (ValueType.NUMBER, b"1.50"),
        (ValueType.NUMBER, b"1E5"),
        (ValueType.INTEGER, b"123456789012345678901234567890"),
        (ValueType.BOOLEAN, b"true"),
        (ValueType.BOOLEAN, b"false"),
        (ValueType.NULL, b"null"),
        (ValueType.STRING, b"t"),
    ]
    assert [unit.raw[field.start : field.end] for field in unit.fields] == [field.value for field in unit.fields]


def test_the_offsets_of_a_value_with_escapes_lead_back_to_the_escapes() -> None:
    [field] = read(rb'"a\n\u00e9\ud83d\ude39\ud800z"').fields
    assert field.value == "a\né😹\ufffdz".encode()
    assert field.raw_offsets is not None
    assert list(field.raw_offsets()) == [1, 2, 4, 4, 10, 10, 10, 10, 22, 22, 22, 28, 29]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1,"a":2}', [Repeat((1, 2), (3, 4))]),
        (b'{"a":1,"\\u0061":2,"a":3}', [Repeat((1, 2), (3, 4)), Repeat((1, 2), (5, 6))]),
        (b'{"a":[1,{"b":2}],"x":0,"a":{}}', [Repeat((1, 4), (7, 7))]),
        (b'{"a":{},"a":[[true]]}', [Repeat((1, 1), (2, 3))]),
        (b'[{"a":1},{"a":2}]', []),
        (b'{"a":{"a":{"a":1}}}', []),
        (b'{"\\ud800":1,"\\udbff":2}', [Repeat((1, 2), (3, 4))]),
    ],
)
def test_a_key_that_occurs_again_is_reported_with_both_its_values(data: bytes, expected: list[Repeat]) -> None:
    assert repeats(feed(JsonCarrier(), [data])) == expected
    assert repeats(feed(JsonCarrier(), every_byte(data))) == expected


def test_a_key_that_occurs_again_much_later_is_reported_on_the_unit_of_its_later_value() -> None:
    units = feed(JsonCarrier(), [b'{"a": 1, "long": [' + b'"filler", ' * 20_000 + b'0], "a": 2}'])
    assert len(units) > 2
    assert [len(unit.repeats) for unit in units] == [0] * (len(units) - 1) + [1]


def test_repeated_keys_on_lines_of_a_known_shape_are_reported_each_time() -> None:
    units = feed(make_carrier("ndjson"), [b'{"a":1,"a":2}\n' * 3])
    assert [unit.repeats for unit in units] == [[Repeat((at + 1, at + 2), (at + 3, at + 4))] for at in (0, 4, 8)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (Fault.TRUNCATED, 0)),
        (b'{"a": ', (Fault.TRUNCATED, 6)),
        (b'["abc', (Fault.TRUNCATED, 5)),
        (b'{"a" 1}', (Fault.MALFORMED, 5)),
        (b"[01]", (Fault.MALFORMED, 1)),
        (b"[1] x", (Fault.MALFORMED, 4)),
        (b"[NaN]", (Fault.MALFORMED, 1)),
        (b"[1,]", (Fault.MALFORMED, 3)),
        (b"{'a': 1}", (Fault.MALFORMED, 1)),
        (b'["a\nb"]', (Fault.MALFORMED, 3)),
        (b'["\\x"]', (Fault.MALFORMED, 2)),
        (b'["\xc3\xa9\\x"]', (Fault.MALFORMED, 4)),
        (b'["a\xff"]', (Fault.ENCODING, 3)),
        (b'["\xed\xa0\x80"]', (Fault.ENCODING, 2)),
        (b"\xef\xbb\xbf[]", (Fault.MALFORMED, 0)),
        (b"[" * 257, (Fault.TOO_DEEP, 256)),
        (b'{"' + b"k" * 2049 + b'": 1}', (Fault.TOO_LARGE, 2)),
        (b"[" + b"1" * 4097 + b"]", (Fault.TOO_LARGE, 1)),
    ],
)
def test_what_is_wrong_is_refused_with_its_kind_and_offset(data: bytes, expected: tuple[Fault, int]) -> None:
    assert fault(data) == expected


def test_a_wrong_line_of_newline_delimited_json_is_refused_with_its_offset_in_the_payload() -> None:
    assert fault(b'{"a": 1}\n{"a": }\n{"a": 3}\n', "ndjson") == (Fault.MALFORMED, 15)
    assert fault(b'{"a":\n1}\n', "ndjson")[0] is Fault.TRUNCATED
    assert fault(b'{"a": 1} {"a": 2}\n', "ndjson") == (Fault.MALFORMED, 9)


def test_no_error_and_no_repr_holds_a_value() -> None:
    secret = b"ada@example.com"
    with pytest.raises(Undecodable) as caught:
        feed(JsonCarrier(), [b'{"' + secret + b'": "' + secret + b'" "' + secret])
    assert "ada" not in str(caught.value)
    unit = read(b'"' + secret + b'"')
    edits = JsonCarrier().write(unit, unit.fields[0], [Change(0, 3, "ada")])
    assert "ada" not in repr((unit, unit.fields, edits, Change(0, 3, "ada")))


@pytest.mark.parametrize(
    ("data", "path", "changes", "expected"),
    [
        (b'{"a" :  "x@y.example" }', "a", [Change(0, 1, "*")], b'{"a" :  "*@y.example" }'),
        (b'{"a": "x"}', "a", [Change(0, 1, 'q"\\\n\x00\xe9')], b'{"a": "q\\"\\\\\\n\\u0000\xc3\xa9"}'),
        (b'{"a": "x"}', "a", [Change(0, 1, None)], b'{"a": null}'),
        (b'{"a": "one two"}', "a", [Change(0, 3, None), Change(4, 7, "2")], b'{"a": null}'),
        (rb'{"a": "\u00e9\ud83d\ude39z"}', "a", [Change(2, 6, "")], rb'{"a": "\u00e9z"}'),
        (rb'{"a": "\u00e9\ud83d\ude39z"}', "a", [Change(3, 5, "-")], rb'{"a": "\u00e9-z"}'),
        (rb'{"a": "\u00e9z"}', "a", [Change(1, 1, "-")], rb'{"a": "-z"}'),
        (b'{"a": 4711.50}', "a", [Change(0, 4, "0")], b'{"a": 0.50}'),
        (b'{"a": 4711}', "a", [Change(0, 2, "**")], b'{"a": "**11"}'),
        (b'{"a": 4711}', "a", [Change(0, 4, "null")], b'{"a": null}'),
        (b'{"a": 4711}', "a", [Change(0, 4, "")], b'{"a": ""}'),
        (b'{"a": 17}', "a", [Change(0, 1, "0")], b'{"a": "07"}'),
        (b'{"a": true}', "a", [Change(0, 4, None)], b'{"a": null}'),
        (b'{"a": true}', "a", [Change(0, 4, "false")], b'{"a": false}'),
        (b'{"a": true}', "a", [Change(0, 4, "[redacted]")], b'{"a": "[redacted]"}'),
        (b'{"a": null}', "a", [Change(0, 4, None)], b'{"a": null}'),
        (b'{"a": "x"}', "a", [], b'{"a": "x"}'),
        (b'{"a": "xy"}', "a", [Change(0, 0, "\ud800")], b'{"a": "?xy"}'),
    ],
)
def test_a_change_is_written_in_its_place(data: bytes, path: str, changes: list[Change], expected: bytes) -> None:
    assert changed(data, path, *changes) == expected
    json.loads(expected)


def test_a_key_is_changed_like_a_string_and_is_never_null() -> None:
    assert changed(b'{"x@y.example": 1}', "", Change(0, 1, '"'), key=True) == b'{"\\"@y.example": 1}'
    assert changed(b'{"x@y.example": 1}', "", Change(0, 1, None), key=True) == b'{"[redacted]": 1}'


def test_lines_of_a_known_shape_have_the_fields_that_scanning_finds() -> None:
    line = b' {"a" : "x", "n": -1.5, "o": {"b": true, "s": ""}, "z": "\xc3\xa9"} \r\n'
    variants = [
        line,
        line.replace(b"x", b"").replace(b"-1.5", b"17"),
        line.replace(b"-1.5", b"null").replace(b"true", b"1e5"),
        line.replace(b'"x"', b'"longer, with : and {}"').replace(b'""', b'"s"'),
        line.replace(b'"b"', b'"c"'),
        line.replace(b"x", b"\\n"),
    ]
    reader = LineReader()
    for number, variant in enumerate(variants * 2):
        alone, _ = LineReader().read(variant, at=0, base=number, order=7)
        again, _ = reader.read(variant, at=0, base=number, order=7)
        assert [_all(field) for field in again] == [_all(field) for field in alone]


@pytest.mark.parametrize(
    "wrong", [b"01", b"1.", b"--1", b"", b"tru", b"1 2", b"{}1", b"\x001", b"+1", b"1e", b"NaN", b"1_0"]
)
def test_a_line_that_nearly_fits_a_known_shape_is_refused_like_any_other(wrong: bytes) -> None:
    reader = LineReader()
    reader.read(b'{"a":"x","n":1,"s":"y"}\n', at=0, base=0, order=0)
    with pytest.raises(Undecodable):
        reader.read(b'{"a":"x","n":' + wrong + b',"s":"y"}\n', at=0, base=0, order=0)
    with pytest.raises(Undecodable):
        reader.read(b'{"a":"x","n":1,' + wrong + b'7"s":"y"}\n', at=0, base=0, order=0)


@pytest.mark.parametrize("wrong", [b"\x01", b"\t", b"\xff", b"\xed\xa0\x80", b"\x1f"])
def test_a_string_that_is_wrong_is_refused_on_a_line_of_a_known_shape_too(wrong: bytes) -> None:
    reader = LineReader()
    reader.read(b'{"a":"x","n":1,"s":"y"}\n', at=0, base=0, order=0)
    with pytest.raises(Undecodable):
        reader.read(b'{"a":"' + wrong + b'","n":1,"s":"y"}\n', at=0, base=0, order=0)


def _all(field: Field) -> tuple[object, ...]:
    mapped = list(field.raw_offsets()) if field.raw_offsets else None
    return (field.path, field.type, field.value, field.start, field.end, field.order, field.is_key, mapped)


def test_a_number_beyond_the_bound_is_refused_on_a_line_of_a_known_shape_too() -> None:
    for digits in (4097, 60_000):
        line = b'{"a":"x","n":' + b"1" * digits + b',"s":"y"}\n'
        assert fault(b'{"a":"x","n":1,"s":"y"}\n' * 2 + line, "ndjson") == (Fault.TOO_LARGE, 2 * 24 + 13)


@pytest.mark.parametrize(
    "line",
    [
        b'[1.50,"x", -7]',
        b'[1,"x"]',
        b'["x",1]',
        b'["x","y"]',
        b'"x"',
        b"7",
        b"[]",
        b'{"a":1}',
        b'[1,[2],"x"]',
        b'{"\\u0061":"\\n","b":2}',
    ],
)
def test_lines_of_any_document_are_read_alike_again_and_again(line: bytes) -> None:
    reader = LineReader()
    first, again = (reader.read(line + b"\n", at=0, base=0, order=0)[0] for _ in range(2))
    assert [_all(field) for field in first] == [_all(field) for field in again]
    assert [_all(field) for field in first] == [_all(field) for field in read(line).fields]
