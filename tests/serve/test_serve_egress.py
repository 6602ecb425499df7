"""The way out under `ringfence up`: how clients of every kind use it, and what a reload changes while it runs."""

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from serve_plays import Place, Up, running, until

from command_line import Cli
from ringfence.ledger import Reader
from tls_authority import Authority

CURL = shutil.which("curl") or ""
MAIL = {"mail": "ada@example.com"}
MASKED = {"mail": "***************"}

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, outside: {label: outside, controlled: false}}
assets:
  logs: {zone: outside, kind: http, at: "http://127.0.0.1:LOGS"}
  llm: {zone: outside, kind: http, at: "https://localhost:LLM"}
  late: {zone: outside, kind: http, at: "http://127.0.0.1:LATE"}
gates:
  out: {kind: http, listen: "127.0.0.1:0", upstreams: [logs, llm], clients: core}
flows:
  - {id: out, from: core, to: outside, via: {gate: out}, carry: {user.contact.email: mask}, else: deny}
  - {id: back, from: outside, to: core, via: {gate: out}, carry: {user.contact.email: clear}, else: deny}
"""


class Outside(ThreadingHTTPServer):
    """A service that says back what it heard, and keeps it."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.heard: list[tuple[str, str, object]] = []
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_arguments: object) -> None:
        """A client that does not like the certificate is no fault."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Outside

    def do_POST(self) -> None:
        body = b""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
        said = json.loads(body)
        self.server.heard.append((self.path, self.headers["host"], said))
        answer = json.dumps({"heard": said}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Outside]:
    server = Outside(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def outside(authority: Authority) -> Iterator[dict[str, Outside]]:
    with serving() as logs, serving(authority.issue("localhost").server_context()) as llm, serving() as late:
        yield {"LOGS": logs, "LLM": llm, "LATE": late}


@pytest.fixture
def place(cli: Cli, tmp_path: Path, outside: dict[str, Outside]) -> Place:
    text = POLICY
    for name, service in outside.items():
        text = text.replace(name, str(service.port))
    made = Place(tmp_path, policy=text)
    assert cli("init").returncode == 0
    return made


def curl(*arguments: str, proxy: str = "") -> tuple[int, object]:
    """Ask as a script does; give the status and the JSON."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= {"http_proxy": proxy, "https_proxy": proxy, "HTTPS_PROXY": proxy} if proxy else {}
    said = ["-d", json.dumps(MAIL), "-H", "content-type: application/json"]
    done = subprocess.run(
        [CURL, "-sS", "-w", "\n%{http_code} %{http_connect}", *said, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    body, _, codes = done.stdout.rpartition("\n")
    status, connect = codes.split()
    return int(status) or int(connect), json.loads(body or "null")


@pytest.mark.skipif(not CURL, reason="needs curl")
def test_it_is_used_by_a_base_url_as_a_proxy_and_by_a_host_and_refuses_the_rest(
    place: Place, outside: dict[str, Outside]
) -> None:
    llm, logs = outside["LLM"], outside["LOGS"]
    with running(place) as up:
        gate = f"http://127.0.0.1:{up.port}"
        assert up.expect()["curl"] == f"curl {gate}/logs/"
        answered = (200, {"heard": MASKED})
        assert curl(f"{gate}/llm/v1/chat") == answered
        assert curl(f"http://localhost:{llm.port}/v1/chat", proxy=gate) == answered
        assert curl(f"{gate}/v1/chat", "-H", f"host: localhost:{llm.port}") == answered
        assert curl(f"http://localhost:{llm.port}/v1/chat", "--connect-to", f"::127.0.0.1:{up.port}") == answered
        assert llm.heard == [("/v1/chat", f"localhost:{llm.port}", MASKED)] * 4
        assert curl(f"http://127.0.0.1:{logs.port}/in", proxy=gate) == answered
        assert logs.heard == [("/in", f"127.0.0.1:{logs.port}", MASKED)]
        status, problem = curl(f"http://127.0.0.1:{outside['LATE'].port}/in", proxy=gate)
        assert status == 403
        assert isinstance(problem, dict)
        assert "gates.out.upstreams" in problem["detail"]
        told = place.call("explain", str(problem["crossing"])).stdout
        assert "the destination is none of this gate's" in told
        assert "none: from core to no zone that is known, by gate out" in told
        assert f"authority [redacted:ip_address]:{outside['LATE'].port}, method POST" in told
        assert curl(f"https://localhost:{llm.port}/v1/chat", proxy=gate)[0] == 403  # a tunnel
        assert outside["LATE"].heard == []
        assert up.end() == 0
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        kinds = [(entry.body.get("flow"), entry.body["kind"]) for entry in reader.since(0) if entry.body]
    assert kinds.count(("", "refused")) == 2
    assert kinds.count(("out", "crossed")) == 5


def test_a_library_uses_it_by_its_base_url_and_as_a_proxy(place: Place, outside: dict[str, Outside]) -> None:
    llm = outside["LLM"]
    with running(place) as up:
        gate = f"http://localhost:{up.port}"
        with requests.Session() as session:
            session.trust_env = False
            assert session.post(f"{gate}/llm/v1/chat?x=1", json=MAIL, timeout=60).json() == {"heard": MASKED}
            session.proxies = {"http": gate}
            there = f"http://localhost:{llm.port}/v1/chat"
            assert session.post(there, json=MAIL, timeout=60).json() == {"heard": MASKED}
        assert [path for path, _, _ in llm.heard] == ["/v1/chat?x=1", "/v1/chat"]


def test_a_reload_adds_moves_and_takes_away_destinations_while_it_runs(
    place: Place, outside: dict[str, Outside]
) -> None:
    logs, late = outside["LOGS"], outside["LATE"]
    with running(place) as up:
        assert _status(up, "logs") == 200
        assert _status(up, "late") == 403
        place.write("upstreams: [logs, llm]", "upstreams: [llm, late]")
        assert place.call("reload").returncode == 0
        until(lambda: _status(up, "late") == 200, "the added destination is reached")
        until(lambda: _status(up, "logs") == 403, "the one that was taken away is not")
        assert len(logs.heard) == 1
        place.write(f'logs: {{zone: outside, kind: http, at: "http://127.0.0.1:{logs.port}"',
                    f'logs: {{zone: outside, kind: http, at: "http://localhost:{late.port}"')  # fmt: skip
        assert place.call("reload").returncode == 0
        until(lambda: _status(up, "logs") == 200, "the one that moved is reached where it is now")
        assert late.heard[-1][1] == f"localhost:{late.port}"
        assert len(logs.heard) == 1
        place.write("http://127.0.0.1:", "ftp://127.0.0.1:")
        refused = place.call("reload")
        assert refused.returncode != 0
        assert "not the address of an HTTP service" in refused.stderr
        assert _status(up, "logs") == 200
        assert up.end() == 0


def _status(up: Up, name: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"http://127.0.0.1:{up.port}/{name}/in", json=MAIL, timeout=60).status_code


def test_a_certificate_that_was_renewed_is_shown_after_a_reload(
    place: Place, authority: Authority, tmp_path: Path
) -> None:
    chain, key = tmp_path / "gate.pem", tmp_path / "gate.key"

    def install(issued_for: str, key_of: str = "") -> bytes:
        issued = authority.issue(issued_for)
        shutil.copy(issued.certificate, chain)
        shutil.copy(authority.issue(key_of).key if key_of else issued.key, key)
        return issued.der

    first = install("127.0.0.1")
    place.write("listen:", f'tls: {{certificate: "{chain}", key: "{key}"}}, listen:')
    with running(place) as up:
        up.expect()
        assert _shown(up, authority) == first
        install("127.0.0.1", key_of="127.0.0.1")
        refused = place.call("reload")
        assert refused.returncode != 0
        assert "not a certificate and its key" in refused.stderr
        assert _shown(up, authority) == first
        second = install("127.0.0.1")
        assert place.call("reload").returncode == 0
        until(lambda: _shown(up, authority) == second, "the new certificate")
        assert up.end() == 0


def _shown(up: Up, authority: Authority) -> bytes | None:
    client = HTTPSConnection(
        "127.0.0.1", up.port, timeout=60, context=ssl.create_default_context(cafile=str(authority.file))
    )
    client.connect()
    try:
        assert isinstance(client.sock, ssl.SSLSocket)
        return client.sock.getpeercert(binary_form=True)
    finally:
        client.close()


def test_what_a_killed_run_left_is_cleared_away_by_the_next(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tempfile.mkdtemp(prefix="rf-")
    monkeypatch.setenv("TMPDIR", short)
    strange = Path(short) / "ringfence-strange"
    strange.mkdir()
    try:
        with running(place) as up:
            up.expect()
            left = [each for each in Path(short).iterdir() if each != strange]
            assert len(left) == 1
            up.process.kill()
            up.process.wait(60)
        with running(place) as up:
            up.expect()
            now = [each for each in Path(short).iterdir() if each != strange]
            assert len(now) == 1
            assert now != left
            assert up.end() == 0
        assert list(Path(short).iterdir()) == [strange]
    finally:
        shutil.rmtree(short)


def test_the_page_shows_a_way_out_that_works(cli: Cli, tmp_path: Path, outside: dict[str, Outside]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    policy = page.partition("## The way out")[2].partition("```yaml\n")[2].partition("```")[0]
    for host, name in (("api.example.com", "LLM"), ("logs.example.com", "LATE")):
        assert f"https://{host}" in policy
        policy = policy.replace(f"https://{host}", f"https://localhost:{outside[name].port}")
    policy = policy.replace(f"https://localhost:{outside['LATE'].port}", f"http://127.0.0.1:{outside['LATE'].port}")
    place = Place(tmp_path, policy=policy.replace(":9100", ":0"))
    assert place.call("policy", "lint").returncode == 0
    assert cli("init").returncode == 0
    with running(place) as up, requests.Session() as session:
        session.trust_env = False
        for name, path in (("llm", "/v1/chat/completions"), ("log-saas", "/v2/logs")):
            answer = session.post(f"http://127.0.0.1:{up.port}/{name}{path}", json=MAIL, timeout=60)
            assert answer.json() == {"heard": {"mail": "[redacted:email]"}}
        refused = session.post(f"http://127.0.0.1:{up.port}/log-saas/v1/other", json=MAIL, timeout=60)
        assert refused.status_code == 403
        assert up.end() == 0
    assert [path for path, _, _ in outside["LATE"].heard] == ["/v2/logs"]


WRONG = {
    "upstreams: [logs, llm], ": ("", "does not say what is behind it"),
    "clients: core": ("clients: outside", "its clients stand in the zone of its upstream"),
    "upstreams: [logs, llm]": ("upstreams: [logs, llm, logs-file]", "assets.logs-file is not of kind http"),
    'at: "http://127.0.0.1:LOGS"': ('at: "http://localhost:9100"', "the address of the gate itself"),
    "kind: http, listen": (
        'kind: http, hosts: ["127.0.0.1:1"], listen',
        "gates.out.hosts: the host of a service that it leads to",
    ),
}


@pytest.mark.parametrize("old", WRONG)
def test_what_is_wrong_with_a_way_out_is_said_before_anything_listens(cli: Cli, tmp_path: Path, old: str) -> None:
    new, said = WRONG[old]
    assert old in POLICY
    text = POLICY.replace("assets:\n", "assets:\n  logs-file: {zone: outside, kind: log}\n").replace(old, new)
    for name in ("LOGS", "LLM", "LATE"):
        text = text.replace(f":{name}", ":1")
    place = Place(tmp_path, policy=text.replace("127.0.0.1:0", "127.0.0.1:9100"))
    assert cli("init").returncode == 0
    done = place.call("up")
    assert done.returncode == 2
    assert said in done.stderr
