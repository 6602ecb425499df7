"""Endpoints: what is declared out of the policy, what is called out of the ledger, and what deserves a look."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from command_line import Cli
from ringfence.ledger import BlockingClient, Entry, JsonValue
from ringfence.policy import Policy
from ringfence.policy.reading import read
from ringfence.report import Standing, Usages, endpoint_usage

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets:
  shop:
    zone: core
    kind: http
    endpoints:
      GET /customers/{id}:
        request: {query.mail: user.contact.email}
        response: {mail: user.contact.email, name: user.name, n: none}
      GET /export: {response: {mail: user.contact.email}}
      GET /health: {response: {ok: none, note: scan}}
  other: {zone: core, kind: http, endpoints: {GET /a: {response: {b: user.name}}}}
  plain: {zone: core, kind: http}
gates:
  api: {kind: http, upstream: shop, clients: partners}
flows: [{id: out, from: core, to: partners, via: {gate: api}, carry: {user.contact.email: mask}}]
"""


def policy() -> Policy:
    return read("p.yaml", {"p.yaml": POLICY}, {})


def called(*rows: Mapping[str, JsonValue], asset: str = "shop", **more: JsonValue) -> dict[str, JsonValue]:
    at = "2026-03-01T10:01:00.000000Z"
    return {
        "kind": "called",
        "at": at,
        "since": "2026-03-01T10:00:00.000000Z",
        "asset": asset,
        "endpoints": list(rows),
        **more,
    }


def row(
    endpoint: str, calls: int = 1, *, declared: bool = True, refused: int = 0, last: str = "2026-03-01T10:00:30.000000Z"
) -> dict[str, JsonValue]:
    return {"endpoint": endpoint, "declared": declared, "calls": calls, "last": last, "refused": refused}


def crossed(category: str, **more: JsonValue) -> dict[str, JsonValue]:
    found: list[JsonValue] = [{"category": category, "form": "mask", "count": 1}]
    return {
        "kind": "crossed",
        "crossing": f"c{category}{more}",
        "gate": "api",
        "from": "core",
        "to": "partners",
        "found": found,
        **more,
    }


def usage(*bodies: dict[str, JsonValue], assets: tuple[str, ...] = ()) -> Usages:
    return endpoint_usage(policy(), [Entry(number, body, b"") for number, body in enumerate(bodies)], assets)


WAY_OUT = """
version: 1
zones: {core: {label: core}, outside: {label: public, controlled: false}}
assets:
  mail: {zone: outside, kind: http, at: "https://mail.example", endpoints: {GET /box: {}, GET /both: {}}}
  maps: {zone: outside, kind: http, at: "https://maps.example", endpoints: {GET /map: {}, GET /both: {}}}
gates: {out: {kind: http, upstreams: [mail, maps], clients: core}}
flows: [{id: back, from: outside, to: core, via: {gate: out}, carry: {user.name: clear}}]
"""


def test_what_comes_back_through_the_way_out_is_seen_of_the_one_service_that_declares_the_endpoint() -> None:
    answers = [
        crossed("user.name", **{"gate": "out", "from": "outside", "to": "core", "endpoint": endpoint})
        for endpoint in ("GET /box", "GET /both")
    ]
    asked = crossed("user.content", **{"gate": "out", "from": "core", "to": "outside", "endpoint": "GET /map"})
    entries = [Entry(number, body, b"") for number, body in enumerate([*answers, asked])]
    found = endpoint_usage(read("p.yaml", {"p.yaml": WAY_OUT}, {}), entries)
    assert {(one.asset, one.endpoint): one.seen for one in found.endpoints if one.seen} == {
        ("mail", "GET /box"): ("user.name",)
    }


def standings(found: Usages) -> dict[str, Standing]:
    return {one.endpoint: one.standing for one in found.endpoints}


