"""What is printed for Istio and Envoy Gateway: applied as they say that they apply it, and run by a real Envoy."""

import json
import socket
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from serve_plays import Place, running, until
from test_serve_http import MASKED, POLICY, Service, _free_port, service

from command_line import Cli
from ringfence.serve.envoy_setup import envoy_program

Config = dict[str, object]
MANAGER = "envoy.filters.network.http_connection_manager"
KIND = "type.googleapis.com/envoy.extensions.filters"

__all__ = ["service"]


def _own(port: int, upstream: int) -> Config:
    """A configuration as a mesh would make it, before anything is patched: WebSocket is let through, as Istio does."""
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{KIND}.http.router.v3.Router"},
    }
    route = {"match": {"prefix": "/"}, "route": {"cluster": "inbound"}}
    manager = {
        "@type": f"{KIND}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "inbound",
        "normalize_path": False,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "route_config": {"virtual_hosts": [{"name": "inbound", "domains": ["*"], "routes": [route]}]},
        "http_filters": [router],
    }
    listener = {
        "name": "default/eg/http",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "default_filter_chain": {"filters": [{"name": MANAGER, "typed_config": manager}]},
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": upstream}}
    cluster = {
        "name": "inbound",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "inbound",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _patched_by_istio(whole: Config, printed: dict[str, object]) -> Config:
    """Apply an EnvoyFilter: https://istio.io/latest/docs/reference/config/networking/envoy-filter/."""
    static = whole["static_resources"]
    [network] = static["listeners"][0]["default_filter_chain"]["filters"]
    for each in printed["spec"]["configPatches"]:
        patch = each["patch"]
        match each["applyTo"], patch["operation"]:
            case "CLUSTER", "ADD":
                static["clusters"].append(patch["value"])
            case "LISTENER", "ADD":
                static["listeners"].append(patch["value"])
            case "HTTP_FILTER", "INSERT_BEFORE":
                wanted = each["match"]["listener"]["filterChain"]["filter"]
                assert wanted["name"] == network["name"]
                filters = network["typed_config"]["http_filters"]
                at = [one["name"] for one in filters].index(wanted["subFilter"]["name"])
                filters.insert(at, patch["value"])
            case "NETWORK_FILTER", "MERGE":
                assert each["match"]["listener"]["filterChain"]["filter"]["name"] == network["name"]
                _merge(network, patch["value"])
            case other:
                raise AssertionError(other)
    return whole


def _merge(into: dict[str, object], value: dict[str, object]) -> None:
    """Merge as messages are merged: lists are joined, other values replaced."""
    for key, each in value.items():
        there = into.get(key)
        if isinstance(there, dict) and isinstance(each, dict):
            _merge(there, each)
        elif isinstance(there, list) and isinstance(each, list):
            there.extend(each)
        else:
            into[key] = each


def _patched_by_envoy_gateway(whole: Config, printed: dict[str, object]) -> Config:
    """Apply an EnvoyPatchPolicy: JSON Patch (RFC 6902) on resources by their type and name; an empty path adds one."""
    static = whole["static_resources"]
    lists = {"Listener": static["listeners"], "Cluster": static["clusters"]}
    for each in printed["spec"]["jsonPatches"]:
        there = lists[each["type"].rpartition(".")[2]]
        operation = each["operation"]
        assert operation["op"] == "add"
        if not operation["path"]:
            assert operation["value"]["name"] == each["name"]
            there.append(operation["value"])
            continue
        [at] = [one for one in there if one["name"] == each["name"]]
        *steps, last = operation["path"].split("/")[1:]
        for step in steps:
            at = at[int(step)] if isinstance(at, list) else at[step]
        if isinstance(at, list):
            at.insert(int(last), operation["value"])
        else:
            at[last] = operation["value"]
    return whole


APPLIED: dict[str, Callable[[Config, dict[str, object]], Config]] = {
    "istio": _patched_by_istio,
    "envoy-gateway": _patched_by_envoy_gateway,
}


@pytest.fixture
def place(cli: Cli, tmp_path: Path, service: Service) -> Place:
    made = Place(tmp_path, policy=POLICY.replace("PORT", str(service.server_address[1])))
    assert cli("init").returncode == 0
    return made


@contextmanager
def _envoy(config: Config, folder: Path):
    file = folder / "own.json"
    file.write_text(json.dumps(config))
    command = [envoy_program(), "-c", file]
    done = subprocess.run([*command, "--mode", "validate", "-l", "error"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    own = subprocess.Popen([*command, "-l", "off", "--disable-hot-restart"])
    try:
        yield
    finally:
        own.kill()
        own.wait()


@pytest.mark.parametrize("kind", APPLIED)
def test_an_envoy_that_is_patched_with_what_is_printed_masks(
    place: Place,
    tmp_path: Path,
    service: Service,
    kind: str,
) -> None:
    with tempfile.TemporaryDirectory(prefix="rf-") as sockets:
        printed = place.call("envoy", "config", "--for", kind, "--format", "json", "--envoy-sockets", sockets)
        assert printed.returncode == 0, printed.stderr
        port = _free_port()
        whole = APPLIED[kind](_own(port, service.server_address[1]), json.loads(printed.stdout))
        text = json.dumps(whole)
        assert text.count("never_ok") == 3  # two workers' canaries, and everybody's
        with running(place, "--envoy-sockets", sockets) as up:
            until(lambda: len(up.events("waiting")) >= 2, "workers wait for Envoy")
            with _envoy(whole, tmp_path):
                up.expect()
                client = HTTPConnection("127.0.0.1", port, timeout=60)
                client.request("GET", "/")
                assert json.loads(client.getresponse().read()) == MASKED
                client.close()
                assert b" 403 " in _upgraded(port).partition(b"\r\n")[0]
                assert b"ada@" not in service.heard
                assert up.end() == 0


def _upgraded(port: int) -> bytes:
    """Ask for a WebSocket, and send an address over it, whatever is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
        one.sendall(b"GET /orders HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        one.sendall(b"\x81\x0fada@example.com" * 3)
        heard = b""
        while piece := one.recv(65536):
            heard += piece
        return heard


def _joined(whole: Config, printed: dict[str, object]) -> Config:
    """Put what is printed for an Envoy of one's own where its names say."""
    for key in ("clusters", "listeners"):
        whole["static_resources"][key] += printed[key]
    return whole


@pytest.mark.parametrize("kind", ["envoy", *APPLIED])
def test_a_way_out_is_printed_as_a_listener_of_its_own(
    place: Place,
    tmp_path: Path,
    service: Service,
    kind: str,
) -> None:
    port, address = _free_port(), "127.0.0.1:0"
    place.write(f'listen: "{address}", upstream: shop', f'listen: "127.0.0.1:{port}", upstreams: [shop]')
    with tempfile.TemporaryDirectory(prefix="rf-") as sockets:
        printed = place.call("envoy", "config", "--for", kind, "--format", "json", "--envoy-sockets", sockets)
        assert printed.returncode == 0, printed.stderr
        apply = APPLIED.get(kind, _joined)
        whole = apply(_own(_free_port(), service.server_address[1]), json.loads(printed.stdout))
        with running(place, "--envoy-sockets", sockets) as up, _envoy(whole, tmp_path):
            up.expect()
            client = HTTPConnection("127.0.0.1", port, timeout=60)
            client.request("GET", "/shop/")
            assert json.loads(client.getresponse().read()) == MASKED
            client.request("GET", "/", headers={"host": "evil.example.com"})
            assert client.getresponse().status == 403
            client.close()
            assert up.end() == 0


@pytest.mark.parametrize("kind", APPLIED)
def test_what_is_printed_says_what_was_not_tried_and_is_yaml(place: Place, kind: str) -> None:
    printed = place.call("envoy", "config", "--for", kind)
    assert printed.returncode == 0
    notes = [line for line in printed.stdout.splitlines() if line.startswith("#")]
    assert "was not tried" in "".join(notes)
    assert all(len(line) < 130 for line in notes)
    assert "'@type': type.googleapis.com/" in printed.stdout
    assert place.call("envoy", "config", "--for", kind, "--whole").returncode == 2
