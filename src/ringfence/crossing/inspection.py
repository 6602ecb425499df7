"""The crossing of a payload that is only looked at: a push, a commit, a tool call. What was found goes in, effects come out.

The rule: nothing in it can be changed on its way, so whatever the plan does not carry as it is refuses it whole. What is recorded
is what any crossing records, by the same account and the same entries: `crossed` before it is released, `refused`, and in `observe`
what would have been. Who looked gives places and categories; a value never comes here.
"""

from datetime import datetime

from ringfence.crossing.account import Account
from ringfence.crossing.crossing import Summary
from ringfence.crossing.effects import (
    EffectId,
    Effects,
    Head,
    Json,
    Reason,
    Record,
    Recorded,
    Refusal,
    Refuse,
    Release,
    Reply,
)
from ringfence.crossing.entries import EntryMaker
from ringfence.crossing.judging import Denied, denial_of
from ringfence.crossing.refusing import as_refused, as_would, denied_by
from ringfence.crossing.sighting import Sighting
from ringfence.detect import detector_for
from ringfence.policy.model import Mode
from ringfence.policy.plan import Plan

NOWHERE = -1  # the place of a sighting in a payload of many parts


class Inspection:
    """One payload that was looked at under one plan. Call `see` for all that was found, then `end`, then `answer`."""

    __slots__ = ("_account", "_denied", "_detector", "_head", "_is_over", "_recorded", "_size", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._detector = detector_for(plan.detection)
        self._account = Account(self._detector, plan.fields)
        self._denied = denied_by(plan.refused) if plan.refused is not None else None
        self._size = 0
        self._head: Head | None = None
        self._recorded = False
        self._is_over = False

    @property
    def refuses(self) -> bool:
        """Whether it would not let the payload go."""
        return self._denied is not None and self.plan.mode is not Mode.OBSERVE

    @property
    def is_closed(self) -> bool:
        """Whether nothing crosses here at all, whatever was found: no person's word changes that."""
        return self.plan.refused is not None

    @property
    def has_news(self) -> bool:
        """Whether it leaves an entry of its own: something personal crosses, or is refused."""
        return self._denied is not None or bool(self._account.facts) or self.plan.record_all

    @property
    def summary(self) -> Summary:
        """What has come of it so far."""
        refused = self._denied.reason if self._denied is not None and self.refuses else None
        out = self._size if self._is_over and refused is None else 0
        return Summary(self._size, out, self._recorded, refused, 0, self._is_over and refused is None)

    def see(self, sighting: Sighting) -> None:
        """Take one thing that was found; a form other than clear refuses the payload."""
        self._account.count(sighting, 0)
        if self._denied is None and not sighting.decision.form.passes_clear:
            self._denied = denial_of(self.plan, sighting.category, sighting.decision)

    def add(self, size: int) -> None:
        """Count bytes that were looked at."""
        self._size += size

    def unreadable(self, what: str, mend: str) -> None:
        """Take that a part of it could not be read: what nobody has seen does not cross (law 3)."""
        if self._denied is None:
            self._denied = Denied(Reason.UNDECODABLE, mend, None, "law 3: what cannot be read", what)

    def end(self, head: Head, at: datetime) -> Effects:
        """Take that all has been looked at: record it, then let it go; or refuse it."""
        self._head = head
        entries = EntryMaker(self.plan, head, self._detector)
        facts, denied = self._account.facts, self._denied
        self._account.recorded()
        self._recorded = True
        if denied is not None and self.refuses:
            self._is_over = True
            body = entries.make("refused", at, facts, **self._counts(0), **as_refused(denied, self._detector))
            return [Record(_FIRST, body), Refuse(_refusal(head, denied))]
        would = as_would(denied, self._detector)
        record = Record(_FIRST, entries.make("crossed", at, facts, **self._counts(self._size), **would))
        if self.plan.relaxed or self.plan.mode is Mode.OBSERVE:
            self._is_over = True
            return [record, Release(b"")]
        return [record]

    def answer(self, reply: Reply, _at: datetime) -> Effects:
        """Take the answer to the record: without a receipt nothing goes."""
        if self._is_over or self._head is None or not isinstance(reply, Recorded):
            return ()
        self._is_over = True
        if reply.receipt is not None:
            return [Release(b"")]
        self._denied = Denied(Reason.LEDGER, "try again: the ledger could not be written")
        return [Refuse(_refusal(self._head, self._denied))]

    def _counts(self, out: int) -> dict[str, Json]:
        return {"bytes_in": self._size, "bytes_out": out, "changes": 0}


_FIRST = EffectId(1)


def _refusal(head: Head, denied: Denied) -> Refusal:
    return Refusal(head.crossing, denied.reason, denied.mend, denied.category, denied.rule)
