"""What a session remembers of its statements and portals, and how that stays what the server has.

The rule: a name is looked up as the server would look it up *when it comes to the message*. Messages are answered late, and a
failed one takes all up to the next Sync with it, so: every change of a name can be undone, in reverse, when the server drops the
message that made it; a message that relies on a name whose making is not confirmed and stands before an earlier Sync waits; and a
name that is in use is only made anew while nothing else is under way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ringfence.gates.postgres.awaited import Awaited
from ringfence.sql.model import Analysis, RawStatement

if TYPE_CHECKING:
    from ringfence.gates.postgres.awaited import Slow
    from ringfence.gates.postgres.cache import Hot, Key
    from ringfence.gates.postgres.session import Session
    from ringfence.gates.postgres.standing import Standing
    from ringfence.gates.postgres.verdicts import Verdict

_PARSED = ord("1")
_BOUND = ord("2")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as RowDescription gives it."""

    name: str
    table: int
    attribute: int
    type: int
    modifier: int


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was found out about one statement under one key."""

    raw: RawStatement
    text: bytes  # the statement's own, as it may run
    analysis: Analysis
    columns: tuple[Column, ...] = ()
    parameters: tuple[int, ...] = ()  # types
    key: "Key | None" = None
    traced: bool = False
    verdicts: dict["Standing", "Verdict"] = field(default_factory=dict, repr=False)


class Statement(Awaited):
    """A prepared statement; also what waits for its ParseComplete."""

    __slots__ = ("confirmed", "hot", "is_of_sql", "name", "old", "segment", "verdict")

    def __init__(self, name: bytes, verdict: "Verdict", hot: "Hot", segment: int, old: "Statement | None") -> None:
        self.is_of_sql = False  # PREPARE made it
        self.name = name
        self.verdict = verdict
        self.hot = hot  # under which its verdict was found: another one means that it has to be looked at again
        self.segment = segment
        self.old = old
        self.confirmed = False

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass ParseComplete on."""
        if letter != _PARSED:
            return session.unexpected(letter)
        self.confirmed = True
        self.old = None
        session.pending.popleft()
        session.down.append(frame)
        return None

    def put_back(self, session: "Session") -> None:
        """Know it again: the server did not close it."""
        session.statements.setdefault(self.name, self)

    def undo(self, session: "Session") -> None:
        """Forget it: the server did not make it."""
        if session.statements.get(self.name) is self:
            if self.old is None:
                del session.statements[self.name]
            else:
                session.statements[self.name] = self.old


class Portal(Awaited):
    """A portal: a statement with its values; also what waits for its BindComplete."""

    __slots__ = ("bind", "confirmed", "held", "hot", "name", "old", "segment", "verdict")

    def __init__(
        self,
        name: bytes,
        verdict: "Verdict",
        bind: bytes,
        hot: "Hot",
        segment: int,
        old: "Portal | None",
        *,
        held: bool = False,
    ) -> None:
        self.hot = hot  # under which its verdict was found
        self.name = name
        self.verdict = verdict
        self.bind = bind  # the Bind message, for its result formats; b"" for a cursor of SQL
        self.segment = segment
        self.old = old
        self.held = held  # a cursor WITH HOLD: outlives its transaction
        self.confirmed = False

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass BindComplete on."""
        if letter != _BOUND:
            return session.unexpected(letter)
        self.confirmed = True
        self.old = None
        session.pending.popleft()
        session.down.append(frame)
        return None

    def put_back(self, session: "Session") -> None:
        """Know it again: the server did not close it."""
        session.portals.setdefault(self.name, self)

    def undo(self, session: "Session") -> None:
        """Forget it: the server did not make it."""
        if session.portals.get(self.name) is self:
            if self.old is None:
                del session.portals[self.name]
            else:
                session.portals[self.name] = self.old


def result_formats(bind: bytes, width: int) -> Sequence[int]:
    """Read from a Bind message in which format (0 text, 1 binary) each column comes."""
    if not bind:
        return [0] * width
    at = bind.index(b"\0", bind.index(b"\0", 5) + 1) + 1
    formats = int.from_bytes(bind[at : at + 2], "big")
    at += 2 + 2 * formats
    values = int.from_bytes(bind[at : at + 2], "big")
    at += 2
    for _ in range(values):
        length = int.from_bytes(bind[at : at + 4], "big", signed=True)
        at += 4 + max(length, 0)
    count = int.from_bytes(bind[at : at + 2], "big")
    given = [int.from_bytes(bind[at + 2 + 2 * n : at + 4 + 2 * n], "big") for n in range(count)]
    if count <= 1:
        return (given or [0]) * width
    return given
