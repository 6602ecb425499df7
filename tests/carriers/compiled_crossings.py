"""What becomes of seeded documents, lines and HTTP/2 streams, as lines of JSON: compiled and plain it must be the same.

The corpus: random documents, mutated; lines with something personal in them; and the seeds of the fuzz targets, mutated. The
first line says whether the modules are compiled.
"""

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

# The modules beside this file's room are looked for in the checkout, those of ringfence where PYTHONPATH says.
sys.path.append(str(Path(__file__).resolve().parents[2]))
sys.path.append(str(Path(__file__).parent))

from carrier_plays import Documents
from test_json_agreement import mutated

from fuzz import http2_wire, http_processing
from ringfence.carriers import FORMATS, Undecodable, _json_whole
from ringfence.crossing import Crossing, CrossingId, Ending, Head, Record, Recorded, Refuse, Release
from ringfence.policy import Asker, FlowId, plan
from ringfence.policy.reading import read
from ringfence.transform import Keyring

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1", fields: {a: none, user.mail: user.contact.email, b: scan}}}
gates: {api: {kind: http, listen: "127.0.0.1:2", upstream: shop, clients: partners}}
flows: [{id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: redact, unknown: scan}]
"""
PLAN = plan(read("p.yaml", {"p.yaml": POLICY}, {}), FlowId("answers"), Asker())


def documents(rng: random.Random) -> Iterator[bytes]:
    made = Documents(rng)
    for _ in range(3_000):
        data = made.make(2)[0]
        yield mutated(data, rng) if rng.random() < 0.5 else data


def lines(rng: random.Random) -> bytes:
    mails = ("ada@example.com", "x", "203.0.113.7", "b\\u00fc@posta-nova.net", "4111 1111 1111 1111", 7, None, 1.5e3)
    return b"".join(
        json.dumps({"a": rng.choice(mails), "user": {"mail": rng.choice(mails)}, "b": [rng.choice(mails)]}).encode()
        + b"\n"
        for _ in range(rng.randrange(1, 30))
    )


def carried(name: str, pieces: list[bytes]) -> object:
    carrier = FORMATS[name]()
    try:
        units = [unit for piece in pieces for unit in carrier.feed(piece)] + carrier.end()
    except Undecodable as fault:
        return str(fault)
    return [
        (field.path, field.type.value, field.value.hex(), field.start, field.end, field.order, field.is_key)
        for unit in units
        for field in unit.fields
    ]


def crossed(name: str, pieces: list[bytes]) -> object:
    head = Head(CrossingId("c"), PLAN.policy_hash, NOW, "api", "anyone")
    crossing = Crossing(PLAN, head, Keyring(), FORMATS[name]())
    said: list[object] = []
    steps = [lambda piece=piece: crossing.feed(piece, NOW) for piece in pieces]
    for step in [crossing.start, *steps, lambda: crossing.end(Ending.COMPLETE, NOW)]:
        left = list(step())
        while left:
            match left.pop(0):
                case Record(id=number, body=body):
                    said.append(dict(body))
                    left = [*crossing.answer(Recorded(number, "r"), NOW), *left]
                case Release(payload=bytes() as octets):
                    said.append(octets.hex())
                case Refuse(refusal=refusal):
                    said.append(str(refusal))
    return said


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(data) + 1)
    return [data[:at], data[at:]]


def main() -> None:
    print(json.dumps(not str(_json_whole.__file__).endswith(".py")))
    rng = random.Random(17)
    for data in documents(rng):
        for name in ("json", "ndjson"):
            print(json.dumps(carried(name, cut(data, rng))))
        print(json.dumps(crossed("json", [data]), default=str))
    for _ in range(500):
        print(json.dumps(crossed("ndjson", cut(lines(rng), rng)), default=str))
    for target in (http2_wire, http_processing):
        for seed in target.SEEDS:
            for _ in range(20):
                target.target(mutated(seed, rng))
    print(json.dumps("the fuzz targets held"))


if __name__ == "__main__":
    main()
