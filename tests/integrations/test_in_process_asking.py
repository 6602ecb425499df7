"""Who asks, what is called and what is remembered, in process: where that is not the same as behind Envoy by itself."""

import asyncio
import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from http_cases import BEARERS, KEY, bearer, make_askers
from http_local_stage import Place, make_place
from test_asgi import _driven, says, wrapped
from test_transports import CLIENTS, EACH, Service, service
from test_wsgi import running

from access_tokens import EC, NOW, RSA, RULES, published, token
from key_issuer import issuer
from ringfence.access import Identities
from ringfence.access.api_keys import make_api_key
from ringfence.access.faults import Denied
from ringfence.access.identities import TokenSource
from ringfence.access.keysets import FetchedKeys
from ringfence.home import Home
from ringfence.integrations._scribe import Scribe
from ringfence.integrations.wsgi import RingfenceMiddleware
from ringfence.ledger import Reader
from ringfence.policy import ZoneName
from tls_authority import Authority

__all__ = ["service"]  # a fixture

MAIL = b'{"mail": "ada@example.com"}'
REDACTED = b'{"mail": "[redacted:email]"}'
WHO = """
version: 1
zones: {core: {label: core}, staff: {label: staff}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}}
roles: {support: {group: support}, partner: {group: partners}}
principals:
  sso: {jwks: "file:jwks.json", issuer: "https://id.example.com", audience: ringfence, zone: staff}
  shops: {api_keys: "file:shops.users", zone: partners}
  machines: {certificates: "file:machines.users", zone: partners}
gates: {api: {kind: http, upstream: shop, principals: [sso, shops, machines]}}
flows:
  - {id: staff-reads, from: shop, to: staff, via: {gate: api}, carry: {user.contact.email: mask}}
  - {id: partners-read, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: redact}}
  - {id: partners-ask, from: partners, to: shop, via: {gate: api}, carry: {user.device.ip_address: clear}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = make_place(tmp_path, WHO)
    make_askers(tmp_path)
    (tmp_path / "machines.users").write_text("robot.example.com:-:partners")
    (tmp_path / "machines.users").chmod(0o600)
    yield made
    made.end()


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def asked(place: Place, *headers: tuple[str, str], **scope: Any) -> Got:
    """Ask by ASGI, as a server would that says what `scope` says."""
    raw = [(name.encode(), value.encode()) for name, value in headers]
    whole = {"method": "GET", "path": "/a", "raw_path": b"/a", "query_string": b"", "headers": raw, **scope}
    start, *bodies = _driven(place, says(MAIL), {"type": "http", **whole})
    fields = {name.decode(): value.decode() for name, value in start["headers"]}
    return Got(start["status"], fields, b"".join(each.get("body", b"") for each in bodies))


def field(line: str) -> tuple[str, str]:
    name, _, value = line.strip().partition(": ")
    return name, value


# ---------------------------------------------------------------- what the server says of the client


def test_a_certificate_that_the_server_has_verified_says_who_asks_and_a_header_field_does_not(
    place: Place, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "ca")
    robot, stranger = (authority.issue(f"{name}.example.com").certificate.read_text() for name in ("robot", "stranger"))
    chain = {"extensions": {"tls": {"client_cert_chain": (robot, authority.file.read_text())}}}
    got = asked(place, **chain)
    assert (got.status, got.body) == (200, REDACTED)
    assert place.entries()[-1]["principal"] == "robot.example.com"
    for wrong in (
        {"client_cert_chain": (stranger,)},
        {"client_cert_chain": (robot,), "client_cert_error": "expired"},
        {"client_cert_chain": ("-----BEGIN CERTIFICATE-----",)},
        {"client_cert_chain": ()},
        {},
    ):
        assert asked(place, extensions={"tls": wrong}).status == 401, wrong
    for said in (f'Cert="{robot}"'.replace("\n", "%0A"), "Hash=00;Cert=x"):
        assert asked(place, ("x-forwarded-client-cert", said)).status == 401


def test_guessing_is_counted_by_the_address_that_the_server_says_and_by_no_header_field(place: Place) -> None:
    app = wrapped(place, says(MAIL))

    async def status(address: str, key: str, number: int) -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: Any) -> None:
            sent.append(event)

        headers = [(b"x-api-key", key.encode()), (b"x-forwarded-for", f"203.0.113.{number}".encode())]
        scope = {"type": "http", "method": "GET", "path": "/a", "query_string": b"", "headers": headers}
        await app({**scope, "client": (address, 5000)}, receive, send)
        return int(sent[0]["status"])

    async def run() -> None:
        tried = [await status("192.0.2.7", make_api_key(), number) for number in range(22)]
        assert tried[:20] == [401] * 20
        assert tried[20:] == [429] * 2
        assert await status("192.0.2.8", KEY, 1) == 200

    asyncio.run(run())


def test_over_wsgi_a_wrong_credential_is_told_what_to_bring_and_the_application_is_not_called(place: Place) -> None:
    called: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        called.append(environ)
        start_response("200 OK", [("content-type", "application/json")])
        return [MAIL]

    gate = RingfenceMiddleware(app, gate="api", policy=place.policy)

    def ask(**environ: str) -> tuple[str, dict[str, str], bytes]:
        begun: list[Any] = []
        whole = {"REQUEST_METHOD": "GET", "PATH_INFO": "/a", "REMOTE_ADDR": "192.0.2.9", **environ}
        answer = gate({**whole, "wsgi.input": None}, lambda *said: begun.append(said))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        return begun[0][0], dict(begun[0][1]), body

    status, headers, _ = ask(HTTP_X_API_KEY=make_api_key())
    assert (status[:3], "ApiKey" in headers["www-authenticate"], called) == ("401", True, [])
    status, _, body = ask(HTTP_X_API_KEY=KEY, HTTP_X_ROLE="partner")
    assert (status[:3], body) == ("200", REDACTED)
    assert not [name for name in called[0] if name in ("HTTP_X_API_KEY", "HTTP_X_ROLE")]


# ---------------------------------------------------------------- the process


@pytest.mark.parametrize("used", [False, True])
def test_who_asks_is_asked_in_every_process_of_a_server_that_forks(place: Place, *, used: bool) -> None:
    command = ["gunicorn", "program:app", "-w", "2", "-b", "127.0.0.1:{port}", "--preload"]
    seen: set[int] = set()
    right = dict([field(bearer("support"))])
    with running(place, "wsgi", command, used=used) as port:
        end = time.monotonic() + 60
        while len(seen) < 2:
            assert time.monotonic() < end
            for headers, status in ((right, 200), (dict([field(BEARERS.format("x.y.z"))]), 401)):
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                line.request("GET", "/a", headers=headers)
                answer = line.getresponse()
                told = json.loads(answer.read())
                line.close()
                assert answer.status == status
                seen |= {told["process"]} if status == 200 else set()


def test_key_sets_are_fetched_by_the_threads_own_loop_and_looked_for_again_when_another_thread_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.access.keysets.SOONEST", 0.01)
    authority = Authority(tmp_path / "ca")
    made = make_place(tmp_path, WHO)
    scribe = Scribe(Home(made.policy, made.folder / ".ringfence"))
    try:
        with issuer(authority) as (state, address):
            source = FetchedKeys(address, lambda _: None, context=ssl.create_default_context(cafile=authority.file))
            tokens = TokenSource("sso", ZoneName("staff"), source, RULES)
            identities = Identities([tokens])
            for _ in range(2):  # once, however often it is begun
                scribe.run(scribe.keep_fresh(identities)).result(10)
            assert state.asked == 1
            state.body = published(EC, RSA)
            end = time.monotonic() + 30
            while state.asked < 2:
                assert time.monotonic() < end
                with suppress(Denied):  # by a key that is not in the set yet: it is looked for
                    tokens.holder(token(), NOW)
            while state.asked < 3:  # the second look is over
                assert time.monotonic() < end
                source.wanted()
            assert tokens.holder(token(), NOW).zone == "staff"
    finally:
        scribe.close()


# ---------------------------------------------------------------- what is called, and where


def test_calls_of_endpoints_are_in_the_ledger(tmp_path: Path) -> None:
    declared = 'at: "http://127.0.0.1:1", endpoints: {"GET /a": {response: {mail: user.contact.email}}, "GET /b": {}}'
    made = make_place(tmp_path, WHO.replace('at: "http://127.0.0.1:1"', declared))
    make_askers(tmp_path)
    (tmp_path / "machines.users").write_text("robot.example.com:-:partners")
    (tmp_path / "machines.users").chmod(0o600)
    key = ("x-api-key", KEY)
    assert [asked(made, each).status for each in (key, ("x-api-key", make_api_key()))] == [200, 401]
    assert asked(made, key, path="/users/ada", raw_path=b"/users/ada").status == 403
    made.end()
    with Reader(made.ledger) as reader:
        bodies = [entry.body for entry in reader.since(0) if entry.body is not None and entry.body["kind"] == "called"]
    rows: dict[str, Any] = {row["endpoint"]: row for body in bodies for row in body["endpoints"]}  # type: ignore[index,union-attr,misc]
    assert {name: (row["calls"], row.get("refused", 0)) for name, row in rows.items()} == {
        "GET /a": (2, 1),
        "GET /users/{}": (1, 1),
    }


OUT = """
version: 1
zones: {core: {label: core}, staff: {label: staff}, outside: {label: outside, controlled: false}}
assets: {api: {zone: outside, kind: http, at: "http://127.0.0.1:PORT"}}
roles: {partner: {group: partners}}
principals: {shops: {api_keys: "file:shops.users", zone: core}}
gates: {out: {kind: http, upstreams: [api], principals: [shops]}}
flows:
  - {id: asked, from: core, to: api, via: {gate: out}, carry: {user.contact.email: mask}}
  - {id: answered, from: api, to: core, via: {gate: out}, carry: {user.contact.email: mask}}
