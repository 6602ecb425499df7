"""Transfer encodings of a part (RFC 2045): base64 and quoted-printable, undone strictly and done again as they came.

The rule: what readers skip hides things, so nothing is skipped: a character outside of base64's alphabet, text after its padding,
an equals sign that begins no escape.
"""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import re2

from ringfence.carriers.model import Fault, Undecodable

_LINE = 76  # characters: the longest that RFC 2045 allows
_HEX = re2.compile(rb"[0-9A-Fa-f]{2}")
_QUOTED = frozenset(range(0x21, 0x7F)) - {0x3D}


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer encoding: `decode` takes where the part stands, for errors; `encode` takes the part as it came, for its look."""

    decode: Callable[[bytes, int], bytes]
    encode: Callable[[bytes, bytes], bytes]


def _from_base64(body: bytes, at: int) -> bytes:
    try:
        return binascii.a2b_base64(body.replace(b"\r\n", b""), strict_mode=True) if body else b""
    except binascii.Error:
        raise Undecodable(Fault.MALFORMED, "a part that is not base64", at) from None


def _to_base64(plain: bytes, came: bytes) -> bytes:
    text = binascii.b2a_base64(plain, newline=False)
    first, ended, _ = came.partition(b"\r\n")
    size = len(first) if ended and first else max(len(text), 1)
    lines = [text[at : at + size] for at in range(0, len(text), size)]
    return b"\r\n".join(lines) + (b"\r\n" if came.endswith(b"\r\n") else b"")


def _from_quoted(body: bytes, at: int) -> bytes:
    first, *others = body.split(b"=")
    parts = [first]
    for part in others:
        if part.startswith(b"\r\n"):
            parts.append(part[2:])
        elif _HEX.match(part) is not None:
            parts += (bytes.fromhex(part[:2].decode("ascii")), part[2:])
        else:
            raise Undecodable(Fault.MALFORMED, "a part that is not quoted-printable", at)
    return b"".join(parts)


def _to_quoted(plain: bytes, _came: bytes) -> bytes:
    return b"\r\n".join(_quoted_line(line) for line in plain.split(b"\r\n"))


def _quoted_line(line: bytes) -> bytes:
    lines: list[bytes] = []
    present = b""
    for index, byte in enumerate(line):
        plain = byte in _QUOTED or (byte in b" \t" and index + 1 < len(line))
        spelt = bytes((byte,)) if plain else b"=%02X" % byte
        if len(present) + len(spelt) >= _LINE:
            lines.append(present + b"=")
            present = b""
        present += spelt
    return b"\r\n".join([*lines, present])


TRANSFERS: Mapping[str, Transfer | None] = {
    "7bit": None,
    "8bit": None,
    "binary": None,
    "base64": Transfer(_from_base64, _to_base64),
    "quoted-printable": Transfer(_from_quoted, _to_quoted),
}
"""Each encoding's name; None where there is nothing to undo."""
