"""One stream of Envoy's external processor: its messages read, an exchange driven by them, replies made of what is released.

The rule: of a body nothing is replied but what its crossing released, after everything that the crossing asked for was answered.
No socket and no loop: whoever drives it gives each message to `receive`, carries out what that gives, hands answers to `answer`
until none is due, and then sends what `settle` gives. Only then comes the next message.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from envoy.config.core.v3.base_pb2 import HeaderMap
from envoy.service.ext_proc.v3.external_processor_pb2 import HttpBody, HttpHeaders, HttpTrailers, ProcessingRequest
from google.protobuf.message import DecodeError

from ringfence.crossing import Reply
from ringfence.crossing.crossing import Summary
from ringfence.gates.http.calling import Called
from ringfence.gates.http.clients import Attributes, client_of
from ringfence.gates.http.counting import Outcome
from ringfence.gates.http.destinations import CONNECT, refused
from ringfence.gates.http.edits import HeadEdits, RequestHead, ResponseHead, joined, response_edits
from ringfence.gates.http.exchange import HttpExchange, Side
from ringfence.gates.http.heads import as_text
from ringfence.gates.http.media import Fields
from ringfence.gates.http.replies import LARGEST_CHUNK, Direction, Replies, arrival_of_body
from ringfence.gates.http.targets import has_dotted_parameters
from ringfence.gates.http.turns import Arrival, Mode, OutOfTurn, Sent
from ringfence.gates.http.way import Asked, Broken, Way
from ringfence.policy import Mode as FlowMode
from ringfence.policy import Plan

ROUTE: Final = "xds.route_name"
"""What Envoy is asked to say of a request, where a gate leads to several services."""

_FILTER: Final = "envoy.filters.http.ext_proc"
_PSEUDO: Final = ":"
_LINE_ENDS: Final = frozenset("\r\n\0")  # Envoy refuses such a message itself
_NONE: Final[Attributes] = {}
_WHOLE: Final = 1 << 31


class Conversation:
    """One exchange, as Envoy's processor sees it."""

    def __init__(self, side: Side, mode: Mode) -> None:
        self._side = side
        self._exchange = HttpExchange(side)
        self._replies = Replies(mode)
        self._mode = mode
        self._ways: dict[Direction, Way] = {}
        self._trailers_of: dict[Direction, tuple[str, ...]] = {}  # their names, where they came
        self._now: Direction | None = None  # whose message is under way
        # Of a body's message that is under way: its octets, how far it was taken, whether it ends the body.
        self._left: tuple[bytes, int, bool] | None = None

    @property
    def held(self) -> int:
        """How many octets of bodies are held."""
        return sum(way.held for way in self._ways.values())

    @property
    def is_within(self) -> bool:
        """Whether there is more of the message that was received last: `go_on` before the next one."""
        return self._left is not None and not self._replies.is_over

    def receive(self, message: bytes, at: datetime, most: int = _WHOLE) -> list[Asked]:
        """Take a message of Envoy's, of a streamed body at most so many octets; give what has to be carried out.

        Raises `OutOfTurn`.
        """
        if self._replies.is_over:
            return []
        if self._left is not None:
            raise OutOfTurn("a message before the one before it was taken whole")
        request = ProcessingRequest()
        try:
            request.ParseFromString(message)
        except DecodeError:
            raise OutOfTurn("Envoy sent what is no message of its protocol") from None
        match request.WhichOneof("request"):
            case "request_headers":
                return self._headers(Direction.REQUEST, request.request_headers, at, request.attributes)
            case "response_headers":
                return self._headers(Direction.RESPONSE, request.response_headers, at)
            case "request_body":
                return self._body(Direction.REQUEST, request.request_body, at, most)
            case "response_body":
                return self._body(Direction.RESPONSE, request.response_body, at, most)
            case "request_trailers":
                return self._trailers(Direction.REQUEST, request.request_trailers, at)
            case "response_trailers":
                return self._trailers(Direction.RESPONSE, request.response_trailers, at)
            case _:
                raise OutOfTurn("Envoy sent a message of no kind that was asked for")

    def answer(self, reply: Reply, at: datetime) -> list[Asked]:
        """Take the answer to what was carried out; give what follows."""
        return self._way().answer(reply, at)

    def settle(self) -> list[bytes]:
        """Give the messages that are to be sent now that nothing is waited for. Raises `Broken`."""
        if self._replies.is_over or self._now is None:
            return []
        direction, way = self._now, self._way()
        if way.refusal is not None:
            if not self._replies.may_refuse:
                raise Broken("a refusal after something of the response has gone")
            of_request = direction is Direction.REQUEST
            return [self._replies.refuse(self._exchange.told(way.refusal, of_request=of_request))]
        way.check()
        return self._streamed(direction, way) if self._mode is Mode.STREAMED else self._buffered(direction, way)

    def cut(self, at: datetime) -> list[Asked]:
        """Take that the stream is over; give the entries that close what was opened. There is nobody to reply to any more."""
        asked: list[Asked] = []
        for direction, way in self._ways.items():
            closing = way.cut(at)
            if closing:
                self._now = direction
                asked += closing
        return asked

    def bodies(self) -> list[tuple[Plan, Summary]]:
        """Give what came of the bodies that there were."""
        found = [(way.passage.plan, way.passage.summary) for way in self._ways.values()]
        return [(decided, summary) for decided, summary in found if summary is not None]

    @property
    def outcome(self) -> Outcome:
        """What became of the request and its response."""
        if any(way.is_refused for way in self._ways.values()):
            return Outcome.REFUSED
        answer = self._ways.get(Direction.RESPONSE)
        if answer is None or not answer.ended or answer.passage.is_own:
            return Outcome.UNANSWERED
        found = [each for way in self._ways.values() for each in way.summaries]
        return Outcome.CHANGED if any(each.changes for each in found) else Outcome.PASSED

    @property
    def called(self) -> Called | None:
        """Which endpoint was asked for; None where the service declares none, or Envoy let no request through to be asked about."""
        return self._exchange.called if Direction.REQUEST in self._ways else None

    # ---------------------------------------------------------------- what arrives

    def _headers(
        self, direction: Direction, headers: HttpHeaders, at: datetime, attributes: Attributes = _NONE
    ) -> list[Asked]:
        ends = headers.end_of_stream
        self._replies.arrive(direction, Arrival.HEADERS_ALONE if ends else Arrival.HEADERS)
        pseudo, fields = _fields(headers.headers)
        if direction is Direction.REQUEST:
            way = self._request(pseudo, fields, attributes, at, ends=ends)
        else:
            status = pseudo.get(":status", "")
            answered = ResponseHead(int(status) if status.isdecimal() and len(status) == 3 else 0, fields, ends)
            passage = self._exchange.response(answered)
            way = Way(passage, fields, response_edits(answered, self._exchange.method, passage.plan), ends=ends)
        self._ways[direction] = way
        self._now = direction
        return way.start(at)

    def _request(
        self, pseudo: Mapping[str, str], fields: Fields, attributes: Attributes, at: datetime, *, ends: bool
    ) -> Way:
        side = self._side if self._side.destinations is None else self._side.destinations.get(_route(attributes))
        prefix = side.prefix if side is not None else ""
        target, is_query, query = pseudo.get(":path", "").partition("?")
        path = target.partition("#")[0].removeprefix(prefix)
        asked = RequestHead(pseudo.get(":method", ""), path, fields, ends, query if is_query else None)
        if side is None or asked.method == CONNECT or has_dotted_parameters(path):
            why, client = refused(self._side, asked), client_of(attributes, fields)
            passage = self._exchange.refuse(asked, why, pseudo.get(":authority", ""), client, at)
            return Way(passage, fields, HeadEdits(), ends=ends)
        if side is not self._side:
            self._side, self._exchange = side, HttpExchange(side)
        passage = self._exchange.request(asked, client_of(attributes, fields), at)
        return Way(passage, fields, self._exchange.edits_of_request(asked), ends=ends)

    def _body(self, direction: Direction, body: HttpBody, at: datetime, most: int) -> list[Asked]:
        self._replies.arrive(direction, arrival_of_body(body))
        self._now = direction
        # A buffered body comes whole, though trailers may follow, and gets one reply.
        is_whole = self._mode is Mode.BUFFERED
        self._left = (body.body, 0, body.end_of_stream or is_whole)
        return self.go_on(at, _WHOLE if is_whole else most)

    def go_on(self, at: datetime, most: int) -> list[Asked]:
        """Take the next octets of the body's message that is under way, at most so many."""
        if self._left is None:
            raise OutOfTurn("no message is under way")
        octets, start, ends = self._left
        piece = octets[start : start + most]
        is_last = start + most >= len(octets)
        self._left = None if is_last else (octets, start + most, ends)
        way = self._way()
        asked = way.feed(piece, at)
        if is_last and ends:
            asked += way.end(at)
        return asked

    def _trailers(self, direction: Direction, trailers: HttpTrailers, at: datetime) -> list[Asked]:
        self._replies.arrive(direction, Arrival.TRAILERS)
        self._now = direction
        way = self._way()
        stay = way.passage.plan.mode is FlowMode.OBSERVE
        names = () if stay else tuple(dict.fromkeys(name for name, _ in _fields(trailers.trailers)[1]))
        self._trailers_of[direction] = names
        return way.end(at)

    def _way(self) -> Way:
        if self._now is None or self._now not in self._ways:
            raise OutOfTurn("Envoy sent a part of a message that has no head")
        return self._ways[self._now]

    # ---------------------------------------------------------------- what is sent

    def _streamed(self, direction: Direction, way: Way) -> list[bytes]:
        """Reply as far as something was released: the head goes with the first of it, when what changes in it is known."""
        octets = way.taken()
        if not octets and not way.ended:
            return []
        out: list[bytes] = []
        if self._replies.may(direction, Sent.HEADERS):
            edits = joined(way.edits, way.edits_with(octets))
            out.append(self._replies.headers(direction, _behind(self._side.prefix, edits)))
        chunks = [octets[at : at + LARGEST_CHUNK] for at in range(0, len(octets), LARGEST_CHUNK)]
        ends = way.ended and direction not in self._trailers_of and self._replies.may(direction, Sent.BODY_END)
        if ends and not chunks:
            chunks.append(b"")
        for number, chunk in enumerate(chunks, 1):
            out.append(self._replies.body(direction, chunk, ends=ends and number == len(chunks)))
        return out + self._trailing(direction)

    def _buffered(self, direction: Direction, way: Way) -> list[bytes]:
        """Reply to each message: the body comes whole."""
        if self._replies.may(direction, Sent.HEADERS):
            return [self._replies.headers(direction, _behind(self._side.prefix, way.edits))]
        ends = self._replies.may(direction, Sent.BODY_END)
        if ends or self._replies.may(direction, Sent.BODY):
            return self._whole(direction, way, ends=ends)
        return self._trailing(direction)

    def _whole(self, direction: Direction, way: Way, *, ends: bool) -> list[bytes]:
        octets = way.taken()
        edits = joined(way.edits_with(octets), HeadEdits((("content-length", str(len(octets))),)))
        return [self._replies.body(direction, octets, ends=ends, edits=edits)]

    def _trailing(self, direction: Direction) -> list[bytes]:
        names = self._trailers_of.get(direction)
        if names is None or not self._replies.may(direction, Sent.TRAILERS):
            return []
        return [self._replies.trailers(direction, names)]


