"""Where requests go: the services behind a gate, and what each is called between Envoy and the processor.

The rule: who carries the bytes says where they go. Envoy chooses a route by the request's authority, and its name, which stands for
one asset at one address, comes to the processor with the head; the verdict is made for that asset. A route that the policy in force
does not know, or none, is no destination: the request is refused, and what it asked for is recorded without what is personal in it.
Nothing here reads an authority of a client's: a second reader could read it another way than the one who carries.

Two routes lead to a service outside: by its own authority (`Host: api.example.com`, as through `HTTP_PROXY`), and by its asset's
name as the first part of a path at the gate's own address (`http://127.0.0.1:9100/llm/v1/...`: a base URL).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import re2

from ringfence.gates.http.edits import RequestHead
from ringfence.gates.http.exchange import Side
from ringfence.gates.http.targets import has_dotted_parameters
from ringfence.policy import Asset, AssetName, Gate, Policy
from ringfence.policy.fronting import PORTS
from ringfence.policy.verdict import Denial, Refused

_NAME: Final = re2.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LONGEST: Final = 253  # characters of a host's name (RFC 1035)
CONNECT: Final = "CONNECT"
_ASKED: Final = "ask it by http:// and its host, or at the gate's own address by the asset's name: /NAME/..."


class NoAddress(Exception):
    """An asset whose `at` is not where an HTTP service is. `mend` says how it is written."""

    def __init__(self, asset: AssetName, what: str, mend: str) -> None:
        self.asset = asset
        self.what = what
        self.mend = mend
        super().__init__(f"assets.{asset}.at: {what}")


@dataclass(frozen=True, slots=True)
class Destination:
    """An asset, and where it is. `host` is in lower case; an IPv6 address stands without its brackets."""

    asset: AssetName
    scheme: str  # http, https
    host: str
    port: int

    @property
    def authority(self) -> str:
        """What the service is called in a request to it."""
        return self.authorities[0]

    @property
    def authorities(self) -> tuple[str, ...]:
        """What clients may call it: with its port, and without where that is its scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        explicit = f"{host}:{self.port}"
        return (host, explicit) if self.port == PORTS[self.scheme] else (explicit,)

    @property
    def route(self) -> str:
        """What the route by its authority is called: the asset, and where it is, so that a moved one is another."""
        return f"{self.asset} {self.scheme}://{self.authorities[-1]}"

    @property
    def named_route(self) -> str:
        """What the route by its name is called."""
        return f"{self.prefix} {self.route}"

    @property
    def prefix(self) -> str:
        """What stands before the path where it is asked for by its name.

        >>> Destination(AssetName("llm"), "https", "api.example.com", 443).prefix
        '/llm'
        """
        return f"/{self.asset}"


def destination_of(asset: Asset) -> Destination:
    """Read where an asset is. Raises `NoAddress`."""
    mend = "write `http://HOST:PORT` or `https://HOST`, without a path"
    try:
        parts = urlsplit(asset.at)
        host = (parts.hostname or "").lower()
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", 0
    if (
        parts.scheme not in PORTS
        or not host
        or not port
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise NoAddress(asset.name, "not the address of an HTTP service", mend)
    if not host.isascii():
        raise NoAddress(asset.name, "a host's name that is not ASCII", "write it as it stands in DNS: xn--...")
    if not is_address(host) and (len(host) > _LONGEST or not _NAME.fullmatch(host)):
        raise NoAddress(asset.name, "not the name of a host", f"{mend}, and without a dot at the end")
    return Destination(asset.name, parts.scheme, str(ip_address(host)) if is_address(host) else host, port)


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def destinations_of(policy: Policy, gate: Gate) -> tuple[Destination, ...]:
    """Read where all services outside are that a gate leads to. Raises `NoAddress`, also where two are the same."""
    found: dict[str, Destination] = {}
    for name in dict.fromkeys(gate.upstreams):
        one = destination_of(policy.assets[name])
        for authority in one.authorities:
            other = found.setdefault(authority, one)
            if other is not one:
                raise NoAddress(name, f"the same host as assets.{other.asset}.at", "let a gate lead to one of the two")
    return tuple(dict.fromkeys(found.values()))


def sides_of(side: Side, destinations: tuple[Destination, ...]) -> Mapping[str, Side]:
    """Give the side of each route that Envoy may choose."""
    sides: dict[str, Side] = {}
    for one in destinations:
        by_authority = replace(side, asset=one.asset, destinations=None)
        sides[one.route] = by_authority
        sides[one.named_route] = replace(by_authority, prefix=one.prefix)
    return sides


def refused(side: Side, head: RequestHead) -> Refused:
    """Say why a request that may go nowhere is refused, and what to do."""
    if has_dotted_parameters(head.path):
        mend = "write the path without dots that have a parameter: `..;`"
        return Refused(Denial.NO_FLOW, f"gates.{side.gate}", mend, why="a path that services read in two ways")
    return _refused(side, head.method)


def _refused(side: Side, method: str) -> Refused:
    gate = side.policy.gates[side.gate]
    if method == CONNECT:
        mend = "send the request itself: the gate makes no tunnels"
        if side.destinations is not None:
            mend += f", and speaks TLS with the service itself: {_ASKED}"
        return Refused(Denial.NO_FLOW, f"gates.{gate.name}", mend, why="a tunnel cannot be looked into")
    rule = f"gates.{gate.name}.upstreams"
    mend = f"declare the service as an asset of kind http and name it in {rule}"
    if side.destinations is not None:
        mend += f"; {_ASKED}"
    return Refused(Denial.NO_FLOW, rule, mend, why="the destination is none of this gate's")
