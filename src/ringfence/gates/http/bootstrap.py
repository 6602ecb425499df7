"""Envoy's configuration, as data: what `ringfence up` starts it with, and what `ringfence envoy config` prints for one's own.

The rule: every line here that looks like a detail was found by letting a processor fail in each way and looking for what came out
(docs/http.md lists them). `never_ok` is the one that everything rests on: a processor that ends its stream with OK before Envoy has
ended the request lets the rest of it pass unread, `failure_mode_allow: false` notwithstanding; the filter on the processor's own
cluster makes an error of every OK. It binds only where the cluster is reached by `envoy_grpc`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.gates.http.certificates import Certificate, shown
from ringfence.gates.http.clients import ATTRIBUTES
from ringfence.gates.http.clusters import (
    BUFFER,
    CONNECT_SECONDS,
    OPTIONS,
    TYPE,
    breakers,
    endpoints,
    plain_http,
    service_cluster,
    spoken,
    watched,
)
from ringfence.gates.http.conversation import ROUTE
from ringfence.gates.http.destinations import Destination
from ringfence.gates.http.own_replies import own_replies
from ringfence.gates.http.processor import CANARY
from ringfence.gates.http.routes import Json, Object, own_authorities, virtual_hosts
from ringfence.gates.http.turns import Mode

_OURS: Final = "ringfence-"  # before the names of what may stand in somebody's own Envoy
_PROCESSOR: Final = f"{_OURS}processor"
_CLIENTS: Final = "clients"
_SERVICE: Final = "service"
_WAITING: Final = (
    4  # times as many connections as requests at once: who comes then is told so with 503, and not cut off
)
_HTTP2: Final = {
    "max_concurrent_streams": 100,
    "initial_stream_window_size": 65_536,
    "initial_connection_window_size": 1 << 20,
}
"""What a client may have on the way over HTTP/2 in one connection; by default 16 MiB for each of a thousand requests."""
_HTTP2_OF_PROCESSOR: Final = {"initial_stream_window_size": 65_536, "initial_connection_window_size": 16 << 20}
"""What one stream of the processor may have on the way to a client that does not read; by default 16 MiB."""
IDLE: Final = 10.0
ASK: Final = 5.0  # seconds for an answer of the processor: the ledger's own deadline is one second
_BODY_MODES: Final = {Mode.STREAMED: "FULL_DUPLEX_STREAMED", Mode.BUFFERED: "BUFFERED"}


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
    service: Service | None  # None: the gate is the way out, to `outside`
    mode: Mode = Mode.STREAMED
    certificate: Certificate | None = None
    canaries: tuple[CanaryWay, ...] = ()
    admin: str = ""  # the path of its socket
    listeners: str = ""  # the path of the file in which the clients' listener is told, later than the rest; "": at once
    clusters: str = ""  # the path of the file in which the services are told, so that they can change; "": at the start
    routes: str = ""  # the path of the file in which the routes to `outside` are told; "": at the start
    secrets: str = ""  # the folder of files in which certificates are told, so that they can change; "": at the start
    outside: tuple[Destination, ...] = ()
    hosts: tuple[str, ...] = ()  # further names of a gate that is the way out
    authorities: str = ""  # the file of those that certificates of services outside are checked against
    connections: int = 500  # requests at once
    largest_body: int = 1024 * 1024  # octets, where bodies are buffered
    idle: float = IDLE  # seconds that a request may stand still
    ask: float = ASK  # seconds that the processor may take for a message
    most_asked: int = 0  # requests that the processor has at once; 0: as many as `connections`
    asks: bool = False  # whether the processor is told who the client is, as far as Envoy knows
    certificates: bool = False  # and is given its certificate
    guard: bool = True  # off only to show, in a test, what it is for


def bootstrap(setup: Setup) -> Object:
    """Make a whole configuration, to be written as JSON."""
    clusters: list[Json] = [*_processor_clusters(setup), *_answer_clusters(setup)]
    if not setup.clusters:
        clusters = [*_service_clusters(setup), *clusters]
    listeners: list[Json] = [_canary_listener(setup, number) for number in range(len(setup.canaries))]
    if not setup.listeners:
        listeners = [_listener(setup), *listeners]
    made: dict[str, Json] = {
        "node": {"id": f"ringfence-{setup.gate}", "cluster": "ringfence"},
        "static_resources": {"listeners": listeners, "clusters": clusters},
        "overload_manager": _overload(setup),
    }
    told = {"lds_config": setup.listeners, "cds_config": setup.clusters}
    if any(told.values()):
        made["dynamic_resources"] = {name: watched(path) for name, path in told.items() if path}
    if setup.admin:
        made["admin"] = {"address": _pipe(setup.admin, mode=0o600), "ignore_global_conn_limit": True}
    return made


def listeners(setup: Setup, *, is_open: bool) -> Object:
    """Make what the file of listeners says: that clients are let in, or that they are not yet."""
    kind = {"@type": f"{TYPE}config.listener.v3.Listener"}
    told: list[Json] = [{**kind, **_listener(setup)}] if is_open else []
    return {"version_info": str(int(is_open)), "resources": told}


def clusters(setup: Setup, version: int) -> Object:
    """Make what the file of services says; `version` counts what was told."""
    kind = {"@type": f"{TYPE}config.cluster.v3.Cluster"}
    return {"version_info": str(version), "resources": [{**kind, **each} for each in _service_clusters(setup)]}


def routes(setup: Setup, version: int) -> Object:
    """Make what the file of routes says; `version` counts what was told."""
    kind = {"@type": f"{TYPE}config.route.v3.RouteConfiguration"}
    return {"version_info": str(version), "resources": [{**kind, **_route_config(setup, _CLIENTS, _SERVICE)}]}


def fragment(setup: Setup) -> Object:
    """Make what one's own Envoy needs, under the names of where it goes.

    The filter stands before the router; the settings of the HTTP connection manager are part of what was found to be safe; the
    canaries' listeners are how the gate sees that this very Envoy masks. A gate that is the way out has a listener of its own.
    """
    if setup.service is None:
        whole = bootstrap(setup)["static_resources"]
        assert isinstance(whole, dict)  # noqa: S101 (made above)
        *canaries, own = sorted(whole["listeners"], key=lambda each: each["name"] == _CLIENTS)
        return {
            "clusters": whole["clusters"],
            "listeners": [{**own, "name": f"{_OURS}{setup.gate}"}, *canaries],
        }
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
    told = [*([ROUTE] if setup.outside else []), *(ATTRIBUTES if setup.asks else [])]
    attributes: dict[str, Json] = {"request_attributes": told} if told and not canary else {}
    return {
        "name": "envoy.filters.http.ext_proc",
        "typed_config": {
            "@type": f"{TYPE}extensions.filters.http.ext_proc.v3.ExternalProcessor",
            "grpc_service": service,
            "failure_mode_allow": False,
            "allow_mode_override": False,
            "disable_clear_route_cache": True,
            "message_timeout": _seconds(setup.ask),
            "max_message_timeout": "0s",
            "status_on_error": {"code": "ServiceUnavailable"},
            **attributes,
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
    options = spoken({"http2_protocol_options": _HTTP2_OF_PROCESSOR})
    if setup.guard:
        options["http_filters"] = [_never_ok(), _upstream_codec()]
    most = setup.most_asked or setup.connections  # what is beyond them is answered with 503, at once
    return {
        "name": name,
        "type": "STATIC",
        "lb_policy": "LEAST_REQUEST",  # a worker that is busy with one long body gets no others meanwhile
        "connect_timeout": CONNECT_SECONDS,
        "per_connection_buffer_limit_bytes": BUFFER,
        "circuit_breakers": breakers(most, connections=1024),
        "typed_extension_protocol_options": {OPTIONS: options},
        "load_assignment": endpoints(name, *map(_pipe, paths)),
    }


def _never_ok() -> Object:
    """Make an error of every end of the processor's stream."""

    def status(action: str) -> Json:
        return [{"append": {"header": {"key": "grpc-status", "value": "13"}, "append_action": action}}]

    return {
        "name": "never_ok",
        "typed_config": {
            "@type": f"{TYPE}extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {
                "response_mutations": status("OVERWRITE_IF_EXISTS"),
                "response_trailers_mutations": status("OVERWRITE_IF_EXISTS_OR_ADD"),
            },
        },
    }


