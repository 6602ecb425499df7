"""The replies' state machine, by exhaustion: the tables allow exactly what the protocol, written another way, allows."""

import re
from itertools import product

import pytest
from envoy.service.ext_proc.v3.external_processor_pb2 import CommonResponse, ProcessingResponse

from ringfence.gates.http.edits import HeadEdits
from ringfence.gates.http.refusing import Told
from ringfence.gates.http.replies import Direction, Replies
from ringfence.gates.http.turns import Arrival, Mode, NotAllowed, OutOfTurn, Sent, Turns

ARRIVALS = dict(zip("HABET", Arrival, strict=True))
SENT = dict(zip("hbet", Sent, strict=True))
LONGEST = 6

# What may come and what may go, each on its own; capitals come, small letters go.
COMES = {Mode.STREAMED: re.compile("(A|HB*(E|T)?)?"), Mode.BUFFERED: re.compile("(A|H(E|B?T?))?")}
GOES = {Mode.STREAMED: re.compile("(hb*(e|t)?)?"), Mode.BUFFERED: re.compile("(h(e|b?t?))?")}


def _is_legal(mode: Mode, said: str) -> bool:
    """Say whether the last of `said` may follow what came before, all of which was legal: by reading the whole transcript."""
    came, gone = re.sub("[a-z]", "", said), re.sub("[A-Z]", "", said)
    if not COMES[mode].fullmatch(came) or not GOES[mode].fullmatch(gone):
        return False
    match said[-1]:
        case "h":
            return bool(came) and (mode is Mode.STREAMED or came in ("A", "H"))
        case "b":
            return "H" in came if mode is Mode.STREAMED else came == "HB"
        case "e":
            return came[-1] == "E"
        case "t":
            return came[-1] == "T" and (mode is Mode.STREAMED or ("B" in came) == ("b" in gone))
    return True


@pytest.mark.parametrize("mode", Mode)
def test_the_tables_allow_every_legal_order_and_no_other(mode: Mode) -> None:
    """Every sequence of up to six comings and goings: 9 + 9² + … + 9⁶ of them, each as far as it is legal."""
    reached, tried = [""], 0
    for _ in range(LONGEST):
        longer: list[str] = []
        for said, letter in product(reached, "HABEThbet"):
            turns = Turns(mode)
            for each in said:
                _step(turns, each)
            tried += 1
            if _is_legal(mode, said + letter):
                _step(turns, letter)
                longer.append(said + letter)
            else:
                state = (turns.come, turns.gone)
                with pytest.raises((OutOfTurn, NotAllowed)):
                    _step(turns, letter)
                assert (turns.come, turns.gone) == state
        reached = longer
    assert tried > 100
    if mode is Mode.STREAMED:
        assert {"HBhbEe", "HBThbt"} <= set(reached)
    else:
        assert "HhBbTt" in reached


def _step(turns: Turns, letter: str) -> None:
    if letter.isupper():
        turns.arrive(ARRIVALS[letter])
    else:
        turns.send(SENT[letter])


_EDITS = HeadEdits((("x-a", "1"),), ("etag",))
_ACTS = ["H", "A", "B", "E", "T", "h", "b", "e", "t", "I"]


@pytest.mark.parametrize("mode", Mode)
def test_no_order_of_calls_makes_it_write_a_reply_of_another_kind(mode: Mode) -> None:
    """Every sequence of five acts in both directions: what is written is of its kind, replaces bodies, and says nothing else."""
    acts = [(direction, act) for direction in Direction for act in _ACTS if act != "I"] + [(Direction.REQUEST, "I")]
    states: dict[tuple[object, ...], list[tuple[Direction, str]]] = {(): []}
    written = 0
    for _ in range(9):
        further: dict[tuple[object, ...], list[tuple[Direction, str]]] = {}
        for path in states.values():
            for act in acts:
                replies = Replies(mode)
                for each in path:
                    _act(replies, *each)
                try:
                    octets = _act(replies, *act)
                except (OutOfTurn, NotAllowed):
                    continue
                if octets is not None:
                    _look(mode, octets, *act)
                    written += 1
                    assert act[1] == "I" or not any(each[1] == "I" for each in path)
                state = (replies.is_over, *((each.come, each.gone) for each in replies._turns.values()))
                further.setdefault(state, [*path, act])
        states |= further
    assert written > 100


def _act(replies: Replies, direction: Direction, act: str) -> bytes | None:
    match act:
        case "h":
            return replies.headers(direction, _EDITS)
        case "b" | "e":
            return replies.body(direction, b"released" if act == "b" else b"", ends=act == "e")
        case "t":
            return replies.trailers(direction, ["x-t"])
        case "I":
            return replies.refuse(Told(403, b"{}"))
    replies.arrive(direction, ARRIVALS[act])
    return None


def _look(mode: Mode, octets: bytes, direction: Direction, act: str) -> None:
    reply = ProcessingResponse.FromString(octets)
    assert [field.name for field, _ in reply.ListFields()] == [reply.WhichOneof("response")]
    if act == "I":
        assert reply.immediate_response.status.code == 403
        return
    part = {"h": "headers", "b": "body", "e": "body", "t": "trailers"}[act]
    assert reply.WhichOneof("response") == f"{direction.name.lower()}_{part}"
    if act in "hbe":
        common = getattr(reply, f"{direction.name.lower()}_{part}").response
        assert common.status == CommonResponse.ResponseStatus.CONTINUE
        assert not common.clear_route_cache
        assert common.HasField("body_mutation") == (act in "be")
        if act in "be":
            kind = common.body_mutation.WhichOneof("mutation")
            assert kind == ("streamed_response" if mode is Mode.STREAMED else ("body" if act == "b" else "clear_body"))
            if mode is Mode.STREAMED:
                assert common.body_mutation.streamed_response.end_of_stream == (act == "e")


def test_after_a_refusal_nothing_is_sent_and_none_once_something_of_the_response_has_gone() -> None:
    for mode in Mode:
        replies = Replies(mode)
        replies.arrive(Direction.REQUEST, Arrival.HEADERS_ALONE)
        replies.headers(Direction.REQUEST, HeadEdits())
        replies.arrive(Direction.RESPONSE, Arrival.HEADERS)
        replies.headers(Direction.RESPONSE, HeadEdits())
        assert replies.may_refuse == (mode is Mode.BUFFERED)  # Envoy holds the head until the body's reply
        replies.arrive(Direction.RESPONSE, Arrival.BODY_END)
        replies.body(Direction.RESPONSE, b"x", ends=True)
        assert not replies.may_refuse
        with pytest.raises(NotAllowed):
            replies.refuse(Told(403, b""))


@pytest.mark.parametrize("mode", Mode)
def test_a_response_may_come_of_a_request_that_envoy_did_not_take_and_its_request_not_afterwards(mode: Mode) -> None:
    replies = Replies(mode)
    replies.arrive(Direction.RESPONSE, Arrival.HEADERS)
    with pytest.raises(OutOfTurn):
        replies.arrive(Direction.REQUEST, Arrival.HEADERS)
