"""Database records as one buffer: cells as fields, NULL, and new offsets after a change."""

import random
from array import array

import pytest

from ringfence.carriers import Change, Edit, Fault, Rows, RowsCarrier, Undecodable
from ringfence.carriers.model import Field
from ringfence.transform.types import ValueType

Table = list[list[bytes | None]]


def packed(table: Table, gap: bytes = b"") -> Rows:
    data, starts, lengths = b"", array("q"), array("q")
    for record in table:
        for cell in record:
            data += gap
            starts.append(len(data))
            lengths.append(-1 if cell is None else len(cell))
            data += cell or b""
    return Rows(data, starts, lengths, len(table[0]))


def unpacked(rows: Rows) -> Table:
    return [[rows.cell(row, column) for column in range(rows.width)] for row in range(len(rows))]


def carrier(width: int) -> RowsCarrier:
    return RowsCarrier([f"public.t.c{number}" for number in range(width)], [ValueType.TEXT] * width)


def test_each_cell_is_a_field_with_its_columns_path_and_type() -> None:
    rows = packed([[b"1", b"x@y.example"], [b"2", None]])
    [unit] = RowsCarrier(["public.t.id", "public.t.mail"], [ValueType.INTEGER, ValueType.TEXT]).feed(rows)
    assert unit.raw is rows.data
    assert [(field.path, field.type, field.value, field.order) for field in unit.fields] == [
        ("public.t.id", ValueType.INTEGER, b"1", 0),
        ("public.t.mail", ValueType.TEXT, b"x@y.example", 1),
        ("public.t.id", ValueType.INTEGER, b"2", 2),
        ("public.t.mail", ValueType.NULL, b"", 3),
    ]


def test_orders_go_on_from_batch_to_batch_and_writing_still_finds_its_cell() -> None:
    rows = packed([[b"1", b"a"]])
    made = carrier(2)
    made.feed(rows)
    [unit] = made.feed(rows)
    assert [field.order for field in unit.fields] == [2, 3]
    assert unpacked(made.rebuild(unit, made.write(unit, unit.fields[1], [Change(0, 1, "bc")]))) == [[b"1", b"bc"]]


def test_random_batches_with_random_changes_become_the_expected_table() -> None:
    rng = random.Random(1)
    cells = [None, b"", b"a", "né".encode(), b"longer text", b"\xff"]
    for _ in range(600):
        width = rng.randrange(1, 5)
        table: Table = [[rng.choice(cells) for _ in range(width)] for _ in range(rng.randrange(1, 6))]
        made = carrier(width)
        rows = packed(table, gap=rng.choice((b"", b"\x00\x00\x00\x07")))
        [unit] = made.feed(rows)
        edits: list[Edit] = []
        for index, field in enumerate(unit.fields):
            if rng.random() < 0.4:
                text = rng.choice((None, "", "*", "much longer than before"))
                edits += made.write(unit, field, _parts(rng, field, text))
                table[index // width][index % width] = None if text is None else _applied(field, text, edits)
        rebuilt = made.rebuild(unit, edits)
        assert unpacked(rebuilt) == table
        assert len(rebuilt.data) == len(rows.data) + sum(len(edit.raw) - (edit.end - edit.start) for edit in edits)


def _parts(rng: random.Random, field: Field, text: str | None) -> list[Change]:
    if text is None:
        return [Change(0, len(field.value), None)]
    middle = rng.randrange(len(field.value) + 1)
    return [Change(0, middle, text)]


def _applied(field: Field, text: str, edits: list[Edit]) -> bytes:
    return text.encode() + field.value[edits[-1].end - field.start :]


@pytest.mark.parametrize(
    ("starts", "lengths", "width"),
    [
        ([0, 1], [2, 1], 2),
        ([1, 0], [1, 1], 2),
        ([0, 2], [1, 9], 2),
        ([0, 1], [1, -2], 2),
        ([0], [1], 2),
        ([0, 1], [1], 2),
        ([0, 1], [1, 1], 1),
    ],
)
def test_offsets_that_make_no_sense_are_refused(starts: list[int], lengths: list[int], width: int) -> None:
    with pytest.raises(Undecodable) as caught:
        carrier(2).feed(Rows(b"abc", array("q", starts), array("q", lengths), width))
    assert caught.value.fault is Fault.MALFORMED


def test_no_value_is_in_the_repr_of_rows() -> None:
    assert repr(packed([[b"secret"]])) == "<1 rows of 1 cells>"


def test_names_and_types_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="as many types as names"):
        RowsCarrier(["a"], [])


def test_only_a_unit_of_rows_with_edits_of_cells_is_rebuilt() -> None:
    made = carrier(1)
    [unit] = made.feed(packed([[b"a"]]))
    with pytest.raises(TypeError, match="edit of a cell"):
        made.rebuild(unit, [Edit(0, 1, b"")])
