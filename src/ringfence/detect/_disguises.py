r"""Values in disguise: written in another code, in other signs, or with something between their signs.

The rule: a buffer is read once for what hardly any ordinary text holds (an encoded letter or digit, printable text in base64, a
digit of another script). Around that, and only there, the line is written anew with everything decoded at once, and searched as if
it had come so; what is found is told where it stands in the original. What is decoded is looked at again, `DEPTH` times in all;
each time it is at most as long as before, but for what is unpacked, and all of it together is bounded by `MOST`.

Measured on one core: 350 to 500 MB/s on logs and sources, in which there is next to nothing to decode.

A finding depends on its own line, and on those that are one with it (`_joints`). What was found without decoding stays as it is.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ringfence.detect._bytes import BREAKS, line_end, line_of
from ringfence.detect._decoding import MOST, RUN, Edit, edits_in
from ringfence.detect._joints import MOST_JOINED, Groups, Joint, joint, joints_in, may_join, written_joints
from ringfence.detect._tells import TRIGGER

DEPTH = 3
_SIGHT = 160  # bytes beside what is decoded: the longest value's beginning, and words that speak for it
_SIGHT_JOINED = 96  # the same over lines that are one: that is one more line of base64, or two
_BREAKS = frozenset(byte for mark in BREAKS for byte in mark)
_PACKED = b"H4sI"  # what gzip begins with, in base64


class Region(NamedTuple):
    """One stretch that was written anew: begin and end here, begin in the original, and what may still be decoded of it.

    `is_joined`: it was put together from several lines of a code, so that a word may speak for a value on another line.
    """

    start: int
    end: int
    origin: int
    room: int
    is_joined: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """A buffer in which disguises are undone: for each byte, where in the original that begins and ends which it came from."""

    data: bytes
    starts: "array[int]"
    ends: "array[int]"
    regions: Sequence[Region]
    edits: Sequence[tuple[int, int]]  # what was decoded, in the original, in order and apart
    wrapped: Sequence[int]  # where in the original a number was put together over a line's end

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the span in the original."""
        return self.starts[start], max(self.ends[start:end])

    def is_disguised(self, start: int, end: int) -> bool:
        """Tell whether a span of this buffer was decoded, or stands in lines that were put together."""
        if self.region_at(start).is_joined:
            return True
        start, end = self.span(start, end)
        at = bisect_left(self.edits, (end,)) - 1
        return at >= 0 and self.edits[at][1] > start

    def is_wrapped(self, start: int, end: int) -> bool:
        """Tell whether a number was put together in a span of the original."""
        return bisect_left(self.wrapped, start) < bisect_left(self.wrapped, end)

    def region_at(self, start: int) -> Region:
        """Give the region in which a byte of this buffer lies."""
        return self.regions[bisect_right(self.regions, start, key=_start_of) - 1]

    def is_whole(self, start: int, end: int) -> bool:
        """Tell whether a span of this buffer lies in one stretch of the original."""
        return end <= self.region_at(start).end


def _start_of(region: Region) -> int:
    return region.start


def reveal(data: bytes, above: Revealed | None = None) -> Revealed | None:
    """Undo one layer of disguise; None where there is none, as in most texts. `above`: the layer whose bytes these are."""
    low, high = TRIGGER(data, 0, len(data))
    if low < 0:
        return None
    pieces: list[bytes] = []
    starts, ends = array("q"), array("q")
    regions: list[Region] = []
    edits: list[tuple[int, int]] = []
    wrapped: list[int] = []
    size, spent, parent = 0, 0, None
    for begin, stop in _regions(data, low, high):
        joints = joints_in(data, begin, stop) or written_joints(data, begin, stop)
        found, text = _written(data, begin, stop, joints)
        if not found:
            continue
        if above is None:
            room = MOST * (stop - begin)
        else:
            spent = spent if parent is (parent := above.region_at(begin)) else 0
            room = parent.room - spent
        if len(text.data) > room:
            continue
        spent += len(text.data)
        is_joined = any(not one.is_number for one in joints)
        regions.append(Region(size, size + len(text.data), begin, room - len(text.data), is_joined))
        pieces += (text.data, b"\x1e")  # no line goes on behind that
        starts += text.starts
        starts.append(stop)
        ends += text.ends
        ends.append(stop)
        edits += found
        wrapped += (one.start for one in joints if one.is_number)
        size += len(text.data) + 1
    return Revealed(b"".join(pieces), starts, ends, regions, edits, wrapped) if edits else None


