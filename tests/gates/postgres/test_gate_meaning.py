"""What changes a statement's meaning, and that each is noticed: DDL, search_path, temporary tables, rolled back or not."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from gate_house import KEEPING, SCHEMA, House, house

from postgres_servers import Server

MASKED = "***************"


@pytest.fixture(params=["window", "strict"])
def gate(postgres: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    with house(postgres.database("meaning", SCHEMA), tmp_path, origins=request.param, more=KEEPING) as running:
        yield running


@pytest.fixture
def client(gate: House) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(gate.dsn(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(postgres: Server, gate: House) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(postgres.dsn(gate.database), autocommit=True) as connection:
        yield connection


def wait_for_the_window(gate: House, epoch: int) -> None:
    """Wait until a change behind the gate's back was noticed; it may take a second, and no longer than that."""
    if gate.gate.shared.gate.origins == "strict":
        return
    ending = time.monotonic() + 1.0
    while gate.gate.status().epoch == epoch and time.monotonic() < ending:
        time.sleep(0.01)
    assert gate.gate.status().epoch != epoch


def test_a_view_that_was_replaced_behind_the_gate_is_seen_anew(gate: House, client, owner) -> None:
    owner.execute("create view shown as select id, label as word from item; grant select on shown to client")
    assert client.execute("select word from shown where id = 1").fetchone() == ("item 1",)
    assert client.execute("select word from shown where id = %s", [1]).fetchone() == ("item 1",)
    epoch = gate.gate.status().epoch
    owner.execute("create or replace view shown as select id, email as word from person")
    wait_for_the_window(gate, epoch)
    assert client.execute("select word from shown where id = 1").fetchone() == (MASKED,)
    assert client.execute("select word from shown where id = %s", [1]).fetchone() == (MASKED,)


def test_a_prepared_statement_is_looked_at_again_when_its_view_was_swapped(gate: House, client, owner) -> None:
    owner.execute("create view two as select id, email as a, name as b from person; grant select on two to client")
    text = "select a, b from two where id = %s"
    for _ in range(3):
        assert client.execute(text, [1], prepare=True).fetchone() == (MASKED, "Ada Example")
    epoch = gate.gate.status().epoch
    owner.execute("create or replace view two as select id, name as a, email as b from person")
    wait_for_the_window(gate, epoch)
    assert client.execute(text, [1], prepare=True).fetchone() == ("Ada Example", MASKED)


def test_a_prepared_statement_stays_right_where_it_ran_inside_the_window(gate: House, client, owner) -> None:
    """The server may analyse it anew while nobody listens: it is looked at by its text, so that does not matter."""
    owner.execute("create view late as select id, name as a from person; grant select on late to client")
    text = "select a from late where id = %s"
    for _ in range(3):
        client.execute(text, [1], prepare=True)
    epoch = gate.gate.status().epoch
    owner.execute("create or replace view late as select id, email as a from person")
    client.execute(text, [1], prepare=True).fetchone()
    wait_for_the_window(gate, epoch)
    assert client.execute(text, [1], prepare=True).fetchone() == (MASKED,)


def test_a_search_path_decides_which_table_a_name_means(client, owner) -> None:
    owner.execute(
        "create schema other; create table other.item (id int, label text); insert into other.item values (1, 'hidden')"
    )
    owner.execute("grant usage on schema other to client; grant select on other.item to client")
    assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)
    client.execute("set search_path = other, public")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute("select label from item where id = 1")
    client.execute("reset search_path")
    assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)
    client.execute("select set_config('search_path', 'other', false)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute("select label from item where id = 1")


def test_a_search_path_that_is_rolled_back_is_forgotten(client, owner) -> None:
    owner.execute(
        "create schema other; create table other.item (id int, label text); insert into other.item values (1, 'hidden')"
    )
    owner.execute("grant usage on schema other to client; grant select on other.item to client")
    with client.transaction(force_rollback=True):
        client.execute("set search_path = other")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), client.transaction():
            client.execute("select label from item where id = 1")
    assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)
    with client.transaction():
        client.execute("set local search_path = other")
    assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)


def test_a_prepared_statement_follows_the_search_path(client, owner) -> None:
    owner.execute(
        "create schema other; create table other.item (id int, label text); insert into other.item values (1, 'hidden')"
    )
    owner.execute("grant usage on schema other to client; grant select on other.item to client")
    for _ in range(3):
        client.execute("select label from item where id = %s", [1], prepare=True)
    client.execute("set search_path = other")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute("select label from item where id = %s", [1], prepare=True)


