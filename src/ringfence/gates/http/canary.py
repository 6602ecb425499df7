"""A canary: values that must come through masked, both ways, sent over Envoy before any client is served.

The rule: it takes the way of every other request: Envoy, its filter, this worker's processor, a crossing that is recorded. Only the
listener, the service that answers and the policy are its own, so that it says the same whatever the gate's policy carries. Whoever
answers is here, on a private socket: what it hears of the request is looked at as well as what comes back.
"""

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ringfence.crossing.entries import CANARY_FLOW, CANARY_PRINCIPAL
from ringfence.gates.canary import CanaryResult
from ringfence.gates.http.exchange import Side
from ringfence.policy import Asset, AssetName, Flow, FlowId, Mode, Policy
from ringfence.policy.model import BUILT_IN_FORMS, DENY, CarryRule, Via

SECONDS: Final = 10.0
_MOST: Final = 64 * 1024  # octets of a canary's request or answer
_FLOW: Final = FlowId(CANARY_FLOW)
_ASSET: Final = AssetName(CANARY_FLOW)
_CATEGORY: Final = "user.contact.email"
_FIELD: Final = "person.email"


def side_of_canary(side: Side) -> Side:
    """Give the side on which canaries are judged: one flow, both ways, that carries an address masked."""
    policy = side.policy
    zone = policy.assets[side.asset].zone
    inside = Asset(_ASSET, zone, "http", fields={_FIELD: _CATEGORY})
    rule = (CarryRule(BUILT_IN_FORMS["mask"]),)
    ends = (AssetName(zone), AssetName(zone), zone, zone)
    flow = Flow(_FLOW, *ends, Via(side.gate), {_CATEGORY: rule}, DENY, DENY, Mode.ENFORCE)
    gate = replace(policy.gates[side.gate], upstream=_ASSET, upstreams=())
    judged: Policy = replace(
        policy,
        hash=f"canary:{policy.hash}",
        assets={**policy.assets, _ASSET: inside},
        flows={flow.id: flow},
        gates={**policy.gates, side.gate: gate},
    )
    return replace(
        side, policy=judged, asset=_ASSET, zone=zone, principal=CANARY_PRINCIPAL, destinations=None, door=None
    )


class Answerer:
    """The service behind the canaries' listener: keeps what it hears, and says one value of its own."""

    def __init__(self) -> None:
        self.heard = b""
        self.says = b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, which is Envoy's."""
        try:
            async with asyncio.timeout(SECONDS):
                self.heard = await _message(reader)
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
                writer.write(head % len(self.says) + self.says)
                await writer.drain()
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the canary does not come back, which is what is told
        finally:
            writer.close()


async def send_canary(listener: str, answerer: Answerer) -> CanaryResult:
    """Send a canary to a listener of Envoy's, by the path of its socket, and look at what came through both ways."""
    there, back = secrets.token_hex(6), secrets.token_hex(6)
    answerer.heard = b""
    answerer.says = canary_payload(back)
    try:
        async with asyncio.timeout(SECONDS):
            answer = await _ask(listener, canary_payload(there))
    except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        return CanaryResult(masked=False, why=f"Envoy does not answer yet ({type(error).__name__})")
    if there.encode() in answerer.heard:
        return CanaryResult(masked=False, why="its value was in the request behind the gate", leaked=True)
    if back.encode() in answer:
        return CanaryResult(masked=False, why="its value was in the answer", leaked=True)
    if not answerer.heard.endswith(canary_masked(there)) or not answer.endswith(canary_masked(back)):
        return CanaryResult(masked=False, why=f"it did not come back whole ({_status(answer)})")
    return CanaryResult(masked=True)


def canary_payload(local: str) -> bytes:
    """Write what is sent."""
    return json.dumps({"person": {"email": f"{local}@example.com"}}).encode()


def canary_masked(local: str) -> bytes:
    """Give the end of the payload as it must come: as long, and without a letter of the value."""
    return b'"' + b"*" * len(f"{local}@example.com") + b'"}}'


def _status(answer: bytes) -> str:
    line = answer.partition(b"\r\n")[0].split(b" ")
    return f"HTTP {int(line[1])}" if len(line) > 1 and line[1].isdigit() else "no answer"


async def _ask(listener: str, body: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(listener, limit=_MOST)
    try:
        head = b"POST /ringfence/canary HTTP/1.1\r\nhost: canary\r\ncontent-type: application/json\r\nconnection: close\r\n"
        writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        return await _message(reader)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Read one message of HTTP/1.1 as Envoy writes them: its head, and its body without its frame."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" not in head:
        _, there, rest = head.partition(b"content-length:")
        size = int(rest.partition(b"\r\n")[0]) if there else 0
        return head + (await reader.readexactly(min(size, _MOST)))
    body = b""
    while (size := int((await reader.readuntil(b"\r\n")).strip(), 16)) and len(body) < _MOST:
        body += (await reader.readexactly(size + 2))[:-2]
    return head + body
