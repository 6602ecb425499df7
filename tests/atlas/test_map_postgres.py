"""A PostgreSQL database is mapped as it is: every kind of relation and type, by a login that can only read, disturbing nobody."""

import json
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from atlas_sources import CANARIES, CORPORA, EVERYTHING, readable

from postgres_servers import Server, as_user, shop_database
from ringfence.atlas import AssetMap, Mapped, MappedTable, State, Unreachable, asset_of, map_postgres
from ringfence.atlas.postgres_catalogue import read_catalogue
from ringfence.demo import postgres_shop
from ringfence.policy import read
from ringfence.taxonomy import CATEGORIES

LOGIN = "atlas_reader"


def everything(postgres: Server) -> str:
    return postgres.database("atlas", EVERYTHING + readable(LOGIN))


def judged(found: AssetMap) -> dict[str, str]:
    return {one.path: one.judgement for one in found.fields}


def test_every_kind_of_relation_and_type_is_mapped(postgres: Server) -> None:
    found = map_postgres(everything(postgres), asset="crm", zone="core")
    by = judged(found)
    assert by["crm.person.full_name"] == "user.name"
    assert by['crm.person."E-Mail"'] == "user.contact.email"
    assert by["crm.person.phone"] == "user.contact.phone_number"
    assert by["crm.person.contact"] == "user.contact.email"
    assert by["crm.person.born"] == "user.demographic.date_of_birth"
    assert by["crm.person.active"] == "none"
    assert by["crm.person.note"] == "scan"
    assert by["crm.person.addresses"] == "user.contact.email"
    assert by["crm.person.document"] == "scan"
    assert by["crm.person.document.user.email"] == "user.contact.email"
    assert by["crm.person.document.user.age"] != "scan"
    assert by["crm.person.home"] == by["crm.person.homes"] == "scan"
    assert by["crm.person.home.mail"] == by["crm.person.homes[].mail"] == "user.contact.email"
    assert by["crm.purchase.title"] == "none"
    kinds = {table.path: table.kind for table in found.tables}
    assert kinds["crm.visit"] == "partitioned table"
    assert "crm.visit_low" not in kinds
    assert kinds["crm.directory"] == "view"
    assert kinds["crm.kept"] == "materialised view"
    assert {table.path for table in found.tables if table.path.startswith(("pg_", "information_schema"))} == set()
    assert found.kind == "postgres"
    assert "postgres:" not in found.at
    assert found.at.startswith("postgresql://127.0.0.1:")


def test_names_that_are_data_become_no_paths(postgres: Server) -> None:
    found = map_postgres(everything(postgres))
    by = judged(found)
    assert by["crm.person.document.by"] == "scan"
    for one in found.fields:
        for canary in CANARIES:
            assert canary not in f"{one.path} {one.evidence} {one.type}"


def test_views_and_keys_say_where_their_values_come_from(postgres: Server) -> None:
    by = map_postgres(everything(postgres)).by_path()
    copy = by["crm.directory.mail"]
    assert copy.judgement == "user.contact.email"
    assert [str(each) for each in copy.lineage] == ['copy of crm.person."E-Mail"']
    assert by["crm.directory.shown"].judgement in ("user.name", "unknown")
    assert by["crm.directory.shown"].lineage == ()
    assert by["crm.directory.n"].judgement == "none"
    assert by["crm.kept.phone"].judgement == "user.contact.phone_number"
    key = by["crm.purchase.person_id"]
    assert key.judgement == by["crm.person.id"].judgement
    assert [str(each) for each in key.lineage] == (["key of crm.person.id"] if by["crm.person.id"].is_personal else [])


def test_a_key_of_a_personal_column_takes_its_category(postgres: Server) -> None:
    dsn = postgres.database(
        "keyed",
        "create table a (email text primary key); create table b (x text references a (email));"
        "insert into a select 'p' || i || '@example.org' from generate_series(1, 9) i",
    )
    one = map_postgres(dsn).by_path()["public.b.x"]
    assert one.judgement == "user.contact.email"
    assert [str(each) for each in one.lineage] == ["key of public.a.email"]


