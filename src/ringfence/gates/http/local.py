"""An exchange without Envoy: what a middleware or a client's transport does with the two messages of one request.

The rule: the same `HttpExchange` and the same `Way`s as behind Envoy, so that the verdict is the same (law 5): the head first, the
same octets held, the same refusals. A message is taken piece by piece, and gives what may go on. Nothing here has a socket, a
thread or a loop: whether its coroutines ever wait is for the recorder to say, so that the same code serves callers without a loop
(`at_once`).
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from ringfence.crossing import Reason, Refusal
from ringfence.crossing.crossing import Summary
from ringfence.gates.carrying import Carried, Clock, Recorder, StandInSource, carry_out, new_crossing_id
from ringfence.gates.http.asking import Client
from ringfence.gates.http.calling import Called
from ringfence.gates.http.destinations import refused
from ringfence.gates.http.edits import HeadEdits, RequestHead, ResponseHead, joined, response_edits
from ringfence.gates.http.exchange import HttpExchange, Side
from ringfence.gates.http.media import Fields
from ringfence.gates.http.refusing import Told, told
from ringfence.gates.http.targets import has_dotted_parameters
from ringfence.gates.http.way import Asked, Way
from ringfence.policy import Plan

T = TypeVar("T")

PIECE: Final = 64 * 1024  # octets that are read at once
_LINE_ENDS: Final = frozenset("\r\n\0")
_WITHOUT_BODY: Final = frozenset({204, 304})
_OF_CHUNKS: Final = frozenset({"transfer-encoding", "trailer"})
_FRAMES: Final = _OF_CHUNKS | {"content-length"}
_LEAST, _MOST = 200, 599  # of a status that ends a request
NOBODY: Final = Client()
"""Of whom nothing is known: a program that asks for itself, or a server that does not say."""


class Refused(Exception):
    """A message may not cross; `told` is what the client is told."""

    def __init__(self, told: Told) -> None:
        self.told = told
        super().__init__("refused by ringfence")


class BadMessage(Exception):
    """A message that is none of HTTP, in words without a value."""


@dataclass(frozen=True, slots=True, repr=False)
class Rim:
    """What all exchanges of a gate share in one process.

    `count` takes a body that crossed, `called` which endpoint was asked for, and whether it was refused. `leave` carries out, for
    nobody waits for it, what closes a record.
    """

    side: Side
    recorder: Recorder
    vault: StandInSource
    clock: Clock
    count: Callable[[Plan, Summary], None]
    called: Callable[[Called, bool], None]
    leave: Callable[[Way, list[Asked]], None]


@dataclass(frozen=True, slots=True, repr=False)
class Going:
    """A head as it goes on. `length`: the octets of its body, where they are known; `query`: another one than came, or None."""

    fields: Fields
    length: int | None
    query: str | None


class Message:
    """One message. `through` takes it from where it comes; `feed` and `end` take what is brought."""

    def __init__(self, rim: Rim, way: Way, fields: Fields, tell: Callable[[Refusal], Told], *, ends: bool) -> None:
        self._rim = rim
        self._way = way
        self._fields = fields
        self._tell = tell
        self._has_body = not ends

    @property
    def ended(self) -> bool:
        """Whether all of it has come."""
        return self._way.ended

    async def start(self) -> None:
        """Take its head across. Raises `Refused`."""
        await self._carry(self._way.start(self._rim.clock()))

    async def feed(self, piece: bytes) -> bytes:
        """Take a piece of the body; give what may go on. Raises `Refused`."""
        await self._carry(self._way.feed(piece, self._rim.clock()))
        return self._way.taken()

    async def end(self) -> bytes:
        """Take the end of the body; give what may go on. Raises `Refused`."""
        if not self._way.ended:
            await self._carry(self._way.end(self._rim.clock()))
        return self._way.taken()

    async def through(self, pull: Callable[[], Awaitable[bytes]]) -> bytes:
        """Give the next octets that may go, taking as much as that needs; b"" once all have. `pull` gives b"" at the end."""
        while not self._way.ended:
            piece = await pull()
            released = await (self.feed(piece) if piece else self.end())
            if released:
                return released
        return b""

    def going(self, first: bytes) -> Going:
        """Give the head, now that the first octets of the body go, or its end has come. Once."""
        way = self._way
        edits = joined(way.edits, way.edits_with(first)) if self._has_body else way.edits
        target = next((value for name, value in edits.set if name == ":path"), None)
        query = target.partition("?")[2] if target is not None else None
        kept = applied(self._fields, edits)
        if not self._has_body:
            return Going(tuple(each for each in kept if each[0] not in _OF_CHUNKS), None, query)
        length = len(first) if way.ended else None
        return Going(tuple(each for each in kept if each[0] not in _FRAMES), length, query)

    async def _carry(self, asked: list[Asked]) -> None:
        if asked:
            rim = self._rim
            await carry_out(self._way, asked, rim.recorder, rim.clock, Carried(), rim.vault)
        if self._way.refusal is not None:
            raise Refused(self._tell(self._way.refusal))
        self._way.check()


class LocalExchange:
    """A request and its response, in this order. `close` it, however it came to its end."""

    def __init__(self, rim: Rim) -> None:
        self._rim = rim
        self._exchange = HttpExchange(rim.side)
        self._ways: list[Way] = []

    async def request(self, head: RequestHead, client: Client = NOBODY) -> Message:
        """Begin with the request's head, and take it across. Raises `Refused` or `BadMessage`.

        `client` is what whoever took the connection knows of the client, by itself: never out of a header field.
        """
        _check(head.fields)
        if has_dotted_parameters(head.path):
            await self.refuse(head, "", client)
        passage = self._exchange.request(head, client, self._rim.clock())
        way = Way(passage, head.fields, self._exchange.edits_of_request(head), ends=head.ends)
        return await self._begun(way, head.fields, of_request=True, ends=head.ends)

    async def refuse(self, head: RequestHead, authority: str, client: Client = NOBODY) -> None:
        """Refuse a request to where none may go, and record it. Raises `Refused`."""
        why = refused(self._rim.side, head)
        passage = self._exchange.refuse(head, why, authority, client, self._rim.clock())
        way = Way(passage, head.fields, HeadEdits(), ends=head.ends)
        await self._begun(way, head.fields, of_request=True, ends=head.ends)

    async def response(self, status: int, fields: Fields, *, is_empty: bool) -> Message:
        """Go on with the response's head, and take it across. `is_empty`: no body has come. Raises `Refused` or `BadMessage`."""
        if not _LEAST <= status <= _MOST:
            raise BadMessage("a response with a status that ends no request")
        _check(fields)
        ends = is_empty or has_no_body(self._exchange.method, status)
        head = ResponseHead(status, fields, ends)
        passage = self._exchange.response(head)
        way = Way(passage, fields, response_edits(head, self._exchange.method, passage.plan), ends=ends)
        return await self._begun(way, fields, of_request=False, ends=ends)

    def close(self) -> None:
        """Count what crossed, and have the records closed of what was cut off."""
        ways, self._ways = self._ways, []
        called = self._exchange.called
        if called is not None and ways:
            self._rim.called(called, any(way.is_refused for way in ways))
        for way in ways:
            closing = way.cut(self._rim.clock())
            if closing:
                self._rim.leave(way, closing)
            summary = way.passage.summary
            if summary is not None and summary.done:
                self._rim.count(way.passage.plan, summary)

    async def _begun(self, way: Way, fields: Fields, *, of_request: bool, ends: bool) -> Message:
        self._ways.append(way)
        tell = partial(self._exchange.told, of_request=of_request)
        message = Message(self._rim, way, fields, tell, ends=ends)
        await message.start()
        return message


