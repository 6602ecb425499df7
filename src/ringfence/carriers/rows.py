"""Records of a database as one buffer with offsets, and the carrier of such buffers.

The rule: there is no object per row. Cells stand in `data` in their order; what lies between them (a wire protocol's lengths,
nothing at all) is passed on. NULL is a length of -1, not a value. Where a cell changes its length, `RowsCarrier.rebuild` gives
new offsets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringfence.carriers.model import Change, Edit, Fault, Field, Undecodable, Unit, splice
from ringfence.transform.types import ValueType

if TYPE_CHECKING:
    from array import array

NULL = -1


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rows:
    """A batch of records of `width` cells each: cell i is `data[starts[i] : starts[i] + lengths[i]]`, or NULL."""

    data: bytes
    starts: "array[int]"
    lengths: "array[int]"
    width: int

    def __len__(self) -> int:
        return len(self.starts) // self.width

    def cell(self, row: int, column: int) -> bytes | None:
        """Give one value; None where it is NULL."""
        index = row * self.width + column
        length = self.lengths[index]
        return None if length == NULL else self.data[self.starts[index] : self.starts[index] + length]

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {self.width} cells>"


@dataclass(slots=True, repr=False)
class RowsUnit(Unit):
    """The unit of a batch of records; `raw` is their data. Each cell has a field, in order, also where it is NULL."""

    rows: Rows | None = None


@dataclass(frozen=True, slots=True, repr=False)
class CellEdit(Edit):
    """An edit of the cell of that number in its batch; `is_null` where the cell becomes NULL."""

    cell: int = 0
    is_null: bool = False


class RowsCarrier:
    """Carries batches of records whose columns were announced: their paths and types, one for each cell of a record."""

    def __init__(self, names: Sequence[str], types: Sequence[ValueType]) -> None:
        if not names or len(names) != len(types):
            raise ValueError("rows need a name and a type for each column: give as many types as names, at least one")
        self._names = list(names)
        self._types = list(types)
        self._order = 0

    def feed(self, rows: Rows) -> list[Unit]:
        """Give a batch as a unit. Offsets that overlap, run backwards or leave the data are `Undecodable`."""
        if rows.width != len(self._names) or len(rows.starts) != len(rows.lengths) or len(rows.starts) % rows.width:
            raise Undecodable(Fault.MALFORMED, f"records that are not {len(self._names)} cells wide", 0)
        count = len(rows)
        fields: list[Field] = []
        at, order, data = 0, self._order, rows.data
        for path, kind, start, length in zip(
            self._names * count, self._types * count, rows.starts, rows.lengths, strict=True
        ):
            end = start if length == NULL else start + length
            if not at <= start <= end <= len(data):
                raise Undecodable(Fault.MALFORMED, "cells that overlap or lie outside of their data", at)
            fields.append(Field(path, ValueType.NULL if length == NULL else kind, data[start:end], start, end, order))
            at = end
            order += 1
        self._order = order
        return [RowsUnit(data, fields, rows=rows)] if count else []

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one cell, in UTF-8. `text` None makes the cell NULL; a change of a NULL cell gives it a value."""
        cell = field.order - unit.fields[0].order
        if any(change.text is None for change in changes):
            return [CellEdit(field.start, field.end, b"", cell, is_null=True)]
        return [
            CellEdit(
                field.start + change.start,
                field.start + change.end,
                (change.text or "").encode("utf-8", "replace"),
                cell,
            )
            for change in changes
        ]

    def rebuild(self, unit: Unit, edits: Sequence[Edit]) -> Rows:
        """Apply the edits that `write` gave (ordered) to a batch."""
        if not isinstance(unit, RowsUnit) or unit.rows is None:
            raise TypeError("only a unit that came from rows can become rows again")
        rows = unit.rows
        if not edits:
            return rows
        growth: dict[int, int] = {}
        nulls: set[int] = set()
        for edit in edits:
            if not isinstance(edit, CellEdit):
                raise TypeError("only an edit of a cell can be made in rows")
            growth[edit.cell] = growth.get(edit.cell, 0) + len(edit.raw) - (edit.end - edit.start)
            if edit.is_null:
                nulls.add(edit.cell)
        starts, lengths = rows.starts[:], rows.lengths[:]
        shift, changed = 0, sorted(growth)
        for cell, following in zip(changed, [*changed[1:], len(starts)], strict=True):
            lengths[cell] = NULL if cell in nulls else max(lengths[cell], 0) + growth[cell]
            shift += growth[cell]
            for index in range(cell + 1, following + (following < len(starts))):
                starts[index] += shift
        return Rows(splice(rows.data, edits), starts, lengths, rows.width)
