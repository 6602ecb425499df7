"""A push, a commit or a call, judged: what was looked at comes together, by the plans that decide, to one verdict and its entries.

The rule: it goes whole or not at all. It is one crossing for each flow that has a part in it; where one of them refuses, nothing
goes, and the others leave no entry, for nothing of theirs has crossed. A person's word that overrides findings is recorded before
anything goes, with what it overrode; it overrides no flow that is closed and no ledger that cannot be written.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from ringfence.crossing import CrossingId, Head, Reason, Refusal, Tally
from ringfence.crossing.inspection import NOWHERE, Inspection
from ringfence.crossing.sighting import Sighting
from ringfence.extract.model import Why
from ringfence.gates.carrying import Carried, Clock, Recorder, Unrecorded, carry_out, new_crossing_id
from ringfence.gates.git.model import Failed, Found, Scanned, Standing, by_reason
from ringfence.gates.git.rules import Rules
from ringfence.policy.model import CLEAR, UNKNOWN, Mode
from ringfence.policy.plan import Plan
from ringfence.policy.verdict import Decision

FINDINGS_KEPT: Final = 20  # to be shown; all are counted
_NAMES_KEPT: Final = 12  # of files and commits, in an entry
_ID: Final = 12  # characters of a commit's id


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what: what is the same for all entries of a push.

    Attributes
    ----------
    gate
        The gate's name in the policy, or what kind it is.
    client
        What else is known of whoever asks: the hook, the ref, the remote. Scrubbed before it is recorded.
    overriding
        Why what is found may go all the same, in a person's words; "" where nobody says so.
    through
        How that was said: ``RINGFENCE_ALLOW``.
    every
        Whether what crosses is recorded, too. A commit has not crossed yet: of one, refusals and overridden ones are.
    """

    gate: str
    principal: str
    client: Mapping[str, str]
    overriding: str = ""
    through: str = ""
    every: bool = True


@dataclass(slots=True)
class Verdict:
    """What came of it."""

    refusals: list[Refusal] = field(default_factory=list)
    crossings: list[str] = field(default_factory=list)  # ids of those that have an entry
    fault: str = ""  # the ledger's, where an entry could not be written

    @property
    def passes(self) -> bool:
        """Whether it may go."""
        return not self.refusals


@dataclass(slots=True)
class _Part:
    """What one plan decides about."""

    inspection: Inspection
    left_out: Counter[Why] = field(default_factory=Counter)

    @property
    def has_news(self) -> bool:
        """Whether it leaves an entry of its own: what nobody looked at is not counted as nothing personal."""
        return self.inspection.has_news or bool(self.left_out)


