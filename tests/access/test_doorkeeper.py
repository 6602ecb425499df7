"""Credentials that come with each request: who is known, who is not, and what is remembered of either."""

from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import KeySet

from access_tokens import EC, ED, NOW, RSA, claims, published, token
from ringfence.access import Attempts, Brought, Doorkeeper, Identities, Principal, Unknown, VerifiedBy
from ringfence.access.api_keys import PREFIX, hash_of, make_api_key
from ringfence.access.faults import Reason
from ringfence.access.identities import ApiKeySource, CertificateSource, TokenSource, Users
from ringfence.access.keysets import read_key_set
from ringfence.access.tokens import TokenRules
from ringfence.access.users import User, read_users, spell
from ringfence.policy.model import ZoneName
from tls_authority import Authority

PARTNERS, STAFF = ZoneName("partners"), ZoneName("staff")
HERE = "192.0.2.1"
KEY, OLD = make_api_key(), make_api_key()


class Set:
    """A key set that can be exchanged, and counts how often it was asked for."""

    def __init__(self, raw: bytes) -> None:
        self.set: KeySet | None = read_key_set(raw, "here")
        self.wishes = 0

    def keys(self) -> KeySet | None:
        return self.set

    async def first_look(self) -> None:
        pass

    def wanted(self) -> None:
        self.wishes += 1

    async def run(self) -> None:
        pass


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "partners.users"
    lines = [
        spell(User("acme", None, ("partners",), None, "", hash_of(KEY))),
        spell(User("gone", None, ("partners",), None, "2030-12-31", hash_of(OLD))),
        "machine.example.com:-:etl",
        "ana@example.org:-:support",
    ]
    file.write_text("\n".join(lines))
    file.chmod(0o600)
    return file


def keeper(file: Path, *keys: Set, attempts: Attempts | None = None, rules: tuple[TokenRules, ...] = ()) -> Doorkeeper:
    listed = Users(file, lambda _fault: None)
    named = rules or tuple(TokenRules("https://id.example.com", "ringfence") for _ in keys)
    tokens = [
        TokenSource(f"sso{number}", STAFF, each, rule)
        for number, (each, rule) in enumerate(zip(keys, named, strict=True))
    ]
    sources = [ApiKeySource("partners", PARTNERS, listed), CertificateSource("machines", STAFF, listed), *tokens]
    return Doorkeeper(Identities(sources, attempts))


def known(found: Principal | Unknown | None) -> Principal:
    assert isinstance(found, Principal), found
    return found


def reason(found: Principal | Unknown | None) -> Reason:
    assert isinstance(found, Unknown), found
    return found.reason


def test_each_kind_of_credential_names_its_holder_and_zone(users: Path, tmp_path: Path) -> None:
    door = keeper(users, Set(published()))
    by_key = known(door.know(Brought(api_key=KEY), HERE, NOW))
    assert (by_key.name, by_key.zone, by_key.groups, by_key.verified_by) == (
        "acme",
        PARTNERS,
        frozenset({"partners"}),
        VerifiedBy.API_KEY,
    )
    by_token = known(door.know(Brought(token=token().decode()), HERE, NOW))
    assert (by_token.name, by_token.zone, by_token.source) == ("ana@example.org", STAFF, "sso0")
    issued = Authority(tmp_path / "ca").issue("machine.example.com", days=3650)
    by_certificate = known(door.know(Brought(certificate=issued.der), HERE, NOW))
    assert (by_certificate.name, by_certificate.groups) == ("machine.example.com", frozenset({"etl"}))
    assert by_certificate.expires is not None


def test_nothing_brought_is_nobody_and_what_is_not_taken_is_not_looked_at(users: Path) -> None:
    assert keeper(users, Set(published())).know(Brought(), HERE, NOW) is None
    assert Doorkeeper(Identities([])).know(Brought(token="x", api_key="y", certificate=b"z"), HERE, NOW) is None


def test_what_the_request_brings_comes_before_the_connections_certificate(users: Path, tmp_path: Path) -> None:
    door = keeper(users, Set(published()))
    issued = Authority(tmp_path / "ca").issue("machine.example.com", days=3650)
    assert known(door.know(Brought(api_key=KEY, certificate=issued.der), HERE, NOW)).name == "acme"
    assert reason(door.know(Brought(token="x.y.z", certificate=issued.der), HERE, NOW)) is Reason.BAD_TOKEN


