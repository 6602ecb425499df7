"""What a transform is told, and what it asks a vault for.

The rule: clear values pass through these types and are never part of a `repr`.
"""

from dataclasses import dataclass, field

from ringfence.policy.model import Form, FormKind
from ringfence.transform.keys import KeyHandle, Keyring
from ringfence.transform.types import ValueType


class Untransformable(ValueError):
    """A form that cannot be applied to any value: it denies, or it needs a key and names none. Says nothing of the value."""

    def __init__(self, form: Form, why: str) -> None:
        self.form = form
        super().__init__(f"form {form.name} ({form.kind}) {why}")


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

    def key(self, form: Form) -> KeyHandle:
        """Give the newest version of a form's key.

        Raises `Untransformable` where the form names none, `MissingKey` where it is not held.
        """
        if form.key is None:
            raise Untransformable(form, "names no key\n  give it one in the policy: `key: NAME`")
        return self.keys.current(form.key)


@dataclass(frozen=True, slots=True)
class Ask:
    """A value that only who remembers can replace (an exchange's memory, the vault): the protocol of stand-ins.

    The answer is a string of the same type, the same for the same (key, scope, category, value) within a conversation, from which
    only who gave it can go back; or None where there is none to give. `keep` is for how many seconds it has to be remembered.
    """

    key: str
    scope: str
    category: str
    type: ValueType
    value: str = field(repr=False)
    kind: FormKind = FormKind.SURROGATE
    keep: float = 86_400.0
