"""Mapping a PostgreSQL database.

The rule: nothing is written, and as little as possible is disturbed. Each relation is sampled by one statement in a read-only
transaction of its own, which takes ACCESS SHARE for as long as it runs, gives up on a lock after half a second and on itself after
five: what could not be read is `unknown`, and says why. Views are run only for columns that they compute; every other is a copy.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from ringfence.atlas.faults import Unmappable, Unreachable
from ringfence.atlas.gathering import Samples
from ringfence.atlas.judging import TOO_LONG, Judge, concluded, doubt_computed, unread, whole_document
from ringfence.atlas.model import AssetMap, Mapped, MappedTable
from ringfence.atlas.postgres_catalogue import KINDS, Column, Relation, read_catalogue, unspellable
from ringfence.atlas.postgres_sampling import (
    LARGE_PAGES,
    ROWS,
    Reading,
    items_of,
    reading_of,
    rows_for,
    sample_query,
)
from ringfence.atlas.state import State

if TYPE_CHECKING:
    from psycopg import Connection

CONNECTING: Final = 10  # seconds
STATEMENT: Final = 5_000  # milliseconds of one sample
CATALOGUE: Final = 60_000
LOCK: Final = 500
_FEW: Final = 20  # rows of a spread sample with which the first ones are taken as well

Progress = Callable[[int, int], None]
"""Called with how many tables are done, and of how many."""

WHY: Final = {"55P03": "locked", "57014": "timeout", "42501": "denied"}
"""SQLSTATE of a sample that failed -> the evidence of `unknown`."""


def map_postgres(
    dsn: str,
    *,
    asset: str = "",
    zone: str = "core",
    state: State | None = None,
    progress: Progress | None = None,
    judge: Judge | None = None,
    reviewed: Mapping[str, str] | None = None,
    rows: int = ROWS,
) -> AssetMap:
    """Map a database: all schemas but the system's own. Raises `Unreachable` and `Unmappable`.

    `state` makes the run one that can be gone on with; `reviewed` are persons' judgements, by path; `rows` is how many of each
    table are sampled, at most.
    """
    import psycopg

    judge = judge if judge is not None else Judge()
    with connected(dsn) as connection:
        name = asset or asset_name(connection.info.dbname)
        try:
            with connection.transaction():
                connection.execute(f"set transaction read only; set local statement_timeout = {CATALOGUE}")
                relations = read_catalogue(connection)
                nameless = unspellable(connection)
        except psycopg.Error as error:
            raise Unmappable(
                f"the database's catalogue could not be read ({error.sqlstate or type(error).__name__})",
                "the login needs nothing but CONNECT: look at the server's log",
            ) from None
        tables = []
        for number, relation in enumerate(relations):
            if progress is not None:
                progress(number, len(relations))
            tables.append(_kept(connection, relation, judge, state, rows))
        if progress is not None:
            progress(len(relations), len(relations))
        left_out = (f"columns whose names are not UTF-8, which no policy can name: {nameless}",) if nameless else ()
        found = AssetMap(
            name, zone, "postgres", concluded(tables, reviewed or {}), safe_address(connection), left_out=left_out
        )
        known = found.by_path()
        doubted = tuple(
            doubt_computed(table, relation.reads, known)
            for table, relation in zip(found.tables, relations, strict=True)
        )
        return replace(found, tables=doubted)


def asset_name(raw: str) -> str:
    """Make a name that a policy takes.

    >>> asset_name("shop db"), asset_name("2024"), asset_name("")
    ('shop-db', 'db-2024', 'db')
    """
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in raw).strip("-.")[:60]
    return name if name[:1].isalpha() else f"db-{name}".rstrip("-")


def _kept(
    connection: "Connection[Any]", relation: Relation, judge: Judge, state: State | None, rows: int
) -> MappedTable:
    """Map one relation, or take what this run has already found."""
    shape = relation.shape() if state is not None else ""
    table = state.known(relation.path, shape) if state is not None else None
    if table is None:
        table = _map_relation(connection, relation, judge, rows)
        if state is not None:
            state.keep(table, shape)
    sources = {each.path: relation.lineage.get(each.number, ()) for each in relation.columns}
    fields = tuple(replace(one, lineage=sources.get(one.path, ())) for one in table.fields)
    return replace(table, fields=fields)


def _map_relation(connection: "Connection[Any]", relation: Relation, judge: Judge, rows: int) -> MappedTable:
    kind = KINDS[relation.kind]
    copied = {
        each.number
        for each in relation.columns
        if any(source.how == "copy" for source in relation.lineage.get(each.number, ()))
    }
    if relation.kind == "f":  # another server's: not to be asked by the way
        return MappedTable(relation.path, kind, tuple(_elsewhere(judge, each) for each in relation.columns))
    wanted = [each for each in relation.columns if each.readable and not (relation.is_view and each.number in copied)]
    samples, count, why = _sample(connection, relation, wanted, rows_for(wanted, rows)) if wanted else ([], 0, "")
    found = dict(zip((each.number for each in wanted), samples, strict=False))
    fields: list[Mapped] = []
    for column in relation.columns:
        if not column.readable:
            fields.append(unread(column.path, column.type, "denied"))
        elif relation.is_view and column.number in copied:
            fields.append(unread(column.path, column.type, "copy"))
        elif why:
            fields.append(unread(column.path, column.type, why))
        else:
            fields += _judged(judge, column, found.get(column.number, ()))
    return MappedTable(relation.path, kind, tuple(fields), count)


def _elsewhere(judge: Judge, column: Column) -> Mapped:
    judged = judge.field(column.path, column.type, column.comment, ())
    return judged if judged.is_personal else unread(column.path, column.type, "foreign")


def _judged(judge: Judge, column: Column, values: Sequence[str | None]) -> list[Mapped]:
    """Judge a column by its values: those of the column itself, or of the parts of its documents."""
    there = [value for value in values if value is not None]
    match reading_of(column):
        case Reading.TEXT | Reading.BINARY:
            return [judge.field(column.path, column.type, column.comment, there)]
        case Reading.ARRAY:
            items = [item for value in there if value for item in items_of(_read(value))]
            return [judge.field(column.path, column.type, column.comment, items)]
        case Reading.DOCUMENT:
            samples = Samples()
            whole = [samples.add_text(value, column.path) for value in there]
            evidence = (TOO_LONG,) if not all(whole) else ()
            if not there:
                evidence = ("sample:empty",)
            parts = [one for one in judge.documents(samples) if one.path != column.path]
            return [whole_document(column.path, column.type, *evidence), *parts]


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # it was cut
        return None


def _sample(
    connection: "Connection[Any]", relation: Relation, columns: Sequence[Column], rows: int
) -> tuple[list[tuple[str | None, ...]], int, str]:
    """Give the values by column, how many rows they are, and why there are none where there are none."""
    import psycopg

    try:
        relation = _measured(connection, relation)
        can_spread = relation.kind in ("r", "p", "m") and relation.pages >= LARGE_PAGES
        read = _run(connection, sample_query(relation, columns, rows, spread=True)) if can_spread else []
        if len(read) < min(rows, _FEW):
            read = _run(connection, sample_query(relation, columns, rows, spread=False))
    except psycopg.OperationalError as error:
        if connection.broken:
            raise Unreachable(
                "the connection to the database was lost", "run it again: it goes on where it was"
            ) from None
        return [], 0, _why(error)
    except psycopg.Error as error:
        return [], 0, _why(error)
    return [tuple(row[number] for row in read) for number in range(len(columns))], len(read), ""


def _measured(connection: "Connection[Any]", relation: Relation) -> Relation:
    """Ask for the size of a table whose pages nobody has counted yet: one that was filled a moment ago."""
    if relation.kind not in ("r", "m") or relation.pages > 0:
        return relation
    [(size,)] = _run(connection, f"select (pg_catalog.pg_relation_size({relation.oid}) / 8192)::text")
    return replace(relation, pages=int(size or 0))


def _why(error: "Any") -> str:
    return WHY.get(error.sqlstate or "", f"failed:{error.sqlstate or 'unreadable'}")


_END: Final = "rollback; select pg_catalog.pg_advisory_unlock_all()"
"""A view may run a function that notifies, sets a setting for the session, or locks: none of it outlives the sample."""


def _run(connection: "Connection[Any]", query: str) -> list[tuple[str | None, ...]]:
    """Run one sample in a transaction of its own. What is set holds for it alone, through a pooler, too."""
    import psycopg

    begin = (
        f"begin transaction read only; set local statement_timeout = {STATEMENT}; set local lock_timeout = {LOCK}; "
        f"set local enable_seqscan = on; "
    )
    try:
        cursor = connection.execute(f"{begin}{query}; {_END}".encode(errors="surrogateescape"))
        while cursor.description is None and cursor.nextset():
            pass
        return cursor.fetchall()
    except psycopg.Error:
        if not connection.broken:
            connection.rollback()
        raise


def asset_of(dsn: str) -> tuple[str, str]:
    """Give the asset's name that a DSN suggests, and what tells its database from others: no password. Raises `Unreachable`."""
    parts = _parsed(dsn)
    told = [f"{key}={parts.get(key) or os.environ.get(f'PG{key.upper()}', '')}" for key in ("host", "port", "user")]
    database = str(parts.get("dbname") or os.environ.get("PGDATABASE") or parts.get("user") or "")
    return asset_name(database), " ".join([*told, f"dbname={database}"])


