"""What is held is bounded however large the payload is, and work is linear in it, also for payloads made to break that (law 7)."""

import resource
import tracemalloc
from collections.abc import Iterator

import pytest
from carrier_plays import feed

from ringfence.carriers import FORMATS, Carrier, Fault, JsonCarrier, Undecodable, _json_scan, json_text, make_carrier

MIB = 1024 * 1024

STREAMS = {
    "json": (b'[{"a": "b", "n": [1, 2.5]}', b',\n {"a": "x@y.example", "n": [1, null, true]}'),
    "ndjson": (b"", b'{"a": "x@y.example", "n": [1, null, true], "t": "\\u00e9"}\n'),
    "csv": (b"a,b,c\n", b'1,"x@y.example, ""z""",3\r\n4,5,6\n'),
    "form": (b"", b"a=x%40y.example&t=%C3%A9+z&n=1&"),
    "sse": (b"", b'id: 1\ndata: {"a": "x@y.example"}\n\n: z\n\n'),
    "html": (b"<table>", b"<tr><td title='a'>x@y.example <b>z</b>&amp;</td></tr>\n"),
    "xml": (b"<t>", b"<r id='1'><mail>x@y.example</mail><!-- c --> &amp;</r>\n"),
    "text": (b"", b"2026-01-02 x@y.example did this\n  at a.b.c\nTraceback (most recent call last):\n  z\nE: f\n"),
    "log": (b"", b'text x@y.example\n{"a": "x@y.example", "n": 1}\n{"not": json}\n'),
}


