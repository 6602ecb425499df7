"""Where services are, as a policy says it, and what they and the gate are called in requests."""

import pytest

from ringfence.gates.http.bootstrap import Service, Setup, bootstrap, clusters, fragment, listeners, routes
from ringfence.gates.http.destinations import Destination, NoAddress, destination_of, destinations_of
from ringfence.gates.http.routes import own_authorities
from ringfence.policy import Asset, AssetName, PolicyError, ZoneName
from ringfence.policy.reading import read

READ = {
    "http://shop": ("http", "shop", 80, ("shop", "shop:80")),
    "https://API.Example.com/": ("https", "api.example.com", 443, ("api.example.com", "api.example.com:443")),
    "https://api.example.com:8443": ("https", "api.example.com", 8443, ("api.example.com:8443",)),
    "http://api.example.com:443": ("http", "api.example.com", 443, ("api.example.com:443",)),
    "http://192.0.2.7:8080": ("http", "192.0.2.7", 8080, ("192.0.2.7:8080",)),
    "http://[2001:DB8::0:7]": ("http", "2001:db8::7", 80, ("[2001:db8::7]", "[2001:db8::7]:80")),
    "https://xn--bcher-kva.example": (
        "https",
        "xn--bcher-kva.example",
        443,
        ("xn--bcher-kva.example", "xn--bcher-kva.example:443"),
    ),
}


def _asset(at: str) -> Asset:
    return Asset(AssetName("llm"), ZoneName("outside"), "http", at)


@pytest.mark.parametrize("at", READ)
def test_an_address_is_read_as_requests_name_it(at: str) -> None:
    found = destination_of(_asset(at))
    assert (found.scheme, found.host, found.port, found.authorities) == READ[at]


@pytest.mark.parametrize(
    "at",
    [
        "",
        "shop",
        "ftp://shop",
        "ftp://shop:80",
        "http://",
        "http://shop:0",
        "http://shop:70000",
        "http://shop:x",
        "http://shop/base",
        "http://shop?x=1",
        "http://shop#x",
        "http://ada@shop",
        "http://@shop",
        "https://bücher.example",
        "https://api.example.com.",
        "https://*.example.com",
        "https://api..example.com",
        "https://-api.example.com",
        "http://[::1",
        "http://a b",
        "http://a,b",
        "http://" + "a" * 254,
    ],
)
def test_what_is_no_address_is_said_to_be_none(at: str) -> None:
    with pytest.raises(NoAddress, match=r"assets\.llm\.at") as told:
        destination_of(_asset(at))
    assert told.value.mend


def test_a_moved_service_has_other_routes() -> None:
    one = Destination(AssetName("llm"), "https", "api.example.com", 443)
    names = {one.route, one.named_route}
    for other in (
        Destination(AssetName("llm"), "http", "api.example.com", 443),
        Destination(AssetName("llm"), "https", "api.example.org", 443),
        Destination(AssetName("llm"), "https", "api.example.com", 8443),
        Destination(AssetName("other"), "https", "api.example.com", 443),
    ):
        assert names.isdisjoint({other.route, other.named_route})


@pytest.mark.parametrize(
    ("host", "port", "own"),
    [
        ("127.0.0.1", 9100, {"127.0.0.1:9100", "localhost:9100"}),
        ("::1", 9100, {"[::1]:9100", "localhost:9100"}),
        ("0.0.0.0", 9100, {"0.0.0.0:9100", "127.0.0.1:9100", "[::1]:9100", "localhost:9100"}),  # noqa: S104
        ("192.0.2.7", 9100, {"192.0.2.7:9100"}),
        ("Gate.internal", 80, {"gate.internal:80", "gate.internal"}),
    ],
)
def test_a_gate_is_called_by_what_it_listens_on(host: str, port: int, own: set[str]) -> None:
    assert set(own_authorities(host, port, [])) == own
    assert set(own_authorities(host, port, ["more:1"])) == own | {"more:1"}


