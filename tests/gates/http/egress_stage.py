"""A gate that is the way out: a service by HTTP, one by HTTPS, one that is not declared; and clients that say anything."""

import asyncio
import functools
import json
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec

from http_stage import ENVOY, Answer, Shop, Stage, _answers, free_port, policy, read_message, stage

from ringfence.gates.http.destinations import destinations_of
from ringfence.gates.http.turns import Mode
from tls_authority import Authority, Issued

POLICY = """
version: 1
zones:
  core: {label: core}
  logging: {label: logging, controlled: false}
  models: {label: models, controlled: false}
assets:
  logs: {zone: logging, kind: http, at: "http://127.0.0.1:LOGS"}
  llm: {zone: models, kind: http, at: "https://localhost:LLM"}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstreams: [logs, llm], clients: core, hosts: ["gate.internal"], bodies: BODIES}
flows:
  - {id: to-logs, from: core, to: logging, via: {gate: api}, carry: {user.contact.email: redact}, else: deny}
  - {id: from-logs, from: logging, to: core, via: {gate: api}, else: deny}
  - {id: to-llm, from: core, to: llm, via: {gate: api, match: {path: "/v1/*"}}, carry: {user.contact.email: mask}, else: deny}
  - {id: from-llm, from: models, to: core, via: {gate: api}, carry: {user.contact.email: mask}, else: deny}
"""
MAIL = b'{"mail": "ada@example.com"}'
REDACTED = b'{"mail": "[redacted:email]"}'
MASKED = b'{"mail": "***************"}'
"""The same value in the form of each destination: what a service heard tells for which of them the verdict was made."""


_P = ParamSpec("_P")


def played(test: Callable[_P, Awaitable[None]]) -> Callable[_P, None]:
    """Run a test in a loop of its own."""

    @functools.wraps(test)
    def run(*arguments: _P.args, **named: _P.kwargs) -> None:
        async def work() -> None:
            await test(*arguments, **named)

        asyncio.run(work())

    return run


@dataclass
class WayOut:
    """The gate, and who is outside."""

    stage: Stage
    logs: Shop
    llm: Shop
    other: Shop  # declared nowhere
    ports: dict[str, int]  # of each, by its name

    async def send(self, octets: bytes) -> Answer:
        """Send octets as they are; `LOGS`, `LLM`, `OTHER` and `GATE` in them become ports."""
        reader, writer = await asyncio.open_connection(*self.stage.address)
        try:
            writer.write(self.with_ports(octets.decode()).encode())
            return await asyncio.wait_for(read_message(reader), 30)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def post(self, target: str, host: str, more: str = "", body: bytes = MAIL) -> Answer:
        head = f"POST {target} HTTP/1.1\r\n{host}{more}content-type: application/json\r\nconnection: close\r\n"
        return await self.send(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)

    def with_ports(self, text: str) -> str:
        for name, port in self.ports.items():
            text = text.replace(name, str(port))
        return text

    @property
    def heard(self) -> dict[str, list[Answer]]:
        """What each has heard, where it has heard anything."""
        shops = {"logs": self.logs, "llm": self.llm, "other": self.other}
        return {name: shop.requests for name, shop in shops.items() if shop.requests or shop.heard}

    def forget(self) -> None:
        for shop in (self.logs, self.llm, self.other):
            shop.requests, shop.heard = [], b""
        self.stage.notes.bodies.clear()


@asynccontextmanager
async def way_out(
    folder: Path,
    text: str = POLICY,
    *,
    mode: Mode = Mode.STREAMED,
    shown: Callable[[Authority], Issued] = lambda authority: authority.issue("localhost"),
    trusted: Authority | None = None,
) -> AsyncIterator[WayOut]:
    """Run it. `shown` issues the certificate of the service by HTTPS."""
    authority = trusted or Authority(folder / "authority")
    context = shown(authority).server_context()
    shops = {"LOGS": Shop(), "LLM": Shop(), "OTHER": Shop()}
    servers = {
        name: await asyncio.start_server(shop.answer, "127.0.0.1", 0, ssl=context if name == "LLM" else None)
        for name, shop in shops.items()
    }
    ports = {name: int(server.sockets[0].getsockname()[1]) for name, server in servers.items()}
    for name, port in ports.items():
        text = text.replace(name, str(port))
    decided = policy(text, bodies=mode.value)
    outside = destinations_of(decided, decided.gates["api"])
    changes = {"service": None, "outside": outside, "hosts": ("gate.internal",), "authorities": str(authority.file)}
    try:
        async with stage(decided, mode=mode, **changes) as running:
            ports = {**ports, "GATE": running.address[1]}
            yield WayOut(running, *shops.values(), ports)
    finally:
        for server in servers.values():
            server.close()


def without(text: str, asset: str) -> str:
    """Give the policy with one destination less."""
    return text.replace("upstreams: [logs, llm]", f"upstreams: [{'llm' if asset == 'logs' else 'logs'}]")


def asked_by_http2(fields: list[tuple[str, str]]) -> bytes:
    """Give a connection's octets with one request without a body, its fields as they are: no library would send some of them."""
    block = b"".join(b"\x10" + _string(name) + _string(value) for name, value in fields)
    settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    headers = struct.pack(">I", len(block))[1:] + b"\x01\x05" + struct.pack(">I", 1) + block
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + headers


def _string(text: str) -> bytes:
    octets = text.encode()
    assert len(octets) < 127
    return bytes([len(octets)]) + octets


@asynccontextmanager
async def speaking_http2(issued: Issued, folder: Path) -> AsyncIterator[int]:
    """Run a service that offers HTTP/2 over TLS, which is another Envoy; give its port."""
    kind = "type.googleapis.com/envoy.extensions"
    port = free_port()
    answer = {
        "match": {"prefix": "/"},
        "direct_response": {"status": 200, "body": {"inline_string": MAIL.decode()}},
        "response_headers_to_add": [
            {"header": {"key": "x-spoken", "value": "%PROTOCOL% %REQ(:SCHEME)% %REQ(:AUTHORITY)%"}},
            {
                "header": {"key": "content-type", "value": "application/json"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            },
        ],
    }
    manager = {
        "@type": f"{kind}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "service",
        "route_config": {"virtual_hosts": [{"name": "service", "domains": ["*"], "routes": [answer]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{kind}.filters.http.router.v3.Router"},
            }
        ],
    }
    pair = {
        "certificate_chain": {"filename": str(issued.certificate)},
        "private_key": {"filename": str(issued.key)},
    }
    tls = {
        "@type": f"{kind}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {"alpn_protocols": ["h2", "http/1.1"], "tls_certificates": [pair]},
    }
    chain = {
        "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}],
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    file = folder / "service.json"
    file.write_text(json.dumps({"static_resources": {"listeners": [{"address": address, "filter_chains": [chain]}]}}))
    command = [ENVOY, "-c", str(file), "--concurrency", "1", "-l", "off", "--disable-hot-restart"]
    process = subprocess.Popen(command)  # noqa: ASYNC220 (starting is quick)
    try:
        async with asyncio.timeout(60):
            while not await _answers("127.0.0.1", port):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()
