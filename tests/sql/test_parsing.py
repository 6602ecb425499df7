"""A text taken apart: kinds and refusals by a table, then what of each statement is traced, and where its constants stand."""

import pytest
from parsing_table import rows

from ringfence.sql.model import CopyOptions, Given, GivenKind, RawStatement, StatementKind
from ringfence.sql.parsing import ParseLimits, parse


def _one(text: str) -> RawStatement:
    parsed = parse(text)
    assert parsed.refused is None, parsed.refused
    [raw] = parsed.statements
    return raw


def _literals(text: str) -> list[str]:
    encoded = text.encode()
    return [encoded[start:end].decode() for each in parse(text).statements for start, end in each.literals]


def test_the_table_has_two_hundred_statements_and_no_two_alike() -> None:
    texts = [text for _, _, text in rows()]
    assert len(texts) == len(set(texts)) >= 200


@pytest.mark.parametrize(("kind", "refused", "text"), rows(), ids=[text for *_, text in rows()])
def test_a_statement_is_of_its_kind_and_refused_by_name(kind: str, refused: tuple[str, ...], text: str) -> None:
    raw = _one(text)
    assert raw.kind == kind
    assert tuple(each.allow or each.name for each in raw.refused) == refused
    assert all(each.why and each.mend for each in raw.refused)


@pytest.mark.parametrize("text", [text for kind, _, text in rows() if kind != "empty"])
def test_a_statement_says_the_same_between_others(text: str) -> None:
    raw = _one(text)
    before = "select 'é' ; ;"
    parsed = parse(f"{before}{text}\n;commit")
    first, between, last = parsed.statements
    assert (first.start, first.end) == (0, 11)
    assert (between.kind, between.refused, between.name, between.value) == (raw.kind, raw.refused, raw.name, raw.value)
    assert between.inner == raw.inner
    moved = len(before.encode())
    assert between.literals == tuple((start + moved, end + moved) for start, end in raw.literals)
    assert last.kind is StatementKind.TRANSACTION


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("copy (select 'é', \"ö\" from t) to stdout", "select 'é', \"ö\" from t"),
        ("copy ((select 1)) to stdout", "(select 1)"),
        ("declare c cursor with hold for select 1 for update", "select 1 for update"),
        ('declare "for" cursor for select 1', "select 1"),
        ("explain (analyze, format json) select 1 -- x", "select 1"),
        ("explain analyze verbose update t set a = 1;", "update t set a = 1"),
        ("explain (select 1) union (select 2)", "(select 1) union (select 2)"),
        ("prepare q (int) as select $1", "select $1"),
        ('create temp table "as" (a) on commit drop as select 1 with no data', "select 1"),
        ("create temp table t as select a as b from t with data", "select a as b from t"),
    ],
)
def test_what_is_traced_is_cut_from_the_text(text: str, inner: str) -> None:
    raw = _one(text)
    assert raw.inner == inner
    assert text.encode()[raw.inner_start :].decode().startswith(inner)


@pytest.mark.parametrize(
    ("text", "inner", "name"),
    [
        ("copy customer to stdout", 'SELECT * FROM ONLY "customer"', '"customer"'),
        ("copy customer from stdin", 'SELECT * FROM "customer"', '"customer"'),
        ('copy S."Odd ""t" (a, "B b") to stdout', 'SELECT "a", "B b" FROM ONLY "s"."Odd ""t"', '"s"."Odd ""t"'),
        ('copy t ("a;--") from stdin', 'SELECT "a;--" FROM "t"', '"t"'),
    ],
)
def test_a_copied_relation_is_traced_as_a_select(text: str, inner: str, name: str) -> None:
    raw = _one(text)
    assert (raw.inner, raw.inner_start, raw.name) == (inner, -1, name)


def test_the_columns_of_a_copy_are_named_without_quotes() -> None:
    assert _one('copy t (A, "B b") from stdin').columns == ("a", "B b")


def test_the_columns_that_a_temporary_table_names_are_given() -> None:
    assert _one('create temp table t (A, "B b") as select 1, 2, 3').columns == ("a", "B b")


