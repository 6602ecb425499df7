"""Keys by which clients cancel: those that the server gave for their sessions, or the gate's own where it gave none.

The rule: a key cancels what its own session runs and nothing else, and a wrong one is answered like a right one, with nothing. The
server's own are passed on, so that ``pg_backend_pid()`` and notifications name the number that the client knows, and so that a
worker which does not have the session can ask the server; with them a client can do no more than through the gate.
"""

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

_PROCESS_BITS = 31
_TRIES = 100
MOST_PASSED_ON = 8  # requests for sessions of other workers, at a time: who asks is not known


class Cancels:
    """The sessions of one process by their keys."""

    __slots__ = ("_sessions", "passing_on")

    def __init__(self) -> None:
        self._sessions: dict[tuple[int, bytes], Session] = {}
        self.passing_on = 0  # requests whose session is not here

    def add(self, session: "Session", process: int, secret: bytes) -> tuple[int, bytes]:
        """Give a session its key: the server's, or where it has none a number that looks like a process, and four secret bytes."""
        key = (process, secret)
        for _ in range(_TRIES):
            if secret and key not in self._sessions:
                self._sessions[key] = session
                return key
            secret = secrets.token_bytes(4)
            key = (secrets.randbits(_PROCESS_BITS), secret)
        raise RuntimeError("no key for cancelling is left")

    def find(self, process: int, secret: bytes) -> "Session | None":
        """Give the session of a key."""
        return self._sessions.get((process, secret))

    def drop(self, key: tuple[int, bytes]) -> None:
        """Forget a session that ended."""
        self._sessions.pop(key, None)
