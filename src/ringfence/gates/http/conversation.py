"""One stream of Envoy's external processor: its messages read, an exchange driven by them, replies made of what is released.

The rule: of a body nothing is replied but what its crossing released, after everything that the crossing asked for was answered.
No socket and no loop: whoever drives it gives each message to `receive`, carries out what that gives, hands answers to `answer`
until none is due, and then sends what `settle` gives. Only then comes the next message.
"""

from datetime import datetime
from typing import Final, TypeAlias

from envoy.config.core.v3.base_pb2 import HeaderMap
from envoy.service.ext_proc.v3.external_processor_pb2 import HttpBody, HttpHeaders, HttpTrailers, ProcessingRequest
from google.protobuf.message import DecodeError

from ringfence.crossing import Effects, Ending, Record, Refusal, Refuse, Release, Reply, Resolve
from ringfence.crossing.crossing import Summary
from ringfence.gates.http.exchange import (
    HeadEdits,
    HttpExchange,
    Passage,
    RequestHead,
    ResponseHead,
    Side,
    edits_of_change,
    joined,
    request_edits,
    response_edits,
)
from ringfence.gates.http.heads import as_text
from ringfence.gates.http.media import Fields
from ringfence.gates.http.refusing import told
from ringfence.gates.http.replies import LARGEST_CHUNK, Direction, Replies, arrival_of_body
from ringfence.gates.http.turns import Arrival, Mode, OutOfTurn, Sent
from ringfence.policy import Plan

Asked: TypeAlias = Record | Resolve
"""What has to be carried out and answered."""
_WHOLE: Final = 1 << 31
_COMPARED: Final = (
    1024 * 1024
)  # octets of a body that are kept to tell whether it is the same; a longer one is taken for another


class Broken(Exception):
    """The stream has to be ended with an error: nothing more can be sent on it, and nothing may pass."""


class _Way:
    """One direction, from its head to its end."""

    __slots__ = (
        "came",
        "edits",
        "ended",
        "fields",
        "head",
        "head_is_over",
        "passage",
        "refusal",
        "released",
        "trailers",
    )

    def __init__(self, passage: Passage, fields: Fields, edits: HeadEdits) -> None:
        self.passage = passage
        self.head = passage.head
        self.head_is_over = False  # what crossed of it stands in `edits`
        self.fields = fields
        self.edits = edits  # of the head, as far as its reply has not gone
        self.ended = False
        self.trailers: tuple[str, ...] | None = None
        self.came: bytearray | None = (
            bytearray()
        )  # of the body, until the first of it goes, to tell whether that is the same
        self.released: list[bytes] = []
        self.refusal: Refusal | None = None


