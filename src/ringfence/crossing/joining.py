"""Text that comes in pieces: a model's answer, a few letters in each event, with what stands for a value cut in two or more.

The rule: pieces of one text are strings at one path in successive units (events, lines), whose marks agree: `index`, `item_id`
and the like, which say of which text they are. An event whose text ends with what may be the beginning of a stand-in waits, and
with it all that comes after, until that is decided: by the next pieces, at most as many octets of them as the longest stand-in
has; by an event that ends the text; by `MOST_UNITS` or `MOST_BYTES` that wait; by the end. What was no stand-in then goes as it
came, to the octet. What was one is taken out of the events that held its beginning, which stay, and the value is put into the one
that held its end.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ringfence.carriers import Field, Unit
from ringfence.crossing.nested import NAMES, begins_json
from ringfence.crossing.restoring import Span, Surrogates
from ringfence.transform.types import TEXTUAL

MOST_UNITS: Final = 256  # that wait
MOST_BYTES: Final = 256 * 1024
MOST_TEXTS: Final = 64  # under way at once; of the longest silent one the next piece begins a text anew
_MARKS: Final = frozenset({"index", "output_index", "content_index", "summary_index", "item_id"})
_KINDS: Final = ("data.type", "type")
_JSON_KINDS: Final = ("arguments.delta", "arguments.done")
_ENDS: Final = frozenset({"finish_reason", "stop_reason", "done_reason"})
_END_KINDS: Final = ("_stop", ".done", ".completed", ".incomplete", ".failed")
_END_DATA: Final = b"[DONE]"
_JUDGED_BY: Final = 64  # octets by which it is known whether a text is JSON


@dataclass(frozen=True, slots=True)
class Found:
    """What is put back into one field: spans of its value, each with the text for it. `spans` are all that there are."""

    spans: Sequence[Span] = ()
    is_json: bool = False


@dataclass(slots=True, repr=False)
class Joined:
    """A unit with what is put back into those of its fields that are pieces of longer texts, by their `order`."""

    unit: Unit
    found: dict[int, Found] = field(default_factory=dict)
    undecided: int = 0  # pieces in it that wait


@dataclass(slots=True, repr=False)
class _Piece:
    held: Joined
    order: int
    value: bytes  # from `at` on
    at: int


@dataclass(slots=True, repr=False)
class _Text:
    """One text: what of it is undecided, and what has to be known of what came before."""

    marks: Mapping[str, bytes]
    pieces: list[_Piece] = field(default_factory=list)
    before: int = 0  # the octet before the first piece
    begin: bytes = b""
    is_json: bool = False


class Joiner:
    """Joins the units of one payload, in their order."""

    def __init__(self, surrogates: Surrogates, is_read: Callable[[str], bool]) -> None:
        self._surrogates = surrogates
        self._is_read = is_read  # whether a field at a path is one in which something may be put back
        self._texts: OrderedDict[tuple[object, ...], _Text] = OrderedDict()
        self._waiting: deque[Joined] = deque()
        self.held = 0  # octets that wait

    def feed(self, unit: Unit) -> Iterator[Joined]:
        """Take the next unit; give those that are decided."""
        joined = Joined(unit)
        self._waiting.append(joined)
        self.held += len(unit.raw)
        paths = Counter(item.path for item in unit.fields if not item.is_key)
        marks = {
            item.path: item.value
            for item in unit.fields
            if (item.path in _KINDS or item.name in _MARKS) and paths[item.path] == 1
        }
        for item in unit.fields:
            if item.type in TEXTUAL and not item.is_key and paths[item.path] == 1 and self._is_read(item.path):
                self._take(joined, item, marks)
        if _is_end(unit):
            of_text = {path: value for path, value in marks.items() if path not in _KINDS}
            self._settle(lambda text: all(of_text.get(path, value) == value for path, value in text.marks.items()))
        if len(self._waiting) > MOST_UNITS or self.held > MOST_BYTES:
            self._settle(lambda _: True)
        return self._decided()

    def end(self) -> Iterator[Joined]:
        """Take the end of the payload; give what waited."""
        self._settle(lambda _: True)
        return self._decided()

    def _decided(self) -> Iterator[Joined]:
        while self._waiting and not self._waiting[0].undecided:
            joined = self._waiting.popleft()
            self.held -= len(joined.unit.raw)
            yield joined

    def _take(self, joined: Joined, item: Field, marks: Mapping[str, bytes]) -> None:
        text = self._text(item, marks)
        if not item.value:
            return
        if len(text.begin) < _JUDGED_BY:
            text.begin += item.value[:_JUDGED_BY]
            text.is_json = text.is_json or begins_json(text.begin)
        joined.found[item.order] = Found(is_json=text.is_json)
        joined.undecided += 1
        text.pieces.append(_Piece(joined, item.order, item.value, 0))
        whole = b"".join(piece.value for piece in text.pieces)
        spans = self._surrogates.spans(whole, text.before)
        opening = self._surrogates.opening(whole, text.before)
        for span in spans:
            if span.start < opening < span.end:
                opening = span.start
        self._decide(text, [span for span in spans if span.end <= opening], opening)

    def _settle(self, which: Callable[[_Text], bool]) -> None:
        """Decide what is undecided of some texts: no more of them comes."""
        for key in [key for key, text in self._texts.items() if which(text)]:
            text = self._texts.pop(key)
            whole = b"".join(piece.value for piece in text.pieces)
            self._decide(text, self._surrogates.spans(whole, text.before), len(whole))

    def _decide(self, text: _Text, spans: Sequence[Span], upto: int) -> None:
        """Share what was found out among a text's pieces, and keep what stands after `upto`."""
        start = 0
        kept: list[_Piece] = []
        for piece in text.pieces:
            end = start + len(piece.value)
            for span in spans:
                if span.start < end and span.end > start:
                    self._put(piece, span, start, end)
            if end > upto:
                cut = max(upto - start, 0)
                if cut:
                    text.before = piece.value[cut - 1]
                kept.append(_Piece(piece.held, piece.order, piece.value[cut:], piece.at + cut))
            else:
                text.before = piece.value[-1]
                piece.held.undecided -= 1
            start = end
        text.pieces = kept

    def _put(self, piece: _Piece, span: Span, start: int, end: int) -> None:
        """Put a span's value where it ends, and nothing where its beginning was."""
        by = piece.at - start
        clear = span.clear if span.end <= end else ""
        here = Span(max(span.start, start) + by, min(span.end, end) + by, span.category, clear)
        found = piece.held.found[piece.order]
        piece.held.found[piece.order] = replace(found, spans=(*found.spans, here))

    def _text(self, item: Field, marks: Mapping[str, bytes]) -> _Text:
        mine = {path: value for path, value in marks.items() if item.path.startswith(path.rpartition(".")[0])}
        key = (item.path, *sorted(mine.items()))
        text = self._texts.get(key)
        if text is None:
            kind = next((mine[path] for path in _KINDS if path in mine), b"").decode("utf-8", "replace")
            of_text = {path: value for path, value in mine.items() if path not in _KINDS}
            text = _Text(of_text, is_json=item.name in NAMES or kind.endswith(_JSON_KINDS))
            self._texts[key] = text
            if len(self._texts) > MOST_TEXTS:
                oldest = next(iter(self._texts.values()))
                self._settle(lambda each: each is oldest)
        self._texts.move_to_end(key)
        return text


def _is_end(unit: Unit) -> bool:
    """Say whether a unit says that a text has ended."""
    for item in unit.fields:
        if item.name in _ENDS and item.type in TEXTUAL:
            return True
        if item.path in _KINDS and item.value.decode("utf-8", "replace").endswith(_END_KINDS):
            return True
        if item.path == "data" and item.value == _END_DATA:
            return True
    return False
