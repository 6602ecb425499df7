"""Which flow a payload takes, where a gate knows who asks rather than what the flow is called.

The rule: of the flows between two ends the one that names the purpose wins over those that ask for none; of several that are alike
the first in the policy. Where none fits, nothing may cross (law 1).
"""

from collections.abc import Iterator

from ringfence.policy.model import AssetName, Flow, Policy, PurposeName, ZoneName


def flows_between(
    policy: Policy, gate: str, source: AssetName, sink: ZoneName, purpose: PurposeName | None = None
) -> Flow | None:
    """Give the flow from an asset, or the zone that it stands in, to a zone through a gate."""
    zone = policy.assets[source].zone
    return _best(
        (flow for flow in _through(policy, gate) if flow.source in (source, zone) and flow.sink == sink), purpose
    )


def flows_into(
    policy: Policy, gate: str, source: ZoneName, sink: AssetName, purpose: PurposeName | None = None
) -> Flow | None:
    """Give the flow the other way: from a zone to an asset, or the zone that it stands in."""
    zone = policy.assets[sink].zone
    return _best(
        (flow for flow in _through(policy, gate) if flow.source == source and flow.sink in (sink, zone)), purpose
    )


def _through(policy: Policy, gate: str) -> Iterator[Flow]:
    return (flow for flow in policy.flows.values() if flow.via.gate in (None, gate))


def _best(flows: Iterator[Flow], purpose: PurposeName | None) -> Flow | None:
    found = list(flows)
    named = [flow for flow in found if purpose is not None and purpose in flow.purposes]
    free = [flow for flow in found if not flow.purposes]
    # A flow whose purposes are not met is given last, so that the refusal can name the purposes that it asks for.
    return next(iter([*named, *free, *found]), None)
