"""One flow observes while the other enforces: what enforces is passed by nothing, and what observes refuses nothing."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from gate_house import SCHEMA, House, house

from postgres_servers import Server
from ringfence.policy import FlowId, Mode, Policy

MAIL, MASKED, NAME = "ada@example.com", "***************", "Ada Example"


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database("observing", SCHEMA)


def with_modes(policy: Policy, reads: Mode, writes: Mode | None) -> Policy:
    """Give the same policy with its flows in these modes; None: nothing goes that way."""
    flows = {
        name: replace(flow, mode=reads if name == "reads" else writes or reads) for name, flow in policy.flows.items()
    }
    if writes is None:
        del flows[FlowId("writes")]
    return replace(policy, hash=f"{reads} {writes}", flows=flows)


def switch(gate: House, reads: Mode, writes: Mode | None) -> None:
    policy = with_modes(gate.policy, reads, writes)
    gate.loop.call_soon_threadsafe(gate.gate.change_policy, policy)
    gate.run(_nothing())


async def _nothing() -> None:
    return None


def code(client: psycopg.Connection, text: str, *values: object) -> str:
    """Run a statement; give its SQLSTATE, "" where it ran."""
    try:
        client.execute(text.encode(), values or None)
    except psycopg.Error as error:
        return error.sqlstate or "gone"
    return ""


def shown(client: psycopg.Connection, text: str) -> str:
    """Run a statement; give its rows as text, or its SQLSTATE."""
    try:
        return str(client.execute(text.encode()).fetchmany(1))
    except psycopg.Error as error:
        return error.sqlstate or "gone"


def said(gate: House, since: int) -> list[tuple[object, ...]]:
    """Give what the entries from one on say of refusals: flow, mode, would or was."""
    return [
        (body["flow"], body["mode"], "would" if "would" in body else "refused")
        for body in gate.entries.bodies[since:]
        if "would" in body or "refused" in body
    ]


RETURNING = "update person set born = '1990-01-01' where id = 1 returning name, email"


@pytest.mark.parametrize("values", [(), ("1990-01-01",)])
def test_what_a_write_that_is_only_observed_gives_back_is_masked(
    database: str, tmp_path: Path, values: tuple[str, ...]
) -> None:
    text = RETURNING.replace("'1990-01-01'", "%s") if values else RETURNING
    with house(database, tmp_path) as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        switch(gate, Mode.ENFORCE, Mode.OBSERVE)
        for _ in range(3):
            assert client.execute(text.encode(), values or None).fetchone() == (NAME, MASKED)
        assert said(gate, 0) == [("writes", "observe", "would")] * 3


def test_a_write_that_is_only_observed_spends_the_budget_of_comparisons(database: str, tmp_path: Path) -> None:
    asking = (
        "update person set born = '1990-01-01' where name = 'Ada Example' and email = 'ada@example.com' returning id"
    )
    budget = "user.contact.email: {equality: 2}"
    with house(database, tmp_path, predicates=budget) as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        switch(gate, Mode.ENFORCE, Mode.OBSERVE)
        assert [code(client, asking) for _ in range(3)] == ["", "", "42501"]


@pytest.mark.parametrize("writes", [Mode.ENFORCE, None])
def test_what_runs_unseen_writes_nothing_where_only_reading_is_observed(
    database: str, tmp_path: Path, writes: Mode | None
) -> None:
    unseen = "do $$ begin update person set born = '2001-01-01' where id = 2; end $$"
    with house(database, tmp_path) as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        switch(gate, Mode.OBSERVE, writes)
        assert code(client, unseen) == "42501"
        assert code(client, "create function f() returns int language sql as 'select 1'") == "42501"
        assert said(gate, 0) == [("writes" if writes else "", "enforce", "refused")] * 2
        assert client.execute("select born::text, email from person where id = 2").fetchone()[0] == "1991-01-02"  # type: ignore[index]
        switch(gate, Mode.OBSERVE, Mode.OBSERVE)
        before = len(gate.entries.bodies)
        assert code(client, unseen) == ""
        assert said(gate, before) == [("reads", "observe", "would")]


def test_a_write_that_enforces_is_refused_once_however_its_reading_is_judged(database: str, tmp_path: Path) -> None:
    with house(database, tmp_path) as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        switch(gate, Mode.OBSERVE, Mode.ENFORCE)
        assert code(client, "update person set born = born + 1 where id = 1") == "42501"
        assert code(client, "update person set born = born + %s::int where id = 1", 1) == "42501"
        assert said(gate, 0) == [("writes", "enforce", "refused")] * 2
        assert code(client, "select email from person where born > '1970-01-01'") == ""
        assert said(gate, 2) == [("reads", "observe", "would")]


@pytest.mark.parametrize("setting", ["client_encoding = 'SJIS'", "standard_conforming_strings = off"])
def test_what_the_gate_reads_by_stays_also_where_everything_observes(
    database: str, tmp_path: Path, setting: str
) -> None:
    with house(database, tmp_path) as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        switch(gate, Mode.OBSERVE, Mode.OBSERVE)
        assert code(client, f"set {setting}") == "42501"
        assert client.execute("select email from person where id = 1").fetchone() == (MAIL,), "the session goes on"
        name, _, value = setting.partition(" = ")
        unseen = f"do $$ begin perform set_config('{name}', '{value.strip(chr(39))}', false); end $$"
        with pytest.raises(psycopg.Error, match=f"changed {name}"):
            client.execute(unseen.encode())


def test_what_was_begun_while_flows_observed_ends_under_those_that_enforce(database: str, tmp_path: Path) -> None:
    with house(database, tmp_path) as gate, psycopg.connect(gate.dsn()) as client:
        switch(gate, Mode.OBSERVE, Mode.OBSERVE)
        client.execute("declare held cursor with hold for select email, born from person order by id")
        client.execute("declare cur cursor for select upper(email) from person order by id")
        client.execute("prepare p as select email from person where born = '1980-05-17'")
        client.execute("create temp table kept as select email, born from person")
        client.execute("do $$ begin execute 'create temp table unseen as select email from person'; end $$")
        client.execute("do $$ begin execute 'prepare hidden as select email from public.person'; end $$")
        assert client.execute("fetch held").fetchone()[0] == MAIL  # type: ignore[index]
        switch(gate, Mode.ENFORCE, Mode.ENFORCE)
        assert client.execute("fetch held").fetchone() == (MASKED, None)
        assert "example" not in str(client.execute("select email, born from kept").fetchall())
        for text in ("execute p", "execute hidden", "select email from unseen", "table unseen", "fetch cur"):
            client.execute("savepoint s")
            assert shown(client, text) in ("42501", "[('[redacted:email]',)]"), text
            client.execute("rollback to s")


def test_a_notification_comes_as_it_is_where_reading_is_observed(database: str, tmp_path: Path) -> None:
    with house(database, tmp_path) as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        switch(gate, Mode.OBSERVE, Mode.OBSERVE)
        client.execute("listen heard")
        client.execute("select pg_notify('heard', 'mail ada@example.com')")
        [heard] = client.notifies(timeout=20, stop_after=1)
        assert heard.payload == "mail ada@example.com"
