"""What a source calls a field's type, as one of a few kinds: PostgreSQL, SQLite, JSON, Arrow and OpenAPI name them all otherwise.

The rule: a type that is not known (an enumeration, a domain, a composite) is `OTHER`, and then values and names decide.
"""

from enum import Enum


class Kind(Enum):
    """What sort of value a type holds."""

    BOOLEAN = "boolean"
    MOMENT = "timestamp"
    DATE = "date"
    NUMBER = "number"
    UUID = "uuid"
    NETWORK = "inet"
    HARDWARE = "macaddr"
    BYTES = "bytes"
    SEARCH = "tsvector"
    DOCUMENT = "json"
    GEOMETRY = "geometry"
    RANGE = "range"
    TEXT = "text"
    OTHER = "other"


_EXACT = {
    **dict.fromkeys(("bool", "boolean", "bit", "tinyint(1)", "null"), Kind.BOOLEAN),
    **dict.fromkeys(("interval", "duration", "time", "timetz", "datetime", "datetime2", "smalldatetime"), Kind.MOMENT),
    **dict.fromkeys(("date", "date32", "date64"), Kind.DATE),
    **dict.fromkeys(
        (
            "int",
            "integer",
            "smallint",
            "bigint",
            "tinyint",
            "mediumint",
            "serial",
            "bigserial",
            "smallserial",
            "numeric",
            "decimal",
            "real",
            "double",
            "double precision",
            "float",
            "money",
            "number",
            "year",
            "oid",
            "halffloat",
            "half_float",
        ),
        Kind.NUMBER,
    ),
    **dict.fromkeys(("uuid", "guid", "uniqueidentifier"), Kind.UUID),
    **dict.fromkeys(("inet", "cidr", "ipv4", "ipv6", "ip"), Kind.NETWORK),
    **dict.fromkeys(("macaddr", "macaddr8"), Kind.HARDWARE),
    **dict.fromkeys(
        ("bytea", "blob", "binary", "varbinary", "large_binary", "bytes", "longblob", "mediumblob", "image"), Kind.BYTES
    ),
    **dict.fromkeys(("tsvector", "tsquery"), Kind.SEARCH),
    **dict.fromkeys(("json", "jsonb", "object", "map", "struct", "xml", "hstore"), Kind.DOCUMENT),
    **dict.fromkeys(
        ("point", "geometry", "geography", "polygon", "path", "circle", "box", "line", "lseg"), Kind.GEOMETRY
    ),
    **dict.fromkeys(
        (
            "text",
            "varchar",
            "character varying",
            "character",
            "char",
            "bpchar",
            "citext",
            "name",
            "string",
            "large_string",
            "utf8",
            "nvarchar",
            "nchar",
            "clob",
            "tinytext",
            "mediumtext",
            "longtext",
            '"char"',
            "email",
            "phone-number",
            "password",
            "uri",
            "varying character",
            "native character",
            "array",
            "list",
            "dictionary",
        ),
        Kind.TEXT,
    ),
}
_STARTS = (
    ("timestamp", Kind.MOMENT), ("date-time", Kind.MOMENT), ("time ", Kind.MOMENT), ("time32", Kind.MOMENT),
    ("time64", Kind.MOMENT), ("date", Kind.DATE), ("int", Kind.NUMBER), ("uint", Kind.NUMBER), ("float", Kind.NUMBER),
    ("decimal", Kind.NUMBER), ("double", Kind.NUMBER), ("bit", Kind.BOOLEAN), ("fixed_size_binary", Kind.BYTES),
    ("list<", Kind.TEXT), ("large_list<", Kind.TEXT), ("dictionary<", Kind.TEXT), ("struct<", Kind.DOCUMENT),
    ("map<", Kind.DOCUMENT),
)  # fmt: skip
_RANGES = ("range", "multirange")


def kind_of(type: str) -> Kind:  # noqa: A002 (the word that every source has for it)
    """Say what sort of value a type holds.

    >>> kind_of("character varying(45) NOT NULL"), kind_of("numeric(5,2)"), kind_of("timestamp without time zone")
    (<Kind.TEXT: 'text'>, <Kind.NUMBER: 'number'>, <Kind.MOMENT: 'timestamp'>)
    """
    name = type.strip().casefold()[:200].split(" not null")[0].split(" default ")[0]
    if name in _EXACT:
        return _EXACT[name]
    while name.endswith("[]"):
        name = name[:-2]
    plain = name.partition("(")[0].partition("[")[0].strip()
    if plain.endswith(_RANGES):
        return Kind.RANGE
    if plain in _EXACT:
        return _EXACT[plain]
    for start, kind in _STARTS:
        if name.startswith(start):
            return kind
    return Kind.OTHER
