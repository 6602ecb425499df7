"""Content codings: what is unchanged passes as it came, what is changed decodes to it, what lies about itself does not pass."""

import gzip
import json
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence

import brotli
import pytest
from carrier_plays import cut_at, every_byte, feed

from ringfence.carriers import (
    Change,
    CodedCarrier,
    Fault,
    Field,
    JsonCarrier,
    TextCarrier,
    Undecodable,
    Unit,
    _more_codecs,
    make_body_carrier,
    released,
    rest,
)
from ringfence.carriers.coding import HOLD, MAX_RATIO

try:
    from compression import zstd
except ImportError:
    from backports import zstd

MIB = 1024 * 1024


def bare(data: bytes) -> bytes:
    stream = zlib.compressobj(6, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def inflate(data: bytes) -> bytes:
    """Read what HTTP calls deflate as clients do: zlib, else bare."""
    try:
        return whole(zlib.decompressobj(), data)
    except zlib.error:
        return whole(zlib.decompressobj(-15), data)


def whole(stream: "zlib._Decompress", data: bytes) -> bytes:
    plain = stream.decompress(data)
    assert stream.eof
    assert not stream.unused_data
    return plain


ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bare": bare,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
DECODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "zlib": inflate,
    "bare": inflate,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}
NAMED = {"zlib": "deflate", "bare": "deflate"}

LINES = b"".join(
    b'{"id": %d, "mail": "u%d@example.com", "n": [%d, null]}\n' % (n, n, n * 7919 % 1009) for n in range(400)
)


def carried(
    carrier: CodedCarrier,
    pieces: Sequence[bytes],
    change: Callable[[Unit, Field], list[Change]] = lambda _unit, _field: [],
) -> tuple[bytes, int]:
    """Take a payload through; give what came out, and how much of it came before the end."""
    out: list[bytes] = []

    def render(units: Sequence[Unit]) -> None:
        for unit in units:
            edits = [edit for field in unit.fields for edit in carrier.write(unit, field, change(unit, field))]
            out.append(released(carrier, unit, edits))

    for piece in pieces:
        render(carrier.feed(piece))
    early = sum(map(len, out))
    render(carrier.end())
    out.append(rest(carrier))
    return b"".join(out), early


def coded(kinds: Sequence[str], hold: int = HOLD, maker: Callable[[], object] = JsonCarrier) -> CodedCarrier:
    return CodedCarrier(maker(), [NAMED.get(kind, kind) for kind in kinds], hold=hold)  # type: ignore[arg-type]


def lines() -> JsonCarrier:
    return JsonCarrier(ndjson=True)


CHAINS = [(kind,) for kind in ENCODE] + [("gzip", "br"), ("zstd", "gzip"), ("bare", "gzip", "gzip")]


def encode(kinds: Sequence[str], plain: bytes) -> bytes:
    for kind in kinds:
        plain = ENCODE[kind](plain)
    return plain


def decode(kinds: Sequence[str], raw: bytes) -> bytes:
    for kind in reversed(kinds):
        raw = DECODE[kind](raw)
    return raw


@pytest.mark.parametrize("kinds", CHAINS, ids=" ".join)
def test_what_is_not_changed_passes_as_it_came_wherever_it_is_cut(kinds: Sequence[str]) -> None:
    raw = encode(kinds, LINES[:3000].rpartition(b"\n")[0])
    whole_fields = [(f.path, f.value) for unit in feed(coded(kinds, maker=lines), [raw]) for f in unit.fields]
    assert len(whole_fields) > 300
    for pieces in ([raw], every_byte(raw), *(cut_at(raw, [place]) for place in range(0, len(raw), 31))):
        carrier = coded(kinds, maker=lines)
        units = feed(carrier, pieces)
        assert b"".join(unit.raw for unit in units) == raw
        assert [(f.path, f.value) for unit in units for f in unit.fields] == whole_fields
        assert carried(coded(kinds, maker=lines), pieces)[0] == raw


@pytest.mark.parametrize("kinds", CHAINS, ids=" ".join)
def test_what_is_changed_decodes_to_the_changed_payload(kinds: Sequence[str]) -> None:
    rng = random.Random(5)
    for _ in range(30):
        raw = encode(kinds, LINES)
        chosen = set(rng.sample(range(400), rng.choice((1, 3, 100))))
        starred = {b"u%d@example.com" % number for number in chosen}

        def change(_unit: Unit, field: Field, starred: set[bytes] = starred) -> list[Change]:
            return [Change(0, field.value.index(b"@"), "*")] if field.value in starred else []

        pieces = cut_at(raw, rng.sample(range(len(raw)), 5))
        out, _ = carried(coded(kinds, maker=lines), pieces, change)
        expected = b"".join(
            line.replace(b"u%d@" % number, b"*@") if number in chosen else line
            for number, line in enumerate(LINES.splitlines(keepends=True))
        )
        assert decode(kinds, out) == expected


