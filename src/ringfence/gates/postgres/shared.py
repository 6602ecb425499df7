"""What all sessions of one gate share in one process: the policy in force, what is known of statements, counts, and limits.

The rule: a session takes policy and standing from here once and keeps them until it is told of others; nothing here waits.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.access import Budgets, Identities
from ringfence.carriers import Rows
from ringfence.crossing import CrossingId, Ending, Head, Summary
from ringfence.detect import Detector, detector_for
from ringfence.gates.carrying import Carried, Clock, Recorder, Unrecorded, carry_out, new_crossing_id
from ringfence.gates.postgres.cache import Epoch
from ringfence.gates.postgres.cancelling import Cancels
from ringfence.gates.postgres.parser import ParserChild
from ringfence.gates.postgres.remembering import Memory
from ringfence.gates.postgres.standing import Standing, standing_of
from ringfence.gates.tallies import Tallies
from ringfence.policy import Asker, Gate, Plan, Policy, ZoneName
from ringfence.sql.catalogue import Catalogue
from ringfence.sql.model import ParsedText
from ringfence.transform import Keyring

if TYPE_CHECKING:
    from ringfence.gates.postgres.results import Flowing
    from ringfence.gates.postgres.session import Session
    from ringfence.gates.postgres.verdicts import Verdict

MOST_STANDINGS = 1_000
MOST_PARSED = 2_000  # texts that stay taken apart,
LONGEST_PARSED = 4 * 1024  # of so many bytes each
MOST_VERDICTS = 50_000  # whose relayed results are counted apart


@dataclass(slots=True)
class World:
    """What a gate is made from. `notify` tells the operator something, in words without a value; `base` is the policy's folder."""

    policy: Policy
    gate: Gate
    keys: Keyring
    recorder: Recorder
    clock: Clock
    notify: Callable[[str], None]
    access: Identities
    base: Path


@dataclass(slots=True)
class Counts:
    """What a gate has done since it began."""

    sessions: int = 0
    statements: int = 0
    traced: int = 0
    refused: int = 0
    ledger_faults: int = 0
    troubles: int = 0
    per_principal: dict[str, int] = field(default_factory=dict)


