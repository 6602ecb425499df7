"""COPY FROM STDIN: what the client sends goes in under the flow of that direction, row by row.

The rule: nothing is sent behind the COPY before the server has begun it or refused it, and while it goes on Sync and Flush are
swallowed, as the server would: so both always agree on whether a message is data. Data that may not go in make the copy fail.
"""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from ringfence.carriers import Rows, RowsCarrier, Undecodable
from ringfence.crossing import Crossing, Effects, Ending, Refusal
from ringfence.gates.carrying import Carried, carry_out
from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.awaited import COMMAND_COMPLETE, COPY_IN, READY, Awaited, Slow
from ringfence.gates.postgres.copy_formats import copy_rows, cutter_for
from ringfence.gates.postgres.describing import row_columns
from ringfence.gates.postgres.refusing import record_refusal
from ringfence.gates.postgres.results import count_one
from ringfence.gates.postgres.searching import feed, searches
from ringfence.policy import Denial, Refused
from ringfence.wire.postgres.splitting import CopyPart, CopyPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringfence.gates.postgres.session import ClientFrame, Session
    from ringfence.gates.postgres.verdicts import Verdict

_DATA = ord("d")
_DONE = ord("c")
_FAIL = ord("f")
_OF_A_COPY = frozenset((_DATA, _DONE, _FAIL))
_SWALLOWED = frozenset((ord("H"), ord("S")))
_TERMINATE = ord("X")
_GIVEN_UP = speaking.message(b"f", speaking.FAILING + b"\0")
_NO_DATA = errors.error(errors.PROTOCOL_VIOLATION, "unexpected message in the middle of a copy from the client")
_WHAT = "the data of this copy may not go there"


class CopyingIn(Awaited):
    """The answers to a COPY FROM STDIN."""

    __slots__ = ("_begun", "ends", "is_broken", "over", "refusal", "verdict", "withholds")

    def __init__(self, verdict: "Verdict", *, ends: bool) -> None:
        self.verdict = verdict
        self.ends = ends
        self.withholds = verdict.withholds
        self.is_broken = False  # the client sent what is no data
        self.refusal: Refusal | None = None  # told instead of the error that failing the copy gives
        self._begun: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = (
            asyncio.get_running_loop().create_future()
        )  # done: the server takes no more data

    @property
    def is_over(self) -> bool:
        """Whether the server takes no more data."""
        return self.over.done()

    def is_refused(self) -> bool:
        """Whether its data may not go in. Asked anew after each wait."""
        return self.refusal is not None

    async def begun(self) -> bool:
        """Wait until the server takes data; False where it will not."""
        return await self._begun

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass on how the copy begins and ends."""
        if letter == COPY_IN:
            self._settle(goes_on=True)
        elif letter == COMMAND_COMPLETE:
            self._end()
            if not self.ends:
                session.pending.popleft()
        elif letter == READY and self.ends:
            self._end()
            session.pending.popleft()
            return session.ready(frame)
        else:
            return session.unexpected(letter)
        session.down.append(frame)
        return None

    def failed(self, session: "Session", frame: bytes) -> "bytes | Slow":
        """Tell the refusal, where that is why it failed."""
        self._end()
        if self.refusal is not None and not errors.is_fatal(frame):
            return errors.refusal(self.refusal, _WHAT)
        if self.is_broken and not errors.is_fatal(frame):
            return _NO_DATA
        return session.told(frame, withhold=self.withholds)

    def undo(self, _session: "Session") -> None:
        """The server never came to it."""
        self._end()

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)
        self._settle(goes_on=False)

    def _settle(self, *, goes_on: bool) -> None:
        if not self._begun.done():
            self._begun.set_result(goes_on)


async def copy_in(session: "Session", copying: CopyingIn) -> None:
    """Take a copy's data from the client to its end."""
    session.up.append(speaking.FLUSH)
    session.flush_up()
    if not await copying.begun():
        return
    session.flush_down()
    copy = _Copy(session, copying)
    await copy.start()
    held: list[ClientFrame] = []  # what the server would swallow, if it is still in the copy when it reads it
    while True:
        frames = await session.more_from_client(copying.over)
        for number, (letter, frame, count) in enumerate(frames):
            if copying.is_over and letter not in _OF_A_COPY:  # the server takes it for what comes after
                session.give_back(held + frames[number:])
                await copy.abandon()
                return
            if letter in _SWALLOWED:
                held.append((letter, frame, count))
                continue
            held.clear()
            if letter == _DATA:
                await copy.feed(frame, count)
            elif letter in (_DONE, _FAIL):
                await copy.end(frame, whole=letter == _DONE)
                session.give_back(frames[number + 1 :])
                return
            elif letter == _TERMINATE:
                session.end()
                return
            else:
                copying.is_broken = True
                session.up.append(_GIVEN_UP)
                session.give_back(frames[number + 1 :])
                await copy.abandon()
                return
        session.flush_up()
        await session.server.writable()
        if copying.is_over:
            session.give_back(held)
            await copy.abandon()
            return


