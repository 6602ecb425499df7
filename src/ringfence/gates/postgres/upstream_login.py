"""The way in upstream: what a server asks of a client that logs in, without I/O; and whether a login may stand behind a gate.

The rule: the password itself leaves only where nobody can listen (TLS, loopback, a Unix socket), a server that began SCRAM is
believed only when it has shown that it knows the password as well, and a login with more rights than its role's data is
refused: what a gate refuses must not be within reach of whatever slips past it.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scramp import ScramClient, ScramException

from ringfence.access.faults import AccessFault
from ringfence.access.scram import END_POINT, PLUS
from ringfence.access.users import MECHANISM, MOST_ITERATIONS
from ringfence.wire.postgres.faults import RemoteError
from ringfence.wire.postgres.frames import ServerFramer
from ringfence.wire.postgres.kinds import FromServer
from ringfence.wire.postgres.messages import read, read_authentication, write
from ringfence.wire.postgres.replies import (
    AuthenticationCleartextPassword,
    AuthenticationMD5Password,
    AuthenticationOk,
    AuthenticationSASL,
    AuthenticationSASLContinue,
    AuthenticationSASLFinal,
    BackendKeyData,
    ErrorResponse,
    ParameterStatus,
)
from ringfence.wire.postgres.requests import PasswordMessage, SASLInitialResponse, SASLResponse, StartupMessage

PROTOCOL = 3 << 16  # 3.0: the gate gives its clients cancel keys of its own
_MOST_PARAMETERS = 200

Fetch = Callable[[str, Sequence[str]], Awaitable[list[list[str | None]]]]


class UpstreamFault(AccessFault):
    """The upstream cannot be used. `code` is the SQLSTATE that a client is told."""

    def __init__(self, what: str, mend: str, code: str = "08006") -> None:
        super().__init__(what, mend)
        self.code = code


class Unreachable(UpstreamFault):
    """No connection, or no TLS that can be trusted."""


class NoTls(UpstreamFault):
    """The server said that it speaks no TLS, which the asset's `at` asks for: waiting does not mend that."""


class LoginRefused(UpstreamFault):
    """The server did not let the login in, or asked for what it may not have."""


