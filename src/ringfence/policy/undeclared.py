"""Which services let be asked for what nobody declared, and which declare what cannot be asked for.

The rule: whoever reads the policy is told so by `lint`, as of a flow that observes: such an asset's endpoints are a list, and no
fence.
"""

from collections.abc import Iterator
from typing import Literal

from ringfence.policy.endpoints import rivals
from ringfence.policy.model import Policy
from ringfence.policy.tree import Step


def open_assets(policy: Policy) -> Iterator[tuple[tuple[Step, ...], Literal["warning"], str, str, str]]:
    """Find the assets that only observe calls of endpoints that nobody declared."""
    for asset in policy.assets.values():
        if asset.undeclared == "observe":
            yield (
                ("assets", asset.name, "undeclared"),
                "warning",
                "undeclared",
                f"endpoints of asset {asset.name} that nobody declared may be asked for",
                "`ringfence endpoints` lists those that were: declare them, then set `undeclared: deny`",
            )


def rival_endpoints(policy: Policy) -> Iterator[tuple[tuple[Step, ...], Literal["warning"], str, str, str]]:
    """Find the endpoints of which some requests mean another one as well, and so none that is declared."""
    for asset in policy.assets.values():
        for first, second in rivals(asset.endpoints.values()):
            yield (
                ("assets", asset.name, "endpoints", second.name),
                "warning",
                "ambiguous",
                f"a request that could mean {second.name} and {first.name} is taken for one that nobody declared",
                "declare its own path, if there is one",
            )
