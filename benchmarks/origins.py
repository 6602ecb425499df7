"""What it costs here to say where a statement's columns come from: reading a tree, and walking it with the catalogue at hand.

Trees that servers of version 18 sent are read from the tests; what a round trip adds is measured by `postgres_origins`.
"""

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks._rows import Row
from ringfence.sql import Catalogue, Knobs, Missing, RawStatement, StatementKind, analyse, parse_tree
from ringfence.sql.catalogue import Column, Function, Relation

TREES = Path(__file__).resolve().parents[1] / "tests" / "sql" / "trees"
ROUNDS = 40
RAW = RawStatement(StatementKind.EXPLAIN, 0, 0)


def run() -> list[Row]:
    rows: list[Row] = []
    for name in ("write", "large"):
        text = (TREES / f"18-{name}.txt").read_text("utf-8")
        tree = parse_tree(text)
        catalogue = known_to([tree])
        size = f"{len(text) / 1000:.0f} kB"
        rows.append(Row(f"a tree of {size}, read", f"{best(lambda: parse_tree(text)):.2f} ms"))  # noqa: B023 (called at once)
        walked = best(lambda: analyse([tree], [], RAW, catalogue, Knobs()))  # noqa: B023 (called at once)
        rows.append(Row(f"a tree of {size}, walked", f"{walked:.2f} ms", "with its catalogue at hand"))
    return rows


def best(work: Callable[[], object]) -> float:
    """Give the milliseconds of processor time of one round, the best of three."""
    found: list[float] = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(ROUNDS):
            work()
        found.append((time.process_time() - began) / ROUNDS * 1000)
    return min(found)


def known_to(trees: list) -> Catalogue:  # type: ignore[type-arg]
    """Make a catalogue that has whatever trees name: tables of thirty columns, and functions of PostgreSQL's own."""
    catalogue = Catalogue()
    columns = {number: Column(number, f"c{number}", 25) for number in range(1, 31)}
    while isinstance(missing := analyse(trees, [], RAW, catalogue, Knobs()), Missing):
        for oid in missing.relations:
            catalogue.relations[oid] = Relation(oid, "app", f"t{oid}", "r", columns)
        for oid in missing.functions:
            catalogue.functions[oid] = Function(oid, "pg_catalog", "upper", "internal", "i", "f", 25)
        catalogue.types.update(dict.fromkeys(missing.types))
        catalogue.operators.update(dict.fromkeys(missing.operators))
        catalogue.bodies.update(dict.fromkeys(missing.bodies))
    return catalogue
