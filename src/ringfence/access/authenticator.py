"""How a PostgreSQL client shows who it is: from its start-up message to a principal, or a failure. No sockets, no clock.

The rule: bytes in, bytes out, and at the end exactly one of `Step.principal` and `Step.failure`. Every failure looks the same
from outside, takes the same way, and is answered late where its address has failed before (`Step.hold` seconds: the rim waits,
and closes). No message is longer than `Authenticator.most`, at most two are taken, and the deadline is the rim's.

    client                                      gate
    (start-up: user, TLS or not)          ──▶   start()      AuthenticationSASL [SCRAM-SHA-256-PLUS, SCRAM-SHA-256]
    SASLInitialResponse                   ──▶   feed(frame)  AuthenticationSASLContinue
    SASLResponse                          ──▶   feed(frame)  AuthenticationSASLFinal, AuthenticationOk
                                      or  ──▶   start()      AuthenticationCleartextPassword      (a token, over TLS only)
    PasswordMessage                       ──▶   feed(frame)  AuthenticationOk
                                      or  ──▶   start()      AuthenticationOk                     (a client certificate)
"""

from dataclasses import dataclass
from datetime import datetime

from ringfence.access.attempts import LONGEST_HOLD
from ringfence.access.faults import Denied, Reason
from ringfence.access.identities import ApiKeySource, CertificateSource, Identities, ScramSource, Source, TokenSource
from ringfence.access.principal import Principal, VerifiedBy
from ringfence.access.scram import MOST_MESSAGE, ScramExchange
from ringfence.access.tokens import MOST_TOKEN
from ringfence.access.users import User
from ringfence.wire.postgres.faults import RemoteError
from ringfence.wire.postgres.messages import read, write
from ringfence.wire.postgres.replies import (
    AuthenticationCleartextPassword,
    AuthenticationOk,
    AuthenticationSASL,
    AuthenticationSASLContinue,
    AuthenticationSASLFinal,
    ErrorResponse,
)
from ringfence.wire.postgres.requests import PasswordMessage, SASLInitialResponse, SASLResponse

_ROOM = 64  # bytes of a message's header, a mechanism's name and lengths
_NOT_COUNTED = frozenset({Reason.TOO_MANY, Reason.UNREADABLE, Reason.NO_KEYS})  # nothing was tried
_FAILED = write(ErrorResponse((("S", b"FATAL"), ("V", b"FATAL"), ("C", b"28P01"), ("M", b"authentication failed"))))


@dataclass(frozen=True, slots=True)
class Channel:
    """What the rim knows of a connection."""

    address: str  # of the client; "local" for a Unix socket
    encrypted: bool = False  # TLS, from this process to the client
    end_point: bytes = b""  # `end_point_of` the certificate that the gate showed; b"" without TLS
    certificate: bytes = b""  # the client's (DER), its chain verified against `tls.clients`; b"" for none


