"""Which flow a payload takes, where a gate knows who asks rather than what the flow is called.

The rule: of the flows between two ends the one that names the purpose wins over those that ask for none; of several that are alike
the first in the policy. Where none fits, nothing may cross (law 1). `about` says of the payload what a flow may be narrowed to
(`via: {match: ...}`); a flow that is narrowed to what the gate does not know of its payloads fits none of them.
"""

from collections.abc import Mapping

from ringfence.policy.model import AssetName, Flow, Policy, PurposeName, ZoneName

_NOTHING: Mapping[str, str] = {}


def flows_between(
    policy: Policy,
    gate: str,
    source: AssetName,
    sink: ZoneName,
    purpose: PurposeName | None = None,
    *,
    about: Mapping[str, str] = _NOTHING,
) -> Flow | None:
    """Give the flow from an asset, or the zone that it stands in, to a zone through a gate."""
    zone = policy.assets[source].zone
    return _best(
        [flow for flow in _through(policy, gate, about) if flow.source in (source, zone) and flow.sink == sink], purpose
    )


def flows_into(
    policy: Policy,
    gate: str,
    source: ZoneName,
    sink: AssetName,
    purpose: PurposeName | None = None,
    *,
    about: Mapping[str, str] = _NOTHING,
) -> Flow | None:
    """Give the flow the other way: from a zone to an asset, or the zone that it stands in."""
    zone = policy.assets[sink].zone
    return _best(
        [flow for flow in _through(policy, gate, about) if flow.source == source and flow.sink in (sink, zone)], purpose
    )


def _through(policy: Policy, gate: str, about: Mapping[str, str]) -> list[Flow]:
    return [
        flow
        for flow in policy.flows.values()
        if (flow.via.gate is None or flow.via.gate == gate) and (not flow.via.match or _is_about(flow.via.match, about))
    ]


def _is_about(match: Mapping[str, str], about: Mapping[str, str]) -> bool:
    return all(key in about and fits(pattern, about[key]) for key, pattern in match.items())


def fits(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern, in which `*` stands for anything, also for nothing. Takes each part where it comes first.

    >>> fits("/orders/*", "/orders/7/lines"), fits("/orders/*/lines", "/orders/7"), fits("*", "")
    (True, False, True)
    """
    first, *parts = pattern.split("*")
    if not parts:
        return text == pattern
    if not text.startswith(first):
        return False
    at, end = len(first), len(text) - len(parts[-1])
    for part in parts[:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end and text.endswith(parts[-1])


def _best(found: list[Flow], purpose: PurposeName | None) -> Flow | None:
    if len(found) < 2:
        return found[0] if found else None
    named = [flow for flow in found if purpose is not None and purpose in flow.purposes]
    free = [flow for flow in found if not flow.purposes]
    # A flow whose purposes are not met is given last, so that the refusal can name the purposes that it asks for.
    return next(iter([*named, *free, *found]), None)
