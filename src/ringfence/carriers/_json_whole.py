"""One JSON document that is there whole, read by what the standard library reads in C.

The rule: what a document says is always what `Scanner` says, and nothing is said here of one that is out of the ordinary: one
that is wrong, too deep, or has a key twice in one object is left to the scanner, which says what is wrong with it. A test holds
the two against each other.

The library's decoder knows what a document holds, but not where. The bytes know where: split at its quotes, a document is its
strings, and what stands between them is structure, numbers and literals. Both give the same things in the same order, so put side
by side they are the fields. Objects with the same keys in the same place are looked through once. Measured on 2 kB with 189 fields:
half of the scanner's time.
"""

from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from json import JSONDecoder
from operator import add
from typing import Final, TypeAlias

from ringfence.carriers._json_grammar import BACKSLASH, decode, join_strings, offsets
from ringfence.carriers._json_scan import MAX_DEPTH, MAX_NUMBER, UNIT_BYTES, Scanner
from ringfence.carriers._paths import MAX_PATH, Paths, join
from ringfence.carriers.fields import Columns, Field, Repeat
from ringfence.transform.types import ValueType

_Value: TypeAlias = "str | int | float | bool | list[_Value] | tuple[tuple[str, _Value], ...] | None"
"""What the decoder gives: an object is a tuple of its members, so that it has all of them, in their order."""


class _Odd(Exception):
    """A document that is left to the scanner."""


def _refuse(_: str) -> None:
    raise _Odd  # NaN and Infinity are no JSON


_READER: Final = JSONDecoder(object_pairs_hook=tuple, parse_constant=_refuse)
_STRING: Final = ValueType.STRING
_KINDS: Final[dict[type, ValueType]] = {
    str: _STRING,
    int: ValueType.INTEGER,
    float: ValueType.NUMBER,
    bool: ValueType.BOOLEAN,
    type(None): ValueType.NULL,
}
_QUOTE: Final = b'"'
_ESCAPED_QUOTE: Final = b'\\"'
_BLANKED: Final = bytes.maketrans(b"{}[],:", b"      ")
_FEWEST: Final = 2  # members of an object that is worth remembering

_Columns: TypeAlias = tuple[list[str], list[ValueType], list[bool]]
"""Of each field its path, its type, and whether it is a key."""


class _Walk:
    """Walks through what was decoded, in the order in which it stands there."""

    __slots__ = ("_depth", "_names", "_shapes", "are_keys", "paths", "types")

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.types: list[ValueType] = []
        self.are_keys: list[bool] = []
        self._names: dict[str, dict[str, str]] = {}  # the paths of keys, by the path of their object
        self._shapes: dict[tuple[str, tuple[str, ...], tuple[type, ...]], _Columns] = {}
        self._depth = 0

    def value(self, value: _Value, path: str) -> None:
        """Take a value and all that is in it. Raises `_Odd`."""
        kind = _KINDS.get(type(value))
        if kind is not None:
            self.paths.append(path)
            self.types.append(kind)
            self.are_keys.append(False)
            return
        self._depth += 1
        if self._depth > MAX_DEPTH or len(path) > MAX_PATH - 2:
            raise _Odd
        if isinstance(value, tuple):
            self._object(value, path)
        elif isinstance(value, list):
            self._array(value, path + "[]")
        self._depth -= 1

    def _array(self, items: "list[_Value]", path: str) -> None:
        for item in items:
            self.value(item, path)

    def _object(self, members: "tuple[tuple[str, _Value], ...]", path: str) -> None:
        if len(members) < _FEWEST:
            self._members(members, path)
            return
        names, values = zip(*members, strict=True)
        looks = (path, names, tuple(map(type, values)))
        shape = self._shapes.get(looks)
        if shape is not None:
            self.paths += shape[0]
            self.types += shape[1]
            self.are_keys += shape[2]
            return
        if len(set(names)) != len(names):
            raise _Odd
        start = len(self.paths)
        self._members(members, path)
        if _CONTAINERS.isdisjoint(looks[2]):
            self._shapes[looks] = (self.paths[start:], self.types[start:], self.are_keys[start:])

    def _members(self, members: "tuple[tuple[str, _Value], ...]", path: str) -> None:
        names = self._names.setdefault(path, {})
        for name, value in members:
            self.paths.append(path)
            self.types.append(_STRING)
            self.are_keys.append(True)
            below = names.get(name)
            if below is None:
                below = names[name] = _below(path, name)
            self.value(value, below)


