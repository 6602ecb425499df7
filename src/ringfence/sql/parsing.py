"""A text taken apart into its statements: what kind each is, what of it has to be traced, where its constants stand, why it may
not run.

The rule: names are not resolved here and nothing is decided; kinds stand on a positive list, and what is on none is refused.
A text that cannot be taken apart as a whole does not run at all. The parser is C code that recurses, so sizes are checked
first, and callers run this in a child process: `parse` itself is a pure function.

Two statements are spelt by a tag that is no node of PostgreSQL's: RESET and SET ... TO DEFAULT are ``VariableResetStmt``. A
statement that stands alone in its text is the whole text (`start` 0), comments and semicolon included.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace

from pglast.parser import ParseError

from ringfence.sql import parsing_session as session
from ringfence.sql import parsing_temporary as temporary
from ringfence.sql.model import ParsedText, RawStatement, Refusal, StatementKind
from ringfence.sql.parsing_copy import copy
from ringfence.sql.parsing_source import PLANNED, Source
from ringfence.sql.parsing_tokens import (
    SEMICOLON,
    Beyond,
    ParseLimits,
    Token,
    check_depth,
    check_names,
    check_runs,
    constant_end,
    tokens_of,
)
from ringfence.sql.parsing_tree import Fields, count_into, fields_of, number_of, only, parsed_of
from ringfence.sql.refusals import judge_statement, particular

__all__ = ["ParseLimits", "parse"]

_TOO_DEEP = ("stack depth limit exceeded", "memory exhausted")  # what the parser says of a text that is too deep for it
_DEFAULT_LIMITS = ParseLimits()

_TAKEN: Mapping[str, Callable[[Source], RawStatement]] = {
    "CopyStmt": copy,
    "DeclareCursorStmt": session.declare,
    "FetchStmt": session.fetch,
    "ClosePortalStmt": session.fetch,
    "ExplainStmt": session.explain,
    "CreateTableAsStmt": temporary.create_table_as,
    "CreateStmt": temporary.create_table,
    "ViewStmt": temporary.create_view,
    "IndexStmt": temporary.create_index,
    "DropStmt": temporary.drop,
    "TruncateStmt": temporary.truncate,
    "DefineStmt": temporary.define,
    "PrepareStmt": session.prepare,
    "ExecuteStmt": session.execute,
    "DeallocateStmt": session.deallocate,
    "TransactionStmt": session.transaction,
    "VariableSetStmt": session.set_,
    "VariableShowStmt": session.show,
    "DiscardStmt": session.discard,
    "NotifyStmt": session.notify,
    "ListenStmt": session.harmless,
    "UnlistenStmt": session.harmless,
    "LockStmt": session.harmless,
    "VacuumStmt": session.harmless,
    "CheckPointStmt": session.harmless,
    "ConstraintsSetStmt": session.harmless,
}


def parse(text: str, limits: ParseLimits = _DEFAULT_LIMITS) -> ParsedText:
    """Take `text` apart. Never raises: what cannot be read is a refusal of the whole text, which holds nothing of it.

    >>> [each.kind.value for each in parse("BEGIN; SELECT email FROM customer; COMMIT").statements]
    ['transaction', 'planned', 'transaction']
    >>> parse("SELECT 'a' +").refused.rule
    'syntax'
    """
    try:
        return ParsedText(_statements(text, limits))
    except Beyond as beyond:
        return ParsedText(refused=beyond.refusal)
    except ParseError as error:
        return ParsedText(refused=_unparsed(error))
    except (RecursionError, MemoryError):
        return ParsedText(
            refused=Refusal("limit", "nesting", "it is too deep or too large to be parsed", "write it in parts")
        )


def _statements(text: str, limits: ParseLimits) -> list[RawStatement]:
    encoded = text.encode()
    if len(encoded) > limits.size:
        why = f"the text has {len(encoded)} bytes, more than the {limits.size} that are allowed"
        raise Beyond(Refusal("limit", "statement", why, "send it in smaller parts"))
    if b"\0" in encoded:
        raise Beyond(Refusal("syntax", "statement", "it holds a zero byte", "leave it out"))
    check_runs(encoded)
    tokens = tokens_of(text)
    check_depth(tokens, limits)
    check_names(encoded, tokens)
    tree = parsed_of(text)
    parsed = tree.statements
    if len(parsed) > limits.statements:
        why = f"the text has {len(parsed)} statements, more than the {limits.statements} that are allowed"
        raise Beyond(Refusal("limit", "statements", why, "send it in smaller parts"))
    if tree.parameters > limits.parameters:
        why = f"it has a parameter ${tree.parameters}, more than the {limits.parameters} that are allowed"
        raise Beyond(Refusal("limit", "parameters", why, "send arrays, or COPY"))
    if not parsed:
        return [RawStatement(StatementKind.EMPTY, 0, len(encoded))]
    literals = _literals(tokens, tree.constants)
    if len(parsed) == 1:
        base = RawStatement(StatementKind.EMPTY, 0, len(encoded), literals=literals)
        own = [each for each in tokens if each[2] != SEMICOLON]
        return [_take(parsed[0], encoded, own, base, has_into=tree.has_into)]
    statements: list[RawStatement] = []
    for each, own in zip(parsed, _divided(tokens, parsed, len(encoded)), strict=True):
        start, end = (own[0][0], own[-1][1] + 1) if own else (0, 0)
        base = RawStatement(StatementKind.EMPTY, start, end, literals=_between(literals, start, end))
        statements.append(_take(each, encoded, own, base, has_into=tree.has_into))
    return statements


def _divided(tokens: list[Token], parsed: list[Fields], end: int) -> list[list[Token]]:
    """Divide the tokens among the statements. Empty statements (``;;``) are none's."""
    own: list[list[Token]] = []
    at = 0
    for each in parsed:
        start = number_of(each, "stmt_location")
        ends = start + number_of(each, "stmt_len") if "stmt_len" in each else end
        mine: list[Token] = []
        while at < len(tokens) and tokens[at][0] < ends:
            if tokens[at][0] >= start and tokens[at][2] != SEMICOLON:
                mine.append(tokens[at])
            at += 1
        own.append(mine)
    return own


