"""A repository with ringfence's hooks and the server that it pushes to; the hooks' interpreter is started already."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from git_repositories import Repo

import command_line
from ringfence.cli._git_ledger import home_in
from ringfence.gates.git.repository import find
from ringfence.ledger import Query, Reader

PEOPLE = "name,email\nKlaus Weber,klaus.weber@web.de\n"
VALUE = "klaus.weber"
ZONES = """
version: 1
zones:
  developers: {label: where code is written}
  everybody: {label: who reads it}
assets:
  repo: {zone: everybody, kind: git}
gates:
  git: {kind: git}
"""
"""What a policy says before its flows: `developers`, `repo`, and the gate `git`."""

Done = subprocess.CompletedProcess[bytes]


def ringfence(folder: Path, *arguments: str, stdin: bytes = b"") -> Done:
    """Run a command in a folder."""
    return command_line.call(list(arguments), folder, {**os.environ, "COLUMNS": "200"}, stdin=stdin)


def run_by(hook: Path, python: Path | str) -> None:
    """Have a hook call another interpreter."""
    head, _, rest = hook.read_text().partition("\npython=")
    hook.write_text(f"{head}\npython={shlex.quote(str(python))}\nkept={rest.partition(chr(10) + 'kept=')[2]}")


def warm(folder: Path) -> None:
    """Have the hooks of a folder call an interpreter that has imported everything."""
    python = folder / "warm-python"
    call = [sys.executable, "-I", "-S", os.fspath(Path(__file__).with_name("warm_python.py")), command_line.address()]
    python.write_text(f'#!/bin/sh\nexec {shlex.join(call)} "$@"\n')
    python.chmod(0o700)
    for hook in folder.iterdir():
        if "ringfence git hook" in hook.read_text(errors="replace"):
            run_by(hook, python)


class Pair:
    """A repository and its server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = Repo(folder / "client")
        self.server = folder / "server.git"
        self.client.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.server))
        self.client.git("remote", "add", "origin", "../server.git")

    def install(self, *options: str, server: bool = False, where: Path | None = None) -> Done:
        """Install hooks: local ones, or the server's."""
        named = ["--server", str(self.server)] if server else []
        done = ringfence(self.client.top, "git", "install", *named, *options)
        assert done.returncode == 0, done.stderr.decode()
        warm(where or (self.server if server else self.client.top / ".git") / "hooks")
        return done

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Run git in the repository."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.client.top,
            env={**os.environ, **(env or {})},
            capture_output=True,
            check=False,
        )

    def push(self, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Push past the local hooks, as `--no-verify` does."""
        return self.run("push", "--quiet", "--no-verify", *(arguments or ("origin", "main")), env=env)

    def entries(self, *, server: bool = False) -> list[Mapping[str, object]]:
        """Give the entries of a side's ledger, in order."""
        repository = find(git_dir=str(self.server)) if server else find(str(self.client.top))
        return entries_of(home_in(repository).ledger)

    def refs(self) -> dict[str, str]:
        """Give what the server has accepted."""
        said = self.run("ls-remote", str(self.server)).stdout.decode(errors="surrogateescape").splitlines()
        return {name: tip for tip, _, name in (line.partition("\t") for line in said) if name != "HEAD"}


def entries_of(ledger: Path) -> list[Mapping[str, object]]:
    """Give the entries of a ledger, in order."""
    with Reader(ledger) as reader:
        found = reader.find(Query(), 1000)
    bodies = [(each.index, each.body) for each in found]
    return [body for _, body in sorted(bodies, key=lambda pair: pair[0]) if body is not None]


def kinds(entries: list[Mapping[str, object]]) -> list[object]:
    """Give the kinds of entries."""
    return [each["kind"] for each in entries]
