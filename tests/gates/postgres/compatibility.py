"""What client programs do with a database: each a function from an address to something that can be compared.

The rule: whatever a program does here it does as its users do, with its defaults; and it gives the same straight and through the
gate. What depends on the connection (ports, process numbers, user names) is left out.
"""

import asyncio
import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

Shown = object
Program = Callable[[str, Path], Shown]
"""What a program does, given the address of a database and the folder of PostgreSQL's own programs."""

PATIENCE = 60.0

_COMMANDS = r"""
\d \dt \dt+ \dv \dm \di \ds \df \dn \dn+ \dT \dD \ddp \dC \do \da \dx \db \dF \dO \dL \dP \encoding
"""
_TYPED = r"""
\l postgres
\du shop_*
\dg shop_*
\d customer
\d+ customer
\d+ orders
\d order_overview
\d+ order_overview
\df+ initials
\sf initials
\sv order_overview
\dp customer
\dS pg_class
\dconfig work_mem
\copy product to stdout
select id, title, price from product order by id \gdesc
select 1 as a, 2 as b \gx
select 1 \; select 2
select segment, customers from segment_size order by 1
table product
begin; select 1; rollback
show search_path
"""

META = (*_COMMANDS.split(), *_TYPED.strip().splitlines())
"""What people type in psql."""


def environment(dsn: str) -> dict[str, str]:
    """Give what libpq's programs are told."""
    parts = urlsplit(dsn)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {
        **kept,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path[1:],
        "PSQLRC": os.devnull,
        "LC_ALL": "C.UTF-8",
    }


def psql(dsn: str, programs: Path) -> Shown:
    """Type what people type."""
    return {one: _ran([str(programs / "psql"), "-X"], dsn, f"{one}\n") for one in META}


def psql_completion(dsn: str, programs: Path) -> Shown:
    """Press the tab key, on a terminal."""
    typed = {
        "select * from public.produ\t": "product",
        "select titl\t": "",
        "select * from public.order_o\t": "order_overview",
        "table public.segm\t": "segment_size",
        "update public.addr\t": "address",
    }
    return {line: wanted in _completed(programs, dsn, line) for line, wanted in typed.items()}


def pg_dump(dsn: str, programs: Path) -> Shown:
    """Dump the schema, and the data of tables without persons."""
    schema = _ran([str(programs / "pg_dump"), "--schema-only", "--schema=public"], dsn)
    data = _ran([str(programs / "pg_dump"), "--table=public.product", "--table=public.order_item"], dsn)
    inserted = _ran([str(programs / "pg_dump"), "--data-only", "--inserts", "--table=public.product"], dsn)
    return [_without_keys(one) for one in (schema, data, inserted)]


def psycopg3(dsn: str, programs: Path) -> Shown:
    """Ask in text, in binary, by a pipeline, by COPY, by a cursor on the server; in transactions that are broken and mended."""
    import psycopg
    from psycopg.types.composite import CompositeInfo
    from psycopg.types.enum import EnumInfo

    seen: list[Shown] = []
    with psycopg.connect(dsn, sslmode="disable") as connection:
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                rows = cursor.execute("select id, sku, title, price, tags from product where id < %s", (6,)).fetchall()
                seen += [
                    rows,
                    cursor.execute("select %s::jsonb -> 'a', %s::date", ('{"a": [1]}', "2029-01-01")).fetchall(),
                ]
        for _ in range(8):  # from the fifth on it is prepared
            seen.append(connection.execute("select title from product where id = %s", (3,)).fetchone())
        with connection.pipeline():
            cursors = [
                connection.execute("select stock from product where id = %s", (number,)) for number in range(1, 8)
            ]
            seen.append([cursor.fetchone() for cursor in cursors])
        with connection.cursor(name="walk") as cursor:
            cursor.itersize = 3
            seen.append(list(cursor.execute("select id, status from orders order by id limit 20")))
        with (
            connection.cursor() as cursor,
            cursor.copy("copy (select id, title from product order by id) to stdout") as copy,
        ):
            seen.append(list(copy.rows()))
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("create temp table basket (product_id int, note text) on commit drop")
            with cursor.copy("copy basket (product_id, note) from stdin") as copy:
                for number in range(20):
                    copy.write_row((number, f"line {number}"))
            cursor.executemany("insert into basket values (%s, %s)", [(number, "more") for number in range(5)])
            seen.append(cursor.execute("select count(*), max(product_id) from basket").fetchone())
        connection.rollback()
        try:
            with connection.transaction():
                connection.execute("select 1 / (select 0)")
        except psycopg.errors.DivisionByZero as error:
            seen.append(error.sqlstate)
        seen.append(connection.execute("select 'still here'").fetchone())
        composite, enum = CompositeInfo.fetch(connection, "postal"), EnumInfo.fetch(connection, "ticket_state")
        seen += [composite.field_names if composite else None, enum.labels if enum else None]
        connection.rollback()
        seen.append(connection.info.parameter_status("standard_conforming_strings"))
    return seen


