"""Which plan decides about a file: a policy's flows, by ref and path, or none of them.

The rule: this file chooses a flow and decides nothing else. Without a policy everything personal is refused, content alone
decides, and no flow is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ringfence.home import Problem
from ringfence.policy import Asker, Flow, FlowId, Mode, Plan, Policy, Zone, ZoneName, flows_into, plan
from ringfence.policy.model import DENY, AssetName, Via
from ringfence.policy.ways import fits

_FROM, _TO = ZoneName("here"), ZoneName("repository")
_NO_ASSET: Final = AssetName("")
_ANYBODY: Final = Asker()
NO_POLICY: Final = FlowId("without-policy")

WITHOUT_POLICY: Final = Policy(
    hash="",
    zones={_FROM: Zone(_FROM, "where code is written"), _TO: Zone(_TO, "who reads it")},
    assets={},
    keys={},
    forms={},
    roles={},
    purposes={},
    principals={},
    gates={},
    flows={
        NO_POLICY: Flow(
            id=NO_POLICY,
            source=_FROM,
            sink=_TO,
            source_zone=_FROM,
            sink_zone=_TO,
            via=Via(),
            carry={},
            otherwise=DENY,
            unknown="scan",
            mode=Mode.ENFORCE,
        )
    },
)
"""What decides where nobody has written a policy: nothing personal may stand in a repository."""


def rules_of(policy: Policy, flow: Flow, asker: Asker, ref: str = "") -> "Rules":
    """Give the rules by which a named flow decides: with those beside it that some paths are narrowed to."""
    beside = [
        other
        for other in policy.flows.values()
        if (other.via.gate, other.source, other.sink) == (flow.via.gate, flow.source, flow.sink)
    ]
    narrowed = any("path" in other.via.match or (ref and "ref" in other.via.match) for other in beside)
    if not narrowed or flow.via.gate is None or AssetName(flow.sink) not in policy.assets:
        return Rules(policy, flow.id, asker=asker)
    return Rules(policy, None, flow.via.gate, flow.source_zone, AssetName(flow.sink), ref, asker)


def rules_through(policy: Policy, gate: str, asker: Asker, ref: str = "") -> "Rules":
    """Give the rules of a gate: of all flows that go through it, by ref and path. Raises `Problem`."""
    through = [flow for flow in policy.flows.values() if flow.via.gate == gate]
    ends = {(flow.source_zone, flow.sink) for flow in through}
    if not through:
        raise Problem(f"no flow of the policy goes through gate {gate}", "write one: `via: {gate: NAME}`")
    if len(ends) > 1:
        raise Problem(
            f"flows through gate {gate} lead from or to several places", "name a flow, or give each repository a gate"
        )
    if AssetName(through[0].sink) in policy.assets:
        return Rules(policy, None, gate, through[0].source_zone, AssetName(through[0].sink), ref, asker)
    if len(through) > 1:
        raise Problem(f"flows through gate {gate} lead to a zone", "have them lead to the repository: an asset")
    return Rules(policy, through[0].id, asker=asker)


@dataclass(frozen=True, slots=True)
class Rules:
    """Decides by a policy's flows from one zone into one asset; where they are narrowed, the first whose path and ref fit.

    `gate` and `sink` name the gate and where files go to. `named` is a flow that was asked for: it stands for all files unless it
    is narrowed to other ones.
    """

    policy: Policy = WITHOUT_POLICY
    named: FlowId | None = NO_POLICY
    gate: str = ""
    source: ZoneName = _FROM
    sink: AssetName = _NO_ASSET
    ref: str = ""
    asker: Asker = _ANYBODY
    _plans: dict[str, Plan] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def depends_on_ref(self) -> bool:
        """Whether it matters which ref something goes to."""
        return self.named is None and any(
            "ref" in flow.via.match for flow in self.policy.flows.values() if flow.via.gate == self.gate
        )

    def flows_at(self, ref: str) -> frozenset[FlowId]:
        """Name the flows through the gate that a ref leaves in question: refs with the same ones are judged alike."""
        return frozenset(
            flow.id
            for flow in self.policy.flows.values()
            if flow.via.gate == self.gate and ("ref" not in flow.via.match or fits(flow.via.match["ref"], ref))
        )

    def plan_for(self, path: str) -> Plan:
        """Give the plan that decides about a file of this path."""
        about = {"path": path, "ref": self.ref} if self.ref else {"path": path}
        flow = self._flow(about)
        known = self._plans.get(flow)
        if known is None:
            known = self._plans[flow] = plan(self.policy, flow, self.asker, behind=self.sink or None)
        return known

    def _flow(self, about: Mapping[str, str]) -> FlowId:
        if self.named is not None:
            return self.named
        found = flows_into(self.policy, self.gate, self.source, self.sink, self.asker.purpose, about=about)
        return found.id if found is not None else FlowId("")
