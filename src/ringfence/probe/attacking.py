"""One run against whatever gate the policy has: which kind it is, is nobody else's business.

The rule: what an HTTP gate needs is imported where there is one, so that who has none needs none of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.policy import Policy
from ringfence.probe.http.site import HttpSite
from ringfence.probe.matrix import Matrix
from ringfence.probe.running import Chosen, probe
from ringfence.probe.standing import Standing, site_of


@dataclass(frozen=True)
class Wanted:
    """What is to be attacked, and for whom."""

    policy: Policy
    environment: Mapping[str, str] = field(repr=False)
    beside: Path  # the policy's folder
    keys: Path  # the home's folder of keys
    principal: str
    chosen: Chosen = Chosen()  # noqa: RUF009 (frozen)
    progress: Callable[[int, int], None] = lambda done, whole: None  # noqa: ARG005 (nobody looks)


def attack(standing: Standing, wanted: Wanted) -> Matrix:
    """Attack the policy's gate; give the matrix. Raises what `probe` and `probe_http` raise, and `ServeFault` for a missing key."""
    site = site_of(wanted.policy, standing.folder, wanted.beside)
    if not isinstance(site, HttpSite):
        run = standing.run(site, wanted.environment, wanted.beside, wanted.principal, wanted.chosen, wanted.progress)
        return probe(run)
    from ringfence.probe.http.running import HttpRun, probe_http
    from ringfence.serve.needed import keys_for

    keys = keys_for(wanted.policy, site.gate, wanted.keys)
    return probe_http(
        HttpRun(
            site,
            keys,
            wanted.beside,
            standing.secret,
            wanted.principal,
            standing.record,
            wanted.chosen,
            wanted.progress,
        )
    )
