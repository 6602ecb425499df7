"""The keys that a gate's flows need, loaded and seen to be there before anybody is served."""

from collections.abc import Iterator
from pathlib import Path

from ringfence.policy import Flow, Form, Gate, Policy
from ringfence.serve.faults import ServeFault
from ringfence.transform import Keyring
from ringfence.vault import load


def keys_for(policy: Policy, gate: Gate, folder: Path) -> Keyring:
    """Load the keys of a folder, and see that those are there which the gate's flows need. Raises `ServeFault`."""
    keys = load(folder)
    missing = sorted(_needed(policy, gate) - set(keys.names()))
    if missing:
        raise ServeFault(
            f"gate {gate.name} needs key {missing[0]}, which is not there",
            f"make it with `ringfence key add {missing[0]}`",
            ("keys", missing[0]),
        )
    return keys


def _needed(policy: Policy, gate: Gate) -> set[str]:
    flows = [flow for flow in policy.flows.values() if flow.via.gate in (None, gate.name)]
    forms = {form.key for flow in flows for form in _forms(flow)}
    return {key for key in forms | {flow.index for flow in flows} if key is not None}


def _forms(flow: Flow) -> Iterator[Form]:
    yield flow.otherwise
    if isinstance(flow.unknown, Form):
        yield flow.unknown
    for rules in flow.carry.values():
        yield from (rule.form for rule in rules)
