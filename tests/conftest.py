"""What all tests share: the command line as a real process, and a fresh installation to run it in."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from postgres_servers import postgres, server, servers  # noqa: F401 (fixtures)

Cli = Callable[..., "subprocess.CompletedProcess[bytes]"]

# Machines are noisy: a slow example is not a wrong one. Bounds on work are tested by counting it.
settings.register_profile("ringfence", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ringfence")

RINGFENCE = (sys.executable, "-c", "import ringfence.cli as c; c.main()")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run `ringfence` in the test's folder; give what came of it."""

    def run(
        *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None, timeout: float = 60
    ) -> "subprocess.CompletedProcess[bytes]":
        environment = {**os.environ, "COLUMNS": "200", **(env or {})}
        command: Sequence[str] = (*RINGFENCE, *arguments)
        return subprocess.run(command, input=stdin, capture_output=True, cwd=tmp_path, env=environment, timeout=timeout)

    return run


@pytest.fixture
def installed(cli: Cli, tmp_path: Path) -> Path:
    """Give a folder in which `ringfence init` was run."""
    done = cli("init")
    assert done.returncode == 0, done.stderr.decode()
    return tmp_path
