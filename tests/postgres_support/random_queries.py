"""Random queries over the shop: statements of many shapes that PostgreSQL mostly takes, made from a seed.

The rule: no statement holds a mark in a literal, so that a mark in an answer came out of a table; and none depends on the clock, on
chance or on a transaction's number, so that two runs give the same bytes. Some fail on purpose, and quote a value where they do.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postgres_support.query_tables import (
    AGGREGATES,
    ARRAY,
    INT,
    JSON,
    OF_KIND,
    QUOTING,
    RELATIONS,
    ROW,
    TEXT,
)


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
