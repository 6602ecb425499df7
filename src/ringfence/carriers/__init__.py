r"""Payload formats: where the fields are, and putting changed ones back.

The rule: bytes go in cut anywhere, units come out in order, and what is not changed is passed on as it came (law 6). A
format is one file here and one line in `FORMATS`. Names are loaded when they are first used: who needs one format's grammar loads
no other.

>>> from ringfence.carriers import Change, make_carrier, splice
>>> carrier = make_carrier("ndjson")
>>> [unit] = carrier.feed(b'{"user": {"mail": "ada@example.com"}}\n')
>>> [(field.path, field.value) for field in unit.fields if not field.is_key]
[('user.mail', b'ada@example.com')]
>>> edits = carrier.write(unit, unit.fields[2], [Change(0, 3, "*")])
>>> splice(unit.raw, edits)
b'{"user": {"mail": "*@example.com"}}\n'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.carriers._json_grammar import join_strings
    from ringfence.carriers._line_groups import LineGroups
    from ringfence.carriers._paths import join as join_path
    from ringfence.carriers.charset import TranscodedCarrier
    from ringfence.carriers.coding import CodedCarrier
    from ringfence.carriers.csv_text import CsvCarrier
    from ringfence.carriers.form import FormCarrier, read_form, write_form
    from ringfence.carriers.formats import FORMATS, UnknownFormat, make_carrier
    from ringfence.carriers.html import HtmlCarrier
    from ringfence.carriers.json_text import JsonCarrier
    from ringfence.carriers.log import LogCarrier
    from ringfence.carriers.media import format_of, is_streamed, make_body_carrier
    from ringfence.carriers.model import (
        Carrier,
        Change,
        Columns,
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
    from ringfence.carriers.multipart import MultipartCarrier
    from ringfence.carriers.opaque import OpaqueCarrier
    from ringfence.carriers.rows import RowColumn, RowFormat, Rows, RowsCarrier
    from ringfence.carriers.sse import EventsCarrier
    from ringfence.carriers.text import TextCarrier
    from ringfence.carriers.xml import XmlCarrier

__all__ = [
    "FORMATS",
    "Carrier",
    "Change",
    "CodedCarrier",
    "Columns",
    "CsvCarrier",
    "Edit",
    "EventsCarrier",
    "Fault",
    "Field",
    "FormCarrier",
    "HtmlCarrier",
    "JsonCarrier",
    "Layer",
    "LineGroups",
    "LogCarrier",
    "MultipartCarrier",
    "OpaqueCarrier",
    "Repeat",
    "RowColumn",
    "RowFormat",
    "Rows",
    "RowsCarrier",
    "TextCarrier",
    "TranscodedCarrier",
    "Undecodable",
    "Unit",
    "UnknownFormat",
    "XmlCarrier",
    "format_of",
    "is_streamed",
    "join_path",
    "join_strings",
    "make_body_carrier",
    "make_carrier",
    "read_form",
    "released",
    "rest",
    "splice",
    "write_form",
]

_HOMES = {
    "Carrier": "ringfence.carriers.model",
    "Change": "ringfence.carriers.model",
    "CodedCarrier": "ringfence.carriers.coding",
    "Columns": "ringfence.carriers.model",
    "CsvCarrier": "ringfence.carriers.csv_text",
    "Edit": "ringfence.carriers.model",
    "EventsCarrier": "ringfence.carriers.sse",
    "FORMATS": "ringfence.carriers.formats",
    "Fault": "ringfence.carriers.model",
    "Field": "ringfence.carriers.model",
    "FormCarrier": "ringfence.carriers.form",
    "HtmlCarrier": "ringfence.carriers.html",
    "JsonCarrier": "ringfence.carriers.json_text",
    "Layer": "ringfence.carriers.model",
    "LineGroups": "ringfence.carriers._line_groups",
    "LogCarrier": "ringfence.carriers.log",
    "MultipartCarrier": "ringfence.carriers.multipart",
    "OpaqueCarrier": "ringfence.carriers.opaque",
    "Repeat": "ringfence.carriers.model",
    "RowColumn": "ringfence.carriers.rows",
    "RowFormat": "ringfence.carriers.rows",
    "Rows": "ringfence.carriers.rows",
    "RowsCarrier": "ringfence.carriers.rows",
    "TextCarrier": "ringfence.carriers.text",
    "TranscodedCarrier": "ringfence.carriers.charset",
    "Undecodable": "ringfence.carriers.model",
    "Unit": "ringfence.carriers.model",
    "UnknownFormat": "ringfence.carriers.formats",
    "XmlCarrier": "ringfence.carriers.xml",
    "format_of": "ringfence.carriers.media",
    "is_streamed": "ringfence.carriers.media",
    "join_path": "ringfence.carriers._paths",
    "join_strings": "ringfence.carriers._json_grammar",
    "make_body_carrier": "ringfence.carriers.media",
    "make_carrier": "ringfence.carriers.formats",
    "read_form": "ringfence.carriers.form",
    "released": "ringfence.carriers.model",
    "rest": "ringfence.carriers.model",
    "splice": "ringfence.carriers.model",
    "write_form": "ringfence.carriers.form",
}
_ALSO = {"join_path": "join"}  # what it is called there


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ringfence.carriers' has no attribute {name!r}")
    return getattr(import_module(home), _ALSO.get(name, name))