class Conversation:
    """One exchange, as Envoy's processor sees it."""

    def __init__(self, side: Side, mode: Mode) -> None:
        self._exchange = HttpExchange(side)
        self._replies = Replies(mode)
        self._mode = mode
        self._ways: dict[Direction, _Way] = {}
        self._now: Direction | None = None  # whose message is under way
        self._left: tuple[bytes, int, bool] | None = (
            None  # of a body's message: how far it was taken, whether it ends the body
        )

    @property
    def held(self) -> int:
        """How many octets of bodies are held."""
        return sum(way.passage.held + len(way.came or b"") for way in self._ways.values())

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
                return self._headers(Direction.REQUEST, request.request_headers, at)
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
        way = self._way()
        if not way.head_is_over:
            return self._take_head(way, way.head.answer(reply, at))
        return self._take(way, way.passage.answer(reply, at))

    def settle(self) -> list[bytes]:
        """Give the messages that are to be sent now that nothing is waited for. Raises `Broken`."""
        if self._replies.is_over or self._now is None:
            return []
        direction, way = self._now, self._way()
        if way.refusal is not None:
            if not self._replies.may_refuse:
                raise Broken("a refusal after something of the response has gone")
            return [self._replies.refuse(told(way.refusal, of_request=direction is Direction.REQUEST))]
        if not way.head_is_over:
            raise Broken("a head came whose crossing did not end")
        summary = way.passage.summary
        if way.ended and summary is not None and not summary.done:
            raise Broken("a body ended whose crossing did not")
        return self._streamed(direction, way) if self._mode is Mode.STREAMED else self._buffered(direction, way)

    def cut(self, at: datetime) -> list[Asked]:
        """Take that the stream is over; give the entries that close what was opened. There is nobody to reply to any more."""
        asked: list[Asked] = []
        for direction, way in self._ways.items():
            summary = way.passage.summary
            if summary is not None and summary.recorded and not summary.done and summary.refused is None:
                self._now = direction
                asked.extend(self._take(way, way.passage.end(Ending.CUT, at)))
        return asked

    def outcomes(self) -> list[tuple[Plan, Summary]]:
        """Give what came of the bodies that there were."""
        found = [(way.passage.plan, way.passage.summary) for way in self._ways.values()]
        return [(decided, summary) for decided, summary in found if summary is not None]

    @property
    def refused_heads(self) -> int:
        """How many heads were refused."""
        found = [way.head.summary for way in self._ways.values()]
        return sum(summary is not None and summary.refused is not None for summary in found)

    # ---------------------------------------------------------------- what arrives

    def _headers(self, direction: Direction, headers: HttpHeaders, at: datetime) -> list[Asked]:
        ends = headers.end_of_stream
        self._replies.arrive(direction, Arrival.HEADERS_ALONE if ends else Arrival.HEADERS)
        pseudo, fields = _fields(headers.headers)
        if direction is Direction.REQUEST:
            target, is_query, query = pseudo.get(":path", "").partition("?")
            path = target.partition("#")[0]
            asked = RequestHead(pseudo.get(":method", ""), path, fields, ends, query if is_query else None)
            way = _Way(self._exchange.request(asked), fields, request_edits(asked))
        else:
            status = pseudo.get(":status", "")
            answered = ResponseHead(int(status) if status.isdecimal() and len(status) == 3 else 0, fields, ends)
            passage = self._exchange.response(answered)
            way = _Way(passage, fields, response_edits(answered, self._exchange.method, passage.plan))
        way.ended = ends
        self._ways[direction] = way
        self._now = direction
        return self._take_head(way, way.head.start(at))

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
        if way.came is not None:
            way.came += piece
            if len(way.came) > _COMPARED:
                way.came = None
        asked = self._take(way, way.passage.feed(piece, at))
        if is_last and ends:
            way.ended = True
            asked += self._take(way, way.passage.end(Ending.COMPLETE, at))
        return asked

    def _trailers(self, direction: Direction, trailers: HttpTrailers, at: datetime) -> list[Asked]:
        self._replies.arrive(direction, Arrival.TRAILERS)
        self._now = direction
        way = self._way()
        way.ended = True
        way.trailers = tuple(dict.fromkeys(name for name, _ in _fields(trailers.trailers)[1]))
        return self._take(way, way.passage.end(Ending.COMPLETE, at))

    def _way(self) -> _Way:
        if self._now is None or self._now not in self._ways:
            raise OutOfTurn("Envoy sent a part of a message that has no head")
        return self._ways[self._now]

    def _take_head(self, way: _Way, effects: Effects) -> list[Asked]:
        """Take what comes of a head; once its crossing is done, what was released of it says how it changes."""
        asked = self._take(way, effects)
        summary = way.head.summary
        if summary is None or summary.done:
            way.head_is_over = True
            way.edits = joined(way.edits, way.head.edits(b"".join(way.released))) if summary is not None else way.edits
            way.released.clear()
        return asked

    def _take(self, way: _Way, effects: Effects) -> list[Asked]:
        asked: list[Asked] = []
        for effect in effects:
            match effect:
                case Release(payload=bytes() as octets):
                    way.released.append(octets)
                case Release():
                    raise TypeError("rows were released of a body")
                case Refuse(refusal=refusal):
                    way.refusal = refusal
                    way.released.clear()
                case Record() | Resolve():
                    asked.append(effect)
        return asked

    # ---------------------------------------------------------------- what is sent

    def _streamed(self, direction: Direction, way: _Way) -> list[bytes]:
        """Reply as far as something was released: the head goes with the first of it, when what changes in it is known."""
        octets = b"".join(way.released)
        way.released.clear()
        if not octets and not way.ended:
            return []
        out: list[bytes] = []
        if self._replies.may(direction, Sent.HEADERS):
            out.append(self._replies.headers(direction, joined(way.edits, self._edits(way, octets))))
        chunks = [octets[at : at + LARGEST_CHUNK] for at in range(0, len(octets), LARGEST_CHUNK)]
        ends = way.ended and way.trailers is None and self._replies.may(direction, Sent.BODY_END)
        if ends and not chunks:
            chunks.append(b"")
        for number, chunk in enumerate(chunks, 1):
            out.append(self._replies.body(direction, chunk, ends=ends and number == len(chunks)))
        return out + self._trailing(direction, way)

    def _buffered(self, direction: Direction, way: _Way) -> list[bytes]:
        """Reply to each message: the body comes whole."""
        if self._replies.may(direction, Sent.HEADERS):
            return [self._replies.headers(direction, way.edits)]
        ends = self._replies.may(direction, Sent.BODY_END)
        if ends or self._replies.may(direction, Sent.BODY):
            return self._whole(direction, way, ends=ends)
        return self._trailing(direction, way)

    def _whole(self, direction: Direction, way: _Way, *, ends: bool) -> list[bytes]:
        octets = b"".join(way.released)
        way.released.clear()
        edits = joined(self._edits(way, octets), HeadEdits((("content-length", str(len(octets))),)))
        return [self._replies.body(direction, octets, ends=ends, edits=edits)]

    def _trailing(self, direction: Direction, way: _Way) -> list[bytes]:
        if way.trailers is None or not self._replies.may(direction, Sent.TRAILERS):
            return []
        return [self._replies.trailers(direction, way.trailers)]

    def _edits(self, way: _Way, octets: bytes) -> HeadEdits:
        """Say what becomes of the head when these octets go, the first of the body. One that is not whole yet may change still."""
        came, way.came = way.came, None
        is_same = way.ended and came is not None and came == octets
        return HeadEdits() if is_same else edits_of_change(way.fields)


_PSEUDO: Final = ":"
_LINE_ENDS: Final = frozenset("\r\n\0")  # Envoy refuses such a message itself


def _fields(headers: HeaderMap) -> tuple[dict[str, str], Fields]:
    """Read header fields: octets that are no UTF-8 stand as surrogates, and fit nothing."""
    pseudo: dict[str, str] = {}
    fields: list[tuple[str, str]] = []
    for each in headers.headers:
        value = as_text(each.raw_value) if each.raw_value else each.value
        if not (_LINE_ENDS.isdisjoint(value) and _LINE_ENDS.isdisjoint(each.key)):
            raise OutOfTurn("Envoy sent a header field with a line end in it")
        if each.key.startswith(_PSEUDO):
            pseudo[each.key] = value
        else:
            fields.append((each.key.lower(), value))
    return pseudo, tuple(fields)
