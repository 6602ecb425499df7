"""What a request costs the HTTP gate's worker, without Envoy, sockets and ledger: octets of HTTP/2 in, octets out, in one process.

Heads as Envoy sends them, of which an identifier differs with each request; bodies streamed. Beside it, what the standard library
takes to read the same body.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Final, cast

from envoy.config.core.v3.base_pb2 import HeaderMap
from envoy.service.ext_proc.v3.external_processor_pb2 import HttpBody, HttpHeaders, ProcessingRequest
from hpack import Encoder

from benchmarks._http_bodies import BODIES
from benchmarks._rows import Row
from ringfence.crossing import Body
from ringfence.gates.carrying import new_crossing_id, now
from ringfence.gates.http.calling import Calls
from ringfence.gates.http.canary import side_of_canary
from ringfence.gates.http.counting import Counts
from ringfence.gates.http.exchange import Side
from ringfence.gates.http.processor import PATH, Line, Setting
from ringfence.gates.http.turns import Mode
from ringfence.gates.tallies import Tallies
from ringfence.policy import AssetName, ZoneName
from ringfence.policy.reading import read
from ringfence.transform import Keyring
from ringfence.wire.http2 import PREFACE, Flag, Kind, Method, frame

REQUESTS, ROUNDS = 300, 7
U32: Final = Struct(">I")
SETTING: Final = Struct(">HI")
WINDOW, MORE = 1 << 30, 1 << 24

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}}
gates: {api: {kind: http, listen: "127.0.0.1:2", upstream: shop, clients: partners}}
flows: [{id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: redact}]
"""
_CALL = ((":method", "POST"), (":scheme", "http"), (":path", PATH.decode()), ("content-type", "application/grpc"))


class _Noted:
    """A ledger that writes nothing."""

    async def record(self, body: Body) -> str:  # noqa: ARG002 (the seam of ledgers)
        return "receipt"


class _Sink:
    """A transport that nobody listens to."""

    def __init__(self) -> None:
        self.octets = 0

    def write(self, data: bytes) -> None:
        self.octets += len(data)

    def close(self) -> None:
        raise RuntimeError("the line was closed")


def run() -> Iterator[Row]:
    for what, body in {"no more than a number": b'{"a": 1}', **BODIES}.items():
        took = asyncio.run(_took(body))
        begin = time.process_time()
        for _ in range(1000):
            json.loads(body)
        loads = (time.process_time() - begin) * 1e3
        yield Row(
            f"HTTP processing: {len(body)} B of JSON, {what}", f"{took * 1e6:.0f} us", f"json.loads {loads:.0f} us"
        )


async def _took(body: bytes) -> float:
    """Give the processor time of one request, in seconds: the least of some rounds."""
    line, sink = _line(), _Sink()
    line.connection_made(cast("asyncio.Transport", sink))
    settings = frame(Kind.SETTINGS, 0, 0, SETTING.pack(4, MORE))
    line.data_received(PREFACE + settings + frame(Kind.WINDOW_UPDATE, 0, 0, U32.pack(WINDOW)))
    encoder, best = Encoder(), float("inf")
    for stream in range(ROUNDS):
        requests = [_request(encoder, 2 * (stream * REQUESTS + number) + 1, number, body) for number in range(REQUESTS)]
        begin = time.process_time()
        for pieces in requests:
            for piece in pieces:
                line.data_received(piece)
                await line.settled()
        best = min(best, time.process_time() - begin)
    assert sink.octets > REQUESTS * ROUNDS * len(body)
    return best / REQUESTS


def _line() -> Line:
    policy = read("p.yaml", {"p.yaml": POLICY}, {})
    side = Side(policy, "api", AssetName("shop"), ZoneName("partners"), Keyring(), new_crossing_id)
    tallies = Tallies("api", new_crossing_id, now)
    calls = Calls("api", new_crossing_id)
    setting = Setting(
        *(side, side_of_canary(side), Mode.STREAMED, _Noted(), now, _fail, tallies, calls, Counts()), is_open=True
    )
    return Line(setting, set(), Method(PATH))


def _fail(told: str) -> None:
    raise RuntimeError(told)


def _request(encoder: Encoder, stream: int, number: int, body: bytes) -> list[bytes]:
    """Write one request as it comes: its head; the response's head and body; and its end."""
    asks = {
        ":authority": "shop",
        ":path": f"/orders/{number % 10}?page=2",
        ":method": "GET",
        ":scheme": "http",
        "user-agent": "curl/8.5.0",
        "accept": "application/json",
        "x-forwarded-proto": "http",
        "x-request-id": f"8e4bf92f-3577-4b34-a6a3-{number:012d}",
    }
    answers = {
        ":status": "200",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "date": "Tue, 01 Dec 2026 04:00:00 GMT",
        "server": "envoy",
    }
    return [
        frame(Kind.HEADERS, Flag.END_HEADERS, stream, encoder.encode(_CALL))
        + _data(stream, ProcessingRequest(request_headers=_head(asks, ends=True))),
        _data(stream, ProcessingRequest(response_headers=_head(answers, ends=False)))
        + _data(stream, ProcessingRequest(response_body=HttpBody(body=body, end_of_stream=True))),
        frame(Kind.RST_STREAM, 0, stream, U32.pack(0)),
    ]


def _head(fields: Mapping[str, str], *, ends: bool) -> HttpHeaders:
    made = HeaderMap()
    for name, value in fields.items():
        made.headers.add(key=name, raw_value=value.encode())
    return HttpHeaders(headers=made, end_of_stream=ends)


def _data(stream: int, message: ProcessingRequest) -> bytes:
    octets = message.SerializeToString()
    return frame(Kind.DATA, 0, stream, b"\0" + U32.pack(len(octets)) + octets)
