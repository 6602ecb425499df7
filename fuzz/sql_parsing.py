"""Arbitrary text as SQL: taken apart or refused, nothing else; and what is said of it fits the text.

Spans are in order and within the text, what is traced is cut from it, and all comes back from the frames of the parser's child.
"""

from ringfence.sql.model import StatementKind
from ringfence.sql.parsing import ParseLimits, parse
from ringfence.sql.parsing_frames import Malformed, decode, encode

# Small limits: this runs on the stack at hand, not on the child's.
LIMITS = ParseLimits(size=20_000, nesting=50, chain=100, statements=50, parameters=100)

SEEDS: list[bytes] = [
    b"select email, 'a', -1, $1 from \"T t\" where a = E'\\'' and b in (1, 2) -- c",
    b"with x as (delete from t returning *) select 1 into temp y from x; commit",
    b"copy s.t (a, \"B\") to stdout (format csv, header, delimiter ';')",
    b"copy (select 'x') to stdout; copy t from stdin where a > 1; copy t to program 'x'",
    b"declare c scroll cursor with hold for select 1; fetch 2 from c; close all",
    b"explain (analyze, format json) select 1; explain analyze verbose values (1)",
    b"create temp table t (a int default 1 check (a > 0)) on commit drop; create temp table u as select 1 with no data",
    b"prepare q (int) as select $1; execute q(-(1), 'x'::text, null); deallocate all",
    b'set local search_path = a, "B"; reset all; set role x; show all; discard temp',
    b"begin isolation level serializable; savepoint s; rollback to s; prepare transaction 'x'",
    b"do $$x$$; call p(); grant select on t to u; drop table pg_temp.t; create index i on t (f(a))",
    "/* é /* ü */ */ select U&'\\0061' uescape '!', \"é\", 'ö' ; ;".encode(),
]


def target(data: bytes) -> None:
    """Take `data` apart, and hold the answer against it."""
    text = data.decode("utf-8", "replace")
    encoded = text.encode()
    parsed = parse(text, LIMITS)
    try:
        back = decode(encode(parsed))
    except Malformed as error:
        raise AssertionError("what was encoded cannot be decoded") from error
    assert (back.refused, list(back.statements)) == (parsed.refused, list(parsed.statements)), "not what was encoded"
    at = 0
    for raw in parsed.statements:
        assert at <= raw.start <= raw.end <= len(encoded), "a statement out of order"
        at, end = raw.end, raw.start
        for start, stop in raw.literals:
            assert end <= start < stop <= raw.end, "a constant out of order"
            end = stop
        if raw.inner_start >= 0 and raw.tag != "SelectStmt":
            inner = raw.inner.encode()
            assert encoded[raw.inner_start : raw.inner_start + len(inner)] == inner, "what is traced is not in the text"
        if raw.kind in (StatementKind.COPY_OUT, StatementKind.DECLARE, StatementKind.PREPARE, StatementKind.CREATE_AS):
            assert raw.inner or raw.refused, "nothing is traced"