def test_what_a_person_judged_is_kept_and_its_copies_follow(postgres: Server) -> None:
    found = map_postgres(
        everything(postgres), reviewed={"crm.purchase.title": "user.content", "crm.person.note": "none"}
    )
    by = found.by_path()
    assert by["crm.purchase.title"].reviewed
    assert by["crm.purchase.title"].judgement == "user.content"
    assert by["crm.person.note"].judgement == "none"


def test_a_login_that_may_only_read_maps_the_same(postgres: Server) -> None:
    dsn = everything(postgres)
    as_reader = map_postgres(as_user(dsn, LOGIN))
    owner = {path: one for path, one in judged(map_postgres(dsn)).items() if path.startswith("crm.")}
    assert {path: one for path, one in judged(as_reader).items() if path.startswith("crm.")} == owner
    assert as_reader.by_path()["public.nothing.id"].evidence == ("denied",)


def test_nothing_is_written_even_where_a_view_would(postgres: Server) -> None:
    dsn = postgres.database(
        "trap",
        "create table seen (n int); create table t (a text); insert into t values ('x');"
        "create function look() returns int language sql volatile as 'insert into seen values (1) returning n';"
        "create view trap as select look() as looked, a from t;",
    )
    found = map_postgres(dsn).by_path()
    assert found["public.trap.looked"].judgement == "unknown"
    assert found["public.trap.looked"].evidence == ("failed:25006",)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(*) from seen").fetchone() == (0,)


def test_what_a_view_does_to_the_session_does_not_outlive_its_sample(postgres: Server) -> None:
    dsn = postgres.database(
        "restless",
        "create view a_notice as select pg_notify('heard', 'x')::text as n;"
        "create view b_lock as select pg_advisory_lock(4711)::text as l;"
        "create view c_setting as select set_config('search_path', 'nowhere', false) as s;"
        "create table z (a text);",
    )
    held: list[object] = []
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("listen heard")

        def look(done: int, of: int) -> None:
            if done == of:  # all are sampled, and the map's own session is still there
                held.extend(
                    other.execute(
                        "select 1 from pg_locks where locktype = 'advisory' and objid = 4711 and database ="
                        " (select oid from pg_database where datname = current_database())"
                    ).fetchall()
                )

        map_postgres(dsn, progress=look)
        assert held == []
        assert list(other.notifies(timeout=0.2)) == []


def test_a_locked_table_is_given_up_and_said(postgres: Server) -> None:
    dsn = everything(postgres)
    with psycopg.connect(dsn) as holder:
        holder.execute("lock table crm.purchase in access exclusive mode")
        found = map_postgres(dsn).by_path()
    assert found["crm.purchase.title"].judgement == "unknown"
    assert found["crm.purchase.title"].evidence == ("locked",)
    assert found["crm.person.phone"].judgement == "user.contact.phone_number"


