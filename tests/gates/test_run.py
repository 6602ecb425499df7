"""`ringfence run` as a real process: streams apart, terminal, signals and exit codes as without it."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli

MAIL = "ada.nowak@posta-nova.net"


def run(cli: Cli, *command: str, **more: object) -> "subprocess.CompletedProcess[bytes]":
    return cli("run", "--flow", "app-logs", "--", *command, **more)


def test_standard_output_and_standard_error_are_crossed_apart(cli: Cli, installed: Path) -> None:
    done = run(cli, "sh", "-c", f"echo out {MAIL}; echo err {MAIL} >&2; echo plain")
    assert done.returncode == 0
    assert done.stdout.startswith(b"out tok_")
    assert done.stdout.endswith(b"\nplain\n")
    assert done.stderr.startswith(b"err tok_")
    assert MAIL.encode() not in done.stdout + done.stderr


def test_a_stack_trace_on_standard_error_is_cleaned(cli: Cli, installed: Path) -> None:
    done = run(cli, sys.executable, "-c", f"raise ValueError('no account for {MAIL}')")
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
    assert b"no account for tok_" in done.stderr
    assert MAIL.encode() not in done.stderr


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 7", 7), ("exit 125", 125), ("kill -TERM $$", 128 + 15), ("kill -KILL $$", 128 + 9)],
)
def test_the_exit_code_is_the_programs(cli: Cli, installed: Path, script: str, code: int) -> None:
    assert run(cli, "sh", "-c", script).returncode == code


def test_standard_input_is_the_programs_own(cli: Cli, installed: Path) -> None:
    assert run(cli, "cat", stdin=b"through\n").stdout == b"through\n"


def test_a_program_that_is_not_there_or_not_executable_is_said_so(cli: Cli, installed: Path) -> None:
    missing = run(cli, "no-such-program-here")
    assert (missing.returncode, missing.stderr.count(b"\n")) == (127, 2)
    (installed / "plain").write_text("text")
    assert run(cli, "./plain").returncode == 126


def test_when_ringfence_itself_fails_the_program_is_not_started(cli: Cli, installed: Path) -> None:
    done = cli("run", "--flow", "no-such-flow", "--", "sh", "-c", "touch started")
    assert done.returncode == 125
    assert done.stderr.startswith(b"ringfence: ")
    assert not (installed / "started").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_the_program(installed: Path, number: signal.Signals) -> None:
    script = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: (print('got it', flush=True), sys.exit(3)))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [*RINGFENCE, "run", "--flow", "app-logs", "--", sys.executable, "-c", script],
        cwd=installed,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.stdout.read() == b"got it\n"
    assert process.wait(20) == 3
    process.stdout.close()


def test_a_program_learns_that_its_reader_has_gone(installed: Path) -> None:
    process = subprocess.Popen(
        [*RINGFENCE, "run", "--flow", "app-logs", "--", "sh", "-c", "while :; do echo line || exit 5; done"],
        cwd=installed,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"line\n"
    process.stdout.close()
    assert process.wait(30) == 128 + signal.SIGPIPE


def test_on_a_terminal_the_program_sees_a_terminal_of_the_same_size(installed: Path) -> None:
    ours, theirs = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
    script = "import os, sys; print(sys.stdout.isatty(), *os.get_terminal_size(1))"
    process = subprocess.Popen(
        [*RINGFENCE, "run", "--flow", "app-logs", "--", sys.executable, "-c", script],
        cwd=installed,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    end = time.monotonic() + 20
    while b"\n" not in shown and time.monotonic() < end:
        ready, _, _ = select.select([ours], [], [], 1)
        if ready:
            try:
                shown += os.read(ours, 1000)
            except OSError:
                break
    assert process.wait(20) == 0
    os.close(ours)
    assert shown == b"True 111 33\r\n"


def test_standard_error_may_take_a_flow_of_its_own(cli: Cli, installed: Path) -> None:
    policy = installed / "ringfence.yaml"
    policy.write_text(
        policy.read_text().replace(
            "\n# What must never",
            "  - {id: err-logs, from: app, to: log-saas, via: {gate: logs, match: {stream: stderr}},\n"
            "     carry: {}, else: redact}\n\n# What must never",
        )
    )
    command = ("--", "sh", "-c", f"echo {MAIL}; echo {MAIL} >&2")
    done = cli("run", "--flow", "app-logs", "--stderr-flow", "err-logs", *command)
    assert done.stdout.startswith(b"tok_")
    assert done.stderr == b"[redacted:email]\n"
    wrong = cli("run", "--flow", "err-logs", *command)
    assert wrong.returncode == 125
    assert wrong.stdout == b""
