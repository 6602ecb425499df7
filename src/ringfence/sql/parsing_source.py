"""One statement of a text as it was parsed: its text, its tokens, its tree, and what every statement's answer begins with.

The rule: an inner text is cut from the text itself (or made, or blanked), parsed again and compared with the tree that it
came from; where they differ the statement is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ringfence.sql.model import RawStatement, Refusal, StatementKind
from ringfence.sql.parsing_tokens import Token
from ringfence.sql.parsing_tree import Fields, means, text_of
from ringfence.sql.refusals.statements import particular

PLANNED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


@dataclass(frozen=True, slots=True)
class Source:
    """A statement; `tokens` are its own, without the semicolon."""

    text: bytes  # the whole text
    tokens: Sequence[Token]
    tag: str
    fields: Fields
    base: RawStatement  # its kind is not known yet; start, end, tag and literals are

    def is_a(self, kind: StatementKind, *refused: Refusal) -> RawStatement:
        """Begin the answer: what kind it is, and why it may not run."""
        return replace(self.base, kind=kind, refused=refused)

    def with_inner(self, raw: RawStatement, node: Fields, start: int, end: int) -> RawStatement:
        """Give `raw` the inner text from token `start` to token `end` (exclusive), whose tree has to be `node`."""
        if start >= end or end > len(self.tokens):
            return _doubted(raw)
        begins = self.tokens[start][0]
        inner = self.text[begins : self.tokens[end - 1][1] + 1].decode()
        if not means(inner, node):
            return _doubted(raw)
        return replace(raw, inner=inner, inner_start=begins)

    def with_blanked(self, raw: RawStatement, node: Fields, start: int, end: int) -> RawStatement:
        """Give `raw` its own text, blank from byte `start` to `end` so that offsets stay; its tree has to be `node`."""
        begins, ends = self.tokens[0][0], self.tokens[-1][1] + 1
        inner = (self.text[begins:start] + b" " * (end - start) + self.text[end:ends]).decode()
        if not means(inner, node):
            return _doubted(raw)
        return replace(raw, inner=inner, inner_start=begins)

    def with_made(self, raw: RawStatement, inner: str, node: Fields) -> RawStatement:
        """Give `raw` an inner text that was made, whose tree has to be `node`."""
        return replace(raw, inner=inner) if means(inner, node) else _doubted(raw)


def _doubted(raw: RawStatement) -> RawStatement:
    return replace(raw, refused=(*raw.refused, particular("round-trip")))


def quoted(name: str) -> str:
    """Spell a name so that no server can read it otherwise.

    >>> print(quoted('Odd "Name" here'))
    "Odd ""Name"" here"
    """
    return '"' + name.replace('"', '""') + '"'


def relation_name(relation: Fields) -> str:
    """Spell a relation's name with its schema (and database, where it is given)."""
    parts = (text_of(relation, "catalogname"), text_of(relation, "schemaname"), text_of(relation, "relname"))
    return ".".join(quoted(part) for part in parts if part)


def is_temporary(relation: Fields) -> bool:
    """Whether the relation that is made is a temporary one."""
    return text_of(relation, "relpersistence") == "t" or text_of(relation, "schemaname") == "pg_temp"