"""


@EACH
def test_who_asks_for_another_destination_is_asked_first_and_named(
    tmp_path: Path, service: tuple[Service, int], client: str
) -> None:
    one, port = service
    made = make_place(tmp_path, OUT.replace("PORT", str(port)))
    make_askers(tmp_path)
    send = CLIENTS[client](made)
    there, elsewhere = f"http://127.0.0.1:{port}/a", f"http://localhost:{port}/a"
    assert send("GET", there, **{"x-api-key": KEY})[0] == 200
    assert "x-api-key" not in {name.lower() for name in one.heard[-1][2]}
    one.heard.clear()
    status, headers, _ = send("GET", elsewhere, **{"x-api-key": make_api_key()})
    assert (status, "ApiKey" in headers["www-authenticate"]) == (401, True)
    status, _, body = send("GET", elsewhere, **{"x-api-key": KEY})
    assert (status, json.loads(body)["reason"]) == (403, "not-allowed")
    assert [(entry["kind"], entry["principal"]) for entry in made.entries()[-2:]] == [
        ("refused", "anyone"),
        ("refused", "acme"),
    ]
    assert one.heard == []
    made.end()


def test_a_vault_that_is_silent_refuses_what_needs_it(tmp_path: Path, service: tuple[Service, int]) -> None:
    text = (
        OUT.replace("principals: [shops]", "clients: core, conversation: [header.x-chat]")
        .replace("roles: {partner: {group: partners}}", "keys: {k-models: {zones: [core]}}")
        .replace(
            'principals: {shops: {api_keys: "file:shops.users", zone: core}}',
            "forms: {ph: {transform: placeholder, key: k-models}}",
        )
        .replace("carry: {user.contact.email: mask}", "carry: {user.contact.email: ph}", 1)
    )
    one, port = service
    made = make_place(tmp_path, text.replace("PORT", str(port)))
    make_askers(tmp_path)
    (tmp_path / ".ringfence" / "stand-ins.db").write_bytes(b"no store" * 1000)
    (tmp_path / ".ringfence" / "stand-ins.db").chmod(0o600)
    for client in CLIENTS:
        headers = {"content-type": "application/json", "x-chat": "7"}
        status, _, body = CLIENTS[client](made)("POST", f"http://127.0.0.1:{port}/a", MAIL, **headers)
        assert (status, json.loads(body)["reason"]) == (503, "vault-unavailable"), client
    assert one.heard == []
    made.end()


def test_a_users_file_that_is_not_there_is_said_when_the_program_starts(place: Place) -> None:
    (place.folder / "shops.users").unlink()
    with pytest.raises(Exception, match=r"there is no users file shops\.users yet") as fault:
        wrapped(place, says(MAIL))
    assert "ringfence user add NAME --api-key" in str(fault.value)
