"""`ringfence history plan`, carried out: by its own commands, with the real `git filter-repo`, until a scan finds nothing."""

import io
import json
import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import ZONES
from mending_support import FILES

from ringfence.gates.git import history_plan
from ringfence.gates.git.history_plan import HistoryPlan, Touched
from ringfence.gates.git.model import Item, Origin, Scanned
from ringfence.gates.git.repository import find
from ringfence.gates.git.resuming import Progress, place
from ringfence.report import history_plan as written
from ringfence.report.scan_words import Names

Cli = Callable[..., "subprocess.CompletedProcess[bytes]"]
VALUES = ("nadia.kerst", "olav.brandvik", "brieffalke", "listolot", "901820", "hunter-two-9")
KEY = "S2V5IG9mIHRlc3RzLCB0aGlydHktdHdvIGJ5dGVzISE="


@pytest.fixture
def soiled(repo: Repo, tmp_path: Path) -> Repo:
    """Give a repository with people in every corner of it, pushed to another."""
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", origin], check=True)
    repo.git("remote", "add", "origin", str(origin))
    for name, data in FILES.items():
        (repo.top / name).write_bytes(data)
    (repo.top / "broken.py").write_bytes(b'x = = "nadia.kerst@brieffalke.de"\n')
    (repo.top / "clean.txt").write_bytes(b"nothing\r\nof interest")
    repo.git("add", ".")
    repo.git("commit", "-qm", "Add people, as nadia.kerst@brieffalke.de asked")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("people.csv", "email\nnadia.kerst@brieffalke.de\n")
    (repo.top / "old people.zip").write_bytes(packed.getvalue())
    (repo.top / "settings.ini").write_bytes(b"[db]\nurl = postgres://app:hunter-two-9@db.intern/app\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "Add an archive")
    repo.git("tag", "-a", "v1", "-m", "for olav.brandvik@listolot.pl")
    repo.git("notes", "add", "-m", "told nadia.kerst@brieffalke.de")
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    (repo.top / "side.txt").write_bytes(b"olav.brandvik@listolot.pl\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "Aside")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    repo.git("rm", "-q", "old people.zip", "app.py")
    repo.git("commit", "-qm", "Take people out")
    repo.git("push", "-q", "--mirror", "origin")
    return repo


def plan(cli: Cli, folder: Path, *arguments: str, code: int = 1) -> str:
    program = "import os, ringfence.cli as c; os.chdir('repo'); c.main()"
    from command_line import call

    environment = {**os.environ, "RINGFENCE_SCAN_KEY": KEY}
    done = call(("history", "plan", *arguments), folder, environment, program=program)
    assert done.returncode == code, done.stderr.decode()
    return done.stderr.decode()


def steps(page: str) -> str:
    """Give the commands of a plan."""
    blocks = page.split("```sh\n")[1:]
    return "".join(block.split("```")[0] for block in blocks)


def touched(commits: list[str]) -> HistoryPlan:
    return HistoryPlan(
        [Touched("b" * 40, "people.csv", commit, (("EMAIL_ADDRESS", 1),), "replace") for commit in commits]
    )


def test_a_plan_says_that_git_could_not_tell_which_refs_lead_there(repo: Repo) -> None:
    repo.commit("first", a_txt="a\n")
    made = touched(["0" * 40])
    made.place(find(os.fspath(repo.top)))
    said = written.page(made, Names(), "plan", "")
    assert "Which branches and tags lead there could not be told: git for-each-ref failed" in said
    assert json.loads(written.document(made, Names(), {}))["unplaced"].startswith("git for-each-ref failed")


def test_refs_are_asked_about_every_commit(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_plan, "_AT_ONCE", 1)
    commits = [repo.commit("first", a_txt="a\n")]
    repo.git("tag", "old")
    commits.append(repo.commit("second", a_txt="b\n"))
    repo.git("checkout", "-q", "--orphan", "other")
    commits.insert(0, repo.commit("third", b_txt="b\n"))
    made = touched(commits)
    made.place(find(os.fspath(repo.top)))
    assert made.refs == ["refs/heads/main", "refs/heads/other", "refs/tags/old"]
    assert (made.unplaced, made.dangling) == ("", 0)


def test_the_plans_own_commands_take_everything_out_of_history(cli: Cli, soiled: Repo, tmp_path: Path) -> None:
    said = plan(cli, tmp_path, "-o", "../a plan")
    folder = tmp_path / "a plan"
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not any(value in text for value in VALUES), file.name
        assert file.stat().st_mode & 0o077 == 0
    assert not any(value in said for value in VALUES)
    page = (folder / "plan.md").read_text(encoding="utf-8")
    told = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert [one["file"] for one in told["objects"] if one["mend"] == "remove"] == ["old people.zip"]
    assert "- [ ] URL_CREDENTIALS in settings.ini:2" in page
    assert "art. 33" in page
    assert "refs/tags/v1" in told["refs"]

    binaries = Path(sys.executable).parent
    environment = {**os.environ, "RINGFENCE_SCAN_KEY": KEY, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", steps(page)], cwd=soiled.top, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stdout.decode(), done.stderr.decode())
    assert b"no personal data that may not be here" in done.stdout

    fresh = tmp_path / "fresh"
    subprocess.run(["git", "clone", "-q", tmp_path / "origin.git", fresh], check=True)
    log = subprocess.run(
        ["git", "-C", fresh, "log", "--all", "-p", "--text", "--format=%B"], capture_output=True, check=True
    ).stdout.decode("utf-8", "replace")
    assert not any(value in log for value in VALUES)
    assert (fresh / "clean.txt").read_bytes() == b"nothing\r\nof interest"
    for name, data in FILES.items():
        if name != "app.py":
            made = (fresh / name).read_bytes()
            assert made != data
            assert made.count(b"\n") == data.count(b"\n")
    parents = subprocess.run(
        ["git", "-C", fresh, "rev-list", "--parents", "--max-count=2", "HEAD"], capture_output=True, check=True
    ).stdout.split(b"\n")
    assert len(parents[1].split()) == 3  # the merge is one still

    scan = cli("scan", str(soiled.top / "notes.md"), "--fix", "--yes", env={"RINGFENCE_SCAN_KEY": KEY})
    assert scan.returncode == 0, scan.stderr.decode()
    assert (soiled.top / "notes.md").read_bytes() == (fresh / "notes.md").read_bytes()  # the same stand-ins


def test_a_clean_history_needs_no_plan(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    (repo.top / "a.txt").write_bytes(b"nothing")
    repo.git("add", ".")
    repo.git("commit", "-qm", "x")
    said = plan(cli, tmp_path, "-o", "../plan", code=0)
    assert "nothing that is in history has to be taken out" in said
    assert not (tmp_path / "plan").exists()


def test_of_what_could_not_be_read_nobody_says_that_nothing_is_to_be_done(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    repo.commit(a_zip=b"PK\x03\x04" + bytes(100))
    said = plan(cli, tmp_path, "-o", "../plan", code=2)
    assert "nothing that is in history has to be taken out" not in said
    assert "could not be read" in said
    assert not (tmp_path / "plan").exists()


def test_more_processes_than_a_scan_takes_are_not_begun_here_either(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    repo.commit(a_txt="nothing")
    assert "--processes" in plan(cli, tmp_path, "--processes", "100000", code=2)


def test_nothing_but_an_earlier_plan_is_overwritten(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    (repo.top / "a.txt").write_bytes(FILES["notes.md"])
    repo.git("add", ".")
    repo.git("commit", "-qm", "x")
    plan(cli, tmp_path, "-o", "../plan")
    plan(cli, tmp_path, "-o", "../plan")
    (tmp_path / "plan" / "mine.txt").write_bytes(b"")
    assert "something else is in it" in plan(cli, tmp_path, "-o", "../plan", code=2)


def test_what_is_ignored_or_dangling_is_treated_as_a_scan_does(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    (repo.top / "imprint.txt").write_bytes(b"nadia.kerst@brieffalke.de\n")
    (repo.top / "a.txt").write_bytes(b"olav.brandvik@listolot.pl\n")
    (repo.top / ".ringfenceignore").write_bytes(b"imprint.txt\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "x")
    repo.git("commit", "-q", "--amend", "-m", "asked nadia.kerst@brieffalke.de")
    repo.git("commit", "-q", "--amend", "-m", "y")
    plan(cli, tmp_path, "-o", "../plan")
    told = json.loads((tmp_path / "plan" / "plan.json").read_text(encoding="utf-8"))
    assert [one["file"] for one in told["objects"]] == ["a.txt"]
    assert len(told["messages"]) == 1
    assert "--ignore-file" in (tmp_path / "plan" / "plan.md").read_text(encoding="utf-8")


def test_where_a_scan_of_the_history_was_ended_is_not_forgotten(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    repo.commit(a_txt="nothing")
    file = place(repo.found())
    done = Scanned(Item("a.txt", Origin.BLOB, 7, repo.git("rev-parse", "HEAD:a.txt")), size=7)
    with Progress(file, "rules of that scan") as progress:
        progress.mark([done])
    plan(cli, tmp_path, "-o", "../plan", code=0)
    with Progress(file, "rules of that scan") as progress:
        assert progress.done(done.item.object)


POLICY = (
    ZONES
    + """roles:
  press: {group: press}
purposes:
  contact: {basis: contract}
flows:
  - {id: push, from: developers, to: repo, via: {gate: git}, purposes: [contact], carry: {}, else: deny}
"""
)


def test_the_plans_own_scan_is_by_the_same_rules(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    repo.commit("x", a_txt="olav.brandvik@listolot.pl\n")
    (tmp_path / "rules of it.yaml").write_text(POLICY)
    rules = ("--policy", "../rules of it.yaml", "--flow", "push", "--role", "press", "--purpose", "contact")
    plan(cli, tmp_path, "-o", "../plan", "--everything", *rules)
    page = (tmp_path / "plan" / "plan.md").read_text(encoding="utf-8")
    scan = next(line for line in page.splitlines() if line.startswith("ringfence scan"))
    shown = shlex.split(scan.removeprefix("ringfence "))
    policy = os.fspath(tmp_path / "rules of it.yaml")
    assert [os.path.normpath(word) if "/" in word else word for word in shown] == [
        *("scan", "--history", "--policy", policy, "--flow", "push", "--role", "press", "--purpose", "contact"),
        "--everything",
    ]
