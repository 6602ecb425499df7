"""The way upstream, against real servers: every way of logging in, TLS, and logins that a gate must not have."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import uvloop

from postgres_servers import Server, Servers
from ringfence.demo.postgres_server import Installation, Running
from ringfence.gates.postgres.upstream import (
    Address,
    LoginRefused,
    NoTls,
    Unreachable,
    UnsafeLogin,
    Upstream,
    UpstreamFault,
    cancel,
    check_login,
    connect,
    parse_address,
)
from ringfence.wire.postgres.messages import write
from ringfence.wire.postgres.requests import Query
from tls_authority import Authority

T = TypeVar("T")
PASSWORD = "upstream horse, ﬃ staple"
PATIENCE = 30.0

Run = Callable[[Coroutine[object, object, T]], T]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run[object]:
    """Run a coroutine on either kind of loop."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def _run(main: Coroutine[object, object, T]) -> T:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(main)

    return _run


@dataclass(frozen=True)
class Guarded:
    """A server that asks for passwords, with TLS; and the authority of its certificate."""

    server: Server
    authority: Authority
    folder: Path

    def address(self, *, host: str = "127.0.0.1", **options: str) -> Address:
        """Give its address, read as a policy's."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return parse_address(f"postgresql://{host}:{self.server.port}/postgres?{query}", self.folder)

    @property
    def secured(self) -> Address:
        """Give its address over TLS."""
        return self.address(sslmode="verify-full", sslrootcert=str(self.authority.file))


HBA = """local all postgres scram-sha-256
hostssl all plus,scram 127.0.0.1/32 scram-sha-256
hostssl all certified 127.0.0.1/32 cert
hostssl all all ::1/128 scram-sha-256
host all scram 127.0.0.1/32 scram-sha-256
host all hashed 127.0.0.1/32 md5
host all clear 127.0.0.1/32 password
host all trusted 127.0.0.1/32 trust
"""


@pytest.fixture(scope="module")
def guarded(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Give a server with password, certificate and TLS."""
    folder = tmp_path_factory.mktemp("guarded")
    preferred = servers.preferred
    authority = Authority(folder / "tls")
    with Running(Installation(preferred.version, preferred.bin), folder / "life") as server:
        issued = authority.issue("127.0.0.1", "rsa")
        script = [
            _put("server.crt", issued.certificate.read_text()),
            _put("server.key", issued.key.read_text()),
            _put("root.crt", authority.file.read_text()),
            _put("pg_hba.conf", HBA),
            f"create role plus login password '{PASSWORD}'; create role scram login password '{PASSWORD}';",
            "create role trusted login; create role certified login;",
            f"create role clear login password '{PASSWORD}'; set password_encryption = 'md5';",
            f"create role hashed login password '{PASSWORD}';",
            "alter system set ssl = on; alter system set ssl_ca_file = 'root.crt'; select pg_reload_conf();",
        ]
        try:
            server.psql("postgres", "\n".join(script))
        except Exception as error:  # a build without OpenSSL
            pytest.skip(f"PostgreSQL {preferred.version} here has no TLS ({type(error).__name__})")
        yield Guarded(
            Server(server.version, server.port, server.socket_dir, server.bin, server.password), authority, folder
        )


def _put(name: str, content: str) -> str:
    """Give a statement that writes a file beside the server's data, as the server's own user."""
    escaped = content.replace("\n", "\\n")
    return f"copy (select E'{escaped}') to program 'umask 077; printf %b \"$(cat)\" > {name}';"


@contextlib.asynccontextmanager
async def session(address: Address, user: str, secret: str | None = None, **parameters: str) -> AsyncIterator[Upstream]:
    """Open a session, and close it."""
    upstream = await connect(address, user, secret, parameters=parameters, deadline=PATIENCE)
    try:
        yield upstream
    finally:
        await upstream.close()


async def ask(address: Address, user: str, secret: str | None, sql: str, **parameters: str) -> list[list[str | None]]:
    async with session(address, user, secret, **parameters) as upstream, asyncio.timeout(PATIENCE):
        return await upstream.fetch(sql, [])


HOW = "select session_user, ssl from pg_stat_ssl where pid = pg_backend_pid()"


@pytest.mark.parametrize("user", ["plus", "scram"])
def test_scram_over_tls_is_bound_to_the_channel(guarded: Guarded, run: Run[object], user: str) -> None:
    assert run(ask(guarded.secured, user, PASSWORD, HOW)) == [[user, "t"]]


