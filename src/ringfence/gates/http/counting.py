"""What a processor counts of what it did."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What happened since the start."""

    streams: int = 0
    bodies: int = 0
    refused: int = 0
    broken: int = 0  # streams that were ended with an error
