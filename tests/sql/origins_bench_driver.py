"""Asks a server for the tree of a statement and analyses it, as the gate does, but on a connection of psycopg's."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import psycopg

from ringfence.gates.postgres.catalogue import load
from ringfence.sql.catalogue import Catalogue, Missing
from ringfence.sql.model import Analysis, RawStatement, StatementKind
from ringfence.sql.origins import DescribedColumn, Knobs, analyse
from ringfence.sql.parsing import parse
from ringfence.sql.tree import parse_tree

TRACED = frozenset(
    {
        StatementKind.PLANNED,
        StatementKind.COPY_OUT,
        StatementKind.COPY_IN,
        StatementKind.DECLARE,
        StatementKind.EXPLAIN,
        StatementKind.CREATE_AS,
        StatementKind.PREPARE,
    }
)
SETTINGS_ON = "set debug_pretty_print=off; set debug_print_rewritten=on; set client_min_messages=log"
SETTINGS_OFF = "set client_min_messages=warning; set debug_print_rewritten=off"


class Bench:
    """One session on a server."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True)
        self.pg = self.connection.pgconn
        self.trees: list[str] = []
        self.catalogue = Catalogue()
        self.rounds = 0
        self.standing: dict[str, Analysis] = {}  # of cursors and prepared statements that are open
        self.connection.add_notice_handler(self._noticed)

    def close(self) -> None:
        self.connection.close()

    def run(self, sql: str) -> None:
        """Run text for its effect."""
        result = self.pg.exec_(sql.encode())
        if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.DatabaseError(result.error_message.decode())

    def prepare(self, sql: str) -> None:
        """Run text that later statements stand on, keeping what a cursor or a prepared statement means."""
        parsed = parse(sql)
        for raw in parsed.statements:
            if raw.kind in (StatementKind.DECLARE, StatementKind.PREPARE):
                self.standing[raw.name] = self.analyse_raw(sql, raw)
        self.run(sql)

    def forget(self) -> None:
        """Forget the catalogue: something was defined."""
        self.catalogue = self.catalogue.renewed()

    def tree(self, sql: str, types: Sequence[int] = ()) -> tuple[str, list[DescribedColumn]]:
        """Give a statement's tree and the description of its result. Raises psycopg's errors."""
        self.run(SETTINGS_ON)
        self.trees.clear()
        try:
            prepared = self.pg.prepare(b"", sql.encode(), list(types))
            trees = list(self.trees)
            described = self.pg.describe_prepared(b"")
        finally:
            with suppress(psycopg.errors.DatabaseError):
                self.run(SETTINGS_OFF)
        if prepared.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.DatabaseError(prepared.error_message.decode())
        assert len(trees) == 1, len(trees)
        columns = [
            DescribedColumn(
                described.fname(at).decode(), described.ftable(at), described.ftablecol(at), described.ftype(at)
            )
            for at in range(described.nfields)
        ]
        return trees[0], columns

    def analyse(self, sql: str, types: Sequence[int] = (), knobs: Knobs | None = None) -> Analysis:
        """Analyse a text of one statement. What the parser refuses is refused."""
        parsed = parse(sql)
        if parsed.refused is not None:
            return Analysis(refused=(parsed.refused,))
        (raw,) = parsed.statements
        if raw.refused:
            return Analysis(refused=raw.refused)
        if raw.kind in (StatementKind.FETCH, StatementKind.EXECUTE):
            return replace(
                self.standing[raw.name],
                compared=self.standing[raw.name].compared if raw.kind is StatementKind.EXECUTE else (),
            )
        if raw.kind not in TRACED:
            return Analysis()
        return self.analyse_raw(sql, raw, types, knobs)

    def analyse_raw(
        self, sql: str, raw: RawStatement, types: Sequence[int] = (), knobs: Knobs | None = None
    ) -> Analysis:
        text = raw.inner or sql.encode()[raw.start : raw.end].decode()
        detail, described = self.tree(text, types)
        trees = [parse_tree(detail)]
        for self.rounds in range(12):
            found = analyse(trees, described, raw, self.catalogue, knobs or Knobs())
            if not isinstance(found, Missing):
                return found
            asyncio.run(load(found, self._fetch, self.catalogue, self._trace))
        raise AssertionError("the catalogue is never enough")

    async def _fetch(self, query: str, values: Sequence[str]) -> list[list[str | None]]:
        result = self.pg.exec_params(query.encode(), [value.encode() for value in values])
        if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.DatabaseError(result.error_message.decode())
        return [
            [
                value.decode() if (value := result.get_value(row, at)) is not None else None
                for at in range(result.nfields)
            ]
            for row in range(result.ntuples)
        ]

    async def _trace(self, query: str, values: Sequence[str]) -> list[str] | None:
        self.run(SETTINGS_ON)
        prepared = self.pg.prepare(b"", query.encode())
        self.trees.clear()
        result = self.pg.exec_prepared(b"", [value.encode() for value in values])
        trees = list(self.trees)
        with suppress(psycopg.errors.DatabaseError):  # the transaction has failed
            self.run(SETTINGS_OFF)
        failed = psycopg.pq.ExecStatus.FATAL_ERROR
        return None if failed in (prepared.status, result.status) else trees

    def _noticed(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.source_function == "elog_node_display" and diagnostic.message_primary == "rewritten parse tree:":
            assert diagnostic.message_detail is not None
            self.trees.append(diagnostic.message_detail)
