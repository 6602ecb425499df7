"""What a benchmark gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the figure, and the floor or peer measured beside it."""

    what: str
    figure: str
    beside: str = ""
