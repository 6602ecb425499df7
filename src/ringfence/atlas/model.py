"""What the atlas knows of an asset: its tables, their fields, and what each field is judged to hold.

The rule: nothing here holds a value. A field has a path, a type, a judgement with its confidence and evidence (codes, as findings
have), and where its values come from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ringfence.policy.model import NONE, SCAN, UNKNOWN

AssetKind = Literal["postgres", "store", "file", "http", "log"]

JUDGEMENTS = (NONE, SCAN, UNKNOWN)
"""What a judgement may be beside a category."""


@dataclass(frozen=True, slots=True, order=True)
class Lineage:
    """Where a field's values come from: it is a copy of another field, or a key of the row in which that stands."""

    how: Literal["copy", "key"]
    path: str

    def __str__(self) -> str:
        return f"{self.how} of {self.path}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A field with its judgement: a category's path, `none`, `scan` (free text) or `unknown`.

    `type` is the source's own word. `evidence` are codes: ``field:email``, ``values:EMAIL_ADDRESS:0.97``, ``locked``. `inner` says
    that the field was met inside a document, whose parts come and go without anybody having changed a schema.
    """

    path: str
    type: str
    judgement: str
    confidence: float
    evidence: tuple[str, ...] = ()
    lineage: tuple[Lineage, ...] = ()
    reviewed: bool = False
    inner: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether it holds personal data: its judgement is a category."""
        return self.judgement not in JUDGEMENTS


@dataclass(frozen=True, slots=True)
class MappedTable:
    """The fields of a table, a view, a file or an operation; `path` is what they begin with, `rows` how many were sampled."""

    path: str
    kind: str
    fields: tuple[Mapped, ...]
    rows: int = 0


@dataclass(frozen=True, slots=True)
class AssetMap:
    """An asset, the zone that it stands in, and its fields. `at` is what a policy may say of its address: never a password."""

    asset: str
    zone: str
    kind: AssetKind
    tables: tuple[MappedTable, ...]
    at: str = ""
    left_out: tuple[str, ...] = field(default=())  # what could not be read, in words

    @property
    def fields(self) -> Iterator[Mapped]:
        """All fields, in their tables' order."""
        return (one for table in self.tables for one in table.fields)

    def by_path(self) -> Mapping[str, Mapped]:
        """All fields by their paths."""
        return {one.path: one for one in self.fields}


def counted(fields: Sequence[Mapped]) -> Mapping[str, int]:
    """Count fields: personal, scan, unknown, none."""
    counts = dict.fromkeys(("personal", SCAN, UNKNOWN, NONE), 0)
    for one in fields:
        counts["personal" if one.is_personal else one.judgement] += 1
    return counts
