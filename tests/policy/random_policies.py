"""Random policies as raw mappings, small enough that names meet."""

import random
from typing import Any

from ringfence.policy.document import Document
from ringfence.policy.model import Policy
from ringfence.policy.problems import Position
from ringfence.policy.resolving import resolve
from ringfence.policy.tree import Table

ZONES = ["core", "staff", "analytics", "outside"]
CATEGORIES = [
    "user.contact",
    "user.contact.email",
    "user.contact.phone_number",
    "user.financial.credit_card",
    "user.demographic.date_of_birth",
    "user.name",
]
PATHS = [
    "public",
    "public.person",
    "public.person.mail",
    "public.person.mail[].at",
    "public.personal",
    "note",
    "public.person[].x",
    "",
]
BUILT_IN = ["clear", "deny", "redact", "mask", "null"]


def random_policy(rng: random.Random) -> dict[str, Any]:
    keys = {f"k{n}": {"zones": rng.sample(ZONES, rng.randint(1, 2))} for n in range(rng.randint(1, 2))}
    forms = {f"f{n}": _form(rng, list(keys)) for n in range(rng.randint(1, 4))}
    roles: dict[str, Any] = {
        f"r{n}": {"group": "g", "needs": rng.sample(["reason", "purpose"], rng.choice([0, 0, 1, 2]))}
        for n in range(rng.randint(0, 2))
    }
    purposes: dict[str, Any] = {f"p{n}": {} for n in range(rng.randint(0, 3))}
    for role in roles.values():
        if purposes and rng.random() < 0.4:
            role["purposes"] = rng.sample(sorted(purposes), rng.randint(1, len(purposes)))
    assets = {
        f"a{n}": {"zone": rng.choice(ZONES), "kind": "service", "fields": _fields(rng)}
        for n in range(rng.randint(1, 3))
    }
    ends = [*ZONES, *assets]
    flows = [
        _flow(rng, f"flow{n}", ends, [*BUILT_IN, *forms], list(roles), list(purposes)) for n in range(rng.randint(1, 5))
    ]
    zones = {name: {"label": name} for name in ZONES}
    return {
        "version": 1,
        "zones": zones,
        "assets": assets,
        "keys": keys,
        "forms": forms,
        "roles": roles,
        "purposes": purposes,
        "flows": flows,
    }


def _form(rng: random.Random, keys: list[str]) -> dict[str, Any]:
    match rng.choice(["token", "hash", "mask", "truncate", "bucket", "placeholder", "surrogate"]):
        case "mask":
            return {"transform": "mask", "keep_first": rng.choice([1, 4, 8]), "keep_last": rng.choice([2, 4, 8])}
        case "truncate":
            return {"transform": "truncate", "keep_first": rng.choice([1, 6, 12])}
        case "bucket":
            return {"transform": "bucket", "unit": "year"}
        case kind:
            return {"transform": kind, "key": rng.choice(keys)}


def _fields(rng: random.Random) -> dict[str, str]:
    judgements = [*CATEGORIES, "none", "scan", "unknown"]
    return {
        path: rng.choice(judgements) for path in rng.sample([each for each in PATHS if each], rng.choice([0, 0, 1, 3]))
    }


def _flow(
    rng: random.Random, name: str, ends: list[str], forms: list[str], roles: list[str], purposes: list[str]
) -> dict[str, Any]:
    carried = rng.sample([*CATEGORIES, "user", "*"], rng.randint(0, 4))
    flow: dict[str, Any] = {
        "id": name,
        "from": rng.choice(ends),
        "to": rng.choice(ends),
        "carry": {category: _lines(rng, forms, roles, purposes) for category in carried},
        "purposes": rng.sample(purposes, rng.randint(0, len(purposes))),
    }
    for key, values in (
        ("else", forms),
        ("unknown", [*forms, "scan"]),
        ("mode", ["enforce", "enforce", "enforce", "observe"]),
    ):
        if rng.random() < 0.6:
            flow[key] = rng.choice(values)
    if rng.random() < 0.4:
        flow["predicates"] = dict.fromkeys(rng.sample(CATEGORIES, rng.randint(1, 3)), "equality")
    return flow


def _lines(rng: random.Random, forms: list[str], roles: list[str], purposes: list[str]) -> str | list[dict[str, str]]:
    if rng.random() < 0.5:
        return rng.choice(forms)
    lines = []
    for _ in range(rng.randint(1, 3)):
        line = {"form": rng.choice(forms)}
        if roles and rng.random() < 0.5:
            line["role"] = rng.choice(roles)
        if purposes and rng.random() < 0.5:
            line["purpose"] = rng.choice(purposes)
        lines.append(line)
    return lines


def resolved(raw: dict[str, Any]) -> Policy:
    """Give the policy of a raw mapping without its way through YAML, which costs twenty times as much."""
    policy, problems = resolve(Document.model_validate(raw), Table(Position("random", 1, 1)), lambda _file, _at: ())
    assert policy is not None, problems
    return policy
