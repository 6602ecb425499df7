"""Copies in text, csv and binary: rows out of messages that cut them anywhere, columns taken and put back."""

import random
import struct

import pytest
from copy_spellings import SPELLINGS, cut_up, random_table, rows_of
from wire_plays import Table, cuts

from ringfence.carriers import Fault, Undecodable
from ringfence.sql.model import CopyOptions
from ringfence.wire.postgres.copies import CopyTextRows
from ringfence.wire.postgres.copying import CopyCutter, CopyMessages, copy_data, copy_payload
from ringfence.wire.postgres.csv_copies import CopyCsvRows
from ringfence.wire.postgres.splitting import CopyPlace

TEXT = CopyOptions()
CSV = CopyOptions(format="csv", delimiter=",", null="")
BINARY = CopyOptions(format="binary")
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"


def tuples(table: Table) -> bytes:
    out = b""
    for row in table:
        out += struct.pack("!h", len(row))
        out += b"".join(struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v for v in row)
    return out


def written(spelling: CopyOptions, table: Table) -> bytes:
    """Write a table by putting it over one of nulls, in messages; give the payload."""
    rows = CopyMessages(spelling, [25] * len(table[0]))
    blank = spelling.delimiter.encode().join([spelling.null.encode()] * len(table[0])) + b"\n"
    data = copy_data([blank] * len(table))
    return copy_payload(rows.put(data, range(len(table[0])), [[row[c] for row in table] for c in range(len(table[0]))]))


@pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
def test_what_is_put_is_taken_again_in_every_spelling(spelling: CopyOptions) -> None:
    rng = random.Random(repr(spelling))
    for _ in range(150):
        table = random_table(rng, rng.randrange(1, 4), rng.randrange(1, 5))
        if spelling.null == "" and spelling.format == "text":  # an empty text and null are spelt alike there
            table = [[value or None for value in row] for row in table]
        data = written(spelling, table)
        rows = CopyMessages(spelling, [25] * len(table[0])).rows
        assert rows.take(data, range(len(table[0]))) == [[row[c] for row in table] for c in range(len(table[0]))]
        assert rows.count(data) == len(table)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
def test_a_copy_cut_anywhere_gives_the_same_rows_and_every_byte_of_it(spelling: CopyOptions) -> None:
    rng = random.Random(repr(spelling))
    table = [[b"1", b'a"b\n,c\\', None], [b"\xc3\xa9~'^|;", b"", b"\r\t\\."], *random_table(rng, 3, 2)]
    head = b"id,name\n" if spelling.header else b""
    payload = head + written(spelling, table)
    if spelling.format == "text":
        payload += b"\\.\n"
    for pieces in cuts(payload):
        parts = cut_up(spelling, [25] * 3, pieces)
        assert b"".join(copy_payload(data) for _, data, _ in parts) == payload
        assert sum(count for _, _, count in parts) == len(table)
        rows = rows_of(parts)
        assert CopyMessages(spelling, [25] * 3).take(rows, [1]) == CopyMessages(spelling, [25] * 3).take(
            copy_data([written(spelling, table)]), [1]
        )


def test_each_row_leaves_in_a_message_of_its_own() -> None:
    [(place, data, count)] = cut_up(TEXT, [25], [b"a\nb\nc\n"])
    assert (place, count) == (CopyPlace.ROWS, 3)
    assert data == copy_data([b"a\n", b"b\n", b"c\n"])


def test_a_binary_copy_cut_anywhere_gives_its_rows_with_the_header_before_the_first() -> None:
    table: Table = [[b"\0\0\0\1", b"x"], [None, b""], [b"\0\0\0\3", None]]
    payload = HEADER + tuples(table) + TRAILER
    for pieces in cuts(payload):
        parts = cut_up(BINARY, [23, 25], pieces)
        assert b"".join(copy_payload(data) for _, data, _ in parts) == payload
        assert sum(count for _, _, count in parts) == 3
        assert parts[-1][0] is CopyPlace.TAIL
        first = next(data for place, data, _ in parts if place is CopyPlace.ROWS)
        assert copy_payload(first).startswith(HEADER + tuples(table[:1]))
    rows = CopyMessages(BINARY, [23, 25])
    data = rows_of(parts)
    assert rows.take(data, [0, 1]) == [[b"1", None, b"3"], [b"x", b"", None]]
    put = rows.put(data, [0], [[b"9", b"8", None]])
    assert put == copy_data(
        [HEADER + tuples([[b"\0\0\0\x09", b"x"]]), tuples([[b"\0\0\0\x08", b""]]), tuples([[None, None]])]
    )


