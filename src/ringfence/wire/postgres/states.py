"""What may come when: everything that has to do with the order of messages is in this file, and nothing else is.

The rule: two tables. `CLIENT` says what a client may send in which phase, `SERVER` what a server may answer to what it was sent.
What neither table has is a `RemoteError`: a gate never guesses what a message out of order was meant to answer.

The theory. A client may send any number of requests before it reads an answer; the server answers in that order. So what was
sent stands in a queue, and each message of the server is an answer to its head (or nobody's: notices, notifications, settings).
An error in the extended protocol makes the server skip everything up to the next Sync: those requests leave the queue unanswered.
Between them stand answers that the gate gives itself; each has its turn, and is skipped as a request would be.

A copy from the client is the one place where what a message *means* depends on what the server did meanwhile: while it copies,
the server swallows a Sync, and when the copy has failed it answers it. Whoever sends on without waiting cannot know which. So
behind a request that was announced as such a copy nothing is sent until the server has begun the copy or refused it; then Sync
and Flush are swallowed here. Data that comes when no copy goes on is swallowed too, as the server does: the client had not yet
heard that its copy failed. A copy that was not announced, and one in both directions, are refused: nobody looked at them.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from enum import Enum, IntEnum, auto
from typing import Generic, TypeVar

from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.kinds import FromClient, FromServer

N = TypeVar("N")


class Phase(IntEnum):
    """Where a client stands."""

    OPENING = auto()
    AUTHENTICATING = auto()
    OPEN = auto()
    COPYING = auto()  # its data are awaited
    SKIPPING = auto()  # up to its next Sync
    CLOSED = auto()


class Way(Enum):
    """What to do with a client's message."""

    TAKE = auto()  # it is to be judged, and sent or answered
    WAIT = auto()  # keep it and everything behind it, until `Exchange.must_wait` is over
    IGNORE = auto()  # the server would not look at it


class Copy(Enum):
    """Which copy a request was found to be."""

    NONE = auto()
    IN = auto()  # COPY ... FROM STDIN
    OUT = auto()  # COPY ... TO STDOUT


class Stage(IntEnum):
    """How far the answer to a request has come."""

    STARTUP = auto()
    STARTED = auto()
    QUERY = auto()
    QUERY_ROWS = auto()
    QUERY_COPYING_IN = auto()
    QUERY_COPIED_IN = auto()
    QUERY_COPYING_OUT = auto()
    QUERY_COPIED_OUT = auto()
    QUERY_MORE = auto()  # a statement is done; another may follow
    PARSE = auto()
    BIND = auto()
    CLOSE = auto()
    DESCRIBE = auto()
    DESCRIBED = auto()
    EXECUTE = auto()
    EXECUTE_COPYING_IN = auto()
    EXECUTE_COPIED_IN = auto()
    EXECUTE_COPYING_OUT = auto()
    EXECUTE_COPIED_OUT = auto()
    SYNC = auto()
    CALL = auto()
    CALLED = auto()
    FAILED = auto()  # only ReadyForQuery is left to come
    SKIPPED = auto()  # over; the server skips up to a Sync
    DONE = auto()


_C = FromClient
_S = FromServer
_MESSAGES = (_C.QUERY, _C.PARSE, _C.BIND, _C.DESCRIBE, _C.EXECUTE, _C.CLOSE, _C.FUNCTION_CALL, _C.FLUSH)
_DATA = (_C.COPY_DATA, _C.COPY_DONE, _C.COPY_FAIL)

CLIENT: Mapping[Phase, Mapping[int, tuple[Way, Phase]]] = {
    Phase.OPENING: {
        _C.SSL_REQUEST: (Way.TAKE, Phase.OPENING),
        _C.GSSENC_REQUEST: (Way.TAKE, Phase.OPENING),
        _C.CANCEL_REQUEST: (Way.TAKE, Phase.CLOSED),
        _C.STARTUP: (Way.TAKE, Phase.AUTHENTICATING),
    },
    Phase.AUTHENTICATING: {
        _C.PASSWORD: (Way.TAKE, Phase.AUTHENTICATING),
        _C.TERMINATE: (Way.TAKE, Phase.CLOSED),
    },
    Phase.OPEN: {
        **dict.fromkeys((*_MESSAGES, _C.SYNC), (Way.TAKE, Phase.OPEN)),
        **dict.fromkeys(_DATA, (Way.IGNORE, Phase.OPEN)),
        _C.TERMINATE: (Way.TAKE, Phase.CLOSED),
    },
    Phase.COPYING: {
        **dict.fromkeys(_DATA, (Way.TAKE, Phase.COPYING)),  # `Exchange.sent` ends the phase
        **dict.fromkeys((_C.SYNC, _C.FLUSH), (Way.IGNORE, Phase.COPYING)),
        _C.TERMINATE: (Way.TAKE, Phase.CLOSED),
    },
    Phase.SKIPPING: {
        **dict.fromkeys((*_MESSAGES, *_DATA), (Way.IGNORE, Phase.SKIPPING)),
        _C.SYNC: (Way.TAKE, Phase.OPEN),
        _C.TERMINATE: (Way.TAKE, Phase.CLOSED),
    },
    Phase.CLOSED: {},
}

