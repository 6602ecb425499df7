"""What all tests share: the command line as a real process, and a fresh installation to run it in."""

import gc
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from command_line import Cli, call
from once import once
from postgres_servers import postgres, server, servers  # noqa: F401 (fixtures)

# Machines are noisy: a slow example is not a wrong one. Bounds on work are tested by counting it.
settings.register_profile("ringfence", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ringfence")


# Of a shell's background and of `nohup` a process inherits that signals are passed over, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Have the collector pass over the many tests that were found: they live to the end, and cost it a twentieth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run `ringfence` in the test's folder; give what came of it."""

    def run(
        *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None, timeout: float = 60
    ) -> "subprocess.CompletedProcess[bytes]":
        environment = {**os.environ, "COLUMNS": "200", **(env or {})}
        return call(arguments, tmp_path, environment, stdin=stdin, timeout=timeout)

    return run


@pytest.fixture(scope="session")
def first_installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which `ringfence init` was run, once; to be copied, not to be used."""

    def make(folder: Path) -> None:
        done = call(["init"], folder, {**os.environ, "COLUMNS": "200"})
        assert done.returncode == 0, done.stderr.decode()

    return once(tmp_path_factory, "first-installation", make)


@pytest.fixture
def installed(first_installation: Path, tmp_path: Path) -> Path:
    """Give a folder in which `ringfence init` was run."""
    shutil.copytree(first_installation, tmp_path, dirs_exist_ok=True)
    return tmp_path
