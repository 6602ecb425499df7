"""The probe of an HTTP gate: what gets past a real one, and that what gets past is noticed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringfence.crossing.entries import CANARY_FLOW
from ringfence.gates.http import exchange, heads, media
from ringfence.policy import Plan
from ringfence.policy.reading import read
from ringfence.probe.http.attacks import HttpAttack, Target, Way, http_attacks, play
from ringfence.probe.http.reading import can_be_read
from ringfence.probe.http.running import CATEGORIES, HttpRun, probe_http
from ringfence.probe.http.site import HttpSite
from ringfence.probe.matrix import Cell, Matrix, Verdict
from ringfence.probe.running import Chosen, NothingToAsk
from ringfence.probe.standing import site_of
from ringfence.transform import Keyring

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets:
  shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, clients: partners, bodies: BODIES}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, else: redact}
  - {id: orders, from: partners, to: shop, via: {gate: api}, else: redact}
"""
EMAIL = "user.contact.email"
SECRET = b"a secret of thirty-two bytes or so"
MAIL = "bcdfghjkm@brieffalke.de"


def matrix_of(
    text: str = POLICY,
    bodies: str = "streamed",
    categories: Sequence[str] = (EMAIL,),
    attacks: Sequence[HttpAttack] | None = None,
    recorded: list[Mapping[str, Any]] | None = None,
) -> Matrix:
    policy = read("p.yaml", {"p.yaml": text.replace("BODIES", bodies)}, {})
    site = HttpSite(policy, policy.gates["api"], policy.assets[policy.gates["api"].upstream])  # type: ignore[index]
    record = (recorded if recorded is not None else []).append
    run = HttpRun(site, Keyring(), Path(), SECRET, "local:test", record, Chosen(categories=categories))
    return probe_http(replace(run, attacks=attacks) if attacks is not None else run)


def named(matrix: Matrix, attack: str) -> list[Cell]:
    return [cell for cell in matrix.cells if cell.attack == attack]


def some(*names: str) -> list[HttpAttack]:
    found = [one for one in http_attacks() if one.id in names]
    assert len(found) == len(names)
    return found


def test_no_attack_gets_a_value_past_the_gate_either_way_and_most_get_past_an_envoy_whose_flows_let_everything_pass() -> (
    None
):
    """What is never stopped elsewhere is stopped here by the policy: of attacks that any Envoy stops there are few."""
    matrix = matrix_of()
    assert [cell.attack for cell in matrix.leaks] == []
    assert len({cell.attack for cell in matrix.cells}) == len(http_attacks()) >= 250
    counts = matrix.counts()
    assert counts[Verdict.BLOCKED] + counts[Verdict.CHANGED] >= 500
    assert counts[Verdict.NOT_RUNNABLE] == 0, matrix.reasons()
    stopped = [cell for cell in matrix.cells if "under any policy" in cell.why]
    assert len(stopped) < 0.15 * len(matrix.cells), [cell.attack for cell in stopped]


@pytest.mark.soak
@pytest.mark.parametrize("bodies", ["streamed", "buffered"])
def test_no_attack_gets_a_value_of_any_category_past_the_gate(bodies: str) -> None:
    matrix = matrix_of(bodies=bodies, categories=CATEGORIES)
    assert [(cell.attack, cell.category) for cell in matrix.leaks] == []
    assert len(matrix.cells) >= 1500


FEW = some(
    "json/a member", "json/escapes", "head/a field", "target/the query", "coding/gzip", "xml/comments between letters"
)


def test_a_protection_that_is_taken_away_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "parts_of", lambda *_, **__: [])
    leaking = {cell.attack for cell in matrix_of(attacks=FEW).leaks}
    assert leaking == {"head/a field", "target/the query"}
    monkeypatch.undo()
    monkeypatch.setattr(heads, "NOT_READ", heads.NOT_READ | {"x-owner"})
    assert {cell.attack for cell in matrix_of(attacks=FEW).leaks} == {"head/a field"}


