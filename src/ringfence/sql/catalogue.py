"""What of PostgreSQL's catalogue has to be known to say where columns come from, as values that somebody else loads.

The rule: nothing here asks a server. An analysis that lacks something says so (`Missing`), the rim loads it, and the
analysis is made again. What was asked for and does not exist stands here as None, so that nothing is asked for twice.

Everything but `bodies` and `labels` holds for a whole database; a body is what a function's text means under one
search path and for one user, and labels belong to one session (`Catalogue.fork`). A catalogue is only ever added to;
when the database's definitions may have changed, another one takes its place (`Catalogue.renewed`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.tree import Node, Tree

if TYPE_CHECKING:
    from ringfence.sql.model import Path


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation. A dropped one has no name."""

    number: int
    name: str
    type: int
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """How the values of a generated column are computed; `relation` is the one whose columns the expression names."""

    relation: int
    column: str
    expression: Node


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of one's own (foreign keys have none here) that is on, of a relation or one that inherits from it."""

    name: str
    function: int
    events: int  # pg_trigger.tgtype
    oid: int
    xmin: int

    @property
    def changes_rows(self) -> bool:
        """Whether it may change the row that is written: BEFORE or INSTEAD OF, for each row."""
        return bool(self.events & 1 and self.events & (2 | 64))


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view, sequence or what else has columns. `schema` is `pg_temp` for a temporary one of the session's own."""

    oid: int
    schema: str
    name: str
    kind: str
    columns: Mapping[int, Column]
    parents: tuple[int, ...] = ()
    foreign: tuple[str, ...] = ()  # foreign tables that inherit from it, or it itself, as schema.name
    generated: tuple[Generated, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    keys: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # constraint -> its columns
    definition: Tree | None = None  # of a view or materialized view
    xmin: int = 0
    acts: bool = False  # a foreign key that references it changes rows of others when its own are deleted or changed


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function; `mode` is i, o, b, v or t as in pg_proc.proargmodes."""

    name: str
    type: int
    mode: str = "i"


@dataclass(frozen=True, slots=True)
class Aggregation:
    """The functions of an aggregate; 0 for one that it does not have."""

    transition: int
    final: int
    others: tuple[int, ...] = ()  # combining, moving, serialising: run on the same values
    operator: int = 0  # aggsortop
    seeded: bool = False  # strict and without a first state: the first value is the state


@dataclass(frozen=True, slots=True)
class Function:
    """A function, aggregate, window function or procedure."""

    oid: int
    schema: str
    name: str
    language: str
    volatility: str
    kind: str
    result: int
    returns_set: bool = False
    arguments: tuple[Argument, ...] = ()
    defaults: tuple[Node, ...] = ()  # of the last input arguments
    definer: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    atomic: bool = False  # BEGIN ATOMIC: names are resolved already
    body: str = ""  # text of a polymorphic SQL function
    extension: str = ""
    aggregation: Aggregation | None = None
    xmin: int = 0

    @property
    def inputs(self) -> list[Argument]:
        """Its input arguments, which are the ones that `$1`, `$2` ... mean."""
        return [argument for argument in self.arguments if argument.mode in "ibv"]

    @property
    def outputs(self) -> list[Argument]:
        """Its output arguments."""
        return [argument for argument in self.arguments if argument.mode in "obt"]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of one's own, with what the planner may put in its place."""

    oid: int
    schema: str
    name: str
    function: int
    stand_ins: tuple[int, ...] = ()  # functions of its commutator and negator
    in_family: bool = False  # an operator family has it: indexes and joins may run other functions
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Type:
    """A type of one's own. `kind` is pg_type.typtype; `parts` are the types that its values are made of."""

    oid: int
    schema: str
    name: str
    kind: str
    parts: tuple[int, ...] = ()
    relation: int = 0
    base: int = 0  # of a domain
    checks: tuple[Node, ...] = ()  # of a domain
    own_code: bool = False  # an operator class or a cast to json that is its own
    array: bool = False
    extension: str = ""


class Body(NamedTuple):
    """Which body of a function: `types` are its arguments' where it is polymorphic, `path` a search_path that is set for it."""

    function: int
    types: tuple[int, ...] = ()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What an analysis has to know of the catalogue, by oid."""

    relations: frozenset[int] = frozenset()
    functions: frozenset[int] = frozenset()
    types: frozenset[int] = frozenset()
    operators: frozenset[int] = frozenset()
    bodies: frozenset[Body] = frozenset()


class Catalogue:
    """What is known. None: it was asked for, and there is none (of a body: it cannot be had)."""

    __slots__ = ("bodies", "functions", "labels", "operators", "relations", "types", "unread")

    def __init__(self) -> None:
        self.relations: dict[int, Relation | None] = {}
        self.functions: dict[int, Function | None] = {}
        self.operators: dict[int, Operator | None] = {}
        self.types: dict[int, Type | None] = {}
        self.bodies: dict[Body, tuple[Tree, ...] | None] = {}
        self.unread: set[Body] = set()
        """Bodies that cannot be had at this moment: for one analysis, which forgets them."""
        self.labels: Mapping[Path, tuple[Path, ...]] = {}
        """Of temporary tables' columns (``pg_temp.name.column``): which columns they were filled from."""

    def fork(self) -> "Catalogue":
        """Give a catalogue that shares everything but bodies and labels: for another search path, or a session of its own."""
        other = Catalogue()
        other.relations = self.relations
        other.functions = self.functions
        other.operators = self.operators
        other.types = self.types
        return other

    def renewed(self) -> "Catalogue":
        """Give a catalogue that knows only what no definition changes: PostgreSQL's own functions and relations."""
        other = Catalogue()
        other.relations = {oid: known for oid, known in self.relations.items() if oid < FIRST_OWN}
        other.functions = {oid: known for oid, known in self.functions.items() if oid < FIRST_OWN}
        return other
