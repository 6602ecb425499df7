"""What a reading of sampled findings in clean text came to.

The rule: each finding of the sample (`python -m benchmarks._clean`) was read with what stands around it. It is right where the text
says what the finding says, however invented the value: an author's mailbox, a host's address in an example, the password of a test.
It is false where it is something else. What is written down is kinds and counts, never a value.
"""

from typing import NamedTuple


class Verdict(NamedTuple):
    """How many findings of an entity were judged, how many of them are false, and what those are."""

    judged: int
    false: int
    what: str


SOURCES: dict[str, Verdict] = {}
LOGS: dict[str, Verdict] = {}
