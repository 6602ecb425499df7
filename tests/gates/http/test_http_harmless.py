"""Heads that come again and again: what is remembered of them, and what is looked at each time all the same."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from http_stage import POLICY, policy

from ringfence.crossing import CrossingId, Record, Recorded, Refuse, Release
from ringfence.detect import detector_for
from ringfence.gates.http.edits import HeadEdits, RequestHead, ResponseHead
from ringfence.gates.http.exchange import HttpExchange, Side
from ringfence.gates.http.harmless import _MOST, Harmless
from ringfence.gates.http.heads import parts_of
from ringfence.gates.http.passage import Passage
from ringfence.policy import AssetName, ZoneName
from ringfence.transform import Keyring

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAIL = "ada@example.com"
OPEN = POLICY.replace("method: POST, path:", "path:")
Given = tuple[tuple[str, str], ...]


def side(text: str = OPEN) -> Side:
    ids = iter(range(100_000))
    return Side(
        policy(text), "api", AssetName("shop"), ZoneName("partners"), Keyring(), lambda _at: CrossingId(f"c{next(ids)}")
    )


def came_of(passage: Passage) -> tuple[HeadEdits, list[str], bool]:
    """Give what changes in a head, the kinds of entries, and whether it was refused."""
    out, kinds, refused = b"", list[str](), False
    left: deque[object] = deque(passage.head.start(NOW))
    while left:
        match left.popleft():
            case Release(payload=bytes() as octets):
                out += octets
            case Refuse():
                refused = True
            case Record(id=number, body=entry):
                kinds.append(str(entry["kind"]))
                left.extendleft(reversed(passage.head.answer(Recorded(number, "r"), NOW)))
    edits = passage.head.edits(out) if passage.head.summary is not None and not refused else HeadEdits()
    return edits, kinds, refused


def asked(
    of: Side, fields: Given, path: str = "/orders", query: str | None = None
) -> tuple[HeadEdits, list[str], bool]:
    return came_of(HttpExchange(of).request(RequestHead("POST", path, fields, ends=False, query=query)))


def octets_looked_at(of: Side, fields: Given, **more: str) -> int:
    work = detector_for(of.policy.detect).work
    before = work.scanned
    asked(of, fields, **more)
    return work.scanned - before


USUAL: Given = (("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"), ("accept", "application/json"), ("x-one", "1"))


def test_a_head_that_came_before_and_held_nothing_is_not_looked_at_again() -> None:
    of = side()
    assert octets_looked_at(of, USUAL, query="page=2") > 50
    assert octets_looked_at(of, USUAL, query="page=2") == 0
    assert 0 < octets_looked_at(of, (*USUAL, ("x-request-id", "8e4bf92f")), query="page=2") < 20


def test_of_a_head_that_came_before_only_what_is_new_is_looked_at_and_changed() -> None:
    of = side()
    asked(of, USUAL)
    for _ in range(3):
        edits, kinds, _ = asked(of, (*USUAL, ("x-user", f"<{MAIL}>")))
        assert edits == HeadEdits(remove=("x-user",), add=(("x-user", "<[redacted:email]>"),))
        assert kinds == ["crossed"]


def test_a_query_that_changes_keeps_the_path_that_came_before() -> None:
    of = side()
    asked(of, USUAL, "/orders/7", "page=2")
    edits, _, _ = asked(of, USUAL, "/orders/7", f"page=2&mail={MAIL}")
    [(name, target)] = edits.set
    assert (name, target.partition("&")[0]) == (":path", "/orders/7?page=2")
    assert "ada" not in target


def test_the_same_octets_under_another_name_are_looked_at() -> None:
    of = side(OPEN.replace('at: "http://127.0.0.1:1"', 'at: "http://127.0.0.1:1", fields: {header.x-user: user.name}'))
    assert asked(of, (("x-nick", "ada"),)) == (HeadEdits(), [], False)
    for _ in range(2):
        assert asked(of, (("x-user", "ada"),))[2]  # a name is not carried


def test_names_that_come_twice_are_looked_at_together_each_time() -> None:
    of = side()
    twice: Given = (("x-two", "one of them"), ("x-two", "the other"))
    assert octets_looked_at(of, twice) == octets_looked_at(of, twice) + len("/orders\n")
    edits, _, _ = asked(of, (("x-two", "one of them"), ("x-two", MAIL)))
    assert [value for _, value in edits.add] == ["one of them", "[redacted:email]"]


def test_a_path_goes_with_its_query_and_neither_is_known_by_itself() -> None:
    of = side()
    asked(of, USUAL, "/orders/7", "page=2")
    asked(of, USUAL, "/orders/8", "page=3")
    assert (
        octets_looked_at(of, USUAL, path="/orders/8", query="page=2") == 0
    )  # each half was seen with nothing beside it
    assert octets_looked_at(of, USUAL, path="/orders/8", query="page=4") >= len("/orders/8?page=4")


def test_a_value_that_was_found_is_never_learned_nor_what_stood_beside_it() -> None:
    of = side()
    found: Given = (*USUAL, ("x-user", MAIL))
    for _ in range(3):
        assert asked(of, found)[1] == ["crossed"]
        assert len(of.harmless.others(parts_of(found), "")) == len(found)


def test_what_was_nothing_under_one_endpoints_fields_is_looked_at_under_anothers() -> None:
    declared = (
        'at: "http://127.0.0.1:1", endpoints: {POST /a: {}, POST /b: {request: {header.x-nick: user.name}},'
        " POST /c: {request: {header.x-nick: none}}}"
    )
    of = side(OPEN.replace('at: "http://127.0.0.1:1"', declared).replace(', path: "/orders*"', ""))
    given: Given = (("x-nick", "ada"),)
    for path, refused in (("/c", False), ("/a", False), ("/b", True), ("/a", False), ("/b", True)):
        assert asked(of, given, path)[2] is refused, path


def test_what_a_request_held_is_looked_at_in_an_answer_under_its_endpoint() -> None:
    declared = 'at: "http://127.0.0.1:1", endpoints: {POST /a: {response: {header.x-nick: user.name}}}'
    of = side(OPEN.replace('at: "http://127.0.0.1:1"', declared).replace(', path: "/orders*"', ""))
    given: Given = (("x-nick", "ada"),)
    exchange = HttpExchange(of)
    assert came_of(exchange.request(RequestHead("POST", "/a", given, ends=True))) == (HeadEdits(), [], False)
    assert came_of(exchange.response(ResponseHead(200, given, ends=True)))[2]


def test_where_every_crossing_is_recorded_each_head_is() -> None:
    of = side(OPEN.replace("carry: {user.contact.email: redact}", "record: all, carry: {user.contact.email: redact}"))
    assert [asked(of, USUAL)[1] for _ in range(3)] == [["crossed"]] * 3


def test_what_was_issued_to_a_request_is_looked_for_in_a_field_that_came_before() -> None:
    of = side(
        OPEN.replace("from: shop,", "from: shop, restore: true,").replace(
            "from: shop\n", "from: shop\n    restore: true\n"
        )
    )
    stood_in: Given = (("x-ref", "stand-in-7"),)
    for issued in (False, True):
        exchange = HttpExchange(of)
        exchange.request(RequestHead("GET", "/", (), ends=True))
        if issued:
            exchange._surrogates.remember("stand-in-7", "user.contact.email", MAIL)
        passage = exchange.response(ResponseHead(200, stood_in, ends=True))
        came_of(passage)
        if not issued:
            assert of.harmless.others(parts_of(stood_in), "") == []
        assert passage.head.summary is not None


def test_another_policy_has_seen_nothing() -> None:
    of = side()
    asked(of, USUAL)
    assert octets_looked_at(replace(of), USUAL) > 50


def test_what_is_remembered_is_bounded_holds_no_octets_and_keeps_what_is_used() -> None:
    harmless = Harmless()
    usual = parts_of(USUAL)
    harmless.learn(usual, "")
    for number in range(3 * _MOST):
        if number % 1000 == 0:
            assert harmless.others(usual, "") == []
        harmless.learn(parts_of((("x-request-id", f"id-{number}"),)), "")
    assert len(harmless._new) + len(harmless._old) <= 2 * _MOST
    assert all(len(digest) == 16 for digest in harmless._new | harmless._old)
    assert len(harmless.others(parts_of((("x-request-id", "id-0"),)), "")) == 1


@pytest.mark.parametrize("named", ["a\udce9", "x"])
def test_octets_of_any_kind_are_told_apart(named: str) -> None:
    harmless = Harmless()
    harmless.learn(parts_of(((named, "\udce9"),)), "")
    assert harmless.others(parts_of(((named, "\udce9"),)), "") == []
    assert len(harmless.others(parts_of(((named, "\udcea"),)), "")) == 1
