"""The tables against servers: all that PostgreSQL 15 to 18 bring was looked at, and what is judged leads to nothing refused."""

import json

import psycopg
import pytest

from postgres_servers import Server
from ringfence.sql.refusals import FunctionKind, RelationKind, judge_function, judge_relation
from ringfence.sql.refusals import functions as function_table
from ringfence.sql.refusals import settings as setting_table

_OIDS = r":(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)"


@pytest.fixture
def connection(server: Server):
    with psycopg.connect(server.database("refusals"), autocommit=True) as connection:
        yield connection


def _functions(connection, condition: str) -> list[tuple[str, str, str, str]]:
    return connection.execute(
        "select n.nspname, p.proname, p.provolatile::text, p.prokind::text from pg_proc p join pg_namespace n"
        f" on n.oid = p.pronamespace where {condition}"
    ).fetchall()


def test_every_built_in_function_was_looked_at(connection) -> None:
    found = _functions(connection, "n.nspname = 'pg_catalog'")
    assert len(found) > 3_000
    unknown = {
        name
        for schema, name, volatility, kind in found
        if (refusal := judge_function(schema, name, volatility, kind).refusal) is not None
        and refusal.why == function_table._UNKNOWN_BUILT_IN.why
    }
    assert unknown == set()


def test_every_catalogue_was_looked_at(connection) -> None:
    found = connection.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v', 'm', 'f', 'p')"
    ).fetchall()
    assert len(found) > 180
    unknown = {
        name
        for schema, name in found
        if (refusal := judge_relation(schema, name).refusal) is not None and "not been looked at" in refusal.why
    }
    assert unknown == set()


def test_what_a_judged_view_calls_and_reads_is_refused_nowhere(connection) -> None:
    rules = connection.execute(
        "select n.nspname, c.relname, r.ev_action::text from pg_rewrite r join pg_class c on c.oid = r.ev_class"
        " join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('pg_catalog', 'information_schema')"
    ).fetchall()
    judged = [
        (schema, name, tree) for schema, name, tree in rules if judge_relation(schema, name).kind is RelationKind.JUDGED
    ]
    assert len(judged) > 80
    named = json.dumps([tree for *_, tree in judged])
    called = connection.execute(
        "select distinct m[1]::oid from regexp_matches(%s, %s, 'g') m", [named, _OIDS]
    ).fetchall()
    read = connection.execute(
        "select distinct m[1]::oid from regexp_matches(%s, ':relid (\\d+)', 'g') m", [named]
    ).fetchall()
    assert len(called) > 80
    assert len(read) > 40
    oids = ",".join(str(oid) for (oid,) in called)
    for schema, name, volatility, kind in _functions(connection, f"p.oid in ({oids})"):
        assert judge_function(schema, name, volatility, kind).kind is not FunctionKind.REFUSED, name
    relations = connection.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        f" where c.oid in ({','.join(str(oid) for (oid,) in read)})"
    ).fetchall()
    for schema, name in relations:
        assert judge_relation(schema, name).kind is RelationKind.JUDGED, name


def test_a_function_of_a_setting_is_told_from_others_whatever_its_arguments(connection) -> None:
    for schema, name, volatility, kind in _functions(connection, "p.proname in ('current_setting', 'set_config')"):
        assert judge_function(schema, name, volatility, kind).kind is FunctionKind.SETTING


def test_no_function_that_is_pure_for_being_immutable_reads_a_file_or_a_relation_by_name(connection) -> None:
    found = _functions(
        connection,
        "n.nspname = 'pg_catalog' and p.provolatile = 'i'"
        " and p.proname ~ '(_to_xml|^lo_|^pg_read|^pg_ls_|_file$|^ts_stat|^pg_stat)'",
    )
    assert [name for _, name, *_ in found] == []


def test_settings_that_a_client_may_set_are_ones_that_any_user_may_set(connection) -> None:
    contexts = dict(connection.execute("select lower(name), context from pg_settings").fetchall())
    wrong = {name: contexts[name] for name in setting_table._FREE if name in contexts and contexts[name] != "user"}
    assert wrong == {}
    assert len(setting_table._FREE & contexts.keys()) > 70
