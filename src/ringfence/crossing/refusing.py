"""What an entry says of a refusal, or of one that would have been, where a flow only observes.

The rule: the reason, the rule and the category are ringfence's and the policy's own words; what is said beside them may quote a
client's, and is scrubbed.
"""

from ringfence.crossing.effects import Json, Reason
from ringfence.crossing.entries import WORDS_KEPT
from ringfence.crossing.judging import Denied
from ringfence.crossing.scrubbing import scrub
from ringfence.detect import Detector
from ringfence.policy.verdict import Denial, Refused

_REASONS = {
    Denial.NO_PRINCIPAL: Reason.NOT_AUTHENTICATED,
    Denial.TOO_MANY: Reason.TOO_MANY,
    Denial.NO_IDENTITIES: Reason.IDENTITIES,
}


def denied_by(refused: Refused) -> Denied:
    """Give the refusal of a plan by which nothing crosses at all."""
    reason = _REASONS.get(refused.denial, Reason.NOT_ALLOWED)
    return Denied(reason, refused.mend, refused.category, refused.rule, refused.why)


def as_refused(denied: Denied, detector: Detector) -> dict[str, Json]:
    """Give what an entry `refused` says of why."""
    why: dict[str, Json] = {"refused": denied.reason.value, "rule": denied.rule}
    if denied.category is not None:
        why["category"] = denied.category
    return {**why, **_words(denied, detector)}


def as_would(denied: Denied | None, detector: Detector) -> dict[str, Json]:
    """Give what an entry says that passed and, but for observing, would have been refused."""
    if denied is None:
        return {}
    would: dict[str, Json] = {"would": denied.reason.value, "rule": denied.rule, "category": denied.category}
    return {**would, **_words(denied, detector)}


def _words(denied: Denied, detector: Detector) -> dict[str, Json]:
    if not denied.why:
        return {}
    return {"why": scrub(denied.why, detector, WORDS_KEPT), "mend": scrub(denied.mend, detector, WORDS_KEPT)}
