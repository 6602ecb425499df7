"""Scanning: what a commit waits for, and how fast source code is read, by a detector that has seen nothing yet and by one that has.

Seconds are the process's own. RE2 makes its automata while it reads, so the first reading is a figure of its own: it is what
`ringfence scan` pays once in each of its processes. The peer is detect-secrets, where it is installed
(`pip install detect-secrets`), over the same files in one process; it looks for secrets alone.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks._rows import Row
from benchmarks.startup import seconds_of
from ringfence.detect import Detector

_PEER_EVERY = 40  # of the files: it does less than a megabyte a second
_COMMIT = "write to ada@example.org, or call: tel. 030 1234567\n"


def run() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        yield from _starts(environment, Path(folder))
    files = _sources()
    yield from _reading(files)
    yield _peer(files[::_PEER_EVERY])


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


def _sources() -> list[bytes]:
    """Give the standard library's sources, its tests among them."""
    root = Path(sysconfig.get_paths()["stdlib"])
    paths = (path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts)
    return [path.read_bytes() for path in paths]


def _reading(files: list[bytes]) -> Iterator[Row]:
    size = sum(map(len, files)) / 1e6
    detector = Detector()
    first = _seconds(lambda: detector.find_many(files))
    again = min(_seconds(lambda: detector.find_many(files)) for _ in range(2))
    what = f"{len(files):,} source files of the standard library, {size:.0f} MB"
    yield Row(f"{what}, the first time", f"{size / first:.1f} MB/s", f"again {size / again:.1f} MB/s")


def _peer(files: list[bytes]) -> Row:
    what = "every fortieth of them, a detector that has seen nothing yet"
    size = sum(map(len, files)) / 1e6
    detector = Detector()
    own = size / _seconds(lambda: detector.find_many(files))
    if find_spec("detect_secrets") is None:
        return Row(what, f"{own:.1f} MB/s", "detect-secrets is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(files):
            Path(folder, f"{number}.py").write_bytes(data)
        command = [sys.executable, "-m", "detect_secrets", "-c", "1", "scan", "--all-files", folder]
        began = os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ended = os.times()
    spent = ended.children_user + ended.children_system - began.children_user - began.children_system
    return Row(what, f"{own:.1f} MB/s", f"detect-secrets {size / spent:.2f} MB/s, with its start")


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
