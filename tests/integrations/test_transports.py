"""The transports of httpx and requests: where requests may go, what comes back, and what breaks."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from http_local_stage import Place, make_place
from http_stage import free_port

from drawn import apart
from ringfence.gates.http.destinations import NoAddress
from ringfence.integrations.httpx import AsyncRingfenceTransport, RingfenceTransport
from ringfence.integrations.requests import RingfenceAdapter

MAIL = b'{"mail": "ada@example.com"}'
MASKED = b'{"mail": "***************"}'
POLICY = """
version: 1
zones: {core: {label: core}, outside: {label: public}}
assets:
  llm: {zone: outside, kind: http, at: "http://127.0.0.1:PORT"}
  other: {zone: outside, kind: http, at: "https://api.example.com"}
gates:
  out: {kind: http, upstreams: [llm, other], clients: core}
flows:
  - {id: asked, from: core, to: outside, via: {gate: out}, carry: {user.contact.email: mask}, else: deny}
  - {id: answered, from: outside, to: core, via: {gate: out}, carry: {user.contact.email: mask}, else: deny}
"""


class Service:
    """A service outside: what it heard, and what it says."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, dict[str, str], bytes]] = []
        self.says: Callable[[BaseHTTPRequestHandler], None] = lambda one: answer(one, MAIL)


def answer(one: BaseHTTPRequestHandler, body: bytes, status: int = 200, **fields: str) -> None:
    one.send_response(status)
    for name, value in {"Content-Type": "application/json", **fields}.items():
        one.send_header(name.replace("_", "-"), value)
    one.send_header("Content-Length", str(len(body)))
    one.end_headers()
    one.wfile.write(body)


@pytest.fixture
def service() -> Iterator[tuple[Service, int]]:
    made = Service()

    class Heard(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = b""
            if self.headers["transfer-encoding"] == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size + 2)[:-2]
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers["content-length"] or 0))
            made.heard.append((self.command, self.path, dict(self.headers.items()), body))
            made.says(self)

        do_POST = do_GET  # noqa: N815 (the library's own)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Heard) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made, server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def place(tmp_path: Path, service: tuple[Service, int]) -> Iterator[Place]:
    made = make_place(tmp_path, POLICY.replace("PORT", str(service[1])))
    yield made
    made.end()


Send = Callable[..., tuple[int, dict[str, str], bytes]]