@dataclass(slots=True)
class Judging:
    """What was looked at, as it comes. Bounded, however much it is: values of few kinds, and the first findings to be shown."""

    overriding: bool = False
    found: list[Found] = field(default_factory=list)  # the first that refuse
    failed: list[Failed] = field(default_factory=list)  # the first that could not be read
    refused: int = 0
    unread: int = 0
    overridden: int = 0
    observed: int = 0  # findings that refuse nothing, because their flow only observes
    noted: int = 0
    _of: dict[tuple[str, str, str], "_Part"] = field(default_factory=dict)
    _files: dict[str, None] = field(default_factory=dict)
    _commits: dict[str, None] = field(default_factory=dict)

    def take(self, scanned: Scanned, rules: Rules) -> None:
        """Take what became of one item."""
        plan = rules.plan_for(scanned.item.name)
        key = (plan.policy_hash, plan.flow, plan.mode.value)
        part = self._of.get(key)
        if part is None:
            part = self._of[key] = _Part(Inspection(plan))
        part.left_out.update(one.why for one in scanned.passed)
        inspection = part.inspection
        inspection.add(scanned.size)
        for one in scanned.found:
            self._take_found(inspection, one)
        for failed in scanned.unread:
            self._take_failed(inspection, failed)

    def _take_found(self, inspection: Inspection, one: Found) -> None:
        if one.standing is Standing.NOTED:
            self.noted += one.count
            return
        counts = one.standing is Standing.REFUSED
        overridden = counts and self.overriding and not inspection.is_closed
        sighting = _sighting(inspection.plan, one, overridden=overridden)
        for _ in range(one.count):
            inspection.see(sighting)
        if overridden:
            self.overridden += one.count
        elif counts and inspection.plan.mode is Mode.OBSERVE:
            self.observed += one.count
        elif counts and not inspection.is_closed:  # else nothing goes, whatever is in it
            self.refused += one.count
            if len(self.found) < FINDINGS_KEPT:
                self.found.append(one)
        self._keep(one.file if counts else "", one.commit if counts else "")

    def _take_failed(self, inspection: Inspection, failed: Failed) -> None:
        self._keep(failed.file, "")
        if self.overriding and not inspection.is_closed:
            self.overridden += 1
            return
        self.unread += 1
        if len(self.failed) < FINDINGS_KEPT:
            self.failed.append(failed)
        inspection.unreadable("a part of it could not be read", "leave it out, or mend it so that it can be looked at")

    def _keep(self, file: str, commit: str) -> None:
        if file and len(self._files) <= _NAMES_KEPT:
            self._files[without_addresses(file)] = None
        if commit and len(self._commits) <= _NAMES_KEPT:
            self._commits[commit[:_ID]] = None

    @property
    def left_out(self) -> Counter[Why]:
        """Count what was left out by rule, by reason."""
        return sum((part.left_out for part in self._of.values()), Counter())

    def needs_ledger(self, asked: Asked) -> bool:
        """Whether there is something to record."""
        return bool(self._of) and (asked.every or self._refuses() or bool(self.overridden))

    async def settle(self, asked: Asked, recorder: Recorder, clock: Clock) -> Verdict:
        """Decide, and record it."""
        verdict = Verdict()
        began = clock()
        refusing = self._refuses()
        for part in self._of.values():
            inspection = part.inspection
            if inspection.refuses if refusing else part.has_news and (asked.every or self.overridden):
                await self._carry_out(inspection, self._head(asked, part, began), recorder, clock, verdict)
            elif not refusing and asked.every:
                await self._count(inspection, asked, recorder, clock, verdict)
        return verdict

    def _refuses(self) -> bool:
        return any(each.inspection.refuses for each in self._of.values())

    async def _carry_out(
        self, inspection: Inspection, head: Head, recorder: Recorder, clock: Clock, verdict: Verdict
    ) -> None:
        carried = Carried()
        await carry_out(inspection, inspection.end(head, clock()), recorder, clock, carried)
        verdict.fault = verdict.fault or carried.ledger_fault
        if not carried.ledger_fault:
            verdict.crossings.append(head.crossing)
        if carried.refusal is not None:
            verdict.refusals.append(carried.refusal)

    async def _count(
        self, inspection: Inspection, asked: Asked, recorder: Recorder, clock: Clock, verdict: Verdict
    ) -> None:
        """Record that something went in which nothing personal was found."""
        at = clock()
        tally = Tally(inspection.plan, asked.gate, lambda: new_crossing_id(at))
        tally.add(1, inspection.summary.bytes_in, at)
        body = tally.due(at, closing=True)
        if body is None:
            return
        try:
            await recorder.record(body)
        except Unrecorded as fault:  # what nobody can account for does not go, here too: a push is not one of many
            verdict.fault = fault.fault
            if inspection.plan.mode is not Mode.OBSERVE:
                mend = "try again: the ledger could not be written"
                verdict.refusals.append(Refusal(CrossingId(str(body["crossing"])), Reason.LEDGER, mend))

    def _head(self, asked: Asked, part: "_Part", at: datetime) -> Head:
        plan = part.inspection.plan
        client = dict(asked.client)
        for name, listed in (("files", self._files), ("commits", self._commits)):
            if listed:
                more = ["and more"] if len(listed) > _NAMES_KEPT else []
                client[name] = ", ".join([*islice(listed, _NAMES_KEPT), *more])
        for name, count in (("unread", self.unread), ("overridden", self.overridden), ("examples", self.noted)):
            if count:
                client[name] = str(count)
        if part.left_out:
            client["left_out"] = by_reason(part.left_out)
        if self.overridden:
            client["through"] = asked.through
        head = Head(new_crossing_id(at), plan.policy_hash, at, asked.gate, asked.principal, client=client)
        return replace(head, reason=asked.overriding) if self.overridden else head


def _sighting(plan: Plan, one: Found, *, overridden: bool) -> Sighting:
    how = "found" if one.entity else "unknown" if one.category == UNKNOWN else "declared"
    return Sighting(
        one.category, one.entity, _decision(plan, one, overridden), how, one.score, one.evidence, _path(one), NOWHERE
    )


def _decision(plan: Plan, one: Found, overridden: bool) -> Decision:
    if overridden:
        return Decision(CLEAR, f"overridden: {one.rule}")
    match one.standing:
        case Standing.ALLOWED:
            return Decision(CLEAR, f"allowed: {one.why}")
        case Standing.CARRIED:
            return Decision(CLEAR, one.rule)
        case _:
            by_field = plan.unknown if one.category == UNKNOWN and isinstance(plan.unknown, Decision) else None
            return Decision((by_field or plan.decide(one.category)).form, one.rule)


def _path(one: Found) -> str:
    """Say where it stands, as an entry's fields do: the file, the members of archives, the field."""
    inside = without_addresses("!".join((one.file, *one.members)))
    return f"{inside}: {one.field}" if one.field else inside


def without_addresses(name: str) -> str:
    """Make a file's name or a ref's fit for an entry: an ending may hide an address in it from detection.

    >>> without_addresses("people/anna@firma.de.csv")
    'people/[redacted:email]'
    """
    readable = name.encode("utf-8", "replace").decode()
    return "/".join("[redacted:email]" if "@" in part else part for part in readable.split("/"))
