"""Results on their way to the client: relayed and counted where nothing needs a look, through a crossing otherwise.

The rule: no row is written to the client before its crossing released it. Each execution is a crossing of its own, so that a portal
that is fetched in parts is recorded before each part, and one that is left in the middle leaves nothing open. The message that ends
a result is passed on after the last of its rows.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ringfence.carriers import Rows, RowsCarrier, Undecodable
from ringfence.crossing import Crossing, CrossingId, Effect, Effects, Ending, Reason, Refusal
from ringfence.gates.carrying import Carried, carry_out
from ringfence.gates.postgres import errors
from ringfence.gates.postgres.awaited import (
    COMMAND_COMPLETE,
    COPY_DATA,
    COPY_DONE,
    COPY_OUT,
    DATA_ROW,
    EMPTY_QUERY,
    NO_DATA,
    READY,
    ROW_DESCRIPTION,
    SUSPENDED,
    Awaited,
    Slow,
)
from ringfence.gates.postgres.copy_formats import copy_rows, cutter_for
from ringfence.gates.postgres.describing import codecs_of, columns_of, row_columns
from ringfence.gates.postgres.refusing import record_refusal
from ringfence.gates.postgres.searching import LONG, feed_apart, searches
from ringfence.policy import Denial, Refused
from ringfence.wire.postgres.copying import CopyCutter
from ringfence.wire.postgres.rows import DataRows
from ringfence.wire.postgres.splitting import CopyPart, CopyPlace

if TYPE_CHECKING:
    from ringfence.carriers.rows import RowFormat
    from ringfence.gates.postgres.session import Session
    from ringfence.gates.postgres.verdicts import Verdict

_ENDS_A_RESULT = frozenset({COMMAND_COMPLETE, EMPTY_QUERY, SUSPENDED})
_PASSED = frozenset({DATA_ROW, ROW_DESCRIPTION, COPY_OUT, COPY_DATA, COPY_DONE})
_GONE_ON = "the result was cut off; what the statement did before that may stand"


def count_one(session: "Session", verdict: "Verdict") -> None:
    """Count a payload that was relayed. A verdict that was idle for a while is not among those that are gathered any more.

    What would have been refused has an entry of its own.
    """
    if verdict.observes:
        return
    verdict.times += 1
    if not verdict.watched:
        session.shared.watch(verdict)


class Passing(Awaited):
    """A result that passes as it is. One for all executions of a verdict."""

    __slots__ = ("_verdict", "withholds")

    def __init__(self, verdict: "Verdict") -> None:
        self._verdict = verdict
        self.withholds = verdict.withholds

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Relay."""
        if letter in _ENDS_A_RESULT:
            session.pending.popleft()
            count_one(session, self._verdict)
        elif letter in _PASSED:
            self._verdict.size += len(frame)
        else:
            return session.unexpected(letter)
        session.down.append(frame)
        return None


class PassingQuery(Passing):
    """The same, of a Query of one statement: ReadyForQuery ends it."""

    __slots__ = ()
    ends = True

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Relay."""
        if letter == READY:
            session.pending.popleft()
            return session.ready(frame)
        if letter in _ENDS_A_RESULT:
            count_one(session, self._verdict)
        elif letter in _PASSED:
            self._verdict.size += len(frame)
        else:
            return session.unexpected(letter)
        session.down.append(frame)
        return None


class Limited(Awaited):
    """A result that passes as it is, up to so many rows."""

    __slots__ = ("_most", "_rows", "_verdict", "ends", "withholds")

    def __init__(self, verdict: "Verdict", *, ends: bool) -> None:
        self._verdict = verdict
        self._most = verdict.standing.gate.limits.rows
        self._rows = 0
        self.ends = ends
        self.withholds = verdict.withholds

    def take(self, session: "Session", letter: int, frame: bytes, count: int) -> "Slow | None":
        """Relay, and count."""
        if letter == READY and self.ends:
            session.pending.popleft()
            return session.ready(frame)
        if letter in (DATA_ROW, COPY_DATA):
            self._rows += count
            self._verdict.size += len(frame)
        is_last = letter in _ENDS_A_RESULT
        if not is_last and letter not in _PASSED:
            return session.unexpected(letter)
        if self._rows <= self._most:
            session.down.append(frame)
        if is_last:
            count_one(session, self._verdict)
            if not self.ends:
                session.pending.popleft()
            if self._rows > self._most:
                return self._too_large(session)
        return None

    async def _too_large(self, session: "Session") -> None:
        refusal = await _recorded(session, self._verdict, Refusal(_UNRECORDED, Reason.TOO_LARGE, _fewer(self._most)))
        session.down.append(errors.refusal(refusal, _GONE_ON))
        session.go_deaf(ends=self.ends)


_UNRECORDED = CrossingId("")


def _fewer(most: int) -> str:
    return f"ask for at most {most} rows"


async def _recorded(session: "Session", verdict: "Verdict", refusal: Refusal) -> Refusal:
    """Record a refusal that no crossing has recorded, and count it; give it with the crossing to ask about."""
    refused = Refused(Denial.FIELD, f"result:{refusal.reason.value}", refusal.mend, why=_GONE_ON)
    recorded = await record_refusal(session, replace(verdict.plan, refused=refused))
    session.shared.counts.refused += 1
    return replace(refusal, crossing=recorded.crossing)


def result_of(session: "Session", verdict: "Verdict", formats: Sequence[int] | None, *, ends: bool) -> Awaited:
    """Give what waits for a statement's answers; `ends`: it is a Query, which ReadyForQuery ends. No formats: all text."""
    if not verdict.passes:
        return Flowing(session, verdict, formats or (0,) * len(verdict.known.columns), ends=ends)
    if verdict.standing.gate.limits.rows:
        return Limited(verdict, ends=ends)
    if ends:
        if verdict.querying is None:
            verdict.querying = PassingQuery(verdict)
        return verdict.querying
    if verdict.executing is None:
        verdict.executing = Passing(verdict)
    return verdict.executing


