"""Whom the JSON carrier agrees with: the JSON test suite, and the standard library's strict reading of mutated documents."""

import json
import random

import pytest
from carrier_plays import Documents, every_byte, outcome

from corpora import PASSES, json_suite
from ringfence.carriers import FORMATS, Field, JsonCarrier, Repeat, Undecodable
from ringfence.carriers._json_lines import LineReader
from ringfence.carriers._json_scan import Scanner
from ringfence.carriers._json_whole import read_whole
from ringfence.carriers._paths import Paths


@pytest.mark.parametrize("way", ["whole", "byte by byte"])
def test_the_json_test_suite_is_blocked_where_it_must_be_and_else_passes_bit_identical(way: str) -> None:
    counted = dict.fromkeys(("accept", "reject", "either", "transform"), 0)
    for name, expect, data in json_suite():
        came = outcome(JsonCarrier, [data] if way == "whole" else every_byte(data))
        passes = expect in ("accept", "transform") or name in PASSES
        assert (came is not None) is passes, name
        assert came is None or came[0] == data, name
        counted[expect] += 1
    assert counted["accept"] >= 50
    assert counted["reject"] >= 80


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_the_suite_holds_passes_bit_identical_or_is_refused_in_every_format(name: str) -> None:
    for _, _, data in json_suite():
        came = outcome(FORMATS[name], [data])
        assert came is None or came[0] == data


def reference_accepts(text: bytes) -> bool:
    """Whether the standard library reads this as one document in UTF-8, without its extension NaN, Infinity."""

    def refuse(_: str) -> object:
        raise ValueError

    try:
        json.loads(text.decode("utf-8"), parse_constant=refuse, parse_int=str, parse_float=str)
    except ValueError:
        return False
    return True


BITS = [
    b'"',
    b"\\",
    b"\\u",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"0",
    b"-",
    b".",
    b"e",
    b"true",
    b"nul",
    b"NaN",
    b" ",
    b"\n",
]
BITS += [
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xe9",
    b"\x1f",
    b"\x7f",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"Infinity",
    b"//",
    b"'",
]


