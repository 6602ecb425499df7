r"""Payload formats: where the fields are, and putting changed ones back.

The rule: bytes go in cut anywhere, units come out in order, and what is not changed is passed on as it came (law 6). A
format is one file here and one line in `FORMATS`.

>>> carrier = make_carrier("ndjson")
>>> [unit] = carrier.feed(b'{"user": {"mail": "ada@example.com"}}\n')
>>> [(field.path, field.value) for field in unit.fields if not field.is_key]
[('user.mail', b'ada@example.com')]
>>> edits = carrier.write(unit, unit.fields[2], [Change(0, 3, "*")])
>>> splice(unit.raw, edits)
b'{"user": {"mail": "*@example.com"}}\n'
"""

from collections.abc import Callable, Mapping

from ringfence.carriers._line_groups import LineGroups
from ringfence.carriers._paths import join as join_path
from ringfence.carriers.coding import CodedCarrier
from ringfence.carriers.csv_text import CsvCarrier
from ringfence.carriers.form import FormCarrier
from ringfence.carriers.json_text import JsonCarrier
from ringfence.carriers.log import LogCarrier
from ringfence.carriers.model import (
    Carrier,
    Change,
    Edit,
    Fault,
    Field,
    Layer,
    Repeat,
    Undecodable,
    Unit,
    released,
    rest,
    splice,
)
from ringfence.carriers.rows import RowColumn, RowFormat, Rows, RowsCarrier
from ringfence.carriers.sse import EventsCarrier
from ringfence.carriers.text import TextCarrier

__all__ = [
    "FORMATS",
    "Carrier",
    "Change",
    "CodedCarrier",
    "CsvCarrier",
    "Edit",
    "EventsCarrier",
    "Fault",
    "Field",
    "FormCarrier",
    "JsonCarrier",
    "Layer",
    "LineGroups",
    "LogCarrier",
    "Repeat",
    "RowColumn",
    "RowFormat",
    "Rows",
    "RowsCarrier",
    "TextCarrier",
    "Undecodable",
    "Unit",
    "UnknownFormat",
    "join_path",
    "make_carrier",
    "released",
    "rest",
    "splice",
]

FORMATS: Mapping[str, Callable[[], Carrier]] = {
    "csv": CsvCarrier,
    "form": FormCarrier,
    "json": JsonCarrier,
    "log": LogCarrier,
    "ndjson": lambda: JsonCarrier(ndjson=True),
    "sse": EventsCarrier,
    "text": TextCarrier,
}
"""Each format's name, and what makes a carrier for one payload in it."""


class UnknownFormat(LookupError):
    """A format that no carrier is for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mend = f"use one of: {', '.join(FORMATS)}"
        super().__init__(f"no carrier for this format: {self.mend}")


def make_carrier(name: str) -> Carrier:
    """Make a carrier for one payload of a format, or raise `UnknownFormat`."""
    maker = FORMATS.get(name)
    if maker is None:
        raise UnknownFormat(name)
    return maker()