class Flowing(Awaited):
    """A result that goes through a crossing."""

    __slots__ = (
        "_apart",
        "_crossing",
        "_cutter",
        "_refused",
        "_rows",
        "_searched",
        "_tail",
        "ends",
        "verdict",
        "withholds",
    )

    def __init__(self, session: "Session", verdict: "Verdict", formats: Sequence[int], *, ends: bool) -> None:
        self.verdict = verdict
        self.ends = ends
        self.withholds = verdict.withholds
        self._refused: Refusal | None = None
        self._rows = 0
        self._cutter: CopyCutter | None = None
        self._tail: list[bytes] = []  # what ends a copy, behind its last row
        self._searched = searches(verdict.plan)
        self._apart: asyncio.Future[Effects] | None = None  # a stretch that is being searched in a thread
        columns = verdict.known.columns
        if verdict.row_columns is None:
            verdict.row_columns = row_columns(verdict.known, verdict.plan)
        copy = verdict.known.raw.copy
        if copy is None:
            rows: RowFormat = DataRows(list(formats), [each.type for each in columns], codecs_of(verdict.known))
        else:
            rows = copy_rows(verdict)
            self._cutter = cutter_for(verdict)
        self._crossing = Crossing(
            verdict.plan, session.shared.head(session), session.shared.keys, RowsCarrier(rows, verdict.row_columns)
        )
        session.open_results.add(self)

    def take(self, session: "Session", letter: int, frame: bytes, count: int) -> "Slow | None":
        """Judge rows; keep what follows them until they are released."""
        if letter == DATA_ROW:
            return self._feed(session, Rows(frame, count))
        if letter == COPY_DATA and self._cutter is not None:
            return self._feed_copy(session, self._cutter, frame)
        if letter == ROW_DESCRIPTION:
            if not self._is_as_traced(frame):
                self._refuse(Reason.POLICY, "run it again: its tables changed meanwhile")
            session.down.append(frame)
            return None
        if letter in (COPY_OUT, NO_DATA):
            session.down.append(frame)
            return None
        if letter == COPY_DONE:
            self._tail.append(frame)
            return None
        if letter in _ENDS_A_RESULT:
            return self._end(session, frame)
        if letter == READY and self.ends:
            session.pending.popleft()
            session.open_results.discard(self)
            return session.ready(frame)
        return session.unexpected(letter)

    def failed(self, session: "Session", frame: bytes) -> "bytes | Slow":
        """Tell the rows that came before the error, close the record of what was under way, then tell the error.

        Where the error's words are withheld, so are the rows that the client has not got: their number says which row failed.
        """
        session.open_results.discard(self)
        if self._refused is not None and self._refused.crossing == _UNRECORDED:
            return self._failed_refused(session, self._refused)
        if self._refused is not None:
            told = errors.refusal(self._refused, _GONE_ON)
        else:
            told = session.told(frame, withhold=self.withholds)
        summary = self._crossing.summary
        is_whole = self._refused is None and not self.withholds and not errors.is_fatal(frame)
        if not summary.recorded and not (is_whole and summary.bytes_in):
            return told  # nothing of it was released
        how = Ending.COMPLETE if is_whole else Ending.CUT
        return self._last(session, self._crossing.end(how, session.shared.clock()), told)

    async def _failed_refused(self, session: "Session", refused: Refusal) -> None:
        told = errors.refusal(await _recorded(session, self.verdict, refused), _GONE_ON)
        effects = self._crossing.end(Ending.CUT, session.shared.clock()) if self._crossing.summary.recorded else ()
        await self._last(session, effects, told)

    def undo(self, session: "Session") -> None:
        """It never ran."""
        session.open_results.discard(self)

    @property
    def is_open(self) -> bool:
        """Whether something of it was recorded, or is about to be, which its end has to follow."""
        return self._crossing.summary.recorded or self._apart is not None

    async def settled(self) -> None:
        """Wait until nothing of it is under way in a thread."""
        if self._apart is not None:
            await asyncio.wait((self._apart,))

    @property
    def crossing(self) -> Crossing:
        """The crossing that its rows take."""
        return self._crossing

    def _is_as_traced(self, frame: bytes) -> bool:
        traced = self.verdict.known.columns
        return [(each.type, each.table, each.attribute) for each in columns_of(frame)] == [
            (each.type, each.table, each.attribute) for each in traced
        ]

    def _feed(self, session: "Session", rows: Rows) -> "Slow | None":
        if self._refused is not None:
            return None
        self._rows += rows.count
        most = self.verdict.standing.gate.limits.rows
        if most and self._rows > most:
            self._refuse(Reason.TOO_LARGE, _fewer(most))
            return None
        if self._searched and len(rows.data) > LONG:
            return self._feed_apart(session, rows)
        effects = self._crossing.feed(rows, session.shared.clock())
        return self._carry(session, effects) if effects else None

    async def _feed_apart(self, session: "Session", rows: Rows) -> None:
        self._apart = feed_apart(self._crossing, rows, session.shared.clock())
        effects = await asyncio.shield(self._apart)
        self._apart = None
        await self._carry(session, effects)

    def _feed_copy(self, session: "Session", cutter: CopyCutter, frame: bytes) -> "Slow | None":
        if self._refused is not None:
            return None
        effects: list[Effect] = []
        try:
            parts = cutter.feed(frame)
        except Undecodable:
            return self._undecodable(session)
        if self._searched and len(frame) > LONG:
            return self._feed_parts(session, parts)
        for place, data, count in parts:
            if place is CopyPlace.ROWS:
                effects += self._crossing.feed(Rows(data, count), session.shared.clock())
            elif place is CopyPlace.HEAD:
                session.down.append(data)  # names of columns, or what every binary copy begins with
            else:
                self._tail.append(data)
        return self._carry(session, effects) if effects else None

    async def _feed_parts(self, session: "Session", parts: "Sequence[CopyPart]") -> None:
        for place, data, count in parts:
            if place is CopyPlace.ROWS:
                await self._feed_apart(session, Rows(data, count))
            elif place is CopyPlace.HEAD:
                session.down.append(data)
            else:
                self._tail.append(data)

    async def _undecodable(self, session: "Session") -> None:
        self._refuse(Reason.UNDECODABLE, "report it: the server's copy is not spelt as its options say")
        await self._carry(session, self._crossing.end(Ending.CUT, session.shared.clock()))

    def _refuse(self, reason: Reason, mend: str) -> None:
        """Refuse what the crossing would not: it is recorded when it is told, at the result's end."""
        self._refused = Refusal(_UNRECORDED, reason, mend)

    async def _carry(self, session: "Session", effects: Effects) -> None:
        carried = Carried()
        await carry_out(self._crossing, effects, session.shared.recorder, session.shared.clock, carried)
        await self._give(session, carried)

    async def _give(self, session: "Session", carried: Carried) -> None:
        for part in carried.released:
            session.down.append(part.data if isinstance(part, Rows) else part)
        if carried.refusal is not None and self._refused is None:
            self._refused = carried.refusal
            session.shared.counts.refused += 1
        if carried.ledger_fault:
            session.shared.ledger_fault(carried.ledger_fault)
        session.flush_down()
        await session.client.writable()

    def _end(self, session: "Session", frame: bytes) -> "Slow | None":
        if self._refused is None:
            effects = self._crossing.end(Ending.COMPLETE, session.shared.clock())
            if effects:
                return self._finish(session, effects, frame)
        elif self._refused.crossing == _UNRECORDED:
            return self._finish_refused(session, self._refused, frame)
        self._told_end(session, frame)
        return None

    async def _finish_refused(self, session: "Session", refused: Refusal, frame: bytes) -> None:
        if self._crossing.summary.recorded:  # rows that were released before
            await self._carry(session, self._crossing.end(Ending.CUT, session.shared.clock()))
        self._refused = await _recorded(session, self.verdict, refused)
        self._told_end(session, frame)

    async def _finish(self, session: "Session", effects: Effects, frame: bytes) -> None:
        await self._carry(session, effects)
        self._told_end(session, frame)

    def _told_end(self, session: "Session", frame: bytes) -> None:
        session.shared.count(self._crossing.summary, self.verdict.plan)
        if not self.ends:
            session.pending.popleft()
        session.open_results.discard(self)
        if self._refused is None:
            session.down += [*self._tail, frame]
            return
        session.down.append(errors.refusal(self._refused, _GONE_ON))
        session.go_deaf(ends=self.ends)

    async def _last(self, session: "Session", effects: Effects, told: bytes) -> None:
        if effects:
            await self._carry(session, effects)
        session.shared.count(self._crossing.summary, self.verdict.plan)
        session.down.append(told)
