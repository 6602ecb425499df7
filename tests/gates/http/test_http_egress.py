"""A gate as the way out, in front of a real Envoy: where requests go, which verdict was made for them, and what goes nowhere."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from egress_stage import MAIL, MASKED, POLICY, REDACTED, asked_by_http2, played, speaking_http2, way_out, without
from http_stage import policy, response, stage

from ringfence.gates.http.turns import Mode
from ringfence.transform import Keyring
from tls_authority import Authority, Issued

FORMS = {"logs": REDACTED, "llm": MASKED}


@pytest.mark.parametrize("mode", Mode)
@played
async def test_what_is_declared_is_reached_by_its_host_and_by_its_name_each_by_its_own_flow(
    tmp_path: Path, mode: Mode
) -> None:
    async with way_out(tmp_path, mode=mode) as out:
        out.llm.says["/v1/chat"] = [response(MAIL)]
        for target, host, to in (
            ("/in", "127.0.0.1:LOGS", "logs"),
            ("http://127.0.0.1:LOGS/in", "127.0.0.1:LOGS", "logs"),
            ("/logs/in", "127.0.0.1:GATE", "logs"),
            ("/logs/in", "gate.internal", "logs"),
            ("/v1/chat", "localhost:LLM", "llm"),
            ("http://localhost:LLM/v1/chat", "localhost:LLM", "llm"),
            ("/llm/v1/chat", "localhost:GATE", "llm"),
        ):
            out.forget()
            answer = await out.post(target, f"host: {host}\r\n")
            assert answer.status == 200, (target, answer.body)
            assert answer.body == (MASKED if to == "llm" else b'{"ok": true}')
            everybody = out.heard
            [heard] = everybody.pop(to)
            assert heard.body == FORMS[to]
            assert heard.raw.split(b" ")[1] == (b"/in" if to == "logs" else b"/v1/chat")
            assert heard.value("host") == out.with_ports("127.0.0.1:LOGS" if to == "logs" else "localhost:LLM")
            assert heard.value("x-forwarded-proto") is None
            assert everybody == {}
            [sent, *_] = out.stage.notes.bodies
            assert (sent["kind"], sent["flow"], sent["from"]) == ("crossed", f"to-{to}", "core")


@played
async def test_a_query_is_masked_behind_a_name_as_everywhere(tmp_path: Path) -> None:
    async with way_out(tmp_path) as out:
        answer = await out.post("/llm//v1/x/../chat?q=ada@example.com&n=1", "host: 127.0.0.1:GATE\r\n", body=b"{}")
        assert answer.status == 200
        [heard] = out.heard["llm"]
        assert heard.raw.split(b" ")[1] == b"/v1/chat?q=***************&n=1"


NOWHERE = {
    "another host": ("/in", "host: evil.example.com\r\n"),
    "another port": ("/in", "host: 127.0.0.1:OTHER\r\n"),
    "another scheme's port": ("/in", "host: localhost:443\r\n"),
    "no port": ("/in", "host: 127.0.0.1\r\n"),
    "absolute": ("http://127.0.0.1:OTHER/in", "host: 127.0.0.1:LOGS\r\n"),
    "a name under another host": ("/llm/v1/chat", "host: evil.example.com\r\n"),
    "a name under another port": ("/llm/v1/chat", "host: 127.0.0.1:OTHER\r\n"),
    "no name": ("/", "host: 127.0.0.1:GATE\r\n"),
    "a name that is longer": ("/llmx/v1/chat", "host: 127.0.0.1:GATE\r\n"),
    "a name in upper case": ("/LLM/v1/chat", "host: 127.0.0.1:GATE\r\n"),
    "a dot at the end": ("/v1/chat", "host: localhost.:LLM\r\n"),
    "an ending": ("/v1/chat", "host: evil.localhost:LLM\r\n"),
    "a beginning": ("/v1/chat", "host: localhost:LLM.evil.example.com\r\n"),
    "two hosts": ("/in", "host: 127.0.0.1:LOGS\r\nhost: 127.0.0.1:OTHER\r\n"),
    "two hosts in one": ("/in", "host: 127.0.0.1:LOGS,127.0.0.1:OTHER\r\n"),
    "somebody before": ("/in", "host: ada@127.0.0.1:LOGS\r\n"),
    "somebody before the other": ("http://127.0.0.1:LOGS@127.0.0.1:OTHER/in", "host: 127.0.0.1:LOGS\r\n"),
    "another spelling of the address": ("/in", "host: 2130706433:LOGS\r\n"),
    "octal": ("/in", "host: 0177.0.0.1:LOGS\r\n"),
    "mapped": ("/in", "host: [::ffff:127.0.0.1]:LOGS\r\n"),
    "wide letters": ("/v1/chat", "host: ｌocalhost:LLM\r\n"),
    "of a cloud's metadata": ("/latest/meta-data", "host: 169.254.169.254\r\n"),
    "metadata by IPv6": ("/latest/meta-data", "host: [fd00:ec2::254]\r\n"),
    "an empty one": ("/in", "host: \r\n"),
    "forwarded": ("/in", "host: 127.0.0.1:OTHER\r\nx-forwarded-host: 127.0.0.1:LOGS\r\n"),
    "original": ("/in", "host: 127.0.0.1:OTHER\r\nx-original-host: 127.0.0.1:LOGS\r\nx-envoy-original-host: llm\r\n"),
    "a fragment": ("http://127.0.0.1:OTHER#@127.0.0.1:LOGS/in", "host: 127.0.0.1:LOGS\r\n"),
    "a backslash": ("http://127.0.0.1:OTHER\\@127.0.0.1:LOGS/in", "host: 127.0.0.1:LOGS\r\n"),
}


PERSONAL = ("ada@", "127.0.0.1", "169.254.169.254", "ffff:127", "fd00:ec2::254")


@played
async def test_what_is_not_declared_goes_nowhere_and_is_recorded_without_what_is_personal(tmp_path: Path) -> None:
    async with way_out(tmp_path) as out:
        for case, (target, host) in NOWHERE.items():
            out.forget()
            answer = await out.post(target, host)
            assert out.heard == {}, case
            if answer.status in (0, 400):  # Envoy's own: it is no request
                assert answer.body in (b"", b"Bad Request"), case
                continue
            assert answer.status == 403, (case, answer.status)
            problem = json.loads(answer.body)
            assert answer.value("content-type") == "application/problem+json", case
            assert "gates.api.upstreams" in problem["detail"], case
            [entry] = out.stage.notes.bodies
            assert (entry["kind"], entry["from"], entry["flow"]) == ("refused", "core", ""), case
            assert entry["crossing"] == problem["crossing"], case
            assert entry["rule"] == "gates.api.upstreams", case
            assert not [part for part in PERSONAL if part in json.dumps(entry)], case


CHOSEN = {
    "absolute form wins over the host": ("http://127.0.0.1:LOGS/in", "host: localhost:LLM\r\n", "logs"),
    "absolute form wins over a host that is not declared": ("http://127.0.0.1:LOGS/in", "host: evil\r\n", "logs"),
    "and over two": ("http://127.0.0.1:LOGS/in", "host: a\r\nhost: b\r\n", "logs"),
    "upper case": ("/v1/chat", "host: LOCALHOST:LLM\r\n", "llm"),
    "who is forwarded does not choose": ("/in", "host: 127.0.0.1:LOGS\r\nx-forwarded-host: localhost:LLM\r\n", "logs"),
    "nor what Envoy would note": ("/in", "host: 127.0.0.1:LOGS\r\nx-envoy-original-path: /llm/v1/chat\r\n", "logs"),
    "a path that looks like a name": ("/llm/v1/chat", "host: 127.0.0.1:LOGS\r\n", "logs"),
    "dots that lead to another name": ("/logs/../llm/v1/chat", "host: 127.0.0.1:GATE\r\n", "llm"),
    "escaped dots": ("/logs/%2e%2e/llm/v1/chat", "host: 127.0.0.1:GATE\r\n", "llm"),
    "a path that is an address": ("/logs//evil.example.com/", "host: 127.0.0.1:GATE\r\n", "logs"),
}


@played
async def test_the_octets_go_where_the_verdict_was_made_for_however_it_is_said(tmp_path: Path) -> None:
    async with way_out(tmp_path) as out:
        for case, (target, host, to) in CHOSEN.items():
            out.forget()
            answer = await out.post(target, host)
            if answer.status == 400:
                assert out.heard == {}, case
                continue
            assert answer.status == 200, (case, answer.body)
            everybody = out.heard
            [heard] = everybody.pop(to)
            assert heard.body == FORMS[to], case
            assert heard.value("host") == out.with_ports("127.0.0.1:LOGS" if to == "logs" else "localhost:LLM")
            assert everybody == {}, case
            assert {body["flow"] for body in out.stage.notes.bodies} == {f"to-{to}"}, case


PSEUDO = [(":method", "GET"), (":scheme", "http"), (":path", "/v1/x?q=ada@example.com")]
BY_HTTP2 = {
    "one": ([(":authority", "127.0.0.1:LOGS")], "logs"),
    "with a host": ([(":authority", "127.0.0.1:LOGS"), ("host", "localhost:LLM")], "logs"),
    "with another host": ([(":authority", "127.0.0.1:OTHER"), ("host", "localhost:LLM")], ""),
    "with the other's host": ([(":authority", "localhost:LLM"), ("host", "127.0.0.1:OTHER")], "llm"),
    "a host alone": ([("host", "127.0.0.1:LOGS")], "logs"),
    "two": ([(":authority", "127.0.0.1:LOGS"), (":authority", "localhost:LLM")], ""),
}


@pytest.mark.parametrize("case", BY_HTTP2)
@played
async def test_an_authority_of_http_2_is_read_once(tmp_path: Path, case: str) -> None:
    fields, to = BY_HTTP2[case]
    async with way_out(tmp_path) as out:
        said = [(name, out.with_ports(value)) for name, value in fields]
        octets = asked_by_http2(
            [*PSEUDO[:2], *said[:1], PSEUDO[2], *said[1:]] if said[0][0] != "host" else PSEUDO + said
        )
        reader, writer = await asyncio.open_connection(*out.stage.address)
        writer.write(octets)
        async with asyncio.timeout(30):
            answered = b""
            while not _has_ended(answered):
                piece = await reader.read(65536)
                answered += piece
                if not piece:
                    break
        writer.close()
        heard = out.heard
        assert set(heard) <= {to}, case
        for each in heard.get("logs", []):
            assert each.raw.split(b" ")[1] == b"/v1/x?q=%5Bredacted%3Aemail%5D"
        for each in heard.get("llm", []):
            assert each.raw.split(b" ")[1] == b"/v1/x?q=***************"
        assert bool(to) == bool(heard) or case == "a host alone", case


def _has_ended(octets: bytes) -> bool:
    """Whether a connection of HTTP/2 said the end of its only stream, or its own."""
    while len(octets) >= 9:
        size, kind, flags = int.from_bytes(octets[:3]), octets[3], octets[4]
        if kind in (3, 7) or (kind in (0, 1) and flags & 1):
            return True
        octets = octets[9 + size :]
    return False


@pytest.mark.parametrize("line", ["127.0.0.1:LOGS", "localhost:LLM", "evil.example.com:443", "127.0.0.1:GATE"])
@played
async def test_a_tunnel_is_refused_recorded_and_what_comes_behind_it_goes_nowhere(tmp_path: Path, line: str) -> None:
    async with way_out(tmp_path) as out:
        answer = await out.send(f"CONNECT {line} HTTP/1.1\r\nhost: {line}\r\n\r\nPOST /in HTTP/1.1\r\n\r\n".encode())
        assert answer.status == 403
        assert "speaks TLS with the service itself" in json.loads(answer.body)["detail"]
        assert out.heard == {}
        [entry] = out.stage.notes.bodies
        assert (entry["kind"], entry["why"]) == ("refused", "a tunnel cannot be looked into")


@pytest.mark.parametrize("mode", Mode)
@played
async def test_a_gate_before_a_service_refuses_a_tunnel_too(mode: Mode) -> None:
    async with stage(mode=mode) as one:
        answer = await one.ask("CONNECT", "shop:443")
        assert answer.status == 403
        assert json.loads(answer.body)["detail"] == "send the request itself: the gate makes no tunnels"
        assert one.notes.kinds() == ["refused"]
        assert (one.shop.heard, one.told) == (b"", [])


WRONG: dict[str, Callable[[Authority], Issued]] = {
    "chain": lambda trusted: Authority(trusted.file.parent.parent / "other").issue("localhost"),
    "name": lambda trusted: trusted.issue("evil.example.com"),
    "expired": lambda trusted: trusted.issue("localhost", days=-1),
    "no name": lambda trusted: trusted.issue("localhost@example.com"),
}


@pytest.mark.parametrize("kind", WRONG)
@played
async def test_a_service_that_shows_a_wrong_certificate_gets_nothing(tmp_path: Path, kind: str) -> None:
    async with way_out(tmp_path, shown=WRONG[kind]) as out:
        for _ in range(2):
            answer = await out.post("/llm/v1/chat", "host: 127.0.0.1:GATE\r\n")
            assert answer.status == 503
            assert b"ada" not in answer.raw
        assert (await out.post("/in", "host: 127.0.0.1:LOGS\r\n")).status == 200
        assert list(out.heard) == ["logs"]


@pytest.mark.parametrize(("name", "status"), [("127.0.0.1", 200), ("localhost", 503)])
@played
async def test_a_service_by_its_address_shows_that_address(tmp_path: Path, name: str, status: int) -> None:
    text = POLICY.replace("https://localhost", "https://127.0.0.1")
    async with way_out(tmp_path, text, shown=lambda trusted: trusted.issue(name)) as out:
        answer = await out.post("/llm/v1/chat", "host: 127.0.0.1:GATE\r\n")
        assert answer.status == status
        assert ("llm" in out.heard) == (status == 200)


@played
async def test_a_destination_that_is_not_found_does_not_stop_the_others(tmp_path: Path) -> None:
    text = POLICY.replace("upstreams: [", "upstreams: [gone, ").replace(
        "assets:\n", 'assets:\n  gone: {zone: logging, kind: http, at: "http://no-such-host.invalid"}\n'
    )
    async with way_out(tmp_path, text) as out:
        assert (await out.post("/in", "host: 127.0.0.1:LOGS\r\n")).status == 200
        assert (await out.post("/in", "host: no-such-host.invalid\r\n")).status == 503
        assert list(out.heard) == ["logs"]


@played
async def test_a_route_that_the_policy_in_force_does_not_know_leads_nowhere(tmp_path: Path) -> None:
    """Between a reload and Envoy's next look at its routes: a destination less, and one that moved."""
    async with way_out(tmp_path) as out:
        text = out.with_ports(POLICY)
        for changed in (without(text, "logs"), text.replace("http://127.0.0.1", "http://localhost")):
            out.forget()
            out.stage.gate.prepare(policy(changed), Keyring())()
            assert (await out.post("/in", "host: 127.0.0.1:LOGS\r\n")).status == 403
            assert (await out.post("/logs/in", "host: 127.0.0.1:GATE\r\n")).status == 403
            assert out.heard == {}
            assert (await out.post("/llm/v1/chat", "host: 127.0.0.1:GATE\r\n")).status == 200


