"""`redact`: a marker in the value's place."""

from ringfence.policy.model import Form
from ringfence.transform.model import About


def redact(form: Form, value: str, about: About) -> str:  # noqa: ARG001 (one signature for all transforms)
    """Put ``[redacted:email]`` in the place of an e-mail address.

    Hides the value whole, its length, and whether two values are equal. Does not hide that a value was there, nor its kind: the
    word is the last part of the category's path, and stays as it is from version to version. The marker holds only lower-case
    letters, ``_``, ``:`` and brackets, so it needs no escape in JSON, CSV or a log.
    """
    return f"[redacted:{about.category.rpartition('.')[2]}]"
