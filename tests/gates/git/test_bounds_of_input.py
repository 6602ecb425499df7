"""What comes without a size is kept up to a bound, and beyond it told."""

import os
from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import ringfence

PROGRAM = """
import ringfence.gates.git.allowing as a, ringfence.gates.git.opening as o, ringfence.cli as c
a.KEPT, a.MOST_KEPT, o.MOST_SAID = 1 << 10, 1 << 16, 1 << 16
c.main()
"""


@pytest.mark.parametrize(("more", "code"), [(0, 1), (1, 2)])
def test_of_standard_input_no_more_is_kept_than_a_bound_and_more_is_told(tmp_path: Path, more: int, code: int) -> None:
    from command_line import call

    mail = b"nadia.kerst@brieffalke.de\n"
    given = b"nothing\n" * ((1 << 16) // 8 - 4) + b"\n" * (32 - len(mail)) + mail + b"x" * more
    done = call(["scan", "-"], tmp_path, dict(os.environ), stdin=given, program=PROGRAM)
    assert done.returncode == code, done.stderr
    assert (b"not read  bomb: standard input is more than" in done.stdout) == bool(more)
    assert (b"write it to a file, and name that" in done.stdout) == bool(more)


def test_a_message_that_nobody_could_hold_is_refused_before_it_is_held(repo: Repo) -> None:
    from command_line import call

    assert ringfence(repo.top, "git", "install").returncode == 0
    (repo.top / "message").write_bytes(b"#" * ((1 << 16) + 1))
    done = call(["git", "hook", "commit-msg", "message"], repo.top, dict(os.environ), program=PROGRAM)
    assert done.returncode == 2
    assert b"the message has more than" in done.stderr
