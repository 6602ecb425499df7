"""Tokens as passwords: only those that the issuer signed for this gate, for now, with a key of its set."""

import base64
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import KeySet, OctKey, RSAKey

from access_tokens import EC, ED, NOW, RSA, RULES, SECONDS, SET, claims, published, token
from ringfence.access import Reason
from ringfence.access.faults import BadKeySet, BadPrincipals, Denied
from ringfence.access.keysets import key_source, read_key_set
from ringfence.access.tokens import LEEWAY, TokenRules, holder_of, rules_of
from ringfence.policy.model import Principals, ZoneName


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS512"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")]
)
def test_a_good_token_names_its_holder(key: RSAKey, algorithm: str) -> None:
    holder = holder_of(token(key, algorithm), SET, RULES, NOW)
    assert holder.name == "ana@example.org"
    assert holder.groups == {"support", "oncall"}
    assert holder.expires == datetime.fromtimestamp(SECONDS + 3600 + LEEWAY, UTC)
    assert "ana" not in repr(holder)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (claims(iss="https://other.example.com"), Reason.WRONG_ISSUER),
        (claims(iss=None), Reason.WRONG_ISSUER),
        (claims(iss=["https://id.example.com"]), Reason.WRONG_ISSUER),
        (claims(aud="other"), Reason.WRONG_AUDIENCE),
        (claims(aud=["other", "ringfenced"]), Reason.WRONG_AUDIENCE),
        (claims(aud=None), Reason.WRONG_AUDIENCE),
        (claims(exp=SECONDS - 31), Reason.EXPIRED),
        (claims(exp=None), Reason.TOO_LONG),
        (claims(exp="never"), Reason.BAD_TOKEN),
        (claims(exp=True), Reason.BAD_TOKEN),
        (claims(exp=1e300), Reason.BAD_TOKEN),
        (claims(exp=SECONDS + 2 * 86400), Reason.TOO_LONG),
        (claims(exp=SECONDS + 60, iat=SECONDS - 2 * 86400), Reason.TOO_LONG),
        (claims(iat=None, exp=SECONDS + 2 * 86400), Reason.TOO_LONG),
        (claims(nbf=SECONDS + 31), Reason.NOT_YET),
        (claims(iat=SECONDS + 31), Reason.NOT_YET),
        (claims(nbf=[]), Reason.BAD_TOKEN),
        (claims(sub=None), Reason.NO_SUBJECT),
        (claims(sub=7), Reason.NO_SUBJECT),
        (claims(sub=""), Reason.NO_SUBJECT),
        (claims(sub="a\nb"), Reason.NO_SUBJECT),
        (claims(sub="a" * 257), Reason.NO_SUBJECT),
        (claims(groups=["x"] * 501), Reason.BAD_TOKEN),
    ],
)
def test_a_token_that_says_something_else_is_refused(said: dict[str, object], reason: Reason) -> None:
    with pytest.raises(Denied) as denied:
        holder_of(token(said=said), SET, RULES, NOW)
    assert denied.value.reason is reason


def test_clocks_may_differ_a_little() -> None:
    late = claims(exp=SECONDS - 29, nbf=SECONDS + 29)
    assert holder_of(token(said=late), SET, RULES, NOW).expires > NOW


def test_groups_may_stand_in_a_claim_of_any_name_or_deeper() -> None:
    said = claims(groups=None, realm_access={"roles": ["a", 7, ""]}, **{"https://example.com/groups": "one"})
    for path, groups in (("realm_access.roles", {"a"}), ("https://example.com/groups", {"one"}), ("x.y", set())):
        rules = TokenRules(RULES.issuer, RULES.audience, groups=path)
        assert holder_of(token(said=said), SET, rules, NOW).groups == groups


def _forged(header: dict[str, object], signature: bytes = b"") -> bytes:
    parts = (json.dumps(header).encode(), json.dumps(claims()).encode(), signature)
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


def _signed_with_the_public_key() -> bytes:
    signed = _forged({"alg": "HS256", "kid": "r"}).rpartition(b".")[0]
    signature = hmac.digest(RSA.as_pem(private=False), signed, "sha256")
    return signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def _rightly_signed(header: dict[str, object]) -> bytes:
    signed = _forged({"alg": "RS256", "kid": "r", **header}).rpartition(b".")[0]
    signature = RSA.private_key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


