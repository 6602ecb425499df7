"""Mending one file: what a scan refuses in it, replaced by made-up values of the same format; everything else as it was.

The rule: a file is changed only if what comes out reads as what went in: by its format's own parser, and by the reader that found
the values, which must find every other value as it was. A stand-in is written in the place of the found bytes alone, and holds no
sign that a format could take for its own. What cannot be changed so is left, with the reason and the mend.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Final, NamedTuple

from ringfence.crossing.inspecting import Seen
from ringfence.extract import extract
from ringfence.extract.model import Bounds, Budget, Kind, LeftOut, Source, Text, Unreadable
from ringfence.extract.recognising import READERS, recognise
from ringfence.gates.git.model import Found, Item
from ringfence.gates.git.parsing_back import NotParsed, shape_of_file
from ringfence.gates.git.scanning import Scanner
from ringfence.gates.git.spelling import Places, Working, line_starts, meant, working
from ringfence.gates.git.standing_in import StandIns

MOST: Final = 64 << 20
"""Bytes of a file that is mended: it is held whole, a few times over."""

_HEAD: Final = 8192
_ROUNDS: Final = 24
_ONLY_READ: Final = frozenset((
    "mail", "zip", "tar", "gzip", "bzip2", "xz", "zstd", "7z", "sqlite", "parquet", "arrow", "office", "pdf", "image",
    "pgdump",
))  # fmt: skip
_MENDED: Final = frozenset(READERS) - _ONLY_READ
_TAKE_OUT: Final = "make it anew from synthetic data, or take it out: git rm --cached"
_BY_HAND: Final = "change it by hand"
_SAFE: Final = frozenset("@.,-+_:/ %()")
"""Marks that a stand-in may bring with it. None ends a string, a cell or a comment."""

_IN_URLS: Final = (("@", b"%40"), ("+", b"%2B"))
_CREDENTIALS: Final = "user.authorization"
_ROTATE: Final = "rotate it, and take it out of the file"


class Left(NamedTuple):
    """Something that is refused and stays. `why` and `mend` are for a person; nothing of it is in them."""

    found: Found
    why: str
    mend: str


class Edit(NamedTuple):
    """A stretch of a file's text in UTF-8, and what stands there instead."""

    start: int
    end: int
    made: bytes
    found: Found


@dataclass(frozen=True, slots=True, repr=False)
class Mended:
    """What became of a file. `data` is None where nothing changes."""

    name: str
    data: bytes | None = None
    text: bytes = b""  # as it was, in UTF-8
    edits: tuple[Edit, ...] = ()
    left: tuple[Left, ...] = ()
    seen: tuple[
        tuple[int, int], ...
    ] = ()  # stretches of the text that hold anything personal, refused or not, in order

    @property
    def lines(self) -> Iterator[tuple[int, list[Edit]]]:
        """Give the numbers of the lines that change, from 1, and what changes in each."""
        starts = line_starts(self.text)
        by_line: dict[int, list[Edit]] = {}
        at = 0
        for edit in self.edits:
            while at + 1 < len(starts) and starts[at + 1] <= edit.start:
                at += 1
            by_line.setdefault(at + 1, []).append(edit)
        yield from by_line.items()


class _Place(NamedTuple):
    found: Found
    text: Text
    one: Seen
    start: int
    end: int
    value: str


@dataclass(slots=True)
class Mender:
    """Mends files by a scan's rules.

    Attributes
    ----------
    kept
        Says of a finding that it stays, whatever the file itself says.
    broken
        Whether a file that its parser refuses is mended, too: of a version that is history nobody can mend that first.
    """

    scanner: Scanner
    stand_ins: StandIns
    kept: Callable[[Found], bool] = lambda _: False
    broken: bool = False

    def mend(self, item: Item, data: bytes) -> Mended:
        """Mend a file of these bytes."""
        reader = recognise(item.name, data[:_HEAD])
        work = working(data) if len(data) <= MOST and reader in _MENDED else None
        seen, found = self.looked(item, work.text if work is not None else data)
        refused = [one for one in zip(seen, found, strict=True) if one[1].counts and not self.kept(one[1])]
        if not refused:
            return Mended(item.name)
        why = self._reason(item, data, work, reader)
        if work is None or why is not None:
            why = why or ("its charset is not known for sure", _BY_HAND)
            return Mended(item.name, left=tuple(Left(one, *why) for _, one in refused))
        return _Mending(self, item, work, reader, data, refused, seen).run()

    def _reason(self, item: Item, data: bytes, work: Working | None, reader: str) -> tuple[str, str] | None:
        """Say why a file is not mended at all."""
        if len(data) > MOST:
            return f"it has more than {MOST >> 20} MiB", _TAKE_OUT
        if reader not in _MENDED:
            return f"it is of a format that is only read ({reader or 'binary'})", f"{_TAKE_OUT} {item.name}"
        if work is not None and not self.broken and self.shape(reader, item.name, data) is None:
            return "it does not parse, so nobody could say whether it still would", "mend the file first"
        return None

    def shape(self, reader: str, name: str, data: bytes) -> bytes | None:
        """Give a file's shape; None where its parser refuses it."""
        try:
            return shape_of_file(reader, name, data)
        except NotParsed:
            return None

    def looked(self, item: Item, text: bytes) -> tuple[list[tuple[Text, Seen]], tuple[Found, ...]]:
        """Give all that stands in a file, as it was seen and as it is settled."""
        seen: list[tuple[Text, Seen]] = []
        whole = replace(item, size=len(text), lines=None)
        scanned = self.scanner.scan(whole, lambda: BytesIO(text), lambda _, text, one: seen.append((text, one)))
        return (seen, scanned.found) if len(seen) == len(scanned.found) else ([], ())


