"""Where an upstream is, and the secrets of its logins: what is read, and what is refused with a mend."""

from pathlib import Path

import pytest

from ringfence.gates.postgres.upstream import BadAddress, BadSecret, parse_address, secret_of
from ringfence.policy.model import Login


@pytest.mark.parametrize(
    ("at", "what"),
    [
        ("mysql://db.example.com/shop", "not one of PostgreSQL"),
        ("postgresql:///shop", "names no host"),
        ("postgresql://db.example.com/", "names no database"),
        ("postgresql://db.example.com", "names no database"),
        ("postgresql://db.example.com:no/shop", "cannot be read"),
        ("postgresql://a.example.com,b.example.com/shop", "several hosts"),
        ("postgresql://db.example.com/shop?sslmode=disable", "verify-full is needed"),
        ("postgresql://db.example.com/shop?sslmode=require", "verify-full is needed"),
        ("postgresql://127.0.0.1/shop?sslmode=prefer", "verify-full is needed"),
        ("postgresql://db.example.com/shop?sslmod=verify-full", "options that are not known"),
        ("postgresql://db.example.com/shop?sslrootcert=nowhere.pem", "cannot be read as certificates"),
    ],
)
def test_an_address_that_may_not_be_used_says_what_to_mend(at: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(BadAddress) as refused:
        parse_address(at, tmp_path)
    assert what in refused.value.what
    assert refused.value.mend
    assert "db.example.com" not in refused.value.what


def test_over_a_network_the_name_is_verified_unless_said_otherwise(tmp_path: Path) -> None:
    address = parse_address("postgresql://db.example.com/shop", tmp_path)
    assert address.tls is not None
    assert address.tls.check_hostname
    assert not parse_address("postgresql://127.0.0.1/shop", tmp_path).tls


def test_a_password_in_the_address_is_not_kept(tmp_path: Path) -> None:
    address = parse_address("postgresql://owner:hidden-word@127.0.0.1:6000/shop", tmp_path)
    assert "hidden-word" not in repr(address) + address.shown
    assert "owner" not in repr(address)
    assert (address.host, address.port, address.database) == ("127.0.0.1", 6000, "shop")


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "support.password"
    file.write_text("from a file\n")
    file.chmod(0o600)
    assert secret_of(Login("u", "env:WORD"), {"WORD": "from there"}, tmp_path) == "from there"
    assert secret_of(Login("u", "file:support.password"), {}, tmp_path) == "from a file"
    assert secret_of(Login("u"), {}, tmp_path) is None


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ("env:WORD", "WORD is empty or not set"),
        ("env:", "neither env:NAME nor file:PATH"),
        ("plain-word", "neither env:NAME nor file:PATH"),
        ("file:nowhere", "No such file"),
        ("file:two-lines", "not one line"),
    ],
)
def test_a_secret_that_is_not_there_says_what_to_mend(secret: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "two-lines").write_text("one\ntwo\n")
    (tmp_path / "two-lines").chmod(0o600)
    with pytest.raises(BadSecret) as refused:
        secret_of(Login("u", secret), {}, tmp_path)
    assert what in refused.value.what
    assert "plain-word" not in str(refused.value)