def test_a_binary_copy_of_no_rows_is_one_message_and_may_do_without_its_trailer() -> None:
    assert cut_up(BINARY, [23], [HEADER + TRAILER]) == [(CopyPlace.TAIL, copy_data([HEADER + TRAILER]), 0)]
    assert cut_up(BINARY, [23], [HEADER]) == [(CopyPlace.HEAD, copy_data([HEADER]), 0)]


def test_unchanged_cells_keep_their_spelling() -> None:
    data = b'"1",a"b"c,\n2,"x""y",\\\n'
    rows = CopyCsvRows(CSV, 3)
    taken = rows.take(data, [0, 1, 2])
    assert taken == [[b"1", b"2"], [b"abc", b'x"y'], [None, b"\\"]]
    assert rows.put(data, [0, 1, 2], taken) == data
    assert rows.put(data, [1], [[b"abc", b"z,"]]) == b'"1",a"b"c,\n2,"z,",\\\n'


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (rb"a\tb", [b"a\tb"]),
        (rb"\b\f\n\r\v\\", [b"\b\f\n\r\v\\"]),
        (rb"\101\x42\x4g\x", [b"AB\x04gx"]),
        (rb"\777\8\q", [b"\xff8q"]),
        (rb"\N", [None]),
        (rb"\\N", [b"\\N"]),
        (rb"x\N", [b"xN"]),
        (b"", [b""]),
        (b"a\\\nb", [b"a\nb"]),
        (b"a\\\tb", [b"a\tb"]),
        (b"\\\xc3\xa9", ["é".encode()]),
    ],
)
def test_escapes_of_text_mean_what_the_server_says(line: bytes, values: list[bytes | None]) -> None:
    assert CopyTextRows(TEXT, 1).take(line + b"\n", [0]) == [values]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("spelling", [TEXT, CSV], ids=["text", "csv"])
def test_lines_end_in_three_ways_and_the_last_may_have_no_end(spelling: CopyOptions, end: bytes) -> None:
    delimiter = spelling.delimiter.encode()
    for last in (end, b""):
        payload = delimiter.join((b"a", b"b")) + end + delimiter.join((b"c", b"d")) + last
        for pieces in cuts(payload):
            parts = cut_up(spelling, [25, 25], pieces)
            assert b"".join(copy_payload(data) for _, data, _ in parts) == payload
            assert sum(count for _, _, count in parts) == 2
        rows = CopyMessages(spelling, [25, 25]).rows
        assert rows.take(payload, [1]) == [[b"b", b"d"]]
        assert rows.put(payload, [0], [[b"A", None]]) == payload.replace(b"a", b"A").replace(
            b"c", spelling.null.encode()
        )


def test_a_default_that_the_server_is_to_find_stays_one() -> None:
    spelling = CopyOptions(default="\\D")
    rows = CopyTextRows(spelling, 2)
    data = b"1\t\\D\n2\tx\n"
    assert rows.take(data, [1]) == [[None, b"x"]]
    assert rows.put(data, [1], [[None, b"\\D"]]) == b"1\t\\D\n2\t\\\\D\n"


def test_a_value_that_would_be_read_as_null_is_spelt_otherwise() -> None:
    rows = CopyTextRows(CopyOptions(null="none"), 1)
    assert rows.take(rows.put(b"x\n", [0], [[b"none"]]), [0]) == [[b"none"]]


def test_the_line_with_names_is_the_head_even_where_it_goes_over_two() -> None:
    spelling = CopyOptions(format="csv", delimiter=",", null="", header=True)
    parts = cut_up(spelling, [25, 25], [b'"a\nb",c\n1,2\n'])
    assert [(place, copy_payload(data)) for place, data, _ in parts] == [
        (CopyPlace.HEAD, b'"a\nb",c\n'),
        (CopyPlace.ROWS, b"1,2\n"),
    ]


