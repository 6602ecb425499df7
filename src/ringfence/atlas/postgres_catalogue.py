"""What a PostgreSQL database says of itself: relations, columns, keys, and which columns of views are other columns.

The rule: six set-based queries, whatever the number of tables, against the catalogue alone: no statistics, which hold values, and
no lock on a table. Partitions are part of their root, and not listed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import re2

from ringfence.atlas.model import Lineage
from ringfence.sql.model import path_of

if TYPE_CHECKING:
    from psycopg import Connection

KINDS: Final = {"r": "table", "p": "partitioned table", "v": "view", "m": "materialised view", "f": "foreign table"}

COLUMNS: Final = """
with recursive base(oid, real) as (
  select oid, oid from pg_catalog.pg_type where typtype <> 'd'
  union all
  select t.oid, b.real from pg_catalog.pg_type t join base b on t.typtype = 'd' and t.typbasetype = b.oid),
pages(root, pages) as (
  select pg_catalog.pg_partition_root(oid), sum(greatest(relpages, 0))::bigint
  from pg_catalog.pg_class where relispartition and relkind = 'r' group by 1)
select c.oid::bigint, n.nspname, c.relname, c.relkind::text, coalesce(p.pages, c.relpages), a.attnum::int, a.attname,
  pg_catalog.format_type(a.atttypid, a.atttypmod), t.typname, t.typcategory::text, coalesce(e.typcategory::text, ''),
  coalesce(e.typname, ''), coalesce(d.description, ''),
  pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select'),
  coalesce(i.is_key, false)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join base b on b.oid = a.atttypid
join pg_catalog.pg_type t on t.oid = b.real
left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
left join pages p on p.root = c.oid
left join pg_catalog.pg_description d
  on d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objoid = c.oid and d.objsubid = a.attnum
left join lateral (select true as is_key from pg_catalog.pg_index x
  where x.indrelid = c.oid and x.indisprimary and a.attnum = any (x.indkey) limit 1) i on true
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, c.relname, a.attnum"""

KEYS: Final = """
select k.conrelid::bigint, k.confrelid::bigint, k.conkey::int[], k.confkey::int[]
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid and not c.relispartition
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f' and k.conparentid = 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"""

RULES: Final = """
select r.ev_class::bigint, r.ev_action::text
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class and c.relkind in ('v', 'm')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where r.rulename = '_RETURN' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"""

READS: Final = """
select distinct r.ev_class::bigint, d.refobjid::bigint, d.refobjsubid::int
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class and c.relkind in ('v', 'm')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
  and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.refobjid <> c.oid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"""

INHERITED: Final = """
select i.inhrelid::bigint, a.attnum::int, i.inhparent::bigint, p.attnum::int
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid and not c.relispartition
join pg_catalog.pg_attribute a on a.attrelid = i.inhrelid and a.attnum > 0 and a.attinhcount > 0 and not a.attisdropped
join pg_catalog.pg_attribute p on p.attrelid = i.inhparent and p.attname = a.attname"""

ROOTS: Final = """
select oid::bigint, pg_catalog.pg_partition_root(oid)::bigint from pg_catalog.pg_class where relispartition"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `base` is its type's name behind domains, `category` PostgreSQL's letter for it, `element` an array's."""

    number: int
    name: str
    path: str
    type: str
    base: str
    category: str
    element: str
    element_base: str
    comment: str
    readable: bool
    key: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or the like, with its columns and where their values come from. `pages` is 0 where nobody has counted."""

    oid: int
    schema: str
    name: str
    kind: str
    pages: int
    columns: tuple[Column, ...]
    lineage: Mapping[int, tuple[Lineage, ...]]
    reads: frozenset[str]  # paths of the columns that a view is made from

    @property
    def path(self) -> str:
        """What its columns' paths begin with."""
        return path_of(self.schema, self.name)

    @property
    def is_view(self) -> bool:
        """Whether reading it runs a query."""
        return self.kind == "v"

    def shape(self) -> str:
        """Give what changes when its columns do: a map of before fits only the same."""
        told = [self.kind, *(f"{each.path}|{each.type}|{each.comment}|{each.readable}" for each in self.columns)]
        return sha256("\n".join(told).encode(errors="surrogatepass")).hexdigest()[:32]