def _take(each: Fields, text: bytes, tokens: list[Token], base: RawStatement, *, has_into: bool) -> RawStatement:
    tag, fields = only(each.get("stmt"))
    if not tokens or not tag:
        raise Beyond(Refusal("syntax", "statement", "it cannot be taken apart", "write it in a simpler way"))
    source = Source(text, tokens, tag, fields, replace(base, tag=tag))
    into = count_into(fields) if has_into else 0
    if tag in PLANNED:
        return _planned(source, into)
    raw = _TAKEN[tag](source) if tag in _TAKEN else source.is_a(StatementKind.DEFINITION, judge_statement(tag))
    return replace(raw, refused=(*raw.refused, particular("select-into"))) if into else raw


def _literals(tokens: list[Token], constants: list[int]) -> tuple[tuple[int, int], ...]:
    """Give the tokens of constants: where the tree says that one begins, and a constant is spelt."""
    starts = [each[0] for each in tokens]
    found: list[tuple[int, int]] = []
    index = 0
    for start in constants:
        index = bisect_left(starts, start, index)
        if index == len(starts):
            break
        end = constant_end(tokens, index) if starts[index] == start else None
        if end is not None:
            found.append((start, end))
    return tuple(found)


def _between(literals: tuple[tuple[int, int], ...], start: int, end: int) -> tuple[tuple[int, int], ...]:
    return literals[bisect_left(literals, (start, 0)) : bisect_left(literals, (end, 0))]


def _planned(source: Source, into: int) -> RawStatement:
    if not into:
        return source.is_a(StatementKind.PLANNED)
    first, path = source.fields, []
    while source.tag == "SelectStmt" and "larg" in first:
        path.append(first)
        first = fields_of(first, "larg")
    if into > 1 or "intoClause" not in first:
        return source.is_a(StatementKind.PLANNED, particular("select-into"))
    without = {key: value for key, value in first.items() if key != "intoClause"}
    for outer in reversed(path):
        without = outer | {"larg": without}
    return session.select_into(source, fields_of(first, "intoClause"), {source.tag: without})


def _unparsed(error: ParseError) -> Refusal:
    """Say where a text cannot be parsed, and nothing of what stands there: the parser's own message quotes it."""
    message, place = (*error.args, None, None)[:2]
    if str(message).startswith(_TOO_DEEP):
        return Refusal("limit", "nesting", "it is too deep to be parsed", "write it in parts: WITH ... AS")
    where = f" (at character {place + 1})" if isinstance(place, int) else ""
    return Refusal("syntax", "statement", f"it is not SQL that PostgreSQL's parser reads{where}", "correct it there")
