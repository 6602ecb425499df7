"""Streams: what is held, when it is let go, and keys that run over lines."""

from base64 import b64encode

import pytest

from ringfence.detect import Detector
from ringfence.detect._keys import KEY_MOST
from ringfence.detect.stream import BLOCK

KEY = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"MIIEpAIBAAKCAQEA0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL\n" * 25
KEY_END = b"-----END RSA PRIVATE KEY-----"


def test_a_finished_line_is_judged_at_once() -> None:
    stream = Detector().stream()
    assert stream.feed(b"mail anna@mail.ex") == []
    assert stream.safe == 0
    found = stream.feed(b"ample now\nand ")
    assert [(one.start, one.end) for one in found] == [(5, 22)]
    assert stream.safe == 27
    assert stream.held == 4


def test_offsets_count_from_the_beginning_of_the_stream() -> None:
    stream = Detector().stream()
    stream.feed(b"x" * 100 + b"\n")
    assert [one.start for one in stream.feed(b"10.0.0.7\n")] == [101]


def test_a_stream_that_has_ended_takes_nothing_more() -> None:
    stream = Detector().stream()
    assert stream.end() == []
    assert stream.end() == []
    with pytest.raises(ValueError, match="begin another"):
        stream.feed(b"x")


def test_a_key_is_held_until_its_end_and_found_as_one() -> None:
    stream = Detector().stream()
    before = b"first line\nkey: "
    assert stream.feed(before + KEY) == []
    assert stream.safe == len(b"first line\n")
    found = stream.feed(KEY_END + b"\nlast line\n")
    assert [(one.entity, one.start, one.end) for one in found] == [
        ("PRIVATE_KEY", len(before), len(before + KEY + KEY_END))
    ]
    assert stream.safe == len(before + KEY + KEY_END + b"\nlast line\n")


def test_a_key_cut_short_ends_where_other_lines_begin() -> None:
    data = b"key: " + KEY + b"2024-05-17 10:05:50 started again\n"
    assert [(one.start, one.end) for one in Detector().find(data)] == [(5, 5 + len(KEY) - 1)]


def test_a_key_cut_short_by_the_end_is_found_to_the_end() -> None:
    stream = Detector().stream()
    assert stream.feed(KEY) == []
    assert [(one.start, one.end) for one in stream.end()] == [(0, len(KEY) - 1)]


@pytest.mark.parametrize("step", range(1, 40))
def test_a_key_is_held_where_a_piece_ends_within_an_escape(step: int) -> None:
    data = rb'{"k":"-----BEGIN RSA PRIVATE KEY-----' + b"\n " + rb'\nMIIEow\n---END RSA PRIVATE KEY-----\n"}'
    stream = Detector().stream()
    found = [one for at in range(0, len(data), step) for one in stream.feed(data[at : at + step])]
    assert found + stream.end() == Detector().find(data)


def test_what_pretends_to_be_an_endless_key_does_not_hold_the_stream() -> None:
    stream = Detector().stream()
    found = stream.feed(b"-----BEGIN PRIVATE KEY-----\n")
    for _ in range(2000):
        found += stream.feed(b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2Nzg5QUJDREVGR0hJSks\n")
    found += stream.end()
    assert found[0].entity == "PRIVATE_KEY"
    assert found[0].end <= KEY_MOST + 64


def test_a_key_inside_a_long_line_is_found_whole() -> None:
    escaped = (KEY + KEY_END).replace(b"\n", b"\\n")
    for start in (BLOCK - 10, BLOCK - len(escaped) + 5, 2 * BLOCK - 100):
        data = b" " * start + escaped + b" " * BLOCK
        assert [(one.start, one.end) for one in Detector().find(data)] == [(start, start + len(escaped))]


def test_findings_inside_a_key_are_part_of_it() -> None:
    data = b"-----BEGIN PRIVATE KEY-----\nComment: anna@mail.example\nQUJD\n-----END PRIVATE KEY-----"
    assert [one.entity for one in Detector().find(data)] == ["PRIVATE_KEY"]


@pytest.mark.parametrize("lead", [BLOCK + 500, BLOCK + 4_500, BLOCK + 14_500])
def test_lines_of_a_code_behind_a_long_line_are_parted_alike_however_they_come(lead: int) -> None:
    code = b64encode(b" ".join(b"anna%d@mail.example" % number for number in range(2000)))
    data = b"x " * (lead // 2) + b"\n".join(code[at : at + 60] for at in range(0, len(code), 60)) + b"\nand so on\n"
    stream = Detector().stream()
    found = [one for at in range(0, len(data), 1000) for one in stream.feed(data[at : at + 1000])] + stream.end()
    assert len(found) > 1990
    assert found == Detector().find(data)
