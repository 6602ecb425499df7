"""How a call ends, in gRPC's words."""

from enum import IntEnum


class Status(IntEnum):
    """The statuses that are given here."""

    OK = 0
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
