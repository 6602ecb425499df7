"""`surrogate`: a made-up value of the same kind, in the order in which a conversation first met its values."""

from ringfence.policy.model import Form
from ringfence.transform.model import About, Ask, Untransformable
from ringfence.transform.types import ValueType


def surrogate(form: Form, value: str, about: About) -> Ask:
    """Put a made-up value of the same kind in a value's place: an address at `example.com`, a card number of a test prefix.

    For readers that take nothing but a value that looks right. It is in every other way a [placeholder](#placeholder): the same
    for the same value within a conversation, drawn by number and not computed, so that no key leads back to the value. It lies in
    ranges that are reserved for examples, so that it is nobody's. A kind that has none (an identity number of most countries), and
    a conversation that has used all of one, gets a placeholder.

    Hides what a placeholder hides, and that something was hidden: a reader may take it for true, and whoever looks for personal
    data finds it. Does not hide whether two values of a conversation are equal, nor the order in which they first came. A made-up
    name that a reader writes by chance is turned back like any other.
    """
    return asked(form, value, about)


def asked(form: Form, value: str, about: About) -> Ask:
    """Make the question that whoever remembers stand-ins answers."""
    if form.key is None:
        raise Untransformable(form, "names no key\n  give it one in the policy: `key: NAME`")
    return Ask(form.key, about.scope, about.category, ValueType.TEXT, value, form.kind, form.keep)
