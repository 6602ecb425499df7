"""Parse: a statement is looked at before the server prepares it, and its verdict hangs at its name.

The rule: a name that is in use is made anew only while nothing else is under way, and stands for what the server confirmed; values
that stand in the text cross once, here, and what is prepared is the text with what they became.
"""

from typing import TYPE_CHECKING

from ringfence.gates.postgres import errors
from ringfence.gates.postgres.consequences import (
    before,
    may_be_hot,
)
from ringfence.gates.postgres.inbound import Literals, Stopped, let_in
from ringfence.gates.postgres.named import known_of
from ringfence.gates.postgres.pieces import Piece, cut
from ringfence.gates.postgres.refusing import Told, Unreadable, fail_with, refuse
from ringfence.gates.postgres.speaking import OWN
from ringfence.gates.postgres.statements import Statement
from ringfence.gates.postgres.tracing import Failed
from ringfence.gates.postgres.verdicts import Verdict, verdict_of
from ringfence.sql.model import GivenKind, RawStatement, StatementKind

if TYPE_CHECKING:
    from ringfence.gates.postgres.awaited import Slow
    from ringfence.gates.postgres.session import Session

_NOTHING = RawStatement(StatementKind.EMPTY, 0, 0)
LONGEST_NAME = 63  # bytes; the server cuts off what is longer, so that two names would be one
NO_NAME = errors.error(
    "42602",
    f"names that begin with _ringfence are the gate's own, and none may be longer than {LONGEST_NAME} bytes",
    hint="take another name",
)
SAVED_KINDS = frozenset(
    {
        StatementKind.PLANNED,
        StatementKind.SHOW,
        StatementKind.TRANSACTION,
        StatementKind.HARMLESS,
        StatementKind.EMPTY,
    }
)
"""Of these nothing has to be waited for before they run."""


