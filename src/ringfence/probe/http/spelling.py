"""How a value is spelt in an attack, and what stands around a body: encodings by name.

The rule: only what a reader can undo is written here: each has its way back in `reading`, or is plain to whoever looks. Octets
that are no UTF-8 stand in text as surrogates, until a message is made.
"""

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, Protocol, cast

_HIGH: Final = 0x80
_WIDE: Final = 0xFEE0  # between a letter and its wide form


def _octets(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _overlong(text: str) -> str:
    """Spell each letter of ASCII in two octets, as UTF-8 forbids."""
    return _octets(b"".join(bytes((0xC0 | one >> 6, _HIGH | one & 0x3F)) for one in text.encode("ascii", "replace")))


def _utf7(text: str) -> str:
    coded = base64.b64encode(text.encode("utf-16-be")).rstrip(b"=")
    return f"+{coded.decode('ascii')}-"


def _wide(text: str) -> str:
    return "".join(chr(ord(one) + _WIDE) if "!" <= one <= "~" else one for one in text)


SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "percent": lambda text: "".join(f"%{one:02X}" for one in text.encode()),
    "escapes": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "first-escaped": lambda text: f"\\u{ord(text[0]):04X}{text[1:]}",
    "decimal": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "hexadecimal-entities": lambda text: "".join(f"&#x{ord(one):x};" for one in text),
    "padded-entities": lambda text: "".join(f"&#x{ord(one):08X};" for one in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode("ascii"),
    "hexadecimal": lambda text: text.encode().hex(),
    "quoted-printable": lambda text: "".join(f"={one:02X}" for one in text.encode()),
    "soft-breaks": lambda text: "=\r\n".join(text[at : at + 5] for at in range(0, len(text), 5)),
    "overlong": _overlong,
    "utf-7": _utf7,
    "wide": _wide,
    "unseen": "\u200b".join,
    "nul": "\0".join,
    "upper": str.upper,
    "commented": "<!-- -->".join,
    "tagged": "<b></b>".join,
    "cdata": lambda text: f"<![CDATA[{text[:6]}]]><![CDATA[{text[6:]}]]>",
    "folded": lambda text: f"{text[:6]}\r\n {text[6:]}",
    "lines": lambda text: f"{text[:6]}\ndata: {text[6:]}",
}
"""Ways to spell a value. Gaps of a template name them: ``{v|percent|percent}``."""

PARTS: Final[Mapping[str, Callable[[str], str]]] = {"first": lambda text: text[:6], "second": lambda text: text[6:]}
"""Parts of a value: by itself none of them tells it."""


class _Coder(Protocol):
    def compress(self, raw: bytes, /) -> bytes:
        """Compress."""

    def decompress(self, raw: bytes, /) -> bytes:
        """Decompress."""


def zstd() -> _Coder:
    """Give the module of zstd: of Python itself from 3.14 on."""
    try:
        return cast("_Coder", import_module("compression.zstd"))
    except ImportError:
        return cast("_Coder", import_module("backports.zstd"))


def brotli() -> _Coder:
    """Give the module of brotli."""
    return cast("_Coder", import_module("brotli"))


def _bare_deflate(raw: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(raw) + stream.flush()


def _flushed_gzip(raw: bytes) -> bytes:
    """Compress, and flush in the middle, as servers do that send what they have."""
    stream = zlib.compressobj(wbits=31)
    half = len(raw) // 2
    first = stream.compress(raw[:half]) + stream.flush(zlib.Z_SYNC_FLUSH)
    return first + stream.compress(raw[half:]) + stream.flush()


def _named_gzip(raw: bytes) -> bytes:
    """Put all of it into the header, as the name of a file, around an empty body."""
    return b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + raw.replace(b"\0", b"") + b"\0" + gzip.compress(b"{}", mtime=0)[10:]


def _zipped(raw: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", raw)
    return into.getvalue()


CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda raw: gzip.compress(raw, mtime=0),
    "gzip flushed": _flushed_gzip,
    "gzip in two members": lambda raw: (
        gzip.compress(raw[: len(raw) // 2], mtime=0) + gzip.compress(raw[len(raw) // 2 :], mtime=0)
    ),
    "gzip name": _named_gzip,
    "gzip cut off": lambda raw: gzip.compress(raw, mtime=0)[:-4],
    "gzip and more": lambda raw: gzip.compress(b"{}", mtime=0) + raw,
    "zlib": zlib.compress,
    "bare deflate": _bare_deflate,
    "br": lambda raw: brotli().compress(raw),
    "zstd": lambda raw: zstd().compress(raw),
    "zstd skipped": lambda raw: b"\x50\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw + zstd().compress(b"{}"),
    "zip": _zipped,
    "base64": base64.b64encode,
}
"""What a body is put into. What its sender says of it is another matter."""
