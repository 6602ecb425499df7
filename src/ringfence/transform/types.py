"""The types that a transformed value must still have on the far side: JSON's, and those of SQL columns."""

from enum import Enum


class ValueType(Enum):
    """What kind of value a field holds. `TEXT` is raw text (a log line, a CSV cell); `STRING` is a JSON string or key."""

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
