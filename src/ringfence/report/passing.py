"""Entries put together into crossings: one `Passage` for each, with what came of it.

The rule: what was opened and never closed is shown as such (its counts are then the least that crossed), never left out. What is
still open is held, so their number is bounded: the oldest is given as open where there are too many.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.crossing.entries import CANARY_FLOW, CANARY_PRINCIPAL
from ringfence.gates.refusals import times_of
from ringfence.ledger import Entry, JsonValue

MOST_OPEN = 100_000

Body = Mapping[str, JsonValue]


class Outcome(StrEnum):
    """What came of a crossing."""

    CROSSED = "crossed"
    REFUSED = "refused"  # nothing passed
    CUT = "cut off"  # refused in the middle, or an end of it went away: what had been opened may have passed in part
    UNKNOWN = "outcome unknown"  # opened, and neither closed nor refused


@dataclass(frozen=True, slots=True)
class Finding:
    """A category in a crossing, and the form that the flow gives it."""

    category: str
    entity: str
    form: str
    rule: str
    how: str
    count: int


@dataclass(slots=True)
class Passage:
    """One crossing, out of its entries."""

    crossing: str
    outcome: Outcome
    last: int  # index of its last entry
    first: int
    at: str  # the time of its first entry
    body: Body = field(repr=False)  # of its last entry
    found: Sequence[Finding] = ()  # what passed, or may have; of a refused one what was found

    def text(self, key: str) -> str:
        """Give a string of the entry; "" where it has none."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""

    @property
    def times(self) -> int:
        """How many crossings it stands for: refusals that repeat are counted in one entry."""
        return times_of(self.body)

    @property
    def observed(self) -> bool:
        """Whether everything passed as it is."""
        return self.text("mode") == "observe"

    @property
    def client(self) -> str:
        """What the client says that it is."""
        client = self.body.get("client")
        name = client.get("application_name") if isinstance(client, Mapping) else None
        return name if isinstance(name, str) else ""

    @property
    def subjects(self) -> frozenset[str]:
        """The blind indexes of the people that it is about."""
        listed = self.body.get("subjects")
        return (
            frozenset(map(str, listed)) if isinstance(listed, Sequence) and not isinstance(listed, str) else frozenset()
        )

    @property
    def more_subjects(self) -> int:
        """How many more people it may be about, of whom no index is kept."""
        return _number(self.body.get("more_subjects"))


def passages(entries: Iterable[Entry]) -> Iterator[Passage]:
    """Put entries together. Entries that are of no crossing, counts among them, are passed over; so are the gates' canaries."""
    still: dict[str, Passage] = {}
    for entry in entries:
        body = entry.body
        kind = body.get("kind") if body is not None else None
        if body is None or kind not in _KINDS or _is_canary(body):
            continue
        name = str(body.get("crossing"))
        before = still.pop(name, None)
        now = _passage(entry, body, name, before)
        if now.outcome is not Outcome.UNKNOWN:
            yield now
            continue
        still[name] = now
        if len(still) > MOST_OPEN:
            yield still.pop(next(iter(still)))
    yield from still.values()


def _is_canary(body: Body) -> bool:
    return body.get("flow") == CANARY_FLOW and body.get("principal") == CANARY_PRINCIPAL


_KINDS = frozenset({"crossed", "opened", "widened", "closed", "refused"})


def _passage(entry: Entry, body: Body, name: str, before: Passage | None) -> Passage:
    found = findings(body)
    first, at = (before.first, before.at) if before is not None else (entry.index, str(body.get("at")))
    match body.get("kind"):
        case "crossed" | "closed":
            return Passage(name, Outcome.CROSSED, entry.index, first, at, body, found)
        case "refused" if before is not None:
            return Passage(name, Outcome.CUT, entry.index, first, at, body, before.found)
        case "refused":
            return Passage(name, Outcome.REFUSED, entry.index, first, at, body, found)
        case _:
            known = (*before.found, *found) if before is not None else found
            return Passage(name, Outcome.UNKNOWN, entry.index, first, at, body, known)


def findings(body: Body) -> tuple[Finding, ...]:
    """Read an entry's facts."""
    found = body.get("found")
    if not isinstance(found, Sequence) or isinstance(found, str):
        return ()
    return tuple(
        Finding(
            str(fact.get("category")),
            str(fact.get("entity") or ""),
            str(fact.get("form")),
            str(fact.get("rule")),
            str(fact.get("how")),
            _number(fact.get("count")),
        )
        for fact in found
        if isinstance(fact, Mapping)
    )


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
