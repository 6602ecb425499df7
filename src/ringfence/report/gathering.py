"""Rows that are counted together: how often, how much, when, and out of which entries."""

from collections.abc import Iterable
from dataclasses import dataclass

from ringfence.report.document import Cell, Column
from ringfence.report.passing import Outcome, Passage

COUNTED = (
    Column("crossings", "crossings"),
    Column("values", "values"),
    Column("unknown", "of unknown outcome"),
    Column("first_at", "first"),
    Column("last_at", "last"),
    Column("entries", "entries"),
)
"""The columns that a `Gathered` gives."""


@dataclass(slots=True)
class Gathered:
    """What is known of the passages of one row."""

    crossings: int = 0
    values: int = 0
    unknown: int = 0
    first_at: str = ""
    last_at: str = ""
    first: int = 0
    last: int = 0
    example: str = ""  # the newest crossing's id
    mend: str = ""

    def add(self, passage: Passage, values: int = 0) -> None:
        """Count a passage in."""
        if not self.crossings:
            self.first_at, self.first = passage.at, passage.first
        self.crossings += passage.times
        self.values += values
        self.unknown += passage.outcome in (Outcome.UNKNOWN, Outcome.CUT)
        self.first_at = min(self.first_at, passage.at)
        self.last_at = max(self.last_at, passage.at)
        self.first = min(self.first, passage.first)
        self.last = max(self.last, passage.last)
        self.example = passage.crossing
        self.mend = passage.text("mend") or self.mend

    @property
    def entries(self) -> str:
        """Give the stretch of the ledger that these figures were counted from."""
        return f"{self.first}-{self.last}" if self.first != self.last else f"{self.first}"

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Give the cells under `COUNTED`."""
        return (self.crossings, self.values, self.unknown, self.first_at, self.last_at, self.entries)


def in_order(rows: Iterable[tuple[Cell, ...]], by: int) -> list[tuple[Cell, ...]]:
    """Sort rows by a figure, the largest first, and then by their words."""
    return sorted(rows, key=lambda row: (-_figure(row[by]), tuple(map(str, row))))


def _figure(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0
