"""Columns and their values out of a script for psql: `create table` says the types, COPY gives the values."""

from collections.abc import Iterator
from dataclasses import dataclass, field

_SKIPPED = ("primary", "constraint", "unique", "foreign", "check", "exclude")


@dataclass(slots=True)
class Column:
    """A column of a script."""

    path: str
    type: str
    values: list[str] = field(default_factory=list)


def columns_of(script: str, most: int = 1_000) -> dict[str, Column]:
    """Give every column of every table by `table.column`, in the order of the script, with its first values that are not null."""
    columns = {path: Column(path, type_) for path, type_ in _declared(script)}
    names: list[str] = []
    types = {path.partition(".")[2]: column for path, column in columns.items()}  # without the schema
    for line in script.splitlines():
        if line[:5].casefold() == "copy " and "from stdin" in line.casefold():
            table, _, rest = line[5:].partition("(")
            names = [f"{table.strip()}.{name.strip()}" for name in rest.partition(")")[0].split(",")]
        elif line == "\\.":
            names = []
        elif names:
            for name, value in zip(names, line.split("\t"), strict=True):
                column = columns.get(name) or columns.get(f"public.{name}") or types.get(name)
                if column is not None and value != "\\N" and len(column.values) < most:
                    column.values.append(value.replace("\\n", "\n").replace("\\\\", "\\"))
    return columns


def _declared(script: str) -> Iterator[tuple[str, str]]:
    table = ""
    for line in script.splitlines():
        text = line.strip()
        words = text.casefold().split()
        if words[:2] == ["create", "table"] and text.endswith("("):
            name = text.split()[2].rstrip("(")
            table = name if "." in name else f"public.{name}"
        elif text.startswith(")"):
            table = ""
        elif table and words and words[0] not in _SKIPPED:
            name, _, rest = text.rstrip(",").partition(" ")
            yield f"{table}.{name}", _type(rest)


def _type(text: str) -> str:
    for stop in (" default", " not null", " primary", " references", " generated", " check", " unique", " null"):
        at = text.casefold().find(stop)
        text = text[:at] if at >= 0 else text
    return text.strip()
