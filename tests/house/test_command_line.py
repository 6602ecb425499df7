"""A forked command is what a command is that was started in full: the same output, messages and code, and it can be ended."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from command_line import RINGFENCE, call


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["version"], b""),
        (["nonesuch"], b""),
        ([], b""),
        (["detect", "--format", "json"], "ada.nowak@posta-nova.net, zażółć\n".encode()),
        (["policy", "lint", "nothing.yaml"], b""),
        (["detect", "\udcff"], b""),
    ],
    ids=["output", "error", "nothing", "input", "file", "bytes"],
)
def test_a_forked_command_gives_what_a_command_gives(tmp_path: Path, arguments: list[str], stdin: bytes) -> None:
    environment = {**os.environ, "COLUMNS": "100", "MARK": "a\nb"}
    forked = call(arguments, tmp_path, environment, stdin=stdin)
    started = subprocess.run(
        [*RINGFENCE, *arguments], input=stdin, capture_output=True, cwd=tmp_path, env=environment, timeout=120
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)


def test_it_runs_in_its_folder_with_its_environment_and_ends_as_a_program_ends(tmp_path: Path) -> None:
    program = (
        "import os, sys, atexit; atexit.register(print, 'last'); print(os.getcwd(), os.environ, sys.argv); sys.exit(7)"
    )
    done = call(["one"], tmp_path, {"ONE": "1"} | {n: v for n, v in os.environ.items() if n.isupper()}, program=program)
    assert done.returncode == 7
    assert str(tmp_path) in done.stdout.decode()
    assert "'ONE': '1'" in done.stdout.decode()
    assert done.stdout.endswith(b"['-c', 'one']\nlast\n")


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    program = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    with pytest.raises(subprocess.TimeoutExpired):
        call(
            [],
            tmp_path,
            os.environ,
            timeout=0.5,
            program=f"open('pid', 'w').write(str(__import__('os').getpid())); {program}",
        )
    process = Path("/proc", (tmp_path / "pid").read_text())
    deadline = time.monotonic() + 60
    while process.exists():  # until whoever waits for it has taken it away
        assert time.monotonic() < deadline


def test_one_that_a_signal_ends_says_so(tmp_path: Path) -> None:
    assert call([], tmp_path, os.environ, program="import os; os.kill(os.getpid(), 9)").returncode == -9
