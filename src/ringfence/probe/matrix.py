"""The leak matrix: role × category × route, and in each cell what came of the attacks. An HTTP gate's flows stand as its roles.

The rule: it holds names, counts and reasons, never a value; and it says what it was tried against, for "no leak" says nothing
without that. What could not be tried is *not runnable*, with the reason, and never counts as blocked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What came of an attack, the worst last."""

    NOT_RUNNABLE = "not runnable"
    BLOCKED = "blocked"
    CHANGED = "changed"  # something came, in another form
    CLEAR = "clear"  # as the policy allows
    LEAKED = "leaked"


_ORDER = {verdict: number for number, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One attack, by one role, on one category."""

    role: str
    category: str
    route: str
    attack: str
    verdict: Verdict
    why: str = ""  # of what could not be run; else what was said or seen
    field: str = ""  # the field that stood for the category
    leaked: tuple[str, ...] = ()  # the categories that were read
    ways: tuple[str, ...] = ()  # how they were spelt


@dataclass(frozen=True, slots=True)
class Against:
    """What a matrix was tried against."""

    gate: str
    asset: str
    flows: Sequence[str]
    policy: str
    fields: int  # 0: none is asked about
    values: int  # how many values were watched for
    learnt: str  # where they come from
    attacks: int
    routes: int
    depth: int  # encodings over one another that were undone
    writes: bool
    flow_of: Mapping[str, str] = field(default_factory=dict)  # role -> the flow that it reads through


@dataclass(frozen=True, slots=True)
class Matrix:
    """The result of one run."""

    run: str
    began: str
    ended: str
    against: Against
    cells: Sequence[Cell] = field(default_factory=list)
    statements: int = 0

    @property
    def leaks(self) -> list[Cell]:
        """The cells that leak."""
        return [cell for cell in self.cells if cell.verdict is Verdict.LEAKED]

    @property
    def ran(self) -> int:
        """How many attacks were tried."""
        return sum(cell.verdict is not Verdict.NOT_RUNNABLE for cell in self.cells)

    def counts(self) -> Mapping[Verdict, int]:
        """Count the cells by verdict."""
        found = Counter(cell.verdict for cell in self.cells)
        return {verdict: found[verdict] for verdict in Verdict}

    def reasons(self) -> Mapping[str, int]:
        """Say why cells were not runnable, each reason with their number."""
        found = Counter(cell.why for cell in self.cells if cell.verdict is Verdict.NOT_RUNNABLE)
        return dict(found.most_common())

    def roles(self) -> list[str]:
        """The roles, in the order in which they were tried."""
        return list(dict.fromkeys(cell.role for cell in self.cells))

    def categories(self, role: str) -> list[str]:
        """The categories that were tried as a role."""
        return list(dict.fromkeys(cell.category for cell in self.cells if cell.role == role))

    def routes(self) -> list[str]:
        """The routes."""
        return list(dict.fromkeys(cell.route for cell in self.cells))

    def at(self, role: str, category: str) -> Iterator[tuple[str, Verdict, Sequence[Cell]]]:
        """Give a row of the matrix: each route with its worst verdict and its cells."""
        by_route: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if (cell.role, cell.category) == (role, category):
                by_route.setdefault(cell.route, []).append(cell)
        for route, cells in by_route.items():
            yield route, max((cell.verdict for cell in cells), key=_ORDER.__getitem__), cells
