"""From a clear value to another form: the only declassifiers.

The rule: a transform is a pure function in a file of its own, whose docstring says what it hides and what it does not. It is
registered below in one line: for text in `_TEXTS`, for a value that must keep its type in `_TYPED`. What stands in neither
table becomes null, and so does a result that is not of the field's type or is too long: nothing passes because it could not be
changed.

>>> from ringfence.policy.model import Form, FormKind
>>> card = About("CREDIT_CARD", "user.financial.credit_card", "zone:staff", Keyring())
>>> apply(Form("last4", FormKind.MASK, keep_last=4), "4111 1111 1111 1111", card)
'**** **** **** 1111'
>>> fit(Form("mask", FormKind.MASK), "4111111111111111", ValueType.INTEGER, card) is None
True
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from ringfence.policy.model import NUMBERED, Form, FormKind
from ringfence.transform.bucket import bucket, bucket_date, bucket_number, bucket_timestamp
from ringfence.transform.keyed_hash import BlindIndex, blind_index, hash_to_uuid, keyed_hash
from ringfence.transform.keys import KeyHandle, Keyring, KeyVersion, MissingKey
from ringfence.transform.mask import mask
from ringfence.transform.model import About, Ask, Untransformable
from ringfence.transform.null import null
from ringfence.transform.placeholder import placeholder
from ringfence.transform.redact import redact
from ringfence.transform.stand_ins import label, series, stand_in
from ringfence.transform.surrogate import asked, surrogate
from ringfence.transform.token import NotAToken, WrongKey, reverse, token
from ringfence.transform.truncate import truncate, truncate_address
from ringfence.transform.types import TEXTUAL, ValueType, is_spelt

__all__ = [
    "About",
    "Ask",
    "BlindIndex",
    "KeyHandle",
    "KeyVersion",
    "Keyring",
    "MissingKey",
    "NotAToken",
    "Untransformable",
    "ValueType",
    "WrongKey",
    "apply",
    "blind_index",
    "fit",
    "fit_answer",
    "label",
    "reverse",
    "series",
    "stand_in",
]

Transform: TypeAlias = Callable[[Form, str, About], str | Ask | None]

_TEXTS: Mapping[FormKind, Transform] = {
    FormKind.REDACT: redact,
    FormKind.MASK: mask,
    FormKind.TRUNCATE: truncate,
    FormKind.BUCKET: bucket,
    FormKind.HASH: keyed_hash,
    FormKind.TOKEN: token,
    FormKind.PLACEHOLDER: placeholder,
    FormKind.SURROGATE: surrogate,
    FormKind.NULL: null,
}

_TYPED: Mapping[tuple[FormKind, ValueType], Transform] = {
    (FormKind.TRUNCATE, ValueType.INTEGER): truncate,
    (FormKind.TRUNCATE, ValueType.NUMBER): truncate,
    (FormKind.TRUNCATE, ValueType.INET): truncate_address,
    (FormKind.BUCKET, ValueType.INTEGER): bucket_number,
    (FormKind.BUCKET, ValueType.NUMBER): bucket_number,
    (FormKind.BUCKET, ValueType.DATE): bucket_date,
    (FormKind.BUCKET, ValueType.TIMESTAMP): bucket_timestamp,
    (FormKind.HASH, ValueType.UUID): hash_to_uuid,
}


def apply(form: Form, value: str, about: About) -> str | Ask | None:
    """Give a value in a form, as text: a string, None for null, or what a vault must be asked.

    `clear` gives the value itself. Raises `MissingKey` where the form's key is not held, and `Untransformable` for a form that
    denies or lacks its key: a denied value must never have come here.
    """
    if form.passes_clear:
        return value
    transform = _TEXTS.get(form.kind)
    if transform is None:
        raise Untransformable(form, "lets nothing cross, so it has no text")
    return transform(form, value, about)


def fit(
    form: Form, value: str, value_type: ValueType, about: About, *, max_length: int | None = None
) -> str | Ask | None:
    """Give a value in a form, as a value of a type and of at most `max_length` characters; else None, which stands for null.

    Nothing is cut to fit: a cut token could not be reversed, and a cut hash would meet others. `clear` gives the value itself.
    Raises as `apply` does.
    """
    if form.passes_clear:
        return value
    if value_type in TEXTUAL or form.kind not in _TEXTS:
        made = apply(form, value, about)
    elif form.kind in NUMBERED:
        made = asked(form, value, about)
    else:
        transform = _TYPED.get((form.kind, value_type))
        made = transform(form, value, about) if transform is not None else None
    return replace(made, type=value_type) if isinstance(made, Ask) else fit_answer(made, value_type, max_length)


def fit_answer(answer: str | None, value_type: ValueType, max_length: int | None = None) -> str | None:
    """Give a vault's answer where it is a value of the type and not longer than `max_length` characters; else None."""
    if answer is None or (max_length is not None and len(answer) > max_length):
        return None
    return answer if is_spelt(answer, value_type) else None
