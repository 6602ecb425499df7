"""What a client is told where no crossing refused anything: the service, the request or the gate itself failed.

The rule: these are fixed words, of which none but the status depends on what happened, so they hold no payload. Whoever carries
HTTP for the gate answers with them in the place of its own (Envoy: `ringfence.gates.http.own_replies`). A body that is one of
them octet for octet is therefore known without a look into it, and needs no flow to pass: it is the gate that speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.gates.http.media import Fields, values
from ringfence.gates.http.refusing import CONTENT_TYPE, TYPE

STATUS: Final = "{status}"  # where the status stands in the words of a failure
_ERRORS: Final = range(400, 600)


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail. `again`: after so many seconds trying again may help; 0: it does not."""

    reason: str
    title: str
    detail: str
    again: int = 0

    @property
    def words(self) -> str:
        """The problem, with `STATUS` in the place of its status."""
        return (
            f'{{"type": "{TYPE}{self.reason}", "title": "{self.title}", "status": {STATUS}, '
            f'"detail": "{self.detail}", "reason": "{self.reason}"}}\n'
        )


GATE_FAILED: Final = Failure(
    "gate-failed",
    "the gate failed: it could not decide whether this may cross",
    "nothing crossed after it failed; try again, and see the gate's status and log",
    1,
)
GATE_OVERLOADED: Final = Failure(
    "gate-overloaded",
    "the gate has more to do than it may: this was not taken",
    "try again later, or allow more connections",
    1,
)
SERVICE_UNREACHABLE: Final = Failure(
    "service-unreachable",
    "the service behind the gate cannot be reached",
    "see that the service runs, and that the gate is told its address",
    5,
)
SERVICE_BROKE_OFF: Final = Failure(
    "service-broke-off",
    "the service behind the gate broke off, or answered with what is no HTTP",
    "see the service's log",
    5,
)
REQUEST_STALLED: Final = Failure(
    "request-stalled",
    "the request did not come in time",
    "send it without a pause that is longer than the gate waits",
)
ANSWER_STALLED: Final = Failure(
    "answer-stalled",
    "no answer came in time",
    "see the service behind the gate, and the gate's own status; allow more time",
)
TOO_LARGE: Final = Failure(
    "too-large",
    "more than the gate looks at together",
    "send less at once, or have the gate stream bodies",
)
NOT_HTTP: Final = Failure(
    "malformed-request",
    "the gate does not take this request: a part of it is malformed, or not allowed here",
    "send what HTTP allows: a host, a path without an escaped slash, no upgrade, no field name with an underscore",
)
OTHER: Final = Failure(
    "gate-answered",
    "the gate answers in the service's place",
    "see the status, and the gate's own status",
)
FAILURES: Final[Sequence[Failure]] = (
    GATE_FAILED,
    GATE_OVERLOADED,
    SERVICE_UNREACHABLE,
    SERVICE_BROKE_OFF,
    REQUEST_STALLED,
    ANSWER_STALLED,
    TOO_LARGE,
    NOT_HTTP,
    OTHER,
)

LONGEST: Final = max(len(each.words) for each in FAILURES)


def may_be_own(status: int, fields: Fields) -> bool:
    """Whether the body of such a head may be the gate's own words."""
    return status in _ERRORS and values(fields, "content-type") == [CONTENT_TYPE]


def is_own(status: int, body: bytes) -> bool:
    """Whether these octets are the gate's own words, and nothing else.

    >>> is_own(503, GATE_FAILED.words.replace(STATUS, "503").encode()), is_own(503, b"{}")
    (True, False)
    """
    return any(each.words.replace(STATUS, str(status)).encode() == body for each in FAILURES)
