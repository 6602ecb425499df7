"""`ringfence entities`: what detection knows. Its way of showing a table serves `ringfence categories` too."""

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from ringfence.detect import RECOGNIZERS
from ringfence.taxonomy import ENTITIES

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"


@app.command(
    help="List the entities that detection finds, each with its category and threshold (json: one document).\n\n"
    "Example: ringfence entities --format json"
)
def entities(
    output: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TEXT,
) -> int:
    """Print the table of entities."""
    sources = {one.entity: one for one in RECOGNIZERS}
    if output is Format.JSON:
        rows = [
            {
                "entity": one.name,
                "title": one.title,
                "category": one.category,
                "threshold": sources[one.name].threshold,
                "source": sources[one.name].source,
            }
            for one in ENTITIES.values()
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    show_table(
        ["entity", "title", "category", "threshold"],
        [[one.name, one.title, one.category, f"{sources[one.name].threshold:.2f}"] for one in ENTITIES.values()],
    )
    return 0


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: drawn on a terminal, plain and aligned where another program reads it."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(*heads, box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