def has_no_body(method: str, status: int) -> bool:
    """Whether a response has no body, whatever its fields say.

    >>> has_no_body("HEAD", 200), has_no_body("GET", 304), has_no_body("GET", 404)
    (True, True, False)
    """
    return method == "HEAD" or status in _WITHOUT_BODY


def fields_of(told: Told) -> Fields:
    """Give the header fields of a refusal, which is the whole of its message."""
    return (*told.fields, ("content-length", str(len(told.body))))


def applied(fields: Fields, edits: HeadEdits) -> Fields:
    """Change header fields.

    >>> applied((("a", "1"), ("b", "2"), ("b", "3")), HeadEdits((("a", "4"),), ("b",), (("b", "5"), ("c", "6"))))
    (('a', '4'), ('b', '5'), ('c', '6'))
    """
    new = {name: value for name, value in edits.set if not name.startswith(":")}
    kept = (each for each in fields if each[0] not in edits.remove and each[0] not in new)
    return (*kept, *new.items(), *edits.add)


def refusal(reason: Reason, mend: str, clock: Clock, *, of_request: bool = True) -> Told:
    """Refuse what never came to a crossing."""
    return told(Refusal(new_crossing_id(clock()), reason, mend), of_request=of_request)


def broken(clock: Clock) -> Told:
    """Refuse because something broke here."""
    return refusal(Reason.INTERNAL, "report it with the crossing's id; nothing of it was let through", clock)


def at_once(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine that never waits, its recorder being one that blocks."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("a coroutine waited where there is no loop")


def _check(fields: Fields) -> None:
    for name, value in fields:
        if not name or not (_LINE_ENDS.isdisjoint(value) and _LINE_ENDS.isdisjoint(name)):
            raise BadMessage("a header field with a line end in it, or without a name")