def flushed(kind: str, parts: Sequence[bytes]) -> list[bytes]:
    """Encode parts of a stream as servers do that send as they go: flushed after each."""
    stream = zlib.compressobj(6, zlib.DEFLATED, {"gzip": 31, "zlib": 15, "bare": -15}[kind])
    return [*(stream.compress(part) + stream.flush(zlib.Z_SYNC_FLUSH) for part in parts), stream.flush()]


@pytest.mark.parametrize("kind", ["gzip", "zlib", "bare"])
def test_a_stream_that_its_sender_flushes_is_passed_on_at_once_and_taken_over_where_something_changes(
    kind: str,
) -> None:
    parts = LINES.splitlines(keepends=True)
    pieces = flushed(kind, parts)
    out, early = carried(coded((kind,), hold=100, maker=lines), pieces)
    assert out == b"".join(pieces)
    assert early >= len(out) - len(pieces[-1]) - 10  # all but the end

    def change(unit: Unit, field: Field) -> list[Change]:
        return [Change(0, len(field.value), "gone")] if field.value == b"u200@example.com" else []

    out, early = carried(coded((kind,), maker=lines), pieces, change)
    kept = sum(map(len, pieces[:200]))
    assert out[:kept] == b"".join(pieces)[:kept]
    assert DECODE[kind](out) == LINES.replace(b"u200@example.com", b"gone")
    client = zlib.decompressobj({"gzip": 31, "zlib": 15, "bare": -15}[kind])
    assert client.decompress(out[:early]) == LINES.replace(b"u200@example.com", b"gone")  # nothing is held back


def test_bytes_that_only_look_like_a_flush_are_no_joint() -> None:
    rng = random.Random(8)
    looks = 0
    for _ in range(60):
        plain = b"".join(
            rng.choice((b"\x00\x00\xff\xff", b"\x00\x00\xff\xff\x01", rng.randbytes(9))) for _ in range(300)
        )
        raw = gzip.compress(plain + b"\n", rng.choice((0, 1, 6)))
        looks += raw.count(b"\x00\x00\xff\xff")
        pieces = cut_at(raw, sorted(rng.sample(range(len(raw)), 20)))
        assert carried(coded(("gzip",), hold=0, maker=TextCarrier), pieces)[1] >= 0
        out, _ = carried(
            coded(("gzip",), hold=64, maker=TextCarrier),
            pieces,
            lambda _unit, field: [Change(0, 1, "")] if field.order == 1 else [],
        )
        stretches = [f.value for unit in feed(coded(("gzip",), maker=TextCarrier), pieces) for f in unit.fields]
        if len(stretches) > 1:
            stretches[1] = stretches[1][1:]
        assert gzip.decompress(out) == b"".join(stretches)
    assert looks > 1000


def streamed(kind: str, parts: Sequence[bytes]) -> list[bytes]:
    if kind == "br":
        stream = brotli.Compressor(quality=4)
        return [*(stream.process(part) + stream.flush() for part in parts), stream.finish()]
    if kind == "zstd":
        frame = zstd.ZstdCompressor()
        return [*(frame.compress(part, zstd.ZstdCompressor.FLUSH_BLOCK) for part in parts), frame.flush()]
    return flushed(kind, parts)


@pytest.mark.parametrize("kind", ["gzip", "zlib", "br", "zstd"])
def test_no_event_waits_in_any_coding(kind: str) -> None:
    events = [b'data: {"text": "word %d"}\n\n' % number for number in range(50)]
    carrier = make_body_carrier("text/event-stream", [NAMED.get(kind, kind)])
    out = b""
    client = {
        "gzip": lambda: zlib.decompressobj(31).decompress,
        "zlib": lambda: zlib.decompressobj().decompress,
        "br": lambda: brotli.Decompressor().process,
        "zstd": lambda: zstd.ZstdDecompressor().decompress,
    }[kind]()
    seen = b""
    pieces = streamed(kind, events)
    for number, piece in enumerate(pieces[:-1]):
        given = b"".join(released(carrier, unit, []) for unit in carrier.feed(piece))
        out += given
        seen += client(given)
        assert seen == b"".join(events[: number + 1])
    out += b"".join(released(carrier, unit, []) for unit in [*carrier.feed(pieces[-1]), *carrier.end()]) + rest(carrier)
    assert DECODE[kind](out) == b"".join(events)
    assert out == b"".join(pieces) or kind in ("br", "zstd")


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_members_and_frames_before_a_change_pass_as_they_came(kind: str) -> None:
    members = [ENCODE[kind](line) for line in LINES.splitlines(keepends=True)]
    raw = b"".join(members)
    pieces = cut_at(raw, range(0, len(raw), 1000))
    out, early = carried(coded((kind,), hold=1500, maker=lines), pieces)
    assert out == raw
    assert early > len(raw) - 2000
    out, _ = carried(
        coded((kind,), maker=lines),
        members,
        lambda _unit, field: [Change(0, 3, "x")] if field.value == b"u300@example.com" else [],
    )
    assert out.startswith(b"".join(members[:300]))
    assert DECODE[kind](out) == LINES.replace(b"u300@", b"x0@")


