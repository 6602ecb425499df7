"""Recognising a leak: whether a value that must not be seen can be read out of what came back.

The rule: a value counts as leaked when it can be decoded: raw in any case, reversed, without its separators, in base64,
hexadecimal, URL or JSON escapes and one of them over another, split over rows or columns, as numbers of letters, or as a hash
that needs no key. What is said of it is its category and the way it was spelt, never the value. A value that others share by
chance (short, or a date) counts only in the answer to a question about its own column.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import re2

from ringfence.probe.decoding import SEPARATORS, undone

SHORTEST = 7  # characters: what is shorter stands somewhere by chance
FEWEST = 4  # different ones
SHORTEST_AT_ALL = 3
_HASHES = (
    *("md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
    *("sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"),
)
_DIGESTS = re2.compile(rb"[0-9a-fA-F]{32,128}")
_FILLS = b"*x\xe2\x80\xa2"  # of masks
_DATE = re2.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_BINARY_LENGTHS = frozenset(hashlib.new(name, usedforsecurity=False).digest_size for name in _HASHES)


@dataclass(frozen=True, slots=True)
class Watched:
    """A value that must not come back. It has no readable form."""

    category: str
    value: str = field(repr=False)

    @property
    def tells(self) -> bool:
        """Whether it cannot stand somewhere by chance."""
        bare = _bare(self.value)
        return len(bare) >= SHORTEST and len(set(bare)) >= FEWEST and _DATE.fullmatch(self.value) is None


@dataclass(frozen=True, slots=True)
class Reply:
    """All that came back for one statement: cells by row, and texts beside (errors, notices, copied data)."""

    code: str = ""  # SQLSTATE; "" where nothing failed
    by_gate: bool = False  # it was the gate that refused
    rows: Sequence[Sequence[bytes | None]] = field(default=(), repr=False)
    texts: Sequence[bytes] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """That a value of a category was read, and how it was spelt."""

    category: str
    way: str


class Recogniser:
    """Seeks values of some people, in the replies that somebody got who must not see them."""

    def __init__(self, watched: Iterable[Watched]) -> None:
        self._known: dict[bytes, tuple[str, bool]] = {}
        self._digests: dict[bytes, str] = {}
        for one in watched:
            for spelt in _spellings(one.value):
                self._known.setdefault(spelt, (one.category, one.tells))
            self._digests |= dict.fromkeys(_digests(one.value), one.category)
        self._patterns = [_pattern(part) for part in _parts(sorted(self._known, key=len, reverse=True))]

    def seek(self, replies: Sequence[Reply], own: str) -> list[Seen]:
        """Say what can be read out of replies. `own` is the category of the column that was asked about."""
        return sorted(set(self._seen(replies, own)))

    def finds(self, replies: Sequence[Reply], own: str) -> bool:
        """Say whether anything can be read out of them; looks no further than that takes."""
        return next(self._seen(replies, own), None) is not None

    def _seen(self, replies: Sequence[Reply], own: str) -> Iterator[Seen]:
        for reply in replies:
            cells = [cell for row in reply.rows for cell in row if cell is not None]
            yield from self._whole_cells(cells, own)
            raw = b"\n".join([*cells, *reply.texts])
            digests = [bytes.fromhex(run.decode("ascii")) for run in _DIGESTS.findall(raw) if len(run) % 2 == 0]
            for way, pieces in undone(raw):
                yield from self._matches(b"\n".join(pieces), way or "as it is", own)
                if way:
                    yield from (Seen(seen.category, way) for seen in self._whole_cells(pieces, own))
                if way.endswith("base64"):
                    digests.extend(pieces)
            yield from self._hashed([*digests, *cells])
        for way, text in _put_together(replies):
            yield from self._matches(text, way, "")

    def _whole_cells(self, cells: Iterable[bytes], own: str) -> Iterator[Seen]:
        for cell in cells:
            known = self._known.get(cell.lower()) or self._known.get(_folded(cell))
            if known is not None and (known[1] or known[0] == own):
                yield Seen(known[0], "as it is")

    def _matches(self, text: bytes, way: str, own: str) -> Iterator[Seen]:
        folded = _folded(text)
        for pattern in self._patterns:
            for match in pattern.finditer(folded):
                category, tells = self._known[match[0]]
                if tells or (category == own and len(match[0]) >= SHORTEST):
                    yield Seen(category, way)

    def _hashed(self, digests: Iterable[bytes]) -> Iterator[Seen]:
        for digest in digests:
            for length in _BINARY_LENGTHS:
                category = self._digests.get(digest[:length])
                if category is not None:
                    yield Seen(category, "hashed without a key")


def _put_together(replies: Sequence[Reply]) -> Iterator[tuple[str, bytes]]:
    """Put together what was split: over the columns of a row, over the rows of a column, into numbers of letters."""
    rows = [row for reply in replies for row in reply.rows]
    yield "split over columns", b"\n".join(b"".join(cell or b"" for cell in row) for row in rows if len(row) > 1)
    yield (
        "numbers of letters",
        b"\n".join(_letters([cell or b"" for cell in row]) for row in rows if len(row) >= SHORTEST),
    )
    widest = max(map(len, rows), default=0)
    for at in range(min(widest, 8)):
        column = [row[at] or b"" for row in rows if len(row) > at]
        yield "split over rows", b"".join(column)
        yield "split over rows", b"".join(reversed(column))
        yield "what masks leave, row after row", b"".join(cell.strip(_FILLS) for cell in column)
        yield "what masks leave, row after row", b"".join(cell.lstrip(_FILLS) for cell in column)
        yield "numbers of letters", _letters(column)
        yield "numbers of letters", _letters(column[::-1])


def _letters(cells: Sequence[bytes]) -> bytes:
    return bytes(one for one in (int(cell) for cell in cells if cell.isdigit() and len(cell) < 4) if 31 < one < 127)


def _spellings(value: str) -> set[bytes]:
    """Give the ways in which a value is spelt, folded; none where it says too little."""
    bare = _bare(value)
    if len(bare) < SHORTEST_AT_ALL and len(value) < 2:
        return set()
    spelt = {value, bare}
    if (date := _DATE.fullmatch(value)) is not None:
        year, month, day = date.groups()
        spelt |= {f"{day}.{month}.{year}", f"{day}/{month}/{year}", f"{month}/{day}/{year}"}
    if value.endswith(("/32", "/128")):  # an address of the type inet, as some clients write it
        spelt.add(value.partition("/")[0])
    return {_folded(one.encode()) for one in spelt if one}


def _digests(value: str) -> Iterator[bytes]:
    for spelt in {value, value.lower(), value.upper(), value.strip(), _bare(value)}:
        for name in _HASHES:
            yield hashlib.new(name, spelt.encode(), usedforsecurity=False).digest()


def _bare(value: str) -> str:
    return value.encode().translate(None, SEPARATORS).decode("utf-8", "ignore")


def _folded(text: bytes) -> bytes:
    return text.lower() if text.isascii() else text.decode("utf-8", "replace").casefold().encode()


_PART = 400  # alternatives of one pattern


def _parts(spelt: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(spelt), _PART):
        yield spelt[start : start + _PART]


def _pattern(spelt: Sequence[bytes]) -> "re2._Regexp[bytes]":
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    return re2.compile(b"|".join(re2.escape(one) for one in spelt), options)


def hidden_among(values: Mapping[str, Sequence[str]], hidden: frozenset[str]) -> list[Watched]:
    """Give what must not be seen: the values of hidden categories, but those that stand in what may be seen as well."""
    open_ones = {
        _folded(value.encode()) for category, some in values.items() if category not in hidden for value in some
    }
    return [
        Watched(category, value)
        for category, some in values.items()
        if category in hidden
        for value in dict.fromkeys(some)
        if _folded(value.encode()) not in open_ones
    ]
