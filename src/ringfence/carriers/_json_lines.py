"""Lines that each hold one JSON document, read whole.

The rule: what a line says is always what `Scanner` says. Lines of a log repeat a few shapes, so the fields of a line are also
remembered as a `Shape`: the line split at its quotes, with the pieces that must be there unchanged (structure and keys) and
those that vary (strings and scalars). A line that fits a shape has the same fields without being scanned again: measured on
300-byte lines with 30 fields, more than twice as fast. A line that holds an escaped quote or a control character makes no shape
and fits none.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from operator import add, itemgetter

from ringfence.carriers._json_grammar import BACKSLASH, CONTROLS, decode, offsets, scalar_type
from ringfence.carriers._json_scan import MAX_NUMBER, Scanner
from ringfence.carriers._json_whole import read_document
from ringfence.carriers._paths import Paths
from ringfence.carriers.fields import Columns
from ringfence.carriers.model import Field, Repeat
from ringfence.transform.types import ValueType

_SHAPES_OF_A_SIZE = 8  # remembered for each number of quotes in a line
_FIELDS_OF_A_SHAPE = 200  # and, with it, the number of different sizes
_LEAST_TO_PICK = 2  # an itemgetter of one item gives no tuple


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a field stands among the pieces: in which, and for a number or literal after and ahead of which structure."""

    piece: int
    before: bytes = b""
    behind: bytes = b""


class Shape:
    """The fields of a line, for all lines of the same structure and keys.

    A field starts at the length of all fixed pieces before it, which is known, plus that of the varying ones, which is summed
    up for each line.
    """

    def __init__(self, fields: Sequence[Field], pieces: list[bytes], places: Sequence[_Place], base: int) -> None:
        varying = [place.piece for field, place in zip(fields, places, strict=True) if not field.is_key]
        fixed = sorted(set(range(len(pieces))).difference(varying))
        self._pick = itemgetter(*fixed)
        self._fixed = self._pick(pieces)
        self._vary = itemgetter(*varying)
        self._values = itemgetter(*(place.piece for place in places))
        self._scalars = [(index, place) for index, place in enumerate(places) if place.piece % 2 == 0]
        self._paths = [field.path for field in fields]
        self._types = [field.type for field in fields]
        self._kinds = frozenset(self._types)
        self._are_keys = [field.is_key for field in fields]
        sums = list(accumulate((len(pieces[piece]) for piece in varying), initial=base))
        ranks = [bisect_left(varying, place.piece) for place in places]
        ends = [rank if field.is_key else rank + 1 for field, rank in zip(fields, ranks, strict=True)]
        self._sums_before = itemgetter(*ranks)
        self._sums_after = itemgetter(*ends)
        self._starts = [field.start - sums[rank] for field, rank in zip(fields, ranks, strict=True)]
        self._ends = [field.end - sums[rank] for field, rank in zip(fields, ends, strict=True)]

    def read(self, pieces: list[bytes], base: int, order: int) -> Columns | None:
        """Give the fields of a line that was split at its quotes; None where the line has another shape."""
        if self._pick(pieces) != self._fixed:
            return None
        values: Sequence[bytes] = self._values(pieces)
        types, kinds = self._types, self._kinds
        if self._scalars:
            values, types = list(values), types.copy()
            for index, place in self._scalars:
                piece = values[index]
                if len(piece) < len(place.before) + len(
                    place.behind
                ):  # compiled, a slice that ends before it begins fails
                    return None
                text = piece[len(place.before) : len(piece) - len(place.behind)]
                kind = scalar_type(text) if len(text) <= MAX_NUMBER else None
                if kind is None or not (piece.startswith(place.before) and piece.endswith(place.behind)):
                    return None
                values[index], types[index] = text, kind
                if kind not in kinds:
                    kinds = kinds | {kind}
        return Columns(self._paths, types, values, kinds, lambda: self._fields(types, values, pieces, base, order))

    def _fields(
        self, types: list[ValueType], values: Sequence[bytes], pieces: list[bytes], base: int, order: int
    ) -> list[Field]:
        sums = list(accumulate(map(len, self._vary(pieces)), initial=base))
        starts = map(add, self._starts, self._sums_before(sums))
        ends = map(add, self._ends, self._sums_after(sums))
        return list(
            map(Field, self._paths, types, values, starts, ends, range(order, order + len(values)), self._are_keys)
        )


def _shape(pieces: list[bytes], fields: Sequence[Field], base: int) -> Shape | None:
    """Make the shape of a line from its fields; None where it is too large, or two scalars stand in one piece."""
    if len(fields) > _FIELDS_OF_A_SHAPE or sum(not field.is_key for field in fields) < _LEAST_TO_PICK:
        return None
    places: list[_Place] = []
    number, start = 0, base
    for field in fields:
        while start + len(pieces[number]) < field.end:
            start += len(pieces[number]) + 1
            number += 1
        if number % 2:
            places.append(_Place(number))
        elif places and places[-1].piece == number:
            return None
        else:
            piece = pieces[number]
            places.append(_Place(number, piece[: field.start - start], piece[field.end - start :]))
    if places[0].piece == 0:  # nothing may be fixed then: [1,"x",2]
        return None
    return Shape(fields, pieces, places, base)


class LineReader:
    """Reads lines. It remembers paths and shapes from one line to the next, both bounded, and nothing of their values."""

    def __init__(self) -> None:
        self._paths = Paths()
        self._shapes: dict[int, list[Shape]] = {}

    def read(self, line: bytes, *, at: int, base: int, order: int) -> tuple[Sequence[Field], list[Repeat]]:
        """Read one document.

        `at` is the line's offset in the payload, `base` in its unit, `order` the number of its first field.
        """
        pieces = _pieces(line)
        if pieces is None:
            return self._scan(line, at, base, order)
        shapes = self._shapes.setdefault(len(pieces), [])
        for index, shape in enumerate(shapes):
            fields = shape.read(pieces, base, order)
            if fields is not None:
                if BACKSLASH in line:
                    _unescape(fields, at - base)
                if index:
                    shapes.insert(0, shapes.pop(index))
                return fields, []
        found, repeats = self._scan(line, at, base, order)
        made = None if repeats else _shape(pieces, found, base)
        if made is not None:
            shapes.insert(0, made)
            del shapes[_SHAPES_OF_A_SIZE:]
        return found, repeats

    def scanner(self, at: int, order: int) -> Scanner:
        """Start to read a document that is too long to wait for its whole line."""
        return Scanner(self._paths, at=at, order=order)

    def _scan(self, line: bytes, at: int, base: int, order: int) -> tuple[Sequence[Field], list[Repeat]]:
        return read_document(line, self._paths, at=at, base=base, order=order)


def _unescape(fields: Sequence[Field], unit_at: int) -> None:
    """Decode the values with escapes of fields that a shape has cut out as they stand."""
    for field in fields:
        content = field.value
        if BACKSLASH in content:
            field.value = decode(content, unit_at + field.start)
            field.raw_offsets = partial(offsets, content, field.start)


def _pieces(line: bytes) -> list[bytes] | None:
    """Split a line at its quotes; None where a quote might be escaped, a string might be wrong, or there is too much of it."""
    body = line.removesuffix(b"\n").removesuffix(b"\r")
    if len(body.translate(None, CONTROLS)) != len(body) or b'\\"' in body:
        return None
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return None
    pieces = body.split(b'"')
    return pieces if len(pieces) <= 4 * _FIELDS_OF_A_SHAPE else None
