"""The ASGI middleware under a real server: streaming, faults, ends, and what leads past it."""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from http_local_stage import Place, make_place, uvicorn_running
from http_stage import POLICY, read_message

from drawn import apart
from ringfence.home import Problem
from ringfence.integrations._gate import CutOff
from ringfence.integrations.asgi import RingfenceMiddleware

MAIL = b'{"mail": "ada@example.com"}'
MASKED = b'{"mail": "***************"}'
JSON = [(b"content-type", b"application/json")]
LINES = [(b"content-type", b"application/x-ndjson")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = make_place(tmp_path, POLICY.replace("BODIES", "streamed"))
    yield made
    made.end()


def wrapped(place: Place, app: Any) -> RingfenceMiddleware:
    return RingfenceMiddleware(app, gate="api", policy=place.policy)


def says(*pieces: bytes, headers: list[tuple[bytes, bytes]] = JSON, status: int = 200) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def serve(app: Any, work: Callable[[tuple[str, int]], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with uvicorn_running(app, **{"lifespan": "off", **options}) as address:
            await work(address)

    asyncio.run(run())


async def exchange(address: tuple[str, int], request: bytes) -> Any:
    reader, writer = await asyncio.open_connection(*address, limit=1 << 24)
    try:
        writer.write(request)
        return await asyncio.wait_for(read_message(reader), 30)
    finally:
        writer.close()


GET = b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


def test_the_first_lines_have_come_before_the_rest_is_sent(place: Place) -> None:
    come = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LINES})
        await send({"type": "http.response.body", "body": MAIL + b"\n", "more_body": True})
        await come.wait()
        await send({"type": "http.response.body", "body": MAIL + b"\n"})

    async def work(address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET)
        await asyncio.wait_for(reader.readuntil(MASKED), 30)
        come.set()
        assert MASKED in await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 30)
        writer.close()

    serve(wrapped(place, app), work)
    assert [entry["kind"] for entry in place.entries()] == ["opened", "closed"]


def test_what_must_be_refused_in_its_middle_is_cut_off_and_the_application_learns_of_it(place: Place) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LINES})
        for piece in (MAIL, b'{"card": "4111 1111 1111 1111"}', *[MAIL] * 100):
            try:
                await send({"type": "http.response.body", "body": piece + b"\n", "more_body": True})
            except OSError:
                seen.append((await receive())["type"])
                raise

    async def work(address: tuple[str, int]) -> None:
        answer = await exchange(address, GET)
        assert not answer.whole
        assert b"4111" not in apart(answer.raw)
        assert answer.raw.count(MASKED) == 1

    serve(wrapped(place, app), work)
    assert seen == ["http.disconnect"]
    assert [entry["kind"] for entry in place.entries()] == ["opened", "refused"]


def test_an_answer_whose_request_is_refused_while_its_head_goes_goes_no_further(place: Place) -> None:
    """The refusal comes while the server takes the answer's head: it must not be forgotten when the head has gone."""
    went, heard = asyncio.Event(), list[str]()
    pieces = [MAIL + b"\n", b'{"card": "4111 1111 1111 1111"}\n']
    events = [{"type": "http.request", "body": piece, "more_body": piece is pieces[0]} for piece in pieces]
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": LINES})

        async def rest() -> None:
            heard.append((await receive())["type"])
            went.set()

        reading = asyncio.create_task(rest())
        try:
            await send({"type": "http.response.body", "body": b'{"n": 1}\n', "more_body": True})
        finally:
            await reading

    async def receive() -> Any:
        return events.pop(0) if events else {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event["type"])
        if event["type"] == "http.response.start":
            await asyncio.wait_for(went.wait(), 30)

    scope = {"type": "http", "method": "POST", "path": "/orders", "query_string": b"", "headers": LINES}
    with pytest.raises(CutOff):
        asyncio.run(wrapped(place, app)(scope, receive, send))
    assert heard == ["http.disconnect"]
    assert sent == ["http.response.start"]


def test_a_client_that_goes_away_leaves_a_closed_record(place: Place) -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LINES})
        await send({"type": "http.response.body", "body": MAIL + b"\n", "more_body": True})
        await receive()
        assert (await receive())["type"] == "http.disconnect"

    async def work(address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET)
        await asyncio.wait_for(reader.readuntil(MASKED), 30)
        writer.close()
        async with asyncio.timeout(30):
            while len(place.entries()) < 2:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.02)

    serve(wrapped(place, endless), work)
    last = place.entries()[-1]
    assert (last["kind"], last["refused"]) == ("refused", "cut")


