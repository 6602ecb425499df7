"""Exchanges without Envoy: which flow, which carrier, what is refused, what becomes of header fields."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from http_stage import POLICY, policy

from drawn import apart
from ringfence.carriers.media import TYPES
from ringfence.crossing import CrossingId, Effects, Ending, Reason, Record, Recorded, Refusal, Refuse, Release
from ringfence.gates.http.edits import RequestHead, ResponseHead, edits_of_change, request_edits, response_edits
from ringfence.gates.http.exchange import HttpExchange, Side
from ringfence.gates.http.passage import Passage
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
    "a coding that is not read": (*JSON, ("content-encoding", "gzip, compress")),
    "four codings": (*JSON, ("content-encoding", "gzip, br"), ("content-encoding", "identity, gzip, zstd")),
    "a charset that hides text": (("content-type", "application/json; charset=utf-7"),),
    "multipart without a boundary": (("content-type", "multipart/form-data"),),
    "two charsets": (("content-type", "text/plain; charset=utf-8; charset=utf-7"),),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_refused_unless_the_flow_lets_everything_through(case: str) -> None:
    fields = UNREADABLE[case]
    out, refusal, _ = _carried(HttpExchange(_side()).request(_asks(fields=fields)), b"any octets")
    assert out == b""
    assert refusal is not None
    assert refusal.reason in (Reason.UNDECODABLE, Reason.AMBIGUOUS, Reason.TOO_LARGE)
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
    keys = Keyring([KeyHandle("k", 1, bytes(range(32)))])
    restoring = text.replace("carry: {user.contact.email: clear}", "restore: true, carry: {user.contact.email: clear}")
    for policy_text, comes_back in ((text, False), (restoring, True)):
        side = replace(_side(policy_text), keys=keys)
        exchange = HttpExchange(side)
        out, _, _ = _carried(exchange.request(_asks()), MAIL)
        assert b"ada" not in out
        answer = exchange.response(ResponseHead(200, JSON, ends=False))
        assert _carried(answer, out)[0] == (MAIL if comes_back else out)
    another = HttpExchange(side)
    another.request(RequestHead("GET", "/", (), ends=True))
    assert _carried(another.response(ResponseHead(200, JSON, ends=False)), out)[0] == out


def test_every_content_type_of_the_carriers_crosses_and_stands_on_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "formats.md").read_text()
    bodies = {"json": b"[1]", "ndjson": b"1\n", "xml": b"<a/>", "html": b"<p>a</p>"}
    for kind, name in TYPES.items():
        assert f"`{kind}`" in page
        passage = HttpExchange(_side()).request(_asks(fields=(("content-type", f"{kind.upper()}; charset=UTF-8"),)))
        body = bodies.get(name, b"a=1\n\n")
        assert _carried(passage, body)[:2] == (body, None)


PARTS = b'--b\r\nContent-Disposition: form-data; name="face"\r\nContent-Type: image/png\r\n\r\n\x89PNG\0\r\n--b--\r\n'
NESTED = b'--o\r\nContent-Disposition: form-data; name="in"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n%s\r\n--o--\r\n'


@pytest.mark.parametrize(
    ("fields", "rest", "crosses"),
    [
        ("", "", False),  # content alone decides, and this content cannot be read
        ("", ", unknown: scan", False),
        ("", ", unknown: clear", False),
        ("face: none", "", True),
        ("in.face: none", "", False),
        ("face: scan, in.face: scan", "", True),
        ("face: user.contact.email", "", True),
    ],
)
def test_a_part_that_cannot_be_read_crosses_where_its_field_was_judged(fields: str, rest: str, crosses: bool) -> None:
    text = POLICY.replace('http://127.0.0.1:1"', f'http://127.0.0.1:1", fields: {{{fields}}}')
    text = text.replace("redact}, else: deny}", f"redact}}, else: deny{rest}}}")
    kind = (("content-type", "multipart/form-data; boundary=b"),)
    out, refusal, _ = _carried(HttpExchange(_side(text)).request(_asks(fields=kind)), PARTS)
    assert (refusal is None, bool(out)) == (crosses, crosses)
    assert (out == PARTS) is (crosses and "email" not in fields)
    nested = (("content-type", "multipart/form-data; boundary=o"),)
    out, refusal, _ = _carried(HttpExchange(_side(text)).request(_asks(fields=nested)), NESTED % PARTS)
    assert (out == NESTED % PARTS, refusal is None) == (("in.face" in fields),) * 2


def test_header_fields_that_would_be_wrong_afterwards_go() -> None:
    asked = _asks(fields=(*JSON, ("range", "bytes=0-9"), ("accept-encoding", "gzip")))
    edits = request_edits(asked)
    assert edits.set == (("accept-encoding", "identity"),)
    assert edits.remove == ("range",)
    fields = (("etag", '"1"'), ("digest", "sha-256=x"), ("accept-ranges", "bytes"), ("vary", "accept"))
    decided = HttpExchange(_side()).request(asked).plan
    assert response_edits(ResponseHead(200, fields, ends=False), "GET", decided).remove == ("accept-ranges",)
    assert set(edits_of_change(fields).remove) == {"etag", "digest"}


def test_what_tells_of_octets_that_are_not_there_goes_unless_none_of_them_can_change() -> None:
    fields = (("etag", '"1"'), ("content-md5", "x"), ("content-length", "35"))
    whole, same = ResponseHead(200, fields, ends=True), ResponseHead(304, fields, ends=True)
    decided = HttpExchange(_side()).request(_asks()).plan
    assert set(response_edits(whole, "HEAD", decided).remove) == {"etag", "content-md5", "content-length"}
    assert set(response_edits(same, "GET", decided).remove) == {"content-md5", "content-length"}
    assert response_edits(whole, "GET", decided).remove == ()
    everything = 'carry: {"*": clear}, else: clear, unknown: clear'
    for words in (everything, "carry: {}, else: deny, mode: observe"):
        passing = HttpExchange(_side(POLICY.replace("carry: {user.contact.email: redact}, else: deny", words)))
        assert response_edits(whole, "HEAD", passing.request(_asks()).plan).remove == ()


def test_a_refusal_is_a_problem_with_id_category_and_mend_and_no_value() -> None:
    exchange = HttpExchange(_side())
    _, refusal, _ = _carried(exchange.request(_asks()), b'{"card": "4111 1111 1111 1111"}')
    assert refusal is not None
    problem = told(refusal, of_request=True)
    assert problem.status == 403
    assert b'"category": "user.financial.credit_card"' in problem.body
    assert b'"crossing": "c0"' in problem.body
    assert b"4111" not in apart(problem.body)
