"""Plays on the wire: orders of messages in which what a name means to the gate and to the server might come apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_house import KEEPING, SCHEMA, House, house
from raw_client import (
    FLUSH,
    SYNC,
    RawClient,
    bind,
    cells,
    close,
    code,
    describe,
    execute,
    letters,
    message,
    parse,
    query,
)

from postgres_servers import Server

MASKED = b"***************"
MAIL = "select email from person where id = 1"
PLAIN = "select label from item where id = 1"


@pytest.fixture(scope="module")
def gate(servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = servers.preferred.database("order", SCHEMA)
    with house(database, tmp_path_factory.mktemp("gate"), more=KEEPING) as running:
        yield running


@pytest.fixture
def client(gate: House) -> Iterator[RawClient]:
    with RawClient(gate) as raw:
        yield raw


def test_a_simple_query_is_answered_message_by_message_as_the_server_would(client: RawClient) -> None:
    answer = client.ask(query(PLAIN))
    assert letters(answer) == "TDCZ"
    assert cells(answer) == [[b"item 1"]]
    assert cells(client.ask(query(MAIL))) == [[MASKED]]


def test_an_extended_query_has_exactly_the_answers_that_were_asked_for(client: RawClient) -> None:
    answer = client.ask(parse("", MAIL), describe("S", ""), bind("", ""), describe("P", ""), execute(), SYNC)
    assert letters(answer) == "1tT2TDCZ"
    assert cells(answer) == [[MASKED]]


def test_a_flush_brings_what_has_come_without_a_sync(client: RawClient) -> None:
    client.send(parse("", MAIL), bind("", ""), execute(), FLUSH)
    assert letters(client.until("C")) == "12DC"
    assert letters(client.ask(SYNC)) == "Z"


def test_a_name_that_is_taken_still_means_what_it_meant(client: RawClient) -> None:
    client.ask(parse("s", MAIL), SYNC)
    again = client.ask(parse("s", PLAIN), bind("", "s"), execute(), SYNC)
    assert letters(again) == "EZ"
    assert code(again) == "42P05"
    assert cells(client.ask(bind("", "s"), execute(), SYNC)) == [[MASKED]]


def test_a_taken_name_means_what_it_meant_in_segments_sent_at_once(client: RawClient) -> None:
    client.ask(parse("t", MAIL), SYNC)
    client.send(parse("t", PLAIN), SYNC, bind("", "t"), execute(), SYNC)
    answer = client.until("Z", 2)
    assert letters(answer) == "EZ2DCZ"
    assert cells(answer) == [[MASKED]]


def test_a_close_that_the_server_passes_over_closes_nothing(client: RawClient) -> None:
    client.ask(parse("u", MAIL), SYNC)
    client.send(query("select 1"))
    client.until("Z")
    client.send(
        parse("", "select nothing_there"),
        close("S", "u"),
        SYNC,
        parse("u", PLAIN),
        SYNC,
        bind("", "u"),
        execute(),
        SYNC,
    )
    answer = client.until("Z", 3)
    assert letters(answer) == "EZEZ2DCZ"
    assert cells(answer) == [[MASKED]]


def test_a_parse_that_the_server_passes_over_makes_nothing(client: RawClient) -> None:
    client.send(
        parse("", "select 1/0"), bind("", ""), execute(), parse("v", PLAIN), SYNC, bind("", "v"), execute(), SYNC
    )
    answer = client.until("Z", 2)
    assert letters(answer) == "1EZEZ"  # a constant is divided when it is planned, at Bind
    assert code(answer[3:]) == "26000"


def test_the_unnamed_statement_is_the_old_one_where_the_new_parse_was_passed_over(client: RawClient) -> None:
    client.ask(parse("", MAIL), SYNC)
    client.send(
        parse("w", "select 1/0"), bind("", "w"), execute(), parse("", PLAIN), SYNC, bind("", ""), execute(), SYNC
    )
    answer = client.until("Z", 2)
    assert cells(answer) == [[MASKED]]


def test_a_portal_whose_name_is_taken_still_means_what_it_meant(client: RawClient) -> None:
    client.ask(query("begin"))
    client.ask(parse("m", MAIL), parse("p", PLAIN), bind("c", "m"), SYNC)
    client.ask(query("savepoint a"))
    client.send(bind("c", "p"), SYNC, query("rollback to a"), execute("c"), SYNC)
    answer = client.until("Z", 3)
    assert code(answer) == "42P03"
    assert cells(answer) == [[MASKED]]
    client.ask(query("rollback"))


def test_a_cursor_of_sql_can_be_run_as_a_portal_and_stays_masked(client: RawClient) -> None:
    client.ask(query("begin"))
    client.ask(query("declare c cursor for select email from person order by id"))
    assert cells(client.ask(execute("c", 1), SYNC)) == [[MASKED]]
    assert cells(client.ask(query("fetch 1 from c"))) == [[MASKED]]
    client.ask(query("rollback"))


def test_a_statement_prepared_by_sql_can_be_bound_and_stays_masked(client: RawClient) -> None:
    client.ask(query("prepare q as select email from person where id = 1"))
    assert cells(client.ask(bind("", "q"), execute(), SYNC)) == [[MASKED]]
    assert cells(client.ask(query("execute q"))) == [[MASKED]]
    client.ask(query("deallocate q"))
    assert code(client.ask(query("execute q"))) == "42501"


def test_a_portal_can_be_fetched_by_sql_and_stays_masked(client: RawClient) -> None:
    client.ask(query("begin"))
    client.ask(parse("", "select email from person order by id"), bind("byname", ""), SYNC)
    assert cells(client.ask(query("fetch 1 from byname"))) == [[MASKED]]
    client.ask(query("rollback"))


def test_a_portal_run_in_parts_gives_every_row_once(client: RawClient) -> None:
    answer = client.ask(
        parse("", "select id, email from person order by id"), bind("", ""), execute("", 2), execute("", 2), SYNC
    )
    assert letters(answer) == "12DDsDCZ"
    assert [row[0] for row in cells(answer)] == [b"1", b"2", b"3"]


def test_a_refused_parse_is_followed_by_silence_up_to_the_sync(client: RawClient) -> None:
    answer = client.ask(
        parse("", "select word from secret"), bind("", ""), execute(), parse("", PLAIN), bind("", ""), execute(), SYNC
    )
    assert letters(answer) == "EZ"
    assert code(answer) == "42501"
    assert letters(client.ask(query(PLAIN))) == "TDCZ"


def test_a_refusal_fails_the_transaction_block_at_the_server_as_well(client: RawClient) -> None:
    client.ask(query("begin"))
    client.ask(query("insert into item values (7001, 'x', 1)"))
    refused = client.ask(query("select word from secret"))
    assert refused[-1] == ("Z", b"E")
    assert code(client.ask(query(PLAIN))) == "25P02"
    assert client.ask(query("commit"))[-1] == ("Z", b"I")
    assert cells(client.ask(query("select count(*) from item where id = 7001"))) == [[b"0"]]


def test_a_refused_statement_of_several_undoes_those_before_it(client: RawClient) -> None:
    answer = client.ask(query("insert into item values (7002, 'x', 1); select word from secret; select 1"))
    assert letters(answer) == "CEZ"
    assert cells(client.ask(query("select count(*) from item where id = 7002"))) == [[b"0"]]


def test_several_statements_are_answered_with_one_readiness(client: RawClient) -> None:
    answer = client.ask(query(f"begin; {PLAIN}; {MAIL}; commit; select 1"))
    assert letters(answer) == "CTDCTDCCTDCZ"
    assert cells(answer) == [[b"item 1"], [MASKED], [b"1"]]


def test_what_an_earlier_statement_of_several_creates_a_later_one_sees(client: RawClient) -> None:
    answer = client.ask(query("create temp table made as select email as e from person; select e from made limit 1"))
    assert cells(answer) == [[b"[redacted:email]"]]


def test_a_query_in_the_middle_of_a_segment_ends_it(client: RawClient) -> None:
    client.send(parse("", PLAIN), bind("", ""), execute(), query("select 2"), SYNC)
    answer = client.until("Z", 2)
    assert letters(answer) == "12DCTDCZZ"


def test_an_empty_query_has_its_own_answer(client: RawClient) -> None:
    assert letters(client.ask(query(""))) == "IZ"
    assert letters(client.ask(query("  ; ;"))) == "IZ"
    assert letters(client.ask(parse("", ""), bind("", ""), execute(), SYNC)) == "12IZ"


def test_data_of_a_copy_that_nobody_began_are_passed_over(client: RawClient) -> None:
    client.send(message("d", b"1\tx\t1\n"), message("c"))
    assert letters(client.ask(query("select 1"))) == "TDCZ"


def test_a_copy_sent_at_once_with_its_data_goes_in(client: RawClient) -> None:
    client.send(
        query("copy item from stdin"), message("d", b"7101\tx\t1\n71"), message("d", b"02\ty\t1\n"), message("c")
    )
    assert letters(client.until("Z")) == "GCZ"
    assert cells(client.ask(query("select count(*) from item where id > 7100"))) == [[b"2"]]
    client.ask(query("delete from item where id > 7100"))


def test_a_copy_that_the_client_gives_up_leaves_nothing(client: RawClient) -> None:
    client.send(query("copy item from stdin"), message("d", b"7201\tx\t1\n"), message("f", b"changed my mind\0"))
    answer = client.until("Z")
    assert letters(answer) == "GEZ"
    assert code(answer) == "57014"


def test_a_copy_through_the_extended_protocol_goes_in(client: RawClient) -> None:
    client.send(parse("", "copy item from stdin"), bind("", ""), execute(), SYNC)
    assert letters(client.until("G")) == "12G"
    client.send(message("d", b"7301\tx\t1\n"), message("c"), SYNC)
    assert letters(client.until("Z")) == "CZ"
    client.ask(query("delete from item where id > 7300"))


def test_a_copy_with_data_that_may_not_go_in_fails_and_leaves_nothing(client: RawClient) -> None:
    client.send(
        query("copy person (id, note) from stdin"), message("d", b"71\tcard 4111 1111 1111 1111\n"), message("c")
    )
    answer = client.until("Z")
    assert code(answer) == "42501"
    assert cells(client.ask(query("select count(*) from person where id = 71"))) == [[b"0"]]


def test_names_of_the_gate_are_not_for_clients(client: RawClient) -> None:
    assert code(client.ask(parse("_ringfence_on", PLAIN), SYNC)) == "42602"
    assert code(client.ask(close("S", "_ringfence_on"), SYNC)) == "42602"
    assert code(client.ask(bind("", "_ringfence_on"), execute(), SYNC)) == "26000"
    assert letters(client.ask(query(PLAIN))) == "TDCZ"


def test_a_function_call_is_refused(client: RawClient) -> None:
    answer = client.ask(message("F", b"\0\0\0\1\0\0\0\0\0\0"))
    assert letters(answer) == "EZ"
    assert code(answer) == "0A000"


@pytest.mark.parametrize("size", [0, 1, 3, 2**31 - 1, -1])
def test_a_length_that_cannot_be_ends_the_connection_in_words(client: RawClient, size: int) -> None:
    client.send(b"Q" + (size & 0xFFFFFFFF).to_bytes(4, "big") + b"x")
    answer = client.until("E")
    assert code(answer) == "08P01"
    with pytest.raises(EOFError):
        client.next()


def test_messages_cut_anywhere_are_the_same_messages(client: RawClient) -> None:
    whole = parse("", MAIL) + bind("", "") + execute() + SYNC
    for cut in range(1, len(whole), 7):
        client.send(whole[:cut])
        client.send(whole[cut:])
        assert cells(client.until("Z")) == [[MASKED]]


def test_trees_are_not_told_to_the_client_that_listens_to_everything(client: RawClient) -> None:
    client.ask(query("set client_min_messages = 'debug1'"))
    answer = client.ask(query("select id, email from person where id = 2"))
    assert not any(b"QUERY" in body for _, body in answer)
    shown = client.ask(query("show client_min_messages"))
    assert cells(shown) == [[b"debug1"]]


def test_a_discard_of_everything_takes_the_gates_own_statements_and_nothing_else(client: RawClient) -> None:
    client.ask(query(MAIL))
    assert letters(client.ask(query("discard all"))) == "CZ"
    assert cells(client.ask(query("select email from person where id = 2 "))) == [[MASKED]]


def test_the_client_knows_the_number_by_which_the_server_calls_its_session(client: RawClient) -> None:
    assert cells(client.ask(query("select pg_backend_pid()"))) == [[str(int.from_bytes(client.key[:4])).encode()]]


def test_a_lone_sync_behind_a_copy_that_failed_is_answered(client: RawClient) -> None:
    begin = [parse("", "copy item from stdin (freeze)"), bind("", ""), execute(), SYNC]
    assert letters(client.ask(*begin)).endswith("EZ")
    client.send(parse("", "copy item (id, label) from stdin"), bind("", ""), execute(), FLUSH)
    client.until("G")
    client.send(message("d", b"x\ty\n") + message("d", b"2\tz\n") * 1000)
    client.until("E")
    assert letters(client.ask(SYNC)) == "Z"
    assert letters(client.ask(query(PLAIN))) == "TDCZ"


def test_many_small_messages_that_have_to_be_waited_for_are_answered_in_time(client: RawClient) -> None:
    count = 30_000
    client.send(query("") * 50 + parse("n", PLAIN) + (describe("S", "n") + SYNC) * count)
    assert letters(client.until("Z", 50 + count)).count("T") == count


def test_several_descriptions_in_one_piece_are_each_answered(client: RawClient) -> None:
    answer = client.ask(
        parse("s", PLAIN), describe("S", "s"), describe("S", "s"), bind("", "s"), describe("P", ""), SYNC
    )
    assert letters(answer) == "1tTtT2TZ"


def test_other_servers_answer_in_the_same_order(server: Server, tmp_path: Path) -> None:
    with house(server.database("order", SCHEMA), tmp_path) as running, RawClient(running) as raw:
        assert cells(raw.ask(query(MAIL))) == [[MASKED]]
        answer = raw.ask(parse("", MAIL), bind("", ""), execute(), SYNC)
        assert (letters(answer), cells(answer)) == ("12DCZ", [[MASKED]])
        raw.send(parse("", "select 1/0"), bind("", ""), execute(), SYNC, query(f"{PLAIN}; {MAIL}"))
        assert letters(raw.until("Z", 2)) == "1EZTDCTDCZ"


def test_an_error_in_the_middle_of_a_segment_sent_at_once_is_followed_by_readiness(client: RawClient) -> None:
    for first in ("select 1/0", "selec 1"):
        one = [parse("", first), bind("", ""), execute()]
        another = [parse("", f"select {len(first)} + 2"), bind("", ""), execute()]
        answer = client.ask(*one, *another, SYNC)
        assert letters(answer).endswith("EZ"), first
        assert letters(client.ask(query(PLAIN))) == "TDCZ"


@pytest.mark.parametrize(
    "broken", [message("P", b"no end"), message("B", b"x"), message("E", b"p"), message("D"), message("C", b"S")]
)
def test_a_message_that_is_not_whole_ends_the_connection_in_words(client: RawClient, broken: bytes) -> None:
    client.send(broken, SYNC)
    answer = client.until("E")
    assert code(answer) == "08P01"


@pytest.mark.parametrize("first", ["format csv, header", "delimiter ','", "format csv, quote 'x'"])
def test_two_copies_of_one_query_that_spell_their_rows_differently_are_both_masked(
    client: RawClient, first: str
) -> None:
    for options in (first, "format csv", "delimiter '|'"):
        answer = client.ask(
            query(f"copy (select ',,'::text, email, 'b'::text from person where id < 3) to stdout ({options})")
        )
        assert letters(answer).endswith("CZ"), options
        copied = b"".join(body for letter, body in answer if letter == "d")
        assert b"example" not in copied, options
        assert b"*" in copied, options


@pytest.mark.parametrize(
    "text",
    [
        "select 1; copy (select nonesuch from item) to stdout",
        "/* é */ copy (select nonesuch from item) to stdout",
        "  declare c cursor for select nonesuch from item",
        "prepare p as select nonesuch from item",
        "explain (costs off) select nonesuch from item",
        "create temp table kept as select nonesuch from item",
    ],
)
@pytest.mark.parametrize("extended", [False, True], ids=["simple", "extended"])
def test_an_error_in_a_query_within_a_statement_stands_where_it_is_in_the_text(
    client: RawClient, text: str, extended: bool
) -> None:
    if extended:
        text = text.removeprefix("select 1; ")
    answer = client.ask(parse("", text), SYNC) if extended else client.ask(query(text))
    body = next(body for letter, body in answer if letter == "E")
    assert code(answer) == "42703"
    assert next(part[1:].decode() for part in body.split(b"\0") if part[:1] == b"P") == str(text.index("nonesuch") + 1)
