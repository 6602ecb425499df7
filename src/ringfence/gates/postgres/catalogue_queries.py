"""The questions to PostgreSQL's catalogue, as SQL: each takes an array of oids as text and gives a row for each that there is.

Spelling: ``==`` stands for ``operator(pg_catalog.=)``, ``@.`` for ``pg_catalog.``: every function, type and operator has its
schema, so that no search path changes a meaning. ``@below`` and ``@extension`` stand for what several questions have in common.
"""

from typing import Final

_EXTENSION = """(select e.extname from @.pg_depend d, @.pg_extension e where d.classid == '@.CATALOG'::@.regclass
 and d.objid == OID and d.deptype == 'e' and d.refobjid == e.oid and d.refclassid == '@.pg_extension'::@.regclass)"""

_BELOW = """with recursive below(oid) as (select c.oid union select i.inhrelid from @.pg_inherits i, below b
 where i.inhparent == b.oid)"""


def _spelt(query: str) -> str:
    for catalog, oid in (("pg_proc", "p.oid"), ("pg_operator", "o.oid"), ("pg_type", "t.oid")):
        extension = _EXTENSION.replace("CATALOG", catalog).replace("OID", oid)
        query = query.replace(f"@extension({catalog}, {oid})", extension)
    query = query.replace("@below", _BELOW).replace("==", "operator(@.=)").replace("@.", "pg_catalog.")
    return " ".join(query.split())


RELATIONS: Final = _spelt("""
select c.oid, case when c.relnamespace == @.pg_my_temp_schema() then 'pg_temp' else n.nspname::@.text end, c.relname,
 c.relkind, c.xmin, (select @.array_agg(i.inhparent order by i.inhseqno) from @.pg_inherits i where i.inhrelid == c.oid),
 (select @.json_agg(@.json_build_array(a.attnum::@.text,
   case when a.attisdropped then null else a.attname::@.text end, a.atttypid::@.text,
   (a.attinhcount operator(@.>) 0)::@.text)) from @.pg_attribute a
  where a.attrelid == c.oid and a.attnum operator(@.>) 0),
 (@below select @.json_agg(@.json_build_array(a.attrelid::@.text, a.attname::@.text,
   d.adbin::@.text)) from below b, @.pg_attribute a, @.pg_attrdef d where a.attrelid == b.oid
  and a.attgenerated operator(@.<>) '' and d.adrelid == a.attrelid and d.adnum == a.attnum),
 (@below, reached(oid, near) as (select b.oid, true from below b union select more.oid, false from reached r, lateral (
    select k.conrelid from @.pg_constraint k where k.contype == 'f' and k.confrelid == r.oid
     and (k.confdeltype::@.text == any ('{c,n,d}'::@.text[])
      or k.confupdtype::@.text == any ('{c,n,d}'::@.text[]))
    union all select i.inhrelid from @.pg_inherits i where i.inhparent == r.oid and not r.near) more(oid))
  select @.json_agg(@.json_build_array(t.tgname::@.text, t.tgfoid::@.text,
   case when r.near then t.tgtype::@.text else '24' end, t.oid::@.text, t.xmin::@.text))
  from reached r, @.pg_trigger t where t.tgrelid == r.oid and not t.tgisinternal and t.tgenabled operator(@.<>) 'D'),
 (select @.json_agg(@.json_build_array(k.oid::@.text, k.conkey::@.text)) from (
   select k.oid, k.conkey from @.pg_constraint k where k.conrelid == c.oid and k.conkey is not null
   union all select i.indexrelid, (select @.array_agg(a.attnum) from @.pg_attribute a where a.attrelid == c.oid
     and a.attnum operator(@.>) 0) from @.pg_index i where i.indrelid == c.oid and c.relpersistence == 't'
   union all select a.attrelid, array[a.attnum] from @.pg_attribute a where a.attrelid == c.oid and a.attnotnull
     and a.attnum operator(@.>) 0 and c.relpersistence == 't') k(oid, conkey)),
 (@below select @.json_agg(@.json_build_array(fn.nspname::@.text, f.relname::@.text)) from below b,
   @.pg_class f, @.pg_namespace fn where f.oid == b.oid and f.relkind == 'f' and fn.oid == f.relnamespace),
 (select r.ev_action::@.text from @.pg_rewrite r where r.ev_class == c.oid and r.rulename == '_RETURN'
  and c.relkind::@.text == any ('{v,m}'::@.text[])),
 (@below select @.count(*) from below b, @.pg_constraint k where k.contype == 'f' and k.confrelid == b.oid
  and (k.confdeltype::@.text == any ('{c,n,d}'::@.text[]) or k.confupdtype::@.text == any ('{c,n,d}'::@.text[])))
from @.pg_class c, @.pg_namespace n where c.oid == any ($1::@.oid[]) and n.oid == c.relnamespace""")

