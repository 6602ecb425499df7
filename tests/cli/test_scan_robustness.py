"""`ringfence scan` asked wrongly, ended in the middle, with nowhere to write: few lines, the right code, nothing left."""

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from command_line import RINGFENCE
from ringfence.cli import scan

EMAIL = "ada.nowak@posta-nova.net"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--diff", ""), "--diff names no revisions"),
        (("--role", "support", "."), "--role is asked for without --flow"),
        (("--purpose", "care", "."), "--purpose is asked for without --flow"),
        (("--name", "a.csv", "."), "--name is asked for without -"),
        (("--since", "v1", "."), "--since is asked for without --history"),
        (("--processes", "100000", "."), "--processes"),
        (("-o", ".", "."), "Is a directory"),
        (("-o", "/", "."), "Is a directory"),
        (("--write-baseline", "no-folder/b", "."), "there is no such folder"),
        (("--write-baseline", "/dev/null", "."), "is no file"),
    ],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, tuple) else "",
)
def test_what_is_asked_wrongly_is_told_before_anything_is_looked_at(cli, arguments, said):
    done = cli("scan", *arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    assert said in lines[0]
    assert 1 <= len(lines) <= 2
    assert "internal error" not in lines[0]


def test_a_file_that_is_named_is_read_where_there_is_no_git(cli, tmp_path: Path):
    (tmp_path / "a.txt").write_text(f"{EMAIL}\n")
    assert cli("scan", "a.txt", env={"PATH": "/nonexistent"}).returncode == 1
    assert cli("scan", ".", "--everything", env={"PATH": "/nonexistent"}).returncode == 1
    done = cli("scan", ".", env={"PATH": "/nonexistent"})
    assert done.returncode == 2
    assert b"there is no `git`" in done.stderr


def test_a_device_that_is_named_as_output_stays_one(cli, tmp_path: Path):
    (tmp_path / "a.txt").write_text(f"{EMAIL}\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reading:
        assert cli("scan", "a.txt", "-o", str(pipe)).returncode == 1
        assert b"EMAIL_ADDRESS" in reading.communicate(timeout=30)[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_behind_a_link_the_file_is_written_and_the_link_stays(cli, tmp_path: Path):
    (tmp_path / "a.txt").write_text(f"{EMAIL}\n")
    (tmp_path / "link").symlink_to("report")
    assert cli("scan", "a.txt", "-o", "link").returncode == 1
    assert (tmp_path / "link").is_symlink()
    assert "EMAIL_ADDRESS" in (tmp_path / "report").read_text()


def test_no_link_that_somebody_laid_in_the_outputs_folder_is_written_through(tmp_path: Path):
    other = tmp_path / "other"
    other.write_text("somebody's")
    for process in (os.getpid(), os.getpid() + 1):
        (tmp_path / f".report.{process}.draft").symlink_to(other)
    with scan._written(tmp_path / "report") as stream:
        stream.write("the report")
    assert other.read_text() == "somebody's"
    assert (tmp_path / "report").read_text() == "the report"


def _tree(folder: Path) -> None:
    """Write what takes long to be looked at."""
    folder.mkdir()
    rows = "".join(f"{number},ada.nowak{number}@posta-nova.net\n" for number in range(20_000))
    for number in range(40):
        (folder / f"{number}.csv").write_text(f"id,email\n{number},\n{rows}")


@contextmanager
def _begun(*arguments: str, folder: Path):
    """Begin a command that looks at much, by two processes, allowed to leave an image; give it when it has begun to look."""
    command = [*RINGFENCE, *arguments, "--everything", "--processes", "2"]
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)),
    ) as running:
        deadline = time.monotonic() + 60
        while len(_in_group(running.pid)) < 3:
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield running
        if running.poll() is None:
            running.kill()


@pytest.fixture
def long_scan(tmp_path: Path):
    """Begin a scan that takes long."""
    _tree(tmp_path / "tree")
    with _begun("scan", "-o", str(tmp_path / "report"), str(tmp_path / "tree"), folder=tmp_path) as running:
        yield running


def _in_group(leader: int) -> list[int]:
    """Give the processes of a group that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == leader and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def _leaves_no_image(process: int) -> bool:
    limits = Path(f"/proc/{process}/limits").read_text().splitlines()
    return [line.split()[4] for line in limits if line.startswith("Max core file size")] == ["0"]


def _until_ended(leader: int) -> None:
    deadline = time.monotonic() + 30
    while _in_group(leader):
        assert time.monotonic() < deadline, "processes are left"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_scan_that_is_ended_ends_at_once_with_its_processes_and_leaves_no_draft(long_scan, tmp_path: Path, number):
    assert _leaves_no_image(long_scan.pid)
    os.kill(long_scan.pid, number)
    said = long_scan.communicate(timeout=30)
    assert (long_scan.returncode, said) == (130, (b"", b""))
    _until_ended(long_scan.pid)
    assert [each.name for each in tmp_path.iterdir()] == ["tree"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_plan_for_history_that_is_ended_ends_at_once_with_its_processes_and_leaves_nothing(tmp_path: Path):
    tree = tmp_path / "tree"
    _tree(tree)
    git = ["git", "-C", tree, "-c", "user.name=D", "-c", "user.email=d@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "people"]):
        subprocess.run([*git, *arguments], check=True)
    with _begun("history", "plan", "-o", "../plan", folder=tree) as running:
        assert _leaves_no_image(running.pid)
        os.kill(running.pid, signal.SIGTERM)
        assert (running.communicate(timeout=30), running.returncode) == ((b"", b""), 130)
        _until_ended(running.pid)
    assert [each.name for each in tmp_path.iterdir()] == ["tree"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_processes_of_a_scan_that_is_killed_end_too(long_scan):
    long_scan.kill()
    _until_ended(long_scan.pid)


@pytest.mark.parametrize(
    "chosen", [(), ("--staged",), ("--diff", "HEAD~1..HEAD"), ("--history",)], ids=lambda one: one[:1]
)
def test_what_is_larger_than_asked_for_is_left_out_and_said_so_however_it_is_listed(cli, tmp_path, chosen):
    git = ["git", "-C", tmp_path, "-c", "user.name=D", "-c", "user.email=d@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "begin"], check=True)
    (tmp_path / "large.txt").write_text(f"{EMAIL}\n" + "x" * 5000)
    subprocess.run([*git, "add", "."], check=True)
    if chosen != ("--staged",):
        subprocess.run([*git, "commit", "-q", "-m", "more"], check=True)
    done = cli("scan", *chosen, "--max-size", "4K")
    assert done.returncode == 0, done.stdout
    assert b"left out: 1 too-large" in done.stdout
    assert cli("scan", *chosen, "--max-size", "8K").returncode == 1
