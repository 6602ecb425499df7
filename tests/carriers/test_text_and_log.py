"""Lines of text, and logs in which some lines are JSON: what is cut where, and what is held."""

import pytest
from carrier_plays import feed

from ringfence.carriers import (
    Change,
    Fault,
    LineGroups,
    LogCarrier,
    TextCarrier,
    Undecodable,
    UnknownFormat,
    make_carrier,
    splice,
)
from ringfence.carriers.model import Unit
from ringfence.transform.types import ValueType

TRACE = b"""\
Traceback (most recent call last):
  File "shop.py", line 3, in <module>
    pay("x@y.example")
ValueError: no such customer
"""
JAVA = b"""\
10:00 ERROR payment failed
java.lang.IllegalStateException: no card
\tat shop.Pay.pay(Pay.java:3)
Caused by: java.io.IOException
\t... 3 more
"""
PEM = b"-----BEGIN PRIVATE KEY-----\nMIIB\nabcd\n-----END PRIVATE KEY-----\n"


def raws(units: list[Unit]) -> list[bytes]:
    return [unit.raw for unit in units]


def test_complete_lines_go_at_once_as_one_field_and_the_unfinished_line_is_held() -> None:
    carrier = TextCarrier()
    [unit] = carrier.feed(b"one\ntwo \xff\r\nthr")
    [field] = unit.fields
    assert (field.path, field.type, field.value, field.start, field.end) == (
        "",
        ValueType.TEXT,
        b"one\ntwo \xff\r\n",
        0,
        11,
    )
    assert carrier.held == 3
    assert raws(carrier.feed(b"ee\n")) == [b"three\n"]
    assert raws(carrier.end()) == []


@pytest.mark.parametrize("lines", [TRACE, PEM], ids=["trace", "pem"])
@pytest.mark.parametrize("make", [TextCarrier, LogCarrier])
def test_what_belongs_together_stays_together_however_it_comes(make: type[TextCarrier], lines: bytes) -> None:
    for size in (1, 7, 40):
        carrier = make()
        units = [unit for at in range(0, len(lines), size) for unit in carrier.feed(lines[at : at + size])]
        assert raws(units) == [lines]
        assert carrier.held == 0


def test_a_trace_is_held_until_a_line_that_does_not_belong_to_it() -> None:
    carrier = TextCarrier()
    assert raws(carrier.feed(JAVA)) == [b"10:00 ERROR payment failed\n"]
    assert raws(carrier.feed(b"10:01 next\n")) == [JAVA[27:] + b"10:01 next\n"]


def test_a_trace_that_is_held_goes_when_nothing_more_comes_and_a_pem_block_does_not() -> None:
    groups = LineGroups()
    assert groups.feed(TRACE[:-29] + b"unfin") == []
    assert groups.settle() == [TRACE[:-29]]
    assert groups.settle() == []
    assert groups.feed(b"ished\n" + PEM[:33]) == [b"unfinished\n"]
    assert groups.settle() == []
    assert groups.feed(PEM[33:]) == [PEM]


@pytest.mark.parametrize("lines", [b"  indented\n", b"Zm9v" * 16 + b"\n"])
def test_no_group_is_held_beyond_64_kib(lines: bytes) -> None:
    carrier = TextCarrier()
    units = carrier.feed(b"-----BEGIN PRIVATE KEY-----\n")
    for _ in range(20_000):
        units += carrier.feed(lines)
        assert carrier.held <= 64 * 1024
    units += carrier.end()
    assert all(len(unit.raw) <= 64 * 1024 for unit in units)
    assert b"".join(raws(units)) == b"-----BEGIN PRIVATE KEY-----\n" + lines * 20_000


def test_prose_that_mentions_a_pem_block_holds_nothing() -> None:
    carrier = TextCarrier()
    carrier.feed(b"keys begin with -----BEGIN something\n")
    carrier.feed(b"-----BEGIN X----- abc -----END X-----\n")
    assert carrier.held == 0


