"""Multipart bodies (RFC 2046, multipart/form-data by RFC 7578): each part is carried by its own type, its headers are fields.

The rule: where a part ends is what everybody agrees on: CRLF, two dashes, the boundary, CRLF. A line that only begins so, stands
between other line ends, or has anything behind it is refused; so are folded and repeated headers. A part's fields stand below its
name: ``profile.user.mail`` of a JSON part, ``avatar.@filename``. What is before the first and after the last part is text.

A part in base64 or quoted-printable, or with a length of its own, is held whole, and written anew where something in it changes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial

import re2

from ringfence.carriers._mime import read_headers, read_parameters
from ringfence.carriers._paths import MAX_PATH, below, decode_name, join, spell
from ringfence.carriers._spans import write_spans
from ringfence.carriers._transfer import TRANSFERS, Transfer
from ringfence.carriers.form import percent_decode, percent_encode, percent_offsets
from ringfence.carriers.model import (
    Carrier,
    Change,
    Edit,
    Fault,
    Field,
    Layer,
    Undecodable,
    Unit,
    moved,
    released,
    splice,
)
from ringfence.transform.types import ValueType

MAX_HEAD = 16 * 1024  # bytes of a part's headers
MAX_HEADERS = 32
MAX_PARTS = 10_000
MAX_WHOLE = 8 * 1024 * 1024  # bytes of a part that is held whole
MAX_DEPTH = 3

PartMaker = Callable[[str, int, str], Carrier]
"""Makes the carrier of a part from its ``Content-Type``, how deep it stands, and the path that its fields stand below."""

_UNTYPED = "text/plain"  # RFC 2046, 5.1

_BOUNDARY = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'()+_,-./:=? ")
_ONCE = ("content-disposition", "content-type", "content-transfer-encoding", "content-length", "content-encoding")

_LENGTH = re2.compile(rb"(?i)\r\ncontent-length:[ \t]*([0-9]{1,12})")
_TOKEN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~")


class _Phase(Enum):
    BETWEEN = auto()  # before the first delimiter
    HEAD = auto()
    BODY = auto()
    AFTER = auto()  # the last delimiter


@dataclass(slots=True)
class _Whole:
    """A part that is held whole: what of it has been rendered."""

    transfer: Transfer | None
    head_size: int = 0
    head: bytes = b""
    body: list[bytes] = field(default_factory=list)
    changed: bool = False


@dataclass(slots=True, repr=False)
class _PartUnit(Unit):
    """A unit of a part: `of` is what `by` made it of. A part that is held whole is released with its last unit."""

    by: Carrier | None = None
    of: Unit | None = None
    whole: _Whole | None = None
    is_last: bool = False
    is_head: bool = False


class MultipartCarrier(Layer):
    """Parts between lines with a boundary. After `Undecodable` it is of no further use."""

    def __init__(self, boundary: str, part: PartMaker, *, depth: int = 0) -> None:
        raw = boundary.encode("ascii", "replace")
        if not 0 < len(raw) <= 70 or not _BOUNDARY.issuperset(raw) or raw.endswith(b" "):
            raise Undecodable(Fault.MALFORMED, "a boundary that is none", 0)
        if depth >= MAX_DEPTH:
            raise Undecodable(Fault.TOO_DEEP, f"more than {MAX_DEPTH} multiparts in each other", 0)
        self._mark = b"--" + raw
        self._make = part
        self._depth = depth
        self._phase = _Phase.BETWEEN
        self._buffer = bytearray()
        self._lead = True  # whether the buffer begins where a line does
        self._tail = b""  # the first bytes after the last delimiter
        self._at = 0
        self._order = 0
        self._base = 0  # the order of the present part's first field
        self._parts = 0
        self._name = "preamble"
        self._carrier: Carrier = self._beside()
        self._whole: _Whole | None = None
        self._whole_head: _PartUnit | None = None
        self._gathered = bytearray()  # of a part that is held whole

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet in a unit."""
        head = len(self._whole_head.raw) if self._whole_head is not None else 0
        return len(self._buffer) + len(self._gathered) + head + self._carrier.held

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the units that are complete."""
        return list(self.stream(piece))

    def stream(self, piece: bytes) -> Iterator[Unit]:
        """Take the next bytes and give the units that are complete."""
        self._buffer += piece
        while True:
            before = (self._phase, len(self._buffer))
            if self._phase is _Phase.HEAD:
                yield from self._head()
            else:
                yield from self._content()
            if (self._phase, len(self._buffer)) == before:
                return

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        if self._phase is not _Phase.AFTER:
            raise Undecodable(Fault.TRUNCATED, "a multipart body without its last boundary", self._at)
        units = self._give(bytes(self._buffer))
        self._buffer.clear()
        return [*units, *self._close()]

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one field as edits."""
        if isinstance(unit, _PartUnit) and unit.by is not None:
            return unit.by.write(unit.of or unit, field, changes)
        return _write_header(unit.read, field, changes)

    def render(self, unit: Unit, edits: Sequence[Edit]) -> bytes:
        """Apply edits to a unit; give what may be released by now."""
        if not isinstance(unit, _PartUnit):
            return splice(unit.raw, edits)
        made = splice(unit.read, edits) if unit.by is None else released(unit.by, unit.of or unit, edits)
        whole = unit.whole
        if whole is None:
            return made
        if unit.is_head:
            whole.head = made
        else:
            whole.body.append(made)
            whole.changed = whole.changed or bool(edits)
        return _written(unit, whole) if unit.is_last else b""

    def _content(self) -> Iterator[Unit]:
        """Give what certainly belongs to the present part, up to the next delimiter; then take that."""
        buffer = self._buffer
        found = self._delimiter()
        if found is None:
            # A delimiter that is not whole may stand in the last bytes.
            ready = len(buffer) - len(self._mark) - 4
            if ready > 0:
                yield from self._give(bytes(buffer[:ready]))
                del buffer[:ready]
                self._lead = False
            return
        start, end, is_last = found
        if end < 0:
            return  # what follows the boundary has not come
        if self._phase is _Phase.AFTER:
            raise Undecodable(Fault.AMBIGUOUS, "a boundary after the last one", self._at + start)
        yield from self._give(bytes(buffer[:start]))
        yield from self._close()
        del buffer[:start]
        size = end - start
        if is_last:
            yield Unit(bytes(buffer[:size]))
            del buffer[:size]
            self._at += size
            self._phase, self._name, self._lead = _Phase.AFTER, "epilogue", False
            self._carrier, self._base = self._beside(), self._order
            return
        self._phase = _Phase.HEAD

    def _delimiter(self) -> tuple[int, int, bool] | None:
        """Find the next delimiter: where it starts, where it ends (-1: not whole), and whether it is the last one."""
        buffer, mark = self._buffer, self._mark
        at = buffer.find(mark)
        while at >= 0:
            is_first = at == 0 and self._lead and self._phase is _Phase.BETWEEN
            before = bytes(buffer[max(at - 2, 0) : at])
            if is_first or before == b"\r\n":
                start = at if is_first else at - 2
                after = bytes(buffer[at + len(mark) : at + len(mark) + 2])
                if len(after) < 2:
                    return start, -1, False
                if after == b"\r\n":
                    return start, at + len(mark) + 2, False
                if after == b"--":
                    return start, at + len(mark) + 2, True
            if before[-1:] in (b"\r", b"\n") or (at == 0 and self._lead):
                raise Undecodable(Fault.AMBIGUOUS, "a line that begins as a boundary does", self._at + at)
            at = buffer.find(mark, at + 1)
        return None

    def _head(self) -> Iterator[Unit]:
        """Take a delimiter and the headers after it, once they are whole."""
        buffer = self._buffer
        begin = buffer.index(self._mark) + len(self._mark) + 2
        end = begin + 2 if buffer.startswith(b"\r\n", begin) else buffer.find(b"\r\n\r\n", begin) + 4
        if (len(buffer) if end < 4 else end) - begin > MAX_HEAD:
            raise Undecodable(Fault.TOO_LARGE, f"headers of more than {MAX_HEAD} bytes", self._at)
        if end < 4 or end > len(buffer):
            return
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Undecodable(Fault.TOO_LARGE, f"more than {MAX_PARTS} parts", self._at)
        raw = bytes(buffer[:end])
        del buffer[:end]
        unit = self._begin(raw, begin)
        self._at += end
        self._phase, self._lead = _Phase.BODY, True
        if self._whole is None:
            yield unit
        else:
            self._whole_head = unit

    def _begin(self, raw: bytes, begin: int) -> _PartUnit:
        """Begin a part by its headers."""
        at = self._at + begin
        headers = read_headers(raw[begin:-2], at, MAX_HEADERS)
        once = {name: (start, value) for name, start, value in headers if name in _ONCE}
        if len(once) < sum(name in _ONCE for name, _, _ in headers):
            raise Undecodable(Fault.AMBIGUOUS, "a header that comes twice", at)
        if "content-encoding" in once:
            raise Undecodable(Fault.UNSUPPORTED, "a part with a content coding", at)
        unit = _PartUnit(raw)
        self._read_disposition(unit, begin, once.get("content-disposition"))
        for name, start, value in headers:
            if name not in _ONCE and value:
                self._add(unit, join(self._name, f"@{name}"), value, begin + start)
        _, coding = once.get("content-transfer-encoding", (0, b"8bit"))
        name = coding.decode("latin-1").lower()
        if name not in TRANSFERS:
            raise Undecodable(Fault.UNSUPPORTED, "a transfer encoding that is not read here", at)
        transfer = TRANSFERS[name]
        self._whole = _Whole(transfer) if transfer is not None or "content-length" in once else None
        unit.whole, unit.is_head = self._whole, True
        _, kind = once.get("content-type", (0, b""))
        self._carrier = self._make(kind.decode("latin-1") or _UNTYPED, self._depth + 1, self._name)
        self._base = self._order
        return unit

    def _beside(self) -> Carrier:
        """Make the carrier of what stands before the first part or after the last."""
        return self._make(_UNTYPED, self._depth + 1, self._name)

    def _read_disposition(self, unit: Unit, begin: int, header: tuple[int, bytes] | None) -> None:
        start, value = header or (0, b"")
        read = read_parameters(value, self._at + begin + start) if value else None
        name = read.parameters.get("name") if read is not None else None
        self._name = spell(decode_name(name.value)) if name is not None else f"part{self._parts}"
        if len(self._name) > MAX_PATH // 2:
            raise Undecodable(Fault.TOO_LARGE, f"a name of more than {MAX_PATH // 2} characters", self._at + begin)
        for key, parameter in read.parameters.items() if read is not None else ():
            if parameter.value:
                path = "" if key == "name" else join(self._name, f"@{key}")
                self._add(unit, path, parameter.value, begin + start + parameter.start, is_key=key == "name")
                if key.endswith("*"):
                    _decode_extended(unit.fields[-1], self._at + begin)

    def _add(self, unit: Unit, path: str, value: bytes, start: int, *, is_key: bool = False) -> None:
        unit.add((Field(path, ValueType.TEXT, value, start, start + len(value), self._order, is_key),))
        self._order += 1

    def _give(self, body: bytes) -> Sequence[Unit]:
        """Take bytes of the present part."""
        self._at += len(body)
        if self._phase is _Phase.AFTER and len(self._tail) < 2 and body:
            size = 2 - len(self._tail)
            self._tail += body[:size]
            if not b"\r\n".startswith(self._tail):
                raise Undecodable(Fault.AMBIGUOUS, "something behind the last boundary", self._at - len(body))
            return [Unit(body[:size]), *(self._adopt(self._carrier, unit) for unit in self._carrier.feed(body[size:]))]
        if self._whole is None:
            return [self._adopt(self._carrier, unit) for unit in self._carrier.feed(body)] if body else []
        self._gathered += body
        if len(self._gathered) > MAX_WHOLE:
            raise Undecodable(Fault.TOO_LARGE, f"an encoded part of more than {MAX_WHOLE} bytes", self._at)
        return []

    def _close(self) -> Sequence[Unit]:
        """Take the end of the present part."""
        whole, head = self._whole, self._whole_head
        if whole is None or head is None:
            return [self._adopt(self._carrier, unit) for unit in self._carrier.end()]
        body = bytes(self._gathered)
        self._gathered.clear()
        self._whole = self._whole_head = None
        announced = _LENGTH.search(head.raw)
        if announced is not None and int(announced[1]) != len(body):
            raise Undecodable(Fault.AMBIGUOUS, "a part of another length than its header says", self._at)
        whole.head_size = len(head.raw)
        plain = whole.transfer.decode(body, self._at) if whole.transfer is not None else body
        carrier = self._carrier
        units = [self._adopt(carrier, unit) for unit in [*carrier.feed(plain), *carrier.end()]]
        raw = head.raw + body
        head.within, head.raw = Unit(head.raw), b""
        for unit in units:
            unit.whole, unit.within, unit.raw = whole, unit.within or Unit(unit.raw), b""
        units = [head, *units]
        units[-1].raw, units[-1].is_last = raw, True
        return list(units)

    def _adopt(self, carrier: Carrier, unit: Unit) -> _PartUnit:
        """Give a part's unit as one of the whole: its fields below the part's name, counted on."""
        order = self._base
        self._order = max(self._order, order + unit.fields[-1].order + 1) if unit.fields else self._order
        for item in unit.fields:
            item.path = below(self._name, item.path)
            if len(item.path) > MAX_PATH + 64:
                raise Undecodable(Fault.TOO_LARGE, f"a path of more than {MAX_PATH} characters", self._at)
            item.order += order
        fields, unit.fields = unit.fields, []
        within = unit.within if isinstance(carrier, Layer) else None
        repeats = [moved(repeat, order) for repeat in unit.repeats]
        return _PartUnit(unit.raw, fields, repeats, within, carrier, unit)


