"""The parts that messages are made of, each with its reader and its writer.

The rule: a part is read and written by one object, so that the two cannot drift. A count is compared with the bytes that are
there before anything is made for it. Text is bytes: its encoding is the session's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError  # noqa: N812 (it is an error type)
from typing import Protocol

from ringfence.wire.postgres.faults import LocalError, RemoteError

_INT16 = Struct("!H")
_INT32 = Struct("!i")
_OID = Struct("!I")
_FIELD = Struct("!IhIhih")
_NULL = b"\xff\xff\xff\xff"


class Part(Protocol):
    """One part of a message."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Give the value that stands at an offset, and where it ends. What is not there is a `RemoteError`."""

    def write(self, value: object) -> bytes:
        """Give a value's bytes. What the part cannot hold is a `LocalError`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result. `format` is 0 for text, 1 for binary; `table` and `attribute` are 0 where it is computed."""

    name: bytes
    table: int
    attribute: int
    type: int
    size: int
    modifier: int
    format: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number of fixed size."""

    form: Struct

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read it."""
        end = at + self.form.size
        _check(end <= len(data))
        return self.form.unpack_from(data, at)[0], end

    def write(self, value: object) -> bytes:
        """Write it."""
        try:
            return self.form.pack(value)
        except StructError:
            raise LocalError("a number that its part of a message cannot hold") from None


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that says which message this is. It has no value: None is read and written."""

    number: int

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Check that it is there."""
        _check(data[at : at + 4] == _INT32.pack(self.number))
        return None, at + 4

    def write(self, value: object) -> bytes:  # noqa: ARG002 (one signature for all fields)
        """Write the number."""
        return _INT32.pack(self.number)


