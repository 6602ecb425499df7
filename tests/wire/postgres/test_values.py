"""Values are decoded as the server spells them and encoded to the bytes that it sends: asked of the servers themselves."""

import random
from collections.abc import Sequence

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from value_samples import SAMPLES, text, timestamp

from postgres_servers import Server
from ringfence.carriers import Undecodable
from ringfence.transform.types import ValueType
from ringfence.wire.postgres.values import TEXTUAL, array_of, codec_of, composite_of, has_codec, is_json, value_type

Connection = psycopg.Connection[tuple[object, ...]]
SETTINGS = "set timezone = 'UTC'; set datestyle = iso; set intervalstyle = postgres; set extra_float_digits = 1"


def both(connection: Connection, sql: str, arguments: Sequence[object]) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Give the type of the first column, and its values in text and in binary."""
    columns = []
    oid = 0
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        cursor.execute(sql, arguments)
        result = cursor.pgresult
        assert result is not None
        oid = result.ftype(0)
        columns.append([result.get_value(row, 0) for row in range(result.ntuples)])
    return oid, [(bytes(plain), bytes(raw)) for plain, raw in zip(*columns, strict=True) if plain and raw]


def check(connection: Connection, count: int, seed: int) -> int:
    rng = random.Random(seed)
    checked = 0
    for name, sample in SAMPLES.items():
        values = [sample(rng) for _ in range(count)]
        for sql, arguments in (
            (f"select v::{name} from unnest(%s::text[]) v", [values]),
            (f"select array(select v::{name} from unnest(%s::text[]) v)", [values[:30]]),
            (
                f"select array[[a::{name}, b::{name}], [null, c::{name}]] from (values (%s, %s, %s)) v (a, b, c)",
                values[:3],
            ),
            (f"select '[-2:-1]={{NULL,NULL}}'::{name}[] union all select '{{}}'", []),
        ):
            oid, pairs = both(connection, sql, arguments)
            codec = codec_of(oid)
            assert codec is not None, f"{name}: no codec for {oid}"
            for plain, raw in pairs:
                assert codec.decode(raw) == plain
                assert codec.encode(plain) == raw
                checked += 1
    for _ in range(count):
        fields = [text(rng), rng.randint(-5, 5), text(rng), [text(rng), None, text(rng)], timestamp(rng)]
        sql = "select row(%s::text, %s::int4, null::text, row(%s::text, %s::text[]), %s::timestamptz)"
        _, [(plain, raw)] = both(connection, sql, fields)
        record = codec_of(2249)
        assert record is not None
        assert record.decode(raw) == plain
    return checked


def test_values_are_spelt_as_each_server_spells_them(server: Server) -> None:
    with psycopg.connect(server.database("values")) as connection:
        connection.execute(SETTINGS)
        assert check(connection, 60, server.version) > 1500


@pytest.mark.soak
def test_many_values_are_spelt_as_each_server_spells_them(server: Server) -> None:
    with psycopg.connect(server.database("values")) as connection:
        connection.execute(SETTINGS)
        for seed in range(20):
            check(connection, 1000, seed)


def test_words_of_a_search_document_are_spelt_as_the_server_spells_them(server: Server) -> None:
    samples = ["'a':1A,2 'b''c':3", "'x y' 'z':16383D", "'back\\\\slash':7B,8C", ""]
    with psycopg.connect(server.database("values")) as connection:
        oid, pairs = both(connection, "select unnest(%s::text[])::tsvector", [samples])
        codec = codec_of(oid)
        assert codec is not None
        assert len(pairs) == len(samples) - 1
        assert [codec.decode(raw) for _, raw in pairs] == [plain for plain, _ in pairs]


def test_composites_of_ones_own_go_both_ways(postgres: Server) -> None:
    rng = random.Random(3)
    dsn = postgres.database("composites", "create type address as (street text, number int, marks text[])")
    codec = composite_of([25, 23, 1009])
    with psycopg.connect(dsn) as connection:
        for _ in range(200):
            fields = [rng.choice([text(rng), None]), rng.choice([rng.randint(-9, 9), None]), [text(rng), None]]
            oid, [(plain, raw)] = both(connection, "select row(%s, %s, %s::text[])::address", fields)
            assert codec_of(oid) is None
            assert (codec.decode(raw), codec.encode(plain)) == (plain, raw)
        oid, [(plain, raw)] = both(connection, "select array[row('a,', 1, '{}')::address, null]", [])
        element = connection.execute("select 'address'::regtype::oid::int").fetchone()
        assert element is not None
        arrays = array_of(int(str(element[0])), codec)
        assert (arrays.decode(raw), arrays.encode(plain)) == (plain, raw)


def test_each_type_says_what_a_changed_value_must_be() -> None:
    expected = {
        25: ValueType.TEXT,
        1043: ValueType.TEXT,
        23: ValueType.INTEGER,
        1700: ValueType.NUMBER,
        16: ValueType.BOOLEAN,
        1082: ValueType.DATE,
        1184: ValueType.TIMESTAMP,
        2950: ValueType.UUID,
        869: ValueType.INET,
        17: ValueType.BYTES,
        3802: ValueType.OTHER,
        1009: ValueType.OTHER,
        99_999: ValueType.OTHER,
    }
    assert {oid: value_type(oid) for oid in expected} == expected
    assert (is_json(114), is_json(3802), is_json(25)) == (True, True, False)


def test_money_and_what_nobody_knows_have_no_codec() -> None:
    assert [has_codec(oid) for oid in (790, 791, 24, 99_999)] == [False] * 4
    assert codec_of(25) is TEXTUAL


BAD_TEXTS = {
    27: [b"(1,2", b"(1,70000)", b"(-1,2)"],
    600: [b"(1,2", b"(1)", b"1,2", b"(1,2))"],
    602: [b"(1,2)", b"[(1,2))", b"()"],
    604: [b"((1,2),(3))", b"((1,2)"],
    628: [b"{1,2}", b"{1,2,3,4}"],
    3220: [b"1", b"g/1", b"1/100000000"],
    3614: [b"'a':1"],
    3904: [b"1", b"[1,2", b"[1 2)", b"[x,2)", b"[1,2)x", b'["1,2)', b"[1,2,3)", b"[[1,2)", b"[1\\"],
    4451: [b"[1,2)", b"{[1,2)", b"{[1,2)[3,4)}", b"{[1,2),}", b"{,}"],
    16: [b"yes?", b""],
    20: [b"9223372036854775808", b"1.0", b"", b"1e3", "١".encode(), b"1_0", b" 1"],
    23: [b"2147483648", b"--1"],
    26: [b"-1"],
    700: [b"1e39", b"x", b"1_0", b"inf"],
    701: [b"1e309", b"nan", b".", b"0x1p3"],
    1700: [b"", b".", b"1e99999", b"1.2.3", b"abc"],
    869: [b"1.2.3", b"1.2.3.4/33", b"::/129", b"g::", b"fe80::1%eth0"],
    650: [b"1.2.3.4/8"],
    829: [b"00:11:22", b"00:11:22:33:44:55:66:77"],
    1082: [b"2023-02-29", b"1900-02-29", b"2024-13-01", b"2024-00-01", b"0000-01-01", b"24-01-01", b"2024-01-01 AD"],
    1083: [b"24:00:01", b"12:60:00", b"12"],
    1114: [b"2024-02-30 00:00:00", b"2024-01-01", b"yesterday"],
    1184: [b"2024-01-01 00:00:00+99"],
    1186: [b"1 fortnight", b"1 day 2 day", b"1", b"x"],
    1266: [b"12:00:00"],
    17: [b"\\xzz", b"\\9", b"\\x1"],
    18: [b"ab"],
    1562: [b"012"],
    2950: [b"not-a-uuid"],
    1007: [
        b"{1",
        b"{1,}",
        b"{{1},{1,2}}",
        b"{1}}",
        b"1",
        b"{1,{2}}",
        b"[0:5]={1}",
        b"[x:1]={1}",
        b'{"1',
        b"{" * 9 + b"}" * 9,
        b"{{}}",
    ],
    2249: [b"(1)"],
    2287: [b'{"(1)"}'],
}


@pytest.mark.parametrize(("oid", "value"), [(oid, value) for oid, values in BAD_TEXTS.items() for value in values])
def test_a_text_that_is_not_of_the_type_is_refused_and_not_shown(oid: int, value: bytes) -> None:
    codec = codec_of(oid)
    assert codec is not None
    with pytest.raises(Undecodable) as caught:
        codec.encode(value)
    assert str(caught.value) == "encoding: a text that its column's binary type cannot hold at byte 0"
    assert caught.value.__suppress_context__


OIDS = [oid for oid in range(7000) if has_codec(oid)]
ONE_WAY = (2249, 2287, 3614, 3643)  # records say themselves of what they are; words are the server's to find


@given(st.sampled_from(OIDS), st.binary(max_size=60))
def test_any_bytes_of_any_type_are_decoded_or_refused(oid: int, value: bytes) -> None:
    codec = codec_of(oid)
    assert codec is not None
    try:
        spelt = codec.decode(value)
    except Undecodable:
        return
    if oid not in ONE_WAY:
        again = codec.encode(spelt)
        assert codec.decode(again) == spelt


@given(
    st.sampled_from(OIDS),
    st.binary(max_size=60) | st.text('0123456789-+:.eE{}()," BCyearmondayNULL/\\', max_size=40).map(str.encode),
)
def test_any_text_of_any_type_is_encoded_or_refused(oid: int, value: bytes) -> None:
    codec = codec_of(oid)
    assert codec is not None
    try:
        raw = codec.encode(value)
    except Undecodable:
        return
    assert codec.encode(codec.decode(raw)) == raw


def test_an_array_of_elements_of_another_type_is_refused() -> None:
    arrays = codec_of(1009)
    assert arrays is not None
    with pytest.raises(Undecodable):
        arrays.decode(b"\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\1\0\0\0\1\0\0\0\4\0\0\0\5")


def test_records_in_records_end_at_a_depth() -> None:
    value = b"\0\0\0\0"
    for _ in range(2000):
        value = b"\0\0\0\1" + (2249).to_bytes(4) + len(value).to_bytes(4) + value
    record = codec_of(2249)
    assert record is not None
    with pytest.raises(Undecodable):
        record.decode(value)


@pytest.mark.parametrize(
    "value",
    [
        b"\0\0\0\1\0\0\0\0\0\0\0\x17\x7f\xff\xff\xff\0\0\0\1",
        b"\0\0\0\6\0\0\0\0\0\0\0\x17" + b"\x7f\xff\xff\xff\0\0\0\1" * 6,
        b"\0\0\0\7\0\0\0\0\0\0\0\x17" + b"\0\0\0\1\0\0\0\1" * 7,
        b"\xff\xff\xff\xff\0\0\0\0\0\0\0\x17",
        b"\0\0\0\1\0\0\0\0\0\0\0\x17\xff\xff\xff\xff\0\0\0\1",
    ],
)
def test_arrays_that_say_to_be_larger_than_they_are_are_refused(value: bytes) -> None:
    arrays = codec_of(1007)
    assert arrays is not None
    with pytest.raises(Undecodable):
        arrays.decode(value)
