"""`origins: strict`: the same tree is not analysed twice, and nothing that the catalogue says otherwise by now is believed."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from gate_house import SCHEMA, House, house

from postgres_servers import Server
from ringfence.gates.postgres import tracing

MASKED = "***************"
READ = "select id, email from person where id = 1"

Result = TypeVar("Result")
Client = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def gate(postgres: Server, tmp_path: Path) -> Iterator[House]:
    with house(postgres.database("remembering", SCHEMA), tmp_path, origins="strict") as running:
        yield running


@pytest.fixture
def client(gate: House) -> Iterator[Client]:
    with psycopg.connect(gate.dsn(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(postgres: Server, gate: House) -> Iterator[Client]:
    with psycopg.connect(postgres.dsn(gate.database), autocommit=True) as connection:
        yield connection


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[int, int]]:
    """How often since it was last asked: a statement was analysed with something to load; the same answers were asked for."""
    counted = {"load": 0, "_says_the_same": 0}

    def count(name: str) -> None:
        real: Callable[..., Awaitable[object]] = getattr(tracing, name)

        async def counting(*given: object, **named: object) -> object:
            counted[name] += 1
            return await real(*given, **named)

        monkeypatch.setattr(tracing, name, counting)

    for name in counted:
        count(name)

    def since() -> tuple[int, int]:
        found = counted["load"], counted["_says_the_same"]
        counted.update(dict.fromkeys(counted, 0))
        return found

    return since


def first(client: Client, text: str, *values: object) -> tuple[object, ...] | None:
    return client.execute(text, values or None).fetchone()


def while_still(owner: Client, act: Callable[[], Result], prepare: Callable[[], object] = lambda: None) -> Result:
    """Give what came of an attempt during which nobody wrote: the server is other tests' too, and its snapshot all databases'."""
    for _ in range(100):
        prepare()
        before = owner.execute("select pg_current_snapshot()::text").fetchone()
        came = act()
        if owner.execute("select pg_current_snapshot()::text").fetchone() == before:
            return came
    pytest.fail("somebody wrote all the time")


def test_a_known_tree_asks_nothing_while_the_snapshot_stands_still(client: Client, owner, turns) -> None:
    assert first(client, READ) == (1, MASKED)
    assert turns()[0] > 0

    def act() -> object:
        first(client, READ)  # in this snapshot
        turns()
        return [first(client, READ) for _ in range(3)], turns()

    assert while_still(owner, act) == ([(1, MASKED)] * 3, (0, 0))


def test_a_known_tree_asks_once_whether_all_is_as_it_was_when_somebody_has_written(
    client: Client, owner, turns
) -> None:
    first(client, READ)
    numbers = count()

    def write() -> None:
        owner.execute(f"create table elsewhere_{next(numbers)} (id int)")
        turns()

    def act() -> object:
        return [(first(client, READ), turns()) for _ in range(2)]

    assert while_still(owner, act, write) == [((1, MASKED), (0, 1)), ((1, MASKED), (0, 0))]


def test_a_session_is_sure_of_what_it_found_out_whatever_others_put_in_its_place(
    gate: House, client: Client, owner, turns
) -> None:
    def act() -> object:
        first(client, READ)
        turns()
        gate.gate.shared.memory.clear()
        return first(client, READ), turns()

    assert while_still(owner, act) == ((1, MASKED), (0, 0))


def test_another_session_asks_for_itself(gate: House, client: Client, turns) -> None:
    first(client, READ)
    turns()
    with psycopg.connect(gate.dsn(), autocommit=True) as other:
        assert first(other, READ) == (1, MASKED)
        assert turns() == (0, 1)


def test_a_new_tree_takes_the_answers_that_are_sure(gate: House, client: Client, owner, turns) -> None:
    asked: list[str] = []
    numbers = count(2)
    original = tracing._fetch

    async def fetch(session, query, values, *, sync):
        asked.append(query)
        return await original(session, query, values, sync=sync)

    def act() -> object:
        first(client, READ)
        asked.clear()
        first(client, f"select email, id from person where id = {next(numbers)}")
        return list(asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tracing, "_fetch", fetch)
        assert while_still(owner, act) == []


def test_a_trigger_that_was_made_behind_the_gate_is_seen_though_the_tree_is_the_same(client: Client, owner) -> None:
    text = "insert into item (id, label) values (9001, 'one') returning id"
    assert first(client, text) == (9001,)
    owner.execute(
        """delete from item where id = 9001; create function spy() returns trigger language plpgsql as
        $$ begin perform pg_notify('spied', new.label); return new; end $$;
        create trigger spied before insert on item for each row execute function spy()"""
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute(text)
    owner.execute("drop trigger spied on item")
    assert first(client, text) == (9001,)


def test_a_body_that_was_replaced_behind_the_gate_is_seen_though_the_tree_is_the_same(client: Client, owner) -> None:
    owner.execute(
        "create function word_of(n int) returns text stable language sql as 'select label from item where id = n'"
    )
    text = "select word_of(1)"
    for _ in range(2):
        assert first(client, text) == ("item 1",)
    owner.execute(
        "create or replace function word_of(n int) returns text stable language sql as 'select email from person where id = n'"
    )
    shown = first(client, text)
    assert shown is not None
    assert "ada@" not in str(shown[0])


def test_a_function_that_was_replaced_in_a_language_that_is_not_read_is_refused(client: Client, owner) -> None:
    owner.execute("create function one(n int) returns int immutable language sql begin atomic select n; end")
    for _ in range(2):
        assert first(client, "select one(1)") == (1,)
    owner.execute(
        "create or replace function one(n int) returns int immutable language plpgsql as 'begin return n; end'"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute("select one(1)")


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_snapshot_that_stands_still_shows_nothing(client: Client, owner, turns, isolation: str) -> None:
    first(client, READ)
    turns()
    client.execute(f"begin isolation level {isolation}")
    for _ in range(2):
        assert first(client, READ) == (1, MASKED)
        assert turns() == (0, 1)
    client.execute("commit")


def test_a_session_that_has_written_asks_again_until_its_transaction_ends(client: Client, turns) -> None:
    first(client, READ)
    client.execute("begin")
    client.execute("insert into item (id, label) values (9002, 'two')")
    for _ in range(2):
        turns()
        assert first(client, READ) == (1, MASKED)
        assert turns() == (0, 1)
    client.execute("rollback")


def test_what_a_transaction_defined_is_its_own_and_ends_with_it(client: Client, owner) -> None:
    text = "select label from item where id = 1"
    assert first(client, text) == ("item 1",)
    client.execute("begin")
    client.execute("create temp table item (id int, label text)")
    assert first(client, text) is None
    client.execute("rollback")
    assert first(client, text) == ("item 1",)


def test_a_tree_is_not_believed_under_another_policy(gate: House, client: Client) -> None:
    first(client, READ)
    assert gate.gate.shared.memory._found
    shared = gate.gate.shared

    async def change() -> None:
        shared.change_policy(shared.policy, shared.gate, shared.keys, shared.world.access)

    gate.run(change())
    assert not gate.gate.shared.memory._found
    assert first(client, READ) == (1, MASKED)


def test_statements_prepared_by_the_gate_are_made_anew_after_everything_was_dropped(client: Client, owner) -> None:
    first(client, READ)
    client.execute("discard all")
    owner.execute("create table anything (id int)")
    assert first(client, READ) == (1, MASKED)
    client.execute("deallocate all")
    assert first(client, READ) == (1, MASKED)
