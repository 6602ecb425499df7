"""Bodies with a content type and codings, cut anywhere: nothing but `Undecodable` comes of them, and what passes is what came.

The first byte of an input chooses what its sender says of it, the second the cut, the third what is changed. A changed body must be
read too, and give the values that were written.
"""

import gzip
import zlib

import brotli

from ringfence.carriers import Carrier, Change, Undecodable, Unit, UnknownFormat, make_body_carrier, released, rest
from ringfence.carriers._spans import ScatteredField

WIDTHS = (1 << 20, 1, 2, 3, 7, 64, 1000)

KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("multipart/form-data; boundary=b", ()),
    ("application/json", ("gzip",)),
    ("text/plain; charset=windows-1252", ("deflate",)),
    ("application/x-ndjson", ("br",)),
    ("text/csv", ("zstd",)),
    ("text/plain; charset=shift_jis", ()),
    ("application/xml", ()),
    ("text/html; charset=utf-16le", ()),
    ("text/event-stream", ("gzip", "deflate")),
    ("multipart/mixed; boundary=b", ("gzip",)),
    ("application/json; charset=utf-16", ()),
)

PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx@y.example\r\n--b\r\n'
    b"Content-Disposition: form-data; name=j; filename=\"z.json\"; filename*=UTF-8''z%20y\r\nContent-Type: application/json\r\n\r\n"
    b'{"m": "x"}\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Length: 8\r\n\r\neEB5LmNv\r\n--b--\r\n'
)
JSON = b'{"a": "x@y.example", "n": [1, null]}'


def _flushed(data: bytes) -> bytes:
    stream = zlib.compressobj(6, zlib.DEFLATED, 31)
    half = len(data) // 2
    first = stream.compress(data[:half]) + stream.flush(zlib.Z_SYNC_FLUSH)
    return first + stream.compress(data[half:]) + stream.flush()


BODIES = [
    (0, PARTS),
    (0, b"pre\r\n--b\r\nX-A: b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=40b=\r\nc\r\n--b--\r\npost"),
    (1, gzip.compress(JSON, mtime=0)),
    (1, _flushed(JSON)),
    (1, b"\x1f\x8b\x08\x08\0\0\0\0\0\xffname\0" + gzip.compress(JSON, mtime=0)[10:]),
    (2, zlib.compress("Zoë x@y.example €".encode("cp1252"))),
    (3, brotli.compress(b'{"a": "x@y.example", "b": 12}\n[1, "z"]\n')),
    (4, b"\x28\xb5\x2f\xfd\x20\x0c\x61\x00\x00a,b\nx@y.z,1\n"),
    (5, "日本 x@y.example\n".encode("cp932")),
    (6, b'<?xml version="1.0" encoding="iso-8859-1"?><a b="\xe9">x@<!-- -->y.example</a>'),
    (7, '<p title="é">x@<b>y</b>.example</p>'.encode("utf-16-le")),
    (8, zlib.compress(gzip.compress(b'data: {"a": "x@y.example"}\n\ndata: z\n\n', mtime=0))),
    (9, gzip.compress(PARTS, mtime=0)),
    (10, '{"a": "é"}'.encode("utf-16")),
]
SEEDS: list[bytes] = [
    bytes((kind, width, change)) + body for kind, body in BODIES for width in (0, 1, 4) for change in (1, 3)
]


def target(data: bytes) -> None:
    if len(data) < 3:
        return
    kind, codings = KINDS[data[0] % len(KINDS)]
    width = WIDTHS[data[1] % len(WIDTHS)]
    every = data[2] % 8 + 1
    payload = data[3:]
    same = carried(kind, codings, payload, width, 0)
    if same is None:
        return
    assert same[0] == payload, "what passes unchanged is not what came"
    assert b"".join(unit.raw for unit in same[1]) == payload, "the units are not what came"
    changed = carried(kind, codings, payload, width, every)
    if changed is None:  # a charset that cannot spell what was written
        return
    again = carried(kind, codings, changed[0], width, 0)
    assert again is not None, "a changed body is no longer what it says"
    if changed[2]:
        seen = b"\n".join(value for value in again[2])
        assert seen.count(b"0Q0") >= sum(value.count(b"0Q0") for value in changed[2]), "what was written is not read"


def carried(
    kind: str, codings: tuple[str, ...], payload: bytes, width: int, every: int
) -> tuple[bytes, list[Unit], list[bytes]] | None:
    """Take a body through; change each field whose number `every` divides. Give what comes out, and the values."""
    try:
        carrier = make_body_carrier(kind, codings, hold=1 << 20)  # so that what is unchanged is never encoded anew
        out: list[bytes] = []
        units: list[Unit] = []
        values: list[bytes] = []
        for at in range(0, len(payload), width):
            for unit in carrier.feed(payload[at : at + width]):
                units.append(unit)
                values += rendered(carrier, unit, every, out)
        for unit in carrier.end():
            units.append(unit)
            values += rendered(carrier, unit, every, out)
        out.append(rest(carrier))
    except (Undecodable, UnknownFormat):
        return None
    return b"".join(out), units, values


def rendered(carrier: Carrier, unit: Unit, every: int, out: list[bytes]) -> list[bytes]:
    edits = []
    values: list[bytes] = []
    for field in unit.fields:
        if every and field.order % every == 0 and not field.is_key and field.value:
            edits += carrier.write(unit, field, [Change(0, len(field.value), "0Q0")])
            is_joined = isinstance(field, ScatteredField) and field.path != "data"  # its stretches are fields too
            values.append(b"" if is_joined or field.path.startswith("gzip.") else b"0Q0")
        elif not every:
            values.append(field.value)
    out.append(released(carrier, unit, edits))
    return values
