"""The extended protocol: Parse, Bind, Describe, Execute, Close, Sync, each forwarded at once where what it means is known.

The rule: a statement's verdict hangs at its name, a portal's at its own. A Parse is looked at before it is sent; a Bind or Describe
of a statement that was looked at under another key is looked at again, since the server may analyse it anew. What waits for what is
said in `statements`.
"""

from typing import TYPE_CHECKING

from ringfence.gates.postgres import errors
from ringfence.gates.postgres.awaited import DESCRIBED, SYNCED, Closed, Slow
from ringfence.gates.postgres.binding import Bound
from ringfence.gates.postgres.consequences import (
    after_sending,
    after_success,
    before,
    waits_for_success,
)
from ringfence.gates.postgres.copying import CopyingIn, copy_in
from ringfence.gates.postgres.describing import parameter_codecs
from ringfence.gates.postgres.inbound import Stopped, let_in
from ringfence.gates.postgres.named import known_of
from ringfence.gates.postgres.pieces import Piece
from ringfence.gates.postgres.preparing import NO_NAME, SAVED_KINDS, may_not_be, tell_failed
from ringfence.gates.postgres.refusing import fail_with, refuse
from ringfence.gates.postgres.repeating import (
    MEANT_LATE,
    OTHER_MEANING,
    RUN_BY_NAME,
    means_the_same,
    prepare_anew,
    relabelled,
)
from ringfence.gates.postgres.results import result_of
from ringfence.gates.postgres.speaking import FLUSH
from ringfence.gates.postgres.statements import Known, Portal, Statement, result_formats
from ringfence.gates.postgres.tracing import Failed
from ringfence.gates.postgres.verdicts import Verdict, verdict_of
from ringfence.sql.model import GivenKind, StatementKind

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

_STATEMENT = ord("S")
_PORTAL = ord("P")
_NO_SUCH_STATEMENT = errors.error("26000", "prepared statement does not exist")
_NO_SUCH_PORTAL = errors.error("34000", "portal does not exist")


