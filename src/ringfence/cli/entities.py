"""`ringfence entities`: what detection knows. Its way of showing a table serves `ringfence categories` too."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from ringfence.cli._table import show_table
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
