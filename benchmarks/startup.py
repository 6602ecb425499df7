"""What it costs to begin: importing the package, showing help, finding the first value; each as a whole process.

Seconds are the process's own, with its modules compiled to bytecode, as an installation leaves them.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile

from benchmarks._rows import Row

RUNS = 9


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return _measured({**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder})


def _measured(environment: dict[str, str]) -> list[Row]:
    def _seconds(code: str) -> float:
        command = [sys.executable, "-c", code]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # leaves the bytecode
        times = []
        for _ in range(RUNS):
            began = _of_children()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            times.append(_of_children() - began)
        return statistics.median(times)

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
