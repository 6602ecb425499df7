"""What the server will answer to each message that was sent to it, in order.

The rule: a session's queue of these is the server's own: each message sent puts one in, each answer finished takes one out, an
error takes out all up to the next Sync. What the gate asks for itself stands in the same queue, so that answers can never be
mixed up.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, TypeAlias

from ringfence.gates.postgres import errors

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

Slow: TypeAlias = Coroutine[object, object, None]
"""What has to be waited for before the next message of this direction."""

PARSE_COMPLETE = ord("1")
BIND_COMPLETE = ord("2")
CLOSE_COMPLETE = ord("3")
DATA_ROW = ord("D")
COMMAND_COMPLETE = ord("C")
EMPTY_QUERY = ord("I")
ROW_DESCRIPTION = ord("T")
NO_DATA = ord("n")
PARAMETERS = ord("t")
SUSPENDED = ord("s")
READY = ord("Z")
ERROR = ord("E")
NOTICE = ord("N")
NOTIFICATION = ord("A")
STATUS = ord("S")
COPY_IN = ord("G")
COPY_OUT = ord("H")
COPY_BOTH = ord("W")
COPY_DATA = ord("d")
COPY_DONE = ord("c")


class Awaited(ABC):
    """One answer to come."""

    __slots__ = ()
    ends = False  # its answer ends with ReadyForQuery, which an error does not take away
    withholds = False  # its errors may quote what the client may not see

    @abstractmethod
    def take(self, session: "Session", letter: int, frame: bytes, count: int) -> "Slow | None":
        """Take a message of the server's (for rows, `count` of them in one piece); pop yourself after the last."""

    def failed(self, session: "Session", frame: bytes) -> "bytes | Slow":
        """Give what the client is told instead of this error; or what has to be waited for, which tells it."""
        return session.told(frame, withhold=self.conceals(session))

    def conceals(self, _session: "Session") -> bool:
        """Whether the words of an error or a notice that comes now may quote what the client may not see."""
        return self.withholds

    def undo(self, session: "Session") -> None:  # noqa: B027 (most do nothing in advance)
        """Take back what was done in advance: the server will never answer this."""


class Synced(Awaited):
    """The answer to a Sync."""

    __slots__ = ()
    ends = True

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass ReadyForQuery on."""
        if letter != READY:
            return session.unexpected(letter)
        session.pending.popleft()
        return session.ready(frame)

    def conceals(self, session: "Session") -> bool:
        """What comes when a transaction ends may be of any statement in it."""
        return not session.standing.shows_all


class SyncedQuietly(Synced):
    """The answer to a Sync of the gate's own."""

    __slots__ = ()

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Keep ReadyForQuery from the client."""
        if letter != READY:
            return session.unexpected(letter)
        session.pending.popleft()
        return session.ready(frame, tell=False)


class Described(Awaited):
    """The answer to a Describe."""

    __slots__ = ()

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass it on: names and types, no values."""
        if letter in (ROW_DESCRIPTION, NO_DATA):
            session.pending.popleft()
        elif letter != PARAMETERS:
            return session.unexpected(letter)
        session.down.append(frame)
        return None


class Poisoned(Synced):
    """The answer to a text that failed on purpose, so that the transaction block fails as the client was told."""

    __slots__ = ()

    def failed(self, session: "Session", frame: bytes) -> "bytes | Slow":
        """Say nothing: the refusal was told."""
        return session.told(frame, withhold=False) if errors.is_fatal(frame) else b""


POISON = Poisoned()
SYNCED = Synced()
SYNCED_QUIETLY = SyncedQuietly()
DESCRIBED = Described()


class Closed(Awaited):
    """The answer to a Close; `put_back` makes the session know again what was closed."""

    __slots__ = ("_put_back",)

    def __init__(self, put_back: "Callable[[Session], None] | None") -> None:
        self._put_back = put_back

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass CloseComplete on."""
        if letter != CLOSE_COMPLETE:
            return session.unexpected(letter)
        session.pending.popleft()
        session.down.append(frame)
        return None

    def undo(self, session: "Session") -> None:
        """It is still there."""
        if self._put_back is not None:
            self._put_back(session)


class Refused(Awaited):
    """The error of what was sent in the place of something refused."""

    __slots__ = ("_error", "ends")

    def __init__(self, error: bytes, *, ends: bool) -> None:
        self._error = error
        self.ends = ends

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Pass ReadyForQuery on; nothing else comes."""
        if letter != READY or not self.ends:
            return session.unexpected(letter)
        session.pending.popleft()
        return session.ready(frame)

    def failed(self, session: "Session", frame: bytes) -> "bytes | Slow":
        """Tell the refusal; where the connection itself ends, that."""
        return session.told(frame, withhold=False) if errors.is_fatal(frame) else self._error


class Answer:
    """What came back of a question of the gate's own: rows and descriptions in order, or the error that ended it."""

    __slots__ = ("dropped", "error", "frames", "reached", "trees")

    def __init__(self) -> None:
        self.frames: list[tuple[int, int, bytes]] = []  # (stage, letter, message)
        self.trees: list[tuple[int, str]] = []  # (stage, the tree's text)
        self.error: bytes = b""  # the server's ErrorResponse
        self.reached = 0  # how many of its messages were answered
        self.dropped = False  # a message before it failed, so the server passed over it

    @property
    def failed(self) -> bool:
        """Whether it was not answered whole."""
        return self.dropped or bool(self.error)


# How the answer to each message of a question ends, by the letter in its script.
_LAST = {
    "P": b"1",
    "B": b"2",
    "D": b"Tn",
    "E": b"CIs",
    "C": b"3",
    "S": b"Z",
}


class Asked(Awaited):
    """The answers to a question of the gate's own, as a script: one letter for each message sent. `S` may only stand last."""

    __slots__ = ("_script", "_stage", "answer", "done", "ends")

    def __init__(self, script: str) -> None:
        self._script = script
        self._stage = 0
        self.ends = script.endswith("S")
        self.answer = Answer()
        self.done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def take(self, session: "Session", letter: int, frame: bytes, _count: int) -> "Slow | None":
        """Keep what comes; nothing of it is for the client."""
        stage = self._script[self._stage]
        if letter == READY and stage != "S" and not self.answer.error:
            return session.unexpected(letter)
        if letter == READY:
            session.pending.popleft()
            slow = session.ready(frame, tell=False)
            self._finish()
            return slow
        if letter in (DATA_ROW, ROW_DESCRIPTION, PARAMETERS):
            self.answer.frames.append((self._stage, letter, frame))
        elif letter in (COPY_IN, COPY_OUT, COPY_BOTH):
            return session.unexpected(letter)
        if letter in _LAST[stage]:
            self._stage += 1
            self.answer.reached = self._stage
            if self._stage == len(self._script):
                session.pending.popleft()
                self._finish()
        return None

    def saw_tree(self, tree: str) -> None:
        """Keep a tree that the server sent while this was answered."""
        self.answer.trees.append((self._stage, tree))

    def failed(self, session: "Session", frame: bytes) -> "bytes | Slow":
        """Keep the error. Whoever asked tells the client, unless the connection ends."""
        self.answer.error = frame
        session.asked_in_vain = not self.ends
        if errors.is_fatal(frame):
            return session.told(frame, withhold=False)
        return b""

    def undo(self, _session: "Session") -> None:
        """Tell whoever asked."""
        if not self.answer.error:
            self.answer.dropped = True
        self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(self.answer)
