"""The tokens of a text, and what is refused by looking at them alone: depth, chains of operators, names that could pass for
something else.

The rule: this looks before anything recurses, and goes through the text once, then through the tokens once. PostgreSQL's own
scanner cuts them, so a bracket in a string is none. Offsets are bytes of the text in UTF-8; a token's end is its last byte, as
the scanner gives it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import re2
from pglast.parser import scan

from ringfence.sql.model import Refusal
from ringfence.sql.refusals.verdicts import names

Token: TypeAlias = tuple[int, int, str, str]
"""Its first byte, its last byte, the scanner's name for it (``SELECT``, ``IDENT``, ``ASCII_40`` for ``(``), the kind of keyword."""

OPENING = "ASCII_40"
CLOSING = "ASCII_41"
MINUS = "ASCII_45"
PLUS = "ASCII_43"
SEMICOLON = "ASCII_59"
_COMMA = "ASCII_44"
_COMMENTS = frozenset({"SQL_COMMENT", "C_COMMENT"})
_STRINGS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST"})
CONSTANTS = _STRINGS | {"ICONST", "FCONST"}

_OPENS = frozenset({OPENING, "ASCII_91", "CASE"})
_CLOSES = frozenset({CLOSING, "ASCII_93", "END_P"})
# Each makes the tree one level deeper than what stands to its left (or right); a comma, a clause, AND and OR begin a new branch.
_DEEPENS = frozenset(
    {f"ASCII_{code}" for code in b"+-*/%^<>="}
    | {
        "Op",
        "TYPECAST",
        "OPERATOR",
        "LESS_EQUALS",
        "GREATER_EQUALS",
        "NOT_EQUALS",
        "NOT",
        "COLLATE",
        "AT",
        "IS",
        "ISNULL",
        "NOTNULL",
    }
)
_CLAUSES = names("SELECT FROM ON WHERE GROUP_P HAVING WINDOW ORDER LIMIT VALUES RETURNING WHEN THEN ELSE")
_BRANCHES = _CLAUSES | {_COMMA, "AND", "OR"}
_CHAINS = frozenset({"JOIN", "UNION", "EXCEPT", "INTERSECT"})  # nothing but a bracket ends these

# PostgreSQL's scanner takes a whole run of operators' characters (scan.l: op_chars), keeps a part, and begins again behind it:
# at each comment that opens in the run, and at each sign that it takes off the end of an operator. That is the run's length,
# squared: 1 MB of /* took more than 20 s, of +- too. Its other tokens took up to 6 us for a byte.
_RUN = re2.compile(rb"[~!@#^&|`?+\-*/%<=>]{64,}")
_MOST_AGAIN = 100_000_000  # bytes that are looked at again: half a second at most

_CONTROLS = bytes([*range(0x20), 0x7F])
_C1_LEAD, _C1 = 0xC2, range(0x80, 0xA0)  # U+0080 to U+009F in UTF-8


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """What a text may be. What is beyond is refused before it is parsed."""

    size: int = 1_000_000  # bytes
    nesting: int = 200  # brackets and CASEs in one another
    chain: int = 500  # operators, joins, set operations that deepen one tree
    statements: int = 1_000
    parameters: int = 65_535


class Beyond(Exception):
    """A text that may not be parsed, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


def check_runs(text: bytes) -> None:
    """Refuse what the scanner would go over too often; strings and comments are not told from the rest."""
    again = 0
    for found in _RUN.finditer(text):
        run = found[0]
        operator = run.partition(b"--")[0]  # what follows is a comment, or inside of one: no sign is taken off there
        again += (operator.count(b"+") + operator.count(b"-")) * len(run)
        at = run.find(b"/*")
        while at >= 0 and again <= _MOST_AGAIN:
            again += len(run) - at
            at = run.find(b"/*", at + 1)
        if again > _MOST_AGAIN:
            why = "comments or operators that touch one another go on for too long in it"
            raise Beyond(Refusal("limit", "nesting", why, "put spaces between them, or send it as a parameter"))


def tokens_of(text: str) -> list[Token]:
    """Cut `text` into its tokens, without comments. Raises pglast's `ParseError`."""
    found: list[Token] = [each for each in scan(text) if each[2] not in _COMMENTS]
    if text.isascii():
        return found
    tokens: list[Token] = []
    characters = taken = 0
    for first, last, name, kind in found:
        start = taken + len(text[characters:first].encode())
        characters = last + 1
        taken = start + len(text[first:characters].encode())
        tokens.append((start, taken - 1, name, kind))
    return tokens


