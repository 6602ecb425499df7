r"""The values of JSON by path, as fast as they are needed here: read for what stands in it, not for whether it is right.

The rule: a document is split at its quotes; what stands between strings is structure, numbers and literals, of which few kinds
occur, and what each does is remembered. One document, or many behind each other, are read alike, and a comma too many is let pass.
What is no structure at all is `Broken`. (`JsonCarrier` is strict, knows repeated keys
and how changes are written, and takes ten times as long.)
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from json import loads
from typing import Final

from ringfence.carriers import join_path, join_strings
from ringfence.extract.model import Kind, Text, Values
from ringfence.extract.reading import Block, BlockLines

MAX_DEPTH: Final = 256
MAX_PATH: Final = 1024  # characters
_KNOWN: Final = 50_000  # paths and pieces that are remembered
_SPACES: Final = b" \t\r\n"
_LITERALS: Final = frozenset((b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"))
_NUMBER: Final = b"+-.0123456789eE"
_MARKS: Final = b"{}[],: \t\r\n"
_STRUCTURE: Final = {mark: b" " + mark + b" " for mark in (b"{", b"}", b"[", b"]", b",", b":")}
_LONGEST_PIECE: Final = 48  # of what is worth remembering
_WORD: Final = b"_-"


class Broken(Exception):
    """What is no JSON, or has more containers in each other than are followed."""

    def __init__(self, *, deep: bool = False) -> None:
        super().__init__("no JSON")
        self.deep = deep


class _Frame:
    """An open container."""

    __slots__ = ("is_object", "path", "paths")

    def __init__(self, path: str, paths: dict[bytes, str], *, is_object: bool) -> None:
        self.path = path
        self.paths = paths  # of an object's members that were met before
        self.is_object = is_object


class JsonValues:
    """Reads the values of JSON that comes in pieces. `items` counts the values before each item of the array at `watched`."""

    def __init__(self, prefix: str = "", watched: frozenset[str] = frozenset()) -> None:
        self._known: dict[bytes, tuple[bytes, ...]] = {}
        self._shapes: dict[bytes, tuple[tuple[bytes, ...], tuple[bytes, ...]]] = {}
        self._paths: dict[str, dict[bytes, str]] = {}
        self._room = _KNOWN
        self._names: set[bytes] = set()
        self._prefix = prefix
        self._watched = watched
        self.items: list[int] = []
        self.reset()

    def reset(self) -> None:
        """Begin anew, outside of all documents."""
        self._stack: list[_Frame] = []
        self._frame = _Frame(self._prefix, {}, is_object=False)
        self._path = self._prefix
        self._wants_key = False

    @property
    def is_outside(self) -> bool:
        """Whether no document is open."""
        return not self._stack

    def read(self, block: Block, *, final: bool, members: tuple[str, ...] = ()) -> tuple[Values, list[Text], int]:
        """Read what is whole in a block: values, names that may say something, and how many bytes were read.

        Raises `Broken`; of that block nothing is given then.
        """
        value = block.value
        pieces = value.split(b'"')
        if b'\\"' in value:
            pieces = join_strings(pieces)
        if not final:  # what the last string is, the piece behind it says
            whole = (len(pieces) - 1) // 2 * 2 - 1
            if whole < 0:
                return Values((), (), _nothing), [], 0
            pieces = pieces[:whole]
        elif len(pieces) % 2 == 0:
            raise Broken
        return self._read(pieces, block, members)

    def _read(self, pieces: list[bytes], block: Block, members: tuple[str, ...]) -> tuple[Values, list[Text], int]:
        paths: list[str] = []
        values: list[bytes] = []
        numbers: list[int] = []  # of the piece in which each value stands
        names: list[tuple[int, bytes]] = []
        known = self._known
        last = len(pieces) - 1
        for number in range(0, last + 1, 2):
            piece = pieces[number]
            tokens = known.get(piece)
            if tokens is None:
                tokens = self._tokens(piece)
                if tokens is None:
                    raise Broken
            for token in tokens:
                if token == b",":
                    frame = self._frame
                    self._wants_key = frame.is_object
                    self._path = frame.path
                elif token == b":":
                    self._wants_key = False
                elif token == b"{" or token == b"[":
                    if len(self._stack) >= MAX_DEPTH:
                        raise Broken(deep=True)
                    self._open(token == b"{", len(values))
                elif token == b"}" or token == b"]":
                    if not self._stack or self._frame.is_object is not (token == b"}"):
                        raise Broken
                    self._frame = self._stack.pop()
                    self._path = self._frame.path
                    self._wants_key = False
                else:
                    paths.append(self._path)
                    values.append(token)
                    numbers.append(number)
            if number == last:
                break
            string = pieces[number + 1]
            if self._wants_key:
                path = self._frame.paths.get(string)
                self._path = self._new_path(string) if path is None else path
                if string not in self._names:
                    if len(self._names) < _KNOWN and string.translate(None, _WORD).isalpha():
                        self._names.add(string)
                    names.append((number + 1, string))
            else:
                paths.append(self._path)
                values.append(_decoded(string) if b"\\" in string else string)
                numbers.append(number + 1)
        places = _Places(block, pieces, numbers)

        def make(number: int) -> Text:
            line, column, start = places.place(number, values[number])
            return Text(values[number], paths[number], Kind.VALUE, line, column, start, "", members)

        told = [places.name(number, name, members) for number, name in names] if names else []
        return Values(paths, values, make), told, _before(pieces, last + 1)

    def _open(self, is_object: bool, count: int) -> None:
        self._stack.append(self._frame)
        path = self._path
        if path in self._watched:
            self.items.append(count)
        if not is_object and len(path) <= MAX_PATH:
            path += "[]"
        paths = self._paths.get(path)
        if paths is None:
            paths = {}
            if self._room > 0:
                self._room -= 1
                self._paths[path] = paths
        self._frame = _Frame(path, paths, is_object=is_object)
        self._path = path
        self._wants_key = is_object

    def _new_path(self, key: bytes) -> str:
        frame = self._frame
        name = _decoded(key) if b"\\" in key else key
        path = join_path(frame.path, name.decode("utf-8", "replace"))
        if len(path) > MAX_PATH:
            return frame.path
        if self._room > 0 and len(key) <= 128:
            self._room -= 1
            frame.paths[key] = path
        return path

    def _tokens(self, piece: bytes) -> tuple[bytes, ...] | None:
        """Give the structure and the scalars of a piece; None where there is something else in it."""
        shape = piece.translate(None, _NUMBER)
        around = self._shapes.get(shape)
        if around is not None:
            scalar = piece.strip(_MARKS)
            if scalar and not scalar.strip(_NUMBER):
                return (*around[0], scalar, *around[1])
        if not piece.strip(_SPACES):
            return ()
        spread = piece
        for mark, apart in _STRUCTURE.items():
            if mark in spread:
                spread = spread.replace(mark, apart)
        tokens = [token for token in spread.split() if token not in _LITERALS]
        scalars = [number for number, token in enumerate(tokens) if token not in _STRUCTURE]
        if any(tokens[number].strip(_NUMBER) for number in scalars):
            return None
        made = tuple(tokens)
        if len(piece) <= _LONGEST_PIECE and len(self._known) + len(self._shapes) < _KNOWN:
            if not scalars:
                self._known[piece] = made
            elif len(scalars) == 1:  # all that differ from it in their number alone
                self._shapes[shape] = (made[: scalars[0]], made[scalars[0] + 1 :])
        return made


class _Places:
    """Where values stand: worked out when the first of them is asked for."""

    def __init__(self, block: Block, pieces: list[bytes], numbers: list[int]) -> None:
        self._lines = BlockLines(block)
        self._last: tuple[int, list[int]] = (-1, [])  # a piece and where its scalars begin
        self._pieces = pieces
        self._numbers = numbers

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(piece) + 1 for piece in self._pieces)]

    def place(self, number: int, value: bytes) -> tuple[int, int, int]:
        """Give line, column and start of a value."""
        piece = self._numbers[number]
        at = self._starts[piece]
        if piece % 2 == 0:
            if self._last[0] != piece:  # they are asked for one behind the other
                self._last = piece, _scalars_of(self._pieces[piece])
            at += self._last[1][number - bisect_left(self._numbers, piece, 0, number + 1)]
        return self._lines.place(at, value)

    def name(self, piece: int, name: bytes, members: tuple[str, ...]) -> Text:
        """Make the text of a key."""
        value = _decoded(name) if b"\\" in name else name
        line, column, start = self._lines.place(self._starts[piece], value)
        return Text(value, "", Kind.NAME, line, column, start, "", members)


def _scalars_of(piece: bytes) -> list[int]:
    """Say where the scalars of a piece begin."""
    found: list[int] = []
    at = 0
    for token in piece.translate(_BLANKED).split(b" "):
        if token and token not in _LITERALS:
            found.append(at)
        at += len(token) + 1
    return found


_BLANKED: Final = bytes.maketrans(b"{}[],:\t\r\n", b"         ")


def _before(pieces: Sequence[bytes], number: int) -> int:
    """Say where a piece begins (its opening quote, of a string): how much is read before it."""
    return sum(map(len, pieces[:number])) + max(min(number, len(pieces)) - 1, 0)


def _decoded(string: bytes) -> bytes:
    try:
        text = loads(b'"' + string + b'"', strict=False)
    except ValueError:
        return string
    return text.encode("utf-8", "replace") if isinstance(text, str) else string


def _nothing(_: int) -> Text:
    raise IndexError