@pytest.mark.parametrize(
    ("user", "secret"), [("scram", PASSWORD), ("hashed", PASSWORD), ("clear", PASSWORD), ("trusted", None)]
)
def test_loopback_may_do_without_tls(guarded: Guarded, run: Run[object], user: str, secret: str | None) -> None:
    assert run(ask(guarded.address(), user, secret, HOW)) == [[user, "f"]]


def test_a_client_certificate_logs_in_upstream(guarded: Guarded, run: Run[object]) -> None:
    issued = guarded.authority.issue("certified", "ec")
    address = guarded.address(
        sslmode="verify-full",
        sslrootcert=str(guarded.authority.file),
        sslcert=str(issued.certificate),
        sslkey=str(issued.key),
    )
    assert run(ask(address, "certified", None, HOW)) == [["certified", "t"]]


def test_a_unix_socket_is_a_way_in(guarded: Guarded, run: Run[object]) -> None:
    server = guarded.server
    address = parse_address(f"postgresql:///postgres?host={server.socket_dir}&port={server.port}", guarded.folder)
    assert address.is_private
    assert run(ask(address, "postgres", server.password, "select 1")) == [["1"]]


@pytest.mark.parametrize(
    ("user", "secret", "what"),
    [
        ("scram", "wrong", "does not accept the login's password"),
        ("hashed", "wrong", "does not accept the login's password"),
        ("scram", None, "asks for a password, and the login has no secret"),
        ("nobody", PASSWORD, "does not let the login in from here"),
        ("scram", "bell\a", "SASLprep forbids"),
    ],
)
def test_a_login_that_is_refused_says_what_to_mend(
    guarded: Guarded, run: Run[object], user: str, secret: str | None, what: str
) -> None:
    with pytest.raises(LoginRefused) as refused:
        run(ask(guarded.address(), user, secret, HOW))
    assert what in refused.value.what
    assert refused.value.mend
    assert PASSWORD not in str(refused.value)
    assert refused.value.code == "08004"


def test_a_database_that_is_not_there_is_said(guarded: Guarded, run: Run[object]) -> None:
    address = parse_address(f"postgresql://127.0.0.1:{guarded.server.port}/nowhere", guarded.folder)
    with pytest.raises(LoginRefused, match="no such database"):
        run(ask(address, "scram", PASSWORD, HOW))


def test_a_certificate_of_a_stranger_is_not_trusted(guarded: Guarded, run: Run[object], tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "other")
    address = guarded.address(sslmode="verify-full", sslrootcert=str(stranger.file))
    with pytest.raises(Unreachable, match="certificate that cannot be trusted"):
        run(ask(address, "plus", PASSWORD, HOW))


def test_a_certificate_for_another_name_is_not_trusted(guarded: Guarded, run: Run[object]) -> None:
    address = guarded.address(host="localhost", sslmode="verify-full", sslrootcert=str(guarded.authority.file))
    with pytest.raises(Unreachable, match="certificate that cannot be trusted"):
        run(ask(address, "plus", PASSWORD, HOW))