def _decode_extended(field: Field, at: int) -> None:
    """Decode a parameter as RFC 8187 spells it: charset, quote, language, quote, percent-encoded bytes."""
    charset, quote, rest = field.value.partition(b"'")
    language, second, content = rest.partition(b"'")
    if not (quote and second) or charset.lower() != b"utf-8":
        raise Undecodable(Fault.UNSUPPORTED, "an extended parameter that is not in UTF-8", at)
    field.start += len(charset) + len(language) + 2
    field.value = b"+".join(map(percent_decode, content.split(b"+")))
    field.raw_offsets = partial(percent_offsets, content, field.start)


def _write_header(raw: bytes, field: Field, changes: Sequence[Change]) -> list[Edit]:
    """Encode changes of a header's value. A parameter without quotes is given them; None leaves a value empty."""
    if any(change.text is None for change in changes):
        changes = [Change(0, len(field.value), "")]
    if field.raw_offsets is not None:
        return write_spans(field, changes, percent_encode)
    edits = write_spans(field, changes, _header_text)
    if raw[field.start - 1 : field.start] != b"=":
        return edits
    moved_edits = [Edit(edit.start - field.start, edit.end - field.start, edit.raw) for edit in edits]
    value = splice(field.value, moved_edits)
    return [Edit(field.start, field.end, value if value and _TOKEN.issuperset(value) else b'"' + value + b'"')]


def _header_text(text: str) -> bytes:
    """Spell a text in a header, as browsers do in form-data: nothing in it ends the line or the value."""
    for mark, spelt in (("\r\n", " "), ("\r", " "), ("\n", " "), ("\x00", ""), ('"', "%22"), ("\\", "/")):
        text = text.replace(mark, spelt)
    return text.encode("utf-8", "replace")


def _written(last: Unit, whole: _Whole) -> bytes:
    """Give a part that was held whole, encoded anew where it was changed."""
    came = last.raw[whole.head_size :]
    if not whole.changed:
        return whole.head + came
    plain = b"".join(whole.body)
    body = plain if whole.transfer is None else whole.transfer.encode(plain, came)
    announced = _LENGTH.search(whole.head)
    if announced is None:
        return whole.head + body
    return whole.head[: announced.start(1)] + b"%d" % len(body) + whole.head[announced.end(1) :] + body
