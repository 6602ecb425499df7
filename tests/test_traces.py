"""A process that holds payloads leaves no image of its memory: hooks, a scan, `detect`, as gates do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import call

_COMMANDS = {
    "detect": ["detect", "-"],
    "scan": ["scan", "-"],
    "hook": ["hook"],
    "git hook": ["git", "hook", "pre-commit"],
}


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
@pytest.mark.parametrize("command", _COMMANDS.values(), ids=_COMMANDS)
def test_while_a_command_reads_there_is_nothing_to_dump(command: list[str], tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    program = (
        "import atexit, ctypes, resource, ringfence.cli as c\n"
        "said = lambda: print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
        "atexit.register(said)\n"
        "c.main()\n"
    )
    done = call(command, tmp_path, dict(os.environ), stdin=b"{}", program=program)
    assert done.stdout.split(b"\n")[-2] == b"0 0", done