def psycopg2(dsn: str, programs: Path) -> Shown:
    """Ask by psycopg2, with its cursors and its COPY."""
    import io

    import psycopg2
    import psycopg2.extras

    seen: list[Shown] = []
    with closing(psycopg2.connect(dsn, sslmode="disable")) as connection, connection.cursor() as cursor:
        cursor.execute("select id, sku, tags, price from product where id = any(%s) order by id", ([1, 2, 3],))
        seen.append(cursor.fetchall())
        seen.append([column.type_code for column in cursor.description or ()])
        with connection.cursor("walk") as walking:
            walking.itersize = 4
            walking.execute("select id, total from orders order by id limit 15")
            seen.append(walking.fetchall())
        out = io.StringIO()
        cursor.copy_expert("copy (select id, title from product order by id) to stdout with csv header", out)
        seen.append(out.getvalue())
        cursor.execute("create temp table basket (id int, note text)")
        psycopg2.extras.execute_values(cursor, "insert into basket values %s", [(number, "x") for number in range(30)])
        cursor.copy_from(io.StringIO("99\tcopied\n"), "basket")
        cursor.execute("select count(*), max(id) from basket")
        seen.append(cursor.fetchone())
        registered = psycopg2.extras.register_composite("public.postal", cursor)
        seen.append(registered.attnames)
        connection.rollback()
        seen.append(connection.get_parameter_status("server_encoding"))
    return seen


def asyncpg(dsn: str, programs: Path) -> Shown:
    """Ask by asyncpg, which speaks binary and asks the catalogue for every type that it does not know."""
    import asyncpg

    async def ask() -> Shown:
        seen: list[Shown] = []
        connection = await asyncpg.connect(dsn, ssl=False)
        try:
            seen.append(
                [
                    tuple(row)
                    for row in await connection.fetch(
                        "select id, sku, title, tags, price from product where id < $1", 6
                    )
                ]
            )
            seen.append(await connection.fetchval("select array_agg(state) from support_ticket where id < 40"))
            seen.append(await connection.fetchval("select row('a', 'b', 'c', 'd')::public.postal"))
            prepared = await connection.prepare("select placed, status from orders where id = $1")
            seen += [tuple(await prepared.fetchrow(number) or ()) for number in (4, 8, 12)]
            seen.append([column.name for column in prepared.get_attributes()])
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                seen.append(
                    [row["id"] async for row in connection.cursor("select id from orders order by id limit 130")]
                )
            async with connection.transaction():
                await connection.execute("create temp table basket (id int, note text) on commit drop")
                await connection.copy_records_to_table("basket", records=[(number, "x") for number in range(50)])
                await connection.executemany(
                    "insert into basket values ($1, $2)", [(number, "y") for number in range(50)]
                )
                seen.append(await connection.fetchval("select count(*) from basket"))
            try:
                await connection.execute("select pg_sleep(10)", timeout=0.2)
            except TimeoutError:
                seen.append("cancelled")
            seen.append(await connection.fetchval("select 1"))
        finally:
            await connection.close()
        return seen

    return asyncio.run(ask())


