"""Keys by which clients cancel: the gate's own, so that no client learns the server's.

The rule: a key is random and as long as protocol 3.0 allows; a wrong one is answered like a right one, with nothing.
"""

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

_PROCESS_BITS = 31
_TRIES = 100


class Cancels:
    """The sessions of one process by their keys."""

    __slots__ = ("_sessions",)

    def __init__(self) -> None:
        self._sessions: dict[tuple[int, bytes], Session] = {}

    def add(self, session: "Session") -> tuple[int, bytes]:
        """Give a session a key: a number that looks like a process, and four secret bytes."""
        for _ in range(_TRIES):
            key = (secrets.randbits(_PROCESS_BITS), secrets.token_bytes(4))
            if key not in self._sessions:
                self._sessions[key] = session
                return key
        raise RuntimeError("no key for cancelling is left")

    def find(self, process: int, secret: bytes) -> "Session | None":
        """Give the session of a key."""
        return self._sessions.get((process, secret))

    def drop(self, key: tuple[int, bytes]) -> None:
        """Forget a session that ended."""
        self._sessions.pop(key, None)