POLICY = """
version: 1
zones: {core: {label: core}, outside: {label: outside, controlled: false}}
assets:
  a: {zone: outside, kind: http, at: "http://api.example.com"}
  b: {zone: outside, kind: http, at: "https://api.example.com"}
  c: {zone: outside, kind: http, at: "https://api.example.com:443"}
gates:
  out: {kind: http, listen: "127.0.0.1:9100", clients: core, upstreams: [NAMES]}
"""


@pytest.mark.parametrize(("names", "other"), [("a, b", "a"), ("b, a", "b"), ("b, c", "b")])
def test_two_services_of_one_host_cannot_be_told_apart(names: str, other: str) -> None:
    decided = read("p.yaml", {"p.yaml": POLICY.replace("NAMES", names)}, {})
    with pytest.raises(NoAddress, match=rf"the same host as assets\.{other}\.at"):
        destinations_of(decided, decided.gates["out"])


def test_a_service_that_is_named_twice_is_one() -> None:
    decided = read("p.yaml", {"p.yaml": POLICY.replace("NAMES", "b, b")}, {})
    assert [each.asset for each in destinations_of(decided, decided.gates["out"])] == ["b"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[NAMES]", "[a, x]", 'there is no asset "x"'),
        ("upstreams: [NAMES]", "upstreams: [a], upstream: b", "a gate has `upstream` or `upstreams`, not both"),
        ("kind: http, listen", "kind: log, listen", "upstreams belongs to gates of kind http"),
        ("upstreams: [NAMES]", 'upstreams: [a], hosts: ["http://gate"]', "hosts"),
        ("upstreams: [NAMES]", 'upstreams: [a], hosts: ["*.internal"]', "hosts"),
        ("upstreams: [NAMES]", 'upstreams: [a], hosts: ["Gate.internal"]', "hosts"),
        ("upstreams: [NAMES]", "upstream: a, hosts: [gate]", "hosts belongs to gates with `upstreams`"),
    ],
)
def test_what_a_policy_may_not_say_of_a_way_out_is_said_with_its_place(old: str, new: str, said: str) -> None:
    text = POLICY.replace(old, new).replace("NAMES", "a")
    with pytest.raises(PolicyError) as told:
        read("p.yaml", {"p.yaml": text}, {})
    assert said in str(told.value)
    assert "p.yaml:" in str(told.value)


def _setup(**changes: object) -> Setup:
    return Setup("api", "127.0.0.1", 9100, ("/run/p",), **{"service": Service("127.0.0.1", 1), **changes})


def test_clients_are_let_in_by_the_file_alone_where_there_is_one() -> None:
    for setup in (_setup(), _setup(service=None, outside=(Destination(AssetName("llm"), "http", "shop", 80),))):
        assert [each["name"] for each in _static(setup, "listeners")] == ["clients"]
    told = _setup(listeners="/run/l.json", clusters="/run/c.json")
    assert _static(told, "listeners") == []
    assert "service" not in [each["name"] for each in _static(told, "clusters")]
    assert listeners(told, is_open=False)["resources"] == []
    assert len(list(listeners(told, is_open=True)["resources"])) == 1
    assert [each["name"] for each in clusters(told, 1)["resources"]] == ["service"]


def _static(setup: Setup, what: str) -> list[dict[str, object]]:
    return bootstrap(setup)["static_resources"][what]


def test_what_is_printed_of_a_way_out_is_a_listener_of_its_own() -> None:
    made = fragment(_setup(service=None, outside=(Destination(AssetName("llm"), "http", "shop", 80),)))
    assert set(made) == {"clusters", "listeners"}
    assert [each["name"] for each in made["listeners"]] == ["ringfence-api"]


def test_without_a_route_that_fits_envoy_answers_by_itself() -> None:
    one = Destination(AssetName("llm"), "https", "api.example.com", 443)
    [told] = routes(_setup(service=None, outside=(one,)), 1)["resources"]
    by_name = {each["name"]: each for each in told["virtual_hosts"]}
    assert set(by_name) == {one.route, "own", "nowhere"}
    for name in ("own", "nowhere"):
        assert by_name[name]["routes"][-1] == {"match": {"prefix": "/"}, "direct_response": {"status": 403}}