class Preparing:
    """What is done with a session's Parses."""

    __slots__ = ("_session",)

    def __init__(self, session: "Session") -> None:
        self._session = session

    def parse(self, frame: bytes, _count: int) -> "Slow | None":
        """Prepare a statement: at once where it is known and its name is free."""
        session = self._session
        if session.epoch is not session.shared.epoch:
            session.renew()
        end = frame.index(b"\0", 5)
        verdict = session.hot.parses.get(frame[end + 1 :])
        name = frame[5:end]
        old = session.statements.get(name)
        if verdict is None or (name and (old is not None or may_not_be(name))):
            return self._parse_slowly(frame, name)
        self._send_parse(frame, name, verdict)
        return None

    def _send_parse(self, frame: bytes, name: bytes, verdict: Verdict) -> Statement:
        session = self._session
        made = Statement(name, verdict, session.hot, session.segment, session.statements.get(name))
        session.statements[name] = made
        session.unsynced = True
        session.up.append(frame)
        session.pending.append(made)
        return made

    async def _parse_slowly(self, frame: bytes, name: bytes) -> None:
        session = self._session
        taken = bool(name) and name in session.statements
        if taken:
            await session.quiet()
            if session.skips():
                return
        if may_not_be(name):
            fail_with(session, NO_NAME, ends=False)
            return
        if len(session.statements) >= session.standing.gate.limits.prepared and name not in session.statements:
            hint = "close statements that are not used any more"
            fail_with(session, errors.error(errors.TOO_LARGE, "too many prepared statements", hint=hint), ends=False)
            return
        parts = _parts_of(frame, name)
        if parts is None:
            session.refuse_protocol("a Parse that is not whole")
            return
        text, types = parts
        found = await self._judged(text, types)
        if found is None or session.skips():
            return
        piece, verdict, spliced = found
        if spliced != text:
            frame = (
                b"P"
                + (len(frame) - 1 + len(spliced) - len(text)).to_bytes(4, "big")
                + name
                + b"\0"
                + spliced
                + frame[5 + len(name) + 1 + len(text) :]
            )
        elif may_be_hot(verdict) or (piece.raw.kind in SAVED_KINDS and verdict.refusal is None):
            self._remember(frame[5 + len(name) + 1 :], verdict)
        made = self._send_parse(frame, name, verdict)
        if taken:
            await session.quiet()
            if session.statements.get(name) is made and not made.confirmed:
                made.undo(session)

    def _remember(self, tail: bytes, verdict: Verdict) -> None:
        session = self._session
        known = verdict.known
        own = known.traced and known.key is not session.key
        literal = any(given.kind is GivenKind.LITERAL for given in verdict.inbound.givens) if verdict.inbound else False
        if session.shared.remembers and not session.changed and not own and not literal and session.place is not None:
            session.hot.remember_parse(tail, verdict)

    async def _judged(self, text: bytes, types: tuple[int, ...]) -> tuple[Piece, Verdict, bytes] | None:
        """Look at a statement that is to be prepared; tell what is wrong, and give None."""
        session = self._session
        pieces = await cut(session, text)
        if isinstance(pieces, Unreadable):
            fail_with(session, pieces.error, ends=False)
            return None
        if isinstance(pieces, Told):
            await refuse(session, pieces.plan, pieces.what, ends=False, code=pieces.code)
            return None
        pieces = [piece for piece in pieces if piece.raw.kind is not StatementKind.EMPTY]
        if len(pieces) > 1:
            several = errors.error("42601", "cannot insert multiple commands into a prepared statement")
            fail_with(session, several, ends=False)
            return None
        piece = pieces[0] if pieces else Piece(_NOTHING, text, 0)
        await before(session, piece.raw)
        known = await known_of(session, piece, piece.text, sync=False, types=types)
        if isinstance(known, Failed):
            tell_failed(session, known, piece)
            return None
        verdict = verdict_of(session, known)
        if not _has_literals(verdict):
            if verdict.refusal is not None and not verdict.observes and not verdict.matching:
                await refuse(session, verdict.refusal, verdict.what, ends=False)
                return None
            return piece, verdict, text
        whole = text
        literals = Literals(piece.text, piece.start)
        let = await let_in(session, verdict, literals, only=GivenKind.LITERAL)
        if isinstance(let, Stopped):
            await refuse(session, let.plan, let.what, ends=False, recorded=let.recorded)
            return None
        if not let.changes:
            return piece, let.verdict, whole
        spliced = literals.changed(let.changes)
        again = await known_of(session, piece, spliced, sync=False, types=types)
        if isinstance(again, Failed):
            tell_failed(session, again, piece)
            return None
        return piece, verdict_of(session, again, let.verdict.matched), spliced


def may_not_be(name: bytes) -> bool:
    """Whether no client may use this name for a statement or portal."""
    return len(name) > LONGEST_NAME or name.startswith(OWN)


def tell_failed(session: "Session", failed: Failed, piece: Piece) -> None:
    """Tell an error of looking at a statement as the statement's own."""
    if failed.is_own:
        fail_with(session, failed.error, ends=False)
    elif failed.error:
        session.unsynced = True
        session.asked_in_vain = False
        session.down.append(session.told(errors.moved(failed.error, piece.before), withhold=False))


def _has_literals(verdict: Verdict) -> bool:
    givens = [given for _, _, givens in verdict.matching for given in givens]
    if verdict.inbound is not None:
        givens += verdict.inbound.givens
    return any(given.kind is GivenKind.LITERAL for given in givens)


def _parts_of(frame: bytes, name: bytes) -> tuple[bytes, tuple[int, ...]] | None:
    """Read a Parse's text and types."""
    start = 5 + len(name) + 1
    end = frame.find(b"\0", start)
    if end < 0 or end + 3 > len(frame):
        return None
    count = int.from_bytes(frame[end + 1 : end + 3], "big")
    at = end + 3
    if len(frame) != at + 4 * count:
        return None
    return frame[start:end], tuple(int.from_bytes(frame[at + 4 * n : at + 4 * n + 4], "big") for n in range(count))