def test_a_unit_is_not_cut_inside_a_trace_or_block_that_fits() -> None:
    lines = (b"a plain line\n" * 100 + TRACE + PEM) * 200
    units = feed(TextCarrier(), [lines])
    assert b"".join(raws(units)) == lines
    assert len(units) > 4
    for unit in units:
        assert unit.raw.count(b"-----BEGIN") == unit.raw.count(b"-----END")
        assert unit.raw.count(b"Traceback") == unit.raw.count(b"ValueError")


@pytest.mark.parametrize("make", [TextCarrier, LogCarrier])
def test_a_line_beyond_the_bound_is_refused_whether_its_end_has_come_or_not(make: type[TextCarrier]) -> None:
    for payload in ([b"ok\n" + b"x" * 101 + b"\n"], [b"ok\n", b"x" * 101], [b"ok\n"] + [b"x"] * 101):
        with pytest.raises(Undecodable) as caught:
            feed(make(max_line=100), payload)
        assert (caught.value.fault, caught.value.offset) == (Fault.TOO_LARGE, 3)
    assert raws(feed(make(max_line=100), [b"x" * 100 + b"\n"])) == [b"x" * 100 + b"\n"]


def test_changes_of_text_replace_their_spans_and_null_removes_them() -> None:
    carrier = TextCarrier()
    [unit] = carrier.feed(b"mail x@y.example now\n\xff\n")
    edits = carrier.write(unit, unit.fields[0], [Change(0, 4, "é"), Change(5, 16, None)])
    assert splice(unit.raw, edits) == b"\xc3\xa9  now\n\xff\n"


def test_the_fields_of_a_log_are_those_of_its_json_lines_and_the_runs_of_text_between() -> None:
    log = b'one\ntwo\n{"a": "x", "b": {"c": 1}}\n{not json}\n {"indented": 1}\n{"a": "y"}\n'
    [unit] = feed(LogCarrier(), [log])
    assert [(field.order, field.path, field.value, field.is_key) for field in unit.fields] == [
        (0, "", b"one\ntwo\n", False),
        (1, "", b"a", True),
        (2, "a", b"x", False),
        (3, "", b"b", True),
        (4, "b", b"c", True),
        (5, "b.c", b"1", False),
        (6, "", b'{not json}\n {"indented": 1}\n', False),
        (7, "", b"a", True),
        (8, "a", b"y", False),
    ]
    assert [unit.raw[field.start : field.end] for field in unit.fields] == [field.value for field in unit.fields]


def test_changes_of_a_log_are_written_by_what_the_line_is() -> None:
    carrier = LogCarrier()
    [unit] = carrier.feed(b'say "x"\n{"a": "x", "n": 1}\n')
    text, _, a, _, n = unit.fields
    edits = [
        *carrier.write(unit, text, [Change(5, 6, '"')]),
        *carrier.write(unit, a, [Change(0, 1, '"')]),
        *carrier.write(unit, n, [Change(0, 1, None)]),
    ]
    assert splice(unit.raw, edits) == b'say """\n{"a": "\\"", "n": null}\n'


def test_a_json_line_that_exceeds_a_bound_is_refused_and_not_taken_for_text() -> None:
    with pytest.raises(Undecodable) as caught:
        feed(LogCarrier(), [b'text\n{"a": ' + b"[" * 300 + b"]" * 300 + b"}\n"])
    assert (caught.value.fault, caught.value.offset) == (Fault.TOO_DEEP, 5 + 6 + 255)


def test_repeated_keys_of_a_json_line_in_a_log_are_reported() -> None:
    [unit] = feed(LogCarrier(), [b'text\n{"a": 1, "a": 2}\n'])
    assert [(repeat.first, repeat.later) for repeat in unit.repeats] == [((2, 3), (4, 5))]


def test_a_format_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    with pytest.raises(UnknownFormat, match="csv, form, html, json, log, ndjson"):
        make_carrier("parquet")
