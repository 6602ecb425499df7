"""The login upstream as plays: a server that is one, wherever its bytes are cut, and servers that only say so."""

from collections.abc import Callable

import pytest

from ringfence.access.scram import ScramExchange, make_verifier
from ringfence.access.users import User, read_users, spell
from ringfence.gates.postgres.upstream import Handshake, LoginRefused
from ringfence.wire.postgres.messages import read, write
from ringfence.wire.postgres.replies import (
    Authentication,
    AuthenticationCleartextPassword,
    AuthenticationMD5Password,
    AuthenticationOk,
    AuthenticationSASL,
    AuthenticationSASLContinue,
    AuthenticationSASLFinal,
    BackendKeyData,
    ErrorResponse,
    NoticeResponse,
    ParameterStatus,
    ReadyForQuery,
)
from ringfence.wire.postgres.requests import PasswordMessage, SASLInitialResponse, SASLResponse, StartupMessage

PASSWORD = "a long word"
USERS = read_users(f"{spell(User('gate', make_verifier(PASSWORD)))}\n", "x")
SASL = write(AuthenticationSASL((b"SCRAM-SHA-256",)))
OK = write(AuthenticationOk())
GREETING = (
    write(ParameterStatus(b"server_version", b"17.10"))
    + write(NoticeResponse((("S", b"NOTICE"), ("C", b"00000"), ("M", b"hello"))))
    + write(BackendKeyData(77, b"key!"))
    + write(ReadyForQuery(b"I"))
)


def handshake(secret: str | None = PASSWORD, *, private: bool = True, end_point: bytes = b"") -> Handshake:
    made = Handshake("gate", secret, "shop", {"application_name": "x"}, is_private=private, end_point=end_point)
    said = read(StartupMessage, made.start())
    assert said.version == 3 << 16
    assert said.parameters == ((b"user", b"gate"), (b"database", b"shop"), (b"application_name", b"x"))
    return made


def test_a_server_asks_and_proves_itself_wherever_its_bytes_are_cut() -> None:
    for size in range(1, 40):
        client, server = handshake(), ScramExchange(USERS, "gate", b"")

        def feed(data: bytes, client: Handshake = client, size: int = size) -> bytes:
            return b"".join(client.feed(data[at : at + size]) for at in range(0, len(data), size))

        first = read(SASLInitialResponse, feed(SASL))
        assert client.is_computing
        final = feed(write(AuthenticationSASLContinue(server.first(first.mechanism.decode(), first.data or b""))))
        assert not client.is_computing
        assert feed(write(AuthenticationSASLFinal(server.final(read(SASLResponse, final).data))) + OK) == b""
        assert client.opened is None
        feed(GREETING)
        assert client.opened is not None
        assert client.opened.parameters == {"server_version": "17.10"}
        assert (client.opened.process, client.opened.secret, client.opened.rest) == (77, b"key!", b"")


def test_what_comes_behind_the_first_readiness_is_kept() -> None:
    client = handshake(None)
    later = write(ParameterStatus(b"a", b"b")) + write(ParameterStatus(b"c", b"d"))
    client.feed(OK + GREETING + later + later[:7])
    assert client.opened is not None
    assert client.opened.rest == later + later[:7]
    assert client.opened.parameters == {"server_version": "17.10"}


def _to_final(client: Handshake) -> bytes:
    server = ScramExchange(USERS, "gate", b"")
    first = read(SASLInitialResponse, client.feed(SASL))
    answer = client.feed(write(AuthenticationSASLContinue(server.first("SCRAM-SHA-256", first.data or b""))))
    return server.final(read(SASLResponse, answer).data)


def test_a_server_that_does_not_know_the_password_is_not_believed() -> None:
    plays: list[Callable[[Handshake], object]] = [
        lambda client: client.feed(SASL + OK),
        lambda client: _to_final(client) and client.feed(OK),
        lambda client: _to_final(client) and client.feed(write(AuthenticationSASLFinal(b"v=" + b"A" * 43 + b"="))),
        lambda client: _to_final(client) and client.feed(write(AuthenticationSASLFinal(b"e=other-error"))),
        lambda client: _to_final(client) and client.feed(write(AuthenticationSASLFinal(b"\xff"))),
        lambda client: client.feed(SASL + SASL),
        lambda client: client.feed(SASL) and client.feed(write(AuthenticationSASLContinue(b"r=other,s=AAAA,i=1"))),
        lambda client: client.feed(GREETING),
        lambda client: client.feed(write(AuthenticationSASLFinal(b"v=AAAA"))),
    ]
    for play in plays:
        client = handshake()
        with pytest.raises(LoginRefused):
            play(client)
        assert client.opened is None


def test_a_server_cannot_keep_the_gate_busy_with_iterations() -> None:
    client = handshake()
    first = read(SASLInitialResponse, client.feed(SASL))
    nonce = (first.data or b"").rpartition(b"r=")[2]
    with pytest.raises(LoginRefused, match="does not speak as PostgreSQL does"):
        client.feed(write(AuthenticationSASLContinue(b"r=" + nonce + b"more,s=AAAAAAAAAAAAAAAAAAAAAA==,i=9000000")))


@pytest.mark.parametrize(
    "asked", [AuthenticationCleartextPassword(), AuthenticationMD5Password(b"salt")], ids=["cleartext", "md5"]
)
def test_the_password_is_not_told_where_somebody_can_listen(asked: AuthenticationMD5Password) -> None:
    with pytest.raises(LoginRefused, match="line that can be listened to"):
        handshake(private=False).feed(write(asked))
    assert read(PasswordMessage, handshake().feed(write(asked))).password.startswith((b"a long word", b"md5"))


def test_channel_binding_is_taken_where_it_is_offered_over_tls() -> None:
    both = write(AuthenticationSASL((b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256")))
    bound = read(SASLInitialResponse, handshake(end_point=bytes(32)).feed(both))
    assert bound.mechanism == b"SCRAM-SHA-256-PLUS"
    assert (bound.data or b"").startswith(b"p=tls-server-end-point,,")
    assert read(SASLInitialResponse, handshake().feed(both)).mechanism == b"SCRAM-SHA-256"
    # Over TLS, and not offered: the server hears that it could have been, and finds out who took it out.
    assert (read(SASLInitialResponse, handshake(end_point=bytes(32)).feed(SASL)).data or b"").startswith(b"y,,")


@pytest.mark.parametrize(
    "asked",
    [write(Authentication(7, b"")), write(Authentication(9, b"")), write(AuthenticationSASL((b"OAUTHBEARER",)))],
    ids=["gss", "sspi", "oauth"],
)
def test_other_ways_of_logging_in_are_refused_with_a_mend(asked: bytes) -> None:
    with pytest.raises(LoginRefused) as refused:
        handshake().feed(asked)
    assert "scram-sha-256" in refused.value.mend


def test_an_error_is_told_by_its_code_and_not_by_its_words() -> None:
    said = write(ErrorResponse((("S", b"FATAL"), ("C", b"53300"), ("M", b"sorry, ana@example.org has them all"))))
    with pytest.raises(LoginRefused) as refused:
        handshake().feed(said)
    assert "no connection left" in refused.value.what
    assert "ana" not in str(refused.value)
    assert refused.value.code == "53300"
