"""What the atlas knows of an asset: its tables, their fields, and what each field is judged to hold.

The rule: nothing here holds a value. A field has a path, a type, a judgement with its confidence and evidence (codes, as findings
have), and where its values come from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

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


ENDPOINT: Final = "endpoint"
"""The kind of the table that is an HTTP service's endpoint; its path is the endpoint's name."""


def endpoint_field(endpoint: str, way: str, path: str) -> str:
    """Name a field of an endpoint.

    >>> endpoint_field("GET /customers/{id}", "response", "customer.email"), endpoint_field("GET /a", "response", "[].id")
    ('GET /customers/{id} response.customer.email', 'GET /a response[].id')
    """
    return f"{endpoint} {way}{'' if path.startswith('[') else '.'}{path}"


def parts_of_field(name: str) -> tuple[str, str, str] | None:
    """Give the endpoint, the way and the path of a field that an endpoint has; None where the name is another field's.

    >>> parts_of_field("GET /customers/{id} response.customer.email"), parts_of_field("public.customer.email")
    (('GET /customers/{id}', 'response', 'customer.email'), None)
    """
    method, _, rest = name.partition(" ")
    template, _, field_ = rest.partition(" ")
    for way in ("request", "response"):
        below = field_[len(way) :]
        if method.isupper() and template.startswith("/") and field_.startswith(way) and below[:1] in (".", "["):
            return f"{method} {template}", way, below.removeprefix(".")
    return None


@dataclass(frozen=True, slots=True)
class MappedTable:
    """The fields of a table, a view, a file or an endpoint; `path` is what they begin with, `rows` how many were sampled."""

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