@pytest.mark.parametrize("begun", [False, True])
def test_an_application_that_raises_gives_an_error_and_nothing_that_was_held(place: Place, *, begun: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = LINES if begun else JSON
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": MAIL + b"\n", "more_body": True})
        raise KeyError("ada@example.com")

    async def work(address: tuple[str, int]) -> None:
        answer = await exchange(address, GET)
        assert b"ada" not in apart(answer.raw)
        assert answer.whole is not begun
        assert answer.status == (200 if begun else 500)

    serve(wrapped(place, app), work)


def test_an_answer_may_come_before_the_request_was_read(place: Place) -> None:
    async def work(address: tuple[str, int]) -> None:
        lines = MAIL + b"\n"
        reader, writer = await asyncio.open_connection(*address)
        head = (
            b"POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-length: 100000\r\n\r\n"
        )
        writer.write(head + lines)
        answer = await asyncio.wait_for(read_message(reader), 30)
        assert (answer.status, answer.body) == (200, MASKED)
        writer.close()

    serve(wrapped(place, says(MAIL)), work)


def test_a_long_request_reaches_the_application_as_it_comes(place: Place) -> None:
    lines, heard = MAIL + b"\n", []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert not [name for name, _ in scope["headers"] if name == b"content-length"]
        event: Any = {"more_body": True}
        while event["more_body"]:
            event = await receive()
            heard.append(event["body"])
        await says(MAIL)(scope, receive, send)

    async def work(address: tuple[str, int]) -> None:
        head = b"POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-length: %d\r\n\r\n"
        answer = await exchange(address, head % (20_000 * len(lines)) + lines * 20_000)
        assert answer.status == 200

    serve(wrapped(place, app), work)
    assert len(heard) > 3
    assert b"".join(heard) == b'{"mail": "[redacted:email]"}\n' * 20_000


def test_without_a_ledger_nothing_passes_and_it_goes_on_by_itself(place: Place) -> None:
    async def work(address: tuple[str, int]) -> None:
        assert (await exchange(address, GET)).body == MASKED
        writer = await asyncio.to_thread(place.writer)
        os.kill(writer, signal.SIGSTOP)
        try:
            began = asyncio.get_running_loop().time()
            answer = await exchange(address, GET)
            assert (answer.status, json.loads(answer.body)["reason"]) == (503, "ledger-unavailable")
            assert asyncio.get_running_loop().time() - began < 10
            assert b"ada" not in apart(answer.raw)
        finally:
            os.kill(writer, signal.SIGCONT)
        os.kill(writer, signal.SIGKILL)
        async with asyncio.timeout(60):
            while (await exchange(address, GET)).status != 200:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.05)

    serve(wrapped(place, says(MAIL)), work)


def test_where_the_ledger_cannot_be_opened_nobody_is_served_until_it_can(place: Place, caplog: Any) -> None:
    called: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["path"])
        await says(b"[]")(scope, receive, send)

    middleware = wrapped(place, app)
    away = place.ledger.with_name("away")
    place.ledger.rename(away)
    place.ledger.write_bytes(b"no ledger")

    async def work(address: tuple[str, int]) -> None:
        assert (await exchange(address, GET)).status == 503
        assert called == []
        place.ledger.unlink()
        away.rename(place.ledger)
        async with asyncio.timeout(60):
            while (await exchange(address, GET)).status != 200:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.1)

    serve(middleware, work)
    assert called
    assert "gate api serves nobody" in caplog.text


def test_each_process_shows_with_a_canary_that_it_masks_before_it_serves(place: Place) -> None:
    async def work(address: tuple[str, int]) -> None:
        assert (await exchange(address, GET)).body == b"[]"

    serve(wrapped(place, says(b"[]")), work)
    with sqlite3.connect(place.ledger) as db:
        kinds = db.execute("SELECT body ->> '$.kind', body ->> '$.principal' FROM entries").fetchall()
    assert kinds[:2] == [("crossed", "ringfence:canary")] * 2


def test_a_canary_that_comes_back_clear_keeps_everybody_out(place: Place, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "ringfence.integrations._gate.side_of_canary", lambda side: side
    )  # the gate's own: no flow carries it

    async def work(address: tuple[str, int]) -> None:
        answer = await exchange(address, GET)
        assert (answer.status, json.loads(answer.body)["reason"]) == (500, "internal-error")

    serve(wrapped(place, says(b"[]")), work)


def test_paths_are_the_same_for_the_policy_and_the_application(place: Place) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["path"], scope["raw_path"]))
        await says(b"[]")(scope, receive, send)

    async def work(address: tuple[str, int]) -> None:
        for target, status in ((b"/a/../%6frders//7", 200), (b"/orders%2f7", 400), (b"/o/%C3%A9", 200)):
            request = b"POST %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % target
            assert (await exchange(address, request)).status == status

    serve(wrapped(place, app), work)
    assert seen == [("/orders/7", b"/orders/7"), ("/o/é", b"/o/%C3%A9")]


