"""The types that a transformed value must still have on the far side: JSON's, and those of SQL columns.

The rule: a type is judged by the text that a payload spells a value with. `BYTES` and `OTHER` have spellings that are not known
here, so no new text is ever said to be one of them.
"""

from datetime import date, time
from enum import Enum
from ipaddress import ip_interface

import re2


class ValueType(Enum):
    """What kind of value a field holds. `TEXT` is raw text (a log line, a CSV cell); `STRING` is a JSON string or key."""

    __hash__ = object.__hash__  # an Enum's own is a call into Python for each field of a payload

    TEXT = "text"
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    TIMESTAMP = "timestamp"
    UUID = "uuid"
    INET = "inet"
    BYTES = "bytes"
    OTHER = "other"


TEXTUAL = frozenset({ValueType.TEXT, ValueType.STRING})
"""The types of which every text is a value."""

# Numbers are spelt as in JSON (RFC 8259 section 6), which SQL reads too.
_SPELT = {
    ValueType.INTEGER: re2.compile(r"-?(?:0|[1-9][0-9]*)"),
    ValueType.NUMBER: re2.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"),
    ValueType.BOOLEAN: re2.compile(r"true|false"),
    ValueType.DATE: re2.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    ValueType.TIMESTAMP: re2.compile(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?)(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
    ),
    ValueType.UUID: re2.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ValueType.INET: re2.compile(r"[0-9A-Fa-f.:]{2,45}(?:/[0-9]{1,3})?"),
}


def is_spelt(text: str, value_type: ValueType) -> bool:
    """Say whether a text spells a value of a type.

    >>> is_spelt("1980-05-17", ValueType.DATE), is_spelt("1980-02-30", ValueType.DATE), is_spelt("***", ValueType.INTEGER)
    (True, False, False)
    """
    if value_type in TEXTUAL:
        return True
    spelling = _SPELT.get(value_type)
    # No spelling has other characters; and re2 raises on a lone surrogate, with an error that holds the text.
    found = spelling.fullmatch(text) if spelling is not None and text.isascii() else None
    if found is None:
        return False
    try:
        match value_type:
            case ValueType.DATE:
                date.fromisoformat(text)
            case ValueType.TIMESTAMP:
                date.fromisoformat(found[1])
                time.fromisoformat(found[2])
            case ValueType.INET:
                ip_interface(text)
    except ValueError:
        return False
    return True
