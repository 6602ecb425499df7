"""What the benchmarks of the PostgreSQL gate share: a server, PgBouncer where it is installed, the gate, and how each is asked.

All three are asked by the same client, in turns within one run, because the machine's mood changes from minute to minute; figures
are medians of the turns. PgBouncer pools by session, as the gate does.
"""

import os
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.demo.place import Place
from ringfence.demo.postgres_gate import User, gate_up, write_users
from ringfence.demo.postgres_server import Running, Server, find_installation
from ringfence.demo.running import stop_writer

ROWS = 500_000  # as in the schema below
SCALE = 10  # of pgbench: a million accounts
LOGIN = "bench"
USER = User("bench", "a password for the benchmark", "reader")
DATABASE = "postgres"
TURNS = 3
PATIENCE = 120.0
DIRECT, POOLED, GATE, STRICT = "direct", "PgBouncer", "gate", "gate, strict"

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, staff: {label: internal processing}}
assets:
  db:
    zone: core
    kind: postgres
    at: "${SHOP_DSN:-}"
    fields:
      public.pgbench_accounts: none
      public.pgbench_branches: none
      public.pgbench_tellers: none
      public.thing: none
      public.person: none
      public.person.email: user.contact.email
      public.person.phone: user.contact.phone_number
forms: {last4: {transform: mask, keep_last: 4}}
roles: {reader: {group: reader}}
principals: {staff: {scram: "file:staff.scram", zone: staff}}
gates:
  pg: {kind: postgres, listen: "127.0.0.1:0", upstream: db, logins: {reader: {user: bench}}, origins: ORIGINS}
flows:
  - id: reads
    from: db
    to: staff
    via: {gate: pg}
    carry: {user.contact.email: mask, user.contact.phone_number: last4}
    else: redact
"""

SCHEMA = """
create role bench login;
alter role bench set log_min_messages = fatal;
create table public.person (id int primary key, name text, email text, phone text, city text, score int,
    joined date, active boolean);
insert into public.person select i, 'Name ' || i, 'person' || i || '@posta-nova.net', '+4915179' || lpad(i::text, 6, '0'),
    'Neustadt', i % 1000, date '2020-01-01' + i % 2000, i % 2 = 0 from generate_series(1, 500000) i;
create table public.thing as table public.person;
alter table public.thing add primary key (id);
grant select on public.person, public.thing to bench;
"""


_BOUNCER = """
[databases]
{database} = host=127.0.0.1 port={upstream}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = session
default_pool_size = 50
log_connections = 0
log_disconnections = 0
"""


@dataclass(frozen=True)
class Way:
    """One of the ways to the database."""

    name: str
    port: int
    password: str = field(default="", repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """What libpq's programs are told."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": LOGIN,
            "PGDATABASE": DATABASE,
            "PGPASSWORD": self.password,
        }


@dataclass(frozen=True)
class Bed:
    """The ways that there are, and where pgbench is."""

    ways: Mapping[str, Way]
    bin: Path

    @property
    def peer(self) -> str:
        """What stands beside the gate's figure where PgBouncer should."""
        return POOLED if POOLED in self.ways else DIRECT


@contextmanager
def bed(*, strict: bool = False, accounts: bool = False) -> Iterator[Bed]:
    """Start everything. `accounts`: with pgbench's tables; `strict`: with a second gate, under `origins: strict`."""
    installation = find_installation()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringfence-bench-")))
        server = stack.enter_context(
            Running(installation, folder / "life", trusting=True, settings={"shared_buffers": "512MB"})
        )
        server.psql(DATABASE, SCHEMA)
        if accounts:
            _make_accounts(server)
        server.psql(DATABASE, "vacuum analyze")
        ways = [Way(DIRECT, server.port)]
        if shutil.which("pgbouncer") is not None:
            ways.append(stack.enter_context(_pooled(server)))
        names = {GATE: "window"} | ({STRICT: "strict"} if strict else {})
        ways += [
            stack.enter_context(_gated(folder / origins, server, name, origins)) for name, origins in names.items()
        ]
        yield Bed({way.name: way for way in ways}, server.bin)


def _make_accounts(server: Server) -> None:
    environment = {**os.environ, "PGHOST": str(server.socket_dir), "PGPORT": str(server.port), "PGUSER": "postgres"}
    command = [str(server.bin / "pgbench"), "-i", "-I", "dtGp", "-s", str(SCALE), "-q", DATABASE]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    server.psql(DATABASE, f"grant select on all tables in schema public to {LOGIN}")


