"""One client's session: what it sends, what the server answers, and the order in which both go on.

The rule: messages are taken in their order, at once where what they mean is known, and all that came in one piece goes on in one
write. What has to be waited for (the parser's child, a tree, the ledger) is one coroutine for each direction, and what comes
meanwhile waits, bounded. Nothing of a result goes to the client but through `results`, nothing of a statement to the server but
through `querying` and `extended`.

    client ──▶ ClientEnd ──▶ client_frames ──▶ [up]   ──▶ ServerEnd ──▶ server
    client ◀── ClientEnd ◀── [down] ◀── server_frames ◀── ServerEnd ◀── server        `pending` says what each answer is to
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ringfence.access import Principal
from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.asides import Client, take_aside
from ringfence.gates.postgres.awaited import (
    ERROR,
    NOTICE,
    NOTIFICATION,
    POISON,
    STATUS,
    Asked,
    Slow,
)
from ringfence.gates.postgres.sending import Sending

if TYPE_CHECKING:
    from ringfence.gates.postgres.ends import ServerEnd
    from ringfence.gates.postgres.results import Flowing
    from ringfence.gates.postgres.shared import Shared
    from ringfence.gates.postgres.standing import Standing
    from ringfence.gates.postgres.statements import Portal, Statement

ClientFrame = tuple[int, bytes, int]
ServerFrame = tuple[int, bytes, int]

MOST_WAITING = 256 * 1024  # bytes that wait in one direction before its sender is held back
IDLE = ord("I")
IN_TRANSACTION = ord("T")

_ASIDE = frozenset({ERROR, NOTICE, NOTIFICATION, STATUS})  # what may come at any time
_SYNC = ord("S")
_TERMINATE = ord("X")


class Session(Sending):
    """A client, its upstream session, and what each has under way."""

    def __init__(
        self, shared: "Shared", client: Client, server: "ServerEnd", principal: Principal, standing: "Standing"
    ) -> None:
        super().__init__(shared, client, server, principal, standing)
        self.process = 0  # with `secret`, what cancels upstream
        self.secret = b""
        self.cancel_key = (0, b"")
        self.told_client: dict[str, str] = {}  # what the client says of itself: recorded after scrubbing
        self.statements: dict[bytes, Statement] = {}
        self.portals: dict[bytes, Portal] = {}
        self.status = IDLE
        self.failures = 0  # errors that the server sent
        self.deaf = False  # what comes until the next ReadyForQuery is not for the client
        self.poisoned = False  # a result was refused in a transaction block, which has to end as failed
        self.open_results: set[Flowing] = set()
        self.tools_ready = False  # the gate's own statements are prepared
        self.questions_ready = False  # and those that ask about the catalogue
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._steps: dict[int, Callable[[bytes, int], Slow | None]] = {}
        self._inbox: deque[ClientFrame] = deque()
        self._inbox_size = 0
        self._arrived: asyncio.Future[None] | None = None
        self._busy = False
        self._spoke = True
        self._told_why = False  # the server's last word was a fatal error, which the client was told
        self._backlog: deque[ServerFrame] = deque()
        self._backlog_size = 0
        self._holding = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.last_active = shared.loop_time()

    def listen(self, steps: dict[int, Callable[[bytes, int], Slow | None]]) -> None:
        """Say what is done with each kind of message of the client's."""
        self._steps = steps

    # ---------------------------------------------------------------- from the client

    @property
    def busy(self) -> bool:
        """Whether something of the client's is waited for."""
        return self._busy

    def idle_since(self, now: float) -> float:
        """Give for how many seconds the client has said nothing, while nothing is under way."""
        if self._spoke or self._busy or self.pending:
            self._spoke = False
            self.last_active = now
        return now - self.last_active

    def client_frames(self, frames: Sequence[ClientFrame]) -> None:
        """Take whole messages of the client's."""
        self._spoke = True
        if self._busy:
            self._keep_waiting(frames)
            return
        self._take_client(frames)

    def _keep_waiting(self, frames: Sequence[ClientFrame]) -> None:
        self._inbox.extend(frames)
        self._inbox_size += sum(len(frame) for _, frame, _ in frames)
        if self._inbox_size > MOST_WAITING:
            self.client.hold_back("inbox")
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def _take_client(self, frames: Sequence[ClientFrame]) -> None:
        for number, (letter, frame, count) in enumerate(frames):
            if not self._take_one(letter, frame, count):
                self._keep_waiting(frames[number + 1 :])
                return
        self.flush_up()

    def _take_one(self, letter: int, frame: bytes, count: int) -> bool:
        """Take a message; say whether the next may be taken at once."""
        if self.skipping and letter not in (_SYNC, _TERMINATE):
            return True
        step = self._steps.get(letter)
        if step is None:
            self.refuse_protocol("a message that a client does not send here")
            return False
        try:
            slow = step(frame, count)
        except (ValueError, IndexError):  # a name without its end, a number cut off
            self.refuse_protocol("a message that is not whole")
            return False
        if slow is not None:
            self._busy = True
            self.flush_up()
            self._run(slow, self._client_goes_on)
            return False
        return not self.over

    def _client_goes_on(self) -> None:
        self._busy = False
        self.flush_down()
        while self._inbox:
            letter, frame, count = self._inbox.popleft()
            self._inbox_size -= len(frame)
            if not self._take_one(letter, frame, count):
                break
        else:
            self.flush_up()
        if self._inbox_size <= MOST_WAITING:
            self.client.let_go("inbox")

    async def more_from_client(self, until: "asyncio.Future[None]") -> list[ClientFrame]:
        """Give the messages that came meanwhile, waiting for one: for a copy, whose data a slow step takes itself.

        Gives none where `until` is done before one comes.
        """
        while not self._inbox and not until.done():
            self._arrived = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._arrived, until), return_when=asyncio.FIRST_COMPLETED)
            self._arrived = None
            self.check_alive()
        frames = list(self._inbox)
        self._inbox.clear()
        self._inbox_size = 0
        self.client.let_go("inbox")
        return frames

    def give_back(self, frames: Sequence[ClientFrame]) -> None:
        """Put messages back that a slow step did not take."""
        self._inbox.extendleft(reversed(frames))
        self._inbox_size += sum(len(frame) for _, frame, _ in frames)

    # ---------------------------------------------------------------- from the server

    def server_frames(self, frames: Sequence[ServerFrame]) -> None:
        """Take whole messages of the server's."""
        if self._holding:
            self._keep_back(frames)
            return
        self._take_server(frames)

    def _keep_back(self, frames: Sequence[ServerFrame]) -> None:
        self._backlog.extend(frames)
        self._backlog_size += sum(len(frame) for _, frame, _ in frames)
        if self._backlog_size > MOST_WAITING:
            self.server.hold_back("backlog")

    def _take_server(self, frames: Sequence[ServerFrame]) -> None:
        for number, (letter, frame, count) in enumerate(frames):
            if not self._hear_one(letter, frame, count):
                self._keep_back(frames[number + 1 :])
                return
        self._heard_all()

    def _heard_all(self) -> None:
        self.flush_down()
        if not self.pending:
            self.became_quiet()

    def _hear_one(self, letter: int, frame: bytes, count: int) -> bool:
        """Take a message of the server's; say whether the next may be taken at once."""
        slow: Slow | None = None
        if letter in _ASIDE:
            if letter == ERROR:
                slow = self._failed(frame)
            else:
                take_aside(self, letter, frame)
        elif self.pending:
            slow = self.pending[0].take(self, letter, frame, count)
        else:
            slow = self.unexpected(letter)
        if self.deaf and letter != STATUS:
            self.down.clear()
        if slow is not None:
            self._holding = True
            self.flush_down()
            self._run(slow, self._server_goes_on)
            return False
        return not self.over

    def _server_goes_on(self) -> None:
        self._holding = False
        self.flush_down()
        while self._backlog:
            letter, frame, count = self._backlog.popleft()
            self._backlog_size -= len(frame)
            if not self._hear_one(letter, frame, count):
                break
        else:
            self._heard_all()
        if self._backlog_size <= MOST_WAITING:
            self.server.let_go("backlog")

    def _failed(self, frame: bytes) -> Slow | None:
        """Take an error: tell it, and drop what the server passes over."""
        pending = self.pending
        if not pending:
            self._told_why = errors.is_fatal(frame)
            self.down.append(self.told(frame, withhold=False))
            return None
        head = pending[0]
        self.failures += 1
        self._told_why = errors.is_fatal(frame)
        told = head.failed(self, frame)
        if not head.ends:
            dropped = []
            while pending and not pending[0].ends:
                dropped.append(pending.popleft())
            for each in reversed(dropped):
                each.undo(self)
            if not pending:
                self.skipping = True
        if isinstance(told, bytes):
            if told:
                self.down.append(told)
            return None
        return told

    def unexpected(self, letter: int) -> Slow | None:
        """End the session: the server sent what no question of this session has for an answer. Gives None: nothing is to come."""
        self.fail(f"the server sent a message out of its turn ({chr(letter)!r})")
        return None

    def ready(self, frame: bytes, *, tell: bool = True) -> Slow | None:
        """Take ReadyForQuery."""
        self.status = frame[5]
        self.deaf = False
        if self.poisoned:
            self.poisoned = False
            if tell and self.status == IN_TRANSACTION and not self.pending:
                self.up.append(speaking.FAILING_QUERY)
                self.pending.append(POISON)
                self.flush_up()
                return None
        if tell:
            self.down.append(frame)
        if self.status == IDLE:
            if self.changed:
                self.end_of_change(is_all=not self.pending)
            if self.stated.is_open:
                self.stated.end(self)
        return None

    def go_deaf(self, *, ends: bool) -> None:
        """Behave as after an error, which the server knows nothing of: nothing more is told until the next ReadyForQuery."""
        self.flush_down()
        self.poisoned = True
        if ends:
            return
        self.deaf = True
        if not any(each.ends for each in self.pending):
            self.skipping = True

    # ---------------------------------------------------------------- the end

    def _run(self, slow: Slow, then: Callable[[], None]) -> None:
        task = asyncio.get_running_loop().create_task(slow)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ran(done, then))

    def _ran(self, task: "asyncio.Task[None]", then: Callable[[], None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if self.over:
            return
        if error is not None:
            self.shared.trouble(error)
            self.fail(f"internal error ({type(error).__name__})")
            return
        try:
            then()
        except Exception as broken:  # noqa: BLE001 (the rim: whatever broke, nothing passes)
            self.shared.trouble(broken)
            self.fail(f"internal error ({type(broken).__name__})")

    def refuse_protocol(self, what: str) -> None:
        """End the session: the client broke the protocol."""
        self.end(errors.error(errors.PROTOCOL_VIOLATION, f"ringfence: {what}", fatal=True))

    def fail(self, what: str) -> None:
        """End the session: something is wrong that is not the client's fault."""
        self.end(errors.error("XX000", f"ringfence: {what}", hint="look at the gate's log", fatal=True))

    def end(self, last: bytes = b"") -> None:
        """End the session; `last` is told to the client."""
        if self.over:
            return
        self.over = True
        self.flush_down()  # whole messages, all of them released
        if last:
            self.client.write(last)
        self.client.finish()
        self.server.finish(speaking.TERMINATE)
        for each in self.pending:
            if isinstance(each, Asked):
                each.undo(self)
        self.became_quiet()
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
        for task in list(self._tasks):
            task.cancel()
        leftovers = list(self.open_results)
        self.open_results.clear()
        self.shared.end_session(self, leftovers)
        if not self.ended.done():
            self.ended.set_result(None)

    def server_lost(self) -> None:
        """Take the end of the server's connection. Where the server has said why, its word is the last."""
        if self._told_why:
            self.end()
            return
        self.end(
            errors.error(
                errors.CONNECTION_FAILURE,
                "ringfence: the server closed the connection",
                hint="connect again",
                fatal=True,
            )
        )

    def client_lost(self) -> None:
        """Take the end of the client's connection."""
        self.end()
