"""What a server says without being asked: notices, notifications, settings. And where what a client is told goes.

The rule: trees are for the gate alone, and so is everything that comes while the gate asks something for itself.
"""

from typing import TYPE_CHECKING, Protocol

from ringfence.gates.postgres import errors
from ringfence.gates.postgres.awaited import NOTICE, STATUS, Asked

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

_READ_BY = {b"client_encoding": b"UTF8", b"standard_conforming_strings": b"on"}  # with others the gate reads amiss
_OWN_SETTINGS = frozenset({b"is_superuser", b"session_authorization"})  # they would tell the login upstream


class Client(Protocol):
    """Where what the client is told goes."""

    def write(self, data: bytes) -> None:
        """Send."""

    def hold_back(self, why: str) -> None:
        """Read no more for now."""

    def let_go(self, why: str) -> None:
        """Read again, where nothing else holds."""

    async def writable(self) -> None:
        """Wait until enough was read of what was sent."""

    def finish(self, last: bytes = b"") -> None:
        """Send what is there, and close."""


def take_aside(session: "Session", letter: int, frame: bytes) -> None:
    """Take a notice, a notification or a setting that changed."""
    if letter == NOTICE:
        _take_notice(session, frame)
    elif letter == STATUS:
        _take_status(session, frame)
    elif session.standing.observes:
        session.down.append(frame)
    else:
        session.down.append(errors.scrubbed_notification(frame, session.shared.detector, session.standing.everything))


def _take_status(session: "Session", frame: bytes) -> None:
    name, _, value = frame[5:-1].partition(b"\0")
    if name in _OWN_SETTINGS:
        return
    if name == b"search_path":
        session.forget_place()
    if (needed := _READ_BY.get(name, value)) != value:
        session.fail(f"the server changed {name.decode()}, which has to stay {needed.decode()}")
        return
    session.down.append(frame)


def _take_notice(session: "Session", frame: bytes) -> None:
    fields = errors.fields_of(frame[5:])
    head = session.pending[0] if session.pending else None
    if errors.is_tree(fields):
        if isinstance(head, Asked):
            head.saw_tree(fields.get("D", ""))
        return
    if isinstance(head, Asked):
        return
    session.down.append(session.told(frame, withhold=head is not None and head.conceals(session)))
