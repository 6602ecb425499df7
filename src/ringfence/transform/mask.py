"""`mask`: a fill character in the place of most characters."""

from ringfence.policy.model import Form
from ringfence.transform.model import About

SEPARATORS = frozenset(" -")
"""Kept where they stand and not counted, so that a number keeps its shape: ``**** **** **** 1111``."""

_LONG = 12  # characters: from here on a value may show more than half, as a card's first eight and last four (PCI DSS 3.4.1)
_LEAST_HIDDEN = 4  # of a long value


def mask(form: Form, value: str, about: About) -> str:  # noqa: ARG001 (one signature for all transforms)
    """Put `fill` in the place of every character but the first `keep_first` and the last `keep_last`.

    Spaces and dashes stay and are not counted. With `keep_domain` what follows the last ``@`` of an e-mail address stays, and the
    rest is masked; what is not an address is masked whole. A value is never shown whole or nearly so: of one shorter than twelve
    characters at most half is shown, of a longer one at least four are hidden; where the form would keep more, nothing is kept.

    Hides the characters replaced. Does not hide the value's length, the lengths of its words, whether it is one of a few that
    share what is kept, or anything of what is kept: four digits of a card with a name beside them often identify a person, and
    the domain of an address may be a person's own.
    """
    if form.keep_domain:
        local, _, domain = value.rpartition("@")
        if not local or not is_domain(domain):
            return _hide(value, 0, 0, form.fill)
        return f"{_hide(local, form.keep_first, form.keep_last, form.fill)}@{domain}"
    return _hide(value, form.keep_first, form.keep_last, form.fill)


def _hide(text: str, keep_first: int, keep_last: int, fill: str) -> str:
    if not keep_first and not keep_last and SEPARATORS.isdisjoint(text):
        return fill * len(text)
    counted = sum(character not in SEPARATORS for character in text)
    if counted == 0:
        return fill * len(text)
    if not may_show(keep_first + keep_last, counted):
        keep_first = keep_last = 0
    shown = []
    at = 0
    for character in text:
        if character in SEPARATORS:
            shown.append(character)
            continue
        shown.append(character if at < keep_first or at >= counted - keep_last else fill)
        at += 1
    return "".join(shown)


def may_show(kept: int, counted: int) -> bool:
    """Say whether a value of so many characters may show so many of them."""
    return counted - kept >= _LEAST_HIDDEN if counted >= _LONG else kept * 2 <= counted


def longest_in_doubt(kept: int) -> int:
    """Give a number of characters such that every longer value may show so many of them."""
    return max(_LONG, kept + _LEAST_HIDDEN) - 1


def is_domain(text: str) -> bool:
    """Judge strictly: what a sloppy field holds behind an ``@`` must not pass for a domain."""
    labels = text.split(".")
    return (
        len(text) <= 253  # RFC 1035 section 2.3.4, without the root's dot
        and len(labels) >= 2
        and all(label and all(c.isalnum() or c == "-" for c in label) for label in labels)
        and not labels[-1].isdigit()
    )
