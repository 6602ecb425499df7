"""The guard of a PostgreSQL server: starts it, waits until nobody holds it any more, stops it, takes its folder away.

The rule: the folder lives exactly as long as the guard. A program of its own (``python -m ringfence.demo.postgres_guard``), in a
session of its own, so that a Ctrl-C, or a kill of whoever wanted the server, does not end it before its work is done. A hold is a
shared lock on the file `life`, which the kernel drops with the process that has it. Where the guard itself is killed, PostgreSQL
is ended by the kernel too, where that can be asked for (Linux).
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from ringfence.demo.postgres_server import ENDING, STARTING, SUPERUSER, ServerFailed, end_with_parent, surroundings

UNPRIVILEGED = "nobody"
LONGEST = 60  # characters of a folder's name: a Unix socket's whole name has at most 107
TRIES = 5  # ports
LOOK = 0.02

_HBA = """local all all trust
host all {superuser} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 {others}
"""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    # Its folder goes with it: there is nothing to keep over a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "log_min_messages": "fatal",  # a log of its own would hold the statements' values
    "log_min_error_statement": "panic",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Account:
    """Who the server runs as: the user himself, or where he is root, somebody without rights."""

    def __init__(self) -> None:
        self._other = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None

    def own(self, *paths: Path) -> None:
        """Give files or folders to the account."""
        if self._other is not None:
            for path in paths:
                os.chown(path, self._other.pw_uid, self._other.pw_gid)

    def start(self, command: list[str], folder: Path, output: int) -> "subprocess.Popen[bytes]":
        """Start a program of PostgreSQL's as the account."""
        who = self._other
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=surroundings(),
            user=None if who is None else who.pw_uid,
            group=None if who is None else who.pw_gid,
            extra_groups=None if who is None else [],
            preexec_fn=partial(end_with_parent, signal.SIGQUIT),  # (the guard has one thread)
        )

    def reach(self, programs: Path, folder: Path) -> Path:
        """Give a folder of the programs that the account can reach: that one, or a copy where one above it is closed to others."""
        if self._other is None or all(one.stat().st_mode & 0o001 for one in (programs, *programs.resolve().parents)):
            return programs
        copy = folder / "programs"
        shutil.copytree(programs.parent, copy, symlinks=True)
        return copy / programs.name


def _make(programs: Path, folder: Path, account: Account) -> Path:
    """Make the cluster; give its data folder."""
    data, secret = folder / "data", folder / "superuser"
    secret.touch(mode=0o600)
    secret.write_text(os.environ["POSTGRES_GUARD_SUPERUSER"], encoding="ascii")
    account.own(secret)
    command = [str(programs / "initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={secret}", "--no-sync"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    with (folder / "log").open("wb") as log:
        made = account.start(command, folder, log.fileno())
        if made.wait(STARTING):
            raise ServerFailed((folder / "log").read_text(errors="replace"))
    secret.unlink()
    others = "trust" if "POSTGRES_GUARD_TRUSTS" in os.environ else "scram-sha-256"
    (data / "pg_hba.conf").write_text(_HBA.format(superuser=SUPERUSER, others=others), encoding="ascii")
    return data


def _serve(
    programs: Path, folder: Path, data: Path, account: Account, settings: dict[str, str]
) -> tuple["subprocess.Popen[bytes]", int]:
    """Start the server on a port that is free; give it once it takes connections."""
    for _ in range(TRIES):
        port = _free_port()
        chosen = {**_SETTINGS, **settings, "port": str(port), "unix_socket_directories": str(folder)}
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = account.start(command, folder, log.fileno())
        if _takes_connections(process, data / "postmaster.pid"):
            return process, port
        _stop(process)
        if "ddress already in use" not in (folder / "log").read_text(errors="replace"):
            break  # another port would not help
    raise ServerFailed((folder / "log").read_text(errors="replace"))


def _takes_connections(process: "subprocess.Popen[bytes]", status: Path) -> bool:
    """Wait for the word that pg_ctl waits for: the eighth line of postmaster.pid."""
    deadline = time.monotonic() + STARTING
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            lines = status.read_text(encoding="ascii", errors="replace").splitlines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return True
        time.sleep(LOOK)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server at once: nothing of it is kept."""
    for number in (signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(ENDING / 3)


def _end(number: int, frame: object) -> None:  # noqa: ARG001 (a signal handler's)
    raise SystemExit(0)


def main() -> None:
    """Start, tell where, wait for the end of every hold, stop."""
    programs, life = Path(sys.argv[1]), Path(sys.argv[2])
    settings = dict(one.split("=", 1) for one in sys.argv[3:])
    if os.fork():
        os._exit(0)  # so that whoever started the guard has no child to wait for
    signal.signal(signal.SIGTERM, _end)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    place = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="ringfence-pg-", dir=place if len(place) <= LONGEST else "/tmp"))  # noqa: S108
    process: subprocess.Popen[bytes] | None = None
    try:
        account = Account()
        account.own(folder)
        usable = account.reach(programs, folder)
        data = _make(usable, folder, account)
        process, port = _serve(usable, folder, data, account, settings)
        print(f"ready {port} {folder}", flush=True)  # noqa: T201 (what it is asked for: where the server is)
        with life.open("rb+") as hold:
            fcntl.flock(hold, fcntl.LOCK_EX)
    except (ServerFailed, OSError, KeyError, subprocess.SubprocessError) as error:
        what = error.what if isinstance(error, ServerFailed) else type(error).__name__
        with suppress(OSError):
            print(f"failed {what}", flush=True)  # noqa: T201 (the same)
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            life.unlink()


if __name__ == "__main__":
    main()
