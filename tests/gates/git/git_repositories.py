"""Real repositories for tests: made by `git`, in folders of their own, with nobody's settings."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from ringfence.gates.git.model import Failed, Item, Passed
from ringfence.gates.git.objects import Unread
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.repository import Repository, find

HOSTILE = [
    "-dash.txt",
    "with space",
    'quo"te',
    "line\nfeed",
    "tab\tbed",
    "umläut",
    os.fsdecode(b"l\xe4tin"),
    ":(top)x",
    "*",
    "a\\b",
]
"""Names that a file may have and that nobody thinks of."""

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Author",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "Committer",
    "GIT_COMMITTER_EMAIL": "committer@example.com",
}


class Repo:
    """A repository with a working tree."""

    def __init__(self, top: Path, *options: str) -> None:
        self.top = top
        top.mkdir(parents=True, exist_ok=True)
        if not (top / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str, check: bool = True, given: str | None = None, **env: str) -> str:
        """Run git in it, and give what it says."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.top,
            env={**os.environ, **env},
            input=None if given is None else given.encode(),
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"git {arguments[0]}: {done.stderr.decode(errors='replace')}")
        return (
            (done.stdout if not done.returncode else done.stdout + done.stderr)
            .decode("utf-8", "surrogateescape")
            .strip()
        )

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def stage(self, **files: str | bytes) -> None:
        """Write files and stage them: `a_txt` is ``a.txt``."""
        for name, content in files.items():
            self.write(name.replace("_", "."), content)
        self.git("add", "--all")

    def commit(self, message: str = "a change", **files: str | bytes) -> str:
        """Stage files, commit, and give the commit's id."""
        self.stage(**files)
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")

    def found(self) -> Repository:
        """Find it as the program does."""
        return find(str(self.top))


def items(given: Iterable[Item | Passed | Failed]) -> dict[str, Item]:
    """Give the items by their names; anything else is a failure."""
    by_name = {}
    for each in given:
        assert isinstance(each, Item), each
        by_name[each.name] = each
    return by_name


def lines(given: Iterable[Item | Passed | Failed]) -> dict[str, object]:
    """Give each item's new lines."""
    return {name: item.lines for name, item in items(given).items()}


def contents(repository: Repository | None, given: Iterable[Item | Passed | Failed]) -> list[bytes]:
    """Give what items hold, in their order."""
    opener = Opener(repository)
    try:
        read = []
        for _, opened in opener.many(each for each in given if isinstance(each, Item)):
            assert not isinstance(opened, Unread), opened.what
            with opened.stream as stream:
                read.append(stream.read())
        return read
    finally:
        opener.close()
