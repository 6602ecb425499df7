"""Names that come to mean something else under a statement that was looked at before: what runs is always what was judged."""

from collections.abc import Iterator

import pytest
from gate_house import KEEPING, SCHEMA, House, house
from raw_client import SYNC, RawClient, bind, cells, close, code, describe, execute, letters, parse, query

MASKED = b"***************"
MAIL = "select email from person where id = 1"
PLAIN = "select label from item where id = 1"
LATER = "0A000"
REFUSED = "42501"
CLEAR = b"ada@example.com"
REVERSED = b"moc.elpmaxe@ada"


@pytest.fixture(scope="module", params=["window", "strict"])
def gate(servers, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[House]:
    database = servers.preferred.database("shadowing", SCHEMA)
    with house(database, tmp_path_factory.mktemp("gate"), origins=request.param, more=KEEPING) as running:
        yield running


@pytest.fixture
def client(gate: House) -> Iterator[RawClient]:
    with RawClient(gate) as raw:
        yield raw


def said(client: RawClient, *texts: str) -> bytes:
    """Run texts one by one; give all that came back."""
    return b"".join(body for text in texts for _, body in client.ask(query(text)))


def shows_nothing(answer: bytes) -> bool:
    return CLEAR not in answer and REVERSED not in answer


SHADOW = "create temp table person (id int, email text)"


def test_a_statement_prepared_in_sql_is_prepared_anew_when_a_temporary_table_hides_its_table(client: RawClient) -> None:
    said(client, "create temp table dummy (a int)", f"prepare p as {MAIL}")
    assert cells(client.ask(query("execute p"))) == [[MASKED]]
    said(client, SHADOW, "insert into pg_temp.person values (1, 'own')")
    assert cells(client.ask(query("execute p"))) == [[b"own"]]
    said(client, "drop table pg_temp.person")
    assert cells(client.ask(query("execute p"))) == [[MASKED]]


def test_a_statement_prepared_by_the_protocol_is_prepared_anew_when_its_table_is_hidden(client: RawClient) -> None:
    said(client, "create temp table dummy (a int)")
    client.ask(parse("s", "select lower(email) from person where id = $1", [23]), SYNC)
    assert cells(client.ask(bind("", "s", [b"1"]), execute(), SYNC)) == [[b"[redacted:email]"]]
    said(client, SHADOW, "insert into pg_temp.person values (1, 'OWN')")
    assert letters(answer := client.ask(bind("", "s", [b"1"]), execute(), SYNC)) == "2DCZ"
    assert cells(answer) == [[b"own"]]
    assert cells(client.ask(bind("", "s", [b"1"]), execute(), SYNC)) == [[b"own"]]
    assert cells(client.ask(query("execute s(1)"))) == [[b"own"]]


def test_a_statement_whose_columns_would_be_others_fails_as_at_the_server(client: RawClient) -> None:
    said(client, "create temp table dummy (a int)", f"prepare p as {MAIL}")
    client.ask(parse("s", MAIL), SYNC)
    said(client, "create temp table person (id int, email int)")
    assert code(client.ask(query("execute p"))) == LATER
    answer = client.ask(bind("", "s"), execute(), SYNC)
    assert (letters(answer), code(answer)) == ("EZ", LATER)
    said(client, "begin")
    assert client.ask(query("execute p"))[-1] == ("Z", b"E")
    assert client.ask(query("rollback"))[-1] == ("Z", b"I")


def test_a_statement_follows_a_table_that_hides_its_own_from_a_schema_before(gate: House, client: RawClient) -> None:
    said(client, "set search_path = pg_temp, public", "create temp table dummy (a int)", f"prepare p as {MAIL}")
    said(client, SHADOW)
    assert cells(client.ask(query("execute p"))) == []


def test_a_prepared_execute_runs_only_what_its_name_meant(client: RawClient) -> None:
    said(client, f"prepare p as {PLAIN}")
    assert letters(client.ask(parse("e", "execute p"), bind("", "e"), execute(), SYNC)) == "12DCZ"
    said(client, "deallocate p", f"prepare p as {MAIL}")
    assert code(client.ask(bind("", "e"), execute(), SYNC)) == LATER
    assert cells(client.ask(query("execute p"))) == [[MASKED]]


def test_a_bound_execute_runs_only_what_its_name_meant(client: RawClient) -> None:
    said(client, "begin", f"prepare p as {PLAIN}")
    client.ask(parse("e", "execute p"), bind("held", "e"), SYNC)
    said(client, "deallocate p", f"prepare p as {MAIL}")
    answer = client.ask(execute("held"), SYNC)
    assert code(answer) == LATER
    said(client, "rollback")


def test_a_prepared_fetch_shows_what_its_cursor_is_now(client: RawClient) -> None:
    said(client, "begin", "declare c cursor for select label from item")
    client.ask(parse("f", "fetch 2 from c"), SYNC)
    assert letters(client.ask(bind("", "f"), execute(), SYNC)) == "2DDCZ"
    said(client, "close c", "declare c cursor for select email from person where id = 1")
    assert cells(client.ask(bind("", "f"), execute(), SYNC)) == [[MASKED]]
    said(client, "close c")
    assert code(client.ask(bind("", "f"), execute(), SYNC)) == REFUSED


def test_a_bound_fetch_shows_what_its_cursor_is_now(client: RawClient) -> None:
    said(client, "begin", "declare c cursor for select label from item")
    client.ask(parse("f", "fetch 2 from c"), bind("held", "f"), SYNC)
    said(client, "close c", "declare c cursor for select email from person where id = 1")
    assert shows_nothing(b"".join(body for _, body in client.ask(execute("held"), SYNC)))


def test_execute_runs_no_utility_and_fetch_no_portal_that_has_one(client: RawClient) -> None:
    said(client, f"prepare p as {PLAIN}")
    client.ask(parse("e", "execute p"), parse("u", "set search_path = pg_temp"), SYNC)
    assert code(client.ask(query("execute e"))) == REFUSED
    assert code(client.ask(query("execute u"))) == REFUSED
    said(client, "begin")
    client.ask(bind("held", "e"), SYNC)
    assert code(client.ask(query("fetch all from held"))) == REFUSED


def test_a_savepoint_that_is_rolled_back_takes_the_search_path_with_it(client: RawClient) -> None:
    said(client, SHADOW, "set search_path = public, pg_temp", "begin", "savepoint a")
    said(client, "set search_path = pg_temp, public")
    client.ask(parse("s", MAIL), SYNC)
    said(client, f"prepare p as {MAIL}")
    said(client, "rollback to a")
    assert cells(client.ask(bind("", "s"), execute(), SYNC)) == [[MASKED]]
    assert cells(client.ask(query("execute p"))) == [[MASKED]]


@pytest.mark.parametrize("ending", ["rollback", "commit", "rollback and chain", "commit and chain"])
def test_the_end_of_a_transaction_takes_its_search_path_with_it_while_more_is_under_way(
    client: RawClient, ending: str
) -> None:
    said(client, SHADOW, "set search_path = public, pg_temp")
    client.ask(parse("end", ending), SYNC)
    said(client, "begin", "set local search_path = pg_temp, public")
    client.ask(parse("s", MAIL), SYNC)
    client.send(bind("", "end"), execute(), bind("", "s"), execute(), SYNC)
    assert shows_nothing(b"".join(body for _, body in client.until("Z")))
    said(client, "rollback", "begin", "set local search_path = pg_temp, public")
    client.ask(parse("t", MAIL), SYNC)
    client.send(query(ending), bind("", "t"), execute(), SYNC)
    assert cells(client.until("Z", 2)) == [[MASKED]]


def test_a_sync_takes_the_search_path_of_its_transaction_with_it(client: RawClient) -> None:
    said(client, SHADOW, "set search_path = public, pg_temp")
    client.send(
        parse("", "set local search_path = pg_temp, public"), bind("", ""), execute(), parse("s", MAIL), SYNC,
        bind("", "s"), execute(), SYNC,
    )  # fmt: skip
    assert cells(client.until("Z", 2)) == [[MASKED]]


def test_a_transaction_that_ends_late_does_not_end_what_the_next_one_changed(client: RawClient) -> None:
    said(client, SHADOW, "set search_path = public, pg_temp")
    lasting = "select set_config('search_path', 'public, pg_temp', false)"
    local = "select set_config('search_path', 'pg_temp, public', true)"
    client.ask(parse("one", lasting), parse("two", local), SYNC)
    client.send(
        bind("", "one"), execute(), SYNC,
        parse("", "begin"), bind("", ""), execute(), bind("", "two"), execute(), SYNC,
        parse("s", MAIL), SYNC, query("rollback"), bind("", "s"), execute(), SYNC,
    )  # fmt: skip
    answer = client.until("Z", 5)
    assert cells(answer)[-1] == [MASKED]


def test_a_portal_that_was_bound_before_a_table_was_filled_shows_nothing_of_it(client: RawClient) -> None:
    said(client, "create temp table z (id int, x text)", "insert into z values (1, null)")
    client.ask(parse("s", "update z set id = id returning x"), SYNC)
    client.ask(parse("fill", "update z set x = email from person p where p.id = 1"), SYNC)
    answer = client.ask(bind("first", "s"), bind("then", "fill"), execute("then"), execute("first"), SYNC)
    assert cells(answer) == [[b"[redacted:email]"]]


def test_a_fetch_of_a_portal_that_writes_labels_what_it_writes(client: RawClient) -> None:
    said(client, "create temp table z (x text)", "begin")
    client.ask(parse("s", "insert into z select email from person returning 1"), bind("held", "s"), SYNC)
    said(client, "fetch all from held")
    assert shows_nothing(said(client, "select x from z"))


@pytest.mark.parametrize(
    "texts",
    [
        ["prepare {o} as select 1"],
        ["deallocate {o}"],
        ["execute {o}"],
        ["begin", "declare {o} cursor for select 1"],
        ["fetch 1 from {o}"],
        ["move 1 from {o}"],
        ["close {o}"],
    ],
)
@pytest.mark.parametrize("name", ["_ringfence_on", '"_ringfence_look"', "_RingFence_portal", '"_RINGFENCE"'])
def test_no_name_that_is_the_gates_own_can_be_named(client: RawClient, texts: list[str], name: str) -> None:
    answer = [client.ask(query(text.format(o=name))) for text in texts]
    assert code(answer[-1]) == REFUSED
    assert code(client.ask(parse("", texts[-1].format(o=name)), bind("", ""), execute(), SYNC)) in (REFUSED, "25P02")


def test_no_statement_that_is_known_takes_a_name_of_the_gates_own(gate: House, client: RawClient) -> None:
    client.ask(parse("", PLAIN), bind("", ""), execute(), SYNC)
    with RawClient(gate) as other:
        assert code(other.ask(parse("_ringfence_on", PLAIN), SYNC)) == "42602"
        assert (
            code(other.ask(parse("", PLAIN), bind("_ringfence_portal", ""), execute("_ringfence_portal"), SYNC))
            == "42602"
        )
        assert cells(other.ask(query(PLAIN))) == [[b"item 1"]]


def test_a_name_that_the_server_would_cut_short_is_no_name(client: RawClient) -> None:
    long = "n" * 63
    client.ask(parse("", PLAIN), bind("", ""), execute(), SYNC)
    for text in (PLAIN, "select label from item where id = 2"):
        assert code(client.ask(parse(long + "a", text), SYNC)) == "42602"
    assert code(client.ask(close("S", long + "b"), SYNC)) == "42602"
    assert code(client.ask(close("P", long + "b"), SYNC)) == "42602"
    assert code(client.ask(parse("", PLAIN), bind(long + "b", ""), SYNC)) == "42602"
    assert (
        letters(client.ask(parse(long, PLAIN), describe("S", long), bind(long, long), execute(long), SYNC)) == "1tT2DCZ"
    )


FILLED = {
    "execute": ["prepare i as insert into t select email from person", "execute i"],
    "copy": ["copy (insert into t select email from person returning 1) to stdout"],
}  # fmt: skip


@pytest.mark.parametrize("how", ["execute", "copy"])
def test_whatever_fills_a_temporary_table_labels_it(client: RawClient, how: str) -> None:
    said(client, "create temp table t (x text)", *FILLED[how])
    answer = client.ask(query("select x from t"))
    assert len(cells(answer)) == 3
    assert shows_nothing(b"".join(body for _, body in answer))


def test_a_prepared_statement_of_sql_that_is_bound_by_the_protocol_labels_what_it_fills(client: RawClient) -> None:
    said(client, "create temp table t (x text)", FILLED["execute"][0])
    client.ask(bind("", "i"), execute(), SYNC)
    answer = client.ask(query("select x from t"))
    assert len(cells(answer)) == 3
    assert shows_nothing(b"".join(body for _, body in answer))


@pytest.mark.parametrize(
    "runs",
    [
        ["prepare s as select set_config('search_path', 'pg_temp, public', false)", "execute s"],
        ["copy (select set_config('search_path', 'pg_temp, public', false)) to stdout"],
        ["begin", "declare c cursor with hold for select set_config('search_path', 'pg_temp, public', false)", "fetch c", "commit"],
        ["explain analyze select set_config('search_path', 'pg_temp, public', false)"],
    ],
)  # fmt: skip
def test_whatever_sets_the_search_path_is_noticed(client: RawClient, runs: list[str]) -> None:
    said(client, SHADOW, "set search_path = public, pg_temp", "insert into pg_temp.person values (1, 'own')")
    assert cells(client.ask(query(MAIL))) == [[MASKED]]
    said(client, *runs)
    shown = cells(client.ask(query("show search_path")))
    assert shown in ([[b"pg_temp, public"]], [[b"public, pg_temp"]])
    assert cells(client.ask(query(MAIL))) == ([[b"own"]] if shown == [[b"pg_temp, public"]] else [[MASKED]])


TWICE = ["insert into {t} select reverse(email) from person where id = 1"] * 2


def test_the_errors_of_what_has_no_tree_quote_nothing(client: RawClient) -> None:
    said(client, "create temp table e (x text)", *(text.format(t="e") for text in TWICE))
    for text in (
        "create unique index on pg_temp.e (x)",
        "alter table pg_temp.e add check (length(x) > 100)",
        "alter table pg_temp.e add unique (x)",
        "alter table pg_temp.e alter column x type int using x::int",
    ):
        answer = client.ask(query(text))
        assert letters(answer)[-2:] == "EZ"
        assert shows_nothing(b"".join(body for _, body in answer))


COPIED = "insert into person (id, email) select id + 100, email from person where id = 1"


@pytest.fixture
def deferred(servers, gate: House) -> Iterator[None]:
    """A constraint that is looked at when a transaction ends."""
    added = "alter table person add constraint told_late unique (email) deferrable initially deferred"
    servers.preferred.psql(gate.database, added)
    yield
    servers.preferred.psql(gate.database, "alter table person drop constraint told_late")


def test_a_constraint_of_the_clients_own_is_not_filled_with_what_is_hidden(client: RawClient) -> None:
    said(client, "create temp table d (x text unique deferrable initially deferred)")
    assert code(client.ask(query(TWICE[0].format(t="d")))) == REFUSED


@pytest.mark.parametrize("ending", ["set constraints all immediate", "commit"])
@pytest.mark.usefixtures("deferred")
def test_the_errors_of_a_deferred_constraint_quote_nothing(client: RawClient, ending: str) -> None:
    said(client, "begin", COPIED)
    answer = client.ask(query(ending))
    assert code(answer) == "23505"
    assert shows_nothing(b"".join(body for _, body in answer))
    said(client, "rollback", "begin", COPIED)
    answer = client.ask(parse("", ending), bind("", ""), execute(), SYNC)
    assert code(answer) == "23505"
    assert shows_nothing(b"".join(body for _, body in answer))
    said(client, "rollback")


@pytest.mark.usefixtures("deferred")
def test_a_deferred_constraint_that_fails_at_a_sync_quotes_nothing(client: RawClient) -> None:
    answer = client.ask(parse("", COPIED), bind("", ""), execute(), SYNC)
    assert code(answer) == "23505"
    assert shows_nothing(b"".join(body for _, body in answer))


def test_a_definition_of_the_clients_own_says_what_is_wrong(client: RawClient) -> None:
    said(client, "create temp table own (x text)")
    assert b"already exists" in said(client, "create temp table own (x text)")


@pytest.fixture
def auditor(gate: House) -> Iterator[RawClient]:
    with RawClient(gate, user="eve") as raw:
        yield raw


def asks(client: RawClient) -> str:
    """Give how asking for what needs a reason goes."""
    answer = client.ask(query(MAIL))
    return code(answer) if "E" in letters(answer) else "shown"


@pytest.mark.parametrize("ending", ["rollback", "commit"])
def test_a_reason_that_is_local_ends_with_its_transaction(auditor: RawClient, ending: str) -> None:
    assert asks(auditor) == REFUSED
    said(auditor, "begin", "set local ringfence.reason = 'ticket 5'")
    assert asks(auditor) == "shown"
    said(auditor, ending)
    assert asks(auditor) == REFUSED


def test_a_reason_is_rolled_back_with_its_transaction_or_savepoint(auditor: RawClient) -> None:
    said(auditor, "begin", "set ringfence.reason = 'ticket 5'", "rollback")
    assert asks(auditor) == REFUSED
    said(auditor, "begin", "savepoint a", "set ringfence.reason = 'ticket 5'")
    assert asks(auditor) == "shown"
    said(auditor, "rollback to a")
    assert asks(auditor) == REFUSED
    said(auditor, "rollback", "begin", "set ringfence.reason = 'ticket 5'", "savepoint a", "set ringfence.reason = ''")
    assert asks(auditor) == REFUSED
    said(auditor, "rollback to a")
    assert asks(auditor) == "shown"
    said(auditor, "commit")
    assert asks(auditor) == "shown"


def test_a_reason_that_failed_to_be_set_or_whose_commit_failed_is_none(auditor: RawClient) -> None:
    said(auditor, "begin", "set ringfence.reason = 'ticket 5'", "select 1 / 0", "commit")
    assert asks(auditor) == REFUSED
    said(auditor, "set ringfence.reason = 'ticket 5'; select 1 / 0")
    assert asks(auditor) == REFUSED
    said(auditor, "set ringfence.reason = 'ticket 5'; select 1")
    assert asks(auditor) == "shown"


def test_a_portal_goes_on_under_the_reason_that_holds_when_it_runs(auditor: RawClient) -> None:
    said(auditor, "set ringfence.reason = 'ticket 5'", "begin")
    auditor.ask(parse("s", "select email from person order by id"), bind("held", "s"), SYNC)
    assert cells(auditor.ask(execute("held", 1), SYNC)) == [[CLEAR]]
    said(auditor, "set ringfence.reason = ''")
    assert code(auditor.ask(execute("held", 1), SYNC)) == REFUSED
