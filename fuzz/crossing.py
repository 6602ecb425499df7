"""Whole crossings over foreign payloads: nothing raw gets out, effects keep their order, nothing but effects comes of it."""

from collections import deque
from datetime import UTC, datetime
from functools import cache

from ringfence.carriers import make_carrier
from ringfence.crossing import (
    Crossing,
    CrossingId,
    Ending,
    Head,
    Record,
    Recorded,
    Refuse,
    Release,
    Resolve,
    Resolved,
)
from ringfence.policy import Asker, FlowId, Plan, plan, read
from ringfence.transform import Keyring
from ringfence.transform.keys import KeyHandle

MAIL = b"ada.nowak@posta-nova.net"
CARD = b"4539578763621486"

SEEDS = [
    b"\x00\x07mail "
    + MAIL
    + b" and card "
    + CARD
    + b'\nTraceback (most recent call last):\n  File "a"\nError: '
    + MAIL
    + b"\n",
    b"\x01\x03" + b'{"user": {"mail": "' + MAIL + b'", "n": [1, 2.5e3, null]}, "card": ' + CARD + b"}",
    b"\x02\x11" + b'{"a": "' + MAIL + b'"}\n{"a": "x", "b": "\\u0041"}\n',
    b"\x03\x05" + b'id,first_name,mail\r\n1,"Ada ""A""",' + MAIL + b"\r\n",
    b"\x04\x00" + b'{"a": "x", "a": "' + MAIL + b'"}\nplain ' + CARD + b"\n",
]

POLICY = """\
version: 1
zones: {core: {label: a}, outside: {label: b, controlled: false}}
assets: {app: {zone: core, kind: service}, saas: {zone: outside, kind: log}}
keys: {k: {zones: [core]}}
forms: {t: {transform: token, key: k}, s: {transform: surrogate, key: k}}
flows:
  - {id: f, from: app, to: saas, carry: {user.contact.email: t, user.financial.credit_card: s}, else: redact}
"""

FORMATS = ("text", "json", "ndjson", "csv", "log")
AT = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = Keyring([KeyHandle("k", 1, bytes(32))])


@cache
def planned() -> Plan:
    return plan(read("p", {"p": POLICY}, {}), FlowId("f"), Asker())


def target(data: bytes) -> None:
    if len(data) < 3:
        return
    carrier, step, payload = FORMATS[data[0] % len(FORMATS)], data[1] or 4096, data[2:]
    made = planned()
    hold = 64 if data[0] & 0x40 else 1 << 17
    crossing = Crossing(
        made, Head(CrossingId("x"), made.policy_hash, AT, "g", "p"), KEYS, make_carrier(carrier), hold=hold
    )
    left = deque(crossing.start())
    pieces = deque(payload[at : at + step] for at in range(0, len(payload), step))
    released, refused, ended = b"", False, False
    while True:
        while left:
            match left.popleft():
                case Record(id=number):
                    left.extend(crossing.answer(Recorded(number, "r"), AT))
                case Resolve(id=number, asks=asks):
                    left.extend(crossing.answer(Resolved(number, tuple("0000" for _ in asks)), AT))
                case Release(payload=part):
                    assert not refused, "released after a refusal"
                    assert isinstance(part, bytes)
                    released += part
                case Refuse():
                    refused = True
        if ended:
            break
        if pieces:
            left.extend(crossing.feed(pieces.popleft(), AT))
        else:
            left.extend(crossing.end(Ending.COMPLETE, AT))
            ended = True
    assert refused or crossing.summary.done
    if not refused and not crossing.summary.changes:
        assert released == payload, "changed without a change"
    # A planted value that stands by itself in the input must not stand by itself in what came out.
    for value in (MAIL, CARD):
        for edge in (b" ", b'"', b"\n"):
            if edge + value + edge in payload:
                assert edge + value + edge not in released, "a planted value came out"
