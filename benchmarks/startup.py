"""What it costs to begin: importing the package, showing help, finding the first value; each as a whole process.

Seconds are the process's own, with its modules compiled to bytecode, as an installation leaves them.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection

from benchmarks._rows import Row

RUNS = 9


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return _measured({**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder})


def seconds_of(code: str, environment: dict[str, str], codes: Collection[int] = (0,)) -> float:
    """Give what a piece of code takes as a process of its own, its bytecode written before; `codes` are its exit codes."""
    command = [sys.executable, "-c", code]
    times = []
    for _ in range(RUNS + 1):
        began = _of_children()
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment)
        if done.returncode not in codes:
            raise subprocess.CalledProcessError(done.returncode, command)
        times.append(_of_children() - began)
    return statistics.median(times[1:])  # the first leaves the bytecode


def _measured(environment: dict[str, str]) -> list[Row]:
    def _seconds(code: str) -> float:
        return seconds_of(code, environment)

    bare = _seconds("pass")
    imported = _seconds("import ringfence")
    shown = _seconds("import sys; sys.argv = ['ringfence', '--help']; import ringfence.cli as c; c.main()")
    found = _seconds("from ringfence import Detector; Detector().find('write to ada@example.org')")
    return [
        Row("`import ringfence`", _ms(imported - bare), f"Python alone {_ms(bare)}"),
        Row("`ringfence --help`, whole process", _ms(shown), f"Python alone {_ms(bare)}"),
        Row("import to first finding", _ms(found - bare), f"Python alone {_ms(bare)}"),
    ]


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