_CONTAINERS: Final = frozenset((list, tuple))


def _below(path: str, name: str) -> str:
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:  # a lone surrogate, which reads as another character
            raise _Odd from None
    below = join(path, name)
    if len(below) > MAX_PATH:
        raise _Odd
    return below


def read_whole(raw: bytes, *, base: int, order: int) -> Columns | None:
    """Read a document; give its fields, or None where the scanner has to.

    `base` is the document's offset in its unit, `order` the number of its first field.
    """
    if len(raw) > UNIT_BYTES:
        return None
    walk = _Walk()
    try:
        walk.value(_READER.decode(raw.decode()), "")
        contents, starts = _places(raw)
        if len(contents) != len(walk.paths):
            return None
        values = [decode(each, 0) if BACKSLASH in each else each for each in contents] if BACKSLASH in raw else contents
    except (_Odd, ValueError, RecursionError):  # of the library, and `Undecodable`
        return None
    return Columns(
        walk.paths, walk.types, values, set(walk.types), lambda: _fields(walk, values, contents, starts, base, order)
    )


def _fields(
    walk: _Walk, values: "list[bytes]", contents: "list[bytes]", starts: "list[int]", base: int, order: int
) -> "list[Field]":
    """Make the fields of what was read; `contents` are the values as they stand there."""
    if base:
        starts = [start + base for start in starts]
    ends = map(add, starts, map(len, contents))
    orders = range(order, order + len(values))
    fields = list(map(Field, walk.paths, walk.types, values, starts, ends, orders, walk.are_keys))
    for field, content in zip(fields, contents, strict=True) if values is not contents else ():
        if content is not field.value:
            field.raw_offsets = partial(offsets, content, field.start)
    return fields


def read_document(raw: bytes, paths: Paths, *, at: int, base: int, order: int) -> tuple[Sequence[Field], list[Repeat]]:
    """Read a document of any kind, as one unit or a part of one; `at` is its offset in the payload. Raises `Undecodable`."""
    fields = read_whole(raw, base=base, order=order)
    if fields is not None:
        return fields, []
    scanner = Scanner(paths, at=at, base=base, order=order, unit_bytes=base + len(raw) + 1)
    scanner.feed(raw)
    scanner.end()
    return scanner.fields, scanner.repeats


def _places(raw: bytes) -> tuple[list[bytes], list[int]]:
    """Give the strings, numbers and literals of a document that is right, as they stand there, and where."""
    pieces = raw.split(_QUOTE)
    if _ESCAPED_QUOTE in raw:
        pieces = join_strings(pieces)
    begins = list(map(add, accumulate(map(len, pieces), initial=0), range(len(pieces))))  # a quote between two
    strings, string_starts = pieces[1::2], begins[1::2]
    tokens = _QUOTE.join(pieces[::2]).translate(_BLANKED).split()  # a quote for each string
    if len(tokens) == len(strings):
        return strings, string_starts
    values: list[bytes] = []
    starts: list[int] = []
    taken = at = 0  # strings taken, and the end of the last field
    for count, number in enumerate([number for number, token in enumerate(tokens) if token != _QUOTE]):
        if taken < number - count:
            values += strings[taken : number - count]
            starts += string_starts[taken : number - count]
            taken = number - count
            at = starts[-1] + len(values[-1])
        token = tokens[number]
        if len(token) > MAX_NUMBER:
            raise _Odd
        start = raw.find(token, at)  # there is only structure before it
        values.append(token)
        starts.append(start)
        at = start + len(token)
    return values + strings[taken:], starts + string_starts[taken:]
