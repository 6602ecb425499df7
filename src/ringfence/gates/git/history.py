"""All that a repository holds: each object once by its id, named by a path and by the commit that brought it.

The rule: one walk, oldest first, done by `git` (`rev-list` read by `cat-file`), so that the first commit an object is met under is
the one that brought it. What no ref and no reflog reaches is looked at as well: what somebody pushed, dropped or amended away is
still there for whoever asks for it. Ids are held as bytes, twenty or thirty-two each, and never all of them in a set.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Item, Origin, Passed
from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed

TOLD: Final = "--batch-check=%(objecttype) %(objectname) %(objectsize) %(rest)"
_WALK: Final = (
    "rev-list",
    "--stdin",
    "--objects",
    "--in-commit-order",
    "--topo-order",
    "--reverse",
    "--missing=print",
)
_READ: Final = ("cat-file", TOLD, "--buffer")
_NOTES: Final = "refs/notes/*"


@dataclass(frozen=True, slots=True)
class Extent:
    """How far back, and how deep.

    Attributes
    ----------
    since
        Only what commits after this time brought. What is dangling has no time: it is left out.
    after
        Only what is not reachable from this commit. What is dangling is left out.
    reflogs, dangling
        Whether what only a reflog names, and what nothing names, is looked at.
    """

    since: datetime | None = None
    after: str = ""
    reflogs: bool = True
    dangling: bool = True

    @property
    def whole(self) -> bool:
        """Whether it goes back to the beginning."""
        return self.since is None and not self.after


def history(repository: Repository, extent: Extent | None = None) -> Iterator[Item | Passed | Failed]:
    """Give every blob, commit and annotated tag once, with its size. A damaged repository is told, and the rest is given."""
    extent = extent or Extent()
    seen = Ids()
    notes = _notes(repository)
    whole = True
    for told in _walked(repository, extent, seen, notes):
        whole = whole and not (isinstance(told, Failed) and not told.file)
        yield told
    if extent.dangling and extent.whole:
        yield from _dangling(repository, seen, ["--not", "--all", "--reflog", "--not"] if whole else [])


def reached(repository: Repository, extent: Extent) -> tuple[list[str], list[str]]:
    """Give what `rev-list` is to walk from, and how far: options, and ids. Raises `Problem`."""
    since = [] if extent.since is None else [f"--since={extent.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"]
    flags = [*since, "--all", *(["--reflog"] if extent.reflogs else [])]
    after = [f"^{repository.id(extent.after)}"] if extent.after else []
    return flags, [*_stashes(repository), *after]


class Ids:
    """Ids that were met: as bytes, by their first byte, to be asked for in order."""

    def __init__(self) -> None:
        self._parts = [bytearray() for _ in range(256)]
        self._length = 20

    def add(self, name: str) -> None:
        """Keep an id."""
        raw = bytes.fromhex(name)
        self._length = len(raw)
        self._parts[raw[0]] += raw

    def part(self, first: int) -> set[bytes]:
        """Give those that begin with a byte."""
        part, length = self._parts[first], self._length
        return {bytes(part[at : at + length]) for at in range(0, len(part), length)}


def read_walk(
    repository: Repository, out: BinaryIO, seen: Ids, notes: frozenset[str] = frozenset()
) -> Iterator[Item | Passed | Failed]:
    """Read what a walk writes: a commit, then what it brought."""
    commit = ""
    lacking: bool | None = None
    for line in out:
        kind, _, told = line.rstrip(b"\n").partition(b" ")
        if told == b"missing":
            lacking = repository.lacking() if lacking is None else lacking
            yield absent(kind.decode("ascii", "replace").lstrip("?"), lacking=lacking)
            continue
        if kind == b"tree":
            continue
        parts = told.split(b" ", 2)
        name = parts[0].decode("ascii")
        path = parts[2].decode("utf-8", "surrogateescape") if len(parts) > 2 else ""
        seen.add(name)
        if kind == b"commit":
            commit = name
            yield message(name, int(parts[1]))
        elif kind == b"tag":
            yield Item(f"tag {path or name[:12]}", Origin.TAG, int(parts[1]), name)
        else:
            origin = Origin.NOTE if commit in notes else Origin.BLOB
            yield Item(path or f"blob {name[:12]}", origin, int(parts[1]), name, commit=commit)


def absent(name: str, *, lacking: bool) -> Passed | Failed:
    """Tell that an object is not there: of a clone that does not have all, or of one that should."""
    if lacking:
        return Passed(name, Why.ABSENT)
    what = f"object {name[:12]} is missing or damaged"
    return Failed(name, Fault.DAMAGED, what, "`git fsck` lists what is damaged; fetch or clone again")


def message(commit: str, size: int = -1) -> Item:
    """Give a commit's message as an item."""
    return Item(f"commit {commit[:12]}", Origin.COMMIT, size, commit, commit=commit)


