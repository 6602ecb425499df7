"""The HTTP gate as a worker runs it: ``python -m ringfence.serve.http``, started by its parent.

The rule: a worker decides, Envoy carries; so a worker whose Envoy is not there yet waits for it, as its canary does not come back.
"""

import gc
import socket
import sys
from collections.abc import Sequence

from ringfence.gates.carrying import now
from ringfence.gates.http.gate import HttpGate, World
from ringfence.policy import Policy
from ringfence.serve.envoy_setup import check_gate
from ringfence.serve.figures import Figures
from ringfence.serve.needed import keys_for
from ringfence.serve.service import Canary, Change, Given
from ringfence.serve.worker import main


class HttpService:
    """One HTTP gate in one worker."""

    def __init__(self, given: Given) -> None:
        self._given = given
        policy, gate = given.policy, given.policy.gates[given.gate.name]
        check_gate(policy, gate)
        keys = keys_for(policy, gate, given.place.keys)
        self._gate = HttpGate(
            World(policy, gate, keys, given.recorder, now, lambda text: given.log.warning("gate", text))
        )

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
        return self._gate.prepare(policy, keys_for(policy, gate, self._given.place.keys))

    async def drain(self, seconds: float) -> None:
        """Wait for what is under way: Envoy lets nobody in any more."""
        await self._gate.drain(seconds)

    def figures(self) -> Figures:
        """Give what was counted: requests stand where other gates have connections and statements."""
        counts = self._gate.counts
        return Figures(connections=self._gate.streams, accepted=counts.streams, statements=counts.bodies)

    def trouble(self) -> str:
        """Say nothing: whether the service behind the gate answers is Envoy's to see."""
        return ""

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
