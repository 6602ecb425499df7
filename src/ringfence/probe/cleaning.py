"""Cleaning: what was planted is taken out again, whatever triggers, references or a killed program made of it.

The rule: the rows of the manifest go, and rows that refer to them, which can only be about nobody; nothing else is deleted.
Triggers are kept from running where the login may do that. What could not be deleted is told, and stays in the manifest; so
is what triggers have copied to other tables, which is left to a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from ringfence.probe.manifest import Manifest, Planted
from ringfence.probe.people import Seed, mark_of
from ringfence.probe.tables import Name, Tables, read_tables, spelt

DEEPEST = 5  # references over references
LOCK_WAIT = "5s"
LOOK = "30s"  # the most that one table is looked through for copies


@dataclass
class Cleaned:
    """What came of it: rows by table; what is left, with why; tables in which a mark was still found."""

    deleted: dict[str, int] = field(default_factory=dict)
    referring: dict[str, int] = field(default_factory=dict)  # rows that referred to what was planted
    left: dict[str, str] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)  # tables that could not be looked through

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left that is known of."""
        return not self.left and not self.copies


def clean(connection: psycopg.Connection, manifest: Manifest, secret: bytes) -> Cleaned:
    """Take out what a manifest names. The connection must be one that commits by itself."""
    rows, tables, done = manifest.rows(), read_tables(connection), Cleaned()
    left: list[Planted] = []
    for row in reversed(rows):
        name = (row.schema, row.table)
        try:
            gone = _delete(connection, tables, name, dict(row.key), done)
        except psycopg.Error as error:
            done.left[".".join(name)] = f"the database refuses ({error.sqlstate or 'no answer'})"
            left.append(row)
            continue
        if gone is None:
            done.left[".".join(name)] = "it was told to delete, and the row is still there"
            left.append(row)
        elif gone:
            done.deleted[".".join(name)] = done.deleted.get(".".join(name), 0) + gone
    manifest.keep(list(reversed(left)))
    marks = [mark_of(Seed(secret, number)) for number in sorted({row.person for row in rows})]
    if marks and not left:
        _look(connection, tables, marks, done)
    return done


def _delete(
    connection: psycopg.Connection, tables: Tables, name: Name, key: Mapping[str, str], done: Cleaned
) -> int | None:
    """Delete one row with what refers to it; give how many went, None where it is still there."""
    condition, values = _where(key)
    with connection.transaction():
        connection.execute(f"set local lock_timeout = '{LOCK_WAIT}'".encode())
        quiet = _keep_triggers_quiet(connection)
        before = _count(connection, name, condition, values)
        if not before:
            return 0
        _delete_referring(connection, tables, name, condition, values, done, DEEPEST)
        with _without_triggers(connection, name, already=quiet):
            connection.execute(f"delete from {spelt(name)} where {condition}".encode(), values)  # noqa: S608
        return before if not _count(connection, name, condition, values) else None


def _delete_referring(
    connection: psycopg.Connection,
    tables: Tables,
    name: Name,
    condition: str,
    values: Sequence[str],
    done: Cleaned,
    deeper: int,
) -> None:
    for reference in tables.children(name):
        columns = ", ".join(map(_quoted, reference.columns))
        named = ", ".join(map(_quoted, reference.named))
        inner = f"({columns}) in (select {named} from {spelt(name)} where {condition})"  # noqa: S608 (names are quoted)
        count = _count(connection, reference.child, inner, values)
        if not count:
            continue
        if deeper and reference.child != name:
            _delete_referring(connection, tables, reference.child, inner, values, done, deeper - 1)
        with _without_triggers(connection, reference.child, already=False):
            connection.execute(f"delete from {spelt(reference.child)} where {inner}".encode(), values)  # noqa: S608
        label = ".".join(reference.child)
        done.referring[label] = done.referring.get(label, 0) + count


def _keep_triggers_quiet(connection: psycopg.Connection) -> bool:
    """Keep all triggers from running in this transaction, where the login may; say whether."""
    try:
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")
    except psycopg.Error:
        return False
    return True


@contextmanager
def _without_triggers(connection: psycopg.Connection, name: Name, *, already: bool) -> Iterator[None]:
    """Switch a table's own triggers off for a moment, where the login owns it."""
    if already:
        yield
        return
    off = _try(connection, f"alter table {spelt(name)} disable trigger user")
    yield
    if off:
        connection.execute(f"alter table {spelt(name)} enable trigger user".encode())


def _try(connection: psycopg.Connection, statement: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(statement.encode())
    except psycopg.Error:
        return False
    return True


def _where(key: Mapping[str, str]) -> tuple[str, list[str]]:
    return " and ".join(f"{_quoted(column)} = %s" for column in key), list(key.values())


def _count(connection: psycopg.Connection, name: Name, condition: str, values: Sequence[str]) -> int:
    query = f"select count(*) from {spelt(name)} where {condition}"  # noqa: S608 (names are quoted)
    found = connection.execute(query.encode(), values).fetchone()
    return int(found[0]) if found else 0


def _look(connection: psycopg.Connection, tables: Tables, marks: Sequence[str], done: Cleaned) -> None:
    """Look for marks in every table: triggers may have copied them."""
    for name in tables.places:
        query = f"select count(*) from {spelt(name)} r where lower(r::text) ~ %s"  # noqa: S608 (names are quoted)
        try:
            with connection.transaction():
                connection.execute(f"set local statement_timeout = '{LOOK}'".encode())
                found = connection.execute(query.encode(), ["|".join(marks)]).fetchone()
        except psycopg.Error:
            done.unread.append(".".join(name))
            continue
        if found and found[0]:
            done.copies[".".join(name)] = int(found[0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
