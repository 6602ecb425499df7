"""Statements, each with its kind and its refusals: `kind | refusals | statement`, a refusal by its `allow` or its name."""

TABLE = r"""
planned | - | select 1
planned | - | SELECT email FROM customer WHERE id = $1
planned | - | select * from only public.customer
planned | - | table customer
planned | - | values (1, 'a'), (2, 'b')
planned | - | with recursive t(n) as (values (1) union all select n + 1 from t where n < 5) select * from t
planned | - | with gone as (delete from customer returning *) select count(*) from gone
planned | - | (select 1)
planned | - | select 1 union all select 2 except select 3
planned | - | select * from a natural join b left join c using (id) cross join lateral (select a.id) l
planned | - | select distinct on (a) a, b from t order by a, b desc nulls last limit 5 offset 2
planned | - | select count(*) filter (where a > 1) over (partition by b order by c rows between 1 preceding and current row) from t
planned | - | select a from t group by grouping sets ((a), ()) having count(*) > 1
planned | - | select a from t for update skip locked
planned | - | select a from t tablesample bernoulli (10)
planned | - | select (row(1, 2)).f1, (array[1, 2])[1], x::text, cast(y as int) from t
planned | - | select case when a then 'x' else 'y' end, coalesce(a, b), nullif(a, b), greatest(a, b) from t
planned | - | select doc -> 'a' ->> 'b', doc #> '{a,b}', doc @> '{}' from t
planned | - | select * from xmltable('/a' passing x columns b text path 'b')
planned | - | select * from json_table(doc, '$[*]' columns (a text path '$.a'))
planned | - | select * from generate_series(1, 3) with ordinality
planned | - | select * from unnest(array[1], array[2]) as u(a, b)
planned | - | select extract(year from d), date '2020-01-01', interval '1' day, time with time zone '12:00+1' from t
planned | - | select f(a => 1, variadic b => array[1])
planned | - | select pg_read_file('x')
planned | - | select set_config('role', 'x', false)
planned | - | insert into customer (email) values ('ada@example.com')
planned | - | insert into t default values returning *
planned | - | insert into t select * from u on conflict (a) do update set b = excluded.b where t.c > 0
planned | - | update customer set email = $1, name = default where id = 2
planned | - | update t set (a, b) = (select 1, 2) from u where t.id = u.id
planned | - | update t set a = 1 where current of c
planned | - | delete from t using u where t.id = u.id returning t.a
planned | - | merge into t using u on t.a = u.a when matched then update set b = 1 when not matched then insert values (1)
planned | select-into | select 1 union select 2 into x
planned | select-into | select a from (select 1 into temp x) s
planned | - | select 1 -- a comment
planned | - | /* one /* two */ */ select 1;
empty | - | -- only a comment
empty | - | ;;
copy-out | - | copy customer to stdout
copy-out | - | COPY public."Odd Name" ("A b", c) TO STDOUT WITH (FORMAT csv, HEADER)
copy-out | - | copy (select email from customer) to stdout
copy-out | - | copy (values (1)) to stdout (format binary)
copy-out | - | copy (delete from t returning a) to stdout
copy-out | - | copy t to stdout csv header quote '"' escape '\' force quote a
copy-out | - | copy t to stdout with binary
copy-out | - | copy t to stdout (encoding 'utf-8')
copy-out | client_encoding | copy t to stdout (encoding 'latin1')
copy-out | select-into | copy (select 1 into x) to stdout
copy-in | - | copy customer from stdin
copy-in | - | copy customer (id, email) from stdin (format csv, delimiter ';', null '', header match)
copy-in | - | copy t from stdin (on_error ignore, log_verbosity verbose)
copy-in | - | copy t from stdin (freeze, default '\D')
copy-in | statement:copy-where | copy t from stdin where a > 1
copy-in | client_encoding | copy t from stdin encoding 'sjis'
harmless | statement:copy-file | copy t to '/tmp/x'
harmless | statement:copy-file | copy t from '/etc/passwd'
harmless | statement:copy-file | copy (select 1) to '/tmp/x'
harmless | statement:copy-program | copy t to program 'curl example.com'
harmless | statement:copy-program | copy t from program 'cat /etc/passwd'
declare | - | declare c cursor for select email from customer
declare | - | declare "C c" binary insensitive scroll cursor with hold for select 1 for read only
declare | select-into | declare c cursor for select 1 into x
fetch | - | fetch next from c
fetch | - | fetch all in "C c"
fetch | - | fetch backward 10 from c
fetch | - | fetch absolute -1 c
fetch | - | move forward all from c
fetch | - | close c
fetch | - | close all
explain | - | explain select 1
explain | - | explain analyze select 1
explain | - | explain verbose update t set a = 1
explain | - | explain analyze verbose (select 1)
explain | - | explain (analyze, buffers, format json) select email from customer
explain | - | explain (generic_plan) select $1
explain | - | explain (select 1) union (select 2)
explain | - | explain with x as (select 1) select * from x
explain | - | explain values (1)
explain | - | explain table t
explain | - | explain merge into t using u on true when matched then delete
explain | explain | explain execute q(1)
explain | explain | explain create table x as select 1
explain | explain | explain analyze create table x as select 1
explain | explain | explain declare c cursor for select 1
explain | explain | explain refresh materialized view m
explain | select-into | explain select 1 into x
create-as | - | create temp table t as select email from customer
create-as | - | create temporary table t (a, b) on commit drop as select 1, 2 with no data
create-as | - | create table pg_temp.t as (select 1) with data
create-as | - | create local temp table t as values (1)
create-as | - | create temp table t as table customer
create-as | - | select a, b into temp t from u where c = 'x'
create-as | - | select 1 into temporary table "T t" union all select 2
create-as | - | with x as (select 1 as a) select a into pg_temp.y from x
create-as | statement:create-table-as | create table t as select 1
create-as | statement:create-table-as | create unlogged table t as select 1
create-as | statement:create-table-as | select 1 into t
create-as | statement:create-table-as | select 1 into table public.t
create-as | statement:create-materialized-view | create materialized view m as select 1
create-as | create-table-as-if-not-exists | create temp table if not exists t as select 1
create-as | create-table-as-execute | create temp table t as execute q(1)
create-as | select-into | create temp table t as select 1 into x
prepare | - | prepare q as select email from customer where id = $1
prepare | - | prepare "Q q" (int, text) as insert into t values ($1, $2)
prepare | - | prepare q as with a as (select 1) select * from a
execute | - | execute q
execute | - | execute q(1, 'a', null, true, -3.5, 'x'::text, '2020-01-01'::date)
execute | - | execute "Q q" (cast('1' as int4), pg_catalog.text 'a')
execute | statement:execute-arguments | execute q(f_ssn(1))
execute | statement:execute-arguments | execute q(1 + 1)
execute | statement:execute-arguments | execute q((select ssn from customer))
execute | statement:execute-arguments | execute q($1)
execute | statement:execute-arguments | execute q('x'::mydomain)
execute | statement:execute-arguments | execute q(current_user)
deallocate | - | deallocate q
deallocate | - | deallocate prepare all
transaction | - | begin
transaction | - | begin isolation level serializable, read only, deferrable
transaction | - | start transaction read write
transaction | - | commit
transaction | - | end
transaction | - | commit and chain
transaction | - | abort
transaction | - | rollback and no chain
transaction | - | savepoint "S s"
transaction | - | release savepoint s
transaction | - | rollback to s
transaction | statement:prepare-transaction | prepare transaction 'x'
transaction | statement:prepare-transaction | commit prepared 'x'
transaction | statement:prepare-transaction | rollback prepared 'x'
set | - | set search_path to public, "Odd", pg_temp
set | - | set schema 'x'
set | - | set local statement_timeout = '5s'
set | - | set session work_mem = 65536
set | - | set names 'UTF8'
set | - | set client_encoding to 'unicode'
set | - | set time zone 'Europe/Berlin'
set | - | set time zone interval '1' hour
set | - | set timezone to default
set | - | set datestyle to iso, mdy
set | - | set extra_float_digits = 3
set | - | set application_name = 'psql'
set | - | set client_min_messages to warning
set | - | set standard_conforming_strings = on
set | - | set row_security = off
set | - | set xml option content
set | - | set transaction isolation level repeatable read, read only
set | - | set transaction snapshot '00000003-0000001B-1'
set | - | set session characteristics as transaction read only
set | - | set default_transaction_isolation = 'serializable'
set | setting:enable_seqscan | set enable_seqscan = off
set | setting:geqo_threshold | set geqo_threshold to 20
set | - | set ringfence.purpose to 'customer-support'
set | - | set ringfence.reason = 'ticket 4711'
set | - | reset ringfence.purpose
set | - | reset all
set | - | reset search_path
set | - | reset role
set | - | set role none
set | - | set session authorization default
set | - | discard all
set | - | discard temp
set | - | discard plans
set | setting:role | set role postgres
set | setting:role | set local role 'postgres'
set | setting:session_authorization | set session authorization postgres
set | setting:session_replication_role | set session_replication_role = replica
set | setting:log_min_messages | set log_min_messages = debug1
set | setting:log_statement | set log_statement = 'all'
set | setting:trace_notify | set trace_notify = on
set | debug_print_rewritten | set debug_print_rewritten = on
set | debug_print_parse | set debug_print_parse = on
set | debug_pretty_print | set debug_pretty_print = on
set | debug_print_plan | reset debug_print_plan
set | client_encoding | set names 'latin1'
set | client_encoding | set client_encoding = 'SQL_ASCII'
set | standard_conforming_strings | set standard_conforming_strings = off
set | client_min_messages | set client_min_messages = 'panic'
set | setting:local_preload_libraries | set local_preload_libraries = 'x'
set | setting:dynamic_library_path | set dynamic_library_path = '/tmp'
set | setting:app.tenant | set app.tenant = '7'
set | setting:ringfence.role | set ringfence.role = 'x'
set | setting:nonsense | set nonsense = 1
set | set-from-current | set work_mem from current
show | - | show search_path
show | - | show all
show | - | show time zone
show | - | show transaction isolation level
show | - | show server_version
show | - | show ringfence.purpose
show | setting:app.secret | show app.secret
harmless | - | vacuum
harmless | - | vacuum (full, analyze, verbose) t
harmless | - | analyze t (a)
harmless | - | lock table only t in access exclusive mode nowait
harmless | - | listen c
harmless | - | unlisten *
harmless | - | checkpoint
harmless | - | set constraints all deferred
harmless | - | notify c
harmless | statement:notify | notify c, 'payload'
definition | - | create temp table t (a int primary key, b text not null default 'x', c timestamptz default now())
definition | - | create temp table if not exists t (id serial, u uuid default gen_random_uuid(), unique (u))
definition | - | create table pg_temp.t (a int generated always as identity, b int generated always as (a + 1) stored)
definition | - | create temp table t (a text check (length(a) > 2 and a <> '' or a is null), check (a in ('x', 'y')))
definition | - | create temp table t (like customer including defaults) on commit delete rows
definition | - | create temp table t (a int references u (a))
definition | - | create temp view v as select email from customer
definition | - | create or replace temporary view v as select 1
definition | - | create view pg_temp.v as select 1
definition | - | create index on pg_temp.t (a, b desc)
definition | - | drop table pg_temp.t
definition | - | drop view if exists pg_temp.v, pg_temp.w
definition | - | truncate pg_temp.t
definition | statement:create-table-expression | create temp table t (a int default lo_creat(1))
definition | statement:create-table-expression | create temp table t (a int default public.now())
definition | statement:create-table-expression | create temp table t (a int check (evil(a)))
definition | statement:create-table-expression | create temp table t (a int check (a operator(public.=) 1))
definition | statement:create-table-expression | create temp table t (a int check (a = (select 1)))
definition | statement:create-table-expression | create temp table t (a int, exclude using gist (a with =))
definition | statement:create-table-inherits | create temp table t () inherits (customer)
definition | statement:create-table-inherits | create temp table t partition of u default
definition | statement:create-table | create temp table t (a int) partition by range (a)
definition | statement:create-table | create temp table t of sometype
definition | statement:create-table | create table t (a int)
definition | statement:create-table | create unlogged table t (a int)
definition | statement:create-view | create view v as select 1
definition | statement:create-view | create or replace recursive view v (a) as select 1
definition | statement:create-index | create index i on t (a)
definition | statement:create-index | create unique index concurrently i on t (f(a))
definition | statement:create-index | create index on pg_temp.t (f(a))
definition | statement:create-index | create index on pg_temp.t (a) where f(a)
definition | statement:create-index | create index on pg_temp.t (a my_ops)
definition | statement:drop-table | drop table t
definition | statement:drop-table | drop table pg_temp.t, u
definition | statement:drop-view | drop view v cascade
definition | statement:drop-materialized-view | drop materialized view m
definition | statement:drop-index | drop index i
definition | statement:drop-sequence | drop sequence s
definition | statement:drop-function | drop function f(int)
definition | statement:drop-procedure | drop procedure p
definition | statement:drop-aggregate | drop aggregate a(int)
definition | statement:drop-type | drop type t
definition | statement:drop-domain | drop domain d
definition | statement:drop-trigger | drop trigger x on t
definition | statement:drop-rule | drop rule x on t
definition | statement:drop-policy | drop policy x on t
definition | statement:drop-operator | drop operator + (int, int)
definition | statement:drop-schema | drop schema s cascade
definition | statement:drop-extension | drop extension e
definition | statement:drop-foreign-table | drop foreign table t
definition | statement:drop-publication | drop publication p
definition | statement:truncate | truncate customer cascade
definition | statement:truncate | truncate pg_temp.t, customer
definition | statement:alter-table | alter table t add column a int
definition | statement:alter-table | alter table t alter a type int using f(a)
definition | statement:alter-table | alter table t enable row level security
definition | statement:alter-table | alter table pg_temp.t replica identity full
definition | statement:rename | alter table t rename column email to note
definition | statement:set-schema | alter table t set schema x
definition | statement:alter-owner | alter function f() owner to x
definition | statement:alter-table | alter table t owner to x
definition | statement:create-function | create function f() returns int language sql return 1
definition | statement:create-function | create or replace procedure p() language plpgsql as $$begin end$$
definition | statement:alter-function | alter function f() immutable
definition | statement:create-trigger | create trigger x before insert on t execute function f()
definition | statement:create-event-trigger | create event trigger x on ddl_command_start execute function f()
definition | statement:create-rule | create rule x as on select to t do instead select 1
definition | statement:create-aggregate | create aggregate a(int) (sfunc = f, stype = int)
definition | statement:create-operator | create operator === (leftarg = int, rightarg = int, function = f)
definition | statement:create-operator-class | create operator class c for type int using btree as operator 1 <
definition | statement:create-collation | create collation c (locale = 'C')
definition | statement:create-type | create type t as (a int)
definition | statement:create-type | create type t as enum ('a')
definition | statement:create-type | create type t as range (subtype = int)
definition | statement:alter-type | alter type t add value 'b'
definition | statement:create-domain | create domain d as int check (f(value))
definition | statement:create-cast | create cast (int as text) with function f(int)
definition | statement:create-language | create trusted language x handler h
definition | statement:create-extension | create extension dblink
definition | statement:alter-extension | alter extension x update
definition | statement:create-schema | create schema x create table t (a int)
definition | statement:create-sequence | create sequence s
definition | statement:alter-sequence | alter sequence s restart
definition | statement:create-statistics | create statistics s on a, b from t
definition | statement:create-policy | create policy p on t using (true)
definition | statement:grant | grant select on t to public
definition | statement:grant | revoke all on t from x
definition | statement:grant-role | grant a to b
definition | statement:alter-default-privileges | alter default privileges grant select on tables to x
definition | statement:create-role | create user x password 'y'
definition | statement:alter-role | alter role x set search_path = y
definition | statement:alter-role | alter role x superuser
definition | statement:drop-role | drop role x
definition | statement:reassign-owned | reassign owned by a to b
definition | statement:drop-owned | drop owned by a
definition | statement:create-foreign-data-wrapper | create foreign data wrapper w
definition | statement:create-server | create server s foreign data wrapper postgres_fdw
definition | statement:create-foreign-table | create foreign table t (a int) server s
definition | statement:import-foreign-schema | import foreign schema a from server s into b
definition | statement:create-user-mapping | create user mapping for x server s
definition | statement:create-publication | create publication p for all tables
definition | statement:create-subscription | create subscription s connection 'host=x' publication p
definition | statement:create-database | create database d
definition | statement:drop-database | drop database d
definition | statement:alter-database | alter database d set search_path = x
definition | statement:alter-system | alter system set archive_command = 'x'
definition | statement:create-tablespace | create tablespace s location '/x'
definition | statement:refresh-materialized-view | refresh materialized view m
definition | statement:reindex | reindex table t
definition | statement:cluster | cluster t
definition | statement:comment | comment on table t is 'x'
definition | statement:security-label | security label on table t is 'x'
definition | statement:do | do $$begin perform 1; end$$
definition | statement:call | call p(1)
definition | statement:load | load 'x'
"""


def rows() -> list[tuple[str, tuple[str, ...], str]]:
    """Give each row: kind, refusals, statement."""
    read = [line.split(" | ", 2) for line in TABLE.strip().splitlines()]
    return [(kind, () if refused == "-" else tuple(refused.split(", ")), text) for kind, refused, text in read]