@pytest.mark.parametrize(
    ("spelling", "payload"),
    [
        (TEXT, b"a\tb\n\\.\nc\td\n"),
        (TEXT, b"a\tb\n\\.\n\nx"),
        (CSV, b"a,b\n\\.\nc,d\n"),
        (BINARY, HEADER + TRAILER + b"\0"),
        (BINARY, HEADER + tuples([[b"a", b"b"]]) + TRAILER + tuples([[b"a", b"b"]])),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_nothing_may_follow_the_end_mark(spelling: CopyOptions, payload: bytes) -> None:
    for pieces in cuts(payload):
        with pytest.raises(Undecodable, match="behind its end mark"):
            cut_up(spelling, [25, 25], pieces)


@pytest.mark.parametrize(
    ("spelling", "payload"),
    [
        (TEXT, b"a\n"),
        (TEXT, b"a\tb\tc\n"),
        (TEXT, b"\n"),
        (TEXT, b"a\tb\nc\rd\te\n"),
        (TEXT, b"a\tb\r\nc\td\n"),
        (TEXT, b"a\tb\rc\td\n"),
        (CSV, b"a\n"),
        (CSV, b'a,"b\n'),
        (CSV, b'a,b"\n'),
        (CSV, b"a,b\r\nc,d\n"),
        (CSV, b"a,b\nc,d\re\n"),
        (CopyOptions(format="csv", delimiter=",", null="", header=True), b"a,b\rc,d\ne,f\n"),
        (BINARY, b"PGCOPY\n\xff\r\n\1" + bytes(8)),
        (BINARY, HEADER[:-4] + b"\x7f\xff\xff\xff"),
        (BINARY, HEADER[:-4] + b"\xff\xff\xff\xff"),
        (BINARY, HEADER + tuples([[b"a"]])),
        (BINARY, HEADER + tuples([[b"a", b"b", b"c"]])),
        (BINARY, HEADER + b"\xff\xfe"),
        (BINARY, HEADER + b"\0\2\xff\xff\xff\xfe"),
        (BINARY, HEADER + b"\0\2\x7f\xff\xff\xff"),
        (BINARY, HEADER + b"\0\2\0\0\0\1"),
        (BINARY, HEADER + b"\0"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_what_is_no_copy_of_its_format_is_refused(spelling: CopyOptions, payload: bytes) -> None:
    with pytest.raises(Undecodable):
        CopyMessages(spelling, [25, 25]).take(rows_of(cut_up(spelling, [25, 25], [payload])), [0, 1])


def test_an_end_mark_inside_of_a_line_is_refused_where_it_is_read() -> None:
    with pytest.raises(Undecodable, match="end mark"):
        CopyTextRows(TEXT, 1).take(b"a\\.\n", [0])
    assert CopyTextRows(TEXT, 1).take(b"a\\\\.\n", [0]) == [[b"a\\."]]


@pytest.mark.parametrize("encoding", ["latin1", "SQL_ASCII", "sjis"])
def test_a_copy_in_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(Undecodable) as caught:
        CopyMessages(CopyOptions(encoding=encoding), [25])
    assert caught.value.fault is Fault.ENCODING
    assert CopyMessages(CopyOptions(encoding="UTF8"), [25]).width == 1


def test_a_format_that_there_is_not_is_refused() -> None:
    with pytest.raises(Undecodable):
        CopyMessages(CopyOptions(format="parquet"), [25])


@pytest.mark.parametrize("spelling", [TEXT, CSV, BINARY], ids=["text", "csv", "binary"])
def test_a_row_that_does_not_end_is_kept_up_to_the_limit_and_no_further(spelling: CopyOptions) -> None:
    cutter = CopyCutter(spelling, [25], 10_000)
    cutter.feed(copy_data([HEADER + b"\0\1\0\0\x27\0" if spelling is BINARY else b'"x']))

    def go_on() -> None:
        while True:
            cutter.feed(copy_data([b"y" * 100]))
            assert cutter.held <= 10_000

    with pytest.raises(Undecodable) as caught:
        go_on()
    assert caught.value.fault in (Fault.TOO_LARGE, Fault.MALFORMED)


@pytest.mark.parametrize("run", [b"d", b"d\0\0\0\3", b"d\0\0\0\x09abcd", b"c\0\0\0\4", b"d\xff\xff\xff\xff"])
def test_a_run_that_is_none_is_refused(run: bytes) -> None:
    with pytest.raises(Undecodable):
        copy_payload(run)


def test_columns_without_a_row_and_rows_without_a_column_are_carried() -> None:
    assert cut_up(TEXT, [25], []) == []
    rows = CopyTextRows(TEXT, 0)
    assert rows.count(b"\n\n") == 2
    assert rows.put(b"\n\n", [], []) == b"\n\n"
