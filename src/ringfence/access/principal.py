"""Who asks: the principal that a credential gave, and the one role in which it acts.

The rule: a principal is made only after its credential was verified, its zone comes from the source of identities that verified
it, and a session acts in exactly one role, which the policy gives to one of the principal's groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ringfence.access.faults import NoRole
from ringfence.policy.model import Gate, Policy, Principals, RoleName, ZoneName


class VerifiedBy(StrEnum):
    """What showed that a principal is who it says."""

    SCRAM = "scram"
    SCRAM_PLUS = "scram-plus"  # bound to the TLS channel: nobody stood in between
    TOKEN = "token"  # noqa: S105 (the word for it)
    CERTIFICATE = "certificate"
    API_KEY = "api-key"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was let in. Its name is not shown by `repr`: it may be a person's address."""

    name: str = field(repr=False)
    zone: ZoneName
    groups: frozenset[str] = field(repr=False)
    source: str  # the policy's principals that named it: ``users``
    verified_by: VerifiedBy
    expires: datetime | None = None  # when the credential ends, and with it the session


def roles_of(policy: Policy, principal: Principal) -> tuple[RoleName, ...]:
    """Give the roles whose group the principal is in, in the policy's order."""
    return tuple(role.name for role in policy.roles.values() if role.group in principal.groups)


def choose_role(policy: Policy, gate: Gate, principal: Principal, asked: str = "") -> RoleName:
    """Choose the role of a session: the one that was asked for, or the only one that the gate has a login for.

    Raises `NoRole`; its text names roles of the principal's own, never what was asked for.
    """
    roles = [role for role in roles_of(policy, principal) if role in gate.logins]
    if not roles:
        raise NoRole(
            f"none of your groups has a role at gate {gate.name}",
            "ask for a group that one of the policy's roles names, with a login under the gate's logins",
        )
    return one_role(roles, asked, "the start-up parameter ringfence.role, as options=-cringfence.role={}")


def one_role(roles: Sequence[RoleName], asked: str, how: str) -> RoleName:
    """Choose the one role in which somebody acts who has these, of which there is one. `how` says where it is asked for, ``{}``.

    Raises `NoRole`, as `choose_role` does.
    """
    if asked:
        for role in roles:
            if role == asked:
                return role
        raise NoRole("you do not have the role that was asked for", f"ask for one of yours: {', '.join(roles)}")
    if len(roles) > 1:
        raise NoRole(f"you have several roles: {', '.join(roles)}", f"say which with {how.format(roles[0])}")
    return roles[0]


def asked_of(policy: Policy, gate: Gate) -> list[Principals]:
    """Give the principals that a gate asks: those that it names; of PostgreSQL, where it names none, all that it can ask."""
    if gate.principals:
        return [policy.principals[name] for name in gate.principals]
    if gate.kind != "postgres":
        return []
    return [each for each in policy.principals.values() if each.kind not in ("local", "api_key")]