@dataclass(frozen=True, slots=True)
class Failure:
    """Somebody was not let in. `reason` is for log and ledger."""

    reason: Reason
    source: str  # the principals that were asked; "" for none


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: wait `hold` seconds, send, and go on, unless it is settled. After a failure the connection is closed."""

    send: bytes = b""
    principal: Principal | None = None
    failure: Failure | None = None
    hold: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scram:
    exchange: ScramExchange
    source: ScramSource
    user: User | None


class Authenticator:
    """One client's way in: `start`, then `feed` with each message of type ``p``, until a step settles it."""

    def __init__(self, identities: Identities, user: str, channel: Channel, asked: str = "") -> None:
        """`user` is the start-up message's, `asked` its parameter ``ringfence.principals``, "" where it has none."""
        self._identities = identities
        self._user = user
        self._channel = channel
        self._source: Source | None = identities.choose(asked, channel.certificate)
        self._scram: _Scram | None = None
        self._expects = 0  # messages taken so far; -1 when settled
        self.most = 0  # bytes that the next message may have, its header counted

    def start(self, now: datetime) -> Step:
        """Begin. `now` is aware, and the same clock's for all calls."""
        if not self._may_try(now):
            return self._fail(Reason.TOO_MANY, now)
        try:
            return self._start(now)
        except Denied as denied:
            return self._fail(denied.reason, now)

    def feed(self, frame: bytes, now: datetime) -> Step:
        """Take a whole message of type ``p``, with its header."""
        if self._expects < 0 or len(frame) > self.most:
            return self._fail(Reason.MALFORMED, now)
        if not self._may_try(now):  # again: others of this address may have failed since `start`
            return self._fail(Reason.TOO_MANY, now)
        try:
            if isinstance(self._source, TokenSource):
                return self._let_in(self._source.holder(read(PasswordMessage, frame).password, now))
            self._expects += 1
            step = self._first if self._expects == 1 else self._final
            return step(self._exchange(), frame)
        except Denied as denied:
            return self._fail(denied.reason, now)
        except RemoteError:
            return self._fail(Reason.MALFORMED, now)

    def _may_try(self, now: datetime) -> bool:
        return self._identities.attempts.may_try(self._channel.address, now.timestamp())

    def _start(self, now: datetime) -> Step:
        match self._source:
            case None | ApiKeySource():
                raise Denied(Reason.NO_SOURCE)
            case CertificateSource() as source:
                if not self._channel.certificate:
                    raise Denied(Reason.NO_CERTIFICATE)
                return self._let_in(source.holder(self._channel.certificate, self._user, now))
            case TokenSource():
                if not self._channel.encrypted:
                    raise Denied(Reason.NOT_ENCRYPTED)
                self.most = MOST_TOKEN + _ROOM
                return Step(write(AuthenticationCleartextPassword()))
            case ScramSource() as source:
                return self._offer(source, now)

    def _offer(self, source: ScramSource, now: datetime) -> Step:
        users = source.users.now()
        user = users.users.get(self._user)
        expired = user is not None and user.has_expired(now)
        exchange = ScramExchange(users, self._user, self._channel.end_point, expired=expired)
        self._scram = _Scram(exchange, source, user)
        self.most = MOST_MESSAGE + _ROOM
        return Step(write(AuthenticationSASL(tuple(name.encode() for name in exchange.mechanisms))))

    def _first(self, scram: _Scram, frame: bytes) -> Step:
        said = read(SASLInitialResponse, frame)
        answer = scram.exchange.first(said.mechanism.decode("ascii", "replace"), said.data or b"")
        return Step(write(AuthenticationSASLContinue(answer)))

    def _final(self, scram: _Scram, frame: bytes) -> Step:
        answer = scram.exchange.final(read(SASLResponse, frame).data)
        if scram.user is None:  # cannot be: its proof fits nothing
            raise Denied(Reason.UNKNOWN_USER)
        how = VerifiedBy.SCRAM_PLUS if scram.exchange.bound else VerifiedBy.SCRAM
        groups = frozenset(scram.user.groups)
        principal = Principal(self._user, scram.source.zone, groups, scram.source.name, how, scram.user.until)
        return self._let_in(principal, write(AuthenticationSASLFinal(answer)))

    def _exchange(self) -> _Scram:
        if self._scram is None:
            raise Denied(Reason.MALFORMED)
        return self._scram

    def _let_in(self, principal: Principal, before: bytes = b"") -> Step:
        self._expects, self.most = -1, 0
        return Step(before + write(AuthenticationOk()), principal)

    def _fail(self, reason: Reason, now: datetime) -> Step:
        self._expects, self.most = -1, 0
        hold = LONGEST_HOLD
        if reason not in _NOT_COUNTED:
            hold = self._identities.attempts.failed(self._channel.address, now.timestamp())
        name = self._source.name if self._source is not None else ""
        return Step(_FAILED, failure=Failure(reason, name), hold=hold)