class UnsafeLogin(UpstreamFault):
    """A login that may do more than stand behind a gate."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that an administrator should set: what is the case, and how to mend it."""

    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that the server has opened and that waits for its first message."""

    parameters: Mapping[str, str]
    process: int
    secret: bytes = field(repr=False)  # of its cancel key
    rest: bytes = field(repr=False)  # bytes that came behind ReadyForQuery


_REFUSALS: Mapping[str, tuple[str, str]] = {
    "28P01": ("does not accept the login's password", "check the gate's logins: the user, and its secret"),
    "28000": ("does not let the login in from here", "add a line for it to the server's pg_hba.conf"),
    "3D000": ("has no such database", "check the database in the asset's `at`"),
    "42501": ("does not let the login connect to this database", "grant connect on database ... to it"),
    "53300": ("has no connection left", "raise its max_connections, or put PgBouncer between"),
    "57P03": ("is starting up or shutting down", "try again in a moment"),
}


class Handshake:
    """Bytes in, bytes out: from the start-up message to the first ReadyForQuery. `opened` is set when it is through.

    `end_point` is the channel binding data of the server's certificate, b"" without TLS. `is_private`: nobody can listen.
    Where `is_computing`, the next `feed` costs the milliseconds of the password's hashing: let a thread do it.
    """

    def __init__(
        self,
        user: str,
        secret: str | None,
        database: str,
        parameters: Mapping[str, str],
        *,
        end_point: bytes = b"",
        is_private: bool = False,
        where: str = "the upstream",
    ) -> None:
        self.opened: Opened | None = None
        self.is_computing = False
        self._user = user
        self._secret = secret
        self._end_point = end_point
        self._is_private = is_private
        self._where = where
        self._startup = {"user": user, "database": database, **parameters}
        self._framer = ServerFramer()
        self._scram: ScramClient | None = None
        self._verified = True  # False while SCRAM is under way
        self._let_in = False
        self._parameters: dict[str, str] = {}
        self._key = (0, b"")

    def start(self) -> bytes:
        """Give the start-up message."""
        pairs = tuple((name.encode(), value.encode()) for name, value in self._startup.items())
        return write(StartupMessage(PROTOCOL, pairs))

    def feed(self, data: bytes) -> bytes:
        """Take what came, give what is to be sent. Raises `UpstreamFault`."""
        answers: list[bytes] = []
        try:
            frames = self._framer.feed(data)
            for number, (kind, frame, _) in enumerate(frames):
                if kind == FromServer.READY_FOR_QUERY and self._let_in:
                    later = b"".join(each for _, each, _ in frames[number + 1 :])
                    self.opened = Opened(self._parameters, *self._key, later + self._unframed(data))
                    break
                answers.append(self._take(kind, frame))
        except (RemoteError, ScramException, UnicodeDecodeError):
            raise self._refused("does not speak as PostgreSQL does", "check the asset's `at`") from None
        return b"".join(answers)

    def _unframed(self, data: bytes) -> bytes:
        return data[len(data) - self._framer.held :] if self._framer.held else b""

    def _take(self, kind: int, frame: bytes) -> bytes:
        match kind:
            case FromServer.AUTHENTICATION if not self._let_in:
                return self._authenticate(frame)
            case FromServer.PARAMETER_STATUS if self._let_in and len(self._parameters) < _MOST_PARAMETERS:
                status = read(ParameterStatus, frame)
                self._parameters[status.name.decode(errors="replace")] = status.value.decode(errors="replace")
            case FromServer.BACKEND_KEY_DATA if self._let_in:
                key = read(BackendKeyData, frame)
                self._key = (key.process, key.secret)
            case FromServer.ERROR_RESPONSE:
                raise self._error(frame)
            case FromServer.NOTICE_RESPONSE | FromServer.NEGOTIATE_PROTOCOL_VERSION:
                pass
            case _:
                raise RemoteError("a message that has no place in a login")
        return b""

    def _authenticate(self, frame: bytes) -> bytes:
        asked = read_authentication(frame)
        match asked:
            case AuthenticationOk() if self._verified:
                self._let_in = True
                return b""
            case AuthenticationSASL() if self._scram is None:
                return self._begin_scram([name.decode("ascii", "replace") for name in asked.mechanisms])
            case AuthenticationSASLContinue() if self._scram is not None and not self._verified:
                return self._go_on(self._scram, asked.data.decode())
            case AuthenticationSASLFinal() if self._scram is not None and not self._verified:
                self._scram.set_server_final(asked.data.decode())
                self._verified = True
                return b""
            case AuthenticationMD5Password() if self._scram is None:
                return write(PasswordMessage(_md5(self._password(), self._user, asked.salt)))
            case AuthenticationCleartextPassword() if self._scram is None:
                return write(PasswordMessage(self._password().encode()))
            case _:
                raise self._refused(
                    "asks for a way of logging in that is not known here", "let it ask for scram-sha-256 in pg_hba.conf"
                )

    def _begin_scram(self, offered: list[str]) -> bytes:
        usable = [name for name in (PLUS, MECHANISM) if name in offered and (name != PLUS or self._end_point)]
        if not usable:
            raise self._refused("offers no SCRAM-SHA-256", "let it ask for scram-sha-256 in pg_hba.conf")
        binding = (END_POINT, self._end_point) if self._end_point else None
        try:
            # The name is not read: the server takes the start-up message's.
            self._scram = ScramClient(usable, "*", self._needed(), channel_binding=binding)
        except ScramException:
            raise self._refused(
                "cannot be told the login's password: SASLprep forbids characters of it", "give the login another one"
            ) from None
        self._verified = False
        self.is_computing = True
        first = self._scram.get_client_first().encode()
        return write(SASLInitialResponse(self._scram.mechanism_name.encode(), first))

    def _go_on(self, scram: ScramClient, said: str) -> bytes:
        scram.set_server_first(said)
        if int(scram.iterations) > MOST_ITERATIONS:
            raise RemoteError("more iterations than anybody needs")
        self.is_computing = False
        return write(SASLResponse(scram.get_client_final().encode()))

    def _password(self) -> str:
        if not self._is_private:
            raise self._refused("asks for the password itself over a line that can be listened to", "use TLS")
        return self._needed()

    def _needed(self) -> str:
        if self._secret is None:
            raise self._refused("asks for a password, and the login has no secret", "add secret: env:NAME to the login")
        return self._secret

    def _error(self, frame: bytes) -> LoginRefused:
        code = (read(ErrorResponse, frame).field("C") or b"").decode("ascii", "replace")
        what, mend = _REFUSALS.get(code, (f"refuses the login (SQLSTATE {code})", "the server's own log says why"))
        return self._refused(what, mend, code if code in ("53300", "57P03") else "08004")

    def _refused(self, what: str, mend: str, code: str = "08004") -> LoginRefused:
        return LoginRefused(f"{self._where} {what}", mend, code)


def _md5(password: str, user: str, salt: bytes) -> bytes:
    inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode()


# Membership counts also where it is not inherited, for SET ROLE reaches it. The names say what each gives.
POWERS = (
    *("pg_read_all_data", "pg_write_all_data", "pg_read_server_files", "pg_write_server_files"),
    *("pg_execute_server_program", "pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"),
    *("pg_create_subscription", "pg_signal_backend", "rds_superuser", "cloudsqlsuperuser", "azure_pg_admin"),
)
_QUIET = frozenset({"fatal", "panic"})  # log_min_messages under which a tree does not reach the server's log

_LOOK = """
select me.rolsuper, me.rolbypassrls, me.rolreplication, me.rolcreaterole, pg_catalog.current_setting('log_min_messages'),
 (select pg_catalog.string_agg(other.rolname, ' ' order by other.rolname) from pg_catalog.pg_roles other
  where other.oid operator(pg_catalog.<>) me.oid and pg_catalog.pg_has_role(me.oid, other.oid, 'MEMBER')
  and (other.rolname::pg_catalog.text operator(pg_catalog.=) any (pg_catalog.string_to_array($1, ' '))
   or other.rolsuper or other.rolbypassrls or other.rolreplication or other.rolcreaterole))
