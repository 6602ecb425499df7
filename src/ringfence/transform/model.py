"""What a transform is told, and what it asks a vault for.

The rule: clear values pass through these types and are never part of a `repr`.
"""

from dataclasses import dataclass, field

from ringfence.transform.keys import Keyring
from ringfence.transform.types import ValueType


@dataclass(frozen=True, slots=True)
class About:
    """What a value is, and for whom it is transformed.

    `scope` names the destination's derivation of a key (`Plan.scope`): two zones cannot join their tokens unless the policy
    says so.
    """

    entity: str
    category: str
    scope: str
    keys: Keyring = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """A value that only a vault can replace: the surrogate protocol.

    The vault answers with a string of the same type, the same for the same (key, scope, category, value), from which only the
    vault can go back; or with None where it has none to give.
    """

    key: str
    scope: str
    category: str
    type: ValueType
    value: str = field(repr=False)