def mutated(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data = data[:at] + rng.choice(BITS) + data[at:]
            case 1:
                data = data[:at] + data[at + rng.randrange(1, 4) :]
            case 2:
                data = data[:at] + rng.choice(BITS) + data[at + 1 :]
            case _:
                data = data[:at] + data[max(0, at - rng.randrange(6)) : at] + data[at:]
    return data


def agreement(count: int, seed: int) -> tuple[int, int]:
    rng = random.Random(seed)
    documents = Documents(rng)
    accepted = refused = 0
    for _ in range(count):
        data = mutated(documents.make(2)[0], rng)
        expected = reference_accepts(data)
        came = outcome(JsonCarrier, [data])
        assert (came is not None) is expected, data
        if rng.random() < 0.05:
            assert outcome(JsonCarrier, every_byte(data)) == came, data
        line = data.replace(b"\n", b" ").replace(b"\r", b" ")
        if line.strip(b" \t"):
            of_line = outcome(FORMATS["ndjson"], [line + b"\n"])
            of_document = outcome(JsonCarrier, [line + b"\n"])
            assert of_line == of_document, data
        accepted += expected
        refused += not expected
    return accepted, refused


def test_the_carrier_accepts_exactly_what_the_standard_library_does() -> None:
    accepted, refused = agreement(6000, 1)
    assert min(accepted, refused) > 1000


@pytest.mark.soak
def test_the_carrier_accepts_exactly_what_the_standard_library_does_at_length() -> None:
    for seed in range(100, 120):
        accepted, refused = agreement(20_000, seed)
        assert min(accepted, refused) > 3000


@pytest.mark.parametrize("data", [b"[" * 257 + b"]" * 257, b"[" + b"1" * 5000 + b"]"])
def test_where_it_does_not_agree_it_keeps_a_bound(data: bytes) -> None:
    assert reference_accepts(data)
    assert outcome(JsonCarrier, [data]) is None


def test_the_deepest_document_that_passes_is_256_containers_deep() -> None:
    assert outcome(JsonCarrier, [b"[" * 256 + b"]" * 256]) is not None


KNOWN = [
    b'{"a":"x","n":-12.5,"o":{"b":true,"s":""},"z":"\xc3\xa9"}',
    b'{"t":"2026-01-02","level":"info","ms":12,"user":{"mail":"x@y.example","ids":["a","b"]}}',
    b'["x",1,"y",null,{"k":"v"}]',
    b' { "a" : "x" , "b" : [ 1 , "y" ] } ',
]


def test_a_reader_that_has_learnt_shapes_reads_mutated_lines_as_one_that_has_not() -> None:
    rng = random.Random(3)
    reader = LineReader()
    agreed = 0
    for number in range(8000):
        line = mutated(rng.choice(KNOWN), rng).replace(b"\n", b" ") + b"\n"
        learnt, fresh = (read_line(each, line, number) for each in (reader, LineReader()))
        assert learnt == fresh, line
        agreed += fresh is not None
        if not number % 50:
            for known in KNOWN:
                assert read_line(reader, known, number) is not None
    assert agreed > 1000


def read_line(reader: LineReader, line: bytes, base: int) -> object:
    try:
        fields, repeats = reader.read(line, at=0, base=base, order=3)
    except Undecodable as error:
        return None if error.offset <= len(line) else error
    mapped = [tuple(field.raw_offsets()) if field.raw_offsets else None for field in fields]
    facts = [
        (field.path, field.type, field.value, field.start, field.end, field.order, field.is_key) for field in fields
    ]
    return facts, mapped, repeats


def scanned(data: bytes, pieces: list[bytes]) -> tuple[list[Field], list[Repeat]] | None:
    scanner = Scanner(Paths(), base=3, order=5, unit_bytes=len(data) + 4)
    try:
        for piece in pieces:
            scanner.feed(piece)
        scanner.end()
    except Undecodable:
        return None
    return scanner.fields, scanner.repeats


def seen(fields: list[Field]) -> list[tuple[object, ...]]:
    return [
        (f.path, f.type, f.value, f.start, f.end, f.order, f.is_key, f.raw_offsets and list(f.raw_offsets()))
        for f in fields
    ]


def whole_and_scanned_agree(data: bytes, rng: random.Random) -> bool:
    """Hold the two readers against each other; say whether the document was read whole."""
    whole = read_whole(data, base=3, order=5)
    came = scanned(data, every_byte(data) if rng.random() < 0.2 else [data])
    if whole is None:
        return False
    assert came is not None, data
    assert (seen(whole), []) == (seen(came[0]), came[1]), data
    return True


def test_a_document_that_is_read_whole_has_the_fields_that_the_scanner_finds_at_whatever_byte_it_is_cut() -> None:
    rng = random.Random(11)
    documents = Documents(rng)
    plain = [documents.make(3)[0] for _ in range(2_000)]
    read = sum(whole_and_scanned_agree(data, rng) for data in plain)
    assert read > 1_500  # the rest has a key twice
    assert sum(whole_and_scanned_agree(mutated(data, rng), rng) for data in plain) > 100


def test_of_the_suite_what_is_read_whole_is_what_the_scanner_reads() -> None:
    assert sum(whole_and_scanned_agree(data, random.Random(0)) for _, _, data in json_suite()) >= 60


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"\\ud800":1,"\\udc00":2}',
        b"[" * 257 + b"]" * 257,
        b"[" * 60_000,
        b'{"' + b"k" * 2100 + b'":1}',
        b"[" + b"1" * 4200 + b"]",
        b"[" + b"1" * 4301 + b"]",
        b"[NaN]",
        b"\xef\xbb\xbf[]",
        b'"\x00"',
        b'["\x1f"]',
        b"",
        b" ",
        b'["' + b" " * 65_536 + b'"]',
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_scanner(data: bytes) -> None:
    assert read_whole(data, base=0, order=0) is None
