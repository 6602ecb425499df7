"""Records of a database: whole encoded rows, and the carrier that takes columns out of them and puts changed ones back.

The rule: there is no object per row or cell. A batch is one buffer; only the columns that somebody has to look at are taken out,
each as a list of values, and only those that changed are put back. How rows are framed and values encoded is a `RowFormat`'s to
know (a wire protocol's messages, lines of a copy): this file knows neither. What a format gives is counted before it is believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ringfence.carriers.model import Fault, Undecodable
from ringfence.transform.types import ValueType


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rows:
    """A batch of whole encoded rows, as their format frames them, and how many they are."""

    data: bytes
    count: int

    def __repr__(self) -> str:
        return f"<{self.count} rows in {len(self.data)} bytes>"


class RowFormat(Protocol):
    """How rows of one shape are framed, and how each column's values are encoded. Malformed rows raise `Undecodable`."""

    @property
    def width(self) -> int:
        """How many columns a row has."""

    @property
    def opaque(self) -> frozenset[int]:
        """Columns whose values cannot be read: to take one is `Undecodable`."""

    def take(self, data: bytes, columns: Sequence[int]) -> list[list[bytes | None]]:
        """Give, for each column asked for, its values: UTF-8 text, None for null, one for each row in their order.

        The lists stay the format's own: it may keep them, and who takes them does not change them.
        """

    def put(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> bytes:
        """Give the rows with other values in these columns, encoded as each column's format wants.

        Every other byte stays as it was, and so does the spelling of a value that is the one that `take` gave (law 6). What is
        put back was mostly taken out just before, from the same object: a format does well to keep its places from then.
        """


@dataclass(frozen=True, slots=True)
class RowColumn:
    """What was announced of a column.

    Attributes
    ----------
    path
        Of the field that its values are of, ``public.customer.email``: it stands in records, and its words are context for
        what is found. "" where there is none.
    type
        What a changed value must still be.
    announced
        Which of the plan's announced fields it is: an index into `Plan.announced`.
    max_length
        The most characters that a value may have, as of ``varchar(20)``; 0 where there is no such limit.
    is_json
        Whether its values are JSON documents, in which fields may be declared: ``public.customer.doc.email``.
    exact
        Whether its values are those of the field at `path`, as they stand there. Of others no person is indexed, and what is
        declared below the path says nothing of what stands in them.
    """

    path: str
    type: ValueType
    announced: int
    max_length: int = 0
    is_json: bool = False
    exact: bool = True


class RowsCarrier:
    """Carries batches of rows whose columns were announced."""

    __slots__ = ("_format", "columns")

    def __init__(self, format: RowFormat, columns: Sequence[RowColumn]) -> None:  # noqa: A002 (the word for it)
        if format.width != len(columns):
            raise ValueError(
                f"rows of {format.width} columns were announced with {len(columns)}\n  announce each column once, in order"
            )
        self._format = format
        self.columns = tuple(columns)

    @property
    def opaque(self) -> frozenset[int]:
        """Columns whose values cannot be read."""
        return self._format.opaque

    def take(self, rows: Rows, columns: Sequence[int]) -> list[list[bytes | None]]:
        """Give the values of some columns. Rows that are not what they were said to be are `Undecodable`."""
        taken = self._format.take(rows.data, columns)
        if len(taken) != len(columns) or any(len(values) != rows.count for values in taken):
            raise Undecodable(Fault.MALFORMED, f"rows that are not the {rows.count} that were announced", 0)
        return taken

    def put(self, rows: Rows, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> Rows:
        """Give the rows with other values in these columns."""
        if not columns:
            return rows
        return Rows(self._format.put(rows.data, columns, values), rows.count)
