"""Any messages on a stream of the external processor, in any order: nothing goes out but what was released, in its turn.

The first byte of an input chooses the mode; then come messages, each with two bytes of length before it. Nothing but `OutOfTurn`
and `Broken` comes of them; what is replied is read again and must be of a kind that was due, at most once for headers and
trailers, with a body in place of each body; and the address in the seeds, which the policy hides, is in none of it.
"""

from collections import deque
from datetime import UTC, datetime

from envoy.service.ext_proc.v3.external_processor_pb2 import (
    HttpBody,
    HttpHeaders,
    HttpTrailers,
    ProcessingRequest,
    ProcessingResponse,
)

from ringfence.crossing import CrossingId, Record, Recorded, Resolve, Resolved
from ringfence.gates.http.conversation import Conversation
from ringfence.gates.http.exchange import Side
from ringfence.gates.http.turns import Mode, OutOfTurn
from ringfence.gates.http.way import Broken
from ringfence.policy import AssetName, ZoneName
from ringfence.policy.reading import read
from ringfence.transform import Keyring

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}}
gates: {api: {kind: http, listen: "127.0.0.1:0", upstream: shop, clients: partners}}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, else: redact}
  - {id: orders, from: partners, to: shop, via: {gate: api, match: {path: "/a*"}}, else: redact}
"""
HIDDEN = b"ada.example@posta-nova.net"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIDE = Side(
    read("p.yaml", {"p.yaml": POLICY}, {}),
    "api",
    AssetName("shop"),
    ZoneName("partners"),
    Keyring(),
    lambda _at: CrossingId("01m8qcjx4msdnwf9dpm02481s8"),
)


def _head(ends: bool = False, **fields: str) -> HttpHeaders:
    head = HttpHeaders(end_of_stream=ends)
    for name, value in fields.items():
        one = head.headers.headers.add()
        one.key, one.raw_value = name.replace("__", ":").replace("_", "-"), value.encode()
    return head


def _seed(mode: int, *messages: ProcessingRequest) -> bytes:
    written = [message.SerializeToString() for message in messages]
    return bytes((mode,)) + b"".join(len(each).to_bytes(2, "big") + each for each in written)


_ASKS = ProcessingRequest(request_headers=_head(__method="POST", __path="/a?b", content_type="application/json"))
_GETS = ProcessingRequest(request_headers=_head(ends=True, __method="GET", __path="/"))
_SEARCHES = ProcessingRequest(
    request_headers=_head(
        ends=True, __method="GET", __path="/a/b?mail=" + HIDDEN.decode(), cookie="a=1; b=" + HIDDEN.decode()
    )
)
_NAMES = ProcessingRequest(
    response_headers=_head(
        ends=True, __status="200", x_who=HIDDEN.decode(), set_cookie="a=" + HIDDEN.decode() + "; Path=/"
    )
)
_SAYS = ProcessingRequest(response_headers=_head(__status="200", content_type="text/plain", etag="x"))
_LINES = ProcessingRequest(response_headers=_head(__status="200", content_type="application/x-ndjson"))
_BODY = b'{"mail": "' + HIDDEN + b'"}\n'
_TRAILERS = ProcessingRequest(response_trailers=HttpTrailers())


def _of_request(octets: bytes, ends: bool = False) -> ProcessingRequest:
    return ProcessingRequest(request_body=HttpBody(body=octets, end_of_stream=ends))


def _of_response(octets: bytes, ends: bool = False) -> ProcessingRequest:
    return ProcessingRequest(response_body=HttpBody(body=octets, end_of_stream=ends))


SEEDS = [
    _seed(0, _ASKS, _of_request(_BODY[:15]), _of_request(_BODY[15:], True), _SAYS, _of_response(_BODY, True)),
    _seed(0, _GETS, _LINES, _of_response(_BODY), _of_response(_BODY), _of_response(b"", True)),
    _seed(0, _GETS, _LINES, _of_response(_BODY), _of_response(_BODY), _TRAILERS),
    _seed(1, _ASKS, _of_request(_BODY, True), _SAYS, _of_response(_BODY), _TRAILERS),
    _seed(0, _SEARCHES, _NAMES),
    _seed(1, _SEARCHES, _NAMES),
]


def target(data: bytes) -> None:
    if not data:
        return
    conversation = Conversation(SIDE, Mode.BUFFERED if data[0] % 2 else Mode.STREAMED)
    once: set[str] = set()
    over = False
    for message in _messages(data[1:]):
        try:
            left = deque(conversation.receive(message, NOW))
            while left:
                match left.popleft():
                    case Record(id=number):
                        left.extendleft(reversed(conversation.answer(Recorded(number, "r"), NOW)))
                    case Resolve(id=number):
                        left.extendleft(reversed(conversation.answer(Resolved(number, None), NOW)))
            replies = conversation.settle()
        except (OutOfTurn, Broken):
            conversation.cut(NOW)
            return
        for octets in replies:
            reply = ProcessingResponse.FromString(octets)
            kind = reply.WhichOneof("response")
            assert kind is not None
            # Grown together with what follows (`.net2`), it is no address, for nobody.
            assert all(rest[:1].isalnum() for rest in passing(reply, kind).split(HIDDEN)[1:])
            assert not over, "a reply after a refusal"
            over = kind == "immediate_response"
            if kind.endswith("_body"):
                assert getattr(reply, kind).response.HasField("body_mutation")
                assert kind.replace("_body", "_headers") in once
            else:
                assert kind not in once
                once.add(kind)


def passing(reply: ProcessingResponse, kind: str) -> bytes:
    """Give what goes on of a reply: not the names of fields that Envoy is told to take off."""
    kept = ProcessingResponse.FromString(reply.SerializeToString())
    if kind.endswith("_headers"):
        getattr(kept, kind).response.header_mutation.ClearField("remove_headers")
    if kind.endswith("_trailers"):
        getattr(kept, kind).header_mutation.ClearField("remove_headers")
    return kept.SerializeToString()


def _messages(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found
