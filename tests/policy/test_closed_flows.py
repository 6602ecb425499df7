"""A closed flow: as if it were not there, and it says that it is."""

import pytest

from ringfence.policy import (
    Asker,
    Denial,
    FlowId,
    Mode,
    Policy,
    Shape,
    ZoneName,
    knowledge,
    lint,
    plan,
    read,
    read_located,
)
from ringfence.policy.verdict import FieldUse
from ringfence.taxonomy import CATEGORIES

TEXT = """
version: 1
zones: {core: {label: high sensitivity}, staff: {label: internal processing}}
assets: {db: {zone: core, kind: postgres, fields: {p.email: user.contact.email, p.id: none}}}
flows: [{id: reads, from: db, to: staff, mode: MODE, carry: {"*": clear}, else: clear, unknown: clear}]
"""


def policy(mode: str) -> Policy:
    return read("ringfence.yaml", {"ringfence.yaml": TEXT.replace("MODE", mode)}, {})


@pytest.mark.parametrize("path", ["p.email", "p.id", "p.other", ""])
def test_nothing_crosses_whatever_it_carries(path: str) -> None:
    made = plan(policy("closed"), FlowId("reads"), Asker(), Shape((FieldUse(path),)))
    assert made.refused is not None
    assert made.refused.denial is Denial.NO_FLOW
    assert made.refused.why == "flow reads is closed"
    assert made.mode is Mode.ENFORCE, "it binds"
    assert all(made.decide(category).form.denies for category in CATEGORIES)
    assert not made.passes_unread


def test_nobody_comes_to_know_anything_by_it() -> None:
    held, opened = knowledge(policy("closed")), knowledge(policy("enforce"))
    assert not held.forms(ZoneName("staff"), "user.contact.email")
    assert opened.forms(ZoneName("staff"), "user.contact.email")


def test_lint_says_so() -> None:
    located = read_located("ringfence.yaml", {"ringfence.yaml": TEXT.replace("MODE", "closed")}, {})
    assert "closed" in {problem.code for problem in lint(located.policy, located.positions)}
