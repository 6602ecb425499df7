"""The shapes of statements, on every version: never a missed origin, at most one in twenty over-approximated, the rest exact."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from origins_bench_driver import Bench
from origins_bench_shapes import OWN_SCHEMA, Shape, Verdict, judge, shapes

from postgres_servers import PREFERRED, Server, as_user, shapes_database
from ringfence.sql.catalogue import Catalogue
from ringfence.sql.model import Analysis

# Refused by the parser's rules, though their columns could be told: U&"" names, a client's view, NOTIFY.
REFUSED_ALL_THE_SAME = frozenset({156, 202, 223})
# The rows come in the order of a window, so that what it sorts by is compared as well.
# Where a row stands may follow from any of its columns, where its table has others below it; what grows with each round of a
# recursive query or each row of an aggregate of one's own may outgrow the server; a function that writes leaves something behind.
OVER = frozenset({79, 80, 209} | {14, 1124, 1131} | {52, 77, 1055} | {1098})


def database(server: Server) -> str:
    dsn = shapes_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(OWN_SCHEMA.read_bytes())
    return as_user(dsn, "client")


@contextmanager
def session(dsn: str, shape: Shape, catalogue: Catalogue) -> Iterator[Bench]:
    bench = Bench(dsn)
    bench.catalogue = catalogue.renewed()
    try:
        bench.run("begin")
        for text in shape.setup:
            bench.prepare(text)
        yield bench
    finally:
        bench.close()


def analysis_of(dsn: str, shape: Shape, catalogue: Catalogue) -> Analysis:
    with session(dsn, shape, catalogue) as bench:
        found = bench.analyse(shape.sql, shape.parameters)
        catalogue.functions.update(bench.catalogue.renewed().functions)
        return found


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.soak)])
def test_every_shape_is_traced_as_it_should_be(server: Server, step: int) -> None:
    """All of them on one version, and on each of the others another third; under `soak` all on all."""
    begin = server.version // 2 % 3  # 15, 16 and 18 have thirds of their own
    chosen = shapes() if server.version == PREFERRED else shapes()[begin % step :: step]
    dsn = database(server)
    catalogue = Catalogue()
    tally: Counter[Verdict] = Counter()
    wrong: list[str] = []
    for shape in chosen:
        if shape.since > server.version:
            continue
        try:
            found = analysis_of(dsn, shape, catalogue)
        except psycopg.DatabaseError as error:
            if shape.needs_xml and "XML" in str(error):
                continue
            raise AssertionError(f"{shape.number}: {shape.sql}") from error
        verdict, why = judge(shape, found)
        tally[verdict] += 1
        expected = Verdict.EXACT
        if shape.number in REFUSED_ALL_THE_SAME:
            expected = Verdict.REFUSED
        elif shape.number in OVER:
            expected = Verdict.OVER
        if verdict is not expected:
            wrong.append(f"{shape.number} {verdict}: {why}: {shape.sql}")
    print(f"PostgreSQL {server.version}: {dict(tally)}")
    assert wrong == []
    assert tally[Verdict.WRONG] == 0
    assert tally[Verdict.OVER] * 20 <= tally.total() or len(chosen) < len(shapes())


def test_there_are_as_many_shapes_as_promised() -> None:
    own = [shape for shape in shapes() if shape.number > 1000]
    assert len(shapes()) - len(own) == 233
    assert len(own) >= 100
    assert len({shape.sql for shape in own} - {shape.sql for shape in shapes() if shape.number <= 1000}) == len(own)


@pytest.mark.parametrize("number", [1, 98, 103, 128])
def test_a_shape_that_says_something_else_is_told_apart(number: int, postgres: Server) -> None:
    (shape,) = (each for each in shapes() if each.number == number)
    if shape.since > postgres.version:
        pytest.skip("this server is too old for it")
    found = analysis_of(database(postgres), shape, Catalogue())
    assert judge(shape, found)[0] is Verdict.EXACT
    missing = Analysis(tuple(type(each)(each.name, (), each.exact) for each in found.outputs), found.compared)
    assert judge(shape, missing)[0] is Verdict.WRONG
