"""The gate's life: who is let in, what is refused on the way, what breaks, and what the ledger says of it."""

import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from gate_house import PASSWORD, SCHEMA, House, house, read_policy
from raw_client import RawClient, bind, cells, code, execute, letters, parse, query

from postgres_servers import Server
from tls_authority import Authority

MASKED = "***************"


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database("life", SCHEMA)


@pytest.fixture
def gate(database: str, tmp_path: Path) -> Iterator[House]:
    with house(database, tmp_path) as running:
        yield running


FAILS = "select email, 1 / (30000 - n) from person, generate_series(1, 30000) n where person.id = 1"
"""It fails when more than one message of rows has come."""


def changed(gate: House, **limits: float) -> None:
    """Give the running gate other limits."""
    policy = gate.gate.shared.policy
    other = replace(policy.gates["pg"], limits=replace(policy.gates["pg"].limits, **limits))
    policy = replace(policy, hash=policy.hash[::-1], gates={"pg": other})
    gate.loop.call_soon_threadsafe(gate.gate.change_policy, policy)
    gate.run(_nothing())


async def _nothing() -> None:
    return None


def test_a_wrong_password_is_told_nothing_else(gate: House) -> None:
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(gate.dsn().replace(PASSWORD, "another word that is long"))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(gate.dsn("nobody"))


def test_messages_before_the_client_is_known_are_refused(gate: House) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as raw:
        body = struct.pack("!i", 196608) + b"user\0ana\0database\0x\0\0"
        raw.sendall(struct.pack("!i", len(body) + 4) + body + query("select 1"))
        data = b""
        while piece := raw.recv(4096):
            data += piece
    assert b"08P01" in data


def test_replication_and_other_encodings_are_refused_in_words(gate: House) -> None:
    for parameters, words in (({"replication": "database"}, "replication"), ({"client_encoding": "LATIN1"}, "UTF8")):
        with pytest.raises(psycopg.OperationalError, match=words):
            psycopg.connect(gate.dsn(**parameters))


def test_a_database_that_is_not_behind_the_gate_is_refused(gate: House) -> None:
    with pytest.raises(psycopg.OperationalError, match="no such database"):
        psycopg.connect(gate.dsn().replace(gate.database, "postgres"))


def test_purpose_reason_and_role_may_be_given_at_the_start_or_later(gate: House) -> None:
    with psycopg.connect(gate.dsn("eve"), autocommit=True) as client:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="reason"):
            client.execute("select email from person where id = 1")
        client.execute("set ringfence.reason = 'a complaint'")
        assert client.execute("select email from person where id = 1").fetchone() == ("ada@example.com",)
    with psycopg.connect(gate.dsn("eve", options="-c ringfence.reason=audit -c ringfence.role=audit")) as client:
        assert client.execute("select email from person where id = 1").fetchone() == ("ada@example.com",)
    entry = next(body for body in gate.entries.bodies if body.get("reason") == "a complaint")
    assert (entry["principal"], entry["role"]) == ("users:eve", "audit")


def test_what_a_client_says_of_itself_is_scrubbed_before_it_is_recorded(gate: House) -> None:
    with psycopg.connect(gate.dsn(application_name="for ada@example.com"), autocommit=True) as client:
        client.execute("select email from person").fetchall()
    assert "ada@example.com" not in str(gate.entries.bodies)
    assert "application_name" in str(gate.entries.bodies[-1]["client"])


def test_what_is_relayed_after_an_idle_while_is_counted_too(gate: House) -> None:
    async def gathered() -> None:
        gate.gate.shared._gather()

    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        cursor = psycopg.ClientCursor(client)
        for _ in range(3):
            cursor.execute("select label from item where id = 1")
            for _ in range(2):  # the second time it was idle, and is not watched any more
                gate.run(gathered())
    gate.run(gate.gate.shared.write_counts(closing=True))
    counted = [body for body in gate.entries.bodies if body["kind"] == "counted" and body["flow"] == "reads"]
    assert sum(int(str(body["payloads"])) for body in counted) >= 3


def test_a_ledger_that_cannot_be_written_lets_nothing_through(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        gate.entries.failing = True
        with pytest.raises(psycopg.errors.IoError, match="ledger"):
            client.execute("select email from person where id = 1").fetchall()
        assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)
        gate.entries.failing = False
        assert client.execute("select email from person where id = 1").fetchone() == (MASKED,)


