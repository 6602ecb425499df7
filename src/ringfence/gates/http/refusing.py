"""What a refused client is told over HTTP: a status, and a problem (RFC 9457) with crossing id, reason, category and mend.

The rule: never what was found in a value (law 8). Every word is ringfence's own or the policy's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.crossing import Reason, Refusal
from ringfence.gates.http.media import Fields

CONTENT_TYPE: Final = "application/problem+json"

UNAUTHORIZED: Final = 401
TOO_MANY: Final = 429
_LATER: Final = "3"  # seconds after which a failure is forgiven (`ringfence.access.attempts`)
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


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal as HTTP."""

    status: int
    body: bytes
    fields: Fields = ()  # besides those of every refusal


def told(refusal: Refusal, *, of_request: bool, challenge: str = "") -> Told:
    """Put a refusal into words. `challenge` says what to bring where it is not known, or no more, who asks."""
    status = (_OF_REQUEST if of_request else _OF_RESPONSE).get(refusal.reason, FORBIDDEN)
    problem: dict[str, str | int] = {
        "title": f"refused by ringfence: {'the request' if of_request else 'the response'} may not cross",
        "status": status,
        "detail": refusal.mend,
        "crossing": refusal.crossing,
        "reason": refusal.reason.value,
    }
    if refusal.category is not None:
        problem["category"] = refusal.category
    return Told(status, json.dumps(problem, ensure_ascii=True).encode() + b"\n", _fields(status, challenge))


def _fields(status: int, challenge: str) -> Fields:
    if status == UNAUTHORIZED and challenge:
        return (("www-authenticate", challenge),)
    return (("retry-after", _LATER),) if status == TOO_MANY else ()