def test_a_view_that_takes_too_long_is_given_up(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.atlas.postgres.STATEMENT", 200)
    dsn = postgres.database("slow", "create view slow as select pg_sleep(60)::text as a")
    assert map_postgres(dsn).by_path()["public.slow.a"].evidence == ("timeout",)


@pytest.mark.parametrize("counted", ["analyze big", ""])
def test_a_large_table_is_sampled_from_all_over(postgres: Server, counted: str) -> None:
    """What stands in its first pages alone is not what it holds."""
    dsn = postgres.database(
        "large",
        "create table big as select case when i < 2000 then 'n/a' else 'p' || i || '@example.org' end as a, "
        "repeat('x', 200) as pad from generate_series(1, 60000) i; " + counted,
    )
    assert map_postgres(dsn).by_path()["public.big.a"].judgement == "user.contact.email"


def test_a_large_table_of_which_a_login_reads_some_columns_is_sampled_too(postgres: Server) -> None:
    dsn = postgres.database(
        "granted",
        "create table big (id int, a text, hidden text) partition by range (id);"
        "create table low partition of big for values from (0) to (30000);"
        "create table high partition of big for values from (30000) to (90000);"
        "insert into big select i, 'p' || i || '@example.org', repeat('x', 200) from generate_series(1, 60000) i; analyze big;"
        + readable(LOGIN)
        .replace("crm", "public")
        .replace("select on all tables in schema public", "select (id, a) on big"),
    )
    assert map_postgres(dsn).by_path()["public.big.a"].judgement == "user.contact.email"
    by = map_postgres(as_user(dsn, LOGIN)).by_path()
    assert by["public.big.a"].judgement == "user.contact.email"
    assert by["public.big.hidden"].evidence == ("denied",)


def test_text_without_an_encoding_is_read_as_it_comes(postgres: Server) -> None:
    postgres.psql("postgres", "drop database if exists atlas_raw")
    postgres.psql("postgres", "create database atlas_raw template template0 encoding 'SQL_ASCII' locale 'C'")
    postgres.psql(
        "atlas_raw",
        b"create table t (email text); insert into t values ('m\xfcller@example.org'), ('a@example.org');"
        b'create table u (id int, "stra\xdfe" text); create table "stra\xdfen" (id int); create type "\xfc" as (a text);'
        b"create table w (phone \"\xfc\"); comment on column w.phone is 'gr\xfc\xdfe';"
        b'create view x as select id as "stra\xdfe", email from u, t',
    )
    found = map_postgres(postgres.dsn("atlas_raw"))
    assert found.by_path()["public.t.email"].judgement == "user.contact.email"
    assert set(found.by_path()) >= {"public.t.email", "public.u.id", "public.w.phone", "public.x.email"}
    assert found.left_out == ("columns whose names are not UTF-8, which no policy can name: 3",)


def test_the_copied_columns_of_a_view_are_the_servers_own(server: Server) -> None:
    """On each version: sub-selects, joins, unions and renamed columns."""
    dsn = server.database(
        "rules",
        "create table a (x int, y text, z text); create view v as select s.y as first, upper(a.y) as second, a.z from a "
        "join (select y, x from a where z in (select y from a)) s on s.x = a.x; "
        "create view u as select y from a union select z from a; create view w as select first as again from v",
    )
    with psycopg.connect(dsn) as connection:
        lineage = {
            column.path: [each.path for each in relation.lineage.get(column.number, ())]
            for relation in read_catalogue(connection)
            for column in relation.columns
        }
    assert lineage["public.v.first"] == ["public.a.y"]
    assert lineage["public.v.second"] == []
    assert lineage["public.v.z"] == ["public.a.z"]
    assert lineage["public.w.again"] == ["public.v.first"]
    assert lineage["public.u.y"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda dsn: "not a dsn", "not the address of a PostgreSQL database"),
        (lambda dsn: dsn.replace("@127.0.0.1:", "@127.0.0.1:1"), "nothing listens there"),
        (lambda dsn: as_user(dsn, "nobody_here", "wrong-secret-1"), "no such database or user"),
        (lambda dsn: dsn.rpartition("/")[0] + "/no_such_database", "no such database or user"),
        (lambda dsn: as_user(dsn, "postgres", "wrong-secret-1"), "does not take this user and password"),
    ],
)
def test_a_database_that_cannot_be_reached_is_said_without_the_password(
    postgres: Server, change: object, said: str
) -> None:
    dsn = change(postgres.database("reach"))  # type: ignore[operator]
    if dsn.rpartition(":")[2].startswith("1") and len(dsn.rpartition(":")[2].partition("/")[0]) > 5:
        dsn = "postgresql://postgres@127.0.0.1:1/x"
    with pytest.raises(Unreachable) as caught:
        map_postgres(dsn)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    assert "wrong-secret-1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_dsn_tells_a_name_and_no_password() -> None:
    assert asset_of("postgresql://u:hush@h:5433/my%20shop") == ("my-shop", "host=h port=5433 user=u dbname=my shop")


