"""The crossing: one payload, one direction, from bytes in to effects out.

Everything that decides whether a byte may go lives here and in `judging`; everything that does something lives at the rim. The
order of effects is kept by construction, not by trust in the rim:

    held ──▶ (asks?) Resolve ──▶ Record ──▶ Release          a payload that ends while it is held: one entry, `crossed`
    held, too long ──▶ Record(opened) ──▶ Release …          a streamed one; a new fact later: Record(widened) ──▶ Release …
                                       … ──▶ Record(closed)
    anything wrong ──▶ Record(refused), Refuse               and nothing after it, whatever is fed

While a `Record` or `Resolve` is unanswered, what it covers waits in `_ready`, what came later in `_queue`, and no `Release` is
given. After a `Refuse`, or after an exception out of any method, the crossing is over and gives nothing more: what was held is
dropped.

In `observe` the same is computed and recorded as *would*, and the payload passes as it came, without waiting for anything.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from ringfence.carriers import Carrier, Rows, RowsCarrier, Undecodable
from ringfence.crossing.account import Account
from ringfence.crossing.effects import (
    Effect,
    EffectId,
    Effects,
    Ending,
    Head,
    Json,
    Reason,
    Record,
    Recorded,
    Refusal,
    Refuse,
    Release,
    Reply,
    Resolve,
    Resolved,
)
from ringfence.crossing.entries import EntryMaker
from ringfence.crossing.judging import Denied, Judged
from ringfence.crossing.payloads import malformed, payload
from ringfence.crossing.refusing import as_refused, as_would, denied_by
from ringfence.crossing.restoring import Surrogates
from ringfence.crossing.row_judging import JudgedRows
from ringfence.detect import detector_for
from ringfence.policy.model import Mode
from ringfence.policy.plan import Plan
from ringfence.transform import Keyring

HOLD = 128 * 1024  # bytes: a payload that is no longer is held whole, and recorded once
INBOX = 16 * 1024 * 1024  # bytes held in all, beyond which a rim that feeds without waiting is refused (law 7)


class _State(Enum):
    OPEN = auto()
    WAITING = auto()  # for the answer to `_awaited`
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a crossing, in bytes and counts."""

    bytes_in: int
    bytes_out: int
    recorded: bool  # whether an entry of its own was written
    refused: Reason | None
    changes: int
    done: bool


