"""Random queries over a shop with a mark in every personal cell: straight, through the shop's gate, through one that lets all pass.

The rule: what the policy hides comes back in no spelling, and what it does not touch comes back byte for byte. For that the two
runs that are compared each have a database of their own, made from one template, and nothing works there but they: a rolled back
update leaves dead rows, which change what the planner counts, and a tie under `order by … limit` is broken as the plan has it. Each
run meets the same rows in the same order, so that a statement that fails fails at the same one, and each difference is the gate's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from postgres_servers import Server, Servers, as_user
from postgres_support.gate import EVERYBODY, SUPPORT, Gate, all_clear, gate_on, shop_gate
from postgres_support.marks import Seeker, hidden_from, marked
from postgres_support.query_tables import RELATIONS
from postgres_support.random_queries import Maker, Query, Way
from postgres_support.raw import DESCRIBED, ERROR, Reply, Wire
from ringfence.demo.postgres_shop import LOGINS, shop

PEOPLE = 100
SLICE, WHOLE = 300, 20_000
SEED = 20_290_103
ANALYSTS = (
    "public.customer", "public.address", "public.product", "public.orders", "public.order_item", "public.payment",
    "public.support_ticket", "public.segment_size", "public.order_overview", "public.customer_directory",
    "public.support_inbox", "public.best_customer",
)  # fmt: skip
"""What the analysts' login may read."""

UNTENDED = b"""
do $$ declare one record; begin
  for one in
    select oid::regclass as name, case relkind when 'm' then 'materialized view' else 'table' end as kind from pg_class
    where relkind in ('r', 'm') and relnamespace in ('public'::regnamespace, 'staff'::regnamespace)
  loop
    execute format('alter %s %s set (autovacuum_enabled = off, toast.autovacuum_enabled = off)', one.kind, one.name);
  end loop;
end $$;
"""
"""Nothing cleans up, or counts anew, between one run and the other: both would change plans."""


@pytest.fixture(scope="module")
def database(servers: Servers) -> str:
    return marked_shop(servers.preferred)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[Gate]:
    with shop_gate(tmp_path_factory.mktemp("shop-gate"), database) as one:
        yield one


@pytest.fixture
def clear_gate(tmp_path: Path, servers: Servers) -> Iterator[Gate]:
    policy = all_clear(LOGINS["support"])
    with gate_on(tmp_path / "gate", marked_shop(servers.preferred), policy, {"staff.scram": [SUPPORT]}) as one:
        yield one


@pytest.fixture
def twin(servers: Servers) -> str:
    """Give a database that is, block for block, the one behind the clear gate, and that nobody has written to either."""
    return marked_shop(servers.preferred)


def marked_shop(server: Server) -> str:
    dsn = server.database("marked", shop(marked(PEOPLE)) + UNTENDED)
    name = urlsplit(dsn).path[1:]
    for setting in ("max_parallel_workers_per_gather = 0", "synchronize_seqscans = off", "jit = off"):
        server.psql("postgres", f'alter database "{name}" set {setting}')
    return dsn


def asked(dsn: str, maker: Maker, count: int) -> Iterator[tuple[Query, Sequence[Reply]]]:
    """Ask random queries over one connection; give each with the answers."""
    with Wire(dsn) as wire:
        for query in maker.queries(count):
            yield query, [send(wire, statement, query.way) for statement in query.statements]


def send(wire: Wire, statement: str, way: Way) -> Reply:
    return wire.query(statement) if way is Way.SIMPLE else wire.execute(statement, binary=way is Way.BINARY)


def test_the_search_finds_marks_in_every_spelling_in_straight_answers(database: str) -> None:
    seeker = Seeker(hidden_from("support"))
    found: Counter[str] = Counter()
    told = 0
    for _, replies in asked(as_user(database, LOGINS["support"]), Maker(SEED), 1500):
        leaks = {leak for reply in replies for leak in seeker.seek(reply.raw)}
        found.update({leak.partition(" ")[2] for leak in leaks})
        told += bool(leaks)
    assert told > 1500 / 5
    ways = {"raw", "reversed", "without separators", "encoded", "binary", "URL-escaped", "JSON-escaped"}
    assert set(found) == ways, found