def test_a_run_that_was_ended_takes_what_it_had(postgres: Server, tmp_path: Path) -> None:
    dsn = everything(postgres)
    state = State(tmp_path, "crm", "here")
    whole = map_postgres(dsn, state=state)
    state.close()
    lines = (tmp_path / "crm.part.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "crm.part.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:30])
    with psycopg.connect(dsn) as connection:
        connection.execute("update crm.person set full_name = '7'")
    state = State(tmp_path, "crm", "here")
    assert state.resumed == 3
    again = map_postgres(dsn, state=state)
    assert again.by_path()["crm.person.full_name"] == whole.by_path()["crm.person.full_name"]
    state.finish(again)
    state.close()
    assert not (tmp_path / "crm.part.jsonl").exists()
    assert (tmp_path / "crm.jsonl").stat().st_mode & 0o777 == 0o600
    with closing(State(tmp_path, "crm", "here")) as state:
        assert state.resumed == 0
    for line in (tmp_path / "crm.jsonl").read_text().splitlines():
        assert not [canary for canary in CANARIES if canary in json.dumps(json.loads(line))]


def test_a_state_of_another_source_is_not_gone_on_with(tmp_path: Path) -> None:
    with closing(State(tmp_path, "a", "one")) as state:
        state.keep(MappedTable("t", "table", (Mapped("t.a", "text", "none", 0.5),)), "x")
    with closing(State(tmp_path, "a", "one")) as state:
        assert state.resumed == 1
    with closing(State(tmp_path, "a", "one", fresh=True)) as state:
        assert state.resumed == 0
        state.keep(MappedTable("t", "table", ()), "x")
    with closing(State(tmp_path, "a", "two")) as state:
        assert state.resumed == 0


def test_the_demos_shop_is_mapped_as_its_policy_says(postgres: Server) -> None:
    """Precision and recall of the demo's own columns, whose judgement its policy knows."""
    truth = read("shop.yaml", {"shop.yaml": SHOP.read_text(encoding="utf-8")}, Everything())
    [fields] = [asset.fields for asset in truth.assets.values() if asset.fields]
    by = map_postgres(shop_database(postgres)).by_path()
    known = {path: one for path, one in by.items() if path in fields}
    personal = {path for path, judgement in fields.items() if judgement in CATEGORIES and path in by}
    found = {path for path, one in known.items() if one.is_personal}
    assert len(personal) > 10
    assert len(personal & found) >= 0.95 * len(personal), personal - found
    wrong = {path for path in found - personal if by[path].judgement != "user.unique_id"}
    assert len(wrong) <= 0.05 * len(found), wrong


class Everything(dict[str, str]):
    """An environment in which every variable is set."""

    def __missing__(self, name: str) -> str:
        return "1"

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: object = None) -> str:  # type: ignore[override]
        return "1"


SHOP = Path(postgres_shop.__file__).with_name("shop.yaml")
SAKILA = CORPORA / "db" / "sakila"
MISSED_ALLOWED, FALSE_ALLOWED = 2, 3


@pytest.mark.skipif(not SAKILA.exists(), reason="the corpora are not beside this checkout")
def test_sakila_is_mapped_as_people_labelled_it(postgres: Server) -> None:
    script = (SAKILA / "postgres-sakila-schema.sql").read_bytes()
    script += (SAKILA / "postgres-sakila-insert-data-using-copy.sql").read_bytes()
    found = map_postgres(postgres.database("sakila", script), asset="sakila")
    by = found.by_path()
    labels = [json.loads(line) for line in (SAKILA / "columns.jsonl").read_text(encoding="utf-8").splitlines()]
    missed, false = [], []
    for label in labels:
        one = by.get(f"public.{label['table']}.{label['column']}")
        if one is None:
            continue
        if label["label"] and not (one.is_personal or one.judgement == "scan"):
            missed.append(one.path)
        if not label["label"] and one.is_personal and one.judgement != "user.unique_id":
            false.append(one.path)
    assert len(missed) <= MISSED_ALLOWED, missed
    assert len(false) <= FALSE_ALLOWED, false
    assert by["public.customer_list.phone"].judgement == "user.contact.phone_number"
