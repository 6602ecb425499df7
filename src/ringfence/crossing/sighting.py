"""What is known of a field before its content is looked at: what a plan does with it, and how that is noted.

The rule: no carrier and no transform is needed for it, so that whoever only looks at texts loads none.
"""

from dataclasses import dataclass
from typing import Literal

from ringfence.policy.model import NONE, SCAN, UNKNOWN, Judgement
from ringfence.policy.plan import Plan
from ringfence.policy.verdict import Decision


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that a unit was found to hold: what a `Fact` is counted from."""

    category: str
    entity: str
    decision: Decision
    how: str
    score: float
    evidence: tuple[str, ...]
    path: str
    place: int  # byte offset in the unit; of rows, number of the row in its batch; -1: it has none of its own
    count: int = 1


def handling(plan: Plan, judgement: Judgement) -> Decision | Literal["scan"] | None:
    """Say what a plan does with a field of a judgement; None: nothing."""
    if judgement == NONE:
        return None
    if judgement == SCAN:
        return "scan"
    return plan.unknown if judgement == UNKNOWN else plan.decide(judgement)


def sighting_by_field(judgement: Judgement, decision: Decision, path: str, place: int, count: int = 1) -> Sighting:
    """Note a field that is decided about by what is known of it."""
    how = "unknown" if judgement == UNKNOWN and not decision.form.denies else "declared"
    evidence = "field:denied" if decision.form.denies else f"field:{how}"
    return Sighting(judgement, "", decision, how, 1.0, (evidence,), path, place, count)
