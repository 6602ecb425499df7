"""What is taken out of a file that is only read: texts to be looked at, each with where it stands.

The rule: nothing here knows a format, a category or a policy. A reader gives what it finds in the order of the file, holds no more
of it than `Bounds` allow, and never stops in silence: what it does not look into it gives as `LeftOut`, what it cannot read as
`Unreadable`, and both name places and reasons, never a value.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol, TypeAlias, overload


class Kind(StrEnum):
    """What a text is in its file: how much stands around a value that must not be taken for one."""

    PROSE = "prose"  # running text: documents, logs, messages
    CODE = "code"  # a program: only its strings and comments say something, `Text.parts`
    VALUE = "value"  # one value of a field: a cell, a string in a document, an attribute
    NAME = "name"  # the name of a field, where it comes from the payload: a key, a column, a member's file name


class PartKind(StrEnum):
    """What of a program may hold data."""

    STRING = "string"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Part:
    """A string or comment in a program: a half-open span of the text's bytes, marks included."""

    start: int
    end: int
    kind: PartKind


Parts: TypeAlias = Callable[..., Sequence[Part]]
"""Finds a program's strings and comments, in order. It may be given an offset: what begins behind it need not be looked for."""


@dataclass(slots=True, repr=False)
class Text:
    """A text to be looked at.

    Attributes
    ----------
    value
        It, in UTF-8.
    path
        Its field as gates spell it (``public.customer.email``, ``$.patient.name``); "" for running text.
    line, column
        Where its first byte stands in the file, from 1, columns in bytes; 0 where the format has no lines.
    start
        Where it stands, byte for byte the same, in the file (in the innermost archive member); -1 where it is spelled otherwise.
    where
        What it is part of, in the format's own words: ``cell 4, output``, ``sheet Kunden``, ``page 3``, ``EXIF``.
    members
        The names of the archive members on the way to it, the outermost first.
    parts
        Of a program: gives its strings and comments, in order. Called only where something was found.
    """

    value: bytes
    path: str = ""
    kind: Kind = Kind.PROSE
    line: int = 0
    column: int = 0
    start: int = -1
    where: str = ""
    members: tuple[str, ...] = ()
    parts: Parts | None = None

    def __repr__(self) -> str:
        return f"<{self.kind.value} of {len(self.value)} bytes at line {self.line}>"


class Why(StrEnum):
    """Why something is left out, by rule."""

    BINARY = "binary"
    VENDORED = "vendored"
    MINIFIED = "minified"
    GENERATED = "generated"
    LARGE = "too-large"  # beyond what was asked for
    POINTER = "lfs-pointer"  # the content is elsewhere
    SUBMODULE = "submodule"
    LINK = "symbolic-link"
    SPECIAL = "special-file"
    IGNORED = "ignored"
    ABSENT = "absent"  # of a partial or shallow clone


class Fault(StrEnum):
    """Why something cannot be read."""

    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    BOMB = "bomb"  # more comes out than may
    DEEP = "too-deep"
    TRAVERSAL = "traversal"  # a member that would be written elsewhere
    EXTRA = "extra-missing"
    ENCODING = "encoding"
    DENIED = "permission"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not looked into, by a rule that `why` names."""

    why: Why
    members: tuple[str, ...] = ()
    note: str = ""  # in words, for a person


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that cannot be read. `what` says what is wrong, `mend` what to do; neither holds content.

    `looked_at`: only something about it is odd (a member's name, what is too deep to be followed); its content was looked at.
    """

    fault: Fault
    what: str
    mend: str = ""
    members: tuple[str, ...] = ()
    line: int = 0
    looked_at: bool = False


class Values(Sequence[Text]):
    """Values of fields, in columns: their paths and bytes, of which a `Text` is made when it is asked for.

    To be searched, a value needs no more than its path and its bytes, and of most tables no `Text` is ever asked for. Where a value
    stands is found out then, by `make`.
    """

    __slots__ = ("_make", "paths", "values")

    def __init__(self, paths: Sequence[str], values: Sequence[bytes], make: Callable[[int], Text]) -> None:
        self.paths = paths
        self.values = values
        self._make = make

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, number: int) -> Text: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Text]: ...
    def __getitem__(self, number: int | slice) -> Text | Sequence[Text]:
        if isinstance(number, slice):
            return [self._make(each) for each in range(*number.indices(len(self.values)))]
        if not -len(self.values) <= number < len(self.values):
            raise IndexError(number)
        return self._make(number % len(self.values))


Extracted: TypeAlias = "Sequence[Text] | LeftOut | Unreadable"
"""One step of a reader: texts that may be looked at together (about `BATCH` bytes, all of one file; `Values` where they are cells
of a table), or what is not looked at."""

BATCH = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a reader bears (law 7). Bytes, unless said otherwise."""

    unpacked: int = 512 << 20  # of all that comes out of one file
    ratio: int = 250  # what comes out to what goes in, of more than a mebibyte
    members: int = 20_000  # of all archives in one file
    depth: int = 6  # archives in archives
    document: int = 64 << 20  # of a format that must be held whole (PDF, office, JSON in one document)
    nesting: int = 256  # of a document's levels
    leaves_out: frozenset[Why] = frozenset(
        (Why.VENDORED, Why.MINIFIED, Why.GENERATED)
    )  # of what only a name or a look tells


@dataclass(slots=True)
class Budget:
    """What is left of the bounds, for one file and all that is in it."""

    bounds: Bounds = field(default_factory=Bounds)
    unpacked: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """A file to be read: its name as it was met (``/`` between folders), its size, and its bytes, from their beginning."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    members: tuple[str, ...] = ()  # it is a member of archives: on the way to it


class Reader(Protocol):
    """Takes a file of one format apart."""

    def __call__(self, source: Source, budget: Budget) -> Iterator[Extracted]:
        """Give what is in it, in its order. Damage is `Unreadable`, never an exception; what came before it stands."""
