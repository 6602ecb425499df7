"""The health page: two addresses over HTTP, for a load balancer and for Prometheus.

The rule: it is small and bounded. GET only, one request a connection, `MOST_CLIENTS` at once, `MOST_HEAD` bytes and `SECONDS`
each; what is more is turned away. What it shows holds no personal data (`status`, `metrics`).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus

from ringfence.serve.status import GateStatus, Status

MOST_CLIENTS = 16
MOST_WAITING = 64  # beyond this a connection is closed without a word
MOST_HEAD = 8192  # bytes of a request
SECONDS = 5.0  # for a request, from its first byte to our last

Look = Callable[[], Awaitable[Status]]


class HealthPage:
    """Answers requests; `look` gives a fresh status."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._clients = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        if self._clients >= MOST_WAITING:
            writer.close()
            return
        self._clients += 1
        try:
            async with asyncio.timeout(SECONDS):
                writer.write(await self._reply(reader))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass  # a client that is slow, or has gone
        finally:
            self._clients -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _reply(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, b"")
        if self._clients > MOST_CLIENTS:
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, b"too many requests at once\n")
        line = head.split(b"\r\n", 1)[0].split(b" ")
        match line:
            case [b"GET", path, b"HTTP/1.1" | b"HTTP/1.0"]:
                return await self._page(path.partition(b"?")[0])
            case [_, _, b"HTTP/1.1" | b"HTTP/1.0"]:
                return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"GET only\n", extra="Allow: GET\r\n")
            case _:
                return _response(HTTPStatus.BAD_REQUEST, b"")

    async def _page(self, path: bytes) -> bytes:
        match path:
            case b"/health":
                status = await self._look()
                code = HTTPStatus.OK if status.serves else HTTPStatus.SERVICE_UNAVAILABLE
                return _response(code, _health(status), "application/json")
            case b"/metrics":
                from ringfence.serve.metrics import CONTENT_TYPE, write_metrics  # an extra's: `status` does without

                return _response(HTTPStatus.OK, write_metrics(await self._look()), CONTENT_TYPE)
            case _:
                return _response(HTTPStatus.NOT_FOUND, b"there is /health and /metrics\n")


def _health(status: Status) -> bytes:
    gates = {gate.gate: _gate(gate) for gate in status.gates}
    body = {"status": status.state, "reasons": status.reasons, "policy": status.policy, "gates": gates}
    if status.companions:
        body["companions"] = {each.name: each.state for each in status.companions}
    return json.dumps(body).encode() + b"\n"


def _gate(gate: GateStatus) -> dict[str, int | str]:
    envoy = gate.envoy
    own: dict[str, int | str] = {"envoy": "up" if envoy.up else "down"} if envoy is not None else {}
    return {"workers": len(gate.workers), "ready": gate.ready, **own}


def _response(code: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8", *, extra: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {code.value} {code.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\n{extra}\r\n"
    )
    return head.encode() + body
