"""The HTTP gate under `ringfence up`: Envoy beside the workers, opened when they are ready, restarted, reloaded, drained."""

import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serve_plays import Place, Up, is_there, running, until

from command_line import Cli
from drawn import apart
from ringfence.ledger import Reader
from ringfence.serve.envoy_setup import envoy_program
from tls_authority import Authority

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, partners: {label: partners}}
assets:
  shop: {zone: core, kind: http, at: "http://127.0.0.1:PORT"}
gates:
  api: {kind: http, listen: "127.0.0.1:0", upstream: shop, clients: partners, workers: 2}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: deny}
  - {id: orders, from: partners, to: shop, via: {gate: api, match: {method: POST, path: /orders}}, else: redact}
"""
MASKED = {"mail": "***************"}


class Service(ThreadingHTTPServer):
    """A shop: says one address, and hears what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.heard = b""
        self.says = b'{"mail": "ada@example.com"}'
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Event()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        self.server.asked.set()
        self.server.may_answer.wait(60)
        self._say(self.server.says)

    def do_POST(self) -> None:
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.server.heard += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            self.server.heard += self.rfile.read(int(self.headers.get("content-length", 0)))
        self._say(b"{}")

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def place(cli: Cli, tmp_path: Path, service: Service) -> Place:
    made = Place(tmp_path, policy=POLICY.replace("PORT", str(service.server_address[1])))
    assert cli("init").returncode == 0
    return made


def ask(up: Up, method: str = "GET", path: str = "/", body: bytes | None = None) -> tuple[int, object]:
    client = HTTPConnection("127.0.0.1", up.port, timeout=60)
    try:
        client.request(method, path, body, {"content-type": "application/json"} if body else {})
        answer = client.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        client.close()


def envoys(up: Up) -> list[int]:
    """The processes of Envoy that this `up` started."""
    children = Path(f"/proc/{up.process.pid}/task/{up.process.pid}/children").read_text().split()
    return [int(each) for each in children if _program(each) == os.path.realpath(envoy_program())]


def _program(process: str) -> str:
    try:
        return str(Path(f"/proc/{process}/exe").readlink())
    except OSError:
        return ""  # it has just ended


def test_it_serves_masks_records_is_reloaded_says_that_it_observes_and_is_drained(
    place: Place, service: Service
) -> None:
    with running(place, "--health", "127.0.0.1:0") as up:
        assert up.expect()["curl"] == f"curl http://127.0.0.1:{up.port}/"
        assert ask(up) == (200, MASKED)
        assert ask(up, "POST", "/orders", b'{"mail": "ada@example.com"}') == (200, {})
        assert service.heard == b'{"mail": "[redacted:email]"}'
        status, problem = ask(up, "PUT", "/orders", b'{"n": 1}')
        assert status == 403
        assert isinstance(problem, dict)
        assert place.call("explain", str(problem["crossing"])).returncode == 0
        place.write("user.contact.email: mask}", "user.contact.email: redact}")
        assert place.call("reload").returncode == 0
        assert ask(up) == (200, {"mail": "[redacted:email]"})
        assert "observes" not in place.call("status").stdout
        place.write("else: deny}", "else: deny, mode: observe}")
        assert place.call("reload").returncode == 0
        assert ask(up) == (200, {"mail": "ada@example.com"})
        assert "gate api only observes answers: everything passes there" in place.call("status").stdout
        assert place.status()["gates"][0]["observing"] == ["answers"]  # type: ignore[index]
        assert _samples(up)["ringfence_observing_flows", ""] == 1
        place.write("workers: 2", "workers: 2, bodies: buffered")
        assert "gates.api.bodies: a reload cannot change it" in place.call("reload").stderr
        place.write("workers: 2", "workers: 2, limits: {connections: 7}")
        assert "gates.api.limits: a reload cannot change it" in place.call("reload").stderr
        shown = place.call("status").stdout
        assert "api" in shown
        assert "2 of 2" in shown
        folder = {Path(f"/proc/{number}/cmdline").read_text().split("\0")[2] for number in envoys(up)}
        assert up.end() == 0
        assert not any(Path(each).parent.exists() for each in folder)
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        flows = {str(entry.body.get("flow")) for entry in reader.since(0)}
    assert {"answers", "orders", "ringfence-canary"} <= flows