from pg_catalog.pg_roles me where me.rolname operator(pg_catalog.=) session_user"""

_ATTRIBUTES = ("SUPERUSER", "BYPASSRLS", "REPLICATION", "CREATEROLE")


async def check_login(fetch: Fetch, login: str) -> tuple[Caution, ...]:
    """Look at a login's rights on its own session. Raises `UnsafeLogin`; gives what an administrator should set all the same."""
    rows = await fetch(_LOOK, [" ".join(POWERS)])
    if len(rows) != 1 or len(rows[0]) != len(_ATTRIBUTES) + 2:
        raise UnsafeLogin(
            f"login {login}: the server does not say what it may", "let it read pg_catalog.pg_roles", "42501"
        )
    *flags, level, memberships = rows[0]
    has = [name for name, flag in zip(_ATTRIBUTES, flags, strict=True) if flag != "f"]
    if has:
        raise UnsafeLogin(
            f"login {login} has {', '.join(has)}: it could go around the gate",
            f"alter role {login} {' '.join(f'no{name.lower()}' for name in has)}; or give the gate another login",
            "42501",
        )
    if memberships:
        raise UnsafeLogin(
            f"login {login} is a member of {', '.join(memberships.split(' '))}: it could go around the gate",
            "revoke that from it; or give the gate another login",
            "42501",
        )
    if level in _QUIET:
        return ()
    return (
        Caution(
            f"login {login} has log_min_messages = {level}: statements with their literals reach the server's log",
            f"as a superuser: alter role {login} set log_min_messages = fatal",
        ),
    )