def check_depth(tokens: Sequence[Token], limits: ParseLimits) -> None:
    """Refuse what would make a tree too deep. The estimate is never below the tree's depth by more than a constant factor."""
    deep = 0  # of the whole: the sum of the counts of all open levels
    operators = [0]
    chains = [0]
    for _, _, name, _ in tokens:
        if name in _OPENS:
            operators.append(0)
            chains.append(0)
            if len(operators) > limits.nesting + 1:
                why = f"its brackets are more than {limits.nesting} deep"
                raise Beyond(Refusal("limit", "nesting", why, "write it in parts: WITH ... AS"))
        elif name in _CLOSES:
            if len(operators) > 1:
                deep -= operators.pop() + chains.pop()
        elif name in _BRANCHES:
            deep -= operators[-1]
            operators[-1] = 0
        elif name in _DEEPENS:
            operators[-1] += 1
            deep += 1
        elif name in _CHAINS:
            chains[-1] += 1
            deep += 1
        elif name == SEMICOLON and len(operators) == 1:
            deep, operators[0], chains[0] = 0, 0, 0
        if deep > limits.chain:
            why = f"more than {limits.chain} operators, joins or set operations are chained in it"
            raise Beyond(Refusal("limit", "chain", why, "write it in parts: ANY (ARRAY[...]), VALUES, brackets"))


def check_names(text: bytes, tokens: Sequence[Token]) -> None:
    """Refuse names in Unicode escapes and with control characters: in the server's tree they could be misread."""
    for start, last, name, _ in tokens:
        if name == "UIDENT":
            why, mend = 'a name is spelt with Unicode escapes (U&"...")', "write the name itself"
            raise Beyond(Refusal("syntax", "name", why, mend))
        if name == "IDENT" and _has_control(text[start : last + 1]):
            raise Beyond(Refusal("syntax", "name", "a name holds a control character", "use another name"))


def _has_control(name: bytes) -> bool:
    if name.translate(None, _CONTROLS) != name:
        return True
    return _C1_LEAD in name and any(
        following in _C1 for at, byte in enumerate(name) if byte == _C1_LEAD for following in name[at + 1 : at + 2]
    )


def constant_end(tokens: Sequence[Token], index: int) -> int | None:
    """Give where the constant ends whose first token is at `index`; None where no constant is spelt there."""
    sign = tokens[index][2] in (MINUS, PLUS)
    if sign:
        index += 1
    brackets = 0
    while sign and index < len(tokens) and tokens[index][2] == OPENING:
        brackets += 1
        index += 1
    if index >= len(tokens) or tokens[index][2] not in CONSTANTS:
        return None
    if tokens[index][2] == "USCONST" and [each[2] for each in tokens[index + 1 : index + 3]] == ["UESCAPE", "SCONST"]:
        index += 2
    closing = tokens[index + 1 : index + 1 + brackets]
    if len(closing) != brackets or any(each[2] != CLOSING for each in closing):
        return None
    return tokens[index + brackets][1] + 1


def closing_of(tokens: Sequence[Token], index: int) -> int:
    """Give the index of the bracket that closes the one at `index`; `len(tokens)` where none does."""
    depth = 0
    for at in range(index, len(tokens)):
        if tokens[at][2] == OPENING:
            depth += 1
        elif tokens[at][2] == CLOSING:
            depth -= 1
            if depth == 0:
                return at
    return len(tokens)


def first_outside(tokens: Sequence[Token], name: str) -> int:
    """Give the index of the first token `name` that stands in no brackets; `len(tokens)` where there is none."""
    depth = 0
    for at, (_, _, each, _) in enumerate(tokens):
        if each == OPENING:
            depth += 1
        elif each == CLOSING:
            depth -= 1
        elif each == name and depth == 0:
            return at
    return len(tokens)
