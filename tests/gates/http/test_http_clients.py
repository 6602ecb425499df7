"""What Envoy says of a client, and what a client says in its place."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.access.tokens import claimed_by
from ringfence.gates.http.asking import CLIENT_CERTIFICATE
from ringfence.gates.http.clients import ADDRESS, HASH, SHOWN, Attributes, client_of
from tls_authority import Authority


@dataclass
class Value:
    string_value: str = ""
    bool_value: bool = False


@dataclass
class Struct:
    fields: dict[str, Value] = field(default_factory=dict)


def attested(digest: str | None, address: str = "192.0.2.7:5000", *, shown: bool = True) -> Attributes:
    found = {ADDRESS: Value(address), SHOWN: Value(bool_value=shown)}
    if digest is not None:
        found[HASH] = Value(digest)
    return {"envoy.filters.http.ext_proc": Struct(found)}


ADDRESSES = {
    "192.0.2.7:5000": "192.0.2.7",
    "[2001:db8::7]:5000": "2001:db8::7",
    "/run/own.sock": "/run/own.sock",
    "": "",
}


@pytest.mark.parametrize("written", ADDRESSES)
def test_an_address_is_given_without_its_port(written: str) -> None:
    assert client_of(attested(None, written, shown=False), ()).address == ADDRESSES[written]


def test_of_what_stands_in_the_field_only_the_certificate_of_the_attested_hash_is_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("one.example.com"), authority.issue("other.example.com")
    cert = {each: f'Cert="{quote(each.certificate.read_text(), safe="")}"' for each in (one, other)}
    digest = sha256(one.der).hexdigest()
    for written in (
        f"Hash={digest};{cert[one]}",
        f"{cert[other]},{cert[one]}",
        f'By=spiffe://x;Subject="CN=a;b,c";{cert[one]};URI=',
        f"{cert[one].replace('Cert', 'cert')}",
    ):
        assert client_of(attested(digest.upper()), ((CLIENT_CERTIFICATE, written),)).certificate == one.der
    both = ((CLIENT_CERTIFICATE, cert[other]), (CLIENT_CERTIFICATE, cert[one]))
    assert client_of(attested(digest), both).certificate == one.der
    for digest_said in (None, "", sha256(b"x").hexdigest()):
        assert client_of(attested(digest_said), both).certificate == b"", "shown, and not passed on"
    assert client_of(attested(digest, shown=False), both).certificate is None
    assert client_of({}, both).certificate is None


def _pieces() -> st.SearchStrategy[str]:
    words = [
        "Cert=",
        "Hash=",
        '"',
        ",",
        ";",
        "=",
        "%",
        "-----BEGIN%20CERTIFICATE-----",
        "%0A",
        "-----END%20CERTIFICATE-----",
    ]
    return st.lists(st.sampled_from(words) | st.text(max_size=5), max_size=20).map("".join)


@given(st.lists(_pieces(), max_size=3), st.text(max_size=70))
def test_whatever_a_client_writes_it_is_no_certificate(written: list[str], digest: str) -> None:
    fields = tuple((CLIENT_CERTIFICATE, each) for each in written)
    assert client_of(attested(digest), fields).certificate == b""
    assert client_of(attested(None, shown=False), fields).certificate is None


@given(
    st.binary(max_size=200)
    | st.lists(st.text('eyJ0.=[]{}"iss:,1', max_size=30), max_size=4).map(".".join).map(str.encode)
)
def test_whatever_stands_for_a_token_it_claims_words_or_nothing(token: bytes) -> None:
    issuer, audiences = claimed_by(token)
    assert isinstance(issuer, str)
    assert all(isinstance(each, str) for each in audiences)
