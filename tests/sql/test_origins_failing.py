"""Errors and what functions leave behind tell of columns, as comparisons do: asked of a real server."""

from collections.abc import Iterator

import psycopg
import pytest
from origins_bench_driver import Bench
from origins_bench_shapes import OWN_SCHEMA

from postgres_servers import Server, as_user, shapes_database

SSN = "app.people.ssn"


@pytest.fixture
def bench(postgres: Server) -> Iterator[Bench]:
    dsn = shapes_database(postgres)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(OWN_SCHEMA.read_bytes())
        connection.execute("create sequence app.told; grant all on sequence app.told to client")
    made = Bench(as_user(dsn, "client"))
    yield made
    made.close()


@pytest.mark.parametrize(
    "shown",
    [
        "1 / (case when ssn like '5%' then 0 else 1 end)",
        "(case when ssn like '5%' then 'x' else '1' end)::int",
        "ssn::int",
        "case when ssn like '5%' then 1 / (id - 1) end",
        "case when ssn like '5%' then (select 1 / (o.id - 1) from orders o limit 1) end",
        "case when ssn like '5%' then (select 1 from orders o where 1 / (o.id - 1) = 1 limit 1) end",
        "coalesce(nullif(ssn, '5'), (1 / (id - 1))::text)",
        "ssn like '5%' and 1 / (id - 1) = 1",
        "exists (select from orders o where o.note = ssn and 1 / o.id = 1)",
        "2147483647 + (case when ssn like '5%' then 1 else 0 end)",
        "substr(nullif(ssn, '5'), 1, -1)",
        "substr('abc', 1, (case when ssn like '5%' then -1 else 1 end))",
        "substr(nullif(ssn, '5'), $1, $2)",
        "nullif(ssn, '5') ~ '['",
        "ssn like '4%\\'",
        "jsonb_build_object(nullif(ssn, '5'), 1)",
        "(case when ssn like '5%' then '[' else '[]' end)::jsonb",
        "repeat('x', case when ssn like '5%' then 1000000000 else 1 end)",
        "case when ssn like '5%' then nextval('app.told') else 0 end",
        "case when ssn like '5%' then pg_sleep(1)::text else '' end",
        "case when ssn like '5%' then set_config('work_mem', '5MB', false) else '' end",
        "count(nextval('app.told')) filter (where ssn like '5%')",
        "pg_sleep(case when ssn like '5%' then 1 else 0 end)",
        "sum(case when ssn like '5%' then 1e308 else 0 end::float8)",
        "(case when ssn like '5%' then -1 else 1 end)::posint",
        "case when ssn like '5%' then to_date('abc', 'YYYY') end",
        "case when ssn like '5%' then 'abc'::text::date end",
        "case when ssn like '5%' then timestamptz '2020-01-01' + interval '200000000 days' end",
        "case when ssn like '5%' then pg_size_bytes(id::text) end",
        "case when ssn like '5%' then pg_relation_size('pg_class'::regclass, 'zz') end",
        "case when ssn like '5%' then to_tsquery('a b c') end",
        "max('abc'::text::date) filter (where ssn like '5%')",
        "coalesce(nullif(ssn, '5'), 'abc'::text::date::text)",
        "ssn like '5%' and to_date('abc', 'YYYY') is null",
        "case when ssn like '5%' then lastval() end",
        "case when ssn like '5%' then pg_last_committed_xact() is null end",
        "case when ssn like '5%' then current_setting('nonex') end",
        "(case when ssn like '5%' then row(1) else row(1, 2) end) = row(1)",
        "(case when ssn like '5%' then row(1) else row(1, 2) end) is distinct from row(1)",
        "greatest(case when ssn like '5%' then row(1) else row(1, 2) end, row(1))::text",
        "count(distinct case when ssn like '5%' then row(1) else row(1, 2) end)",
        "row(ssn, 1) < row('5', extract(hour from birth)::int)",
        "array_agg(case when ssn like '5%' then array[1] else array[1, 2] end)",
        "array_agg(string_to_array(ssn, '5'))",
        "length(repeat(repeat(regexp_replace(ssn, '^5.*', ''), 99999), 99999))",
        "length(replace(replace(ssn, '5', repeat('x', 50000)), 'x', repeat('y', 99999)))",
        "length(ssn || repeat('x', 1073741800))",
        "id + length(ssn) + int4pl(int4mul(46340, 46340), 87500)",
        "(case when ssn like '5%' then date 'infinity' end) - date '2020-01-01'",
        "length(ssn) ^ 30000",
        "length(ssn)::numeric(2, 1)",
        "json_build_object(ssn, 1)::text",
        "json_object_agg(ssn, 1)::text",
        '"varchar"(ssn::varchar, 3, false)',
        "convert_to(ssn, 'LATIN1')",
        "ntile(length(ssn)) over ()",
        "case when ssn like '5%' then extract(hour from birth) end",
        "case when ssn like '5%' then (select id from orders) end",
        "case when ssn like '5%' then (select id from orders limit 1 for update) end",
        "case when ssn like '5%' then (select d from (select to_date('abc', 'YYYY') as d) x) end",
        "case when ssn like '5%' then txid_current() end",
        "case when ssn like '5%' then pg_current_xact_id() is null end",
        "case when ssn like '5%' then pg_export_snapshot() end",
        "case when ssn like '5%' then pg_sequence_last_value('app.told') end",
        "case when ssn like '5%' then random() end",
        "format('%I', nullif(ssn, '5'))",
    ],
)
def test_what_may_fail_or_leave_something_behind_by_a_column_compares_it(bench: Bench, shown: str) -> None:
    for text in (
        f"select {shown} from people",
        f"select x.v from (select {shown} as v from people) x",
        f"with w as materialized (select {shown} as v from people) select v from w",
        f"create temp table filled as select {shown} as v from people",
    ):
        found = bench.analyse(text)
        assert found.refused == ()
        assert SSN in {each.path for each in found.compared}, text