def test_random_queries_mostly_run_on_a_straight_connection(database: str) -> None:
    codes: Counter[str] = Counter()
    for _, replies in asked(as_user(database, LOGINS["support"]), Maker(SEED), 500):
        codes.update(reply.code for reply in replies)
    assert codes[""] > 0.95 * codes.total(), codes
    assert codes["22P02"], "some fail, and quote a value"


def test_no_mark_comes_through_the_gate_for_support(gate: Gate) -> None:
    check_hidden(gate, "support", SLICE)


def test_no_mark_comes_through_the_gate_for_an_analyst(gate: Gate) -> None:
    check_hidden(gate, "analyst", SLICE)


def test_where_everything_is_clear_answers_are_the_same_bytes(twin: str, clear_gate: Gate) -> None:
    check_identical(twin, clear_gate, SLICE)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("strict", [False, True], ids=["window", "strict"])
def test_no_mark_in_twenty_thousand_random_queries(tmp_path: Path, server: Server, strict: bool) -> None:
    dsn = marked_shop(server)
    with shop_gate(tmp_path / "gate", dsn, strict=strict) as gate:
        for role in ("support", "analyst"):
            check_hidden(gate, role, WHOLE // 4, seed=SEED + server.version + strict)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_same_bytes_in_twenty_thousand_random_queries(twin: str, clear_gate: Gate) -> None:
    check_identical(twin, clear_gate, WHOLE)


def check_hidden(gate: Gate, role: str, count: int, seed: int = SEED) -> None:
    """Ask through the gate: no answer holds a mark, and a good part is answered rather than refused."""
    seeker = Seeker(hidden_from(role))
    relations = ANALYSTS if role == "analyst" else tuple(RELATIONS)
    maker = Maker(seed, relations, writes=role == "support")
    codes: Counter[str] = Counter()
    for query, replies in asked(gate.dsn(EVERYBODY[role]), maker, count):
        for reply in replies:
            assert not seeker.seek(reply.raw), query
            codes[reply.code] += 1
    assert codes[""] > 0.4 * codes.total(), codes
    assert not codes["XX000"], codes


def check_identical(twin: str, gate: Gate, count: int) -> None:
    """Ask straight and through the gate: every byte is the same."""
    straight = asked(as_user(twin, LOGINS["support"]), Maker(SEED), count)
    through = asked(gate.dsn(SUPPORT), Maker(SEED), count)
    for (query, direct), (_, gated) in zip(straight, through, strict=True):
        for statement, one, other in zip(query.statements, direct, gated, strict=True):
            assert as_seen(statement, one) == as_seen(statement, other), (query.way, statement)
            if one.code:
                break  # what follows builds on a statement that failed


def as_seen(statement: str, reply: Reply) -> list[tuple[bytes, bytes]]:
    """Leave out what differs between any two runs: a temporary table's number, and where in PostgreSQL's source an error stood."""
    seen = []
    for kind, body in reply.messages:
        if kind == ERROR:
            seen.append((kind, b"\0".join(field for field in body.split(b"\0") if field[:1] not in (b"F", b"L", b"R"))))
        elif kind == DESCRIBED and statement == "select * from kept":
            seen.append((kind, _without_table(body)))
        else:
            seen.append((kind, body))
    return seen


def _without_table(body: bytes) -> bytes:
    """Zero the table's number in each column's description."""
    seen, at = bytearray(body), 2
    for _ in range(int.from_bytes(body[:2])):
        at = body.index(b"\0", at) + 1
        seen[at : at + 4] = bytes(4)
        at += 18
    return bytes(seen)
