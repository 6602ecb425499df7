"""What a policy is asked, and the words in which it answers.

The rule: these values say what is asked and decided, and decide nothing. They hold names out of the policy, never a value.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ringfence.policy.model import AssetName, Form, Judgement, PurposeName, RoleName


class Use(StrEnum):
    """What is done with a field: who reads it sees it, a comparison reveals it bit by bit, a write stores it."""

    SHOWN = "shown"
    COMPARED = "compared"
    EQUATED = "equated"  # compared by equality, and with single given values only
    MATCHED = "matched"  # compared by equality, and only with tokens that the asker was given
    KEPT = "kept"  # as stored, but in a place of the asker's own, of which the policy knows nothing
    STORED = "stored"  # filled from other fields, the sources, in the place where they stand: a copy inside the asset
    WRITTEN = "written"  # filled with values that the asker gives


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field that was announced before its payload: a column of a result, a part of a request.

    `sources` are further fields that its values come from. `computed`: its values are no field's own, but made from them; a
    computed one with an empty path and no sources is made from nothing of any field. `apart`: the payload shows the field's parts
    (a JSON document), so that fields declared below its path decide about them.
    """

    path: str
    use: Use = Use.SHOWN
    sources: tuple[str, ...] = ()
    computed: bool = False
    apart: bool = False
    count: int = 1  # of an equated field: with how many given values it is compared


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields that were announced. Empty where a payload names its fields itself (JSON, CSV) or has none (text)."""

    fields: tuple[FieldUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as a verdict depends on it: one active role, one purpose, whether a reason was given, extra grants."""

    role: RoleName | None = None
    purpose: PurposeName | None = None
    has_reason: bool = False
    grants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AtEndpoint:
    """Where in an HTTP service something is asked: which endpoint, and whether it is the request or its response.

    `endpoint` is its name in the asset's `endpoints`, or "" for one that nobody declared.
    """

    asset: AssetName
    endpoint: str
    way: Literal["request", "response"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A form, and the rule that led to it: ``flows.staff-reads.carry[user.contact.email][1]``."""

    form: Form
    rule: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What happens to an announced field: nothing (None: it passes unscanned), its content decides ("scan"), or a decision.

    `judgement` is what stands in records: a category's path, `none`, `scan` or `unknown`. `uniform`: every value becomes the same,
    also where there is none and where it is empty, for whether there is one was computed from what may not be seen.
    """

    judgement: Judgement
    decision: Decision | Literal["scan"] | None
    uniform: bool = False


class Denial(StrEnum):
    """Why nothing at all may cross, before any field is looked at."""

    NO_FLOW = "no-flow"
    NO_PRINCIPAL = "no-principal"  # it is not known who asks
    TOO_MANY = "too-many-attempts"
    NO_IDENTITIES = "identities-unavailable"  # nobody can be known now: a users file or key set is not there
    NO_ROLE = "no-role"
    NO_PURPOSE = "no-purpose"
    NO_REASON = "no-reason"
    FIELD = "field"  # an announced field is denied
    ENDPOINT = "endpoint"  # nobody declared it


@dataclass(frozen=True, slots=True)
class Refused:
    """A plan's refusal: why, what about, and what would mend it. Holds names out of the policy, never a value."""

    denial: Denial
    rule: str
    mend: str
    category: str | None = None
    why: str = ""  # what may not be, in words: fields by their paths
