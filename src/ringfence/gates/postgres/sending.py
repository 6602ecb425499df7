"""Sending to both sides, and asking the server something of the gate's own.

The rule: what is sent in one step goes out in one write; a question of the gate's own stands in the same queue as the client's, and
is waited for with nothing of the client's overtaking it.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from ringfence.access import Principal
from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.asides import Client
from ringfence.gates.postgres.awaited import SYNCED_QUIETLY, Answer, Asked, Awaited
from ringfence.gates.postgres.cache import Hot
from ringfence.gates.postgres.meaning import Meaning

if TYPE_CHECKING:
    from ringfence.gates.postgres.ends import ServerEnd
    from ringfence.gates.postgres.shared import Shared
    from ringfence.gates.postgres.standing import Standing


class Lost(Exception):
    """The session ended while something was waited for."""


class Sending(Meaning):
    """What a session sends, and what it waits for."""

    def __init__(
        self, shared: "Shared", client: Client, server: "ServerEnd", principal: Principal, standing: "Standing"
    ) -> None:
        super().__init__(shared, principal, standing)
        self.client = client
        self.server = server
        self.pending: deque[Awaited] = deque()
        self.up: list[bytes] = []
        self.down: list[bytes] = []
        self.segment = 0  # how many Syncs the client has sent
        self.unsynced = False  # something of the extended protocol was sent since the last Sync
        self.asked_in_vain = (
            False  # it does so since a question of the gate's own failed, of which the client knows nothing
        )
        self.skipping = False  # the server passes over everything until the next Sync
        self.over = False
        self._quiet: asyncio.Future[None] | None = None

    def told(self, frame: bytes, *, withhold: bool) -> bytes:
        """Give an error or notice as the client may see it."""
        if self.standing.observes:
            return frame
        if withhold:
            return errors.withhold(frame)
        return errors.scrubbed(frame, self.shared.detector, self.standing.everything)

    def skips(self) -> bool:
        """Whether the server passes over everything until the next Sync. Asked anew after each wait."""
        return self.skipping

    def flush_up(self) -> None:
        """Send what is ready for the server."""
        if self.up:
            up = self.up
            self.server.write(up[0] if len(up) == 1 else b"".join(up))
            up.clear()

    def flush_down(self) -> None:
        """Send what is ready for the client."""
        if self.down:
            down = self.down
            self.client.write(down[0] if len(down) == 1 else b"".join(down))
            down.clear()

    async def ask(self, messages: bytes, script: str, *, sync: bool = False) -> Answer:
        """Ask the server something of the gate's own, in its turn; `sync` ends the question with a Sync of its own."""
        asked = Asked(script + ("S" if sync else ""))
        if self.skipping:  # an error has come meanwhile: the server would pass over the question
            asked.answer.dropped = True
            return asked.answer
        self.up.append(messages + (speaking.SYNC if sync else speaking.FLUSH))
        self.pending.append(asked)
        self.flush_up()
        answer = await asked.done
        self.check_alive()
        return answer

    async def quiet(self) -> None:
        """Wait until everything sent was answered."""
        if not self.pending:
            return
        self.up.append(speaking.FLUSH)
        self.flush_up()
        self._quiet = asyncio.get_running_loop().create_future()
        try:
            await self._quiet
        finally:
            self._quiet = None
        self.check_alive()

    def sync_quietly(self) -> None:
        """End an implicit transaction that the client left open, before a message that begins another."""
        self.up.append(speaking.SYNC)
        self.pending.append(SYNCED_QUIETLY)
        self.end_segment()

    def end_segment(self) -> None:
        """Note that a Sync was sent: where nothing is remembered, what was looked at is believed no longer than its locks hold."""
        self.unsynced = False
        self.asked_in_vain = False
        self.segment += 1
        if self.changed:  # it may end the transaction that changed something
            self.forget_place()
        if not self.shared.remembers:
            self.hot = Hot()

    def became_quiet(self) -> None:
        """Note that everything sent was answered, or never will be."""
        if self._quiet is not None and not self._quiet.done():
            self._quiet.set_result(None)

    def check_alive(self) -> None:
        """Raise `Lost` where the session ended meanwhile."""
        if self.over:
            raise Lost
