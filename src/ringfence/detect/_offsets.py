"""Offsets in other units: of bytes in characters, of a joined buffer in its values."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from ringfence.detect.finding import Finding

_BATCH = 1 << 20  # bytes that are joined at once


def batches(values: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Divide values into runs of at most so many bytes, or of one value."""
    first = size = 0
    for number, value in enumerate(values):
        if size + len(value) > _BATCH and number > first:
            yield first, number
            first, size = number, 0
        size += len(value)
    if first < len(values):
        yield first, len(values)


def starts_of(values: Sequence[bytes]) -> list[int]:
    """Say where each value begins in the joined buffer, in which one byte stands between two."""
    return [start + number for number, start in enumerate(accumulate(map(len, values), initial=0))]


def in_characters(data: bytes, found: Sequence[Finding]) -> list[Finding]:
    """Turn byte offsets into code points, in one walk. Findings do not overlap, so their ends are in order too."""
    moved: list[Finding] = []
    at = characters = 0
    for one in found:
        start = characters + _length(data, at, one.start)
        end = start + _length(data, one.start, one.end)
        moved.append(one._replace(start=start, end=end))
        at, characters = one.end, end
    return moved


def _length(data: bytes, start: int, end: int) -> int:
    return len(data[start:end].decode(errors="surrogatepass"))
