"""What a database has: its columns with their types, the key of each table, the views over each column.

The rule: the catalogue alone is read, never a row; and it is read through any connection, straight or through a gate.
"""

from dataclasses import dataclass

from ringfence.probe.asking import Client
from ringfence.probe.recognising import Reply

_COLUMNS = """
select n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  coalesce((select k.attname from pg_catalog.pg_index i join pg_catalog.pg_attribute k
    on k.attrelid = i.indrelid and k.attnum = i.indkey[0]
    where i.indrelid = c.oid and i.indisprimary), '')
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_t%'
order by n.nspname, c.relname, a.attnum
"""
_VIEWS = """
select distinct tn.nspname, t.relname, a.attname, vn.nspname, v.relname
from pg_catalog.pg_depend d
join pg_catalog.pg_rewrite r on r.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
join pg_catalog.pg_class v on v.oid = r.ev_class and v.relkind = 'v'
join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace
join pg_catalog.pg_class t on t.oid = d.refobjid and t.relkind in ('r', 'p', 'm') and t.oid <> v.oid
join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
where d.refclassid = 'pg_catalog.pg_class'::regclass and tn.nspname not in ('pg_catalog', 'information_schema')
order by 1, 2, 3, 4, 5
"""
_READABLE = """
select n.nspname, c.relname, a.attname
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped
  and n.nspname not in ('pg_catalog', 'information_schema')
  and pg_catalog.has_schema_privilege({login}, n.oid, 'usage')
  and pg_catalog.has_column_privilege({login}, c.oid, a.attnum, 'select')
"""
_TEXTS = ("text", "character", "name", "citext", "bpchar")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `key` is the first column of the table's primary key, "" where it has none."""

    schema: str
    table: str
    name: str
    type: str
    key: str
    view: tuple[str, str] | None = None  # one that depends on it

    @property
    def path(self) -> str:
        """How a policy calls it."""
        return f"{self.schema}.{self.table}.{self.name}"

    @property
    def relation(self) -> str:
        """The table, as SQL."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"

    @property
    def is_text(self) -> bool:
        """Whether its values are text."""
        return self.type.startswith(_TEXTS)


class Unreadable(Exception):
    """The catalogue cannot be read: the SQLSTATE."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"the catalogue cannot be read ({code})")


def read_columns(client: Client) -> list[Column]:
    """Read the columns of all tables. Raises `Unreadable`."""
    columns = _texts(client.ask(_COLUMNS))
    views = {(row[0], row[1], row[2]): (row[3], row[4]) for row in reversed(_texts(client.ask(_VIEWS), needed=False))}
    return [
        Column(schema, table, name, kind, key, views.get((schema, table, name)))
        for schema, table, name, kind, key in columns
    ]


def read_readable(client: Client, login: str) -> frozenset[str] | None:
    """Read which columns a login may read, by path; None where that cannot be known."""
    reply = client.ask(_READABLE.replace("{login}", literal(login)))
    return None if reply.code else frozenset(".".join(row) for row in texts_of(reply))


def _texts(reply: Reply, *, needed: bool = True) -> list[list[str]]:
    if reply.code and needed:
        raise Unreadable(reply.code)
    return texts_of(reply)


def texts_of(reply: Reply) -> list[list[str]]:
    """Give rows as text; NULL is empty."""
    return [[(cell or b"").decode("utf-8", "replace") for cell in row] for row in reply.rows]


def quoted(name: str) -> str:
    """Spell a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Spell a text as SQL; its type is whatever it is compared with."""
    return "'" + text.replace("'", "''") + "'" if "\\" not in text else "E'" + _escaped(text) + "'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")
