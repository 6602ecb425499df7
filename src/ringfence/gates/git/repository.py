"""A repository, found: where its parts are, and `git` run in it.

The rule: it is found by `git` itself, which also judges whether it may be trusted (``safe.directory``). From then on every command
names it, so that neither the current folder nor a hook's environment makes it another. Inside a hook (no folder named) what the
environment says of the repository is kept: the index of ``git commit -a``, the quarantine of a push.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from ringfence.gates.git.running import LOCAL, OLDEST, GitFailed, command, environment, piped, run, version
from ringfence.home import Problem

_PATHS: Final = ("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH", "GIT_SHALLOW_FILE")
_ASKED: Final = (
    "--absolute-git-dir",
    "--git-common-dir",
    "--show-object-format",
    "--is-shallow-repository",
    "--show-toplevel",  # the last: without a working tree, git ends here
)
_FORMAT: Final = 2
_EMPTY: Final = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class NoRepository(Problem):
    """There is no repository here."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository. It crosses between processes as it is.

    Attributes
    ----------
    folder
        Its `.git`, or itself where it is bare; of a linked working tree, its own part.
    shared
        The same, of all its working trees.
    top
        The working tree's top; "" without one.
    format
        Of its object ids: ``sha1`` or ``sha256``.
    local
        What a hook's environment says of it, as `NAME`, value, with absolute paths.
    """

    folder: str
    shared: str
    top: str
    format: str
    shallow: bool
    local: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> str:
        """The id of the tree without files."""
        return _EMPTY[self.format]

    @property
    def none(self) -> str:
        """The id that stands for no object."""
        return "0" * len(self.empty)

    def command(self, *arguments: str) -> list[str]:
        """Give the argument list of a `git` command in it."""
        tree = [f"--work-tree={self.top}"] if self.top else []
        return command(f"--git-dir={self.folder}", *tree, *arguments)

    def environment(self) -> dict[str, str]:
        """Give the environment of its commands."""
        return environment(dict(self.local))

    def run(self, *arguments: str, lines: Iterable[str] | None = None) -> bytes:
        """Run a command to its end. Raises `GitFailed`."""
        return run(self.command(*arguments), self.environment(), self.top or self.folder, lines)

    def piped(self, *commands: Sequence[str], lines: Iterable[str] | None = None) -> AbstractContextManager[BinaryIO]:
        """Run commands that read one another, and give what the last one writes. Raises `GitFailed`."""
        whole = [self.command(*each) for each in commands]
        return piped(whole, self.environment(), self.top or self.folder, lines)

    def within(self, **local: str) -> "Repository":
        """Give it with another environment: each name with its value, "" for none."""
        kept = {name: value for name, value in (dict(self.local) | local).items() if value}
        return replace(self, local=tuple(kept.items()))

    def lacking(self) -> bool:
        """Tell whether objects may be lacking: of a shallow clone, and of a partial one, by its settings."""
        if self.shallow:
            return True
        try:
            said = self.run("config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$")
        except GitFailed:
            return False
        return bool(said)

    def id(self, revision: str, kind: str = "commit") -> str:
        """Give the id that a revision names. Raises `Problem` where it names none."""
        if not revision or revision.startswith("-") or "\n" in revision or "\0" in revision:
            raise Problem(f"{revision!r} is no revision", "name a branch, a tag or a commit")
        try:
            said = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{{kind}}}")
        except GitFailed:
            mend = "`git log --all` lists what there is; a shallow clone lacks old ones: `git fetch --unshallow`"
            raise Problem(f"there is no {kind} {revision!r} in this repository", mend) from None
        return said.decode("ascii").split()[-1]


def find(start: str = "", git_dir: str = "") -> Repository:
    """Find the repository of a folder, of a named `.git`, or, without either, the one that this process stands in.

    Raises
    ------
    NoRepository
        There is none.
    Problem
        There is no `git`, it is too old, or it does not trust the repository, because it is another user's.
    """
    here = str(Path(start).absolute())
    if git_dir:
        git_dir = str(Path(here, git_dir))
    local: dict[str, str] | None = None if not start and not git_dir else {}
    env = environment(local)
    said = _asked(here, git_dir, env)
    if len(said) < len(_ASKED) - 1:
        raise NoRepository(f"{start or git_dir or 'this folder'} is in no git repository", "name one, or name files")
    folder, shared, format_, shallow, *top = said
    if format_ not in _EMPTY:
        raise Problem("the repository's object format is not known here", "a newer ringfence may know it")
    kept = {} if local is not None else {name: os.environ[name] for name in LOCAL[2:] if name in os.environ}
    for name in _PATHS:
        if kept.get(name):
            kept[name] = str(Path(here, kept[name]))
    kept.pop("GIT_PREFIX", None)
    return Repository(
        folder,
        os.path.normpath(Path(here, shared)),
        "".join(top),
        format_,
        shallow == "true",
        tuple(kept.items()),
    )


def _asked(here: str, git_dir: str, env: dict[str, str]) -> list[str]:
    """Ask `git` where things are. Lines that it did not come to are not there."""
    named = [f"--git-dir={git_dir}"] if git_dir else []
    lines = _answered(command(*named, "rev-parse", *_ASKED), here, env)
    if len(lines) <= len(_ASKED) and (len(lines) <= _FORMAT or lines[_FORMAT] in _EMPTY):
        return lines
    # A name with a line feed makes more lines than were asked for: asked one by one, each is its own.
    alone = [_answered(command(*named, "rev-parse", each), here, env) for each in _ASKED]
    return ["\n".join(each) for each in alone if each]


def _answered(arguments: list[str], here: str, env: dict[str, str]) -> list[str]:
    lines: list[str] = []
    try:
        with piped([arguments], env, here) as out:
            lines = [line.decode("utf-8", "surrogateescape") for line in out.read().removesuffix(b"\n").split(b"\n")]
    except GitFailed as failed:
        _explained(failed, here)
        # Without a working tree, there is one line less.
    except Problem:
        if not Path(here).is_dir():
            raise NoRepository("there is no such folder", "name one that is there") from None
        raise
    return [] if lines == [""] else lines


def _explained(failed: GitFailed, here: str) -> None:
    """Raise what a person can mend, of what `git` said; return where it only has no answer."""
    if "dubious ownership" in failed.said or "unsafe repository" in failed.said:
        raise Problem(
            f"{here} is another user's repository, and git does not trust it",
            "if you do: git config --global --add safe.directory FOLDER",
        ) from None
    if "not a git repository" in failed.said or "work tree" in failed.said:
        return
    found = version()
    if found < OLDEST:
        numbers = ".".join(map(str, found))
        raise Problem(f"git {numbers} is too old", "install git {}.{} or newer".format(*OLDEST)) from None
    raise failed
