"""JSON Web Tokens as passwords (RFC 7519, 7515, 8725): what a token must be to name a principal.

The rule: signature and form are the library's (joserfc); allowed are asymmetric algorithms only, the key is one of the set that
was handed in (never one that the token brings or points to), and a token counts only with the issuer, the audience and a
lifetime that the policy expects. Claims are read after the signature was found right.
"""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime

from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import KeySet

from ringfence.access.faults import BadPrincipals, Denied, Reason
from ringfence.policy.model import Principals

MOST_TOKEN = 16 * 1024  # bytes
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
LEEWAY = 30.0  # seconds that two clocks may differ
LONGEST_LIFE = 24 * 3600.0  # seconds
_NAME_CHARACTERS = 256
_MOST_GROUPS = 500
_MOST_SECONDS = 253402300800  # the year 10000: datetime's end
_MOST_SIGNATURE = 1400  # base64 of RSA with 8192 bits


class _Registry(jws.JWSRegistry):
    max_header_length = 2048
    max_payload_length = MOST_TOKEN
    max_signature_length = _MOST_SIGNATURE

    def get_alg(self, name: str) -> JWSAlgModel:
        """Give an algorithm that is allowed. The library's own warns of EdDSA's old name, which issuers still use."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_REGISTRY = _Registry(
    algorithms=ALGORITHMS, strict_check_header=False
)  # RFC 7515: what is not understood is ignored, but for `crit`


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What the policy expects of a token."""

    issuer: str
    audience: str
    subject: str = "sub"
    groups: str = "groups"
    longest_life: float = LONGEST_LIFE


@dataclass(frozen=True, slots=True)
class Holder:
    """What a good token says."""

    name: str = field(repr=False)
    groups: frozenset[str] = field(repr=False)
    expires: datetime


def rules_of(principals: Principals) -> TokenRules:
    """Take the rules out of the policy. Raises `BadPrincipals` where anybody's token, or one for another service, would do."""
    if not principals.issuer or not principals.audience:
        raise BadPrincipals(
            f"principals {principals.name} take tokens without an issuer and an audience",
            "name both: a token for another service must not open this one",
        )
    return TokenRules(principals.issuer, principals.audience, principals.subject, principals.groups)


def holder_of(token: bytes, keys: KeySet, rules: TokenRules, now: datetime) -> Holder:
    """Verify a token and say whom it names. Raises `Denied`.

    `now` is aware. The holder's groups may be none; what the token says besides is not kept.
    """
    if len(token) > MOST_TOKEN:
        raise Denied(Reason.BAD_TOKEN)
    claims = _verified(token, keys)
    seconds = now.timestamp()
    _check_claims(claims, rules, seconds)
    expires = float(str(claims["exp"]))
    name = claims.get(rules.subject)
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _NAME_CHARACTERS:
        raise Denied(Reason.NO_SUBJECT)
    return Holder(name, _groups(_claim(claims, rules.groups)), datetime.fromtimestamp(expires + LEEWAY, UTC))


def claimed_by(token: bytes) -> tuple[str, frozenset[str]]:
    """Give issuer and audiences as a token claims them, unverified: to choose whose keys it is verified with, and only for that."""
    try:
        written = token[:MOST_TOKEN].split(b".")[1]
        claims = json.loads(urlsafe_b64decode(written + b"=" * (-len(written) % 4)))
        issuer, audience = claims.get("iss"), claims.get("aud")
    except (ValueError, IndexError, AttributeError, RecursionError):
        return "", frozenset()
    listed = audience if isinstance(audience, list) else [audience]
    return issuer if isinstance(issuer, str) else "", frozenset(each for each in listed if isinstance(each, str))


def _verified(token: bytes, keys: KeySet) -> dict[str, object]:
    try:
        decoded = jwt.decode(token, keys, registry=_REGISTRY)
    except InvalidKeyIdError:
        raise Denied(Reason.UNKNOWN_KEY) from None
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise Denied(Reason.BAD_TOKEN) from None
    if "crit" in decoded.header or "b64" in decoded.header:
        raise Denied(Reason.BAD_TOKEN)
    return decoded.claims


def _check_claims(claims: dict[str, object], rules: TokenRules, now: float) -> None:
    audience = claims.get("aud")
    if claims.get("iss") != rules.issuer:
        raise Denied(Reason.WRONG_ISSUER)
    if rules.audience not in (audience if isinstance(audience, list) else [audience]):
        raise Denied(Reason.WRONG_AUDIENCE)
    expires, since, issued = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None:
        raise Denied(Reason.TOO_LONG)
    if expires <= now - LEEWAY:
        raise Denied(Reason.EXPIRED)
    if max(since or 0.0, issued or 0.0) > now + LEEWAY:
        raise Denied(Reason.NOT_YET)
    if expires - min(now, issued if issued is not None else now) > rules.longest_life + LEEWAY:
        raise Denied(Reason.TOO_LONG)


def _seconds(claims: dict[str, object], name: str) -> float | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _MOST_SECONDS:
        raise Denied(Reason.BAD_TOKEN)
    return float(value)


def _claim(claims: dict[str, object], path: str) -> object:
    """Find a claim by its name, or by a path into objects: ``realm_access.roles``."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _groups(value: object) -> frozenset[str]:
    listed = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    if len(listed) > _MOST_GROUPS:
        raise Denied(Reason.BAD_TOKEN)
    return frozenset(group for group in listed if isinstance(group, str) and group)


__all__ = ["ALGORITHMS", "MOST_TOKEN", "Holder", "TokenRules", "claimed_by", "holder_of", "rules_of"]