FUNCTIONS: Final = _spelt("""
select p.oid, n.nspname, p.proname, l.lanname, p.provolatile, p.prokind, p.prorettype, p.proretset,
 (select @.json_agg(@.json_build_array(p.proargnames[x.at], x.type::@.text,
   coalesce(p.proargmodes[x.at]::@.text, 'i')) order by x.at)
  from @.unnest(coalesce(p.proallargtypes, p.proargtypes::@.oid[])) with ordinality as x(type, at)),
 p.proargdefaults::@.text, p.prosecdef,
 (select @.json_agg(@.json_build_array(x.text)) from @.unnest(p.proconfig) as x(text)),
 p.prosqlbody is not null,
 case when l.lanname == 'sql' and p.prosqlbody is null then p.prosrc end, @extension(pg_proc, p.oid),
 p.xmin
from @.pg_proc p, @.pg_namespace n, @.pg_language l
where p.oid == any ($1::@.oid[]) and n.oid == p.pronamespace and l.oid == p.prolang""")

AGGREGATED: Final = _spelt("""
select a.aggfnoid::@.oid, a.aggtransfn::@.oid, a.aggfinalfn::@.oid,
 array[a.aggcombinefn::@.oid, a.aggserialfn::@.oid, a.aggdeserialfn::@.oid, a.aggmtransfn::@.oid,
  a.aggminvtransfn::@.oid, a.aggmfinalfn::@.oid], a.aggsortop,
 a.agginitval is null and p.proisstrict
from @.pg_aggregate a, @.pg_proc p where a.aggfnoid::@.oid == any ($1::@.oid[])
 and p.oid == a.aggtransfn::@.oid""")

OPERATORS: Final = _spelt("""
select o.oid, n.nspname, o.oprname, o.oprcode::@.oid,
 array(select other.oprcode::@.oid from @.pg_operator other where other.oid == o.oprcom or other.oid == o.oprnegate),
 exists (select from @.pg_amop a where a.amopopr == o.oid), @extension(pg_operator, o.oid)
from @.pg_operator o, @.pg_namespace n where o.oid == any ($1::@.oid[]) and n.oid == o.oprnamespace""")

TYPES: Final = _spelt("""
select t.oid, n.nspname, t.typname, t.typtype,
 case when t.typtype == 'c' then (select @.array_agg(case when a.attisdropped then 0 else a.atttypid end order by a.attnum)
   from @.pg_attribute a where a.attrelid == t.typrelid and a.attnum operator(@.>) 0)
  when t.typtype == 'r' then (select array[r.rngsubtype] from @.pg_range r where r.rngtypid == t.oid)
  when t.typtype == 'm' then (select array[r.rngtypid] from @.pg_range r where r.rngmultitypid == t.oid)
  when t.typelem operator(@.<>) 0 and t.typcategory == 'A' then array[t.typelem] end,
 t.typrelid, t.typbasetype,
 (select @.json_agg(@.json_build_array(k.conbin::@.text)) from @.pg_constraint k
  where k.contypid == t.oid and k.contype == 'c'),
 exists (select from @.pg_opclass c where c.opcintype == t.oid and c.oid operator(@.>=) 16384)
 or exists (select from @.pg_cast k where k.castsource == t.oid and k.castfunc operator(@.<>) 0
  and k.casttarget == any (array[114, 3802]::@.oid[]))
 or exists (select from @.pg_range r where r.rngtypid == t.oid
  and (r.rngsubopc operator(@.>=) 16384 or r.rngcanonical::@.oid operator(@.>=) 16384)),
 t.typelem operator(@.<>) 0 and t.typcategory == 'A', @extension(pg_type, t.oid)
from @.pg_type t, @.pg_namespace n where t.oid == any ($1::@.oid[]) and n.oid == t.typnamespace""")
