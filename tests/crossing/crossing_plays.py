"""Driving a crossing in tests: a ledger and a vault that keep a transcript, and fail where they are told to."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from ringfence.carriers import Rows, make_carrier
from ringfence.crossing import (
    Body,
    Crossing,
    CrossingId,
    Effects,
    Ending,
    Head,
    Record,
    Recorded,
    Refusal,
    Refuse,
    Release,
    Resolve,
    Resolved,
)
from ringfence.policy import Asker, FlowId, Plan, Policy, Shape, plan, read
from ringfence.transform import Keyring
from ringfence.transform.keys import KeyHandle

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

KEYS = Keyring(
    [KeyHandle(name, 1, bytes([number]) * 32) for number, name in enumerate(("k-mail", "k-vault", "k-who"), 1)]
)

POLICY = """\
version: 1
zones:
  core: {label: high sensitivity}
  outside: {label: public, controlled: false}
assets:
  app: {zone: core, kind: service}
  shop: {zone: core, kind: service, subject: id,
         fields: {id: none, email: user.contact.email, card: user.financial.credit_card, note: scan, city: none}}
  saas: {zone: outside, kind: log}
keys:
  k-mail: {zones: [core]}
  k-vault: {zones: [core]}
  k-who: {zones: [core]}
forms:
  mail-token: {transform: token, key: k-mail}
  last4: {transform: mask, keep_last: 4}
  stand-in: {transform: surrogate, key: k-vault}
flows:
  - id: logs
    from: app
    to: saas
    carry: &carry
      user.contact.email: mail-token
      user.financial.credit_card: last4
    else: redact
  - id: strict
    from: app
    to: saas
    carry: {user.contact.email: mail-token}
  - id: vaulted
    from: app
    to: saas
    carry: {user.contact.email: stand-in}
    else: redact
  - id: shop-logs
    from: shop
    to: saas
    index: k-who
    carry: *carry
    else: redact
  - {id: watched, from: app, to: saas, mode: observe, carry: {}, else: deny}
  - {id: relaxed, from: app, to: saas, durability: relaxed, carry: *carry, else: redact}
  - {id: everything, from: app, to: saas, record: all, carry: *carry, else: redact}
  - {id: inbound, from: saas, to: app, carry: {user.contact.email: clear}, else: redact}
"""


@cache
def policy(text: str = POLICY) -> Policy:
    return read("ringfence.yaml", {"ringfence.yaml": text}, {})


def planned(flow: str, asker: Asker | None = None, text: str = POLICY) -> Plan:
    return plan(policy(text), FlowId(flow), asker or Asker(), Shape())


def head(of: Plan, expires: datetime | None = None, **more: object) -> Head:
    return Head(CrossingId("01test"), of.policy_hash, BEGAN, "test", "local:tester", expires=expires, **more)


@dataclass
class Play:
    """One crossing, driven to its end. `fail` says which `Record` or `Resolve` (counted from 0) is answered with a fault."""

    crossing: Crossing
    fail: int | None = None
    expire_at: int | None = None  # the call (counted from 0) at which the clock jumps a day
    answer: Callable[[str], str] = field(default=lambda value: f"<{len(value)}>")
    transcript: list[str] = field(default_factory=list)
    released: bytearray = field(default_factory=bytearray)
    entries: list[Body] = field(default_factory=list)
    refusal: Refusal | None = None
    after_fault: bytes = b""
    _asked: int = 0
    _calls: int = 0
    _open: set[int] = field(default_factory=set)
    _faulted: bool = False

    def run(self, pieces: Iterable[bytes | Rows], how: Ending = Ending.COMPLETE) -> "Play":
        self._carry(self.crossing.start())
        for piece in pieces:
            self._carry(self.crossing.feed(piece, self._now()))
        self._carry(self.crossing.end(how, self._now()))
        return self

    def _now(self) -> datetime:
        self._calls += 1
        late = self.expire_at is not None and self._calls > self.expire_at
        return BEGAN + (timedelta(days=1) if late else timedelta(milliseconds=self._calls))

    def _carry(self, effects: Effects) -> None:
        left = deque(effects)
        while left:
            effect = left.popleft()
            match effect:
                case Record(id=number, body=body):
                    self.transcript.append(f"record {body['kind']}")
                    fault = self._faults()
                    if not fault:
                        self.entries.append(body)
                    waits = self.crossing.waiting
                    reply = Recorded(number, None, "full") if fault else Recorded(number, f"t:{number}")
                    if waits and left:
                        raise AssertionError("effects follow a record whose receipt has not come")
                    left.extend(self.crossing.answer(reply, self._now()))
                case Resolve(id=number, asks=asks):
                    self.transcript.append("resolve")
                    answers = None if self._faults() else tuple(self.answer(ask.value) for ask in asks)
                    left.extend(self.crossing.answer(Resolved(number, answers), self._now()))
                case Release(payload=payload):
                    data = payload if isinstance(payload, bytes) else payload.data
                    if self._faulted or self.refusal is not None:
                        self.after_fault += data
                    if self.transcript[-1:] != ["release"]:
                        self.transcript.append("release")
                    self.released += data
                case Refuse(refusal=refusal):
                    self.transcript.append("refuse")
                    self.refusal = refusal

    def _faults(self) -> bool:
        number, self._asked = self._asked, self._asked + 1
        if number == self.fail and self.crossing.waiting:
            self._faulted = True
            return True
        return False


def begin(
    flow: str, carrier: str, *, hold: int = 1 << 17, expires: datetime | None = None, text: str = POLICY
) -> Crossing:
    made = planned(flow, text=text)
    return Crossing(made, head(made, expires), KEYS, make_carrier(carrier), hold=hold)


def play(flow: str, carrier: str, payload: bytes | Sequence[bytes], **more: object) -> Play:
    hold = more.pop("hold", 1 << 17)
    expires = more.pop("expires", None)
    text = more.pop("text", POLICY)
    pieces = [payload] if isinstance(payload, bytes) else payload
    return Play(begin(flow, carrier, hold=hold, expires=expires, text=text), **more).run(pieces)
