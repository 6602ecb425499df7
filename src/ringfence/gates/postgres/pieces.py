"""A text cut into its statements, by the parser's child, with what the tables refuse.

The rule: nothing of a text runs that the parser did not take apart; what a policy allows by name is taken off here, once.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import re2

from ringfence.gates.postgres import errors
from ringfence.gates.postgres.refusing import Told, Unreadable
from ringfence.gates.postgres.verdicts import refusing, words_of
from ringfence.policy import Shape
from ringfence.sql.model import RawStatement, Refusal

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

_SYNTAX = "42601"
_PLACE = re2.compile(r"at character ([0-9]+)")
_LIMIT = "54000"
_NOT_UTF8 = Refusal("syntax", "text", "it is not UTF-8", "send it in the session's client_encoding, which is UTF8")


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement: what the parser said of it, and its own text, which begins at byte `start` of the whole.

    Offsets in `raw` count from the beginning of the whole text.
    """

    raw: RawStatement
    text: bytes
    start: int
    before: int = 0  # characters of the whole text that stand before it: errors count from there


async def cut(session: "Session", text: bytes) -> list[Piece] | Told | Unreadable:
    """Cut a text into its statements, or say why none of it may run."""
    limits = session.standing.gate.limits
    if len(text) > limits.statement:
        why = f"the text has {len(text)} bytes, more than the {limits.statement} that are allowed"
        return told(session, Refusal("limit", "statement", why, "send it in smaller parts"))
    try:
        readable = text.decode()
    except UnicodeDecodeError:
        return Unreadable(errors.error("22021", "the text is not UTF-8", hint=_NOT_UTF8.mend))
    session.shared.counts.statements += 1
    parsed = await session.shared.parse(text, readable, id(session))
    if parsed.refused is not None:
        if parsed.refused.rule == "syntax":
            return Unreadable(_syntax_error(parsed.refused))
        return told(session, parsed.refused)
    return [_piece(session, raw, text) for raw in parsed.statements]


def told(session: "Session", refusal: Refusal) -> Told:
    """Make of a refusal of the tables what is recorded and told."""
    code = _LIMIT if refusal.rule == "limit" else errors.INSUFFICIENT_PRIVILEGE
    plan = refusing(session.standing.reads(Shape()), refusal)
    return Told(plan, words_of(refusal), code)


def _syntax_error(refusal: Refusal) -> bytes:
    """Write a syntax error as the server does, with the place where it is; the parser's words quote nothing of the text."""
    place = _PLACE.search(refusal.why)
    fields = {"S": "ERROR", "V": "ERROR", "C": _SYNTAX, "M": f"syntax error: {refusal.why}"}
    if place is not None:
        fields["P"] = place[1]
    return errors.write(b"E", fields)


def _piece(session: "Session", raw: RawStatement, text: bytes) -> Piece:
    allow = session.standing.gate.allow
    kept = tuple(each for each in raw.refused if each.allow not in allow or not each.allow)
    if kept != tuple(raw.refused):
        raw = replace(raw, refused=kept)
    before = len(text[: raw.start].decode("utf-8", "replace"))
    return Piece(raw, text[raw.start : raw.end], raw.start, before)
