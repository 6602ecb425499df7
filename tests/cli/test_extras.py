"""What a core install says where a command needs more; the extra's modules are blocked in a child process."""

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = """
import sys
from importlib.abc import MetaPathFinder

BLOCKED = {
    "aiohttp", "fsspec", "joserfc", "librt", "pglast", "prometheus_client", "psycopg", "pyarrow", "scramp", "uvloop"
}

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from ringfence.cli import main
main()
"""
POLICY = """
version: 1
zones: {core: {label: core}, staff: {label: staff}}
assets: {db: {zone: core, kind: postgres}}
roles: {support: {group: support}}
principals: {users: {scram: "file:users.scram", zone: staff}}
gates: {pg: {kind: postgres, listen: "127.0.0.1:0", upstream: db, logins: {support: shop}}}
flows: [{id: reads, from: db, to: staff, via: {gate: pg}, carry: {}}]
"""
INSTALL = "  pip install 'ringfence[postgres]'; from a checkout: pip install '.[postgres]'\n"


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """Give a folder in which a core install was begun with."""
    (tmp_path / "ringfence.yaml").write_text(POLICY)
    assert call(tmp_path, "init").returncode == 0
    return tmp_path


def call(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BLOCKED, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, input="a password\n", timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [
        ("up",),
        ("user", "add", "ada", "--group", "support"),
        ("user", "add", "ada", "--generate"),
        ("init", "--pg", "postgresql://127.0.0.1/shop"),
        ("map", "--pg", "postgresql://127.0.0.1/shop"),
        ("try", "select 1", "--as", "support"),
    ],
)
def test_a_command_that_needs_the_extra_says_what_installs_it(core: Path, arguments: tuple[str, ...]) -> None:
    done = call(core, *arguments)
    assert done.returncode == 2
    what, mend = done.stderr.splitlines(keepends=True)
    assert what.startswith("ringfence: this needs the package ")
    assert mend == INSTALL
    assert not (core / "users.scram").exists()


@pytest.mark.parametrize(
    ("arguments", "package", "extra"),
    [(("--pg", "postgresql://h/x"), "psycopg", "postgres"), (("--files", "a.csv"), "pyarrow", "files")],
)
def test_mapping_says_which_extra_it_needs(core: Path, arguments: tuple[str, ...], package: str, extra: str) -> None:
    done = call(core, "map", *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"ringfence: this needs the package {package}, which is not installed",
        f"  pip install 'ringfence[{extra}]'; from a checkout: pip install '.[{extra}]'",
    ]


def test_mapping_a_log_or_an_sqlite_file_needs_no_extra(core: Path) -> None:
    (core / "app.log").write_text("started\n")
    assert call(core, "map", "--logs", "app.log").returncode == 0


@pytest.mark.parametrize("command", ["status", "reload"])
def test_asking_what_runs_needs_no_extra(core: Path, command: str) -> None:
    done = call(core, command)
    assert done.returncode == 2
    assert "nothing runs here" in done.stderr


def test_a_user_without_a_password_needs_no_extra(core: Path) -> None:
    assert call(core, "user", "add", "ada", "--group", "support", "--certificate").returncode == 0
    assert call(core, "user", "list").returncode == 0
    assert call(core, "user", "remove", "ada").returncode == 0
