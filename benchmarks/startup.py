"""What it costs to begin: importing the package, showing help, finding the first value; each as a whole process."""

import statistics
import subprocess
import sys
import time

from benchmarks._rows import Row

RUNS = 9


def run() -> list[Row]:
    bare = _seconds("pass")
    imported = _seconds("import ringfence")
    shown = _seconds("import sys; sys.argv = ['ringfence', '--help']; import ringfence.cli as c; c.main()")
    found = _seconds("from ringfence import Detector; Detector().find('write to ada@example.org')")
    return [
        Row("`import ringfence`", _ms(imported - bare), f"Python alone {_ms(bare)}"),
        Row("`ringfence --help`, whole process", _ms(shown), f"Python alone {_ms(bare)}"),
        Row("import to first finding", _ms(found - bare), f"Python alone {_ms(bare)}"),
    ]


def _seconds(code: str) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
