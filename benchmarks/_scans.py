"""`ringfence scan` as a user runs it, as processes of their own: what is about to be committed, a tree, a history.

Seconds of a processor count all processes, also those of `git`; seconds on the clock say something on a quiet machine only.
"""

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._repository import make_history, sources
from benchmarks._rows import Row

_MAIN = "from ringfence.cli import main; main()"
_COMMITS = 9
_NEW = 40  # lines in each of five files
_FILES = ("argparse.py", "ast.py", "calendar.py")
_PEER_EVERY = 40  # of the files: it does less than a megabyte a second
_PEER = "--detect-secrets="
_SIZE = "--history="
_QUICK = 200  # MB
_LOOKED = 0.05  # seconds between two looks at the memory


@dataclass(frozen=True)
class _Run:
    wall: float
    cpu: float
    peak: int = 0  # bytes, of all processes together


def staged(environment: Mapping[str, str]) -> Row:
    """Measure a usual commit: five files, 200 new lines."""
    with tempfile.TemporaryDirectory() as folder:
        _make_commit(Path(folder))
        runs = [_run(["scan", "--staged"], folder, environment) for _ in range(_COMMITS + 1)][1:]
    cpu, wall = statistics.median(run.cpu for run in runs), statistics.median(run.wall for run in runs)
    what = f"`scan --staged`: 5 files, {5 * _NEW} new lines, from start to exit"
    return Row(what, f"{cpu * 1000:.0f} ms of a processor", f"{wall * 1000:.0f} ms on the clock, the target is 300")


def tree(environment: Mapping[str, str]) -> Iterator[Row]:
    """Measure the standard library's sources, in two processes; and the speed of the peer on some of them."""
    with tempfile.TemporaryDirectory() as place:
        folder, few = Path(place, "library"), Path(place, "few")
        size, some = _copied(sources(), folder), _copied(sources()[::_PEER_EVERY], few)
        run = _run(["scan", "library", "--processes", "2"], place, environment)
        what = f"`scan` of {size / 1e6:.0f} MB of sources, 2 processes"
        figure = f"{size / 1e6 / run.cpu:.1f} MB a second of a processor ({run.cpu:.1f} s)"
        yield Row(what, figure, f"{run.wall:.1f} s on the clock, the target is 2")
        yield _beside(few, some, size / run.cpu)


def history(environment: Mapping[str, str]) -> Iterator[Row]:
    """Measure a history: `--history=1000` makes it a gigabyte."""
    wanted = next((int(word.removeprefix(_SIZE)) for word in sys.argv if word.startswith(_SIZE)), _QUICK)
    with tempfile.TemporaryDirectory() as place:
        bare = Path(place, "bare")
        size, blobs = make_history(bare, wanted * 1_000_000)
        run = _run(["scan", "--history", "--processes", "2"], bare, environment, watched=True)
    what = f"`scan --history`: {blobs:,} blobs, {size / 1e6:,.0f} MB, 2 processes"
    figure = f"{size / 1e6 / run.wall:.0f} MB/s on the clock"
    beside = (
        f"{run.cpu:.1f} s of a processor: {size / 1e6 / run.cpu:.0f} MB/s of one, {2 * size / 1e6 / run.cpu:.0f} of two"
    )
    yield Row(what, figure, beside)
    yield Row("its memory, all processes, at most", f"{run.peak / 1e6:.0f} MB", "the target is 300")


def _run(
    arguments: Sequence[str], folder: str | Path, environment: Mapping[str, str], *, watched: bool = False
) -> _Run:
    command = [sys.executable, "-P", "-c", _MAIN, *arguments]
    before, began, peak = _of_children(), time.perf_counter(), 0
    with subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=subprocess.DEVNULL) as child:
        while watched and child.poll() is None:
            peak = max(peak, sum(map(_memory, _family(child.pid))))
            time.sleep(_LOOKED)
    if child.returncode not in (0, 1):
        raise subprocess.CalledProcessError(child.returncode, command)
    return _Run(time.perf_counter() - began, _of_children() - before, peak)


def _make_commit(folder: Path) -> None:
    def git(*words: str) -> None:
        named = ["-c", "user.name=Ada Example", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", *named, *words], cwd=folder, check=True)

    git("init", "--quiet")
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    texts = {name: (stdlib / name).read_text() for name in _FILES}
    texts["README.md"] = "# Title\n\n" + "A few words stand here.\n" * 100
    texts["data.json"] = _items(100)
    for name, text in texts.items():
        (folder / name).write_text(text)
    git("add", "--all")
    git("commit", "--quiet", "--message=one")
    for name, text in texts.items():
        lines = text.splitlines(keepends=True)
        lines[200:200] = [f'VALUE_{line} = made_of({line}, "a string {line}")  # why\n' for line in range(_NEW)]
        (folder / name).write_text("".join(lines))
    (folder / "README.md").write_text(texts["README.md"] + "More words stand here, by the way.\n" * _NEW)
    (folder / "data.json").write_text(_items(100 + _NEW))
    git("add", "--all")


def _items(count: int) -> str:
    chance = random.Random(1)
    return "[\n" + ",\n".join(f'{{"item": {at}, "price": {chance.random():.2f}}}' for at in range(count)) + "\n]\n"


def _copied(files: Sequence[Path], to: Path) -> int:
    """Copy files as they lie below the library; give their bytes."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for file in files:
        copy = to / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return sum(file.stat().st_size for file in files)


def _beside(few: Path, size: int, own: float) -> Row:
    """Measure detect-secrets, of a Python that has it: `--detect-secrets=PYTHON`."""
    what = "detect-secrets over every fortieth of them, 1 process"
    python = next((word.removeprefix(_PEER) for word in sys.argv if word.startswith(_PEER)), sys.executable)
    if subprocess.run([python, "-c", "import detect_secrets"], check=False, stderr=subprocess.DEVNULL).returncode:
        return Row(what, "not measured", f"`pip install detect-secrets` elsewhere, and `{_PEER}PYTHON`")
    before = _of_children()
    command = [python, "-m", "detect_secrets", "-c", "1", "scan", "--all-files", "."]  # from elsewhere it finds no file
    subprocess.run(command, check=True, cwd=few, stdout=subprocess.DEVNULL)
    speed = size / (_of_children() - before)
    return Row(what, f"{speed / 1e6:.2f} MB a second of a processor", f"{own / speed:.0f} times as many by `scan`")


def _family(pid: int) -> Iterator[int]:
    """Give a process and all below it."""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        try:
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue


def _memory(pid: int) -> int:
    """Give a process's share of memory: what several have together counts once."""
    name, said = "Pss:", "smaps_rollup"
    if (
        os.geteuid()
    ):  # of a process that leaves no image nobody but root is told what it shares: all of it is its own then
        name, said = "VmRSS:", "status"
    try:
        told = Path(f"/proc/{pid}/{said}").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith(name)), 0)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment(folder: str) -> dict[str, str]:
    """Give an environment in which bytecode is written, as an installation leaves it."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
