"""Real drivers against the server's side: PostgreSQL's ways in open this door, and only for the right ones."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pg8000.dbapi
import psycopg
import psycopg2
import pytest
from access_server import serving

from ringfence.access import Attempts, Identities, Principal, Reason, VerifiedBy
from ringfence.access.identities import CertificateSource, ScramSource, Users
from ringfence.access.scram import make_verifier
from ringfence.access.users import User, parse_until, spell
from ringfence.policy.model import ZoneName
from tls_authority import Authority

STAFF = ZoneName("staff")
PASSWORD = "correct horse, ﬃ staple"  # SASLprep makes three letters of the ligature


@pytest.fixture
def file(tmp_path: Path) -> Path:
    users = [
        User("ana", make_verifier(PASSWORD), ("support", "oncall")),
        User("gone", make_verifier(PASSWORD), ("support",), parse_until("2020-01-01"), "2020-01-01"),
        User("batch", None, ("etl",)),
    ]
    file = tmp_path / "users.scram"
    file.write_text("".join(f"{spell(user)}\n" for user in users))
    file.chmod(0o600)
    return file


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


def scram(file: Path) -> Identities:
    return Identities([ScramSource("users", STAFF, Users(file, lambda _: None))])


def dsn(port: int, user: str = "ana", password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(port),
        "user": user,
        "password": password,
        "dbname": "shop",
        "connect_timeout": "20",
        **more,
    }


def assert_is_ana(principals: list[Principal], how: VerifiedBy) -> None:
    [principal] = principals
    assert principal == Principal("ana", STAFF, frozenset({"support", "oncall"}), "users", how)


def test_psycopg_comes_in_with_its_password(file: Path) -> None:
    with serving(scram(file)) as (port, seen):
        psycopg.connect(**dsn(port)).close()
    assert_is_ana(seen.principals, VerifiedBy.SCRAM)


def test_psycopg2_comes_in_with_its_password(file: Path) -> None:
    with serving(scram(file)) as (port, seen):
        psycopg2.connect(**dsn(port)).close()
    assert_is_ana(seen.principals, VerifiedBy.SCRAM)


def test_pg8000_comes_in_with_its_password(file: Path) -> None:
    with serving(scram(file)) as (port, seen):
        connection = pg8000.dbapi.connect("ana", host="127.0.0.1", port=port, password=PASSWORD, database="shop")
        connection.close()
    assert_is_ana(seen.principals, VerifiedBy.SCRAM)


async def _asyncpg(port: int) -> None:
    connection = await asyncpg.connect(host="127.0.0.1", port=port, user="ana", password=PASSWORD, ssl=False)
    connection.terminate()


def test_asyncpg_comes_in_with_its_password(file: Path) -> None:
    import asyncio

    with serving(scram(file)) as (port, seen):
        asyncio.run(_asyncpg(port))
    assert_is_ana(seen.principals, VerifiedBy.SCRAM)


@pytest.mark.parametrize("kind", ["rsa", "ec", "ec-sha384"])
def test_psycopg_binds_the_exchange_to_the_tls_channel(file: Path, authority: Authority, kind: str) -> None:
    server = authority.issue("127.0.0.1", kind)
    with serving(scram(file), server.server_context(), server.der) as (port, seen):
        tls = {"sslmode": "verify-full", "sslrootcert": str(authority.file), "channel_binding": "require"}
        psycopg.connect(**dsn(port, **tls)).close()
    assert_is_ana(seen.principals, VerifiedBy.SCRAM_PLUS)


def test_pg8000_binds_the_exchange_to_the_tls_channel(file: Path, authority: Authority) -> None:
    server = authority.issue("127.0.0.1", "rsa")
    context = ssl.create_default_context(cafile=authority.file)
    with serving(scram(file), server.server_context(), server.der) as (port, seen):
        pg8000.dbapi.connect("ana", host="127.0.0.1", port=port, password=PASSWORD, ssl_context=context).close()
    assert_is_ana(seen.principals, VerifiedBy.SCRAM_PLUS)


def test_without_a_hash_of_its_own_a_certificate_offers_no_binding(file: Path, authority: Authority) -> None:
    server = authority.issue("127.0.0.1", "ed25519")
    with serving(scram(file), server.server_context(), server.der) as (port, seen):
        tls = {"sslmode": "verify-full", "sslrootcert": str(authority.file)}
        psycopg.connect(**dsn(port, **tls, channel_binding="prefer")).close()
        with pytest.raises(psycopg.OperationalError, match="channel binding"):
            psycopg.connect(**dsn(port, **tls, channel_binding="require"))
    assert_is_ana(seen.principals, VerifiedBy.SCRAM)


def test_somebody_in_between_with_another_certificate_is_found_out(file: Path, authority: Authority) -> None:
    server, other = authority.issue("127.0.0.1", "rsa"), authority.issue("127.0.0.1", "rsa")
    with serving(scram(file), server.server_context(), other.der) as (port, seen):
        tls = {"sslmode": "verify-full", "sslrootcert": str(authority.file), "channel_binding": "require"}
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(**dsn(port, **tls))
    assert [failure.reason for failure in seen.failures] == [Reason.MALFORMED]
    assert not seen.principals


@pytest.mark.parametrize(
    ("user", "password", "reason"),
    [
        ("ana", "wrong", Reason.WRONG_PROOF),
        ("nobody", PASSWORD, Reason.UNKNOWN_USER),
        ("gone", PASSWORD, Reason.EXPIRED),
        ("gone", "wrong", Reason.EXPIRED),
        ("batch", PASSWORD, Reason.UNKNOWN_USER),
    ],
)
def test_whoever_is_not_let_in_hears_the_same(file: Path, user: str, password: str, reason: Reason) -> None:
    with serving(scram(file)) as (port, seen), pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect(**dsn(port, user, password))
    assert str(refused.value).endswith("FATAL:  authentication failed")
    assert [(failure.reason, failure.source) for failure in seen.failures] == [(reason, "users")]


def test_a_rolpassword_of_postgresql_opens_the_door(tmp_path: Path) -> None:
    # What PostgreSQL 17.10 stored for `create role ana password 'opening-sesame'`.
    pasted = (
        "SCRAM-SHA-256$4096:UieILu8edGlTR2JY5a5BFg==$"
        "s0vBMWaX6l9hXrtdJ4I1eDSgcUgAkXRQaDGBs3pCf4Q=:2f07buOMQIuy9p5gChfhVk+2+us4a9BJt8+sLyyhNRY="
    )
    file = tmp_path / "users.scram"
    file.write_text(f"# pasted\n\nana:{pasted}:support,oncall\n")
    file.chmod(0o640)
    with serving(scram(file)) as (port, seen):
        psycopg.connect(**dsn(port, password="opening-sesame")).close()
    assert_is_ana(seen.principals, VerifiedBy.SCRAM)


def test_a_certificate_of_the_clients_authority_needs_no_password(file: Path, authority: Authority) -> None:
    server, client = authority.issue("127.0.0.1", "rsa"), authority.issue("batch", "ec")
    identities = Identities([CertificateSource("machines", STAFF, Users(file, lambda _: None))], Attempts())
    tls = {"sslmode": "verify-full", "sslrootcert": str(authority.file)}
    shown = {"sslcert": str(client.certificate), "sslkey": str(client.key)}
    with serving(identities, server.server_context(clients=authority.file), server.der) as (port, seen):
        psycopg.connect(**dsn(port, "batch", "", **tls, **shown)).close()
        for user, more in (("ana", shown), ("batch", {})):
            with pytest.raises(psycopg.OperationalError, match="authentication failed"):
                psycopg.connect(**dsn(port, user, PASSWORD, **tls, **more))
    [principal] = seen.principals
    assert (principal.name, principal.groups, principal.verified_by) == (
        "batch",
        frozenset({"etl"}),
        VerifiedBy.CERTIFICATE,
    )
    assert principal.expires is not None
    assert principal.expires < datetime.now(UTC) + timedelta(days=2)
    assert [failure.reason for failure in seen.failures] == [Reason.NO_CERTIFICATE] * 2