@dataclass(slots=True)
class _Mending:
    mender: Mender
    item: Item
    work: Working
    reader: str
    data: bytes
    refused: list[tuple[tuple[Text, Seen], Found]]
    seen: list[tuple[Text, Seen]]
    left: list[Left] = field(default_factory=list)

    def run(self) -> Mended:
        """Find places, try stand-ins until a scan lets them be, and see whether the file reads as before."""
        where = Places(self.work.text, self.work.mark)
        places = list(self._places(where))
        values = [place for place in places if place.text.kind is not Kind.NAME]
        for kept in (places, values) if len(values) < len(places) else (places,):
            settled, edits = self._settled(kept)
            data = self._written(edits) if edits else None
            if data is not None:
                self._leave(places, settled)
                seen = tuple(sorted(self._all(where)))
                return Mended(self.item.name, data, self.work.text, tuple(edits), tuple(self.left), seen)
        self._leave(places, [])
        return Mended(self.item.name, left=tuple(self.left))

    def _places(self, where: Places) -> Iterator[_Place]:
        last = 0
        for place in sorted(self._found(where), key=lambda each: (each.start, -each.end)):
            if place.start < last:
                self.left.append(Left(place.found, "it stands in something else that is replaced", "scan again"))
                continue
            last = place.end
            yield place

    def _found(self, where: Places) -> Iterator[_Place]:
        for (text, one), found in self.refused:
            value = meant(bytes(text.value[one.start : one.end]).decode("utf-8", "replace"))
            span = None if found.members else where.of(text, one.start, one.end)
            if "\n" in value or found.end_line != found.line:
                is_credential = found.category.startswith(_CREDENTIALS)
                self.left.append(Left(found, "it goes over lines", _ROTATE if is_credential else _BY_HAND))
            elif span is None or not value.strip():
                self.left.append(Left(found, "it is spelt in a way that is only read", _BY_HAND))
            else:
                yield _Place(found, text, one, *span, value)

    def _settled(self, places: Sequence[_Place]) -> tuple[list[_Place], list[Edit]]:
        """Give the places that have stand-ins which a scan lets be in all of them."""
        given = list(places)
        for _ in range(_ROUNDS):
            edits, kept = list[Edit](), list[_Place]()
            for place in given:
                made = self._made(place)
                if made is not None:
                    edits.append(Edit(place.start, place.end, made, place.found))
                    kept.append(place)
            given = kept
            spoilt = self._spoilt(edits)
            if not spoilt:
                return given, edits
            for number in spoilt:
                place = given[number]
                self.mender.stand_ins.spoil(place.one.category, place.one.entity, place.value)
        return [], []

    def _made(self, place: _Place) -> bytes | None:
        made = self.mender.stand_ins.of(place.one.category, place.one.entity, place.value, place.text.path)
        if made is None:
            return None
        allowed = _SAFE | set(place.value)
        if not all(c.isalnum() or c in allowed or ord(c) > 0x7F for c in made):
            return None
        written = self.work.text[place.start : place.end]
        if "," in made and b"," not in written:
            return None
        for sign, spelt in _IN_URLS:
            if spelt in written.upper() and sign.encode() not in written:
                made = made.replace(sign, spelt.decode())
        return made.encode()

    def _spoilt(self, edits: Sequence[Edit]) -> list[int]:
        """Say which stand-ins a scan refuses in their places."""
        new, spans = _applied(self.work.text, edits)
        seen, found = self.mender.looked(self.item, new)
        where = Places(new, self.work.mark)
        spoilt: set[int] = set()
        for (text, one), told in zip(seen, found, strict=True):
            if not told.counts:
                continue
            place = where.of(text, one.start, one.end)
            if place is not None:
                spoilt.update(_overlapping(spans, place))
        return sorted(spoilt)

    def _written(self, edits: Sequence[Edit]) -> bytes | None:
        """Give the file's new bytes, if they read as the old ones did."""
        new, _ = _applied(self.work.text, edits)
        try:
            data = self.work.back(new)
            again = working(data)
            is_same = again is not None and again.text == new
            if not is_same or recognise(self.item.name, data[:_HEAD]) != self.reader:
                return None
        except UnicodeError:
            return None
        before, after = (self.mender.shape(self.reader, self.item.name, each) for each in (self.data, data))
        if before != after:
            return None
        names = {id(found) for (text, _), found in self.refused if text.kind is Kind.NAME}
        renames = any(id(edit.found) in names for edit in edits)
        return data if self._reads_alike(new, edits, renames=renames) else None

    def _reads_alike(self, new: bytes, edits: Sequence[Edit], *, renames: bool) -> bool:
        """Whether every value that was not replaced is read as it was, and each that was as its stand-in."""
        made = {id(edit.found): edit.made for edit in edits}
        inside: dict[tuple[int, int, str], list[Edit]] = {}
        for (text, one), found in self.refused:
            if id(found) in made:
                edit = Edit(one.start, one.end, made[id(found)], found)
                inside.setdefault((text.line, text.column, text.path), []).append(edit)
        before = list(self._values(self.work.text))
        after = list(self._values(new))
        if len(before) != len(after):
            return False
        if renames and len({text.path for text in before}) != len({text.path for text in after}):
            return False
        for old, text in zip(before, after, strict=True):
            changed = inside.get((old.line, old.column, old.path), ())
            value, _ = _applied(old.value, sorted(changed, key=lambda edit: edit.start))
            if text.value != value or text.kind is not old.kind or (text.path != old.path and not renames):
                return False
        return self._parts(self.work.text) == self._parts(new)

    def _values(self, data: bytes) -> Iterator[Text]:
        for step in self._read(data):
            yield from (text for text in step if text.kind in {Kind.VALUE, Kind.NAME})

    def _parts(self, data: bytes) -> list[str]:
        """Give the kinds of a program's strings and comments, in order."""
        if self.reader not in {"code", "sql", "html"}:
            return []
        texts = (text for step in self._read(data) for text in step if text.kind is Kind.CODE)
        return [part.kind.value for text in texts if text.parts is not None for part in text.parts()]

    def _read(self, data: bytes) -> Iterator[Sequence[Text]]:
        source = Source(self.item.name, len(data), lambda: BytesIO(data))
        bounds = Bounds(leaves_out=frozenset())
        for step in extract(source, Budget(bounds)):
            if not isinstance(step, LeftOut | Unreadable):
                yield step

    def _leave(self, places: Sequence[_Place], settled: Sequence[_Place]) -> None:
        done = {id(place.found) for place in settled}
        for place in places:
            if id(place.found) not in done:
                is_name = place.text.kind is Kind.NAME
                why = "it is a name of a field" if is_name else "no stand-in for it would read as it does"
                self.left.append(Left(place.found, why, _BY_HAND))

    def _all(self, where: Places) -> Iterator[tuple[int, int]]:
        """Give the stretches that hold anything personal."""
        for text, one in self.seen:
            place = where.of(text, one.start, one.end)
            if place is not None:
                yield place


def _applied(text: bytes, edits: Sequence[Edit]) -> tuple[bytes, list[tuple[int, int]]]:
    """Give a text with its edits, and where each one's stand-in begins and ends."""
    parts, spans = list[bytes](), list[tuple[int, int]]()
    at = shift = 0
    for edit in edits:
        parts += [text[at : edit.start], edit.made]
        begin = edit.start + shift
        spans.append((begin, begin + len(edit.made)))
        shift += len(edit.made) - (edit.end - edit.start)
        at = edit.end
    parts.append(text[at:])
    return b"".join(parts), spans


def _overlapping(spans: Sequence[tuple[int, int]], place: tuple[int, int]) -> Iterator[int]:
    at = max(bisect_right(spans, (place[0],)) - 1, 0)
    while at < len(spans) and spans[at][0] < place[1]:
        if spans[at][1] > place[0]:
            yield at
        at += 1
