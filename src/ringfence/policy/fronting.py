"""What stands on the two sides of an HTTP gate: clients who would meet no boundary, and services that are the gate itself.

The rule: no such gate is started, by `up` or in process, and `lint` says so before. Both ask here, so that they cannot differ.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final, Literal

import re2

from ringfence.policy.model import AssetName, Gate, Policy
from ringfence.policy.tree import Step

PORTS: Final = {"http": 80, "https": 443}
NO_BOUNDARY: Final = "put them into zones of their own: within a zone there is no boundary"
NOT_ITSELF: Final = "write where the service is"

_Path = tuple[Step, ...]
_AT: Final = re2.compile(r"(?i)(https?)://([^/?#@:\[\]]+|\[[^\]]+\])(?::([0-9]{1,5}))?/?")


def fronting(policy: Policy) -> Iterator[tuple[_Path, Literal["error"], str, str, str]]:
    """Find the HTTP gates that no boundary is at, or that lead to themselves."""
    for gate in policy.gates.values():
        if gate.kind != "http":
            continue
        stands = shares_zone(policy, gate)
        if stands is not None:
            what = f"clients of gate {gate.name} stand in the zone of what is behind it: it is not started"
            yield stands, "error", "own-zone", what, NO_BOUNDARY
        asset = itself(policy, gate)
        if asset is not None:
            what = f"asset {asset} is at the address of gate {gate.name} itself: a request would come back for ever"
            yield ("assets", asset, "at"), "error", "loop", what, NOT_ITSELF
        number = host_of_another(policy, gate)
        if number is not None:
            what = f"gate {gate.name} has the host of a service that it leads to for a name of its own"
            yield ("gates", gate.name, "hosts", number), "error", "loop", what, host_mend(gate)


def behind(gate: Gate) -> tuple[AssetName, ...]:
    """Give the services that a gate leads to."""
    return (gate.upstream,) if gate.upstream is not None else gate.upstreams


def shares_zone(policy: Policy, gate: Gate) -> tuple[str, ...] | None:
    """Give the place that puts clients of a gate into the zone of a service behind it; None where no place does."""
    zones = {policy.assets[each].zone for each in behind(gate)}
    if gate.clients in zones:
        return "gates", gate.name, "clients"
    stand = {policy.principals[each].zone for each in gate.principals}
    return None if stand.isdisjoint(zones) else ("gates", gate.name, "principals")


def itself(policy: Policy, gate: Gate) -> AssetName | None:
    """Give the service that is where the gate itself listens; None where there is none."""
    return next((each for each in behind(gate) if _is_own(gate, policy.assets[each].at)), None)


def host_of_another(policy: Policy, gate: Gate) -> int | None:
    """Give the number of one of a gate's `hosts` that is the host of a service behind it; None where there is none."""
    theirs = {name for each in gate.upstreams for name in _authorities(policy.assets[each].at)}
    return next((number for number, name in enumerate(gate.hosts) if name in theirs), None)


def host_mend(gate: Gate) -> str:
    """Say what to do about a host that two have."""
    return f"take it out of gates.{gate.name}.hosts: they are names of the gate alone, such as ringfence.internal:9100"


def _is_own(gate: Gate, at: str) -> bool:
    host, port = _where(at)
    own, _, listens = gate.listen.rpartition(":")
    own = own.strip("[]").lower()
    if not host or not listens.isdecimal() or int(listens) != port:
        return False
    if _is_here(host) and (_is_unspecified(own) or ("localhost" in (host, own) and _is_here(own))):
        return True
    try:
        return ip_address(own) == ip_address(host)
    except ValueError:
        return own == host


def _where(at: str) -> tuple[str, int]:
    """Read host and port of an address; "" and 0 where it is none that a gate takes."""
    found = _AT.fullmatch(at)
    if found is None:
        return "", 0
    scheme, host, port = found.groups()
    return host.strip("[]").lower(), int(port or PORTS[scheme.lower()])


def _authorities(at: str) -> tuple[str, ...]:
    host, port = _where(at)
    host = f"[{host}]" if ":" in host else host
    return (host, f"{host}:{port}") if port == PORTS.get(at.partition(":")[0].lower()) else (f"{host}:{port}",)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
