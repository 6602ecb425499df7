"""Bodies with a content type and codings, cut anywhere: nothing but `Undecodable` comes of them, and what passes is what came.

The first byte of an input chooses what its sender says of it, the second the cut, the third what is changed. A changed body must be
read too, and give the values that were written; and what stands outside of the changed places is there, in its order, to the byte.
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
    if b"content-length" not in payload.lower():  # which is put right, too
        assert_outside(b"".join(map(read, changed[1])), changed[3], b"".join(map(read, again[1])))
    if changed[2]:
        seen = b"\n".join(value for value in again[2])
        assert seen.count(b"0Q0") >= sum(value.count(b"0Q0") for value in changed[2]), "what was written is not read"


def read(unit: Unit) -> bytes:
    """Give what was read of a unit: of a gzip header nothing, for it is left out as a whole."""
    return b"" if any(field.path.startswith("gzip.") for field in unit.fields) else unit.read


def assert_outside(before: bytes, spans: list[tuple[int, int]], after: bytes) -> None:
    """See that what stands outside of the changed spans stands in what came out, in its order, from its first byte to its last."""
    at = start = 0
    for low, high in [*sorted(spans), (len(before), len(before))]:
        kept = before[start:low]
        found = after.find(kept, at) if start else 0
        if low == len(before) == high:
            found = max(found, len(after) - len(kept))
        assert found >= at, "what stands outside of the changed places is not there"
        assert after[found : found + len(kept)] == kept, "what stands outside of the changed places is not as it came"
        at, start = found + len(kept), high
    assert at == len(after), "something stands behind the end"


def carried(
    kind: str, codings: tuple[str, ...], payload: bytes, width: int, every: int
) -> tuple[bytes, list[Unit], list[bytes], list[tuple[int, int]]] | None:
    """Take a body through; change each field whose number `every` divides. Give what comes out, the values, the places changed."""
    try:
        carrier = make_body_carrier(kind, codings, hold=1 << 20)  # so that what is unchanged is never encoded anew
        out: list[bytes] = []
        units: list[Unit] = []
        values: list[bytes] = []
        spans: list[tuple[int, int]] = []
        for at in range(0, len(payload), width):
            for unit in carrier.feed(payload[at : at + width]):
                values += rendered(carrier, unit, every, out, units, spans)
        for unit in carrier.end():
            values += rendered(carrier, unit, every, out, units, spans)
        out.append(rest(carrier))
    except (Undecodable, UnknownFormat):
        return None
    return b"".join(out), units, values, spans


def rendered(
    carrier: Carrier, unit: Unit, every: int, out: list[bytes], units: list[Unit], spans: list[tuple[int, int]]
) -> list[bytes]:
    edits = []
    base = sum(len(read(before)) for before in units)
    units.append(unit)
    values: list[bytes] = []
    for field in unit.fields:
        if every and field.order % every == 0 and not field.is_key and field.value:
            edits += carrier.write(unit, field, [Change(0, len(field.value), "0Q0")])
            is_joined = isinstance(field, ScatteredField) and field.path != "data"  # its stretches are fields too
            values.append(b"" if is_joined or field.path.startswith("gzip.") else b"0Q0")
        elif not every:
            values.append(field.value)
    spans += [(base + edit.start, base + edit.end) for edit in edits if read(unit)]
    out.append(released(carrier, unit, edits))
    return values