@pytest.mark.parametrize("kind", ENCODE)
def test_a_long_body_without_joints_is_encoded_anew_and_says_the_same(kind: str) -> None:
    raw = ENCODE[kind](LINES * 4)
    carrier = coded((kind,), hold=len(raw) // 3, maker=lines)
    held = 0
    out = b""
    for piece in cut_at(raw, range(0, len(raw), 500)):
        for unit in carrier.feed(piece):
            out += released(carrier, unit, [])
        held = max(held, carrier.held)
    out += b"".join(released(carrier, unit, []) for unit in carrier.end()) + rest(carrier)
    assert out != raw
    assert DECODE[kind](out) == LINES * 4
    assert held < 70_000


def fault_of(kinds: Sequence[str], raw: bytes, maker: Callable[[], object] = TextCarrier) -> Fault | None:
    try:
        feed(coded(kinds, maker=maker), [raw])
    except Undecodable as error:
        return error.fault
    return None


@pytest.mark.parametrize("kinds", CHAINS, ids=" ".join)
def test_a_body_that_ends_early_is_refused_wherever_it_ends(kinds: Sequence[str]) -> None:
    raw = encode(kinds, LINES[:500])
    for size in range(1, len(raw)):
        assert fault_of(kinds, raw[:size]) is not None, size
    assert fault_of(kinds, raw) is None
    assert fault_of(kinds, b"") is None


@pytest.mark.parametrize("kinds", CHAINS, ids=" ".join)
@pytest.mark.parametrize("tail", [b"\x00", b"\n", b"ada@example.com", b"\x1f", b"\x28\xb5"])
def test_what_follows_the_end_is_refused(kinds: Sequence[str], tail: bytes) -> None:
    raw = encode(kinds, LINES[:500]) + tail
    assert fault_of(kinds, raw) is not None
    with pytest.raises(Undecodable):
        feed(coded(kinds, maker=TextCarrier), every_byte(raw))


@pytest.mark.parametrize("kind", ENCODE)
def test_a_body_that_is_not_in_its_coding_is_refused(kind: str) -> None:
    for other in (
        b'{"mail": "ada@example.com"}',
        *(ENCODE[name](LINES) for name in ENCODE if NAMED.get(name, name) != NAMED.get(kind, kind)),
    ):
        assert fault_of((kind,), other) is not None


def test_no_single_wrong_byte_makes_checked_data_pass_as_something_else() -> None:
    raw = gzip.compress(b"ada@example.com was here\n", mtime=0)
    for place in range(10, len(raw)):
        for flip in (1, 0x80):
            wrong = raw[:place] + bytes((raw[place] ^ flip,)) + raw[place + 1 :]
            if fault_of(("gzip",), wrong) is None:  # the last bits of the last byte before the checksum are no one's
                assert (place, gzip.decompress(wrong)) == (len(raw) - 9, b"ada@example.com was here\n")


def gzip_with(flags: int, between: bytes, plain: bytes = b"x\n") -> bytes:
    ending = struct.pack("<II", zlib.crc32(plain), len(plain))
    return b"\x1f\x8b\x08" + bytes((flags,)) + b"\0\0\0\0\0\xff" + between + bare(plain) + ending


@pytest.mark.parametrize(
    ("kind", "raw", "fault"),
    [
        ("gzip", gzip_with(0x20, b""), Fault.MALFORMED),
        ("gzip", gzip_with(2, b"\x01\x02"), Fault.MALFORMED),
        ("gzip", gzip_with(8, b"n" * 70_000 + b"\0"), Fault.TOO_LARGE),
        ("zlib", b"\x78\xbb\x00\x00\x00\x01" + bare(b"x"), Fault.MALFORMED),
        # the same bytes are a zlib stream (of 24 bytes and more) and a bare stored block
        ("zlib", b"\x78\x9c\x00\x63\xff" + b"x" * 200, Fault.AMBIGUOUS),
        ("zstd", b"\x50\x2a\x4d\x18\x04\x00\x00\x00mail" + zstd.compress(b"x"), Fault.MALFORMED),
    ],
)
def test_what_only_some_readers_pass_over_is_refused(kind: str, raw: bytes, fault: Fault) -> None:
    assert fault_of((kind,), raw) is fault


def test_a_zstd_window_beyond_8_mib_is_refused() -> None:
    stream = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 26})
    raw = stream.compress(LINES) + stream.flush()
    assert fault_of(("zstd",), raw) is Fault.MALFORMED


