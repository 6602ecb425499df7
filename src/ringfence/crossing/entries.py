"""What a crossing writes to the ledger: who, when, why, which categories, in which form, decided by which rule.

The rule (law 4): an entry holds categories, forms, counts, positions, rules, evidence codes and keyed blind indexes. Every string
that did not come from the policy or from ringfence's own tables passes `scrub` on its way in.

Kinds of entry: `crossed` (a payload that was held whole), `opened`, `widened` and `closed` (a streamed one: before its first
byte, before the first byte of a category or form that `opened` did not name, after its last byte), `refused`, `counted` (payloads
with nothing personal, a minute's worth). `opened` without `closed` or `refused` reads "outcome unknown".
Beside them, of no crossing: `policy` (a policy came into force, with the hash of the one before; `ringfence.serve.changes`),
`called` (a minute's calls of an HTTP service's endpoints; `ringfence.gates.http.calling`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ringfence.crossing.effects import Body, Head, Json
from ringfence.crossing.scrubbing import scrub
from ringfence.detect import Detector
from ringfence.policy.plan import Plan
from ringfence.stamps import stamp

VERSION = 1

PLACES_KEPT = 8  # of each fact: enough to find the spot, too few to matter for the entry's size
SUBJECTS_KEPT = 256
WORDS_KEPT = 400  # characters of what is said of a refusal: names in it may be a client's


@dataclass(slots=True)
class Fact:
    """A category that crossed (or would have): in which form, by which rule, how it was known, how often and where."""

    category: str
    entity: str
    form: str
    rule: str
    how: str  # declared | found | unknown | restored
    count: int = 0
    best_score: float = 0.0
    evidence: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    places: list[int] = field(default_factory=list)  # byte offsets in the payload as it came; of rows, their numbers

    def body(self) -> dict[str, Json]:
        """Give the fact as it stands in an entry."""
        return {
            "category": self.category,
            "entity": self.entity,
            "form": self.form,
            "rule": self.rule,
            "how": self.how,
            "count": self.count,
            "score": round(self.best_score, 3),
            "evidence": sorted(self.evidence),
            "fields": sorted(self.fields),
            "places": list(self.places),
        }


CANARY_FLOW: Final = "ringfence-canary"
CANARY_PRINCIPAL: Final = "ringfence:canary"
"""Whose crossings the gates' own canaries are: synthetic, in the ledger as any, and no part of what is counted of people."""


def _id(text: str, detector: Detector) -> str:
    """Give an id of hexadecimal digits. Without a letter it may be anybody's number; with one it is nobody's."""
    return scrub(text, detector) if text.isdecimal() else text


class EntryMaker:
    """Makes the entries of one crossing. Numbers them, so that an entry written twice after a lost answer is known again."""

    __slots__ = ("_detector", "_head", "_number", "_plan", "_said")

    def __init__(self, plan: Plan, head: Head, detector: Detector) -> None:
        self._plan = plan
        self._head = head
        self._detector = detector
        self._number = 0
        self._said: Mapping[str, Json] | None = None  # what all of them say; most crossings make none

    def _common(self) -> Mapping[str, Json]:
        plan, head, detector = self._plan, self._head, self._detector
        common: dict[str, Json] = {
            "v": VERSION,
            "crossing": head.crossing,
            "flow": plan.flow,
            "gate": head.gate,
            "from": plan.source_zone,
            "to": plan.sink_zone,
            "policy": plan.policy_hash,
            "mode": plan.mode.value,
            "durability": "relaxed" if plan.relaxed else "recorded",
            "principal": scrub(head.principal, detector),
        }
        if plan.endpoint:
            common["endpoint"] = plan.endpoint
        if plan.asker.role is not None:
            common["role"] = plan.asker.role
        if plan.asker.purpose is not None:
            common["purpose"] = scrub(
                plan.asker.purpose, detector
            )  # refused ones stand here, too: a client's own words
        if head.reason:
            common["reason"] = scrub(head.reason, detector)
        if head.client:
            common["client"] = {key: scrub(value, detector) for key, value in sorted(head.client.items())}
        if head.trace is not None:
            common["trace"] = {
                "id": _id(head.trace.id, detector),
                "parent": _id(head.trace.parent, detector),
            }
        return common

    def make(self, kind: str, at: datetime, facts: Iterable[Fact] = (), **more: Json) -> Body:
        """Make the next entry of this crossing."""
        self._number += 1
        if self._said is None:
            self._said = self._common()
        body: dict[str, Json] = {
            **self._said,
            "id": f"{self._head.crossing}.{self._number}",
            "kind": kind,
            "at": stamp(at),
            **more,
        }
        found: Sequence[Json] = [fact.body() for fact in facts]
        if found:
            body["found"] = found
        return body
