"""Declared endpoints over a real Envoy: their own fields decide, what nobody declared is refused or counted, and calls are told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from http_stage import Stage, policy, response, stage

from drawn import apart
from ringfence.atlas import map_openapi, write_map
from ringfence.crossing import Body, CrossingId
from ringfence.detect import Detector
from ringfence.gates.http.calling import MOST_CHARACTERS, MOST_SHAPES, Called, Calls, shape_of_path
from ringfence.gates.http.turns import Mode
from ringfence.policy.reading import read

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets:
  shop:
    zone: core
    kind: http
    at: "http://127.0.0.1:1"
    undeclared: UNDECLARED
    fields: {ok: none, mail: user.contact.email}
    endpoints:
      GET /customers/{id}:
        request: {path.id: none, query.q: none, header.x-who: user.contact.email}
        response: {nick: user.name, note: none, header.x-nick: user.name}
      GET /by-mail/{mail}: {request: {path.mail: user.contact.email}}
      GET /by-name/{name}: {request: {path.name: user.name}}
      POST /customers: {request: {nick: user.name}}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, clients: partners, bodies: BODIES}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, mode: MODE,
     carry: {user.contact.email: mask, user.name: redact}, else: deny}
  - {id: orders, from: partners, to: shop, via: {gate: api, match: {method: POST}}, mode: MODE,
     carry: {user.contact.email: redact, user.name: redact}, else: deny}
"""
CUSTOMER = b'{"nick": "xyz", "note": "ada@example.com", "mail": "bob@example.com"}'
MASKED = b'{"nick": "[redacted:name]", "note": "ada@example.com", "mail": "***************"}'


def play(
    work: Callable[[Stage], Awaitable[None]],
    mode: Mode = Mode.STREAMED,
    *,
    undeclared: str = "deny",
    flows: str = "enforce",
) -> None:
    text = POLICY.replace("UNDECLARED", undeclared).replace("MODE", flows)

    async def run() -> None:
        async with stage(policy(text, mode.name.lower()), mode=mode) as one:
            await work(one)
            assert one.told == []

    asyncio.run(run())


async def table(one: Stage) -> dict[str, dict[str, object]]:
    """End the gate; give what it wrote of calls, by endpoint."""
    await one.gate.close()
    [entry] = [body for body in one.notes.bodies if body["kind"] == "called"]
    assert (entry["gate"], entry["asset"]) == ("api", "shop")
    return {row["endpoint"]: row for row in entry["endpoints"]}  # type: ignore[index,union-attr,misc]


@MODES
def test_an_endpoints_own_fields_decide_and_its_calls_are_told(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/customers/7"] = [response(CUSTOMER, more="x-nick: xyz\r\n")]
        answer = await one.ask("GET", "/customers/7?q=ada@example.com", more="x-who: xyz\r\n")
        assert (answer.status, answer.body) == (403, answer.body)  # nothing personal may go in by a GET
        answer = await one.ask("GET", "/customers/7?q=ada@example.com")
        assert (answer.status, answer.body, answer.value("x-nick")) == (200, MASKED, "[redacted:name]")
        assert {body["endpoint"] for body in one.notes.bodies} == {"GET /customers/{id}"}
        assert (await one.ask("POST", "/customers", b'{"nick": "xyz"}')).status == 200
        assert one.shop.requests[-1].body == b'{"nick": "[redacted:name]"}'
        rows = await table(one)
        assert set(rows) == {"GET /customers/{id}", "POST /customers"}
        assert rows["GET /customers/{id}"] | {"last": 0} == {
            "endpoint": "GET /customers/{id}",
            "declared": True,
            "calls": 2,
            "refused": 1,
            "last": 0,
        }
        assert "xyz" not in apart(json.dumps(one.notes.bodies))
        assert "example" not in json.dumps(one.notes.bodies)

    play(work, mode)


def test_a_table_is_judged_by_the_columns_that_its_description_names(tmp_path: Path) -> None:
    row = {"type": "object", "properties": {"nick": {"x-ringfence-category": "user.name"}, "note": {"type": "integer"}}}
    answer = {"content": {"text/csv": {"schema": {"type": "array", "items": row}}}}
    described = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {"/export": {"get": {"responses": {"200": answer}}}},
    }
    (tmp_path / "api.json").write_text(json.dumps(described))
    zones, gates = POLICY.partition("assets:")[0], POLICY.partition("gates:")[2].replace("BODIES", "streamed")
    whole = f"include: [map.yaml]{zones}gates:{gates.replace('MODE', 'enforce')}"
    write_map(tmp_path / "map.yaml", map_openapi(tmp_path / "api.json", asset="shop"))
    sources = {"p.yaml": whole, "map.yaml": (tmp_path / "map.yaml").read_text()}

    async def run() -> None:
        async with stage(read("p.yaml", sources, {})) as one:
            one.shop.says["/export"] = [response(b"nick,note\r\nxyz,7\r\n", "text/csv")]
            answer = await one.ask("GET", "/export")
            assert (answer.status, answer.body) == (200, b"nick,note\r\n[redacted:name],7\r\n")
            one.shop.says["/export"] = [response(b"nick,more\r\nxyz,7\r\n", "text/csv")]
            assert (await one.ask("GET", "/export")).status == 403  # a column that is not described

    asyncio.run(run())