def test_the_file_name_in_gzip_is_a_field_and_leaves_where_it_must() -> None:
    raw = gzip_with(8 | 16 | 4, b"\x03\x00abcada-nowak.txt\0by Ada\0")
    units = feed(coded(("gzip",), maker=TextCarrier), every_byte(raw))
    assert [(f.path, f.value, f.order) for unit in units for f in unit.fields] == [
        ("gzip.extra", b"abc", 0),
        ("gzip.name", b"ada-nowak.txt", 1),
        ("gzip.comment", b"by Ada", 2),
        ("", b"x\n", 3),
    ]
    assert carried(coded(("gzip",), maker=TextCarrier), [raw])[0] == raw
    out, _ = carried(
        coded(("gzip",), maker=TextCarrier),
        [raw],
        lambda _unit, field: [Change(0, 3, "*")] if field.path == "gzip.name" else [],
    )
    assert b"nowak" not in out
    assert gzip.decompress(out) == b"x\n"


@pytest.mark.parametrize(
    ("codings", "fault"), [(["compress"], Fault.UNSUPPORTED), (["gzip"] * 4, Fault.TOO_DEEP), ([], Fault.UNSUPPORTED)]
)
def test_a_coding_that_is_not_known_or_too_deep_is_refused(codings: list[str], fault: Fault) -> None:
    with pytest.raises(Undecodable) as caught:
        CodedCarrier(JsonCarrier(), codings)
    assert caught.value.fault is fault


def test_without_the_library_a_coding_is_refused_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(_more_codecs, "import_module", missing)
    for coding in ("br", "zstd"):
        with pytest.raises(Undecodable, match=r"ringfence\[http\]") as caught:
            CodedCarrier(JsonCarrier(), [coding])
        assert caught.value.fault is Fault.UNSUPPORTED


def bombs() -> Iterator[tuple[tuple[str, ...], bytes]]:
    zeros = b"[" + (b'"%s",' % (b"0" * 60)) * (MIB // 4)
    for kind in ENCODE:
        yield (kind,), ENCODE[kind](zeros) if kind != "br" else brotli.compress(zeros, quality=4)
    yield ("gzip", "gzip"), gzip.compress(gzip.compress(zeros, 1), 1)
    yield ("zstd", "br"), brotli.compress(zstd.compress(zeros), quality=4)


def test_a_bomb_is_refused_before_it_takes_memory() -> None:
    for kinds, raw in bombs():
        assert len(raw) < 200_000
        explode(kinds, raw)


def drain(carrier: CodedCarrier, raw: bytes) -> None:
    for piece in cut_at(raw, range(0, len(raw), 65_536)):
        for unit in carrier.stream(piece):
            unit.fields.clear()


def explode(kinds: Sequence[str], raw: bytes) -> None:
    carrier = coded(kinds)
    tracemalloc.start()
    try:
        with pytest.raises(Undecodable) as caught:
            drain(carrier, raw)
        assert tracemalloc.get_traced_memory()[1] < 48 * MIB
    finally:
        tracemalloc.stop()
    assert caught.value.fault is Fault.TOO_LARGE
    with pytest.raises(Undecodable):  # and asked again it says so again
        carrier.feed(b"")


def test_what_repeats_itself_as_logs_do_is_no_bomb() -> None:
    plain = b"".join(
        b'{"t": %d, "level": "info", "message": "checkout done", "user": null}\n' % n for n in range(60_000)
    )
    raw = gzip.compress(plain)
    assert 10 < len(plain) / len(raw) < MAX_RATIO
    assert fault_of(("gzip",), raw, lines) is None


def test_an_orders_count_goes_on_over_the_notes_also_in_repeats() -> None:
    raw = gzip_with(8, b"n\0", b'{"a": 1, "a": 2}')
    [_, unit] = feed(coded(("gzip",)), [raw])
    assert [field.order for field in unit.fields] == [1, 2, 3, 4]
    assert [(repeat.first, repeat.later) for repeat in unit.repeats] == [((2, 3), (4, 5))]
    json.loads(unit.read)
