"""What is taken of a pattern that was written for another engine: by itself, so that telling it loads no reader of patterns."""

from enum import IntEnum


class Lenience(IntEnum):
    """What in a pattern is passed over instead of being an error; each includes what stands above it."""

    NONE = 0
    BREAKS = 1  # a class fits a line's end: it fits all but that
    EDGES = 2  # a lookaround says that no letter or digit stands beside the value: that holds of every value