class Extended:
    """What is done with a session's messages of the extended protocol."""

    __slots__ = ("_session",)

    def __init__(self, session: "Session") -> None:
        self._session = session

    # ---------------------------------------------------------------- Bind

    def bind(self, frame: bytes, _count: int) -> "Slow | None":
        """Bind values: at once where the statement is known and none of its values has to be looked at."""
        session = self._session
        middle = frame.index(b"\0", 5)
        name = frame[5:middle]
        statement = session.statements.get(frame[middle + 1 : frame.index(b"\0", middle + 1)])
        if session.epoch is not session.shared.epoch:
            session.renew()
        if (
            statement is None
            or statement.hot is not session.hot
            or not (statement.confirmed or statement.segment == session.segment)
            or not _binds_freely(statement.verdict)
            or statement.verdict.known.raw.kind in RUN_BY_NAME
            or (name and (name in session.portals or may_not_be(name)))
        ):
            return self._bind_slowly(frame, name, frame[middle + 1 : frame.index(b"\0", middle + 1)])
        portal = Portal(name, statement.verdict, frame, session.hot, session.segment, session.portals.get(name))
        session.portals[name] = portal
        session.unsynced = True
        session.up.append(frame)
        session.pending.append(portal)
        return None

    async def _bind_slowly(self, frame: bytes, name: bytes, statement_name: bytes) -> None:
        session = self._session
        statement = await self._settled(statement_name)
        if session.skips():
            return
        if statement is None:
            fail_with(session, _NO_SUCH_STATEMENT, ends=False)
            return
        taken = bool(name) and name in session.portals
        if taken:
            await session.quiet()
            if session.skips():
                return
        if len(session.portals) >= session.standing.gate.limits.prepared and name not in session.portals:
            fail_with(session, errors.error(errors.TOO_LARGE, "too many portals"), ends=False)
            return
        if may_not_be(name):
            fail_with(session, NO_NAME, ends=False)
            return
        verdict = await self._again(statement)
        if verdict is None:
            return
        bound = Bound.read(frame, verdict.known.parameters, parameter_codecs(verdict.known))
        if bound is None:
            session.refuse_protocol("a Bind that is not whole")
            return
        let = await let_in(session, verdict, bound, only=GivenKind.PARAMETER)
        if isinstance(let, Stopped):
            await refuse(session, let.plan, let.what, ends=False, recorded=let.recorded)
            return
        if session.skips():
            return
        if let.changes:
            frame = bound.changed(let.changes)
        portal = Portal(name, let.verdict, frame, session.hot, session.segment, session.portals.get(name))
        session.portals[name] = portal
        session.unsynced = True
        session.up.append(frame)
        session.pending.append(portal)
        if taken:
            await session.quiet()

    async def _settled(self, name: bytes) -> Statement | None:
        """Give a statement whose making is confirmed, or stands in this very segment."""
        session = self._session
        statement = session.statements.get(name)
        if statement is not None and not statement.confirmed and statement.segment != session.segment:
            await session.quiet()
            statement = session.statements.get(name)
        return statement

    async def _again(self, statement: Statement) -> Verdict | None:
        """Give the verdict that holds now; None where looking again failed, which is told."""
        session = self._session
        meant = statement.verdict.known
        by_name = meant.raw.kind in RUN_BY_NAME
        if by_name:
            await session.quiet()
            if session.skips():
                return None
        elif statement.hot is session.hot and session.shared.remembers:
            return statement.verdict
        if not meant.traced and not by_name:
            verdict = verdict_of(session, meant)
        else:
            known = await self._known_now(meant)
            if known is None:
                return None
            failed = None if by_name else await prepare_anew(session, statement, known, sync=False)
            if failed is not None:
                tell_failed(session, failed, _piece_of(meant))
                return None
            verdict = verdict_of(session, known, statement.verdict.matched)
        statement.verdict = verdict  # as it is at the server by now
        if verdict.refusal is not None and not verdict.observes and not verdict.matching:
            await refuse(session, verdict.refusal, verdict.what, ends=False)
            return None
        statement.hot = session.hot
        return verdict

    async def _known_now(self, meant: Known) -> Known | None:
        """Look at a statement again; None where that failed, or where a name in it stands for something else, which is told."""
        session = self._session
        piece = _piece_of(meant)
        known = await known_of(session, piece, meant.text, sync=False, types=meant.parameters)
        if isinstance(known, Failed):
            tell_failed(session, known, piece)
            return None
        if meant.raw.kind is StatementKind.EXECUTE and not means_the_same(meant, known) and not known.analysis.refused:
            fail_with(session, OTHER_MEANING, ends=False)  # its arguments crossed as what they were given for
            return None
        return known

    # ---------------------------------------------------------------- Describe, Execute, Close, Sync

    def describe(self, frame: bytes, _count: int) -> "Slow | None":
        """Describe: names and types. A statement that may be analysed anew by this is looked at first."""
        session = self._session
        name = frame[6:-1]
        if frame[5] == _STATEMENT:
            statement = session.statements.get(name)
            if session.epoch is not session.shared.epoch:
                session.renew()
            if statement is None or statement.hot is not session.hot or not statement.confirmed:
                return self._describe_slowly(frame, name)
        elif name not in session.portals:
            fail_with(session, _NO_SUCH_PORTAL, ends=False)
            return None
        session.unsynced = True
        session.up.append(frame)
        session.pending.append(DESCRIBED)
        return None

    async def _describe_slowly(self, frame: bytes, name: bytes) -> None:
        session = self._session
        statement = await self._settled(name)
        if session.skips():
            return
        if statement is None:
            fail_with(session, _NO_SUCH_STATEMENT, ends=False)
            return
        if statement.hot is not session.hot and await self._again(statement) is None:
            return
        if session.skips():
            return
        session.unsynced = True
        session.up.append(frame)
        session.pending.append(DESCRIBED)

    def execute(self, frame: bytes, _count: int) -> "Slow | None":
        """Run a portal."""
        session = self._session
        portal = session.portals.get(frame[5 : frame.index(b"\0", 5)])
        if portal is None:
            fail_with(session, _NO_SUCH_PORTAL, ends=False)
            return None
        kind = portal.verdict.known.raw.kind
        if (
            kind not in SAVED_KINDS
            or portal.hot is not session.hot
            or not (portal.confirmed or portal.segment == session.segment)
            or (kind is StatementKind.TRANSACTION and (session.changed or session.stated.is_open))
        ):
            return self._execute_slowly(frame, portal)
        verdict = portal.verdict
        session.up.append(frame)
        if verdict.executing is not None:
            session.pending.append(verdict.executing)
        else:
            formats = None if verdict.passes else result_formats(portal.bind, len(verdict.known.columns))
            session.pending.append(result_of(session, verdict, formats, ends=False))
        if verdict.changes_meaning:
            after_sending(session, verdict.known.raw, verdict)
        session.unsynced = True
        return None

    async def _execute_slowly(self, frame: bytes, portal: Portal) -> None:
        session = self._session
        if not portal.confirmed and portal.segment != session.segment:
            await session.quiet()
            found = session.portals.get(portal.name)
            if session.skips():
                return
            if found is None:
                fail_with(session, _NO_SUCH_PORTAL, ends=False)
                return
            portal = found
        raw = portal.verdict.known.raw
        await before(session, raw)
        if session.skips():
            return
        verdict = await self._verdict_now(portal)
        if verdict is None or session.skips():
            return
        failures = session.failures
        session.unsynced = True
        session.up.append(frame)
        if raw.kind is StatementKind.COPY_IN:
            copying = CopyingIn(verdict, ends=False)
            session.pending.append(copying)
            await copy_in(session, copying)
            return
        formats = None if verdict.passes else result_formats(portal.bind, len(verdict.known.columns))
        session.pending.append(result_of(session, verdict, formats, ends=False))
        after_sending(session, raw, verdict)
        if waits_for_success(session, raw):
            session.up.append(FLUSH)
            await session.quiet()
            if session.failures == failures:
                after_success(session, raw, verdict)

    async def _verdict_now(self, portal: Portal) -> Verdict | None:
        """Give the verdict under which a portal may run now; None where it may not, which is told."""
        session = self._session
        meant = portal.verdict.known
        known = meant
        if meant.raw.kind in RUN_BY_NAME or (portal.hot is not session.hot and meant.raw.kind in MEANT_LATE):
            found = await self._known_now(meant)
            if found is None:
                return None
            if meant.raw.kind in MEANT_LATE and not means_the_same(meant, found):
                fail_with(session, OTHER_MEANING, ends=False)
                return None
            known = found if meant.raw.kind is StatementKind.FETCH else meant
        elif portal.hot is session.hot:
            return portal.verdict
        known = relabelled(known, session.labels)
        if known is not meant or session.standing is not portal.verdict.standing:
            verdict = verdict_of(session, known, portal.verdict.matched)
            if verdict.refusal is not None and not verdict.observes:
                await refuse(session, verdict.refusal, verdict.what, ends=False)
                return None
            portal.verdict = verdict
        portal.hot = session.hot
        return portal.verdict

    def close(self, frame: bytes, _count: int) -> "Slow | None":
        """Close a statement or portal."""
        session = self._session
        name = frame[6:-1]
        if may_not_be(name):
            fail_with(session, NO_NAME, ends=False)
            return None
        session.unsynced = True
        session.up.append(frame)
        if frame[5] == _STATEMENT:
            statement = session.statements.pop(name, None)
            session.pending.append(Closed(statement.put_back if statement is not None else None))
        else:
            portal = session.portals.pop(name, None)
            session.pending.append(Closed(portal.put_back if portal is not None else None))
        return None

    def sync(self, frame: bytes, _count: int) -> "Slow | None":
        """End a segment."""
        session = self._session
        session.skipping = False
        session.end_segment()
        session.up.append(frame)
        session.pending.append(SYNCED)
        return session.quiet() if session.stated.is_open else None

    def flush(self, frame: bytes, _count: int) -> None:
        """Ask for what the server holds back."""
        self._session.up.append(frame)

    def call(self, _frame: bytes, _count: int) -> None:
        """Refuse the function call of old: it names a function by number, and nothing is known of it."""
        hint = "call it in a SELECT"
        fail_with(
            self._session,
            errors.error(errors.NOT_SUPPORTED, "refused by ringfence: function call messages", hint=hint),
            ends=True,
        )

    def terminate(self, _frame: bytes, _count: int) -> None:
        """End the session."""
        self._session.end()

    def passed_over(self, _frame: bytes, _count: int) -> None:
        """Drop data of a copy that has failed, as the server does: the client had not heard of it."""


def _piece_of(known: Known) -> Piece:
    return Piece(known.raw, known.text, known.raw.start)


def _binds_freely(verdict: Verdict) -> bool:
    return verdict.inbound is None and not verdict.plan.charges and not verdict.matching and verdict.refusal is None
