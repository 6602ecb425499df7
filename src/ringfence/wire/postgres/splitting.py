"""A copy's bytes, cut into whole rows, wherever its messages cut them.

The rule: what comes out, joined, is what went in. A copy is a head (the header of a binary copy, the line with the columns'
names), rows, and a tail (the trailer, the end mark). Nothing may follow a tail: the server would pass over it, and nobody would
have looked at it. Of a row that is not whole no more than `limit` bytes are kept, and each byte is looked at a fixed number of
times, however small the pieces are.
"""

from enum import Enum, auto
from struct import Struct
from typing import Final, TypeAlias

from ringfence.carriers.model import Fault, Undecodable
from ringfence.wire.postgres.copies import CopySpelling
from ringfence.wire.postgres.csv_copies import ends_with_escape, quoted_stretches

_LENGTH: Final = Struct("!i")
_COUNT: Final = Struct("!h")
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_FIXED_HEAD: Final = len(_SIGNATURE) + 8  # then flags, and the length of an extension
_LARGEST_EXTENSION: Final = 1 << 16
_MARK: Final = b"\\."


class CopyPlace(Enum):
    """Where in a copy bytes stand."""

    HEAD = auto()
    ROWS = auto()
    TAIL = auto()


CopyPart: TypeAlias = tuple[CopyPlace, bytes, int]
"""Where bytes stand, the bytes, and how many rows they are."""


class LineSplitter:
    """Cuts copies in text and csv. The end of a line inside of quotes, or behind a backslash, is none."""

    def __init__(self, spelling: CopySpelling, limit: int) -> None:
        self._limit = limit
        is_csv = spelling.format == "csv"
        self._quote = spelling.quote.encode() if is_csv else b""
        self._escape = spelling.escape.encode() if is_csv else b""
        self._is_head = spelling.header
        self._is_over = False
        self._held = bytearray()
        self._back = b""  # a carriage return at the end of a piece: what ends a line is not known before the next byte
        self._ending = b""  # the last byte of what ends a line, once it is known
        self._is_inside = False  # of quotes
        self._is_escaped = False  # the next byte

    @property
    def held(self) -> int:
        """How many bytes of a row that is not whole are kept."""
        return len(self._held) + len(self._back)

    def feed(self, payload: bytes) -> list[CopyPart]:
        """Take the next bytes; give the rows that are whole."""
        payload, self._back = self._back + payload, b""
        if self._is_over and payload:
            raise _behind_tail()
        masked = self._mask(payload)
        if not self._ending:
            payload = self._find_ending(payload, masked)
        cut = masked.rfind(self._ending, 0, len(payload)) + 1 if self._ending else 0
        if not cut:
            self._held += payload
            self._check_held()
            return []
        whole = bytes(self._held) + payload[:cut]
        self._held = bytearray(payload[cut:])
        self._check_held()
        return self._parts(whole)

    def end(self) -> list[CopyPart]:
        """Take the end of the copy; the last line may do without its end."""
        rest = bytes(self._held) + self._back
        if self._back:
            self._ending = b"\r"
        if self._is_inside or self._is_escaped:
            raise Undecodable(Fault.TRUNCATED, "a copy that ends inside of a value", 0)
        self._held, self._back = bytearray(), b""
        return self._parts(rest) if rest else []

    def _find_ending(self, payload: bytes, masked: bytes) -> bytes:
        """Find out how lines end, from the first one; give the payload without what does not tell yet."""
        newline, carriage = masked.find(b"\n"), masked.find(b"\r")
        if carriage < 0 or 0 <= newline < carriage:
            self._ending = b"\n" if newline >= 0 else b""
        elif carriage < len(masked) - 1:
            self._ending = b"\n" if newline == carriage + 1 else b"\r"
        else:
            self._back = b"\r"
            return payload[:-1]
        return payload

    def _mask(self, payload: bytes) -> bytes:
        """Give the payload with blanks for what cannot end a line, and remember where in a value it stops."""
        masked, self._is_inside, self._is_escaped = self._masked(payload, self._is_inside, self._is_escaped)
        return masked

    def _masked(self, payload: bytes, is_inside: bool, is_escaped: bool) -> tuple[bytes, bool, bool]:
        if not payload:
            return payload, is_inside, is_escaped
        lead, body = (b" ", payload[1:]) if is_escaped else (b"", payload)
        if self._quote:
            opened = self._quote if is_inside else b""
            stretches = quoted_stretches(opened + body, self._quote, self._escape)
            last = stretches[-1]
            stretches[1::2] = [b" " * len(stretch) for stretch in stretches[1::2]]
            is_inside = len(stretches) % 2 == 0
            is_escaped = is_inside and self._escape != self._quote and ends_with_escape(last, self._escape)
            return lead + self._quote.join(stretches)[len(opened) :], is_inside, is_escaped
        if b"\\" in body:
            body = body.replace(b"\\\\", b"  ").replace(b"\\\n", b"  ").replace(b"\\\r", b"  ")
        return lead + body, False, body.endswith(b"\\")

    def _parts(self, whole: bytes) -> list[CopyPart]:
        """Part whole lines into head, rows and tail."""
        parts: list[CopyPart] = []
        masked, _, _ = self._masked(whole, False, False)
        start = 0
        if self._is_head:
            self._is_head = False
            start = masked.find(self._ending) + 1 if self._ending else 0
            start = start or len(whole)
            parts.append((CopyPlace.HEAD, whole[:start], 0))
        stop = self._find_mark(masked, start)
        if stop > start:
            count = masked.count(self._ending, start, stop) if self._ending else 0
            count += not self._ending or masked[stop - 1 : stop] != self._ending
            parts.append((CopyPlace.ROWS, whole[start:stop], count))
        if stop < len(whole):
            self._is_over = True
            parts.append((CopyPlace.TAIL, whole[stop:], 0))
            if whole[stop + len(_MARK) :].strip(b"\r\n") or self._held:
                raise _behind_tail()
        return parts

    def _find_mark(self, masked: bytes, start: int) -> int:
        """Give where the end mark stands, alone in its line; where there is none, the end."""
        if b"\\" not in masked:  # finding one byte is a hundred times faster than finding two
            return len(masked)
        at = masked.find(_MARK, start)
        while at >= 0:
            behind = masked[at + len(_MARK) : at + len(_MARK) + 1]
            if (at == start or masked[at - 1 : at] == self._ending) and behind in (b"", b"\r", b"\n"):
                return at
            at = masked.find(_MARK, at + 1)
        return len(masked)

    def _check_held(self) -> None:
        if len(self._held) > self._limit:
            raise Undecodable(Fault.TOO_LARGE, f"a row of a copy of more than {self._limit} bytes", 0)


