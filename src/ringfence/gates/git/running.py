"""The `git` program, run: argument lists, a calm environment, and nothing started that a repository's own settings name.

The rule: whatever a repository says in its configuration, reading it runs no program but `git` itself, writes nothing and
fetches nothing. So: no hooks, no file system monitor, no external diff, no filters, no network, no locks; replaced objects and
grafts are not believed, because they hide what is there. What `git` says when it fails is passed on without what it quotes.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, BinaryIO, Final, cast

import re2

from ringfence.home import Problem

OLDEST: Final = (2, 30)
"""The version with which all options that are used here are there, and safe (``--end-of-options`` in every command)."""

LOCAL: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
)
"""What a hook's environment says of its own repository, and what must not be believed of another."""

SETTINGS: Final = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.quotePath=true",
    "core.useReplaceRefs=false",
    "core.commitGraph=false",  # a file beside the objects that nobody verifies
    "core.bigFileThreshold=64m",  # larger ones are streamed, not held
    "core.deltaBaseCacheLimit=8m",  # of 96: each process that reads objects has its own
    "core.packedGitWindowSize=4m",
    "core.packedGitLimit=16m",  # of a pack as large as it likes, mapped whole
    "protocol.allow=never",
)

_DROPPED: Final = (
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_REPLACE_REF_BASE",
    "GIT_ATTR_SOURCE",
    "GIT_TRACE",
    "GIT_TRACE_SETUP",
    "GIT_FLUSH",
    "LANGUAGE",
)
_SET: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # an older git, which fetches what a partial clone lacks, may not: no protocol has this name
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_ADVICE": "0",
    "LC_ALL": "C",
}
_QUOTED: Final = re2.compile(r"'[^']*'")
_SAID: Final = 4096


class NoGit(Problem):
    """There is no `git` on this machine."""


class GitFailed(Problem):
    """`git` ended with an error. `code` is its exit code, below zero the signal that ended it."""

    def __init__(self, command: str, code: int, said: str) -> None:
        self.code = code
        self.said = said
        ended = f"it was ended by signal {-code}" if code < 0 else said or f"exit code {code}"
        super().__init__(
            f"git {command} failed: {ended}", "run `git fsck` in the repository to see whether it is whole"
        )


def environment(local: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment for a `git`: the caller's, or, of what names a repository, only what `local` says."""
    env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    if local is not None:
        for name in LOCAL:
            env.pop(name, None)
        env.update(local)
    env.update(_SET)
    return env


def command(*arguments: str) -> list[str]:
    """Give the argument list of a `git` command."""
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    return ["git", "--no-pager", "--literal-pathspecs", *settings, *arguments]


@contextmanager
def piped(
    commands: Sequence[Sequence[str]],
    env: Mapping[str, str],
    folder: str | None,
    lines: Iterable[str] | None = None,
    said: IO[bytes] | None = None,
) -> Iterator[BinaryIO]:
    """Run commands, each reading what the one before it writes, and give what the last one writes.

    `lines` are what the first one reads, `said` a file that takes what they say aside. Left before the last byte has been read,
    all are ended. Raises `GitFailed` when all has been read, and one of them failed; `Problem` where there is no `git`.
    """
    running: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        aside = said or stack.enter_context(tempfile.TemporaryFile())
        source: IO[bytes] | int = stack.enter_context(_standing(lines))
        stack.callback(_stop, running)
        for each in commands:
            child = _started(each, env, folder, source, aside)
            running.append(child)
            if len(running) > 1 and not isinstance(source, int):
                source.close()  # the next one has its own end of it
            source = cast("IO[bytes]", child.stdout)
        out = cast("BinaryIO", source)
        yield out
        if not out.closed and out.read(1):
            return
        for each, child in zip(commands, running, strict=True):
            if child.wait():
                raise GitFailed(_verb(each), child.returncode, _words(aside))


def _stop(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in running:
        if child.stdout is not None:
            child.stdout.close()
        if child.poll() is None:
            child.kill()
        child.wait()


def run(
    arguments: Sequence[str], env: Mapping[str, str], folder: str | None, lines: Iterable[str] | None = None
) -> bytes:
    """Run one command to its end, and give all that it wrote. Raises as `piped`."""
    with piped([arguments], env, folder, lines) as out:
        return out.read()


def version() -> tuple[int, ...]:
    """Give the version of `git`. Raises `Problem` where there is none."""
    said = run(["git", "version"], environment(), None).decode("ascii", "replace").split()
    numbers = said[2].split(".") if len(said) > 2 else []
    return tuple(int(number) for number in numbers[:3] if number.isdecimal())


@contextmanager
def _standing(lines: Iterable[str] | None) -> Iterator[IO[bytes] | int]:
    """Give lines as a file: written before anybody reads, so that nobody waits for anybody."""
    if lines is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.writelines(line.encode("utf-8", "surrogateescape") + b"\n" for line in lines)
        file.seek(0)
        yield file


def _started(
    arguments: Sequence[str], env: Mapping[str, str], folder: str | None, source: IO[bytes] | int, said: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            arguments, env=dict(env), cwd=folder, stdin=source, stdout=subprocess.PIPE, stderr=said, bufsize=1 << 16
        )
    except FileNotFoundError:
        if folder is not None and not os.path.isdir(folder):  # noqa: PTH112
            raise Problem("the folder to be read is gone", "name one that is there") from None
        raise NoGit("there is no `git` on this machine's PATH", "install git 2.30 or newer") from None
    except PermissionError:
        raise Problem("`git` may not be run, or the folder may not be entered", "give this user the right") from None


def _verb(arguments: Sequence[str]) -> str:
    """Tell which command it was, for an error."""
    return next(
        (part for part in arguments[1:] if part.isascii() and part.replace("-", "").isalpha() and part[0] != "-"), ""
    )


def _words(said: IO[bytes]) -> str:
    """Take what `git` said last, without what it quotes: names in there are other people's."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _SAID))
    lines = said.read().decode("utf-8", "replace").splitlines()
    told = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    return str(_QUOTED.sub("'...'", told))[:200]
