"""Bodies of every format, coding and charset over a real Envoy: what is found is changed, every other octet is the service's."""

import asyncio
import gzip
import hashlib
import json
import sys
import zlib
from collections.abc import Awaitable, Callable, Mapping

import brotli
import pytest
from http_stage import POLICY, Stage, chunked, policy, response, stage

from ringfence.carriers.media import TYPES
from ringfence.gates.http.turns import Mode

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
MAIL = b"ada@example.com"
MASK = b"*" * len(MAIL)

PART = b"--b\r\nContent-Disposition: form-data; name=%s\r\nContent-Type: %s\r\n\r\n%s\r\n"
BODIES: Mapping[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{ "mail" : "ada@example.com",\r\n\t"n":1.50e+1 }'),
    "problem": ("application/problem+json", b'{"detail":"ada@example.com is taken" }'),
    "ndjson": ("application/x-ndjson", b'{"mail": "ada@example.com"}\n{"n" :1}\n'),
    "csv": ("text/csv", b'id,mail\r\n7,"ada@example.com"\r\n8,\r\n'),
    "tsv": ("text/tab-separated-values", b"id\tmail\n7\tada@example.com\n"),
    "form": ("application/x-www-form-urlencoded", b"id=7&mail=ada%40example.com&note=a+b%2Fc&&x"),
    "sse": ("text/event-stream", b': hi\nid: 1\ndata: {"mail":  "ada@example.com"}\n\nevent: end\r\ndata: x\n\n'),
    "xml": ("application/xml", b"<?xml version='1.0'?>\n<o id = '7'><mail>ada@<!-- - -->example.com</mail>&amp;</o>"),
    "soap": ("application/soap+xml", b'<a mail="ada@example.com"/>'),
    "html": ("text/html", b"<!DOCTYPE html><P class=x>Write to ada@example.com &copy; <br/>now"),
    "text": ("text/plain", b"call ada@example.com \r\n  today \xe2\x82\xac\n"),
    "markdown": ("text/markdown", b"# ada@example.com\n"),
    "multipart": (
        "multipart/form-data; boundary=b",
        PART % (b"note", b"text/plain", b"ada@example.com")
        + PART % (b"doc", b"application/json", b'{"n" : 2 }')
        + b"--b--\r\n",
    ),
}
ENCODED: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": lambda raw: gzip.compress(raw, mtime=7),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "gzip, br": lambda raw: brotli.compress(gzip.compress(raw)),
}
DECODED: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
    "gzip, br": lambda raw: gzip.decompress(brotli.decompress(raw)),
}


def masked(name: str) -> bytes:
    """Give what a body is to be: of what is found around a comment the first stretch takes the mask."""
    body = BODIES[name][1].replace(b"ada@<!-- - -->example.com", MASK + b"<!-- - -->")
    return body.replace(b"ada%40example.com", MASK).replace(MAIL, MASK)


def play(work: Callable[[Stage], Awaitable[None]], mode: Mode = Mode.STREAMED, text: str = POLICY) -> None:
    async def run() -> None:
        async with stage(policy(text, mode.name.lower()), mode=mode) as one:
            await work(one)
            assert one.told == []

    asyncio.run(run())


def coded(coding: str) -> str:
    return f"content-encoding: {coding}\r\n" if coding else ""


ABOUT = 'etag: "1"\r\ndigest: sha-256=x\r\ncontent-md5: x\r\nrepr-digest: x\r\ncontent-digest: x\r\naccept-ranges: bytes\r\n'
OF_THE_OCTETS = ("etag", "digest", "content-md5", "repr-digest", "content-digest", "accept-ranges")


def test_the_bodies_are_of_every_format_that_there_is() -> None:
    kinds = {kind.partition(";")[0] for kind, _ in BODIES.values()}
    assert {TYPES[kind] for kind in kinds if kind in TYPES} == set(TYPES.values())


@MODES
@pytest.mark.parametrize("coding", ENCODED)
def test_an_address_is_masked_and_no_other_octet_changes(coding: str, mode: Mode) -> None:
    async def work(one: Stage) -> None:
        for name, (kind, body) in BODIES.items():
            raw = ENCODED[coding](body)
            one.shop.says["/a"] = [response(raw, kind, more=ABOUT + coded(coding))]
            answer = await one.ask("GET", "/a")
            assert (answer.status, answer.whole, answer.value("content-type")) == (200, True, kind), name
            assert answer.value("content-encoding") == (coding or None)
            assert DECODED[coding](answer.body) == masked(name)
            assert not [field for field in OF_THE_OCTETS if answer.value(field) is not None]
            assert answer.value("content-length") in (None, str(len(answer.body)))

    play(work, mode)


