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