def test_no_row_comes_before_its_entry_and_other_sessions_do_not_wait(gate: House) -> None:
    with RawClient(gate) as waiting, psycopg.connect(gate.dsn(), autocommit=True) as other:
        gate.entries.holding = True
        waiting.send(query("select email from person where id = 1"))
        assert letters(waiting.until("T")) == "T"
        assert other.execute("select label from item where id = 1").fetchone() == ("item 1",)
        waiting.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting.next()
        waiting.socket.settimeout(20)
        gate.entries.holding = False
        assert cells(waiting.until("Z")) == [[MASKED.encode()]]


def test_a_long_result_is_opened_before_its_first_row_and_closed_after_its_last(gate: House, postgres: Server) -> None:
    postgres.psql(
        gate.database, "insert into person select n, 'N', 'n' || n || '@example.com' from generate_series(100, 20100) n"
    )
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        rows = client.execute("select id, email from person where id >= 100").fetchall()
    assert len(rows) == 20001
    assert not any("@" in email for _, email in rows)
    kinds = gate.entries.kinds()
    assert kinds[:1] == ["opened"]
    assert kinds[-1] == "closed"
    [fact] = gate.entries.bodies[-1]["found"]
    assert fact["count"] == 20001


def test_a_client_that_goes_away_in_the_middle_leaves_a_closed_record(gate: House, postgres: Server) -> None:
    postgres.psql(
        gate.database,
        "insert into person select n, repeat('N', 500), 'n' || n || '@example.com' from generate_series(100, 40100) n",
    )
    raw = RawClient(gate)
    raw.send(query("select id, name, email from person where id >= 100"))
    raw.until("D", 10)
    raw.close()
    ending = time.monotonic() + 20
    while "refused" not in gate.entries.kinds() and time.monotonic() < ending:
        time.sleep(0.01)
    assert gate.entries.kinds()[0] == "opened"
    assert "refused" in gate.entries.kinds()


def test_a_server_that_dies_in_the_middle_is_told_after_the_last_whole_row(gate: House, postgres: Server) -> None:
    postgres.psql(
        gate.database,
        "insert into person select n, repeat('N', 500), 'n' || n || '@example.com' from generate_series(100, 40100) n",
    )
    with RawClient(gate) as raw:
        raw.send(query("select id, name, email from person where id >= 100"))
        raw.until("D", 10)
        ours = f"datname = '{gate.database}' and query like '%id >= 100' and pid <> pg_backend_pid()"
        postgres.psql(gate.database, f"select pg_terminate_backend(pid) from pg_stat_activity where {ours}")
        rest = []
        with pytest.raises((EOFError, ConnectionResetError)):  # noqa: PT012
            while True:
                rest.append(raw.next())
    assert code(rest) in ("08006", "57P01")
    assert not any(b"@example" in body for _, body in rest)
    gate.run(gate.gate.shared.settle())
    assert "refused" in gate.entries.kinds()