def test_a_server_without_tls_is_not_spoken_to_in_plain(postgres: Server, run: Run[object], tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    at = f"postgresql://127.0.0.1:{postgres.port}/postgres?sslmode=verify-full&sslrootcert={authority.file}"
    with pytest.raises(NoTls, match="does not speak TLS"):  # no `Unreachable`, which is waited for
        run(ask(parse_address(at, tmp_path), "postgres", None, "select 1"))


def test_a_session_keeps_its_parameters_and_its_owner_gets_every_byte(postgres: Server, run: Run[object]) -> None:
    class Owner(asyncio.Protocol):
        def __init__(self) -> None:
            self.got = bytearray()
            self.done = asyncio.get_running_loop().create_future()
            self.gone = asyncio.get_running_loop().create_future()

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            transport.write(write(Query(b"select repeat('x', 300000)")))

        def connection_lost(self, exc: Exception | None) -> None:
            self.gone.set_result(None)

        def data_received(self, data: bytes) -> None:
            self.got += data
            if self.got.endswith(b"Z\0\0\0\x05I"):
                self.done.set_result(None)

    async def main() -> bytes:
        address = parse_address(f"postgresql://127.0.0.1:{postgres.port}/postgres", Path())
        upstream = await connect(
            address, "postgres", postgres.password, parameters={"application_name": "gate"}, deadline=PATIENCE
        )
        assert upstream.parameters["application_name"] == "gate"
        assert upstream.server_version.startswith(str(postgres.version))
        assert upstream.process > 0
        owner = Owner()
        upstream.attach(owner)
        async with asyncio.timeout(PATIENCE):
            await owner.done
            upstream.transport.close()
            await owner.gone
        return bytes(owner.got)

    assert b"x" * 300_000 in run(main())


def test_what_runs_is_cancelled_by_its_key(guarded: Guarded, run: Run[object]) -> None:
    async def main() -> None:
        async with (
            session(guarded.secured, "plus", PASSWORD) as upstream,
            session(guarded.secured, "plus", PASSWORD) as other,
        ):
            sleeping = asyncio.create_task(upstream.fetch("select pg_sleep(600)", []))
            async with asyncio.timeout(PATIENCE):
                busy = "select 1 from pg_stat_activity where pid = $1::int and state = 'active' and query like '%600%'"
                while not await other.fetch(busy, [str(upstream.process)]):
                    pass
                await cancel(guarded.secured, upstream.process, upstream.secret, deadline=PATIENCE)
                with pytest.raises(UpstreamFault, match="cannot answer"):
                    await sleeping

    run(main())


def test_a_server_that_says_nothing_is_not_waited_for_longer_than_the_deadline(run: Run[object]) -> None:
    async def main() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with pytest.raises(Unreachable, match=r"within 0\.2 s"):
                await connect(Address("127.0.0.1", port, "db"), "user", None, parameters={}, deadline=0.2)

    run(main())


def test_a_port_where_nothing_listens_is_said(run: Run[object]) -> None:
    async def main() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(Unreachable, match="cannot be reached"):
            await connect(Address("127.0.0.1", port, "db"), "user", None, parameters={}, deadline=PATIENCE)

    run(main())


# ---------------------------------------------------------------- logins


def _login(server: Server, dsn: str, attributes: str, grant: str = "") -> tuple[Address, str]:
    database = dsn.rpartition("/")[2]
    name = f"login_{database.rpartition('_')[2]}"
    server.psql("postgres", f"create role {name} login {attributes}; {grant.format(name)}")
    return parse_address(f"postgresql://127.0.0.1:{server.port}/{database}", Path()), name


async def _checked(address: Address, name: str) -> list[str]:
    async with session(address, name) as upstream, asyncio.timeout(PATIENCE):
        return [caution.mend for caution in await check_login(upstream.fetch, name)]


@pytest.mark.parametrize("attribute", ["superuser", "bypassrls", "replication", "createrole"])
def test_a_login_with_powers_of_its_own_is_refused(server: Server, attribute: str) -> None:
    address, name = _login(server, server.database("powers"), attribute)
    with pytest.raises(UnsafeLogin) as refused:
        asyncio.run(_checked(address, name))
    assert attribute.upper() in refused.value.what
    assert f"no{attribute}" in refused.value.mend


@pytest.mark.parametrize(
    "power", ["pg_read_all_data", "pg_read_server_files", "pg_execute_server_program", "pg_monitor"]
)
def test_a_login_with_powers_of_a_group_is_refused(server: Server, power: str) -> None:
    address, name = _login(server, server.database("powers"), "noinherit", f"grant {power} to {{}};")
    with pytest.raises(UnsafeLogin) as refused:
        asyncio.run(_checked(address, name))
    assert power in refused.value.what


def test_a_login_that_could_become_a_superuser_is_refused(server: Server) -> None:
    grant = "create role over_{0} superuser; create role between_{0}; grant over_{0} to between_{0}; grant between_{0} to {0};"
    address, name = _login(server, server.database("powers"), "", grant)
    with pytest.raises(UnsafeLogin, match=f"over_{name}"):
        asyncio.run(_checked(address, name))


def test_a_plain_login_passes_and_hears_about_the_log(server: Server) -> None:
    address, name = _login(server, server.database("plain"), "", "alter role {0} set log_min_messages = warning;")
    assert asyncio.run(_checked(address, name)) == [
        f"as a superuser: alter role {name} set log_min_messages = fatal",
    ]
    server.psql("postgres", f"alter role {name} set log_min_messages = fatal")
    assert asyncio.run(_checked(address, name)) == []
