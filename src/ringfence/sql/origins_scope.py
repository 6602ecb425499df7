"""Where an analysis stands while it walks a tree: the whole of it (`Walk`), one text (`Frame`), one query (`Scope`).

The rule: what is not known stops nothing and is never passed over in silence. What the catalogue lacks is gathered in
`missing`, what may not run in `refusals`; a tree that is not understood raises `Untraceable`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ringfence.sql.catalogue import Body, Catalogue, Function, Missing, Operator, Relation, Type
from ringfence.sql.model import Dependency, Given, GivenKind, Path, Refusal
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.origins_values import Comparisons, Value
from ringfence.sql.tree import Node

MOST_STEPS: Final = 100_000  # expressions looked at: functions within functions multiply
DEEPEST_WALK: Final = 200  # expressions within one another, through functions and views: below Python's own limit


# Extensions whose immutable C functions compute from their arguments and read nothing else.
READ_EXTENSIONS: Final = frozenset(
    {
        "btree_gin",
        "btree_gist",
        "citext",
        "cube",
        "fuzzystrmatch",
        "hstore",
        "intarray",
        "isn",
        "ltree",
        "pg_trgm",
        "pgcrypto",
        "postgis",
        "seg",
        "unaccent",
        "uuid-ossp",
        "vector",
    }
)


class Untraceable(Exception):
    """The statement's origins cannot be found out; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


def unknown(name: str, why: str, mend: str = "write the statement in another way, or report it") -> Untraceable:
    """Give what is raised where a tree is not understood."""
    return Untraceable(Refusal("unknown", name, why, mend))


class Frame:
    """The text that a query belongs to: the client's own, or a function's body with its arguments."""

    __slots__ = ("arguments", "calls", "definer", "own", "path")

    def __init__(
        self,
        *,
        own: bool = False,
        arguments: Sequence[Value] | None = None,
        calls: tuple[int, ...] = (),
        path: str | None = None,
        definer: bool = False,
    ) -> None:
        self.own = own  # positions in it are positions in the client's text
        self.arguments = arguments
        self.calls = calls  # the functions that this is within
        self.path = path  # a search_path that a function sets; None for the session's
        self.definer = (
            definer  # within what runs, or ran, for somebody else: names in texts may mean something else there
        )

    def outside(self) -> "Frame":
        """Give the frame of an expression that belongs to the catalogue, and is run here: a default, a domain's check."""
        return Frame(calls=self.calls, path=self.path, definer=self.definer)


class Cte:
    """A WITH query: its columns and what it compares, once it was looked at."""

    __slots__ = ("active", "columns", "compared", "node", "scope", "used")

    def __init__(self, node: Node, scope: "Scope") -> None:
        self.node = node
        self.scope = scope
        self.columns: list[Value] | None = None
        self.compared = Comparisons()
        self.active = False
        self.used: set[int] = set()


class Scope:
    """One query, while it is walked."""

    __slots__ = (
        "aliases", "columns", "compared", "ctes", "excluded", "frame", "merged", "multiple", "new_row", "parent", "query",
        "result", "returning", "rtable", "sublink", "testing", "used",
    )  # fmt: skip

    def __init__(self, query: Node, parent: "Scope | None", frame: Frame, compared: Comparisons) -> None:
        self.query = query
        self.parent = parent
        self.frame = frame
        self.compared = compared
        self.rtable = query.nodes("rtable")
        self.columns: dict[int, list[Value]] = {}
        self.used: dict[int, set[int]] = {}  # range table entry -> its columns that something named; 0: all
        self.ctes: dict[str, Cte] = {}
        self.multiple: dict[int, list[Value]] = {}  # UPDATE ... SET (a, b) = (SELECT ...)
        self.sublink: list[Value] = []  # the columns that a sub-select's test names
        self.testing: Value | None = None  # what a domain's check looks at
        self.result = 0  # range table entry that is written
        self.new_row: list[Value] | None = None
        self.returning = False  # Vars of `result` mean the row as it was written
        self.excluded = 0
        self.merged: Value | None = None  # what decides which MERGE action ran
        self.aliases: dict[tuple[int, int], Value] = {}  # columns of joins and groupings

    def up(self, levels: int) -> "Scope":
        """Give the query so many levels outside."""
        scope = self
        for _ in range(levels):
            if scope.parent is None:
                raise unknown("query", "it names a query around it that is not there")
            scope = scope.parent
        return scope

    def entry(self, number: int) -> Node:
        """Give a range table entry, counted from 1."""
        if not 0 < number <= len(self.rtable):
            raise unknown("query", "it names a range table entry that is not there")
        return self.rtable[number - 1]