OTHER = RSAKey.generate_key(2048, {"kid": "r"}, private=True)
ATTACKS = {
    "no algorithm": _forged({"alg": "none", "kid": "r"}),
    "no algorithm, spelt oddly": _forged({"alg": "nOnE", "kid": "r"}),
    "the public key as a shared secret": _signed_with_the_public_key(),
    "another's key of the same id": token(OTHER),
    "another's key of an id that is not there": token(OTHER, kid="other"),
    "a key that the token brings": token(OTHER, jwk=OTHER.as_dict(private=False)),
    "a key that the token points to": token(OTHER, jku="https://evil.example.com/jwks"),
    "an algorithm of another kind of key": _forged({"alg": "ES256", "kid": "r"}, b"\0" * 64),
    "an empty signature": _forged({"alg": "RS256", "kid": "r"}),
    "a signature of zeros, of ECDSA": _forged({"alg": "ES256", "kid": "e"}, b"\0" * 64),
    "a critical extension": _rightly_signed({"crit": ["exp"], "exp": 1}),
    "an unencoded payload": _rightly_signed({"b64": False, "crit": ["b64"]}),
    "a claim changed after signing": b".".join(
        [*token().split(b".")[:1], _forged({"a": 1}).split(b".")[1], token().split(b".")[2]]
    )
    + b"x",
    "not a token": b"correct horse",
    "dots": b"...",
    "a header that is a list": base64.urlsafe_b64encode(b"[]") + b".e30.AA",
    "nesting": base64.urlsafe_b64encode(b"[" * 1400) + b".e30.AA",
    "no bytes": b"",
    "too many bytes": token() + b"a" * 20_000,
    "bytes that are no text": b"\xff\xfe.\xff.\xff",
    "encrypted": b"e30.e30.e30.e30.e30",
}


def test_the_signatures_of_these_attacks_are_right_where_they_should_be() -> None:
    assert holder_of(_rightly_signed({}), SET, RULES, NOW).name == "ana@example.org"


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_tokens_opens_nothing(attack: str) -> None:
    with pytest.raises(Denied) as denied:
        holder_of(ATTACKS[attack], SET, RULES, NOW)
    assert denied.value.reason in (Reason.BAD_TOKEN, Reason.UNKNOWN_KEY)


def test_a_secret_in_the_key_set_is_never_a_key() -> None:
    secret = OctKey.import_key("a shared secret of thirty-two bytes", {"kid": "s"})
    raw = json.dumps({"keys": [secret.as_dict(private=True), *json.loads(published())["keys"]]}).encode()
    keys = read_key_set(raw, "here")
    assert {key.kid for key in keys} == {"r", "e", "d"}
    with pytest.raises(Denied):
        holder_of(token(secret, "HS256"), keys, RULES, NOW)
    with pytest.raises(Denied):  # and were one in it, the algorithm would be refused
        holder_of(token(secret, "HS256"), KeySet([secret]), RULES, NOW)


def test_keys_that_are_not_for_signatures_or_too_short_are_left_out() -> None:
    short = {**RSA.as_dict(private=False), "n": "AQAB" * 41, "kid": "short"}
    listed = [
        {**EC.as_dict(private=False), "use": "enc", "kid": "encryption"},
        {**EC.as_dict(private=False), "kid": 7},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "broken"},
        {"kty": "new"},
        short,
        "text",
        EC.as_dict(private=False),
    ]
    assert [key.kid for key in read_key_set(json.dumps({"keys": listed}).encode(), "here")] == ["e"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"\xff", b"[" * 5000, b'{"keys": [' + b"{}," * 200 + b"{}]}"],
)
def test_what_is_not_a_key_set_is_refused(raw: bytes) -> None:
    with pytest.raises(BadKeySet):
        read_key_set(raw, "here")


def test_tokens_without_issuer_or_audience_are_no_principals() -> None:
    whole = Principals("sso", ZoneName("staff"), "jwks", "file:x", "ringfence", "https://id.example.com", "g", "email")
    assert rules_of(whole) == TokenRules("https://id.example.com", "ringfence", "email", "g")
    for issuer, audience in (("", "a"), ("i", "")):
        with pytest.raises(BadPrincipals):
            rules_of(Principals("sso", ZoneName("staff"), "jwks", "file:x", audience, issuer))


@pytest.mark.parametrize(
    "at",
    [
        "http://id.example.com/jwks",
        "ftp://x/y",
        "https://u:p@id.example.com/",
        "https:///jwks",
        "users.jwks",
        "https://[",
    ],
)
def test_only_files_and_https_are_sources_of_keys(at: str, tmp_path: Path) -> None:
    with pytest.raises(BadPrincipals):
        key_source(at, "sso", tmp_path, lambda _: None)
