"""Copies are read as the servers themselves read and write them."""

import random

import psycopg
import pytest
from copy_spellings import PIECES, SPELLINGS, clause, cut_up, random_table, rows_of
from value_samples import SAMPLES
from wire_plays import Table

from postgres_servers import Server
from ringfence.carriers import Undecodable
from ringfence.sql.model import CopyOptions
from ringfence.wire.postgres.copying import CopyMessages, copy_payload
from ringfence.wire.postgres.splitting import CopyPlace

Connection = psycopg.Connection[tuple[object, ...]]


def copied_out(connection: Connection, sql: str) -> list[bytes]:
    with connection.cursor().copy(sql) as copy:
        return [bytes(piece) for piece in copy]


def copied_in(connection: Connection, sql: str, payload: bytes) -> None:
    with connection.cursor().copy(sql) as copy:
        copy.write(payload)


def stored(connection: Connection, columns: str = "a, b") -> Table:
    found = connection.execute(f"select {columns} from t order by number").fetchall()
    return [[None if value is None else str(value).encode() for value in row] for row in found]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
def test_what_the_server_copies_out_is_taken_and_what_is_put_is_copied_in(
    server: Server, spelling: CopyOptions
) -> None:
    rng = random.Random(repr(spelling))
    dsn = server.database("copies", "create table t (number serial, a text, b text)")
    options = clause(spelling)
    with psycopg.connect(dsn, autocommit=True) as connection:
        table = random_table(rng, 2, 60)
        if spelling.format == "text" and spelling.null in ("", "NULL"):
            # The server writes these values as it writes null, and cannot tell them apart itself.
            table = [[value if value != spelling.null.encode() else b"x" for value in row] for row in table]
        for row in table:
            connection.execute(
                "insert into t (a, b) values (%s, %s)", [v.decode() if v is not None else None for v in row]
            )
        pieces = copied_out(connection, f"copy (select a, b from t order by number) to stdout with ({options})")
        parts = cut_up(spelling, [25, 25], pieces)
        assert b"".join(copy_payload(data) for _, data, _ in parts) == b"".join(pieces)
        rows = CopyMessages(spelling, [25, 25])
        data = rows_of(parts)
        assert rows.take(data, [0, 1]) == [[row[0] for row in table], [row[1] for row in table]]
        assert rows.put(data, [0, 1], rows.take(data, [0, 1])) == data

        others = random_table(rng, 2, len(table))
        put = rows.put(data, [0, 1], [[row[0] for row in others], [row[1] for row in others]])
        head = b"".join(copy_payload(data) for place, data, _ in parts if place is CopyPlace.HEAD)
        connection.execute("truncate t")
        copied_in(connection, f"copy t (a, b) from stdin with ({options})", head + copy_payload(put))
        lost = spelling.null.encode() if spelling.format == "text" and not spelling.null else object()
        assert stored(connection) == [[None if value == lost else value for value in row] for row in others]


def test_a_binary_copy_of_every_type_is_taken_and_put_back(postgres: Server) -> None:
    rng = random.Random(11)
    names = [name for name in SAMPLES if name not in ("cidr", "name")]
    columns = ", ".join(f"c{number} {name}" for number, name in enumerate(names))
    with psycopg.connect(postgres.database("copies", f"create table t ({columns})"), autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        marks = ", ".join(f"%s::text::{name}" for name in names)
        for _ in range(20):
            connection.execute(f"insert into t values ({marks})", [SAMPLES[name](rng) for name in names])
        types = [column.type_code for column in connection.execute("select * from t limit 0").description or ()]
        spelling = CopyOptions(format="binary")
        pieces = copied_out(connection, "copy t to stdout (format binary)")
        parts = cut_up(spelling, types, pieces)
        assert b"".join(data for _, data, _ in parts) == b"".join(
            b"d" + (len(piece) + 4).to_bytes(4) + piece for piece in pieces
        )
        rows = CopyMessages(spelling, types)
        data = rows_of(parts)
        taken = rows.take(data, range(len(names)))
        plain = [line.split(b"\t") for line in copied_out(connection, "copy t to stdout")]
        assert len(plain) == len(taken[0]) == 20
        shifted = [values[1:] + values[:1] for values in taken]
        put = copy_payload(rows.put(data, range(len(names)), shifted)) + b"\xff\xff"
        before = copied_out(connection, "copy t to stdout")
        connection.execute("truncate t")
        copied_in(connection, "copy t from stdin (format binary)", put)
        assert copied_out(connection, "copy t to stdout") == before[1:] + before[:1]


def agreement(connection: Connection, spelling: CopyOptions, rng: random.Random, count: int) -> tuple[int, int]:
    """Send random bytes as copies. Where the server stores rows, they are those that were taken; give both sides' refusals."""
    marks = [*PIECES, "\\.", "\r\n", "\n", "\n", spelling.delimiter, spelling.delimiter, spelling.quote, "\\x4", "\\7"]
    accepted = too_strict = 0
    for _ in range(count):
        lines = [
            "".join(rng.choice(marks) for _ in range(rng.randrange(8))) + spelling.delimiter * (rng.random() < 0.5)
            for _ in range(rng.randrange(1, 4))
        ]
        payload = ("\n".join(lines) + "\n" * (rng.random() < 0.8)).encode()
        if spelling.header:
            payload = b"a\n" + payload
        taken: Table | None = None
        try:
            data = rows_of(cut_up(spelling, [25, 25], [payload]))
            columns = CopyMessages(spelling, [25, 25]).take(data, [0, 1])
            taken = [list(row) for row in zip(*columns, strict=True)]
        except Undecodable:
            pass
        connection.execute("truncate t")
        try:
            copied_in(connection, f"copy t (a, b) from stdin with ({clause(spelling)})", payload)
        except psycopg.Error:
            continue
        accepted += 1
        if taken is None:
            too_strict += 1
        else:
            assert stored(connection) == taken
    return accepted, too_strict


@pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
def test_whatever_the_server_stores_of_a_copy_was_seen_as_that(server: Server, spelling: CopyOptions) -> None:
    rng = random.Random(f"{spelling!r}{server.version}")
    dsn = server.database("copies", "create table t (number serial, a text, b text)")
    with psycopg.connect(dsn, autocommit=True) as connection:
        accepted, too_strict = agreement(connection, spelling, rng, 60)
        assert accepted >= 3
        assert too_strict <= accepted / 3, "copies that the server takes are refused"


@pytest.mark.soak
@pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
def test_whatever_the_server_stores_of_many_copies_was_seen_as_that(server: Server, spelling: CopyOptions) -> None:
    dsn = server.database("copies", "create table t (number serial, a text, b text)")
    with psycopg.connect(dsn, autocommit=True) as connection:
        accepted, _ = agreement(connection, spelling, random.Random(7), 5000)
        assert accepted > 200
