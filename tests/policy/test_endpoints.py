"""Declared endpoints: which one a request means, what may not be declared together, and what a plan makes of their fields."""

import time
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.policy import (
    Asker,
    AssetName,
    AtEndpoint,
    Denial,
    Endpoint,
    FlowId,
    Plan,
    Policy,
    PolicyError,
    endpoints,
    lint,
    plan_at,
)
from ringfence.policy.endpoints import BadTemplate, Endpoints, clashes, rivals, segments_of, shape_of
from ringfence.policy.reading import read, read_located

TEMPLATES = (
    "GET /customers",
    "GET /customers/{id}",
    "GET /customers/me",
    "POST /customers/{id}",
    "GET /customers/{id}/orders/{no}",
    "GET /2010-04-01/Accounts/{Sid}.json",
    "GET /2010-04-01/Accounts/{Sid}/Calls.json",
    "GET /range/{from}-{to}",
    "GET /caf%C3%A9/{x}",
    "GET /a/b/c",
    "GET /a/{x}/d",
    "GET /",
    "DELETE /things/{id}/",
)


def of(*names: str) -> list[Endpoint]:
    return [Endpoint(*name.split(" ", 1)) for name in names]


ALL = Endpoints(of(*TEMPLATES))


@pytest.mark.parametrize(
    ("asked", "meant", "params"),
    [
        ("GET /customers", "GET /customers", {}),
        ("GET /customers/7", "GET /customers/{id}", {"id": "7"}),
        ("GET /customers/me", "GET /customers/me", {}),
        ("POST /customers/me", "POST /customers/{id}", {"id": "me"}),
        ("GET /customers/m%65", "GET /customers/me", {}),
        ("GET /customers/ada%40example.com", "GET /customers/{id}", {"id": "ada%40example.com"}),
        ("GET /customers/é/orders/x", "GET /customers/{id}/orders/{no}", {"id": "é", "no": "x"}),
        ("GET /2010-04-01/Accounts/AC1.json", "GET /2010-04-01/Accounts/{Sid}.json", {"Sid": "AC1"}),
        ("GET /2010-04-01/Accounts/AC1/Calls.json", "GET /2010-04-01/Accounts/{Sid}/Calls.json", {"Sid": "AC1"}),
        ("GET /2010-04-01/Accounts/AC1%2ejson", "GET /2010-04-01/Accounts/{Sid}.json", {"Sid": "AC1%2ejson"}),
        ("GET /range/a-b-c", "GET /range/{from}-{to}", {"from": "a", "to": "b-c"}),
        ("GET /caf%c3%a9/1", "GET /caf%C3%A9/{x}", {"x": "1"}),
        ("GET /café/1", "GET /caf%C3%A9/{x}", {"x": "1"}),
        ("GET /a/b/d", "GET /a/{x}/d", {"x": "b"}),
        ("GET /", "GET /", {}),
        ("DELETE /things/1/", "DELETE /things/{id}/", {"id": "1"}),
        ("HEAD /customers/7", "GET /customers/{id}", {"id": "7"}),
        ("OPTIONS /customers/7", "OPTIONS /customers/{id}", {"id": "7"}),
    ],
)
def test_the_most_concrete_template_is_meant(asked: str, meant: str, params: dict[str, str]) -> None:
    method, path = asked.split(" ", 1)
    found = ALL.find(method, path)
    assert found is not None
    assert found.endpoint.name == meant
    assert {name: path[start:end] for name, start, end in found.params} == params


@pytest.mark.parametrize(
    "asked",
    [
        "GET /customers/",
        "GET /customers/7/",
        "GET //customers",
        "PUT /customers",
        "GET /Customers",
        "GET /customers/7%2forders",
        "GET /customers/..",
        "GET /customers/%2e%2E",
        "GET /customers/a%5c..",
        "GET /customers/a%00",
        "GET /customers/a%zz\ud800",
        "GET customers",
        "GET ",
        "GET *",
        "OPTIONS *",
        "OPTIONS /nothing",
        "GET /2010-04-01/Accounts/.json",
        "GET /range/a%2db",
        "GET /range/-b",
        "GET /" + "x" * 20_000,
    ],
)
def test_what_no_template_fits_is_declared_by_nobody(asked: str) -> None:
    assert ALL.find(*asked.split(" ", 1)) is None


@given(st.binary(max_size=40) | st.text("%0aAfFgG2/", max_size=20).map(str.encode))
def test_percent_encoding_is_undone_as_others_do_it(octets: bytes) -> None:
    text = octets.decode("utf-8", "surrogateescape")
    quoted = quote_from_bytes(octets)
    assert endpoints._decoded(quoted) == text
    assert endpoints._decoded(text) == unquote_to_bytes(octets).decode("utf-8", "surrogateescape")


