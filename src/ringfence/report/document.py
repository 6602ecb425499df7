"""A report as values: what every form of it (text, Markdown, HTML, CSV, JSON) is written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ringfence.report.basis import Basis

Cell: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the key that programs read it by, and the head that people do."""

    key: str
    head: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads. `empty` is said where there is none."""

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    empty: str = "nothing"


@dataclass(frozen=True, slots=True)
class Document:
    """A report."""

    kind: str
    title: str
    basis: Basis
    summary: tuple[str, ...]  # sentences: what the tables come to
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()  # what it cannot say, and why

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What it rests on, in words."""
        return self.basis.facts


NOT_YET = (
    "Payloads in which nothing personal was are counted once a minute: those of the last one may not be in it yet."
)
"""Said where they are counted."""


def several(number: int, noun: str, nouns: str = "") -> str:
    """Count things in words.

    >>> several(1, "receiver"), several(1_200, "receiver"), several(2, "category", "categories")
    ('1 receiver', '1,200 receivers', '2 categories')
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"
