"""The WSGI middleware: what an application may do, and what the server then gets; and both middlewares in several processes."""

import asyncio
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from http_local_stage import Place, asked_at, make_place, waitress_running
from http_stage import POLICY, Answer, free_port

from ringfence.integrations.wsgi import CutOff, RingfenceMiddleware

MAIL = b'{"mail": "ada@example.com"}'
MASKED = b'{"mail": "***************"}'
JSON = [("Content-Type", "application/json")]
LINES = [("Content-Type", "application/x-ndjson")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = make_place(tmp_path, POLICY.replace("BODIES", "streamed"))
    yield made
    made.end()


class Server:
    """What a server hands over, and what it gets back."""

    def __init__(self, place: Place, app: Any, body: bytes = b"", **environ: Any) -> None:
        self.status, self.headers, self.written = "", dict[str, str](), list[bytes]()
        self.environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/orders",
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json" if body else "",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "wsgi.input": io.BytesIO(body),
            **environ,
        }
        self.app = RingfenceMiddleware(app, gate="api", policy=place.policy)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status, self.headers = status, dict(headers)
        return self.written.append

    def run(self) -> bytes:
        pieces: Any = self.app(self.environ, self.start)
        try:
            return b"".join(self.written) + b"".join(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()


def says(*pieces: bytes, headers: list[tuple[str, str]] = JSON) -> Any:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 Fine", headers)
        return list(pieces)

    return app


def test_an_answer_is_masked_with_its_length_and_its_own_phrase_is_not_passed_on(place: Place) -> None:
    server = Server(place, says(MAIL[:9], MAIL[9:], headers=[*JSON, ("Content-Length", "27"), ("ETag", '"1"')]))
    assert server.run() == MASKED
    assert server.status == "200 OK"
    assert server.headers == {"content-type": "application/json", "content-length": "27"}


def test_what_is_written_and_what_is_returned_are_one_answer(place: Place) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", LINES)
        write(MAIL + b"\n")
        return [MAIL + b"\n"]

    assert Server(place, app).run() == (MASKED + b"\n") * 2


def test_an_answer_may_be_taken_back_as_long_as_nothing_of_it_has_gone(place: Place) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", JSON)
        write(MAIL)
        try:
            raise KeyError("ada@example.com")  # noqa: TRY301 (as an application does)
        except KeyError:
            start_response("500 Oops", [("Content-Type", "text/plain")], sys.exc_info())
            return [b"ada@example.com broke it"]

    server = Server(place, app)
    assert server.run() == b"*************** broke it"
    assert server.status == "500 Internal Server Error"

    def late(environ: Any, start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", LINES)
        write(MAIL + b"\n")
        try:
            raise KeyError("x")  # noqa: TRY301 (as above)
        except KeyError:
            start_response("500 Oops", JSON, sys.exc_info())
        return []

    with pytest.raises(KeyError):
        Server(place, late).run()


def test_what_must_be_refused_in_its_middle_is_cut_off_and_closed(place: Place) -> None:
    closed: list[str] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield MAIL + b"\n"
            yield b'{"card": "4111 1111 1111 1111"}\n'
            yield MAIL + b"\n"

        def close(self) -> None:
            closed.append("yes")

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", LINES)
        return Body()

    server = Server(place, app)
    pieces: Any = iter(server.app(server.environ, server.start))
    assert next(pieces) == MASKED + b"\n"
    with pytest.raises(CutOff):
        next(pieces)
    pieces.close()
    assert closed == ["yes"]
    assert [entry["kind"] for entry in place.entries()] == ["opened", "refused"]


def test_an_answer_that_is_not_taken_to_its_end_is_closed_in_the_ledger(place: Place) -> None:
    server = Server(place, says(MAIL + b"\n", MAIL + b"\n", headers=LINES))
    pieces: Any = iter(server.app(server.environ, server.start))
    assert next(pieces) == MASKED + b"\n"
    pieces.close()
    end = time.monotonic() + 30
    while len(place.entries()) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert place.entries()[-1]["refused"] == "cut"


@pytest.mark.parametrize(
    ("read", "gives"),
    [
        (lambda body: body.read(), b"abc\nde\n"),
        (lambda body: body.read(2) + b"|" + body.read(99), b"ab|c\nde\n"),
        (lambda body: body.readline() + b"|" + body.readline(1) + b"|" + body.read(None), b"abc\n|d|e\n"),
        (lambda body: b"|".join(body), b"abc\n|de\n"),
        (lambda body: b"|".join(body.readlines()), b"abc\n|de\n"),
        (lambda body: b"|".join(body.readlines(1)), b"abc\n"),
    ],
)
def test_the_application_reads_a_request_in_every_way(place: Place, read: Any, gives: bytes) -> None:
    seen: list[bytes] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        assert environ["CONTENT_LENGTH"] == "7"
        seen.append(read(environ["wsgi.input"]))
        return says(b"[]")(environ, start_response)  # type: ignore[no-any-return]

    Server(place, app, b"abc\nde\n", CONTENT_TYPE="text/plain").run()
    assert seen == [gives]


def test_a_request_is_changed_with_its_length_query_and_target(place: Place) -> None:
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        names = ("CONTENT_LENGTH", "QUERY_STRING", "RAW_URI", "PATH_INFO", "SCRIPT_NAME", "HTTP_X_USER")
        seen.append([environ[name] for name in names] + [environ["wsgi.input"].read()])
        assert not {"wsgi.file_wrapper", "gunicorn.socket"} & set(environ)
        return says(b"[]")(environ, start_response)  # type: ignore[no-any-return]

    policy = place.policy.read_text().replace("method: POST, path:", "path:").replace("/orders*", "*/orders*")
    place.policy.write_text(policy)
    Server(
        place,
        app,
        MAIL,
        QUERY_STRING="mail=ada%40example.com",
        RAW_URI="/shop//orders/%61?mail=ada%40example.com",
        SCRIPT_NAME="/shop",
        PATH_INFO="//orders/a",
        HTTP_X_USER="ada@example.com",
        **{"wsgi.file_wrapper": object, "gunicorn.socket": object()},
    ).run()
    mark, quoted = "[redacted:email]", "mail=%5Bredacted%3Aemail%5D"
    body = b'{"mail": "[redacted:email]"}'
    assert seen == [[str(len(body)), quoted, f"/shop/orders/a?{quoted}", "/orders/a", "/shop", mark, body]]


@pytest.mark.parametrize(
    "environ",
    [
        {"RAW_URI": "/orders%2f7", "PATH_INFO": "/orders/7"},
        {"PATH_INFO": "/orders\\7"},
        {"CONTENT_LENGTH": "99"},
        {"CONTENT_LENGTH": "-1"},
        {"HTTP_UPGRADE": "websocket"},
    ],
)
def test_what_is_read_in_two_ways_or_breaks_off_does_not_reach_the_application(
    place: Place, environ: dict[str, str]
) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise AssertionError("called")

    server = Server(place, app, MAIL, **environ)
    assert json.loads(server.run())["reason"] == "undecodable"
    assert server.status == "400 Bad Request"


def test_a_long_request_and_a_refusal_in_its_middle(place: Place) -> None:
    lines = (MAIL + b"\n") * 8_000

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        assert "CONTENT_LENGTH" not in environ
        assert environ["wsgi.input_terminated"] is True
        return says(b"[%d]" % len(environ["wsgi.input"].read()))(environ, start_response)  # type: ignore[no-any-return]

    server = Server(place, app, lines, CONTENT_TYPE="application/x-ndjson")
    assert server.run() == b"[%d]" % (29 * 8_000)
    server = Server(place, app, lines + b'{"card": "4111 1111 1111 1111"}\n', CONTENT_TYPE="application/x-ndjson")
    assert json.loads(server.run())["category"] == "user.financial.credit_card"
    assert server.status == "403 Forbidden"


def test_without_a_ledger_nothing_passes_and_it_goes_on_by_itself(place: Place) -> None:
    server = Server(place, says(MAIL))
    assert server.run() == MASKED
    writer = place.writer()
    os.kill(writer, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert json.loads(server.run())["reason"] == "ledger-unavailable"
        assert server.status == "503 Service Unavailable"
        assert time.monotonic() - began < 10
    finally:
        os.kill(writer, signal.SIGCONT)
    os.kill(writer, signal.SIGKILL)
    end = time.monotonic() + 60
    while server.run() != MASKED:
        assert time.monotonic() < end


def test_threads_of_one_process_share_the_ledger(place: Place) -> None:
    async def run() -> list[Answer]:
        app = RingfenceMiddleware(says(MAIL), gate="api", policy=place.policy)
        async with waitress_running(app) as address:
            ask = asked_at(address)
            return list(await asyncio.gather(*(ask("GET", "/a") for _ in range(30))))

    answers = asyncio.run(run())
    assert {answer.body for answer in answers} == {MASKED}
    assert len(place.entries()) == 30
    assert sum(each.name == "ringfence-ledger" for each in threading.enumerate()) >= 1


# ---------------------------------------------------------------- several processes

PROGRAM = """
from ringfence.integrations.{kind} import RingfenceMiddleware

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{{"mail": "ada@example.com", "process": %d}}' % __import__("os").getpid()]

async def asgi(scope, receive, send):
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}})
    body = b'{{"mail": "ada@example.com", "process": %d}}' % __import__("os").getpid()
    await send({{"type": "http.response.body", "body": body}})

app = RingfenceMiddleware({kind}, gate="api")
if {used}:  # the master has a thread and a connection of its own before it forks
    app._gate.ready_at_once()
"""


def listens(port: int) -> bool:
    with socket.socket() as line:
        return not line.connect_ex(("127.0.0.1", port))


@contextmanager
def running(place: Place, kind: str, command: list[str], *, used: bool) -> Iterator[int]:
    (place.folder / "program.py").write_text(PROGRAM.format(kind=kind, used=used))
    port = free_port()
    with (place.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(each.format(port=port) for each in command)],
            cwd=place.folder,
            stderr=log,
            stdout=log,
        )
    try:
        end = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None, (place.folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(60)


SERVERS = {
    "gunicorn": ("wsgi", ["gunicorn", "program:app", "-w", "3", "-b", "127.0.0.1:{port}"], False),
    "gunicorn, loaded and used before it forks": (
        *("wsgi", ["gunicorn", "program:app", "-w", "3", "-b", "127.0.0.1:{port}", "--preload"]),
        True,
    ),
    "uvicorn": ("asgi", ["uvicorn", "program:app", "--workers", "3", "--port", "{port}"], False),
}


@pytest.mark.parametrize("name", SERVERS)
def test_several_processes_mask_and_record_in_one_ledger(place: Place, name: str) -> None:
    kind, command, used = SERVERS[name]
    seen: set[int] = set()
    asked = 0
    with running(place, kind, command, used=used) as port:
        end = time.monotonic() + 90
        while len(seen) < 3 or asked < 30:
            assert time.monotonic() < end, (place.folder / "log").read_text()
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            line.request("GET", "/a")
            answer = line.getresponse()
            body = answer.read()
            line.close()
            assert answer.status == 200, body
            told = json.loads(body)
            assert told["mail"] == "*" * 15
            seen.add(told["process"])
            asked += 1
    assert len(place.entries()) == asked
