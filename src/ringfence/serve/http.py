"""The HTTP gate as a worker runs it: ``python -m ringfence.serve.http``, started by its parent.

The rule: a worker decides, Envoy carries; so a worker whose Envoy is not there yet waits for it, as its canary does not come back.
"""

import gc
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial

from ringfence.access import Identities, open_identities
from ringfence.gates.carrying import now
from ringfence.gates.http.counting import BOUNDS
from ringfence.gates.http.gate import HttpGate, World
from ringfence.policy import Policy
from ringfence.serve.envoy_setup import check_gate
from ringfence.serve.figures import Figures, Requests
from ringfence.serve.needed import keys_for
from ringfence.serve.principals import Seldom, check_principals
from ringfence.serve.service import Canary, Change, Given
from ringfence.serve.worker import main
from ringfence.vault import STAND_INS, Vault


class HttpService:
    """One HTTP gate in one worker."""

    def __init__(self, given: Given) -> None:
        self._given = given
        policy, gate = given.policy, given.policy.gates[given.gate.name]
        check_gate(policy, gate)
        keys = keys_for(policy, gate, given.place.keys)
        access = self._access(policy, None)
        notify = partial(given.log.warning, "gate")
        vault = Vault(given.place.keys.with_name(STAND_INS), keys, notify)
        self._gate = HttpGate(World(policy, gate, keys, given.recorder, now, notify, access, vault))

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Take the sockets."""
        await self._gate.start(sockets)

    async def canary(self) -> Canary:
        """Send the canary over Envoy."""
        seen = await self._gate.canary()
        return Canary(seen.masked, seen.why, seen.leaked)

    async def open(self) -> None:
        """Serve."""
        self._gate.open()

    async def prepare(self, policy: Policy) -> Change:
        """Make ready for a policy."""
        gate = policy.gates[self._given.gate.name]
        check_gate(policy, gate)
        keys = keys_for(policy, gate, self._given.place.keys)
        return self._gate.prepare(policy, keys, self._access(policy, self._gate.access))

    def _access(self, policy: Policy, before: Identities | None) -> Identities | None:
        """Open those whom the gate asks. Raises `ServeFault`."""
        gate, folder = policy.gates[self._given.gate.name], self._given.folder
        if not gate.principals:
            return None
        check_principals(policy, gate, folder)
        tell = Seldom(partial(self._given.log.warning, "access"), time.monotonic)
        access = open_identities(policy, gate, folder, tell.hear, before)
        access.caution()
        return access

    async def drain(self, seconds: float) -> None:
        """Wait for what is under way: Envoy lets nobody in any more."""
        await self._gate.drain(seconds)

    def figures(self) -> Figures:
        """Give what was counted: requests stand where other gates have connections and statements."""
        counts = self._gate.counts
        times = tuple(counts.times)
        outcomes = {outcome.value: count for outcome, count in counts.outcomes.items()}
        requests = Requests(outcomes, counts.bodies, counts.size, BOUNDS, times, counts.seconds)
        under_way = self._gate.streams
        return Figures(connections=under_way, accepted=counts.requests, statements=counts.requests, requests=requests)

    def trouble(self) -> str:
        """Say that Envoy is not there, which is how clients come. Whether the service answers is Envoy's to see."""
        return "Envoy does not take connections: see that it runs" if self._gate.is_without_envoy else ""

    async def close(self) -> None:
        """End everything."""
        await self._gate.close()


_ALLOCATIONS = 50_000  # container objects between two looks for cycles; Python's default is 700


async def open_http(given: Given) -> HttpService:
    """Make the gate of a worker.

    The fields of a body are many small objects that go with it. Looked through for cycles every 700 of them, they cost each request
    a look, or several.
    """
    service = HttpService(given)
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
    return service


if __name__ == "__main__":
    sys.exit(main(open_http))
