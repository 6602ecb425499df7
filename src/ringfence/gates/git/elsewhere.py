"""Objects of a history that were left out by their names, under the other names that they have.

The rule: a walk gives an object once, under the first name that it meets. Where that is in `vendor/`, the object may still stand
under `data/`: so it is looked at under the first name by which it is not left out, and once. The walk that finds such names reads
no blob, and is done only where something was left out. Of ids eight bytes are held, in order: an object whose id begins as that of
another is looked at once more, which is all that it costs.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import BinaryIO, Final

from ringfence.extract.model import Why
from ringfence.extract.skipping import LIKE_MINIFIED
from ringfence.gates.git.diffs import COARSE, name_in, raws
from ringfence.gates.git.history import TOLD, Extent, Ids, broken, reached, unmet
from ringfence.gates.git.model import Failed, Item, Origin, Scanned
from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed

_BY_NAME: Final = frozenset((Why.VENDORED, Why.GENERATED, Why.MINIFIED, Why.IGNORED))
_DIGITS: Final = 16  # of an id
_WALK: Final = ("rev-list", "--stdin", "--topo-order", "--reverse")
_DIFF: Final = ("diff-tree", "--stdin", "-r", "--root", "-c", "--always", *COARSE)

LeavesOut = Callable[[str, bytes], bool]
"""Says whether a file of this name that begins so is left out."""


class LeftOut:
    """Objects that were left out, as they come: such whose names decided, and such whose first bytes did, as a program's."""

    def __init__(self, leaves_out: LeavesOut) -> None:
        self._leaves_out = leaves_out
        self._ids = {head: array("Q") for head in (b"", LIKE_MINIFIED)}

    def __bool__(self) -> bool:
        return any(self._ids.values())

    def takes(self, scanned: Scanned) -> bool:
        """Take an object that was left out whole, and may not be under another name; say whether it was."""
        item = scanned.item
        if not item.object or not any(one.why in _BY_NAME and not one.members for one in scanned.passed):
            return False
        self.add(item.object, b"" if self._leaves_out(item.name, b"") else LIKE_MINIFIED)
        return True

    def add(self, name: str, head: bytes = b"") -> None:
        """Take an object by its id; `head`: what it begins like."""
        self._ids[head].append(_number(name))

    def given(self, out: BinaryIO, commits: Ids) -> Iterator[Item]:
        """Read what commits changed; give each object once, under a name by which it is looked at. Keeps the commits."""
        commit = ""
        for told in raws(out):
            if isinstance(told, str):
                commit = told
                commits.add(commit)
                continue
            number = _number(told[0])
            for group in self._groups:
                at = group.wanted(number)
                if at >= 0 and not self._leaves_out(name := name_in(told[1]), group.head):
                    group.done[at] = 1
                    yield Item(name, Origin.BLOB, object=told[0], commit=commit)

    @cached_property
    def _groups(self) -> "list[_Group]":
        return [_Group(head, ids) for head, ids in self._ids.items() if ids]


class _Group:
    def __init__(self, head: bytes, ids: "array[int]") -> None:
        self.head = head
        self.done = bytearray(len(ids))
        self._ids = array("Q", sorted(ids))

    def wanted(self, number: int) -> int:
        """Give where an id is, if its object was not given; else -1."""
        at = bisect_left(self._ids, number)
        return at if at < len(self._ids) and self._ids[at] == number and not self.done[at] else -1


def elsewhere(repository: Repository, extent: Extent, left_out: LeftOut) -> Iterator[Item | Failed]:
    """Give objects that were left out under other names that they have in the same extent of a history, where they have one."""
    flags, ids = reached(repository, extent)
    met = Ids()
    try:
        with repository.piped([*_WALK, *flags], _DIFF, lines=ids) as out:
            yield from left_out.given(out, met)
        if extent.dangling and extent.whole:
            with repository.piped(["cat-file", TOLD, "--batch-all-objects", "--buffer"]) as out:
                dangling = [name for name, kind, _ in unmet(out, met) if kind == b"commit"]
            with repository.piped(_DIFF, lines=dangling) as out:
                yield from left_out.given(out, met)
    except GitFailed as failed:
        if not repository.lacking():  # what a clone lacks has been told, object by object
            yield broken(failed)


def _number(name: str) -> int:
    return int(name[:_DIGITS], 16)
