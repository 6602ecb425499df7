"""Overlapping candidates: which of them become findings.

The rule, the only one: the higher certainty wins, then the longer, then the earlier, then the higher score, then the entity's
name. What overlaps a winner keeps the parts that no winner covers, so that ``Anna Berg <anna@mail.example>`` does not lose its
name to its address, and ``4111111111111111-anna@mail.example`` not its address to its card: no byte of a candidate is left over.
A part must hold a letter or digit (of a name, a letter), and must not begin with an address's sign: what follows that is only the
name of a host.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ringfence.detect.recognizer import Certainty

_PUNCTUATION = b"\r\n\t !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


class Candidate(NamedTuple):
    """A span that has passed its check and its threshold."""

    start: int
    end: int
    certainty: Certainty
    entity: str
    score: float
    evidence: tuple[str, ...]

    def rank(self) -> tuple[int, int, int, float, str]:
        """Order by the rule: the first wins."""
        return (-self.certainty, self.start - self.end, self.start, -self.score, self.entity)


def resolve(data: bytes, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Choose the findings among candidates; give them in order.

    Winners never overlap, so only a candidate's neighbours among them can be in its way, however many there are.
    """
    ordered = sorted(candidates)
    if all(one.end <= after.start for one, after in pairwise(ordered)):
        return ordered
    starts: list[int] = []
    winners: list[Candidate] = []
    for one in sorted(ordered, key=Candidate.rank):
        low, high = _in_way(one, starts, winners)
        in_way = winners[low:high]
        kept = sorted([*in_way, *_remainders(data, one, in_way)]) if in_way else [one]
        starts[low:high] = [part.start for part in kept]
        winners[low:high] = kept
    return winners


def _in_way(one: Candidate, starts: Sequence[int], winners: Sequence[Candidate]) -> tuple[int, int]:
    """Give the range of winners that overlap a candidate."""
    low = bisect_left(starts, one.start)
    if low and winners[low - 1].end > one.start:
        low -= 1
    return low, max(low, bisect_left(starts, one.end))


def _remainders(data: bytes, whole: Candidate, in_way: Sequence[Candidate]) -> list[Candidate]:
    """Give the parts of a value that no winner covers."""
    parts: list[Candidate] = []
    at = whole.start
    ends = letters_in if whole.certainty is Certainty.FIELD else _signs_in
    for start, end in [*((one.start, one.end) for one in in_way), (whole.end, whole.end)]:
        begin, stop = ends(data, at, max(at, start))
        if begin < stop:
            parts.append(whole._replace(start=begin, end=stop))
        at = max(at, end)
    return parts


def _signs_in(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Give the span between two offsets without punctuation on either side; empty where nothing is left but a host's name."""
    kept = data[start:end].lstrip(_PUNCTUATION)
    begin = end - len(kept)
    before = data[start:begin]
    is_host = b"@" in before or (b"%" in before and kept.startswith(b"40"))
    kept = b"" if is_host else kept.rstrip(_PUNCTUATION)
    return begin, begin + len(kept)


def letters_in(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Give the span from the first letter to the last letter or digit between two offsets; empty where there is no letter."""
    text = data[start:end].decode(errors="surrogateescape")
    letters = [at for at, character in enumerate(text) if character.isalpha()]
    if not letters:
        return start, start
    first = letters[0]
    last = max(at for at, character in enumerate(text) if character.isalnum() or character == ".")
    before = len(text[:first].encode(errors="surrogateescape"))
    return start + before, start + len(text[: max(last, letters[-1]) + 1].encode(errors="surrogateescape"))
