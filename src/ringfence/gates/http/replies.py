"""The replies of the external processor, as octets for its stream.

The rule: whoever writes a reply says what it is about, and `turns` says whether it may be sent; a reply out of turn raises, and
nothing of it is written. A reply to a body always replaces the body, by what was released and nothing else. Nothing here can say
CONTINUE_AND_REPLACE, or end the stream: a stream is ended by Envoy, or with an error.
"""

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from envoy.config.core.v3.base_pb2 import HeaderValue, HeaderValueOption
from envoy.service.ext_proc.v3.external_processor_pb2 import (
    BodyMutation,
    BodyResponse,
    CommonResponse,
    HeaderMutation,
    HeadersResponse,
    HttpBody,
    ImmediateResponse,
    ProcessingResponse,
    StreamedBodyResponse,
    TrailersResponse,
)
from google.protobuf.wrappers_pb2 import BoolValue

from ringfence.gates.http.edits import NOT_SENT, OF_THE_OCTETS, HeadEdits
from ringfence.gates.http.heads import as_octets
from ringfence.gates.http.own_replies import REFUSED
from ringfence.gates.http.refusing import Told
from ringfence.gates.http.turns import Arrival, Come, Gone, Mode, NotAllowed, OutOfTurn, Sent, Turns

LARGEST_CHUNK: Final = 64 * 1024  # octets of one body reply


class Direction(Enum):
    """Of a request, or of its response."""

    __hash__ = object.__hash__  # an Enum's own is a call into Python for each look into a table

    REQUEST = auto()
    RESPONSE = auto()


class Replies:
    """Both directions of one stream: what came, and what may be replied."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._turns = {direction: Turns(mode) for direction in Direction}
        self.is_over = False  # refused: nothing more is sent, and what comes is not looked at

    def arrive(self, direction: Direction, arrival: Arrival) -> None:
        """Note what came. Raises `OutOfTurn`."""
        request, response = self._turns[Direction.REQUEST], self._turns[Direction.RESPONSE]
        if direction is Direction.REQUEST and request.come is Come.NOTHING and response.come is not Come.NOTHING:
            raise OutOfTurn(
                "Envoy sent a request after its response"
            )  # it refused the request itself, and has answered
        self._turns[direction].arrive(arrival)

    def may(self, direction: Direction, sent: Sent) -> bool:
        """Whether this reply's turn has come."""
        return not self.is_over and self._turns[direction].may(sent)

    @property
    def may_refuse(self) -> bool:
        """Whether the client can still be told why not: nothing of a response has gone to it."""
        gone = self._turns[Direction.RESPONSE].gone
        return not self.is_over and (gone is Gone.NOTHING or (gone is Gone.HEAD and self._mode is Mode.BUFFERED))

    def headers(self, direction: Direction, edits: HeadEdits) -> bytes:
        """Reply to headers."""
        self._send(direction, Sent.HEADERS)
        return _to_headers(direction, edits) if _is_common(edits) else _headers(direction, edits)

    def body(self, direction: Direction, octets: bytes, *, ends: bool, edits: HeadEdits = HeadEdits()) -> bytes:  # noqa: B008 (frozen)
        """Reply to a body: these octets stand in its place, or go on it. `edits` are the headers' where the body is buffered."""
        self._send(direction, Sent.BODY_END if ends else Sent.BODY)
        if self._mode is Mode.STREAMED:
            chunk = StreamedBodyResponse(body=octets, end_of_stream=ends)
            return _of(
                direction,
                "body",
                BodyResponse(response=CommonResponse(body_mutation=BodyMutation(streamed_response=chunk))),
            )
        mutation = BodyMutation(body=octets) if octets else BodyMutation(clear_body=True)
        common = CommonResponse(body_mutation=mutation, header_mutation=_mutation(edits))
        return _of(direction, "body", BodyResponse(response=common))

    def trailers(self, direction: Direction, names: Sequence[str]) -> bytes:
        """Reply to trailers: these of them go."""
        self._send(direction, Sent.TRAILERS)
        return _of(direction, "trailers", TrailersResponse(header_mutation=_mutation(HeadEdits(remove=tuple(names)))))

    def refuse(self, told: Told) -> bytes:
        """Answer the client in the service's place. Raises `NotAllowed` where something has gone to it already."""
        if not self.may_refuse:
            raise NotAllowed("a refusal after something of the response has gone")
        self.is_over = True
        answer = ImmediateResponse(headers=_mutation(HeadEdits(told.fields)), body=told.body, details=REFUSED)
        answer.status.code = told.status
        return bytes(ProcessingResponse(immediate_response=answer).SerializeToString())

    def _send(self, direction: Direction, sent: Sent) -> None:
        if self.is_over:
            raise NotAllowed("a reply after a refusal")
        self._turns[direction].send(sent)


def _is_common(edits: HeadEdits) -> bool:
    """Whether nothing in it is a client's or a service's own words."""
    return not edits.add and edits.set in _COMMONLY_SET and _COMMONLY_REMOVED.issuperset(edits.remove)


_COMMONLY_SET: Final = ((), (("accept-encoding", "identity"),))
_COMMONLY_REMOVED: Final = frozenset({*NOT_SENT, *OF_THE_OCTETS, "accept-ranges", "content-length"})


def _headers(direction: Direction, edits: HeadEdits) -> bytes:
    common = CommonResponse(header_mutation=_mutation(edits))
    return _of(direction, "headers", HeadersResponse(response=common))


_to_headers = lru_cache(maxsize=256)(_headers)  # most replies to headers say one of a few things


def _of(direction: Direction, part: str, reply: HeadersResponse | BodyResponse | TrailersResponse) -> bytes:
    name = f"{direction.name.lower()}_{part}"
    return bytes(ProcessingResponse(**{name: reply}).SerializeToString())


def _mutation(edits: HeadEdits) -> HeaderMutation:
    return HeaderMutation(
        set_headers=[*(_set(each) for each in edits.set), *(_added(each) for each in edits.add)],
        remove_headers=list(edits.remove),
    )


def _set(field: tuple[str, str]) -> HeaderValueOption:
    action = HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    return HeaderValueOption(header=_header(field), append_action=action)


def _added(field: tuple[str, str]) -> HeaderValueOption:
    """Add a field beside others of its name: Envoy takes the action that says so, being the default, for overwriting."""
    return HeaderValueOption(header=_header(field), append=BoolValue(value=True))


def _header(field: tuple[str, str]) -> HeaderValue:
    return HeaderValue(key=field[0], raw_value=as_octets(field[1]))


def arrival_of_body(body: HttpBody) -> Arrival:
    """Say what a body's message is."""
    return Arrival.BODY_END if body.end_of_stream else Arrival.BODY
