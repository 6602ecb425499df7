"""How a running instance is, as values: what `ringfence status` and the health page show.

The rule: gate names, states, counts, hashes and scrubbed words; the names of principals (scrubbed) go to the control socket only,
which is its owner's, never to the health page or the metrics.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from ringfence.serve.figures import Figures


class WorkerState(StrEnum):
    """Where a worker is in its life."""

    STARTING = "starting"
    WAITING = "waiting"  # for its canary to be seen masked
    READY = "ready"
    SILENT = "silent"  # alive, and does not answer
    RESTING = "resting"  # it died, and is started again in a moment
    ENDED = "ended"


class State(StrEnum):
    """How the whole is. `degraded`: a gate lacks a worker or its upstream, or the last reload was refused."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker."""

    worker: int
    state: WorkerState
    process: int
    restarts: int
    policy: str  # the hash that it said it decides by, "" before it was asked
    why: str

    @property
    def is_odd(self) -> bool:
        """Whether it does not serve, or not as it should."""
        return self.state is not WorkerState.READY or bool(self.why)


@dataclass(frozen=True, slots=True)
class EnvoyStatus:
    """The Envoy of one gate. `up`: clients are let in."""

    up: bool
    process: int
    restarts: int


@dataclass(frozen=True, slots=True)
class GateStatus:
    """One gate with its workers, and their figures together. `envoy`: where it has one of its own."""

    gate: str
    kind: str
    address: str
    workers: tuple[WorkerStatus, ...]
    figures: Figures
    envoy: EnvoyStatus | None = None
    observing: tuple[str, ...] = ()  # its flows that let everything pass

    @property
    def ready(self) -> int:
        """How many workers serve clients."""
        return sum(worker.state is WorkerState.READY for worker in self.workers)

    @property
    def serves(self) -> bool:
        """Whether a client that comes is served."""
        return self.ready > 0 and (self.envoy is None or self.envoy.up)


@dataclass(frozen=True, slots=True)
class CompanionStatus:
    """A process beside the gates, that no gate waits for."""

    name: str
    state: WorkerState
    process: int
    restarts: int
    why: str
    figures: Mapping[str, float]

    @property
    def is_odd(self) -> bool:
        """Whether it does not do what it is for, or not all of it."""
        return self.state is not WorkerState.READY or bool(self.why)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the policy again."""

    at: str
    taken: bool
    policy: str  # the hash in force afterwards
    what: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The whole."""

    state: State
    reasons: tuple[str, ...]
    policy: str
    generation: int  # readings of the policy that were taken
    since: str
    process: int
    reload: Reloaded | None
    gates: tuple[GateStatus, ...]
    companions: tuple[CompanionStatus, ...] = ()

    @property
    def serves(self) -> bool:
        """Whether every gate serves clients."""
        return self.state in (State.READY, State.DEGRADED) and all(gate.serves for gate in self.gates)


_STATUS: TypeAdapter[Status] = TypeAdapter(Status)
_RELOADED: TypeAdapter[Reloaded] = TypeAdapter(Reloaded)


def write_status(status: Status) -> bytes:
    """Write a status down as one line of JSON."""
    return _STATUS.dump_json(status)


def read_status(line: bytes) -> Status:
    """Read a status. Raises `ValueError`."""
    return _STATUS.validate_json(line)


def write_reloaded(reloaded: Reloaded) -> bytes:
    """Write the outcome of a reload down as one line of JSON."""
    return _RELOADED.dump_json(reloaded)


def read_reloaded(line: bytes) -> Reloaded:
    """Read the outcome of a reload. Raises `ValueError`."""
    return _RELOADED.validate_json(line)
