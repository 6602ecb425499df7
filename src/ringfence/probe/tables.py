"""Tables as planting sees them: columns with what they need, keys, what refers to what; in an order in which they can be filled.

The rule: the catalogue is read, and no row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import psycopg

_COLUMNS = """
select n.nspname, c.relname, a.attname,
  pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), a.atttypmod), t.typtype = 'e' or b.typtype = 'e',
  a.attnotnull or coalesce(t.typnotnull, false), a.atthasdef or a.attidentity <> '', a.attidentity = 'a', a.attgenerated <> '',
  coalesce((select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)
    order by e.enumsortorder limit 1), ''),
  (select count(*) from pg_catalog.pg_attribute f where f.attrelid = t.typrelid and t.typtype = 'c' and f.attnum > 0),
  a.attnum = any(coalesce((select i.indkey::int2[] from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary), '{}'))
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type b on b.oid = t.typbasetype
where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and n.nspname not in ('pg_catalog', 'information_schema')
order by n.nspname, c.relname, a.attnum
"""
_REFERENCES = """
select cn.nspname, c.relname, pn.nspname, p.relname,
  array(select attname::text from pg_catalog.unnest(k.conkey) with ordinality u(num, at)
    join pg_catalog.pg_attribute x on x.attrelid = c.oid and x.attnum = u.num order by u.at),
  array(select attname::text from pg_catalog.unnest(k.confkey) with ordinality u(num, at)
    join pg_catalog.pg_attribute x on x.attrelid = p.oid and x.attnum = u.num order by u.at)
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
join pg_catalog.pg_class p on p.oid = k.confrelid join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
where k.contype = 'f' and k.conparentid = 0
order by k.oid
"""

Name: TypeAlias = tuple[str, str]  # schema and table


@dataclass(frozen=True, slots=True)
class Place:
    """A column that can be filled."""

    name: str
    type: str
    is_enum: bool
    is_needed: bool  # NOT NULL
    has_default: bool
    is_always: bool  # an identity that takes no value without being told to
    is_generated: bool
    label: str  # of an enum, the first
    parts: int  # of a composite
    is_key: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """That columns of one table name a row of another."""

    child: Name
    parent: Name
    columns: tuple[str, ...]
    named: tuple[str, ...]  # the parent's columns


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables."""

    places: Mapping[Name, Sequence[Place]]
    references: Sequence[Reference] = field(default=())

    def key(self, name: Name) -> list[Place]:
        """Give the primary key's columns."""
        return [place for place in self.places.get(name, ()) if place.is_key]

    def parents(self, name: Name) -> list[Reference]:
        """Give what a table refers to."""
        return [one for one in self.references if one.child == name]

    def children(self, name: Name) -> list[Reference]:
        """Give what refers to a table."""
        return [one for one in self.references if one.parent == name]

    def ordered(self, names: Sequence[Name]) -> list[Name]:
        """Put tables behind those that they refer to; a circle is cut where it closes."""
        done: list[Name] = []
        under_way: set[Name] = set()

        def visit(name: Name) -> None:
            if name in done or name in under_way:
                return
            under_way.add(name)
            for reference in self.parents(name):
                if reference.parent in names:
                    visit(reference.parent)
            done.append(name)

        for name in names:
            visit(name)
        return done


def read_tables(connection: psycopg.Connection) -> Tables:
    """Read the catalogue."""
    places: dict[Name, list[Place]] = {}
    for schema, table, *rest in connection.execute(_COLUMNS):
        places.setdefault((schema, table), []).append(Place(*rest))
    references = [
        Reference((cs, c), (ps, p), tuple(columns), tuple(named))
        for cs, c, ps, p, columns, named in connection.execute(_REFERENCES)
    ]
    return Tables(places, references)


def spelt(name: Name) -> str:
    """Spell a table as SQL."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name)