class _Text(NamedTuple):
    """A stretch, and for each of its bytes where what it came from begins and ends."""

    data: bytes
    starts: "array[int]"
    ends: "array[int]"


def _written(data: bytes, begin: int, stop: int, joints: Sequence[Joint]) -> tuple[Sequence[tuple[int, int]], _Text]:
    """Write a stretch anew; give the spans that changed, too. Lines that are one are put together before anything is decoded."""
    if not joints:
        found = edits_in(data, begin, stop)
        return [(first, last) for first, last, _, _ in found], _replaced(data, begin, stop, found)
    line = _replaced(data, begin, stop, [(one.start, one.end, one.instead, 0) for one in joints])
    is_quoted = any(data[one.start] == ord("=") for one in joints)
    found = edits_in(line.data, 0, len(line.data), is_quoted=is_quoted)
    text = _replaced(line.data, 0, len(line.data), found)
    starts = array("q", map(line.starts.__getitem__, text.starts))
    ends = array("q", (line.ends[at - 1] for at in text.ends))
    spans = [(line.starts[first], line.ends[last - 1]) for first, last, _, _ in found]
    spans = sorted([*spans, *((one.start, one.end) for one in joints)])
    apart: list[tuple[int, int]] = []
    for first, last in spans:
        if apart and first < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return apart, _Text(text.data, starts, ends)


def _replaced(data: bytes, begin: int, stop: int, edits: Sequence[Edit]) -> _Text:
    pieces: list[bytes] = []
    starts, ends = array("q"), array("q")
    at = begin
    for first, last, instead, ratio in edits:
        pieces += (data[at:first], instead)
        starts.extend(range(at, first))
        ends.extend(range(at + 1, first + 1))
        _place(starts, ends, (first, last), len(instead), ratio)
        at = last
    pieces.append(data[at:stop])
    starts.extend(range(at, stop))
    ends.extend(range(at + 1, stop + 1))
    return _Text(b"".join(pieces), starts, ends)


def _place(starts: "array[int]", ends: "array[int]", within: tuple[int, int], count: int, ratio: int) -> None:
    """Say where each byte of a replacement came from."""
    first, last = within
    match ratio:
        case 4:
            groups = array("q", range(first, last, 4))[: (count + 2) // 3]
            after = groups[1:]
            after.append(last)  # the padding belongs to what it fills up
            for into, bounds in ((starts, groups), (ends, after)):
                each = array("q", bytes(3 * 8 * len(bounds)))
                each[0::3] = each[1::3] = each[2::3] = bounds
                into.extend(each[:count])
        case 2:
            starts.extend(range(first, first + 2 * count, 2))
            ends.extend(range(first + 2, first + 2 * count + 2, 2))
        case _:
            starts.extend([first] * count)
            ends.extend([last] * count)


def _regions(data: bytes, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Give the stretches around triggers, each within its line, or within lines that are one, in order and apart."""
    groups = Groups(data)
    begin, stop, done = -1, 0, 0  # the stretch that may still grow, and where those end that have been given
    while low >= 0:
        low, high = low + (data[low] in _BREAKS), high - (data[high - 1] in _BREAKS)
        middle = data.find(b"\n", low, high)
        if middle >= 0 and joint(data, middle) is None:  # lines that might have been one
            low, high = TRIGGER(data, middle, len(data))
            continue
        opens, closes = line_of(data, low, max(done, low - _SIGHT)), line_end(data, low, high - low + _SIGHT)
        run = RUN(data, low, closes)  # a long run is decoded whole
        if run == closes:
            run = RUN(data, low, len(data))
            closes = line_end(data, run, _SIGHT)
        if middle >= 0 or (opens > 0 and may_join(data, opens - 1)) or (closes < len(data) and may_join(data, closes)):
            start = groups.start(low)
            is_packed = data.find(_PACKED, low, high) >= 0
            if start < opens:
                opens = max(done, line_of(data, max(start, low - _SIGHT_JOINED), start))
            if data[closes : closes + 1] == b"\n":
                closes = groups.end(closes, MOST_JOINED if is_packed else _SIGHT_JOINED)
        if middle >= closes:  # the group is too long, and ends here
            low, high = TRIGGER(data, middle, len(data))
            continue
        if begin >= 0 and opens <= stop:
            begin, stop = min(begin, opens), max(stop, closes)
        else:
            if begin >= 0:
                yield begin, stop
                done = stop
            begin, stop = max(opens, done), closes
        low, high = TRIGGER(data, max(high, stop - _SIGHT), len(data))
    if begin >= 0:
        yield begin, stop