@MODES
@pytest.mark.parametrize("coding", ENCODED)
def test_a_request_of_every_format_loses_the_address_and_nothing_else(coding: str, mode: Mode) -> None:
    text = POLICY.replace("{user.contact.email: redact}", "{user.contact.email: mask}")

    async def work(one: Stage) -> None:
        for name, (kind, body) in BODIES.items():
            answer = await one.ask("POST", "/orders", ENCODED[coding](body), kind, coded(coding) + 'etag: "1"\r\n')
            assert answer.status == 200, (name, answer.body)
            heard = one.shop.requests[-1]
            assert heard.value("content-encoding") == (coding or None)
            assert heard.value("etag") is None
            assert DECODED[coding](heard.body) == masked(name)
        assert MAIL not in one.shop.heard

    play(work, mode, text)


@MODES
@pytest.mark.parametrize("coding", ENCODED)
def test_a_body_in_which_nothing_is_found_passes_bit_identical_with_its_digests(coding: str, mode: Mode) -> None:
    async def work(one: Stage) -> None:
        for name, (kind, body) in BODIES.items():
            raw = ENCODED[coding](body.replace(b"@", b" at ").replace(b"%40", b"+"))
            one.shop.says["/a"] = [response(raw, kind, more=ABOUT + coded(coding))]
            answer = await one.ask("GET", "/a")
            assert answer.status == 200
            streams = TYPES.get(kind) in ("sse", "ndjson")
            is_anew = streams and coding in ("br", "zstd", "gzip, br")  # no line may wait, so it is encoded anew
            if not is_anew:
                assert answer.body == raw, name
            assert DECODED[coding](answer.body) == DECODED[coding](raw)
            if not streams:
                assert answer.value("etag") == '"1"'
            if is_anew and answer.body != raw:
                assert answer.value("etag") is None

    play(work, mode)


