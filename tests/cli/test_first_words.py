"""What commands say next: after `init`, of a user whom no role fits, in help, and of a name that is near another."""

from pathlib import Path

import pytest

from command_line import Cli

POSTGRES = """
version: 1
zones: {core: {label: core}, staff: {label: staff}}
assets: {db: {zone: core, kind: postgres}}
roles: {support: {group: support}}
principals: {users: {scram: "file:users.scram", zone: staff}}
gates: {pg: {kind: postgres, listen: "127.0.0.1:0", upstream: db, logins: {support: shop}}}
flows: [{id: staff-reads, from: db, to: staff, via: {gate: pg}, carry: {}}]
"""


@pytest.fixture
def served(cli: Cli, tmp_path: Path) -> Path:
    """Give a folder with a policy whose only gate is PostgreSQL."""
    (tmp_path / "ringfence.yaml").write_text(POSTGRES)
    return tmp_path


def test_init_of_a_policy_with_a_postgresql_gate_names_its_commands(cli: Cli, served: Path) -> None:
    said = cli("init").stdout.decode().partition("Next:\n")[2].splitlines()
    assert said == [
        "  ringfence policy show ringfence.yaml",
        "  ringfence user add NAME --group support",
        "  ringfence up",
        "  ringfence ledger tail",
    ]


def test_init_of_a_policy_with_a_log_gate_names_those_of_logs(cli: Cli, tmp_path: Path) -> None:
    said = cli("init").stdout.decode().partition("Next:\n")[2]
    assert "| ringfence pipe --flow app-logs" in said
    assert "ringfence up" not in said


@pytest.mark.parametrize(
    ("groups", "warning"),
    [
        (("--group", "support"), b""),
        (("--group", "suport"), b'no role of the policy names the group "suport"\n  did you mean "support"?\n'),
        ((), b"the user is in no group, so it has no role\n  roles are for: support; give --group\n"),
        (("--group", "ada@posta-nova.net"), b"no role of the policy names the group\n  one of: support\n"),
    ],
    ids=["known", "misspelt", "none", "personal"],
)
def test_a_user_whom_no_role_fits_is_taken_with_a_warning(
    cli: Cli, served: Path, groups: tuple[str, ...], warning: bytes
) -> None:
    done = cli("user", "add", "zed", *groups, stdin=b"a password\n")
    assert done.returncode == 0
    assert done.stderr == (b"ringfence: warning: " + warning if warning else b"")


@pytest.mark.parametrize("command", [("up",), ("user", "add"), ("demo",), ("ledger", "tail")])
def test_help_names_kinds_in_words(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    said = cli(*command, "--help").stdout.decode()
    assert "<" not in said.replace("<=", "")  # a range
    assert ("TEXT" in said) is (command in {("up",), ("user", "add")})


def test_a_command_that_is_near_another_is_answered_with_it(cli: Cli, tmp_path: Path) -> None:
    assert cli("stats").stderr == b"ringfence: no such command\n  did you mean `ringfence status`?\n"