class Crossing:
    """One payload on its way over a boundary, in one direction.

    Call `start`, then `feed` for each piece, `answer` for each answer to a `Record` or `Resolve`, and `end`. Each gives effects to
    be carried out in order. Every call with a time checks the expiry of the head's grant. `joins`: the units are events, and a
    stand-in to be restored may be cut between them (`ringfence.crossing.joining`).
    """

    def __init__(
        self,
        plan: Plan,
        head: Head,
        keys: Keyring,
        carrier: Carrier | RowsCarrier,
        *,
        hold: int = HOLD,
        issued: Surrogates | None = None,
        restored: Surrogates | None = None,
        joins: bool = False,
    ) -> None:
        self._plan = plan
        self._head = head
        self._hold = hold
        self._detector = detector_for(plan.detection)
        self._issued = issued
        self._payload = payload(plan, keys, self._detector, carrier, issued=issued, restored=restored, joins=joins)
        self._entries = EntryMaker(plan, head, self._detector)
        self._binds = plan.mode is Mode.ENFORCE
        self._state = _State.OPEN
        self._ended = False
        self._finished = False  # whether the payload has given what stands after its last unit
        self._queue: deque[Judged | JudgedRows] = deque()  # judged, not yet covered by any entry
        self._queued = 0  # bytes in `_queue`
        self._ready: list[Release] = []  # rendered; waits for the receipt of the entry that covers it
        self._ready_bytes = 0
        self._position = 0  # bytes judged; of rows, their number
        self._raw = bytearray()  # observe only: fed, but not yet in a unit
        self._faulted = False  # observe only: the carrier has given up, so the rest passes unread
        self._account = Account(self._detector, plan.fields)
        self._would: Denied | None = None
        self._opened = False
        self._recorded = False
        self._asked = 0  # how many units of the queue the awaited answers are for
        self._effect = 0
        self._awaited: EffectId | None = None
        self._awaited_kind: type[Reply] = Recorded
        self._bytes_in = 0
        self._bytes_out = 0
        self._changes = 0
        self._refused: Reason | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is awaited: a rim does well to feed nothing until it has come."""
        return self._state is _State.WAITING

    @property
    def held(self) -> int:
        """How many bytes are held in all: not judged yet, not covered by an entry, or waiting for its receipt."""
        return self._queued + self._ready_bytes + self._payload.held

    @property
    def summary(self) -> Summary:
        """What has come of it so far."""
        done = self._state is _State.OVER and self._refused is None
        return Summary(self._bytes_in, self._bytes_out, self._recorded, self._refused, self._changes, done)

    def start(self) -> Effects:
        """Begin. Refuses at once where the plan lets nothing cross."""
        return self._guarded(self._start, self._head.began)

    def feed(self, piece: bytes | Rows, at: datetime) -> Effects:
        """Take the next piece of the payload."""
        return self._guarded(lambda when: self._feed(piece, when), at)

    def answer(self, reply: Reply, at: datetime) -> Effects:
        """Take the answer to a `Record` or `Resolve`. Answers that nothing waits for are passed over."""
        return self._guarded(lambda when: self._answer(reply, when), at)

    def end(self, how: Ending, at: datetime) -> Effects:
        """Take the end of the payload."""
        return self._guarded(lambda when: self._end(how, when), at)

    def _guarded(self, step: Callable[[datetime], list[Effect]], at: datetime) -> Effects:
        """Run a step; let no exception leave a crossing that could go on."""
        if self._state is _State.OVER:
            return ()
        try:
            expired = self._head.expires is not None and at >= self._head.expires
            refusal = self._deny(Denied(Reason.EXPIRED, "ask for the grant again"), at) if expired else []
            return refusal or step(at)
        except BaseException:
            self._over()
            raise

    def _start(self, at: datetime) -> list[Effect]:
        if self._head.policy_hash != self._plan.policy_hash:
            return self._deny(Denied(Reason.POLICY, "begin again under the policy now in force"), at)
        refused = self._plan.refused
        if refused is None:
            return []
        return self._deny(denied_by(refused), at)

    def _feed(self, piece: bytes | Rows, at: datetime) -> list[Effect]:
        if self._ended:
            raise ValueError("a crossing was fed after its end")
        self._bytes_in += len(piece.data) if isinstance(piece, Rows) else len(piece)
        if not self._binds and isinstance(piece, bytes):
            self._raw += piece
        if self._faulted:
            return self._advance(at)
        if self._binds and self.held + (len(piece.data) if isinstance(piece, Rows) else len(piece)) > INBOX:
            return self._refuse(_too_large(), at)
        try:
            judging = self._payload.feed(piece)
        except Undecodable as fault:
            return self._undecodable(fault, at)
        return self._take(judging, at) or self._advance(at)

    def _end(self, how: Ending, at: datetime) -> list[Effect]:
        if self._ended:
            return []
        if how is Ending.CUT and self._binds:
            return self._refuse(Denied(Reason.CUT, "send the payload whole"), at)
        self._ended = True
        if self._faulted:
            return self._advance(at)
        try:
            judging = self._payload.end()
        except Undecodable as fault:
            return self._undecodable(fault, at)
        return self._take(judging, at) or self._advance(at)

    def _take(self, judging: Iterator[Judged | JudgedRows], at: datetime) -> list[Effect]:
        """Queue what is judged; give a refusal's effects where something may not cross, and judge nothing after it."""
        for judged in judging:
            for sighting in judged.sightings:
                self._account.count(sighting, self._position)
            self._account.note_subjects(judged.subjects, judged.more_subjects)
            if judged.denied is not None:
                refusal = self._deny(judged.denied, at)
                if refusal:
                    return refusal
            if isinstance(judged, Judged):
                if not self._binds:
                    del self._raw[: len(judged.raw)]
                if self._issued is not None and not self._opened:  # what has gone was numbered already
                    self._issued.note(judged.unit.fields)
                judged.unit.fields = []  # the slots hold those that change; all of them take many times the unit's bytes
            self._queue.append(judged)
            self._queued += judged.size
            self._position += judged.extent
        if self.held > INBOX:
            return self._deny(_too_large(), at)
        return []

    def _answer(self, reply: Reply, at: datetime) -> list[Effect]:
        if reply.of != self._awaited or not isinstance(reply, self._awaited_kind):
            return []
        self._awaited = None
        self._state = _State.OPEN
        match reply:
            case Recorded(receipt=None):
                return self._refuse(Denied(Reason.LEDGER, "try again: the ledger could not be written"), at)
            case Recorded():
                return self._release(at)
            case Resolved():
                if reply.answers is None:
                    return self._refuse(Denied(Reason.VAULT, "try again: the vault did not answer"), at)
                if self._issued is not None and self._issued.conversation:
                    self._issued.recall(reply.recalled)
                self._put(reply.answers)
                return self._advance(at)

    def _put(self, answers: tuple[str | None, ...]) -> None:
        at = 0
        for judged in list(self._queue)[: self._asked]:
            wanted = len(judged.asks)
            judged.answer(answers[at : at + wanted], self._issued)
            at += wanted
        if at != len(answers):
            raise ValueError("the vault gave another number of answers than it was asked for")

    def _advance(self, at: datetime) -> list[Effect]:
        """Go as far as no answer is needed."""
        if self._state is not _State.OPEN:
            return []
        if not self._binds:
            return self._pass(at)
        if not self._ended and not self._opened and self._queued <= self._hold:
            return []
        resolve = self._resolve()
        if resolve is not None:
            return [resolve]
        try:
            self._render()
        except Undecodable as fault:  # what is to stand there cannot be written in this encoding
            return self._refuse(malformed(fault), at)
        kind = self._entry_due()
        if kind is None:
            return self._release(at)
        counts = self._counts(self._ready_bytes if kind == "crossed" else 0)
        record = Record(
            self._next(),
            self._entries.make(kind, at, self._account.news if kind == "widened" else self._account.facts, **counts),
        )
        self._account.recorded()
        self._opened = self._opened or kind != "crossed"
        self._recorded = True
        if self._plan.relaxed:
            return [record, *self._release(at)]
        self._wait(record.id, Recorded)
        return [record]

    def _resolve(self) -> Resolve | None:
        """Ask for stand-ins where any are wanted; an exchange that is of no conversation gives them itself."""
        issued = self._issued
        asks = tuple(ask for judged in self._queue for ask in judged.asks)
        conversation = issued.conversation if issued is not None else ""
        recalls = issued is not None and bool(conversation) and not issued.recalled
        recall = self._plan.remembering if recalls else ()
        if not asks and not recall:
            return None
        self._asked = len(self._queue)
        if issued is not None and issued.alone and not conversation:
            self._put(issued.assign(asks, (judged.unit.read for judged in self._queue if isinstance(judged, Judged))))
            return None
        resolve = Resolve(self._next(), asks, conversation, recall)
        self._wait(resolve.id, Resolved)
        return resolve

    def _entry_due(self) -> str | None:
        """Name the entry that must be durable before the queue is released, if any."""
        if self._opened:
            return "widened" if self._account.news and self._ready else None
        if not self._ended:
            return "opened"
        return "crossed" if self._account.facts or self._plan.record_all else None

    def _render(self) -> None:
        """Make of all that is queued what will be released."""
        pieces: list[bytes] = []
        for judged in self._queue:
            made, changes = self._payload.render(judged) if self._binds else (judged.raw, 0)
            self._changes += changes
            if isinstance(made, bytes):
                pieces.append(made)
            else:
                self._ready_bytes += len(made.data)
                self._ready.append(Release(made))
        self._queue.clear()
        self._queued = 0
        if self._ended and self._binds and not self._finished:
            self._finished = True
            pieces.append(self._payload.finish())
        self._add_ready(b"".join(pieces))

    def _add_ready(self, raw: bytes) -> None:
        if raw:
            self._ready_bytes += len(raw)
            self._ready.append(Release(raw))

    def _release(self, at: datetime) -> list[Effect]:
        """Give what is ready; at the end of a streamed payload, close its record."""
        effects = self._give()
        if self._queue or (self._ended and not self._finished):
            return [*effects, *self._advance(at)]
        return [*effects, *self._close(at)] if self._ended else effects

    def _give(self) -> list[Effect]:
        effects: list[Effect] = list(self._ready)
        self._bytes_out += self._ready_bytes
        self._ready.clear()
        self._ready_bytes = 0
        return effects

    def _close(self, at: datetime) -> list[Effect]:
        facts = self._account.facts
        self._over()
        if not self._opened:
            return []
        return [Record(self._next(), self._entries.make("closed", at, facts, **self._counts()))]

    def _pass(self, at: datetime) -> list[Effect]:
        """Observe: let everything pass, and record what would have been."""
        if not (self._ended or self._opened or self._faulted) and self._queued <= self._hold:
            return []
        effects: list[Effect] = []
        if self._account.facts and not self._ended and not self._opened:
            self._opened = self._recorded = True
            effects.append(Record(self._next(), self._entries.make("opened", at, self._account.facts)))
        self._render()
        if self._ended or self._faulted:
            self._add_ready(bytes(self._raw))
            self._raw.clear()
        effects.extend(self._give())
        if self._ended:
            effects.extend(self._note(at))
        return effects

    def _note(self, at: datetime) -> list[Effect]:
        """Observe: the last entry."""
        facts = self._account.facts
        self._over()
        if not (self._opened or facts or self._would or self._plan.record_all):
            return []
        self._recorded = True
        kind = "closed" if self._opened else "crossed"
        return [
            Record(
                self._next(),
                self._entries.make(kind, at, facts, **self._counts(), **as_would(self._would, self._detector)),
            )
        ]

    def _undecodable(self, fault: Undecodable, at: datetime) -> list[Effect]:
        self._faulted = True
        return self._deny(malformed(fault), at) or self._advance(at)

    def _deny(self, denied: Denied, at: datetime) -> list[Effect]:
        """Refuse where the flow enforces; where it observes, remember that it would have, and give nothing."""
        if self._binds:
            return self._refuse(denied, at)
        if (
            self._would is None or denied.reason is Reason.TOO_LARGE
        ):  # what was not looked at is said before what was found
            self._would = denied
        return []

    def _refuse(self, denied: Denied, at: datetime) -> list[Effect]:
        self._over()
        self._refused = denied.reason
        refusal = Refusal(self._head.crossing, denied.reason, denied.mend, denied.category, denied.rule)
        if denied.reason is Reason.LEDGER:
            return [Refuse(refusal)]
        self._recorded = True
        why = as_refused(denied, self._detector)
        entry = self._entries.make("refused", at, self._account.facts, **self._counts(), **why)
        return [Record(self._next(), entry), Refuse(refusal)]

    def _counts(self, ready: int = 0) -> dict[str, Json]:
        return {
            "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out + ready,
            "changes": self._changes,
            **self._account.people(),
        }

    def _next(self) -> EffectId:
        self._effect += 1
        return EffectId(self._effect)

    def _wait(self, effect: EffectId, kind: type[Reply]) -> None:
        self._awaited, self._awaited_kind = effect, kind
        self._state = _State.WAITING

    def _over(self) -> None:
        self._state = _State.OVER
        self._queue.clear()
        self._ready.clear()
        self._queued = self._ready_bytes = 0


def _too_large() -> Denied:
    return Denied(Reason.TOO_LARGE, f"send or ask for less at a time: at most {INBOX >> 20} MiB are looked at together")