def _parsed(dsn: str) -> "Mapping[str, Any]":
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    _refuse_split(dsn)
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        parts = {"port": "none"}
    ports = str(parts.get("port") or "5432").split(",")
    if not all(port.isascii() and port.isdigit() for port in ports):  # what stands there may well be a password
        raise Unreachable(
            _NO_ADDRESS, "write --pg 'host=HOST port=5432 user=USER dbname=DATABASE', or the same as a URL"
        )
    return parts


_NO_ADDRESS: Final = "--pg: this is not the address of a PostgreSQL database"


def _refuse_split(dsn: str) -> None:
    """Refuse a URL whose user or password holds `@` or `/` as they are: libpq would take the rest of it for a host or database."""
    scheme, between, rest = dsn.partition("://")
    if not between or scheme not in ("postgresql", "postgres"):
        return
    authority, _, path = rest.partition("?")[0].partition("/")
    if authority.count("@") > 1 or "@" in path:
        raise Unreachable(
            _NO_ADDRESS, "in its user, password and database write an at sign as %40, / as %2F, : as %3A, ? as %3F"
        )


def _place(parts: "Mapping[str, Any]") -> str:
    """Say where a DSN leads. A number for a host is not repeated: in an error nobody could tell it from a person's."""
    host = str(parts.get("host") or parts.get("hostaddr") or os.environ.get("PGHOST") or "")
    port = str(parts.get("port") or os.environ.get("PGPORT") or "5432")
    try:
        ip_address(host)
    except ValueError:
        return f"{host or 'the local socket'}:{port}"
    return f"the DSN's host, port {port}"


