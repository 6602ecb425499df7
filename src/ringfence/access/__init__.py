"""Who asks: users with passwords (SCRAM), tokens (JWT), client certificates, API keys; their groups, roles and budgets.

The rule: nobody is a `Principal` before a credential was verified, every failure looks the same from outside, and the work and
the memory spent before somebody is known are bounded (law 7). Primitives are libraries': scramp, joserfc, cryptography.

>>> from ringfence.access import Principal, VerifiedBy
>>> Principal("ana@example.org", "staff", frozenset({"support"}), "users", VerifiedBy.SCRAM)
Principal(zone='staff', source='users', verified_by=<VerifiedBy.SCRAM: 'scram'>, expires=None)
"""

from typing import TYPE_CHECKING

from ringfence.access.attempts import Attempts
from ringfence.access.budgets import Budgets
from ringfence.access.faults import AccessFault, NoRole, Reason
from ringfence.access.principal import Principal, VerifiedBy, asked_of, choose_role, one_role, roles_of
from ringfence.access.users import users_file

if TYPE_CHECKING:
    from ringfence.access.authenticator import Authenticator, Channel, Failure, Step
    from ringfence.access.doorkeeper import Brought, Doorkeeper, Unknown
    from ringfence.access.identities import Identities, open_identities
    from ringfence.access.scram import end_point_of

__all__ = [
    "AccessFault",
    "Attempts",
    "Authenticator",
    "Brought",
    "Budgets",
    "Channel",
    "Doorkeeper",
    "Failure",
    "Identities",
    "NoRole",
    "Principal",
    "Reason",
    "Step",
    "Unknown",
    "VerifiedBy",
    "asked_of",
    "choose_role",
    "end_point_of",
    "one_role",
    "open_identities",
    "roles_of",
    "users_file",
]

_LATER = {
    "Authenticator": "authenticator",
    "Channel": "authenticator",
    "Failure": "authenticator",
    "Step": "authenticator",
    "Brought": "doorkeeper",
    "Doorkeeper": "doorkeeper",
    "Unknown": "doorkeeper",
    "Identities": "identities",
    "open_identities": "identities",
    "end_point_of": "scram",
}


def __getattr__(name: str) -> object:
    """Load what verifies credentials, and its libraries, when it is first named: a gate needs it, `ringfence user` does not."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
