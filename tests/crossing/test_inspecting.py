"""What is only looked at gets the verdict that the same fields get on their way through a gate (law 5)."""

import json
import random

import pytest

from ringfence.carriers import make_body_carrier
from ringfence.crossing.inspecting import inspect
from ringfence.crossing.judging import Judge, Sighting
from ringfence.detect import detector_for
from ringfence.policy import Asker, FlowId, plan, read
from ringfence.transform import Keyring

POLICY = """\
version: 1
zones: {dev: {label: developers}, repo: {label: repository}}
assets:
  code: {zone: repo, kind: git, fields: {user.mail: user.contact.email, note: scan, sku: none, list: unknown}}
  free: {zone: repo, kind: git}
flows:
  - {id: declared, from: dev, to: code, carry: {user.contact.email: clear, user.financial: mask}, else: deny}
  - {id: unknown-scanned, from: dev, to: code, carry: {user.contact.phone_number: clear}, else: redact, unknown: scan}
  - {id: by-content, from: dev, to: free, carry: {user.contact.email: clear}, else: deny}
"""
DECIDED = read("p.yaml", {"p.yaml": POLICY}, {})
LINES = (
    {"user": {"mail": "ada@firma.example"}, "note": "ring +49 30 901820 or write to bo@firma.example"},
    {"sku": "4111 1111 1111 1111", "note": ""},
    {"list": [1, "eve@firma.example"], "user": {"mail": ""}},
    {"eve@firma.example": {"card": 4111111111111111}, "birth_date": "1979-03-04"},
)


def _told(one: Sighting) -> tuple[object, ...]:
    return one.category, one.entity, one.decision, one.score, one.evidence, one.path


@pytest.mark.parametrize("flow", ["declared", "unknown-scanned", "by-content"])
@pytest.mark.parametrize("seed", range(20))
def test_a_text_that_is_looked_at_gets_the_verdict_of_a_field_that_crosses(flow: str, seed: int) -> None:
    chosen = random.Random(seed).choices(LINES, k=12)
    payload = "\n".join(map(json.dumps, chosen)).encode() + b"\n"
    decided = plan(DECIDED, FlowId(flow), Asker())
    detector = detector_for(decided.detection)
    carrier = make_body_carrier("application/x-ndjson", assumed="utf-8")
    units = [*carrier.feed(payload), *carrier.end()]
    fields = [field for unit in units for field in unit.fields]

    judged = Judge(decided, Keyring(()), detector).judge_all(units)
    names = {number for number, field in enumerate(fields) if field.is_key}
    seen = inspect(decided, detector, [field.path for field in fields], [field.value for field in fields], names)

    crossed = sorted((_told(one) for each in judged for one in each.sightings), key=repr)
    looked = sorted(
        (
            (one.category, one.entity, one.decision, one.score, one.evidence, fields[one.number].path)
            for one in seen
            if one.end or one.decision.form.denies
        ),
        key=repr,
    )
    assert crossed
    assert looked == crossed


def test_what_may_not_cross_clear_does_not_cross() -> None:
    decided = plan(DECIDED, FlowId("unknown-scanned"), Asker())
    seen = inspect(decided, detector_for(decided.detection), [""], [b"write to ada@firma.example"])
    assert [(one.start, one.end, one.decision.form.name, one.crosses) for one in seen] == [(9, 26, "redact", False)]