def _upstream_codec() -> Object:
    return {
        "name": "envoy.filters.http.upstream_codec",
        "typed_config": {"@type": f"{TYPE}extensions.filters.http.upstream_codec.v3.UpstreamCodec"},
    }


# ---------------------------------------------------------------- the listener


def _listener(setup: Setup) -> Object:
    chain: dict[str, Json] = {"filters": [_manager(setup, _CLIENTS, _SERVICE, _PROCESSOR, canary=False)]}
    if setup.certificate is not None:
        chain["transport_socket"] = shown(setup.certificate, setup.secrets)
    return {
        "name": _CLIENTS,
        "address": {"socket_address": {"address": setup.host, "port_value": setup.port}},
        "enable_reuse_port": True,
        "per_connection_buffer_limit_bytes": BUFFER,
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
    passed: dict[str, Json] = {  # what the client wrote there itself is taken off in either case
        "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": {"cert": True},
    }
    return {
        **(passed if setup.certificates else {"forward_client_cert_details": "SANITIZE"}),
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
        "local_reply_config": own_replies(),
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST", "idle_timeout": "60s"},
    }


def _manager(setup: Setup, name: str, cluster: str, processor: str, *, canary: bool) -> Object:
    led: dict[str, Json] = {"route_config": _route_config(setup, name, cluster)}
    if setup.routes and not canary:
        led = {"rds": {"route_config_name": name, "config_source": watched(setup.routes)}}
    if setup.service is None and not canary:
        led["scheme_header_transformation"] = {"match_upstream": True}  # the scheme by which the service is asked
    if not canary:
        # No route fits a CONNECT, so that none can be made; but the processor is asked, and its refusal says what to do instead.
        led["upgrade_configs"] = [{"upgrade_type": "CONNECT"}]
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name,
            "codec_type": "AUTO",
            **_manager_rules(setup),
            "use_remote_address": True,
            "generate_request_id": False,  # a client's own goes on as it came, and none is made up
            "server_header_transformation": "PASS_THROUGH",
            **led,
            "http_filters": [
                _ext_proc(setup, processor, canary=canary),
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {
                        "@type": f"{TYPE}extensions.filters.http.router.v3.Router",
                        "suppress_envoy_headers": True,
                    },
                },
            ],
        },
    }


