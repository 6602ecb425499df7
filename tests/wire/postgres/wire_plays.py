"""What tests of the wire share: frames of one stream however it is cut, rows as tables, and plays of two sides."""

from collections.abc import Callable, Iterable, Sequence

from ringfence.wire.postgres.frames import Frame, Framer
from ringfence.wire.postgres.messages import write
from ringfence.wire.postgres.replies import DataRow

Table = list[list[bytes | None]]


def encoded(table: Table) -> bytes:
    """Give a table as DataRow messages."""
    return b"".join(write(DataRow(tuple(row))) for row in table)


def fed(make: Callable[[], Framer], pieces: Iterable[bytes]) -> list[Frame]:
    framer = make()
    return [frame for piece in pieces for frame in framer.feed(piece)]


def cuts(stream: bytes) -> Iterable[list[bytes]]:
    """Give a stream cut at every position, byte by byte, and not at all."""
    yield [stream]
    yield [stream[at : at + 1] for at in range(len(stream))]
    for at in range(len(stream) + 1):
        yield [stream[:at], stream[at:]]


def joined(frames: Sequence[Frame]) -> list[tuple[int, bytes, int]]:
    """Give frames with neighbouring runs of one kind of rows made one, as if nothing had been cut."""
    whole: list[tuple[int, bytes, int]] = []
    for kind, data, count in frames:
        if whole and whole[-1][0] == kind and kind in b"Dd":
            _, before, number = whole.pop()
            data, count = before + data, number + count
        whole.append((kind, data, count))
    return whole
