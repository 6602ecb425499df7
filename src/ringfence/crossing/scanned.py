"""The fields of several units that are searched at once, and how their values are spelt for that.

The rule: what says yes, no or nothing is not searched; all else is, as it stands or as it would be written out. No object is made
of a field in which nothing is found, where the carrier gave columns.
"""

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from ringfence.carriers import Columns, Field
from ringfence.transform import ValueType

# Members are held in names of the module: looking one up in its enum costs more than all else that is done for most fields.
_BOOLEAN = ValueType.BOOLEAN
_BYTES = ValueType.BYTES
_INTEGER = ValueType.INTEGER
_NULL = ValueType.NULL
_NUMBER = ValueType.NUMBER
_STRING = ValueType.STRING
_TEXT = ValueType.TEXT

_STANDING = frozenset({ValueType.STRING, ValueType.INTEGER, ValueType.TEXT})
"""Types whose values are searched as they stand; most are."""

_DIGITS_MOST = 64  # of a number that is spelt out: nothing personal is longer


class Scanned:
    """The fields that are searched, of several units; those of the unit numbered n end before `ends[n]`."""

    __slots__ = ("_fields", "_picks", "ends", "paths", "values")

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.values: list[bytes] = []
        self.ends: list[int] = []
        self._fields: list[Sequence[Field]] = []  # of each unit
        self._picks: list[Sequence[int] | None] = []  # which of them; None: all

    def add_unit(self, fields: Sequence[Field]) -> None:
        """Add all fields of the next unit but those that say yes, no or nothing."""
        if isinstance(fields, Columns) and not fields.made:
            self._add_columns(fields)
        else:
            self.add([item for item in fields if item.type is not _BOOLEAN and item.type is not _NULL])

    def add(self, fields: Sequence[Field]) -> None:
        """Add these fields of the next unit."""
        self.paths += [item.path for item in fields]
        self.values += [
            item.value
            if (kind := item.type) is _STRING or kind is _INTEGER or kind is _TEXT  # faster than a look into a set
            else as_scanned(kind, item.value)
            for item in fields
        ]
        self._end(fields, None)

    def _add_columns(self, fields: Columns) -> None:
        if fields.kinds <= _STANDING:
            self.paths += fields.paths
            self.values += fields.values
            self._end(fields, None)
            return
        paths, values, types = fields.paths, fields.values, fields.types
        picks = [number for number, kind in enumerate(types) if kind is not _BOOLEAN and kind is not _NULL]
        self.paths += [paths[number] for number in picks]
        self.values += [
            as_scanned(_NUMBER, values[number]) if types[number] is _NUMBER else values[number] for number in picks
        ]
        self._end(fields, picks)

    def _end(self, fields: Sequence[Field], picks: Sequence[int] | None) -> None:
        self._fields.append(fields)
        self._picks.append(picks)
        self.ends.append(len(self.values))

    def item(self, number: int) -> tuple[int, Field]:
        """Give a field, and the number of its unit."""
        of = bisect_right(self.ends, number)
        within = number - (self.ends[of - 1] if of else 0)
        picks = self._picks[of]
        return of, self._fields[of][within if picks is None else picks[within]]


def as_scanned(value_type: ValueType, value: bytes) -> bytes:
    """Give a value as it is searched. What is found in another spelling than the value's own replaces all of it."""
    if value_type is _NUMBER:
        return _spelt_out(value)
    if value_type is _BYTES and value.startswith(b"\\x") and value.isascii():
        try:
            return bytes.fromhex(value[2:].decode("ascii"))  # of ``\x6164614061``, as SQL spells bytes
        except ValueError:
            return value
    return value


def _spelt_out(number: bytes) -> bytes:
    """Give a number without its exponent, where it is short: ``4.111111111111111e15`` is a card's number too.

    A number is replaced whole, so it does not matter that what is found in this spelling stands elsewhere in the other.
    """
    if (b"e" not in number and b"E" not in number) or not number.isascii():
        return number
    try:
        value = Decimal(number.decode("ascii"))
    except InvalidOperation:
        return number  # what a client sends as a number need not be one
    if abs(value.adjusted()) > _DIGITS_MOST or len(value.as_tuple().digits) > _DIGITS_MOST:
        return number
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).encode("ascii")
