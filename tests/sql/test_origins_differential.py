"""No dependency that can be seen is missed: random statements, run again after each base column was changed."""

from collections.abc import Iterator

import pytest
from origins_bench_changes import Changes, unexplained

from postgres_servers import Server, as_user, shapes_database
from ringfence.sql.model import Analysis, Compared, Output


@pytest.fixture
def changes(server: Server) -> Iterator[Changes]:
    dsn = shapes_database(server)
    made = Changes(dsn, as_user(dsn, "client"))
    yield made
    made.close()


def check(changes: Changes, seeds: range) -> None:
    tally = changes.try_all(seeds)
    print(f"{tally.ran} statements, {tally.dependencies} dependencies")
    assert tally.missed == []
    assert tally.inexact == []
    assert tally.refused == []
    assert tally.ran >= len(seeds) * 0.8
    assert tally.dependencies > tally.ran


def test_no_dependency_is_missed(changes: Changes, server: Server) -> None:
    check(changes, range(server.version * 1000, server.version * 1000 + 40))


@pytest.mark.soak
def test_no_dependency_of_thousands_is_missed(changes: Changes, server: Server) -> None:
    check(changes, range(server.version * 100_000, server.version * 100_000 + 1_000))


def test_a_missed_dependency_would_be_seen() -> None:
    rows = [("a", 1), ("b", 2)]
    honest = Analysis((Output("x", ("diff.person.name",)), Output("y", ())), (Compared("diff.person.pay"),))
    before = (None, rows, rows)
    assert unexplained(honest, "diff.person.name", before, (None, [("c", 1), ("b", 2)], rows)) == ""
    assert unexplained(honest, "diff.person.name", before, (None, [("a", 1), ("b", 3)], rows)) == "column 1"
    assert unexplained(honest, "diff.person.ssn", before, (None, rows[:1], rows)) == "the number of rows"
    assert unexplained(honest, "diff.person.ssn", before, ("22012", [], [])) == "whether it fails"
    assert unexplained(honest, "diff.person.ssn", before, (None, rows, [("z", 1), ("b", 2)])).startswith(
        "what is written"
    )
    assert unexplained(honest, "diff.person.pay", before, (None, [], [])) == ""