WRONG = {
    "an api key of nobody": (Brought(api_key=make_api_key()), Reason.UNKNOWN_API_KEY),
    "an api key cut off": (Brought(api_key=KEY[:-1]), Reason.MALFORMED),
    "a hash in place of the key": (Brought(api_key=hash_of(KEY).hex()), Reason.MALFORMED),
    "a word that is no key": (Brought(api_key="rfk_letmein"), Reason.MALFORMED),
    "octets that are no text": (Brought(api_key=PREFIX + "\udcff" * 43), Reason.MALFORMED),
    "an empty api key": (Brought(api_key=""), Reason.MALFORMED),
    "an api key that has ended": (Brought(api_key=OLD), Reason.EXPIRED),
    "a token and an api key": (Brought(token=token().decode(), api_key=KEY), Reason.SEVERAL),
    "no token": (Brought(token=""), Reason.BAD_TOKEN),
    "a token without a signature": (Brought(token=token().rpartition(b".")[0].decode() + "."), Reason.BAD_TOKEN),
    "a token for another service": (Brought(token=token(said=claims(aud="billing")).decode()), Reason.WRONG_AUDIENCE),
    "a token of another issuer": (
        Brought(token=token(said=claims(iss="https://evil.example")).decode()),
        Reason.WRONG_ISSUER,
    ),
    "a token that has ended": (
        Brought(token=token(said=claims(exp=int(NOW.timestamp()) - 60)).decode()),
        Reason.EXPIRED,
    ),
    "a long token": (Brought(token="x" * 100_000), Reason.BAD_TOKEN),
    "a certificate that was not passed on": (Brought(certificate=b""), Reason.NO_CERTIFICATE),
    "octets that are no certificate": (Brought(certificate=b"\x30\x82"), Reason.NO_CERTIFICATE),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_never_taken_for_nothing(case: str, users: Path) -> None:
    brought, why = WRONG[case]
    assert reason(keeper(users, Set(published())).know(brought, HERE, NOW)) is why


@pytest.mark.parametrize("names", [[], ["machine.example.com", "ana@example.org"]])
def test_a_certificate_must_name_exactly_one_who_is_listed(names: list[str], users: Path, tmp_path: Path) -> None:
    from cryptography import x509

    also: list[x509.GeneralName] = [x509.RFC822Name(name) for name in names[1:]]
    issued = Authority(tmp_path / "ca").issue(names[0] if names else "stranger.example.com", days=3650, also=also)
    assert reason(keeper(users).know(Brought(certificate=issued.der), HERE, NOW)) is Reason.NO_CERTIFICATE


def test_a_token_is_verified_with_the_keys_of_the_issuer_that_it_names_and_of_no_other(users: Path) -> None:
    one, other = TokenRules("https://id.example.com", "ringfence"), TokenRules("https://other.example.com", "ringfence")
    door = keeper(users, Set(published(RSA)), Set(published(EC)), rules=(one, other))
    assert known(door.know(Brought(token=token(RSA).decode()), HERE, NOW)).source == "sso0"
    theirs = claims(iss="https://other.example.com")
    assert known(door.know(Brought(token=token(EC, "ES256", theirs).decode()), HERE, NOW)).source == "sso1"
    # Signed by one, and said to be the other's:
    forged = token(RSA, said=theirs, kid="e")
    assert isinstance(door.know(Brought(token=forged.decode()), HERE, NOW), Unknown)
    for text in ("x", "e30.e30.e30", "e30.W10.e30", "." * 20, "e30." + "ey" * 9000 + ".e30"):
        assert reason(door.know(Brought(token=text), "192.0.2.77", NOW)) in (Reason.WRONG_ISSUER, Reason.BAD_TOKEN)


def test_two_audiences_of_one_issuer_are_two_sources(users: Path) -> None:
    rules = tuple(TokenRules("https://id.example.com", audience) for audience in ("ringfence", "reports"))
    door = keeper(users, Set(published()), Set(published()), rules=rules)
    assert known(door.know(Brought(token=token(said=claims(aud=["reports"])).decode()), HERE, NOW)).source == "sso1"
    assert known(door.know(Brought(token=token().decode()), HERE, NOW)).source == "sso0"


def test_a_token_that_was_right_is_right_until_it_ends_or_the_keys_change(users: Path) -> None:
    keys = Set(published(RSA))
    door = keeper(users, keys)
    brought = Brought(token=token().decode())
    first = known(door.know(brought, HERE, NOW))
    assert door.know(brought, HERE, NOW) is first
    assert first.expires is not None
    assert reason(door.know(brought, HERE, first.expires)) is Reason.EXPIRED
    assert known(door.know(brought, HERE, NOW)).name == first.name
    keys.set = read_key_set(published(ED), "here")  # the issuer has withdrawn the key
    assert reason(door.know(brought, HERE, NOW)) is Reason.UNKNOWN_KEY
    assert keys.wishes == 1
    keys.set = None
    assert reason(door.know(brought, HERE, NOW)) is Reason.NO_KEYS


def test_who_is_taken_out_of_the_file_is_out_at_once(users: Path) -> None:
    door = keeper(users)
    assert known(door.know(Brought(api_key=KEY), HERE, NOW)).name == "acme"
    users.write_text(users.read_text().partition("\n")[2])
    assert reason(door.know(Brought(api_key=KEY), HERE, NOW)) is Reason.UNKNOWN_API_KEY
    users.write_text("not a users file")
    assert reason(door.know(Brought(api_key=OLD), HERE, NOW)) is Reason.UNREADABLE


def test_guessing_is_slowed_for_its_address_and_for_nobody_else(users: Path) -> None:
    door = keeper(users, Set(published()))
    assert known(door.know(Brought(api_key=KEY), HERE, NOW))
    for _ in range(20):
        assert reason(door.know(Brought(api_key=make_api_key()), HERE, NOW)) is Reason.UNKNOWN_API_KEY
    for other in (Brought(api_key=make_api_key()), Brought(token=token().decode()), Brought(api_key=OLD)):
        assert reason(door.know(other, HERE, NOW)) is Reason.TOO_MANY
    assert known(door.know(Brought(api_key=KEY), HERE, NOW)), "it was right a moment ago, and shares the address"
    assert known(door.know(Brought(token=token().decode()), "192.0.2.2", NOW))
    assert known(door.know(Brought(token=token().decode()), HERE, NOW + timedelta(seconds=3)))


def test_tokens_that_have_ended_or_are_ahead_of_the_key_set_keep_nobody_out(users: Path) -> None:
    door = keeper(users, Set(published(RSA)))
    ended = Brought(token=token(said=claims(exp=int(NOW.timestamp()) - 60)).decode())
    ahead = Brought(token=token(EC, "ES256").decode())
    for _ in range(50):
        assert reason(door.know(ended, HERE, NOW)) is Reason.EXPIRED
        assert reason(door.know(ahead, HERE, NOW)) is Reason.UNKNOWN_KEY
    assert known(door.know(Brought(api_key=KEY), HERE, NOW))


def test_what_is_remembered_is_bounded_and_holds_no_credential(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.access.doorkeeper.MOST_REMEMBERED", 3)
    door = keeper(users, Set(published()))
    for number in range(10):
        brought = Brought(token=token(said=claims(jti=str(number))).decode())
        assert known(door.know(brought, HERE, NOW))
        assert brought.token not in repr(brought)
    assert len(door._verified) == 3
    assert all(len(name) == 32 for name in door._verified)


def test_a_users_file_keeps_hashes_of_api_keys_and_refuses_what_is_none() -> None:
    text = spell(User("acme", None, ("a", "b"), None, "2031-12-31", hash_of(KEY)))
    assert KEY not in text
    listed = read_users(text, "x").users["acme"]
    assert (listed.api_key, listed.groups, listed.verifier, listed.until_spelt) == (
        hash_of(KEY),
        ("a", "b"),
        None,
        "2031-12-31",
    )
    for wrong in (
        "acme:SHA-256$:a",
        "acme:SHA-256$AAAA:a",
        "acme:SHA-256$%%%%:a",
        f"{text}\n{text.replace('acme', 'other')}",
    ):
        with pytest.raises(Exception, match="x"):
            read_users(wrong, "x")


def test_every_key_is_another_and_looks_like_one() -> None:
    made = {make_api_key() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(hash_of(each)) == 32 for each in made)
