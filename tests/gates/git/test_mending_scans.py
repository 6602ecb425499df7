"""`ringfence scan --fix` as a user has it: the difference shown, asked, written, scanned again."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mending_support import FILES

from command_line import RINGFENCE

Cli = Callable[..., "subprocess.CompletedProcess[bytes]"]
VALUES = ("nadia.kerst", "olav.brandvik", "brieffalke", "901820")
KEY = "S2V5IG9mIHRlc3RzLCB0aGlydHktdHdvIGJ5dGVzISE="


def fix(cli: Cli, *arguments: str, code: int, key: str = KEY) -> tuple[str, str]:
    """Run it; give what was written and said. No value is in either."""
    done = cli("scan", *arguments, env={"RINGFENCE_SCAN_KEY": key})
    out, said = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, (out, said)
    assert not any(value in out or value in said for value in VALUES)
    return out, said


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name, data in FILES.items():
        file = tmp_path / "data" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in (folder / "data").iterdir()}


def test_without_a_terminal_it_shows_the_difference_and_changes_nothing(cli: Cli, tree: Path) -> None:
    out, said = fix(cli, "--fix", code=1)
    assert "--- a/data/app.py" in out
    assert "-…xxxxx.xxxxx@xxxxxxxxxx.xx…" in out
    assert "@example." in out
    assert "say --yes" in said
    assert contents(tree) == FILES


def test_with_yes_it_mends_all_files_alike_and_the_scan_is_clean(cli: Cli, tree: Path) -> None:
    out, said = fix(cli, "--fix", "--yes", code=0)
    assert f"replaced values in {len(FILES)} files" in said
    assert "no personal data that may not be here" in out
    made = contents(tree)
    stand_in = made["app.py"].split(b'"')[1]
    for name in ("conf.toml", "notes.md", "dump.sql", "people.yaml", "app.js", "Main.java", ".env"):
        assert stand_in in made[name], name
    fix(cli, "--fix", "--yes", code=0)
    assert contents(tree) == made


def test_two_runs_agree_where_there_is_a_key_and_differ_where_there_is_none(cli: Cli, tree: Path) -> None:
    def run(key: str) -> bytes:
        (tree / "data" / "app.py").write_bytes(FILES["app.py"])
        cli("scan", "data/app.py", "--fix", "--yes", env={"RINGFENCE_SCAN_KEY": key})
        return (tree / "data" / "app.py").read_bytes()

    assert run(KEY) == run(KEY)
    assert run("") != run("")
    assert not (tree / ".ringfence").exists()


def test_what_stays_is_told_with_the_mend_and_fails(cli: Cli, tree: Path) -> None:
    shutil.rmtree(tree / "data")
    (tree / "broken.py").write_bytes(b'x = = "nadia.kerst@brieffalke.de"\n')
    (tree / "fixed.txt").write_bytes(b"nadia.kerst@brieffalke.de")
    (tree / "fixed.txt").chmod(0o444)
    (tree / "people.eml").write_bytes(b"From: nadia.kerst@brieffalke.de\nSubject: x\n\nhello\n")
    _, said = fix(cli, "--fix", "--yes", code=1)
    assert "broken.py: 1 of what is refused stay: it does not parse" in said
    assert "fixed.txt: it stays as it is: it is read-only; chmod u+w" in said
    assert "people.eml: 1 of what is refused stay: it is of a format that is only read (mail); make it anew" in said
    assert b"nadia" in (tree / "broken.py").read_bytes()


def test_what_is_allowed_stays(cli: Cli, tree: Path) -> None:
    shutil.rmtree(tree / "data")
    (tree / "a.py").write_bytes(b'A = "nadia.kerst@brieffalke.de"\n')
    fix(cli, "--write-baseline", ".ringfence-baseline.json", code=0)
    (tree / "b.py").write_bytes(b'B = "nadia.kerst@brieffalke.de"\n')
    (tree / "c.py").write_bytes(b'C = "nadia.kerst@brieffalke.de"  # ringfence: allow EMAIL_ADDRESS ours\n')
    fix(cli, "--fix", "--yes", "--baseline", ".ringfence-baseline.json", code=0)
    assert b"nadia" in (tree / "a.py").read_bytes()
    assert b"nadia" not in (tree / "b.py").read_bytes()
    assert b"nadia" in (tree / "c.py").read_bytes()


def test_staged_values_are_mended_in_the_working_tree_and_told_to_be_staged_again(cli: Cli, tree: Path) -> None:
    shutil.rmtree(tree / "data")
    file = tree / "with space.py"
    file.write_bytes(b'A = "olav.brandvik@listolot.pl"\n')
    subprocess.run(["git", "-C", tree, "add", "."], check=True)
    subprocess.run(["git", "-C", tree, "commit", "-qm", "x"], check=True)
    with file.open("ab") as opened:
        opened.write(b'B = "nadia.kerst@brieffalke.de"\n')
    subprocess.run(["git", "-C", tree, "add", "."], check=True)
    _, said = fix(cli, "--staged", "--fix", "--yes", code=1)
    assert "git add 'with space.py'" in said
    assert b"nadia" not in file.read_bytes()
    assert b"olav" in file.read_bytes()  # is in the repository already: history's plan is for that
    subprocess.run(["git", "-C", tree, "add", "-u"], check=True)
    fix(cli, "--staged", code=0)


def test_other_formats_of_the_report_stay_whole(cli: Cli, tree: Path) -> None:
    out, said = fix(cli, "--fix", "--format", "json", code=1)
    assert [json.loads(line) for line in out.splitlines()]
    assert "--- a/data/app.py" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fix", "--history"), "ringfence history plan"),
        (("--fix", "--diff", "HEAD"), "working tree"),
        (("--fix", "-"), "working tree"),
        (("--yes",), "add --fix"),
        (("--fix", "--write-baseline", "b.json"), "fix first"),
    ],
)
def test_what_cannot_be_mended_so_is_an_error_with_its_mend(
    cli: Cli, tree: Path, arguments: tuple[str, ...], words: str
) -> None:
    _, said = fix(cli, *arguments, code=2)
    assert words in said
    assert contents(tree) == FILES


def at_a_terminal(folder: Path, answer: bytes) -> tuple[int, str]:
    """Run it at a terminal, and answer once it asks."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*RINGFENCE, "scan", "data/app.py", "--fix"],
        cwd=folder,
        env={**os.environ, "RINGFENCE_SCAN_KEY": KEY, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 4096)
    os.write(ours, answer)
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return process.wait(timeout=30), said.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_at_a_terminal_somebody_is_asked(tree: Path) -> None:
    code, said = at_a_terminal(tree, b"n\n")
    assert code == 1
    assert "nothing was changed" in said
    assert contents(tree) == FILES
    assert "MAIL = " in said  # what stands beside it
    assert not any(value in said for value in VALUES)
    code, said = at_a_terminal(tree, b"y\n")
    assert code == 0
    assert "replaced values in 1 file" in said
    assert contents(tree)["app.py"] != FILES["app.py"]
