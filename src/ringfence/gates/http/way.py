"""One direction of an exchange, from its head to its end: what came, what may go, and how its head changes.

The rule: nothing goes of a head or a body but what its crossing released, after everything that the crossing asked for was
answered; after a refusal nothing goes at all. Whoever drives it (Envoy's processor, a middleware in process) feeds it what comes,
carries out what that asks for, hands answers to `answer` until none is due, calls `check`, and then sends what was `taken`.
"""

from datetime import datetime
from typing import Final, TypeAlias

from ringfence.crossing import Effects, Ending, Reason, Record, Refusal, Refuse, Release, Reply, Resolve, Summary
from ringfence.gates.http.edits import HeadEdits, edits_of_change, joined
from ringfence.gates.http.media import Fields
from ringfence.gates.http.passage import Passage
from ringfence.policy.model import Mode

Asked: TypeAlias = Record | Resolve
"""What has to be carried out and answered."""


_COMPARED: Final = 1024 * 1024
"""Octets of a body that are kept to tell whether it is the same; a longer one is taken for another."""


class Broken(Exception):
    """Nothing more can be sent, and nothing may pass: the stream has to be ended with an error."""


class Way:
    """One direction, from its head to its end. `ends`: there is no body."""

    __slots__ = ("_came", "_fields", "_head", "_head_is_over", "_released", "edits", "ended", "passage", "refusal")

    def __init__(self, passage: Passage, fields: Fields, edits: HeadEdits, *, ends: bool) -> None:
        self.passage = passage
        self.edits = edits  # of the head, as far as it has not gone
        self.ended = ends
        self.refusal: Refusal | None = None
        self._head = passage.head
        self._head_is_over = False  # what crossed of it stands in `edits`
        self._fields = fields
        self._came: bytearray | None = (
            bytearray()
        )  # of the body, until the first goes, to tell whether that is the same
        self._released: list[bytes] = []

    @property
    def summaries(self) -> list[Summary]:
        """What has come of head and body so far."""
        return [each for each in (self._head.summary, self.passage.summary) if each is not None]

    @property
    def held(self) -> int:
        """How many octets of the body are held."""
        return self.passage.held + len(self._came or b"")

    @property
    def is_refused(self) -> bool:
        """Whether it was refused, and not only cut off."""
        return any(each.refused not in (None, Reason.CUT) for each in self.summaries)

    def start(self, at: datetime) -> list[Asked]:
        """Take the head across."""
        return self._take_head(self._head.start(at))

    def feed(self, piece: bytes, at: datetime) -> list[Asked]:
        """Take a piece of the body."""
        if self._came is not None:
            self._came += piece
            if len(self._came) > _COMPARED:
                self._came = None
        return self._take(self.passage.feed(piece, at))

    def end(self, at: datetime) -> list[Asked]:
        """Take the end of the body."""
        self.ended = True
        return self._take(self.passage.end(Ending.COMPLETE, at))

    def answer(self, reply: Reply, at: datetime) -> list[Asked]:
        """Take the answer to what was carried out; give what follows."""
        if not self._head_is_over:
            return self._take_head(self._head.answer(reply, at))
        return self._take(self.passage.answer(reply, at))

    def cut(self, at: datetime) -> list[Asked]:
        """Take that no more comes, or that nobody takes it; give what closes a record that was opened."""
        summary = self.passage.summary
        if summary is None or not summary.recorded or summary.done or summary.refused is not None:
            return []
        return self._take(self.passage.end(Ending.CUT, at))

    def check(self) -> None:
        """See, once nothing is waited for, that it stands where it should. Raises `Broken`."""
        if not self._head_is_over:
            raise Broken("a head came whose crossing did not end")
        summary = self.passage.summary
        if self.ended and summary is not None and not summary.done:
            raise Broken("a body ended whose crossing did not")

    def taken(self) -> bytes:
        """Give what was released since the last time."""
        octets = b"".join(self._released)
        self._released.clear()
        return octets

    def edits_with(self, octets: bytes) -> HeadEdits:
        """Say what becomes of the head when these octets go, the first of the body. One that is not whole yet may change still."""
        came, self._came = self._came, None
        if self.passage.plan.mode is Mode.OBSERVE:
            return HeadEdits()
        is_same = self.ended and came is not None and came == octets
        return HeadEdits() if is_same else edits_of_change(self._fields)

    def _take_head(self, effects: Effects) -> list[Asked]:
        """Take what comes of a head; once its crossing is done, what was released of it says how it changes."""
        asked = self._take(effects)
        summary = self._head.summary
        if summary is None or summary.done:
            self._head_is_over = True
            released = self.taken()
            self.edits = joined(self.edits, self._head.edits(released)) if summary is not None else self.edits
        return asked

    def _take(self, effects: Effects) -> list[Asked]:
        asked: list[Asked] = []
        for effect in effects:
            match effect:
                case Release(payload=bytes() as octets):
                    self._released.append(octets)
                case Release():
                    raise TypeError("rows were released of a body")
                case Refuse(refusal=refusal):
                    self.refusal = refusal
                    self._released.clear()
                case Record() | Resolve():
                    asked.append(effect)
        return asked