_STAGES: Mapping[int, Stage] = {
    _C.STARTUP: Stage.STARTUP,
    _C.QUERY: Stage.QUERY,
    _C.PARSE: Stage.PARSE,
    _C.BIND: Stage.BIND,
    _C.CLOSE: Stage.CLOSE,
    _C.DESCRIBE: Stage.DESCRIBE,
    _C.EXECUTE: Stage.EXECUTE,
    _C.SYNC: Stage.SYNC,
    _C.FUNCTION_CALL: Stage.CALL,
}
_UNANSWERED = frozenset((_C.FLUSH, _C.COPY_DATA, _C.PASSWORD, _C.TERMINATE))

_STATEMENT: Mapping[int, Stage] = {
    _S.ROW_DESCRIPTION: Stage.QUERY_ROWS,
    _S.COMMAND_COMPLETE: Stage.QUERY_MORE,
    _S.EMPTY_QUERY_RESPONSE: Stage.QUERY_MORE,
    _S.COPY_IN_RESPONSE: Stage.QUERY_COPYING_IN,
    _S.COPY_OUT_RESPONSE: Stage.QUERY_COPYING_OUT,
    _S.ERROR_RESPONSE: Stage.FAILED,
}

SERVER: Mapping[Stage, Mapping[int, Stage]] = {
    Stage.STARTUP: {
        _S.AUTHENTICATION: Stage.STARTUP,
        _S.NEGOTIATE_PROTOCOL_VERSION: Stage.STARTUP,
        _S.ERROR_RESPONSE: Stage.DONE,
    },
    Stage.STARTED: {
        _S.BACKEND_KEY_DATA: Stage.STARTED,
        _S.READY_FOR_QUERY: Stage.DONE,
        _S.ERROR_RESPONSE: Stage.DONE,
    },
    Stage.QUERY: _STATEMENT,
    Stage.QUERY_MORE: {**_STATEMENT, _S.READY_FOR_QUERY: Stage.DONE},
    Stage.QUERY_ROWS: {
        _S.DATA_ROW: Stage.QUERY_ROWS,
        _S.COMMAND_COMPLETE: Stage.QUERY_MORE,
        _S.ERROR_RESPONSE: Stage.FAILED,
    },
    Stage.QUERY_COPYING_IN: {_S.ERROR_RESPONSE: Stage.FAILED},
    Stage.QUERY_COPIED_IN: {_S.COMMAND_COMPLETE: Stage.QUERY_MORE, _S.ERROR_RESPONSE: Stage.FAILED},
    Stage.QUERY_COPYING_OUT: {
        _S.COPY_DATA: Stage.QUERY_COPYING_OUT,
        _S.COPY_DONE: Stage.QUERY_COPIED_OUT,
        _S.ERROR_RESPONSE: Stage.FAILED,
    },
    Stage.QUERY_COPIED_OUT: {_S.COMMAND_COMPLETE: Stage.QUERY_MORE, _S.ERROR_RESPONSE: Stage.FAILED},
    Stage.PARSE: {_S.PARSE_COMPLETE: Stage.DONE, _S.ERROR_RESPONSE: Stage.SKIPPED},
    Stage.BIND: {_S.BIND_COMPLETE: Stage.DONE, _S.ERROR_RESPONSE: Stage.SKIPPED},
    Stage.CLOSE: {_S.CLOSE_COMPLETE: Stage.DONE, _S.ERROR_RESPONSE: Stage.SKIPPED},
    Stage.DESCRIBE: {
        _S.PARAMETER_DESCRIPTION: Stage.DESCRIBED,
        _S.ROW_DESCRIPTION: Stage.DONE,
        _S.NO_DATA: Stage.DONE,
        _S.ERROR_RESPONSE: Stage.SKIPPED,
    },
    Stage.DESCRIBED: {
        _S.ROW_DESCRIPTION: Stage.DONE,
        _S.NO_DATA: Stage.DONE,
        _S.ERROR_RESPONSE: Stage.SKIPPED,
    },
    Stage.EXECUTE: {
        _S.DATA_ROW: Stage.EXECUTE,
        _S.COMMAND_COMPLETE: Stage.DONE,
        _S.EMPTY_QUERY_RESPONSE: Stage.DONE,
        _S.PORTAL_SUSPENDED: Stage.DONE,
        _S.COPY_IN_RESPONSE: Stage.EXECUTE_COPYING_IN,
        _S.COPY_OUT_RESPONSE: Stage.EXECUTE_COPYING_OUT,
        _S.ERROR_RESPONSE: Stage.SKIPPED,
    },
    Stage.EXECUTE_COPYING_IN: {_S.ERROR_RESPONSE: Stage.SKIPPED},
    Stage.EXECUTE_COPIED_IN: {_S.COMMAND_COMPLETE: Stage.DONE, _S.ERROR_RESPONSE: Stage.SKIPPED},
    Stage.EXECUTE_COPYING_OUT: {
        _S.COPY_DATA: Stage.EXECUTE_COPYING_OUT,
        _S.COPY_DONE: Stage.EXECUTE_COPIED_OUT,
        _S.ERROR_RESPONSE: Stage.SKIPPED,
    },
    Stage.EXECUTE_COPIED_OUT: {_S.COMMAND_COMPLETE: Stage.DONE, _S.ERROR_RESPONSE: Stage.SKIPPED},
    Stage.SYNC: {_S.READY_FOR_QUERY: Stage.DONE, _S.ERROR_RESPONSE: Stage.FAILED},  # a commit that fails, too
    Stage.CALL: {_S.FUNCTION_CALL_RESPONSE: Stage.CALLED, _S.ERROR_RESPONSE: Stage.FAILED},
    Stage.CALLED: {_S.READY_FOR_QUERY: Stage.DONE, _S.ERROR_RESPONSE: Stage.FAILED},
    Stage.FAILED: {_S.READY_FOR_QUERY: Stage.DONE},
}

