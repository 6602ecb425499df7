"""What a finding is worth in the place where it stands: data of a person, or an example, a notice, a part of a program.

The rule: only what the place and the value itself say is weighed, and it can only lower what was found; what it lowers it names.
In tables, documents of data and logs, where fields speak for themselves, only the value counts, and only where it can be nobody's:
no word around a row of customers makes it an example. Weighed is only what was found, and what stands near it: a field that nobody
has judged is the policy's `unknown`, whatever stands in it.
"""

from collections.abc import Callable, Mapping
from typing import Final

import re2

from ringfence.extract.languages import language_of
from ringfence.gates.canary import is_canary
from ringfence.gates.git import examples, machines, notices, numbers
from ringfence.gates.git.standing import At
from ringfence.policy.model import UNKNOWN

_CANARY = "known:canary"
_DOCUMENTATION = "known:documentation"
_ALONE = "place:alone"

_ATTRIBUTES: Final = frozenset(
    [
        "AGE",
        "GENDER",
        "RELIGION",
        "ETHNICITY",
        "POLITICAL_OPINION",
        "MARITAL_STATUS",
        "NATIONALITY",
        "CARD_VERIFICATION",
        "CARD_EXPIRY",
    ]
)
"""What many people have alike: in a program it says something only beside whoever it is said of."""

_NEAR: Final = 240  # bytes

_ENTERS: Final = re2.compile(
    rb"\b(?:ssh|scp|sftp|rsync|mosh|autossh|sshfs|ssh-copy-id|git\b[^|;&]*\b(?:clone|remote|fetch|pull|push))\b[^|;&]*$"
    rb"|://[^\s/?#]*$|\$$"
)
"""What stands before the user of a machine, or before a variable, and not before an address of mail."""


def stands_in_data(at: At) -> bool:
    """Whether it stands where a program holds data: in a string or a comment. Everything else is data throughout."""
    return not at.is_code or at.text.parts is None or at.part is not None or _is_word_of_shell(at)


def _is_word_of_shell(at: At) -> bool:
    """Whether it is an address in a shell's word without quotes, and not whom a machine is entered as: ``ssh ada@host``."""
    if at.one.entity != "EMAIL_ADDRESS" or language_of(at.file, at.text.value) != "shell":
        return False
    if at.text.value[at.one.end : at.one.end + 1] in (b":", b"/"):
        return False
    return not _ENTERS.search(at.line_before())


def lowered(at: At) -> str:
    """Say why a finding is told lower than others; "" where it is not."""
    if at.one.category == UNKNOWN:
        return ""
    if at.one.entity == "EMAIL_ADDRESS" and is_canary(at.value):
        return _CANARY
    if _DOCUMENTATION in at.one.evidence:
        return _DOCUMENTATION
    for weigh in _WEIGHED.get(at.one.entity, _OTHERS):
        why = weigh(at)
        if why:
            return why
    from ringfence.transform.alike import is_made_up  # few scans find something

    return _DOCUMENTATION if is_made_up(at.one.category, at.one.entity, at.value.decode("utf-8", "replace")) else ""


def _alone(at: At) -> str:
    """Tell what is said of nobody: no one is named, numbered or addressed near it."""
    if not at.is_code:
        return ""
    for other in at.beside:
        if (
            other.entity not in _ATTRIBUTES
            and _DOCUMENTATION not in other.evidence
            and other.start < at.one.end + _NEAR
            and other.end > at.one.start - _NEAR
        ):
            return ""
    return "" if examples.names_somebody(at.around(_NEAR)) else _ALONE


def _alone_by_name(at: At) -> str:
    """Tell one word for somebody, ``first_name="Chris"``, in a program that says nothing else of anybody near it."""
    if not at.is_code or b" " in at.value:
        return ""
    value = at.text.value
    for other in at.beside:
        is_near = other.start < at.one.end + _NEAR and other.end > at.one.start - _NEAR
        if is_near and other.entity not in _ATTRIBUTES and value[other.start : other.end] != at.value:
            return ""
    return _ALONE


_OTHERS: Final = (numbers.counted, numbers.in_listing)
"""What may lower what has no line of its own below: numbers, nearly all."""

_WEIGHED: Final[Mapping[str, tuple[Callable[[At], str], ...]]] = {
    "EMAIL_ADDRESS": (examples.mail, notices.published, notices.in_certificate),
    "IP_ADDRESS": (machines.address,),
    "MAC_ADDRESS": (machines.hardware,),
    "URL_CREDENTIALS": (examples.user_info,),
    "CONNECTION_STRING": (examples.user_info,),
    "PRIVATE_KEY": (examples.key,),
    "CREDIT_CARD": (*_OTHERS, numbers.in_matrix),
    "PHONE_NUMBER": (
        numbers.counted,
        numbers.unassigned,
        numbers.open_end,
        numbers.on_earth,
        numbers.in_listing,
        notices.in_notice_file,
    ),
    "DATE_OF_BIRTH": (),
    "PERSON": (notices.published, examples.identifier, examples.template, examples.stock_name, _alone_by_name),
    "USERNAME": (notices.published, examples.template, examples.credential),
    "HEALTH_CONDITION": (examples.of_a_machine, *_OTHERS),
    "PASSWORD": (examples.template, examples.credential),
    "URL": (notices.published, examples.organisation),
    "ES_CIF": (notices.in_certificate, *_OTHERS),
    **dict.fromkeys(_ATTRIBUTES, (_alone, numbers.in_listing)),
}
"""What may lower an entity: the first that says why."""