class BinarySplitter:
    """Cuts binary copies. The header comes together with what follows it, as the server sends it."""

    def __init__(self, width: int, limit: int) -> None:
        self._limit = limit
        self._width = width
        self._head = b""
        self._is_head = True
        self._is_over = False
        self._held = bytearray()
        self._at = 0  # up to where in the held row columns are whole
        self._left = -1  # columns that are still to come; -1 between rows

    @property
    def held(self) -> int:
        """How many bytes are kept of a row that is not whole."""
        return len(self._held) + len(self._head)

    def feed(self, payload: bytes) -> list[CopyPart]:
        """Take the next bytes; give the rows that are whole."""
        if self._is_over and payload:
            raise _behind_tail()
        self._held += payload
        if self._is_head and not self._read_head():
            if not self._held.startswith(_SIGNATURE[: len(self._held)]):
                raise Undecodable(Fault.MALFORMED, "a binary copy that does not begin as one", 0)
            return []
        end, count = self._walk()
        parts: list[CopyPart] = []
        if count:
            parts.append((CopyPlace.ROWS, bytes(self._held[:end]), count))
            del self._held[:end]
            self._at -= end
        if self._is_over:
            parts.append((CopyPlace.TAIL, bytes(self._held[:2]), 0))
            if len(self._held) > 2:
                raise _behind_tail()
            self._held.clear()
        if len(self._held) > self._limit:
            raise Undecodable(Fault.TOO_LARGE, f"a row of a copy of more than {self._limit} bytes", 0)
        if self._head and parts:
            parts.insert(0, (CopyPlace.HEAD, self._head, 0))
            self._head = b""
        return parts

    def end(self) -> list[CopyPart]:
        """Take the end of the copy; the server does without a trailer."""
        if self._held:
            raise Undecodable(Fault.TRUNCATED, "a copy that ends inside of a row", 0)
        head, self._head = self._head, b""
        return [(CopyPlace.HEAD, head, 0)] if head else []

    def _read_head(self) -> bool:
        size = binary_head(self._held)
        if not size:
            return False
        self._head = bytes(self._held[:size])
        self._is_head = False
        del self._held[:size]
        return True

    def _walk(self) -> tuple[int, int]:
        """Go on over columns; give where the last whole row ends, and how many rows have become whole."""
        held, size = self._held, len(self._held)
        at, left = self._at, self._left
        end = count = 0
        while True:
            if left < 0:
                if size - at < 2:
                    break
                (left,) = _COUNT.unpack_from(held, at)
                if left != self._width:
                    self._is_over = left == -1
                    if self._is_over:
                        break
                    raise Undecodable(Fault.MALFORMED, f"a row of a copy that does not have {self._width} columns", 0)
                at += 2
            while left and size - at >= 4:
                (length,) = _LENGTH.unpack_from(held, at)
                if length < -1 or length > self._limit:
                    raise Undecodable(Fault.MALFORMED, "a value of a copy with a length that cannot be", 0)
                if at + 4 + length > size:
                    break
                at += 4 + max(length, 0)
                left -= 1
            if left:
                break
            left, end, count = -1, at, count + 1
        self._at, self._left = at, left
        return end, count


def binary_head(data: bytes | bytearray) -> int:
    """Give how long the header is that a binary copy begins with; 0 where there is none, or not the whole of it."""
    if len(data) < _FIXED_HEAD or not data.startswith(_SIGNATURE):
        return 0
    (extension,) = _LENGTH.unpack_from(data, _FIXED_HEAD - 4)
    if not 0 <= extension <= _LARGEST_EXTENSION:
        raise Undecodable(Fault.MALFORMED, "a binary copy with a header that is too long", 0)
    return _FIXED_HEAD + extension if len(data) >= _FIXED_HEAD + extension else 0


def _behind_tail() -> Undecodable:
    return Undecodable(Fault.MALFORMED, "a copy that goes on behind its end mark", 0)
