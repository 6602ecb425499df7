"""Rows as the server sends them: columns taken out of DataRow messages, and put back.

The rule: every byte that was not put is the byte that came; a value that is put back as it was taken keeps its spelling. There is
no object per row: a batch is walked once, up to the last column that is asked for, and the offsets found are kept until `put`,
which joins slices of the batch with new lengths and values. Columns behind the last one asked for are not looked into: they pass
as they came, within the bounds that their message states.

This file is compiled where a compiler is there. What happens for each row is one loop or a list comprehension, since that is what
is fast uncompiled as well; figures are in benchmarks/wire.py.
"""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Final

from librt.strings import read_i16_be, read_i32_be

from ringfence.carriers.model import Fault, Undecodable
from ringfence.wire.postgres.values import TEXTUAL, Codec, codec_of

_KIND: Final = 0x44
_NULL: Final = b"\xff\xff\xff\xff"
_LENGTH: Final = Struct("!i")
_HEADER: Final = Struct("!Bi")

# Lengths and headers as they are written, made once: looking one up costs 15 ns, packing it 90.
_MADE: Final = 2048
_LENGTHS: Final[list[bytes]] = [_LENGTH.pack(number) for number in range(_MADE)]
_HEADERS: Final[list[bytes]] = [_HEADER.pack(_KIND, number) for number in range(_MADE)]


