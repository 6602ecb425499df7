"""What is answered where something fails: the service, the gate, Envoy. Over a real Envoy, with canaries in all that is sent."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from http_stage import POLICY, Answer, Stage, policy, read_message, response, stage

from drawn import apart
from ringfence.gates.http import conversation
from ringfence.gates.http.bootstrap import Service
from ringfence.gates.http.counting import Outcome
from ringfence.gates.http.failing import FAILURES, LONGEST, STATUS
from ringfence.gates.http.turns import Mode

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
CANARY = "zygote7416"  # no personal data, so that it goes wherever nobody minds it
DECLARED = POLICY.replace(
    'at: "http://127.0.0.1:1"}', 'at: "http://127.0.0.1:1", fields: {mail: user.contact.email, n: none}}'
)
"""A service whose fields are known: everything else in a body is refused, so words of Envoy's own would be."""


async def raw(one: Stage, *pieces: bytes) -> Answer:
    reader, writer = await asyncio.open_connection(*one.address, limit=1 << 22)
    for piece in pieces:
        writer.write(piece)
    with contextlib.suppress(OSError):
        await writer.drain()
    answer = await asyncio.wait_for(read_message(reader), 30)
    writer.close()
    return answer


def asked(method: str = "GET", path: str = "/a", more: str = "", body: bytes = b"") -> bytes:
    """A request with canaries in its path, query, header fields and body."""
    length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
    head = f"{method} {path}/{CANARY}?q={CANARY} HTTP/1.1\r\nhost: {CANARY}\r\nx-a: {CANARY}\r\n{more}{length}"
    return f"{head}connection: close\r\n\r\n".encode() + body


BODY = json.dumps({"n": CANARY}).encode()


async def of_admin(one: Stage) -> bytes:
    """All that Envoy says of itself where its operator asks it, and what it wrote."""
    said = (one.folder / "envoy.log").read_bytes()
    for path in ("/stats", "/config_dump?include_eds", "/clusters", "/listeners", "/server_info", "/stats/prometheus"):
        reader, writer = await asyncio.open_unix_connection(one.setup.admin)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        page = await asyncio.wait_for(reader.read(), 20)
        assert page.startswith(b"HTTP/1.1 200")
        said += page
        writer.close()
    return said


@asynccontextmanager
async def staged(mode: Mode, *, opened: bool = True, **changes: object) -> AsyncIterator[Stage]:
    async with stage(policy(DECLARED, mode.name.lower()), mode=mode, opened=opened, **changes) as one:
        yield one
        assert CANARY.encode() not in await of_admin(one)


def is_problem(answer: Answer, status: int, reason: str) -> None:
    assert answer.status == status, answer.raw
    assert answer.value("content-type") == "application/problem+json"
    assert answer.value("cache-control") == "no-store"
    problem = json.loads(answer.body)
    assert (problem["status"], problem["reason"]) == (status, reason)
    assert problem["type"] == f"urn:ringfence:problem:{reason}"
    assert CANARY.encode() not in answer.raw
    assert b"/tmp" not in answer.raw
    assert b"127.0.0.1" not in answer.raw


