"""Decoded text, searched layer by layer, and what is found in it told where it stands in the original.

The rule: what was found without decoding stays as it is; what is found by decoding is added, and gives way to it.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from ringfence.detect._disguises import DEPTH, Revealed, reveal
from ringfence.detect._overlap import Candidate, resolve
from ringfence.detect._weighing import Fields, Lookup
from ringfence.detect.recognizer import Certainty


def with_decoded(
    data: bytes,
    found: list[Candidate],
    revealed: Revealed,
    fields: Fields,
    search: Callable[[bytes, Fields], list[Candidate]],
) -> list[Candidate]:
    """Add what is found where disguises are undone, layer by layer, unless it lies in what was found without."""
    layers: list[Revealed] = []
    more: list[Candidate] = []
    names = Lookup(fields)
    layer: Revealed | None = revealed
    while layer is not None and len(layers) < DEPTH:
        layers.append(layer)
        text = layer.data
        named = [
            (begin, end, names.at(_origin(layers, begin, begin + 1)[0]))
            for begin, end, *_ in (layer.regions if fields else ())
            if begin < end
        ]
        for one in resolve(text, search(text, named)):
            if layer.is_whole(one.start, one.end) and layer.is_disguised(one.start, one.end):
                start, end = _origin(layers, one.start, one.end)
                if one.certainty is not Certainty.CHECKED and _is_wrapped(layers, one.start, one.end):
                    continue
                more.append(one._replace(start=start, end=end, evidence=(*one.evidence, "disguise:decoded")))
        layer = reveal(text, layer)
    new = [one for one in (_yielding(one, found) for one in more) if one is not None]
    return resolve(data, [*found, *new]) if new else found


def _yielding(one: Candidate, found: Sequence[Candidate]) -> Candidate | None:
    """Let what was decoded give way to what was found as it stands, unless it covers it; None: it lies in that."""
    low = bisect_right(found, one.start, key=_end_of)
    for other in found[low:]:
        if other.start >= one.end:
            break
        if other.start <= one.start and one.end <= other.end:
            return None
        if other.start < one.start or one.end < other.end:
            return one._replace(certainty=Certainty.CONTEXT)
    return one


def _end_of(one: Candidate) -> int:
    return one.end


def _is_wrapped(layers: Sequence[Revealed], start: int, end: int) -> bool:
    """Tell whether a span in the last of several layers is a number that was put together over a line's end."""
    for layer in reversed(layers):
        start, end = layer.span(start, end)
        if layer.is_wrapped(start, end):
            return True
    return False


def _origin(layers: Sequence[Revealed], start: int, end: int) -> tuple[int, int]:
    """Give the span in the original of a span in the last of several layers."""
    for layer in reversed(layers):
        start, end = layer.span(start, end)
    return start, end