class _Copy:
    """The data of one copy on their way to the server."""

    def __init__(self, session: "Session", copying: CopyingIn) -> None:
        self._session = session
        self._copying = copying
        verdict = copying.verdict
        self._passes = verdict.passes
        self._crossing: Crossing | None = None
        if not self._passes:
            carrier = RowsCarrier(copy_rows(verdict), row_columns(verdict.known, verdict.plan))
            shared = session.shared
            self._crossing = Crossing(verdict.plan, shared.head(session), shared.keys, carrier)
            self._cutter = cutter_for(verdict)
            self._searched = searches(verdict.plan)
            self._tail: list[bytes] = []  # what ends the copy, behind its last row

    async def start(self) -> None:
        if self._crossing is not None:
            await self._carry(self._crossing.start())

    async def feed(self, frame: bytes, _count: int) -> None:
        if self._crossing is None:
            self._copying.verdict.size += len(frame)
            self._session.up.append(frame)
            return
        if self._copying.refusal is not None or self._copying.is_over:
            return
        try:
            parts = self._cutter.feed(frame)
        except Undecodable:
            await self._undecodable()
            return
        await self._take(parts)

    async def end(self, frame: bytes, *, whole: bool) -> None:
        crossing = self._crossing
        if crossing is None:
            count_one(self._session, self._copying.verdict)
            self._session.up.append(frame)
            return
        if self._copying.refusal is not None or self._copying.is_over:
            return
        if whole:
            try:
                await self._take(self._cutter.end())
            except Undecodable:
                await self._undecodable()
                return
            await self._carry(crossing.end(Ending.COMPLETE, self._session.shared.clock()))
            self._session.shared.count(crossing.summary, self._copying.verdict.plan)
            if self._copying.is_refused():
                return
        else:
            await self.abandon()
        self._session.up += [*self._tail, frame]

    async def _take(self, parts: "Sequence[CopyPart]") -> None:
        assert self._crossing is not None  # noqa: S101 (it was started)
        for place, data, count in parts:
            if place is CopyPlace.ROWS:
                now = self._session.shared.clock()
                await self._carry(await feed(self._crossing, Rows(data, count), now, searched=self._searched))
            elif place is CopyPlace.HEAD:
                self._session.up.append(data)
            else:
                self._tail.append(data)

    async def abandon(self) -> None:
        """Close the record of a copy that the client or the server gave up."""
        if self._crossing is not None and self._crossing.summary.recorded:
            session = self._session
            carried = Carried()
            effects = self._crossing.end(Ending.CUT, session.shared.clock())
            await carry_out(self._crossing, effects, session.shared.recorder, session.shared.clock, carried)

    async def _undecodable(self) -> None:
        await self.abandon()
        mend = "send rows as the COPY says: its columns, format, delimiter"
        refused = Refused(Denial.FIELD, "copy: rows that cannot be read", mend)
        self._refuse(await record_refusal(self._session, replace(self._copying.verdict.plan, refused=refused)))

    async def _carry(self, effects: Effects) -> None:
        if not effects or self._crossing is None:
            return
        session = self._session
        carried = Carried()
        await carry_out(self._crossing, effects, session.shared.recorder, session.shared.clock, carried)
        session.up.extend(part.data if isinstance(part, Rows) else part for part in carried.released)
        if carried.ledger_fault:
            session.shared.ledger_fault(carried.ledger_fault)
        if carried.refusal is not None and self._copying.refusal is None:
            self._refuse(carried.refusal)

    def _refuse(self, refusal: Refusal) -> None:
        """Make the copy fail at the server; what the client still sends is dropped."""
        self._copying.refusal = refusal
        self._session.shared.counts.refused += 1
        self._session.up.append(_GIVEN_UP)
        self._session.flush_up()
