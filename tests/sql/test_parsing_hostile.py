"""Texts that were written to break a parser: each is answered, none is mistaken for another."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsing_table import rows

from ringfence.sql.model import ParsedText, StatementKind
from ringfence.sql.parsing import ParseLimits, parse
from ringfence.sql.parsing_tokens import Beyond, check_depth, tokens_of
from ringfence.sql.parsing_tree import means, parsed_of

CHAINS = {
    "sum": ("select 1", "+1"),
    "concatenation": ("select a", "||a"),
    "cast": ("select 1", "::int"),
    "negation": ("select ", "- ", "a"),
    "not": ("select ", "not ", "true"),
    "collate": ("select a", ' collate "C"'),
    "zone": ("select a", " at time zone 'UTC'"),
    "join": ("select 1 from a", " join b on true and false"),
    "natural join": ("select 1 from a", " natural join b"),
    "union": ("select 1, 2", " union all select 1, 2"),
    "except": ("select 1", " except select 1"),
    "operator": ("select 1", " operator(pg_catalog.+) 1"),
    "bits": ("select a", " | a"),
    "arrow": ("select a", " -> 'b'"),
}
NESTS = {
    "brackets": ("select ", "(", "1", ")"),
    "sub-select": ("select ", "(select ", "1", ")"),
    "call": ("select ", "f(", "1", ")"),
    "array": ("select ", "array[", "1", "]"),
    "case": ("select ", "case when true then ", "1", " end"),
    "from": ("select 1 from ", "(select 1 from ", "t", ") x"),
    "exists": ("select 1 where ", "exists (select 1 where ", "true", ")"),
    "joins in brackets": ("select 1 from ", "(", "a", " join b on true)"),
}


def _depth(text: str) -> int:
    """Tell how deep the parser's tree is, in levels of its JSON."""
    deepest, waiting = 0, [(parsed_of(text).statements, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        waiting.extend((each, level + 1) for each in below)
    return deepest


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_beyond_the_limit_is_refused_before_it_is_parsed(name: str) -> None:
    begin, link, *end = CHAINS[name]
    refused = parse(begin + link * 30_000 + "".join(end)).refused
    assert refused is not None
    assert (refused.rule, refused.name) == ("limit", "chain")


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_within_the_limit_is_no_deeper_than_its_estimate_allows(name: str) -> None:
    begin, link, *end = CHAINS[name]
    text = begin + link * 40 + "".join(end)
    tokens = tokens_of(text)
    assert _depth(text) >= 40, "no chain at all"
    bound = next(limit for limit in range(500) if _passes(tokens, ParseLimits(chain=limit)))
    assert _depth(text) <= 4 * bound + 30


def _passes(tokens: list[tuple[int, int, str, str]], limits: ParseLimits) -> bool:
    try:
        check_depth(tokens, limits)
    except Beyond:
        return False
    return True


@pytest.mark.parametrize("unit", ["/*", "/*/", "/**/", "+-", "+", "*/", "/*--", "=+/**/", "`/*`"])
def test_a_run_that_the_scanner_would_go_over_again_and_again_is_refused_at_once(unit: str) -> None:
    begun = time.process_time()
    refused = parse("select " + unit * (900_000 // len(unit))).refused
    assert time.process_time() - begun < 2.0  # over 20 s where the scanner has it
    assert refused is not None
    assert refused.rule == "limit"


@pytest.mark.parametrize(
    "text",
    [
        "/" + "*" * 900_000 + "/ select 1",
        "--" * 400_000 + "\nselect 1",
        "select '" + "=" * 900_000 + "'",
        "select '" + "-" * 900_000 + "'",
        "select '" + ("+-----+---------+\n" * 40_000) + "'",
        "/**/ " * 150_000 + "select 1",
        "select 1 /*********** a banner ***********/ " * 1,
    ],
)
def test_long_runs_that_the_scanner_takes_at_once_are_served(text: str) -> None:
    assert parse(text).refused is None


@pytest.mark.parametrize("name", NESTS)
def test_nesting_beyond_the_limit_is_refused_and_within_it_is_served(name: str) -> None:
    begin, opening, middle, closing = NESTS[name]
    limits = ParseLimits(nesting=40)
    deep = parse(begin + opening * 41 + middle + closing * 41, limits).refused
    assert deep is not None
    assert (deep.rule, deep.name) == ("limit", "nesting")
    assert parse(begin + opening * 40 + middle + closing * 40, limits).refused is None


def test_brackets_in_strings_names_and_comments_are_none() -> None:
    for text in (
        "select '" + "(" * 5_000 + "'",
        'select "' + "(" * 60 + '"',
        "/*" + "(" * 5_000 + "*/ select 1",
        "select $a$" + "(" * 999 + "$a$",
    ):
        assert parse(text).refused is None


def test_long_lists_and_conditions_are_no_chains() -> None:
    for text in (
        "insert into t values " + ", ".join(["(1, 'a', -2 + 3)"] * 5_000),
        "select * from t where a in (" + ", ".join(map(str, range(20_000))) + ")",
        "select 1 from t where " + " or ".join(["a = 1 and b <> 2"] * 3_000),
        "select " + ", ".join(["a + 1"] * 1_600),
        "select " + ", ".join(f"${number}" for number in range(1, 65_536)),
        "select a.x from a"
        + "".join(
            f" left join b{number} on a.x + 1 = b{number}.y - 2 and b{number}.z is null" for number in range(200)
        ),
        "select 1" + " union all select a + b * c from t where d = e and f <> g - 1" * 300,
        "select case " + "when a = 1 then 2 " * 1_000 + "end",
    ):
        assert parse(text).refused is None, text[:60]


def test_comments_in_one_another_are_read_as_one() -> None:
    assert parse("/*" * 3_000 + "*/" * 3_000 + "select 1").refused is None
    assert parse("/*" * 3_000 + "*/" * 2_999 + "select 1").refused is not None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("select 'a\0b'", "syntax"),
        ("\0", "syntax"),
        ("select $65536", "limit"),
        ("select $2147483647", "limit"),
        ("select '" + "x" * 1_000_000 + "'", "limit"),
        ("select 1;" * 1_001, "limit"),
    ],
)
def test_a_text_out_of_bounds_is_refused(text: str, rule: str) -> None:
    refused = parse(text).refused
    assert refused is not None
    assert refused.rule == rule


def test_a_tree_too_deep_for_the_stack_at_hand_is_refused_and_raises_nothing() -> None:
    refused = parse("select 1" + "+1" * 5_000, ParseLimits(chain=10_000)).refused
    assert refused is not None
    assert refused.rule == "limit"


def test_a_text_that_means_something_else_is_told_apart() -> None:
    tree = parsed_of("select a from t where b = 'x' limit 1").statements[0]["stmt"]
    assert isinstance(tree, dict)
    assert means("  select a\nfrom t where b = 'x' limit 1 -- c", tree)
    for other in (
        "select a from t where b = 'y' limit 1",
        "select a from t where b = 'x'",
        "select a from t, u",
        "select a from t where b = 'x' limit 1; select 1",
    ):
        assert not means(other, tree)


_WORDS = st.sampled_from(
    [word for *_, text in rows() for word in text.replace("(", " ( ").split(" ") if word]
    + [
        "'a'",
        '"b c"',
        "$1",
        "$$x$$",
        ";",
        "--",
        "/*",
        "*/",
        "é",
        "E'\\''",
        "U&'\\0041'",
        "into",
        "as",
        "for",
        "'",
        '"',
        "\n",
        "-",
        "::",
    ]
)


def check(text: str, parsed: ParsedText) -> None:
    """Hold what was said of a text against the text."""
    encoded = text.encode()
    at = 0
    for raw in parsed.statements:
        assert at <= raw.start <= raw.end <= len(encoded)
        at = raw.end
        end = raw.start
        for start, stop in raw.literals:
            assert end <= start < stop <= raw.end
            end = stop
        if raw.inner_start >= 0:
            there = encoded[raw.inner_start : raw.inner_start + len(raw.inner.encode())]
            blanked = raw.tag == "SelectStmt"
            assert blanked or there.decode() == raw.inner
        if raw.kind in (
            StatementKind.COPY_OUT,
            StatementKind.DECLARE,
            StatementKind.PREPARE,
            StatementKind.CREATE_AS,
            StatementKind.EXPLAIN,
        ):
            assert raw.inner or raw.refused


@given(st.lists(_WORDS, max_size=25))
def test_words_in_any_order_are_answered(words: list[str]) -> None:
    text = " ".join(words)
    check(text, parse(text))


@given(
    st.sampled_from([text for *_, text in rows()]),
    st.integers(0, 200),
    st.sampled_from([" ", ";", "(", ")", "'", '"', "é", "-- ", "/*", "$1", " into x "]),
)
def test_a_statement_with_a_piece_put_into_it_is_answered(text: str, at: int, piece: str) -> None:
    changed = text[:at] + piece + text[at:]
    check(changed, parse(changed))