@contextmanager
def _pooled(server: Server) -> Iterator[Way]:
    with tempfile.TemporaryDirectory(prefix="ringfence-bouncer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            port = probe.getsockname()[1]
        users = folder / "users.txt"
        users.write_text(f'"{LOGIN}" ""\n')
        config = folder / "pgbouncer.ini"
        config.write_text(_BOUNCER.format(database=DATABASE, upstream=server.port, port=port, users=users))
        command = ["pgbouncer", "-q", *(["-u", "nobody"] if os.geteuid() == 0 else []), str(config)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            _wait_for(port)
            yield Way(POOLED, port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


@contextmanager
def _gated(
    folder: Path, server: Server, name: str, origins: str, more: str = "", variables: Mapping[str, str] | None = None
) -> Iterator[Way]:
    """Start a gate. `more` is added to its policy, `variables` to its environment."""
    place = Place(folder)
    place.prepare(POLICY.replace("ORIGINS", origins) + more)
    write_users(folder / "staff.scram", [USER])
    try:
        dsn = f"postgresql://127.0.0.1:{server.port}/{DATABASE}"
        with gate_up(place.policy, {"SHOP_DSN": dsn, **(variables or {})}) as gate:
            yield Way(name, gate.port, USER.password)
    finally:
        stop_writer(place)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return


@dataclass(frozen=True)
class Load:
    """What pgbench measured: transactions a second, and the median of a transaction's milliseconds."""

    tps: float
    median: float


def pgbench(bed: Bed, script: str, *, clients: int, mode: str = "simple", seconds: int = 3) -> dict[str, Load]:
    """Run pgbench on every way, in turns; give the median of each. `script` is empty for `-S`."""
    found: dict[str, list[Load]] = {name: [] for name in bed.ways}
    for _ in range(TURNS):
        for name, way in bed.ways.items():
            found[name].append(_pgbench(bed, way, script, clients, mode, seconds))
    return {
        name: Load(statistics.median(one.tps for one in loads), statistics.median(one.median for one in loads))
        for name, loads in found.items()
    }


def _pgbench(bed: Bed, way: Way, script: str, clients: int, mode: str, seconds: int) -> Load:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "script.sql"
        file.write_text(script)
        what = ["-f", str(file)] if script else ["-S"]
        command = [
            str(bed.bin / "pgbench"),
            "-n",
            *what,
            "-c",
            str(clients),
            "-j",
            "1",
            "-T",
            str(seconds),
            "-M",
            mode,
            "-l",
        ]
        done = subprocess.run(
            command, env={**os.environ, **way.environment}, cwd=name, capture_output=True, timeout=PATIENCE, check=False
        )
        if done.returncode:
            message = f"pgbench, {way.name}: {done.stderr.decode(errors='replace').strip()}"
            raise RuntimeError(message)
        times = [
            int(line.split()[2]) for log in Path(name).glob("pgbench_log*") for line in log.read_text().splitlines()
        ]
        return Load(len(times) / seconds, statistics.median(times) / 1000)


class Asked:
    """A connection that libpq opened, and that is then spoken on in bytes: nothing of a client's own work is measured."""

    def __init__(self, way: Way) -> None:
        import psycopg

        self._connection = psycopg.connect(
            host="127.0.0.1",
            port=way.port,
            user=LOGIN,
            dbname=DATABASE,
            password=way.password or None,
            sslmode="disable",
        )
        self._socket = socket.socket(fileno=os.dup(self._connection.fileno()))
        self._socket.setblocking(True)

    def close(self) -> None:
        self._socket.close()
        self._connection.close()

    def query(self, text: str) -> int:
        """Run a text by the simple protocol; give how many bytes came."""
        return self._answered(_message(b"Q", text.encode() + b"\0"))

    def execute(self, text: str, *, binary: bool) -> int:
        """Run a statement by the extended protocol."""
        return self._answered(
            _message(b"P", b"\0" + text.encode() + b"\0\0\0")
            + _message(b"B", b"\0\0\0\0\0\0" + struct.pack("!HH", 1, int(binary)))
            + _message(b"E", b"\0" + bytes(4))
            + _message(b"S", b"")
        )

    def _answered(self, request: bytes) -> int:
        self._socket.sendall(request)
        came, tail = 0, b""
        while not tail.endswith(b"Z\0\0\0\x05I"):
            ready, _, _ = select.select([self._socket], [], [], PATIENCE)
            piece = self._socket.recv(1 << 18) if ready else b""
            if not piece:
                raise RuntimeError("the connection ended, or gave nothing")
            if not came and piece[:1] == b"E":
                raise RuntimeError("an error came: " + piece[:300].decode(errors="replace"))
            came += len(piece)
            tail = (tail + piece)[-6:]
        return came


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def in_turns(bed: Bed, do: Callable[[Asked], object], turns: int = TURNS) -> dict[str, float]:
    """Do something on each way, in turns; give the median seconds of each."""
    with ExitStack() as stack:
        opened = {name: stack.enter_context(closing(Asked(way))) for name, way in bed.ways.items()}
        for one in opened.values():
            do(one)
        times: dict[str, list[float]] = {name: [] for name in opened}
        for _ in range(turns):
            for name, one in opened.items():
                began = time.perf_counter()
                do(one)
                times[name].append(time.perf_counter() - began)
        return {name: statistics.median(some) for name, some in times.items()}


def missing(bed: Bed) -> Sequence[str]:
    """Say what could not be measured beside the gate."""
    return () if POOLED in bed.ways else ("PgBouncer is not installed: apt-get install pgbouncer",)
