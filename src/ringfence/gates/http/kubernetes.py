"""What is printed for an Envoy that Istio or Envoy Gateway configures: the same parts, each as a patch of theirs.

The rule: a kind of patch is used only if it can say `never_ok`, the filter on the processor's own cluster that everything rests
on. Istio's `EnvoyFilter` adds whole clusters. Envoy Gateway's `EnvoyExtensionPolicy` makes the processor's cluster itself, and has
no word for its filters nor for `mutation_rules`: so it is an `EnvoyPatchPolicy`. What stands in a patch is Envoy's own
configuration, and Envoy runs with it in a test; that Istio and Envoy Gateway take the patches was not tried, and the notes say so.
"""

from typing import Final

from ringfence.gates.http.bootstrap import Setup, fragment
from ringfence.gates.http.clusters import TYPE
from ringfence.gates.http.routes import Json, Object

_MANAGER: Final = "envoy.filters.network.http_connection_manager"
_MANAGER_TYPE: Final = f"{TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_GATEWAY: Final = "default/eg/http"  # of Envoy Gateway's own first example
_PATH: Final = "/default_filter_chain/filters/0/typed_config"

ISTIO_NOTES: Final = (
    "An EnvoyFilter for Istio. What stands in its patches was tried with Envoy 1.40; that Istio takes it was not tried.",
    "Set the namespace, and the labels of the pods that it is for; before an ingress gateway the context is GATEWAY.",
    "The gate runs in the same pod, as `ringfence up --envoy-sockets`: give it and istio-proxy one volume at the folder of the",
    "sockets (annotations sidecar.istio.io/userVolume and userVolumeMount), and one account (runAsUser: 1337).",
    "Istio's own configuration lets WebSocket in, and a patch cannot take that away: it is read as a body without a type, and",
    "refused unless a flow carries in clear also what cannot be read.",
)
ENVOY_GATEWAY_NOTES: Final = (
    "An EnvoyPatchPolicy for Envoy Gateway (extensionApis.enableEnvoyPatchPolicy: true). What stands in its patches was tried",
    "with Envoy 1.40; that Envoy Gateway takes it was not tried. An EnvoyExtensionPolicy cannot say what keeps it safe.",
    "Set the namespace, the Gateway, and the listener's name as Envoy Gateway gives it (`egctl config envoy-proxy listener`);",
    "one with TLS has its filters at /filter_chains/0 in place of /default_filter_chain.",
    "The gate runs in the pod of the proxy, as `ringfence up --envoy-sockets`: an EnvoyProxy's envoyDeployment gives both one",
    "volume at the folder of the sockets, and one account.",
)


def istio(setup: Setup, service: str) -> Object:
    """Make an `EnvoyFilter`; `service` is what the pods' label `app` is taken to say."""
    made = fragment(setup)
    patches = [_added("CLUSTER", "SIDECAR_OUTBOUND", each) for each in _rows(made["clusters"])]
    patches += [_added("LISTENER", "SIDECAR_INBOUND", each) for each in _rows(made["listeners"])]
    for each in _rows(made.get("http_filters", [])):
        patches.append(
            _patched("HTTP_FILTER", {"subFilter": {"name": "envoy.filters.http.router"}}, "INSERT_BEFORE", each)
        )
    if "http_connection_manager" in made:
        rules = _table(made["http_connection_manager"])
        merged: Object = {"name": _MANAGER, "typed_config": {"@type": _MANAGER_TYPE, **rules}}
        patches.append(_patched("NETWORK_FILTER", {}, "MERGE", merged))
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": f"ringfence-{setup.gate}"},
        "spec": {"workloadSelector": {"labels": {"app": service}}, "configPatches": patches},
    }


def _added(what: str, context: str, value: Json) -> Object:
    return {"applyTo": what, "match": {"context": context}, "patch": {"operation": "ADD", "value": value}}


def _patched(what: str, within: Object, operation: str, value: Json) -> Object:
    match: Object = {"filterChain": {"filter": {"name": _MANAGER, **within}}}
    return {
        "applyTo": what,
        "match": {"context": "SIDECAR_INBOUND", "listener": match},
        "patch": {"operation": operation, "value": value},
    }


def envoy_gateway(setup: Setup) -> Object:
    """Make an `EnvoyPatchPolicy`. The filter comes first: nothing reaches a client that it has not seen."""
    made = fragment(setup)
    kind = f"{TYPE}config.listener.v3.Listener"
    patches = [_patch(f"{TYPE}config.cluster.v3.Cluster", each, "", each) for each in _rows(made["clusters"])]
    patches += [_patch(kind, each, "", each) for each in _rows(made["listeners"])]
    patches += [_patch(kind, _GATEWAY, f"{_PATH}/http_filters/0", each) for each in _rows(made.get("http_filters", []))]
    rules = _table(made.get("http_connection_manager", {}))
    patches += [_patch(kind, _GATEWAY, f"{_PATH}/{key}", value) for key, value in rules.items()]
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyPatchPolicy",
        "metadata": {"name": f"ringfence-{setup.gate}"},
        "spec": {
            "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": _GATEWAY.split("/")[1]},
            "type": "JSONPatch",
            "jsonPatches": patches,
        },
    }


def _patch(kind: str, named: Json, path: str, value: Json) -> Object:
    name = named if isinstance(named, str) else _table(named)["name"]
    return {"type": kind, "name": name, "operation": {"op": "add", "path": path, "value": value}}


def _rows(value: Json) -> list[Json]:
    assert isinstance(value, list)  # noqa: S101 (made by `fragment`)
    return value


def _table(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)  # noqa: S101 (made by `fragment`)
    return value