def test_bodies_that_are_not_looked_at_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    read_it = media.choose

    def choose(fields: media.Fields, decided: Plan, *more: int) -> media.Chosen:
        is_canary = decided.flow == CANARY_FLOW  # else the gate would notice by itself
        return read_it(fields, decided, *more) if is_canary else media.Chosen(media.Opaque(), streams=True)

    monkeypatch.setattr(exchange, "choose", choose)
    leaking = {cell.attack for cell in matrix_of(attacks=FEW).leaks}
    assert leaking == {"json/a member", "json/escapes", "coding/gzip", "xml/comments between letters"}


def test_what_the_policy_carries_clear_is_no_leak_and_an_observing_flow_cannot_be_tried() -> None:
    text = POLICY.replace("id: answers,", f"id: answers, carry: {{{EMAIL}: clear}},")
    text = text.replace("id: orders,", "id: orders, mode: observe,")
    matrix = matrix_of(text, attacks=some("json/a member", "json/a key"))
    found = {(cell.role, cell.verdict) for cell in matrix.cells}
    assert found == {("answers", Verdict.CLEAR), ("orders", Verdict.NOT_RUNNABLE)}


def test_where_no_flow_is_declared_nothing_gets_through_and_paths_are_those_of_the_flow() -> None:
    text = POLICY.replace(
        "to: shop, via: {gate: api}", 'to: shop, via: {gate: api, match: {method: PUT, path: "/o/*/x"}}'
    )
    text = "\n".join(line for line in text.splitlines() if "answers" not in line)
    recorded: list[Mapping[str, Any]] = []
    matrix = matrix_of(text, attacks=FEW, recorded=recorded)
    assert [one["stage"] for one in recorded] == ["began", "ended"]
    assert MAIL.partition("@")[2] not in json.dumps(recorded)
    assert matrix.roles() == ["orders", "(responses, without a flow)"]
    assert matrix.leaks == []
    assert named(matrix, "json/a member")[0].verdict is Verdict.CHANGED
    assert named(matrix, "json/a member")[1].verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("upstream: shop,", "upstreams: [shop],", "is a way out"),
        ("clients: partners,", "principals: [shops],", "asks its clients who they are"),
    ],
)
def test_a_gate_that_cannot_be_played_is_named_before_anything_is_started(old: str, new: str, said: str) -> None:
    principals = 'principals: {shops: {api_keys: "file:shops.users", zone: partners}}\n'
    text = POLICY.replace("BODIES", "streamed").replace(old, new) + principals * ("shops" in new)
    with pytest.raises(NothingToAsk, match=said):
        site_of(read("p.yaml", {"p.yaml": text}, {}), Path(), Path())


@pytest.mark.parametrize("attack", http_attacks(), ids=lambda attack: attack.id)
def test_every_attack_can_be_read_by_whoever_gets_it(attack: HttpAttack) -> None:
    """The detector of leaks finds the value in what is sent, and in none of it once the value is another."""
    for way in attack.ways:
        played = play(attack, way, Target(MAIL, "/probe", "POST"))
        head = b"".join(f"{name}: {value}\r\n".encode("utf-8", "surrogateescape") for name, value in played.head)
        trailers = b"".join(f"{name}: {value}\r\n".encode() for name, value in played.trailers)
        sent = b"".join(played.pieces) if played.pieces else head + b"\r\n" + played.body + trailers
        assert can_be_read(sent, EMAIL, MAIL, played.spelt)
        assert not can_be_read(sent, EMAIL, "qrstvwxzb@cartaveloz.es", set())
        without = play(attack, way, Target("[redacted:email]", "/probe", "POST"))
        assert not can_be_read(b"".join(without.pieces) or without.body, EMAIL, MAIL, played.spelt)


def test_attacks_go_both_ways_where_it_makes_sense() -> None:
    ways = [attack.ways for attack in http_attacks()]
    assert sum(len(way) == 2 for way in ways) >= 200
    assert {way for each in ways for way in each} == set(Way)
