"""One request and its response: two crossings, each begun by a head, whatever brought them.

The rule: nothing here knows of Envoy, of a socket or of a loop. Whoever drives an exchange (Envoy's processor, a middleware in
process) gives it heads and pieces of bodies, carries out the effects that come of them as at every gate, and changes header
fields as it says. A direction for which no flow is declared lets no body through (law 1).

The head of each is a payload of its own, which crosses before its body (`ringfence.gates.http.heads`).

What was replaced on its way out may come back in the answer, where the response's flow says `restore`: both crossings share what
was issued, in this exchange and in its conversation before (`ringfence.gates.http.belonging`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from ringfence.crossing import Crossing, CrossingId, Head, Refusal, Trace
from ringfence.crossing.crossing import HOLD
from ringfence.crossing.restoring import Surrogates
from ringfence.detect import detector_for
from ringfence.gates.http.asking import ANYONE, Asking, Client, Door, TurnedAway
from ringfence.gates.http.belonging import remembered
from ringfence.gates.http.calling import Called, shape_of_path
from ringfence.gates.http.edits import NOT_SENT, HeadEdits, RequestHead, ResponseHead, joined, request_edits
from ringfence.gates.http.failing import may_be_own
from ringfence.gates.http.harmless import Harmless
from ringfence.gates.http.heads import (
    HeadCarrier,
    Part,
    judged_of_head,
    parts_of,
    plan_of_head,
)
from ringfence.gates.http.media import Chosen, choose
from ringfence.gates.http.passage import HeadPassage, Passage
from ringfence.gates.http.refusing import Told, told
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
from ringfence.policy.verdict import Refused
from ringfence.transform import Keyring

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE: Final = ZoneName("")
"""Where nobody stands: the door says where who asks does."""
_NO_FLOW: Final = FlowId("")
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
        self._ask(head, client, at)
        params = self._find_endpoint(head)
        decided = self._plan_of_request(head)
        if isinstance(self._who, TurnedAway):
            self._out = self._refused(decided, ends=head.ends)
            return self._out
        flows = (self._way_in(head), self._way_back(head))
        self.observes = all(each is not None and each.mode is Mode.OBSERVE for each in flows)
        if _is_undeclared(decided) and self._is_observed(head):
            decided = plan(self._side.policy, _NO_FLOW, self._who.asker)
        self._surrogates = remembered(self._side, self._who, head.fields)
        not_sent = {*NOT_SENT, *self._who.taken}
        stays = tuple(each for each in head.fields if each[0] not in not_sent)
        parts = parts_of(stays, head.path, head.query, params, judged=self._heads(decided, "request"))
        self._out = self._passage(decided, parts, lambda: choose(head.fields, decided), of_request=True, ends=head.ends)
        return self._out

    def edits_of_request(self, head: RequestHead) -> HeadEdits:
        """Say how the request's header fields change before anything of its body is known: what is the gate's goes no further."""
        taken = self._who.taken if isinstance(self._who, Asking) else frozenset()
        there = {name for name, _ in head.fields}
        return joined(request_edits(head, observes=self.observes), HeadEdits(remove=tuple(sorted(taken & there))))

    def refuse(self, head: RequestHead, refused: Refused, authority: str, client: Client, at: datetime) -> Passage:
        """Begin with the head of a request that may go nowhere, whatever is in it: who asks is asked all the same, and first.

        `authority` is where it wanted to go: scrubbed before it is recorded, as the method is. No endpoint was asked for.
        """
        self.trace = trace_of(head.fields)
        self._ask(head, client, at)
        who, asked = self._who, {"method": head.method, "authority": authority.rpartition("@")[2]}
        if isinstance(who, TurnedAway):
            return self._refused(who.plan, ends=head.ends, asked=asked)
        decided = replace(plan(self._side.policy, _NO_FLOW, who.asker), source_zone=who.zone, refused=refused)
        return self._refused(decided, ends=head.ends, asked=asked)

    def told(self, refusal: Refusal, *, of_request: bool) -> Told:
        """Say what a client is told of a refusal."""
        return told(
            refusal,
            of_request=of_request,
            trace=self.trace.id if self.trace is not None else "",
            challenge=self._who.challenge,
            answered=self.answered,
        )

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

    def _ask(self, head: RequestHead, client: Client, at: datetime | None) -> None:
        if self._side.door is None:
            return
        if at is None:
            raise ValueError("who asks is known at a time, and none was given")
        self._who = self._side.door.ask(head.fields, client, at)

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
        side, name, at = self._side, flow.id if flow is not None else _NO_FLOW, self._at(way)
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

    def _refused(self, decided: Plan, *, ends: bool, asked: Mapping[str, str] | None = None) -> Passage:
        """Make the passage of a request that goes nowhere, with or without a body. `asked`: what is recorded of it."""

        def begin(at: datetime, carrier: HeadCarrier | None = None) -> Crossing:
            head = self._head(at, decided)
            head = head if asked is None else replace(head, client=asked)
            return Crossing(decided, head, self._side.keys, carrier or HeadCarrier(()))

        return Passage(decided, HeadPassage([], begin, refused=True), begin, ends=ends)

    def _head(self, at: datetime, decided: Plan) -> Head:
        side, who = self._side, self._who
        client = {"method": self.method} if self.method in _METHODS else {}
        why = (who.reason, who.expires) if isinstance(who, Asking) else ("", None)
        if self._shape:
            client["path"] = self._shape
        return Head(
            side.new_id(at), decided.policy_hash, at, side.gate, who.principal, *why, client=client, trace=self.trace
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
    {
        *("x-http-method", "x-http-method-override", "x-method-override", "x-override-method", "x-tunneled-method"),
        *("x-original-url", "x-override-url", "x-rewrite-uri", "x-rewrite-url"),
        *("x-http-destinationurl", "x-http-path-override", "x-http-url-override", "x-path-override"),
    }
)
"""Header fields that have some services take another method or path than the request's. What honest proxies add to every request,
and services take for words about it alone (`X-Forwarded-Uri`, `X-Original-URI`), is not among them."""
