"""Whether a value can be read in what came out at the other end, by anybody who takes the trouble.

The rule: each way of writing that an attack knows has its way back here, and more: chunks put together, codings undone, also in
each other and whatever was said of them, charsets tried, what stands between letters taken out, and in each of these what the
recogniser of the PostgreSQL probe decodes. Bounded: so many views, of so many octets each.
"""

import base64
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import re2

from ringfence.probe.http.spelling import brotli, zstd
from ringfence.probe.recognising import Recogniser, Reply, Watched

MOST_OCTETS: Final = 1024 * 1024  # of one view
DEPTH: Final = 3  # codings in each other
_SMALLEST: Final = 8  # octets: what is shorter holds no value
_HEAD_END: Final = b"\r\n\r\n"
_CHUNK: Final = re2.compile(rb"([0-9a-fA-F]{1,6})(?:;[^\r\n]*)?\r\n")
_BASE64: Final = re2.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")
_BETWEEN: Final = (  # what readers drop between letters: tags, comments, sections, prefixes of events, soft and folded line ends
    re2.compile(rb"(?s)<!--.*?-->"),
    re2.compile(rb"<[^<>]*>"),
    re2.compile(rb"<!\[CDATA\[|\]\]>"),
    re2.compile(rb"\r?\ndata: ?"),
    re2.compile(rb"=?\r?\n[ \t]*"),
    re2.compile(rb"\x00"),
)
_QUOTED: Final = re2.compile(rb"=([0-9A-Fa-f]{2})")
_OVERLONG: Final = re2.compile(rb"[\xc0\xc1][\x80-\xbf]")
_CHARSETS: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037", "utf-7")


def can_be_read(came: bytes, category: str, value: str, spelt: set[bytes]) -> bool:
    """Say whether a value stands in what came: as it was spelt, or in any way that it can be decoded from."""
    recogniser = Recogniser([Watched(category, value)])
    seen: set[bytes] = set()
    for view in _views(came):
        if view in seen:
            continue
        seen.add(view)
        if any(one in view for one in spelt) or recogniser.finds([Reply(texts=[view])], category):
            return True
    return False


def _views(came: bytes) -> Iterator[bytes]:
    """Give what came in every way that it can be read."""
    bodies = [came, *_bodies(came)]
    bodies += [joined for body in bodies[1:] if (joined := _unchunked(body)) != body]
    for depth in range(DEPTH + 1):
        for body in bodies:
            yield body
            yield from _plainer(body)
        if depth < DEPTH:
            bodies = [plain[:MOST_OCTETS] for body in bodies for plain in _decoded(body) if len(plain) >= _SMALLEST]


def _bodies(came: bytes) -> list[bytes]:
    """Give what stands behind each end of a head: messages may follow one another."""
    found: list[bytes] = []
    at = came.find(_HEAD_END)
    while at >= 0 and len(found) < 4:
        found.append(came[at + len(_HEAD_END) :])
        at = came.find(_HEAD_END, at + 1)
    return found


def _unchunked(body: bytes) -> bytes:
    """Put chunks together, as far as there are any."""
    made: list[bytes] = []
    at = 0
    while (found := _CHUNK.match(body, at)) is not None:
        size = int(found[1], 16)
        made.append(body[found.end() : found.end() + size])
        at = found.end() + size
        if body[at : at + 2] == b"\r\n":
            at += 2
        if not size:
            break
    return b"".join(made) + b"\n" + body[at:] if made else body


def _plainer(body: bytes) -> Iterator[bytes]:
    """Give a text without what stands between letters, and in other charsets."""
    for pattern in _BETWEEN:
        if (bare := pattern.sub(b"", body)) != body:
            yield bare
    if b"=" in body:
        yield _QUOTED.sub(lambda found: bytes((int(found[1], 16),)), body)
    if _OVERLONG.search(body) is not None:
        yield _OVERLONG.sub(lambda found: bytes(((found[0][0] & 1) << 6 | found[0][1] & 0x3F,)), body)
    for charset in _CHARSETS:
        for start in (0, 1, 2, 3) if charset.startswith("utf-") else (0,):
            yield body[start:].decode(charset, "ignore").encode("utf-8", "ignore")


def _decoded(body: bytes) -> Iterator[bytes]:
    for decode in _DECODERS:
        try:
            yield decode(body)
        except Exception:  # noqa: BLE001, S112 (another coding: each library has errors of its own)
            continue
    for found in _BASE64.findall(body)[:8]:
        yield base64.b64decode(found + b"=" * (-len(found) % 4))


def _inflated(raw: bytes, window: int) -> bytes:
    made = b""
    while raw and len(made) < MOST_OCTETS:
        stream = zlib.decompressobj(window)
        try:
            made += stream.decompress(raw, MOST_OCTETS)
        except zlib.error:
            if not made:
                raise
            break
        if not stream.eof:
            return made
        raw = stream.unused_data
    return made + raw


def _gzip(raw: bytes) -> bytes:
    at = raw.find(b"\x1f\x8b\x08")
    if at < 0:
        raise ValueError("not gzip")
    return _inflated(raw[at:], 31)


def _unzipped(raw: bytes) -> bytes:
    at = raw.find(b"PK\x03\x04")
    if at < 0:
        raise ValueError("not a zip")
    with zipfile.ZipFile(io.BytesIO(raw[at:])) as archive:
        return b"\n".join(archive.read(name)[:MOST_OCTETS] for name in archive.namelist()[:4])


_DECODERS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    _gzip,
    lambda raw: _inflated(raw, zlib.MAX_WBITS),
    lambda raw: _inflated(raw, -zlib.MAX_WBITS),
    lambda raw: brotli().decompress(raw),
    lambda raw: zstd().decompress(raw),
    _unzipped,
)
