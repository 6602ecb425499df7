"""Judging texts of a payload that is only looked at: what stands in them, and what the plan decides about it.

The rule: what is decided is what `judging` decides of the same fields by the same plan (law 5; a test compares the two). Nothing is
changed here, so a form other than clear lets nothing cross: whoever asks refuses it.
"""

from collections.abc import Container, Sequence
from typing import NamedTuple

from ringfence.crossing.sighting import handling, sighting_by_field
from ringfence.detect import Detector
from ringfence.policy.model import NONE, SCAN
from ringfence.policy.plan import Plan
from ringfence.policy.verdict import Decision


class Seen(NamedTuple):
    """One thing that a text holds. `start` and `end` are bytes in the text numbered `number`."""

    number: int
    start: int
    end: int
    entity: str  # "" where the field itself is declared or unknown
    category: str
    score: float
    evidence: tuple[str, ...]
    decision: Decision

    @property
    def crosses(self) -> bool:
        """Whether it may go as it is."""
        return self.decision.form.passes_clear


def inspect(
    plan: Plan, detector: Detector, paths: Sequence[str], values: Sequence[bytes], names: Container[int] = ()
) -> list[Seen]:
    """Judge texts that stand together: those of one path vouch for each other, as a column's do.

    Parameters
    ----------
    paths
        Of each text the path of its field, "" in running text.
    values
        Their bytes, in UTF-8.
    names
        The numbers of those that are fields' names.
    """
    seen: list[Seen] = []
    if not plan.fields and plan.unknown == "scan":
        found = detector.find_in(paths, values)
    else:
        numbers = [
            number
            for number, path in enumerate(paths)
            if _by_field(plan, number, path, values[number], number in names, seen)
        ]
        told = detector.find_in([paths[number] for number in numbers], [values[number] for number in numbers])
        found = {numbers[at]: findings for at, findings in told.items()}
    for number, findings in found.items():
        declared = "" if number in names else plan.judge(paths[number])
        for one in findings:
            if one.category != declared:
                decision = plan.decide(one.category)
                seen.append(
                    Seen(number, one.start, one.end, one.entity, one.category, one.score, one.evidence, decision)
                )
    seen.sort(key=_place_of)
    return seen


def _place_of(one: Seen) -> tuple[int, int, int]:
    return one.number, one.start, one.end


def _by_field(plan: Plan, number: int, path: str, value: bytes, is_name: bool, seen: list[Seen]) -> bool:
    """Apply what is known of a field; say whether its content is to be searched."""
    judgement = plan.judge(path)
    if judgement == NONE:
        return False
    if is_name or judgement == SCAN:
        return True
    decision = handling(plan, judgement)
    if decision is None or decision == "scan":
        return decision is not None
    if decision.form.denies or value:
        sighting = sighting_by_field(judgement, decision, path, 0)
        seen.append(Seen(number, 0, len(value), "", judgement, sighting.score, sighting.evidence, decision))
    return decision.form.passes_clear and bool(value)
