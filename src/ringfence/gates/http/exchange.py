"""One request and its response: two crossings, each begun by a head, whatever brought them.

The rule: nothing here knows of Envoy, of a socket or of a loop. Whoever drives an exchange (Envoy's processor, a middleware in
process) gives it heads and pieces of bodies, carries out the effects that come of them as at every gate, and changes header
fields as it says. A direction for which no flow is declared lets no body through (law 1).

The head of each is a payload of its own, which crosses before its body (`ringfence.gates.http.heads`).

What was replaced on its way out may come back in the answer, where the response's flow says `restore`: both crossings share what
was issued, in this exchange and in its conversation before (`ringfence.gates.http.belonging`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from ringfence.crossing import Crossing, CrossingId, Effects, Ending, Head, Release, Reply, Trace
from ringfence.crossing.crossing import HOLD, Summary
from ringfence.crossing.restoring import Surrogates
from ringfence.detect import detector_for
from ringfence.gates.http.asking import ANYONE, CLIENT_CERTIFICATE, Asking, Client, Door, TurnedAway
from ringfence.gates.http.belonging import remembered
from ringfence.gates.http.calling import Called, shape_of_path
from ringfence.gates.http.failing import LONGEST, is_own, may_be_own
from ringfence.gates.http.harmless import Harmless
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
from ringfence.gates.http.tracing import trace_of
from ringfence.policy import (
    AssetName,
    AtEndpoint,
    Denial,
    FlowId,
    Plan,
    Policy,
    ZoneName,
    flows_between,
    flows_into,
    plan,
    plan_at,
)
from ringfence.policy.endpoints import Endpoints, Found, Param
from ringfence.policy.model import Flow, Judgement, Mode
from ringfence.transform import Keyring

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOWHERE: Final = FlowId("")
_NOTHING_KNOWN: Final = Client()
_OF_ASKERS: Final = frozenset({Denial.NO_ROLE, Denial.NO_PURPOSE, Denial.NO_REASON})


@dataclass(frozen=True, slots=True, repr=False)
class Side:
    """What all exchanges of a gate share under one policy."""

    policy: Policy
    gate: str
    asset: AssetName  # the service behind the gate; of several, any
    zone: ZoneName  # where those stand who ask, unless the door says
    keys: Keyring
    new_id: Callable[[datetime], CrossingId]
    principal: str = ANYONE
    destinations: Mapping[str, "Side"] | None = None  # by the route that was chosen; None: there is one service
    prefix: str = ""  # what stands before the service's path, for the gate alone
    door: Door | None = None  # who asks, and stands where; None: `principal`, in `zone`
    heads: Mapping[str, Judgement] = field(init=False)  # the asset's fields that stand in heads
    endpoints: Endpoints | None = field(init=False)  # None: the asset declares none, and any may be asked for
    _heads_at: dict[AtEndpoint, Mapping[str, Judgement]] = field(init=False, default_factory=dict)
    conversation: tuple[str, ...] = field(init=False)  # fields of a request that name its conversation
    harmless: Harmless = field(init=False, default_factory=Harmless)  # parts of heads in which nothing was found

    def __post_init__(self) -> None:
        asset = self.policy.assets[self.asset]
        object.__setattr__(self, "heads", judged_of_head(asset.fields))
        object.__setattr__(self, "endpoints", Endpoints(asset.endpoints.values()) if asset.endpoints else None)
        object.__setattr__(self, "conversation", self.policy.gates[self.gate].conversation + asset.conversation)

    def heads_at(self, at: AtEndpoint | None, decided: Plan) -> Mapping[str, Judgement]:
        """Give the fields that stand in heads at an endpoint, whose plan this is."""
        if at is None or at.endpoint not in self.policy.assets[self.asset].endpoints:
            return self.heads
        known = self._heads_at.get(at)
        if known is None:
            known = self._heads_at[at] = judged_of_head(decided.fields)
        return known


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

    def __init__(
        self,
        parts: list[Part],
        begin: Callable[[datetime, HeadCarrier], Crossing],
        harmless: Harmless | None = None,
        under: str = "",
        *,
        refused: bool = False,
    ) -> None:
        self._parts = parts
        self._begin = begin
        self._harmless = harmless  # None: all of it is looked at
        self._under = under  # what it is judged by
        self._refused = refused  # whether its crossing refuses, whatever stands in it
        self._crossing: Crossing | None = None

    @property
    def summary(self) -> Summary | None:
        """What has come of it so far; None where there is nothing in it to look at."""
        return self._crossing.summary if self._crossing is not None else None

    def start(self, at: datetime) -> Effects:
        """Take the head."""
        if self._harmless is not None:
            self._parts = self._harmless.others(self._parts, self._under)
        payload = payload_of(self._parts)
        if not payload and not self._refused:
            return ()
        self._crossing = self._begin(at, HeadCarrier(self._parts))
        taken = [*self._crossing.start(), *self._crossing.feed(payload, at)]
        taken += self._crossing.end(Ending.COMPLETE, at)
        summary = self._crossing.summary
        if self._harmless is not None and summary.done and not summary.recorded:
            self._harmless.learn(self._parts, self._under)
        return taken

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

    def __init__(
        self,
        plan: Plan,
        head: HeadPassage,
        begin: Callable[[datetime], Crossing],
        *,
        ends: bool,
        own_status: int | None = None,
    ) -> None:
        self.plan = plan
        self.head = head
        self.is_over = ends  # nothing more of it comes
        self._begin = begin
        self._crossing: Crossing | None = None
        self._own_status = own_status  # of a body that may be the gate's own words; None where it is not
        self._held = b""  # of such a body, until that is known
        self.is_own = False  # it was: nobody else has answered

    @property
    def summary(self) -> Summary | None:
        """What has come of the body so far; None where there is none."""
        return self._crossing.summary if self._crossing is not None else None

    @property
    def held(self) -> int:
        """How many octets of the body are held."""
        return len(self._held) + (self._crossing.held if self._crossing is not None else 0)

    def feed(self, piece: bytes, at: datetime) -> Effects:
        """Take the next piece of the body."""
        if not piece:
            return ()
        if self._own_status is not None:
            self._held += piece
            if len(self._held) <= LONGEST:
                return ()
            piece, self._held, self._own_status = self._held, b"", None
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
        held, self._held = self._held, b""
        if held and self._own_status is not None and is_own(self._own_status, held):
            self.is_own = True
            return [Release(held)]
        self._own_status = None
        taken = self.feed(held, at)
        return [*taken, *self._crossing.end(how, at)] if self._crossing is not None else ()


class HttpExchange:
    """A request and its response, in this order."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._surrogates = Surrogates(alone=True)
        self._answered = Surrogates(
            alone=True
        )  # what a response's own values are numbered by: nothing leads back from it
        self._asked: RequestHead | None = None
        self._endpoint = ""  # the declared one that is asked for
        self._shape = ""  # of the path, where nobody declared it
        self._out: Passage | None = None
        self._who: Asking | TurnedAway = Asking(side.principal, side.zone)
        self.trace: Trace | None = None  # that the request says it belongs to
        self.answered = 0  # the status of the response; 0 before it
        self.observes = False  # both directions: nothing changes, and nothing is asked for in another way

    @property
    def method(self) -> str:
        """What was asked; "" before the request's head."""
        return self._asked.method if self._asked is not None else ""

    @property
    def challenge(self) -> str:
        """What a client is to bring that is refused for want of a credential, as `WWW-Authenticate` says it."""
        return self._who.challenge

    @property
    def called(self) -> Called | None:
        """Which endpoint was asked for; None where the service declares none, or nothing was asked yet."""
        side = self._side
        if self._asked is None or side.endpoints is None:
            return None
        method = self.method if self.method in _METHODS else "OTHER"
        return Called(
            side.asset, side.policy.hash, self._endpoint or f"{method} {self._shape}", declared=bool(self._endpoint)
        )

    def request(self, head: RequestHead, client: Client = _NOTHING_KNOWN, at: datetime | None = None) -> Passage:
        """Begin with the request's head, at a time, which is needed where the side has a door."""
        self._asked = head
        self.trace = trace_of(head.fields)
        if self._side.door is not None:
            if at is None:
                raise ValueError("who asks is known at a time, and none was given")
            self._who = self._side.door.ask(head.fields, client, at)
        params = self._find_endpoint(head)
        decided = self._plan_of_request(head)
        if isinstance(self._who, TurnedAway):
            self._out = self._refused(decided, ends=head.ends)
            return self._out
        flows = (self._way_in(head), self._way_back(head))
        self.observes = all(each is not None and each.mode is Mode.OBSERVE for each in flows)
        if _is_undeclared(decided) and self._is_observed(head):
            decided = plan(self._side.policy, _NOWHERE, self._who.asker)
        self._surrogates = remembered(self._side, self._who, head.fields)
        not_sent = {*_NOT_SENT, *self._who.taken}
        stays = tuple(each for each in head.fields if each[0] not in not_sent)
        parts = parts_of(stays, head.path, head.query, params, judged=self._heads(decided, "request"))
        self._out = self._passage(decided, parts, lambda: choose(head.fields, decided), of_request=True, ends=head.ends)
        return self._out

    def edits_of_request(self, head: RequestHead) -> HeadEdits:
        """Say how the request's header fields change before anything of its body is known: what is the gate's goes no further."""
        taken = self._who.taken if isinstance(self._who, Asking) else frozenset()
        there = {name for name, _ in head.fields}
        return joined(request_edits(head, observes=self.observes), HeadEdits(remove=tuple(sorted(taken & there))))

    def response(self, head: ResponseHead) -> Passage:
        """Go on with the response's head: of a request that nobody has seen, too, where whoever speaks HTTP did not take it."""
        self.answered = head.status
        if self._asked is None:
            self._asked = RequestHead("", "", (), ends=True)
        decided = self._plan(self._way_back(self._asked), "response")
        return self._passage(
            decided,
            parts_of(head.fields, judged=self._heads(decided, "response")),
            lambda: choose(head.fields, decided, head.status),
            of_request=False,
            ends=head.ends,
            own_status=head.status if may_be_own(head.status, head.fields) else None,
        )

    def _passage(
        self,
        decided: Plan,
        parts: list[Part],
        chosen: Callable[[], Chosen],
        *,
        of_request: bool,
        ends: bool,
        own_status: int | None = None,
    ) -> Passage:
        """Make the passage of one direction; its body's carrier is chosen when there is a body."""
        at = self._at("request" if of_request else "response")
        heads = self._side.heads_at(at, decided)
        # What was issued to the request has to be searched for in all of the response.
        looks_at_all = decided.record_all or not (of_request or self._issued(decided) is None)

        def begin_head(began: datetime, carrier: HeadCarrier) -> Crossing:
            return self._crossing(plan_of_head(decided, heads), began, Chosen(carrier), of_request=of_request)

        def begin_body(at: datetime) -> Crossing:
            return self._crossing(decided, at, chosen(), of_request=of_request)

        under = f"{at.way} {at.endpoint}" if at is not None else ""
        head = HeadPassage(parts, begin_head, None if looks_at_all else self._side.harmless, under)
        return Passage(decided, head, begin_body, ends=ends, own_status=own_status)

    def _crossing(self, decided: Plan, at: datetime, chosen: Chosen, *, of_request: bool) -> Crossing:
        return Crossing(
            decided,
            self._head(at, decided),
            self._side.keys,
            chosen.carrier,
            hold=0 if chosen.streams else HOLD,
            issued=self._surrogates if of_request else self._answered,
            restored=None if of_request else self._issued(decided),
            joins=chosen.streams,
        )

    def _issued(self, decided: Plan) -> Surrogates | None:
        """Give what the request replaced, or may replace yet, where the response's flow puts it back.

        Where that is nothing, no field has to be searched for it.
        """
        if not decided.restore:
            return None
        is_over = self._out is None or self._out.is_over
        return None if is_over and not len(self._surrogates) else self._surrogates

    def _plan_of_request(self, head: RequestHead) -> Plan:
        """Decide about the request; turn its asker away where role, purpose or reason let nothing cross, before it is asked for.

        Where no flow is declared for the request, that of its response says whether it may be asked for.
        """
        decided = self._plan(self._way_in(head), "request")
        asked = decided
        if decided.refused is not None and decided.refused.denial is Denial.NO_FLOW:
            asked = self._plan(self._way_back(head), "response")
        if isinstance(self._who, TurnedAway) or asked.refused is None or asked.mode is not Mode.ENFORCE:
            return decided
        if asked.refused.denial in _OF_ASKERS:
            self._who = TurnedAway(asked, self._who.principal)
            return asked
        return decided

    def _way_in(self, head: RequestHead) -> Flow | None:
        who, side = self._who, self._side
        if isinstance(who, TurnedAway):
            return None
        return flows_into(side.policy, side.gate, who.zone, side.asset, who.asker.purpose, about=_about(head))

    def _way_back(self, head: RequestHead) -> Flow | None:
        who, side = self._who, self._side
        if isinstance(who, TurnedAway):
            return None
        return flows_between(side.policy, side.gate, side.asset, who.zone, who.asker.purpose, about=_about(head))

    def _at(self, way: Literal["request", "response"]) -> AtEndpoint | None:
        side = self._side
        return AtEndpoint(side.asset, self._endpoint, way) if side.endpoints is not None else None

    def _heads(self, decided: Plan, way: Literal["request", "response"]) -> Mapping[str, Judgement]:
        return self._side.heads_at(self._at(way), decided)

    def _plan(self, flow: Flow | None, way: Literal["request", "response"]) -> Plan:
        if isinstance(self._who, TurnedAway):
            return self._who.plan
        side, name, at = self._side, flow.id if flow is not None else _NOWHERE, self._at(way)
        if at is not None:
            return plan_at(side.policy, name, self._who.asker, at)
        return plan(side.policy, name, self._who.asker, behind=side.asset)

    def _find_endpoint(self, head: RequestHead) -> tuple[Param, ...] | None:
        """Find the endpoint that is asked for; give what stands in its path for its parameters."""
        side = self._side
        if side.endpoints is None:
            return None
        found = _found(side.endpoints, head)
        if found is None:
            self._shape = shape_of_path(head.path, side.endpoints.words, detector_for(side.policy.detect))
            return None
        self._endpoint = found.endpoint.name
        return found.params

    def _is_observed(self, head: RequestHead) -> bool:
        """Whether no flow takes the request, and that of its answer only observes: it is then not refused for its endpoint."""
        flow = self._way_back(head)
        return self._way_in(head) is None and flow is not None and flow.mode is Mode.OBSERVE

    def _refused(self, decided: Plan, *, ends: bool) -> Passage:
        """Make the passage of a request that goes nowhere, with or without a body."""

        def begin(at: datetime, carrier: HeadCarrier | None = None) -> Crossing:
            return self._crossing(decided, at, Chosen(carrier or HeadCarrier(())), of_request=True)

        return Passage(decided, HeadPassage([], begin, refused=True), begin, ends=ends)

    def _head(self, at: datetime, decided: Plan) -> Head:
        side, who = self._side, self._who
        client = {"method": self.method} if self.method in _METHODS else {}
        told = (who.reason, who.expires) if isinstance(who, Asking) else ("", None)
        if self._shape:
            client["path"] = self._shape
        return Head(
            side.new_id(at), decided.policy_hash, at, side.gate, who.principal, *told, client=client, trace=self.trace
        )


