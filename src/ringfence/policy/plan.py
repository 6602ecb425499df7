"""Deciding: what a policy says about one flow, one asker and the fields that were announced.

The rule: this is the only place where a verdict is made, and it is pure. A `Plan` is the policy resolved for
(flow, role, purpose, grants, shape): a table from category to decision, and a function from field path to judgement. Gates,
the prover, `explain` and the tests' model all read this one table, so the same facts get the same verdict everywhere (law 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from ringfence.detect.own import Detection
from ringfence.policy.announcing import Judging, is_covered, judge_path
from ringfence.policy.model import (
    ARGUMENTS,
    DENY,
    EVERY_CATEGORY,
    NUMBERED,
    Asset,
    AssetName,
    Flow,
    FlowId,
    Form,
    Judgement,
    KeyName,
    Mode,
    Policy,
    Predicate,
    ZoneName,
)
from ringfence.policy.verdict import Announced, Asker, AtEndpoint, Decision, Denial, Refused, Shape
from ringfence.taxonomy import CATEGORIES


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy, resolved for one flow, asker and shape. Immutable and shared between crossings."""

    policy_hash: str
    flow: FlowId
    source_zone: ZoneName
    sink_zone: ZoneName
    mode: Mode
    asker: Asker
    table: Mapping[str, Decision]  # every category of the taxonomy -> what happens to it
    unknown: Decision | Literal["scan"]
    fields: Mapping[str, Judgement]
    announced: tuple[Announced, ...]  # the shape's fields, in their order
    detection: Detection
    relaxed: bool = False
    record_all: bool = False
    subject: str = ""  # path of the field that identifies the person; "" where no index is asked for
    index: KeyName | None = None
    restore: bool = False
    charges: tuple[
        tuple[str, Predicate], ...
    ] = ()  # of the shape's comparisons: what to charge the principal's budget with
    refused: Refused | None = None
    endpoint: str = ""  # http: the declared endpoint that it is for
    _judged: dict[str, Judgement] = field(default_factory=dict, init=False, compare=False, repr=False)
    _longest: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_longest", max(map(len, self.fields), default=0))

    @property
    def passes(self) -> bool:
        """Whether nothing that was announced needs a look: the payload may go as it is, and is only counted."""
        return (
            self.refused is None
            and not self.record_all
            and all(announced.decision is None for announced in self.announced)
        )

    @property
    def carries_all_clear(self) -> bool:
        """Whether every category crosses as it is: whatever is found changes no byte and no verdict."""
        return self.refused is None and all(decision.form.passes_clear for decision in self.table.values())

    @property
    def passes_unread(self) -> bool:
        """Whether a value that cannot be looked at may cross: it is unknown, and so is each category that it may hold."""
        return self.carries_all_clear and isinstance(self.unknown, Decision) and self.unknown.form.passes_clear

    @property
    def remembering(self) -> tuple[tuple[KeyName, str], ...]:
        """Name the keys, each with its scope, under which values are remembered that get a placeholder or surrogate."""
        forms = [decision.form for decision in self.table.values()]
        if isinstance(self.unknown, Decision):
            forms.append(self.unknown.form)
        return tuple(
            sorted({(form.key, self.scope(form)) for form in forms if form.kind in NUMBERED and form.key is not None})
        )

    def decide(self, category: str) -> Decision:
        """Say in which form a category crosses. A category that the taxonomy lacks is denied."""
        found = self.table.get(category)
        return found if found is not None else Decision(DENY, "taxonomy: no such category")

    def judge(self, path: str) -> Judgement:
        """Say what is known of a field that the payload itself names: a category, `none`, `scan` or `unknown`."""
        known = self._judged.get(path)
        if known is None:
            known = judge_path(self.fields, path, self._longest)
            if len(path) <= _PATH_REMEMBERED and len(self._judged) < _PATHS_REMEMBERED:
                self._judged[path] = known
        return known

    def scope(self, form: Form) -> str:
        """Name the derivation of a form's key: one per destination zone, shared only by zones made `joinable`."""
        if self.sink_zone in form.joinable:
            return "joinable:" + ",".join(sorted(form.joinable))
        return f"zone:{self.sink_zone}"


# Paths come from payloads, and a plan is shared by all of them: what is remembered is bounded in number and in length.
_PATHS_REMEMBERED = 2_000
_PATH_REMEMBERED = 256


_NO_SHAPE = Shape()


def plan(
    policy: Policy, flow: FlowId, asker: Asker, shape: Shape = _NO_SHAPE, *, behind: AssetName | None = None
) -> Plan:
    """Resolve a policy for one flow, one asker and the announced fields.

    `behind` is the asset on the other side of a gate that has several; it is asked about where both ends of the flow are zones.
    Pure, and cached by its arguments: a policy is compared by its hash. Where nothing may cross at all, `Plan.refused` says why.
    """
    return _plan(_ByHash(policy), flow, asker, shape, behind)


