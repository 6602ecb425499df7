"""Ways to learn what is hidden without being shown it, and to bring in what may not come: through a real gate."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from gate_house import SCHEMA, House, house

from postgres_servers import Server

CARD = "4111 1111 1111 1111"
Refused = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def gate(postgres: Server, tmp_path: Path) -> Iterator[House]:
    with house(postgres.database("oracles", SCHEMA + MORE), tmp_path) as running:
        yield running


MORE = "create sequence seen; grant all on sequence seen to client;"


@pytest.mark.parametrize(
    "text",
    [
        "create temp table mine as select id, email from person",
        "select id, left(email, 3) as e into temp mine from person",
        "create temp table mine as select id, note from person",
        "insert into pg_temp.mine (id, label) select id, email from person",
        "update pg_temp.mine set label = person.email from person where person.id = mine.id",
        "with few as (select id, email from person) insert into mine (id, label) select id, upper(email) from few",
    ],
)
def test_what_is_hidden_is_not_kept_in_temporary_tables(gate: House, text: str) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        if not text.startswith(("create", "select")):
            client.execute("create temp table mine (id int, label text)")
        with pytest.raises(Refused, match="may not be kept in a table of one's own"):
            client.execute(text.encode())
        client.execute("create temp table plain as select id, name from person")
        assert client.execute("select name from plain where name like 'Ada%'").fetchall() == [("Ada Example",)]


def test_errors_of_rows_that_a_foreign_key_reaches_quote_nothing(gate: House, postgres: Server) -> None:
    postgres.psql(
        gate.database,
        "create table vault (word text, item int not null references item on delete set null);"
        "insert into vault values ('never shown', 7); analyze vault",
    )
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        with pytest.raises(psycopg.errors.NotNullViolation) as caught:
            client.execute("delete from item where id = 7")
        assert "never" not in str(caught.value) + str(caught.value.diag.message_detail) + str(caught.value.diag.context)
        with pytest.raises(Refused, match="permission denied for table vault") as caught_too:
            client.execute("select 1 from vault")
        assert caught_too.value.diag.message_detail is None


def test_pg_dumps_own_statement_means_what_it_says_whatever_its_names_mean(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        cursor = psycopg.ClientCursor(client)
        cursor.execute("set search_path = pg_temp, pg_catalog, public")
        cursor.execute("create temp view pg_settings as select 'application_name'::text as name, id from public.person")
        text = (
            b"SELECT set_config(name, 'view', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'"
        )
        with pytest.raises(Refused):
            cursor.execute(text + b" ")
        assert cursor.execute(text).fetchall() == [("view",)]


def token_of(client: psycopg.Connection) -> str:
    [token] = client.execute("select email from person where id = 1").fetchone() or [""]
    assert token.startswith("tok_")
    return str(token)


@pytest.mark.parametrize(
    "text",
    [
        "select $1::text, id from person where email = $1::text",
        "select id from person where email = $1 and $1::text = 'ada@example.com'",
        "select id from person where email = $1 or label_of($1::text)",
        "select v.t, id from person join (values ($1::text)) v(t) on email = v.t",
        "select id from person join (select $1::text as t) v on email = v.t join item on item.label = v.t",
        "update person set email = $1 where id = 2 returning $1::text",
        "with given as (select $1::text as t) update person set email = t from given where person.id = 2 returning t",
        "insert into item (id, label) select 1000, label from item where label = $1 and $1 in (select email from person)",
    ],
)
def test_a_token_that_stands_elsewhere_too_is_never_turned_back(gate: House, postgres: Server, text: str) -> None:
    postgres.psql(gate.database, "create function label_of(text) returns bool immutable return $1 = 'ada@example.com'")
    with psycopg.connect(gate.dsn("tom"), autocommit=True) as client:
        token = token_of(client)
        result = client.pgconn.exec_params(text.encode(), [token.encode()])
        stored = postgres.psql(gate.database, "select email from person where id = 2").strip()
        written = client.pgconn.exec_(text.replace("$1", f"'{token}'").encode())  # as literals, each is one of its own
        shown = [each.get_value(row, at) for each in (result, written) for row in range(each.ntuples) for at in (0, 1)]
        assert b"ada@example.com" not in shown
        assert stored != "ada@example.com"
        assert "returning" in text or not result.ntuples


def test_a_token_given_to_a_prepared_statement_is_turned_back_only_where_it_stands_alone(gate: House) -> None:
    with psycopg.connect(gate.dsn("tom"), autocommit=True) as client:
        token = token_of(client)
        client.execute("prepare alone(text) as select id from person where email = $1")
        assert client.execute(f"execute alone('{token}')").fetchall() == [(1,)]
        with pytest.raises(Refused):
            client.execute("prepare shown(text) as select $1, id from person where email = $1")
        client.execute("prepare written(int, text) as insert into person (id, email) values ($1, $2)")
        client.execute(f"execute written(50, '{token}')")


@pytest.mark.parametrize(
    "text",
    [
        "update person set born = ('1999-' || '01-01')::date where id = 2",
        "update person set born_at = born_at + 4 where id = 2",
        f"update person set note = 'card {CARD[:9]}' || '{CARD[9:]}' where id = 2",
        f"update person set note = concat('card {CARD[:9]}', '{CARD[9:]}') where id = 2",
        f"insert into person (id, note) select 60, a || b from (values ('{CARD[:9]}', '{CARD[9:]}')) v(a, b)",
        "insert into person (id, note) select 60, a || b from parts",
        "insert into person (id, note) select 60, whole from parts",
        "insert into person (id, born) select 60, born from parts",
        "insert into person (id, note) values (60, current_setting('application_name'))",
    ],
)
def test_values_that_are_put_together_go_only_where_such_values_may_go_clear(gate: House, text: str) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        client.execute("create temp table parts (a text, b text, whole text, born date)")
        client.execute(
            "insert into parts values ('4111 1111', ' 1111 1111', '4111 ' || '1111 1111 1111', date '1999-01-01')"
        )
        with pytest.raises(Refused):
            client.execute(text)
        client.execute("update person set name = 'Ada ' || 'Example', email = lower('ADA@EXAMPLE.COM') where id = 1")
        client.execute("update item set label = 'item ' || 'one', price = price + 1 where id = 1")


@pytest.mark.parametrize(
    ("setting", "text", "cost"),
    [
        ("", "select id from person where email = 'a@example.com' or email = 'b@example.com' and id = 1", 2),
        ("", "select id from person where email in ('a@example.com', 'b@example.com', 'c@example.com')", 3),
        (
            "",
            "select id from person where email = 'a@example.com' union all select id from person where email = 'b@example.com'",
            2,
        ),
        ("prepare p as select id from person where email = 'a@example.com' or email = 'b@example.com'", "execute p", 2),
        (
            "prepare p(text) as select id from person where email = 'a@example.com' or email = $1",
            "execute p('b@example.com')",
            2,
        ),
    ],
)
def test_every_given_value_of_a_comparison_is_charged(
    postgres: Server, tmp_path: Path, setting: str, text: str, cost: int
) -> None:
    with (
        house(
            postgres.database("charged", SCHEMA), tmp_path, predicates="user.contact.email: {equality: 9, per: 1h}"
        ) as gate,
        psycopg.connect(gate.dsn(), autocommit=True) as client,
    ):
        if setting:
            client.execute(setting)
        for _ in range(9 // cost):
            client.execute(text)
        with pytest.raises(Refused, match="budget"):
            client.execute(text)
