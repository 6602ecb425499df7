"""Judging texts of a payload that is only looked at: what stands in them, and what the plan decides about it.

The rule: what is decided is what `judging` decides of the same fields by the same plan (law 5; a test compares the two). Nothing is
changed here, so a form other than clear lets nothing cross: whoever asks refuses it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ringfence.crossing.judging import handling, sighting_by_field
from ringfence.detect import Detector
from ringfence.policy.model import NONE, SCAN
from ringfence.policy.plan import Plan
from ringfence.policy.verdict import Decision


class Looked(NamedTuple):
    """A text to be judged: the path of its field ("" in running text), its bytes in UTF-8, and whether it is a field's name."""

    path: str
    value: bytes
    is_name: bool = False


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


def inspect(plan: Plan, detector: Detector, texts: Sequence[Looked]) -> list[Seen]:
    """Judge texts that stand together: those of one path vouch for each other, as a column's do."""
    seen: list[Seen] = []
    numbers: list[int] = []
    for number, text in enumerate(texts):
        if _by_field(plan, number, text, seen):
            numbers.append(number)
    found = detector.find_in([texts[number].path for number in numbers], [texts[number].value for number in numbers])
    for at, findings in found.items():
        number = numbers[at]
        text = texts[number]
        declared = "" if text.is_name else plan.judge(text.path)
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


def _by_field(plan: Plan, number: int, text: Looked, seen: list[Seen]) -> bool:
    """Apply what is known of a field; say whether its content is to be searched."""
    judgement = plan.judge(text.path)
    if judgement == NONE:
        return False
    if text.is_name or judgement == SCAN:
        return True
    decision = handling(plan, judgement)
    if decision is None or decision == "scan":
        return decision is not None
    if decision.form.denies or text.value:
        sighting = sighting_by_field(judgement, decision, text.path, 0)
        seen.append(Seen(number, 0, len(text.value), "", judgement, sighting.score, sighting.evidence, decision))
    return decision.form.passes_clear and bool(text.value)
