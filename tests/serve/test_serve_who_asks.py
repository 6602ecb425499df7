"""Who asks, under `ringfence up`: users who are added and removed while it serves, certificates, reloads, what is wrong before."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from serve_plays import Place, Up, running, until
from test_serve_http import Service, service

from access_tokens import claims, published, token
from command_line import Cli
from ringfence.ledger import Reader
from tls_authority import Authority

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, partners: {label: partners}, street: {label: street}}
assets:
  shop: {zone: core, kind: http, at: "http://127.0.0.1:PORT"}
roles: {partner: {group: partners}}
principals: {shops: {api_keys: "file:shops.users", zone: partners}}
gates:
  api: {kind: http, listen: "127.0.0.1:0", upstream: shop, principals: [shops], workers: 2}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: deny}
  - {id: street-answers, from: shop, to: street, via: {gate: api}, carry: {user.contact.email: redact}, else: deny}
"""
MASKED = (200, {"mail": "***************"})
REDACTED = (200, {"mail": "[redacted:email]"})

__all__ = ["service"]


@pytest.fixture
def place(cli: Cli, tmp_path: Path, service: Service) -> Place:
    made = Place(tmp_path, policy=POLICY.replace("PORT", str(service.server_address[1])))
    assert cli("init").returncode == 0
    return made


def ask(up: Up, key: str = "") -> tuple[int, object]:
    client = HTTPConnection("127.0.0.1", up.port, timeout=60)
    try:
        client.request("GET", "/", headers={"x-api-key": key} if key else {})
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        client.close()


def add(place: Place, name: str, *more: str) -> str:
    done = place.call("user", "add", name, "--group", "partners", *(more or ("--api-key",)))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().rpartition(": ")[2]


def test_api_keys_come_and_go_while_it_serves(place: Place) -> None:
    first = add(place, "acme")
    with running(place) as up:
        assert [ask(up, first) for _ in range(4)] == [MASKED] * 4
        status, problem = ask(up)
        assert status == 401
        assert isinstance(problem, dict)
        assert "it is not known who asks" in place.call("explain", str(problem["crossing"])).stdout
        second = add(place, "globex")
        assert ask(up, second) == MASKED
        assert place.call("user", "remove", "acme").returncode == 0
        assert [ask(up, first)[0] for _ in range(4)] == [401] * 4
        place.write("principals: [shops]", "principals: [shops], clients: street")
        assert place.call("reload").returncode == 0
        assert [ask(up), ask(up, second), ask(up, first)[0]] == [REDACTED, MASKED, 401]
        place.write("principals: [shops]", "clients: street")
        refused = place.call("reload")
        assert "gates.api.principals: a reload cannot change it" in refused.stderr
        assert up.end() == 0
        told = json.dumps(up.log())
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        written = json.dumps([entry.body for entry in reader.since(0)])
    for key in (first, second):
        assert key not in written + told
    assert '"principal": "globex"' in written


def test_a_certificate_names_its_holder_and_without_one_nobody_comes_in(place: Place, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    shown, robot = authority.issue("127.0.0.1"), authority.issue("robot.example.com")
    tls = f"tls: {{certificate: {shown.certificate}, key: {shown.key}, clients: {authority.file}}}"
    place.write(
        'principals: {shops: {api_keys: "file:shops.users", zone: partners}}',
        'principals: {shops: {certificates: "file:shops.users", zone: partners}}',
    )
    place.policy.write_text(place.policy.read_text().replace("workers: 2", tls))
    add(place, "robot.example.com", "--certificate")
    with running(place) as up:

        def asked(context: ssl.SSLContext) -> tuple[int, object]:
            client = HTTPSConnection("127.0.0.1", up.port, timeout=60, context=context)
            try:
                client.request("GET", "/")
                answer = client.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                client.close()

        context = ssl.create_default_context(cafile=str(authority.file))
        with pytest.raises(OSError, match=r"(?i)alert|reset|closed|EOF"):
            asked(context)
        context.load_cert_chain(robot.certificate, robot.key)
        assert asked(context) == MASKED
        assert place.call("user", "remove", "robot.example.com").returncode == 0
        assert asked(context)[0] == 401
        assert up.end() == 0


class _Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = published()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An issuer that publishes its keys over https; the machine trusts its authority."""
    authority = Authority(tmp_path / "issuer")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Keys)
    server.socket = authority.issue("127.0.0.1").server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/jwks"
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_are_fetched_from_an_issuer_and_kept_over_a_reload(place: Place, issuer: str) -> None:
    claimed = 'issuer: "https://id.example.com", audience: ringfence'
    place.write('api_keys: "file:shops.users"', f'jwks: "{issuer}", {claimed}')
    now = int(time.time())
    good, bad = (token(said=claims(groups=["partners"], iat=now, exp=now + life)).decode() for life in (600, -60))
    with running(place) as up:

        def asked(bearer: str) -> tuple[int, object]:
            client = HTTPConnection("127.0.0.1", up.port, timeout=60)
            try:
                client.request("GET", "/", headers={"authorization": f"Bearer {bearer}"})
                answer = client.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                client.close()

        until(lambda: asked(good) == MASKED, "the key set was fetched")
        assert asked(bad)[0] == 401
        changed = place.policy.read_text().replace(
            "carry: {user.contact.email: mask}", "carry: {user.contact.email: redact}"
        )
        place.policy.write_text(changed)
        assert place.call("reload").returncode == 0
        assert [asked(good) for _ in range(8)] == [REDACTED] * 8, "no moment without keys"
        assert up.end() == 0


WRONG = {
    "no users yet": ("", "", "there is no users file shops.users yet", "--api-key"),
    "the service's own zone": (
        "zone: partners}}",
        "zone: core}}",
        "stand in the zone of its upstream",
        "zones of their own",
    ),
    "no authorities": ("api_keys:", "certificates:", "does not say of which authorities", "tls"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_who_is_asked_is_said_before_anything_listens(case: str, cli: Cli, tmp_path: Path) -> None:
    old, new, what, mend = WRONG[case]
    place = Place(tmp_path, policy=POLICY.replace(old, new).replace("PORT", "80"))
    assert cli("init").returncode == 0
    done = place.call("up")
    assert done.returncode == 2
    assert what in done.stderr
    assert mend in done.stderr


def test_what_is_printed_for_an_envoy_of_ones_own_has_it_say_who_the_client_is(place: Place) -> None:
    printed = json.loads(place.call("envoy", "config", "--format", "json").stdout)
    attributes = printed["http_filters"][0]["typed_config"]["request_attributes"]
    assert attributes == ["source.address", "connection.mtls", "connection.sha256_peer_certificate_digest"]
    assert printed["http_connection_manager"]["forward_client_cert_details"] == "SANITIZE"
    place.write("api_keys:", "certificates:")
    printed = json.loads(place.call("envoy", "config", "--format", "json").stdout)
    assert printed["http_connection_manager"]["set_current_client_cert_details"] == {"cert": True}
    place.write("principals: [shops]", "clients: street")
    printed = json.loads(place.call("envoy", "config", "--format", "json").stdout)
    assert "request_attributes" not in printed["http_filters"][0]["typed_config"]