def test_the_page_shows_a_policy_that_serves(cli: Cli, tmp_path: Path, service: Service) -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    text = page.partition("```yaml\n")[2].partition("```")[0]
    policy = text.replace("127.0.0.1:8000", f"127.0.0.1:{service.server_address[1]}").replace(":8080", ":0")
    said, _, shown = page.partition("**Ask it.** The service says `")[2].partition("`; a client of the")
    service.says = said.encode()
    place = Place(tmp_path, policy=policy)
    assert place.call("policy", "lint").returncode == 0
    assert cli("init").returncode == 0
    with running(place) as up:
        assert ask(up, "GET", "/orders/7") == (200, json.loads(shown.partition("```text\n")[2].partition("```")[0]))
        body = b'{"customer": {"email": "ada@example.com"}}'
        assert ask(up, "POST", "/orders", body) == (200, {})
        assert service.heard == body
        assert ask(up, "POST", "/other", body)[0] == 403


def test_what_is_under_way_when_it_is_told_to_end_comes_to_its_end(place: Place, service: Service) -> None:
    with running(place) as up:
        up.expect()
        service.may_answer.clear()
        got: list[tuple[int, object]] = []
        asking = threading.Thread(target=lambda: got.append(ask(up)))
        asking.start()
        assert service.asked.wait(60)
        up.process.send_signal(signal.SIGTERM)
        until(lambda: up.events("draining"), "it drains")
        service.may_answer.set()
        asking.join(60)
        assert got == [(200, MASKED)]
        assert up.process.wait(60) == 0


def test_envoy_and_workers_that_die_are_there_again_health_says_so_and_envoy_ends_with_its_parent(place: Place) -> None:
    with running(place, "--health", "127.0.0.1:0") as up:
        up.expect()
        code, body = _page(up, "/health")
        assert (code, json.loads(body)["gates"]["api"]["envoy"]) == (200, "up")
        [first] = envoys(up)
        os.kill(first, signal.SIGKILL)
        until(
            lambda: _page(up, "/health")[0] == 503 or _samples(up)["ringfence_envoy_restarts_total", ""] == 1,
            "it is seen",
        )
        until(lambda: envoys(up) not in ([], [first]), "another Envoy")
        until(lambda: _masks(up), "it serves again")
        until(lambda: _page(up, "/health")[0] == 200, "it is said to be there again")
        samples = _samples(up)
        assert (samples["ringfence_envoy_restarts_total", ""], samples["ringfence_envoy_up", ""]) == (1, 1)
        for worker in up.workers():
            os.kill(worker, signal.SIGKILL)
        until(lambda: _masks(up), "workers are there again")
        [last] = envoys(up)
        up.process.kill()
        until(lambda: not is_there(last), "Envoy ends with its parent")
    assert last != first
    assert not is_there(last)


def _page(up: Up, path: str) -> tuple[int, str]:
    client = HTTPConnection("127.0.0.1", int(str(up.expect("health")["address"]).rpartition(":")[2]), timeout=60)
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read().decode()
    client.close()
    return answer.status, body