def test_a_cancel_reaches_the_statement_and_a_wrong_key_does_not(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        stop = threading.Timer(
            0.3, client.cancel_safe
        )  # `cancel` holds the interpreter, and the gate is in this process
        stop.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            client.execute("select pg_sleep(20)")
        stop.join()
        assert client.execute("select label from item where id = 1").fetchone() == ("item 1",)
    import socket

    with RawClient(gate) as raw, socket.create_connection(("127.0.0.1", gate.port), timeout=10) as canceller:
        wrong = bytes(byte ^ 1 for byte in raw.key)
        canceller.sendall(struct.pack("!ii", 16, 80877102) + wrong)
        assert canceller.recv(10) == b""
        assert cells(raw.ask(query("select 1"))) == [[b"1"]]


@pytest.mark.parametrize(
    "text", ["select email from person", "select label from item", "select note, name from person"]
)
@pytest.mark.parametrize("prepare", [False, True])
def test_a_result_that_is_too_long_is_refused_by_an_entry_that_the_client_is_told_of(
    gate: House, text: str, prepare: bool
) -> None:
    changed(gate, rows=2)
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        before = gate.gate.status().refused
        with pytest.raises(psycopg.errors.ProgramLimitExceeded) as refused:
            client.execute(text.encode(), prepare=prepare)
        crossing = str(refused.value.diag.message_detail).removeprefix("crossing ")
        [entry] = [body for body in gate.entries.bodies if body["crossing"] == crossing]
        assert (entry["kind"], entry["rule"]) == ("refused", "result:too-large")
        assert gate.gate.status().refused == before + 1
        assert client.execute("select 1").fetchone() == (1,)


def test_limits_are_kept_in_words(gate: House) -> None:
    changed(gate, rows=10, statement=500, prepared=3, per_principal=2)
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        with pytest.raises(psycopg.Error, match="500"):
            client.execute("select " + "1+" * 400 + "1")
        with pytest.raises(psycopg.Error, match="at most 10 rows"):
            client.execute("select id, email from person, generate_series(1, 20)").fetchall()
        with pytest.raises(psycopg.Error, match="at most 10 rows"):
            client.execute("select id from item").fetchall()
        assert len(client.execute("select id from item where id < 10").fetchall()) == 9
        with psycopg.connect(gate.dsn()), pytest.raises(psycopg.OperationalError, match="too many connections of this"):
            psycopg.connect(gate.dsn())
    with RawClient(gate) as raw:
        answer = raw.ask(*[parse(f"s{n}", "select 1") for n in range(5)], parse("", "select 1")) if False else None
        raw.send(*[parse(f"s{n}", "select 1") for n in range(5)], b"S\0\0\0\4")
        answer = raw.until("Z")
        assert letters(answer) == "111EZ"
        assert code(answer) == "54000"


def test_a_client_that_idles_for_too_long_is_sent_away(gate: House) -> None:
    changed(gate, idle=0.5)
    with RawClient(gate) as raw:
        assert code(raw.until("E")) == "57P05"


def test_a_message_larger_than_allowed_ends_the_connection(gate: House) -> None:
    changed(gate, message=10_000)
    with RawClient(gate) as raw:
        raw.send(b"Q" + struct.pack("!i", 20_000) + b"select")
        assert code(raw.until("E")) == "08P01"


def test_another_policy_holds_from_the_next_statement_on_without_dropping_sessions(gate: House, database: str) -> None:
    at = gate.policy.assets["db"].at
    clear = read_policy(at)
    flow = replace(
        clear.flows["reads"],
        carry={**clear.flows["reads"].carry, "user.contact.email": clear.flows["writes"].carry["user.contact.email"]},
    )
    other = replace(clear, hash="f" * 64, flows={**clear.flows, "reads": flow})
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        text = "select email from person where id = %s"
        for _ in range(3):
            assert client.execute(text, [1], prepare=True).fetchone() == (MASKED,)
        gate.loop.call_soon_threadsafe(gate.gate.change_policy, other)
        gate.run(_nothing())
        assert client.execute(text, [1], prepare=True).fetchone() == ("ada@example.com",)
        gate.loop.call_soon_threadsafe(gate.gate.change_policy, clear)
        gate.run(_nothing())
        assert client.execute(text, [1], prepare=True).fetchone() == (MASKED,)
    assert {body["policy"] for body in gate.entries.bodies} == {clear.hash, other.hash}


def test_observing_lets_everything_pass_and_records_what_would_have_been(database: str, tmp_path: Path) -> None:
    with house(database, tmp_path, mode="observe") as gate, psycopg.connect(gate.dsn(), autocommit=True) as client:
        assert client.execute("select email from person where id = 1").fetchone() == ("ada@example.com",)
        assert client.execute("select word from secret").fetchone() == ("never shown",)
        assert client.execute("select id from person where email = 'ada@example.com'").fetchone() == (1,)
        assert {body["mode"] for body in gate.entries.bodies} == {"observe"}
        assert any("would" in body for body in gate.entries.bodies)


def test_results_without_anything_personal_are_counted(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        for number in range(5):
            client.execute("select label from item where id = %s", [number]).fetchall()
    assert gate.entries.bodies == []
    gate.run(gate.gate.shared.write_counts(closing=True))
    [entry] = gate.entries.bodies
    assert (entry["kind"], entry["payloads"]) == ("counted", 5)


def test_comparisons_are_charged_to_a_budget(database: str, tmp_path: Path) -> None:
    predicates = "user.contact.email: {equality: 3, per: 1h}"
    with (
        house(database, tmp_path, predicates=predicates) as gate,
        psycopg.connect(gate.dsn(), autocommit=True) as client,
    ):
        for _ in range(3):
            assert client.execute("select id from person where email = %s", ["ada@example.com"]).fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="budget"):
            client.execute("select id from person where email = %s", ["ada@example.com"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("select id from person where email like 'a%'")


def test_a_canary_is_seen_masked_through_the_gates_own_sessions(gate: House) -> None:
    seen = gate.run(gate.gate.canary())
    assert (seen.masked, seen.leaked) == (True, False)
    assert gate.entries.kinds() == ["crossed"]
    gate.entries.failing = True
    seen = gate.run(gate.gate.canary())
    assert (seen.masked, seen.leaked) == (False, False)


def test_draining_waits_for_what_runs_and_sends_the_idle_away(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as idle, psycopg.connect(gate.dsn()) as working:
        working.execute("select label from item where id = 1")
        drained = threading.Thread(target=gate.run, args=(gate.gate.drain(10),))
        drained.start()
        ending = time.monotonic() + 10
        while len(gate.gate.shared.sessions) > 1 and time.monotonic() < ending:
            time.sleep(0.01)
        with pytest.raises(psycopg.OperationalError):
            idle.execute("select 1")
        assert working.execute("select label from item where id = 2").fetchone() == ("item 2",)
        working.commit()
        drained.join(15)
        assert not drained.is_alive()
        assert not gate.gate.shared.sessions


def test_rows_before_an_error_are_told_and_recorded_where_its_words_are(gate: House) -> None:
    with RawClient(gate) as raw:
        answer = raw.ask(query("select name, 1 / (3 - id) from person"))
        assert (letters(answer), code(answer)) == ("TDDEZ", "22012")
        assert cells(answer) == [[b"Ada Example", b"0"], [b"Bob Example", b"1"]]
        [entry] = gate.entries.bodies
        assert (entry["kind"], [fact["count"] for fact in entry["found"]]) == ("crossed", [2])
        # Where the error may tell of what is hidden, so may the place where it happens.
        assert letters(raw.ask(query("select name, email, 1 / (3 - id) from person"))) == "TEZ"


def test_rows_of_a_long_result_before_an_error_are_told_to_the_last(gate: House) -> None:
    text = "select name, repeat('x', 999), 1 / (1500 - n) from person, generate_series(1, 2000) n where id = 1"
    with RawClient(gate) as raw:
        answer = raw.ask(query(text))
    assert (code(answer), len(cells(answer))) == ("22012", 1499)
    assert (gate.entries.kinds()[0], gate.entries.kinds()[-1]) == ("opened", "closed")
    [fact] = gate.entries.bodies[-1]["found"]
    assert fact["count"] == 1499


def test_a_refused_result_whose_statement_fails_later_is_told_as_refused(gate: House) -> None:
    changed(gate, rows=10)
    with RawClient(gate) as raw:
        answer = raw.ask(query("select name, 1 / (15 - n) from person, generate_series(1, 20) n where id = 1"))
    assert (letters(answer), code(answer)) == ("TEZ", "54000")
    assert gate.entries.kinds() == ["refused"], "the client is told of a crossing, so the ledger knows it"


def test_an_error_that_would_quote_a_row_says_its_condition_only(gate: House, postgres: Server) -> None:
    postgres.psql(gate.database, "create unique index on person (email)")
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        with pytest.raises(psycopg.errors.UniqueViolation) as told:
            client.execute("insert into person (id, email) values (90, 'ada@example.com')")
        assert told.value.diag.message_primary == "unique violation"
        assert "ada@" not in str(told.value)
        assert told.value.diag.constraint_name == "person_email_idx"
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as told:  # whether it fails would tell of the value
            client.execute("select cast(email as int) from person")
        assert "ada@" not in str(told.value)
        with pytest.raises(psycopg.errors.UndefinedColumn, match="nothing_there") as told:
            client.execute("   select nothing_there from item")
        assert told.value.diag.statement_position == "11"


def test_a_bind_of_binary_values_is_looked_at_too(gate: House) -> None:
    with psycopg.connect(gate.dsn(), autocommit=True) as client:
        cursor = client.cursor(binary=True)
        assert cursor.execute("select id, email, born_at from person where id = %b", [1]).fetchone() == (
            1,
            MASKED,
            None,
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("insert into person (id, note) values (%b, %b)", [91, "card 4111 1111 1111 1111"])


def test_a_statement_that_is_bound_before_it_is_confirmed_waits(gate: House) -> None:
    with RawClient(gate) as raw:
        raw.send(
            parse("s", "select email from person where id = 1"), b"S\0\0\0\4", bind("", "s"), execute(), b"S\0\0\0\4"
        )
        assert letters(raw.until("Z", 2)) == "1Z2DCZ"


def test_encrypted_clients_are_bound_to_the_channel_and_plain_ones_are_refused_in_words(
    database: str, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "tls")
    shown = authority.issue("localhost")
    more = f", tls: {{certificate: '{shown.certificate}', key: '{shown.key}'}}"
    with house(database, tmp_path, more=more) as gate:
        with pytest.raises(psycopg.OperationalError, match="encrypted connections only"):
            psycopg.connect(gate.dsn(sslmode="disable"))
        sure = {"sslmode": "verify-full", "sslrootcert": str(authority.file), "channel_binding": "require"}
        dsn = gate.dsn(**sure).replace("host=127.0.0.1", "host=localhost")
        with psycopg.connect(dsn, autocommit=True) as client:
            assert client.pgconn.ssl_in_use
            assert client.execute("select id, email from person where id = 1").fetchone() == (1, MASKED)
            assert len(client.execute("select id, label from item, generate_series(1, 100)").fetchall()) == 50_000
