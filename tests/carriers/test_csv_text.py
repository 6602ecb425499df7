"""CSV: columns, quotes, line ends, what is refused, and how cells are written."""

import pytest
from carrier_plays import feed, values

from ringfence.carriers import Change, CsvCarrier, Fault, Undecodable, Unit, splice


def read(data: bytes, **options: object) -> list[Unit]:
    return feed(CsvCarrier(**options), [data])  # type: ignore[arg-type]


def fault(data: bytes) -> tuple[Fault, int]:
    with pytest.raises(Undecodable) as caught:
        read(data)
    return caught.value.fault, caught.value.offset


def changed(data: bytes, order: int, *changes: Change) -> bytes:
    carrier = CsvCarrier()
    spliced = b""
    for unit in carrier.feed(data) + carrier.end():
        edits = [edit for field in unit.fields if field.order == order for edit in carrier.write(unit, field, changes)]
        spliced += splice(unit.raw, edits)
    return spliced


def test_cells_are_named_by_the_header_and_header_cells_are_keys() -> None:
    [unit] = read(b'id,e.mail,"say ""hi"""\n1,x@y.example,3,4\n5\n')
    assert [(field.path, field.value) for field in unit.fields if field.is_key] == [
        ("", b"id"),
        ("", b"e.mail"),
        ("", b'say "hi"'),
    ]
    assert values([unit]) == [
        ("id", b"1"),
        ('"e.mail"', b"x@y.example"),
        ('"say \\"hi\\""', b"3"),
        ("", b"4"),
        ("id", b"5"),
    ]


def test_names_may_be_given_where_there_is_no_header_or_a_wrong_one() -> None:
    assert values(read(b"1;2\n", header=False, names=["a", "b"], delimiter=";")) == [("a", b"1"), ("b", b"2")]
    assert values(read(b"x;y\n1;2\n", names=["a", "b"], delimiter=";")) == [("a", b"1"), ("b", b"2")]
    assert values(read(b"1,2\n", header=False)) == [("", b"1"), ("", b"2")]


def test_a_byte_order_mark_is_no_part_of_the_first_name_and_passes() -> None:
    [unit] = read(b'\xef\xbb\xbf"id",b\n1,2\n')
    assert unit.raw.startswith(b"\xef\xbb\xbf")
    assert values([unit]) == [("id", b"1"), ("b", b"2")]


def test_bytes_that_are_no_utf8_pass_and_still_name_their_column() -> None:
    [unit] = read(b"Stra\xdfe,x\n\xff,\xfe\n")
    assert values([unit]) == [("Straße", b"\xff"), ("x", b"\xfe")]


def test_blank_lines_hold_no_field() -> None:
    assert values(read(b"\n\r\na,b\n\n1,2\r\n\r\n")) == [("a", b"1"), ("b", b"2")]


def test_the_offsets_of_a_cell_with_doubled_quotes_lead_back_to_the_first_of_each_two() -> None:
    [unit] = read(b'a\n"x""y"""\n')
    field = unit.fields[1]
    assert field.value == b'x"y"'
    assert field.raw_offsets is not None
    assert list(field.raw_offsets()) == [3, 4, 6, 7, 9]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'a\nx"y\n', (Fault.AMBIGUOUS, 3)),
        (b'a,b\n1, "y"\n', (Fault.AMBIGUOUS, 7)),
        (b"a\nx\ry\n", (Fault.AMBIGUOUS, 3)),
        (b"a\nx\r", (Fault.AMBIGUOUS, 3)),
        (b'a,b\n"x"y,2\n', (Fault.MALFORMED, 7)),
        (b'a\n"x"\ry\n', (Fault.MALFORMED, 5)),
        (b'a\n"x\n', (Fault.TRUNCATED, 2)),
        (b"a\n" + b"," * 16_384 + b"\n", (Fault.TOO_LARGE, 2)),
        (b"n" * 3000 + b"\n", (Fault.TOO_LARGE, 0)),
    ],
)
def test_what_readers_would_cut_in_two_ways_is_refused(data: bytes, expected: tuple[Fault, int]) -> None:
    assert fault(data) == expected


@pytest.mark.parametrize("cell", [b"x", b'""'])
def test_a_record_of_more_than_8_mib_is_refused_also_where_its_end_is_there(cell: bytes) -> None:
    length = (8 * 1024 * 1024 - 2) // len(cell) * len(cell)
    assert len(read(b'a\n"' + cell * (length // len(cell)) + b'"\nb\n')) == 3
    assert fault(b'a\n"' + cell * (length // len(cell) + 1) + b'"\nb\n') == (Fault.TOO_LARGE, 2)


@pytest.mark.parametrize(
    ("data", "order", "changes", "expected"),
    [
        (b"a,b\n1,x@y\n", 3, [Change(0, 1, "*")], b"a,b\n1,*@y\n"),
        (b"a,b\n1,x@y\n", 3, [Change(0, 1, ",")], b'a,b\n1,",@y"\n'),
        (b"a,b\n1,x@y\r\n", 3, [Change(0, 1, "q"), Change(2, 3, '"')], b'a,b\n1,"q@"""\r\n'),
        (b"a,b\n1,x@y\n", 3, [Change(0, 1, "\n")], b'a,b\n1,"\n@y"\n'),
        (b'a,b\n1,"x""y"\n', 3, [Change(1, 2, "'")], b'a,b\n1,"x\'y"\n'),
        (b'a,b\n1,"x""y"\n', 3, [Change(2, 3, '"')], b'a,b\n1,"x"""""\n'),
        (b'a,b\n1,"x"\n', 3, [Change(0, 1, None)], b"a,b\n1,\n"),
        (b"a,b\n1,x\n", 2, [Change(0, 1, None)], b"a,b\n,x\n"),
        (b"a\nx\n", 1, [Change(0, 1, None)], b'a\n""\n'),
        (b"a\nx\n", 1, [Change(0, 1, "")], b'a\n""\n'),
        (b"a\nx", 1, [Change(0, 1, "")], b'a\n""'),
        (b'a\n"x"\n', 1, [Change(0, 1, "")], b'a\n""\n'),
        (b"\xef\xbb\xbfa\nx\n", 0, [Change(0, 1, None)], b'\xef\xbb\xbf""\nx\n'),
        (b"a,b\n\xe9x,1\n", 2, [Change(1, 2, "*")], b"a,b\n\xe9*,1\n"),
        (b"a,b\n1,2\n", 3, [], b"a,b\n1,2\n"),
    ],
)
def test_a_change_is_written_in_its_cell(data: bytes, order: int, changes: list[Change], expected: bytes) -> None:
    assert changed(data, order, *changes) == expected


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "é"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        CsvCarrier(delimiter=delimiter)
