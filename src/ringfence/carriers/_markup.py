"""What XML and HTML have in common: tokens read as they are whole, fields of text, attributes and comments, and how each is spelt.

The rule: a page's bytes are never made anew. Text that readers join although something stands between (a comment, the edge of a
CDATA section, in HTML ``<b>``) is looked at twice: each stretch by itself, and joined around each place where two meet, for an
address may be cut there. A unit ends where nothing is joined, once it has 64 KiB.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from ringfence.carriers._paths import MAX_PATH
from ringfence.carriers._spans import ScatteredField, widened, write_scattered
from ringfence.carriers.model import Change, Edit, Fault, Field, Undecodable, Unit
from ringfence.transform.types import ValueType

UNIT_BYTES = 64 * 1024
MAX_TOKEN = 8 * 1024 * 1024  # bytes of one text, comment or section
MAX_TAG = 1024 * 1024
MAX_JOINED = 4 * UNIT_BYTES  # bytes after which a unit ends although text goes on

AROUND = 96  # bytes on either side of a place where two stretches meet
_TEXT = ValueType.TEXT

Offsets = Callable[[bytes, int], Sequence[int]]
_Mapped = Callable[[], Sequence[int]] | None


class Kind(Enum):
    """Where a value stands, which says how it is spelt."""

    TEXT = auto()
    QUOTED = auto()
    UNQUOTED = auto()
    CDATA = auto()
    COMMENT = auto()
    RAW = auto()  # a script or style: no references
    NAME = auto()


@dataclass(slots=True, repr=False)
class MarkupField(Field):
    """A value in a page."""

    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, repr=False)
class _Stretch:
    value: bytes
    start: int
    end: int
    mapped: _Mapped

    def offsets(self) -> Sequence[int]:
        return self.mapped() if self.mapped is not None else range(self.start, self.end + 1)


class MarkupCarrier(ABC):
    """A page that is read token by token; what a token is says the language. After `Undecodable` it is of no further use."""

    def __init__(self) -> None:
        self._buffer = bytearray()  # from the start of the present unit
        self._next = 0  # where, in it, the next token begins
        self._safe = True  # whether nothing that follows is joined to what was read
        self._seek = 0  # up to where the end of the present token was looked for
        self._quote = b""  # that is open in the present tag
        self._at = 0  # offset of the buffer in the payload
        self._order = 0
        self._fields: list[Field] = []
        self._run: list[_Stretch] = []  # stretches that readers join
        self._run_path = ""

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return len(self._buffer)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the units that are complete."""
        self._buffer += piece
        return self._read(final=False)

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        units = self._read(final=True)
        self._check_whole()
        self._break()
        if self._buffer:
            units.append(self._cut(len(self._buffer)))
        return units

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one field as edits. `text` None leaves a value empty; a name becomes another one."""
        if isinstance(field, MarkupField) and field.kind is Kind.NAME:
            return [Edit(field.start, field.end, b"redacted")] if changes else []
        if any(change.text is None for change in changes):
            changes = [Change(0, len(field.value), "")]
        if isinstance(field, ScatteredField):
            return write_scattered(field, changes, _plainest)
        kind = field.kind if isinstance(field, MarkupField) else Kind.TEXT
        offsets = field.raw_offsets() if field.raw_offsets else range(field.start, field.end + 1)
        edits: list[Edit] = []
        for change in changes:
            low, high = widened(field.value, change.start, change.end)
            start, end = offsets[low], offsets[high]
            edits.append(Edit(start, end, self._spell(unit.raw, start, end, change.text or "", kind)))
        return edits

    @abstractmethod
    def _token(self, at: int, *, final: bool) -> int:
        """Read the token at an index of the buffer; give where the next begins, or -1 where it is not yet whole."""

    @abstractmethod
    def _check_whole(self) -> None:
        """Raise where the page must not end here."""

    @abstractmethod
    def _spell(self, raw: bytes, start: int, end: int, text: str, kind: Kind) -> bytes:
        """Spell a text that will stand between these places."""

    def _read(self, *, final: bool) -> list[Unit]:
        units: list[Unit] = []
        while self._next < len(self._buffer):
            end = self._token(self._next, final=final)
            if end < 0:
                if len(self._buffer) - self._next > MAX_TOKEN:
                    raise self._fault(Fault.TOO_LARGE, f"a token of more than {MAX_TOKEN} bytes", self._next)
                break
            self._next, self._seek = end, 0
            if end >= UNIT_BYTES and (self._safe or end >= MAX_JOINED):
                self._break()
                units.append(self._cut(end))
        return units

    def _cut(self, end: int) -> Unit:
        unit = Unit(bytes(self._buffer[:end]), self._fields)
        del self._buffer[:end]
        self._fields = []
        self._next -= end
        self._at += end
        return unit

    def _find(self, mark: bytes, at: int) -> int:
        """Find what ends the present token; -1 where it has not come. Each byte is looked at once, however it comes."""
        found = self._buffer.find(mark, max(at, self._seek))
        if found < 0:
            self._seek = max(at, len(self._buffer) - len(mark) + 1)
        return found

    def _tag_end(self, at: int) -> int:
        """Find where a tag ends: at a ``>`` outside of quotes."""
        seek = max(self._seek, at + 1)
        buffer = self._buffer
        ends = -2  # where the next > stands, once it is known
        while True:
            if self._quote:
                closes = buffer.find(self._quote, seek)
                if closes < 0:
                    self._seek = len(buffer)
                    return -1
                self._quote, seek = b"", closes + 1
            if ends != -1 and ends < seek:
                ends = buffer.find(b">", seek)
            limit = ends if ends >= 0 else len(buffer)
            double = buffer.find(b'"', seek, limit)
            single = buffer.find(b"'", seek, double if double >= 0 else limit)
            opens = single if single >= 0 else double
            if opens < 0:
                self._seek = len(buffer)
                return ends + 1 if ends >= 0 else -1
            self._quote, seek = bytes(buffer[opens : opens + 1]), opens + 1

    def _await_tag(self, at: int) -> int:
        """Give -1 for a tag that is not yet whole, or raise where it is too long."""
        if len(self._buffer) - at > MAX_TAG:
            raise self._fault(Fault.TOO_LARGE, f"a tag of more than {MAX_TAG} bytes", at)
        return -1

    def _fault(self, fault: Fault, what: str, at: int) -> Undecodable:
        return Undecodable(fault, what, self._at + at)

    def _add(self, path: str, kind: Kind, start: int, end: int, read: "tuple[bytes, Offsets] | None" = None) -> None:
        """Add a field; `read` is its value and the map back, where the value is not the bytes themselves."""
        value, mapped = self._value(start, end, read)
        if len(path) > MAX_PATH:
            raise self._fault(Fault.TOO_LARGE, f"a path of more than {MAX_PATH} characters", start)
        self._fields.append(MarkupField(path, _TEXT, value, start, end, self._order, kind is Kind.NAME, mapped, kind))
        self._order += 1

    def _add_text(
        self, path: str, kind: Kind, start: int, end: int, read: "tuple[bytes, Offsets] | None" = None
    ) -> None:
        """Add a stretch of text, which readers join to the one before it; white space alone is no field."""
        if start == end:
            return
        value, mapped = self._value(start, end, read)
        self._run.append(_Stretch(value, start, end, mapped))
        self._run_path = path
        self._safe = False
        if value.strip():
            self._add(path, kind, start, end, read)

    def _value(self, start: int, end: int, read: "tuple[bytes, Offsets] | None") -> tuple[bytes, _Mapped]:
        content = bytes(self._buffer[start:end])
        return (content, None) if read is None else (read[0], partial(read[1], content, start))

    def _break(self) -> None:
        """Take note that what follows is joined to nothing before it."""
        run, self._run = self._run, []
        self._safe = True
        if len(run) > 1:
            self._add_joints(run)

    def _add_joints(self, run: Sequence[_Stretch]) -> None:
        joints: list[int] = []
        at = 0
        for stretch in run[:-1]:
            at += len(stretch.value)
            joints.append(at)
        size = at + len(run[-1].value)
        windows: list[tuple[int, int]] = []
        for joint in joints:
            low, high = max(joint - AROUND, 0), min(joint + AROUND, size)
            if windows and windows[-1][1] >= low:
                low = windows.pop()[0]
            windows.append((low, high))
        for low, high in windows:
            self._add_joined(run, low, high)

    def _add_joined(self, run: Sequence[_Stretch], low: int, high: int) -> None:
        """Add the field of what is joined between two offsets of a run."""
        parts: list[bytes] = []
        places: list[tuple[int, int, int]] = []
        mapped: list[int] = []
        at = taken = 0
        for stretch in run:
            size = len(stretch.value)
            first, last = max(low - at, 0), min(high - at, size)
            at += size
            if first >= last:
                continue
            first, last = widened(stretch.value, first, last)
            offsets = stretch.offsets()
            parts.append(stretch.value[first:last])
            places.append((taken, offsets[first], offsets[last]))
            mapped.extend(offsets[first:last])
            taken += last - first
        if len(places) < 2:
            return
        mapped.append(places[-1][2])
        value = b"".join(parts)
        start, end = places[0][1], places[-1][2]
        self._fields.append(
            ScatteredField(self._run_path, _TEXT, value, start, end, self._order, False, lambda: mapped, places)
        )
        self._order += 1


def _plainest(text: str) -> bytes:
    """Spell a text so that it means itself anywhere in a page: what means something elsewhere is left out."""
    kept = text.translate({**dict.fromkeys(map(ord, "<>&-?\"'\x00")), ord("["): "(", ord("]"): ")"})
    return kept.encode("utf-8", "replace") or b"_"