@given(st.text(max_size=60))
def test_no_path_breaks_the_search_and_parameters_lie_within_it(path: str) -> None:
    found = ALL.find("GET", f"/customers/{path}")
    if found is not None:
        spans = [(start, end) for _, start, end in found.params]
        assert all(0 < start < end <= len(path) + 11 for start, end in spans)
        assert spans == sorted(spans)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "x",
        "/a b",
        "/a?b",
        "/{",
        "/}",
        "/{}",
        "/{a{b}}",
        "/{a}{b}",
        "/{a}/{a}",
        "//",
        "/a//b",
        "/a/../b",
        "/./a",
        "/a%2Fb",
        "/a%5Cb",
        "/a" * 65,
    ],
)
def test_what_can_be_no_template_says_so(template: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        segments_of(template)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("GET /a/{x}", "POST /a/{y}", None),
        ("GET /a/{x}", "GET /a/b", None),
        ("GET /a/{x}", "GET /{y}/b", "/a/b"),
        ("GET /a/{x}.json", "GET /a/{x}", None),
        ("GET /a/{x}.json", "GET /a/{x}.xml", None),
        ("GET /a/{x}.json", "GET /a/v{x}", "/a/v1.json"),
        ("GET /a/{x}/b", "GET /a/{x}/{y}", None),
        ("GET /a/{x}-{y}", "GET /a/{z}", None),
        ("GET /a/{x}-{y}", "GET /a/{x}.{y}", "/a/1-2.3"),
        ("GET /Exports/Jobs/{sid}", "GET /Exports/{type}/Days", "/Exports/Jobs/Days"),
    ],
)
def test_a_path_that_could_mean_two_templates_means_none(first: str, second: str, both: str | None) -> None:
    for pair in (of(first, second), of(second, first)):
        assert not list(clashes(pair))
        assert bool(list(rivals(pair))) is (both is not None)
        if both is not None:
            made = Endpoints(pair)
            assert made.find("GET", both) is None
            assert all(Endpoints([one]).find("GET", both) is not None for one in pair)
            for one in pair:  # by itself each can be asked for
                path = one.path.replace("{x}", "7").replace("{y}", "8").replace("{sid}", "7").replace("{type}", "t")
                found = made.find("GET", path)
                assert found is not None
                assert found.endpoint is one


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("GET /a/{x}", "GET /a/{y}"),
        ("GET /a/%62", "GET /a/b"),
        ("GET /{x}.json", "GET /{y}.json"),
        ("GET /a/{x}-{y}", "GET /a/{y}-{x}"),
    ],
)
def test_templates_that_differ_in_names_alone_are_one(first: str, second: str) -> None:
    assert len(list(clashes(of(first, second)))) == 1
    assert not list(rivals(of(first, second)))


def test_shapes_forget_names() -> None:
    assert shape_of("/a/{id}/x-{n}.json") == shape_of("/a/{no}/x-{m}.json") == "/a/{}/x-{}.json"


def test_the_search_costs_the_same_however_many_endpoints_there_are() -> None:
    def cost(count: int) -> float:
        made = of(*(f"GET /r{number % 100}/x{number}/{{id}}" for number in range(count)))
        assert not list(clashes(made))
        one = Endpoints(made)
        best = 1e9
        for _ in range(5):
            begun = time.perf_counter()
            for number in range(1000):
                assert one.find("GET", f"/r{number % 100}/x{number % 100}/7") is not None
            best = min(best, time.perf_counter() - begun)
        return best

    assert cost(10_000) < 20 * cost(100)


POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets:
  shop:
    zone: core
    kind: http
    fields: {mail: user.contact.email, note: none, note.inner.mail: user.contact.email, other: scan}
    UNDECLARED
    endpoints:
      GET /customers/{id}:
        request: {path.id: none, query.q: scan}
        response: {note: user.name, id: none}
      GET /orders: {}
gates: {api: {kind: http, upstream: shop, clients: partners}}
flows:
  - {id: in, from: partners, to: shop, via: {gate: api}, carry: {user.contact.email: clear}}
  - {id: out, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, MORE}
