"""Who asks, under which policy: everything that a verdict depends on besides the statement.

The rule: a session has one standing at a time; sessions with the same one share their verdicts. A new policy, purpose or reason
is a new standing, so a statement never meets half of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.policy import (
    Asker,
    AssetName,
    FieldUse,
    FlowId,
    Plan,
    Policy,
    Shape,
    ZoneName,
    flows_between,
    flows_into,
    plan,
)
from ringfence.policy.model import Gate, Mode

_NOWHERE = FlowId("")


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """One asker in one zone at one gate, under one policy. Compared by identity."""

    policy: Policy
    gate: Gate
    asset: AssetName
    zone: ZoneName
    asker: Asker
    reading: FlowId
    writing: FlowId  # "" where no flow goes that way

    def reads(self, shape: Shape) -> Plan:
        """Decide about what leaves the asset."""
        return plan(self.policy, self.reading, self.asker, shape)

    def writes(self, shape: Shape) -> Plan:
        """Decide about what is given to the asset."""
        return plan(self.policy, self.writing, self.asker, shape)

    def hides(self, paths: frozenset[str]) -> bool:
        """Whether any of these columns is not shown to this asker as it is."""
        if not paths:
            return False
        shown = self.reads(Shape(tuple(FieldUse(path) for path in sorted(paths))))
        if shown.refused is not None:
            return True
        return any(
            each.decision is not None and (each.decision == "scan" or not each.decision.form.passes_clear)
            for each in shown.announced
        )

    @property
    def observes(self) -> bool:
        """Whether what leaves the asset passes as it is, and is only recorded."""
        flow = self.policy.flows.get(self.reading)
        return flow is not None and flow.mode is Mode.OBSERVE

    @property
    def everything(self) -> Plan:
        """The plan of what names no field: what it decides of a category holds wherever that is found."""
        return self.reads(Shape())

    @property
    def shows_all(self) -> bool:
        """Whether this asker sees everything as it is."""
        everything = self.everything
        return everything.passes_unread or (everything.carries_all_clear and everything.unknown == "scan")

    @property
    def functions(self) -> Mapping[str, str]:
        """The functions that the policy declares."""
        return self.policy.assets[self.asset].functions


def standing_of(policy: Policy, gate: Gate, asset: AssetName, zone: ZoneName, asker: Asker) -> Standing:
    """Find the flows of an asker both ways."""
    reading = flows_between(policy, gate.name, asset, zone, asker.purpose)
    writing = flows_into(policy, gate.name, zone, asset, asker.purpose)
    return Standing(
        policy,
        gate,
        asset,
        zone,
        asker,
        reading.id if reading is not None else _NOWHERE,
        writing.id if writing is not None else _NOWHERE,
    )
