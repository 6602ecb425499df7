"""What a worker runs: the seam between the processes here and a gate.

The rule: everything that can be wrong with a policy is found in `prepare`, so that `change` cannot fail; a gate never decides by
a half of the old policy and a half of the new.
"""

import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from ringfence.gates.carrying import Recorder
from ringfence.policy import Gate, Policy
from ringfence.serve.figures import Figures
from ringfence.serve.log import Log
from ringfence.serve.messages import Place


@dataclass(frozen=True, slots=True)
class Given:
    """What a gate is made from."""

    policy: Policy
    gate: Gate
    folder: Path  # of the policy: what it names lies beside it
    place: Place
    recorder: Recorder
    log: Log


@dataclass(frozen=True, slots=True)
class Canary:
    """Whether the canary was seen masked, and if not, why: in words that hold no value."""

    masked: bool
    why: str = ""
    leaked: bool = False  # it was seen clear: this is no matter of waiting
    mend: str = ""


Change: TypeAlias = Callable[[], None]
"""Makes a gate decide by what was prepared. Cannot fail."""


class Service(Protocol):
    """A gate in a worker."""

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Make ready, and take the sockets; nobody is served before `open`."""

    async def canary(self) -> Canary:
        """Send the canary through the gate's own code."""

    async def open(self) -> None:
        """Serve whoever waits and whoever comes: the canary was seen masked."""

    async def prepare(self, policy: Policy) -> Change:
        """Make ready for a policy, reading anew what it names (users, certificates, keys). Raises where it cannot be taken."""

    async def drain(self, seconds: float) -> None:
        """Take no new connections, end the idle ones, wait for the others."""

    def figures(self) -> Figures:
        """Give what was counted."""

    def trouble(self) -> str:
        """Say what hinders a gate that serves: its upstream does not answer. Empty where nothing does."""

    async def close(self) -> None:
        """End everything."""


Opener: TypeAlias = Callable[[Given], Awaitable[Service]]
