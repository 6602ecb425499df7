"""Deciding and reading a policy: `plan` known and not known, a category's verdict, a field's judgement; a whole policy read."""

import time
from collections.abc import Callable

from benchmarks._rows import Row
from ringfence.policy import Asker, FieldUse, FlowId, PurposeName, RoleName, Shape, lint, plan, read, read_located

POLICY = """\
version: 1
zones:
  core:      {label: high sensitivity, at_rest: required, in_transit: tls, residency: [EU], retention: 7y}
  staff:     {label: internal processing}
  analytics: {label: analytics, retention: 400d}
  outside:   {label: public, controlled: false}
assets:
  shop-db:   {zone: core, kind: postgres, at: "${SHOP_DSN}", subject: public.customer.id,
              fields: {public.customer.email: user.contact.email, public.product: none}}
  log-saas:  {zone: outside, kind: http, at: "https://logs.example.com"}
keys:     {k-contact: {zones: [core]}}
forms:    {last4: {transform: mask, keep_last: 4}, contact-token: {transform: token, key: k-contact, joinable: [staff]}}
roles:    {support: {group: support}, privacy: {group: privacy, reverse: [k-contact], needs: [reason]}}
purposes: {customer-support: {basis: contract}}
principals: {users: {scram: "file:users.scram", zone: staff}}
gates:
  pg: {kind: postgres, listen: "127.0.0.1:6432", upstream: shop-db, logins: {support: shop_support, privacy: shop_privacy}}
flows:
  - id: staff-reads
    from: shop-db
    to: staff
    via: {gate: pg}
    purposes: [customer-support]
    carry:
      user.name: clear
      user.contact.email: [{role: privacy, form: clear}, {form: mask}]
      user.financial.credit_card: last4
    else: redact
    unknown: deny
  - {id: staff-writes, from: staff, to: shop-db, via: {gate: pg}, carry: {user.contact.email: clear}, else: deny}
detect: {thresholds: {US_SSN: 0.6}}
assert:
  - never: {category: user.financial.credit_card, form: clear, zones: [staff, analytics, outside]}
"""
_TEXTS = {"ringfence.yaml": POLICY}
_ENVIRONMENT = {"SHOP_DSN": "postgresql://localhost/shop"}
_COLUMNS = ("public.customer.email", "public.product.name", "public.product.price")


def run() -> list[Row]:
    read_once = read_located("ringfence.yaml", _TEXTS, _ENVIRONMENT)
    policy = read_once.policy
    flow = FlowId("staff-reads")
    asker = Asker(RoleName("privacy"), PurposeName("customer-support"), has_reason=True)
    shape = Shape(tuple(map(FieldUse, _COLUMNS)))
    known = plan(policy, flow, asker, shape)
    shapes = iter([Shape((FieldUse(f"public.product.p{number}"),)) for number in range(20_000)])
    return [
        Row("plan, cached", _each(lambda: plan(policy, flow, asker, shape), 20_000), _floor()),
        Row(
            "plan, not cached (3 rules, all categories)", _each(lambda: plan(policy, flow, asker, next(shapes)), 2_000)
        ),
        Row("a category's verdict", _each(lambda: known.decide("user.contact.email"), 50_000), _floor()),
        Row("a field's judgement", _each(lambda: known.judge("public.customer.email"), 50_000)),
        Row("a policy of 40 lines, read", _each(lambda: read("ringfence.yaml", _TEXTS, _ENVIRONMENT), 50)),
        Row("the same, linted with its assertion", _each(lambda: lint(policy, read_once.positions), 50)),
    ]


def _floor() -> str:
    table = {"user.contact.email": 1}
    return f"a call with one dictionary look-up: {_each(lambda: table.get('user.contact.email'), 50_000)}"


def _each(call: Callable[[], object], times: int) -> str:
    """Say what one call takes: the best of five rounds, for the machine has other work."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times // 5):
            call()
        best = min(best, (time.perf_counter() - began) / (times // 5))
    return f"{best * 1e6:,.2f} us" if best < 1e-3 else f"{best * 1e3:,.1f} ms"