class _ByHash:
    """A policy as a cache key: its content hash stands for it."""

    __slots__ = ("policy",)

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return hash(self.policy.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByHash) and self.policy.hash == other.policy.hash


@lru_cache(maxsize=1024)
def _plan(keyed: _ByHash, flow_id: FlowId, asker: Asker, shape: Shape, behind: AssetName | None) -> Plan:
    policy = keyed.policy
    flow = policy.flows.get(flow_id)
    if flow is None:
        return _closed(policy, flow_id, asker)
    if flow.mode is Mode.CLOSED:
        return _shut(policy, flow, asker)
    fields = _fields_of(policy, flow, behind)
    table = _table(flow, asker)
    unknown = _unknown(flow, declares_fields=bool(fields))
    judging = Judging(flow, table, unknown, fields, max(map(len, fields), default=0))
    refused = _asker_refused(policy, flow, asker) or next(filter(None, map(judging.refused, shape.fields)), None)
    return Plan(
        policy_hash=policy.hash,
        flow=flow.id,
        source_zone=flow.source_zone,
        sink_zone=flow.sink_zone,
        mode=flow.mode,
        asker=asker,
        table=table,
        unknown=unknown,
        fields=fields,
        announced=tuple(map(judging.announce, shape.fields)),
        detection=policy.detect,
        relaxed=flow.relaxed,
        record_all=flow.record_all,
        subject=_subject_of(policy, flow) if flow.index else "",
        index=flow.index,
        restore=flow.restore,
        charges=judging.charges(shape.fields),
        refused=refused,
    )


def plan_at(policy: Policy, flow: FlowId, asker: Asker, at: AtEndpoint) -> Plan:
    """Resolve a policy for one flow and asker, at an endpoint of an HTTP service.

    The endpoint's fields stand before the asset's own: where one of them covers a field, the longest of them decides. A request
    to an endpoint that nobody declared is refused, unless the asset says to observe it; a response is its request's business.
    """
    return _plan_at(_ByHash(policy), flow, asker, at)


@lru_cache(maxsize=4096)
def _plan_at(keyed: _ByHash, flow_id: FlowId, asker: Asker, at: AtEndpoint) -> Plan:
    made = _plan(keyed, flow_id, asker, _NO_SHAPE, at.asset)
    asset = keyed.policy.assets[at.asset]
    flow = keyed.policy.flows.get(flow_id)
    endpoint = asset.endpoints.get(at.endpoint)
    own = (endpoint.request if at.way == "request" else endpoint.response) if endpoint is not None else {}
    refused = made.refused
    if not at.endpoint and at.way == "request":
        refused = _undeclared(asset) or refused
    return replace(
        made,
        fields=_before(own, asset.fields),
        unknown=made.unknown if flow is None else _unknown(flow, declares_fields=True),
        refused=refused,
        endpoint=at.endpoint,
    )


def _undeclared(asset: Asset) -> Refused | None:
    """Say why an endpoint that nobody declared is refused; None where it is only observed."""
    if asset.undeclared == "observe":
        return None
    return Refused(
        Denial.ENDPOINT,
        f"assets.{asset.name}.undeclared",
        f"declare the endpoint in asset {asset.name} (`ringfence map --openapi`), or ask for one that is declared",
        why=f"{asset.name} declares no such endpoint",
    )


def _before(own: Mapping[str, Judgement], others: Mapping[str, Judgement]) -> Mapping[str, Judgement]:
    """Join two sets of fields, of which the first decides wherever one of its paths covers a field."""
    longest = max(map(len, own), default=0)
    covered = {path for path in others if own and is_covered(own, path, longest)}
    return {**{path: judged for path, judged in others.items() if path not in covered}, **own}


def deciding_path(flow: Flow, category: str) -> str | None:
    """Give the path of `carry` that decides about a category: the longest that covers it, `*` last. None: the flow's `else`."""
    path = category
    while path not in flow.carry:
        if path == EVERY_CATEGORY:
            return None
        path = path.rpartition(".")[0] or EVERY_CATEGORY
    return path


def _table(flow: Flow, asker: Asker) -> Mapping[str, Decision]:
    otherwise = Decision(flow.otherwise, f"flows.{flow.id}.else")
    decided = {path: _first_fitting(flow, path, asker) or otherwise for path in flow.carry}
    paths = {category: deciding_path(flow, category) for category in CATEGORIES}
    return {category: decided[path] if path is not None else otherwise for category, path in paths.items()}