def test_a_websocket_is_refused_and_what_is_no_http_is_an_error(place: Place) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(event: Any) -> None:
        sent.append(event)

    async def run() -> None:
        middleware = wrapped(place, says(MAIL))
        await middleware({"type": "websocket"}, receive, send)
        with pytest.raises(RuntimeError):
            await middleware({"type": "other"}, receive, send)

    asyncio.run(run())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def _driven(place: Place, app: Any, scope: dict[str, Any], body: bytes = b"") -> list[Any]:
    """Drive the middleware without a server."""
    sent: list[Any] = []
    events = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        return events.pop(0) if events else {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)

    whole = {"type": "http", "method": "GET", "path": "/a", "query_string": b"", "headers": [], **scope}
    asyncio.run(wrapped(place, app)(whole, receive, send))
    return sent


def test_files_trailers_and_hints_are_not_offered_and_trailers_are_taken_off(place: Place) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["extensions"])
        await send({"type": "http.response.start", "status": 200, "headers": JSON, "trailers": True})
        await send({"type": "http.response.body", "body": MAIL, "more_body": True})
        await send({"type": "http.response.trailers", "headers": [(b"x-who", b"ada@example.com")]})
        with pytest.raises(RuntimeError):
            await send({"type": "http.response.pathsend", "path": "/etc/passwd"})
        await send({"type": "http.response.body", "body": b""})

    offered = {"http.response.pathsend": {}, "http.response.early_hint": {}, "tls": {"server_cert": None}}
    start, body = _driven(place, app, {"extensions": offered})
    assert seen == [{"tls": {"server_cert": None}}]
    assert "trailers" not in start
    assert body["body"] == MASKED


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"application/json"), (b"x", b"a\r\nset-cookie: b=c")],
        [(b"content-type", b"application/json"), (b"x\n", b"a")],
    ],
)
def test_a_header_field_with_a_line_end_in_it_lets_nothing_pass(
    place: Place, headers: list[tuple[bytes, bytes]]
) -> None:
    start, body = _driven(place, says(MAIL, headers=headers), {})
    assert start["status"] == 502
    assert b"ada" not in apart(body["body"])
    start, _ = _driven(place, says(MAIL), {"headers": headers})
    assert start["status"] == 400


def test_a_request_with_an_underscore_in_a_name_is_refused_as_by_envoy(place: Place) -> None:
    start, _ = _driven(place, says(MAIL), {"headers": [(b"x_user", b"a")]})
    assert start["status"] == 400


def test_counts_of_what_held_nothing_are_written_when_the_server_ends(place: Place) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for said in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{said}.complete"})
            return
        await says(b"[1]")(scope, receive, send)

    async def work(address: tuple[str, int]) -> None:
        for _ in range(5):
            assert (await exchange(address, GET)).status == 200

    serve(wrapped(place, app), work, lifespan="on")
    assert place.counted() == 5


def test_many_at_once_each_get_their_own(place: Place) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        number = scope["path"].strip("/").encode()
        await says(b'{"n": %s, "mail": "ada@example.com"}' % number)(scope, receive, send)

    async def work(address: tuple[str, int]) -> None:
        asked = [exchange(address, GET.replace(b"/a", b"/%d" % number)) for number in range(60)]
        answers = await asyncio.gather(*asked)
        assert [json.loads(answer.body) for answer in answers] == [
            {"n": number, "mail": "*" * 15} for number in range(60)
        ]

    serve(wrapped(place, app), work)
    assert len(place.entries()) == 60


@pytest.mark.parametrize(
    ("text", "gate", "what"),
    [
        (POLICY, "apis", "the policy has no gate of that name"),
        (POLICY.replace("gates:\n", "gates:\n  logs: {kind: log}\n"), "logs", "kind log"),
        (POLICY.replace(", clients: partners", ""), "api", "does not say where its clients stand"),
        (POLICY.replace(" upstream: shop,", ""), "api", "does not say what is behind it"),
    ],
)
def test_what_is_wrong_with_the_gate_is_said_when_the_program_starts(
    tmp_path: Path, text: str, gate: str, what: str
) -> None:
    place = make_place(tmp_path, text.replace("BODIES", "streamed"))
    with pytest.raises(Problem, match=what):
        RingfenceMiddleware(says(MAIL), gate=gate, policy=place.policy)


def test_without_a_home_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ringfence.yaml").write_text(POLICY.replace("BODIES", "streamed"))
    with pytest.raises(Problem, match="ringfence init"):
        RingfenceMiddleware(says(MAIL), gate="api", policy=tmp_path / "ringfence.yaml")
