"""The policy: what may cross which boundary, in which form, for whom and why.

The rule: a policy is read once, at the rim, from texts that are handed in (`read`); after that it is only looked at (`plan`).
`plan` stands on every payload's way, so importing this package loads no parser and no schema: `read`, `lint`, `knowledge` and
`schema` are loaded when they are first named.

>>> from ringfence.policy import Asker, FlowId, plan, read
>>> texts = {"ringfence.yaml": '''
... version: 1
... zones: {core: {label: high sensitivity}, outside: {label: public, controlled: false}}
... assets: {app: {zone: core, kind: service}}
... flows: [{id: app-logs, from: app, to: outside, carry: {user.contact.email: mask}, else: redact}]
... '''}
>>> policy = read("ringfence.yaml", texts, {})
>>> decision = plan(policy, FlowId("app-logs"), Asker()).decide("user.contact.email")
>>> decision.form.name, decision.rule
('mask', 'flows.app-logs.carry[user.contact.email][0]')
"""

from typing import TYPE_CHECKING

from ringfence.policy.model import (
    Asset,
    AssetName,
    Endpoint,
    Flow,
    FlowId,
    Form,
    FormKind,
    Gate,
    Judgement,
    KeyName,
    Mode,
    Policy,
    Probing,
    PurposeName,
    RoleName,
    Zone,
    ZoneName,
)
from ringfence.policy.plan import Plan, plan, plan_at
from ringfence.policy.verdict import Announced, Asker, AtEndpoint, Decision, Denial, FieldUse, Refused, Shape, Use
from ringfence.policy.ways import flows_between, flows_into

if TYPE_CHECKING:
    from ringfence.policy.document import schema
    from ringfence.policy.knowing import Fact, Knowledge, knowledge
    from ringfence.policy.linting import lint
    from ringfence.policy.problems import PolicyError, Problem
    from ringfence.policy.reading import UnreadableError, read, read_located

__all__ = [
    "Announced",
    "Asker",
    "Asset",
    "AssetName",
    "AtEndpoint",
    "Decision",
    "Denial",
    "Endpoint",
    "Fact",
    "FieldUse",
    "Flow",
    "FlowId",
    "Form",
    "FormKind",
    "Gate",
    "Judgement",
    "KeyName",
    "Knowledge",
    "Mode",
    "Plan",
    "Policy",
    "PolicyError",
    "Probing",
    "Problem",
    "PurposeName",
    "Refused",
    "RoleName",
    "Shape",
    "UnreadableError",
    "Use",
    "Zone",
    "ZoneName",
    "flows_between",
    "flows_into",
    "knowledge",
    "lint",
    "plan",
    "plan_at",
    "read",
    "read_located",
    "schema",
]

_LATER = {
    "Fact": "knowing",
    "Knowledge": "knowing",
    "knowledge": "knowing",
    "lint": "linting",
    "PolicyError": "problems",
    "Problem": "problems",
    "read": "reading",
    "read_located": "reading",
    "UnreadableError": "reading",
    "schema": "document",
}


def __getattr__(name: str) -> object:
    """Load what a running gate does not need when it is first named."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
