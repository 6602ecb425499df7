"""What a statement's result really depends on: one base column is changed, the statement is run again, the results are compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
from origins_bench_driver import Bench
from origins_bench_queries import SCHEMA, TABLES, Maker

from ringfence.sql.model import Analysis

CHANGES = {
    "int": ("{0} + 1", "({0} * 3 + id) % 5", "null"),
    "text": ("{0} || 'x'", "case when id % 2 = 0 then 'n1' else {0} end", "'e' || (id + 1)", "null"),
    "text[]": ("array['w' || id]",),
    "jsonb": ("jsonb_build_object('k', 'w' || id)",),
}
TOO_LONG = "57014"  # query_canceled
Rows = list[tuple[object, ...]]


@dataclass
class Tally:
    """What was seen."""

    ran: int = 0
    dependencies: int = 0
    missed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)


class Changes:
    """A database of the random statements' schema, and one session that runs them."""

    def __init__(self, administrator: str, client: str) -> None:
        with psycopg.connect(administrator, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
        self.bench = Bench(client)
        self.bench.run("set search_path = diff")
        self.connection = psycopg.connect(client)
        self.connection.execute("set search_path = diff")
        self.connection.execute("set statement_timeout = '500ms'")
        self.connection.execute("set jit = off")  # it takes longer than these statements run
        self.connection.commit()
        self.values = {
            f"diff.{table}.{column}": {
                str(row[0]) for row in self.connection.execute(f"select {column} from {table}".encode())
            }
            for table, columns in TABLES.items()
            for column in columns
        }
        self.connection.rollback()

    def close(self) -> None:
        self.bench.close()
        self.connection.close()

    def try_all(self, seeds: Sequence[int]) -> Tally:
        tally = Tally()
        for seed in seeds:
            self._try(seed, Maker(seed).statement(), tally)
        return tally

    def _try(self, seed: int, sql: str, tally: Tally) -> None:
        try:
            analysis = self.bench.analyse(sql)
        except psycopg.Error:  # no statement: the makers' types are not PostgreSQL's own
            return
        if analysis.refused:
            tally.refused.append(f"{seed}: {analysis.refused[0].name}: {sql}")
            return
        before = self._run(sql)
        if before[0] == TOO_LONG or before != self._run(sql):
            return
        tally.ran += before[0] is None
        tally.inexact += [f"{seed}: {name}: {sql}" for name in self._not_exact(analysis, before[1])]
        for table, columns in TABLES.items():
            for column, kind in columns.items():
                for change in CHANGES[kind]:
                    after = self._run(sql, f"update {table} set {column} = {change.format(column)}")
                    if after != before and after[0] != TOO_LONG:
                        tally.dependencies += 1
                        why = unexplained(analysis, f"diff.{table}.{column}", before, after)
                        if why and self._run(sql) == before:  # else it is the planner that changed its mind
                            tally.missed.append(f"{seed}: diff.{table}.{column}: {why}: {sql}")

    def _run(self, sql: str, change: str = "") -> tuple[str | None, Rows, Rows]:
        """Run a statement after a change, and put everything back; give its error, its rows, and what it wrote."""
        try:
            with self.connection.cursor() as cursor:
                if change:
                    cursor.execute(change.encode())
                cursor.execute(sql.encode(), prepare=False)
                rows = cursor.fetchall()
                cursor.execute("select a, b from sink order by a, b")
                return None, rows, cursor.fetchall()
        except psycopg.Error as error:
            return error.sqlstate, [], []
        finally:
            self.connection.rollback()

    def _not_exact(self, analysis: Analysis, rows: Rows) -> list[str]:
        if analysis.written:
            return []
        return [
            output.name
            for at, output in enumerate(analysis.outputs)
            if output.exact
            and not {str(row[at]) for row in rows} - {"None"}
            <= set().union(*(self.values[path] for path in output.origins))
        ]


def unexplained(
    analysis: Analysis, path: str, before: tuple[str | None, Rows, Rows], after: tuple[str | None, Rows, Rows]
) -> str:
    """Say what changed with a column that the analysis does not name for it; "" where it names it."""
    if path in {each.path for each in analysis.compared}:
        return ""
    if before[0] != after[0]:
        named = {origin for each in (*analysis.outputs, *analysis.written) for origin in each.origins}
        return "" if path in named else "whether it fails"
    if len(before[1]) != len(after[1]) or len(before[2]) != len(after[2]):
        return "the number of rows"
    for at, output in enumerate(analysis.outputs):
        if path not in output.origins and _column(before[1], at) != _column(after[1], at):
            return f"column {at}"
    written = {each.path: each.origins for each in analysis.written}
    for at, name in enumerate(("diff.sink.a", "diff.sink.b")):
        if path not in written.get(name, ()) and _stored(before[2], at) != _stored(after[2], at):
            return f"what is written to {name}"
    return ""


def _column(rows: Rows, at: int) -> list[object]:
    return [row[at] for row in rows]


def _stored(rows: Rows, at: int) -> list[str]:
    """What stands in a column of a table, where the order of the rows is nobody's."""
    return sorted(map(repr, _column(rows, at)))
