"""The messages that the gate itself sends to the server, as a client would.

The rule: everything that the gate owns on a session has a name beginning with `OWN`, which no client may use, and an
end that no client knows.
"""

import secrets
import struct
from collections.abc import Sequence

OWN = b"_ringfence"
TOOL = OWN + b"_" + secrets.token_hex(8).encode()  # and nobody can guess
LOOK = TOOL + b"_look"  # the statement whose tree is asked for
FETCH = TOOL + b"_fetch"  # a question to the catalogue
PORTAL = TOOL + b"_portal"

_LENGTH = struct.Struct("!i")


def message(letter: bytes, body: bytes = b"") -> bytes:
    """Frame a message."""
    return letter + _LENGTH.pack(len(body) + 4) + body


def query(text: bytes) -> bytes:
    """Ask by the simple protocol."""
    return message(b"Q", text + b"\0")


def parse(name: bytes, text: bytes, types: Sequence[int] = ()) -> bytes:
    """Prepare a statement."""
    return message(b"P", name + b"\0" + text + b"\0" + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(portal: bytes, statement: bytes, values: Sequence[str | None] = ()) -> bytes:
    """Bind values in text; the result is text."""
    parts = [portal, b"\0", statement, b"\0\0\0", struct.pack("!H", len(values))]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            raw = value.encode()
            parts += [_LENGTH.pack(len(raw)), raw]
    return message(b"B", b"".join([*parts, b"\0\0"]))


def describe(kind: bytes, name: bytes) -> bytes:
    """Ask for a statement's (``S``) or a portal's (``P``) description."""
    return message(b"D", kind + name + b"\0")


def execute(portal: bytes) -> bytes:
    """Run a portal to its end."""
    return message(b"E", portal + b"\0\0\0\0\0")


def close(kind: bytes, name: bytes) -> bytes:
    """Close a statement (``S``) or a portal (``P``)."""
    return message(b"C", kind + name + b"\0")


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")

FAILING = b"refused by ringfence"
"""A text that no server can parse: sent in the place of what is refused, so that the server's transaction is as failed as the
client is told; its error is replaced by the refusal."""

FAILING_PARSE = parse(TOOL + b"_refused", FAILING)
FAILING_QUERY = query(FAILING)


def whole(portal: bytes, statement: bytes, values: Sequence[str | None] = ()) -> bytes:
    """Bind, run and close a portal in one."""
    return bind(portal, statement, values) + execute(portal) + close(b"P", portal)


def data_row(values: Sequence[str | None]) -> bytes:
    """Write a DataRow in text."""
    parts = [struct.pack("!H", len(values))]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            raw = value.encode("utf-8", "replace")
            parts += [_LENGTH.pack(len(raw)), raw]
    return message(b"D", b"".join(parts))


def row_of(frame: bytes) -> list[str | None]:
    """Read a DataRow in text."""
    width = int.from_bytes(frame[5:7], "big")
    at = 7
    values: list[str | None] = []
    for _ in range(width):
        length = _LENGTH.unpack_from(frame, at)[0]
        at += 4
        if length < 0:
            values.append(None)
        else:
            values.append(frame[at : at + length].decode())
            at += length
    return values


def rows_of(frames: bytes) -> list[list[str | None]]:
    """Read DataRows that stand one after the other."""
    rows: list[list[str | None]] = []
    at = 0
    while at < len(frames):
        end = at + 1 + _LENGTH.unpack_from(frames, at + 1)[0]
        rows.append(row_of(frames[at:end]))
        at = end
    return rows
