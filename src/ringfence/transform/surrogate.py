"""`surrogate`: a stand-in that a vault assigns and remembers."""

from ringfence.policy.model import Form
from ringfence.transform.model import About, Ask, Untransformable
from ringfence.transform.types import ValueType


def surrogate(form: Form, value: str, about: About) -> Ask:
    """Ask the vault for the value's stand-in.

    A surrogate hides the value from everybody without the vault: it is drawn, not computed, so no key leads back to it, and
    forgetting it in the vault is final. It does not hide whether two values of a category are equal (within one scope), nor how
    often each occurs. The vault sees the clear value.
    """
    if form.key is None:
        raise Untransformable(form, "names no key\n  give it one in the policy: `key: NAME`")
    return Ask(form.key, about.scope, about.category, ValueType.TEXT, value)
