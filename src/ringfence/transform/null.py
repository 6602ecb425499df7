"""`null`: nothing in the value's place."""

from ringfence.policy.model import Form
from ringfence.transform.model import About


def null(form: Form, value: str, about: About) -> None:
    """Put nothing in a value's place: null where a whole field goes, empty text where a part of a text does.

    Hides the value, its length, its kind and its equality with others. Does not hide that the field exists.
    """
