"""Key sets from files and addresses, and tokens by real drivers."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from access_server import serving

from access_tokens import EC, NOW, RSA, RULES, claims, published, token
from key_issuer import Issuer, issuer
from ringfence.access import AccessFault, Identities, Reason, VerifiedBy
from ringfence.access.faults import Denied
from ringfence.access.identities import ScramSource, TokenSource, Users
from ringfence.access.keysets import STALE, FetchedKeys, FileKeys
from ringfence.policy.model import ZoneName
from tls_authority import Authority


def test_keys_in_a_file_are_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    said: list[AccessFault] = []
    source = FileKeys(file, said.append)
    assert source.keys() is None
    file.write_bytes(published(EC))
    file.chmod(0o600)
    assert [key.kid for key in source.keys() or ()] == ["e"]
    file.write_bytes(published(RSA))
    assert [key.kid for key in source.keys() or ()] == ["r"]
    assert [fault.what for fault in said] == [f"{file}: the key set cannot be read"]


def test_the_last_good_set_goes_on_until_it_is_stale(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    clock = [0.0]
    said: list[AccessFault] = []

    async def main(state: Issuer, address: str) -> None:
        source = FetchedKeys(
            address,
            said.append,
            context=ssl.create_default_context(cafile=authority.file),
            clock=lambda: clock[0],
        )
        assert source.keys() is None
        await source.look()
        assert [key.kid for key in source.keys() or ()] == ["e"]
        for status, headers, body in (
            (500, {}, b""),
            (302, {"Location": address.replace("https", "http")}, b""),
            (301, {"Location": address}, published(RSA)),
            (200, {}, b"{}"),
            (200, {}, b" " * 300_000 + published(RSA)),
        ):
            state.status, state.headers, state.body = status, headers, body
            before = state.asked
            await source.look()
            assert state.asked == before + 1  # no redirect was followed
            assert [key.kid for key in source.keys() or ()] == ["e"]
        assert len(said) == 5
        clock[0] = STALE
        assert source.keys() is not None
        clock[0] = STALE + 1
        assert source.keys() is None
        state.status, state.headers, state.body = 200, {}, published(RSA)
        await source.look()
        assert [key.kid for key in source.keys() or ()] == ["r"]

    with issuer(authority) as (state, address):
        asyncio.run(main(state, address))


def test_an_issuer_with_a_certificate_of_a_stranger_is_not_believed(tmp_path: Path) -> None:
    said: list[AccessFault] = []

    async def main(address: str) -> None:
        source = FetchedKeys(f"{address}?key=of-ours", said.append)
        await source.look()
        assert source.keys() is None

    with issuer(Authority(tmp_path)) as (_, address):
        asyncio.run(main(address))
    assert said[0].what.startswith(f"{address} cannot be reached")
    assert "of-ours" not in said[0].what


def test_a_token_with_an_unknown_key_asks_for_a_look_before_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.access.keysets.SOONEST", 0.01)
    authority = Authority(tmp_path)

    async def main(state: Issuer, address: str) -> None:
        source = FetchedKeys(address, lambda _: None, context=ssl.create_default_context(cafile=authority.file))
        tokens = TokenSource("sso", ZoneName("staff"), source, RULES)
        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(Identities([tokens]).run())
            await source.looked.wait()
            source.looked.clear()
            state.body = published(EC, RSA)
            with pytest.raises(Denied) as denied:
                tokens.holder(token(), NOW)
            assert denied.value.reason is Reason.UNKNOWN_KEY
            await source.looked.wait()
            assert tokens.holder(token(), NOW).verified_by is VerifiedBy.TOKEN
            running.cancel()

    with issuer(authority) as (state, address):
        asyncio.run(main(state, address))


def _now_token(**other: object) -> str:
    now = int(datetime.now(UTC).timestamp())
    return token(said=claims(iat=now, exp=now + 600, **other)).decode()


def _identities(tmp_path: Path, *, with_users: bool) -> Identities:
    file = tmp_path / "jwks.json"
    file.write_bytes(published())
    file.chmod(0o600)
    tokens = TokenSource("sso", ZoneName("partners"), FileKeys(file, lambda _: None), RULES)
    users = tmp_path / "users.scram"
    users.write_text("")
    users.chmod(0o600)
    scram = ScramSource("users", ZoneName("staff"), Users(users, lambda _: None))
    return Identities([scram, tokens] if with_users else [tokens])


def test_psycopg_comes_in_with_a_token_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    server = authority.issue("127.0.0.1", "rsa")
    tls = {"sslmode": "verify-full", "sslrootcert": str(authority.file), "connect_timeout": "20"}
    with serving(_identities(tmp_path, with_users=False), server.server_context(), server.der) as (port, seen):
        psycopg.connect(host="127.0.0.1", port=port, user="jwt", password=_now_token(), **tls).close()
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(host="127.0.0.1", port=port, user="jwt", password=_now_token(aud="else"), **tls)
    [principal] = seen.principals
    assert (principal.name, principal.zone, principal.source) == ("ana@example.org", "partners", "sso")
    assert principal.expires is not None
    assert principal.expires - datetime.now(UTC) < timedelta(minutes=11)
    assert [failure.reason for failure in seen.failures] == [Reason.WRONG_AUDIENCE]


def test_where_there_are_users_too_the_client_says_that_it_brings_a_token(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    server = authority.issue("127.0.0.1", "rsa")
    tls = {"sslmode": "verify-full", "sslrootcert": str(authority.file), "connect_timeout": "20"}
    with serving(_identities(tmp_path, with_users=True), server.server_context(), server.der) as (port, seen):
        asking = {"options": "-cringfence.principals=sso"}
        psycopg.connect(host="127.0.0.1", port=port, user="jwt", password=_now_token(), **asking, **tls).close()
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(host="127.0.0.1", port=port, user="jwt", password=_now_token(), **tls)
    assert [principal.source for principal in seen.principals] == ["sso"]
    assert [(failure.reason, failure.source) for failure in seen.failures] == [(Reason.UNKNOWN_USER, "users")]


def test_a_token_is_not_asked_for_where_it_could_be_listened_to(tmp_path: Path) -> None:
    with serving(_identities(tmp_path, with_users=False)) as (port, seen):
        plain = {"host": "127.0.0.1", "port": port, "user": "jwt", "sslmode": "disable", "connect_timeout": 20}
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(password=_now_token(), **plain)
    assert [failure.reason for failure in seen.failures] == [Reason.NOT_ENCRYPTED]
