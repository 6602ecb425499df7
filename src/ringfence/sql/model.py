"""What is known of a statement: where its columns come from, what it compares, writes, calls and touches.

The rule: names in these values are resolved (a path is ``schema.relation.column``, never an alias), and everything that could
not be traced is said: a statement whose origins are not wholly known has a `Refusal`, never an empty list in their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import re2

Path: TypeAlias = str
"""A base column: ``schema.relation.column``. A name that is not a plain lower- or mixed-case word is quoted as in SQL."""

_PLAIN = re2.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


def path_of(*names: str) -> Path:
    """Spell names as a path. A name with any other character is quoted, so that no two lists of names give the same path.

    >>> path_of("public", "Odd Name", 'a."b')
    'public."Odd Name"."a.""b"'
    """
    return ".".join(
        name if _PLAIN.fullmatch(name) is not None else '"' + name.replace('"', '""') + '"' for name in names
    )


class GivenKind(StrEnum):
    """How a client hands a value in."""

    LITERAL = "literal"
    PARAMETER = "parameter"


@dataclass(frozen=True, slots=True, order=True)
class Given:
    """A value that stands in the statement: a literal (byte offsets of its token) or a parameter (its number, from 1)."""

    kind: GivenKind
    start: int  # literal: where its token begins; parameter: its number
    end: int = 0  # literal: where its token ends


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a result.

    `exact`: each value is the value of one of these columns, unchanged (an alias, a sub-query, a branch of a UNION, a cast between
    text types). Otherwise it is computed from them. No origins: nothing of any table is in it.
    """

    name: str
    origins: tuple[Path, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A base column whose values decide what comes back: in WHERE, JOIN, ORDER BY, GROUP BY, HAVING, DISTINCT, a set operation.

    `equated`: it is compared with nothing but single given values, by the type's own equality; `given` are those values.
    `guesses`: how many they are, where `given` does not name all of them (some stand in the text that was prepared).
    """

    path: Path
    equated: bool = False
    given: tuple[Given, ...] = ()
    guesses: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A base column that is written: from which columns (as in `Output`), and which given values go straight into it.

    `mixed`: what goes into it was computed with given values, or comes from a temporary table, where it may have been put together.
    """

    path: Path
    origins: tuple[Path, ...] = ()
    exact: bool = False
    given: tuple[Given, ...] = ()
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement may not run: a row of the refusals' table, or what could not be traced.

    `allow` is the name by which a policy may allow it (``function:dblink``), "" where nothing can. Never holds a value.
    """

    rule: str  # "function", "relation", "statement", "setting", "unknown", "limit", "syntax", "transfer"
    name: str  # what it is about: a function's or a relation's name, a statement's kind
    why: str
    mend: str
    allow: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """An object whose meaning is not in the tree, and the version that was looked at: checked again before rows are released."""

    kind: str  # the catalogue's name: "pg_proc", "pg_trigger", "pg_class", ...
    oid: int
    xmin: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the policy has to be asked about one statement."""

    outputs: tuple[Output, ...] = ()
    compared: tuple[Compared, ...] = ()
    written: tuple[Written, ...] = ()
    functions: tuple[str, ...] = ()  # schema.name, sorted
    relations: tuple[str, ...] = ()  # schema.name, sorted
    loose: tuple[
        Given, ...
    ] = ()  # given values that stand elsewhere than in `compared` and `written`: judged by content
    alone: tuple[
        Given, ...
    ] = ()  # given values that are equated with, or written into, one column, and stand nowhere else
    creates: str = ""  # CREATE TABLE AS, SELECT INTO: the temporary table that `written` fills, as schema.relation
    depends: tuple[Dependency, ...] = ()
    refused: tuple[Refusal, ...] = ()


class StatementKind(StrEnum):
    """What a statement is, as far as a gate treats it differently."""

    PLANNED = "planned"  # SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE: the server gives its tree
    COPY_OUT = "copy-out"  # COPY ... TO STDOUT
    COPY_IN = "copy-in"  # COPY ... FROM STDIN
    DECLARE = "declare"  # a cursor
    FETCH = "fetch"  # FETCH, MOVE, CLOSE: of a cursor
    EXPLAIN = "explain"
    CREATE_AS = "create-as"  # CREATE TABLE AS, SELECT INTO
    PREPARE = "prepare"
    EXECUTE = "execute"
    DEALLOCATE = "deallocate"
    TRANSACTION = "transaction"  # BEGIN, COMMIT, ROLLBACK, SAVEPOINT, ...
    SET = "set"  # SET, RESET, DISCARD: may change what later statements mean
    SHOW = "show"
    DEFINITION = "definition"  # DDL that is allowed: ends the catalogue's epoch
    HARMLESS = "harmless"  # VACUUM, ANALYZE, LOCK, LISTEN, CHECKPOINT, ...: shows and writes nothing of a row
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How a COPY spells its data."""

    format: str = "text"  # text, csv, binary
    delimiter: str = "\t"
    null: str = "\\N"
    header: bool = False
    quote: str = '"'
    escape: str = '"'
    encoding: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class RawStatement:
    """One statement of a text, before names are resolved. Offsets are bytes of the whole text in UTF-8."""

    kind: StatementKind
    start: int
    end: int
    tag: str = ""  # the parser's node: "SelectStmt"
    inner: str = (
        ""  # text whose tree is to be asked for, where it is not the statement itself: of a COPY, an EXPLAIN, a cursor
    )
    inner_start: int = -1  # where `inner` stands in the text as it is; -1 where it was made
    name: str = (
        ""  # of a cursor, prepared statement, setting, savepoint, or the relation copied into (as SQL spells it)
    )
    columns: tuple[str, ...] = ()  # COPY relation (columns): as written, unquoted; () for all
    value: str = (
        ""  # SET: the new value as text; TRANSACTION: begin, commit, rollback, savepoint, release, rollback-to, prepare
    )
    local: bool = False  # SET LOCAL
    copy: CopyOptions | None = None
    arguments: tuple[Given, ...] = ()  # EXECUTE: its arguments, constants all
    literals: tuple[tuple[int, int], ...] = ()  # every constant's token
    refused: tuple[Refusal, ...] = ()

    @property
    def shifts_meaning(self) -> bool:
        """Whether statements after this one may mean something else than before."""
        return self.kind in (StatementKind.SET, StatementKind.DEFINITION, StatementKind.CREATE_AS)


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What the parser's child says of a text: its statements, or why none of it may run."""

    statements: Sequence[RawStatement] = ()
    refused: Refusal | None = None