class Text:
    """Bytes that end with a zero byte."""

    def read(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Read what stands before the zero byte."""
        end = data.find(b"\0", at)
        _check(end >= 0)
        return data[at:end], end + 1

    def write(self, value: object) -> bytes:
        """Write it with its zero byte."""
        if not isinstance(value, bytes) or b"\0" in value:
            raise LocalError("text in a message is bytes without a zero byte")
        return value + b"\0"


class Byte:
    """One byte."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read it."""
        _check(at < len(data))
        return data[at : at + 1], at + 1

    def write(self, value: object) -> bytes:
        """Write it."""
        if not isinstance(value, bytes) or len(value) != 1:
            raise LocalError("a part of a message is one byte")
        return value


class Rest:
    """All that is left."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read to the end."""
        return data[at:], len(data)

    def write(self, value: object) -> bytes:
        """Write it as it is."""
        if not isinstance(value, bytes):
            raise LocalError("the rest of a message is bytes")
        return value


class Value:
    """A value with its length, or NULL."""

    def read(self, data: bytes, at: int) -> tuple[bytes | None, int]:
        """Read it; None for NULL."""
        _check(at + 4 <= len(data))
        size = _INT32.unpack_from(data, at)[0]
        at += 4
        if size == -1:
            return None, at
        _check(0 <= size <= len(data) - at)
        return data[at : at + size], at + size

    def write(self, value: object) -> bytes:
        """Write it."""
        if value is None:
            return _NULL
        if not isinstance(value, bytes):
            raise LocalError("a value in a message is bytes or None")
        return _INT32.pack(len(value)) + value


@dataclass(frozen=True, slots=True)
class Counted:
    """As many of a part as a number says; a tuple. `least` is how few bytes each of them has."""

    count: Struct
    part: Part
    least: int

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read the number and that many parts."""
        _check(at + self.count.size <= len(data))
        number = self.count.unpack_from(data, at)[0]
        at += self.count.size
        _check(0 <= number * self.least <= len(data) - at)
        values = []
        for _ in range(number):
            value, at = self.part.read(data, at)
            values.append(value)
        return tuple(values), at

    def write(self, value: object) -> bytes:
        """Write the number and the parts."""
        values = _sequence(value)
        try:
            return b"".join((self.count.pack(len(values)), *map(self.part.write, values)))
        except StructError:
            raise LocalError(f"{len(values)} are more than a message can count") from None


class Texts:
    """Texts up to an empty one; a tuple."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read up to the empty text."""
        texts = []
        text, at = TEXT.read(data, at)
        while text:
            texts.append(text)
            text, at = TEXT.read(data, at)
        return tuple(texts), at

    def write(self, value: object) -> bytes:
        """Write them, and the empty one."""
        texts = _sequence(value)
        if b"" in texts:
            raise LocalError("an empty text would end the list that it stands in")
        return b"".join(map(TEXT.write, texts)) + b"\0"


class Pairs:
    """Names, each with its text, up to an empty name; a tuple of pairs."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read up to the empty name."""
        pairs = []
        name, at = TEXT.read(data, at)
        while name:
            text, at = TEXT.read(data, at)
            pairs.append((name, text))
            name, at = TEXT.read(data, at)
        return tuple(pairs), at

    def write(self, value: object) -> bytes:
        """Write them, and the empty name."""
        return b"".join(TEXT.write(_named(name)) + TEXT.write(text) for name, text in _pairs(value)) + b"\0"


class Labelled:
    """Texts, each with a letter that says what it is, up to a zero byte: the fields of errors. A tuple of pairs, order kept."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read up to the zero byte."""
        pairs = []
        _check(at < len(data))
        while data[at]:
            text, after = TEXT.read(data, at + 1)
            pairs.append((chr(data[at]), text))
            at = after
            _check(at < len(data))
        return tuple(pairs), at + 1

    def write(self, value: object) -> bytes:
        """Write them, and the zero byte."""
        return b"".join(_letter(letter) + TEXT.write(text) for letter, text in _pairs(value)) + b"\0"


class ColumnPart:
    """A field of a RowDescription: a `Column`."""

    def read(self, data: bytes, at: int) -> tuple[object, int]:
        """Read it."""
        name, at = TEXT.read(data, at)
        _check(at + _FIELD.size <= len(data))
        return Column(name, *_FIELD.unpack_from(data, at)), at + _FIELD.size

    def write(self, value: object) -> bytes:
        """Write it."""
        if not isinstance(value, Column):
            raise LocalError("a row description is made of columns")
        try:
            numbers = _FIELD.pack(value.table, value.attribute, value.type, value.size, value.modifier, value.format)
        except StructError:
            raise LocalError("a number that a column cannot have") from None
        return TEXT.write(value.name) + numbers


TEXT = Text()
BYTE = Byte()
REST = Rest()
VALUE = Value()
TEXTS = Texts()
PAIRS = Pairs()
LABELLED = Labelled()
INT8 = Number(Struct("!B"))
INT16 = Number(Struct("!h"))
INT32 = Number(_INT32)
OID = Number(_OID)
FORMATS = Counted(_INT16, Number(Struct("!h")), 2)
OIDS = Counted(_INT16, OID, 4)
VALUES = Counted(_INT16, VALUE, 4)
COLUMNS = Counted(_INT16, ColumnPart(), _FIELD.size + 1)
OPTIONS = Counted(_INT32, TEXT, 1)


def _check(holds: bool) -> None:
    if not holds:
        raise RemoteError("a message that is not laid out as its kind is")


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, tuple | list):
        raise LocalError("a list in a message is a tuple or a list")
    return value


def _pairs(value: object) -> Sequence[tuple[object, object]]:
    pairs = []
    for pair in _sequence(value):
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise LocalError("a list of names in a message has pairs")
        pairs.append(pair)
    return pairs


def _named(name: object) -> object:
    if not name:
        raise LocalError("an empty name would end the list that it stands in")
    return name


def _letter(letter: object) -> bytes:
    if not isinstance(letter, str) or len(letter) != 1 or not "\0" < letter < "\u0100":
        raise LocalError("a field of an error is known by one letter")
    return letter.encode("latin-1")