def answers(one: Stage, *pieces: bytes) -> None:
    """Have the service answer each connection with these octets, and close it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.writelines(pieces)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    one.shop.answer = answer  # type: ignore[method-assign]


@MODES
def test_what_envoy_does_not_take_of_a_client_is_told_in_the_gates_words(mode: Mode) -> None:
    async def run() -> None:
        async with staged(mode, idle=1.0) as one:
            stalled = asked("POST", "/orders", body=BODY)
            is_problem(await raw(one, asked(path="/a%2fb")), 400, "malformed-request")
            is_problem(await raw(one, f"GET /{CANARY} HTTP/1.1\r\n\r\n".encode()), 400, "malformed-request")
            upgrade = "upgrade: websocket\r\nconnection: upgrade\r\n"
            is_problem(await raw(one, asked(more=upgrade)), 403, "malformed-request")
            is_problem(await raw(one, asked()[:-4]), 408, "request-stalled")
            is_problem(await raw(one, stalled[:-3]), 408, "request-stalled")
            assert one.told == []
            assert one.notes.bodies == []

    asyncio.run(run())


NO_HTTP = {
    "a name with an underscore": asked(more="a_b: 1\r\n"),
    "a head of 70 kB": asked(more=f"x-b: {'x' * 70_000}\r\n"),
    "two hundred fields": asked(more="x-b: 1\r\n" * 200),
    "a space in the path": asked(path="/a b"),
    "a tunnel": asked("CONNECT"),
    "two lengths": asked(more="content-length: 3\r\ntransfer-encoding: chunked\r\n"),
    "no HTTP": f"\x00\x01{CANARY}\r\n\r\n".encode(),
    "a chunk of no size": asked("POST", "/orders", "transfer-encoding: chunked\r\n") + b"zz\r\n",
}


@MODES
def test_what_is_no_http_has_its_connection_closed_and_nothing_is_said_of_it(mode: Mode) -> None:
    async def run() -> None:
        async with staged(mode) as one:
            for name, octets in NO_HTTP.items():
                answer = await raw(one, octets)
                assert CANARY.encode() not in answer.raw, name
                assert not answer.raw or answer.value("content-type") == "application/problem+json", name
            assert one.told == []
            assert one.gate.counts.outcomes[Outcome.BROKEN] == 0
            assert (await one.ask("GET", "/a")).status == 403  # others are served; `ok` is a field that nobody judged

    asyncio.run(run())


@MODES
def test_a_service_that_fails_is_told_to_have_failed(mode: Mode) -> None:
    async def run() -> None:
        async with staged(mode, idle=1.0) as one:
            answers(one)
            is_problem(await raw(one, asked()), 503, "service-broke-off")
            answers(one, f"{CANARY} HTTP what\r\n\r\n".encode())
            is_problem(await raw(one, asked()), 502, "service-broke-off")
            never = asyncio.Event()

            async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read(1)
                await never.wait()
                writer.close()

            one.shop.answer = silent  # type: ignore[method-assign]
            is_problem(await raw(one, asked()), 504, "answer-stalled")
            never.set()
            assert one.told == []
        async with staged(mode, service=Service("127.0.0.1", 1)) as one:
            answer = await raw(one, asked("POST", "/orders", body=b'{"n": 1}'))
            is_problem(answer, 503, "service-unreachable")
            assert answer.value("retry-after") == "5"
            head = await raw(one, asked("HEAD"))
            assert (head.status, head.body) == (503, b"")
            assert one.notes.kinds() == []  # a request of no personal data, and the gate's own words: nothing crossed

    asyncio.run(run())


def test_where_no_flow_leads_back_the_gates_own_words_are_told_and_a_services_are_not() -> None:
    one_way = "\n".join(line for line in DECLARED.splitlines() if "id: answers" not in line)

    async def run() -> None:
        async with stage(policy(one_way), service=Service("127.0.0.1", 1)) as one:
            is_problem(await raw(one, asked("POST", "/orders", body=b'{"n": 1}')), 503, "service-unreachable")
            is_problem(await raw(one, asked(path="/a%2fb")), 400, "malformed-request")
        async with stage(policy(one_way)) as one:
            one.shop.says["/orders"] = [response(b'{"n": 1}', "application/problem+json", "503 Service Unavailable")]
            is_problem(await one.ask("POST", "/orders", b'{"n": 1}'), 403, "not-allowed")
            assert one.notes.kinds()[-1] == "refused"

    asyncio.run(run())


@MODES
def test_a_gate_that_fails_is_told_to_have_failed(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(CANARY)

    async def run() -> None:
        async with staged(mode) as one:
            with monkeypatch.context() as patch:
                patch.setattr(conversation.Conversation, "_headers", broken)
                answer = await raw(one, asked())
            is_problem(answer, 503, "gate-failed")
            assert answer.value("retry-after") == "1"
            assert one.told == ["a request was cut off: ValueError"]
            one.notes.fails = True
            answers(one, response(b'{"mail": "ada@example.com"}'))
            answer = await raw(one, asked())
            is_problem(answer, 503, "ledger-unavailable")
            assert answer.value("retry-after") == "5"
            await one.gate.close()
            is_problem(await raw(one, asked()), 503, "gate-failed")

    asyncio.run(run())


def test_a_processor_that_does_not_answer_is_the_gates_failure_and_too_many_at_once_its_overload() -> None:
    async def run() -> None:
        async with staged(Mode.BUFFERED, ask=0.5, opened=False) as one:
            is_problem(await raw(one, asked()), 504, "gate-failed")
        async with staged(Mode.STREAMED, most_asked=1, opened=False) as one:
            first = asyncio.create_task(one.ask("GET", "/a"))
            async with asyncio.timeout(20):
                while not one.gate.streams:  # noqa: ASYNC110 (the gate tells nobody)
                    await asyncio.sleep(0.01)
            answer = await raw(one, asked())
            is_problem(answer, 503, "gate-overloaded")
            assert answer.value("retry-after") == "1"
            one.gate.open()
            assert (await first).status == 403

    asyncio.run(run())


def test_a_body_that_envoy_will_not_hold_is_too_large() -> None:
    async def run() -> None:
        async with staged(Mode.BUFFERED) as one:
            large = json.dumps({"n": CANARY * 200_000}).encode()
            is_problem(await raw(one, asked("POST", "/orders", body=large)), 413, "too-large")
            assert one.shop.requests == []
            answers(one, response(json.dumps({"n": CANARY * 200_000}).encode()))
            is_problem(await raw(one, asked()), 500, "too-large")

    asyncio.run(run())


@MODES
def test_only_the_gates_own_words_octet_for_octet_pass_unread(mode: Mode) -> None:
    """A service that says them says nothing else; one that changes a letter is read as any."""
    words = FAILURES[0].words.replace(STATUS, "503").encode()

    async def run() -> None:
        async with staged(mode) as one:
            kind, status = "application/problem+json", "503 Service Unavailable"
            said: dict[bytes, int] = {
                words: 503,
                words.replace(b"503", b"502"): 403,
                words + b" ": 403,
                words.replace(b"decide", b"ada@example.com decide"): 403,
                words + b" " * LONGEST: 403,
                b'{"n": 1}': 503,
            }
            for body, expected in said.items():
                one.shop.says["/a"] = [response(body, kind, status)]
                answer = await one.ask("GET", "/a")
                assert answer.status == expected, body
                assert (answer.body == body) == (expected == 503)
                assert b"ada" not in apart(answer.raw)

    asyncio.run(run())


TRACE = """Traceback (most recent call last):
  File "/srv/shop/orders.py", line 41, in place
    raise ValueError(f"no such customer: {mail}")
