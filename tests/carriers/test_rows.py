"""Rows of a database: what a format gives is counted before it is believed; documents in columns are read with their paths."""

from collections.abc import Sequence

import pytest

from ringfence.carriers import Fault, RowColumn, Rows, RowsCarrier, Undecodable
from ringfence.carriers.json_cells import read_documents
from ringfence.transform.types import ValueType


class Halves:
    """Rows of two cells of four bytes each; a format that may be told to lie about how many there are."""

    width = 2

    def __init__(self, lie: int = 0) -> None:
        self.lie = lie

    def take(self, data: bytes, columns: Sequence[int]) -> list[list[bytes | None]]:
        rows = range(0, len(data) + 8 * self.lie, 8)
        return [[data[at + 4 * column : at + 4 * column + 4] for at in rows] for column in columns]

    def put(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> bytes:
        made = bytearray(data)
        for column, given in zip(columns, values, strict=True):
            for row, value in enumerate(given):
                made[8 * row + 4 * column : 8 * row + 4 * column + 4] = value or b"    "
        return bytes(made)


COLUMNS = [RowColumn("t.id", ValueType.TEXT, 0), RowColumn("t.mail", ValueType.TEXT, 1)]
ROWS = Rows(b"0001abcd0002efgh", 2)


def test_columns_are_taken_and_put_back_by_their_number() -> None:
    carrier = RowsCarrier(Halves(), COLUMNS)
    assert carrier.take(ROWS, [1]) == [[b"abcd", b"efgh"]]
    assert carrier.take(ROWS, [0, 1]) == [[b"0001", b"0002"], [b"abcd", b"efgh"]]
    made = carrier.put(ROWS, [1], [[b"****", None]])
    assert (made.data, made.count) == (b"0001****0002    ", 2)


def test_where_no_column_changed_the_rows_are_the_same_object() -> None:
    assert RowsCarrier(Halves(), COLUMNS).put(ROWS, [], []) is ROWS


@pytest.mark.parametrize("lie", [-1, 1])
def test_more_or_fewer_values_than_rows_are_refused(lie: int) -> None:
    with pytest.raises(Undecodable) as caught:
        RowsCarrier(Halves(lie), COLUMNS).take(ROWS, [1])
    assert caught.value.fault is Fault.MALFORMED


def test_each_column_of_a_row_is_announced() -> None:
    with pytest.raises(ValueError, match="rows of 2 columns were announced with 1"):
        RowsCarrier(Halves(), COLUMNS[:1])


def test_no_value_is_in_the_repr_of_rows() -> None:
    assert repr(Rows(b"secret", 1)) == "<1 rows in 6 bytes>"


def test_documents_are_read_in_their_rows_with_paths_that_continue_the_columns() -> None:
    values = [None, b'{"a": {"b": 1}}', b"", b'["x"]', b'"y"', b'{\n"c": 2}']
    groups = read_documents(values, "t.doc")
    assert [[(row, unit.raw) for row, unit in group] for group in groups] == [
        [(1, values[1]), (3, values[3]), (4, values[4])],
        [(5, values[5])],
    ]
    paths = [[field.path for field in unit.fields if not field.is_key] for group in groups for _, unit in group]
    assert paths == [["t.doc.a.b"], ["t.doc[]"], ["t.doc"], ["t.doc.c"]]
    [[(_, unit)]] = read_documents([b'{"a": 1}'], "")
    assert [field.path for field in unit.fields if not field.is_key] == ["a"]


def test_a_document_longer_than_a_unit_has_several_and_loses_no_byte() -> None:
    long = b"[" + b",".join(b'"%d"' % number for number in range(30_000)) + b"]"
    [group] = read_documents([b"", long], "t.doc")
    assert {row for row, _ in group} == {1}
    assert len(group) > 1
    assert b"".join(unit.raw for _, unit in group) == long


@pytest.mark.parametrize("broken", [b"{", b"[1] [2]", b'{"a": 01}', b"\xff"])
def test_a_document_that_is_none_is_refused_among_others(broken: bytes) -> None:
    for value in (broken, b"\n" + broken):
        with pytest.raises(Undecodable):
            read_documents([b"1", value, b"2"], "t.doc")