def stream(head: bytes, body: bytes, size: int, piece: int = 50_000) -> Iterator[bytes]:
    """Give about `size` bytes, in pieces that end anywhere."""
    block = body * (piece // len(body) + 2)
    yield head
    at = 0
    while size > 0:
        yield block[at : at + piece]
        at = (at + piece) % len(body)
        size -= piece


def held_at_most(name: str, size: int) -> int:
    """Feed a long stream; give what was held at most."""
    head, body = STREAMS[name]
    carrier: Carrier = make_carrier(name)
    held = fed = given = 0
    for piece in stream(head, body, size):
        fed += len(piece)
        given += sum(len(unit.raw) for unit in carrier.feed(piece))
        held = max(held, carrier.held)
        assert fed == given + carrier.held
    return held


@pytest.mark.parametrize("name", FORMATS)
def test_a_long_stream_is_held_to_64_kib_and_a_line(name: str) -> None:
    tracemalloc.start()
    try:
        assert held_at_most(name, MIB // 2) <= 66 * 1024
        assert tracemalloc.get_traced_memory()[1] < 12 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.soak
@pytest.mark.parametrize("name", FORMATS)
def test_a_stream_of_200_mb_is_held_to_64_kib_and_a_line(name: str) -> None:
    held_at_most(name, MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert held_at_most(name, 200_000_000) <= 66 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KiB


@pytest.mark.parametrize(
    ("name", "head", "body", "fault", "bound"),
    [
        ("json", b'["', b"x", Fault.TOO_LARGE, 8 * MIB),
        ("json", b'["', b'\\"', Fault.TOO_LARGE, 8 * MIB),
        ("json", b'["', b"\\\\", Fault.TOO_LARGE, 8 * MIB),
        ("json", b'{"', b"x", Fault.TOO_LARGE, 8 * MIB),
        ("json", b"[", b"1", Fault.TOO_LARGE, 5000),
        ("json", b"", b"[", Fault.TOO_DEEP, 1000),
        ("json", b"", b'{"a":', Fault.TOO_DEEP, 2000),
        ("ndjson", b'{"a":"', b"x", Fault.TOO_LARGE, 8 * MIB),
        ("csv", b'"', b"x", Fault.TOO_LARGE, 8 * MIB),
        ("csv", b'"', b'""', Fault.TOO_LARGE, 8 * MIB),
        ("csv", b"", b",", Fault.TOO_LARGE, 8 * MIB),
        ("form", b"a=", b"%41", Fault.TOO_LARGE, 8 * MIB),
        ("form", b"", b"x", Fault.TOO_LARGE, 8 * MIB),
        ("sse", b"data: ", b"x", Fault.TOO_LARGE, 8 * MIB),
        ("sse", b"", b"data: x\n", Fault.TOO_LARGE, 8 * MIB),
        ("html", b"<p>", b"x", Fault.TOO_LARGE, 8 * MIB),
        ("html", b"<p ", b"a='>' ", Fault.TOO_LARGE, MIB),
        ("html", b"<script>", b"</a", Fault.TOO_LARGE, 8 * MIB),
        ("xml", b"<a>", b"&lt;", Fault.TOO_LARGE, 8 * MIB),
        ("xml", b"<a><![CDATA[", b"]]", Fault.TOO_LARGE, 8 * MIB),
        ("xml", b"<a b='", b">", Fault.TOO_LARGE, MIB),
        ("xml", b"", b"<a>", Fault.TOO_DEEP, 2000),
        ("text", b"", b"x", Fault.TOO_LARGE, MIB),
        ("log", b"{", b'"', Fault.TOO_LARGE, MIB),
    ],
)
def test_what_never_ends_is_refused_at_its_bound(name: str, head: bytes, body: bytes, fault: Fault, bound: int) -> None:
    def feed_all() -> None:
        carrier = make_carrier(name)
        for piece in stream(head, body, bound + MIB, piece=65_536):
            carrier.feed(piece)
            assert carrier.held <= bound + 65_536

    with pytest.raises(Undecodable) as caught:
        feed_all()
    assert caught.value.fault is fault


def test_white_space_without_end_passes_through() -> None:
    carrier = JsonCarrier()
    carrier.feed(b"[")
    for _ in range(100):
        carrier.feed(b" \n" * 20_000)
        assert carrier.held < 66 * 1024


def keys(count: int) -> bytes:
    return b'"' + b'":0,"'.join(b"%d" % number for number in range(count)) + b'":0'


def test_keys_that_must_be_remembered_are_bounded_over_all_open_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json_scan, "MAX_KEY_WEIGHT", 100_000)
    monkeypatch.setattr(json_text, "UNIT_BYTES", 0)  # a document of one unit weighs less than any bound
    for payload in (b"{" + keys(700) + b"}", b"{" + keys(400) + b',"o":{' + keys(400) + b"}}"):
        with pytest.raises(Undecodable) as caught:
            feed(JsonCarrier(), [payload])
        assert caught.value.fault is Fault.TOO_LARGE


def test_keys_of_objects_that_are_closed_weigh_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json_scan, "MAX_KEY_WEIGHT", 100_000)
    payload = b"[" + b",".join([b"{" + keys(500) + b"}"] * 5) + b"]"
    assert b"".join(unit.raw for unit in feed(JsonCarrier(), [payload])) == payload


@pytest.mark.parametrize(
    ("name", "payload", "step"),
    [
        ("json", b'["' + b'\\"' * 300_000 + b'"]', 7),
        ("json", b'["' + b"\\\\" * 300_000 + b'"]', 7),
        ("json", b'{"' + b"k" * 1_000 + b'": "' + b"v" * 500_000 + b'"}', 5),
        ("json", b"[" + b"0," * 150_000 + b"0]", 1 << 20),
        ("json", b'{"a":0' + b',"a":0' * 60_000 + b"}", 1 << 20),
        ("ndjson", b'{"a":["' + b'","'.join([b"x"] * 100_000) + b'"]}\n', 3),
        ("csv", b'a\n"' + b'""' * 300_000 + b'"\n', 7),
        ("csv", (b"," * 16_000 + b'""\n') * 12, 1 << 20),
        ("csv", b"a\n" + b'"\n' * 150_000, 11),
        ("form", b"a=" + b"%41" * 150_000, 7),
        ("form", b"%;" * 250_000, 7),
        ("form", b"&" * 500_000, 3),
        ("sse", b"data: x\r\n" * 60_000, 65_536),
        ("sse", b"\r\n" * 100_000, 7),
        ("html", b"<" * 300_000, 7),
        ("html", b"<p>" + b"a<b>" * 60_000, 1 << 20),
        ("html", b"<p " + b"a='>' " * 60_000 + b">", 7),
        ("html", b"<p a='" + b">" * 300_000 + b"'>", 3),
        ("html", b"<style>" + b"</s" * 100_000 + b"</style>", 3),
        ("xml", b"<a>" + b"&lt;" * 100_000 + b"</a>", 7),
        ("xml", b"<a>" + b"x<!-- -->" * 30_000 + b"</a>", 1 << 20),
        ("xml", b"<a><![CDATA[" + b"]" * 300_000 + b"]]></a>", 3),
        ("text", b"  x\n" * 150_000, 4),
        ("text", b"-----BEGIN X-----\n" * 30_000, 18),
        ("log", b"{\n" * 150_000, 1 << 20),
    ],
)
def test_payloads_made_to_cost_much_cost_no_more_than_their_length(name: str, payload: bytes, step: int) -> None:
    carrier = make_carrier(name)
    units = [unit for at in range(0, len(payload), step) for unit in carrier.feed(payload[at : at + step])]
    units += carrier.end()
    # A quadratic walk over half a megabyte would take minutes, and run into the time limit of every test.
    assert b"".join(unit.raw for unit in units) == payload
