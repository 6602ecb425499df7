"""Envoy's configuration, as data: what `ringfence up` starts it with, and what `ringfence envoy config` prints for one's own.

The rule: every line here that looks like a detail was found by letting a processor fail in each way and looking for what came out
(docs/http.md lists them). `never_ok` is the one that everything rests on: a processor that ends its stream with OK before Envoy has
ended the request lets the rest of it pass unread, `failure_mode_allow: false` notwithstanding; the filter on the processor's own
cluster makes an error of every OK. It binds only where the cluster is reached by `envoy_grpc`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ringfence.gates.http.processor import CANARY
from ringfence.gates.http.turns import Mode

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Object: TypeAlias = Mapping[str, Json]

_TYPE: Final = "type.googleapis.com/envoy."
_OPTIONS: Final = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_OURS: Final = "ringfence-"  # before the names of what may stand in somebody's own Envoy
_PROCESSOR: Final = f"{_OURS}processor"
_BUFFER: Final = 256 * 1024  # octets that a connection may hold
_WAITING: Final = (
    4  # times as many connections as requests at once: who comes then is told so with 503, and not cut off
)
_HTTP2: Final = {
    "max_concurrent_streams": 100,
    "initial_stream_window_size": 65_536,
    "initial_connection_window_size": 1 << 20,
}
"""What a client may have on the way over HTTP/2 in one connection; by default 16 MiB for each of a thousand requests."""
IDLE: Final = 10.0
_CONNECT_SECONDS: Final = "2s"
ASK: Final = 5.0  # seconds for an answer of the processor: the ledger's own deadline is one second
_BODY_MODES: Final = {Mode.STREAMED: "FULL_DUPLEX_STREAMED", Mode.BUFFERED: "BUFFERED"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate that is shown, and of the authorities whose clients are let in ("": none is asked for one)."""

    chain: str
    key: str
    clients: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What stands behind the gate. `authorities` is the file of those that its certificate is checked against; "" without TLS."""

    host: str
    port: int
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class CanaryWay:
    """Where canaries of one worker are let in, and where they are answered: paths of sockets."""

    listen: str
    processor: str
    answer: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What a configuration is made of."""

    gate: str
    host: str
    port: int
    processors: tuple[str, ...]  # paths of sockets
    service: Service
    mode: Mode = Mode.STREAMED
    certificate: Certificate | None = None
    canaries: tuple[CanaryWay, ...] = ()
    admin: str = ""  # the path of its socket
    listeners: str = ""  # the path of the file in which the clients' listener is told, later than the rest; "": at once
    connections: int = 500  # requests at once
    largest_body: int = 1024 * 1024  # octets, where bodies are buffered
    idle: float = IDLE  # seconds that a request may stand still
    ask: float = ASK  # seconds that the processor may take for a message
    most_asked: int = 0  # requests that the processor has at once; 0: as many as `connections`
    guard: bool = True  # off only to show, in a test, what it is for


def bootstrap(setup: Setup) -> Object:
    """Make a whole configuration, to be written as JSON."""
    clusters: list[Json] = [_service_cluster(setup), *_processor_clusters(setup), *_answer_clusters(setup)]
    listeners: list[Json] = [
        _listener(setup),
        *(_canary_listener(setup, number) for number in range(len(setup.canaries))),
    ]
    made: dict[str, Json] = {
        "node": {"id": f"ringfence-{setup.gate}", "cluster": "ringfence"},
        "static_resources": {"listeners": listeners, "clusters": clusters},
        "overload_manager": _overload(setup),
    }
    if setup.listeners:
        watched: dict[str, Json] = {"path_config_source": {"path": setup.listeners}, "resource_api_version": "V3"}
        made["dynamic_resources"] = {"lds_config": watched}
    if setup.admin:
        made["admin"] = {"address": _pipe(setup.admin, mode=0o600), "ignore_global_conn_limit": True}
    return made


def listeners(setup: Setup, *, is_open: bool) -> Object:
    """Make what the file of listeners says: that clients are let in, or that they are not yet."""
    kind = {"@type": f"{_TYPE}config.listener.v3.Listener"}
    told: list[Json] = [{**kind, **_listener(setup)}] if is_open else []
    return {"version_info": str(int(is_open)), "resources": told}


def fragment(setup: Setup) -> Object:
    """Make what one's own Envoy needs, under the names of where it goes.

    The filter stands before the router; the settings of the HTTP connection manager are part of what was found to be safe; the
    canaries' listeners are how the gate sees that this very Envoy masks.
    """
    return {
        "http_filters": [_ext_proc(setup, _PROCESSOR, canary=False)],
        "http_connection_manager": _manager_rules(setup),
        "clusters": [*_processor_clusters(setup), *_answer_clusters(setup)],
        "listeners": [_canary_listener(setup, number) for number in range(len(setup.canaries))],
    }


