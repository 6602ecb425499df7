"""The sender: reads the ledger as it grows, raises alerts, records each in the ledger, and delivers it.

The rule: record first. The order of one alert is: kept in the spool together with the place that was read (one transaction), taken
by the ledger, delivered, forgotten. Wherever that ends, the next sender goes on from there. It never waits for a receiver before it
reads on, and no receiver waits for another one.

The first time it begins at the ledger's end: what was before is not told.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from ringfence.alert.deriving import NOBODY, Sighting, derive
from ringfence.alert.raising import SUMMARY, Alert, Raiser
from ringfence.alert.receiving import Surroundings, deliver
from ringfence.alert.spool import Kept, LeftOut, Spool, Told
from ringfence.alert.telling import TEST, Message, entry_of, message_of
from ringfence.alert.volumes import Volumes
from ringfence.alert.webhook import Undelivered
from ringfence.gates.carrying import new_crossing_id
from ringfence.ledger import JsonValue, LedgerUnavailable, Reader, Receipt
from ringfence.ledger.entry import parse_body
from ringfence.policy import Policy
from ringfence.policy.alerts import AlertKind, Receiver
from ringfence.serve.log import Log
from ringfence.stamps import stamp

POLL = 0.05  # seconds between two looks at the ledger
KEEP = 1.0  # seconds after which what changed is kept, where no alert came of it
BATCH = 500  # entries that are read at a time
MOVED = 2.0  # seconds between two looks at whether the ledger's file is still the one that is open
RECORD_REST = 1.0  # seconds before entries are offered again to a ledger that did not take them
FIRST_REST = (
    0.5  # seconds before a receiver is tried again; doubled up to LONGEST_REST, of which a random half is taken off
)
LONGEST_REST = 30.0
REFUSED_REST = 60.0  # seconds before a message is tried again that its receiver said no to; doubled each time
GIVE_UP = 8  # refusals of one message, about four hours
GRACE = 3.0  # seconds in which a delivery under way may end


class Appender(Protocol):
    """Where entries go: `LedgerClient`, or whatever stands for it."""

    async def append(self, entries: Sequence[Mapping[str, JsonValue]]) -> list[Receipt]:
        """Write entries durably. Raises `LedgerUnavailable`."""


@dataclass(slots=True)
class Figures:
    """What was done since the sender began."""

    raised: int = 0
    delivered: int = 0
    failures: int = 0
    waiting: int = 0
    behind: int = 0  # entries that are not read yet

    def as_numbers(self) -> dict[str, float]:
        """Give them by name."""
        return {
            "raised": self.raised,
            "delivered": self.delivered,
            "failures": self.failures,
            "waiting": self.waiting,
            "behind": self.behind,
        }


@dataclass(slots=True)
class _Line:
    """The way to one receiver."""

    receiver: Receiver
    rest: float = 0.0
    why: str = ""
    busy: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Sender:
    """Sends the alerts of one policy. `clock` tells the seconds since 1970."""

    def __init__(
        self,
        policy: Policy,
        place: Surroundings,
        ledger: Path,
        appender: Appender,
        spool: Spool,
        log: Log,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.figures = Figures()
        self._place = place
        self._ledger = ledger
        self._appender = appender
        self._spool = spool
        self._log = log
        self._clock = clock
        self._raiser = Raiser(policy.alerts, lambda: new_crossing_id(self._now()))
        self._volumes = Volumes()
        self._lines = {name: _Line(policy.receivers[name]) for rule in policy.alerts for name in rule.to}
        self._kept_at = 0.0
        self._kept = asyncio.Event()  # there are alerts that the ledger has not taken yet
        self._ending = asyncio.Event()
        self._position = 0

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Send until `end` is called. Raises `LedgerError` where there is no ledger."""
        self._take_up()
        ready()
        async with asyncio.TaskGroup() as tasks:
            lines = [tasks.create_task(self._serve(line)) for line in self._lines.values()]
            recording = tasks.create_task(self._record())
            await self._watch()
            recording.cancel()
            under_way = [task for task, line in zip(lines, self._lines.values(), strict=True) if line.busy]
            if under_way:
                await asyncio.wait(under_way, timeout=GRACE)
            for task in lines:
                task.cancel()
        self._keep([])

    def end(self) -> None:
        """Let it end: what waits is kept."""
        self._ending.set()

    def trouble(self) -> str:
        """Say which receivers cannot be reached, empty where all can."""
        return "; ".join(f"receiver {name}: {line.why}" for name, line in self._lines.items() if line.why)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _take_up(self) -> None:
        self._raiser.put_back(self._spool.counts())
        for key, kept in self._spool.volumes():
            self._volumes.put_back(key, kept)
        gone = self._spool.keep_only(list(self._lines))
        if gone:
            self._log.warning("alerts-let-go", "their receivers are no longer in the policy", alerts=gone)
        with Reader(self._ledger) as reader:
            size = reader.size
        position = self._spool.position
        if position is None or position > size:
            if position is not None:
                self._log.warning("ledger-replaced", "it has fewer entries than were read: alerts begin at its end")
            self._spool.keep(Kept(size))
            position = size
        self._position = position

    async def _watch(self) -> None:
        """Read on whenever the ledger has grown, and tell what was counted when its time has come."""
        while not self._ending.is_set():
            with Reader(self._ledger) as reader:
                await self._follow(reader, _identity(self._ledger))

    async def _follow(self, reader: Reader, identity: object) -> None:
        looked, version = time.monotonic(), -1
        while not self._ending.is_set():
            found = reader.version
            if found != version:
                version = found
                await self._read_on(reader)
            self._tell(self._raiser.due(self._clock()))
            if time.monotonic() - self._kept_at > KEEP:
                self._keep([])
            if time.monotonic() - looked > MOVED:
                looked = time.monotonic()
                if _identity(self._ledger) != identity:
                    return  # moved away under us: what is written to the open one, nobody sees
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._ending.wait()

    async def _read_on(self, reader: Reader) -> None:
        """Read to the ledger's end, in batches between which the deliveries get their turn."""
        while self._read(reader) == BATCH:
            await asyncio.sleep(0)
            if self._ending.is_set():
                return

    def _read(self, reader: Reader) -> int:
        """Read a batch of entries, and tell what they raise; give how many there were."""
        alerts: list[Alert] = []
        entries = list(islice(reader.since(self._position), BATCH))
        now = self._clock()
        for entry in entries:
            self._position = entry.index + 1
            for sighting in derive(entry.body, self._volumes) if entry.body is not None else ():
                alerts += self._raiser.take(sighting, now)
        self._tell(alerts)
        self.figures.behind = max(0, reader.size - self._position) if len(entries) == BATCH else 0
        return len(entries)

    def _tell(self, alerts: Sequence[Alert]) -> None:
        if alerts:
            self._keep(alerts)
            self.figures.raised += len(alerts)

    def _keep(self, alerts: Sequence[Alert]) -> None:
        at = self._now()
        counts, volumes = self._raiser.changes(), self._volumes.changes()
        self._kept_at = time.monotonic()
        if not (alerts or counts or volumes) and self._spool.position == self._position:
            return
        told = [Told(entry_of(alert, at), message_of(alert, at), alert.to) for alert in alerts]
        self._spool.keep(Kept(self._position, counts, volumes), told)
        if told:
            self._kept.set()

    async def _record(self) -> None:
        """Have the ledger take each alert that was kept; only then may it be delivered."""
        while True:
            unrecorded = self._spool.unrecorded()
            if not unrecorded:
                self._kept.clear()
                await self._kept.wait()
                continue
            try:
                await self._appender.append([parse_body(entry.decode()) for _, entry in unrecorded])
            except LedgerUnavailable as error:
                self._log.fault("alert-unrecorded", error)
                await asyncio.sleep(RECORD_REST)
                continue
            self._spool.recorded([number for number, _ in unrecorded])
            for line in self._lines.values():
                line.news.set()

    async def _serve(self, line: _Line) -> None:
        """Deliver to one receiver, for as long as the sender runs."""
        name = line.receiver.name
        while not self._ending.is_set():
            waiting = self._spool.next_for(name, self._clock())
            if waiting is None:
                line.news.clear()
                self.figures.waiting = sum(self._spool.waiting().values())
                with suppress(TimeoutError):  # messages that were put off come due without news
                    async with asyncio.timeout(KEEP):
                        await line.news.wait()
                continue
            line.busy = True
            try:
                await deliver(line.receiver, waiting.message, self._place)
            except Undelivered as error:
                line.busy = False
                await self._put_off(line, waiting.number, waiting.attempts, error)
                continue
            self._spool.delivered(name, waiting.number)
            line.busy = False
            self.figures.delivered += 1
            if line.why:
                self._log.info("receiver-back", receiver=name)
            line.rest, line.why = 0.0, ""
            self._spool.take_left_out(name, lambda left: left_out_message(left, self._now()))

    async def _put_off(self, line: _Line, number: int, attempts: int, error: Undelivered) -> None:
        name = line.receiver.name
        self.figures.failures += 1
        if error.why != line.why:
            self._log.error("undelivered", error.why, receiver=name)
        line.why = error.why
        if error.refused and attempts + 1 >= GIVE_UP:
            self._log.error("given-up", error.why, receiver=name, attempts=attempts + 1)
            self._spool.leave_out(name, number)
            return
        if error.refused:
            self._spool.put_off(name, number, self._clock() + REFUSED_REST * 2**attempts)
            return
        line.rest = min(LONGEST_REST, max(FIRST_REST, 2 * line.rest))
        self._spool.put_off(name, number, 0.0)
        self.figures.waiting = sum(self._spool.waiting().values())
        await asyncio.sleep(line.rest * (1 - secrets.randbelow(1000) / 2000))


def left_out_message(left: LeftOut, at: datetime) -> Message:
    """Say to a receiver what it will not get one by one. The id follows from what was left out, so that it is the same again."""
    sighting = Sighting(AlertKind.REFUSED, stamp(at), stamp(at), left.alerts)
    alert = Alert(f"{left.first}.{left.last}.{left.alerts}", SUMMARY, "", (), sighting, left.alerts)
    return message_of(alert, at)


def trial_message(at: datetime) -> Message:
    """Make the message that a receiver is tried with."""
    sighting = Sighting(AlertKind.REFUSED, stamp(at), stamp(at), 1, principal=NOBODY)
    return message_of(Alert(new_crossing_id(at), TEST, "", (), sighting), at)


def _identity(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
