"""Random queries over the shop: statements of many shapes that PostgreSQL mostly takes, made from a seed.

The rule: no statement holds a mark in a literal, so that a mark in an answer came out of a table; and none depends on the clock, on
chance or on a transaction's number, so that two runs give the same bytes. Some fail on purpose, and quote a value where they do.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

TEXT, INT, DATE, TIME, JSON, INET, BOOL, ROW, ARRAY, BYTES, ENUM = (
    *("text", "int", "date", "time", "json", "inet", "bool", "row", "array", "bytes"),
    "enum",
)

_RELATIONS = """
public.customer: id int, name text, email text, phone text, birth_date date, ssn text, iban text, card text, last_ip inet
public.customer: segment text, newsletter bool, joined time, preferences json, notes text
public.address: id int, customer_id int, kind text, line row, street text, city text, postcode text, country text
public.product: id int, sku text, title text, price int, stock int, tags array
public.orders: id int, customer_id int, placed time, status text, total int, comment text
public.orders_2029: id int, customer_id int, placed time, status text, total int, comment text
public.order_item: order_id int, product_id int, quantity int, price int
public.payment: id int, order_id int, card text, holder text, expires date, amount int, captured bool
public.support_ticket: id int, customer_id int, opened time, state enum, subject text, body text, meta json, attachment bytes
public.customer_directory: id int, name text, contact text, reachable_at text
public.order_overview: id int, placed time, status text, total int, buyer text, buyer_email text, comment text
public.support_inbox: id int, opened time, state enum, from_address text, beginning text
public.segment_size: segment text, customers int
public.young_customer: id int, name text, email text
public.best_customer: id int, email text, spent int, orders int
"""

_OF_TEXT = """
{0}
{0}
{0}
upper({0})
lower({0})
reverse({0})
encode(convert_to({0}::text, 'UTF8'), 'base64')
encode(convert_to({0}::text, 'UTF8'), 'hex')
replace({0}::text, '@', '%40')
'<' || {0} || '>'
concat({0}, '!', {0})
format('%s', {0})
format('%L', {0})
to_json({0})::text
replace(to_json({0})::text, 'z', '\\u007a')
quote_literal({0})
substr({0}::text, 1, 40)
repeat({0}::text, 2)
left({0}::text, 30)
right({0}::text, 30)
coalesce({0}, 'none')
nullif({0}, '')
case when true then {0} else '' end
array[{0}]
row({0}, 1)
json_build_object('v', {0})
jsonb_build_array({0})
(select {0})
greatest({0}, '')
length({0})
md5({0}::text)
translate({0}::text, 'x', 'y')
regexp_replace({0}::text, '^', '_')
string_to_array({0}::text, '@')
split_part({0}::text, ' ', 1)
{0}::text::bytea
cast({0} as varchar(60))
{0} collate "C"
overlay({0}::text placing '--' from 1 for 0)
{0}::text::name
xmlelement(name v, {0})::text
initcap({0})
btrim({0}::text)
{0}::text || null::text
to_jsonb({0})
"""

_OF_ANY = """
{0}
{0}
{0}::text
to_jsonb({0})
array[{0}]
coalesce({0}, {0})
row({0})
case when false then null else {0} end
"""

_OF_DATE = """
to_char({0}, 'YYYYMMDD')
{0} + 0
extract(year from {0})
date_trunc('decade', {0})
age({0}, '2000-01-01')
"""

_OF_JSON = """
{0} #>> '{{contact,email}}'
{0} -> 'contact'
{0} ->> 'reply_to'
{0}['client']
jsonb_path_query_array({0}, '$.*')
{0} || '{{"more": 1}}'
jsonb_pretty({0})
(select string_agg(value::text, ',') from jsonb_each({0}))
jsonb_strip_nulls({0})
"""

_AGGREGATES = """
max({0}::text)
min({0}::text)
string_agg({0}::text, ',' order by {0}::text)
array_agg({0})
count({0})
json_agg({0})
count(distinct {0}::text)
jsonb_object_agg(coalesce({0}::text, ''), 1)
(array_agg({0} order by 1))[1]
"""

_QUOTING = """
{0}::text::int
{0}::text::date
{0}::text::uuid
('[' || {0} || ']')::json
{0}::text::inet
('{{' || {0} || ',')::text[]
"""


def _lines(table: str) -> tuple[str, ...]:
    return tuple(table.strip().splitlines())


def _relations() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in _lines(_RELATIONS):
        name, _, columns = line.partition(": ")
        found.setdefault(name, {}).update((one.split()[0], one.split()[1]) for one in columns.split(", "))
    return found


RELATIONS: Mapping[str, Mapping[str, str]] = _relations()
OF_ANY = _lines(_OF_ANY)
OF_KIND: Mapping[str, Sequence[str]] = {
    TEXT: _lines(_OF_TEXT),
    INT: (*OF_ANY, "{0} + 1", "-{0}", "{0} % 7", "{0}::numeric / 3", "to_char({0}, '999999')"),
    DATE: (*OF_ANY, *_lines(_OF_DATE)),
    TIME: ("to_char({0}, 'YYYY-MM')", "{0}", "date_trunc('day', {0})", "extract(hour from {0})"),
    JSON: (*OF_ANY, *_lines(_OF_JSON)),
    INET: (*OF_ANY, "host({0})", "abbrev({0})", "set_masklen({0}, 16)", "{0} + 0"),
    BOOL: (*OF_ANY, "not {0}"),
    ENUM: OF_ANY,
    ROW: (*OF_ANY, "({0}).street", "({0}).city", "row_to_json({0})"),
    ARRAY: (*OF_ANY, "{0}[1]", "array_to_string({0}, ',')", "cardinality({0})"),
    BYTES: (
        *OF_ANY,
        "encode({0}, 'hex')",
        "encode({0}, 'base64')",
        "encode({0}, 'escape')",
        "convert_from({0}, 'UTF8')",
    ),
}
QUOTING = _lines(_QUOTING)
"""Casts that fail, and whose error text quotes the value."""
AGGREGATES = _lines(_AGGREGATES)


class Way(StrEnum):
    """How a statement is sent."""

    SIMPLE = "simple"
    TEXT = "text"
    BINARY = "binary"


@dataclass(frozen=True)
class Query:
    """Statements that are sent one after the other, and how. They leave the database as it was."""

    statements: tuple[str, ...]
    way: Way


@dataclass(frozen=True)
class _Source:
    """Something to select from: its text, and its columns under their names, with their kinds."""

    text: str
    columns: Mapping[str, str]


class Maker:
    """Makes queries, the same ones for the same seed. `relations` are those that the login may read."""

    def __init__(self, seed: int, relations: Sequence[str] = tuple(RELATIONS), *, writes: bool = True) -> None:
        self._random = random.Random(seed)
        self._relations = [one for one in RELATIONS if one in relations]
        self._names = 0
        self._writes = writes

    def queries(self, count: int) -> Iterator[Query]:
        """Make so many."""
        for _ in range(count):
            yield self.query()

    def query(self) -> Query:
        """Make one."""
        shapes: Sequence[tuple[int, Callable[[], Query]]] = (
            (20, self._plain),
            (3, self._copied),
            (3, self._cursor),
            (2, self._prepared),
            (3 if self._writes else 0, self._written),
            (1, self._temporary),
        )
        weights = [weight for weight, _ in shapes]
        return self._random.choices([make for _, make in shapes], weights)[0]()

    def _plain(self) -> Query:
        return Query((self._select(2),), self._random.choice(tuple(Way)))

    def _copied(self) -> Query:
        form = self._random.choice(
            ("", " with (format csv, header)", " with (format csv, force_quote *)", " with (delimiter '|')")
        )
        relation = self._random.choice(self._relations)
        what = f"({self._select(1)})"
        if "_" not in relation and self._random.random() < 0.3 and relation != "public.orders":
            what = f"{relation} ({', '.join(self._some(list(RELATIONS[relation]), 1, 5))})"
        return Query((f"copy {what} to stdout{form}",), Way.SIMPLE)

    def _cursor(self) -> Query:
        fetch = self._random.choice(
            ("fetch all from c", "fetch 3 from c", "fetch backward 2 from c", "fetch absolute 2 from c")
        )
        scroll = "scroll " if "backward" in fetch or "absolute" in fetch else ""
        return Query(
            ("begin", f"declare c {scroll}cursor for {self._select(1)}", "fetch 2 from c", fetch, "rollback"),
            Way.SIMPLE,
        )

    def _prepared(self) -> Query:
        return Query((f"prepare p as {self._select(1)}", "execute p", "deallocate p"), Way.SIMPLE)

    def _temporary(self) -> Query:
        make = self._random.choice(("create temp table kept as {0}", "create temp table kept as {0} with no data"))
        return Query(("begin", make.format(self._named_select()), "select * from kept", "rollback"), Way.SIMPLE)

    def _written(self) -> Query:
        table = self._random.choice(("public.customer", "public.support_ticket", "public.address"))
        columns = RELATIONS[table]
        shown = self._expressions(_Source(table, columns), 1, 3)
        text = self._text_of(table)
        copied = f"select id, 'copied', {text} from {table} where id < 3 returning subject, body"
        changes = (
            f"update {table} set id = id where id < 4 returning {shown}",
            f"with w as (update {table} set id = id where id < 3 returning *) select {shown} from w",
            f"with t as (select 1 as one) update {table} set id = id from t where one = 2 returning {shown}",
            f"insert into public.support_ticket (customer_id, subject, body) {copied}",
            f"update public.support_ticket t set subject = {text} from {table} where t.id = {table}.id returning t.subject",
        )
        change = self._random.choice(changes)
        return Query(("begin", change, "rollback"), self._random.choice((Way.SIMPLE, Way.TEXT)))

    def _text_of(self, table: str) -> str:
        names = [f"{table}.{name}" for name, kind in RELATIONS[table].items() if kind == TEXT]
        return f"coalesce({self._random.choice(names)}::text, '')"

    def _select(self, depth: int) -> str:
        roll = self._random.random()
        if depth > 0 and roll < 0.12:
            one, other = self._uniform(depth - 1), self._uniform(depth - 1)
            joined = self._random.choice(("union all", "union", "intersect", "except"))
            return f"{one} {joined} {other} order by 1 limit 20"
        if depth > 0 and roll < 0.22:
            inner = self._named_select()
            return f"with w as {self._random.choice(('', 'materialized '))}({inner}) select * from w limit 20"
        if roll < 0.27:
            return self._recursive()
        if roll < 0.37:
            return self._aggregated(depth)
        return self._ordinary(depth)

    def _ordinary(self, depth: int) -> str:
        source = self._source(depth)
        shown = "*" if self._random.random() < 0.15 else self._expressions(source, 1, 4)
        if self._random.random() < 0.06:
            shown += f", {self._window(source)}"
        distinct = "distinct " if self._random.random() < 0.05 else ""
        order = "" if distinct else self._order(source)
        return f"select {distinct}{shown} from {source.text}{self._where(source)}{order} limit {self._random.randint(1, 12)}"

    def _named_select(self) -> str:
        source = self._source(1)
        parts = [self._expression(source) for _ in range(self._random.randint(1, 3))]
        shown = ", ".join(f"{part} as n{number}" for number, part in enumerate(parts))
        return f"select {shown} from {source.text}{self._where(source)}{self._order(source)} limit 9"

    def _uniform(self, depth: int) -> str:
        """Select one column of text, for set operations."""
        source = self._source(depth)
        return f"(select ({self._expression(source)})::text from {source.text}{self._where(source)}{self._order(source)} limit 10)"

    def _recursive(self) -> str:
        source = self._relation()
        name = self._name_of(source, TEXT) or "'x'"
        return (
            f"with recursive r(n, v) as (select 1, max({name})::text from {source.text} union all "
            f"select n + 1, v || '.' from r where n < 3) select {self._random.choice(('v', 'n, v', 'upper(v)'))} from r"
        )

    def _aggregated(self, depth: int) -> str:
        source = self._source(depth)
        name = self._random.choice(list(source.columns))
        made = self._random.choice(AGGREGATES).format(name)
        group = self._random.choice(list(source.columns))
        if self._random.random() < 0.5 or source.columns[group] in (JSON, ROW, ARRAY):
            return f"select {made} from {source.text}{self._where(source)}"
        form = self._random.choice(("group by {0}", "group by rollup({0})", "group by grouping sets (({0}), ())"))
        return (
            f"select {group}, {made} from {source.text}{self._where(source)} {form.format(group)} order by 1 limit 10"
        )

    def _window(self, source: _Source) -> str:
        name = self._random.choice(list(source.columns))
        over = self._name_of(source, INT) or "1"
        made = self._random.choice(
            ("first_value({0}) over (order by {1})", "lag({0}) over (order by {1})", "count({0}) over (order by {1})")
        )
        return made.format(name, over)

    def _expressions(self, source: _Source, least: int, most: int) -> str:
        parts = [self._expression(source) for _ in range(self._random.randint(least, most))]
        return ", ".join(
            f"{part} as a{number}" if self._random.random() < 0.5 else part for number, part in enumerate(parts)
        )

    def _expression(self, source: _Source) -> str:
        name = self._random.choice(list(source.columns))
        kind = source.columns[name]
        made = self._random.choice(OF_KIND[kind]).format(name)
        roll = self._random.random()
        if roll < 0.03 and kind == TEXT:
            return self._random.choice(QUOTING).format(name)
        if roll < 0.06:
            return f"(select string_agg(s::text, ' ') from (select {made} as s limit 3) q)"
        if roll < 0.08 and kind == INT:
            return f"public.email_of({name})"
        if roll < 0.10 and kind == TEXT:
            return f"public.initials({name})"
        return made

    def _where(self, source: _Source) -> str:
        roll = self._random.random()
        number = self._name_of(source, INT)
        if roll < 0.45 or number is None:
            return ""
        text = self._name_of(source, TEXT)
        if roll < 0.52 and text is not None:
            conditions = ("{0} is not null", "length({0}) > 3", "{0} > $$a$$", "{0} like $$%a%$$")
            return f" where {self._random.choice(conditions).format(text)}"
        return f" where {number} {self._random.choice(('< 9', '> 3', 'between 2 and 30', 'in (1, 5, 10)', '% 5 = 0'))}"

    def _order(self, source: _Source) -> str:
        keys = [name for name, kind in source.columns.items() if kind == INT]
        return f" order by {self._random.choice(keys)}" if keys and self._random.random() < 0.6 else ""

    def _source(self, depth: int) -> _Source:
        roll = self._random.random()
        if depth > 0 and roll < 0.15:
            return self._joined()
        if depth > 0 and roll < 0.28:
            return self._inner()
        if roll < 0.33:
            return self._whole_row()
        return self._relation()

    def _relation(self) -> _Source:
        relation = self._random.choice(self._relations)
        shown = relation if self._random.random() < 0.6 else relation.removeprefix("public.")
        if self._random.random() < 0.4:
            alias = self._alias()
            return _Source(f"{shown} {alias}", {f"{alias}.{name}": kind for name, kind in RELATIONS[relation].items()})
        return _Source(shown, RELATIONS[relation])

    def _joined(self) -> _Source:
        left, right = (self._random.choice(self._relations) for _ in range(2))
        one, other = self._alias(), self._alias()
        keys = [next((f"{alias}.{name}" for name in ("customer_id", "id", "order_id") if name in RELATIONS[relation]), "1")
                for alias, relation in ((one, left), (other, right))]  # fmt: skip
        how = self._random.choice(("join", "left join", "right join"))
        columns = {
            f"{alias}.{name}": kind
            for alias, relation in ((one, left), (other, right))
            for name, kind in RELATIONS[relation].items()
        }
        if self._random.random() < 0.2:
            column = keys[1].partition(".")[2]
            narrowed = f" x where x.{column} = {keys[0]}" if column else ""
            return _Source(
                f"{left} {one} cross join lateral (select * from {right}{narrowed} limit 2) {other}", columns
            )
        return _Source(f"{left} {one} {how} {right} {other} on {keys[0]} = {keys[1]}", columns)

    def _inner(self) -> _Source:
        inner = self._relation()
        names = self._some(list(inner.columns), 1, 4)
        alias = self._alias()
        shown = ", ".join(f"{name} as i{number}" for number, name in enumerate(names))
        columns = {f"{alias}.i{number}": inner.columns[name] for number, name in enumerate(names)}
        return _Source(f"(select {shown} from {inner.text} limit 30) {alias}", columns)

    def _whole_row(self) -> _Source:
        relation = self._random.choice(self._relations)
        alias = self._alias()
        made = self._random.choice(
            (f"row_to_json({alias})::jsonb", f"to_jsonb({alias})", f"jsonb_build_object('r', {alias}.*::text)")
        )
        outer = self._alias()
        return _Source(f"(select {made} as j from {relation} {alias} limit 9) {outer}", {f"{outer}.j": JSON})

    def _alias(self) -> str:
        self._names += 1
        return f"t{self._names}"

    def _some(self, names: list[str], least: int, most: int) -> list[str]:
        return self._random.sample(names, min(len(names), self._random.randint(least, most)))

    def _name_of(self, source: _Source, kind: str) -> str | None:
        names = [name for name, one in source.columns.items() if one == kind]
        return self._random.choice(names) if names else None
