"""Everything of `access` and of the way upstream that takes foreign bytes.

The invariant: a value or an error of ringfence's own, nothing else; and nobody comes in by bytes that nobody signed or proved. The
first byte of an input chooses what it is for.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from ringfence.access import Authenticator, Channel, Identities
from ringfence.access.certificates import names_of
from ringfence.access.faults import AccessFault, Denied
from ringfence.access.identities import ScramSource, TokenSource, Users
from ringfence.access.keysets import FileKeys, read_key_set
from ringfence.access.scram import make_verifier
from ringfence.access.tokens import TokenRules
from ringfence.access.users import User, UserList, read_users, spell
from ringfence.gates.postgres.upstream_address import parse_address
from ringfence.gates.postgres.upstream_login import Handshake
from ringfence.policy.model import ZoneName
from ringfence.wire.postgres.messages import write
from ringfence.wire.postgres.replies import (
    AuthenticationMD5Password,
    AuthenticationOk,
    AuthenticationSASL,
    AuthenticationSASLContinue,
    AuthenticationSASLFinal,
    BackendKeyData,
    ErrorResponse,
    ParameterStatus,
    ReadyForQuery,
)
from ringfence.wire.postgres.requests import PasswordMessage, SASLInitialResponse, SASLResponse

NOW = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
STAFF = ZoneName("staff")
_TEXT = f"# users\n{spell(User('ana', make_verifier('a word'), ('support',)))}\nbatch:-:etl:2031-12-31\n"
_LIST = read_users(_TEXT, "users.scram")
_KEY = ECKey.generate_key("P-256", {"kid": "e"}, private=True)
_SET = json.dumps({"keys": [_KEY.as_dict(private=False)]}).encode()
_KEYS = read_key_set(_SET, "here")
_HEADER = b"eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ"
_TOKEN = _HEADER + b".eyJpc3MiOiJpIiwiYXVkIjoiYSIsInN1YiI6ImFuYSIsImV4cCI6MTkyNTA4ODI0NX0." + b"A" * 86


class _Users(Users):
    """Users without a file."""

    def __init__(self) -> None:
        pass

    def now(self) -> UserList:
        return _LIST


class _Keys(FileKeys):
    """Keys without a file."""

    def __init__(self) -> None:
        pass

    def keys(self) -> object:  # type: ignore[override]
        return _KEYS


SCRAM = ScramSource("users", STAFF, _Users())
TOKENS = TokenSource("sso", STAFF, _Keys(), TokenRules("i", "a"))


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "batch")])
    names = x509.SubjectAlternativeName([x509.DNSName("batch.example.com"), x509.RFC822Name("batch@example.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, NOW, NOW.replace(year=2032))
    return (
        builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    )


SEEDS: list[bytes] = [
    b"U" + _TEXT.encode(),
    b"K" + _SET,
    b"S" + write(SASLInitialResponse(b"SCRAM-SHA-256", b"n,,n=,r=abc")) + write(SASLResponse(b"c=biws,r=abcd,p=AAAA")),
    b"B" + write(SASLInitialResponse(b"SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=abc")),
    b"T" + write(PasswordMessage(_TOKEN)),
    b"C" + _certificate(),
    b"D" + b"postgresql://db.example.com:5432/shop?sslmode=verify-full",
    b"D" + b"postgresql:///shop?host=/run/postgresql&port=6000",
    b"H"
    + b"".join(
        map(
            write,
            (
                AuthenticationOk(),
                ParameterStatus(b"server_version", b"17.10"),
                BackendKeyData(7, b"word"),
                ReadyForQuery(b"I"),
            ),
        )
    ),
    b"H" + write(AuthenticationMD5Password(b"salt")) + write(ErrorResponse((("C", b"28P01"), ("M", b"no")))),
    b"H"
    + write(AuthenticationSASL((b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256")))
    + write(AuthenticationSASLContinue(b"r=abc,s=c2FsdHNhbHRzYWx0c2FsdA==,i=4096"))
    + write(AuthenticationSASLFinal(b"v=AAAA")),
]


def _way_in(identities: Identities, channel: Channel, data: bytes) -> None:
    way_in = Authenticator(identities, "ana", channel)
    way_in.start(NOW)
    while data:
        size = int.from_bytes(data[1:5], "big") + 1 if len(data) >= 5 else len(data)
        step = way_in.feed(data[: max(size, 1)], NOW)
        assert step.principal is None
        assert step.failure is not None or step.send[:1] == b"R"
        data = data[max(size, 1) :]


def _upstream(data: bytes) -> None:
    handshake = Handshake("user", "a word", "shop", {}, is_private=len(data) % 2 == 0)
    handshake.start()
    for at in range(0, len(data), 37):
        handshake.feed(data[at : at + 37])
        if handshake.opened is not None:
            assert handshake.opened.process is not None
            return


def _check(said: str) -> None:
    assert said.count("\n") == 1


def target(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    try:
        match kind:
            case b"U":
                for user in read_users(rest.decode(errors="replace"), "users.scram").users.values():
                    assert read_users(spell(user), "x").users == {user.name: user}
            case b"K":
                assert read_key_set(rest, "here")
            case b"S":
                _way_in(Identities([SCRAM]), Channel("192.0.2.1"), rest)
            case b"B":
                _way_in(Identities([SCRAM]), Channel("192.0.2.1", encrypted=True, end_point=bytes(32)), rest)
            case b"T":
                _way_in(Identities([TOKENS]), Channel("192.0.2.1", encrypted=True), rest)
            case b"C":
                names_of(rest)
            case b"D":
                parse_address(rest.decode(errors="replace"), Path())
            case _:
                _upstream(rest)
    except AccessFault as error:
        _check(str(error))
    except Denied:
        pass
