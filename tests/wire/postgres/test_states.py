"""Plays of a session: what the client sends (`>`), what the gate sends of its own (`+`), what the server answers (`<`).

A line is who, what, and what must come of it. `> Parse` is taken and sent on; `> Parse ignored`, `> Parse waits` are not.
`+ Sync` is the gate's. `owe x` and `refuse x` put an answer of the gate's own in the queue; `due x` says whose turn it is.
`< ParseComplete: Parse` answers that request; `.` behind it says that it is finished. `< NoticeResponse: -` answers nothing.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.kinds import FromClient, FromServer
from ringfence.wire.postgres.states import CLIENT, SERVER, Copy, Exchange, Phase, Stage, Way

CLIENT_KINDS = {"".join(word.capitalize() for word in kind.name.split("_")): kind for kind in FromClient}
SERVER_KINDS = {"".join(word.capitalize() for word in kind.name.split("_")): kind for kind in FromServer}
WAYS = {"ignored": Way.IGNORE, "waits": Way.WAIT}
COPIES = {"copy-in": Copy.IN, "copy-out": Copy.OUT}


def opened() -> Exchange[str]:
    exchange: Exchange[str] = Exchange()
    assert exchange.came(FromClient.STARTUP) is Way.TAKE
    exchange.admit()
    return exchange


def play(script: str, exchange: Exchange[str] | None = None) -> Exchange[str]:
    exchange = exchange or opened()
    for line in filter(None, map(str.strip, script.splitlines())):
        who, _, rest = line.partition(" ")
        match who:
            case ">" | "+":
                name, *extra = rest.split()
                kind = CLIENT_KINDS[name]
                if who == ">":
                    way = WAYS.get(extra[0], Way.TAKE) if extra else Way.TAKE
                    assert exchange.came(kind) is way, line
                    if way is not Way.TAKE:
                        continue
                exchange.sent(kind, who + name, COPIES.get(extra[0], Copy.NONE) if extra else Copy.NONE)
            case "<":
                name, _, answered = rest.partition(":")
                request = exchange.received(SERVER_KINDS[name])
                expected = answered.strip()
                if expected == "-":
                    assert request is None, line
                else:
                    assert request is not None, line
                    assert (request.note.lstrip(">+"), request.is_finished) == (
                        expected.rstrip("."),
                        expected.endswith("."),
                    ), line
            case "owe":
                exchange.owes(rest)
            case "refuse":
                exchange.refuses(rest)
            case "due":
                assert " ".join(exchange.due()) == rest, line
    return exchange


SESSIONS = {
    "a simple query": """
        > Query
        < RowDescription: Query
        < DataRow: Query
        < NoticeResponse: -
        < CommandComplete: Query
        < ReadyForQuery: Query.
        """,
    "a query of several statements, the last of which fails": """
        > Query
        < CommandComplete: Query
        < RowDescription: Query
        < CommandComplete: Query
        < ErrorResponse: Query
        < ReadyForQuery: Query.
        """,
    "an empty query": """
        > Query
        < EmptyQueryResponse: Query
        < ReadyForQuery: Query.
        """,
    "a prepared statement, pipelined": """
        > Parse
        > Describe
        > Bind
        > Describe
        > Execute
        > Close
        > Sync
        < ParseComplete: Parse.
        < ParameterDescription: Describe
        < RowDescription: Describe.
        < BindComplete: Bind.
        < NoData: Describe.
        < DataRow: Execute
        < ParameterStatus: -
        < CommandComplete: Execute.
        < CloseComplete: Close.
        < ReadyForQuery: Sync.
        """,
    "a portal in portions": """
        > Bind
        > Execute
        > Execute
        > Flush
        < BindComplete: Bind.
        < DataRow: Execute
        < PortalSuspended: Execute.
        < DataRow: Execute
        < CommandComplete: Execute.
        > Sync
        < ReadyForQuery: Sync.
        """,
    "an error makes the server skip to the next Sync, and go on with what is behind it": """
        > Parse
        > Bind
        > Execute
        > Sync
        > Parse
        > Sync
        < ErrorResponse: Parse.
        < ReadyForQuery: Sync.
        < ParseComplete: Parse.
        < ReadyForQuery: Sync.
        """,
    "an error with no Sync under way: what comes before it is ignored": """
        > Bind
        > Execute
        < BindComplete: Bind.
        < ErrorResponse: Execute.
        > Query ignored
        > Parse ignored
        > CopyData ignored
        > Flush ignored
        > Sync
        < ReadyForQuery: Sync.
        > Query
        """,
    "a commit that fails at Sync": """
        > Sync
        < ErrorResponse: Sync
        < ReadyForQuery: Sync.
        """,
    "a function call": """
        > FunctionCall
        < FunctionCallResponse: FunctionCall
        < ReadyForQuery: FunctionCall.
        > FunctionCall
        < ErrorResponse: FunctionCall
        < ReadyForQuery: FunctionCall.
        """,
    "a copy to the client": """
        > Query copy-out
        < CopyOutResponse: Query
        < CopyData: Query
        < CopyDone: Query
        < CommandComplete: Query
        < ReadyForQuery: Query.
        """,
    "a copy from the client by a simple query": """
        > Query copy-in
        > CopyData waits
        < CopyInResponse: Query
        > CopyData
        > Sync ignored
        > Flush ignored
        > CopyDone
        < CommandComplete: Query
        < ReadyForQuery: Query.
        > Query
        """,
    "a copy from the client in the extended protocol: a Sync waits, and the server would swallow it": """
        > Bind
        > Execute copy-in
        > Sync waits
        < BindComplete: Bind.
        < CopyInResponse: Execute
        > Sync ignored
        > CopyData
        > CopyFail
        < ErrorResponse: Execute.
        > Sync
        < ReadyForQuery: Sync.
        """,
    "a copy from the client that the server does not begin": """
        > Execute copy-in
        > Sync waits
        < ErrorResponse: Execute.
        > CopyData ignored
        > CopyDone ignored
        > Sync
        < ReadyForQuery: Sync.
        """,
    "a copy that fails while the client still sends": """
        > Query copy-in
        < CopyInResponse: Query
        > CopyData
        < ErrorResponse: Query
        < ReadyForQuery: Query.
        > CopyData ignored
        > CopyDone ignored
        > Query
        """,
    "a copy in the extended protocol that ends well, and what was pipelined behind it": """
        > Execute copy-in
        < CopyInResponse: Execute
        > CopyDone
        > Sync
        < CommandComplete: Execute.
        < ReadyForQuery: Sync.
        """,
    "a refusal has its turn, and what is behind it is ignored up to Sync": """
        > Parse
        refuse no
        due
        > Bind ignored
        > Sync
        < ParseComplete: Parse.
        due no
        < ReadyForQuery: Sync.
        > Parse
        """,
    "a refusal behind an error is skipped with the rest": """
        > Parse
        refuse no
        > Sync
        < ErrorResponse: Parse.
        due
        < ReadyForQuery: Sync.
        """,
    "answers of the gate's own stand between those of the server": """
        > Parse
        owe mine
        owe and mine
        > Bind
        < ParseComplete: Parse.
        due mine and mine
        < BindComplete: Bind.
        due
        """,
    "what the gate asks for itself stands in the same queue": """
        + Parse
        + Bind
        + Execute
        > Parse
        > Describe
        + Flush
        < ParseComplete: Parse.
        < BindComplete: Bind.
        < DataRow: Execute
        < CommandComplete: Execute.
        < ErrorResponse: Parse.
        > Sync
        < ReadyForQuery: Sync.
        """,
    "an error of what the gate asked for, and a Sync of its own": """
        + Parse
        < ErrorResponse: Parse.
        + Sync
        < ReadyForQuery: Sync.
        """,
    "the server ends an idle session": """
        < NoticeResponse: -
        < NotificationResponse: -
        < ErrorResponse: -
        """,
    "a client may leave at any time": """
        > Query copy-in
        > Terminate
        """,
}


@pytest.mark.parametrize("script", SESSIONS.values(), ids=list(SESSIONS))
def test_a_session_goes(script: str) -> None:
    play(script)


BROKEN = {
    "an answer to nothing": "< CommandComplete: -",
    "a row that nobody asked for": "> Sync\n< DataRow: Sync",
    "a row before its description": "> Query\n< DataRow: Query",
    "ready before the query is over": "> Query\n< ReadyForQuery: Query.",
    "rows of a Parse": "> Parse\n< DataRow: Parse",
    "an answer out of order": "> Parse\n> Bind\n< BindComplete: Bind.",
    "a second answer": "> Bind\n< BindComplete: Bind.\n< BindComplete: Bind.",
    "a copy out that was not announced": "> Query\n< CopyOutResponse: Query",
    "a copy in that was not announced": "> Execute\n< CopyInResponse: Execute",
    "a copy in where one out was announced": "> Query copy-out\n< CopyInResponse: Query",
    "a copy in both directions": "> Query copy-in\n< CopyBothResponse: Query",
    "data of no copy": "> Query\n< CopyData: Query",
    "the end of a copy that the client has not ended": "> Query copy-in\n< CopyInResponse: Query\n< CommandComplete: Query",
    "more than ready behind an error": "> Query\n< ErrorResponse: Query\n< DataRow: Query",
    "authentication in the middle of a session": "> Query\n< Authentication: Query",
    "another session's key": "> Query\n< BackendKeyData: Query",
    "a query while data are awaited": "> Query copy-in\n< CopyInResponse: Query\n> Query",
    "a statement while data are awaited": "> Execute copy-in\n< CopyInResponse: Execute\n> Parse",
    "a password in the middle of a session": "> Password",
    "a second start": "> Startup",
    "a request for encryption in the middle of a session": "> SslRequest",
    "a cancel request in the middle of a session": "> CancelRequest",
    "anything after Terminate": "> Terminate\n> Query",
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=list(BROKEN))
def test_what_comes_out_of_order_breaks_it(script: str) -> None:
    *before, last = script.splitlines()
    exchange = play("\n".join(before))
    with pytest.raises(RemoteError):
        play(last, exchange)


MISTAKES = {
    "sending behind a copy that has not begun": "> Query copy-in\n+ Parse",
    "sending while data are awaited": "> Query copy-in\n< CopyInResponse: Query\n+ Parse",
    "ending a copy that does not go on": "+ CopyDone",
    "ending a copy twice": "> Query copy-in\n< CopyInResponse: Query\n> CopyDone\n+ CopyFail",
    "sending what the server skips": "> Parse\n< ErrorResponse: Parse.\n+ Parse",
}


@pytest.mark.parametrize("script", MISTAKES.values(), ids=list(MISTAKES))
def test_what_the_gate_must_not_do_is_its_own_mistake(script: str) -> None:
    *before, last = script.splitlines()
    exchange = play("\n".join(before))
    with pytest.raises(LocalError):
        play(last, exchange)


def test_before_a_client_is_known_it_may_only_authenticate() -> None:
    allowed = {FromClient.PASSWORD, FromClient.TERMINATE}
    for kind in FromClient:
        exchange: Exchange[str] = Exchange()
        exchange.came(FromClient.STARTUP)
        if kind in allowed:
            assert exchange.came(kind) is Way.TAKE
        else:
            with pytest.raises(RemoteError, match="while authenticating"):
                exchange.came(kind)


def test_nothing_but_opening_packets_opens_a_session_and_each_encryption_is_asked_for_once() -> None:
    for kind in set(FromClient) - set(CLIENT[Phase.OPENING]):
        with pytest.raises(RemoteError):
            Exchange[str]().came(kind)
    exchange: Exchange[str] = Exchange()
    assert [exchange.came(kind) for kind in (FromClient.GSSENC_REQUEST, FromClient.SSL_REQUEST)] == [Way.TAKE] * 2
    with pytest.raises(RemoteError):
        exchange.came(FromClient.SSL_REQUEST)
    assert exchange.came(FromClient.STARTUP) is Way.TAKE
    assert exchange.phase is Phase.AUTHENTICATING


def test_only_a_client_that_authenticates_is_admitted() -> None:
    with pytest.raises(LocalError):
        Exchange[str]().admit()
    with pytest.raises(LocalError):
        opened().admit()


def test_the_servers_start_has_its_order_too() -> None:
    exchange: Exchange[str] = Exchange()
    with pytest.raises(LocalError):
        exchange.authenticated()
    exchange.sent(FromClient.STARTUP, "start")
    play("< NegotiateProtocolVersion: start\n< Authentication: start", exchange)
    with pytest.raises(RemoteError):
        exchange.received(FromServer.READY_FOR_QUERY)
    exchange.sent(FromClient.PASSWORD, "password")
    exchange.authenticated()
    with pytest.raises(RemoteError):
        exchange.received(FromServer.AUTHENTICATION)
    play("< ParameterStatus: -\n< BackendKeyData: start\n< ReadyForQuery: start.", exchange)
    assert exchange.pending == 0


def test_what_an_error_made_the_server_skip_is_told() -> None:
    exchange = play("> Parse\n> Bind\nowe mine\n> Execute\n> Sync")
    request = exchange.received(FromServer.ERROR_RESPONSE)
    assert request is not None
    assert [dropped.note for dropped in request.dropped] == [">Bind", "mine", ">Execute"]
    assert exchange.pending == 1
    assert not exchange.server_skips


def test_a_request_shows_its_kind_and_stage_and_nothing_of_its_note() -> None:
    exchange = play("> Query")
    request = exchange.received(FromServer.ROW_DESCRIPTION)
    assert repr(request) == "<request of kind 81, QUERY_ROWS>"


@given(st.lists(st.sampled_from([*map(int, FromServer), -1, *map(int, FromClient)]), max_size=25))
def test_any_order_of_messages_is_followed_or_refused(kinds: list[int]) -> None:
    """Whatever comes, the queue is the length of what was sent and not answered, and no stage lacks its row in the table."""
    exchange = opened()
    for kind in kinds:
        try:
            if exchange.came(kind) is Way.TAKE:
                exchange.sent(kind, "")
        except (RemoteError, LocalError):
            pass
        try:
            request = exchange.received(kind)
        except RemoteError:
            continue
        assert request is None or request.is_finished or request.stage in SERVER
        assert exchange.pending <= len(kinds)


def test_every_stage_that_is_not_the_end_has_its_row() -> None:
    assert set(SERVER) == set(Stage) - {Stage.DONE, Stage.SKIPPED}
    assert set(CLIENT) == set(Phase)