def _route(attributes: Attributes) -> str:
    """Give the name of the route that Envoy chose; "" where it chose none, or was not told to say."""
    said = attributes.get(_FILTER)
    found = said.fields.get(ROUTE) if said is not None else None
    return found.string_value if found is not None else ""


def _behind(prefix: str, edits: HeadEdits) -> HeadEdits:
    """Put what stands before the service's path before a changed one: Envoy takes it off when the request goes."""
    if not prefix:
        return edits
    return replace(edits, set=tuple((name, prefix + value if name == ":path" else value) for name, value in edits.set))


def _fields(headers: HeaderMap) -> tuple[dict[str, str], Fields]:
    """Read header fields: octets that are no UTF-8 stand as surrogates, and fit nothing."""
    pseudo: dict[str, str] = {}
    fields: list[tuple[str, str]] = []
    for each in headers.headers:
        raw, name = each.raw_value, each.key  # a message's attributes are read anew each time
        value = as_text(raw) if raw else each.value
        if not (_LINE_ENDS.isdisjoint(value) and _LINE_ENDS.isdisjoint(name)):
            raise OutOfTurn("Envoy sent a header field with a line end in it")
        if name.startswith(_PSEUDO):
            pseudo[name] = value
        else:
            fields.append((name.lower(), value))
    return pseudo, tuple(fields)
