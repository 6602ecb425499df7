"""Heads over a real Envoy: what is personal in a path, a query, a cookie or a header field crosses as the policy says, or not."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from http_stage import POLICY, Stage, policy, response, stage

from drawn import apart
from ringfence.carriers import Change, Undecodable, splice
from ringfence.gates.http.counting import Outcome
from ringfence.gates.http.heads import NOT_READ, HeadCarrier, parts_of, payload_of, values_of
from ringfence.gates.http.turns import Mode

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
MAIL = "ada@example.com"
MASK = "*" * len(MAIL)
CARD = "4111 1111 1111 1111"
BOTH = POLICY.replace("method: POST, path:", "path:").replace("user.contact.email: redact", "user.contact.email: mask")


def play(work: Callable[[Stage], Awaitable[None]], mode: Mode = Mode.STREAMED, text: str = BOTH) -> None:
    async def run() -> None:
        async with stage(policy(text, mode.name.lower()), mode=mode) as one:
            await work(one)
            assert one.told == []

    asyncio.run(run())


def heard(one: Stage, name: str) -> list[str]:
    return [value for each, value in one.shop.requests[-1].fields if each == name]


def target(one: Stage) -> str:
    return one.shop.requests[-1].raw.split(b" ", 2)[1].decode()


HEADS: list[tuple[tuple[tuple[str, str], ...], str, str | None]] = [
    ((), "/", None),
    ((("cookie", ""),), "/", ""),
    (
        (("cookie", " ;; a=1;=x; b ;c= d=e;"), ("cookie", 'q="x y"'), ("x", "\udce9 \u20ac")),
        "/a/%20",
        "a=1&&=2&b&c=%zz+",
    ),
    ((("set-cookie", "a=1; Path=/; Expires=Tue, 01 Dec 2026 00:00:00 GMT"), ("set-cookie", ""), ("x", "")), "", None),
]


@pytest.mark.parametrize(("fields", "path", "query"), HEADS)
def test_a_head_is_one_unit_whose_fields_stand_where_they_say(
    fields: tuple[tuple[str, str], ...], path: str, query: str | None
) -> None:
    parts = parts_of(fields, path, query)
    payload = payload_of(parts)
    carrier = HeadCarrier(parts)
    assert carrier.feed(payload) == []
    assert carrier.held == len(payload)
    [unit] = carrier.end()
    assert unit.raw == payload
    assert [field.order for field in unit.fields] == list(range(len(unit.fields)))
    for field in unit.fields:
        if not field.path.startswith("query"):
            assert payload[field.start : field.end] == field.value
    assert values_of(payload, parts) == [part.raw for part in parts]
    if path:
        with pytest.raises(Undecodable):
            carrier.write(unit, unit.fields[0], [Change(0, 1, "x")])
    for field in unit.fields:
        if field.path != "path":
            changed = splice(payload, carrier.write(unit, field, [Change(0, len(field.value), 'a\r\n\0;"b')]))
            assert len(values_of(changed, parts)) == len(parts)
            assert b"\r" not in changed
            assert b"\0" not in changed


def test_who_asks_and_where_is_not_looked_at_nor_what_says_nothing_but_how_a_body_is_read() -> None:
    assert parts_of(tuple((name, "x") for name in NOT_READ)) == []
    plain = (
        ("content-type", "application/json"),
        ("content-type", "text/html; charset=UTF-8"),
        ("content-encoding", "gzip"),
        ("date", "Tue, 01 Dec 2026 00:00:00 GMT"),
    )
    assert parts_of(plain) == []


def test_a_boundary_of_random_digits_is_no_finding_and_what_stands_beside_it_is_looked_at() -> None:
    [part] = parts_of((("content-type", f"multipart/form-data; boundary=4111111111111111; to={MAIL}"),))
    assert part.raw == f"multipart/form-data; to={MAIL}".encode()
    [part] = parts_of((("content-type", f'multipart/form-data; boundary="{MAIL}"'),))
    assert MAIL.encode() in part.raw


IN_HEX = MAIL.encode().hex()


@MODES
def test_what_says_how_a_body_is_read_is_refused_where_it_holds_something_personal(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        answer = await one.ask("POST", "/orders", b"ok", kind=f"text/plain; charset=utf-8; to={MAIL}")
        assert (answer.status, json.loads(answer.body)["reason"]) == (400, "undecodable")
        one.shop.says["/type"] = [response(b"ok", kind=f'text/plain; to="{MAIL}"')]
        one.shop.says["/none"] = [response(b"", kind=f"text/{IN_HEX}")]
        one.shop.says["/date"] = [response(b"{}", more=f"date: {MAIL}\r\n")]
        one.shop.says["/coding"] = [response(b"", more=f"content-encoding: {IN_HEX}\r\n")]
        for path in ("/type", "/none", "/date", "/coding"):
            answer = await one.ask("GET", path)
            assert answer.status == 502
            assert MAIL.encode() not in answer.raw
            assert IN_HEX.encode() not in answer.raw
        assert MAIL.encode() not in one.shop.heard

    play(work, mode)


@MODES
def test_a_field_whose_name_may_not_cross_goes(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/orders"] = [response(b"{}", more=f"x-{IN_HEX}: 1\r\nx-b3-traceid: 7\r\n")]
        answer = await one.ask("GET", "/orders", more=f"x-{IN_HEX}: {MAIL}\r\nx-b3-traceid: 9\r\n")
        assert answer.status == 200
        assert IN_HEX.encode() not in one.shop.heard + answer.raw
        assert MAIL.encode() not in one.shop.heard
        assert (heard(one, "x-b3-traceid"), answer.value("x-b3-traceid")) == (["9"], "7")

    play(work, mode)


@MODES
def test_what_is_personal_in_a_query_a_cookie_or_a_header_field_is_changed_and_nothing_else(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        more = (
            f"x-user: <{MAIL}>  and more\r\nx-two: 1\r\nx-two: {MAIL}\r\nx-two: 3\r\n"
            f"cookie: a=1; who={MAIL};b = x\r\nreferer: http://x/?mail=ada%40example.com&n=1\r\nx-raw: caf\u00e9\r\n"
        )
        answer = await one.ask("GET", "/orders/a%20b?id=7&mail=ada%40example.com&t=a+b%2fc&&x", more=more)
        assert answer.status == 200
        assert target(one) == f"/orders/a%20b?id=7&mail={MASK}&t=a+b%2fc&&x"
        assert heard(one, "x-user") == [f"<{MASK}>  and more"]
        assert ",".join(heard(one, "x-two")).replace(" ", "") == f"1,{MASK},3"
        assert heard(one, "cookie") == [f"a=1; who={MASK};b = x"]
        assert "example" not in heard(one, "referer")[0]
        assert heard(one, "referer")[0].endswith("&n=1")
        assert b"ada" not in one.shop.heard
        assert "ada" not in apart(json.dumps(one.notes.bodies))

    play(work, mode)


@MODES
def test_the_fields_of_an_answer_are_changed_before_the_client_has_them(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        more = (
            f"x-user: {MAIL}\r\nset-cookie: a=1; Path=/\r\nset-cookie: who={MAIL}; Path=/; HttpOnly\r\n"
            'location: /me?mail=ada%40example.com\r\netag: "ada@example.com"\r\n'
            f'content-disposition: attachment; filename="cv {MAIL} 1.pdf"\r\n'
        )
        for path, body in (("/a", b'{"n": 1}'), ("/b", b"")):
            one.shop.says[path] = [response(body, more=more)]
            answer = await one.ask("GET", path)
            assert (answer.status, answer.body) == (200, body)
            assert answer.value("x-user") == MASK
            cookies = [value for name, value in answer.fields if name == "set-cookie"]
            assert cookies == ["a=1; Path=/", f"who={MASK}; Path=/; HttpOnly"]
            assert answer.value("content-disposition") == f'attachment; filename="cv {MASK} 1.pdf"'
            assert answer.value("etag") is None
            assert b"ada" not in apart(answer.raw)

    play(work, mode)


@MODES
@pytest.mark.parametrize("place", ["path", "header", "query", "cookie", "name", "answer"])
def test_what_may_not_cross_in_a_head_refuses_it_and_nothing_comes_out(place: str, mode: Mode) -> None:
    async def work(one: Stage) -> None:
        number = CARD.replace(" ", "+")
        path = {"query": f"/orders?n={number}", "name": f"/orders?{number}=1", "path": "/orders/ada%40example.com"}
        more = {"header": f"x-n: {CARD}\r\n", "cookie": f"cookie: a=1; n={CARD}\r\n"}
        if place == "answer":
            one.shop.says["/orders"] = [response(b'{"n": 1}', more=f"x-n: {CARD}\r\n")]
        answer = await one.ask("POST", path.get(place, "/orders"), b'{"n": 1}', more=more.get(place, ""))
        assert answer.status == (400 if place == "path" else 403)
        assert answer.value("content-type") == "application/problem+json"
        problem = json.loads(answer.body)
        assert problem["crossing"] == one.notes.bodies[-1]["crossing"]
        assert one.notes.kinds() == ["refused"]
        for value in (b"4111", b"ada"):
            assert value not in apart(answer.raw)
            assert value not in (one.shop.heard if place != "answer" else b"")
        async with asyncio.timeout(20):
            while one.gate.streams:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.01)
        assert one.gate.counts.outcomes[Outcome.REFUSED] == 1

    play(work, mode)


@MODES
def test_where_no_flow_leads_a_plain_head_passes_and_a_personal_one_does_not(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        assert (
            await one.ask("GET", "/users?n=1", more="user-agent: Mozilla/5.0 (X11; Linux x86_64)\r\n")
        ).status == 200
        assert one.notes.kinds() == []
        for path, more in ((f"/users?mail={MAIL}", ""), (f"/users/{MAIL}", ""), ("/users", f"x-user: {MAIL}\r\n")):
            answer = await one.ask("GET", path, more=more)
            assert answer.status == 403
            assert json.loads(answer.body)["category"] == "user.contact.email"
        assert b"ada" not in one.shop.heard

    play(work, mode)


@MODES
def test_fields_of_heads_are_judged_by_name_and_the_others_are_scanned_whatever_a_body_would(mode: Mode) -> None:
    judged = (
        "n: none, header.x-user: none, query.who: user.contact.email, cookie.sid: none, query.secret: user.financial"
    )
    text = BOTH.replace('http://127.0.0.1:1"', f'http://127.0.0.1:1", fields: {{{judged}}}')

    async def work(one: Stage) -> None:
        answer = await one.ask(
            "GET", "/orders?who=somebody", more=f"x-user: {MAIL}\r\ncookie: sid={MAIL}\r\nx-other: {MAIL}\r\n"
        )
        assert json.loads(answer.body)["reason"] == "unknown-field"  # of the service's body: nobody judged `ok`
        assert target(one) == "/orders?who=" + "*" * len("somebody")
        assert (heard(one, "x-user"), heard(one, "cookie")) == ([MAIL], [f"sid={MAIL}"])
        assert heard(one, "x-other") == [MASK]
        assert (await one.ask("GET", "/orders?secret=x")).status == 403

    play(work, mode, text)


@MODES
def test_a_head_with_findings_is_recorded_before_it_goes_and_not_at_all_without_a_ledger(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.notes.fails = True
        answer = await one.ask("GET", f"/orders?mail={MAIL}")
        assert (answer.status, json.loads(answer.body)["reason"]) == (503, "ledger-unavailable")
        assert one.shop.requests == []
        one.notes.fails = False
        assert (await one.ask("GET", f"/orders?mail={MAIL}")).status == 200
        assert one.notes.kinds() == ["crossed"]
        [found] = one.notes.bodies[0]["found"]  # type: ignore[misc, union-attr]
        assert found["category"] == "user.contact.email"  # type: ignore[index, call-overload]

    play(work, mode)


@MODES
def test_where_a_flow_observes_a_head_passes_as_it_came_and_is_recorded(mode: Mode) -> None:
    text = BOTH.replace("{user.contact.email: mask}, else: deny}", "{}, else: deny, mode: observe}")

    async def work(one: Stage) -> None:
        assert (
            await one.ask("GET", f"/orders/{MAIL}?n={CARD.replace(' ', '+')}", more=f"x-a: {MAIL}\r\n")
        ).status == 200
        assert target(one) == f"/orders/{MAIL}?n={CARD.replace(' ', '+')}"
        assert heard(one, "x-a") == [MAIL]
        assert [body["would"] for body in one.notes.bodies] == ["category-denied"]

    play(work, mode, text)
