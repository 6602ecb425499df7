"""Scanning: what a commit waits for, how fast a tree and a history are read; and what of that the detector takes.

Seconds are the processes' own where nothing else is said. RE2 makes its automata while it reads, so the first reading is a figure
of its own: it is what `ringfence scan` pays once. The peer is detect-secrets, which looks for secrets alone:
`--detect-secrets=PYTHON` names a Python that has it. `--history=1000` makes the history a gigabyte.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import _scans
from benchmarks._repository import sources
from benchmarks._rows import Row
from benchmarks.startup import seconds_of
from ringfence.detect import Detector

_COMMIT = "write to ada@example.org, or call: tel. 030 1234567\n"


def run() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        environment = _scans.environment(folder)
        yield _scans.staged(environment)
        yield from _scans.tree(environment)
        yield from _scans.history(environment)
        yield from _starts(environment, Path(folder))
    yield from _reading([path.read_bytes() for path in sources()])


def _starts(environment: dict[str, str], folder: Path) -> Iterator[Row]:
    bare = seconds_of("pass", environment)
    imported = seconds_of("import ringfence.detect", environment)
    made = seconds_of("from ringfence.detect import Detector; Detector()", environment)
    found = seconds_of(f"from ringfence.detect import Detector; Detector().find({_COMMIT!r})", environment)
    file = folder / "committed.txt"
    file.write_text(_COMMIT)
    command = f"import sys; sys.argv = ['ringfence', 'detect', {str(file)!r}]; import ringfence.cli as c; c.main()"
    whole = seconds_of(command, environment, codes=(0, 1))
    python = f"Python alone {_ms(bare)}"
    yield Row("`import ringfence.detect`", _ms(imported - bare), python)
    yield Row("making a detector", _ms(made - imported), python)
    yield Row("its first e-mail address and telephone number", _ms(found - made), python)
    yield Row("`ringfence detect` of one line, whole process", _ms(whole), python)


def _reading(files: list[bytes]) -> Iterator[Row]:
    size = sum(map(len, files)) / 1e6
    detector = Detector()
    first = _seconds(lambda: detector.find_many(files))
    again = min(_seconds(lambda: detector.find_many(files)) for _ in range(2))
    what = f"{len(files):,} source files of the standard library, {size:.0f} MB"
    yield Row(f"{what}, the first time", f"{size / first:.1f} MB/s", f"again {size / again:.1f} MB/s")


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
