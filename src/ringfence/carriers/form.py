"""Forms and query strings (application/x-www-form-urlencoded, as the URL Standard reads it): every name and value is a field.

The rule: pairs are parted by ``&`` alone and read as the URL Standard reads them: ``+`` is a space, ``%`` with two hex digits a
byte, any other ``%`` itself. Only before what looks like a telephone number it stays ``+``: whoever forgot to encode it meant that,
and without it none is found. What other readers would read in another way is refused where it could hide something: a ``;`` that
would begin another pair, ``%u0041``. What is written is percent-encoded, spaces too, so that every reader takes it.
"""

from collections.abc import Callable, Sequence
from functools import partial

import re2

from ringfence.carriers._paths import MAX_PATH, decode_name, spell
from ringfence.carriers._spans import offsets_of, write_spans
from ringfence.carriers.model import Change, Edit, Fault, Field, Undecodable, Unit
from ringfence.transform.types import ValueType

UNIT_BYTES = 64 * 1024
MAX_PAIR = 8 * 1024 * 1024  # bytes
REDACTED_NAME = b"%5Bredacted%5D"

_TEXT = ValueType.TEXT
_ESCAPED = re2.compile(rb"%[0-9A-Fa-f]{2}|\+")
_DIALLED = re2.compile(rb"(^|[^0-9A-Za-z+])\+([1-9](?:[-.+]?[0-9]){6})")
_OTHER_ESCAPE = re2.compile(rb"%[uU][0-9A-Fa-f]{4}")  # of old Microsoft servers, and JavaScript's escape()
_OTHER_PAIR = re2.compile(rb";[^;&=]*=")  # some readers part pairs at semicolons too
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*-._")


class FormCarrier:
    """Names and values. Values have the name as path, as often as it comes; a name without ``=`` is a name alone."""

    def __init__(self) -> None:
        self._held = bytearray()  # from the start of a pair
        self._at = 0
        self._order = 0

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        return len(self._held)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the pairs that are complete, up to 64 KiB a unit."""
        end = piece.rfind(b"&") + 1
        units: list[Unit] = []
        if end:
            units = self._read(bytes(self._held) + piece[:end])
            self._held.clear()
        self._held += piece[end:]
        if len(self._held) > MAX_PAIR:
            raise _too_large(self._at)
        return units

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        raw = bytes(self._held)
        self._held.clear()
        return self._read(raw)

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:  # noqa: ARG002 (the seam of all carriers)
        """Encode changes of one field as edits: see `write_form`."""
        return write_form(field, changes)

    def _read(self, raw: bytes) -> list[Unit]:
        units: list[Unit] = []
        start = 0
        while start < len(raw):
            end = start + UNIT_BYTES
            end = (
                len(raw) if end >= len(raw) else raw.rfind(b"&", start, end) + 1 or raw.find(b"&", end) + 1 or len(raw)
            )
            fields = read_form(raw[start:end], at=self._at, order=self._order)
            units.append(Unit(raw[start:end], fields))
            self._order += len(fields)
            self._at += end - start
            start = end
        return units


def read_form(raw: bytes, *, at: int = 0, base: int = 0, order: int = 0) -> list[Field]:
    """Give the fields of a form or query string (without its ``?``) that is whole.

    `at` is its offset in the payload, `base` in its unit, `order` the number of its first field.
    """
    fields: list[Field] = []
    start = 0
    for pair in raw.split(b"&"):
        if len(pair) > MAX_PAIR:
            raise _too_large(at + start)
        if pair:
            _check(pair, at + start)
            name, equals, _ = pair.partition(b"=")
            first = _field("", name, base + start, order + len(fields), is_key=True)
            fields.append(first)
            if equals:
                begin = start + len(name) + 1
                path = _path(first.value, at + start)
                fields.append(_field(path, pair[len(name) + 1 :], base + begin, order + len(fields), is_key=False))
        start += len(pair) + 1
    return fields


def write_form(field: Field, changes: Sequence[Change]) -> list[Edit]:
    """Encode changes of one field. `text` None makes a value empty and a name `REDACTED_NAME`."""
    if any(change.text is None for change in changes):
        return [Edit(field.start, field.end, REDACTED_NAME if field.is_key else b"")]
    return write_spans(field, changes, percent_encode)


def percent_encode(text: str) -> bytes:
    """Spell a text with nothing but letters, digits, ``*-._`` and percent-encoded bytes of UTF-8."""
    raw = text.encode("utf-8", "replace")
    return b"".join(b"%c" % byte if byte in _PLAIN else b"%%%02X" % byte for byte in raw)


def _field(path: str, content: bytes, start: int, order: int, *, is_key: bool) -> Field:
    value = content
    mapped: Callable[[], Sequence[int]] | None = None
    if b"%" in content or b"+" in content:
        value = percent_decode(_DIALLED.sub(rb"\1%2B\2", content) if b"+" in content else content)
        mapped = partial(percent_offsets, content, start)
    return Field(path, _TEXT, value, start, start + len(content), order, is_key, mapped)


def percent_decode(content: bytes) -> bytes:
    """Give the bytes that a name or value stands for."""
    first, *others = content.replace(b"+", b" ").split(b"%")
    parts = [first]
    for part in others:
        code = part[:2]
        if len(code) == 2 and code.isalnum() and _ESCAPED.fullmatch(b"%" + code):
            parts += (bytes.fromhex(code.decode("ascii")), part[2:])
        else:
            parts += (b"%", part)
    return b"".join(parts)


def percent_offsets(content: bytes, start: int) -> Sequence[int]:
    """Map each byte of what such content stands for, and its end, to where it stands; `start` is the content's own offset."""
    return offsets_of(((found.start(), found.end(), 1) for found in _ESCAPED.finditer(content)), start, len(content))


def _check(pair: bytes, at: int) -> None:
    if b"%" in pair and (other := _OTHER_ESCAPE.search(pair)) is not None:
        raise Undecodable(Fault.AMBIGUOUS, "an escape that only some readers know", at + other.start())
    if b";" in pair and (other := _OTHER_PAIR.search(pair)) is not None:
        raise Undecodable(Fault.AMBIGUOUS, "a semicolon at which some readers begin another pair", at + other.start())


def _path(name: bytes, at: int) -> str:
    path = spell(decode_name(name))
    if len(path) > MAX_PATH:
        raise Undecodable(Fault.TOO_LARGE, f"a name of more than {MAX_PATH} characters", at)
    return path


def _too_large(at: int) -> Undecodable:
    return Undecodable(Fault.TOO_LARGE, f"a pair of more than {MAX_PAIR} bytes", at)
