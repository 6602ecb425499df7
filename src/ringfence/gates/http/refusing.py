"""What a refused client is told over HTTP: a status, and a problem (RFC 9457) with crossing id, reason, category and mend.

The rule: never what was found in a value (law 8). Every word is ringfence's own or the policy's; the id of a trace is told only
after it was read as one (`ringfence.gates.http.tracing`). Whatever the client says it accepts, it is told in this one format.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.crossing import Reason, Refusal
from ringfence.gates.http.media import Fields

CONTENT_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:ringfence:problem:"  # before a reason: which kind of problem it is
_INSTANCE: Final = "urn:ringfence:crossing:"

UNAUTHORIZED: Final = 401
TOO_MANY: Final = 429
_OF_REQUEST: Final[Mapping[Reason, int]] = {
    Reason.NOT_AUTHENTICATED: UNAUTHORIZED,
    Reason.EXPIRED: UNAUTHORIZED,
    Reason.TOO_MANY: TOO_MANY,
    Reason.IDENTITIES: 503,
    Reason.UNDECODABLE: 400,
    Reason.AMBIGUOUS: 400,
    Reason.CUT: 400,
    Reason.TOO_LARGE: 413,
    Reason.KEY: 503,
    Reason.LEDGER: 503,
    Reason.VAULT: 503,
    Reason.POLICY: 503,
    Reason.INTERNAL: 500,
}
_OF_RESPONSE: Final[Mapping[Reason, int]] = {
    **_OF_REQUEST,
    Reason.UNDECODABLE: 502,
    Reason.AMBIGUOUS: 502,
    Reason.CUT: 502,
    Reason.TOO_LARGE: 502,
}
FORBIDDEN: Final = 403

_TRY_AGAIN: Final[Mapping[Reason, int]] = {Reason.LEDGER: 5, Reason.VAULT: 5, Reason.POLICY: 1, Reason.TOO_MANY: 3}
"""After how many seconds trying again may help. A missing key does not come by itself;
a failed try is forgiven after three (`ringfence.access.attempts`)."""


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal as HTTP: status, header fields, body."""

    status: int
    body: bytes
    fields: Fields = ()


def told(refusal: Refusal, *, of_request: bool, trace: str = "", challenge: str = "", answered: int = 0) -> Told:
    """Put a refusal into words.

    `trace` is the id of the trace that the request belongs to, "" where there is none; `challenge` says what to bring where it is
    not known, or no more, who asks; `answered` is the status of a response that is refused: whoever asked can so tell a service
    that failed from one that was only not let through.
    """
    status = (_OF_REQUEST if of_request else _OF_RESPONSE).get(refusal.reason, FORBIDDEN)
    problem: dict[str, str | int] = {
        "type": f"{TYPE}{refusal.reason.value}",
        "title": f"refused by ringfence: {'the request' if of_request else 'the response'} may not cross",
        "status": status,
        "detail": refusal.mend,
        "instance": f"{_INSTANCE}{refusal.crossing}",
        "crossing": refusal.crossing,
        "reason": refusal.reason.value,
    }
    if refusal.category is not None:
        problem["category"] = refusal.category
    if answered and not of_request:
        problem["answered"] = answered
    if trace:
        problem["trace"] = trace
    fields: Fields = (("content-type", CONTENT_TYPE), ("cache-control", "no-store"))
    if refusal.reason in _TRY_AGAIN:
        fields += (("retry-after", str(_TRY_AGAIN[refusal.reason])),)
    if status == UNAUTHORIZED and challenge:
        fields += (("www-authenticate", challenge),)
    return Told(status, json.dumps(problem, ensure_ascii=True).encode() + b"\n", fields)