def test_declared_called_and_undeclared_endpoints_are_told_apart() -> None:
    found = usage(
        called(row("GET /customers/{id}", 3), row("GET /admin", 2, declared=False, refused=2)),
        called(row("GET /customers/{id}", 4, last="2026-03-01T11:00:00.000000Z"), row("OPTIONS /customers/{id}")),
    )
    assert standings(found) == {
        "GET /customers/{id}": Standing.CALLED,
        "GET /export": Standing.UNUSED,
        "GET /health": Standing.UNUSED,
        "GET /a": Standing.NOT_COUNTED,
        "GET /admin": Standing.UNDECLARED,
    }
    by = {one.endpoint: one for one in found.endpoints}
    one = by["GET /customers/{id}"]
    assert (one.calls, one.last, one.exposes, one.collects) == (
        7,
        "2026-03-01T11:00:00.000000Z",
        ("user.contact.email", "user.name"),
        ("user.contact.email",),
    )
    assert (by["GET /admin"].refused, by["GET /admin"].calls) == (2, 2)
    assert [one.endpoint for one in found.endpoints if one.is_finding] == ["GET /export", "GET /admin"]
    assert found.counted_since == "2026-03-01T10:00:00.000000Z"


def test_what_was_declared_at_the_time_and_is_no_longer_is_undeclared() -> None:
    assert standings(usage(called(row("GET /old"))))["GET /old"] is Standing.UNDECLARED


def test_what_crossed_in_answers_is_seen_at_its_endpoint() -> None:
    shape = {"client": {"method": "GET", "path": "/old/{}"}}
    found = usage(
        called(row("GET /old/{}", declared=False), row("GET /health")),
        crossed("user.financial.credit_card", endpoint="GET /health"),
        crossed("user.name", **shape),
        crossed("user.health", endpoint="GET /export", **{"from": "partners", "to": "core"}),
        {**crossed("user.contact.email", endpoint="GET /export"), "kind": "refused"},
        crossed("user.device", endpoint="GET /export", gate="elsewhere"),
    )
    seen = {one.endpoint: one.seen for one in found.endpoints if one.seen}
    assert seen == {"GET /health": ("user.financial.credit_card",), "GET /old/{}": ("user.name",)}


@pytest.mark.parametrize("rows", [None, "x", [None], [{}], [{"endpoint": "GET /export", "calls": "x"}]])
def test_an_entry_that_is_not_as_it_should_be_counts_nothing(rows: JsonValue) -> None:
    found = usage({**called(), "endpoints": rows})
    assert Standing.CALLED not in standings(found).values()


def test_the_command_says_what_to_look_at_and_exits_by_it(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ringfence.yaml").write_text(POLICY)
    assert cli("init").returncode == 0
    home = tmp_path / ".ringfence"
    done = cli("endpoints", "--asset", "shop")
    assert done.returncode == 0  # nothing was counted, so nothing can be said
    assert b"3 not counted" in done.stdout
    every = [row(name) for name in ("GET /customers/{id}", "GET /export", "GET /health")]
    with BlockingClient(home / "ledger.db", home / "ledger.key") as ledger:
        ledger.append([{**called(*every), "id": "a", "v": 1}])
    assert cli("endpoints", "--asset", "shop", "--since", "2026-01-01").returncode == 0
    with BlockingClient(home / "ledger.db", home / "ledger.key") as ledger:
        ledger.append([{**called(row("GET /admin", declared=False), more=5), "id": "b", "v": 1}])
    done = cli("endpoints", "--since", "2026-01-01")
    assert done.returncode == 1
    said = done.stdout.decode()
    assert "undeclared   shop   GET /admin" in said
    assert "and 5 calls of more endpoints" in said
    made = json.loads(cli("endpoints", "--since", "2026-01-01", "--format", "json").stdout)
    assert {one["endpoint"] for one in made["endpoints"] if one["finding"]} == {"GET /admin"}
    assert cli("explain", "--format", "json").returncode == 2  # a table of calls is no crossing
    assert b'did you mean "shop"?' in cli("endpoints", "--asset", "shp").stderr
    assert b"no endpoints are declared there" in cli("endpoints", "--asset", "plain").stderr
    assert b"--since: not a time" in cli("endpoints", "--since", "yesterday").stderr