def pg8000(dsn: str, programs: Path) -> Shown:
    """Ask by pg8000, in both its ways."""
    import pg8000.dbapi
    import pg8000.native

    parts = urlsplit(dsn)
    where = {
        "user": unquote(parts.username or ""), "password": unquote(parts.password or "") or None,
        "host": parts.hostname, "port": parts.port, "database": parts.path[1:],
    }  # fmt: skip
    seen: list[Shown] = []
    with pg8000.native.Connection(**where) as connection:
        seen.append(connection.run("select id, sku, tags, price from product where id < :most order by id", most=5))
        seen.append([column["name"] for column in connection.columns or ()])
        prepared = connection.prepare("select title from product where id = :number")
        seen += [prepared.run(number=number) for number in (1, 2)]
        prepared.close()
    with closing(pg8000.dbapi.connect(**where)) as connection:
        cursor = connection.cursor()
        cursor.execute("select placed, total from orders where id = %s", (8,))
        seen.append(cursor.fetchall())
        cursor.execute("create temp table basket (id int, note text)")
        cursor.executemany("insert into basket values (%s, %s)", [(number, "x") for number in range(9)])
        cursor.execute("select count(*) from basket")
        seen.append(cursor.fetchone())
        connection.rollback()
    return seen


def sqlalchemy(dsn: str, programs: Path) -> Shown:
    """Reflect every table and view by SQLAlchemy, over three drivers."""
    from sqlalchemy import MetaData, create_engine, inspect, select

    seen: list[Shown] = []
    for driver in ("psycopg", "psycopg2", "pg8000"):
        engine = create_engine(dsn.replace("postgresql://", f"postgresql+{driver}://"))
        inspector = inspect(engine)
        for table in sorted(
            inspector.get_table_names() + inspector.get_view_names() + inspector.get_materialized_view_names()
        ):
            seen.append(
                (
                    table,
                    [
                        (one["name"], str(one["type"]), one["nullable"], one["default"])
                        for one in inspector.get_columns(table)
                    ],
                )
            )
        for table in inspector.get_table_names():
            seen.append(
                (inspector.get_pk_constraint(table), inspector.get_foreign_keys(table), inspector.get_indexes(table))
            )
            seen.append(
                (
                    inspector.get_unique_constraints(table),
                    inspector.get_check_constraints(table),
                    inspector.get_table_comment(table),
                )
            )
        seen += [inspector.get_schema_names(), inspector.get_enums(), inspector.get_view_definition("order_overview")]
        meta = MetaData()
        meta.reflect(engine, views=True)
        product = meta.tables["product"]
        with engine.connect() as connection:
            seen.append(
                [tuple(row) for row in connection.execute(select(product.c.id, product.c.title).order_by(product.c.id))]
            )
        engine.dispose()
    return seen


PROGRAMS: Mapping[str, Program] = {
    "psql": psql,
    "psql's completion": psql_completion,
    "pg_dump": pg_dump,
    "psycopg 3": psycopg3,
    "psycopg 2": psycopg2,
    "asyncpg": asyncpg,
    "pg8000": pg8000,
    "SQLAlchemy": sqlalchemy,
}


def _ran(command: list[str], dsn: str, typed: str = "") -> str:
    done = subprocess.run(
        command, input=typed.encode(), capture_output=True, env=environment(dsn), timeout=PATIENCE, check=False
    )
    return (done.stdout + done.stderr).decode()


def _without_keys(dump: str) -> str:
    """Leave out what pg_dump makes by chance (the keys of \\restrict) and the account that it ran as."""
    return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def _completed(programs: Path, dsn: str, line: str) -> str:
    """Type a line with tabs in it at a terminal; give what psql made of it."""
    ours, theirs = pty.openpty()
    command = [str(programs / "psql"), "-X", "-n"] if not _has_readline(programs) else [str(programs / "psql"), "-X"]
    shown = b""
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment(dsn), "TERM": "dumb"},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = _until(ours, shown, b"=> ")
        os.write(ours, line.encode())
        shown = _until(ours, b"", b"\x07", line.rstrip("\t").encode())
        os.write(ours, b"\x15\\q\n")
        process.wait(PATIENCE)
    os.close(ours)
    return shown.decode(errors="replace")


def _until(terminal: int, shown: bytes, *marks: bytes) -> bytes:
    """Read from a terminal until one of the marks is there and nothing more comes for a moment."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = any(mark in shown for mark in marks)
        ready, _, _ = select.select([terminal], [], [], 0.5 if found else PATIENCE)
        if not ready:
            break
        shown += os.read(terminal, 4096)
    return shown


def _has_readline(programs: Path) -> bool:
    return b"readline" in (programs / "psql").read_bytes() or b"libedit" in (programs / "psql").read_bytes()
