"""What is said of a function or a relation that stands in a statement.

The rule: a verdict is about a name that is already resolved (schema and name as the catalogue has them), never about how it was
spelt. Whatever no table names is refused, with a mend.
"""

from dataclasses import dataclass
from enum import StrEnum

from ringfence.sql.model import Refusal


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a thing is refused, and what to do instead."""

    why: str
    mend: str


def names(text: str) -> frozenset[str]:
    """Read a table of names, divided by white space."""
    return frozenset(text.split())


class FunctionKind(StrEnum):
    """What a function's result may hold."""

    PURE = "pure"  # only what its arguments hold
    HARMLESS = "harmless"  # the clock, versions, names of the catalogue: nothing of a row, whatever the arguments
    # Reads or writes a setting: harmless where its first argument is a constant that `allowed_setting` knows. For
    # current_setting `readable_setting` is enough.
    SETTING = "setting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FunctionVerdict:
    """A function's kind; where it is refused, why."""

    kind: FunctionKind
    refusal: Refusal | None = None


class RelationKind(StrEnum):
    """What reading a relation may show."""

    NORMAL = "normal"  # somebody's table or view: the policy's fields decide
    JUDGED = "judged"  # a system catalogue: its columns are `none`, but for the few that `judge_column` refuses
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RelationVerdict:
    """A relation's kind; where it is refused, why."""

    kind: RelationKind
    refusal: Refusal | None = None
