"""Groups become roles, and one of them acts."""

from dataclasses import replace

import pytest

from ringfence.access import NoRole, Principal, VerifiedBy, choose_role, roles_of
from ringfence.policy import read
from ringfence.policy.model import Login, RoleName, ZoneName

TEXT = """
version: 1
zones: {core: {label: core}, staff: {label: staff}}
assets: {db: {zone: core, kind: postgres}}
roles: {support: {group: helpdesk}, privacy: {group: dpo}, audit: {group: dpo}}
gates: {pg: {kind: postgres, upstream: db}}
flows: [{id: reads, from: db, to: staff, via: {gate: pg}, carry: {}}]
"""
POLICY = read("ringfence.yaml", {"ringfence.yaml": TEXT}, {})
GATE = replace(POLICY.gates["pg"], logins={RoleName(name): Login(name) for name in ("support", "privacy")})


def principal(*groups: str) -> Principal:
    return Principal("ana", ZoneName("staff"), frozenset(groups), "users", VerifiedBy.SCRAM)


def test_a_group_gives_its_roles() -> None:
    assert roles_of(POLICY, principal("dpo", "else")) == ("privacy", "audit")
    assert roles_of(POLICY, principal()) == ()


def test_the_only_role_with_a_login_acts() -> None:
    assert choose_role(POLICY, GATE, principal("helpdesk")) == "support"
    assert choose_role(POLICY, GATE, principal("dpo")) == "privacy"


def test_of_several_roles_one_has_to_be_asked_for() -> None:
    with pytest.raises(NoRole, match="support, privacy"):
        choose_role(POLICY, GATE, principal("helpdesk", "dpo"))
    assert choose_role(POLICY, GATE, principal("helpdesk", "dpo"), "privacy") == "privacy"


@pytest.mark.parametrize("asked", ["privacy", "audit", "superuser' --"])
def test_a_role_that_is_not_ones_own_is_refused_without_a_word_of_it(asked: str) -> None:
    with pytest.raises(NoRole) as refused:
        choose_role(POLICY, GATE, principal("helpdesk"), asked)
    assert asked not in str(refused.value)
    assert refused.value.mend.endswith("support")


def test_whoever_has_no_role_is_told_so() -> None:
    with pytest.raises(NoRole, match="none of your groups"):
        choose_role(POLICY, GATE, principal("strangers"))