_NOBODYS = frozenset((_S.NOTICE_RESPONSE, _S.NOTIFICATION_RESPONSE, _S.PARAMETER_STATUS))
_COPYING_IN = frozenset((Stage.QUERY_COPYING_IN, Stage.EXECUTE_COPYING_IN))
_COPIED_IN = {Stage.QUERY_COPYING_IN: Stage.QUERY_COPIED_IN, Stage.EXECUTE_COPYING_IN: Stage.EXECUTE_COPIED_IN}
_COPIES: Mapping[int, Copy] = {_S.COPY_IN_RESPONSE: Copy.IN, _S.COPY_OUT_RESPONSE: Copy.OUT}
# The names that every message asks for, looked up once: with the enums' own, a prepared query costs 11 µs here instead of 4.
_TERMINATE = int(_C.TERMINATE)
_SSL_REQUEST = int(_C.SSL_REQUEST)
_GSSENC_REQUEST = int(_C.GSSENC_REQUEST)
_COPY_DONE = int(_C.COPY_DONE)
_COPY_FAIL = int(_C.COPY_FAIL)
_SYNC = int(_C.SYNC)
_ENCRYPTION = (_SSL_REQUEST, _GSSENC_REQUEST)
_ENDS = (_COPY_DONE, _COPY_FAIL)
_ERROR = int(_S.ERROR_RESPONSE)
_OPEN = Phase.OPEN
_DONE, _SKIPPED, _FAILED = Stage.DONE, Stage.SKIPPED, Stage.FAILED


class Request(Generic[N]):
    """What was sent to the server, and how far its answer has come. `note` is the sender's own.

    `dropped` are the requests behind it, and answers of the gate's own, that its error made the server skip.
    """

    __slots__ = ("awaited", "copy", "dropped", "kind", "note", "stage")

    def __init__(self, kind: int, note: N, stage: Stage, copy: Copy) -> None:
        self.awaited = copy is Copy.IN  # the server has neither begun nor refused the copy
        self.kind = kind
        self.note = note
        self.stage = stage
        self.copy = copy
        self.dropped: Sequence[Request[N]] = ()

    @property
    def is_finished(self) -> bool:
        """Whether no message will answer it any more."""
        return self.stage is _DONE or self.stage is _SKIPPED

    def __repr__(self) -> str:
        return f"<request of kind {self.kind}, {self.stage.name}>"


_OWN = 0  # the kind of an answer that the gate gives itself


