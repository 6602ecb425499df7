"""An SQLite file is mapped by reading alone: tables, views, keys, documents in text, locks and damage."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from atlas_sources import CANARIES, DOCUMENT, EMAIL, NAME, PHONE

from ringfence.atlas import AtlasError, map_sqlite

SCHEMA = """
create table customer (id integer primary key, full_name text, email varchar(80), phone text, document text, photo blob, note text);
create table purchase (id integer primary key, customer_id integer references customer (id), title text, amount real);
create table handed (mail text references customer (email));
create view people as select full_name, email from customer;
create table odd ("select" text, "a.b" text) ;
create table bare (a text primary key, b text) without rowid;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "shop.db"
    with closing(sqlite3.connect(made)) as connection, connection:
        connection.executescript(SCHEMA)
        for number in range(1, 31):
            row = (
                number,
                NAME,
                f"canary.zweig{number}@posta-nova.net",
                PHONE,
                DOCUMENT,
                EMAIL.encode(),
                f"wrote to {EMAIL} again",
            )
            connection.execute("insert into customer values (?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute(
                "insert into purchase values (?, ?, ?, ?)", (number, number, f"Blue chair {number}", 1.5)
            )
        connection.execute("insert into odd values (?, ?)", (EMAIL, "x"))
        connection.executemany("insert into bare values (?, ?)", [(f"k{n}", f"p{n}@example.org") for n in range(9)])
    return made


def test_tables_views_and_documents_are_mapped(file: Path) -> None:
    found = map_sqlite(file)
    by = found.by_path()
    assert found.asset == "shop"
    assert found.kind == "store"
    assert by["customer.full_name"].judgement == "user.name"
    assert by["customer.email"].judgement == "user.contact.email"
    assert by["customer.phone"].judgement == "user.contact.phone_number"
    assert by["customer.document"].judgement == "scan"
    assert by["customer.document.user.email"].judgement == "user.contact.email"
    assert by["customer.photo"].is_personal or by["customer.photo"].judgement == "unknown"
    assert by["people.email"].judgement == "user.contact.email"
    assert by["purchase.title"].judgement == "none"
    assert by['odd."a.b"'].type == "text"
    assert by["bare.b"].judgement == "user.contact.email"
    told = json.dumps([[one.path, one.evidence, one.type] for one in found.fields])
    assert not [canary for canary in CANARIES if canary in told]


def test_a_key_of_a_personal_column_takes_its_category(file: Path) -> None:
    one = map_sqlite(file).by_path()["handed.mail"]
    assert one.judgement == "user.contact.email"
    assert [str(each) for each in one.lineage] == ["key of customer.email"]


def test_the_file_stays_as_it_is(file: Path) -> None:
    before = file.read_bytes(), file.stat().st_mtime_ns, sorted(one.name for one in file.parent.iterdir())
    file.chmod(0o400)
    map_sqlite(file)
    assert (file.read_bytes(), file.stat().st_mtime_ns, sorted(one.name for one in file.parent.iterdir())) == before


def test_a_large_table_is_sampled_from_several_places(tmp_path: Path) -> None:
    made = tmp_path / "large.db"
    with closing(sqlite3.connect(made)) as connection, connection:
        connection.execute("create table big (a text)")
        rows = ((f"p{n}@example.org" if n > 2000 else "n/a",) for n in range(20_000))
        connection.executemany("insert into big values (?)", rows)
    assert map_sqlite(made).by_path()["big.a"].judgement == "user.contact.email"


def test_a_locked_file_is_said(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("begin exclusive")
        with pytest.raises(AtlasError, match="locked"):
            map_sqlite(file)


def test_a_query_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.atlas.sqlite.SECONDS", 0.2)
    made = tmp_path / "slow.db"
    with closing(sqlite3.connect(made)) as connection, connection:
        connection.execute(
            "create view slow as with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) as a from n"
        )
    assert map_sqlite(made).by_path()["slow.a"].evidence == ("timeout",)


def test_what_is_no_database_is_said_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text(f"hello {EMAIL} " * 100)
    for name in ("text.db", "absent.db", "."):
        with pytest.raises(AtlasError) as caught:
            map_sqlite(tmp_path / name)
        assert len(str(caught.value).splitlines()) == 2
        assert EMAIL not in str(caught.value)


def test_a_damaged_table_is_unknown_and_the_others_are_mapped(tmp_path: Path, file: Path) -> None:
    raw = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("select rootpage from sqlite_master where name = 'purchase'").fetchone()[0]
        size = connection.execute("pragma page_size").fetchone()[0]
    raw[(page - 1) * size : page * size] = b"\xff" * size
    (tmp_path / "damaged.db").write_bytes(raw)
    by = map_sqlite(tmp_path / "damaged.db").by_path()
    assert by["purchase.title"].evidence == ("failed:damaged",)
    assert by["customer.phone"].judgement == "user.contact.phone_number"


def test_a_table_whose_columns_are_of_people_is_one_of_people(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db")) as database, database:
        for table, more in (("tbl_07", "email text"), ("tbl_08", "code text"), ("orders", "email text")):
            database.execute(f"create table {table} (first_name text, {more}, glaube text, status text)")
            database.executemany(
                f"insert into {table} values (?, ?, ?, ?)",
                [("Ada", f"p{n}@example.org" if "mail" in more else "x", "abc"[n % 3], "open") for n in range(40)],
            )
    found = {path: one.judgement for path, one in map_sqlite(tmp_path / "t.db").by_path().items()}
    assert found["tbl_07.glaube"] == "unknown"
    assert found["tbl_07.status"] == "none"
    assert found["tbl_08.glaube"] == "none", "a name alone makes no table of people"
    assert found["orders.glaube"] == "none", "its name says what it is of"
