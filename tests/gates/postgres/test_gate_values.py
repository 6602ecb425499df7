"""Values on their way in: literals, parameters, rows of a copy; tokens that come back; and the drivers that send them."""

import asyncio
import doctest
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from gate_house import PASSWORD, SCHEMA, House, house

from postgres_servers import Server
from ringfence.gates.postgres import conditions, consequences
from ringfence.gates.postgres.inbound import Literals, literal_value, quoted
from ringfence.sql.model import Given, GivenKind

MASKED = "***************"
CARD = "4111 1111 1111 1111"


@pytest.fixture
def gate(postgres: Server, tmp_path: Path) -> Iterator[House]:
    with house(postgres.database("values", SCHEMA), tmp_path) as running:
        yield running


def stored(gate: House, postgres: Server, what: str) -> str:
    return postgres.psql(gate.database, what).strip()


def test_values_go_into_columns_that_the_flow_carries_and_into_no_others(gate: House, postgres: Server) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        client.execute("insert into person (id, name, email) values (10, 'Zed Example', 'zed@example.com')")
        client.execute("insert into person (id, name, email) values (11, %s, %s)", ["Yan Example", "yan@example.com"])
        client.execute("update person set email = %s where id = 11", ["yan@example.net"])
        for text, values in (
            (f"insert into person (id, note) values (12, 'card {CARD}')", None),
            ("insert into person (id, note) values (12, %s)", [f"card {CARD}"]),
            ("insert into person (id, born) values (12, '1999-01-01')", None),
            ("insert into person (id, born) values (12, %s)", ["1999-01-01"]),
            (f"select 'card {CARD}'", None),
            ("select %s::text", [f"card {CARD}"]),
            (f"update person set note = E'card\\n{CARD}' where id = 1", None),
            (f"update person set note = $tag$card {CARD}$tag$ where id = 1", None),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                client.execute(text, values)
    assert stored(gate, postgres, "select count(*) from person where id = 12 or note like '%4111%'") == "0"
    assert stored(gate, postgres, "select email from person where id = 11") == "yan@example.net"
    assert {"crossed", "refused"} == set(gate.entries.kinds())
    assert "4111" not in str(gate.entries.bodies)


def test_a_null_may_stand_where_no_value_may_be_written(gate: House, postgres: Server) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        insert = "insert into person (id, name, email, born, note) values (%s, %s, %s, %s, %s)"
        client.execute(insert, [50, "Nil Example", None, None, None])
        client.execute(insert, [51, "Nil Example", "nil@example.com", None, "nothing"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"public\.person\.born may not be written"):
            client.execute(insert, [52, "Nil Example", None, "1999-01-01", None])
        client.execute("update person set born = %s where id = 1", [None])
    assert stored(gate, postgres, "select count(*) from person where id in (50, 51)") == "2"
    assert stored(gate, postgres, "select count(*) from person where id = 52 or id = 1 and born is not null") == "0"


@pytest.mark.parametrize("back", [MASKED, "***@example.com", "[redacted:email]", "see [redacted:name] there"])
def test_a_form_that_was_shown_is_not_written_back(gate: House, postgres: Server, back: str) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        for text in ("update person set email = %s where id = 1", "update person set note = %s where id = 1"):
            if text.split()[3] == "note" and "[" not in back:
                continue  # free text may hold stars
            for values in (client, psycopg.ClientCursor(client)):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="with a form in which it was shown"):
                    values.execute(text, [back])
    with psycopg.connect(gate.dsn("eve", options="-c ringfence.reason=x"), autocommit=True) as client:
        client.execute(
            "update person set email = '***@example.org' where id = 2"
        )  # who sees it clear knows what it does
    assert stored(gate, postgres, "select email from person order by id limit 1") == "ada@example.com"


def test_a_copy_of_one_column_into_another_is_judged_by_both(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("update person set note = email where id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("insert into item select id, email, 1 from person")


def copy_a_note(cursor: "psycopg.Cursor[tuple[object, ...]]", form: str) -> None:
    with cursor.copy(f"copy person (id, note) from stdin (format {form})") as copy:
        copy.set_types(["int4", "text"])
        if form == "csv":
            copy.write(f"41,card {CARD}\n")
        else:
            copy.write_row((41, f"card {CARD}"))


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_rows_of_a_copy_are_judged_one_by_one(gate: House, postgres: Server, form: str) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client, client.cursor() as cursor:
        with cursor.copy(f"copy person (id, email) from stdin (format {form})") as copy:
            copy.set_types(["int4", "text"])
            for number in range(20, 40):
                if form == "csv":
                    copy.write(f'{number},"n{number}@example.com"\n')
                else:
                    copy.write_row((number, f"n{number}@example.com"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            copy_a_note(cursor, form)
        with cursor.copy(f"copy (select id, email from person where id = 20) to stdout (format {form})") as copy:
            data = b"".join(copy)
    assert MASKED[:5].encode() in data
    assert b"@" not in data
    assert stored(gate, postgres, "select count(*) from person where id between 20 and 40") == "20"
    assert stored(gate, postgres, "select count(*) from person where id = 41") == "0"


def test_a_token_that_was_given_out_compares_and_is_restored(gate: House, postgres: Server) -> None:
    with psycopg.connect(gate.dsn("tom"), autocommit=True) as client:
        [token] = client.execute("select email from person where id = 1").fetchone() or [""]
        assert token.startswith("tok_")
        assert client.execute("select id from person where email = %s", [token]).fetchall() == [(1,)]
        assert psycopg.ClientCursor(client).execute("select id from person where email = %s", [token]).fetchall() == [
            (1,)
        ]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("select id from person where email = 'ada@example.com'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("select id from person where email = %s", [token[:-1]])
        client.execute("update person set email = %s where id = 2", [token])
    assert stored(gate, postgres, "select email from person where id = 2") == "ada@example.com"


TYPED = """
create type contact as (mail text, number int);
create type mood as enum ('calm', 'loud');
create domain word as text check (length(value) < 200);
create type words as range (subtype = text);
create table typed (id int, who contact, others contact[], moods mood[], called word, spelt words, spot point);
insert into typed values (1, ('ada@example.com', 7), array[('bob@example.org', 1)::contact, ('', 2)::contact],
  '{calm,loud}', 'cyd@example.net', '[ada@example.com,eve@example.com]', '(1,2.5)');
grant select, insert on typed to client;
"""


def test_types_of_ones_own_are_looked_into_in_binary_both_ways(postgres: Server, tmp_path: Path) -> None:
    asyncpg = pytest.importorskip("asyncpg")

    async def play(port: int, database: str) -> None:
        client = await asyncpg.connect(host="127.0.0.1", port=port, user="ana", password=PASSWORD, database=database)
        try:
            typed = "select who, others, moods, called, spelt, spot from typed where id = $1"
            row = await client.fetchrow(typed, 1)  # what a type cannot hold becomes null
            assert (row["who"], row["others"], row["called"], row["spelt"]) == (None, None, MASKED, None)
            assert (row["moods"], tuple(row["spot"])) == (["calm", "loud"], (1, 2.5))
            insert = "insert into typed (id, who, moods, spelt) values ($1, $2, $3, $4)"
            await client.execute(insert, 2, ("nothing", 1), ["calm"], asyncpg.Range("a", "b"))
            row = await client.fetchrow(typed, 2)
            assert (tuple(row["who"]), row["spelt"]) == (("nothing", 1), asyncpg.Range("a", "b"))
            for who, spelt in (((f"card {CARD}", 1), None), (None, asyncpg.Range(f"card {CARD}", None))):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await client.execute(insert, 3, who, [], spelt)
        finally:
            await client.close()

    with house(postgres.database("typed", SCHEMA + TYPED), tmp_path) as gate:
        asyncio.run(play(gate.port, gate.database))
        with psycopg.connect(gate.dsn()) as client:  # a domain in a record that says itself what it holds
            result = client.cursor(binary=True).execute("select row(called, id), row('x'::word, 1) from typed").pgresult
            assert result is not None
            assert (result.get_value(0, 0), b"x" in (result.get_value(0, 1) or b"")) == (None, True)
    assert postgres.psql(gate.database, "select who, moods, spelt from typed where id > 1").strip() == (
        "(nothing,1)|{calm}|[a,b)"
    )


def test_what_is_computed_and_hidden_is_null_in_a_binary_type_that_nobody_can_read(gate: House) -> None:
    with psycopg.connect(gate.dsn()) as client:
        for kind in ("money", "regtype", "tsquery"):
            cursor = client.cursor(binary=True)
            computed = f"case when email is null then '1'::{kind} else '2'::{kind} end"
            text = f"select id, {computed}, 'plain' from person where id in (1, 3) order by id"
            assert cursor.execute(text.encode()).fetchall() == [(1, None, "plain"), (3, None, "plain")]


def test_asyncpg_sees_masks_in_binary_and_prepares_as_ever(gate: House) -> None:
    asyncpg = pytest.importorskip("asyncpg")

    async def play() -> None:
        client = await asyncpg.connect(
            host="127.0.0.1", port=gate.port, user="ana", password=PASSWORD, database=gate.database
        )
        try:
            rows = await client.fetch("select id, email, born_at, doc from person where id = $1", 1)
            assert (rows[0]["email"], rows[0]["born_at"]) == (MASKED, None)
            prepared = await client.prepare("select label from item where id = $1")
            assert [await prepared.fetchval(number) for number in (1, 2)] == ["item 1", "item 2"]
            async with client.transaction():
                seen = [row["email"] async for row in client.cursor("select email from person order by id", prefetch=1)]
            assert seen == [MASKED, MASKED, None]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await client.fetch("select word from secret")
        finally:
            await client.close()

    asyncio.run(play())


def test_pg8000_sees_masks(gate: House) -> None:
    pg8000 = pytest.importorskip("pg8000.native")
    client = pg8000.Connection("ana", host="127.0.0.1", port=gate.port, password=PASSWORD, database=gate.database)
    try:
        assert client.run("select id, email from person where id = :n", n=1) == [[1, MASKED]]
        with pytest.raises(pg8000.DatabaseError):
            client.run("select word from secret")
        assert client.run("select label from item where id = 1") == [["item 1"]]
    finally:
        client.close()


@pytest.mark.parametrize(
    ("token", "value"),
    [
        (b"'it''s'", "it's"),
        (b"E'a\\tb\\'c\\\\'", "a\tb'c\\"),
        (b"E'\\x41'", None),
        (b"$$a'b$$", "a'b"),
        (b"$t$x$t$", "x"),
        (b"12.5e3", "12.5e3"),
        (b"'one'\n'two'", None),
        (b"U&'\\0041'", None),
        (b"''", ""),
    ],
)
def test_a_literal_is_read_as_the_server_reads_it_or_not_at_all(token: bytes, value: str | None) -> None:
    assert literal_value(token) == value


def test_a_literal_that_changes_leaves_every_other_byte(gate: House) -> None:
    text = "select 'ä', 'b'  , 'c'".encode()
    start = text.index(b"'b'")
    given = Given(GivenKind.LITERAL, start + 100, start + 103)
    literals = Literals(text, 100)
    assert literals.get(given) == "b"
    assert literals.changed({given: "it's"}) == "select 'ä', 'it''s'  , 'c'".encode()
    assert quoted("a\0b") == b"'ab'"


@pytest.mark.parametrize("module", [conditions, consequences])
def test_the_examples_in_the_docstrings_are_right(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert (result.failed, result.attempted > 0) == (0, True)