@MODES
def test_what_nobody_declared_is_refused_by_its_head_and_the_service_hears_nothing(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        for method, path in (
            ("GET", "/admin/export"),
            ("GET", "/customers/7/"),
            ("DELETE", "/customers/7"),
            ("GET", "/customers/7/../8/cards"),
            ("OPTIONS", "/admin"),
            ("HEAD", "/admin"),
        ):
            answer = await one.ask(method, path)
            assert answer.status == 403, path
        for more in (
            *(f"{name}: DELETE" for name in ("x-http-method", "X-HTTP-Method-Override", "x-method-override")),
            *(f"{name}: DELETE" for name in ("x-override-method", "x-tunneled-method")),
            *(f"{name}: /admin" for name in ("x-original-url", "x-rewrite-url", "x-rewrite-uri", "X-Override-URL")),
            *(f"{name}: /admin" for name in ("X-HTTP-Path-Override", "x-http-url-override", "x-path-override")),
            "x-http-destinationurl: /admin",
        ):  # other services read another endpoint
            assert (await one.ask("GET", "/customers/7", more=f"{more}\r\n")).status == 403, more
        body = b'{"a": 1}'
        problem = json.loads((await one.ask("POST", "/users/ada/4711", body)).body)
        assert problem["reason"] == "not-allowed"
        assert "ringfence map --openapi" in problem["detail"]
        assert one.shop.heard == b""
        assert set(one.notes.kinds()) == {"refused"}
        assert {body["rule"] for body in one.notes.bodies} == {"assets.shop.undeclared"}
        rows = await table(one)
        assert all(not row["declared"] and row["calls"] == row["refused"] for row in rows.values())
        assert {"GET /admin/export", "DELETE /customers/{}", "GET /customers/{}/cards", "POST /users/{}/{}"} <= set(
            rows
        )
        assert "ada" not in apart(json.dumps(one.notes.bodies))

    play(work, mode)


def test_what_envoy_refuses_by_itself_is_no_call_of_an_endpoint() -> None:
    async def work(one: Stage) -> None:
        for _ in range(3):
            assert (await one.ask("GET", "/a%00b")).status == 400
        await one.ask("GET", "/customers/7")
        assert list(await table(one)) == ["GET /customers/{id}"]

    play(work)


@MODES
def test_what_nobody_declared_may_be_observed_and_crosses_by_the_assets_own_fields(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/old/export"] = [response(b'{"mail": "ada@example.com"}')]
        answer = await one.ask("GET", "/old/export")
        assert (answer.status, answer.body) == (200, b'{"mail": "***************"}')
        [entry] = one.notes.bodies
        assert entry["client"] == {"method": "GET", "path": "/old/export"}
        assert (await table(one))["GET /old/export"]["declared"] is False

    play(work, mode, undeclared="observe")


def test_flows_that_observe_let_what_nobody_declared_pass_and_say_so() -> None:
    async def work(one: Stage) -> None:
        body = b'{"nick": "xyz"}'
        assert (await one.ask("POST", "/old", body)).status == 200
        assert one.shop.requests[-1].body == body
        assert {entry.get("would") for entry in one.notes.bodies} == {"not-allowed"}
        assert (await one.ask("GET", "/old")).status == 200  # has no flow of its own: its answer's observes
        assert (await table(one))["GET /old"]["calls"] == 1

    play(work, flows="observe")


@MODES
def test_a_path_parameter_crosses_by_its_judgement(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        assert (await one.ask("GET", "/customers/ada%40example.com")).status == 200  # judged none: not looked at
        assert (await one.ask("GET", "/by-mail/ada%40example.com")).status == 403
        assert (await one.ask("GET", "/by-name/xyz")).status == 403
        assert "xyz" not in apart(json.dumps(one.notes.bodies))
        assert len(one.shop.requests) == 1

    play(work, mode)


@MODES
def test_head_and_options_belong_to_the_paths_that_are_declared(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/customers/7"] = [response(b"", more="x-nick: xyz\r\n")]
        assert (await one.ask("HEAD", "/customers/7")).value("x-nick") == "[redacted:name]"
        assert (await one.ask("OPTIONS", "/customers/7")).status == 200
        rows = await table(one)
        assert {name: row["declared"] for name, row in rows.items()} == {
            "GET /customers/{id}": True,
            "OPTIONS /customers/{id}": True,
        }

    play(work, mode)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/", "/"),
        ("", ""),
        ("/api/v1/users", "/api/v1/users"),
        ("/users/4711", "/users/{}"),
        ("/users/ada", "/users/{}"),
        ("/user/ada/edit", "/user/{}/edit"),
        ("/users/mary-smith", "/users/{}"),
        ("/u/ada%40example.com/x", "/u/{}/x"),
        ("/u/someone@example.com", "/u/{}"),
        ("/2010-04-01/x", "/2010-04-01/x"),
        ("/4111111111111111", "/{}"),
        ("/a/" + "word/" * 20, "/a/word/word/word/word/word/word/word/…"),
        ("/" + "a" * 40, "/{}"),
        ("/Nowak", "/{}"),
        ("/getUser/report.csv", "/getUser/report.csv"),
        ("*", "{}"),
        ("/" + "é" * 5, "/{}"),
    ],
)
def test_of_a_path_that_nobody_declared_a_shape_is_kept(path: str, shape: str) -> None:
    assert shape_of_path(path, {"2010-04-01"}, Detector()) == shape


def _calls() -> Calls:
    ids = iter(range(10_000))
    return Calls("api", lambda _at: CrossingId(f"c{next(ids)}"))


def rows_of(entries: list[Body]) -> list[str]:
    return [row["endpoint"] for entry in entries for row in entry["endpoints"]]  # type: ignore[index,union-attr,misc,call-overload]


def settled(calls: Calls, at: datetime, *, closing: bool = False) -> list[Body]:
    """Give what is due, taken by the ledger."""
    entries: list[Body] = []
    while (entry := calls.due(at, closing=closing)) is not None:
        entries.append(entry)
        calls.settle(entry)
    return entries


def test_shapes_are_bounded_and_the_rest_is_counted_together() -> None:
    calls = _calls()
    for number in range(MOST_SHAPES + 50):
        calls.add(Called("shop", "h", f"GET /x{number}", declared=False), NOW, refused=True)
    assert calls.due(NOW + timedelta(seconds=59)) is None
    [entry] = settled(calls, NOW + timedelta(seconds=60))
    assert (len(rows_of([entry])), entry["more"]) == (MOST_SHAPES, 50)
    assert calls.due(NOW + timedelta(hours=1), closing=True) is None


def test_an_entry_of_calls_is_given_again_until_it_is_durable() -> None:
    calls = _calls()
    calls.add(Called("shop", "h", "GET /a", declared=True), NOW, refused=False)
    entry = calls.due(NOW, closing=True)
    assert entry is not None
    calls.add(Called("shop", "h", "GET /b", declared=True), NOW, refused=False)
    assert calls.due(NOW, closing=True) is entry
    calls.settle(entry)
    assert [rows_of([each]) for each in settled(calls, NOW, closing=True)] == [["GET /b"]]


def test_a_table_of_ten_thousand_endpoints_is_cut_into_entries_that_the_ledger_takes() -> None:
    calls = _calls()
    names = [f"GET /{'x' * 900}{number}" for number in range(2_000)]
    for name in names:
        calls.add(Called("shop", "h", name, declared=True), NOW, refused=False)
    entries = settled(calls, NOW, closing=True)
    assert rows_of(entries) == names
    assert all(len(json.dumps(entry)) < 2 * MOST_CHARACTERS for entry in entries)
    assert len({entry["id"] for entry in entries}) == len(entries)
