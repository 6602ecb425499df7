"""Messages in any order, cut anywhere: every segment is answered, nothing hidden comes out, nothing breaks."""

import random
from pathlib import Path

import pytest
from gate_house import SCHEMA, House, house
from raw_client import FLUSH, SYNC, RawClient, bind, close, describe, execute, message, parse, query

from postgres_servers import Server

TEXTS = (
    *(
        "select email from person where id = 1",
        "select label from item where id = 1",
        "select 1/0",
        "select nothing",
        "",
    ),
    *(
        "begin",
        "commit",
        "rollback",
        "savepoint a",
        "rollback to a",
        "select word from secret",
        "select note from person",
    ),
    *("create temp table z as select email e from person", "select e from z", "drop table z", "lock table item"),
    *("declare c cursor for select email from person", "fetch 1 from c", "close c", "close all", "listen x"),
    *("prepare p as select email from person", "execute p", "deallocate p", "deallocate all", "discard all"),
    *("set search_path = public", "select $1::text", "copy person to stdout", "copy item from stdin"),
    *("select 1; select email from person", "set client_min_messages = debug5", "select id from person order by email"),
    "insert into person (id, email) values (1, 'a@example.com')",
)
NAMES = ("", "a", "b", "p", "c")
HIDDEN = (b"ada@", b"bob@", b"never shown", b"rewritten parse", b"out of its turn", b"internal error")
THE_END = query("select 'the end'")


def any_message(chance: random.Random) -> bytes:
    match chance.randrange(14):
        case 0 | 1 | 2:
            return query(chance.choice(TEXTS))
        case 3 | 4:
            return parse(chance.choice(NAMES), chance.choice(TEXTS))
        case 5 | 6:
            values = [b"x"] * chance.randrange(2)
            return bind(chance.choice(NAMES), chance.choice(NAMES), values, chance.choice([(), (0,), (1,)]))
        case 7 | 8:
            return execute(chance.choice(NAMES), chance.randrange(3))
        case 9:
            return describe(chance.choice("SP"), chance.choice(NAMES))
        case 10:
            return close(chance.choice("SP"), chance.choice(NAMES))
        case 11:
            copied = (message("d", b"9999\tx\t1\n"), message("c"), message("f", b"no\0"))
            return chance.choice((FLUSH, *copied))
        case _:
            return SYNC


def converse(gate: House, chance: random.Random, pieces: int, *, broken: float) -> None:
    """Say something at random; where no byte was broken the session must still answer."""
    with RawClient(gate) as raw:
        raw.socket.settimeout(30)
        whole = True
        try:
            for _ in range(pieces):
                said = b"".join(any_message(chance) for _ in range(chance.randrange(1, 8)))
                if chance.random() < broken:
                    whole = False
                    at = chance.randrange(len(said))
                    said = said[:at] + bytes([chance.randrange(256)]) + said[at + 1 :]
                cut = chance.randrange(len(said) + 1)
                raw.send(said[:cut])
                raw.send(said[cut:])
            raw.send(message("c"), SYNC, query("rollback"), THE_END)
            if not whole:
                raw.socket.shutdown(1)
            heard = b""
            while b"\x07the end" not in heard and (data := raw.socket.recv(65536)):
                heard += data
        except (ConnectionError, BrokenPipeError):
            assert not whole
            return
        assert not whole or b"\x07the end" in heard
        assert not any(hidden in heard for hidden in HIDDEN[: len(HIDDEN) if whole else 4])


@pytest.mark.parametrize("origins", ["window", "strict"])
def test_a_few_conversations_at_random_end_well(postgres: Server, tmp_path: Path, origins: str) -> None:
    with house(postgres.database("fuzz", SCHEMA), tmp_path, origins=origins) as gate:
        for seed in range(12):
            converse(gate, random.Random(seed), 12, broken=0.0)
            converse(gate, random.Random(seed), 12, broken=0.1)
        assert gate.gate.status().troubles == 0


@pytest.mark.soak
@pytest.mark.parametrize("origins", ["window", "strict"])
def test_many_conversations_at_random_end_well(postgres: Server, tmp_path: Path, origins: str) -> None:
    with house(postgres.database("fuzz", SCHEMA), tmp_path, origins=origins) as gate:
        for seed in range(1_000):
            converse(gate, random.Random(1_000 + seed), 25, broken=0.05 * (seed % 2))
        assert gate.gate.status().troubles == 0
