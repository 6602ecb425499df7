"""What a policy declares and never uses: often the trace of a mistake elsewhere."""

from collections.abc import Iterable, Iterator

from ringfence.policy.model import BUILT_IN_FORMS, Form, Policy

_MEND = "use it, or remove it"


def unused(policy: Policy) -> Iterator[tuple[tuple[str, str], str, str]]:
    """Give each form, key, role, purpose, gate, receiver and zone that nothing refers to: where, what, mend."""
    flows = policy.flows.values()
    rules = [rule for flow in flows for lines in flow.carry.values() for rule in lines]
    carried = [*(rule.form for rule in rules), *(flow.otherwise for flow in flows), *(flow.unknown for flow in flows)]
    forms = {form.name for form in carried if isinstance(form, Form)} | {never.form for never in policy.assertions}
    zones = {
        *(asset.zone for asset in policy.assets.values()),
        *(end for flow in flows for end in (flow.source_zone, flow.sink_zone)),
        *(each.zone for each in policy.principals.values()),
    }
    used: dict[str, set[str]] = {
        "zones": set(zones),
        "keys": {str(form.key) for form in policy.forms.values() if form.key}
        | {str(flow.index) for flow in flows if flow.index},
        "forms": forms | set(BUILT_IN_FORMS),
        "roles": {str(rule.role) for rule in rules}
        | {str(role) for gate in policy.gates.values() for role in gate.logins}
        | {
            str(role) for role in policy.roles if any(gate.asking and gate.principals for gate in policy.gates.values())
        },
        "purposes": {str(rule.purpose) for rule in rules}
        | {str(purpose) for flow in flows for purpose in flow.purposes},
        "gates": {str(flow.via.gate) for flow in flows},
        "receivers": {name for rule in policy.alerts for name in rule.to},
    }
    said = {
        "zones": "nothing stands in zone",
        "keys": "no form and no index uses key",
        "forms": "no flow uses form",
        "roles": "no flow and no login names role",
        "purposes": "no flow is for purpose",
        "gates": "no flow goes through gate",
        "receivers": "no alert goes to receiver",
    }
    declared: dict[str, Iterable[str]] = {
        "zones": policy.zones,
        "keys": policy.keys,
        "forms": policy.forms,
        "roles": policy.roles,
        "purposes": policy.purposes,
        "gates": policy.gates,
        "receivers": policy.receivers,
    }
    for section, names in declared.items():
        for name in names:
            if name not in used[section]:
                yield (section, name), f"{said[section]} {name}", _MEND
