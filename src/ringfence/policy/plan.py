"""Deciding: what a policy says about one flow, one asker and the fields that were announced.

The rule: this is the only place where a verdict is made, and it is pure. A `Plan` is the policy resolved for
(flow, role, purpose, grants, shape): a table from category to decision, and a function from field path to judgement. Gates,
the prover, `explain` and the tests' model all read this one table, so the same facts get the same verdict everywhere (law 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from ringfence.policy.model import (
    CLEAR,
    DENY,
    EVERY_CATEGORY,
    NONE,
    SCAN,
    UNKNOWN,
    Detection,
    Flow,
    FlowId,
    Form,
    Judgement,
    KeyName,
    Mode,
    Policy,
    PurposeName,
    RoleName,
    ZoneName,
)
from ringfence.taxonomy import CATEGORIES


class Use(StrEnum):
    """What is done with a field: who reads it sees it, a comparison reveals it bit by bit, a write stores it."""

    SHOWN = "shown"
    COMPARED = "compared"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field that was announced before its payload: a column of a result, a part of a request."""

    path: str
    use: Use = Use.SHOWN


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields that were announced. Empty where a payload names its fields itself (JSON, CSV) or has none (text)."""

    fields: tuple[FieldUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as a verdict depends on it: one active role, one purpose, whether a reason was given, extra grants."""

    role: RoleName | None = None
    purpose: PurposeName | None = None
    has_reason: bool = False
    grants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """A form, and the rule that led to it: ``flows.staff-reads.carry[user.contact.email][1]``."""

    form: Form
    rule: str


class Denial(StrEnum):
    """Why nothing at all may cross, before any field is looked at."""

    NO_FLOW = "no-flow"
    NO_ROLE = "no-role"
    NO_PURPOSE = "no-purpose"
    NO_REASON = "no-reason"
    FIELD = "field"  # an announced field is denied


@dataclass(frozen=True, slots=True)
class Refused:
    """A plan's refusal: why, what about, and what would mend it. Holds names out of the policy, never a value."""

    denial: Denial
    rule: str
    mend: str
    category: str | None = None


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
    announced: tuple[Judgement, ...]  # of the shape's fields, in their order
    detection: Detection
    relaxed: bool = False
    record_all: bool = False
    subject: str = ""  # path of the field that identifies the person; "" where no index is asked for
    index: KeyName | None = None
    refused: Refused | None = None
    _judged: dict[str, Judgement] = field(default_factory=dict, init=False, compare=False, repr=False)
    _longest: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_longest", max(map(len, self.fields), default=0))

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


def judge_path(fields: Mapping[str, Judgement], path: str, longest: int) -> Judgement:
    """Look a path up: the longest declared path that covers it decides; a path that none covers is unknown.

    `longest` is the length of the longest declared path: a payload's path may be longer, and costs no more for it (law 7).
    """
    at = len(path)
    if at > longest:
        at = max(path.rfind(".", 0, longest + 1), path.rfind("[", 0, longest + 1))
    while at > 0:
        found = fields.get(path[:at])
        if found is not None:
            return found
        at = max(path.rfind(".", 0, at), path.rfind("[", 0, at))
    return UNKNOWN


def plan(policy: Policy, flow: FlowId, asker: Asker, shape: Shape = Shape()) -> Plan:
    """Resolve a policy for one flow, one asker and the announced fields.

    Pure, and cached by its arguments: a policy is compared by its hash. Where nothing may cross at all, `Plan.refused` says why.
    """
    return _plan(_ByHash(policy), flow, asker, shape)


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
def _plan(keyed: _ByHash, flow_id: FlowId, asker: Asker, shape: Shape) -> Plan:
    policy = keyed.policy
    flow = policy.flows.get(flow_id)
    if flow is None:
        return _closed(policy, flow_id, asker)
    fields = _fields_of(policy, flow)
    table = _table(flow, asker)
    unknown = _unknown(flow, declares_fields=bool(fields))
    longest = max(map(len, fields), default=0)
    announced = tuple(judge_path(fields, use.path, longest) for use in shape.fields)
    refused = _asker_refused(policy, flow, asker) or _shape_refused(flow, table, unknown, shape, announced)
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
        announced=announced,
        detection=policy.detect,
        relaxed=flow.relaxed,
        record_all=flow.record_all,
        subject=_subject_of(policy, flow) if flow.index else "",
        index=flow.index,
        refused=refused,
    )


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


def _fields_of(policy: Policy, flow: Flow) -> Mapping[str, Judgement]:
    """Take the fields of the asset that the data comes from; where that is a zone or declares none, of the asset it goes to."""
    for end in (flow.source, flow.sink):
        asset = next((asset for name, asset in policy.assets.items() if name == end), None)
        if asset is not None and asset.fields:
            return asset.fields
    return {}


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
    if flow.purposes and asker.purpose not in flow.purposes:
        return Refused(Denial.NO_PURPOSE, f"{rule}.purposes", f"state a purpose: {', '.join(flow.purposes)}")
    needs = policy.roles[asker.role].needs if asker.role is not None else frozenset()
    if "purpose" in needs and asker.purpose is None:
        return Refused(Denial.NO_PURPOSE, f"roles.{asker.role}.needs", "state a purpose")
    if "reason" in needs and not asker.has_reason:
        return Refused(Denial.NO_REASON, f"roles.{asker.role}.needs", "give a reason")
    return None


def _shape_refused(
    flow: Flow,
    table: Mapping[str, Decision],
    unknown: Decision | Literal["scan"],
    shape: Shape,
    announced: tuple[Judgement, ...],
) -> Refused | None:
    for use, judgement in zip(shape.fields, announced, strict=True):
        handled = unknown if judgement == UNKNOWN else judgement
        if handled == NONE:
            continue
        compared = use.use is Use.COMPARED
        if handled == SCAN:
            refused = _scan_refused(table) if compared else None
        elif isinstance(handled, Decision):
            refused = _decision_refused(flow, handled, None, compared=compared)
        else:
            refused = _decision_refused(flow, table[handled], handled, compared=compared)
        if refused is not None:
            return refused
    return None


def _decision_refused(flow: Flow, decision: Decision, category: str | None, *, compared: bool) -> Refused | None:
    if decision.form.denies:
        mend = f"judge the field in the map, or say in flow {flow.id} how it may cross"
        return Refused(Denial.FIELD, decision.rule, mend, category)
    if compared and not decision.form.passes_clear:
        mend = f"a comparison reveals the value: flow {flow.id} would have to carry it as {CLEAR.name}"
        return Refused(Denial.FIELD, decision.rule, mend, category)
    return None


def _scan_refused(table: Mapping[str, Decision]) -> Refused | None:
    """Refuse to compare what only its content could judge: free text may hold any category, and a comparison has no content."""
    hidden = _first_hidden(table)
    if hidden is None:
        return None
    category, decision = hidden
    mend = f"a comparison has no content to scan: judge the field in the map, or carry {category} as {CLEAR.name}"
    return Refused(Denial.FIELD, decision.rule, mend)


def _first_hidden(table: Mapping[str, Decision]) -> tuple[str, Decision] | None:
    """Give a category that does not cross in clear: free text may hold any."""
    return next((row for row in table.items() if not row[1].form.passes_clear), None)


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