class Write:
    """What goes into a column."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: list[Value] = []


class Walk:
    """One analysis: what it knows, and what it found out."""

    def __init__(
        self,
        catalogue: Catalogue,
        allow: frozenset[str],
        functions: Mapping[str, str],
        tokens: Mapping[int, Given],
        base: int,
    ) -> None:
        self.catalogue = catalogue
        self.allow = allow
        self.declared = functions
        self.tokens = tokens  # of literals, by where they start
        self.base = base  # what is added to a position in the tree
        self.missing_relations: set[int] = set()
        self.missing_functions: set[int] = set()
        self.missing_types: set[int] = set()
        self.missing_operators: set[int] = set()
        self.missing_bodies: set[Body] = set()
        self.refusals: dict[Refusal, None] = {}
        self.writes: dict[Path, Write] = {}
        self.failing = 0  # expressions that may fail
        self.uses: dict[int, set[Path]] = {}  # given values' nodes, by identity -> the columns that each is for
        self.functions: set[str] = set()
        self.relations: set[str] = set()
        self.depends: dict[Dependency, None] = {}
        self.checked_types: set[int] = set()
        self.stored: dict[
            int, tuple[list[Value], Comparisons]
        ] = {}  # columns of relations, with what their definitions compare
        self.moves_path = False  # search_path is set while the statement runs
        self.reads_path = False  # a function's text is read under the session's search_path
        self.steps = 0
        self.depth = 0

    def missing(self) -> Missing | None:
        """Give what the catalogue lacks; None where it lacks nothing."""
        found = Missing(
            frozenset(self.missing_relations),
            frozenset(self.missing_functions),
            frozenset(self.missing_types),
            frozenset(self.missing_operators),
            frozenset(self.missing_bodies),
        )
        return None if found == Missing() else found

    def relation(self, oid: int) -> Relation | None:
        """Look a relation up; None where it has to be loaded first."""
        if oid not in self.catalogue.relations:
            self.missing_relations.add(oid)
            return None
        found = self.catalogue.relations[oid]
        if found is None:
            raise unknown("relation", "one of its relations is not in the catalogue any more")
        return found

    def function(self, oid: int) -> Function | None:
        """Look a function up; None where it has to be loaded first."""
        if oid not in self.catalogue.functions:
            self.missing_functions.add(oid)
            return None
        found = self.catalogue.functions[oid]
        if found is None:
            raise unknown("function", "one of its functions is not in the catalogue any more")
        if oid >= FIRST_OWN:
            self.depends[Dependency("pg_proc", oid, found.xmin)] = None
        return found

    def operator(self, oid: int) -> Operator | None:
        """Look an operator up; None where it has to be loaded first."""
        if oid not in self.catalogue.operators:
            self.missing_operators.add(oid)
            return None
        found = self.catalogue.operators[oid]
        if found is None:
            raise unknown("operator", "one of its operators is not in the catalogue any more")
        return found

    def type(self, oid: int) -> Type | None:
        """Look a type up; None where it has to be loaded first."""
        if oid not in self.catalogue.types:
            self.missing_types.add(oid)
            return None
        found = self.catalogue.types[oid]
        if found is None:
            raise unknown("type", "one of its types is not in the catalogue any more")
        return found

    def refuse(self, refusal: Refusal) -> None:
        """Take a reason why the statement may not run, unless the policy allows that by name."""
        if not refusal.allow or refusal.allow not in self.allow:
            self.refusals[refusal] = None

    def write(self, path: Path, value: Value) -> None:
        """Take a value that goes into a column."""
        self.writes.setdefault(path, Write()).values.append(value)

    def literal(self, location: int) -> Given | None:
        """Give the given value whose token starts at a position of the tree."""
        return self.tokens.get(location + self.base) if location >= 0 and self.base >= 0 else None

    def step(self) -> None:
        """Count one expression."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Untraceable(
                Refusal(
                    "limit",
                    "statement",
                    "its functions and views multiply",
                    "split it, or declare its functions in the policy",
                )
            )


def parameter(number: int) -> Given:
    """Give the given value that is a parameter."""
    return Given(GivenKind.PARAMETER, number)