def _samples(up: Up) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(_page(up, "/metrics")[1])
    return {
        (sample.name, sample.labels.get("outcome") or sample.labels.get("le") or ""): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_became_of_requests_is_counted_and_shown_and_no_label_is_a_clients(place: Place, service: Service) -> None:
    with running(place, "--health", "127.0.0.1:0") as up:
        up.expect()
        for path in ("/zygote?q=zygote", "/b"):
            assert ask(up, path=path) == (200, MASKED)
        assert ask(up, "POST", "/orders", b'{"n": 1}') == (200, {})
        assert ask(up, "PUT", "/zygote", b'{"n": 1}')[0] == 403
        service.says = b'{"n": 1}'
        assert ask(up) == (200, {"n": 1})
        until(lambda: _samples(up)["ringfence_request_seconds_count", ""] == 5, "all are counted")
        found = _samples(up)
        assert {
            name: found["ringfence_requests_total", name] for name in ("passed", "changed", "refused", "broken")
        } == {
            "passed": 2,
            "changed": 2,
            "refused": 1,
            "broken": 0,
        }
        assert found["ringfence_request_seconds_bucket", "+Inf"] == 5
        assert 0 < found["ringfence_request_seconds_sum", ""] < 60
        assert found["ringfence_bodies_total", ""] == 6  # of the refused request one, of others each that had octets
        assert found["ringfence_body_bytes_total", ""] >= 2 * len(b'{"mail": "ada@example.com"}')
        assert (found["ringfence_open_requests", ""], found["ringfence_envoy_up", ""]) == (0, 1)
        assert ("ringfence_statements_total", "") not in found  # a database's
        assert "zygote" not in _page(up, "/metrics")[1].lower() + _page(up, "/health")[1].lower()
        shown = place.call("status").stdout
        assert "half within" in shown
        assert [line.split()[:7] for line in shown.splitlines()[-2:]][1] == ["api", "up", "0", "2", "2", "1", "0"]


def _masks(up: Up) -> bool:
    try:
        return ask(up) == (200, MASKED)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


WRONG = {
    "upstream: shop, ": ("", "does not say what is behind it"),
    ", clients: partners": ("", "does not say where its clients stand"),
    "clients: partners": ("clients: core", "its clients stand in the zone of its upstream"),
    '"http://127.0.0.1:PORT"': ('"ftp://x/y"', "not the address of an HTTP service"),
    '"127.0.0.1:0", upstream': ('"localhost:80", upstream', "the address of the gate itself"),
    'listen: "127.0.0.1:0"': ('listen: "unix:/tmp/x"', "Envoy listens on an address"),
    "workers: 2": ("workers: 2, tls: {certificate: none.pem, key: none.key}", "the file cannot be read"),
}


@pytest.mark.parametrize("old", WRONG)
def test_what_is_wrong_is_said_before_anything_listens(cli: Cli, tmp_path: Path, old: str) -> None:
    new, said = WRONG[old]
    assert old in POLICY
    place = Place(tmp_path, policy=POLICY.replace(old, new).replace("PORT", "80"))
    assert cli("init").returncode == 0
    done = place.call("up")
    assert done.returncode == 2
    assert said in done.stderr


def test_an_address_that_is_taken_is_said(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place.write('listen: "127.0.0.1:0"', f'listen: "127.0.0.1:{taken.getsockname()[1]}"')
        done = place.call("up")
    assert done.returncode == 2
    assert "Address already in use" in done.stderr


def test_clients_can_be_served_over_tls_and_asked_for_a_certificate(place: Place, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    issued = authority.issue("127.0.0.1")
    place.write("workers: 2", f"tls: {{certificate: {issued.certificate}, key: {issued.key}}}")
    with running(place) as up:
        assert up.expect()["curl"] == f"curl https://127.0.0.1:{up.port}/"
        context = ssl.create_default_context(cafile=str(authority.file))
        client = HTTPSConnection("127.0.0.1", up.port, timeout=60, context=context)
        client.request("GET", "/")
        assert json.loads(client.getresponse().read()) == MASKED
        client.close()
        assert up.end() == 0


def test_somebodys_own_envoy_is_configured_by_what_is_printed(place: Place, tmp_path: Path) -> None:
    """The whole configuration as Envoy takes it, and a gate that meets this Envoy in a folder."""
    port = _free_port()
    place.write('listen: "127.0.0.1:0"', f'listen: "127.0.0.1:{port}"')
    with tempfile.TemporaryDirectory(prefix="rf-") as sockets:
        printed = place.call("envoy", "config", "--whole", "--envoy-sockets", sockets)
        assert printed.returncode == 0
        file = tmp_path / "whole.yaml"
        file.write_text(printed.stdout)
        with running(place, "--envoy-sockets", sockets) as up:
            until(lambda: len(up.events("waiting")) >= 2, "workers wait for Envoy")
            assert not up.events("ready")  # no canary came through
            own = subprocess.Popen([envoy_program(), "-c", file, "-l", "off", "--disable-hot-restart"])
            try:
                assert up.expect()["address"] == f"unix:{sockets}"
                client = HTTPConnection("127.0.0.1", port, timeout=60)
                client.request("GET", "/")
                assert json.loads(client.getresponse().read()) == MASKED
                client.close()
                assert up.end() == 0
            finally:
                own.kill()
                own.wait()


def test_the_fragment_is_valid_where_it_is_put_into_another_configuration(place: Place, tmp_path: Path) -> None:
    printed = place.call("envoy", "config", "--format", "json")
    fragment = json.loads(printed.stdout)
    kind = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": kind,
        "stat_prefix": "own",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "own",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                }
            ]
        },
        "http_filters": [*fragment["http_filters"], router],
        **fragment["http_connection_manager"],
    }
    listener = {
        "name": "own",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    whole = {"static_resources": {"listeners": [listener, *fragment["listeners"]], "clusters": fragment["clusters"]}}
    bad = json.loads(json.dumps(whole).replace("FULL_DUPLEX_STREAMED", "FULL_DUPLEX"))
    for name, content in (("good", whole), ("bad", bad)):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(content))
        done = subprocess.run(
            [envoy_program(), "--mode", "validate", "-c", file, "-l", "error"], capture_output=True, text=True
        )
        assert (done.returncode == 0) == (name == "good"), done.stderr


