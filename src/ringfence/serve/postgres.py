"""The PostgreSQL gate as a worker runs it: ``python -m ringfence.serve.postgres``, started by its parent.

The rule: an upstream that cannot be reached yet is waited for, since services start in any order; whatever else is wrong (a login
that may do too much, a missing key, a secret that is not there) ends the worker with its mend.
"""

import socket
import sys
from collections.abc import Sequence

from ringfence.access import open_identities
from ringfence.access.faults import AccessFault
from ringfence.crossing import scrub
from ringfence.detect import detector_for
from ringfence.gates.carrying import now
from ringfence.gates.postgres import PostgresGate, World
from ringfence.gates.postgres.upstream_login import Unreachable, UpstreamFault
from ringfence.policy import Policy
from ringfence.serve.blame import awaited, blamed, check_policy, in_words
from ringfence.serve.figures import Figures
from ringfence.serve.needed import keys_for
from ringfence.serve.service import Canary, Change, Given
from ringfence.serve.worker import main
from ringfence.vault import load

BLIND_SECONDS = 2.0  # a look that is late once is no sign of anything
STALE_SECONDS = 8.0  # a look has a deadline of five


PASSING = ("53300", "57P03")  # no connection left; starting up or shutting down


class PostgresService:
    """One PostgreSQL gate in one worker."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._policy = given.policy
        self._gate: PostgresGate | None = None
        self._sockets: Sequence[socket.socket] = ()
        self._blind_since: float | None = None  # when it was first seen that the catalogue cannot be looked at

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Take the sockets, and check what needs no server."""
        self._sockets = sockets
        check_policy(self._policy, self._policy.gates[self._given.gate.name], self._given.folder)
        keys_for(self._policy, self._policy.gates[self._given.gate.name], self._given.place.keys)

    async def canary(self) -> Canary:
        """Start the gate where its upstream was not there before, and send the canary through it."""
        if self._gate is None:
            gate = PostgresGate(self._world())
            try:
                await gate.start(self._sockets)
            except AccessFault as fault:
                await gate.close()
                if isinstance(fault, Unreachable) or (isinstance(fault, UpstreamFault) and fault.code in PASSING):
                    what, mend = awaited(fault)
                    return Canary(masked=False, why=what, mend=mend)
                raise await blamed(
                    self._policy, self._policy.gates[self._given.gate.name], self._given.folder, fault
                ) from None
            except BaseException:
                await gate.close()
                raise
            self._gate = gate
        seen = await self._gate.canary()
        return Canary(seen.masked, in_words(seen.why), seen.leaked)

    async def open(self) -> None:
        """Serve."""
        if self._gate is not None:
            await self._gate.open()

    async def prepare(self, policy: Policy) -> Change:
        """Make ready for a policy. The worker starts no gate between this and the change."""
        keys = keys_for(policy, policy.gates[self._given.gate.name], self._given.place.keys)
        gate = self._gate
        if gate is None:

            def take() -> None:
                self._policy = policy

            return take
        taken = await gate.prepare(policy)

        def change() -> None:
            gate.shared.keys = keys
            taken()
            self._policy = policy

        return change

    async def drain(self, seconds: float) -> None:
        """End in good order."""
        if self._gate is not None:
            await self._gate.drain(seconds)

    def figures(self) -> Figures:
        """Give what the gate counted; names of principals are scrubbed."""
        if self._gate is None:
            return Figures()
        status = self._gate.status()
        detector = detector_for(self._policy.detect)
        sessions: dict[str, int] = {}
        for name, count in status.sessions.items():
            clean = scrub(name, detector)
            sessions[clean] = sessions.get(clean, 0) + count
        return Figures(
            connections=status.connections,
            sessions=sessions,
            accepted=status.accepted,
            statements=status.statements,
            parser_restarts=self._gate.shared.parser.restarts,
            epoch_age=status.epoch_age,
        )

    def trouble(self) -> str:
        """Say that the upstream's catalogue is not looked at, once that has lasted: a look failed, or there is none."""
        if self._gate is None or (self._gate.shared.polled and self._gate.status().epoch_age < STALE_SECONDS):
            self._blind_since = None
            return ""
        now = self._gate.shared.loop_time()
        self._blind_since = self._blind_since if self._blind_since is not None else now
        return (
            ""
            if now - self._blind_since < BLIND_SECONDS
            else "its upstream does not answer: see that it runs; where it does and this stays, restart"
        )

    async def close(self) -> None:
        """End everything."""
        if self._gate is not None:
            await self._gate.close()

    def _world(self) -> World:
        given, policy = self._given, self._policy
        identities = open_identities(policy, policy.gates[given.gate.name], given.folder, self._tell_fault)
        return World(
            policy,
            policy.gates[given.gate.name],
            load(given.place.keys),
            given.recorder,
            now,
            lambda text: given.log.warning("gate", text),
            identities,
            given.folder,
        )

    def _tell_fault(self, fault: AccessFault) -> None:
        self._given.log.warning("access", f"{fault.what}; {fault.mend}")


async def open_postgres(given: Given) -> PostgresService:
    """Make the gate of a worker."""
    return PostgresService(given)


if __name__ == "__main__":
    sys.exit(main(open_postgres))