def _first_fitting(flow: Flow, path: str, asker: Asker) -> Decision | None:
    for number, rule in enumerate(flow.carry[path]):
        if rule.role in (None, asker.role) and rule.purpose in (None, asker.purpose):
            return Decision(rule.form, f"flows.{flow.id}.carry[{path}][{number}]")
    return None


def _unknown(flow: Flow, *, declares_fields: bool) -> Decision | Literal["scan"]:
    match flow.unknown:
        case "scan":
            return "scan"
        case None:
            return Decision(DENY, f"flows.{flow.id}.unknown") if declares_fields else "scan"
        case form:
            return Decision(form, f"flows.{flow.id}.unknown")


def _fields_of(policy: Policy, flow: Flow, behind: AssetName | None) -> Mapping[str, Judgement]:
    """Take the fields of the asset that the data comes from; where that is a zone or declares none, of the asset it goes to.

    Where both ends are zones, the asset behind the gate is meant.
    """
    gate = policy.gates.get(flow.via.gate) if flow.via.gate is not None else None
    for end in (flow.source, flow.sink, behind or (gate.upstream if gate is not None else None)):
        asset = next((asset for name, asset in policy.assets.items() if name == end), None)
        if asset is not None and (asset.fields or asset.functions):
            return asset.fields if not asset.functions else {**asset.fields, **_results_of(asset.functions)}
    return {}


def _results_of(functions: Mapping[str, Judgement]) -> Mapping[str, Judgement]:
    """Give the results of declared functions as fields, ``function.schema.name``; those that only pass arguments on have none."""
    return {f"function.{name}": result for name, result in functions.items() if result != ARGUMENTS}


def _subject_of(policy: Policy, flow: Flow) -> str:
    for end in (flow.source, flow.sink):
        for name, asset in policy.assets.items():
            if name == end and asset.subject:
                return asset.subject
    return ""


def _asker_refused(policy: Policy, flow: Flow, asker: Asker) -> Refused | None:
    rule = f"flows.{flow.id}"
    if asker.role is not None and asker.role not in policy.roles:
        return Refused(Denial.NO_ROLE, "roles", "ask as one of the policy's roles")
    if asker.purpose is not None and asker.purpose not in policy.purposes:
        return Refused(Denial.NO_PURPOSE, "purposes", "state one of the policy's purposes")
    may_state = policy.roles[asker.role].purposes if asker.role is not None else None
    if may_state is not None and asker.purpose is not None and asker.purpose not in may_state:
        mend = f"state a purpose that role {asker.role} may state: {', '.join(sorted(may_state))}"
        why = f"role {asker.role} may not state this purpose"
        return Refused(Denial.NO_PURPOSE, f"roles.{asker.role}.purposes", mend, why=why)
    if flow.purposes and asker.purpose not in flow.purposes:
        return Refused(Denial.NO_PURPOSE, f"{rule}.purposes", f"state a purpose: {', '.join(flow.purposes)}")
    needs = policy.roles[asker.role].needs if asker.role is not None else frozenset()
    if "purpose" in needs and asker.purpose is None:
        return Refused(Denial.NO_PURPOSE, f"roles.{asker.role}.needs", "state a purpose")
    if "reason" in needs and not asker.has_reason:
        return Refused(Denial.NO_REASON, f"roles.{asker.role}.needs", "give a reason")
    return None


def _shut(policy: Policy, flow: Flow, asker: Asker) -> Plan:
    """Decide as if the flow were not there, and say that it is, and is closed."""
    refused = Refused(
        Denial.NO_FLOW,
        f"flows.{flow.id}.mode",
        f"ask why it was closed; `ringfence enforce {flow.id}` opens it again",
        why=f"flow {flow.id} is closed",
    )
    nothing = _closed(policy, flow.id, asker)
    return replace(nothing, source_zone=flow.source_zone, sink_zone=flow.sink_zone, refused=refused)


def turned_away(policy: Policy, refused: Refused) -> Plan:
    """Decide about somebody who is not let in: nothing crosses, either way, whatever flows there are."""
    return replace(_closed(policy, FlowId(""), Asker()), refused=refused)


def _closed(policy: Policy, flow: FlowId, asker: Asker) -> Plan:
    deny = Decision(DENY, "no flow: nothing crosses (law 1)")
    nowhere = ZoneName("")
    return Plan(
        policy_hash=policy.hash,
        flow=flow,
        source_zone=nowhere,
        sink_zone=nowhere,
        mode=Mode.ENFORCE,
        asker=asker,
        table=dict.fromkeys(CATEGORIES, deny),
        unknown=deny,
        fields={},
        announced=(),
        detection=policy.detect,
        refused=Refused(Denial.NO_FLOW, "flows", "declare a flow between the two zones"),
    )
