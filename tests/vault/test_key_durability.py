"""Making a key under every failure: a full disk, a crash at each step, several processes at once. Whole or not at all."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.vault import KeyExists, create, list_keys, load, rotate

STEPS = ("mkdir", "open", "fchmod", "fsync", "fstat", "link", "unlink", "close", "listdir", "read")
"""The calls of the operating system through which a key is made."""

CRASHING = """
import os, sys
from pathlib import Path
from ringfence.vault import create, rotate
count, last = 0, int(sys.argv[1])
def dying(call):
    def step(*args, **kwargs):
        global count
        count += 1
        if count > last:
            os._exit(9)
        return call(*args, **kwargs)
    return step
for name in sys.argv[4].split(","):
    setattr(os, name, dying(getattr(os, name)))
{"add": create, "rotate": rotate}[sys.argv[2]](Path(sys.argv[3]), "k-contact")
"""

RACING = """
import sys
from pathlib import Path
from ringfence.vault import KeyExists, create, rotate
make = {"add": create, "rotate": rotate}[sys.argv[1]]
print("ready", flush=True)
sys.stdin.readline()
try:
    made = make(Path(sys.argv[2]), "k-contact")
    print("made", made.version)
except KeyExists as fault:
    print("exists", fault.version)
"""


def crash(command: str, folder: Path, after: int) -> int:
    """Make a key in a process of its own that dies after a number of steps; give its exit code."""
    return subprocess.run(
        [sys.executable, "-c", CRASHING, str(after), command, str(folder), ",".join(STEPS)], timeout=60
    ).returncode


def failing_at(monkeypatch: pytest.MonkeyPatch, step: int, wrong: int) -> Callable[[], int]:
    """Let one call of the operating system fail; give a function that says how many there were."""
    count = 0

    def wrap(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            nonlocal count
            count += 1
            if count == step:
                raise OSError(wrong, os.strerror(wrong))
            return call(*args, **kwargs)

        return counted

    for name in set(STEPS) - {"close"}:  # a close that fails has still closed: it would only leak here
        monkeypatch.setattr(os, name, wrap(getattr(os, name)))
    return lambda: count


@pytest.mark.parametrize("command", ["add", "rotate"])
def test_a_crash_at_any_step_leaves_a_whole_key_or_none(tmp_path: Path, command: str) -> None:
    made = 2 if command == "rotate" else 1
    outcomes = []
    for after in range(200):
        folder = tmp_path / f"keys{after}"
        if command == "rotate":
            create(folder, "k-contact")
        code = crash(command, folder, after)
        assert code in (0, 9)
        versions = [file.version for file in list_keys(folder)]
        assert versions == list(range(1, made + 1)) or versions == list(range(1, made))
        load(folder)
        outcomes.append(len(versions) == made)
        if len(versions) < made:  # and what was left behind hinders nobody
            assert (create if command == "add" else rotate)(folder, "k-contact").version == made
        if code == 0:
            break
    assert outcomes == sorted(outcomes)
    assert outcomes.count(False) >= 5
    assert outcomes.count(True) >= 3  # the last steps come after the key is there
    assert code == 0


@pytest.mark.parametrize("wrong", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_an_error_at_any_step_is_told_and_leaves_a_whole_key_or_none(tmp_path: Path, wrong: int) -> None:
    for step in range(1, 200):
        folder = tmp_path / f"keys{step}"
        with pytest.MonkeyPatch.context() as patched:
            count = failing_at(patched, step, wrong)
            try:
                create(folder, "k-contact")
                told = False
            except OSError as error:
                told = error.errno == wrong
            steps = count()
        if steps < step:
            assert step > 8
            break
        assert told
        assert len(load(folder).names()) <= 1
        drafts = [file.name for file in folder.iterdir() if file.name.endswith(".draft")] if folder.exists() else []
        assert len(drafts) <= 1  # one only where the removal of the draft is what failed
    else:
        pytest.fail("making a key never ended")


def test_the_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    fsync, link = os.fsync, os.link

    def noted_fsync(handle: int) -> None:
        told.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name.partition('.v1')[0]}")
        fsync(handle)

    def noted_link(*args: object, **kwargs: object) -> None:
        told.append("link")
        link(*args, **kwargs)

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc to name an open file")
    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "link", noted_link)
    create(tmp_path / "keys", "k-contact")
    assert told == [f"sync {tmp_path.name}", "sync .k-contact", "link", "sync keys"]


@pytest.mark.parametrize("command", ["add", "rotate"])
def test_of_several_processes_at_once_each_makes_its_own_version_or_is_told(tmp_path: Path, command: str) -> None:
    folder = tmp_path / "keys"
    if command == "rotate":
        create(folder, "k-contact")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACING, command, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert all(racer.returncode == 0 for racer in racers)
    made = sorted(int(version) for word, version in said if word == "made")
    first = 2 if command == "rotate" else 1
    assert made == list(range(first, first + len(made)))
    assert len(made) == 1 if command == "add" else len(made) >= 1
    assert [file.version for file in list_keys(folder)] == list(range(1, first + len(made)))
    assert load(folder).current("k-contact").version == made[-1]


def test_the_loser_of_a_race_learns_that_the_key_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "keys"
    link = os.link

    def overtaken(source: str, name: str, **kwargs: object) -> None:
        monkeypatch.setattr(os, "link", link)
        create(folder, "k-contact")
        link(source, name, **kwargs)

    monkeypatch.setattr(os, "link", overtaken)
    with pytest.raises(KeyExists):
        create(folder, "k-contact")
    assert [file.name for file in folder.iterdir()] == ["k-contact.v1.key"]
