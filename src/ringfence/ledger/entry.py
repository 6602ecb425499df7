"""An entry, as bytes: how one is written down, salted and committed to.

The rule: one entry has exactly one spelling. It is a JSON object (RFC 8259) in UTF-8 with its keys sorted by code point at
every depth, no white space outside strings, nothing escaped but what JSON requires, finite numbers only; so it holds no line
break and is one line of a frame. That is the *body*.

The *commitment* is SHA-256(salt || body) with 16 random bytes of salt of its own for each entry, and is the data of the entry's
leaf in the tree. Without body and salt a commitment says nothing, however guessable the body: retention drops both, the
commitment stays, and the tree still verifies. Keys that are looked up are `kind`, `crossing`, `flow`, `at` (RFC 3339 in UTC, to
the microsecond), `principal`; an `id` makes an entry safe to send again. The ledger knows nothing else of what an entry says.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from ringfence.ledger.faults import Fault, LedgerUnavailable

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

SALT_BYTES = 16  # 128 bits: nobody tries them all
MOST_ENTRY_BYTES = 256 * 1024  # an entry holds facts and counts; a larger one is a mistake


@dataclass(frozen=True, slots=True)
class Receipt:
    """A promise that an entry is durable: in which ledger, at which index, and the tree's size that covers it."""

    ledger: str
    index: int
    size: int

    def __str__(self) -> str:
        return f"{self.ledger}#{self.index}"


def _plain(value: object) -> object:
    """Give what `json` does not know by itself, as what it does."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return list(value)
    raise TypeError


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False, default=_plain
).encode


def canonical(entry: Mapping[str, JsonValue]) -> bytes:
    """Write an entry down.

    >>> canonical({"kind": "crossed", "at": "2031-01-02T03:04:05.000000Z"})
    b'{"at":"2031-01-02T03:04:05.000000Z","kind":"crossed"}'

    Raises `LedgerUnavailable` (fault ``entry``) for what is no JSON object or too large; the error quotes nothing of it.
    """
    try:
        body = _encode(entry if isinstance(entry, dict) else dict(entry)).encode()
    except (TypeError, ValueError, RecursionError):
        # `from None`: the cause's text may quote the entry.
        raise LedgerUnavailable(Fault.ENTRY, "an entry is not a JSON object in Unicode") from None
    if len(body) > MOST_ENTRY_BYTES:
        raise LedgerUnavailable(Fault.ENTRY, f"an entry of {len(body)} bytes, of at most {MOST_ENTRY_BYTES}")
    return body


def parse_body(text: str) -> Mapping[str, JsonValue]:
    """Read a body back. Raises `ValueError` where it is none."""
    try:
        entry = json.loads(text)
    except RecursionError:
        raise ValueError("an entry is nested too deeply") from None
    if not isinstance(entry, dict):
        raise ValueError("an entry is a JSON object")  # noqa: TRY004 (one error for everything that is no entry)
    return entry


def commitment(salt: bytes, body: bytes) -> bytes:
    """Commit to a body."""
    return sha256(salt + body).digest()