class Exchange(Generic[N]):
    """The order of one session's messages: a client in front, a server behind, a gate between them that drives this."""

    def __init__(self) -> None:
        self._phase = Phase.OPENING
        self._asked: set[int] = set()  # kinds of encryption that were asked for
        self._queue: deque[Request[N]] = deque()
        self._server_skips = False

    @property
    def phase(self) -> Phase:
        """Where the client stands."""
        return self._phase

    @property
    def pending(self) -> int:
        """How many answers are still to come. A gate that reads on only while this is small has bounded memory."""
        return len(self._queue)

    @property
    def server_skips(self) -> bool:
        """Whether the server looks at nothing before it gets a Sync."""
        return self._server_skips

    @property
    def must_wait(self) -> bool:
        """Whether nothing may be sent before the server has begun or refused a copy from the client."""
        return bool(self._queue) and self._queue[-1].awaited

    def came(self, kind: int) -> Way:
        """Say what to do with a client's message. One that it may not send now is a `RemoteError`."""
        if self.must_wait and self._phase is _OPEN and kind != _TERMINATE:
            return Way.WAIT
        step = CLIENT[self._phase].get(kind)
        if step is None or kind in self._asked:
            raise RemoteError(f"a client sent a message of kind {kind} while {self._phase.name.lower()}")
        if kind in _ENCRYPTION:
            self._asked.add(kind)
        way, self._phase = step
        return way

    def admit(self) -> None:
        """Say that the client is known: it may send statements now."""
        if self._phase is not Phase.AUTHENTICATING:
            raise LocalError("only a client that authenticates can be admitted")
        self._phase = Phase.OPEN

    def sent(self, kind: int, note: N, copy: Copy = Copy.NONE) -> None:
        """Say that a message was sent to the server, be it the client's or the gate's own."""
        if kind in _UNANSWERED:
            return
        head = self._queue[0] if self._queue else None
        if kind in _ENDS:
            if head is None or head.stage not in _COPYING_IN:
                raise LocalError("a copy was ended that does not go on")
            head.stage = _COPIED_IN[head.stage]
            self._phase = Phase.OPEN if self._phase is Phase.COPYING else self._phase
            return
        if self.must_wait or (head is not None and head.stage in _COPYING_IN):
            raise LocalError("something was sent behind a copy that is not over: see `must_wait`")
        if self._server_skips and kind != _SYNC:
            raise LocalError("something was sent that the server skips: send Sync first")
        stage = _STAGES.get(kind)
        if stage is None:
            raise LocalError(f"a message of kind {kind} is not one that stands in a session's queue")
        self._server_skips = False
        self._queue.append(Request(kind, note, stage, copy))

    def owes(self, note: N) -> None:
        """Say that the gate gives the next answer itself, when all that was sent before is answered: see `due`."""
        self._queue.append(Request(_OWN, note, _DONE, Copy.NONE))

    def refuses(self, note: N) -> None:
        """The same of an error in the extended protocol: what the client sends up to its next Sync is ignored."""
        self.owes(note)
        self._phase = Phase.SKIPPING

    def due(self) -> list[N]:
        """Give the notes of the answers whose turn has come. To be asked after `owes`, `refuses` and `received`."""
        notes: list[N] = []
        while self._queue and self._queue[0].kind == _OWN:
            notes.append(self._queue.popleft().note)
        return notes

    def authenticated(self) -> None:
        """Say that the server has accepted who asks: what follows is what it says of the session."""
        if not self._queue or self._queue[0].stage is not Stage.STARTUP:
            raise LocalError("no session is being opened")
        self._queue[0].stage = Stage.STARTED

    def received(self, kind: int) -> Request[N] | None:
        """Say that a message came from the server; give the request that it answers, None where it answers none.

        A message that cannot come now is a `RemoteError`.
        """
        if kind in _NOBODYS:
            return None
        if not self._queue:
            if kind == _ERROR:  # the server ends the session
                return None
            raise RemoteError(f"the server sent a message of kind {kind} that answers nothing")
        request = self._queue[0]
        stage = SERVER[request.stage].get(kind) if request.kind != _OWN else None
        if stage is None or (kind in _COPIES and _COPIES[kind] is not request.copy):
            raise RemoteError(f"the server sent a message of kind {kind} as an answer to {request!r}")
        if stage in _COPYING_IN:
            self._phase = Phase.COPYING if self._phase is _OPEN else self._phase
        elif request.stage in _COPYING_IN and self._phase is Phase.COPYING:
            self._phase = Phase.OPEN
        request.stage = stage
        if stage in _COPYING_IN or stage is _FAILED:
            request.awaited = False
        if stage is _DONE:
            self._queue.popleft()
        elif stage is _SKIPPED:
            self._queue.popleft()
            self._skip(request)
        return request

    def _skip(self, request: Request[N]) -> None:
        """Forget what the server skips: all up to the first Sync, or up to one that is still to come."""
        dropped: list[Request[N]] = []
        while self._queue and self._queue[0].kind != _SYNC:
            dropped.append(self._queue.popleft())
        request.dropped = dropped
        self._server_skips = not self._queue
        if self._server_skips and self._phase is _OPEN:
            self._phase = Phase.SKIPPING
