"""Columns taken out of DataRow messages and put back: what was not put is the same bytes."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_plays import Table, encoded

from ringfence.carriers import Fault, Undecodable
from ringfence.wire.postgres.rows import DataRows
from ringfence.wire.postgres.values import TEXTUAL, composite_of

CELL = st.none() | st.binary(max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, list[int], list[list[bytes | None]]]:
    width = draw(st.integers(1, 6))
    table = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=6))
    columns = draw(st.lists(st.integers(0, width - 1), unique=True, max_size=width))
    values = [draw(st.lists(CELL, min_size=len(table), max_size=len(table))) for _ in columns]
    return table, columns, values


def text_rows(width: int) -> DataRows:
    return DataRows([0] * width, [25] * width)


@given(tables())
def test_what_is_put_stands_there_and_all_else_as_before(
    drawn: tuple[Table, list[int], list[list[bytes | None]]],
) -> None:
    table, columns, values = drawn
    width = len(table[0]) if table else 1
    rows, data = text_rows(width), encoded(table)
    assert rows.count(data) == len(table)
    taken = rows.take(data, columns) if table else []
    assert taken == [[row[column] for row in table] for column in columns][: len(taken)]
    if not table:
        return
    assert rows.put(data, columns, taken) == data
    expected = [list(row) for row in table]
    for column, new in zip(columns, values, strict=True):
        for row, value in zip(expected, new, strict=True):
            row[column] = value
    assert rows.put(data, columns, values) == encoded(expected)
    rows.take(data, columns)
    assert rows.put(data, columns, values) == encoded(expected)


def test_columns_taken_one_after_the_other_are_put_together_or_in_part() -> None:
    table: Table = [[b"a", b"b", b"c"], [None, b"e", b""]]
    rows, data = text_rows(3), encoded(table)
    assert rows.take(data, [2]) == [[b"c", b""]]
    assert rows.take(data, [0, 1]) == [[b"a", None], [b"b", b"e"]]
    assert rows.put(data, [2, 0], [[b"C", None], [b"A", b""]]) == encoded([[b"A", b"b", b"C"], [b"", b"e", None]])


def test_values_longer_than_any_length_made_in_advance_are_written() -> None:
    table: Table = [[b"x" * 5000, b"y"]]
    rows, data = text_rows(2), encoded(table)
    assert rows.put(data, [1], [[b"z" * 70_000]]) == encoded([[b"x" * 5000, b"z" * 70_000]])


@given(tables(), st.data())
def test_texts_of_the_same_lengths_are_put_in_place(
    drawn: tuple[Table, list[int], list[list[bytes | None]]], data: st.DataObject
) -> None:
    table, columns, _ = drawn
    if not table:
        return
    rows, run = text_rows(len(table[0])), encoded(table)
    taken = rows.take(run, columns)
    values = [[value and bytes(len(value)) for value in old] for old in taken]
    if columns and data.draw(st.booleans()):  # null and the empty text have no length, and are not the same
        row = data.draw(st.integers(0, len(table) - 1))
        values[0][row] = data.draw(st.sampled_from([None, b"", b"one longer"]))
    expected = [list(row) for row in table]
    for column, new in zip(columns, values, strict=True):
        for line, value in zip(expected, new, strict=True):
            line[column] = value
    assert rows.put(run, columns, values) == encoded(expected)


def test_binary_columns_are_taken_as_text_and_put_in_binary() -> None:
    table: Table = [[struct.pack("!i", -7), b"\x01", b"plain"], [None, b"\x00", None]]
    rows, data = DataRows([1, 1, 1], [23, 16, 25]), encoded(table)
    assert rows.take(data, [0, 1, 2]) == [[b"-7", None], [b"t", b"f"], [b"plain", None]]
    put = rows.put(data, [0, 1], [[None, b"8"], [b"t", b"t"]])
    assert put == encoded([[None, b"\x01", b"plain"], [struct.pack("!i", 8), b"\x01", None]])


def test_a_binary_value_put_back_as_it_was_taken_keeps_its_bytes() -> None:
    odd = b"\x00\x01\x00\x00\x00\x00\x00\x05\x00\x07"  # the numeric 7.00000, with a scale that a plain 7 would not have
    rows, data = DataRows([1], [1700]), encoded([[odd], [odd]])
    [taken] = rows.take(data, [0])
    assert rows.put(data, [0], [[taken[0], b"8"]]).startswith(encoded([[odd]]))


def test_a_binary_column_of_a_type_that_is_not_known_can_become_null_and_nothing_else() -> None:
    rows, data = DataRows([1, 0], [99_999, 25]), encoded([[b"\x01\x02", b"t"]])
    assert rows.opaque == {0}
    with pytest.raises(Undecodable) as caught:
        rows.take(data, [0])
    assert caught.value.fault is Fault.ENCODING
    with pytest.raises(Undecodable):
        rows.put(data, [0], [[b"x"]])
    assert rows.put(data, [0], [[None]]) == encoded([[None, b"t"]])
    assert rows.put(data, [1], [[b"T"]]) == encoded([[b"\x01\x02", b"T"]])


def test_codecs_of_types_that_are_not_built_in_are_handed_in() -> None:
    record = struct.pack("!i", 2) + struct.pack("!Ii", 25, 2) + b"a," + struct.pack("!Ii", 23, 4) + b"\0\0\0\5"
    rows = DataRows([1, 1], [70_001, 70_002], {70_001: composite_of([25, 23]), 70_002: TEXTUAL})
    data = encoded([[record, b"label"]])
    assert rows.take(data, [0, 1]) == [[b'("a,",5)'], [b"label"]]
    put = rows.put(data, [0], [[b"(,6)"]])
    assert rows.take(put, [0]) == [[b"(,6)"]]


def test_a_text_that_the_binary_type_cannot_hold_is_refused_without_being_shown() -> None:
    rows, data = DataRows([1], [23]), encoded([[b"\0\0\0\1"]])
    with pytest.raises(Undecodable) as caught:
        rows.put(data, [0], [[b"secret-7"]])
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


GOOD = encoded([[b"abc", b"de"]])
MALFORMED = {
    "another kind": b"C" + GOOD[1:],
    "a message cut short": GOOD[:-1],
    "a header cut short": GOOD + GOOD[:3],
    "more columns than described": encoded([[b"a", b"b", b"c"]]),
    "fewer columns than described": encoded([[b"a"]]),
    "a length of less than a length": b"D\0\0\0\3\0\2",
    "a negative length": b"D\xff\xff\xff\xf0\0\2",
    "a length behind the data": b"D\x7f\xff\xff\xff\0\2",
    "a value longer than its row": GOOD[:7] + struct.pack("!i", 200) + GOOD[11:],
    "a value that reaches into the next row": GOOD[:7] + struct.pack("!i", 20) + GOOD[11:] + GOOD,
    "a value of negative length": GOOD[:7] + struct.pack("!i", -2) + GOOD[11:],
    "a value of the largest length": GOOD[:7] + struct.pack("!i", 2**31 - 1) + GOOD[11:],
    "bytes behind the last row": GOOD + b"D",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=list(MALFORMED))
def test_rows_that_are_none_are_refused(data: bytes) -> None:
    rows = text_rows(2)
    with pytest.raises(Undecodable) as caught:
        rows.take(data, [0, 1])
    assert caught.value.fault is Fault.MALFORMED
    with pytest.raises(Undecodable):
        rows.put(data, [0, 1], [[b""], [b""]])


def test_any_change_of_any_byte_is_refused_or_read_without_leaving_the_row() -> None:
    rng = random.Random(4)
    data = encoded([[b"abc", None, b"d"], [b"", b"ef", b"ghi"]])
    rows = text_rows(3)
    refused = 0
    for _ in range(4000):
        changed = bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            changed[rng.randrange(len(changed))] = rng.choice((0, 1, 2, 3, 4, 7, 127, 128, 254, 255))
        try:
            taken = rows.take(bytes(changed), [0, 1, 2])
        except Undecodable:
            refused += 1
            continue
        assert all(value is None or len(value) <= len(data) for column in taken for value in column)
        assert rows.put(bytes(changed), [0, 1, 2], taken) == bytes(changed)
    assert refused > 1000


def test_columns_that_are_not_there_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="2 columns"):
        text_rows(2).take(GOOD, [2])
    with pytest.raises(ValueError, match="format and a type"):
        DataRows([0], [25, 25])
    with pytest.raises(ValueError, match="2 values were given for 1 rows"):
        text_rows(2).put(GOOD, [0], [[b"", b""]])
