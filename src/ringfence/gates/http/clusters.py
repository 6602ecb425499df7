"""Envoy's clusters, as data: what every one of them is made of, and that of a service.

The rule: a service that is spoken to over TLS is the one that its certificate names: by its host's name, or by its address, under
an authority that the machine trusts. There is no way to leave that out.
"""

from typing import Final

from ringfence.gates.http.destinations import is_address
from ringfence.gates.http.routes import Json, Object

TYPE: Final = "type.googleapis.com/envoy."
OPTIONS: Final = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
BUFFER: Final = 32 * 1024  # octets that a connection may hold; with 64 KiB a client who does not read costs 110
CONNECT_SECONDS: Final = "2s"


def service_cluster(name: str, host: str, port: int, *, authorities: str, connections: int) -> dict[str, Json]:
    """Make a service's cluster. `authorities` is the file of those that its certificate is checked against; "" without TLS."""
    made: dict[str, Json] = {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",  # the default takes IPv6 wherever a name has it, also where no way leads there
        "connect_timeout": CONNECT_SECONDS,
        "per_connection_buffer_limit_bytes": BUFFER,
        "circuit_breakers": breakers(connections, connections=connections),
        "typed_extension_protocol_options": {OPTIONS: _agreed_http() if authorities else plain_http()},
        "load_assignment": endpoints(name, {"socket_address": {"address": host, "port_value": port}}),
    }
    if authorities:
        made["transport_socket"] = _tls(host, authorities)
    return made


def plain_http() -> dict[str, Json]:
    """Say that a cluster is spoken to in HTTP/1.1."""
    return spoken({"http_protocol_options": {"enable_trailers": True}})


def spoken(version: Object) -> dict[str, Json]:
    """Say which version of HTTP a cluster is spoken to in."""
    return {"@type": f"{TYPE}{OPTIONS.removeprefix('envoy.')}", "explicit_http_config": version}


def breakers(requests: int, *, connections: int) -> Object:
    """Bound what a cluster has under way at once."""
    return {
        "thresholds": [{"max_connections": connections, "max_pending_requests": requests, "max_requests": requests}]
    }


def endpoints(name: str, *addresses: Object) -> Object:
    """Say where a cluster is."""
    return {
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}} for address in addresses]}],
    }


def watched(path: str) -> Json:
    """Name a file in which Envoy is told something, and looks whenever it is replaced."""
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}


def _agreed_http() -> Object:
    """Speak the version of HTTP that is agreed on with the service (ALPN)."""
    versions: dict[str, Json] = {"http_protocol_options": {"enable_trailers": True}, "http2_protocol_options": {}}
    return {"@type": f"{TYPE}{OPTIONS.removeprefix('envoy.')}", "auto_config": versions}


def _tls(host: str, authorities: str) -> Object:
    context: dict[str, Json] = {"trusted_ca": {"filename": authorities}}
    named: Object = {"sni": host, "auto_sni_san_validation": True}
    if is_address(host):  # which is no name that could be indicated (RFC 6066)
        context["match_typed_subject_alt_names"] = [{"san_type": "IP_ADDRESS", "matcher": {"exact": host}}]
        named = {}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            **named,
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "validation_context": context,
            },
        },
    }