@pytest.mark.parametrize(
    "shown",
    [
        "ssn, id / 2",
        "upper(ssn), ssn || 'x', substr(ssn, 1, 3), split_part(lower(ssn), '-', 1), left(ssn, $1), length(ssn)",
        "ssn::varchar, ssn::varchar(5), ssn = 'x', ssn like 'x%', lower(ssn) like '%x', ssn is null",
        "case when ssn = 'x' then 'a' else name end, coalesce(ssn, name), nullif(ssn, ''), greatest(ssn, name)",
        "jsonb_build_object('id', id / 2, 'ssn', ssn), to_jsonb(people), jsonb_build_object('s', upper(ssn))",
        "count(ssn), min(ssn), array_agg(ssn), string_agg(ssn, ',')",
        "format('%s', ssn), concat(ssn, 'x'), md5(ssn), regexp_replace(ssn, '[0-9]', 'x', 'g')",
        "nextval('app.told'), ssn",
        "substr(ssn, -2)",
        "case when ssn is null then 'a' else 'b' end",
        "case when ssn like '5%' then coalesce(name, 'x') else upper(name) || '!' end",
        "case when ssn like '5%' then now() - interval '1 day' end, current_date - birth, greatest(ssn, 'x')",
        "string_agg(ssn, ',' order by ssn), json_agg(people), count(distinct ssn)",
        "lpad(ssn, 5, '0'), repeat('x', 5) || ssn, replace(ssn, 'a', 'b'), split_part(ssn, '-', 1)",
        "case when ssn like '5%' then (select max(id) from orders) end",
    ],
)
def test_what_cannot_fail_by_a_column_compares_nothing(bench: Bench, shown: str) -> None:
    found = bench.analyse(f"select {shown} from people")
    assert found.refused == ()
    assert SSN not in {each.path for each in found.compared}


def test_dates_and_numbers_of_plain_columns_are_computed_with_freely(bench: Bench) -> None:
    found = bench.analyse(
        "select birth + 1, birth - date '2000-01-01', age(birth), extract(year from age(birth)), birth + interval '1 day', "
        "to_char(birth, 'YYYY'), date_trunc('month', birth), salary * 12, sum(salary) over (), round(salary, 2) from people"
    )
    assert found.refused == ()
    assert not {"app.people.birth", "app.people.salary"} & {each.path for each in found.compared}


def test_a_column_of_a_view_that_nothing_names_is_not_computed(bench: Bench) -> None:
    bench.run("create temp view numbered as select id, ssn::int as number from people")
    assert bench.analyse("select id from numbered").compared == ()
    assert SSN in {each.path for each in bench.analyse("select number from numbered").compared}


def test_a_constraint_of_a_temporary_table_compares_what_fills_its_columns(bench: Bench) -> None:
    for number, column in enumerate(("x text check (x < '5')", "x text unique", "x text not null", "x text")):
        bench.run(f"create temp table kept_{number} ({column}, y text)")
    bench.run("create unique index on kept_3 ((lower(x)))")
    for number in range(4):
        found = bench.analyse(f"insert into kept_{number} (x) select ssn from people")
        assert SSN in {each.path for each in found.compared}, number
    bench.run("create temp table free (x text)")
    assert bench.analyse("insert into free select ssn from people").compared == ()


def test_a_conflict_without_a_target_meets_each_column_that_is_filled(bench: Bench) -> None:
    given = bench.analyse("insert into people (id, ssn) values (1000, '5') on conflict do nothing")
    assert {each.path: each.equated for each in given.compared} == {"app.people.id": True, SSN: True}
    assert [len(each.given) for each in given.compared] == [1, 1]
    joined = bench.analyse("insert into people (id, ssn) select 999, note from orders on conflict do nothing")
    assert {"app.orders.note", SSN} <= {each.path for each in joined.compared if not each.equated}
    assert bench.analyse("insert into people (id, ssn) values (1000, '5')").compared == ()


def test_the_partition_that_a_row_is_in_follows_from_its_columns(bench: Bench) -> None:
    (output,) = bench.analyse("select tableoid::regclass from pt").outputs
    assert "app.pt.region" in output.origins
    assert bench.analyse("select tableoid from only people").outputs[0].origins == ()
    assert bench.analyse("select tableoid from pg_class").outputs[0].origins == ()
    assert bench.analyse("select ctid, xmin from pt").outputs[0].origins == ()
