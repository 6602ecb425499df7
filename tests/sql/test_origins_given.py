"""Given values, exactness, and what a policy's `allow` and `functions` change: asked of a real server."""

from collections.abc import Iterator

import psycopg
import pytest
from origins_bench_driver import Bench
from origins_bench_shapes import OWN_SCHEMA

from postgres_servers import Server, as_user, shapes_database
from ringfence.sql.model import Analysis, Compared, Given, GivenKind, StatementKind
from ringfence.sql.origins import DescribedColumn, Knobs, analyse
from ringfence.sql.parsing import parse
from ringfence.sql.tree import parse_tree


@pytest.fixture
def bench(postgres: Server) -> Iterator[Bench]:
    dsn = shapes_database(postgres)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(OWN_SCHEMA.read_bytes())
    made = Bench(as_user(dsn, "client"))
    yield made
    made.close()


def texts(sql: str, given: tuple[Given, ...]) -> list[str]:
    """Give what stands at given positions."""
    return [
        f"${each.start}" if each.kind is GivenKind.PARAMETER else sql.encode()[each.start : each.end].decode()
        for each in given
    ]


def compared(analysis: Analysis, path: str) -> Compared:
    (found,) = (each for each in analysis.compared if each.path == path)
    return found


def refused_names(analysis: Analysis) -> list[str]:
    return [each.allow or each.name for each in analysis.refused]


@pytest.mark.parametrize(
    ("condition", "given"),
    [
        ("email = 'a'", ["'a'"]),
        ("'a' = email", ["'a'"]),
        ("email = $1", ["$1"]),
        ("email = 'a' and name like 'b'", ["'a'"]),
        ("email = 'é' or email = 'b'", ["'é'", "'b'"]),
        ("not (email = 'a')", ["'a'"]),
        ("email in ('a', $1, 'c')", ["'a'", "$1", "'c'"]),
        ("email = 'a'::text", ["'a'"]),
        ("exists (select from people q where q.email = 'a')", ["'a'"]),
        ("id in (select id from people where email = 'a')", ["'a'"]),
    ],
)
def test_equality_with_given_values_is_told_from_other_comparisons(
    bench: Bench, condition: str, given: list[str]
) -> None:
    sql = f"/* é */ select id from people where {condition}"
    found = compared(bench.analyse(sql), "app.people.email")
    assert found.equated
    assert texts(sql, found.given) == given


@pytest.mark.parametrize(
    "condition",
    [
        "email <> 'a'",
        "email > 'a'",
        "email like 'a'",
        "lower(email) = 'a'",
        "email = name",
        "email = lower('a')",
        "email = 'a' || 'b'",
        "email = 'a' and email is not null",
        "email = any($1)",
        "email in (" + ", ".join(f"'{number}'" for number in range(17)) + ")",
        "(email, name) = ('a', 'b') and email < 'c'",
        "coalesce(email, name) = 'a'",
        "email = 'a' and exists (select from orders where note = people.email)",
    ],
)
def test_other_comparisons_are_no_equality(bench: Bench, condition: str) -> None:
    found = compared(bench.analyse(f"select id from people where {condition}"), "app.people.email")
    assert not found.equated
    assert found.given == ()


def test_sorting_by_a_column_unmakes_its_equality(bench: Bench) -> None:
    found = bench.analyse("select id from people where email = 'a' order by email")
    assert not compared(found, "app.people.email").equated


def test_equality_is_seen_through_views_and_names(bench: Bench) -> None:
    sql = "with w as (select s as code, id from v_people) select id from w where code = 'x'"
    found = compared(bench.analyse(sql), "app.people.ssn")
    assert found.equated
    assert texts(sql, found.given) == ["'x'"]


def test_a_views_own_constant_is_nobodys_given_value(bench: Bench) -> None:
    bench.run("create temp view mine as select id from people where email = 'fixed'")
    found = bench.analyse("select id from mine")
    assert not compared(found, "app.people.email").equated
    assert found.loose == ()


def test_given_values_that_are_written_straight_are_listed_by_column(bench: Bench) -> None:
    sql = "insert into people(id, email, name, ssn) values (7, $1, 'n'::text, upper('s')), (8, 'e', $2, null)"
    found = {each.path: texts(sql, each.given) for each in bench.analyse(sql).written}
    assert found == {
        "app.people.id": ["7", "8"],
        "app.people.email": ["$1", "'e'"],
        "app.people.name": ["'n'", "$2"],
        "app.people.ssn": [],
    }


def test_what_is_neither_compared_nor_written_is_loose(bench: Bench) -> None:
    sql = "select 'shown', $1::text, $2 || name from people where email = 'a' and ssn like 'l%' limit 3"
    assert sorted(texts(sql, bench.analyse(sql).loose)) == ["$1", "$2", "'l%'", "'shown'", "3"]


def test_a_value_that_is_written_changed_is_loose(bench: Bench) -> None:
    sql = "update people set name = $1, email = upper($1) where id = $2"
    found = bench.analyse(sql)
    assert texts(sql, found.loose) == ["$1"]
    assert {each.path: texts(sql, each.given) for each in found.written} == {
        "app.people.name": ["$1"],
        "app.people.email": [],
    }


