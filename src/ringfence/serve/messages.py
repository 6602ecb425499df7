"""What parent and workers say to one another, as values; and how they are written down: one JSON object a line.

The rule: this is the whole conversation. What is not in these tables is no message, and whoever sends it is cut off: a worker
handles foreign bytes all day, so the parent believes its shape only after checking it. Nothing secret is sent: a worker reads its
keys and passwords where the parent would.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from ringfence.serve.figures import Figures
from ringfence.serve.reading import Reading

MOST_BYTES = 64 * 1024 * 1024  # of one message: a policy's texts are at most 4 MiB of UTF-8, escaped at most sixfold


@dataclass(frozen=True, slots=True)
class Place:
    """Where keys and ledger are."""

    keys: Path
    ledger: Path
    signing_key: Path


@dataclass(frozen=True, slots=True, repr=False)
class Start:
    """To a worker: what it is, and everything that it decides by. `sockets` are descriptors that it inherited."""

    gate: str
    worker: int
    reading: Reading
    generation: int
    place: Place
    sockets: tuple[int, ...]
    log_format: Literal["json", "text"]
    do: Literal["start"] = "start"


@dataclass(frozen=True, slots=True, repr=False)
class Prepare:
    """To a worker: make ready for this reading, and say whether you could; go on under the old one."""

    reading: Reading
    generation: int
    do: Literal["prepare"] = "prepare"


@dataclass(frozen=True, slots=True)
class Commit:
    """To a worker: decide by what you have prepared, from now on."""

    generation: int
    do: Literal["commit"] = "commit"


@dataclass(frozen=True, slots=True)
class Abort:
    """To a worker: forget what you have prepared."""

    generation: int
    do: Literal["abort"] = "abort"


@dataclass(frozen=True, slots=True)
class Ask:
    """To a worker: give your figures."""

    number: int
    do: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Drain:
    """To a worker: take nothing new, let what runs end within `seconds`, then end."""

    seconds: float
    do: Literal["drain"] = "drain"


@dataclass(frozen=True, slots=True)
class Waiting:
    """From a worker: the canary was not seen masked yet; it is tried again."""

    why: str
    mend: str = ""
    said: Literal["waiting"] = "waiting"


@dataclass(frozen=True, slots=True)
class Ready:
    """From a worker: the canary was seen masked, and clients are served."""

    generation: int
    said: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Prepared:
    """From a worker: the reading can be taken."""

    generation: int
    said: Literal["prepared"] = "prepared"


@dataclass(frozen=True, slots=True)
class Wrong:
    """From a worker: the reading cannot be taken, and why."""

    generation: int
    what: str
    mend: str
    said: Literal["wrong"] = "wrong"


@dataclass(frozen=True, slots=True)
class Switched:
    """From a worker: the new reading decides; `why` says that the canary was seen clear under it, and is empty where it was not."""

    generation: int
    why: str
    said: Literal["switched"] = "switched"


@dataclass(frozen=True, slots=True)
class Counted:
    """From a worker: its figures, the policy that it decides by, and what hinders it from serving as it should."""

    number: int
    policy: str
    figures: Figures
    trouble: str = ""
    said: Literal["counted"] = "counted"


@dataclass(frozen=True, slots=True)
class Failed:
    """From a worker: it cannot serve, and why; it ends after this. `at` is the path in the policy of what has to be mended."""

    what: str
    mend: str
    at: tuple[str, ...] = ()
    said: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class Drained:
    """From a worker: everything has ended; it ends after this."""

    said: Literal["drained"] = "drained"


@dataclass(frozen=True, slots=True)
class Noted:
    """From a companion: what hinders it, in words that hold no value, and what it counted, by name."""

    trouble: str
    figures: dict[str, float]
    said: Literal["noted"] = "noted"


Order: TypeAlias = Start | Prepare | Commit | Abort | Ask | Drain
Report: TypeAlias = Waiting | Ready | Prepared | Wrong | Switched | Counted | Failed | Drained | Noted

_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="do")])
_REPORTS: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="said")])


class NoMessage(Exception):
    """What came is none of the messages."""

    def __init__(self) -> None:
        super().__init__("what came over the channel is no message")


def write_order(order: Order) -> bytes:
    """Write an order down as one line."""
    return _ORDERS.dump_json(order) + b"\n"


def write_report(report: Report) -> bytes:
    """Write a report down as one line."""
    return _REPORTS.dump_json(report) + b"\n"


def read_order(line: bytes) -> Order:
    """Read an order. Raises `NoMessage`."""
    try:
        return _ORDERS.validate_json(line)
    except ValidationError:
        raise NoMessage from None


def read_report(line: bytes) -> Report:
    """Read a report. Raises `NoMessage`."""
    try:
        return _REPORTS.validate_json(line)
    except ValidationError:
        raise NoMessage from None