def test_a_temporary_table_hides_the_one_of_its_name(client) -> None:
    assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)
    client.execute("create temp table item as select id, email as label from person")
    assert client.execute("select label from item where id = 1").fetchone() == ("[redacted:email]",)
    client.execute("drop table pg_temp.item")
    assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)


def test_a_temporary_table_holds_what_its_session_put_there_in_clear(client) -> None:
    client.execute("create temp table own (n int, word text)")
    client.execute("insert into own values (1, 'mine')")
    assert client.execute("select n, word from own").fetchall() == [(1, "mine")]
    client.execute("insert into own select id, email from person where id = 1")
    shown = client.execute("select word from own").fetchall()
    assert len(shown) == 2
    assert "ada" not in str(shown)


def test_labels_travel_from_temporary_table_to_temporary_table(client) -> None:
    client.execute("create temp table one as select id, lower(email) as e from person")
    client.execute("create temp table two as select id as i, e || 'x' as f from one")
    client.execute("create temp table three (g text)")
    client.execute("insert into three select f from two")
    assert "ada" not in str(client.execute("select g from three").fetchall())
    assert "ada" not in str(client.execute("select g || 'y' from three").fetchall())


def test_temporary_tables_of_one_session_mean_nothing_to_another(gate: House, client) -> None:
    client.execute("create temp table item as select id, email as label from person")
    with psycopg.connect(gate.dsn(), autocommit=True) as other:
        assert other.execute("select label from item where id = 1").fetchone() == ("item 1",)
    assert client.execute("select label from item where id = 1").fetchone() == ("[redacted:email]",)


def test_statements_are_known_by_the_text_around_their_integers(postgres: Server, tmp_path: Path) -> None:
    with (
        house(postgres.database("meaning", SCHEMA), tmp_path) as gate,
        psycopg.connect(gate.dsn(), autocommit=True) as client,
    ):
        cursor = psycopg.ClientCursor(client)
        for number in range(1, 30):
            assert cursor.execute(f"select label from item where id = {number}").fetchone() == (f"item {number}",)
        assert gate.gate.status().traced == 1
        assert cursor.execute("select label from item where id = 3 and label = '3'").fetchone() is None
        assert gate.gate.status().traced == 2


def test_a_text_in_whose_values_nothing_was_found_is_known_when_it_comes_again(
    postgres: Server, tmp_path: Path
) -> None:
    with (
        house(postgres.database("meaning", SCHEMA), tmp_path) as gate,
        psycopg.connect(gate.dsn(), autocommit=True) as client,
    ):
        cursor = psycopg.ClientCursor(client)
        text = "select i.label, 'plain' from item i join person p on p.id = i.id where p.id = 1"
        for _ in range(5):
            assert cursor.execute(text).fetchone() == ("item 1", "plain")
        assert gate.gate.status().statements == 1
        for _ in range(2):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                cursor.execute(text.replace("plain", "4111 1111 1111 1111"))
        assert gate.gate.status().statements == 3


def test_a_watch_that_breaks_goes_on_and_until_then_nothing_is_known(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house(postgres.database("meaning", SCHEMA), tmp_path) as gate:
        shared, broke = gate.gate.shared, threading.Event()

        async def break_once(*_: object) -> list[list[str]]:
            monkeypatch.undo()
            broke.set()
            raise RuntimeError("the transport is closed")

        until(lambda: shared.polled)
        epoch = shared.epoch.number
        monkeypatch.setattr("ringfence.gates.postgres.upstream.Upstream.fetch", break_once)
        assert broke.wait(20)
        until(lambda: shared.polled and shared.epoch.number >= epoch + 2)
    assert any("RuntimeError" in each for each in gate.told)
    assert any("watched again" in each for each in gate.told)


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_gate_that_cannot_watch_the_catalogue_knows_nothing_by_its_text(postgres: Server, tmp_path: Path) -> None:
    with (
        house(postgres.database("meaning", SCHEMA), tmp_path) as gate,
        psycopg.connect(gate.dsn(), autocommit=True) as client,
    ):
        client.execute("select label from item where id = 1")
        gate.gate.shared.polled = False
        gate.loop.call_soon_threadsafe(gate.gate.shared.new_epoch)
        for _ in range(3):
            client.execute("select label from item where id = 1")
        assert gate.gate.status().traced >= 2
