"""Rows per second of the PostgreSQL wire, one core: framing 500,000 DataRows, and taking and putting 2 of 8 columns of them.

The rows are about 150 bytes wide, as those of a customer. The stream comes in chunks of 64 KiB, as from a socket. Beside it the
floor in plain Python: a loop over a memoryview that reads each message's length, and for columns one that reads each column's as
well. By CPU time: there is nothing to wait for, and other work on the machine counts less.
"""

import statistics
import time
from collections.abc import Callable
from struct import Struct

from benchmarks._rows import Row
from ringfence.sql.model import CopyOptions
from ringfence.wire.postgres.copying import CopyCutter, CopyMessages, copy_data
from ringfence.wire.postgres.frames import ServerFramer
from ringfence.wire.postgres.kinds import FromClient, FromServer
from ringfence.wire.postgres.messages import write
from ringfence.wire.postgres.replies import DataRow
from ringfence.wire.postgres.rows import DataRows
from ringfence.wire.postgres.splitting import CopyPlace
from ringfence.wire.postgres.states import Exchange

ROWS = 500_000
CHUNK = 64 * 1024
ROUNDS = 3
COLUMNS = (2, 3)  # a name and an address, of eight columns
TEXT, INT8, NUMERIC = 25, 20, 1700
LENGTH = Struct("!i").unpack_from
RECORDS = 2_000
STREAM_OF = [
    (
        b"%d" % (100_000 + number),
        b"active",
        b"Person Number %05d" % number,
        b"person%05d@mail.example.com" % number,
        b"+1 202 555 %04d" % (number % 10_000),
        b"%d Main Street" % number,
        b"2024-05-17 10:%02d:00" % (number % 60),
        b"%d.25" % number,
    )
    for number in range(RECORDS)
]
MASK = b"*" * 64


def run() -> list[Row]:
    block = b"".join(write(DataRow(values)) for values in STREAM_OF)
    stream = block * (ROWS // RECORDS)
    chunks = [stream[at : at + CHUNK] for at in range(0, len(stream), CHUNK)]
    runs = [data for chunk in _framed(chunks) for kind, data, _ in chunk if kind == FromServer.DATA_ROW]
    width = len(stream) / ROWS
    text, binary = DataRows([0] * 8, [TEXT] * 8), DataRows([1] * 8, [TEXT] * 8)
    floor = _rate(lambda: _walk_messages(chunks))
    column_floor = _rate(lambda: _walk_columns(runs))
    lines = [copy_data([b"\t".join(values) + b"\n" for values in STREAM_OF[:500]])] * (ROWS // 500)
    return [
        Row(
            f"framing DataRows of {width:.0f} bytes",
            _shown(_rate(lambda: _framed(chunks)), width),
            f"memoryview loop {_shown(floor, width)}",
        ),
        Row(
            "2 of 8 columns taken, masked, put; text",
            _shown(_rate(lambda: _masked(text, runs)), width),
            f"memoryview loop over columns, nothing masked: {_shown(column_floor, width)}",
        ),
        Row("the same, taken and put as they are", _shown(_rate(lambda: _unmasked(text, runs)), width)),
        Row("the same, columns in binary", _shown(_rate(lambda: _masked(binary, runs)), width)),
        Row("2 of 8 columns of COPY in text, masked", _shown(_rate(lambda: _masked_copy(lines)), width)),
        Row(
            "the order of a prepared query's messages", f"{_exchange():.1f} µs", "3 from the client, 4 from the server"
        ),
    ]


def _framed(chunks: list[bytes]) -> list[list[tuple[int, bytes, int]]]:
    framer = ServerFramer(1 << 20)
    return [framer.feed(chunk) for chunk in chunks]


def _masked(rows: DataRows | CopyMessages, runs: list[bytes]) -> None:
    for run in runs:
        names, mails = rows.take(run, COLUMNS)
        rows.put(run, COLUMNS, [_hidden(names), _hidden(mails)])


def _hidden(values: list[bytes | None]) -> list[bytes | None]:
    return [None if value is None else MASK[: len(value) - 4] + value[-4:] for value in values]


def _unmasked(rows: DataRows, runs: list[bytes]) -> None:
    for run in runs:
        rows.put(run, COLUMNS, rows.take(run, COLUMNS))


def _masked_copy(runs: list[bytes]) -> None:
    cutter, rows = CopyCutter(CopyOptions(), [TEXT] * 8, 1 << 20), CopyMessages(CopyOptions(), [TEXT] * 8)
    for run in runs:
        _masked(rows, [data for place, data, _ in cutter.feed(run) if place is CopyPlace.ROWS])  # type: ignore[arg-type]


def _walk_messages(chunks: list[bytes]) -> None:
    behind = b""
    for chunk in chunks:
        data = memoryview(behind + chunk)
        at, end = 0, len(data)
        while end - at >= 5:
            following = at + 1 + LENGTH(data, at + 1)[0]
            if following > end:
                break
            at = following
        behind = bytes(data[at:])


def _walk_columns(runs: list[bytes]) -> None:
    for run in runs:
        data = memoryview(run)
        at, end = 0, len(data)
        while at < end:
            place = at + 7
            for _ in range(8):
                length = LENGTH(data, place)[0]
                place += 4 + (max(0, length))
            at = place


def _exchange() -> float:
    """Give the microseconds that following one prepared query costs."""
    exchange: Exchange[None] = Exchange()
    exchange.came(FromClient.STARTUP)
    exchange.admit()
    sent = [int(kind) for kind in (FromClient.BIND, FromClient.EXECUTE, FromClient.SYNC)]
    answers = b"2DCZ"
    began = time.process_time()
    for _ in range(20_000):
        for kind in sent:
            exchange.came(kind)
            exchange.sent(kind, None)
        for kind in answers:
            exchange.received(kind)
    return (time.process_time() - began) / 20_000 * 1e6


def _rate(work: Callable[[], object]) -> float:
    """Give the median of rows a second over some rounds."""
    rates = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        rates.append(ROWS / (time.process_time() - began))
    return statistics.median(rates)


def _shown(rate: float, width: float) -> str:
    return f"{rate / 1e6:.2f} million rows/s, {rate * width / 1e6:,.0f} MB/s"
