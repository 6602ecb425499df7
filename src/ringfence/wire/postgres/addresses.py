"""Network addresses, identifiers and raw bytes in binary and in the text that PostgreSQL spells them with.

The rule: as in `numbers`.
"""

from ipaddress import ip_address
from struct import Struct

import re2

from ringfence.wire.postgres.numbers import Coding

_FAMILIES = {2: 4, 3: 16}  # PGSQL_AF_INET and PGSQL_AF_INET6: how long their addresses are
_PREFIX = re2.compile(rb"([0-9A-Fa-f.:]{2,45})(?:/([0-9]{1,3}))?")
_UUID = re2.compile(rb"(?i)\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?")
_MAC = re2.compile(rb"(?i)[0-9a-f]{2}(?::[0-9a-f]{2})+")
_OCTAL = re2.compile(rb"[0-3][0-7]{2}")
_BITS = Struct("!i")


def decode_inet(value: bytes) -> bytes:
    """Decode an address, with its prefix where that is not all of it."""
    spelt, bits, size = _decode_address(value)
    return spelt if bits == size else b"%s/%d" % (spelt, bits)


def decode_cidr(value: bytes) -> bytes:
    """Decode a network."""
    spelt, bits, _ = _decode_address(value)
    return b"%s/%d" % (spelt, bits)


def _decode_address(value: bytes) -> tuple[bytes, int, int]:
    """Give an address, how long its prefix is, and how long it is itself, in bits."""
    family, bits, _, size = value[:4]  # whether it is a network is a matter of the type: the server does not look
    if _FAMILIES.get(family) != size or len(value) != 4 + size or bits > size * 8:
        raise ValueError
    address = value[4:]
    return b".".join([b"%d" % byte for byte in address]) if size == 4 else _spell_long(address), bits, size * 8


def encode_inet(text: bytes) -> bytes:
    """Encode an address."""
    return _encode_address(text, 0)


def encode_cidr(text: bytes) -> bytes:
    """Encode a network. One whose address has bits behind its prefix is none."""
    value = _encode_address(text, 1)
    address, behind = int.from_bytes(value[4:]), len(value[4:]) * 8 - value[1]
    if address & ((1 << behind) - 1):
        raise ValueError
    return value


def _encode_address(text: bytes, is_network: int) -> bytes:
    found = _PREFIX.fullmatch(text)
    if found is None:
        raise ValueError
    address = ip_address(found[1].decode("ascii")).packed
    bits = int(found[2]) if found[2] else len(address) * 8
    if bits > len(address) * 8:
        raise ValueError
    return bytes((2 if len(address) == 4 else 3, bits, is_network, len(address))) + address


def _spell_long(address: bytes) -> bytes:
    """Spell an IPv6 address as `pg_inet_net_ntop` does: its longest run of zeros left out, an IPv4 address in it dotted."""
    words = [int.from_bytes(address[at : at + 2]) for at in range(0, 16, 2)]
    start, length = _longest_zeros(words)
    spelt = [b"%x" % word for word in words]
    if start == 0 and (length == 6 or (length == 5 and words[5] == 0xFFFF)):
        spelt[6:] = [b".".join([b"%d" % byte for byte in address[12:]])]
    if length < 2:
        return b":".join(spelt)
    return b":".join(spelt[:start]) + b"::" + b":".join(spelt[start + length :])


def _longest_zeros(words: list[int]) -> tuple[int, int]:
    best, start, length = 0, 0, 0
    for at in range(8):
        length = 0 if words[at] else length + 1
        if length > best:
            best, start = length, at - length + 1
    return (start, best) if best >= 2 else (-1, 0)


def mac(size: int) -> Coding:
    """Give how addresses of so many bytes are decoded and encoded."""

    def decode(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError
        return value.hex(":").encode()

    def encode(text: bytes) -> bytes:
        if _MAC.fullmatch(text) is None or len(text) != size * 3 - 1:
            raise ValueError
        return bytes.fromhex(text.replace(b":", b"").decode("ascii"))

    return decode, encode


def decode_uuid(value: bytes) -> bytes:
    """Decode a UUID."""
    if len(value) != 16:
        raise ValueError
    digits = value.hex().encode()
    return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def encode_uuid(text: bytes) -> bytes:
    """Encode a UUID."""
    if _UUID.fullmatch(text) is None:
        raise ValueError
    return bytes.fromhex(text.translate(None, b"{}-").decode("ascii"))


def decode_bytes(value: bytes) -> bytes:
    """Decode raw bytes: hexadecimal, the server's default."""
    return b"\\x" + value.hex().encode()


def encode_bytes(text: bytes) -> bytes:
    """Encode raw bytes, spelt in hexadecimal or with escapes."""
    if text.startswith(b"\\x"):
        return bytes.fromhex(text[2:].decode("ascii"))
    parts = text.split(b"\\")
    spelt = [parts[0]]
    at = 1
    while at < len(parts):
        if not parts[at] and at + 1 < len(parts):  # two of them are one
            spelt.append(b"\\" + parts[at + 1])
            at += 2
            continue
        if _OCTAL.fullmatch(parts[at][:3]) is None:
            raise ValueError
        spelt.append(bytes((int(parts[at][:3], 8),)) + parts[at][3:])
        at += 1
    return b"".join(spelt)


def decode_char(value: bytes) -> bytes:
    r"""Decode the one byte of "char"; one above 127 is spelt as \ooo."""
    if len(value) != 1:
        raise ValueError
    return b"" if value == b"\0" else value if value < b"\x80" else b"\\%03o" % value[0]


def encode_char(text: bytes) -> bytes:
    """Encode "char"."""
    if len(text) == 4 and text[:1] == b"\\" and _OCTAL.fullmatch(text[1:]) is not None:
        return bytes((int(text[1:], 8),))
    if len(text) > 1:
        raise ValueError
    return text or b"\0"


def decode_bits(value: bytes) -> bytes:
    """Decode a string of bits."""
    (count,) = _BITS.unpack_from(value)
    if count < 0 or len(value) != 4 + (count + 7) // 8:
        raise ValueError
    return b"".join([b"%s" % f"{byte:08b}".encode() for byte in value[4:]])[:count]


def encode_bits(text: bytes) -> bytes:
    """Encode a string of bits."""
    if text.translate(None, b"01"):
        raise ValueError
    whole = text.ljust((len(text) + 7) // 8 * 8, b"0")
    return _BITS.pack(len(text)) + bytes([int(whole[at : at + 8], 2) for at in range(0, len(whole), 8)])
