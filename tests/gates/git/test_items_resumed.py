"""A scan that is ended in the middle goes on where it was: nothing done is lost, nothing undone counts as done."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from git_repositories import Repo

from ringfence.cli._scan_options import Asking, resume, scan_of
from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Found, Item, Origin, Passed, Scanned, Standing
from ringfence.gates.git.resuming import Progress, place
from ringfence.gates.git.scan_key import ScanKey
from ringfence.home import Home, Problem
from ringfence.transform import KeyHandle

FOUND = Found(
    "a\udcff", "EMAIL_ADDRESS", "user.contact.email", 0.9, ("pattern",), Standing.REFUSED, members=("x.zip",), line=3
)


def scanned(number: int, *, found: bool = False) -> Scanned:
    item = Item("a\udcff", Origin.BLOB, 7, f"{number:040x}", commit="c" * 40, lines=((1, 3),))
    if not found:
        return Scanned(item, size=7)
    return Scanned(
        item, (FOUND,), (Passed("b", Why.BINARY, note="n"),), (Failed("c", Fault.BOMB, "w", "m", ("z",)),), 7
    )


def test_what_is_done_stands_with_all_that_was_found(tmp_path: Path) -> None:
    file = str(tmp_path / "in" / "scan.sqlite")
    with Progress(file, "rules") as progress:
        progress.mark([scanned(1), scanned(2, found=True)])
    with Progress(file, "rules") as progress:
        assert [progress.done(f"{n:040x}") for n in (1, 2, 3)] == [True, True, False]
        assert list(progress.results()) == [scanned(2, found=True)]
        assert len(progress) == 2
        progress.clear()
        assert (len(progress), list(progress.results())) == (0, [])
    assert Path(file).stat().st_mode & 0o77 == 0


def test_a_batch_that_is_marked_twice_is_told_once(tmp_path: Path) -> None:
    with Progress(str(tmp_path / "s"), "rules") as progress:
        progress.mark([scanned(1, found=True)])
        progress.mark([scanned(1, found=True), scanned(2, found=True)])
        assert list(progress.results()) == [scanned(1, found=True), scanned(2, found=True)]


def test_under_other_rules_nothing_is_done(tmp_path: Path) -> None:
    file = str(tmp_path / "s")
    with Progress(file, "old") as progress:
        progress.mark([scanned(1, found=True)])
    with Progress(file, "new") as progress:
        assert (len(progress), list(progress.results())) == (0, [])


@pytest.mark.parametrize("other", ["since", "key"])
def test_a_scan_that_asks_for_something_else_goes_on_after_none(repo: Repo, other: str) -> None:
    def done(key: bytes = bytes(32), since: str = "") -> Progress:
        asking = Asking(place=Home(repo.top / "none.yaml", repo.top / "none"), history=True, since=since)
        made = scan_of(asking, (), repo.found())
        made.key = ScanKey(KeyHandle("k-scan", 1, key), "")
        resume(made)
        assert made.scan.done is not None
        return made.scan.done

    with done() as progress:
        progress.mark([scanned(1, found=True)])
    with done() as progress:
        assert len(progress) == 1
    with done(since="2031-05-01") if other == "since" else done(key=bytes(31) + b"x") as progress:
        assert (len(progress), list(progress.results())) == (0, [])


def test_while_one_scan_has_it_no_other_takes_as_done_what_it_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.gates.git.resuming._WAITING", 50)
    file = str(tmp_path / "s")
    with Progress(file, "rules") as progress:
        for rules in ("rules", "others"):
            with pytest.raises(Problem, match="another scan of this history is under way"):
                Progress(file, rules)
        progress.mark([scanned(1, found=True)])
    with Progress(file, "rules") as progress:
        assert progress.done(f"{1:040x}")
        assert list(progress.results()) == [scanned(1, found=True)]


def test_a_file_that_is_something_else_is_refused_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "s"
    file.write_bytes(b"what somebody wrote" * 100)
    with pytest.raises(Problem, match="remove it"):
        Progress(str(file), "rules")
    assert file.read_bytes() == b"what somebody wrote" * 100
    with pytest.raises(Problem, match="cannot be kept"):
        Progress(str(tmp_path), "rules")


def test_it_lies_where_no_commit_takes_it_up(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a_txt="a")
    repo.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    with Progress(place(Repo(tmp_path / "linked").found()), "rules"):
        assert repo.git("status", "--porcelain") == ""
    assert place(repo.found()) == place(Repo(tmp_path / "linked").found())


PROGRAM = """
import sys
from test_items_resumed import scanned
from ringfence.gates.git.resuming import Progress
with Progress(sys.argv[1], "rules") as progress:
    for batch in range(10_000):
        progress.mark([scanned(batch * 20 + n, found=n % 5 == 0) for n in range(20)])
        print(batch, flush=True)
"""


@pytest.mark.parametrize("after", [0, 1, 7, 40])
def test_killed_at_any_point_a_batch_is_done_whole_or_not_at_all(tmp_path: Path, after: int) -> None:
    file = str(tmp_path / "s")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen([sys.executable, "-c", PROGRAM, file], stdout=subprocess.PIPE, env=env) as child:
        assert child.stdout is not None
        last = -1
        for line in child.stdout:
            last = int(line)
            if last == after:
                child.send_signal(signal.SIGKILL)
        child.wait()
    with Progress(file, "rules") as progress:
        done = len(progress)
        assert done >= (last + 1) * 20
        assert done % 20 == 0
        assert sum(1 for _ in progress.results()) == done // 5
        assert all(progress.done(f"{n:040x}") for n in range(done))
