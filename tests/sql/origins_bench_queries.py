"""Random statements over a small schema without constraints: any base column may be changed alone and the statement run again.

Every expression is typed (`text`, `int`, `bool`), so that nearly all statements run.
"""

import random

TABLES = {
    "person": {
        "id": "int",
        "name": "text",
        "ssn": "text",
        "email": "text",
        "pay": "int",
        "dept": "int",
        "tags": "text[]",
        "doc": "jsonb",
    },
    "dept": {"id": "int", "title": "text", "boss": "int"},
    "bill": {"id": "int", "who": "int", "amount": "int", "note": "text"},
}
VIEWS = {
    "v_plain": {"id": "int", "shown": "text", "up": "text"},
    "v_agg": {"dept": "int", "n": "int", "top": "text"},
    "v_rank": {"id": "int", "place": "int"},
    "v_both": {"u": "text"},
}
SCHEMA = """
create schema diff; set search_path = diff;
create table person(id int, name text, ssn text, email text, pay int, dept int, tags text[], doc jsonb)
 with (autovacuum_enabled = off);
create table dept(id int, title text, boss int) with (autovacuum_enabled = off);
create table bill(id int, who int, amount int, note text) with (autovacuum_enabled = off);
create table sink(a text, b int, c text generated always as (a || '!') stored);
insert into person select i, 'n' || i % 4, 's' || i % 5, 'e' || i, i * 7 % 4, i % 3, array['t' || i % 2, 'u' || i],
 jsonb_build_object('k', 'v' || i) from generate_series(1, 7) i;
insert into dept select i, 'n' || i, 3 - i from generate_series(0, 3) i;
insert into bill select i, i % 5, i * 3 % 4, 's' || i % 6 from generate_series(1, 6) i;
create view v_plain as select id, ssn as shown, upper(email) as up from person where pay > 0;
create view v_agg as select dept, count(*)::int as n, max(name) as top from person group by dept;
create view v_rank as select id, rank() over (order by pay)::int as place from person;
create view v_both as select title as u from dept union select ssn from person;
create function f_ssn(int) returns text language sql stable as
 'select ssn from diff.person where id = $1 order by email limit 1';
create function f_has(t text) returns boolean language sql stable begin atomic
 select exists (select 1 from person where email = t); end;
create function f_left(text) returns text language sql immutable as 'select left($1, 2)';
create function f_rows(int) returns table(a text, b int) language sql stable as
 'select email, pay from diff.person where dept = $1';
create function f_sum(int, int) returns int language sql immutable as 'select $1 + $2';
create aggregate add_up(int) (sfunc = f_sum, stype = int, initcond = '0');
create function op_near(int, int) returns boolean language sql stable as
 'select abs($1 - $2) < (select max(boss) from diff.dept)';
create operator ~~~ (leftarg = int, rightarg = int, function = op_near);
grant usage on schema diff to public; grant all on all tables in schema diff to public;
"""


class Source:
    """Something that columns can be taken from."""

    def __init__(self, alias: str, columns: dict[str, str]) -> None:
        self.alias = alias
        self.columns = columns


