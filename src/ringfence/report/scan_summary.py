"""What a scan comes to: counted as its items pass, told when they are through.

The rule: whoever writes a scan out gets its items as they come, and counts nothing by himself; so every output says the same
figures, and the exit code follows from them.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ringfence.extract.model import Why
from ringfence.gates.git.model import Allowance, Found, Scanned, Standing

CLEAN, FOUND, FAILED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a scan before it begins.

    Attributes
    ----------
    version
        Of ringfence.
    what
        What is scanned, in words: ``the index``, ``all history``, ``2 paths``.
    flow, policy
        The flow that decides, and the hash of its policy; "" where no policy was asked.
    past
        Whether history is scanned: no change of a file mends what is found there.
    repository, revision, branch
        Where what is scanned is kept (an address), and which state of it; "" where nobody knows.
    """

    version: str
    what: str = ""
    flow: str = ""
    policy: str = ""
    repository: str = ""
    revision: str = ""
    branch: str = ""
    past: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be written beside what is always: findings that a person has allowed, and those that the policy carries.

    `every` lists each finding of a text, where otherwise those that are noted are counted, and findings alike in one file after the
    first few.
    """

    allowed: bool = False
    carried: bool = False
    every: bool = False

    def wants(self, one: Found) -> bool:
        """Say whether a finding is written."""
        return (one.standing is not Standing.ALLOWED or self.allowed) and (
            one.standing is not Standing.CARRIED or self.carried
        )


@dataclass(slots=True)
class Summary:
    """The figures of a scan, as far as it has come.

    `allowances` gives, when all has been looked at, those that allow nothing and those that nothing needs.
    """

    about: About
    clock: Callable[[], float] = time.monotonic
    items: int = 0
    size: int = 0  # bytes looked at
    seconds: float = 0.0
    failed: int = 0
    past: int = 0  # findings that are refused and stand in history
    files: int = 0  # items with a finding that is refused
    standing: Counter[Standing] = field(default_factory=Counter)
    categories: Counter[tuple[str, Standing]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)  # of what is refused, by which rule of the policy
    passed: Counter[Why] = field(default_factory=Counter)
    allowances: Callable[[], Sequence[Allowance]] = tuple

    def counting(self, scanned: Iterable[Scanned]) -> Iterator[Scanned]:
        """Give the items as they come, and count them."""
        began = self.clock()
        for item in scanned:
            self._count(item)
            self.seconds = self.clock() - began
            yield item
        self.seconds = self.clock() - began

    def _count(self, item: Scanned) -> None:
        self.items += 1
        self.size += item.size
        self.failed += len(item.unread)
        self.passed.update(one.why for one in item.passed)
        for one in item.found:
            self.standing[one.standing] += one.count
            self.categories[one.category, one.standing] += one.count
            self.past += one.count if one.counts and (self.about.past or one.commit) else 0
            if one.counts and one.rule:
                self.rules[one.rule] += one.count
        self.files += any(one.counts for one in item.found)

    @property
    def refused(self) -> int:
        """How many findings are a reason to refuse."""
        return self.standing[Standing.REFUSED]

    @property
    def exit_code(self) -> int:
        """0: clean, 1: found, 2: something could not be read."""
        return FAILED if self.failed else FOUND if self.refused else CLEAN

    def of_category(self, *standings: Standing) -> list[tuple[str, int]]:
        """Give the categories that were found with one of these standings, the most frequent first."""
        counts: Counter[str] = Counter()
        for (category, standing), number in self.categories.items():
            if standing in standings:
                counts[category] += number
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
