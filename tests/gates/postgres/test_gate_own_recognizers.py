"""A company's own recognizers at the PostgreSQL gate: what is in free text, in a list, and in a list that has changed."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from gate_house import SCHEMA, House, house, read_policy

from postgres_servers import Server

ROWS = """
insert into person (id, name, note) values
 (20, 'Dee Example', 'order K-12345674 for Quintella Kraken'), (21, 'Eli Example', 'order K-12345675');
"""
DETECT = """
detect:
  recognizers:
    - {{entity: CUSTOMER_NUMBER, category: user.unique_id, patterns: ['K-[0-9]{{8}}'], check: luhn}}
  deny: [{{values: [{who}], category: user.account.username}}]
"""


def told(who: str) -> str:
    return DETECT.format(who=who)


@pytest.fixture
def gate(postgres: Server, tmp_path: Path) -> Iterator[House]:
    with house(postgres.database("own", SCHEMA + ROWS), tmp_path, detect=told("Hunter Two")) as running:
        yield running


def notes(client: "psycopg.Connection[tuple[str]]") -> list[str]:
    return [row[0] for row in client.execute("select note from person where id >= 20 order by id")]


def test_ones_own_numbers_do_not_pass_the_gate_and_the_ledger_says_which_recognizer(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        assert notes(client) == ["order [redacted:unique_id] for Quintella Kraken", "order K-12345675"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("insert into person (id, note) values (30, 'for K-12345674')")
    facts = [fact for body in gate.entries.bodies for fact in body.get("found", ())]  # type: ignore[union-attr]
    own = [fact for fact in facts if fact["entity"] == "CUSTOMER_NUMBER"]  # type: ignore[index,call-overload]
    assert own
    assert {fact["category"] for fact in own} == {"user.unique_id"}  # type: ignore[index,call-overload]
    assert "declared:CUSTOMER_NUMBER" in own[0]["evidence"]  # type: ignore[index,call-overload,operator]
    assert "12345674" not in str(gate.entries.bodies)


def test_a_list_that_has_changed_is_taken_by_a_running_session(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        assert "Quintella Kraken" in notes(client)[0]
        changed = read_policy(gate.policy.assets[next(iter(gate.policy.assets))].at, detect=told("Quintella Kraken"))
        assert changed.hash != gate.policy.hash
        take = gate.run(gate.gate.prepare(changed))
        gate.loop.call_soon_threadsafe(take)
        gate.run(_nothing())  # what was called before it has run
        assert notes(client) == ["order [redacted:unique_id] for [redacted:username]", "order K-12345675"]


async def _nothing() -> None:
    return None