class Maker:
    """Makes statements; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = 0

    def statement(self) -> str:
        """Make a SELECT, or a write with RETURNING."""
        kind = self.random.random()
        if kind < 0.85:
            return self.query(3, [])[0]
        return self._write()

    def query(self, depth: int, outer: list[Source], wanted: list[str] | None = None) -> tuple[str, dict[str, str]]:
        """Make a query; give its columns with their types. `wanted`: the types that they must have."""
        kind = self.random.random()
        if depth > 1 and kind < 0.12:
            return self._combined(depth, outer, wanted)
        if depth > 1 and kind < 0.22:
            return self._with(depth, outer, wanted)
        if depth > 1 and kind < 0.26 and wanted is None:
            return self._recursive(depth)
        return self._select(depth, outer, wanted)

    def _name(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def _select(
        self, depth: int, outer: list[Source], wanted: list[str] | None, ctes: list[Source] | None = None
    ) -> tuple[str, dict[str, str]]:
        pick = self.random
        text, sources = self._from(depth, outer, ctes or [])
        scope = sources + (outer if pick.random() < 0.4 else [])
        types = wanted or [pick.choice(("text", "text", "int", "bool")) for _ in range(pick.randint(1, 3))]
        columns: dict[str, str] = {}
        shown: list[str] = []
        where = f" where {self.expression('bool', depth - 1, scope)}" if pick.random() < 0.6 else ""
        grouped = pick.random() < 0.25
        keys = (
            [self._column(pick.choice(("text", "int")), sources) for _ in range(pick.randint(0, 2))] if grouped else []
        )
        keys = [key for key in keys if "." in key]
        windows = not grouped and pick.random() < 0.2
        for type_ in types:
            if grouped:
                expression = self._aggregate(type_, depth - 1, sources, keys)
            elif windows and pick.random() < 0.6:
                expression = self._window(type_, depth - 1, sources)
            else:
                expression = self.expression(type_, depth, scope)
            name = self._name("c")
            columns[name] = type_
            shown.append(f"{expression} as {name}")
        distinct = "distinct " if not windows and pick.random() < 0.12 else ""
        if not distinct and not grouped and pick.random() < 0.08:
            distinct = f"distinct on ({self.expression('text', 1, sources)}) "
        tail = ""
        if keys:
            tail += " group by " + pick.choice(("", "", "rollup ", "cube ")) + "(" + ", ".join(keys) + ")"
        if grouped and pick.random() < 0.3:
            tail += f" having {self._aggregate('bool', depth - 1, sources, keys)}"
        if not distinct.startswith("distinct on") and pick.random() < 0.4:
            tail += " order by " + ", ".join(str(number + 1) for number in range(len(types)))
            if not grouped and not distinct and pick.random() < 0.5:
                tail += ", " + self.expression("int", 1, sources)
        if pick.random() < 0.2:
            tail += f" limit {pick.randint(1, 4)}"
        return f"select {distinct}{', '.join(shown)} from {text}{where}{tail}", columns

    def _combined(self, depth: int, outer: list[Source], wanted: list[str] | None) -> tuple[str, dict[str, str]]:
        types = wanted or [self.random.choice(("text", "int")) for _ in range(self.random.randint(1, 2))]
        left, columns = self._select(depth - 1, outer, types)
        right, _ = self._select(depth - 1, outer, types)
        operation = self.random.choice(("union", "union all", "union all", "intersect", "except", "except all"))
        return f"({left}) {operation} ({right})", columns

    def _with(self, depth: int, outer: list[Source], wanted: list[str] | None) -> tuple[str, dict[str, str]]:
        inner, columns = self.query(depth - 1, outer)
        name = self._name("w")
        how = self.random.choice(("", "", "materialized ", "not materialized "))
        text, shown = self._select(depth - 1, outer, wanted, [Source(name, columns)])
        return f"with {name} as {how}({inner}) {text}", shown

    def _recursive(self, depth: int) -> tuple[str, dict[str, str]]:
        name = self._name("r")
        start, _ = self._select(1, [], ["text", "text"])
        step = self._column("text", [Source("p", TABLES["person"])])
        swapped = self.random.choice((f"{name}.b, {step}", f"{step}, {name}.a", f"{name}.b, {name}.a"))
        union = self.random.choice(("union", "union all"))
        text = (
            f"with recursive {name}(a, b, n) as (select *, 0 from ({start}) s {union} select {swapped}, n + 1 from {name}, person p"
            f" where n < 2 and p.id = 1) select a as {name}x, n as {name}y from {name}"
        )
        return text, {f"{name}x": "text", f"{name}y": "int"}

    def _from(self, depth: int, outer: list[Source], ctes: list[Source]) -> tuple[str, list[Source]]:
        pick = self.random
        text, first = self._item(depth, outer, ctes)
        sources = [first]
        for _ in range(pick.choice((0, 0, 1, 1, 2)) if depth > 0 else 0):
            kind = pick.choice(("join", "left join", "full join", "right join", ",", "lateral", "function", "values"))
            if kind == "lateral" and depth > 1:
                inner, columns = self.query(depth - 1, sources)
                alias = self._name("l")
                text += f" cross join lateral ({inner}) {alias}"
                sources.append(Source(alias, columns))
            elif kind == "function":
                alias = self._name("f")
                call, columns = pick.choice(
                    (
                        (f"f_rows({self._column('int', sources)})", {"a": "text", "b": "int"}),
                        (f"unnest(array[{self._column('text', sources)}, 'z'])", {alias: "text"}),
                        (f"generate_series(1, abs({self._column('int', sources)}) % 3)", {alias: "int"}),
                    )
                )
                text += f" cross join lateral {call} {alias}"
                sources.append(Source(alias, columns))
            elif kind == "values":
                alias = self._name("v")
                rows = ", ".join(f"({self._column('text', sources)}, {self._column('int', sources)})" for _ in range(2))
                text += f" cross join lateral (values {rows}) {alias}(a, b)"
                sources.append(Source(alias, {"a": "text", "b": "int"}))
            else:
                other, source = self._item(depth, [], ctes)
                if kind in (",", "lateral"):
                    text += f" cross join {other}"
                elif kind != "full join":
                    text += f" {kind} {other} on {self.expression('bool', 1, [*sources, source])}"
                else:
                    text += f" full join {other} on {self._column('int', sources)} = {self._column('int', [source])}"
                sources.append(source)
        return text, sources

    def _item(self, depth: int, outer: list[Source], ctes: list[Source]) -> tuple[str, Source]:
        pick = self.random
        alias = self._name("t")
        if ctes and pick.random() < 0.7:
            cte = pick.choice(ctes)
            return f"{cte.alias} {alias}", Source(alias, cte.columns)
        kind = pick.random()
        if depth > 1 and kind < 0.25:
            inner, columns = self.query(depth - 1, [])
            return f"({inner}) {alias}", Source(alias, columns)
        if depth > 0 and kind < 0.32:
            return f"(person join dept using (id)) as {alias}", Source(
                alias, {"id": "int", "name": "text", "title": "text", "dept": "int"}
            )
        relations = {**TABLES, **VIEWS} if kind < 0.5 else TABLES
        name = pick.choice(sorted(relations))
        return f"{name} {alias}", Source(alias, relations[name])

    def _column(self, type_: str, sources: list[Source]) -> str:
        found = [
            f"{source.alias}.{name}" for source in sources for name, kind in source.columns.items() if kind == type_
        ]
        if found:
            return self.random.choice(found)
        return {"text": "'n1'::text", "int": "(2 + 0)", "bool": "true"}[type_]

    def _aggregate(self, type_: str, depth: int, sources: list[Source], keys: list[str]) -> str:
        pick = self.random
        if type_ == "bool":
            return pick.choice(
                (
                    f"count(distinct {self._column('text', sources)}) > 1",
                    f"bool_or({self.expression('bool', depth, sources)})",
                )
            )
        if type_ == "int":
            filtered = (
                f" filter (where {self.expression('bool', min(depth, 1), sources)})" if pick.random() < 0.3 else ""
            )
            summed = pick.choice(
                ("count(*)", f"sum({self._column('int', sources)})", f"add_up({self._column('int', sources)})")
            )
            return f"({summed}{filtered})::int"
        if keys and pick.random() < 0.4:
            return f"({pick.choice(keys)})::text"
        inner = self.expression("text", min(depth, 1), sources)
        return pick.choice(
            (f"max({inner})", f"string_agg({inner}, ',' order by {self._column('int', sources)}, {inner})")
        )

    def _window(self, type_: str, depth: int, sources: list[Source]) -> str:
        text = self.expression("text", min(depth, 1), sources)
        partition = f"partition by {self._column('int', sources)} " if self.random.random() < 0.5 else ""
        over = f"over ({partition}order by {self._column('int', sources)}, {self._column('text', sources)})"
        if type_ == "text":
            return f"{self.random.choice(('lag', 'first_value', 'max'))}({text}) {over}"
        if type_ == "int":
            summed = f"sum({self._column('int', sources)})"
            return f"({self.random.choice(('rank()', 'count(*)', summed))} {over})::int"
        return f"(dense_rank() {over}) > 1"

    def expression(self, type_: str, depth: int, sources: list[Source]) -> str:
        """Make an expression."""
        pick = self.random
        if depth <= 0 or pick.random() < 0.35:
            if type_ == "bool":
                return f"{self._column('int', sources)} {pick.choice(('<', '>', '=', '<>'))} {pick.randint(0, 3)}"
            return self._column(type_, sources) if pick.random() < 0.9 else {"text": "'n2'::text", "int": "1"}[type_]
        choices = {"text": self._text, "int": self._int, "bool": self._bool}
        return choices[type_](depth - 1, sources)

    def _text(self, depth: int, sources: list[Source]) -> str:
        def text() -> str:
            return self.expression("text", depth, sources)

        number, truth = self.expression("int", depth, sources), self.expression("bool", depth, sources)
        kinds = [
            f"{text()} || {text()}",
            f"upper({text()})",
            f"coalesce({text()}, {text()})",
            f"case when {truth} then {text()} else {text()} end",
            f"nullif({text()}, {text()})",
            f"f_left({text()})",
            f"f_ssn({number})",
            f"greatest({text()}, {text()})",
            f"(array[{text()}, {text()}])[1]",
            f"({number})::text",
            f"to_json({text()})::text",
            f"format('%s-%s', {text()}, {number})",
            f"row({text()}, {number})::text",
            self._scalar("text", depth, sources),
        ]
        kinds += [f"({source.alias}.doc->>'k')" for source in sources if "doc" in source.columns]
        kinds += [f"to_jsonb({source.alias})::text" for source in sources[-1:]]
        for source in sources:
            if source.columns == TABLES["dept"]:
                kinds += [f"({source.alias}).title", f"row_to_json({source.alias})::text"]
        return self.random.choice(kinds)

    def _int(self, depth: int, sources: list[Source]) -> str:
        def number() -> str:
            return self.expression("int", depth, sources)

        return self.random.choice(
            (
                f"length({self.expression('text', depth, sources)})",
                f"({number()} + {number()})",
                f"f_sum({number()}, 1)",
                f"abs({number()})",
                f"case when {self.expression('bool', depth, sources)} then {number()} else 0 end",
                f"least({number()}, 2)",
                f"coalesce({number()}, 0)",
                self._scalar("int", depth, sources),
            )
        )

    def _bool(self, depth: int, sources: list[Source]) -> str:
        def text() -> str:
            return self.expression("text", depth, sources)

        def truth() -> str:
            return self.expression("bool", depth, sources)

        number = self.expression("int", depth, sources)
        kinds = [
            f"{text()} = {text()}",
            f"{number} < {self.expression('int', depth, sources)}",
            f"{text()} like '%1%'",
            f"({truth()} and {truth()})",
            f"({truth()} or {truth()})",
            f"not ({truth()})",
            f"{text()} is null",
            f"{text()} in ('n1', 's2')",
            f"f_has({text()})",
            f"{number} ~~~ 1",
            f"{text()} is distinct from {text()}",
            f"({text()}, {number}) < ('s', 2)",
        ]
        if depth > 0:
            inner = self._select(depth, sources, ["text"])[0]
            kinds += [
                f"{text()} in ({inner})",
                f"exists ({inner})",
                f"{text()} > all ({inner})",
                f"'n1' = any (array({inner}))",
            ]
        return self.random.choice(kinds)

    def _scalar(self, type_: str, depth: int, sources: list[Source]) -> str:
        if depth <= 0:
            return self._column(type_, sources)
        inner, columns = self._select(depth, sources, [type_])
        (name,) = columns
        return f"(select max({name}) from ({inner}) {self._name('q')})"

    def _write(self) -> str:
        pick = self.random
        person = [Source("person", TABLES["person"])]
        text = self.expression("text", 2, person)
        kind = pick.choice(("update", "insert", "delete", "cte"))
        where = self.expression("bool", 2, person)
        if kind == "update":
            pay = self.expression("int", 1, person)
            return f"update person set name = {text}, pay = {pay} where {where} returning name, upper(email), pay, id"
        if kind == "delete":
            return f"delete from person where {where} returning {text}"
        inner, columns = self._select(2, [], ["text", "int"])
        first, second = columns
        insert = f"insert into sink(a, b) select {first}, {second} from ({inner}) s returning a, b, c"
        if kind == "insert":
            return insert
        return f"with w as ({insert}) select upper(a) as x, c from w where b > 1"