def _route_config(setup: Setup, name: str, cluster: str) -> Object:
    hosts: list[Json] = [{"name": name, "domains": ["*"], "routes": [_route(setup, cluster)]}]
    gone = ["x-envoy-external-address"]  # the client's address, too
    if setup.service is None and name == _CLIENTS:
        own = own_authorities(setup.host, setup.port, setup.hosts)
        hosts = virtual_hosts(setup.outside, own, _action(setup), _limits(setup))
        gone.append("x-forwarded-proto")  # how the gate was reached is no business of a service outside
    return {"name": name, "virtual_hosts": hosts, "request_headers_to_remove": gone}


def _route(setup: Setup, cluster: str) -> Object:
    return {"match": {"prefix": "/"}, "route": {"cluster": cluster, **_action(setup)}, **_limits(setup)}


def _action(setup: Setup) -> Object:
    return {"timeout": "0s", "idle_timeout": _seconds(setup.idle)}


def _limits(setup: Setup) -> Object:
    return {"request_body_buffer_limit": setup.largest_body} if setup.mode is Mode.BUFFERED else {}


# ---------------------------------------------------------------- the service


def _service_clusters(setup: Setup) -> list[Object]:
    most = setup.connections
    if setup.service is not None:
        one = setup.service
        return [service_cluster(_SERVICE, one.host, one.port, authorities=one.authorities, connections=most)]
    # One whose name is not found does not hold up the others: Envoy asks for it again, and requests to it end with 503 meanwhile.
    return [
        {
            **service_cluster(
                each.route,
                each.host,
                each.port,
                authorities=setup.authorities if each.scheme == "https" else "",
                connections=most,
            ),
            "wait_for_warm_on_init": False,
        }
        for each in setup.outside
    ]


def _answer_clusters(setup: Setup) -> list[Json]:
    return [
        {
            "name": f"{_OURS}answer-{number}",
            "type": "STATIC",
            "connect_timeout": CONNECT_SECONDS,
            "typed_extension_protocol_options": {OPTIONS: plain_http()},
            "load_assignment": endpoints(f"{_OURS}answer-{number}", _pipe(each.answer)),
        }
        for number, each in enumerate(setup.canaries)
    ]


def _overload(setup: Setup) -> Object:
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{TYPE}extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": _WAITING * setup.connections,
                },
            }
        ]
    }


def _pipe(path: str, *, mode: int = 0) -> Object:
    return {"pipe": {"path": path, "mode": mode} if mode else {"path": path}}


def _seconds(seconds: float) -> str:
    return f"{seconds:g}s"
