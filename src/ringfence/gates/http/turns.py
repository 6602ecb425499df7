"""Whose turn it is between Envoy and its external processor: what may arrive, and which reply may be sent, in which order.

The rule: these tables are the only place where it is decided whether a reply may be sent; what they do not list cannot be. They
hold what was measured to be safe (a processor that sends one reply of another kind, or ends its stream early, lets bodies out raw):
exactly one reply to headers and one to trailers; replies to a body only after the reply to its headers, to its end, and none after
it; a reply to trailers only after they came; nothing at all after a refusal.

    streamed   headers [body ...] end | trailers        any number of body replies, the last with the end, or with the trailers
    buffered   headers [body] [trailers]                one body reply for the one body

In the streamed mode the reply to headers may wait until the body has been seen; in the buffered one the body comes after it.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, TypeAlias


class Mode(Enum):
    """How Envoy sends bodies: `FULL_DUPLEX_STREAMED`, or `BUFFERED`. The values are the policy's words (a gate's `bodies`)."""

    STREAMED = "streamed"
    BUFFERED = "buffered"


class Arrival(Enum):
    """What Envoy sends of one direction."""

    __hash__ = (
        object.__hash__
    )  # of all enumerations here: an Enum's own is a call into Python for each look into a table

    HEADERS = auto()
    HEADERS_ALONE = auto()  # there is no body
    BODY = auto()
    BODY_END = auto()
    TRAILERS = auto()


class Sent(Enum):
    """What is replied in one direction."""

    __hash__ = object.__hash__

    HEADERS = auto()
    BODY = auto()
    BODY_END = auto()
    TRAILERS = auto()


class Come(Enum):
    """What has come of one direction."""

    __hash__ = object.__hash__

    NOTHING = auto()
    HEAD = auto()
    ALONE = auto()  # a head without a body
    SOME = auto()  # buffered: the body; trailers follow
    ALL = auto()
    TRAILED = auto()  # a body, or none, and its trailers; where it is buffered, none
    SOME_TRAILED = auto()  # buffered: the body, and its trailers


class Gone(Enum):
    """What has been replied in one direction."""

    __hash__ = object.__hash__

    NOTHING = auto()
    HEAD = auto()
    SOME = auto()  # buffered: the body; the trailers' turn is next
    ALL = auto()


_Comes: TypeAlias = Mapping[tuple[Come, Arrival], Come]
_Goes: TypeAlias = Mapping[tuple[Come, Gone, Sent], Gone]

_COMES_IN_EITHER: Final = {
    (Come.NOTHING, Arrival.HEADERS): Come.HEAD,
    (Come.NOTHING, Arrival.HEADERS_ALONE): Come.ALONE,
    (Come.HEAD, Arrival.BODY_END): Come.ALL,
    (Come.HEAD, Arrival.TRAILERS): Come.TRAILED,
}
COMES: Final[Mapping[Mode, _Comes]] = {
    Mode.STREAMED: {**_COMES_IN_EITHER, (Come.HEAD, Arrival.BODY): Come.HEAD},
    Mode.BUFFERED: {
        **_COMES_IN_EITHER,
        (Come.HEAD, Arrival.BODY): Come.SOME,
        (Come.SOME, Arrival.TRAILERS): Come.SOME_TRAILED,
    },
}

_HEAD_ALONE: Final = {(Come.ALONE, Gone.NOTHING, Sent.HEADERS): Gone.ALL}
_HEAD: Final = {(come, Gone.NOTHING, Sent.HEADERS): Gone.HEAD for come in (Come.HEAD, Come.ALL, Come.TRAILED)}
GOES: Final[Mapping[Mode, _Goes]] = {
    Mode.STREAMED: {
        **_HEAD_ALONE,
        **_HEAD,
        **{(come, Gone.HEAD, Sent.BODY): Gone.HEAD for come in (Come.HEAD, Come.ALL, Come.TRAILED)},
        (Come.ALL, Gone.HEAD, Sent.BODY_END): Gone.ALL,
        (Come.TRAILED, Gone.HEAD, Sent.TRAILERS): Gone.ALL,
    },
    Mode.BUFFERED: {
        **_HEAD_ALONE,
        (Come.HEAD, Gone.NOTHING, Sent.HEADERS): Gone.HEAD,  # Envoy sends nothing more before it has this
        (Come.SOME, Gone.HEAD, Sent.BODY): Gone.SOME,
        (Come.ALL, Gone.HEAD, Sent.BODY_END): Gone.ALL,
        (Come.TRAILED, Gone.HEAD, Sent.TRAILERS): Gone.ALL,  # there was no body
        (Come.SOME_TRAILED, Gone.SOME, Sent.TRAILERS): Gone.ALL,
    },
}


class OutOfTurn(Exception):
    """Envoy sent what it may not send now. The stream is over: nothing of it can be believed."""


class NotAllowed(Exception):
    """A mistake on this side: a reply was to be sent whose turn it is not."""


class Turns:
    """One direction of one stream."""

    __slots__ = ("_comes", "_goes", "come", "gone")

    def __init__(self, mode: Mode) -> None:
        self._comes = COMES[mode]
        self._goes = GOES[mode]
        self.come = Come.NOTHING
        self.gone = Gone.NOTHING

    def arrive(self, arrival: Arrival) -> None:
        """Note what came. Raises `OutOfTurn`."""
        come = self._comes.get((self.come, arrival))
        if come is None:
            raise OutOfTurn("Envoy sent a message whose turn it is not")
        self.come = come

    def may(self, sent: Sent) -> bool:
        """Whether a reply may be sent now."""
        return (self.come, self.gone, sent) in self._goes

    def send(self, sent: Sent) -> None:
        """Note what is replied. Raises `NotAllowed`."""
        gone = self._goes.get((self.come, self.gone, sent))
        if gone is None:
            raise NotAllowed(f"a reply to {sent.name.lower()} is not due")
        self.gone = gone