@pytest.mark.parametrize("coding", [each for each in ENCODED if each])
def test_what_is_not_what_its_coding_says_is_refused_and_nothing_of_it_comes_out(coding: str) -> None:
    body = b'{"mail": "ada@example.com", "t": "' + hashlib.sha256(b"x").hexdigest().encode() * 40 + b'"}'
    raw = ENCODED[coding](body)
    bomb = ENCODED[coding](b'["' + b"0" * 40_000_000)
    wrong = ENCODED["zstd" if coding == "gzip" else "gzip"](body)
    broken = {"cut": raw[: len(raw) * 2 // 3], "plain": body, "another": wrong, "more": raw + b"x", "bomb": bomb}

    async def work(one: Stage) -> None:
        for name, octets in broken.items():
            one.shop.says["/a"] = [response(octets, more=coded(coding))]
            answer = await one.ask("GET", "/a")
            asked = await one.ask("POST", "/orders", octets, more=coded(coding))
            assert (answer.status, asked.status) == ((502, 413) if name == "bomb" else (502, 400)), name
            for each in (answer, asked):
                assert each.value("content-type") == "application/problem+json"
                assert each.value("content-encoding") is None
                assert json.loads(each.body)["reason"] in ("undecodable", "too-large")
                assert MAIL not in each.raw
                assert octets[:40] not in each.raw
            assert octets[:40] not in one.shop.heard
        assert set(one.notes.kinds()) == {"refused"}

    play(work)


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip, gzip, gzip", "aes128gcm", "gzip;q=1"])
def test_a_coding_that_is_not_read_is_refused(coding: str) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/a"] = [response(b'{"mail": "ada@example.com"}', more=coded(coding))]
        answer = await one.ask("GET", "/a")
        assert answer.status == 502
        assert MAIL not in answer.raw

    play(work)


@MODES
def test_text_in_another_charset_is_changed_in_it_and_what_lies_about_its_charset_is_refused(mode: Mode) -> None:
    text = "Zo\u00eb, ada@example.com\n"

    async def work(one: Stage) -> None:
        for charset in ("iso-8859-1", "windows-1252", "utf-16le"):
            one.shop.says["/a"] = [response(text.encode(charset), f"text/plain; charset={charset}")]
            answer = await one.ask("GET", "/a")
            assert answer.body == text.replace(MAIL.decode(), MASK.decode()).encode(charset)
        for kind, codec in (
            ("text/plain", "utf-16le"),
            ("text/plain", "latin-1"),
            ("text/plain; charset=utf-8", "utf-16be"),
            ("text/plain; charset=utf-7", "utf-7"),
            ("application/x-www-form-urlencoded", "utf-16le"),
        ):
            one.shop.says["/a"] = [response(text.encode(codec), kind)]
            answer = await one.ask("GET", "/a")
            assert (answer.status, json.loads(answer.body)["reason"]) == (502, "undecodable")
            assert b"e\0x\0a\0m" not in answer.raw

    play(work, mode)


class _Undoing:
    """Undoes a coding as the octets come."""

    def __init__(self, coding: str) -> None:
        self._step: Callable[[bytes], bytes] = {
            "": lambda: bytes,
            "gzip": lambda: zlib.decompressobj(31).decompress,
            "br": lambda: brotli.Decompressor().process,
            "zstd": lambda: zstd.ZstdDecompressor().decompress,
        }[coding]()

    def __call__(self, octets: bytes) -> bytes:
        return self._step(octets)


def _flushed(coding: str) -> Callable[[bytes], bytes]:
    """Encode pieces, each of which can be decoded when it has come."""
    if coding == "gzip":
        deflating = zlib.compressobj(wbits=31)
        return lambda piece: deflating.compress(piece) + deflating.flush(zlib.Z_SYNC_FLUSH)
    if coding == "br":
        compressor = brotli.Compressor(quality=4)
        return lambda piece: compressor.process(piece) + compressor.flush()
    if coding == "zstd":
        frame = zstd.ZstdCompressor()
        return lambda piece: frame.compress(piece, zstd.ZstdCompressor.FLUSH_BLOCK)
    return bytes


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("text/event-stream", b'data: {"mail": "ada@example.com", "n": %d}\n\n'),
        ("application/x-ndjson", b'{"mail": "ada@example.com", "n": %d}\n'),
    ],
)
def test_each_event_and_line_has_come_before_the_next_is_sent(kind: str, event: bytes, coding: str) -> None:
    async def work(one: Stage) -> None:
        come = asyncio.Semaphore(0)
        events = [event % number for number in range(5)]

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            encode = _flushed(coding)
            head, *_ = chunked([], f"{kind}\r\n{coded(coding)}x-end: 1")
            writer.write(head)
            for each in events:
                piece = encode(each)
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
                await come.acquire()  # the next comes only when the client has this one
            writer.close()  # cut off: what is looked at is what came before

        one.shop.answer = slow  # type: ignore[method-assign]
        reader, writer = await asyncio.open_connection(*one.address)
        writer.write(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert b"HTTP/1.1 200" in head
        undo, seen = _Undoing(coding), b""
        for number in range(len(events)):
            wanted = b"".join(events[: number + 1]).replace(MAIL, MASK)
            async with asyncio.timeout(20):
                while len(seen) < len(wanted):
                    size = int((await reader.readuntil(b"\r\n")).strip(), 16)
                    seen += undo((await reader.readexactly(size + 2))[:-2])
            assert seen == wanted
            come.release()
        writer.close()
        async with asyncio.timeout(20):
            while one.gate.streams:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.01)
        one.told.clear()  # it may have been told that a request was cut off

    play(work)


@MODES
def test_head_and_304_tell_nothing_of_octets_that_may_change(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        about = f"content-type: application/json\r\ncontent-length: 35\r\n{ABOUT}\r\n"
        one.shop.says["/head"] = [f"HTTP/1.1 200 OK\r\n{about}".encode()]
        one.shop.says["/same"] = [f"HTTP/1.1 304 Not Modified\r\n{about}".encode()]
        reader, writer = await asyncio.open_connection(*one.address)
        writer.write(b"HEAD /head HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        head = (await reader.read()).lower()
        writer.close()
        assert head.startswith(b"http/1.1 200")
        assert not [name for name in (*OF_THE_OCTETS, "content-length") if f"{name}:".encode() in head]
        reader, writer = await asyncio.open_connection(*one.address)
        writer.write(b'GET /same HTTP/1.1\r\nhost: x\r\nif-none-match: "1"\r\nconnection: close\r\n\r\n')
        same = (await reader.read()).lower()
        writer.close()
        assert same.startswith(b"http/1.1 304")
        assert b'etag: "1"' in same
        assert not [name for name in OF_THE_OCTETS[1:] if f"{name}:".encode() in same]
        assert one.notes.kinds() == []

    play(work, mode)


@MODES
def test_a_part_of_a_body_is_refused_whatever_its_format(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        for kind in ("application/json", "multipart/byteranges; boundary=b", "text/plain"):
            one.shop.says["/a"] = [
                response(b"da@example.com", kind, "206 Partial Content", "content-range: bytes 1-14/15\r\n")
            ]
            answer = await one.ask("GET", "/a", more="range: bytes=1-\r\n")
            assert answer.status == 502
            assert b"example" not in answer.body

    play(work, mode)