def test_a_varchars_length_keeps_a_given_value(bench: Bench) -> None:
    sql = "insert into member(id, note, code, mail, feel) values (1, 'note', $1, 'a@b', 'ok')"
    found = {each.path: texts(sql, each.given) for each in bench.analyse(sql).written}
    assert found["app.member.note"] == ["'note'"]
    assert found["app.member.code"] == ["$1"]
    assert found["app.member.mail"] == ["'a@b'"]


def test_a_value_goes_through_a_function_that_writes_it(bench: Bench) -> None:
    sql = "select f_write('hello')"
    (written,) = bench.analyse(sql).written
    assert (written.path, texts(sql, written.given)) == ("app.log.msg", ["'hello'"])


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("explain select id from people where email = 'a'", StatementKind.EXPLAIN),
        ("copy (select id from people where email = 'a') to stdout", StatementKind.COPY_OUT),
        ("declare c cursor for select id from people where email = 'a'", StatementKind.DECLARE),
        ("prepare p as select id from people where email = 'a'", StatementKind.PREPARE),
    ],
)
def test_positions_are_those_of_the_clients_text(bench: Bench, sql: str, kind: StatementKind) -> None:
    (raw,) = parse(sql).statements
    assert raw.kind is kind
    found = bench.analyse(sql)
    given = [each for one in found.compared for each in one.given] or list(found.loose)
    assert texts(sql, tuple(given)) == ["'a'"]


def test_an_inner_text_that_was_made_has_no_positions(bench: Bench) -> None:
    sql = "select id from people where email = 'a'"
    (raw,) = parse(sql).statements
    from dataclasses import replace

    found = bench.analyse_raw(sql, replace(raw, inner=sql, inner_start=-1))
    assert not compared(found, "app.people.email").equated
    assert texts(sql, found.loose) == ["'a'"]


@pytest.mark.parametrize(
    ("expression", "exact"),
    [
        ("email", True),
        ("(email)::varchar", True),
        ('email collate "C"', True),
        ("(select email from people limit 1)", True),
        ("coalesce(email, name)", True),
        ("(p).email", True),
        ("f_ssn(1)", True),
        ("coalesce(email, 'none')", False),
        ("email::varchar(3)", False),
        ("upper(email)", False),
        ("max(email)", False),
        ("array[email]", False),
        ("nullif(email, 'a')", False),
        ("case when salary > 1 then email end", False),
        ("id::text", False),
        ("p", False),
        ("'a'", False),
    ],
)
def test_a_value_is_exact_where_it_is_the_columns_own(bench: Bench, expression: str, exact: bool) -> None:
    (output,) = bench.analyse(f"select {expression} from people p").outputs
    assert output.exact is exact


@pytest.mark.parametrize(
    ("other", "exact"), [("name", True), ("null", True), ("'guess'", False), ("upper(name)", False)]
)
def test_a_union_is_as_exact_as_its_branches(bench: Bench, other: str, exact: bool) -> None:
    (output,) = bench.analyse(f"select email from people union all select {other} from people").outputs
    assert output.exact is exact


def test_an_opaque_function_is_refused_until_it_is_declared_or_allowed(bench: Bench) -> None:
    sql = "select f_pl(id) from people"
    assert refused_names(bench.analyse(sql)) == ["function:app.f_pl"]
    declared = {
        "arguments": ("app.people.id",),
        "none": (),
        "user.name": ("function.app.f_pl",),
    }
    for meaning, origins in declared.items():
        found = bench.analyse(sql, knobs=Knobs(functions={"app.f_pl": meaning}))
        assert found.refused == ()
        assert found.outputs[0].origins == origins
    allowed = bench.analyse(sql, knobs=Knobs(allow=frozenset({"function:app.f_pl"})))
    assert allowed.refused == ()
    assert set(allowed.outputs[0].origins) == {"app.people.id", "function.app.f_pl"}


def test_a_trigger_is_refused_until_its_function_is_declared(bench: Bench) -> None:
    sql = "insert into t_after values (1, (select email from people limit 1), 'b') returning a, b"
    assert refused_names(bench.analyse(sql)) == ["function:app.trg_after"]
    found = bench.analyse(sql, knobs=Knobs(functions={"app.trg_after": "none"}))
    assert found.refused == ()
    assert [output.origins for output in found.outputs] == [("app.t_after.a", "app.people.email"), ("app.t_after.b",)]
    assert any(each.kind == "pg_trigger" for each in found.depends)


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("select secret from far", "relation:app.far"),
        ("select l from louds", "type:app.loud"),
        ("select r from ranks order by r", "type:app.ranked"),
        ("select ssn::opaque_text from people", "function:app.d_ok"),
        ("select pl_agg(name) from people", "function:app.agg_p"),
    ],
)
def test_a_refusal_names_what_a_policy_may_allow(bench: Bench, sql: str, name: str) -> None:
    assert name in refused_names(bench.analyse(sql))
    again = bench.analyse(sql, knobs=Knobs(allow=frozenset({name, "operator:app.<"})))
    assert name not in refused_names(again)