"""


def policy(undeclared: str = "", more: str = "else: deny") -> Policy:
    text = POLICY.replace("UNDECLARED", undeclared).replace("MORE", more)
    return read("p.yaml", {"p.yaml": text}, {})


def at(one: Policy, endpoint: str, way: str = "response", flow: str = "out") -> Plan:
    return plan_at(one, FlowId(flow), Asker(), AtEndpoint(AssetName("shop"), endpoint, way))  # type: ignore[arg-type]


def test_an_endpoints_fields_stand_before_the_assets() -> None:
    made = at(policy(), "GET /customers/{id}")
    assert made.judge("note") == "user.name"
    assert made.judge("note.inner.mail") == "user.name"  # not the asset's, though that is longer
    assert made.judge("mail") == "user.contact.email"
    assert made.judge("id") == "none"
    assert made.judge("new") == "unknown"
    assert made.endpoint == "GET /customers/{id}"
    other = at(policy(), "GET /orders")
    assert (other.judge("note"), other.judge("note.inner.mail")) == ("none", "user.contact.email")
    asked = at(policy(), "GET /customers/{id}", "request", "in")
    assert (asked.judge("path.id"), asked.judge("query.q"), asked.judge("note")) == ("none", "scan", "none")


def test_an_undeclared_endpoint_is_refused_by_its_request_or_observed() -> None:
    refused = at(policy(), "", "request", "in").refused
    assert refused is not None
    assert refused.denial is Denial.ENDPOINT
    assert refused.rule == "assets.shop.undeclared"
    assert at(policy(), "").refused is None
    assert at(policy("undeclared: observe"), "", "request", "in").refused is None
    none = at(policy(), "", "request", "nowhere").refused
    assert none is not None
    assert none.denial is Denial.ENDPOINT


def test_lint_says_where_what_nobody_declared_may_be_asked_for() -> None:
    for undeclared, codes in (("", set()), ("undeclared: observe", {"undeclared"})):
        text = POLICY.replace("UNDECLARED", undeclared).replace("MORE", "else: deny")
        located = read_located("p.yaml", {"p.yaml": text}, {})
        found = {one.code: one for one in lint(located.policy, located.positions)}
        assert set(found) == codes
        assert all("p.yaml:9:" in str(one) for one in found.values())


def test_what_the_endpoints_say_is_part_of_the_hash() -> None:
    assert policy().hash != policy("undeclared: observe").hash
    assert policy().hash == policy("undeclared: deny").hash


WRONG = """
version: 1
zones: {core: {label: c}}
assets:
  shop: {zone: core, kind: KIND, endpoints: {"NAME": {response: {a: JUDGED}}, "GET /a/{x}": {}}}
"""


@pytest.mark.parametrize(
    ("name", "kind", "judged", "said"),
    [
        ("get /x", "http", "none", "p.yaml:5:46: an endpoint whose name is not a method in capitals and a path"),
        ("GET x", "http", "none", "p.yaml:5:46: a path that does not begin with a slash"),
        ("GET /x/{", "http", "none", "braces in the path"),
        ("GET /a/{y}", "http", "none", "this is the endpoint in p.yaml, line 5: only the names"),
        ("GET /x", "http", "user.contact.emial", 'did you mean "user.contact.email"?'),
        ("GET /x", "postgres", "none", "endpoints belongs to assets of kind http"),
        ("GET /ada@example.com x", "http", "none", "a path with a blank"),
    ],
)
def test_a_wrong_endpoint_is_told_at_its_place_and_not_quoted(name: str, kind: str, judged: str, said: str) -> None:
    text = WRONG.replace("NAME", name).replace("KIND", kind).replace("JUDGED", judged)
    with pytest.raises(PolicyError) as caught:
        read("p.yaml", {"p.yaml": text}, {})
    assert said in str(caught.value)
    assert "ada@" not in str(caught.value)


def test_lint_says_of_which_endpoints_a_request_could_mean_either() -> None:
    text = WRONG.replace("NAME", "GET /{y}/b").replace("KIND", "http").replace("JUDGED", "none")
    located = read_located("p.yaml", {"p.yaml": text}, {})
    [found] = [one for one in lint(located.policy, located.positions) if one.code == "ambiguous"]
    assert (found.line, found.severity) == (5, "warning")
    assert "GET /{y}/b" in found.what
    assert "GET /a/{x}" in found.what


def test_endpoints_that_cannot_be_told_apart_by_the_thousand_are_refused_in_bounded_time() -> None:
    names = [f"GET /a{number}/{{x}}" for number in range(3_000)] + [f"GET /{{x}}/b{number}" for number in range(3_000)]
    lines = "".join(f'      "{name}": {{}}\n' for name in names)
    text = f"version: 1\nzones: {{core: {{label: c}}}}\nassets:\n  shop:\n    zone: core\n    kind: http\n    endpoints:\n{lines}"
    with pytest.raises(PolicyError, match="more than 1000 pairs"):
        read("p.yaml", {"p.yaml": text}, {})


def test_ten_thousand_endpoints_are_read() -> None:
    lines = "".join(f'      "GET /r{number}/{{id}}": {{response: {{a: none}}}}\n' for number in range(10_000))
    text = f"version: 1\nzones: {{core: {{label: c}}}}\nassets:\n  shop:\n    zone: core\n    kind: http\n    endpoints:\n{lines}"
    assert len(read("p.yaml", {"p.yaml": text}, {}).assets[AssetName("shop")].endpoints) == 10_000
