"""The purpose and the reason that a client states in its session: `SET ringfence.purpose`, `SET LOCAL ringfence.reason`.

The rule: what holds here is what the server's setting of that name holds. A transaction that is rolled back takes back what was
stated in it, so does a savepoint, and what is local ends with its transaction; how a transaction ended is waited for where
something was stated in it.
"""

from typing import TYPE_CHECKING

from ringfence.policy import Asker, PurposeName

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session
    from ringfence.sql.model import RawStatement

_OWN_SETTINGS = "ringfence."
_MOST_SAVEPOINTS = 1_000  # that are told apart; what was stated before an older one is then what was stated before all

State = tuple[Asker, str]


class Stated:
    """What was stated in the transaction that is under way, and what held before it."""

    __slots__ = ("_before", "_failures", "_lasting", "_rolls_back", "_savepoints")

    def __init__(self) -> None:
        self._before: State | None = None
        self._lasting: State | None = None  # what will hold once it is committed
        self._savepoints: list[tuple[str, State, State]] = []  # with what held then, and would have lasted
        self._failures = 0  # the session's, when everything was well the last time
        self._rolls_back = False

    @property
    def is_open(self) -> bool:
        """Whether something was stated that may yet be taken back."""
        return self._before is not None

    def take(self, session: "Session", raw: "RawStatement") -> bool:
        """Take a SET that is one of the gate's own; say whether it was."""
        if not raw.name.lower().startswith(_OWN_SETTINGS):
            return False
        now = (session.standing.asker, session.reason)
        if self._before is None or self._lasting is None:
            self._before = self._lasting = now
            self._failures = session.failures
        name = raw.name.lower().removeprefix(_OWN_SETTINGS)
        if not raw.local:
            self._lasting = _stating(self._lasting, name, raw.value)
        session.stand(*_stating(now, name, raw.value))
        return True

    def sent(self, raw: "RawStatement") -> None:
        """Take note that the end of a transaction was sent."""
        self._rolls_back = raw.value == "rollback"

    def succeeded(self, session: "Session", raw: "RawStatement") -> None:
        """Do what a statement about the transaction did, where it was not over with it."""
        if self._before is None or self._lasting is None:
            return
        if raw.value in ("rollback", "commit"):
            self.end(session)  # AND CHAIN: another has begun
        elif raw.value == "savepoint":
            del self._savepoints[: len(self._savepoints) + 1 - _MOST_SAVEPOINTS]
            self._savepoints.append((raw.name, (session.standing.asker, session.reason), self._lasting))
        elif raw.value == "release":
            del self._savepoints[self._place(raw.name) :]
        elif raw.value == "rollback-to":
            at = self._place(raw.name)
            kept = self._savepoints[at : at + 1]
            del self._savepoints[at + 1 :]
            now, self._lasting = kept[0][1:] if kept else (self._before, self._before)
            self._failures = session.failures
            session.stand(*now)

    def end(self, session: "Session") -> None:
        """Take note that the transaction is over."""
        if self._before is None or self._lasting is None:
            return
        is_undone = self._rolls_back or session.failures != self._failures
        now = self._before if is_undone else self._lasting
        self._before = self._lasting = None
        self._savepoints.clear()
        self._rolls_back = False
        session.stand(*now)

    def _place(self, name: str) -> int:
        """Give where the last savepoint of a name stands; behind the last where there is none."""
        for at in range(len(self._savepoints) - 1, -1, -1):
            if self._savepoints[at][0] == name:
                return at
        return len(self._savepoints)


def _stating(state: State, name: str, value: str) -> State:
    asker, reason = state
    if name == "purpose":
        purpose = PurposeName(value) if value else None
        return Asker(asker.role, purpose, asker.has_reason, asker.grants), reason
    if name == "reason":
        return Asker(asker.role, asker.purpose, bool(value), asker.grants), value
    return state