# ---------------------------------------------------------------- the processor


def _ext_proc(setup: Setup, cluster: str, *, canary: bool) -> Object:
    service: dict[str, Json] = {"envoy_grpc": {"cluster_name": cluster}, "timeout": "0s"}
    if canary:
        service["initial_metadata"] = [{"key": CANARY.decode(), "value": "1"}]
    body = _BODY_MODES[setup.mode]
    return {
        "name": "envoy.filters.http.ext_proc",
        "typed_config": {
            "@type": f"{_TYPE}extensions.filters.http.ext_proc.v3.ExternalProcessor",
            "grpc_service": service,
            "failure_mode_allow": False,
            "allow_mode_override": False,
            "disable_clear_route_cache": True,
            "message_timeout": _seconds(setup.ask),
            "max_message_timeout": "0s",
            "status_on_error": {"code": "ServiceUnavailable"},
            "processing_mode": {
                "request_header_mode": "SEND",
                "response_header_mode": "SEND",
                "request_body_mode": body,
                "response_body_mode": body,
                "request_trailer_mode": "SEND",
                "response_trailer_mode": "SEND",
            },
            # Without these a change of `host` or `x-envoy-*` is passed over in silence, and the raw value goes on.
            "mutation_rules": {"allow_all_routing": True, "allow_envoy": True, "disallow_is_error": True},
        },
    }


def _processor_clusters(setup: Setup) -> list[Json]:
    made: list[Json] = [_processor_cluster(setup, _PROCESSOR, setup.processors)]
    made += [
        _processor_cluster(setup, f"{_OURS}processor-{number}", (each.processor,))
        for number, each in enumerate(setup.canaries)
    ]
    return made


def _processor_cluster(setup: Setup, name: str, paths: Sequence[str]) -> Object:
    options = _spoken({"http2_protocol_options": {}})
    if setup.guard:
        options["http_filters"] = [_never_ok(), _upstream_codec()]
    most = setup.most_asked or setup.connections  # what is beyond them is answered with 503, at once
    return {
        "name": name,
        "type": "STATIC",
        "lb_policy": "LEAST_REQUEST",  # a worker that is busy with one long body gets no others meanwhile
        "connect_timeout": _CONNECT_SECONDS,
        "per_connection_buffer_limit_bytes": _BUFFER,
        "circuit_breakers": _breakers(most, connections=1024),
        "typed_extension_protocol_options": {_OPTIONS: options},
        "load_assignment": _endpoints(name, *map(_pipe, paths)),
    }


def _never_ok() -> Object:
    """Make an error of every end of the processor's stream."""

    def status(action: str) -> Json:
        return [{"append": {"header": {"key": "grpc-status", "value": "13"}, "append_action": action}}]

    return {
        "name": "never_ok",
        "typed_config": {
            "@type": f"{_TYPE}extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {
                "response_mutations": status("OVERWRITE_IF_EXISTS"),
                "response_trailers_mutations": status("OVERWRITE_IF_EXISTS_OR_ADD"),
            },
        },
    }


def _upstream_codec() -> Object:
    return {
        "name": "envoy.filters.http.upstream_codec",
        "typed_config": {"@type": f"{_TYPE}extensions.filters.http.upstream_codec.v3.UpstreamCodec"},
    }


# ---------------------------------------------------------------- the listener


def _listener(setup: Setup) -> Object:
    chain: dict[str, Json] = {"filters": [_manager(setup, "clients", "service", _PROCESSOR, canary=False)]}
    if setup.certificate is not None:
        chain["transport_socket"] = _shown(setup.certificate)
    return {
        "name": "clients",
        "address": {"socket_address": {"address": setup.host, "port_value": setup.port}},
        "enable_reuse_port": True,
        "per_connection_buffer_limit_bytes": _BUFFER,
        "filter_chains": [chain],
    }


def _canary_listener(setup: Setup, number: int) -> Object:
    names = (f"{_OURS}canary-{number}", f"{_OURS}answer-{number}", f"{_OURS}processor-{number}")
    return {
        "name": names[0],
        "address": _pipe(setup.canaries[number].listen, mode=0o600),
        "ignore_global_conn_limit": True,
        "filter_chains": [{"filters": [_manager(setup, *names, canary=True)]}],
    }


