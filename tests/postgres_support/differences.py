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

_PREPARED = "the gate's own statements stand in pg_prepared_statements beside the client's"
_COPIED = (
    "the gate refuses a row of a copy that has not its columns, before the server finds fault with one of its values"
)

EXPLAINED: Mapping[str, str] = {
    "tests.test_copy.TestCopyTo.test_copy_records_to_table_no_stmt_cache": _PREPARED,
    "tests.test_execute.TestExecuteMany.test_executemany_server_failure_during_writes": (
        "the gate takes in what the client sends while the server's error is on its way: a race of the client's with it"
    ),
    "tests.test_pool.TestPool.test_pool_config_persistence": (
        "now and then: a connection that the pool opens in the background is still logging in when the test ends; the gate asks"
        " for a password, which takes longer than being trusted"
    ),
    "test.native.test_query.test_close_prepared_statement": _PREPARED,
    "test.legacy.test_query.test_close_prepared_statement": _PREPARED,
    "test.native.test_query.test_max_parameters": (
        "a list of 65,535 parameters has a tree of more than 4 MiB, which the gate does not read: it is refused"
    ),
    "test.native.test_copy.test_copy_from_with_error": _COPIED,
    "test.dbapi.test_copy.test_copy_from_with_error": _COPIED,
    "test.legacy.test_copy.test_copy_from_with_error": _COPIED,
    "test.dbapi.test_connection.test_broken_pipe_read": (
        "a session that the server ends is closed at once, so that the client's next message may meet a reset"
    ),
}
"""Tests that pass straight and not through a clear gate. `docs/compatibility.md` says the same in prose."""
