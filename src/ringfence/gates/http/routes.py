"""The routes of a gate that is the way out, as Envoy is told them.

The rule: whatever is not declared leads nowhere: what no route of a service fits is answered by Envoy itself with 403, should the
processor not have refused it before. A service's route sets the authority that the service is asked by, so that one that was spelt
in another way by a client does not go on. Authorities are compared whole, in lower case, by Envoy; a route's name tells the
processor which one was chosen (`destinations`).
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final, TypeAlias

from ringfence.gates.http.destinations import Destination

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Object: TypeAlias = Mapping[str, Json]

_HTTP: Final = 80
_FORBIDDEN: Final = 403


def own_authorities(host: str, port: int, hosts: Sequence[str]) -> tuple[str, ...]:
    """Give what a gate that listens at an address is called by its clients; `hosts` are further names, as authorities.

    >>> own_authorities("127.0.0.1", 9100, ["gate.internal:9100"])
    ('127.0.0.1:9100', 'localhost:9100', 'gate.internal:9100')
    """
    names = [f"[{host}]" if ":" in host else host.lower()]
    try:
        address = ip_address(host)
        if address.is_unspecified:
            names += ["127.0.0.1", "[::1]"]
        if address.is_unspecified or address.is_loopback:
            names.append("localhost")
    except ValueError:
        pass
    own = [f"{name}:{port}" for name in names] + (names if port == _HTTP else [])
    return tuple(dict.fromkeys([*own, *hosts]))


def virtual_hosts(
    destinations: Sequence[Destination], own: Sequence[str], action: Object, limits: Object
) -> list[Json]:
    """Make the virtual hosts of services outside. `action` and `limits` are what all routes to them have in common."""
    nowhere: Json = {"match": {"prefix": "/"}, "direct_response": {"status": _FORBIDDEN}}
    made: list[Json] = []
    named: list[Json] = []
    for each in destinations:
        asked: dict[str, Json] = {**action, "cluster": each.route, "host_rewrite_literal": each.authority}
        route: Json = {"name": each.route, "match": {"prefix": "/"}, "route": asked, **limits}
        made.append({"name": each.route, "domains": each.authorities, "routes": [route]})
        match = {"prefix": f"{each.prefix}/"}
        shorter = {**asked, "prefix_rewrite": "/"}
        named.append({"name": each.named_route, "match": match, "route": shorter, **limits})
    made.append({"name": "own", "domains": own, "routes": [*named, nowhere]})
    made.append({"name": "nowhere", "domains": ["*"], "routes": [nowhere]})
    return made
