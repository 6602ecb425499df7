"""Content codings around a payload: gzip, deflate, br and zstd, also one in another; undone, judged, and left as they came.

The rule (law 6): what is not changed passes as it came, encoded by whoever encoded it. The encoded bytes are held until
everything that they stand for has been rendered unchanged, up to the next joint (`_codecs`): the end of a member or frame, or a
place where the sender flushed. Where something changes, a new encoding goes on from the last joint, and the rest is encoded
anew. Where more than `hold` encoded bytes would have to be held for that, it begins there too: a long body without joints is
encoded anew although nothing in it changes.

Bounds (law 7): codings in each other; how much more may come out than went in; steps of 64 KiB, each judged before the next.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ringfence.carriers._codecs import Decoder, Encoder, Joint, Notes
from ringfence.carriers._deflate import deflate, gzip
from ringfence.carriers._more_codecs import Brotli, Zstandard
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
    rest,
)
from ringfence.transform.types import ValueType

HOLD = 1024 * 1024  # encoded bytes
MAX_CODINGS = 3  # in each other
MAX_RATIO = 100  # what deflate makes of logs is 10 to 50; of zeros 1,030
FREE = 1024 * 1024  # decoded bytes that no ratio is asked of

CODINGS: Mapping[str, Callable[[], Decoder]] = {
    "br": Brotli,
    "deflate": deflate,
    "gzip": gzip,
    "x-gzip": gzip,
    "zstd": Zstandard,
}
"""Each coding's name in ``Content-Encoding``, and what undoes it."""

FLUSHED = frozenset(("gzip", "x-gzip", "deflate"))
"""Codings with a joint wherever the sender flushed: what was sent by then need not wait."""

_JOINTS_KEPT = 8  # each holds a decoder's window


@dataclass(slots=True, repr=False)
class _Place:
    """A joint: how many encoded and decoded bytes are before it, and a decoder that stands there."""

    encoded: int
    plain: int
    decoder: Decoder


@dataclass(slots=True, repr=False)
class _CodedUnit(Unit):
    """A unit; `last` is the last one that the bytes fed so far stand for."""

    last: bool = False
    is_notes: bool = False


class CodedCarrier(Layer):
    """A payload in one or more codings, in the order in which they were applied. After `Undecodable` it is of no further use."""

    def __init__(self, inner: Carrier, codings: Sequence[str], *, hold: int = HOLD) -> None:
        self._inner = inner
        self._decoder = _decoder(codings)
        self._hold: int | None = hold  # None: nothing will be rendered
        self._fault: Undecodable | None = None
        self._fresh = bytearray()  # encoded bytes that no unit has been given for
        self._encoded = 0
        self._plain = 0
        self._order = 0
        self._held = bytearray()  # encoded bytes since the base
        self._base = _Place(0, 0, self._decoder.fork())
        self._places: deque[_Place] = deque()
        self._passed = 0  # decoded bytes that were rendered unchanged
        self._encoder: Encoder | None = None

    @property
    def held(self) -> int:
        """How many bytes are held back, decoded or encoded."""
        return self._inner.held + max(len(self._fresh), len(self._held))

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the units that are complete."""
        return list(self.stream(piece))

    def stream(self, piece: bytes) -> Iterator[Unit]:
        """Take the next bytes and give the units that are complete, one by one."""
        if self._fault is not None:
            raise self._fault
        try:
            yield from self._stream(piece)
        except Undecodable as fault:
            self._fault = fault
            raise

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        if self._fault is not None:
            raise self._fault
        self._decoder.end()
        units: list[Unit] = [self._unit(unit) for unit in self._inner.end()]
        if self._fresh:
            units.append(self._unit(Unit(b"")))
        return units

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one field as edits of the decoded bytes. Of what a coding carries itself all is left out."""
        if isinstance(unit, _CodedUnit) and unit.is_notes:
            return [Edit(field.start, field.end, b"")] if changes else []
        return self._inner.write(unit.within or unit, field, changes)

    def render(self, unit: Unit, edits: Sequence[Edit]) -> bytes:
        """Take a unit with what is edited in it; give the encoded bytes that may be released by now."""
        begun = self._take_over() if edits and self._encoder is None else b""
        within = unit.within or unit
        is_notes = isinstance(unit, _CodedUnit) and unit.is_notes
        plain = b"" if is_notes else released(self._inner, within, edits)
        if self._encoder is None:
            self._passed += 0 if is_notes else len(within.raw)
            made = self._pass()
        else:
            made = begun + self._encoder.encode(plain)
        if self._encoder is not None and isinstance(unit, _CodedUnit) and unit.last:
            made += self._encoder.flush()
        return made

    def finish(self) -> bytes:
        """Give the end of the encoding."""
        plain = rest(self._inner)
        if self._encoder is not None:
            return self._encoder.encode(plain) + self._encoder.finish()
        left = bytes(self._held)
        self._held.clear()
        return left

    def forget(self) -> None:
        """Hold nothing."""
        self._hold = None
        self._held.clear()

    def _stream(self, piece: bytes) -> Iterator[Unit]:
        self._fresh += piece
        before = self._encoded
        self._encoded += len(piece)
        if self._hold is not None and self._encoder is None:
            self._held += piece
        kept: _CodedUnit | None = None
        for step in self._decoder.decode(piece):
            if isinstance(step, Joint):
                self._note_joint(before + step.taken)
                continue
            for unit in self._notes(step) if isinstance(step, Notes) else self._read(step):
                if kept is not None:
                    yield kept
                kept = unit
        if kept is not None:
            kept.last = True
            yield kept

    def _read(self, plain: bytes) -> Iterator[_CodedUnit]:
        self._plain += len(plain)
        if self._plain > FREE + MAX_RATIO * self._encoded:
            raise Undecodable(Fault.TOO_LARGE, f"more than {MAX_RATIO} times as much when decoded", self._encoded)
        for unit in self._inner.feed(plain):
            yield self._unit(unit)

    def _unit(self, within: Unit) -> _CodedUnit:
        raw = self._taken()
        fields, within.fields = within.fields, []  # in one place only, so that they can be let go of there
        repeats = within.repeats
        if self._order:
            for field in fields:
                field.order += self._order
            repeats = [moved(repeat, self._order) for repeat in repeats]
        return _CodedUnit(raw, fields, repeats, within)

    def _taken(self) -> bytes:
        """Give the encoded bytes that no unit has been given for yet."""
        raw = bytes(self._fresh)
        self._fresh.clear()
        return raw

    def _notes(self, notes: Notes) -> Iterator[_CodedUnit]:
        """Give what a coding carries beside the body: fields of its own."""
        raw = self._taken()
        fields = [
            Field(f"gzip.{name}", ValueType.TEXT, text, start, start + len(text), self._order + number)
            for number, (name, start, text) in enumerate(notes.texts)
        ]
        self._order += len(fields)
        yield _CodedUnit(raw, fields, [], Unit(notes.raw, fields), is_notes=True)

    def _note_joint(self, encoded: int) -> None:
        if self._hold is None or self._encoder is not None:
            return
        self._places.append(_Place(encoded, self._plain, self._decoder.fork()))
        if len(self._places) > _JOINTS_KEPT:
            del self._places[-2]

    def _pass(self) -> bytes:
        """Give the bytes up to the last joint before which all has passed."""
        before = self._base.encoded
        while self._places and self._places[0].plain <= self._passed:
            self._base = self._places.popleft()
        ready = bytes(self._held[: self._base.encoded - before])
        del self._held[: len(ready)]
        return ready + self._take_over() if self._hold is not None and len(self._held) > self._hold else ready

    def _take_over(self) -> bytes:
        """Begin to encode anew from the last joint; give what had passed since."""
        base = self._base
        encoder = self._encoder = base.decoder.encoder()
        made: list[bytes] = []
        missing = self._passed - base.plain
        for step in base.decoder.decode(bytes(self._held)) if missing else ():
            if isinstance(step, bytes):
                made.append(encoder.encode(step[:missing]))
                missing -= len(step[:missing])
                if not missing:
                    break
        self._held.clear()
        self._places.clear()
        return b"".join(made)


