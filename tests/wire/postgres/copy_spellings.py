"""Ways to spell a copy, tables to spell, and a writer that is as simple as it can be."""

import random

from wire_plays import Table

from ringfence.sql.model import CopyOptions
from ringfence.wire.postgres.copying import CopyCutter, copy_data
from ringfence.wire.postgres.splitting import CopyPart, CopyPlace

SPELLINGS = [
    CopyOptions(),
    CopyOptions(delimiter="|", null="NULL"),
    CopyOptions(delimiter=",", null=""),
    CopyOptions(null="\\n"),
    CopyOptions(format="csv", delimiter=",", null=""),
    CopyOptions(format="csv", delimiter=";", null="NULL", quote="'", escape="'"),
    CopyOptions(format="csv", delimiter="\t", null="", quote='"', escape="\\"),
    CopyOptions(format="csv", delimiter=",", null="\\N", quote="~", escape="^", header=True),
]
PIECES = [
    "a",
    "B",
    "\\",
    '"',
    "'",
    "~",
    "^",
    ",",
    ";",
    "|",
    "\t",
    "\n",
    "\r",
    ".",
    "N",
    "NULL",
    "é",
    "😹",
    " ",
    "x41",
    "\x0b",
    "\x08",
    "0",
    "",
]


def random_table(rng: random.Random, width: int, rows: int) -> Table:
    def cell() -> bytes | None:
        if rng.random() < 0.15:
            return None
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(5))).encode()

    return [[cell() for _ in range(width)] for _ in range(rows)]


def clause(spelling: CopyOptions) -> str:
    """Give the options as SQL says them."""

    def quoted(text: str) -> str:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace("\t", "\\t") + "'"

    options = [f"format {spelling.format}"]
    if spelling.format != "binary":
        options += [f"delimiter {quoted(spelling.delimiter)}", f"null {quoted(spelling.null)}"]
    if spelling.format == "csv":
        options += [f"quote {quoted(spelling.quote)}", f"escape {quoted(spelling.escape)}"]
    if spelling.header:
        options.append("header")
    return ", ".join(options)


def cut_up(spelling: CopyOptions, types: list[int], pieces: list[bytes], limit: int = 1 << 20) -> list[CopyPart]:
    """Feed a copy, one message a piece; give the parts."""
    cutter = CopyCutter(spelling, types, limit)
    parts = [part for piece in pieces for part in cutter.feed(copy_data([piece]))]
    return parts + cutter.end()


def rows_of(parts: list[CopyPart]) -> bytes:
    return b"".join(data for place, data, _ in parts if place is CopyPlace.ROWS)
