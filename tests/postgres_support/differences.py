"""What the suites of client libraries need to be allowed, and what of them is different behind a gate, each with its reason."""

from collections.abc import Mapping, Sequence

ALLOWED: Sequence[str] = (
    # They make tables, types and functions for themselves, which here go to a database of nobody's.
    *("statement:create-table", "statement:alter-table", "statement:drop-table", "statement:truncate"),
    *("statement:create-type", "statement:alter-type", "statement:drop-type", "statement:create-domain"),
    *("statement:drop-domain", "statement:create-extension", "statement:drop-extension", "statement:create-function"),
    *("statement:drop-function", "statement:create-schema", "statement:drop-schema", "statement:do", "statement:call"),
    *("statement:create-view", "statement:drop-view", "statement:create-index", "statement:drop-index"),
    # They look at sessions, end them, and speak to one another.
    *("statement:notify", "statement:prepare-transaction", "statement:create-role", "statement:drop-role"),
    *("function:pg_terminate_backend", "function:pg_notify"),
    *("relation:pg_catalog.pg_stat_activity", "relation:pg_catalog.pg_prepared_statements"),
    *("relation:pg_catalog.pg_prepared_xacts", "relation:pg_catalog.pg_locks", "statement:copy-where"),
    *("function:pg_stat_get_activity", "function:pg_prepared_statement", "function:public.return_enum"),
    "function:pg_lock_status",
    *("type:public.citext_range", "function:public._test"),
)
"""Refusals that are lifted for the suites, by name."""

EXPLAINED: Mapping[str, str] = {}
"""Tests that pass straight and not through a clear gate. `docs/compatibility.md` says the same in prose."""