ValueError: no such customer: ada@example.com (card 4111 1111 1111 1111)
"""
JAVA = """java.lang.IllegalArgumentException: no such customer: ada@example.com
\tat com.example.shop.Orders.place(Orders.java:41)
Caused by: java.sql.SQLException: duplicate key (email)=(grace.hopper@example.org)
\t... 23 more
"""
PAGE = f"""<!DOCTYPE html><html><head><title>ValueError at /orders</title></head><body>
<h1>ValueError</h1><pre class="exception_value">no such customer: ada@example.com</pre>
<table><tr><td>mail</td><td class="code"><pre>&#x27;grace.hopper@example.org&#x27;</pre></td></tr></table>
<textarea>{TRACE}</textarea></body></html>"""
INVALID = {"detail": [{"loc": ["body", "mail"], "msg": "value is not valid", "input": "ada@example.com"}]}
PROBLEM = {"title": "no such customer", "status": 404, "detail": "ada@example.com is not known", "instance": "/o/7"}
ERRORS = {
    "text": ("500 Internal Server Error", "text/plain; charset=utf-8", TRACE),
    "java": ("500 Internal Server Error", "text/plain", JAVA),
    "page": ("500 Internal Server Error", "text/html", PAGE),
    "json with a trace": ("500 Internal Server Error", "application/json", json.dumps({"trace": TRACE})),
    "not found": (
        "404 Not Found",
        "text/html",
        "<p>No route for <code>/c/ada@example.com?m=ada%40example.com</code></p>",
    ),
    "invalid": ("422 Unprocessable Entity", "application/json", json.dumps(INVALID)),
    "problem": ("404 Not Found", "application/problem+json", json.dumps(PROBLEM)),
    "problem in xml": (
        "404 Not Found",
        "application/problem+xml",
        "<problem><detail>ada@example.com</detail></problem>",
    ),
    "of a vendor": ("400 Bad Request", "application/vnd.example.error+json", '{"errors": ["ada@example.com"]}'),
    "soap": (
        "500 Internal Server Error",
        "application/soap+xml",
        "<f:Fault xmlns:f='x'><r>ada@example.com</r></f:Fault>",
    ),
}
SCANNED = POLICY.replace("{user.contact.email: mask}, else: deny}", "{user.contact.email: mask}, else: redact}")


@MODES
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_the_service_is_a_payload_like_any(name: str, mode: Mode) -> None:
    status, kind, body = ERRORS[name]

    async def run() -> None:
        async with stage(policy(SCANNED, mode.name.lower()), mode=mode) as one:
            one.shop.says["/a"] = [response(body.encode(), kind, status)]
            answer = await one.ask("GET", "/a")
            assert answer.status == int(status[:3])
            assert answer.value("content-type") == kind
            for value in (b"ada@", b"ada%40", b"grace.hopper", b"4111"):
                assert value not in apart(answer.raw)
            words = body.partition("ada@example.com")[0].rpartition("\n")[2][-12:].encode()
            assert words in answer.body  # the rest is there, to find the mistake by
            assert one.notes.kinds() == ["crossed"]
            found = one.notes.bodies[0]["found"]
            assert isinstance(found, list)
            assert "user.contact.email" in {fact["category"] for fact in found}

    asyncio.run(run())


@MODES
def test_of_an_error_that_may_not_cross_its_status_is_told(mode: Mode) -> None:
    async def run() -> None:
        async with staged(mode) as one:
            one.shop.says["/a"] = [response(TRACE.encode(), "text/plain", "500 Internal Server Error")]
            answer = await one.ask("GET", "/a")
            is_problem(answer, 403, "unknown-field")
            assert json.loads(answer.body)["answered"] == 500
            refused = await one.ask("POST", "/other", b'{"n": 1}')
            is_problem(refused, 403, "not-allowed")
            assert "answered" not in json.loads(refused.body)

    asyncio.run(run())


@MODES
def test_the_fields_of_an_errors_head_cross_and_its_reason_phrase_does_not(mode: Mode) -> None:
    fields = {
        "location": "https://shop.example/login?next=/c%3Fmail%3Dada%40example.com&mail=ada@example.com",
        "www-authenticate": 'Bearer realm="shop", error_description="no user ada@example.com"',
        "warning": '199 shop "ada@example.com is not known"',
        "refresh": "5; url=https://shop.example/?mail=ada@example.com",
        "x-error": "no such customer: ada@example.com",
    }
    more = "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "retry-after: 120\r\n"

    async def run() -> None:
        async with stage(policy(SCANNED, mode.name.lower()), mode=mode) as one:
            one.shop.says["/a"] = [response(b"", "text/plain", "401 ada@example.com is not known", more)]
            answer = await one.ask("GET", "/a")
            assert answer.raw.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
            assert b"ada@" not in answer.raw
            assert answer.value("retry-after") == "120"
            assert (answer.value("www-authenticate") or "").startswith(
                'Bearer realm="shop", error_description="no user *'
            )
            assert (answer.value("location") or "").startswith("https://shop.example/login?next=")

    asyncio.run(run())


@MODES
def test_a_refusal_is_a_problem_whatever_the_client_accepts_and_has_no_body_where_only_the_head_was_asked(
    mode: Mode,
) -> None:
    async def run() -> None:
        async with stage(policy(POLICY, mode.name.lower()), mode=mode) as one:
            for accepted in ("text/html", "application/xml;q=1, */*;q=0", "application/json"):
                answer = await one.ask("POST", "/other", b'{"n": 1}', more=f"accept: {accepted}\r\n")
                assert answer.status == 403
                assert answer.value("content-type") == "application/problem+json"
                problem = json.loads(answer.body)
                assert problem["type"] == "urn:ringfence:problem:not-allowed"
                assert problem["instance"] == f"urn:ringfence:crossing:{problem['crossing']}"
                assert answer.value("retry-after") is None
            head = await raw(one, b"HEAD /ada@example.com HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert head.raw.startswith(b"HTTP/1.1 403")
            assert head.raw.endswith(b"\r\n\r\n")

    asyncio.run(run())


@MODES
def test_a_clients_own_request_id_goes_on_and_none_is_made_up(mode: Mode) -> None:
    async def run() -> None:
        async with stage(policy(POLICY, mode.name.lower()), mode=mode) as one:
            mine = "7d1f3c0a-5a0e-4d0b-9a53-1f5f1d1c2b3a"
            await one.ask("GET", "/a", more=f"x-request-id: {mine}\r\n")
            await one.ask("GET", "/a")
            assert [each.value("x-request-id") for each in one.shop.requests] == [mine, None]

    asyncio.run(run())


def test_the_page_names_every_failure_and_none_that_there_is_not() -> None:
    page = (Path(__file__).parents[3] / "docs" / "http.md").read_text()
    table = page.partition("<!-- begin http failures -->")[2].partition("<!-- end http failures -->")[0]
    named = [row.split("`")[1] for row in table.splitlines() if row.startswith("| `") and "| `reason` |" not in row]
    assert sorted(named) == sorted(each.reason for each in FAILURES)