def test_labels_say_what_filled_a_temporary_table(bench: Bench) -> None:
    bench.run("create temp table mine as select email as e from people")
    bench.catalogue.labels = {"pg_temp.mine.e": ("app.people.email",)}
    (output,) = bench.analyse("select e from mine").outputs
    assert output.origins == ("pg_temp.mine.e", "app.people.email")
    assert not output.exact


def test_a_table_that_is_made_says_what_fills_it(bench: Bench) -> None:
    sql = "create temp table \"My Own\" as select email, 'x' as k from people where ssn = $$y$$"
    found = bench.analyse(sql)
    assert found.outputs == ()
    assert found.creates == 'pg_temp."My Own"'
    assert [(each.path, each.origins, each.exact) for each in found.written] == [
        ('pg_temp."My Own".email', ("app.people.email",), True),
        ('pg_temp."My Own".k', (), False),
    ]
    assert compared(found, "app.people.ssn").equated


def test_what_is_called_and_touched_is_listed(bench: Bench) -> None:
    found = bench.analyse("select upper(f_ssn(id)) from v_people")
    assert "app.f_ssn" in found.functions
    assert "pg_catalog.upper" in found.functions
    assert "app.people" in found.relations
    assert any(each.kind == "pg_proc" and each.xmin > 0 for each in found.depends)


@pytest.mark.parametrize(
    "column",
    [
        DescribedColumn("id", 0, 0, 23),
        DescribedColumn("other", -1, 1, 23),
        DescribedColumn("id", -1, 2, 23),
        DescribedColumn("id", -1, 1, 25),
        None,
    ],
)
def test_a_description_of_something_else_is_refused(bench: Bench, column: DescribedColumn | None) -> None:
    sql = "select id from people"
    (raw,) = parse(sql).statements
    assert bench.analyse(sql).refused == ()
    detail, (true,) = bench.tree(sql)
    described = []
    if column is not None:
        table = true.table_oid if column.table_oid < 0 else 0
        described = [DescribedColumn(column.name, table, column.attribute, column.type_oid)]
    found = analyse([parse_tree(detail)], described, raw, bench.catalogue, Knobs())
    assert isinstance(found, Analysis)
    assert [each.rule for each in found.refused] == ["unknown"]


def test_nothing_in_the_search_path_stands_in_for_postgresqls_own(postgres: Server) -> None:
    dsn = shapes_database(postgres)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create function evil.never(oid, oid) returns boolean language sql immutable as 'select false';
            create operator evil.= (leftarg = oid, rightarg = oid, function = evil.never);
            create function evil.json_build_array(variadic text[]) returns json language sql as $$select '[]'::json$$;
            create function evil.unnest(anyarray) returns setof anyelement language sql as 'select $1[1] limit 0';
            create table evil.pg_class(oid oid, relname text, relkind text);
        """)
    made = Bench(as_user(dsn, "client"))
    try:
        made.run("set search_path = evil, pg_catalog, app")
        found = made.analyse("select secret, f_ssn(1), extra from app.child_inh c where f_mask(secret) = 'x'")
    finally:
        made.close()
    assert [output.origins for output in found.outputs] == [
        ("app.base_inh.secret",),
        ("app.people.ssn",),
        ("app.child_inh.extra",),
    ]
    assert {each.path for each in found.compared} == {"app.base_inh.secret", "app.people.id"}


def test_a_body_that_cannot_be_had_now_can_be_had_later(bench: Bench) -> None:
    sql = "select f_ssn(1)"
    trace = bench._trace
    bench._trace = None  # type: ignore[method-assign,assignment]  # as within a pipeline
    assert refused_names(bench.analyse(sql)) == ["function:app.f_ssn"]
    bench._trace = trace  # type: ignore[method-assign]
    assert bench.analyse(sql).outputs[0].origins == ("app.people.ssn",)


def test_a_forked_catalogue_has_bodies_of_its_own(bench: Bench) -> None:
    sql = "select * from f_path()"
    assert bench.analyse(sql).outputs[0].origins == ("app.people.id",)
    bench.run("set search_path = evil, app")
    bench.catalogue = bench.catalogue.fork()
    assert bench.catalogue.functions
    assert bench.analyse(sql).outputs[0].origins == ("evil.people.id",)


def test_functions_that_multiply_are_stopped(bench: Bench, postgres: Server) -> None:
    bench.run("create function m0(int) returns int language sql immutable as 'select $1 + 1'")
    for level in range(1, 8):
        calls = " + ".join([f"app.m{level - 1}($1)"] * 7)
        bench.run(f"create function m{level}(int) returns int language sql immutable as 'select {calls}'")
    found = bench.analyse("select m7(id) from people")
    assert [each.rule for each in found.refused] == ["limit"]


def test_deep_expressions_are_read_or_refused(bench: Bench) -> None:
    assert bench.analyse("select " + " || ".join(["name"] * 90) + " from people").refused == ()
    found = bench.analyse("select " + " || ".join(["name"] * 130) + " from people")
    assert [each.rule for each in found.refused] in (["limit"], [])