def _manager_rules(setup: Setup) -> dict[str, Json]:
    """What the HTTP connection manager must be set to for the processor to see everything that passes."""
    return {
        "stream_idle_timeout": _seconds(setup.idle),
        "request_headers_timeout": _seconds(setup.idle),
        "delayed_close_timeout": "0.1s",
        "proxy_100_continue": False,  # else early hints (103) pass unread
        "http_protocol_options": {"enable_trailers": True},
        "http2_protocol_options": _HTTP2,
        "normalize_path": True,  # what flows are matched with is what the service gets
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "skip_xff_append": True,  # the client's address is personal data
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST", "idle_timeout": "60s"},
    }


def _manager(setup: Setup, name: str, cluster: str, processor: str, *, canary: bool) -> Object:
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{_TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name,
            "codec_type": "AUTO",
            **_manager_rules(setup),
            "use_remote_address": True,
            "server_header_transformation": "PASS_THROUGH",
            "route_config": {
                "name": name,
                "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [_route(setup, cluster)]}],
                "request_headers_to_remove": ["x-envoy-external-address"],  # the client's address, too
            },
            "http_filters": [
                _ext_proc(setup, processor, canary=canary),
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {
                        "@type": f"{_TYPE}extensions.filters.http.router.v3.Router",
                        "suppress_envoy_headers": True,
                    },
                },
            ],
        },
    }


def _route(setup: Setup, cluster: str) -> Object:
    action: dict[str, Json] = {"cluster": cluster, "timeout": "0s", "idle_timeout": _seconds(setup.idle)}
    made: dict[str, Json] = {"match": {"prefix": "/"}, "route": action}
    if setup.mode is Mode.BUFFERED:
        made["request_body_buffer_limit"] = setup.largest_body
    return made


# ---------------------------------------------------------------- the service


def _service_cluster(setup: Setup) -> Object:
    service = setup.service
    made: dict[str, Json] = {
        "name": "service",
        "type": "STRICT_DNS",
        "connect_timeout": _CONNECT_SECONDS,
        "per_connection_buffer_limit_bytes": _BUFFER,
        "circuit_breakers": _breakers(setup.connections, connections=setup.connections),
        "typed_extension_protocol_options": {_OPTIONS: _plain_http()},
        "load_assignment": _endpoints(
            "service", {"socket_address": {"address": service.host, "port_value": service.port}}
        ),
    }
    if service.authorities:
        made["transport_socket"] = _asked(service)
    return made


def _answer_clusters(setup: Setup) -> list[Json]:
    return [
        {
            "name": f"{_OURS}answer-{number}",
            "type": "STATIC",
            "connect_timeout": _CONNECT_SECONDS,
            "typed_extension_protocol_options": {_OPTIONS: _plain_http()},
            "load_assignment": _endpoints(f"{_OURS}answer-{number}", _pipe(each.answer)),
        }
        for number, each in enumerate(setup.canaries)
    ]


def _plain_http() -> Object:
    return _spoken({"http_protocol_options": {"enable_trailers": True}})


def _spoken(version: Object) -> dict[str, Json]:
    """Say which version of HTTP a cluster is spoken to in."""
    return {"@type": f"{_TYPE}{_OPTIONS.removeprefix('envoy.')}", "explicit_http_config": version}


def _breakers(requests: int, *, connections: int) -> Object:
    return {
        "thresholds": [{"max_connections": connections, "max_pending_requests": requests, "max_requests": requests}]
    }


def _endpoints(name: str, *addresses: Object) -> Object:
    return {
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}} for address in addresses]}],
    }


def _shown(certificate: Certificate) -> Object:
    common: dict[str, Json] = {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "tls_certificates": [
            {"certificate_chain": {"filename": certificate.chain}, "private_key": {"filename": certificate.key}}
        ],
    }
    if certificate.clients:
        common["validation_context"] = {"trusted_ca": {"filename": certificate.clients}}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TYPE}extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": bool(certificate.clients),
            "common_tls_context": common,
        },
    }


def _asked(service: Service) -> Object:
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TYPE}extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": service.host,
            "auto_sni_san_validation": True,
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "validation_context": {"trusted_ca": {"filename": service.authorities}},
            },
        },
    }


def _overload(setup: Setup) -> Object:
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{_TYPE}extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": _WAITING * setup.connections,
                },
            }
        ]
    }


def _pipe(path: str, *, mode: int = 0) -> Object:
    return {"pipe": {"path": path, "mode": mode} if mode else {"path": path}}


def _seconds(seconds: float) -> str:
    return f"{seconds:g}s"
