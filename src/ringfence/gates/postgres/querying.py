"""The simple protocol: a text of one or more statements, each known before it runs.

The rule: one statement goes to the server as the client wrote it, after it was looked at. Several are run one by one inside the
implicit transaction that the client expects, each looked at after the one before it ran, so that what the first creates the second
can mean. What is refused fails at the server too: a text that no server can parse is sent in its place.
"""

from typing import TYPE_CHECKING

from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.awaited import (
    BIND_COMPLETE,
    EMPTY_QUERY,
    NO_DATA,
    PARSE_COMPLETE,
    READY,
    ROW_DESCRIPTION,
    SYNCED,
    Awaited,
)
from ringfence.gates.postgres.consequences import after_sending, after_success, before, may_be_hot, waits_for_success
from ringfence.gates.postgres.copying import CopyingIn, copy_in
from ringfence.gates.postgres.inbound import Literals, Stopped, let_in
from ringfence.gates.postgres.named import known_of
from ringfence.gates.postgres.pieces import Piece, cut
from ringfence.gates.postgres.refusing import Told, Unreadable, fail_with, refuse
from ringfence.gates.postgres.results import result_of
from ringfence.gates.postgres.tracing import Failed
from ringfence.gates.postgres.verdicts import Verdict, verdict_of
from ringfence.sql.model import GivenKind, StatementKind

if TYPE_CHECKING:
    from ringfence.gates.postgres.awaited import Slow
    from ringfence.gates.postgres.session import Session

_UNNAMED = b""

# pg_dump limits by this what it itself may read. The setting's name is no constant there, so no tree says which one is set, and its
# names may stand for objects of the client's: what runs in its place is the same with the name said.
_RESTRICTING = "SELECT set_config(name, '{}', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'"
_RESTRICTED = (
    "SELECT pg_catalog.set_config('restrict_nonsystem_relation_kind', '{}', false) FROM pg_catalog.pg_settings s"
    " WHERE s.name OPERATOR(pg_catalog.=) 'restrict_nonsystem_relation_kind'"
)
_STAND_INS = {
    speaking.query(_RESTRICTING.format(value).encode()): speaking.query(_RESTRICTED.format(value).encode())
    for value in ("view, foreign-table", "view", "foreign-table", "")
}


