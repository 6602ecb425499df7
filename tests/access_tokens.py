"""An issuer's keys and tokens, for tests."""

import json
import warnings
from datetime import UTC, datetime

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ringfence.access.keysets import read_key_set
from ringfence.access.tokens import TokenRules

RULES = TokenRules("https://id.example.com", "ringfence")
NOW = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
RSA = RSAKey.generate_key(2048, {"kid": "r", "use": "sig"}, private=True)
EC = ECKey.generate_key("P-256", {"kid": "e"}, private=True)
ED = OKPKey.generate_key("Ed25519", {"kid": "d"}, private=True)
KEYS = [RSA, EC, ED]


def published(*keys: RSAKey | ECKey | OKPKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys or KEYS]}).encode()


SET = read_key_set(published(), "here")


def claims(**other: object) -> dict[str, object]:
    """Give a good token's claims, with some of them changed; None leaves one out."""
    whole: dict[str, object] = {
        "iss": RULES.issuer,
        "aud": RULES.audience,
        "sub": "ana@example.org",
        "groups": ["support", "oncall"],
        "iat": SECONDS - 60,
        "exp": SECONDS + 3600,
        **other,
    }
    return {name: value for name, value in whole.items() if value is not None}


def token(
    key: RSAKey | ECKey | OKPKey | OctKey = RSA,
    algorithm: str = "RS256",
    said: dict[str, object] | None = None,
    **header: object,
) -> bytes:
    whole = {"alg": algorithm, "kid": key.kid, **header}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    whole = {name: value for name, value in whole.items() if value is not None}
    with warnings.catch_warnings(action="ignore"):  # EdDSA has got another name, and issuers use both
        return jwt.encode(whole, claims() if said is None else said, key, registry=registry).encode()
