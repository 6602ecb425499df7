"""A copy as it travels: rows in CopyData messages, out of messages that may cut them anywhere.

The rule: what leaves has one row in each message, as the server sends it, since drivers take each message for a row; the header of
a binary copy goes with the first of them. In either direction: a gate that looks at a copy sends it on so.
"""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Final, TypeAlias

from librt.strings import read_i32_be

from ringfence.carriers.model import Fault, Undecodable
from ringfence.wire.postgres.copies import CopySpelling, CopyTextRows
from ringfence.wire.postgres.csv_copies import CopyCsvRows
from ringfence.wire.postgres.rows import CopyBinaryRows
from ringfence.wire.postgres.splitting import BinarySplitter, CopyPart, CopyPlace, LineSplitter, binary_head
from ringfence.wire.postgres.values import Codec

CopyRows: TypeAlias = CopyTextRows | CopyCsvRows | CopyBinaryRows

_HEADER: Final = Struct("!Bi")
_HEADER_BYTES: Final = 5
_KIND: Final = 0x64
_MADE: Final = 1024
_HEADERS: Final = [_HEADER.pack(_KIND, size + 4) for size in range(_MADE)]  # of payloads that are shorter


class CopyMessages:
    """Rows of a copy in CopyData messages, one in each. A row format."""

    def __init__(self, spelling: CopySpelling, types: Sequence[int], codecs: Mapping[int, Codec] | None = None) -> None:
        self.rows: CopyRows = _rows(spelling, types, codecs)
        self._data: bytes = b""
        self._head: bytes = b""
        self._payload: bytes = b""

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return self.rows.width

    @property
    def opaque(self) -> frozenset[int]:
        """Columns whose values cannot be read."""
        return self.rows.opaque

    def count(self, data: bytes) -> int:
        """Give how many rows there are."""
        return self.rows.count(self._opened(data))

    def take(self, data: bytes, columns: Sequence[int]) -> list[list[bytes | None]]:
        """Give each asked column's values as UTF-8 text, None for null."""
        return self.rows.take(self._opened(data), columns)

    def put(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> bytes:
        """Give the rows with other values in these columns, as UTF-8 text, None for null."""
        payload = self._opened(data)
        pieces = self.rows.put_each(payload, columns, values)
        if self._head:
            pieces[0] = self._head + pieces[0]
        self._data = self._head = self._payload = b""
        return copy_data(pieces)

    def _opened(self, data: bytes) -> bytes:
        if data is not self._data:
            payload = copy_payload(data)
            size = binary_head(payload) if isinstance(self.rows, CopyBinaryRows) else 0
            self._data, self._head, self._payload = data, payload[:size], payload[size:]
        return self._payload


class CopyCutter:
    """Cuts one copy, as runs of CopyData messages, into parts that are such runs: rows of at most `limit` bytes, one a message."""

    def __init__(self, spelling: CopySpelling, types: Sequence[int], limit: int) -> None:
        width = len(types)
        self._rows = _rows(spelling, types, None)
        self._splitter = BinarySplitter(width, limit) if spelling.format == "binary" else LineSplitter(spelling, limit)

    @property
    def held(self) -> int:
        """How many bytes of a row that is not whole are kept."""
        return self._splitter.held

    def feed(self, run: bytes) -> list[CopyPart]:
        """Take a run of messages; give what is whole. What is no copy of its format is `Undecodable`."""
        pieces = _pieces(run)
        payload = b"".join(pieces)
        parts = self._splitter.feed(payload)
        if len(parts) == 1 and parts[0] == (CopyPlace.ROWS, payload, len(pieces)) and self._rows.cut(payload) == pieces:
            return [(CopyPlace.ROWS, run, len(pieces))]  # as a server sends them: one whole row in each message
        return self._packed(parts)

    def end(self) -> list[CopyPart]:
        """Take the end of the copy; give what was kept."""
        return self._packed(self._splitter.end())

    def _packed(self, parts: list[CopyPart]) -> list[CopyPart]:
        packed: list[CopyPart] = []
        head = b""
        for place, data, count in parts:
            if place is CopyPlace.HEAD and isinstance(self._rows, CopyBinaryRows) and len(parts) > 1:
                head = data
                continue
            pieces = self._rows.cut(data) if place is CopyPlace.ROWS else [data]
            if place is CopyPlace.ROWS and len(pieces) != count:
                raise Undecodable(Fault.MALFORMED, "a copy whose lines do not all end in the same way", 0)
            pieces[0] = head + pieces[0]
            head = b""
            packed.append((place, copy_data(pieces), count))
        return packed


def copy_payload(run: bytes) -> bytes:
    """Give what a run of CopyData messages carries."""
    return b"".join(_pieces(run))


def _pieces(run: bytes) -> list[bytes]:
    """Give what each message of a run carries."""
    pieces: list[bytes] = []
    size = len(run)
    at = 0
    while at < size:
        begin = at + _HEADER_BYTES
        end = at + 1 + (read_i32_be(run, at + 1) if begin <= size else 0)
        if run[at] != _KIND or not begin <= end <= size:
            raise Undecodable(Fault.MALFORMED, "bytes that are not a run of CopyData messages", at)
        pieces.append(run[begin:end])
        at = end
    return pieces


def copy_data(pieces: Sequence[bytes]) -> bytes:
    """Give a CopyData message for each piece."""
    parts: list[bytes] = [b""] * (2 * len(pieces))
    sizes = list(map(len, pieces))
    parts[0::2] = [_HEADERS[size] if size < _MADE else _HEADER.pack(_KIND, size + 4) for size in sizes]
    parts[1::2] = pieces
    return b"".join(parts)


def _rows(spelling: CopySpelling, types: Sequence[int], codecs: Mapping[int, Codec] | None) -> CopyRows:
    match spelling.format:
        case "text":
            return CopyTextRows(spelling, len(types))
        case "csv":
            return CopyCsvRows(spelling, len(types))
        case "binary":
            return CopyBinaryRows(types, codecs)
    raise Undecodable(Fault.MALFORMED, "a copy in a format that is neither text, csv nor binary", 0)