def _decoder(codings: Sequence[str]) -> Decoder:
    names = [name for name in codings if name != "identity"]
    if len(names) > MAX_CODINGS:
        raise Undecodable(Fault.TOO_DEEP, f"more than {MAX_CODINGS} codings in each other", 0)
    makers = [CODINGS.get(name) for name in reversed(names)]
    if None in makers or not makers:
        raise Undecodable(Fault.UNSUPPORTED, f"a coding that is none of {', '.join(CODINGS)}", 0)
    known = [maker() for maker in makers if maker is not None]
    return known[0] if len(known) == 1 else _Nested(names, known)


class _Nested:
    """Codings in each other, the outermost first. There is no joint but the start."""

    def __init__(self, names: Sequence[str], decoders: Sequence[Decoder]) -> None:
        self._names = names
        self._decoders = decoders
        self._taken = [0] * len(decoders)  # what each has been given, and has given
        self._given = [0] * len(decoders)

    def decode(self, piece: bytes) -> Iterator[bytes | Joint | Notes]:
        """Take the next bytes."""
        yield from self._through(0, piece)

    def _through(self, depth: int, piece: bytes) -> Iterator[bytes | Notes]:
        self._taken[depth] += len(piece)
        for step in self._decoders[depth].decode(piece):
            if isinstance(step, bytes):
                self._given[depth] += len(step)
                if self._given[depth] > FREE + MAX_RATIO * self._taken[depth]:
                    raise Undecodable(Fault.TOO_LARGE, f"more than {MAX_RATIO} times as much when decoded", 0)
                if depth + 1 == len(self._decoders):
                    yield step
                else:
                    yield from self._through(depth + 1, step)
            elif isinstance(step, Notes):
                yield step

    def end(self) -> None:
        """Take the end."""
        for decoder in self._decoders:
            decoder.end()

    def fork(self) -> Decoder:
        """Give a decoder that has read nothing, as this one."""
        return _decoder(self._names)

    def encoder(self) -> Encoder:
        """Give an encoder from the start."""
        return _NestedEncoder([decoder.encoder() for decoder in reversed(self._decoders)])


class _NestedEncoder:
    """Encoders, the innermost first."""

    def __init__(self, encoders: Sequence[Encoder]) -> None:
        self._encoders = encoders

    def encode(self, plain: bytes) -> bytes:
        for encoder in self._encoders:
            plain = encoder.encode(plain)
        return plain

    def flush(self) -> bytes:
        raw = b""
        for encoder in self._encoders:
            raw = encoder.encode(raw) + encoder.flush()
        return raw

    def finish(self) -> bytes:
        raw = b""
        for encoder in self._encoders:
            raw = encoder.encode(raw) + encoder.finish()
        return raw
