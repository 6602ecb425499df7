"""One request and its response: two crossings, each begun by a head, whatever brought them.

The rule: nothing here knows of Envoy, of a socket or of a loop. Whoever drives an exchange (Envoy's processor, a middleware in
process) gives it heads and pieces of bodies, carries out the effects that come of them as at every gate, and changes header
fields as it says. A direction for which no flow is declared lets no body through (law 1).

The head of each is a payload of its own, which crosses before its body (`ringfence.gates.http.heads`).

What was replaced on its way out may come back in the answer: both crossings share what was issued (`ringfence.crossing.exchange`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ringfence.crossing import Crossing, CrossingId, Effects, Ending, Head, Reply
from ringfence.crossing.crossing import HOLD, Summary
from ringfence.crossing.restoring import Surrogates
from ringfence.gates.http.heads import (
    HeadCarrier,
    Kind,
    Part,
    as_text,
    judged_of_head,
    parts_of,
    payload_of,
    plan_of_head,
    values_of,
)
from ringfence.gates.http.media import Chosen, Fields, choose
from ringfence.policy import Asker, AssetName, FlowId, Plan, Policy, ZoneName, flows_between, flows_into, plan
from ringfence.policy.model import Flow, Judgement, Mode
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
    heads: Mapping[str, Judgement] = field(init=False)  # the asset's fields that stand in heads

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", judged_of_head(self.policy.assets[self.asset].fields))


@dataclass(frozen=True, slots=True, repr=False)
class RequestHead:
    """A request without its body. `ends`: there is none."""

    method: str
    path: str  # without a query
    fields: Fields
    ends: bool
    query: str | None = None


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
    remove: tuple[str, ...] = ()  # before anything is set or added
    add: Fields = ()  # each beside others of its name


class HeadPassage:
    """The head of one direction on its way. Driven like a `Crossing`; `edits` says what has come of it."""

    def __init__(self, parts: list[Part], begin: Callable[[datetime, HeadCarrier], Crossing]) -> None:
        self._parts = parts
        self._begin = begin
        self._crossing: Crossing | None = None

    @property
    def summary(self) -> Summary | None:
        """What has come of it so far; None where there is nothing in it to look at."""
        return self._crossing.summary if self._crossing is not None else None

    def start(self, at: datetime) -> Effects:
        """Take the head."""
        payload = payload_of(self._parts)
        if not payload:
            return ()
        self._crossing = self._begin(at, HeadCarrier(self._parts))
        taken = [*self._crossing.start(), *self._crossing.feed(payload, at)]
        return [*taken, *self._crossing.end(Ending.COMPLETE, at)]

    def answer(self, reply: Reply, at: datetime) -> Effects:
        """Take the answer to a `Record` or `Resolve`."""
        return self._crossing.answer(reply, at) if self._crossing is not None else ()

    def edits(self, released: bytes) -> HeadEdits:
        """Say what changes in the head, of which this was released."""
        values = values_of(released, self._parts)
        new = list(zip(self._parts, values, strict=True))
        gone = {part.name for part, value in new if value != part.raw and part.kind is Kind.NAME}
        new = [(part, value) for part, value in new if part.kind is not Kind.NAME and part.name not in gone]
        changed = {part.name for part, value in new if value != part.raw and part.name}
        if changed & _OF_THE_OCTETS_SET:  # what was computed from octets cannot be changed
            new = [(part, value) for part, value in new if part.name not in _OF_THE_OCTETS_SET]
        targets = {part.kind: value for part, value in new if part.kind in (Kind.PATH, Kind.QUERY)}
        is_target = any(part.kind is Kind.QUERY and value != part.raw for part, value in new)
        target = as_text(targets.get(Kind.PATH, b"") + b"?" + targets.get(Kind.QUERY, b""))
        return HeadEdits(
            ((":path", target),) if is_target else (),
            tuple(sorted(changed | gone)),
            tuple((part.name, as_text(value)) for part, value in new if part.name in changed),
        )


class Passage:
    """One direction: a body, or none, on its way. Driven like a `Crossing`, which it begins with the first octet of a body."""

    def __init__(self, plan: Plan, head: HeadPassage, begin: Callable[[datetime], Crossing], *, ends: bool) -> None:
        self.plan = plan
        self.head = head
        self.is_over = ends  # nothing more of it comes
        self._begin = begin
        self._crossing: Crossing | None = None

    @property
    def summary(self) -> Summary | None:
        """What has come of the body so far; None where there is none."""
        return self._crossing.summary if self._crossing is not None else None

    @property
    def held(self) -> int:
        """How many octets of the body are held."""
        return self._crossing.held if self._crossing is not None else 0

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
        stays = tuple(each for each in head.fields if each[0] not in _NOT_SENT)
        parts = parts_of(stays, head.path, head.query)
        decided = self._plan(flow)
        self._out = self._passage(decided, parts, lambda: choose(head.fields, decided), of_request=True, ends=head.ends)
        return self._out

    def response(self, head: ResponseHead) -> Passage:
        """Go on with the response's head."""
        side = self._side
        if self._asked is None:
            raise RuntimeError("a response before its request")
        flow = flows_between(side.policy, side.gate, side.asset, side.zone, about=_about(self._asked))
        decided = self._plan(flow)
        return self._passage(
            decided,
            parts_of(head.fields),
            lambda: choose(head.fields, decided, head.status),
            of_request=False,
            ends=head.ends,
        )

    def _passage(
        self, decided: Plan, parts: list[Part], chosen: Callable[[], Chosen], *, of_request: bool, ends: bool
    ) -> Passage:
        """Make the passage of one direction; its body's carrier is chosen when there is a body."""
        of_head = plan_of_head(decided, self._side.heads)

        def begin_head(at: datetime, carrier: HeadCarrier) -> Crossing:
            return self._crossing(of_head, at, Chosen(carrier), of_request=of_request)

        def begin_body(at: datetime) -> Crossing:
            return self._crossing(decided, at, chosen(), of_request=of_request)

        return Passage(decided, HeadPassage(parts, begin_head), begin_body, ends=ends)

    def _crossing(self, decided: Plan, at: datetime, chosen: Chosen, *, of_request: bool) -> Crossing:
        return Crossing(
            decided,
            self._head(at, decided),
            self._side.keys,
            chosen.carrier,
            hold=0 if chosen.streams else HOLD,
            issued=self._surrogates if of_request else None,
            restored=None if of_request else self._issued(),
        )

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
_NOT_SENT: Final = ("range", "if-range", "x-envoy-external-address")  # the last is the client's address, noted by Envoy
_OF_THE_OCTETS: Final = ("content-digest", "content-md5", "digest", "etag", "repr-digest")
_OF_THE_OCTETS_SET: Final = frozenset(_OF_THE_OCTETS)


def request_edits(head: RequestHead) -> HeadEdits:
    """Say how a request's header fields change before anything of its body is known.

    The service is asked for the whole, and uncompressed: a part may begin within a value, and what is compressed has to be undone
    and done again. A service that compresses all the same is read all the same.
    """
    there = {name for name, _ in head.fields}
    return HeadEdits((("accept-encoding", "identity"),), tuple(name for name in _NOT_SENT if name in there))


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
    return HeadEdits(one.set + other.set, one.remove + other.remove, one.add + other.add)
