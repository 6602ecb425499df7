"""What it takes to map a large database: 2,000 tables of 50 columns, 300 rows each, as a process of its own."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks._rows import Row
from ringfence.atlas.postgres_catalogue import read_catalogue
from ringfence.atlas.postgres_sampling import rows_for, sample_query
from ringfence.demo.postgres_server import Running, find_installation

TABLES, COLUMNS, ROWS = 2_000, 50, 300
COMMAND = (sys.executable, "-c", "import ringfence.cli as c; c.main()")

KINDS = (
    ("first_name", "'Ada'"),
    ("last_name", "'Nowak' || i % 17"),
    ("email", "'user' || i || '@example.org'"),
    ("phone", "'+44 20 7946 0' || 100 + i"),
    ("street", "i || ' High Street'"),
    ("born", "date '1960-01-01' + i"),
    ("notes", "'note number ' || i || ' of somebody who called about a late order'"),
    ("last_ip", "('203.0.113.' || i % 200)::inet"),
    ("payload", "jsonb_build_object('user', jsonb_build_object('email', 'a' || i || '@example.org', 'age', i))"),
    ("labels", "array['a' || i, 'b']"),
    ("sku", "'SKU-' || i"),
    ("amount", "(i * 1.25)::numeric(10,2)"),
    ("created", "now()"),
    ("checksum", "md5(i::text)"),
    ("status", "'open'"),
    ("place", "i % 100"),
)
"""Columns and what they hold; the others are numbers and words."""


def schema() -> str:
    """Give the script that makes the tables."""
    plain = [(f"c{number}", f"'word' || i + {number}" if number % 2 else "i") for number in range(COLUMNS - len(KINDS))]
    listed = ", ".join(f"{value} as {name}" for name, value in (*KINDS, *plain))
    return (  # the names and values are this file's own
        f"create unlogged table model as select {listed} from generate_series(1, {ROWS}) i;"  # noqa: S608 (this file's own words)
        f"do $$ begin for n in 1..{TABLES - 1} loop execute format('create unlogged table t%s as select * from model', n); "
        "if n % 100 = 0 then commit; end if; end loop; end $$;"
    )


def run() -> list[Row]:
    read, seconds, kilobytes = measure()
    what = f"map {TABLES:,} tables of {COLUMNS} columns"
    figure = f"{seconds:.0f} s, {kilobytes / 1024:.0f} MB at most"
    return [Row(what, figure, f"the samples read and not judged {read:.0f} s")]


def measure() -> tuple[float, float, int]:
    """Give the seconds of reading alone, and the seconds and kilobytes of the command."""
    with tempfile.TemporaryDirectory() as folder, Running(find_installation(), Path(folder) / "life") as server:
        server.psql("postgres", schema())
        return _read(server.dsn()), *_map(server.dsn(), folder)


def _read(dsn: str) -> float:
    began = time.monotonic()
    with psycopg.connect(dsn, autocommit=True) as connection:
        for relation in read_catalogue(connection):
            rows = rows_for(relation.columns)
            connection.execute(sample_query(relation, relation.columns, rows, spread=False).encode()).fetchall()
    return time.monotonic() - began


def _map(dsn: str, folder: str) -> tuple[float, int]:
    """Give the seconds and the kilobytes of the whole command."""
    began = time.monotonic()
    process = subprocess.Popen([*COMMAND, "map", "--pg", dsn], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("mapping failed")
    return time.monotonic() - began, used.ru_maxrss
