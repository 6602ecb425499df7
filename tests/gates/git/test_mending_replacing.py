"""Putting a file's new bytes in its place: whole or not at all, with its rights, and never over what somebody else wrote."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.gates.git.replacing import NotReplaced, put, read_before

OLD, NEW = b"old\n" * 50_000, b"new, and longer\n" * 50_000
MOST = 1 << 22


def replaced(file: Path) -> None:
    put(read_before(os.fspath(file), MOST), NEW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "a file.csv"
    made.write_bytes(OLD)
    return made


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o664, 0o4755])
def test_rights_stay(file: Path, mode: int) -> None:
    file.chmod(mode)
    replaced(file)
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert file.read_bytes() == NEW
    assert list(file.parent.iterdir()) == [file]


def test_a_name_in_the_current_folder_is_enough(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    put(read_before(file.name, MOST), NEW)
    assert file.read_bytes() == NEW


def test_what_is_no_plain_file_of_one_name_stays(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    with pytest.raises(NotReplaced, match="symbolic link"):
        replaced(link)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotReplaced, match="no plain file"):
        replaced(tmp_path / "pipe")
    os.link(file, tmp_path / "other name")
    with pytest.raises(NotReplaced, match="several names"):
        replaced(file)
    assert file.read_bytes() == OLD


def test_a_read_only_file_stays(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(NotReplaced, match="read-only"):
        replaced(file)
    assert file.read_bytes() == OLD


def test_a_file_beyond_the_bound_stays(file: Path) -> None:
    with pytest.raises(NotReplaced, match="MiB"):
        read_before(os.fspath(file), 1000)


@pytest.mark.parametrize("change", ["write", "touch", "swap", "remove", "link"])
def test_what_was_changed_meanwhile_is_not_overwritten(file: Path, change: str) -> None:
    before = read_before(os.fspath(file), MOST)
    told = file.stat()
    if change == "write":
        file.write_bytes(b"somebody else's")
        os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    elif change == "touch":
        os.utime(file, ns=(0, 0))
    elif change == "remove":
        file.unlink()
    else:
        other = file.with_name("other")
        other.write_bytes(OLD)
        os.utime(other, ns=(told.st_atime_ns, told.st_mtime_ns))
        file.unlink()
        if change == "swap":
            other.rename(file)
        else:
            file.symlink_to(other)
    content = file.read_bytes() if file.exists() else None
    with pytest.raises(NotReplaced, match="since it was read"):
        put(before, NEW)
    assert (file.read_bytes() if file.exists() else None) == content
    assert not list(file.parent.glob("*draft*"))


def test_a_full_disk_leaves_the_old_file_and_no_draft(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ringfence.gates.git.replacing.os.fsync", full)
    with pytest.raises(OSError, match="space"):
        replaced(file)
    assert file.read_bytes() == OLD
    assert list(file.parent.iterdir()) == [file]


CALLS = ("os.open", "os.fdopen", "os.fchown", "os.fchmod", "os.fsync", "os.lstat", "Path.replace", "Path.unlink")
PROGRAM = """
import os, signal, sys
from pathlib import Path
import ringfence.gates.git.replacing as replacing
owner, _, name = sys.argv[1].partition(".")
holder = {"os": os, "Path": Path}[owner]
real = getattr(holder, name)
before = replacing.read_before(sys.argv[2], 1 << 22)
def die(*arguments, **named):
    try:
        if sys.argv[3] == "after":
            real(*arguments, **named)
    finally:
        os.kill(os.getpid(), signal.SIGKILL)
setattr(holder, name, die)
replacing.put(before, b"new, and longer\\n" * 50_000)
"""


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_leaves_the_old_file_or_the_new_one_whole(file: Path, call: str, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, call, os.fspath(file), when], check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    is_new = call == "Path.unlink" or (call == "Path.replace" and when == "after")
    assert file.read_bytes() == (NEW if is_new else OLD)
    replaced(file)
    assert file.read_bytes() == NEW
