"""JSON documents that stand in a column, many in a batch: their units, with the fields' paths continued from the column's.

The rule: what a document says is what the JSON carrier says of it. Documents without line breaks, as SQL's ``jsonb`` spells all,
are read together as lines are, which remember the shapes that documents of one column share; each other one is read alone.
"""

from collections.abc import Sequence

from ringfence.carriers._json_scan import UNIT_BYTES
from ringfence.carriers._paths import below
from ringfence.carriers.json_text import JsonCarrier
from ringfence.carriers.model import Unit

Documents = list[tuple[int, Unit]]
"""Units with the numbers of the rows that they stand in. A long document has several, one after another."""


def read_documents(values: Sequence[bytes | None], path: str) -> list[Documents]:
    """Give the units of a column's documents, in groups whose fields are counted through.

    Null and empty values have none. A document that is malformed or exceeds a bound is `Undecodable`.
    """
    lines = [row for row, value in enumerate(values) if value and len(value) < UNIT_BYTES and b"\n" not in value]
    alone = [row for row, value in enumerate(values) if value and (len(value) >= UNIT_BYTES or b"\n" in value)]
    groups = [_read_lines(values, lines)] if lines else []
    groups += [[(row, unit) for unit in _read(values[row] or b"", JsonCarrier())] for row in alone]
    if path:
        _continue(groups, path)
    return groups


def _read_lines(values: Sequence[bytes | None], rows: Sequence[int]) -> Documents:
    text = b"\n".join([*(values[row] or b"" for row in rows), b""])
    units = _read(text, JsonCarrier(ndjson=True))
    for unit in units:
        unit.raw = unit.raw[:-1]  # the line break, which no field reaches
    return list(zip(rows, units, strict=True))


def _read(text: bytes, carrier: JsonCarrier) -> list[Unit]:
    return [*carrier.feed(text), *carrier.end()]


def _continue(groups: Sequence[Documents], path: str) -> None:
    known: dict[str, str] = {}
    for group in groups:
        for _, unit in group:
            for field in unit.fields:
                inner = field.path
                continued = known.get(inner)
                if continued is None:
                    continued = known[inner] = below(path, inner)
                field.path = continued
