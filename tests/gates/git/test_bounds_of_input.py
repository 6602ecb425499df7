"""What comes without a size is kept up to a bound, and beyond it told."""

import os
from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import ringfence

from command_line import call

PROGRAM = """
import ringfence.gates.git.allowing as a, ringfence.gates.git.opening as o, ringfence.cli as c
a.KEPT, a.MOST_KEPT, o.MOST_SAID = 1 << 10, 1 << 16, 1 << 16
c.main()
"""


@pytest.mark.parametrize(("more", "code"), [(0, 1), (1, 2)])
def test_of_standard_input_no_more_is_kept_than_a_bound_and_more_is_told(tmp_path: Path, more: int, code: int) -> None:
    mail = b"nadia.kerst@brieffalke.de\n"
    given = b"nothing\n" * ((1 << 16) // 8 - 4) + b"\n" * (32 - len(mail)) + mail + b"x" * more
    done = call(["scan", "-"], tmp_path, dict(os.environ), stdin=given, program=PROGRAM)
    assert done.returncode == code, done.stderr
    assert (b"not read  bomb: standard input is more than" in done.stdout) == bool(more)
    assert (b"write it to a file, and name that" in done.stdout) == bool(more)


def test_a_message_that_nobody_could_hold_is_refused_before_it_is_held(repo: Repo) -> None:
    assert ringfence(repo.top, "git", "install").returncode == 0
    (repo.top / "message").write_bytes(b"#" * ((1 << 16) + 1))
    done = call(["git", "hook", "commit-msg", "message"], repo.top, dict(os.environ), program=PROGRAM)
    assert done.returncode == 2
    assert b"the message has more than" in done.stderr


def test_a_message_is_looked_at_as_it_will_be_committed(tmp_path: Path) -> None:
    scissors = "# ------------------------ >8 ------------------------"
    below = f"# nadia.kerst@brieffalke.de\n{scissors}\n+nadia.kerst@brieffalke.de\n"
    (tmp_path / "message").write_text(f"fine\n\nSigned-off-by: N <nadia.kerst@brieffalke.de>\n{below}")
    done = ringfence(tmp_path, "scan", "--message", "message")
    assert done.returncode == 0, done.stdout
    (tmp_path / "message").write_text(f"for nadia.kerst@brieffalke.de\n{below}")
    done = ringfence(tmp_path, "scan", "--message", "message")
    assert done.returncode == 1
    assert done.stdout.count(b"EMAIL_ADDRESS") == 1
    assert b"the commit's message:1:5" in done.stdout
    before = (tmp_path / "message").read_bytes()
    for wrong in (["--fix", "--yes"], ["--staged"], ["message"]):
        assert ringfence(tmp_path, "scan", "--message", "message", *wrong).returncode == 2
    assert (tmp_path / "message").read_bytes() == before
    assert ringfence(tmp_path, "scan", "--message", "nowhere").returncode == 2
    (tmp_path / "message").write_bytes(b"#" * ((1 << 16) + 1))
    done = call(["scan", "--message", "message"], tmp_path, dict(os.environ), program=PROGRAM)
    assert (done.returncode, b"says more than" in done.stdout) == (2, True)
