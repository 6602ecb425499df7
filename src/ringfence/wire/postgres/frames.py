"""Cutting a stream into messages: bytes in, whole messages out, wherever the stream was cut.

The rule: this file knows where messages begin and end, and not what they say. A length is believed only after it was checked,
before a byte is kept for it; what is kept is never more than one message of `limit` bytes. Messages that carry rows (DataRow,
CopyData) and follow each other in one chunk are given as one run, cut out of the chunk once: a run of ten thousand rows costs one
object. After a `RemoteError` nothing more can be read: where a message begins is no longer known.

This file is compiled where a compiler is there, and holds the loop that sees every row. Lengths are read by `librt`, mypyc's own
run-time library: 21 ns a read from plain Python where `struct` takes 59, and one instruction where compiled.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from librt.strings import read_i32_be

from ringfence.wire.postgres.faults import LocalError, RemoteError
from ringfence.wire.postgres.kinds import CLIENT_BOUNDS, SERVER_BOUNDS, FromClient, FromServer

Frame: TypeAlias = tuple[int, bytes, int]
"""A kind, whole messages of that kind with their headers, and how many they are: 1, or more for rows."""

BEFORE_AUTHENTICATION: Final = 16 * 1024
"""How large a message may be before it is known who sends it, and the limit that a framer begins with."""

_LARGEST_STARTUP: Final = 10_000  # MAX_STARTUP_PACKET_LENGTH in pqcomm.h
_HEADER: Final = 5  # a kind and a length that counts itself
_DATA_ROW: Final = 0x44
_COPY_DATA: Final = 0x64
_ROWS_OF_CLIENT: Final = (_COPY_DATA,)  # there a DataRow's letter is Describe's
_ROWS_OF_SERVER: Final = (_DATA_ROW, _COPY_DATA)

_SSL_KIND: Final = int(FromClient.SSL_REQUEST)
_GSSENC_KIND: Final = int(FromClient.GSSENC_REQUEST)
_CANCEL_KIND: Final = int(FromClient.CANCEL_REQUEST)
_STARTUP_KIND: Final = int(FromClient.STARTUP)
_ANSWER_KIND: Final = int(FromServer.ENCRYPTION_ANSWER)
_SSL: Final = 80877103  # codes where a start-up packet has its protocol's version
_GSSENC: Final = 80877104
_CANCEL: Final = 80877102
_LARGEST_CANCEL: Final = 12 + 256  # protocol 3.2: keys of up to 256 bytes


class Framer:
    """Cuts a stream of messages. `limit` is how many bytes one may have, its header counted; it may be changed at any time."""

    def __init__(self, bounds: Sequence[int], limit: int, rows: tuple[int, ...]) -> None:
        self.limit: int = limit
        self._rows: tuple[int, ...] = rows  # the kinds that carry rows
        self._bounds: list[int] = list(bounds)
        self._partial: bytearray = bytearray()
        self._broken: bool = False

    @property
    def held(self) -> int:
        """How many bytes of a message that is not whole are kept."""
        return len(self._partial)

    def feed(self, data: bytes) -> list[Frame]:
        """Take what arrived; give the messages that are whole."""
        self._check_usable()
        return self._cut(data, 0)

    def _check_usable(self) -> None:
        if self._broken:
            raise LocalError("a framer was fed after an error: close the connection instead")

    def _refuse(self, why: str) -> RemoteError:
        self._broken = True
        self._partial = bytearray()
        return RemoteError(why)

    def _cut(self, data: bytes, at: int) -> list[Frame]:
        frames: list[Frame] = []
        end = len(data)
        if self._partial:
            at = self._fill(data)
            if at < 0:
                return frames
            head, self._partial = self._partial, bytearray()
            kind, begin, count = head[0], at, 1
            if kind in self._rows:
                at, count = self._run(data, at, kind, 1)
            rest = memoryview(data)[begin:at]
            frames.append((kind, b"".join((head, rest)), count))
        while end - at >= _HEADER:
            kind = data[at]
            size = self._size(kind, read_i32_be(data, at + 1))
            if size > end - at:
                break
            begin = at
            at += size
            count = 1
            if kind in self._rows:
                at, count = self._run(data, at, kind, 1)
            whole = begin == 0 and at == end  # compiled, a slice is always a copy
            frames.append((kind, data if whole else data[begin:at], count))
        if at < end:
            self._check(data, at)
            self._partial += memoryview(data)[at:]
        return frames

    def _run(self, data: bytes, at: int, kind: int, count: int) -> tuple[int, int]:
        """Go on over messages of one kind; give where they end, and how many there are."""
        last = len(data) - _HEADER
        end = last + _HEADER
        most = self.limit - 1
        while at <= last and data[at] == kind:
            length = read_i32_be(data, at + 1)
            if length < 4 or length > most:
                break  # `_size` says what is wrong with it
            following = at + length + 1
            if following > end:
                break
            at = following
            count += 1
        return at, count

    def _fill(self, data: bytes) -> int:
        """Complete the message that is kept; give where in the data it ends, -1 where it is still not whole."""
        partial = self._partial
        at = 0
        if len(partial) < _HEADER:
            at = min(_HEADER - len(partial), len(data))
            partial += data[:at]
            self._check(bytes(partial), 0)
            if len(partial) < _HEADER:
                return -1
        end = at + read_i32_be(bytes(partial[:_HEADER]), 1) + 1 - len(partial)
        partial += memoryview(data)[at:end]
        return end if end <= len(data) else -1

    def _check(self, data: bytes, at: int) -> None:
        """Refuse what is already known to be wrong of a message that is not whole."""
        if len(data) - at >= _HEADER:
            self._size(data[at], read_i32_be(data, at + 1))
        elif not self._bounds[data[at]]:
            raise self._refuse(_unknown(data[at]))

    def _size(self, kind: int, length: int) -> int:
        """Give how many bytes a message has, from the length that it states."""
        bound = self._bounds[kind]
        if not bound:
            raise self._refuse(_unknown(kind))
        if length < 4:
            raise self._refuse(
                f"a message of kind {kind} states a length of {length}, which is less than a length takes"
            )
        size = length + 1
        if size > self.limit or size > bound:
            most = min(self.limit, bound) - 1
            raise self._refuse(
                f"a message of kind {kind} states a length of {length} bytes, more than the {most} allowed"
            )
        return size


def _unknown(kind: int) -> str:
    return f"a message of an unknown kind ({kind})"


class ClientFramer(Framer):
    """Cuts what a client sends. It begins with packets that have no kind; after a StartupMessage come messages."""

    def __init__(self, limit: int = BEFORE_AUTHENTICATION) -> None:
        super().__init__(CLIENT_BOUNDS, limit, _ROWS_OF_CLIENT)
        self._opening: bool = True
        self._cancelled: bool = False

    def feed(self, data: bytes) -> list[Frame]:
        """Take what arrived; give the packets and messages that are whole.

        Bytes in plain text behind a request for encryption are refused: whoever stands in between could have put them there
        to be read as if they had been encrypted (CVE-2021-23214).
        """
        self._check_usable()
        return self._open(data) if self._opening else self._cut(data, 0)

    def _open(self, data: bytes) -> list[Frame]:
        partial = self._partial
        at = 0
        if self._cancelled and data:
            raise self._refuse("bytes behind a CancelRequest")
        if len(partial) < 8:
            at = min(8 - len(partial), len(data))
            partial += data[:at]
            self._check_packet(bytes(partial))
            if len(partial) < 8:
                return []
        end = at + read_i32_be(bytes(partial[:4]), 0) - len(partial)
        partial += memoryview(data)[at:end]
        if end > len(data):
            return []
        self._partial = bytearray()
        packet = bytes(partial)
        code = read_i32_be(packet, 4)
        if code not in (_SSL, _GSSENC, _CANCEL):
            self._opening = False
            return [(_STARTUP_KIND, packet, 1), *self._cut(data, end)]
        if end < len(data):
            raise self._refuse("bytes in plain text behind a request that has to be answered first")
        self._cancelled = code == _CANCEL
        return [(_SSL_KIND if code == _SSL else _GSSENC_KIND if code == _GSSENC else _CANCEL_KIND, packet, 1)]

    def _check_packet(self, packet: bytes) -> None:
        """Refuse what is already known to be wrong of an opening packet."""
        if len(packet) < 4:
            return
        size = read_i32_be(packet, 0)
        if not 8 <= size <= min(_LARGEST_STARTUP, self.limit):
            raise self._refuse(f"an opening packet states a length of {size}")
        if len(packet) < 8:
            return
        code = read_i32_be(packet, 4)
        if code in (_SSL, _GSSENC):
            fits = size == 8
        elif code == _CANCEL:
            fits = 16 <= size <= _LARGEST_CANCEL
        else:
            if code >> 16 != 3:
                raise self._refuse(f"a client speaks protocol {code >> 16}.{code & 0xFFFF}; only 3 is spoken here")
            fits = size > 8
        if not fits:
            raise self._refuse(f"an opening packet with code {code} states a length of {size}")


class ServerFramer(Framer):
    """Cuts what a server sends."""

    def __init__(self, limit: int = BEFORE_AUTHENTICATION) -> None:
        super().__init__(SERVER_BOUNDS, limit, _ROWS_OF_SERVER)
        self._awaiting: bool = False

    def expect_answer(self) -> None:
        """Say that a request for encryption was sent: its answer is a single byte, which comes as a frame of its own."""
        if self._partial:
            raise LocalError("encryption was asked for in the middle of a message")
        self._awaiting = True

    def feed(self, data: bytes) -> list[Frame]:
        """Take what arrived; give the messages that are whole.

        Bytes behind the answer to a request for encryption are refused (CVE-2021-23222).
        """
        self._check_usable()
        if not self._awaiting or not data:
            return self._cut(data, 0)
        if data not in (b"S", b"N", b"G"):
            raise self._refuse("a request for encryption was not answered with one byte, yes or no")
        self._awaiting = False
        return [(_ANSWER_KIND, data, 1)]
