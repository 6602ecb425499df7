"""Units in which nothing is found are judged as one; what crosses, and what is written of it, is what each would give alone."""

import json
import random

import pytest
from crossing_plays import BEGAN

from ringfence.carriers import make_body_carrier
from ringfence.crossing import (
    Crossing,
    CrossingId,
    Effects,
    Ending,
    Head,
    Record,
    Recorded,
    Refuse,
    Release,
    Surrogates,
)
from ringfence.crossing.judging import Judge
from ringfence.policy import Asker, FlowId, plan, read
from ringfence.transform import Keyring

POLICY = """\
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}}
gates: {api: {kind: http, listen: "127.0.0.1:2", upstream: shop, clients: partners}}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: redact}
  - {id: strict, from: shop, to: partners, carry: {user.contact.email: mask}, else: deny}
"""
DECIDED = read("p.yaml", {"p.yaml": POLICY}, {})
LINES = (
    {"n": 1, "sku": "A-1", "ok": True, "none": None, "part": 1.5e3},
    {"n": 2, "sku": "B-7", "ok": "\\u0041\\n", "none": 0, "part": -1},
    {"user": {"mail": "ada@example.com"}, "list": [1, 2, "bob@example.com"]},
    {"card": 4111111111111111, "note": "4111 1111 1111 1111"},
    {"total": 4.111111111111111e15, "says": 'a "word"'},
    ["eve@example.com", {"sku": "4111111111111111"}],
)
ODD = ("", "  ", '{"a": 1, "a": 2}', '{"a": "ada@example.com", "a": 2}', '{"n": tru', '{"title": "é\\ud83d\\ude00"}')


def _payload(random_: random.Random) -> bytes:
    lines = [
        random_.choice(ODD)
        if random_.random() < 0.02
        else json.dumps(random_.choice(LINES[: random_.randint(2, len(LINES))]))
        for _ in range(random_.randint(1, 60))
    ]
    return "\n".join(lines).encode() + random_.choice((b"", b"\n"))


def _crossed(flow: str, content_type: str, pieces: list[bytes], *, hold: int) -> list[object]:
    decided = plan(DECIDED, FlowId(flow), Asker())
    head = Head(CrossingId("0" * 26), decided.policy_hash, BEGAN, "api", "anyone")
    carrier = make_body_carrier(content_type, assumed="utf-8")
    crossing = Crossing(decided, head, Keyring(), carrier, hold=hold, issued=Surrogates(alone=True))
    told: list[object] = []

    def take(effects: Effects) -> None:
        for effect in effects:
            told.append(effect.payload if isinstance(effect, Release) else effect)
            if isinstance(effect, Record):
                take(crossing.answer(Recorded(effect.id, "receipt"), BEGAN))
            if isinstance(effect, Refuse):
                return

    take(crossing.start())
    for piece in pieces:
        take(crossing.feed(piece, BEGAN))
    take(crossing.end(Ending.COMPLETE, BEGAN))
    return [*told, crossing.summary]


@pytest.mark.parametrize(
    "content_type", ["application/x-ndjson", "application/x-ndjson; charset=utf-16le", "application/json"]
)
@pytest.mark.parametrize("flow", ["answers", "strict"])
def test_units_judged_in_runs_give_the_effects_of_units_judged_one_by_one(
    flow: str, content_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_ = random.Random(f"{flow} {content_type}")
    changed = 0
    for _ in range(60):
        payload = _payload(random_)
        if "16" in content_type:
            payload = payload.decode().encode("utf-16-le")
        size, hold = random_.choice((7, 100, 4096)), random_.choice((0, 300, 131072))
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        together = _crossed(flow, content_type, pieces, hold=hold)
        with monkeypatch.context() as patch:
            patch.setattr(Judge, "judges_runs", property(lambda _: False))
            apart = _crossed(flow, content_type, pieces, hold=hold)
        assert together == apart
        changed += any(isinstance(each, Record) for each in together)
    assert changed
