"""What every message is, and those that either side may send."""

from dataclasses import dataclass


class Message:
    """What a message says."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclass(frozen=True, slots=True, repr=False)
class CopyData(Message):
    """Bytes of a copy."""

    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class CopyDone(Message):
    """Ends the bytes of a copy."""
