"""Which forms, in one hand, give the value back: the inference rules of the policy's meaning.

The rule: each rule says what its premises are, and all are monotone: more forms or keys never give less. A rule has at most two
forms as premises, so whoever computes a closure needs to look at pairs only. What a transform really does bounds what a rule may
claim: a mask that would show nearly all of a value shows nothing, so it gives nothing back.
"""

from collections.abc import Mapping, Set

from ringfence.policy.model import Form, FormKind, KeyName
from ringfence.taxonomy import CATEGORIES, Domain

DETERMINISTIC = frozenset({FormKind.HASH, FormKind.TOKEN, FormKind.SURROGATE})
"""The kinds that give the same for the same value: on few values, a list of all of them undoes them."""

_REVERSIBLE = frozenset({FormKind.TOKEN, FormKind.PLACEHOLDER, FormKind.SURROGATE})
_LONG, _LEAST_HIDDEN = 12, 4  # of `transform.mask`: what it will not show

_LENGTHS: Mapping[str, int] = {
    "user.contact.address.country": 2,
    "user.contact.address.postal_code": 5,
    "user.contact.address.state": 2,
    "user.contact.email": 16,
    "user.contact.fax_number": 10,
    "user.contact.phone_number": 10,
    "user.demographic.date_of_birth": 10,
    "user.device.ip_address": 9,
    "user.device.mac_address": 12,
    "user.financial.bank_account": 15,
    "user.financial.credit_card": 16,
    "user.financial.credit_card.expiration_date": 4,
    "user.financial.credit_card.verification": 3,
    "user.government_id": 9,
    "user.name": 10,
    "user.name.first": 5,
    "user.name.last": 6,
}
"""How many characters, spaces and dashes aside, a usual value has; short ones where lengths differ. Longest path decides."""

_FEW = 3  # where values are few, words are short: yes, no, DE, male
_MANY = 8  # the shortest numbers that states and firms give people


def length_of(category: str) -> int | None:
    """Say how many characters a usual value of a category has; None where nothing can be said."""
    if category in _LENGTHS:
        return _LENGTHS[category]
    match CATEGORIES[category].domain:
        case Domain.SMALL:
            return _FEW
        case Domain.ENUMERABLE:
            return _LENGTHS.get(category.rpartition(".")[0], _MANY)
        case Domain.LARGE:
            return None


def alone(category: str, form: Form, keys: Set[KeyName]) -> str | None:
    """Name the rule by which a form and the keys held give the value back.

    ``token+key``: a reversible form and its key. ``hash+key``: a hash whose values can all be tried with its key.
    """
    if form.key not in keys:
        return None
    if form.kind in _REVERSIBLE:
        return "token+key"
    if form.kind is FormKind.HASH and CATEGORIES[category].domain is not Domain.LARGE:
        return "hash+key"
    return None


def together(category: str, one: Form, other: Form, keys: Set[KeyName]) -> str | None:
    """Name the rule by which two forms of the same value, and the keys held, give it back.

    ``part+hash``: what is left of the value narrows it to so few that a hash whose key is held confirms one. ``first+last``: the
    beginning that one form keeps and the end that the other keeps are the whole.
    """
    for hashed, part in ((one, other), (other, one)):
        if hashed.kind is FormKind.HASH and hashed.key in keys and _keeps_part(part):
            return "part+hash"
    length = length_of(category)
    if length is not None and one != other:
        (first, last), (first_too, last_too) = _kept(one, length), _kept(other, length)
        if max(first, first_too) + max(last, last_too) >= length:
            return "first+last"
    return None


def _keeps_part(form: Form) -> bool:
    match form.kind:
        case FormKind.TRUNCATE | FormKind.BUCKET:
            return True
        case FormKind.MASK:
            return form.keep_first + form.keep_last > 0 or form.keep_domain
        case _:
            return False


def _kept(form: Form, length: int) -> tuple[int, int]:
    """Say how many characters of a value of that length a form shows: at its beginning, at its end."""
    shown = form.keep_first + form.keep_last
    match form.kind:
        case FormKind.TRUNCATE:
            return (form.keep_first if form.keep_first < length else 0), 0
        case FormKind.MASK if length - shown >= _LEAST_HIDDEN if length >= _LONG else shown * 2 <= length:
            return form.keep_first, form.keep_last
        case _:
            return 0, 0
