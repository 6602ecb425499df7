"""`plan` and `knowledge` against the model of the meaning, at random."""

import json
import random
from itertools import pairwise

import policy_model as model
import pytest
from random_policies import CATEGORIES, PATHS, random_policy, resolved

from ringfence.policy import (
    Announced,
    Asker,
    FieldUse,
    FlowId,
    PurposeName,
    RoleName,
    Shape,
    Use,
    knowledge,
    plan,
    read,
)
from ringfence.policy.knowing import Fact, origins
from ringfence.policy.model import CLEAR
from ringfence.taxonomy import CATEGORIES as ALL

SLICE, WHOLE = 2_000, 10_000
PARTS = 4  # so that they can run side by side
KNOWN_POLICIES = 300


def _agree(seed: int) -> int:
    rng = random.Random(seed)
    raw = random_policy(rng)
    policy = resolved(raw)
    asked = 0
    for flow in [*(each["id"] for each in raw["flows"]), "no-such-flow"]:
        role = rng.choice([None, *raw["roles"], "no-such-role"])
        purpose = rng.choice([None, *raw["purposes"], "no-such-purpose"])
        has_reason = rng.random() < 0.7
        asker = Asker(RoleName(role) if role else None, PurposeName(purpose) if purpose else None, has_reason)
        path, use, computed = rng.choice(PATHS), rng.choice(list(Use)), rng.random() < 0.3
        apart = rng.random() < 0.4
        sources = tuple(rng.sample(PATHS, rng.choice([0, 0, 1, 2])))
        made = plan(policy, FlowId(flow), asker, Shape((FieldUse(path, use, sources, computed, apart),)))
        apart = apart and not computed and not sources and use in (Use.SHOWN, Use.WRITTEN)
        paths = [*sources] if computed and not path and use not in (Use.STORED, Use.KEPT) else [path, *sources]
        paths = [path] if use is Use.WRITTEN else paths
        why = model.refusal(raw, flow, role, purpose, has_reason)
        if why is not None:
            assert made.refused is not None, (seed, flow)
            assert made.refused.denial.value == why, (seed, flow)
        else:
            refused = model.field_refused(raw, flow, use.value, paths, computed, apart, (role, purpose))
            assert (made.refused is not None) == refused, (seed, flow, paths, use)
            if use is Use.SHOWN:
                assert _how(made.announced[0]) == model.appears(raw, flow, paths, computed, apart, (role, purpose)), (
                    seed
                )
        for category in [*rng.sample(CATEGORIES, 3), "user.demographic", "user.credentials"]:
            expected = model.form(raw, flow, category, role, purpose) if category in ALL else "deny"
            assert made.decide(category).form.name == expected, (seed, flow, category)
            asked += 1
        if flow != "no-such-flow":
            assert made.judge(path) == model.judgement(raw, flow, path), (seed, flow, path)
        unknown = made.unknown if isinstance(made.unknown, str) else made.unknown.form.name
        assert unknown == model.unknown(raw, flow), (seed, flow)
    return asked


def _how(announced: Announced) -> str:
    decision = announced.decision
    return "none" if decision is None else decision if isinstance(decision, str) else decision.form.name


@pytest.mark.parametrize("part", range(PARTS))
def test_plan_agrees_with_the_model_on_two_thousand_random_policies(part: int) -> None:
    assert sum(map(_agree, range(part, SLICE, PARTS))) > 5 * SLICE // PARTS


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_plan_agrees_with_the_model_on_ten_thousand_random_policies(part: int) -> None:
    assert sum(map(_agree, range(part, WHOLE, PARTS))) > 5 * WHOLE // PARTS


@pytest.mark.parametrize("seed", range(40))
def test_a_policy_means_the_same_when_it_came_through_yaml(seed: int) -> None:
    raw = random_policy(random.Random(seed))
    through = read("p.yaml", {"p.yaml": json.dumps(raw, indent=1)}, {})
    assert through == resolved(raw)


def _know(seed: int) -> int:
    raw = random_policy(random.Random(seed))
    policy = resolved(raw)
    known = knowledge(policy)
    expected = model.known(raw, set(origins(policy)), CATEGORIES)
    got = {(fact.zone, fact.category, fact.form.name) for fact in known.why if fact.category in CATEGORIES}
    assert got == expected, seed
    for fact in known.why:
        _is_a_way(raw, known.witness(fact), fact, known.origins)
    return len(got)


def _is_a_way(raw: model.Raw, flows: tuple[str, ...], fact: Fact, begins: frozenset[str]) -> None:
    """A witness leads, flow by flow, from where data originates to the zone that holds the fact."""
    reached = set(begins)
    for name in flows:
        flow = model.flow_of(raw, name)
        assert flow is not None
        assert model.zone_of(raw, flow["from"]) in reached
        reached.add(model.zone_of(raw, flow["to"]))
    assert fact.zone in reached
    assert flows


def test_knowledge_agrees_with_a_closure_that_tries_everything() -> None:
    assert sum(map(_know, range(KNOWN_POLICIES))) > KNOWN_POLICIES


@pytest.mark.soak
def test_knowledge_agrees_with_a_closure_that_tries_everything_at_length() -> None:
    assert sum(map(_know, range(KNOWN_POLICIES, 20 * KNOWN_POLICIES))) > 0


def test_the_witness_of_a_fact_is_a_shortest_way() -> None:
    raw = {
        "version": 1,
        "zones": {name: {"label": name} for name in ("a", "b", "c", "d")},
        "assets": {"store": {"zone": "a", "kind": "store"}},
        "flows": [
            {"id": "a-b", "from": "store", "to": "b", "carry": {"*": "clear"}},
            {"id": "b-c", "from": "b", "to": "c", "carry": {"*": "clear"}},
            {"id": "c-d", "from": "c", "to": "d", "carry": {"*": "clear"}},
            {"id": "b-d", "from": "b", "to": "d", "carry": {"user.name": "clear"}},
        ],
    }
    known = knowledge(resolved({**raw, "keys": {}, "forms": {}, "roles": {}, "purposes": {}}))
    zone = next(fact.zone for fact in known.why if fact.zone == "d")
    assert known.witness(Fact(zone, "user.name", CLEAR)) == ("a-b", "b-d")
    assert known.witness(Fact(zone, "user.contact.email", CLEAR)) == ("a-b", "b-c", "c-d")


def test_a_long_chain_of_inferences_is_followed_without_doubling_at_each_step() -> None:
    names = [f"z{number}" for number in range(60)]
    lines = [{"role": "r", "form": "first"}, {"form": "last"}]
    flows = [
        {"id": f"f{number}", "from": one, "to": other, "carry": {"user.financial.credit_card": lines}}
        for number, (one, other) in enumerate(pairwise(names))
    ]
    raw = {
        "version": 1,
        "zones": {name: {"label": name} for name in names},
        "assets": {},
        "keys": {},
        "purposes": {},
        "roles": {"r": {"group": "r"}},
        "forms": {"first": {"transform": "mask", "keep_first": 8}, "last": {"transform": "mask", "keep_last": 8}},
        "flows": flows,
    }
    known = knowledge(resolved(raw))
    last = next(fact for fact in known.why if fact.zone == names[-1] and fact.form == CLEAR)
    assert known.witness(last) == tuple(flow["id"] for flow in flows)
