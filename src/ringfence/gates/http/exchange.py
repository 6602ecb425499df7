"""One request and its response: two crossings, each begun by a head, whatever brought them.

The rule: nothing here knows of Envoy, of a socket or of a loop. Whoever drives an exchange (Envoy's processor, a middleware in
process) gives it heads and pieces of bodies, carries out the effects that come of them as at every gate, and changes header
fields as it says. A direction for which no flow is declared lets no body through (law 1).

What was replaced on its way out may come back in the answer: both crossings share what was issued (`ringfence.crossing.exchange`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ringfence.crossing import Crossing, CrossingId, Effects, Ending, Head, Reply
from ringfence.crossing.crossing import HOLD, Summary
from ringfence.crossing.restoring import Surrogates
from ringfence.gates.http.media import Fields, choose
from ringfence.policy import Asker, AssetName, FlowId, Plan, Policy, ZoneName, flows_between, flows_into, plan
from ringfence.policy.model import Flow, Mode
from ringfence.transform import Keyring

ANYONE: Final = "anyone"  # who asks, as long as a gate asks nobody who he is

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOWHERE: Final = FlowId("")


@dataclass(frozen=True, slots=True, repr=False)
class Side:
    """What all exchanges of a gate share under one policy."""

    policy: Policy
    gate: str
    asset: AssetName  # the service behind the gate
    zone: ZoneName  # where those who ask stand
    keys: Keyring
    new_id: Callable[[datetime], CrossingId]
    principal: str = ANYONE


@dataclass(frozen=True, slots=True, repr=False)
class RequestHead:
    """A request without its body. `ends`: there is none."""

    method: str
    path: str  # without a query
    fields: Fields
    ends: bool


@dataclass(frozen=True, slots=True, repr=False)
class ResponseHead:
    """A response without its body."""

    status: int
    fields: Fields
    ends: bool


@dataclass(frozen=True, slots=True)
class HeadEdits:
    """How header fields are changed."""

    set: Fields = ()
    remove: tuple[str, ...] = ()


class Passage:
    """One direction: a body, or none, on its way. Driven like a `Crossing`, which it begins with the first octet of a body."""

    def __init__(self, plan: Plan, begin: Callable[[datetime], Crossing], *, ends: bool) -> None:
        self.plan = plan
        self.is_over = ends  # nothing more of it comes
        self._begin = begin
        self._crossing: Crossing | None = None

    @property
    def summary(self) -> Summary | None:
        """What has come of the body so far; None where there is none."""
        return self._crossing.summary if self._crossing is not None else None

    def feed(self, piece: bytes, at: datetime) -> Effects:
        """Take the next piece of the body."""
        if not piece:
            return ()
        if self._crossing is None:
            self._crossing = self._begin(at)
            refused = self._crossing.start()
            if refused:
                return refused
        return self._crossing.feed(piece, at)

    def answer(self, reply: Reply, at: datetime) -> Effects:
        """Take the answer to a `Record` or `Resolve`."""
        return self._crossing.answer(reply, at) if self._crossing is not None else ()

    def end(self, how: Ending, at: datetime) -> Effects:
        """Take the end of the body."""
        self.is_over = True
        return self._crossing.end(how, at) if self._crossing is not None else ()


class HttpExchange:
    """A request and its response, in this order."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._surrogates = Surrogates()
        self._asked: RequestHead | None = None
        self._out: Passage | None = None

    @property
    def method(self) -> str:
        """What was asked; "" before the request's head."""
        return self._asked.method if self._asked is not None else ""

    def request(self, head: RequestHead) -> Passage:
        """Begin with the request's head."""
        side = self._side
        self._asked = head
        flow = flows_into(side.policy, side.gate, side.zone, side.asset, about=_about(head))
        decided = self._plan(flow)

        def begin(at: datetime) -> Crossing:
            chosen = choose(head.fields, decided)
            hold = 0 if chosen.streams else HOLD
            return Crossing(
                decided, self._head(at, decided), side.keys, chosen.carrier, hold=hold, issued=self._surrogates
            )

        self._out = Passage(decided, begin, ends=head.ends)
        return self._out

    def response(self, head: ResponseHead) -> Passage:
        """Go on with the response's head."""
        side = self._side
        if self._asked is None:
            raise RuntimeError("a response before its request")
        flow = flows_between(side.policy, side.gate, side.asset, side.zone, about=_about(self._asked))
        decided = self._plan(flow)

        def begin(at: datetime) -> Crossing:
            chosen = choose(head.fields, decided, head.status)
            hold = 0 if chosen.streams else HOLD
            return Crossing(
                decided, self._head(at, decided), side.keys, chosen.carrier, hold=hold, restored=self._issued()
            )

        return Passage(decided, begin, ends=head.ends)

    def _issued(self) -> Surrogates | None:
        """Give what the request replaced, or may replace yet. Where that is nothing, no field has to be searched for it."""
        is_over = self._out is None or self._out.is_over
        return None if is_over and not len(self._surrogates) else self._surrogates

    def _plan(self, flow: Flow | None) -> Plan:
        return plan(self._side.policy, flow.id if flow is not None else _NOWHERE, Asker())

    def _head(self, at: datetime, decided: Plan) -> Head:
        side = self._side
        client = {"method": self.method} if self.method in _METHODS else {}
        return Head(side.new_id(at), decided.policy_hash, at, side.gate, side.principal, client=client)


def _about(head: RequestHead) -> dict[str, str]:
    return {"method": head.method, "path": head.path}


_NOT_MODIFIED: Final = 304
_RANGES: Final = ("range", "if-range")
_OF_THE_OCTETS: Final = ("content-digest", "content-md5", "digest", "etag", "repr-digest")


def request_edits(head: RequestHead) -> HeadEdits:
    """Say how a request's header fields change before anything of its body is known.

    The service is asked for the whole, and uncompressed: a part may begin within a value, and what is compressed has to be undone
    and done again. A service that compresses all the same is read all the same.
    """
    there = {name for name, _ in head.fields}
    return HeadEdits((("accept-encoding", "identity"),), tuple(name for name in _RANGES if name in there))


def response_edits(head: ResponseHead, method: str, decided: Plan) -> HeadEdits:
    """Say how a response's header fields change whatever becomes of its body: no parts of it are to be asked for.

    What tells of octets that are not here (HEAD, 304) tells of those that the service would send. Others may come through the
    gate, and a digest of what may not cross gives it away to whoever guesses: it goes, unless no octet can change. A 304 keeps
    the `ETag`: whoever asked has it.
    """
    gone = ["accept-ranges"]
    is_same = head.status == _NOT_MODIFIED
    if head.ends and (method == "HEAD" or is_same) and decided.mode is Mode.ENFORCE and not decided.passes_unread:
        gone += [name for name in ("content-length", *_OF_THE_OCTETS) if not (is_same and name == "etag")]
    there = {name for name, _ in head.fields}
    return HeadEdits(remove=tuple(name for name in gone if name in there))


def edits_of_change(fields: Fields) -> HeadEdits:
    """Say which header fields have to go because the body's octets change: what was computed from them."""
    there = {name for name, _ in fields}
    return HeadEdits(remove=tuple(name for name in _OF_THE_OCTETS if name in there))


def joined(one: HeadEdits, other: HeadEdits) -> HeadEdits:
    """Make one of two changes."""
    return HeadEdits(one.set + other.set, one.remove + other.remove)
