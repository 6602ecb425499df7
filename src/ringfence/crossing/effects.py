"""What a crossing asks the rim to do, and what the rim answers.

The rule: these are values. A crossing never does anything; whoever drives it carries its effects out in order and answers each
`Record` and `Resolve` once. A `Release` is only ever given after the receipt of every `Record` that must precede it has come
back, so a rim that carries out effects as they come cannot break law 2. No payload and no clear value is part of a `repr`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from ringfence.carriers.rows import Rows
from ringfence.crossing.restoring import Issued
from ringfence.transform.model import Ask

CrossingId = NewType("CrossingId", str)
EffectId = NewType("EffectId", int)

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Body: TypeAlias = Mapping[str, "Json"]


class Ending(StrEnum):
    """How a payload ended: whole, or cut off by whoever sent it."""

    COMPLETE = "complete"
    CUT = "cut"


class Reason(StrEnum):
    """Why a crossing was refused."""

    CATEGORY = "category-denied"
    UNKNOWN_FIELD = "unknown-field"
    NOT_ALLOWED = "not-allowed"  # by flow, role, purpose or announced field, before the payload was looked at
    NOT_AUTHENTICATED = "not-authenticated"  # it is not known who asks
    TOO_MANY = "too-many-attempts"  # of an address, to say who asks
    IDENTITIES = "identities-unavailable"  # a users file or key set is not there
    UNDECODABLE = "undecodable"
    AMBIGUOUS = "ambiguous"  # what two readers read in two ways: a key that comes twice, a quote in an odd place
    TOO_LARGE = "too-large"
    KEY = "key-missing"
    LEDGER = "ledger-unavailable"
    VAULT = "vault-unavailable"
    EXPIRED = "expired"
    CUT = "cut"
    POLICY = "policy-changed"
    INTERNAL = "internal-error"


@dataclass(frozen=True, slots=True)
class Trace:
    """To which trace a payload belongs, by W3C Trace Context: its id (32 hexadecimal digits), and the span of the caller (16)."""

    id: str
    parent: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is fixed about a crossing when it begins. Its strings that a client chose are scrubbed before they are recorded."""

    crossing: CrossingId
    policy_hash: str
    began: datetime
    gate: str
    principal: str
    reason: str = ""
    expires: datetime | None = None
    client: Mapping[str, str] = field(default_factory=dict, repr=False)
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused client is told: crossing, reason, category, mend. Never what was found in a value."""

    crossing: CrossingId
    reason: Reason
    mend: str
    category: str | None = None
    rule: str = ""

    def __str__(self) -> str:
        about = f" ({self.category})" if self.category else ""
        return f"refused {self.crossing}: {self.reason.value}{about}; {self.mend}"


@dataclass(frozen=True, slots=True)
class Record:
    """Write this entry to the ledger; answer with `Recorded`."""

    id: EffectId
    body: Body


@dataclass(frozen=True, slots=True)
class Resolve:
    """Ask the vault for these stand-ins; answer with `Resolved`.

    `conversation`: within which values keep their stand-ins; "" where there is none. `recall`: names of keys, each with its scope,
    under which all is asked for that the conversation holds from before.
    """

    id: EffectId
    asks: tuple[Ask, ...] = field(repr=False)
    conversation: str = field(default="", repr=False)
    recall: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """Let this part of the payload go."""

    payload: bytes | Rows = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Let nothing more go, and tell the client. The crossing is over."""

    refusal: Refusal


Effect: TypeAlias = Record | Resolve | Release | Refuse
Effects: TypeAlias = Sequence[Effect]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The ledger's answer: a receipt, given only when the entry is durable, or None and the fault's name."""

    of: EffectId
    receipt: str | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The vault's answer: one string (or None, which stands for null) for each ask in its order; None where it is silent.

    `recalled` is what the conversation held before, where that was asked for.
    """

    of: EffectId
    answers: tuple[str | None, ...] | None = field(repr=False)
    recalled: tuple[Issued, ...] = field(default=(), repr=False)


Reply: TypeAlias = Recorded | Resolved
