"""What a commit, or the way from one revision to another, brings: each changed file as it will be, with its new lines.

The rule: what stood there before is nobody's doing now, so a line counts as new only where no parent has it; a merge answers for
its own lines alone. A file that git calls binary is looked at whole. What is deleted brings nothing; what is renamed only what is
new in it, but as its name decides how it is judged, both names are given, and where git does not say what it was, all of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from ringfence.extract.model import Why
from ringfence.gates.git.diffs import COARSE, OPTIONS, Change, changes, common
from ringfence.gates.git.model import Item, Origin, Passed
from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed
from ringfence.home import Problem

_SUBMODULE: Final = "160000"
_DELETED: Final = "000000"


def staged(repository: Repository) -> Iterator[Item | Passed]:
    """Give what `git commit` would commit: the index against HEAD, and during a merge against what is merged, too.

    Raises `Problem` where the index cannot be read.
    """
    try:
        ours = _index_against(repository, "HEAD")
    except GitFailed:
        if _born(repository):
            raise
        ours = _index_against(repository, repository.empty)
    merged = _merged(repository)
    if not merged:
        yield from given(ours, Origin.INDEX)
        return
    kept = {change.name: change for change in ours}
    for parent in merged:
        theirs = {change.name: change for change in _index_against(repository, parent)}
        kept = {
            name: replace(
                change,
                lines=common(change.lines, theirs[name].lines),
                before=change.before or theirs[name].before,
            )
            for name, change in kept.items()
            if name in theirs
        }
    yield from given(kept.values(), Origin.INDEX)


def between(repository: Repository, revisions: str) -> Iterator[Item | Passed]:
    """Give what ``A..B`` changes, or ``A...B`` since where both came from. An end that is not named is HEAD; ``A`` is ``A..HEAD``.

    Raises `Problem` where a revision is unknown.
    """
    dots = "..." if "..." in revisions else ".."
    first, _, last = revisions.partition(dots)
    kind = "commit" if dots == "..." else "tree"
    old, new = repository.id(first or "HEAD", kind), repository.id(last or "HEAD", kind)
    if dots == "...":
        try:
            old = repository.run("merge-base", old, new).decode("ascii").split()[0]
        except GitFailed as failed:
            if failed.code != 1:
                raise
            raise Problem(
                f"{revisions!r}: the two have no commit in common, or a shallow clone does not reach it",
                "write A..B, or `git fetch --unshallow`",
            ) from None
    yield from given(_compared(repository, ["diff-tree", "-r"], [old, new]), Origin.BLOB)


def given(found: Iterable[Change], origin: Origin, commit: str = "") -> Iterator[Item | Passed]:
    """Give what of changes is to be looked at."""
    for change in found:
        if change.mode == _SUBMODULE:
            if change.new not in change.olds:
                yield Passed(change.name, Why.SUBMODULE)
        elif change.mode != _DELETED and not change.status.startswith("U"):
            lines = None if change.came_by_merge else change.lines
            if lines != () or change.before:
                yield Item(change.name, origin, object=change.new, commit=commit, lines=lines, before=change.before)


def _index_against(repository: Repository, tree: str) -> list[Change]:
    return _compared(repository, ["diff-index", "--cached", "--ita-invisible-in-index"], [tree])


def _compared(repository: Repository, command: list[str], trees: list[str]) -> list[Change]:
    try:
        with repository.piped([*command, *OPTIONS, *trees, "--"]) as out:
            return [change for change in changes(out) if isinstance(change, Change)]
    except GitFailed:
        if not repository.lacking():
            raise
    with repository.piped([*command, *COARSE, *trees, "--"]) as out:
        return [change for change in changes(out) if isinstance(change, Change)]


def _born(repository: Repository) -> bool:
    try:
        repository.id("HEAD")
    except Problem:
        return False
    return True


def _merged(repository: Repository) -> list[str]:
    """Give the commits that are being merged into HEAD."""
    try:
        said = Path(repository.folder, "MERGE_HEAD").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in said.split() if line.isalnum()]
