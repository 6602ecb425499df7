"""`ringfence pipe` as a real process: order, idleness, signals, exit codes, and a ledger that fails."""

import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli

MAIL = b"ada.nowak@posta-nova.net"
CARD = b"4539578763621486"
KEY = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIG9uZSBwbGFudGVkIGtleSBmb3IgYSB0ZXN0\n-----END PRIVATE KEY-----\n"


def entries(cli: Cli) -> list[dict[str, object]]:
    done = cli("ledger", "query", "--format", "json", "--limit", "100000")
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line)["body"] for line in done.stdout.splitlines()]


def start(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*RINGFENCE, "pipe", "--flow", "app-logs", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def read_line(process: "subprocess.Popen[bytes]", within: float = 20) -> bytes:
    assert process.stdout is not None
    line = b""
    end = time.monotonic() + within
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0, end - time.monotonic()))
        assert ready, "nothing came in time"
        piece = os.read(process.stdout.fileno(), 1)
        if not piece:
            break
        line += piece
    return line


def finish(process: "subprocess.Popen[bytes]") -> int:
    """Close its input, read the rest of its output, and give its exit code."""
    process.communicate(timeout=30)
    return process.returncode


def test_text_and_json_lines_are_changed_where_they_must_be_and_nowhere_else(cli: Cli, installed: Path) -> None:
    quiet = b'plain line \xff\xfe\n{"n":1.50,  "s" : "\\u0041"}\n'
    done = cli("pipe", "--flow", "app-logs", stdin=quiet + b"mail %s card %s\n" % (MAIL, CARD) + quiet)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(quiet)
    assert done.stdout.endswith(quiet)
    changed = done.stdout[len(quiet) : -len(quiet)].decode()
    assert changed.startswith("mail tok_")
    assert changed.endswith(" card ************1486\n")


def test_what_crossed_is_in_the_ledger_and_verifies(cli: Cli, installed: Path) -> None:
    cli("pipe", "--flow", "app-logs", stdin=b"mail %s\n" % MAIL)
    found = [entry for entry in entries(cli) if entry["kind"] == "crossed"]
    assert len(found) == 1
    assert MAIL.decode() not in json.dumps(found)
    done = cli("ledger", "verify")
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_a_refused_window_becomes_one_line_with_its_crossing_id(cli: Cli, installed: Path) -> None:
    done = cli("pipe", "--flow", "app-logs", stdin=b"before\n" + KEY + b"after\n")
    assert done.returncode == 1
    assert done.stdout.count(b"\n") == 1
    assert b"PRIVATE KEY" not in done.stdout
    crossing = done.stdout.decode().split()[2].rstrip(":")
    explained = cli("explain", crossing)
    assert explained.returncode == 0, explained.stderr.decode()
    assert b"user.authorization" in explained.stdout


def test_a_refused_window_of_json_becomes_a_line_of_json(cli: Cli, installed: Path) -> None:
    done = cli("pipe", "--flow", "app-logs", stdin=json.dumps({"dump": KEY.decode()}).encode() + b"\n")
    assert json.loads(done.stdout)["reason"] == "category-denied"


def test_a_line_goes_at_once_when_the_stream_is_idle(installed: Path) -> None:
    process = start(installed)
    assert process.stdin is not None
    for number in range(3):
        process.stdin.write(b"line %d\n" % number)
        process.stdin.flush()
        assert read_line(process) == b"line %d\n" % number
    assert finish(process) == 0


def test_a_value_cut_between_two_writes_is_found_whole(installed: Path) -> None:
    process = start(installed)
    assert process.stdin is not None
    process.stdin.write(b"first\nmail " + MAIL[:9])
    process.stdin.flush()
    assert read_line(process) == b"first\n"
    process.stdin.write(MAIL[9:] + b" end\n")
    process.stdin.flush()
    line = read_line(process)
    assert line.startswith(b"mail tok_")
    assert line.endswith(b" end\n")
    assert finish(process) == 0


def test_standard_input_may_be_a_file(installed: Path, cli: Cli) -> None:
    (installed / "access.log").write_bytes(b"mail %s\n" % MAIL * 3000)
    with (installed / "access.log").open("rb") as log:
        done = subprocess.run(
            [*RINGFENCE, "pipe", "--flow", "app-logs"], cwd=installed, stdin=log, capture_output=True, timeout=60
        )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"mail tok_") == 3000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_as_it_ends_any_program_after_what_was_read_is_out(
    installed: Path, number: signal.Signals
) -> None:
    process = start(installed)
    assert process.stdin is not None
    process.stdin.write(b"line\n")
    process.stdin.flush()
    assert read_line(process) == b"line\n"
    process.send_signal(number)
    assert process.wait(20) == -number
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.close()
    assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
    process.stdout.close()
    process.stderr.close()