def test_select_into_is_traced_with_its_clause_blanked_so_that_offsets_stay() -> None:
    text = "/* x */ select 'ü' as a, b into temp table \"T ü\" from u where c = 'q' ;"
    raw = _one(text)
    assert (raw.kind, raw.name) == (StatementKind.CREATE_AS, '"T ü"')
    assert raw.inner.split() == ["select", "'ü'", "as", "a,", "b", "from", "u", "where", "c", "=", "'q'"]
    at = raw.inner.encode().index(b"'q'")
    assert text.encode()[raw.inner_start + at :].startswith(b"'q'")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", CopyOptions()),
        ("csv", CopyOptions(format="csv", delimiter=",", null="")),
        (
            "(format csv, header, quote '''', delimiter ';')",
            CopyOptions("csv", ";", "", header=True, quote="'", escape="'"),
        ),
        ("(format csv, escape '\\', header false)", CopyOptions("csv", ",", "", escape="\\")),
        ("(format 'binary')", CopyOptions(format="binary")),
        ("(delimiter '|', null 'NULL', encoding 'UTF8')", CopyOptions(delimiter="|", null="NULL", encoding="UTF8")),
        ("(format csv, header match, default '\\D')", CopyOptions("csv", ",", "", header=True, default="\\D")),
        ("delimiters ',' with null as 'x'", CopyOptions(delimiter=",", null="x")),
    ],
)
def test_how_a_copy_spells_its_data_is_read(options: str, expected: CopyOptions) -> None:
    assert _one(f"copy t from stdin {options}").copy == expected


@pytest.mark.parametrize(
    ("text", "name", "value", "local"),
    [
        ("set search_path to a, \"B\", 'c d'", "search_path", "a, B, c d", False),
        ("set local TimeZone = 'UTC'", "timezone", "UTC", True),
        ("set ringfence.purpose to 'customer-support'", "ringfence.purpose", "customer-support", False),
        ("set application_name = 'it''s'", "application_name", "it's", False),
        ("set geqo_seed = -0.5", "geqo_seed", "-0.5", False),
        ("reset all", "all", "", False),
        ("set work_mem to default", "work_mem", "", False),
        ("discard temp", "discard", "temp", False),
        ("set transaction read only", "transaction", "", False),
        ('savepoint "S s"', "S s", "savepoint", False),
        ("rollback to s", "s", "rollback-to", False),
        ("explain analyze select 1", "", "analyze", False),
        ("explain (analyze off) select 1", "", "", False),
        ("explain (analyze 0) select 1", "", "", False),
        ("explain (analyze true) select 1", "", "analyze", False),
        ('fetch 1 from "C c"', "C c", "", False),
        ("close all", "", "", False),
        ("deallocate all", "", "", False),
        ("show time zone", "timezone", "", False),
        ("create temp table x.t as select 1", '"x"."t"', "", False),
        ("drop table pg_temp.t", '"pg_temp"."t"', "", False),
        ("drop table a, b", "", "", False),
        ("truncate t", '"t"', "", False),
    ],
)
def test_names_and_values_are_given_as_the_server_will_know_them(text: str, name: str, value: str, local: bool) -> None:
    raw = _one(text)
    assert (raw.name, raw.value, raw.local) == (name, value, local)