@contextmanager
def connected(dsn: str) -> "Iterator[Connection[Any]]":
    """Connect. What the driver says of a failure may quote the DSN, so it is said in other words."""
    import psycopg

    where = _place(_parsed(dsn))
    try:
        connection = psycopg.connect(
            dsn,
            autocommit=True,
            connect_timeout=CONNECTING,
            application_name="ringfence map",
            client_encoding="utf8",
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        raise Unreachable(f"{where}: {_refused(error)[0]}", _refused(error)[1]) from None
    with connection:
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            _read_any_bytes(connection)
        yield connection


_REFUSALS: Final = (
    (
        "password authentication failed",
        "it does not take this user and password",
        "check both; PGPASSWORD keeps one out of the DSN",
    ),
    ("no password supplied", "it asks for a password", "set PGPASSWORD, or use a password file (~/.pgpass)"),
    ("no pg_hba.conf entry", "it lets nobody in from here as this user", "look at its pg_hba.conf, and at sslmode"),
    ("does not exist", "it has no such database or user", "check the DSN's database and user"),
    ("too many", "it takes no more connections", "try again later, or with another login"),
    ("starting up", "it is starting", "try again in a moment"),
    (
        "definition of service",
        "the DSN's service is defined nowhere",
        "look at ~/.pg_service.conf, and at PGSERVICEFILE",
    ),
    ("invalid sslmode", "the DSN's sslmode is none", "take disable, prefer, require, verify-ca or verify-full"),
    ("certificate", "its certificate was not accepted", "check sslmode and sslrootcert"),
    ("SSL", "it and the DSN's sslmode do not agree", "check sslmode"),
    ("translate host name", "no host of that name is known", "check the DSN's host"),
    ("resolve host", "no host of that name is known", "check the DSN's host"),
    ("Name or service not known", "no host of that name is known", "check the DSN's host"),
    ("refused", "nothing listens there", "check host and port, and that the server runs"),
    ("timeout", "it does not answer", "check host and port, and what stands between"),
    ("No such file", "nothing listens there", "check host and port, and that the server runs"),
)


def _refused(error: Exception) -> tuple[str, str]:
    said = str(error)
    for words, what, mend in _REFUSALS:
        if words in said:
            return what, mend
    return "it cannot be connected to", "try the same DSN with psql"


def _read_any_bytes(connection: "Connection[Any]") -> None:
    """Have text of a database without an encoding read as it comes: the server would refuse what is not the client's encoding."""
    from psycopg.adapt import Loader

    class Lenient(Loader):
        """Bytes of no known encoding."""

        def load(self, data: Any) -> str:
            return bytes(data).decode(errors="surrogateescape")

    connection.execute("set client_encoding to sql_ascii")
    for name in ("text", "name", "varchar", "bpchar"):
        connection.adapters.register_loader(name, Lenient)


def safe_address(connection: "Connection[Any]") -> str:
    """Give the database's address as a policy says it: without user and password."""
    info = connection.info
    given = info.get_parameters()
    kept = ("sslmode", "sslrootcert") if given.get("sslmode") == "verify-full" else ()
    options = {key: given[key] for key in kept if key in given}
    database = quote(info.dbname, safe="")
    if info.host.startswith("/"):
        options = {"host": info.host, "port": str(info.port), **options}
        return f"postgresql:///{database}?{urlencode(options, safe='/')}"
    host = f"[{info.host}]" if ":" in info.host else info.host
    return f"postgresql://{host}:{info.port}/{database}" + (f"?{urlencode(options, safe='/')}" if options else "")
