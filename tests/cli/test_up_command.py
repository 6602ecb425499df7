"""`ringfence up`, `status` and `reload`: what they refuse, and how they say it."""

import json
import re
import resource
import socket
import subprocess
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli

POSTGRES = 'pg: {kind: postgres, upstream: app, listen: "127.0.0.1:0"}'


def with_gate(installed: Path, gate: str) -> None:
    policy = installed / "ringfence.yaml"
    text, found = re.subn(r"(gates:\n  logs: [^\n]*\n)", rf"\g<1>  {gate}\n", policy.read_text())
    assert found == 1
    policy.write_text(text)


def said(done: "subprocess.CompletedProcess[bytes]") -> tuple[int, str]:
    text = done.stderr.decode()
    assert text.startswith("ringfence: "), text
    assert text.count("\n") <= 2
    return done.returncode, text


def test_a_policy_without_such_a_gate_is_told_who_runs_its_log_gate(cli: Cli, installed: Path) -> None:
    code, text = said(cli("up"))
    assert code == 2
    assert "no gate of kind postgres" in text
    assert "gate logs is for logs: run it with `ringfence pipe` or `ringfence run`" in text


def test_a_log_gate_that_is_asked_for_is_named_with_its_command(cli: Cli, installed: Path) -> None:
    with_gate(installed, POSTGRES)
    code, text = said(cli("up", "--gate", "logs"))
    assert code == 2
    assert "`ringfence pipe`" in text


def test_a_gate_that_is_not_there_is_answered_with_those_that_are(cli: Cli, installed: Path) -> None:
    with_gate(installed, POSTGRES)
    code, text = said(cli("up", "--gate", "ada.nowak@posta-nova.net"))
    assert code == 2
    assert "it has: logs, pg" in text
    assert "nowak" not in text


def test_a_gate_that_does_not_say_where_to_listen_is_refused(cli: Cli, installed: Path) -> None:
    with_gate(installed, "pg: {kind: postgres, upstream: app}")
    code, text = said(cli("up"))
    assert (code, "gates.pg does not say where to listen" in text) == (2, True)


def test_an_address_that_is_taken_is_said_with_the_gate_that_wants_it(cli: Cli, installed: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with_gate(installed, f'pg: {{kind: postgres, upstream: app, listen: "127.0.0.1:{taken.getsockname()[1]}"}}')
        code, text = said(cli("up"))
    assert code == 2
    assert re.search(r"gates\.pg\.listen: port \d+: Address already in use", text)


def test_limits_for_which_too_few_files_are_allowed_are_refused(installed: Path) -> None:
    with_gate(installed, 'pg: {kind: postgres, upstream: app, listen: "127.0.0.1:0", limits: {connections: 400}}')
    done = subprocess.run(
        [*RINGFENCE, "up"],
        cwd=installed,
        capture_output=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 800)),
    )
    code, text = said(done)
    assert code == 2
    assert "limits.connections: 400 need 864 files, 800 are allowed" in text


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.7:9090", "nonsense", "unix:"])
def test_a_health_page_that_others_could_reach_is_refused(cli: Cli, installed: Path, address: str) -> None:
    with_gate(installed, POSTGRES)
    code, text = said(cli("up", "--health", address))
    assert code == 2
    assert text.startswith("ringfence: --health: ")
    assert not (installed / ".ringfence" / "up.sock").exists()


def test_without_keys_and_ledger_nothing_is_run(cli: Cli, installed: Path) -> None:
    with_gate(installed, POSTGRES)
    (installed / ".ringfence" / "ledger.db").rename(installed / "elsewhere")
    code, text = said(cli("up"))
    assert (code, "no such ledger" in text) == (2, True)


def test_a_wrong_policy_is_said_by_line_and_column(cli: Cli, installed: Path) -> None:
    with_gate(installed, "pg: {kind: postgres, upsteam: app}")
    done = cli("up")
    assert done.returncode == 2
    assert re.search(rb"ringfence.yaml:\d+:\d+: ", done.stderr)


def test_status_and_reload_of_nothing_say_so(cli: Cli, installed: Path) -> None:
    code, text = said(cli("status"))
    assert (code, "nothing runs here" in text, "`ringfence up`" in text) == (2, True, True)
    done = cli("status", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (2, {"state": "not running"})
    assert said(cli("reload"))[0] == 2


def test_a_socket_that_was_left_behind_deceives_nobody(cli: Cli, installed: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(installed / ".ringfence" / "up.sock"))
    assert said(cli("status"))[0] == 2


@pytest.mark.parametrize("command", ["up", "status", "reload"])
def test_each_has_a_help_with_an_example(cli: Cli, installed: Path, command: str) -> None:
    done = cli(command, "--help")
    assert done.returncode == 0
    assert f"Example: ringfence {command}".encode() in done.stdout
