"""What has to be done about personal data that is in history: which objects, commits and refs, what of it can be mended, and who is
concerned.

The rule: a plan names objects by their ids, paths as they are shown, and counts; it holds no value. What the rewriting needs beyond
that it finds again in the repository.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ringfence.extract.model import Why
from ringfence.gates.git.mending import MOST, Mender
from ringfence.gates.git.model import Failed, Found, Item, Origin, Scanned
from ringfence.gates.git.objects import Unread
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed
from ringfence.taxonomy import CATEGORIES, Sensitivity

_AT_ONCE: Final = 500  # commits that refs are asked about in one call
_CREDENTIALS: Final = "user.authorization"
_SPOKEN: Final = frozenset((Origin.COMMIT, Origin.TAG))


@dataclass(frozen=True, slots=True)
class Touched:
    """An object that holds what may not be there."""

    id: str
    name: str  # as it was met; to be cleaned before it is shown
    commit: str
    entities: tuple[tuple[str, int], ...]
    mend: str  # "replace", or "remove"
    why: str = ""  # of what is removed


@dataclass(frozen=True, slots=True)
class Rotated:
    """A credential: it must be made invalid wherever it opens something."""

    name: str
    line: int
    commit: str
    entity: str


@dataclass(slots=True)
class HistoryPlan:
    """What was found, and what is to be done about each object."""

    objects: list[Touched] = field(default_factory=list)
    messages: list[Touched] = field(default_factory=list)
    rotate: list[Rotated] = field(default_factory=list)
    categories: Counter[str] = field(default_factory=Counter)  # findings
    values: dict[str, set[str]] = field(default_factory=dict)  # digests of values, by category
    refs: list[str] = field(default_factory=list)
    dangling: int = 0  # objects that no ref leads to
    failed: list[Failed] = field(default_factory=list)
    absent: int = 0  # objects that this clone does not have
    first: str = ""  # when the oldest commit was made that brought some
    last: str = ""
    unplaced: str = ""  # why git could not tell which refs lead there; to be cleaned before it is shown

    @property
    def commits(self) -> list[str]:
        """Give the commits that brought what was found, in the order in which they were met."""
        return list(dict.fromkeys(one.commit for one in (*self.objects, *self.messages) if one.commit))

    @property
    def distinct(self) -> list[tuple[str, int, int]]:
        """Give for each category how many findings and how many different values there are."""
        return [(each, count, len(self.values[each])) for each, count in self.categories.most_common()]

    @property
    def special(self) -> list[str]:
        """Give the categories where harm is greatest: what laws name as special, and what opens the way to fraud."""
        return [each for each in self.categories if _sensitivity(each) is Sensitivity.HIGH]

    def take(self, scanned: Iterable[Scanned], mender: Mender, opener: Opener) -> None:
        """Take what a scan of history found; try on each object whether it can be mended."""
        for one in scanned:
            self.failed.extend(one.unread)
            self.absent += sum(passed.why is Why.ABSENT for passed in one.passed)
            refused = [found for found in one.found if found.counts]
            if refused and one.item.object:
                self._take(one.item, refused, mender, opener)

    def _take(self, item: Item, refused: list[Found], mender: Mender, opener: Opener) -> None:
        for found in refused:
            self.categories[found.category] += found.count
            self.values.setdefault(found.category, set()).add(found.digest)
            if found.category.startswith(_CREDENTIALS):
                self.rotate.append(Rotated(item.name, found.line, item.commit, found.entity or found.category))
        counts: Counter[str] = Counter()
        for found in refused:
            counts[found.entity or found.category] += found.count
        entities = tuple(counts.most_common())
        is_spoken = item.origin in _SPOKEN
        why = "" if is_spoken else _unmendable(item, mender, opener)
        touched = Touched(item.object, item.name, item.commit, entities, "remove" if why else "replace", why)
        (self.messages if is_spoken else self.objects).append(touched)

    def place(self, repository: Repository) -> None:
        """Find out which refs lead to what was found, and since when; where git cannot tell, the plan says so."""
        commits = self.commits
        if not commits:
            return
        try:
            self._place(repository, commits)
        except GitFailed as failed:
            self.unplaced = failed.what

    def _place(self, repository: Repository, commits: list[str]) -> None:
        refs = set[str]()
        for at in range(0, len(commits), _AT_ONCE):
            asked = [f"--contains={commit}" for commit in commits[at : at + _AT_ONCE]]
            told = repository.run("for-each-ref", "--format=%(refname)", *asked)
            refs.update(told.decode("utf-8", "surrogateescape").split())
        self.refs = sorted(refs)
        dates = repository.run("log", "--no-walk=unsorted", "--format=%cI", "--stdin", lines=commits)
        times = sorted(dates.decode("ascii", "replace").split())
        self.first, self.last = times[0], times[-1]
        reached = set(repository.run("rev-list", "--all").decode("ascii").split())
        self.dangling = sum(1 for one in self.objects if not one.commit or one.commit not in reached)


def _unmendable(item: Item, mender: Mender, opener: Opener) -> str:
    """Say why an object cannot be mended; "" where it can."""
    try:
        with opener.open(item).stream as stream:
            data = stream.read(MOST + 1)
    except Unread as unread:
        return unread.what
    mended = mender.mend(item, data)
    if mended.left:
        return mended.left[0].why
    return "" if mended.data is not None else "what was found is not found again in it"


def _sensitivity(category: str) -> Sensitivity | None:
    found = CATEGORIES.get(category)
    return found.sensitivity if found is not None else None


def named(found: Iterable[object], wanted: frozenset[str]) -> Iterator[tuple[str, Item]]:
    """Give the items of a history that are wanted, by their ids."""
    for one in found:
        if isinstance(one, Item) and one.object in wanted:
            yield one.object, one
