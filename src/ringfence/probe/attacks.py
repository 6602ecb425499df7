"""Attacks as data: what somebody with a login at the gate tries, to see what the policy hides from him.

The rule: an attack is one entry of `attacks.yaml`, and says nothing about any database: it is a template over a column, its
table and its key, which `fill` puts in. An attack that changes anything says so (`writes`), and is tried only where the
policy lets it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML


class Goal(StrEnum):
    """What an attack is after, and so what counts as success."""

    SHOWS = "shows"  # a hidden value comes back, in whatever spelling
    INFERS = "infers"  # yes or no to questions about a hidden value, until it is spelt out
    ANSWERS = "answers"  # a statement that compares a hidden value is run at all
    RUNS = "runs"  # a statement that leads round the gate is run at all
    STORES = "stores"  # a clear value goes where the policy does not let it go


class How(StrEnum):
    """How a statement is sent."""

    SIMPLE = "simple"
    EXTENDED = "extended"  # parsed, bound and run apart
    BINARY = "binary"  # results in binary
    PREPARED = "prepared"  # a named statement, run twice
    COPY = "copy"  # and what it gives is read


class Answer(StrEnum):
    """How yes is told from no."""

    ROWS = "rows"  # there are rows
    TRUE = "true"  # the first value is true
    ERROR = "error"  # the statement fails


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack."""

    name: str
    route: str
    goal: Goal
    statements: tuple[str, ...]
    how: How = How.SIMPLE
    answer: Answer = Answer.ROWS
    use: str = "compared"  # of ANSWERS and INFERS: what the policy calls it, `compared` or `equated`
    parameters: tuple[str, ...] = ()  # of the last statement
    writes: bool = False
    text_only: bool = False  # makes sense for values that are text
    needs: str = ""  # of the target: `view`

    @property
    def id(self) -> str:
        """Its name, with its route: what reports and the ledger call it."""
        return f"{self.route}/{self.name}"


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands in a template's gaps, spelt as SQL."""

    table: str  # "public"."customer"
    column: str  # "email"
    value: str  # the column, or a path into it
    key: str  # the key's column; "" where there is none
    keys: Sequence[str] = ()  # literals
    view: str = ""
    name: str = ""  # the table's name alone, as text: for the statistics
    literal: str = ""  # a value that nobody has, as a literal
    limit: int = 20

    @property
    def where(self) -> str:
        """The rows that are asked about."""
        return f"where {self.key} in ({', '.join(self.keys)})" if self.key and self.keys else ""

    @property
    def one(self) -> str:
        """One row of them, as a condition."""
        return f"{self.key} = {self.keys[0]}" if self.key and self.keys else "true"


def fill(template: str, filling: Filling, **more: str) -> str:
    """Put a target into a template."""
    gaps = {
        "t": filling.table,
        "column": filling.column,
        "c": filling.value,
        "key": filling.key or "1",
        "where": filling.where,
        "one": filling.one,
        "view": filling.view,
        "name": filling.name,
        "nobody": filling.literal,
        "rows": f"{filling.where} limit {filling.limit}",
        **more,
    }
    for gap, text in gaps.items():
        template = template.replace(f"{{{gap}}}", text)
    return template


@cache
def attacks() -> Sequence[Attack]:
    """Give the table, each attack under a name of its own."""
    text = files("ringfence.probe").joinpath("attacks.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Mapping[str, Any]] = YAML(typ="safe").load(text)
    return tuple(_attack(route, name, entry) for route, some in read.items() for name, entry in some.items())


def _attack(route: str, name: str, entry: str | Mapping[str, Any]) -> Attack:
    told: dict[str, Any] = {"run": entry} if isinstance(entry, str) else dict(entry)
    run = told.pop("run")
    return Attack(
        name,
        route,
        Goal(told.pop("goal", Goal.SHOWS)),
        (run,) if isinstance(run, str) else tuple(run),
        How(told.pop("how", How.SIMPLE)),
        Answer(told.pop("answer", Answer.ROWS)),
        parameters=tuple(told.pop("parameters", ())),
        **told,
    )