def _walked(
    repository: Repository, extent: Extent, seen: Ids, notes: frozenset[str]
) -> Iterator[Item | Passed | Failed]:
    flags, ids = reached(repository, extent)
    try:
        with repository.piped([*_WALK, *flags], _READ, lines=ids) as out:
            yield from read_walk(repository, out, seen, notes)
    except GitFailed as failed:
        yield broken(failed)


def broken(failed: GitFailed) -> Failed:
    """Tell that a walk ended before its end."""
    return Failed("", Fault.DAMAGED, f"the history cannot be walked to its end: {failed.what}", failed.mend)


def _dangling(repository: Repository, seen: Ids, known: list[str]) -> Iterator[Item | Passed | Failed]:
    """Give what no walk came to: first by the commits among it, so that it has names, then what has none.

    `known`: what need not be walked again; nothing, where a walk from there does not come to its end.
    """
    rest: dict[str, tuple[bytes, int]] = {}
    try:
        with repository.piped(["cat-file", TOLD, "--batch-all-objects", "--buffer"]) as out:
            for name, kind, size in unmet(out, seen):
                rest[name] = kind, size
    except GitFailed as failed:
        yield broken(failed)
    commits = [name for name, (kind, _) in rest.items() if kind in {b"commit", b"tag"}]
    if commits:
        with (
            suppress(GitFailed),  # what is dangling may lack what it names; all that is there comes below
            repository.piped([*_WALK, *known], _READ, lines=commits) as out,
        ):
            for item in read_walk(repository, out, Ids()):
                if isinstance(item, Item) and item.object in rest:
                    del rest[item.object]
                    yield item
    for name, (kind, size) in rest.items():
        yield bare(name, kind, size)


def unmet(out: BinaryIO, seen: Ids) -> Iterator[tuple[str, bytes, int]]:
    """Give id, kind and size of those objects, in the order of their ids, that were not met."""
    first, met = -1, set[bytes]()
    for line in out:
        kind, _, told = line.partition(b" ")
        if kind not in {b"blob", b"commit", b"tag"}:
            continue
        name, size = told.split()[:2]
        raw = bytes.fromhex(name.decode("ascii"))
        if raw[0] != first:
            first = raw[0]
            met = seen.part(first)
        if raw not in met:
            yield name.decode("ascii"), kind, int(size)


def bare(name: str, kind: bytes, size: int) -> Item:
    """Give an object that nothing names."""
    if kind == b"commit":
        return message(name, size)
    origin = Origin.TAG if kind == b"tag" else Origin.BLOB
    return Item(f"{kind.decode('ascii')} {name[:12]}", origin, size, name)


def _notes(repository: Repository) -> frozenset[str]:
    """Give the commits that only notes are made of."""
    try:
        said = repository.run("rev-list", f"--glob={_NOTES}", "--not", f"--exclude={_NOTES}", "--all")
    except GitFailed:
        return frozenset()
    return frozenset(said.decode("ascii").split())


def _stashes(repository: Repository) -> list[str]:
    """Give every stash: all but the last one are named by a reflog only."""
    try:
        return repository.run("rev-list", "--walk-reflogs", "refs/stash", "--").decode("ascii").split()
    except GitFailed:
        return []
