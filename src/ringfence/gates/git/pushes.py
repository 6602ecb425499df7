"""What a push brings: of each new commit what it changes, its message, new tags, and what comes along unnamed.

The rule: new is what no ref reaches that is already there. A hook gives lines, one for each ref; `received` reads those of
``pre-receive``, `pushing` those of ``pre-push``. What a server was sent and no new ref reaches is looked at as well: it would lie
in its store and could be asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.gates.git.diffs import COARSE, OPTIONS, Change, changes
from ringfence.gates.git.history import Ids, absent, bare, broken, message, read_walk, unmet
from ringfence.gates.git.items import given
from ringfence.gates.git.model import Failed, Item, Origin, Passed
from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed
from ringfence.home import Problem

_OPTIONS: Final = (*OPTIONS, "--unified=1")
"""Of a merge, git leaves lines out of the middle of a hunk that it writes without context: they could not be counted."""

_TRACKED: Final = "refs/remotes/"
_DEEPEST: Final = 50  # tags of tags


@dataclass(frozen=True, slots=True)
class Ref:
    """One ref of a push: what it was and what it becomes; "" for no object."""

    name: str
    old: str
    new: str


def received(lines: Iterable[bytes], repository: Repository) -> list[Ref]:
    """Read the lines of ``pre-receive``: old id, new id, ref. Raises `Problem`."""
    return [_ref(line, repository, old=0, new=1, name=2, fields=3) for line in lines if line.strip()]


def pushing(lines: Iterable[bytes], repository: Repository) -> list[Ref]:
    """Read the lines of ``pre-push``: local ref, local id, remote ref, remote id. Raises `Problem`."""
    return [_ref(line, repository, old=3, new=1, name=2, fields=4) for line in lines if line.strip()]


def pushed(repository: Repository, refs: Sequence[Ref]) -> Iterator[Item | Passed | Failed]:
    """Give what a server was sent (``pre-receive``, ``update``): against all refs that it has."""
    yield from _brought(repository, [ref.new for ref in refs if ref.new], ["--all"], [])
    yield from unnamed(repository, refs)


def named(
    repository: Repository, refs: Sequence[Ref], judged: Callable[[str], bool]
) -> Iterator[Item | Passed | Failed]:
    """Give what refs that a server was sent reach, and none of its own that was judged alike.

    Otherwise what was let go to one ref, by its rules, would go from there to any other.
    """
    said = repository.run("for-each-ref", "--format=%(objectname) %(refname)").decode("utf-8", "surrogateescape")
    there = (line.partition(" ") for line in said.splitlines())
    known = list(dict.fromkeys(tip for tip, _, name in there if judged(name)))
    yield from _brought(repository, [ref.new for ref in refs if ref.new], [], known)


def outgoing(repository: Repository, refs: Sequence[Ref], remote: str = "") -> Iterator[Item | Passed | Failed]:
    """Give what is about to be sent (``pre-push``): against what is known of the remote. `remote` is its name, if it has one."""
    tips = [ref.new for ref in refs if ref.new]
    olds = {ref.old for ref in refs if ref.old}
    yield from _brought(repository, tips, [], list(_kinds(repository, olds | _tracked(repository, remote))))


def commits(repository: Repository, revisions: Iterable[str]) -> Iterator[Item | Passed | Failed]:
    """Give what single commits bring, in the order named. Raises `Problem` for one that is not there."""
    names = [repository.id(revision) for revision in revisions]
    yield from _changed(repository, ["rev-list", "--no-walk=unsorted", "--stdin"], names)


def _brought(
    repository: Repository, tips: list[str], known: list[str], olds: list[str]
) -> Iterator[Item | Passed | Failed]:
    kinds = _kinds(repository, set(tips))
    starts: list[str] = []
    others: list[str] = []
    for tip in dict.fromkeys(tips):
        kind = kinds.get(tip)
        if kind is None:
            yield absent(tip, lacking=repository.lacking())
        elif kind == "commit":
            starts.append(tip)
        elif kind == "tag":
            tags, target, kind = _peeled(repository, tip)
            yield from tags
            (starts if kind == "commit" else others).append(target)
        else:
            others.append(tip)
    unwanted = [f"^{old}" for old in olds]
    if starts:
        walk = ["rev-list", "--stdin", "--reverse", "--topo-order", *(["--not", *known, "--not"] if known else [])]
        yield from _changed(repository, walk, [*starts, *unwanted])
    if others:  # a tree or a blob that a tag names: no commit says which of its lines are new
        walk = ["rev-list", "--stdin", "--objects", *(["--not", *known, "--not"] if known else [])]
        read = ["cat-file", "--batch-check=%(objecttype) %(objectname) %(objectsize) %(rest)", "--buffer"]
        try:
            with repository.piped(walk, read, lines=[*others, *unwanted]) as out:
                yield from read_walk(repository, out, Ids())
        except GitFailed as failed:
            yield broken(failed)


def _changed(repository: Repository, walk: list[str], lines: list[str]) -> Iterator[Item | Passed | Failed]:
    """Give each commit's message, and what it changes; whole files from where a clone lacks what stood there before."""
    done: dict[str, bool] = {}
    try:
        yield from _compared(repository, walk, lines, _OPTIONS, done)
    except GitFailed as failed:
        if not repository.lacking():
            yield broken(failed)
            return
        if done:
            commit, complete = done.popitem()
            if complete:
                done[commit] = True
        try:
            yield from _compared(repository, walk, lines, COARSE, done)
        except GitFailed as again:
            yield broken(again)