class Querying:
    """What is done with a session's Queries."""

    __slots__ = ("_session",)

    def __init__(self, session: "Session") -> None:
        self._session = session

    def query(self, frame: bytes, _count: int) -> "Slow | None":
        """Take a Query: at once where its text is known."""
        session = self._session
        if session.epoch is not session.shared.epoch:
            session.renew()
        hot = session.hot
        verdict = hot.queries.get(frame)
        if verdict is None:
            verdict = hot.find(frame)
        if verdict is None or session.unsynced or (session.stated.is_open and _ends_or_marks(verdict)):
            return self._slowly(frame)
        if verdict.inbound is not None:  # nothing was found in this very text: it crosses again, and is counted
            verdict.brought += 1
            verdict.brought_size += len(frame)
        session.statements.pop(_UNNAMED, None)
        session.up.append(frame)
        session.pending.append(verdict.querying or result_of(session, verdict, None, ends=True))
        return None

    async def _slowly(self, frame: bytes) -> None:
        session = self._session
        frame = _STAND_INS.get(frame, frame)
        if session.unsynced:
            await session.quiet()
            if session.skips():
                return
            session.sync_quietly()
            await session.quiet()
        session.statements.pop(_UNNAMED, None)
        pieces = await cut(session, frame[5:-1])
        if isinstance(pieces, Unreadable):
            fail_with(session, pieces.error, ends=True)
            return
        if isinstance(pieces, Told):
            await refuse(session, pieces.plan, pieces.what, ends=True, code=pieces.code)
            return
        pieces = [piece for piece in pieces if piece.raw.kind is not StatementKind.EMPTY]
        if not pieces:
            session.up.append(frame)
            session.pending.append(EMPTY)
        elif len(pieces) == 1 and session.shared.gate.origins == "window":
            await self._one(frame, pieces[0])
        else:
            await self._several(pieces)

    async def _one(self, frame: bytes, piece: Piece) -> None:
        found = await self._ready_to_run(piece, sync=True, ends=True)
        if found is None:
            return
        verdict, text, is_clean = found
        if text is piece.text:
            self._remember(frame, verdict, is_clean=is_clean)
        else:
            frame = speaking.query(text)
        await self._send(frame, piece, verdict)

    def _remember(self, frame: bytes, verdict: Verdict, *, is_clean: bool) -> None:
        session = self._session
        known = verdict.known
        if not session.shared.remembers or session.changed or (known.traced and known.key is not session.key):
            return
        if may_be_hot(verdict, is_clean=is_clean) and session.place is not None:
            by_shape = verdict.inbound is None and not known.analysis.loose and not known.analysis.written
            session.hot.remember_query(frame, verdict, by_shape=by_shape)

    async def _ready_to_run(self, piece: Piece, *, sync: bool, ends: bool) -> tuple[Verdict, bytes, bool] | None:
        """Know a statement and take its literals across; give the verdict and the text to run, None where it was refused.

        Last, whether nothing was found in its literals.
        """
        session = self._session
        await before(session, piece.raw)
        known = await known_of(session, piece, piece.text, sync=sync)
        if isinstance(known, Failed):
            self._tell_failed(known, piece, ends=ends)
            return None
        literals = Literals(piece.text, piece.start)
        only = GivenKind.LITERAL if piece.raw.kind is StatementKind.PREPARE else None
        let = await let_in(session, verdict_of(session, known), literals, only)
        if isinstance(let, Stopped):
            await refuse(session, let.plan, let.what, ends=ends, recorded=let.recorded)
            return None
        if not let.changes:
            return let.verdict, piece.text, let.is_clean
        # What runs is another text: it is looked at as it will run. Its values have crossed already.
        text = literals.changed(let.changes)
        again = await known_of(session, piece, text, sync=sync)
        if isinstance(again, Failed):
            self._tell_failed(again, piece, ends=ends)
            return None
        verdict = verdict_of(session, again, let.verdict.matched)
        if verdict.refusal is not None and not verdict.observes:
            await refuse(session, verdict.refusal, verdict.what, ends=ends)
            return None
        return verdict, text, False

    async def _send(self, frame: bytes, piece: Piece, verdict: Verdict) -> None:
        session = self._session
        session.up.append(frame)
        failures = session.failures
        if verdict.known.raw.kind is StatementKind.COPY_IN:
            copying = CopyingIn(verdict, ends=True)
            session.pending.append(copying)
            await copy_in(session, copying)
            return
        session.pending.append(result_of(session, verdict, None, ends=True))
        after_sending(session, piece.raw, verdict)
        if waits_for_success(session, piece.raw):
            await session.quiet()
            if session.failures == failures:
                after_success(session, piece.raw, verdict)

    def _tell_failed(self, failed: Failed, piece: Piece, *, ends: bool) -> None:
        """Tell an error of looking at a statement, as the statement's own: the transaction is as failed as the client is told."""
        session = self._session
        if failed.is_own:
            fail_with(session, failed.error, ends=ends)
            return
        if not failed.error:
            return
        session.down.append(session.told(errors.moved(failed.error, piece.before), withhold=False))
        if ends:
            session.down.append(b"Z\0\0\0\5" + bytes((session.status,)))

    # ---------------------------------------------------------------- several statements

    async def _several(self, pieces: list[Piece]) -> None:
        session = self._session
        for number, piece in enumerate(pieces, start=1):
            if not await self._next(piece, is_last=number == len(pieces)):
                break
        session.up.append(speaking.SYNC)
        session.pending.append(SYNCED)
        session.skipping = False
        session.end_segment()
        if session.stated.is_open:
            await session.quiet()

    async def _next(self, piece: Piece, *, is_last: bool) -> bool:
        """Run one of several; say whether the next may run."""
        session = self._session
        found = await self._ready_to_run(piece, sync=False, ends=False)
        if found is None:
            await session.quiet()
            return False
        verdict, text, _ = found
        failures = session.failures
        session.up.append(
            speaking.parse(_UNNAMED, text)
            + speaking.bind(_UNNAMED, _UNNAMED)
            + speaking.describe(b"P", _UNNAMED)
            + speaking.execute(_UNNAMED)
            + speaking.FLUSH
        )
        session.pending.append(Preamble())
        if verdict.known.raw.kind is StatementKind.COPY_IN:
            copying = CopyingIn(verdict, ends=False)
            session.pending.append(copying)
            await copy_in(session, copying)
        else:
            session.pending.append(result_of(session, verdict, None, ends=False))
        after_sending(session, piece.raw, verdict)
        if is_last and piece.raw.kind is StatementKind.PLANNED:
            return True  # nothing is to be noted when it has succeeded: its Sync goes with it
        await session.quiet()
        if session.failures != failures or session.skips():
            return False
        after_success(session, piece.raw, verdict)
        return True


def _ends_or_marks(verdict: Verdict) -> bool:
    return verdict.known.raw.kind is StatementKind.TRANSACTION


class Preamble(Awaited):
    """The answers to Parse, Bind and Describe of one of several statements: the client only knows the description."""

    __slots__ = ()

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass on what a simple query would tell."""
        if letter in (PARSE_COMPLETE, BIND_COMPLETE):
            return None
        if letter not in (ROW_DESCRIPTION, NO_DATA):
            return session.unexpected(letter)
        session.pending.popleft()
        if letter == ROW_DESCRIPTION:
            session.down.append(frame)
        return None


class Empty(Awaited):
    """The answer to a Query without a statement."""

    __slots__ = ()
    ends = True

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass it on."""
        if letter == READY:
            session.pending.popleft()
            return session.ready(frame)
        if letter != EMPTY_QUERY:
            return session.unexpected(letter)
        session.down.append(frame)
        return None


EMPTY = Empty()
