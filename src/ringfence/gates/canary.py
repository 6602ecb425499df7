"""What became of a canary, whichever gate it was sent through.

The rule: nothing here holds a value: a canary's, or one that came in its place.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """Whether it came back masked; if not, why; and whether it was seen clear."""

    masked: bool
    why: str = ""
    leaked: bool = False
