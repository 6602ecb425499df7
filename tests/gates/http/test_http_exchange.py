"""Exchanges without Envoy: which flow, which carrier, what is refused, what becomes of header fields."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from http_stage import POLICY, policy

from ringfence.crossing import CrossingId, Effects, Ending, Reason, Record, Recorded, Refusal, Refuse, Release
from ringfence.gates.http.exchange import (
    HttpExchange,
    Passage,
    RequestHead,
    ResponseHead,
    Side,
    edits_of_change,
    request_edits,
    response_edits,
)
from ringfence.gates.http.media import MEDIA, SUFFIXES, choose
from ringfence.gates.http.refusing import told
from ringfence.policy import AssetName, ZoneName
from ringfence.transform import KeyHandle, Keyring

NOW = datetime(2026, 3, 1, tzinfo=UTC)
JSON = (("content-type", "application/json"),)
MAIL = b'{"mail": "ada@example.com"}'


def _side(text: str = POLICY) -> Side:
    ids = iter(range(1000))
    return Side(
        policy(text), "api", AssetName("shop"), ZoneName("partners"), Keyring(), lambda _at: CrossingId(f"c{next(ids)}")
    )


def _carried(passage: Passage, body: bytes, width: int = 1 << 20) -> tuple[bytes, Refusal | None, list[str]]:
    """Take a body through, in pieces of a width; give what was released, the refusal, the kinds of entries."""
    out, kinds, refusal = bytearray(), list[str](), None
    steps = [lambda at=at: passage.feed(body[at : at + width], NOW) for at in range(0, len(body), width)]
    for step in [*steps, lambda: passage.end(Ending.COMPLETE, NOW)]:
        left: deque[object] = deque(step())
        while left:
            match left.popleft():
                case Release(payload=bytes() as octets):
                    out += octets
                case Refuse(refusal=refused):
                    refusal = refused
                case Record(id=number, body=entry):
                    kinds.append(str(entry["kind"]))
                    answers: Effects = passage.answer(Recorded(number, "r"), NOW)
                    left.extendleft(reversed(answers))
    return bytes(out), refusal, kinds


def _asks(method: str = "POST", path: str = "/orders", fields: tuple[tuple[str, str], ...] = JSON) -> RequestHead:
    return RequestHead(method, path, fields, ends=False)


@pytest.mark.parametrize("width", [1, 3, 1 << 20])
def test_each_direction_takes_its_own_flow(width: int) -> None:
    exchange = HttpExchange(_side())
    assert _carried(exchange.request(_asks()), MAIL, width) == (b'{"mail": "[redacted:email]"}', None, ["crossed"])
    answer = exchange.response(ResponseHead(200, JSON, ends=False))
    assert _carried(answer, MAIL, width) == (b'{"mail": "***************"}', None, ["crossed"])


@pytest.mark.parametrize(("method", "path"), [("PUT", "/orders"), ("POST", "/order"), ("POST", "/x/orders")])
def test_a_request_that_no_flow_is_narrowed_to_lets_no_body_through(method: str, path: str) -> None:
    out, refusal, kinds = _carried(HttpExchange(_side()).request(_asks(method, path)), b'{"n": 1}')
    assert (out, kinds) == (b"", ["refused"])
    assert refusal is not None
    assert refusal.reason is Reason.NOT_ALLOWED


def test_a_head_without_a_body_crosses_nothing_and_records_nothing() -> None:
    passage = HttpExchange(_side()).request(RequestHead("DELETE", "/carts/1", (), ends=True))
    assert _carried(passage, b"") == (b"", None, [])
    assert passage.summary is None


UNREADABLE = {
    "no content type": (),
    "two content types": (*JSON, ("content-type", "text/plain")),
    "not carried": (("content-type", "application/cbor"),),
    "html": (("content-type", "text/html"),),
    "compressed": (*JSON, ("content-encoding", "gzip")),
    "compressed twice": (*JSON, ("content-encoding", "identity"), ("content-encoding", "br")),
    "another charset": (("content-type", "application/json; charset=utf-16"),),
    "two charsets": (("content-type", "text/plain; charset=utf-8; charset=utf-7"),),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_refused_unless_the_flow_lets_everything_through(case: str) -> None:
    fields = UNREADABLE[case]
    out, refusal, _ = _carried(HttpExchange(_side()).request(_asks(fields=fields)), b"any octets")
    assert out == b""
    assert refusal is not None
    assert refusal.reason is Reason.UNDECODABLE
    open_to_all = POLICY.replace(
        "carry: {user.contact.email: redact}, else: deny", 'carry: {"*": clear}, else: clear, unknown: clear'
    )
    assert _carried(HttpExchange(_side(open_to_all)).request(_asks(fields=fields)), b"\xff any")[0] == b"\xff any"
    watched = POLICY.replace("{user.contact.email: redact}, else: deny}", "{}, else: deny, mode: observe}")
    assert _carried(HttpExchange(_side(watched)).request(_asks(fields=fields)), b"\xff any")[::2] == (
        b"\xff any",
        ["crossed"],
    )


@pytest.mark.parametrize("octets", [MAIL.decode().encode("utf-16-le"), b"caf\xe9", b"caf\xc3"])
@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/json", "application/x-ndjson"])
def test_text_that_is_not_utf_8_is_refused_wherever_it_is_cut(octets: bytes, kind: str) -> None:
    for width in (1, 1 << 20):
        passage = HttpExchange(_side()).request(_asks(fields=(("content-type", kind),)))
        out, refusal, _ = _carried(passage, octets, width)
        assert out == b""
        assert refusal is not None


def test_a_part_of_a_body_is_not_read_as_if_it_were_whole() -> None:
    exchange = HttpExchange(_side())
    exchange.request(RequestHead("GET", "/", (), ends=True))
    out, refusal, _ = _carried(exchange.response(ResponseHead(206, JSON, ends=False)), b'{"n": 1}')
    assert out == b""
    assert refusal is not None


def test_lines_of_json_go_as_they_come_and_are_recorded_before_the_first() -> None:
    exchange = HttpExchange(_side())
    exchange.request(RequestHead("GET", "/", (), ends=True))
    passage = exchange.response(ResponseHead(200, (("content-type", "application/x-ndjson"),), ends=False))
    assert [type(effect) for effect in passage.feed(MAIL + b"\n", NOW)] == [Record]
    exchange.request(RequestHead("GET", "/", (), ends=True))
    passage = exchange.response(ResponseHead(200, (("content-type", "application/x-ndjson"),), ends=False))
    assert _carried(passage, (MAIL + b"\n") * 3)[2] == ["opened", "closed"]


def test_a_token_that_a_request_was_given_comes_back_as_what_it_stood_for() -> None:
    text = POLICY.replace("gates:", "keys: {k: {zones: [partners]}}\nforms: {t: {transform: token, key: k}}\ngates:")
    text = text.replace("carry: {user.contact.email: redact}", "carry: {user.contact.email: t}")
    text = text.replace("carry: {user.contact.email: mask}", "carry: {user.contact.email: clear}")
    side = replace(_side(text), keys=Keyring([KeyHandle("k", 1, bytes(range(32)))]))
    exchange = HttpExchange(side)
    out, _, _ = _carried(exchange.request(_asks()), MAIL)
    assert b"ada" not in out
    answer = exchange.response(ResponseHead(200, JSON, ends=False))
    assert _carried(answer, out)[0] == MAIL
    another = HttpExchange(side)
    another.request(RequestHead("GET", "/", (), ends=True))
    assert _carried(another.response(ResponseHead(200, JSON, ends=False)), out)[0] == out


def test_every_content_type_has_a_carrier_and_stands_on_the_page() -> None:
    exchange = HttpExchange(_side())
    decided = exchange.request(_asks()).plan
    page = (Path(__file__).parents[3] / "docs" / "http.md").read_text()
    for kind in (*MEDIA, *SUFFIXES):
        assert f"`{kind}`" in page
    for kind in [*MEDIA, *(f"application/x{suffix}" for suffix in SUFFIXES)]:
        assert choose((("content-type", f"{kind.upper()}; charset=UTF-8"),), decided).carrier.feed(b"") == []


def test_header_fields_that_would_be_wrong_afterwards_go() -> None:
    asked = _asks(fields=(*JSON, ("range", "bytes=0-9"), ("accept-encoding", "gzip")))
    edits = request_edits(asked)
    assert edits.set == (("accept-encoding", "identity"),)
    assert edits.remove == ("range",)
    fields = (("etag", '"1"'), ("digest", "sha-256=x"), ("accept-ranges", "bytes"), ("vary", "accept"))
    assert response_edits(ResponseHead(200, fields, ends=False)).remove == ("accept-ranges",)
    assert set(edits_of_change(fields).remove) == {"etag", "digest"}


def test_a_refusal_is_a_problem_with_id_category_and_mend_and_no_value() -> None:
    exchange = HttpExchange(_side())
    _, refusal, _ = _carried(exchange.request(_asks()), b'{"card": "4111 1111 1111 1111"}')
    assert refusal is not None
    problem = told(refusal, of_request=True)
    assert problem.status == 403
    assert b'"category": "user.financial.credit_card"' in problem.body
    assert b'"crossing": "c0"' in problem.body
    assert b"4111" not in problem.body
