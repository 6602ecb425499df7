"""Which gate is attacked, and the service that it stands before."""

from dataclasses import dataclass

from ringfence.policy import Asset, Gate, Policy


@dataclass(frozen=True, slots=True)
class HttpSite:
    """A gate of a policy, and what the policy says of the service behind it."""

    policy: Policy
    gate: Gate
    asset: Asset