def read_catalogue(connection: "Connection[Any]") -> list[Relation]:
    """Read all relations of the database but the system's own, and all columns but those that `unspellable` counts."""
    grouped: dict[int, list[tuple[Any, ...]]] = {}
    for row in connection.execute(COLUMNS):
        if _is_text(row[1], row[2], row[6]):
            grouped.setdefault(row[0], []).append(row)
    paths = {(oid, row[5]): path_of(row[1], row[2], row[6]) for oid, rows in grouped.items() for row in rows}
    roots = dict(connection.execute(ROOTS).fetchall())
    lineage: dict[tuple[int, int], list[Lineage]] = {}
    for table, other, own, theirs in connection.execute(KEYS):
        for number, target in zip(own, theirs, strict=True):
            if (source := paths.get((roots.get(other, other), target))) is not None:
                lineage.setdefault((table, number), []).append(Lineage("key", source))
    for table, number, parent, column in connection.execute(INHERITED):
        if (source := paths.get((parent, column))) is not None:
            lineage.setdefault((table, number), []).append(Lineage("copy", source))
    for view, action in connection.execute(RULES):
        for number, table, column in copied_columns(_said(action)):
            if (source := paths.get((roots.get(table, table), column))) is not None:
                lineage.setdefault((view, number), []).append(Lineage("copy", source))
    reads: dict[int, set[str]] = {}
    for view, table, column in connection.execute(READS):
        if (source := paths.get((roots.get(table, table), column))) is not None:
            reads.setdefault(view, set()).add(source)
    return [_relation(rows, lineage, frozenset(reads.get(oid, ()))) for oid, rows in grouped.items()]


def unspellable(connection: "Connection[Any]") -> int:
    """Count the columns whose names, or their tables', are no UTF-8, as in a database without encoding: no policy can name them."""
    if connection.info.parameter_status("server_encoding") != "SQL_ASCII":
        return 0
    return sum(not _is_text(row[1], row[2], row[6]) for row in connection.execute(COLUMNS))


def _said(told: Any) -> Any:
    """Give a comment or a type's name as text: what of it is no UTF-8 is nobody's to compare."""
    return told.encode(errors="replace").decode() if isinstance(told, str) else told


def _is_text(*names: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for name in names for character in name)


def _relation(
    rows: Sequence[tuple[Any, ...]], lineage: Mapping[tuple[int, int], list[Lineage]], reads: frozenset[str]
) -> Relation:
    oid, schema, name, kind, pages = rows[0][:5]
    columns = tuple(Column(row[5], row[6], path_of(schema, name, row[6]), *map(_said, row[7:])) for row in rows)
    own = {each.number: tuple(dict.fromkeys(lineage.get((oid, each.number), ()))) for each in columns}
    kept = {number: each for number, each in own.items() if each}
    return Relation(oid, schema, name, kind, int(pages), columns, kept, reads)


_MARKS: Final = re2.compile(
    r"\\.|[{}]|:resno (\d+) :resname (?:\\.|[^ {}])+ :ressortgroupref \d+ :resorigtbl (\d+) :resorigcol (\d+) :resjunk (\w+)"
)
_OUTER: Final = 2  # braces around an entry of the view's own list: the query's, and the entry's


def copied_columns(action: str) -> Iterator[tuple[int, int, int]]:
    """Give what a view's rule says of its columns: number, and the table and column whose value each one is, unchanged.

    The server keeps it in the stored tree, for clients that ask what a result's column is. Columns that are computed have none.
    """
    depth = 0
    for found in _MARKS.finditer(action):
        mark = found.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
        elif found.group(1) is not None and depth == _OUTER and found.group(4) == "false" and found.group(2) != "0":
            yield int(found.group(1)), int(found.group(2)), int(found.group(3))