def test_it_dies_of_sigpipe_when_its_reader_has_gone(installed: Path) -> None:
    process = start(installed)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(b"line\n" * 10)
    process.stdin.close()
    assert process.wait(20) == -signal.SIGPIPE
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def signal_writer(folder: Path, number: signal.Signals) -> None:
    """Send a signal to the process that writes the ledger of a folder."""
    ledger = os.fsencode(folder / ".ringfence" / "ledger.db")
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"ringfence.ledger" in arguments and any(argument.endswith(ledger) for argument in arguments):
            os.kill(int(process.name), number)


def test_while_the_ledger_hangs_nothing_passes_and_afterwards_each_line_once(cli: Cli, installed: Path) -> None:
    process = start(installed)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"first %s\n" % MAIL)
    process.stdin.flush()
    assert read_line(process).startswith(b"first tok_")
    signal_writer(installed, signal.SIGSTOP)
    try:
        process.stdin.write(b"second %s\n" % MAIL)
        process.stdin.flush()
        assert b"the ledger cannot be written (timeout)" in process.stderr.readline()
        ready, _, _ = select.select([process.stdout], [], [], 0)
        assert not ready
    finally:
        signal_writer(installed, signal.SIGCONT)
    assert read_line(process).startswith(b"second tok_")
    assert finish(process) == 0
    kinds = [entry["kind"] for entry in entries(cli)]
    assert kinds == ["crossed", "crossed"]


def test_while_the_ledger_cannot_be_written_nothing_passes_and_nothing_is_lost(installed: Path) -> None:
    ledger = installed / ".ringfence" / "ledger.db"
    away = installed / ".ringfence" / "ledger.away"
    process = start(installed)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"first %s\n" % MAIL)
    process.stdin.flush()
    assert read_line(process).startswith(b"first tok_")
    ledger.rename(away)
    signal_writer(installed, signal.SIGKILL)
    process.stdin.write(b"second %s\n" % MAIL)
    process.stdin.flush()
    assert b"the ledger cannot be written" in process.stderr.readline()
    process.stdin.write(b"third %s\n" % MAIL)
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], 0)
    assert not ready
    away.rename(ledger)
    assert read_line(process).startswith(b"second tok_")
    assert read_line(process).startswith(b"third tok_")
    assert finish(process) == 0


def test_without_a_ledger_nothing_begins(cli: Cli, installed: Path) -> None:
    (installed / ".ringfence" / "ledger.db").unlink()
    done = cli("pipe", "--flow", "app-logs", stdin=b"mail %s\n" % MAIL)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") <= 2


def test_a_json_document_crosses_as_one_payload(cli: Cli, installed: Path) -> None:
    document = json.dumps(
        {"people": [{"mail": MAIL.decode(), "n": number} for number in range(5000)]}, indent=1
    ).encode()
    done = cli("pipe", "--flow", "app-logs", "--as", "json", stdin=document)
    assert done.returncode == 0, done.stderr.decode()
    assert MAIL not in done.stdout
    assert len(json.loads(done.stdout)["people"]) == 5000
    kinds = [entry["kind"] for entry in entries(cli)]
    assert kinds == ["opened", "closed"]


def test_a_json_document_that_is_malformed_is_refused(cli: Cli, installed: Path) -> None:
    done = cli("pipe", "--flow", "app-logs", "--as", "json", stdin=b'{"mail": "%s",}' % MAIL)
    assert done.returncode == 1
    assert done.stdout == b""
    assert MAIL not in done.stderr
    assert b"malformed" in done.stderr


def test_csv_crosses_with_its_columns(cli: Cli, installed: Path) -> None:
    done = cli("pipe", "--flow", "app-logs", "--as", "csv", stdin=b"id,first_name,mail\r\n1,Ada,%s\r\n" % MAIL)
    assert done.returncode == 0
    row = done.stdout.decode().splitlines()[1].split(",")
    assert row[:2] == ["1", "[redacted:name]"]
    assert row[2].startswith("tok_")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--flow", "app-log"), "did you mean app-logs"),
        (("--flow", "app-logs", "--role", "nobody"), "role"),
        (("--flow", "app-logs", "--policy", "nowhere.yaml"), "nowhere.yaml"),
        (("--flow", "app-logs", "--home", "nowhere"), "ringfence init"),
        ((), "--flow"),
        (("--flow", "app-logs", "--as", "yaml"), "log"),
    ],
)
def test_wrong_usage_is_said_in_two_lines(cli: Cli, installed: Path, arguments: tuple[str, ...], said: str) -> None:
    done = cli("pipe", *arguments, stdin=b"mail %s\n" % MAIL)
    assert done.returncode == 2
    assert done.stdout == b""
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") <= 2
    assert b"Traceback" not in done.stderr


def test_an_overlay_changes_the_mode_for_one_environment(cli: Cli, installed: Path) -> None:
    (installed / "staging.yaml").write_text("flows: [{id: app-logs, mode: observe}]\n")
    line = b"mail %s\n" % MAIL
    assert cli("pipe", "--flow", "app-logs", "--overlay", "staging.yaml", stdin=line).stdout == line
    assert MAIL not in cli("pipe", "--flow", "app-logs", stdin=line).stdout
