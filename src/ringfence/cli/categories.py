"""`ringfence categories`: the kinds of personal data that a policy can speak of."""

import json
from typing import Annotated

import typer

from ringfence.cli._formats import Format
from ringfence.cli._table import show_table
from ringfence.taxonomy import CATEGORIES, EXTENSIONS

app = typer.Typer(add_completion=False)


@app.command(
    help="List the categories, each with its sensitivity, how many values it has, and the regulations that name it "
    "(json: one document).\n\nExample: ringfence categories --format json"
)
def categories(
    output: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TEXT,
) -> int:
    """Print the table of categories."""
    if output is Format.JSON:
        rows = [
            {
                "category": one.path,
                "title": one.title,
                "sensitivity": one.sensitivity.value,
                "domain": one.domain.value,
                "in_fideslang": one.path not in EXTENSIONS,
                "regulations": [
                    {"name": cite.regulation.name, "clause": cite.clause, "source": cite.regulation.source}
                    for cite in one.regulations
                ],
            }
            for one in CATEGORIES.values()
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    show_table(
        ["category", "title", "sensitivity", "domain", "regulations"],
        [
            [one.path, one.title, one.sensitivity.value, one.domain.value, "; ".join(map(str, one.regulations))]
            for one in CATEGORIES.values()
        ],
    )
    return 0
