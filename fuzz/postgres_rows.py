"""Any bytes as rows of PostgreSQL: as DataRow messages, as a copy in text, csv and binary, and as binary values of every type.

The first byte of an input chooses the format, the second the cut, the rest are the bytes. Nothing but `Undecodable` comes of them;
what was not put is passed on as it came, and what was put is what is taken again.
"""

import struct

from ringfence.carriers import Undecodable
from ringfence.sql.model import CopyOptions
from ringfence.wire.postgres.copying import CopyCutter, CopyMessages, copy_data, copy_payload
from ringfence.wire.postgres.messages import write
from ringfence.wire.postgres.replies import DataRow
from ringfence.wire.postgres.rows import DataRows
from ringfence.wire.postgres.splitting import CopyPlace
from ringfence.wire.postgres.values import codec_of, has_codec

WIDTHS = (1 << 20, 1, 2, 3, 5, 13, 64, 1000)  # of the pieces
LIMIT = 4096
TYPES = [25, 23, 1700]
OIDS = [oid for oid in range(5000) if has_codec(oid)]
COPIES = [
    CopyOptions(),
    CopyOptions(delimiter="|", null="NULL"),
    CopyOptions(format="csv", delimiter=",", null=""),
    CopyOptions(format="csv", delimiter=",", null="x", escape="\\", header=True),
    CopyOptions(format="binary"),
]
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TUPLE = struct.pack("!hi3sii", 3, 3, b"abc", -1, 4) + b"\0\0\0\1"
_PAYLOADS = [
    b"a\\tb\t1\t\\N\nc\t2\t3.5\n\\.\n",
    b"a|NULL|1\nx\\|y|2|\n",
    b'"a ""b"", c",1,\n"two\r\nlines",,3\n',
    b'n,m,o\n"a\\"b",x,"x"\nc,"",1\n',
    _HEADER + struct.pack("!hi3siii", 3, 3, b"abc", -1, -1, 0)[:-4] + b"\xff\xff",
]
_ROWS = write(DataRow((b"abc", b"12", None))) + write(DataRow((b"", None, b"3.5")))
_NUMERIC = struct.pack("!HhHHH", 1, 0, 0, 2, 7)
_ARRAY = struct.pack("!iiIiiii", 1, 1, 23, 2, 1, 4, 5) + b"\xff\xff\xff\xff"
_RECORD = struct.pack("!iIi", 1, 25, 2) + b'a"'
SEEDS: list[bytes] = [
    *(bytes((number, width)) + payload for number, payload in enumerate(_PAYLOADS) for width in range(3)),
    *(bytes((len(COPIES) + binary, 0)) + _ROWS for binary in (0, 1)),
    *(
        bytes((len(COPIES) + 2, OIDS.index(oid))) + value
        for oid, value in (
            (1700, _NUMERIC),
            (1007, _ARRAY),
            (2249, _RECORD),
            (1184, bytes(8)),
            (1186, bytes(16)),
            (869, b"\2\x20\0\4\1\2\3\4"),
            (701, struct.pack("!d", 0.1)),
            (3802, b'\1{"a": 1}'),
            (1009, b'{"a b",NULL,"\\"",{}}'),
            (1082, b"2024-02-29"),
        )
    ),
]


def target(data: bytes) -> None:
    chosen = data[0] % (len(COPIES) + 3) if data else 0
    second = data[1] if len(data) > 1 else 0
    payload = data[2:]
    if chosen < len(COPIES):
        copied(COPIES[chosen], payload, WIDTHS[second % len(WIDTHS)])
    elif chosen < len(COPIES) + 2:
        rows = DataRows([chosen - len(COPIES)] * 3, TYPES)
        examine(rows, payload)
    else:
        valued(OIDS[second % len(OIDS)], payload)


def copied(spelling: CopyOptions, payload: bytes, width: int) -> None:
    """Cut a copy into rows; what comes, joined, is what went in."""
    cutter = CopyCutter(spelling, TYPES, LIMIT)
    parts = []
    try:
        for at in range(0, len(payload), width):
            parts += cutter.feed(copy_data([payload[at : at + width]]))
            assert cutter.held <= LIMIT + len(_HEADER) + (1 << 16), "more is held than the limit"
        parts += cutter.end()
    except Undecodable:
        return
    assert b"".join(copy_payload(data) for _, data, _ in parts) == payload, "what passes is not what came"
    for place, data, count in parts:
        if place is CopyPlace.ROWS:
            rows = CopyMessages(spelling, TYPES)
            assert not examine(rows, data) or rows.count(data) == count, "a part has not as many rows as it says"


def examine(rows: DataRows | CopyMessages, data: bytes) -> bool:
    """Take all columns and put them back, then put others; say whether they are rows at all."""
    try:
        taken = rows.take(data, [2, 0, 1])
    except Undecodable:
        return False
    assert rows.put(data, [2, 0, 1], taken) == data, "what was put as it was taken is not what came"
    changed: list[list[bytes | None]] = [
        [None if value is not None else b"1" for value in taken[0]],
        [b'\\\n\r\t,"|x' if number % 2 else None for number in range(len(taken[1]))],
        [b"7" for _ in taken[2]],
    ]
    put = rows.put(data, [2, 0, 1], changed)
    assert rows.take(put, [2, 0, 1]) == changed, "what was put is not what is taken again"
    return True


def valued(oid: int, value: bytes) -> None:
    """Decode bytes as a value of a type, and encode them as a text of it."""
    codec = codec_of(oid)
    assert codec is not None
    try:
        spelt = codec.decode(value)
    except Undecodable:
        spelt = None
    if spelt is not None and oid not in (2249, 2287):  # records do not say of which types they are
        assert codec.decode(codec.encode(spelt)) == spelt, "a value that was decoded is not encoded as it was"
    try:
        raw = codec.encode(value)
    except Undecodable:
        return
    assert codec.encode(codec.decode(raw)) == raw, "a value that was encoded is not decoded as it was"
