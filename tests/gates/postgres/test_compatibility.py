"""Client programs get the same through the gate as straight; so do the libraries' own test suites, where everything is clear."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from compatibility import PROGRAMS

from postgres_servers import Server, Servers, as_user
from postgres_support.differences import ALLOWED, EXPLAINED
from postgres_support.gate import SUPPORT, Gate, all_clear, gate_on, shop_gate
from postgres_support.marks import marked
from postgres_support.suites import ASYNCPG, PASSED, PG8000, NotFetched, Suite, fetch, run_suite
from ringfence.demo.postgres_gate import User
from ringfence.demo.postgres_server import Running, find_installation
from ringfence.demo.postgres_shop import LOGINS, shop

LEAST = 0.99  # of what passes straight
PASSWORD = "pw"  # which the suites of pg8000 hold for theirs


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Gate]:
    dsn = servers.preferred.database("used", shop(marked(100)))
    with shop_gate(tmp_path_factory.mktemp("gate"), dsn) as one:
        yield one


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.filterwarnings("ignore:Did not recognize type 'postal'")
def test_a_program_sees_the_same_through_the_gate(postgres: Server, gate: Gate, program: str) -> None:
    straight = as_user(postgres.dsn(gate.database), LOGINS["support"])
    run = PROGRAMS[program]
    expected = run(straight, postgres.bin)
    assert run(gate.dsn(SUPPORT), postgres.bin) == expected


@pytest.mark.soak
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.filterwarnings("ignore:Did not recognize type 'postal'")
def test_a_program_sees_the_same_on_every_version(tmp_path: Path, server: Server, program: str) -> None:
    dsn = server.database("used", shop(marked(100)))
    run = PROGRAMS[program]
    expected = run(as_user(dsn, LOGINS["support"]), server.bin)
    with shop_gate(tmp_path / "gate", dsn) as gate:
        assert run(gate.dsn(SUPPORT), server.bin) == expected


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("suite", [ASYNCPG, PG8000], ids=lambda one: one.package)
def test_what_passes_straight_in_a_librarys_own_suite_passes_through_a_clear_gate(tmp_path: Path, suite: Suite) -> None:
    try:
        place = fetch(suite, tmp_path)
    except NotFetched:
        pytest.skip(f"the source of {suite.package} cannot be fetched here: no network")
    user = User(suite.user, PASSWORD, "support")
    with Running(find_installation(), tmp_path / "life", trusting=True) as server:
        server.psql("postgres", "create role client login; alter role client set log_min_messages = fatal")
        server.psql("postgres", "create database client owner client")
        server.psql("postgres", "alter database postgres owner to client")
        straight = run_suite(suite, place, server.port, PASSWORD)
        dsn = server.dsn(suite.database, suite.user)
        policy = all_clear("client", ALLOWED)
        with gate_on(tmp_path / "gate", dsn, policy, {"staff.scram": [user]}) as gate:
            through = run_suite(suite, place, gate.open.port, PASSWORD)
    passed = [name for name, outcome in straight.items() if outcome == PASSED]
    lost = [name for name in passed if through.get(name) != PASSED]
    assert len(passed) > 250, "the suite ran"
    assert not set(lost) - set(EXPLAINED), "each difference is explained in docs/compatibility.md"
    assert len(lost) <= (1 - LEAST) * len(passed), lost