@played
async def test_a_redirect_is_the_clients_to_follow_and_leads_nowhere_where_it_is_not_declared(tmp_path: Path) -> None:
    async with way_out(tmp_path) as out:
        out.logs.says["/in"] = [
            b"HTTP/1.1 302 Found\r\nlocation: "
            + out.with_ports("http://127.0.0.1:OTHER/x").encode()
            + b"\r\ncontent-length: 0\r\n\r\n"
        ]
        answer = await out.send(b"GET /in HTTP/1.1\r\nhost: 127.0.0.1:LOGS\r\n\r\n")
        assert answer.status in (302, 403)
        location = out.with_ports("http://127.0.0.1:OTHER/x")
        followed = await out.send(f"GET {location} HTTP/1.1\r\nhost: 127.0.0.1:OTHER\r\n\r\n".encode())
        assert followed.status == 403
        assert list(out.heard) == ["logs"]


@played
async def test_nothing_goes_without_a_ledger(tmp_path: Path) -> None:
    async with way_out(tmp_path) as out:
        out.stage.notes.fails = True
        assert (await out.post("/in", "host: evil.example.com\r\n")).status in (403, 503)
        assert (await out.post("/in", "host: 127.0.0.1:LOGS\r\n")).status == 503
        assert out.heard == {}


@played
async def test_a_service_that_offers_http_2_is_asked_by_it_in_its_own_words(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "known")
    async with (
        speaking_http2(authority.issue("localhost"), tmp_path) as port,
        way_out(tmp_path, POLICY.replace("LLM", str(port)), trusted=authority) as out,
    ):
        answer = await out.post("/llm/v1/chat", "host: 127.0.0.1:GATE\r\n")
        assert (answer.status, answer.body) == (200, MASKED)
        assert answer.value("x-spoken") == f"HTTP/2 https localhost:{port}"