def _found(endpoints: Endpoints | None, head: RequestHead) -> Found | None:
    """Find the endpoint that is asked for. A head that asks some services for another one asks for none that is declared."""
    if endpoints is None or not _OTHERWISE.isdisjoint([name for name, _ in head.fields]):
        return None
    return endpoints.find(head.method, head.path)


def _is_undeclared(decided: Plan) -> bool:
    return decided.refused is not None and decided.refused.denial is Denial.ENDPOINT


def _about(head: RequestHead) -> dict[str, str]:
    return {"method": head.method, "path": head.path}


_OTHERWISE: Final = frozenset(
    {"x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"}
)  # header fields that have some services take another method or path than the request's
_NOT_MODIFIED: Final = 304
_NOTED: Final = ("x-envoy-external-address", CLIENT_CERTIFICATE)  # by Envoy, of the client
_NOT_SENT: Final = ("range", "if-range", *_NOTED)
_OF_THE_OCTETS: Final = ("content-digest", "content-md5", "digest", "etag", "repr-digest")
_OF_THE_OCTETS_SET: Final = frozenset(_OF_THE_OCTETS)


def request_edits(head: RequestHead, *, observes: bool = False) -> HeadEdits:
    """Say how a request's header fields change before anything of its body is known: not at all where both its flows observe.

    The service is asked for the whole, and uncompressed: a part may begin within a value, and what is compressed has to be undone
    and done again. A service that compresses all the same is read all the same.
    """
    there = {name for name, _ in head.fields}
    if observes:
        return HeadEdits(remove=tuple(name for name in _NOTED if name in there))
    return HeadEdits((("accept-encoding", "identity"),), tuple(name for name in _NOT_SENT if name in there))


def response_edits(head: ResponseHead, method: str, decided: Plan) -> HeadEdits:
    """Say how a response's header fields change whatever becomes of its body: no parts of it are to be asked for.

    What tells of octets that are not here (HEAD, 304) tells of those that the service would send. Others may come through the
    gate, and a digest of what may not cross gives it away to whoever guesses: it goes, unless no octet can change. A 304 keeps
    the `ETag`: whoever asked has it.
    """
    if decided.mode is Mode.OBSERVE:
        return HeadEdits()
    gone = ["accept-ranges"]
    is_same = head.status == _NOT_MODIFIED
    if head.ends and (method == "HEAD" or is_same) and not decided.passes_unread:
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
