"""One JSON document (RFC 8259), read as it comes.

The rule: everything that depends on where in a document one stands is here. A state is the table of the bytes that may come
next, each with what is then done; a byte that is not in the table is an error. A token is read when it is whole, whatever cut
it arrived in; what is held back is at most one unit and one token.

Bounds (law 7): depth, length of a string, of a number and of a path, and the weight of the keys that must be remembered to see one
that occurs again. Readers of JSON disagree on which of two equal keys counts: each is reported as a `Repeat`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from ringfence.carriers._json_grammar import (
    BACKSLASH,
    SCALAR_BYTES,
    SPACES,
    closing_quote,
    decode,
    is_plain,
    offsets,
    scalar_type,
)
from ringfence.carriers._paths import MAX_PATH, Paths, join
from ringfence.carriers.model import Fault, Field, Repeat, Undecodable, Unit
from ringfence.transform.types import ValueType

UNIT_BYTES = 64 * 1024
MAX_DEPTH = 256
MAX_STRING = 8 * 1024 * 1024  # bytes between the quotes
MAX_NUMBER = 4096  # bytes; CPython's own reader refuses integers of more than 4,300 digits
MAX_KEY_WEIGHT = 32 * 1024 * 1024  # bytes, about, that the keys of all open objects take while they are remembered
_STRING = ValueType.STRING  # looking a member up in its Enum takes longer than the rest of the line that uses it
_WEIGHT_OF_A_KEY = 160  # beside its own bytes: an entry in a dict, a bytes object's head, an int

_Action: TypeAlias = "Callable[[Scanner, bytes, int], int]"
"""Reads the token at an index of the buffer; gives where the next begins, or -1 where the token is not yet whole."""


class _State(dict[int, _Action]):
    """What may come next. `expects` says so in words, for errors."""

    def __init__(self, expects: str) -> None:
        super().__init__()
        self.expects = expects


_VALUE = _State("a value was expected")
_FIRST_ITEM = _State("a value or ] was expected")
_AFTER_ITEM = _State("a comma or ] was expected")
_FIRST_KEY = _State("a key or } was expected")
_KEY = _State("a key was expected")
_COLON = _State("a colon was expected")
_AFTER_MEMBER = _State("a comma or } was expected")
_DONE = _State("only white space may follow the document")


class _Frame:
    """An open container."""

    __slots__ = ("after", "ends", "first", "path", "paths", "seen", "value_start")

    def __init__(self, path: str, after: _State, paths: dict[bytes, str]) -> None:
        self.path = path  # of an object itself, of an array's items
        self.after = after  # what may follow a value in it
        self.paths = paths
        self.seen: dict[bytes, int] = {}  # key -> order at which its value starts
        self.ends: dict[int, int] = {}  # start -> end of values that are containers; others end one later
        self.value_start = 0
        self.first = -1  # where the present key was met before: start of its first value


class Scanner:
    """Reads one document. `at` is its offset in the payload, `base` in its first unit, `order` the number of its first field."""

    def __init__(
        self, paths: Paths, *, at: int = 0, base: int = 0, order: int = 0, unit_bytes: int = UNIT_BYTES
    ) -> None:
        self.order = order
        self.fields: list[Field] = []
        self.repeats: list[Repeat] = []
        self._paths = paths
        self._units: list[Unit] = []
        self._unit_bytes = unit_bytes
        self._gathered: list[bytes] = []  # what has been read of the present unit, before the buffer
        self._mark = 0  # index in the buffer up to which bytes are in units already
        self._origin = base  # offset of the buffer in the present unit
        self._at = at  # offset of the buffer in the payload
        self._rest = b""  # a token that is not yet whole
        self._string: bytearray | None = None  # the same, where it is a string: its end is searched as it grows
        self._segment = self._searched = 0  # see closing_quote
        self._final = False
        self._state = _VALUE
        self._path = ""
        self._weight = 0
        self._frame = _Frame("", _DONE, {})
        self._stack: list[_Frame] = []

    @property
    def held(self) -> int:
        """How many bytes are not yet in a unit, counted where `base` is 0."""
        return self._origin + len(self._rest) + len(self._string or b"")

    @property
    def at(self) -> int:
        """How far the payload has been read."""
        return self._at

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes; give the units that are complete, each of at least `unit_bytes`."""
        if self._string is not None:
            buffer = self._closed_string(piece)
            if buffer is None:
                return []
        else:
            buffer = self._rest + piece if self._rest else piece
        self._run(buffer)
        units, self._units = self._units, []
        return units

    def end(self) -> list[Unit]:
        """Take the end of the document; give the last unit, or raise where the document is not whole."""
        self._final = True
        if self._string is None:
            self._run(self._rest)
        if self._state is not _DONE or self._string is not None:
            raise Undecodable(Fault.TRUNCATED, "the document ends early", self._at + len(self._string or b""))
        raw = b"".join(self._gathered)
        self._gathered = []
        return [*self._units, Unit(raw, self.fields, self.repeats)] if raw else self._units

    def _run(self, buffer: bytes) -> None:
        """Read all tokens that are whole, and keep what is left."""
        at, size = 0, len(buffer)
        while at < size:
            action = self._state.get(buffer[at])
            if action is None:
                raise Undecodable(Fault.MALFORMED, self._state.expects, self._at + at)
            after = action(self, buffer, at)
            if after < 0:
                break
            at = after
        if at > self._mark:
            self._gathered.append(buffer[self._mark : at])
        self._mark = 0
        self._origin += at
        self._at += at
        self._rest = b"" if self._string is not None else buffer[at:]

    def _closed_string(self, piece: bytes) -> bytes | None:
        """Add to the string that is not yet whole; give it with all that follows once it is."""
        string = self._string
        assert string is not None  # noqa: S101 (for the type checker: the only caller has looked)
        string += piece
        end, self._segment = closing_quote(string, self._segment, self._searched)
        if end < 0:
            self._searched = len(string)
            if len(string) > MAX_STRING + 1:
                raise Undecodable(Fault.TOO_LARGE, f"a string of more than {MAX_STRING} bytes", self._at)
            return None
        self._string = None
        return bytes(string)

    def space(self, buffer: bytes, at: int) -> int:
        """Skip white space."""
        window = buffer[at : at + 64]
        at += len(window) - len(window.lstrip(SPACES))
        if self._origin + at >= self._unit_bytes:  # white space without end must not be held
            self._cut(buffer, at)
        return at

    def open_object(self, _buffer: bytes, at: int) -> int:
        """Enter an object."""
        self._push(at, self._path, _AFTER_MEMBER)
        self._state = _FIRST_KEY
        return at + 1

    def open_array(self, _buffer: bytes, at: int) -> int:
        """Enter an array."""
        self._push(at, self._path + "[]", _AFTER_ITEM)
        self._path = self._frame.path
        self._state = _FIRST_ITEM
        return at + 1

    def _push(self, at: int, path: str, after: _State) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise Undecodable(Fault.TOO_DEEP, f"more than {MAX_DEPTH} containers in each other", self._at + at)
        if len(path) > MAX_PATH:
            raise Undecodable(Fault.TOO_LARGE, f"a path of more than {MAX_PATH} characters", self._at + at)
        self._stack.append(self._frame)
        self._frame.value_start = self.order
        self._frame = _Frame(path, after, self._paths.below(path))

    def close(self, _buffer: bytes, at: int) -> int:
        """Leave an object or array."""
        keys = self._frame.seen
        self._weight -= _WEIGHT_OF_A_KEY * len(keys) + sum(map(len, keys))
        frame = self._frame = self._stack.pop()
        if frame.after is _AFTER_MEMBER:
            frame.ends[frame.value_start] = self.order
            if frame.first >= 0:
                self._repeated(frame, frame.value_start)
        self._state = frame.after
        return at + 1

    def next_item(self, buffer: bytes, at: int) -> int:
        """Take the comma after an item."""
        self._path = self._frame.path
        self._state = _VALUE
        if self._origin + at >= self._unit_bytes:
            self._cut(buffer, at + 1)
        return at + 1

    def next_member(self, buffer: bytes, at: int) -> int:
        """Take the comma after a member."""
        self._state = _KEY
        if self._origin + at >= self._unit_bytes:
            self._cut(buffer, at + 1)
        return at + 1

    def _cut(self, buffer: bytes, at: int) -> None:
        self._gathered.append(buffer[self._mark : at])
        self._units.append(Unit(b"".join(self._gathered), self.fields, self.repeats))
        self._gathered, self.fields, self.repeats = [], [], []
        self._mark = at
        self._origin = -at

    def colon(self, _buffer: bytes, at: int) -> int:
        """Take the colon after a key."""
        self._state = _VALUE
        return at + 1

    def key(self, buffer: bytes, at: int) -> int:
        """Read a key: a field of its own, and the name of what follows."""
        frame = self._frame
        start = at + 1
        end = buffer.find(b'"', start)
        name = content = buffer[start:end] if end >= 0 else b""  # compiled, a slice to -1 may fail
        mapped = None
        path = frame.paths.get(content) if end >= 0 else None
        if path is None:  # a known key is plain, so that the first quote ends it
            end = self._whole_string(buffer, start, end)
            if end < 0:
                return -1
            content = buffer[start:end]
            name, mapped = self._decoded(content, start)
            path = self._new_path(frame, content, name, start)
        order, origin = self.order, self._origin
        self.order = order + 1
        first = frame.seen.setdefault(name, order + 1)
        if first != order + 1:
            frame.first = first
        self._weight += _WEIGHT_OF_A_KEY + len(name)
        if self._weight > MAX_KEY_WEIGHT:
            raise Undecodable(Fault.TOO_LARGE, "more keys than can be compared with each other", self._at + start)
        self.fields.append(Field(frame.path, _STRING, name, origin + start, origin + end, order, True, mapped))
        self._path = path
        if buffer[end + 1 : end + 2] == b":":  # nearly always: one turn of the loop less
            self._state = _VALUE
            return end + 2
        self._state = _COLON
        return end + 1

    def text(self, buffer: bytes, at: int) -> int:
        """Read a string."""
        start = at + 1
        end = buffer.find(b'"', start)
        value = content = buffer[start:end] if end >= 0 else b""
        mapped = None
        if end < 0 or not is_plain(content) or len(content) > MAX_STRING:
            end = self._whole_string(buffer, start, end)
            if end < 0:
                return -1
            content = buffer[start:end]
            value, mapped = self._decoded(content, start)
        order, origin, frame = self.order, self._origin, self._frame
        self.order = order + 1
        self.fields.append(Field(self._path, _STRING, value, origin + start, origin + end, order, False, mapped))
        self._state = frame.after
        if frame.first >= 0:
            self._repeated(frame, order)
        return end + 1

    def scalar(self, buffer: bytes, at: int) -> int:
        """Read a number, true, false or null."""
        window = buffer[at : at + 32]
        length = len(window) - len(window.lstrip(SCALAR_BYTES))
        if length == 32:
            window = buffer[at : at + MAX_NUMBER + 1]
            length = len(window) - len(window.lstrip(SCALAR_BYTES))
            if length > MAX_NUMBER:
                raise Undecodable(Fault.TOO_LARGE, f"a number of more than {MAX_NUMBER} bytes", self._at + at)
        end = at + length
        if end == len(buffer) and not self._final:
            return -1
        text = buffer[at:end]
        kind = scalar_type(text)
        if kind is None:
            raise Undecodable(Fault.MALFORMED, "neither a number nor true, false or null", self._at + at)
        order, origin, frame = self.order, self._origin, self._frame
        self.order = order + 1
        self.fields.append(Field(self._path, kind, text, origin + at, origin + end, order))
        self._state = frame.after
        if frame.first >= 0:
            self._repeated(frame, order)
        return end

    def _repeated(self, frame: _Frame, start: int) -> None:
        first = (frame.first, frame.ends.get(frame.first, frame.first + 1))
        self.repeats.append(Repeat(first, (start, self.order)))
        frame.first = -1

    def _whole_string(self, buffer: bytes, start: int, quote: int) -> int:
        """Give the true end of a string whose first quote is known; -1 where it has not come yet."""
        segment = start
        end = quote
        if quote >= 0:
            end, segment = closing_quote(buffer, start, quote)
        if (end if end >= 0 else len(buffer)) - start > MAX_STRING:
            raise Undecodable(Fault.TOO_LARGE, f"a string of more than {MAX_STRING} bytes", self._at + start - 1)
        if end < 0:
            opening = start - 1
            self._string = bytearray(buffer[opening:])
            self._segment = segment - opening
            self._searched = len(self._string)
        return end

    def _decoded(self, content: bytes, start: int) -> tuple[bytes, Callable[[], Sequence[int]] | None]:
        """Give a string's value and, where it is not the content itself, the map back."""
        value = decode(content, self._at + start)
        return value, partial(offsets, content, self._origin + start) if BACKSLASH in content else None

    def _new_path(self, frame: _Frame, content: bytes, name: bytes, start: int) -> str:
        """Give the path below a key that has not been met in this place."""
        path = join(frame.path, name.decode("utf-8"))
        if len(path) > MAX_PATH:
            raise Undecodable(Fault.TOO_LARGE, f"a path of more than {MAX_PATH} characters", self._at + start)
        if is_plain(content):
            self._paths.learn(frame.path, content, path)
        return path


def _each(characters: str, action: _Action) -> dict[int, _Action]:
    return dict.fromkeys(map(ord, characters), action)


_VALUES = {
    ord('"'): Scanner.text,
    ord("{"): Scanner.open_object,
    ord("["): Scanner.open_array,
    **_each("-0123456789tfn", Scanner.scalar),
}
for _state, _actions in (
    (_VALUE, _VALUES),
    (_FIRST_ITEM, {**_VALUES, ord("]"): Scanner.close}),
    (_AFTER_ITEM, {ord(","): Scanner.next_item, ord("]"): Scanner.close}),
    (_FIRST_KEY, {ord('"'): Scanner.key, ord("}"): Scanner.close}),
    (_KEY, {ord('"'): Scanner.key}),
    (_COLON, {ord(":"): Scanner.colon}),
    (_AFTER_MEMBER, {ord(","): Scanner.next_member, ord("}"): Scanner.close}),
    (_DONE, {}),
):
    _state.update({**_actions, **_each(" \t\n\r", Scanner.space)})