def _by_httpx(place: Place) -> Send:
    def send(method: str, url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with httpx.Client(transport=RingfenceTransport(gate="out", policy=place.policy)) as client:
            got = client.request(method, url, content=body, headers=headers)
            return got.status_code, dict(got.headers), got.content

    return send


def _by_async_httpx(place: Place) -> Send:
    async def given(body: Iterable[bytes]) -> Any:
        for piece in body:
            yield piece

    async def asking(method: str, url: str, body: Any, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        content = given(body) if body is not None and not isinstance(body, bytes) else body
        transport = AsyncRingfenceTransport(gate="out", policy=place.policy)
        async with httpx.AsyncClient(transport=transport) as client:
            got = await client.request(method, url, content=content, headers=headers)
            return got.status_code, dict(got.headers), got.content

    return lambda method, url, body=None, **headers: asyncio.run(asking(method, url, body, headers))


def _by_requests(place: Place) -> Send:
    def send(method: str, url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with RingfenceAdapter(gate="out", policy=place.policy).mounted(requests.Session()) as session:
            got = session.request(method, url, data=body, headers=headers)
            return got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content

    return send


CLIENTS = {"httpx": _by_httpx, "httpx, asynchronous": _by_async_httpx, "requests": _by_requests}
EACH = pytest.mark.parametrize("client", CLIENTS)


@EACH
def test_what_goes_out_and_what_comes_back_are_masked(place: Place, service: tuple[Service, int], client: str) -> None:
    send, (one, port) = CLIENTS[client](place), service
    headers = {"content-type": "application/json", "x-user": "ada@example.com", "authorization": "Bearer x"}
    status, _, body = send("POST", f"http://127.0.0.1:{port}/v1/chat?q=ada%40example.com", MAIL, **headers)
    assert (status, body) == (200, MASKED)
    method, target, fields, heard = one.heard[-1]
    assert (method, target, heard) == ("POST", "/v1/chat?q=" + "*" * 15, MASKED)
    lower = {name.lower(): value for name, value in fields.items()}
    assert (lower["x-user"], lower["authorization"], lower["content-length"]) == ("*" * 15, "Bearer x", "27")
    assert [(entry["flow"], entry["to"]) for entry in place.entries()] == [
        ("asked", "outside"),
        ("asked", "outside"),
        ("answered", "core"),
    ]


@EACH
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "http://api.example.com/",
        "https://api.example.com:444/",
        "https://api.example.com.evil.example/",
        "http://127.0.0.1:{other}#@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/",
    ],
)
def test_no_request_goes_to_where_the_gate_names_no_service(
    place: Place, service: tuple[Service, int], client: str, url: str
) -> None:
    send, (one, port) = CLIENTS[client](place), service
    status, _, body = send(
        "POST", url.format(port=port, other=free_port()), MAIL, **{"content-type": "application/json"}
    )
    problem = json.loads(body)
    assert (status, problem["reason"]) == (403, "not-allowed")
    assert "gates.out.upstreams" in problem["detail"]
    assert one.heard == []
    [entry] = place.entries()
    assert (entry["kind"], entry["crossing"]) == ("refused", problem["crossing"])


@EACH
def test_a_redirect_to_where_nobody_may_go_is_refused(place: Place, service: tuple[Service, int], client: str) -> None:
    send, (one, port) = CLIENTS[client](place), service
    away = f"http://localhost:{port}/b"
    one.says = lambda handler: answer(handler, b"[]", 302, Location=away if handler.path == "/a" else "/a")
    if client == "requests":  # it follows by itself
        status, _, _ = send("GET", f"http://127.0.0.1:{port}/")
        assert status == 403
        assert [target for _, target, _, _ in one.heard] == ["/", "/a"]
        return
    status, headers, _ = send("GET", f"http://127.0.0.1:{port}/a")
    assert (status, headers["location"]) == (302, away)


@EACH
def test_another_host_than_that_of_the_address_is_not_asked_for(
    place: Place, service: tuple[Service, int], client: str
) -> None:
    send, (one, port) = CLIENTS[client](place), service
    assert send("GET", f"http://127.0.0.1:{port}/", host="other.example.com")[0] == 400
    assert send("GET", f"http://127.0.0.1:{port}/", host=f"127.0.0.1:{port}")[0] == 200
    assert len(one.heard) == 1


@EACH
def test_a_body_that_is_given_piece_by_piece_crosses_whatever_its_length(
    place: Place, service: tuple[Service, int], client: str
) -> None:
    send, (one, port) = CLIENTS[client](place), service
    url, kind = f"http://127.0.0.1:{port}/", {"content-type": "application/x-ndjson"}
    for lines in (3, 8_000):
        assert send("POST", url, (MAIL + b"\n" for _ in range(lines)), **kind)[0] == 200
        assert one.heard[-1][3] == (MASKED + b"\n") * lines
    card = [MAIL + b"\n"] * 8_000 + [b'{"card": "4111 1111 1111 1111"}\n']
    status, _, body = send("POST", url, iter(card), **kind)
    assert (status, json.loads(body)["category"]) == (403, "user.financial.credit_card")
    assert b"4111" not in apart(b"".join(heard for _, _, _, heard in one.heard))


@EACH
def test_a_problem_of_the_programs_own_or_of_the_network_is_raised_as_it_is(
    place: Place, service: tuple[Service, int], client: str
) -> None:
    send, (_, port) = CLIENTS[client](place), service

    def broken() -> Iterator[bytes]:
        yield MAIL
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send("POST", f"http://127.0.0.1:{port}/", broken(), **{"content-type": "application/json"})
    place.policy.write_text(POLICY.replace("PORT", str(free_port())))
    send = CLIENTS[client](place)
    url = place.policy.read_text().partition('"http://')[2].partition('"')[0]
    with pytest.raises((httpx.ConnectError, requests.exceptions.ConnectionError)):
        send("GET", f"http://{url}/")


@EACH
def test_an_answer_that_must_be_refused_in_its_middle_or_breaks_off_raises(
    place: Place, service: tuple[Service, int], client: str
) -> None:
    send, (one, port) = CLIENTS[client](place), service
    cut = (httpx.ReadError, httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError)

    def lines(*after: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
        def say(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "application/x-ndjson")
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for line in (MAIL, *after):
                handler.wfile.write(b"%x\r\n%s\n\r\n" % (len(line) + 1, line))
            handler.close_connection = True

        return say

    for after in ([b'{"card": "4111 1111 1111 1111"}', b"1"], []):
        one.says = lines(*after)
        with pytest.raises(cut):
            send("GET", f"http://127.0.0.1:{port}/")
        assert [entry["kind"] for entry in place.entries()][-2:] == ["opened", "refused"] or not after


def test_events_come_as_they_are_said(place: Place, service: tuple[Service, int]) -> None:
    one, port = service
    come = threading.Semaphore(0)

    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for number in range(3):
            event = b'data: {"mail": "ada@example.com", "n": %d}\n\n' % number
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            assert come.acquire(timeout=60)  # the next is said when the client has this one
        handler.wfile.write(b"0\r\n\r\n")

    one.says = say
    transport = RingfenceTransport(gate="out", policy=place.policy)
    with httpx.Client(transport=transport) as client, client.stream("GET", f"http://127.0.0.1:{port}/") as got:
        for number, line in enumerate(line for line in got.iter_lines() if line):
            assert line.encode() == b'data: {"mail": "***************", "n": %d}' % number
            come.release()
    with RingfenceAdapter(gate="out", policy=place.policy).mounted(requests.Session()) as session:
        got = session.get(f"http://127.0.0.1:{port}/", stream=True)
        for number, line in enumerate(line for line in got.iter_lines() if line):
            assert line == b'data: {"mail": "***************", "n": %d}' % number
            come.release()


def test_cookies_are_kept_as_they_crossed(place: Place, service: tuple[Service, int]) -> None:
    one, port = service
    one.says = lambda handler: answer(handler, b"[]", Set_Cookie="who=ada@example.com; Path=/")
    with RingfenceAdapter(gate="out", policy=place.policy).mounted(requests.Session()) as session:
        assert session.get(f"http://127.0.0.1:{port}/").cookies.get_dict() == {"who": "*" * 15}
        assert session.cookies.get_dict() == {"who": "*" * 15}
    with httpx.Client(transport=RingfenceTransport(gate="out", policy=place.policy)) as client:
        client.get(f"http://127.0.0.1:{port}/")
        assert dict(client.cookies) == {"who": "*" * 15}


def test_what_would_lead_past_in_a_request_of_httpx_is_left_out(place: Place, service: tuple[Service, int]) -> None:
    one, port = service
    with httpx.Client(transport=RingfenceTransport(gate="out", policy=place.policy)) as client:
        got = client.get(f"http://127.0.0.1:{port}/a", extensions={"target": b"/ada@example.com"})
        assert "network_stream" not in got.extensions
    assert [target for _, target, _, _ in one.heard] == ["/a"]


def test_what_is_not_an_address_is_said_when_the_program_starts(place: Place) -> None:
    place.policy.write_text(POLICY.replace("http://127.0.0.1:PORT", "llm"))
    with pytest.raises(NoAddress, match="not the address of an HTTP service"):
        RingfenceTransport(gate="out", policy=place.policy)


@pytest.mark.parametrize("name", ["httpx", "requests"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(name: str) -> None:
    code = f"import sys; sys.modules[{name!r}] = None; import ringfence.integrations.{name}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"this needs the package {name}, which is not installed" in done.stderr
    assert f"pip install 'ringfence[{name}]'" in done.stderr
