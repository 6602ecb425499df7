"""Which carrier a body has: by the header fields that came before it, as far as they can be believed.

The rule: a body is read by what it says it is, or not at all. Which content types, codings and charsets are read is the carriers'
business (`ringfence.carriers.media`). What has no carrier, says what readers read in two ways, or is a part of something (206)
cannot be looked at: it crosses only where the plan lets through what cannot be looked at (`Plan.passes_unread`), and is refused
otherwise. So is a part of a multipart that has no carrier, unless its field has been judged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from ringfence.carriers import (
    Carrier,
    Fault,
    OpaqueCarrier,
    Undecodable,
    UnknownFormat,
    is_streamed,
    make_body_carrier,
)
from ringfence.gates.http.payloads import Opaque, Unreadable
from ringfence.policy import Decision, Plan
from ringfence.policy.model import UNKNOWN

Fields: TypeAlias = tuple[tuple[str, str], ...]
"""Header fields in their order, names in lower case."""

CHARSET: Final = "utf-8"  # of text that does not say its own
_PARTIAL: Final = 206


@dataclass(frozen=True, slots=True)
class Chosen:
    """A carrier for one body. `streams`: what is complete goes at once, and is not held to be recorded once."""

    carrier: Carrier
    streams: bool = False


def choose(fields: Fields, plan: Plan, status: int = 200) -> Chosen:
    """Choose the carrier of a body by the header fields that came before it."""
    try:
        return _chosen(fields, plan, status)
    except UnknownFormat:
        fault, what = Fault.MALFORMED, "a body of a content type that is not carried"
    except Undecodable as undecodable:
        fault, what = undecodable.fault, undecodable.what
    return Chosen(Opaque(), streams=True) if plan.passes_unread else Chosen(Unreadable(fault, what))


def _chosen(fields: Fields, plan: Plan, status: int) -> Chosen:
    if status == _PARTIAL:
        raise Undecodable(Fault.TRUNCATED, "a part of a body (206), which may begin or end within a value", 0)
    types = values(fields, "content-type")
    if len(types) != 1:
        raise Undecodable(Fault.MALFORMED, "a body without one content type", 0)
    carrier = make_body_carrier(types[0], codings(fields), assumed=CHARSET, opaque=partial(_opaque, plan))
    return Chosen(carrier, is_streamed(types[0]))


def codings(fields: Fields) -> list[str]:
    """Give the codings of a body in the order in which they were applied."""
    named = [name.strip(" \t").lower() for value in values(fields, "content-encoding") for name in value.split(",")]
    return [name for name in named if name]


def _opaque(plan: Plan, path: str) -> Carrier:
    """Choose the carrier of a part that has no format. That content decides of an unknown one takes content that can be read."""
    unknown = plan.unknown
    if plan.passes_unread or plan.judge(path) != UNKNOWN:
        return OpaqueCarrier()
    if isinstance(unknown, Decision) and not unknown.form.passes_clear:
        return OpaqueCarrier()  # it is denied, or replaced as a whole
    return Unreadable(Fault.UNSUPPORTED, "a part of a content type that is not carried, in a field that nobody judged")


def values(fields: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Give the values of all header fields of a name."""
    return [value for each, value in fields if each == name]
