"""One direction on its way: its head, which crosses first, and then its body, if there is one.

The rule: each is driven like a `Crossing`, and nothing of either is released but by one. A body begins its crossing with its first
octet, so that none costs nothing; what is the gate's own words is no body of a service's, and passes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from ringfence.crossing import Crossing, Effects, Ending, Release, Reply
from ringfence.crossing.crossing import Summary
from ringfence.gates.http.edits import OF_THE_OCTETS, HeadEdits
from ringfence.gates.http.failing import LONGEST, is_own
from ringfence.gates.http.harmless import Harmless
from ringfence.gates.http.heads import HeadCarrier, Kind, Part, as_text, payload_of, values_of
from ringfence.policy import Plan

_OF_THE_OCTETS: Final = frozenset(OF_THE_OCTETS)


class HeadPassage:
    """The head of one direction on its way. Driven like a `Crossing`; `edits` says what has come of it."""

    def __init__(
        self,
        parts: list[Part],
        begin: Callable[[datetime, HeadCarrier], Crossing],
        harmless: Harmless | None = None,
        under: str = "",
        *,
        refused: bool = False,
    ) -> None:
        self._parts = parts
        self._begin = begin
        self._harmless = harmless  # None: all of it is looked at
        self._under = under  # what it is judged by
        self._refused = refused  # whether its crossing refuses, whatever stands in it
        self._crossing: Crossing | None = None

    @property
    def summary(self) -> Summary | None:
        """What has come of it so far; None where there is nothing in it to look at."""
        return self._crossing.summary if self._crossing is not None else None

    def start(self, at: datetime) -> Effects:
        """Take the head."""
        if self._harmless is not None:
            self._parts = self._harmless.others(self._parts, self._under)
        payload = payload_of(self._parts)
        if not payload and not self._refused:
            return ()
        self._crossing = self._begin(at, HeadCarrier(self._parts))
        taken = [*self._crossing.start(), *self._crossing.feed(payload, at)]
        taken += self._crossing.end(Ending.COMPLETE, at)
        summary = self._crossing.summary
        if self._harmless is not None and summary.done and not summary.recorded:
            self._harmless.learn(self._parts, self._under)
        return taken

    def answer(self, reply: Reply, at: datetime) -> Effects:
        """Take the answer to a `Record` or `Resolve`."""
        return self._crossing.answer(reply, at) if self._crossing is not None else ()

    def edits(self, released: bytes) -> HeadEdits:
        """Say what changes in the head, of which this was released."""
        values = values_of(released, self._parts)
        new = list(zip(self._parts, values, strict=True))
        gone = {part.name for part, value in new if value != part.raw and part.kind is Kind.NAME}
        new = [(part, value) for part, value in new if part.kind is not Kind.NAME and part.name not in gone]
        changed = {part.name for part, value in new if value != part.raw and part.name}
        if changed & _OF_THE_OCTETS:  # what was computed from octets cannot be changed
            new = [(part, value) for part, value in new if part.name not in _OF_THE_OCTETS]
        targets = {part.kind: value for part, value in new if part.kind in (Kind.PATH, Kind.QUERY)}
        is_target = any(part.kind is Kind.QUERY and value != part.raw for part, value in new)
        target = as_text(targets.get(Kind.PATH, b"") + b"?" + targets.get(Kind.QUERY, b""))
        return HeadEdits(
            ((":path", target),) if is_target else (),
            tuple(sorted(changed | gone)),
            tuple((part.name, as_text(value)) for part, value in new if part.name in changed),
        )


class Passage:
    """One direction: a body, or none, on its way. Driven like a `Crossing`, which it begins with the first octet of a body."""

    def __init__(
        self,
        plan: Plan,
        head: HeadPassage,
        begin: Callable[[datetime], Crossing],
        *,
        ends: bool,
        own_status: int | None = None,
    ) -> None:
        self.plan = plan
        self.head = head
        self.is_over = ends  # nothing more of it comes
        self._begin = begin
        self._crossing: Crossing | None = None
        self._own_status = own_status  # of a body that may be the gate's own words; None where it is not
        self._held = b""  # of such a body, until that is known
        self.is_own = False  # it was: nobody else has answered

    @property
    def summary(self) -> Summary | None:
        """What has come of the body so far; None where there is none."""
        return self._crossing.summary if self._crossing is not None else None

    @property
    def held(self) -> int:
        """How many octets of the body are held."""
        return len(self._held) + (self._crossing.held if self._crossing is not None else 0)

    def feed(self, piece: bytes, at: datetime) -> Effects:
        """Take the next piece of the body."""
        if not piece:
            return ()
        if self._own_status is not None:
            self._held += piece
            if len(self._held) <= LONGEST:
                return ()
            piece, self._held, self._own_status = self._held, b"", None
        if self._crossing is None:
            self._crossing = self._begin(at)
            refused = self._crossing.start()
            if refused:
                return refused
        return self._crossing.feed(piece, at)

    def answer(self, reply: Reply, at: datetime) -> Effects:
        """Take the answer to a `Record` or `Resolve`."""
        return self._crossing.answer(reply, at) if self._crossing is not None else ()

    def end(self, how: Ending, at: datetime) -> Effects:
        """Take the end of the body."""
        self.is_over = True
        held, self._held = self._held, b""
        if held and self._own_status is not None and is_own(self._own_status, held):
            self.is_own = True
            return [Release(held)]
        self._own_status = None
        taken = self.feed(held, at)
        return [*taken, *self._crossing.end(how, at)] if self._crossing is not None else ()
