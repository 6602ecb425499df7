"""How changes of a field's value become edits of the bytes that spell it, for formats that spell a value character by character.

The rule: a character is changed whole. A span that begins or ends inside a character of UTF-8 is widened to all of it.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ringfence.carriers.model import Change, Edit, Field


def write_spans(field: Field, changes: Sequence[Change], encode: Callable[[str], bytes]) -> list[Edit]:
    """Give an edit for each change; `encode` spells a text as the format wants it in this place."""
    value = field.value
    offsets = field.raw_offsets() if field.raw_offsets else range(field.start, field.end + 1)
    edits: list[Edit] = []
    for change in changes:
        start, end = widened(value, change.start, change.end)
        edits.append(Edit(offsets[start], offsets[end], encode(change.text or "")))
    return edits


def widened(value: bytes, start: int, end: int) -> tuple[int, int]:
    """Widen a span of a value in UTF-8 to whole characters; bytes that are no UTF-8 are left alone after four of them."""
    low = start
    while 0 < low < len(value) and value[low] & 0xC0 == 0x80 and start - low < 4:
        low -= 1
    high = end
    while high < len(value) and value[high] & 0xC0 == 0x80 and high - end < 4:
        high += 1
    return low, high


def offsets_of(escapes: Iterable[tuple[int, int, int]], start: int, size: int) -> "array[int]":
    """Map each byte of a value, and its end, to where it stands, among `size` bytes that begin at `start`.

    Each escape is (where it starts in these bytes, where it ends, how many bytes of the value it stands for), in order: those all
    map to its start, unless they are as many as the escape has. What is between escapes stands for itself.
    """
    mapped = array("I")
    at = 0
    for first, last, decoded in escapes:
        mapped.extend(range(start + at, start + first))
        mapped.extend(range(start + first, start + last) if decoded == last - first else [start + first] * decoded)
        at = last
    mapped.extend(range(start + at, start + size + 1))
    return mapped


@dataclass(slots=True, repr=False)
class ScatteredField(Field):
    """A field whose value stands in several places: (start in the value, start in `raw`, end in `raw`), spelt as it is read."""

    places: Sequence[tuple[int, int, int]] = ()


def write_scattered(field: ScatteredField, changes: Sequence[Change], encode: Callable[[str], bytes]) -> list[Edit]:
    """Give the edits of changes: the text in the first place that a change touches, nothing in the others."""
    offsets = field.raw_offsets() if field.raw_offsets else range(field.start, field.end + 1)
    edits: list[Edit] = []
    ends = [place[0] for place in field.places[1:]] + [len(field.value)]
    for change in changes:
        low, high = widened(field.value, change.start, change.end)
        text = encode(change.text or "")
        for (start, _, raw_end), end in zip(field.places, ends, strict=True):
            first, last = max(low, start), min(high, end)
            if first < last:
                edits.append(Edit(offsets[first], raw_end if last == end else min(offsets[last], raw_end), text))
                text = b""
    return edits