def test_resetting_is_told_from_setting() -> None:
    assert _one("reset work_mem").tag == _one("set work_mem to default").tag == "VariableResetStmt"
    assert _one("set work_mem to 'default'").tag == "VariableSetStmt"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "select 'a', E'b\\'', U&'\\0041', $q$ c ' $q$, b'01', x'1F', N'd'",
            "'a' E'b\\'' U&'\\0041' $q$_c_'_$q$ b'01' x'1F' 'd'",
        ),
        ("select 1, -2, 3.5, 1e5, .5, 0x1F, 1_000", "1 -2 3.5 1e5 .5 0x1F 1_000"),
        ("select - 1, -(2), - ( ( 3 ) ), 4 - 5, + 6", "-_1 -(2) -_(_(_3_)_) 4 5 6"),
        ("select 'a'\n  'b', 'c' -- x\n 'd'", "'a'\n__'b' 'c'_--_x\n_'d'"),
        ("select U&'d!0061' uescape '!'", "U&'d!0061'_uescape_'!'"),
        ("select date '2020-01-01', interval '1' hour, 'x'::text", "'2020-01-01' '1' 'x'"),
        ("select true, null, current_date, $1", ""),
        ("select a from t where b = 'ü' and c in (1, 'ö') limit 5", "'ü' 1 'ö' 5"),
        ("insert into t values ('é', '\\\"A_Const\\\":{\\\"ival')", "'é' '\\\"A_Const\\\":{\\\"ival'"),
        ('select \'"A_Const":{"ival":{"ival":1},"location":0\'', '\'"A_Const":{"ival":{"ival":1},"location":0\''),
        ("execute q('a', -1)", "'a' -1"),
        ("set application_name = 'x'", "'x'"),
        ("create temp table t (a text default 'x')", "'x'"),
    ],
)
def test_every_constant_is_found_where_it_stands(text: str, expected: str) -> None:
    assert [each.replace(" ", "_") for each in _literals(text)] == [each for each in expected.split(" ") if each]


def test_arguments_of_execute_are_where_they_stand_and_a_null_has_no_end() -> None:
    raw = _one("execute q('a', null, -3, 'x'::text)")
    assert raw.arguments == tuple(
        Given(GivenKind.LITERAL, start, end) for start, end in [(10, 13), (15, 0), (21, 23), (25, 28)]
    )


def test_a_statement_alone_is_its_whole_text() -> None:
    text = "  -- é\n select 1 ; "
    raw = _one(text)
    assert (raw.start, raw.end) == (0, len(text.encode()))


def test_statements_are_where_they_stand_among_others() -> None:
    text = " select 1 ; /* é */ select 'é' ;; -- x"
    parts = [text.encode()[each.start : each.end].decode() for each in parse(text).statements]
    assert parts == ["select 1", "select 'é'"]


@pytest.mark.parametrize(
    "text",
    [
        "select from where",
        "selec 1",
        "select 'a",
        'select "a',
        "select $q$ a",
        "/* x",
        "select 1) from",
        "\\d",
        "select e'\\'",
    ],
)
def test_what_is_no_sql_is_refused_without_a_word_of_it(text: str) -> None:
    refused = parse(f"{text} 'ada@example.com'").refused or parse(text).refused
    assert refused is not None
    assert refused.rule == "syntax"
    assert "ada" not in f"{refused.why}{refused.mend}{refused.name}"


@pytest.mark.parametrize(
    "text",
    [
        'select U&"x"',
        "select 1 as U&\"\\0061\" uescape '\\'",
        'select "a\nb"',
        'select 1 as "\x7f"',
        'select "\x85x"',
        "select a\x85b",
    ],
)
def test_names_that_a_tree_could_misspell_are_refused(text: str) -> None:
    refused = parse(text).refused
    assert refused is not None
    assert (refused.rule, refused.name) == ("syntax", "name")


@pytest.mark.parametrize(
    "text", ['select "é\xa0ü Å"', "select 'a\nb\x01'", 'select "Odd (name) {:}"', "select 'U&\"x\"'"]
)
def test_odd_names_and_control_characters_in_strings_are_served(text: str) -> None:
    assert _one(text).kind is StatementKind.PLANNED


def test_limits_are_kept_before_a_text_is_parsed() -> None:
    limits = ParseLimits(size=100, nesting=3, chain=4, statements=2, parameters=5)
    names = {
        "select " + "a" * 100: "statement",
        "select ((((1))))": "nesting",
        "select 1+1+1+1+1+1": "chain",
        "select 1;select 2;select 3": "statements",
        "select $6": "parameters",
    }
    for text, name in names.items():
        refused = parse(text, limits).refused
        assert refused is not None, text
        assert (refused.rule, refused.name) == ("limit", name)
    for text in (
        "select (((1)))",
        "select 1+1+1+1, 1+1+1+1",
        "select 1;select 2;",
        "select $5",
        "select a+1 or b+1 or c+1 or d+1 or e",
    ):
        assert parse(text, limits).refused is None, text