class Shared:
    """The shared state of one gate in one process."""

    def __init__(self, world: World, parser: ParserChild) -> None:
        if world.gate.upstream is None:
            raise ValueError(
                f"gate {world.gate.name} has no upstream\n  name the asset that it stands before: `upstream:`"
            )
        self.world = world
        self.policy = world.policy
        self.gate = world.gate
        self.asset = world.gate.upstream
        self.keys = world.keys
        self.recorder = world.recorder
        self.clock = world.clock
        self.parser = parser
        self.budgets = Budgets()
        self.would_budgets = Budgets()  # what flows that observe would have charged
        self.cancels = Cancels()
        self.counts = Counts()
        self.sessions: set[Session] = set()
        self.epoch = Epoch(0, Catalogue())
        self.memory = Memory()
        self.parsed: dict[bytes, ParsedText] = {}  # texts that the parser took apart
        self.polled = False  # the catalogue is being watched: without that nothing is remembered
        self._standings: dict[tuple[ZoneName, Asker], Standing] = {}
        self._verdicts: list[Verdict] = []
        self._tallies = Tallies(world.gate.name, new_crossing_id, world.clock)
        self._loop = asyncio.get_running_loop()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def detector(self) -> Detector:
        """The detector of the policy in force."""
        return detector_for(self.policy.detect)

    @property
    def remembers(self) -> bool:
        """Whether statements may be known by their text within the stated window."""
        return self.polled and self.gate.origins == "window"

    def loop_time(self) -> float:
        """Tell the loop's time."""
        return self._loop.time()

    async def parse(self, text: bytes, readable: str, asker: object) -> ParsedText:
        """Take a text apart: in the parser's child, where it was not taken apart before. What it is hangs at nothing else."""
        found = self.parsed.get(text)
        if found is None:
            found = await self.parser.parse(readable, asker)
            if found.refused is None and len(text) <= LONGEST_PARSED:
                if len(self.parsed) >= MOST_PARSED:
                    self.parsed.clear()
                self.parsed[text] = found
        return found

    def new_epoch(self) -> None:
        """Forget what is known of statements: the catalogue changed, or may have."""
        self.epoch = Epoch(self.epoch.number + 1, self.epoch.catalogue.renewed())

    def new_catalogue(self, labels: Mapping[str, tuple[str, ...]]) -> Catalogue:
        """Give a catalogue for a session whose meaning is its own, with the labels of its temporary columns."""
        made = self.epoch.catalogue.renewed()
        made.labels = labels
        return made

    def standing(self, zone: ZoneName, asker: Asker) -> Standing:
        """Give the standing of an asker under the policy in force."""
        found = self._standings.get((zone, asker))
        if found is None:
            if len(self._standings) >= MOST_STANDINGS:
                self._standings.clear()
            found = self._standings[zone, asker] = standing_of(self.policy, self.gate, self.asset, zone, asker)
        return found

    def change_policy(self, policy: Policy, gate: Gate, keys: Keyring, access: Identities) -> None:
        """Decide by another policy from now on. What is under way ends under the one it began with."""
        self.policy, self.gate, self.keys = policy, gate, keys
        self.world.access = access
        self._standings.clear()
        self.memory.clear()
        self.new_epoch()
        for session in self.sessions:
            session.stand(session.standing.asker, session.reason)

    # ---------------------------------------------------------------- records

    def head(self, session: "Session") -> Head:
        """Begin a crossing of a session."""
        began = self.clock()
        return Head(
            new_crossing_id(began),
            session.standing.policy.hash,
            began,
            self.gate.name,
            f"{session.principal.source}:{session.principal.name}",
            session.reason,
            session.principal.expires,
            session.told_client,
        )

    def watch(self, verdict: "Verdict") -> None:
        """Count the results that a verdict lets pass."""
        if len(self._verdicts) >= MOST_VERDICTS:
            self._gather()
        verdict.watched = True
        self._verdicts.append(verdict)

    def count(self, summary: Summary, plan: Plan) -> None:
        """Count a crossing in which nothing personal was found."""
        self._tallies.add(plan, summary)

    def _gather(self) -> None:
        """Move what verdicts have counted into the tallies of their plans."""
        kept = []
        for verdict in self._verdicts:
            if verdict.brought and verdict.inbound is not None:
                self._tallies.add_many(verdict.inbound.plan, verdict.brought, verdict.brought_size)
                verdict.brought = verdict.brought_size = 0
            if verdict.times:
                self._tallies.add_many(verdict.plan, verdict.times, verdict.size)
                verdict.times = verdict.size = 0
                kept.append(verdict)  # others come back when they relay again
            else:
                verdict.watched = False
        self._verdicts = kept

    async def write_counts(self, *, closing: bool = False) -> None:
        """Write the entries of the counts that are due."""
        self._gather()
        try:
            await self._tallies.write(self.recorder, closing=closing)
        except Unrecorded as fault:
            self.ledger_fault(fault.fault)

    def ledger_fault(self, fault: str) -> None:
        """Note that an entry that nothing waits for could not be written."""
        self.counts.ledger_faults += 1
        self.world.notify(f"the ledger cannot be written ({fault})")

    def trouble(self, error: BaseException) -> None:
        """Note an internal error, by its type alone: its text may hold anything."""
        self.counts.troubles += 1
        frames = error.__traceback__
        place = ""
        while frames is not None:
            place = f"{Path(frames.tb_frame.f_code.co_filename).name}:{frames.tb_lineno}"
            frames = frames.tb_next
        self.world.notify(f"internal error ({type(error).__name__} at {place}); what it was for was ended")

    # ---------------------------------------------------------------- sessions

    def begin_session(self, session: "Session") -> None:
        """Note a session that was let in."""
        self.sessions.add(session)
        self.counts.sessions += 1

    def end_session(self, session: "Session", open_results: "Sequence[Flowing]") -> None:
        """Note a session that ended, and close the records of what it left."""
        self.sessions.discard(session)
        self.cancels.drop(session.cancel_key)
        for result in open_results:
            if not result.is_open:
                continue  # nothing of it was released
            task = self._loop.create_task(self._close(result))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close(self, result: "Flowing") -> None:
        await result.settled()
        crossing = result.crossing
        if not crossing.summary.recorded:
            return
        effects = crossing.end(Ending.CUT, self.clock())
        carried = Carried()
        await carry_out(crossing, effects, self.recorder, self.clock, carried)
        if carried.ledger_fault:
            self.ledger_fault(carried.ledger_fault)

    async def settle(self) -> None:
        """Wait for the records of sessions that ended."""
        while self._closing:
            await asyncio.wait(set(self._closing))

    def new_id(self) -> CrossingId:
        """Give a fresh crossing's id."""
        return new_crossing_id(self.clock())


__all__ = ["Counts", "Rows", "Shared", "World"]