def _compared(
    repository: Repository, walk: list[str], lines: list[str], options: Sequence[str], done: dict[str, bool]
) -> Iterator[Item | Passed]:
    """Give what commits bring that are not `done`. They are afterwards, and whether their changes were given."""
    diff = ["diff-tree", "--stdin", "-r", "--root", "-c", "--always", *options]
    before, commit = set(done), ""
    with repository.piped(walk, diff, lines=lines) as out:
        for change in changes(out):
            if not isinstance(change, Change):
                commit = change
                if commit not in before:
                    done[commit] = False
                    yield message(commit)
            elif commit not in before:
                done[commit] = True
                yield from given([change], Origin.BLOB, commit)


def unnamed(repository: Repository, refs: Sequence[Ref]) -> Iterator[Item | Passed | Failed]:
    """Give what lies in a push's quarantine and no new ref reaches."""
    tips = [ref.new for ref in refs if ref.new]
    local = dict(repository.local)
    quarantine = local.get("GIT_QUARANTINE_PATH", "")
    if not quarantine:
        return
    seen = Ids()
    told = "--batch-check=%(objecttype) %(objectname) %(objectsize)"
    try:
        with repository.piped(
            ["rev-list", "--stdin", "--objects", "--no-object-names", "--not", "--all", "--not"], lines=tips
        ) as out:
            for line in out:
                seen.add(line.decode("ascii").strip())
        alone = repository.within(GIT_OBJECT_DIRECTORY=quarantine, GIT_ALTERNATE_OBJECT_DIRECTORIES="")
        with alone.piped(["cat-file", told, "--batch-all-objects", "--buffer"]) as out:
            rest = {name: (kind, size) for name, kind, size in unmet(out, seen)}
        # A pack that leaned on what is there already was completed by git with just that.
        before = repository.within(GIT_OBJECT_DIRECTORY="", GIT_ALTERNATE_OBJECT_DIRECTORIES="", GIT_QUARANTINE_PATH="")
        there = _kinds(before, set(rest))
    except GitFailed as failed:
        yield broken(failed)
        return
    for name, (kind, size) in rest.items():
        if name not in there:
            yield bare(name, kind, size)


def _ref(line: bytes, repository: Repository, *, old: int, new: int, name: int, fields: int) -> Ref:
    parts = line.decode("utf-8", "surrogateescape").rstrip("\n").split(" ")
    length = len(repository.none)
    ids = [parts[old], parts[new]] if len(parts) == fields else []
    if not ids or any(len(each) != length or not each.isalnum() for each in ids):
        raise Problem("a line of the hook's input is not what git writes there", "the hook is to be run by git")
    was, becomes = ("" if each == repository.none else each for each in ids)
    return Ref(parts[name], was, becomes)


def _kinds(repository: Repository, names: set[str]) -> dict[str, str]:
    """Tell the kinds of those objects that are there."""
    if not names:
        return {}
    said = repository.run("cat-file", "--batch-check=%(objectname) %(objecttype)", lines=sorted(names))
    rows = (line.split() for line in said.decode("ascii").splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[1] != "missing"}


def _peeled(repository: Repository, tag: str) -> tuple[list[Item], str, str]:
    """Follow an annotated tag to what it names: the tags on the way, the id, its kind."""
    tags: list[Item] = []
    kind = "tag"
    while kind == "tag" and len(tags) < _DEEPEST:
        content = repository.run("cat-file", "tag", tag)
        tags.append(Item(f"tag {_headed(content, 'tag')}", Origin.TAG, len(content), tag))
        tag, kind = _headed(content, "object"), _headed(content, "type")
    return tags, tag, kind


def _headed(content: bytes, field: str) -> str:
    head = content.partition(b"\n\n")[0].decode("utf-8", "surrogateescape")
    found = (line.partition(" ")[2] for line in head.split("\n") if line.startswith(f"{field} "))
    return next(found, "")


def _tracked(repository: Repository, remote: str) -> set[str]:
    """Give what is known to be at a remote: what refs say that follow it, and no remote whose refs lie below its own."""
    try:
        said = repository.run("config", "--null", "--get-regexp", r"^remote\..*\.fetch$")
    except GitFailed:  # there is none
        return set()
    owners: dict[str, set[str]] = {}
    for line in said.decode("utf-8", "surrogateescape").split("\0"):
        key, _, spec = line.partition("\n")
        place = spec.partition(":")[2]
        if place.startswith(_TRACKED):
            owners.setdefault(place, set()).add(key.removeprefix("remote.").removesuffix(".fetch"))
    told = repository.run("for-each-ref", "--format=%(objectname) %(refname)", _TRACKED)
    rows = (line.partition(" ") for line in told.decode("utf-8", "surrogateescape").splitlines())
    nearest = sorted(owners, key=len, reverse=True)
    return {
        tip
        for tip, _, name in rows
        if owners.get(next((each for each in nearest if _is_in(name, each)), "")) == {remote}
    }


def _is_in(name: str, place: str) -> bool:
    """Whether a ref is one that a fetch writes to a place: a name, or a pattern with one ``*``."""
    before, star, behind = place.partition("*")
    return name.startswith(before) and name.endswith(behind) if star else name == place
