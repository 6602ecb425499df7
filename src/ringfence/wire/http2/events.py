"""What a connection tells: calls that begin, messages that are whole, calls that end."""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Opened:
    """A call of the method began. `metadata` is what the caller said beside it, in lower case, in order."""

    call: int
    metadata: tuple[tuple[bytes, bytes], ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message of a call. Its room is given back with `Server.acknowledge`."""

    call: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HalfClosed:
    """The caller will send nothing more on this call; it still reads."""

    call: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A call is over before it was finished here: taken back by the caller, or wrong. Nothing can be sent on it."""

    call: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """The other side will open no more calls."""


Event: TypeAlias = Opened | Message | HalfClosed | Ended | Leaving