class DataRows:
    """DataRow messages of one shape: each column's format, 0 for text or 1 for binary, and its type's OID.

    `codecs` adds those of types that are not built in, by OID. `opaque` are the columns whose values cannot be read, since they
    are binary and nothing here knows their type: nothing but None can be put there.
    """

    def __init__(self, formats: Sequence[int], types: Sequence[int], codecs: Mapping[int, Codec] | None = None) -> None:
        if len(formats) != len(types):
            raise ValueError("rows need a format and a type for each column")
        added = codecs or {}
        found = [
            (added.get(oid) or codec_of(oid)) if binary else TEXTUAL for binary, oid in zip(formats, types, strict=True)
        ]
        self._codecs: list[Codec] = [codec or TEXTUAL for codec in found]
        self.opaque: frozenset[int] = frozenset(column for column, codec in enumerate(found) if codec is None)
        self._width: int = len(types)
        self._data: bytes = b""
        self._asked: list[int] = []  # the columns whose offsets are known, in order
        self._flat: list[int] = []  # for each row: its start, start and end of each asked column's value, its end
        self._taken: dict[int, list[bytes | None]] = {}
        self._kept_from: int = 5  # where in a row the bytes begin that stay

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return self._width

    def count(self, data: bytes) -> int:
        """Give how many rows there are."""
        self._walk(data, [])
        return len(self._flat) // 2

    def take(self, data: bytes, columns: Sequence[int]) -> list[list[bytes | None]]:
        """Give each asked column's values as UTF-8 text, None for null."""
        asked = sorted({*columns, *self._asked} if data is self._data else set(columns))
        nulls = self._walk(data, asked)
        stride = 2 * len(asked) + 2
        for column in columns:
            if column in self.opaque:
                raise Undecodable(Fault.ENCODING, f"column {column + 1} is of a binary type that is not known", 0)
            slot = 2 * asked.index(column) + 1
            starts, ends = self._flat[slot::stride], self._flat[slot + 1 :: stride]
            values: list[bytes | None] = [data[start:end] for start, end in zip(starts, ends, strict=True)]
            for index in nulls:
                if index % stride == slot:
                    values[index // stride] = None
            codec = self._codecs[column]
            self._taken[column] = values if codec is TEXTUAL else codec.decode_all(values)
        return [self._taken[column] for column in columns]

    def put(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> bytes:
        """Give the rows with other values in these columns, as UTF-8 text, None for null."""
        if data is not self._data or not set(columns).issubset(self._asked):
            self._walk(data, sorted(set(columns)))
        made = self._put_in_place(data, columns, values)
        if made is not None:
            self._forget()
            return made
        flat = self._flat
        stride = 2 * len(self._asked) + 2
        begins, ends = flat[0::stride], flat[stride - 1 :: stride]
        width = 3 * len(columns) + 2
        parts: list[bytes] = [b""] * (len(begins) * width)
        sizes = [end - begin - 1 for begin, end in zip(begins, ends, strict=True)]
        after = [begin + self._kept_from for begin in begins]
        place = 1
        for number in sorted(range(len(columns)), key=columns.__getitem__):
            slot = 2 * self._asked.index(columns[number]) + 1
            starts, stops = flat[slot::stride], flat[slot + 1 :: stride]
            cells, lengths = self._cells(data, columns[number], values[number], starts, stops)
            parts[place::width] = [data[end : start - 4] for end, start in zip(after, starts, strict=True)]
            parts[place + 1 :: width] = lengths
            parts[place + 2 :: width] = cells
            sizes = [
                size + len(cell) + start - stop
                for size, cell, start, stop in zip(sizes, cells, starts, stops, strict=True)
            ]
            after = stops
            place += 3
        self._lead(parts, width, sizes)
        parts[place::width] = [data[stop:end] for stop, end in zip(after, ends, strict=True)]
        self._forget()
        return b"".join(parts)

    def _put_in_place(
        self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]
    ) -> bytes | None:
        """Put texts that are as long as those that they replace, as masks are: no length changes. None where one is not.

        Half of what it costs to write every row anew (measured on two of eight columns).
        """
        flat = self._flat
        stride = 2 * len(self._asked) + 2
        slots = [2 * self._asked.index(column) + 1 for column in columns]
        width = 2 * len(columns)
        parts: list[bytes] = [b""] * (len(flat) // stride * width)
        if not parts:
            return None
        after = [0, *flat[max(slots) + 1 :: stride]]
        last = after.pop()
        for turn, number in enumerate(sorted(range(len(columns)), key=columns.__getitem__)):
            column, new, slot = columns[number], values[number], slots[number]
            taken = self._taken.get(column)
            if taken is None or self._codecs[column] is not TEXTUAL or len(new) != len(taken):
                return None
            for value, old in zip(new, taken, strict=True):
                if value is None or old is None:
                    if value is not old:
                        return None
                elif len(value) != len(old):
                    return None
            starts = flat[slot::stride]
            parts[2 * turn :: width] = [data[end:start] for end, start in zip(after, starts, strict=True)]
            parts[2 * turn + 1 :: width] = [value or b"" for value in new]
            after = flat[slot + 1 :: stride]
        parts.append(data[last:])
        return b"".join(parts)

    def _cells(
        self, data: bytes, column: int, values: Sequence[bytes | None], starts: list[int], stops: list[int]
    ) -> tuple[list[bytes], list[bytes]]:
        """Give what is to stand in a column, and the lengths before it."""
        if len(values) != len(starts):
            raise ValueError(f"{len(values)} values were given for {len(starts)} rows")
        nulls = [row for row, value in enumerate(values) if value is None]
        codec = self._codecs[column]
        if codec is not TEXTUAL:
            cells = self._encoded(data, column, values, starts, stops)
        elif column in self.opaque and len(nulls) < len(values):
            raise Undecodable(Fault.ENCODING, f"column {column + 1} is of a binary type that is not known", 0)
        else:
            cells = [value or b"" for value in values]
        lengths = [_LENGTHS[len(cell)] if len(cell) < _MADE else _LENGTH.pack(len(cell)) for cell in cells]
        for row in nulls:
            lengths[row] = _NULL
        return cells, lengths

    def _encoded(
        self, data: bytes, column: int, values: Sequence[bytes | None], starts: list[int], stops: list[int]
    ) -> list[bytes]:
        """Encode values; those that are the ones that were taken stay as they were spelt."""
        taken = self._taken.get(column)
        encode = self._codecs[column].encode
        if taken is None:
            return [b"" if value is None else encode(value) for value in values]
        return [
            b"" if value is None else data[start:stop] if value == old else encode(value)
            for value, old, start, stop in zip(values, taken, starts, stops, strict=True)
        ]

    def _walk(self, data: bytes, asked: list[int]) -> list[int]:
        """Find the offsets of some columns; give where in them the nulls are."""
        if data is not self._data:
            self._forget()
        if asked and not 0 <= asked[0] <= asked[-1] < self._width:
            raise ValueError(f"rows have {self._width} columns, and another one was asked for")
        wanted = [column in asked for column in range(asked[-1] + 1 if asked else 0)]
        try:
            flat, nulls = self._offsets(data, wanted)
        except (IndexError, ValueError):  # a length that leads out of the data
            raise _malformed(len(data)) from None
        self._data, self._asked, self._flat = data, asked, flat
        return nulls

    def _offsets(self, data: bytes, wanted: list[bool]) -> tuple[list[int], list[int]]:
        return _offsets(data, self._width, wanted)

    def _lead(self, parts: list[bytes], width: int, sizes: list[int]) -> None:
        """Write what stands before each row's columns; `sizes` is how long each row has become, without its kind."""
        parts[0::width] = [_HEADERS[size] if size < _MADE else _HEADER.pack(_KIND, size) for size in sizes]

    def _forget(self) -> None:
        self._data, self._asked, self._flat, self._taken = b"", [], [], {}


def _offsets(data: bytes, width: int, wanted: list[bool]) -> tuple[list[int], list[int]]:
    """Walk over rows: this loop sees every one of them."""
    flat: list[int] = []
    nulls: list[int] = []
    size = len(data)
    at = 0
    while at < size:
        end = at + 1 + read_i32_be(data, at + 1)
        place = at + 7
        if data[at] != _KIND or not place <= end <= size or read_i16_be(data, at + 5) != width:
            raise _malformed(at)
        flat.append(at)
        for asked in wanted:
            length = read_i32_be(data, place)
            place += 4
            if asked:
                if length < 0:
                    nulls.append(len(flat))
                flat.append(place)
                if length > 0:
                    place += length
                flat.append(place)
            elif length > 0:
                place += length
            if length < -1:
                raise _malformed(at)
        if place > end:
            raise _malformed(at)
        flat.append(end)
        at = end
    return flat, nulls


class CopyBinaryRows(DataRows):
    """Rows of a copy in binary format, without header and trailer. All columns are binary; no row says how long it is."""

    def __init__(self, types: Sequence[int], codecs: Mapping[int, Codec] | None = None) -> None:
        super().__init__([1] * len(types), types, codecs)
        self._kept_from = 0

    def put_each(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> list[bytes]:
        """As `put`, but give each row."""
        return self.cut(self.put(data, columns, values))

    def cut(self, data: bytes) -> list[bytes]:
        """Give each row."""
        self._walk(data, [])
        return [data[begin:end] for begin, end in zip(self._flat[0::2], self._flat[1::2], strict=True)]

    def _offsets(self, data: bytes, wanted: list[bool]) -> tuple[list[int], list[int]]:
        return _unframed_offsets(data, self._width, wanted + [False] * (self._width - len(wanted)))

    def _lead(self, parts: list[bytes], width: int, sizes: list[int]) -> None:
        """Write nothing: no length stands before these rows."""


def _unframed_offsets(data: bytes, width: int, wanted: list[bool]) -> tuple[list[int], list[int]]:
    """Walk over the rows of a binary copy."""
    flat: list[int] = []
    nulls: list[int] = []
    size = len(data)
    place = 0
    while place < size:
        flat.append(place)
        if read_i16_be(data, place) != width:
            raise _malformed(place)
        place += 2
        for asked in wanted:
            length = read_i32_be(data, place)
            place += 4
            if length < -1:
                raise _malformed(place)
            if asked:
                if length < 0:
                    nulls.append(len(flat))
                flat.append(place)
            if length > 0:
                place += length
            if asked:
                flat.append(place)
        if place > size:
            raise _malformed(place)
        flat.append(place)
    return flat, nulls


def _malformed(at: int) -> Undecodable:
    return Undecodable(Fault.MALFORMED, "rows that are not laid out as their columns were described", at)