API = {
    "openapi": "3.0.3",
    "info": {"title": "Shop"},
    "paths": {
        "/customers/{id}": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"properties": {"mail": {"format": "email"}}}}}}
                }
            }
        },
        "/export": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"properties": {"phone": {"type": "string"}}}}}}
                }
            }
        },
    },
}


def test_a_services_description_becomes_its_endpoints_and_an_unused_one_is_found(
    place: Place, service: Service
) -> None:
    (place.folder / "api.json").write_text(json.dumps(API))
    assert place.call("map", "--openapi", "api.json", "--asset", "shop").returncode == 0
    place.write("version: 1", "version: 1\ninclude: [ringfence.map.yaml]")
    assert place.call("map", "--openapi", "api.json", "--asset", "shop", "--check").returncode == 0
    assert place.call("policy", "lint").returncode == 0
    with running(place) as up:
        assert ask(up, "GET", "/customers/7") == (200, MASKED)
        assert ask(up, "GET", "/customers/8") == (200, MASKED)
        service.says = b'{"mail": "ada@example.com", "new": "x"}'  # what nobody declared takes the flow's `unknown`
        assert ask(up, "GET", "/customers/8")[0] == 403
        status, problem = ask(up, "GET", "/users/ada/4711")
        assert status == 403
        assert isinstance(problem, dict)
        told = place.call("explain", str(problem["crossing"])).stdout
        assert "GET /users/{}/{}, which nobody declared" in told
        assert "ada" not in apart(told)
        assert up.end() == 0
    done = place.call("endpoints", "--format", "json")
    assert done.returncode == 1
    by = {one["endpoint"]: one for one in json.loads(done.stdout)["endpoints"]}
    assert {name: (one["standing"], one["calls"], one["refused"]) for name, one in by.items()} == {
        "GET /customers/{id}": ("called", 3, 1),
        "GET /export": ("never called", 0, 0),
        "GET /users/{}/{}": ("undeclared", 1, 1),
    }
    assert by["GET /customers/{id}"]["seen"] == ["user.contact.email"]
    assert by["GET /export"]["exposes"] == ["user.contact.phone_number"]
    assert "GET /customers/{id}" in place.call("report", "crossings").stdout
